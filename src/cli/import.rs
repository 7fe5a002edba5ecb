//! `plimsoll import`: inventories of a person's tools, made a scenario that begins with the fleet as it stands.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::output;
use crate::input::{InputError, Place, Problem};
use crate::inventory::settle::{Settled, overcommit_that_holds, settle};
use crate::inventory::{InventorySource, write};
use crate::units::figures::grouped;
use crate::units::parse_resource;

/// Names of one reason that are printed.
const MOST_NAMES: usize = 5;

/// Import the fleet as it stands: hosts, and what runs on them.
#[derive(Args, Debug)]
pub struct ImportArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Inventory(InventoryArgs),
}

/// Make a host file, a trace of what runs on the hosts, and a scenario of an inventory.
///
/// Machines that cannot be where the inventory says are told by reason.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  kubectl get nodes,pods -A -o json > cluster.json
  plimsoll import inventory --from kubectl cluster.json -o cluster
  plimsoll import inventory --from rvtools RVTools.xlsx --overcommit 4 -o vsphere
  plimsoll run cluster/scenario.toml

`plimsoll list inventories` says what each source reads and how its files are made.")]
struct InventoryArgs {
    /// The tool that the files come from: describe-instances, kubectl, openstack, rvtools or csv
    #[arg(long, value_name = "SOURCE")]
    from: String,
    /// The files, in any order
    #[arg(value_name = "IN", required = true)]
    files: Vec<PathBuf>,
    /// The folder to write: scenario.toml, hosts.csv, trace.csv
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Sell each vCPU of a host so many times
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    overcommit: String,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Carries out the subcommand.
pub fn main(args: &ImportArgs) -> Result<(), InputError> {
    let Action::Inventory(args) = &args.action;
    let source = InventorySource::named(&args.from)?;
    let overcommit =
        parse_resource(&args.overcommit, 1000).ok().filter(|factor| *factor > 0).ok_or_else(|| {
            let found = format!("found `{}`, expected a factor above 0, such as 4 or 1.5", args.overcommit);
            Problem::new(Place::key("--overcommit"), found)
        })?;
    let inventory = (source.read)(&args.files)?;
    let advice = overcommit_that_holds(&inventory, overcommit).map(|(factor, more)| {
        let factor = f64::from(factor) / 1000.0;
        format!(
            "--overcommit {factor} sells each vCPU of a host so often that {} more find room",
            grouped(more as u64)
        )
    });
    let mut settled = settle(inventory, overcommit);
    if settled.is_empty() {
        let report = InventoryReport::of(&settled, &args.output);
        let problem =
            Problem::new(Place::file(&args.files[0]), "found nothing that runs, expected machines or pods");
        return Err(problem.with_help(report.reasons().join("; ")).into());
    }
    if let Some(problem) = settled.refuse_overcommit(overcommit) {
        return Err(problem.into());
    }
    write::write(&settled, &args.output)?;
    for zone in write::zones_of_assumed_hosts(&settled) {
        settled.tell(write::ASSUMED_HOSTS, &zone);
    }
    let report = InventoryReport { advice, ..InventoryReport::of(&settled, &args.output) };
    report.print(args.json)
}

/// Report of what became of an inventory.
#[derive(Serialize)]
pub struct InventoryReport<'a> {
    output: &'a Path,
    hosts: usize,
    residents: usize,
    /// Machines without a host, which a run launches at its start.
    launched_at_start: usize,
    /// Names of hosts and machines that were left out, or kept with a note, by reason.
    told: &'a std::collections::BTreeMap<&'static str, Vec<String>>,
    /// Option that would hold more of what was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl<'a> InventoryReport<'a> {
    /// Returns the report on an inventory that was written to a folder.
    pub fn of(settled: &'a Settled, output: &'a Path) -> InventoryReport<'a> {
        let (residents, launched_at_start) = (settled.residents.len(), settled.others.len());
        InventoryReport {
            output,
            hosts: settled.hosts.len(),
            residents,
            launched_at_start,
            told: &settled.told,
            advice: None,
        }
    }

    /// Prints it: as JSON for a program, or as text for a person.
    pub fn print(&self, as_json: bool) -> Result<(), InputError> {
        if as_json { output::print_json(self) } else { output::print(&format!("{self}\n")) }
    }

    /// Returns a line for each reason, with the first names.
    fn reasons(&self) -> Vec<String> {
        let line = |(reason, names): (&&str, &Vec<String>)| {
            let first = names.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
            let more = if names.len() > MOST_NAMES { ", …" } else { "" };
            format!("{reason}: {} ({first}{more})", grouped(names.len() as u64))
        };
        self.told.iter().map(line).collect()
    }
}

impl fmt::Display for InventoryReport<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [hosts, residents, others] =
            [self.hosts, self.residents, self.launched_at_start].map(|number| grouped(number as u64));
        write!(out, "{hosts} hosts with {residents} residents")?;
        if self.launched_at_start > 0 {
            write!(out, ", and {others} machines without a host, which a run launches at its start")?;
        }
        for reason in self.reasons() {
            write!(out, "\n  {reason}")?;
        }
        if let Some(advice) = &self.advice {
            write!(out, "\n  {advice}")?;
        }
        write!(out, "\nwritten to {0}\n  plimsoll run {0}/scenario.toml   runs it", self.output.display())
    }
}
