//! Runs a scenario and prints what came of its launches: `cargo run --release --example first_run`.

use std::path::Path;

use plimsoll::input::InputError;
use plimsoll::scenario::{Overrides, Scenario};

fn main() -> Result<(), InputError> {
    let scenario = Scenario::read(Path::new("workloads/scenarios/openb.toml"), &Overrides::default())?;
    let outcome = plimsoll::run(&scenario)?;
    println!("{} of {} instances launched", outcome.launch.succeeded, outcome.launch.requested);
    Ok(())
}
