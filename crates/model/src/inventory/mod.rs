//! Inventories: the fleet of a person as their tools list it, made a host file for each zone, a trace of what runs on it, and a
//! scenario that begins there.
//!
//! A reader for each source makes an [`Inventory`]; [`settle`] decides which machines can be where they are said to be and tells
//! the others by reason; [`write`](mod@write) writes the files. [`SOURCES`] is the register: a new source is a file and a line there.

mod describe_instances;
mod json;
mod kubectl;
mod openstack;
mod rvtools;
pub mod settle;
mod table;
pub mod write;

use std::path::PathBuf;

use crate::fleet::hardware::Hardware;
use crate::workload::trace::options::OptionCells;
use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};
use plimsoll_base::units::{Resources, Time};

/// Every source, by name.
pub static SOURCES: &[InventorySource] =
    &[describe_instances::SOURCE, kubectl::SOURCE, openstack::SOURCE, rvtools::SOURCE, table::SOURCE];

/// A tool whose lists are read.
pub struct InventorySource {
    /// Its name on the command line.
    pub name: &'static str,
    /// Description, one line.
    pub description: &'static str,
    /// Command that makes its files.
    pub made_by: &'static str,
    /// Function that reads them.
    pub read: fn(&[PathBuf]) -> Result<Inventory, InputError>,
}

impl InventorySource {
    /// Returns the source of a name given by `--from`.
    pub fn named(name: &str) -> Result<&'static InventorySource, Problem> {
        SOURCES.iter().find(|source| source.name == name).ok_or_else(|| {
            let problem = Problem::new(
                Place::key("--from"),
                format!("found `{name}`, expected a source of inventories"),
            );
            match did_you_mean(name, SOURCES.iter().map(|source| source.name)) {
                Some(help) => problem.with_help(help),
                None => problem,
            }
        })
    }
}

/// Hosts and machines as a source lists them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inventory {
    /// The hosts, in file order.
    pub hosts: Vec<InventoryHost>,
    /// The machines, in file order.
    pub instances: Vec<InventoryInstance>,
}

/// A host as a source lists it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InventoryHost {
    /// Name.
    pub name: String,
    /// Capacity to sell; 0 vCPU or memory where the source does not say.
    pub capacity: Resources,
    /// Zone; empty for none.
    pub zone: String,
    /// Rack; empty for none.
    pub rack: String,
    /// Name of its hardware; empty for none.
    pub sku: String,
    /// Types that it runs, and the model of its GPUs; by default all, and none that is known.
    pub hardware: Hardware,
    /// NUMA nodes; 0 where the source does not say.
    pub numa_nodes: u8,
    /// True if it takes nothing new.
    pub is_closed: bool,
    /// Terms of a dedicated host, which takes instances of its account alone; `None` for any other host.
    pub dedicated: Option<DedicatedTerms>,
    /// True if the source does not say how large it is, and its capacity is assumed.
    pub is_assumed: bool,
}

/// Terms of a dedicated host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct DedicatedTerms {
    /// Account that has allocated it; empty where the source does not say.
    pub account: String,
    /// True for a host that takes launches of tenancy `host` without the name of one.
    pub auto_placement: bool,
    /// True for a host that another one replaces when it fails.
    pub recovery: bool,
}

/// Reason why a listed machine takes no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absence {
    /// Stopped machine.
    PoweredOff,
    /// Template, which machines are made of.
    Template,
    /// Machine that has ended, or never came up.
    Ended,
}

/// A virtual machine, or a pod, as a source lists it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InventoryInstance {
    /// Name or id.
    pub name: String,
    /// Name of its host; empty where it has none, or the source does not say.
    pub host: String,
    /// Name of its type; empty where its size is given instead.
    pub kind: String,
    /// Amounts it asks for, where no type is named.
    pub shape: Resources,
    /// Account, project or namespace; empty for none.
    pub account: String,
    /// Zone; empty for none.
    pub zone: String,
    /// Reason why it takes no room; `None` for one that runs.
    pub absence: Option<Absence>,
    /// Time at which it ends, from the start of a run; `None` for never, or where the source does not say.
    pub end: Option<Time>,
    /// Options of its launch, as cells of a trace.
    pub options: OptionCells,
}
