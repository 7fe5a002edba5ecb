//! Placement groups on Huawei's real topology: what holds of racks is computed from the files alone.
//!
//! Nothing ever leaves, so groups only grow: what holds of them at the end held after every event.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use plimsoll::cloud::RunOptions;
use plimsoll::cloud::observe::{Observer, Refusal};
use plimsoll::cloud::rows::Row;
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

/// Which requests were refused, by time, and on which host each instance stands, in the order of launch.
#[derive(Default)]
struct Watcher {
    refused: BTreeSet<Time>,
    hosts: Vec<u32>,
}

impl Observer for Watcher {
    fn wants_rows(&self) -> bool {
        true
    }

    fn row(&mut self, row: &Row, _: &Directory) {
        if let Row::Instance(instance) = row {
            self.hosts.push(instance.host.0);
        }
    }

    fn refused(&mut self, refusal: &Refusal, _: &Directory) {
        assert_eq!(refusal.operation, Operation::Launch);
        self.refused.insert(refusal.at);
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

/// The groups of the trace, and its launches with their times \[s\].
fn trace() -> (BTreeMap<String, Group>, Vec<(u64, Option<Member>)>) {
    let text = GzDecoder::new(std::fs::File::open(file("huawei-topology.csv.gz")).unwrap());
    let (mut groups, mut launches) = (BTreeMap::new(), Vec::new());
    for row in csv::Reader::from_reader(text).records() {
        let row = row.unwrap();
        let [time, op, _, _, _, group, strategy, partitions, partition] = row.iter().collect::<Vec<_>>()[..]
        else {
            panic!("nine columns: {row:?}")
        };
        let group = group.to_string();
        if op == "create-placement-group" {
            let partitions = partitions.parse().unwrap_or(1);
            groups.insert(group, Group { strategy: strategy.to_string(), partitions });
        } else {
            let member = Member { group, partition: partition.parse().ok() };
            launches.push((time.parse().unwrap(), Some(member).filter(|member| !member.group.is_empty())));
        }
    }
    (groups, launches)
}

/// Where the members of each group stand: rack and partition asked for.
fn stands(set: &[&str]) -> (BTreeMap<String, Group>, BTreeMap<String, Vec<(u32, Option<u32>)>>, usize) {
    let options = RunOptions { verify_placement: true, ..RunOptions::default() };
    let mut watcher = Watcher::default();
    let outcome = run_file("workloads/scenarios/huawei-topology.toml", set, options, &mut watcher);
    assert_eq!(outcome.launch.requested, 24_990);
    let (groups, launches) = trace();
    let racks = racks();
    let launched: Vec<&(u64, Option<Member>)> = launches
        .iter()
        .filter(|(second, _)| !watcher.refused.contains(&Time(second * 1_000_000_000)))
        .collect();
    assert_eq!(launched.len(), watcher.hosts.len());
    assert_eq!(launched.len() as u64, outcome.launch.succeeded);
    let mut members: BTreeMap<String, Vec<(u32, Option<u32>)>> = BTreeMap::new();
    for ((_, member), host) in launched.iter().zip(&watcher.hosts) {
        if let Some(Member { group, partition }) = member {
            members.entry(group.clone()).or_default().push((racks[*host as usize], *partition));
        }
    }
    (groups, members, launched.len())
}

#[test]
fn no_spread_group_has_two_members_on_a_rack_and_no_partitions_share_one() {
    let (groups, members, launched) = stands(&[]);
    assert!(launched > 20_000, "{launched}");
    let (mut spread, mut partitioned, mut together) = (0, 0, 0);
    for (name, stands) in &members {
        let Group { strategy, partitions } = &groups[name];
        let racks: BTreeSet<u32> = stands.iter().map(|(rack, _)| *rack).collect();
        match strategy.as_str() {
            "spread" => {
                assert_eq!(racks.len(), stands.len(), "{name} has two members on a rack");
                spread += stands.len();
            }
            "partition" => {
                let mut partition_of: BTreeMap<u32, u32> = BTreeMap::new();
                for (rack, asked) in stands {
                    let partition = rack % partitions;
                    assert_eq!(*partition_of.entry(*rack).or_insert(partition), partition);
                    if let Some(asked) = asked {
                        assert_eq!(partition + 1, *asked, "{name} has a member in another partition's racks");
                    }
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
    // Of each sort there are thousands, so that the rules were put to the test.
    assert!(spread > 1_000 && partitioned > 3_000 && together > 500, "{spread} {partitioned} {together}");
}
