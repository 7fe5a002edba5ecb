//! `huawei-usage`: host-seconds on hosts that open as they are needed, by seven rules (PADMA, repository aweftr/infocom_26 at
//! 2e8942a, the comment in `onlineClairvoyant.py`; environment schedgym `sched_env_minusage.py` at 63854e1). Only the numbers are
//! kept here: the repository has no licence.
//!
//! An episode begins with one empty host, which counts. A host goes when a departure empties it; a new one comes last in the
//! list. The usage is the integral of the number of hosts from the first arrival to that of the row after the last one placed. VMs
//! that end by an arrival leave before it, in order. The rows end at the last but one of the trace.

use std::path::Path;

use rayon::prelude::*;

use super::Episode;
use super::data::{self, HuaweiData};
use super::episode::{HOST, NODES};
use crate::reproduce::{PublishedFigure, Study, exact};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::InputError;
use plimsoll_base::units::{HostId, NumaNodes};
use plimsoll_model::fleet::Change;
use plimsoll_model::fleet::host_group::Hosts;
use plimsoll_model::fleet::state::HostTrigger;
use plimsoll_model::fleet::topology::{NodeMeasure, NodeOrder};
use plimsoll_model::placement::config::StrategyConfig;
use plimsoll_model::placement::register;

/// The study.
pub const STUDY: Study = Study {
    name: "huawei-usage",
    description: "host-seconds on hosts that open as needed, six rules, 1,000 episodes of 1,000 and 10,000 VMs: 33 figures",
    source: "PADMA (github.com/aweftr/infocom_26 at 2e8942a); data of SPANE (arXiv 2504.14946), CC BY-NC 4.0",
    files: &[data::VMS, data::STARTS],
    figures,
};

/// Rule by which a host is chosen among those with room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    /// A strategy of the register.
    Registered(&'static str),
    /// The node with the least left of it, by the sum of the shares of vCPU and memory that are free; for a VM on two nodes the
    /// host with the least on both.
    BestNode,
    /// The host on which a VM was placed the longest time ago (so in the source, whose name says the opposite).
    OldestPlacement,
    /// The first host for VMs that stay long, or for those that do not.
    Lifetimes,
}

/// Lifetime above which a VM stays long \[s\].
const LONG: u64 = 8000;

/// Published figures of one rule: trimmed mean and mean of the usage \[host-seconds\], mean of the most hosts at once.
type Row = (&'static str, Rule, [&'static str; 3]);

/// Rows of the published tables, by the VMs of an episode.
const TABLES: [(usize, &[Row]); 2] = [
    (
        1000,
        &[
            ("first_fit", Rule::Registered("first-fit"), ["82931.2575", "94520.816", "8.005"]),
            ("balance_max", Rule::Registered("balance-fit"), ["85119.0975", "96639.953", "7.86"]),
            ("balance_sum", Rule::Registered("balance-fit-l1"), ["85374.07875", "97015.014", "7.903"]),
            ("best_fit", Rule::BestNode, ["86592.45625", "99468.216", "8.14"]),
            ("movetofront", Rule::OldestPlacement, ["93487.46", "107088.683", "8.272"]),
            ("clairvoyant_ltfit(8000)", Rule::Lifetimes, ["94251.50875", "105909.299", "8.897"]),
        ],
    ),
    (
        10_000,
        &[
            ("clairvoyant_ltfit(8000)", Rule::Lifetimes, ["2301357.02625", "2525719.249", "23.006"]),
            ("first_fit", Rule::Registered("first-fit"), ["2362719.755", "2554152.826", "21.661"]),
            ("balance_fit", Rule::Registered("balance-fit-l1"), ["2566810.23625", "2753541.405", "21.791"]),
            ("best_fit", Rule::BestNode, ["2655321.7925", "2902472.336", "21.497"]),
            ("movetofront", Rule::OldestPlacement, ["3138130.8475", "3522246.574", "24.68"]),
        ],
    ),
];

const COLUMNS: [&str; 3] =
    ["trimmed mean of host-seconds", "mean of host-seconds", "mean of the most hosts at once"];

fn figures(folder: &Path) -> Result<Vec<PublishedFigure>, InputError> {
    let data = HuaweiData::read(folder)?;
    let mut figures = Vec::new();
    for (vms, rows) in TABLES {
        for (name, rule, published) in rows {
            let episodes: Vec<Usage> =
                data.starts.par_iter().map(|start| usage(&data, *start, vms, *rule)).collect();
            let host_seconds: Vec<u64> = episodes.iter().map(|usage| usage.host_seconds).collect();
            let most_hosts: Vec<u64> = episodes.iter().map(|usage| usage.most_hosts).collect();
            let ours = [
                exact::trimmed_mean(&host_seconds),
                exact::mean_of(&host_seconds),
                exact::mean_of(&most_hosts),
            ];
            for ((column, published), ours) in COLUMNS.iter().zip(published).zip(ours) {
                figures.push(PublishedFigure {
                    table: format!("{vms} VMs, {column}"),
                    name: name.to_string(),
                    published: published.to_string(),
                    ours,
                    tolerance: None,
                });
            }
        }
    }
    Ok(figures)
}

/// Result of an episode.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Usage {
    host_seconds: u64,
    /// Most hosts right after a placement.
    most_hosts: u64,
    /// Time until which the usage is counted \[s\].
    counted_until: u64,
}

/// Open hosts of an episode, oldest first.
#[derive(Default)]
struct OpenHosts(Vec<OpenHost>);

