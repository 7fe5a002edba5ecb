//! Spot instances: their price, and the time at which EC2 takes their capacity back.

use crate::cloud::api::launch_context::{Allocation, LaunchContext};
use crate::cloud::instances::reference::Slot;
use crate::cloud::simulation::event::Timer;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{Duration, Money, Time};
use plimsoll_model::billing::{INTERRUPTION_NOTICE, Market};
use plimsoll_model::workload::call::{LaunchOptions, Spot};

/// Time for which prices are read in advance, since the end of a trace is not known.
const LOOK_AHEAD: Duration = Duration::from_seconds(7 * 86_400);

/// Checks that the maximum price of a launch is enough in its zone.
pub fn check_price(
    world: &mut World,
    context: &LaunchContext,
    options: &LaunchOptions,
    allocation: &Allocation,
) -> Result<(), FailureReason> {
    let Some(spot) = options.spot else { return Ok(()) };
    let (types, kind) = (&world.directory.types, context.launch.kind);
    let price = world.billing.spot.price(types, kind, allocation.zone, context.now);
    let most = max_price(spot).unwrap_or(types.get(kind).price_per_second);
    if price > most {
        let [asked, left] = [price, most].map(micro_usd_per_hour);
        return Err(Failure::SpotMaxPriceTooLow.because(LimitKind::SpotPrice, asked, left));
    }
    Ok(())
}

/// Returns the market that an instance was bought on.
pub fn market_of(world: &World, slot: Slot) -> Market {
    if spot_of(world, slot).is_some() { Market::Spot } else { Market::OnDemand }
}

/// Returns the most that a second of an instance may cost on the spot market, where its request said so.
pub fn max_price_of(world: &World, slot: Slot) -> Option<Money> {
    max_price(spot_of(world, slot)?)
}

/// Returns the spot options of an instance; `None` of one bought on demand.
pub fn spot_of(world: &World, slot: Slot) -> Option<Spot> {
    world.instances.extras.get(slot)?.options.as_ref()?.spot
}

/// Schedules the interruption of a running spot instance by the prices to come, or the next check where they bring none.
/// An instance that is stopped waits for the market instead: see [`wait_for_market`].
pub fn watch_price(world: &mut World, now: Time, slot: Slot) {
    let Some(spot) = spot_of(world, slot) else { return };
    let instance = world.instances.get(slot);
    let market = (instance.kind, instance.zone);
    let horizon = now.after(LOOK_AHEAD);
    let (types, most) = (&world.directory.types, max_price(spot));
    let notice = world.billing.spot.next_change_above(types, market, now, most, horizon);
    match notice {
        Some(notice) => {
            recommend_rebalancing(world, now, notice, slot);
            world.set_timer(notice.after(INTERRUPTION_NOTICE), Timer::Interrupted, slot);
        }
        None => world.set_timer(horizon, Timer::SpotWatch, slot),
    }
}

/// Schedules the rebalance recommendation of an instance whose owner heeds it: ahead of the notice, or with it where it has begun to run
/// later than that.
fn recommend_rebalancing(world: &mut World, now: Time, notice: Time, slot: Slot) {
    if !world.reactions.as_ref().is_some_and(|reactions| reactions.heeds_recommendations(slot)) {
        return;
    }
    let ahead = Time(notice.0.saturating_sub(world.billing.spot.recommendation_ahead().0));
    let at = if ahead > now { ahead } else { notice };
    world.set_timer(at, Timer::RebalanceRecommended, slot);
}

/// Tells the owner of an instance that it is at risk of an interruption.
pub fn on_recommendation(world: &mut World, slot: Slot) {
    let instance = world.instances.reference(slot);
    world.reactions_mut().note_risk(instance);
}

/// Lets a spot instance that an interruption has stopped wait for the market, in which EC2 starts it again by itself.
pub fn wait_for_market(world: &mut World, now: Time, slot: Slot) {
    let waits = world.instances.extras.get(slot).is_some_and(|extras| extras.waits_for_market);
    if let Some(spot) = spot_of(world, slot).filter(|_| waits) {
        world.instances.extras_mut(slot).interrupted = false;
        await_price(world, now, slot, spot);
    }
}

/// Schedules the next check for the time at which the price is no longer above the maximum of the instance.
pub fn await_price(world: &mut World, from: Time, slot: Slot, spot: Spot) {
    let instance = world.instances.get(slot);
    let market = (instance.kind, instance.zone);
    let horizon = from.after(LOOK_AHEAD);
    let (types, most) = (&world.directory.types, max_price(spot));
    let fits = world.billing.spot.next_change_not_above(types, market, from, most, horizon);
    world.set_timer(fits.unwrap_or(horizon), Timer::SpotWatch, slot);
}

/// Returns the most a launch pays, as money per second.
pub fn max_price(spot: Spot) -> Option<Money> {
    const UNITS_PER_PICO_USD: i128 = Money::UNITS_PER_USD / 1_000_000_000_000;
    spot.max_pico_usd_per_hour.map(|pico| Money(i128::from(pico) * UNITS_PER_PICO_USD / 3600))
}

fn micro_usd_per_hour(per_second: Money) -> u64 {
    u64::try_from(per_second.0 * 3600 / (Money::UNITS_PER_USD / 1_000_000)).unwrap_or(u64::MAX)
}
