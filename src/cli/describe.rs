//! `plimsoll describe`: a fleet as it stands, before any time passes.

use clap::Args;

use super::source::ScenarioSource;
use super::{arguments, machine, output};
use crate::cloud::observe::Silent;
use crate::cloud::{Cloud, RunOptions};
use crate::input::InputError;
use crate::report::description::{DescriptionData, terminal};
use crate::scenario::Overrides;

/// Describe a fleet as it stands: who holds what, what still fits, and what the loss of a host, rack or zone would do.
///
/// The residents of the scenario move in, and what its demand launches at the first moment; then the clock stops. `plimsoll import
/// inventory` makes such a scenario of what runs today.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll import inventory --from kubectl cluster.json -o fleet && plimsoll describe fleet/scenario.toml
  plimsoll describe SCENARIO --set zones.0.hosts.0.count=90
  plimsoll describe SCENARIO --json | jq '.losses[] | select(.violations > 0)'")]
pub struct DescribeArgs {
    #[command(flatten)]
    source: ScenarioSource,
    #[command(flatten)]
    overriding: arguments::Overriding,
    /// Print the description as JSON, with every account, type and host group
    #[arg(long)]
    json: bool,
}

/// Describes the fleet.
pub fn main(args: &DescribeArgs) -> Result<(), InputError> {
    let file = args.source.file()?;
    let scenario = args.source.read_for_clients(&file, &Overrides::from(&args.overriding))?;
    machine::check_fits(&scenario)?;
    let session = Cloud::for_clients(&scenario, RunOptions::default())?.open(&mut Silent)?;
    let data = DescriptionData::of(&scenario, &session.description(), session.directory());
    match args.json {
        true => output::print_json(&data),
        false => output::print(&terminal::text(&data, output::width())),
    }
}
