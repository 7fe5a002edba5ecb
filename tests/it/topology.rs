//! Placement groups on Huawei's real topology: what holds of racks is computed from the files alone.
//!
//! Nothing ever leaves, so groups only grow: what holds of them at the end held after every event.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use plimsoll::cloud::RunOptions;
use plimsoll::cloud::observe::{Detail, Observation, Observer};
use plimsoll::cloud::rows::TableRow;
use plimsoll::operation::Operation;
use plimsoll::units::Time;
use plimsoll::workload::directory::Directory;

use crate::support::run_file;

/// A launch of the trace that joins a group.
#[derive(Clone, Debug)]
struct Member {
    group: String,
    partition: Option<u32>,
}

/// A group of the trace.
#[derive(Clone, Debug)]
struct Group {
    strategy: String,
    partitions: u32,
}

/// The groups of the trace by name, and its launches with their times \[s\].
#[derive(Default)]
struct Trace {
    groups: BTreeMap<String, Group>,
    launches: Vec<(u64, Option<Member>)>,
}

/// Host of a member, and the partition that it asked for.
struct Stand {
    rack: u32,
    partition: Option<u32>,
}

/// Refused requests, by time, and the host of each instance, in the order of launch.
#[derive(Default)]
struct Watcher {
    refused: BTreeSet<Time>,
    hosts: Vec<u32>,
}

impl Observer for Watcher {
    fn detail(&self) -> Detail {
        Detail::Rows
    }

    fn observe(&mut self, observation: &Observation, _: &Directory) {
        match observation {
            Observation::Row(TableRow::Instance(instance)) => self.hosts.push(instance.host.0),
            Observation::Refused(refusal) => {
                assert_eq!(refusal.operation, Operation::Launch);
                self.refused.insert(refusal.at);
            }
            _ => {}
        }
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/traces").join(name)
}

/// The rack of each host, by its number. Racks are numbered in the order of their first host.
fn racks() -> Vec<u32> {
    let mut reader = csv::Reader::from_path(file("huawei-topology-hosts.csv")).unwrap();
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut number = |name: &str| {
        let next = numbers.len() as u32;
        *numbers.entry(name.to_string()).or_insert(next)
    };
    reader.records().map(|row| number(&row.unwrap()[2])).collect()
}

fn trace() -> Trace {
    let text = GzDecoder::new(std::fs::File::open(file("huawei-topology.csv.gz")).unwrap());
    let mut trace = Trace::default();
    for row in csv::Reader::from_reader(text).records() {
        let row = row.unwrap();
        let [time, op, _, _, _, _, group, strategy, partitions, partition] =
            row.iter().collect::<Vec<_>>()[..]
        else {
            panic!("ten columns: {row:?}")
        };
        let group = group.to_string();
        if op == "create-placement-group" {
            let partitions = partitions.parse().unwrap_or(1);
            trace.groups.insert(group, Group { strategy: strategy.to_string(), partitions });
        } else {
            let member = Member { group, partition: partition.parse().ok() };
            let member = Some(member).filter(|member| !member.group.is_empty());
            trace.launches.push((time.parse().unwrap(), member));
        }
    }
    trace
}

/// Runs the trace, and tells where the members of each group stand.
fn stands(trace: &Trace) -> BTreeMap<String, Vec<Stand>> {
    let options = RunOptions { verify_placement: true, ..RunOptions::default() };
    let mut watcher = Watcher::default();
    let outcome = run_file("workloads/scenarios/huawei-topology.toml", &[], options, &mut watcher);
    assert_eq!(outcome.launch.requested, 24_990);
    assert!(outcome.launch.succeeded > 20_000, "{:?}", outcome.launch);
    let was_launched = |second: u64| !watcher.refused.contains(&Time(second * 1_000_000_000));
    let launched = trace.launches.iter().filter(|(second, _)| was_launched(*second));
    let launched: Vec<&Option<Member>> = launched.map(|(_, member)| member).collect();
    assert_eq!(launched.len(), watcher.hosts.len());
    let racks = racks();
    let mut stands: BTreeMap<String, Vec<Stand>> = BTreeMap::new();
    for (member, host) in launched.into_iter().zip(&watcher.hosts) {
        if let Some(Member { group, partition }) = member {
            let stand = Stand { rack: racks[*host as usize], partition: *partition };
            stands.entry(group.clone()).or_default().push(stand);
        }
    }
    stands
}

#[test]
fn no_spread_group_has_two_members_on_a_rack_and_no_partitions_share_one() {
    let trace = trace();
    let (mut spread, mut partitioned, mut together) = (0, 0, 0);
    for (name, stands) in &stands(&trace) {
        let Group { strategy, partitions } = &trace.groups[name];
        let racks: BTreeSet<u32> = stands.iter().map(|stand| stand.rack).collect();
        match strategy.as_str() {
            "spread" => {
                assert_eq!(racks.len(), stands.len(), "{name} has two members on a rack");
                spread += stands.len();
            }
            "partition" => {
                let mut partition_of: BTreeMap<u32, u32> = BTreeMap::new();
                for Stand { rack, partition } in stands {
                    let asked = partition.expect("the trace names every partition");
                    assert_eq!(
                        *partition_of.entry(*rack).or_insert(asked),
                        asked,
                        "{name} shares rack {rack}"
                    );
                    assert_eq!(rack % partitions + 1, asked, "{name} is on another partition's rack");
                }
                partitioned += stands.len();
            }
            "cluster" => {
                assert_eq!(racks.len(), 1, "{name} is strict and on one rack");
                together += stands.len();
            }
            other => panic!("{other}"),
        }
    }
    // Of each sort there are hundreds at least, so that the rules were put to the test.
    assert!(spread > 1_000 && partitioned > 3_000 && together > 500, "{spread} {partitioned} {together}");
}
