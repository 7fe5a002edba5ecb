//! `azure-vmtable-v1` and `azure-vmtable-v2`: the file `vmtable.csv` of the Azure Public Datasets of 2017 and of 2019
//! (<https://github.com/Azure/AzurePublicDataset>, read November 2026).

use super::layout::Layout;
use super::{ForeignInstance, Format, Origin, PublishedForm, Reading, Record};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::Problem;
use plimsoll_base::units::{NS_PER_S, Resources, Time};

/// The format of 2017: cores and memory are exact.
///
/// The file has no header. It covers thirty days in steps of five minutes: an instance created in the first step may be
/// older, one deleted in the last step may live on, and never ends here. The account is the deployment's subscription.
pub const V1: Format = Format {
    name: "azure-vmtable-v1",
    description: "vmtable.csv of Azure, 2017: 30 days of VMs, exact sizes, no header",
    licence: "Azure Public Dataset V1, CC BY 4.0; cite Cortez et al., SOSP 2017",
    source: PublishedForm::Table { layout: LAYOUT, origin: Origin::Zero, record: exact },
    output: OUTPUT,
    hosts: None,
};

/// The format of 2019: cores and memory are upper bounds of buckets, `>24` and `>64` the topmost.
///
/// The topmost buckets are taken for 30 cores and 70 GiB, as the notebook of the publishers does.
pub const V2: Format = Format {
    name: "azure-vmtable-v2",
    description: "vmtable.csv of Azure, 2019: 30 days of VMs, sizes in buckets, no header",
    licence: "Azure Public Dataset V2, CC BY 4.0; cite Cortez et al., SOSP 2017",
    source: PublishedForm::Table { layout: LAYOUT, origin: Origin::Zero, record: bucketed },
    output: OUTPUT,
    hosts: None,
};

const OUTPUT: &[Column] =
    &[Column::Start, Column::End, Column::Instance, Column::Account, Column::Vcpu, Column::Memory];

const LAYOUT: Layout = Layout::without_header(&[
    "vmid",
    "subscriptionid",
    "deploymentid",
    "vmcreated",
    "vmdeleted",
    "maxcpu",
    "avgcpu",
    "p95maxcpu",
    "vmcategory",
    "vmcorecount",
    "vmmemory",
]);

const VM: usize = 0;
const SUBSCRIPTION: usize = 1;
const DEPLOYMENT: usize = 2;
const CREATED: usize = 3;
const DELETED: usize = 4;
const MOST_CPU: usize = 5;
const CATEGORY: usize = 8;
const CORES: usize = 9;
const MEMORY: usize = 10;

/// Start of the last step of five minutes in thirty days.
const LAST_STEP: Time = Time((30 * 86_400 - 300) * NS_PER_S);

/// Facts of a VM that a row of intervals has no column for.
const LOST: [(usize, &str); 3] = [
    (DEPLOYMENT, "the deployment it belongs to"),
    (MOST_CPU, "how much CPU it used"),
    (CATEGORY, "its category of workload"),
];

/// Bounds of the buckets of cores and of memory \[GiB\], and what is taken for the topmost.
const CORE_BUCKETS: [(&str, u32); 5] = [("2", 2), ("4", 4), ("8", 8), ("24", 24), (">24", 30)];
const MEMORY_BUCKETS: [(&str, u32); 6] = [("2", 2), ("4", 4), ("8", 8), ("32", 32), ("64", 64), (">64", 70)];

fn exact(row: &Record) -> Result<Reading, Problem> {
    let shape = Resources::new(row.quantity(CORES, 1000)?, row.quantity(MEMORY, 1024)?);
    instance(row, shape, row.stated(&LOST)?)
}

fn bucketed(row: &Record) -> Result<Reading, Problem> {
    let cores = bucket(row, CORES, &CORE_BUCKETS, "2, 4, 8, 24 or >24")?;
    let memory = bucket(row, MEMORY, &MEMORY_BUCKETS, "2, 4, 8, 32, 64 or >64")?;
    let mut lost = row.stated(&LOST)?;
    lost.push("that its size is known as a bucket only");
    instance(row, Resources::new(cores * 1000, memory * 1024), lost)
}

fn bucket(row: &Record, cell: usize, buckets: &[(&str, u32)], expected: &str) -> Result<u32, Problem> {
    let text = row.text(cell)?.trim();
    let found = buckets.iter().find(|(name, _)| *name == text);
    found.map(|(_, bound)| *bound).ok_or_else(|| row.wrong(cell, "is no bucket", expected))
}

fn instance(row: &Record, shape: Resources, mut lost: Vec<&'static str>) -> Result<Reading, Problem> {
    let (start, deleted) = (row.time(CREATED)?, row.time(DELETED)?);
    if start == Time::ZERO {
        lost.push("whether it is older than the trace");
    }
    let end = Some(deleted).filter(|deleted| *deleted < LAST_STEP);
    let (name, account) = (row.text(VM)?.to_string(), row.text(SUBSCRIPTION)?.to_string());
    Ok(ForeignInstance { start, end, shape, name, account, lost, ..ForeignInstance::default() }
        .into_reading())
}