/// Open host, and what the rules know of it.
#[derive(Clone, Copy, Debug)]
struct OpenHost {
    id: HostId,
    /// Time of the last placement on it \[s\].
    placed: u64,
    /// Time at which the last of its VMs leaves \[s\]; 0 before the first. It is still there while the host is.
    last_end: u64,
    /// True once a VM found room on it: until then the host is for the first that does, whatever its VMs (so in the source).
    is_typed: bool,
}

impl Usage {
    /// Counts so many hosts until a time.
    fn count(&mut self, until: u64, hosts: usize) {
        self.host_seconds += (until - self.counted_until) * hosts as u64;
        self.counted_until = until;
    }
}

fn usage(data: &HuaweiData, start: usize, vms: usize, rule: Rule) -> Usage {
    let end = (start + vms).min(data.vms.len() - 1);
    let mut episode = begin(data, vms, rule);
    let mut open = OpenHosts::default();
    open.add(episode.open());
    let mut usage = Usage { counted_until: episode.vm(start).arrival, ..Usage::default() };
    let mut now = 0;
    for row in start..end {
        let vm = episode.vm(row);
        now = release(&mut episode, vm.arrival, &mut open, &mut usage).unwrap_or(now);
        let chosen = match rule {
            Rule::Registered(_) => episode.choose(row),
            _ => open.choose(rule, row, now, &episode),
        };
        let host = chosen.unwrap_or_else(|| {
            usage.count(vm.arrival, open.0.len());
            let opened = episode.open();
            open.add(opened);
            opened
        });
        episode.place(row, host, vm.arrival);
        open.placed(host, vm.arrival, vm.arrival + vm.lifetime);
        usage.most_hosts = usage.most_hosts.max(open.0.len() as u64);
        now = vm.arrival;
    }
    let last = episode.vm(end).arrival;
    release(&mut episode, last, &mut open, &mut usage);
    usage.count(last, open.0.len());
    usage
}

fn begin<'a>(data: &'a HuaweiData, vms: usize, rule: Rule) -> Episode<'a> {
    let name = if let Rule::Registered(name) = rule { name } else { "first-fit" };
    let mut strategy = register::build(&StrategyConfig::named(name), Seed(0)).expect("it is in the register");
    if rule == Rule::BestNode {
        strategy.node_order = NodeOrder::Least(NodeMeasure::Sum);
    }
    Episode::new(&data.vms, Hosts::Elastic { max_hosts: vms as u32 + 1, sellable: HOST }, strategy)
}

/// Releases the VMs that leave until a time, and the hosts that empty, for good. Returns the time of the last departure \[s\].
fn release(episode: &mut Episode<'_>, until: u64, open: &mut OpenHosts, usage: &mut Usage) -> Option<u64> {
    let mut last = None;
    episode.release_until(until, |at, host, change, fleet| {
        last = Some(at);
        if change == Change::Closed {
            usage.count(at, open.0.len());
            open.0.retain(|open| open.id != host);
            // It is not opened again: a new host comes last.
            fleet.on(host, HostTrigger::Retire);
        }
    });
    last
}

impl OpenHosts {
    fn add(&mut self, id: HostId) {
        self.0.push(OpenHost { id, placed: 0, last_end: 0, is_typed: false });
    }

    fn placed(&mut self, id: HostId, at: u64, end: u64) {
        let host = self.0.iter_mut().find(|host| host.id == id).expect("it is open");
        host.placed = at;
        host.last_end = host.last_end.max(end);
    }

    /// Returns the host that a rule chooses for a VM; the first of equal ones.
    fn choose(&mut self, rule: Rule, row: usize, now: u64, episode: &Episode<'_>) -> Option<HostId> {
        let vm = episode.vm(row);
        let mut fitting = self.0.iter_mut().filter(|host| episode.fleet.fits(host.id, &vm.footprint));
        match rule {
            Rule::Registered(_) => panic!("the placer chooses by a strategy"),
            Rule::BestNode => {
                let left = fitting.map(|host| (left(host.id, row, episode), host.id));
                left.reduce(|best, other| if other.0 < best.0 { other } else { best }).map(|(_, id)| id)
            }
            Rule::OldestPlacement => fitting.min_by_key(|host| host.placed).map(|host| host.id),
            Rule::Lifetimes => {
                let is_long = vm.lifetime > LONG;
                fitting.by_ref().fold(None, |chosen: Option<HostId>, host| {
                    let is_free = !std::mem::replace(&mut host.is_typed, true);
                    let suits = is_free || (host.last_end > now + LONG) == is_long;
                    chosen.or(suits.then_some(host.id))
                })
            }
        }
    }
}

/// Returns what is left of the node with the least that has room for a VM, or of both for a VM on two, added from left to
/// right as the source does: the rounding decides.
fn left(id: HostId, row: usize, episode: &Episode<'_>) -> f64 {
    let footprint = episode.vm(row).footprint;
    let host = &episode.fleet.hosts()[id.index()];
    let (layouts, node) = (episode.fleet.layouts(), episode.fleet.layouts().sku(host).topology.node);
    let parts = layouts.parts(id, host).expect("hosts have two nodes");
    let nodes = &parts.nodes[..usize::from(NODES)];
    match footprint.numa {
        NumaNodes::Two => nodes.iter().fold(0.0, |sum, room| {
            let vcpu = f64::from(room.vcpu_milli) / f64::from(node.vcpu_milli);
            sum + vcpu + f64::from(room.memory_mib) / f64::from(node.memory_mib)
        }),
        NumaNodes::Fewest | NumaNodes::One => {
            let fits = nodes.iter().filter(|room| room.has(&footprint.amounts));
            let least = fits.map(|room| room.share(node, NodeMeasure::Sum)).reduce(f64::min);
            least.expect("it fits on a node")
        }
    }
}
