//! `plimsoll describe`: a fleet as it stands at one moment of a run.

use clap::Args;

use super::moment::{MomentOptions, Unsaid};
use super::output;
use crate::input::InputError;
use crate::report::description::{DescriptionData, terminal};

/// Describe a fleet as it stands: who holds what, what still fits, and what the loss of a host, rack or zone would do.
///
/// The residents of the scenario move in, and what its demand launches at the first moment; then the clock stops, or goes on
/// until --at. `plimsoll import inventory` makes such a scenario of what runs today.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll import inventory --from kubectl cluster.json -o fleet && plimsoll describe fleet/scenario.toml
  plimsoll describe SCENARIO --set zones.0.hosts.0.count=90
  plimsoll describe SCENARIO --at 3d
  plimsoll describe SCENARIO --json | jq '.losses[] | select(.violations > 0)'")]
pub struct DescribeArgs {
    #[command(flatten)]
    moment: MomentOptions,
    /// Print the description as JSON, with every account, type and host group
    #[arg(long)]
    json: bool,
}

/// Describes the fleet.
pub fn main(args: &DescribeArgs) -> Result<(), InputError> {
    let (scenario, fleet) = args.moment.stand(Unsaid::Begin)?;
    let data = DescriptionData::of(&scenario, &fleet.description(), fleet.directory());
    match args.json {
        true => output::print_json(&data),
        false => output::print(&terminal::text(&data, output::width())),
    }
}
