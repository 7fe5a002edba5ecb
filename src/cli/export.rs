//! `plimsoll export`: the fleet of a run as it stands, made a scenario that begins there.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::import::InventoryReport;
use super::moment::{MomentOptions, Unsaid};
use super::source::name_of;
use crate::input::InputError;

/// Export the fleet of a run as it stands: hosts, and what runs on them.
#[derive(Args, Debug)]
pub struct ExportArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Inventory(InventoryArgs),
}

/// Make a host file, a trace of what runs on the hosts, and a scenario of the fleet of a run, at one moment of it.
///
/// They are what `plimsoll import inventory` makes of the lists of tools, and have the same headroom. The scenario keeps hosts,
/// types, placement, prices and the steps of an instance's life; demand, faults, quotas, addresses and volumes it does not.
/// Hosts and instances that do not go with them are told by reason.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll export inventory SCENARIO --at 3d -o fleet
  plimsoll export inventory SCENARIO --from-checkpoint results/checkpoints/NAME-3d.checkpoint -o fleet
  plimsoll describe fleet/scenario.toml")]
struct InventoryArgs {
    #[command(flatten)]
    moment: MomentOptions,
    /// The folder to write: scenario.toml, a host file for each host group, trace.csv
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Carries out the subcommand.
pub fn main(args: &ExportArgs) -> Result<(), InputError> {
    let Action::Inventory(args) = &args.action;
    let (scenario, fleet) = args.moment.stand(Unsaid::End)?;
    let inventory = fleet.inventory(&scenario)?;
    inventory.files(&name_of(&args.output)).write(&args.output)?;
    InventoryReport::of(&inventory.settled, &args.output).print(args.json)
}
