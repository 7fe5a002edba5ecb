//! `huawei-topology`: requests with affinity, anti-affinity and fault domains, hosts with racks and free
//! resources of two NUMA nodes, as published for topology-aware placement of VMs.

use std::collections::BTreeSet;
use std::path::Path;

use super::layout::Layout;
use super::{ForeignHost, Format, HostFormat, ImportTally, PublishedForm, Record, file_of, for_each_row};
use crate::operation::Operation;
use crate::workload::trace::cells::Cells;
use crate::workload::trace::columns::Column;
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::units::{NS_PER_S, Resources, Time};

/// The format.
///
/// The five lists of requests follow each other in the order of their numbers. They have no times: requests
/// come a second apart, and never leave. A group is created right before its first request. The strategies
/// become:
///
/// - `affinity`: a cluster group. The members of one ask for up to 864 vCPUs where no host has more than 170
///   free, so that a host for all cannot be meant;
/// - `anti-affinity`: a spread group. Some have more members than the seven a zone that EC2 allows;
/// - `fault_domain`: a partition group, `domain` being the partition.
pub const FORMAT: Format = Format {
    name: "huawei-topology",
    description: "VM requests of Huawei with affinity, anti-affinity and fault domains, hosts with racks",
    licence: "CC0-1.0",
    source: PublishedForm::Folder {
        layout: Some(REQUEST),
        is: |folder| file_of(folder, "VM_data_C1").exists(),
        write: write_requests,
    },
    output: &[
        Column::Time,
        Column::Op,
        Column::Instance,
        Column::Vcpu,
        Column::Memory,
        Column::Numa,
        Column::Group,
        Column::GroupStrategy,
        Column::Partitions,
        Column::Partition,
    ],
    hosts: Some(HostFormat { output: &["vcpu", "memory_gib", "rack"], read: hosts }),
};

/// Lists of requests.
const LISTS: std::ops::RangeInclusive<u32> = 1..=5;

const REQUEST: Layout =
    Layout::with_header(&["flavor_vcpus", "flavor_ram", "numa", "strategy", "group", "domain"]);
const VCPUS: usize = 0;
const RAM: usize = 1;
const NUMA: usize = 2;
const STRATEGY: usize = 3;
const GROUP: usize = 4;
const DOMAIN: usize = 5;

/// Fault domains of a group, numbered from 0.
const DOMAINS: u32 = 3;

const AFFINITY: &str = "affinity";
const ANTI_AFFINITY: &str = "anti-affinity";
const FAULT_DOMAIN: &str = "fault_domain";

fn write_requests(folder: &Path, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
    let (mut tally, mut groups) = (ImportTally::default(), BTreeSet::new());
    for list in LISTS {
        for_each_row(&file_of(folder, &format!("VM_data_C{list}")), REQUEST, |row| {
            let time = Time(tally.rows_read * NS_PER_S);
            tally.rows_read += 1;
            let shape = Some(Resources::new(row.quantity(VCPUS, 1000)?, row.quantity(RAM, 1024)?));
            let numa = (Column::Numa, numa_nodes(row)?.to_string());
            let (create, mut join) = group_cells(row, list)?;
            if let Some((_, name)) = create.first()
                && groups.insert(name.clone())
            {
                tally.rows_added += 1;
                let operation = Some(Operation::CreatePlacementGroup);
                writer.write(&Cells { time, operation, others: &create, ..Cells::default() })?;
            }
            join.push(numa);
            let operation = Some(Operation::Launch);
            writer.write(&Cells { time, operation, shape, others: &join, ..Cells::default() })
        })?;
    }
    Ok(tally)
}

fn numa_nodes(row: &Record) -> Result<u32, Problem> {
    match row.quantity(NUMA, 1)? {
        nodes @ 1..=2 => Ok(nodes),
        _ => Err(row.wrong(NUMA, "is neither 1 nor 2", "the number of NUMA nodes")),
    }
}

type GroupCells = Vec<(Column, String)>;

/// Returns the cells of the call that creates a request's group, and those of the request; none without a group.
fn group_cells(row: &Record, list: u32) -> Result<(GroupCells, GroupCells), Problem> {
    let (short, strategy) = match row.text(STRATEGY)? {
        "" => return Ok((Vec::new(), Vec::new())),
        AFFINITY => (AFFINITY, "cluster"),
        ANTI_AFFINITY => (ANTI_AFFINITY, "spread"),
        FAULT_DOMAIN => ("fd", "partition"),
        _ => {
            return Err(row.wrong(
                STRATEGY,
                "is unknown",
                "affinity, anti-affinity, fault_domain or nothing",
            ));
        }
    };
    let group = (Column::Group, format!("C{list}-{short}-{}", row.quantity(GROUP, 1)?));
    let mut create = vec![group.clone(), (Column::GroupStrategy, strategy.to_string())];
    let mut join = vec![group];
    if strategy == "partition" {
        let domain = row.quantity(DOMAIN, 1)?;
        if domain >= DOMAINS {
            return Err(row.wrong(DOMAIN, "is too large", "a domain from 0 to 2"));
        }
        create.push((Column::Partitions, DOMAINS.to_string()));
        join.push((Column::Partition, (domain + 1).to_string()));
    }
    Ok((create, join))
}

/// Returns every host of the topology with its rack. What is free was published for fewer servers than there are
/// hosts: it is assigned to the hosts in file order, repeated from the start when used up, the sum of
/// both NUMA nodes.
fn hosts(folder: &Path) -> Result<Vec<ForeignHost>, InputError> {
    let mut free = Vec::new();
    for_each_row(
        &file_of(folder, "PM_res"),
        Layout::with_header(&["CPU1", "RAM1", "CPU2", "RAM2"]),
        |row| {
            let sum = |a: usize, b: usize, units: u64| -> Result<u32, Problem> {
                let sum = row.quantity(a, units)?.checked_add(row.quantity(b, units)?);
                sum.ok_or_else(|| row.wrong(a, "is too large", "less"))
            };
            free.push(Resources::new(sum(0, 2, 1000)?, sum(1, 3, 1024)?));
            Ok(())
        },
    )?;
    let mut hosts = Vec::new();
    for_each_row(
        &file_of(folder, "topology_provider"),
        Layout::with_header(&["host_id", "rack_id"]),
        |row| {
            if free.is_empty() {
                return Err(row.wrong(0, "has nothing to be dealt", "rows in `PM_res.csv`").into());
            }
            hosts.push(ForeignHost {
                capacity: free[hosts.len() % free.len()],
                rack: row.quantity(1, 1)?,
                lost: vec!["the split of free amounts over two unequal NUMA nodes"],
                ..ForeignHost::default()
            });
            Ok(())
        },
    )?;
    Ok(hosts)
}
