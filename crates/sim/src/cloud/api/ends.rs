//! Ends of instances as the demand decides them, and their predictions.

use crate::cloud::api::launch_context::LaunchContext;
use crate::cloud::world::World;
use plimsoll_base::units::Duration;
use plimsoll_model::placement::exits::ExitHour;
use plimsoll_model::workload::call::End;

/// Returns the lifetime of the `i`-th instance of the launch that takes effect now.
#[inline]
pub fn lifetime(world: &World, i: u32) -> Duration {
    match &world.api.delayed_lifetimes {
        None => world.demand.lifetimes()[i as usize],
        Some(lifetimes) => lifetimes[i as usize],
    }
}

/// Predicts the end of the next instance of the batch, for a strategy that knows it.
#[cold]
pub fn predict(world: &World, context: &mut LaunchContext) {
    let Some(predictor) = &world.predictor else { return };
    let i = world.api.batch.len() as u32;
    let number = context.launch.first_instance + u64::from(i);
    let end = match context.launch.end {
        _ if context.known_end.is_some() => context.known_end,
        End::Never => None,
        End::At(end) => Some(end),
        End::Drawn => Some(context.now.after(lifetime(world, i))),
    };
    context.request.exit = end.map_or(ExitHour::UNKNOWN, |end| predictor.exit(context.now, end, number));
}
