//! Figures of now for the live page: sums that the run keeps anyway, and one pass over the hosts for the map of the fleet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use plimsoll_base::units::{HostId, InstanceId};
use plimsoll_model::fleet::Fleet;
use plimsoll_model::fleet::host::HostState;
use plimsoll_sim::cloud::session::Session;
use plimsoll_sim::cloud::session::view::InstanceView;
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::ClockMode;
use crate::faults;
use crate::model::CloudModel;

/// The most cells of the map, over all zones.
const MOST_CELLS: usize = 3000;

/// The most instances of an answer.
const MOST_INSTANCES: usize = 200;

/// Instances that are looked at for an answer, the newest first: some milliseconds, in which nothing else is answered.
const MOST_LOOKED_AT: u64 = 4000;

/// Part of the fleet that a cell of the map stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Host,
    Rack,
    Group,
}

/// Cell of the map.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
struct Cell {
    /// Id of the host; number of the rack or host group in its zone, from 0.
    number: u32,
    hosts: u32,
    /// Hosts that have failed, or are worked on.
    down: u32,
    /// Hosts that are not open: of elastic groups, still to arrive, or gone.
    closed: u32,
    vcpus: f64,
    vcpus_used: f64,
    instances: u64,
}

/// Zone of the map.
#[derive(Clone, PartialEq, Debug, Serialize)]
struct ZoneMap<'a> {
    name: &'a str,
    cells: Vec<Cell>,
}

/// Figures of now.
#[derive(Debug, Serialize)]
pub struct LiveFigures<'a> {
    scenario: &'a str,
    now_s: f64,
    time: String,
    clock: String,
    /// True if clients may ask for checkpoints.
    can_fork: bool,
    fleet: Value,
    instances: Value,
    launches: Value,
    cost_usd: f64,
    cost_usd_per_hour: f64,
    calls: Vec<Value>,
    stages: Vec<Value>,
    level: Level,
    zones: Vec<ZoneMap<'a>>,
}

/// Returns the figures of now.
pub fn live<'a>(model: &'a CloudModel<'_>, clock: ClockMode, can_fork: bool) -> LiveFigures<'a> {
    let session = &model.session;
    let sample = session.sample();
    let (level, zones) = map(model);
    let down: u32 = zones.iter().flat_map(|zone| &zone.cells).map(|cell| cell.down).sum();
    let (thousandth, gib) = (|milli: u64| milli as f64 / 1e3, |mib: u64| mib as f64 / 1024.0);
    LiveFigures {
        scenario: &model.scenario.name,
        now_s: model.now().as_seconds(),
        time: model.date_time(model.now()),
        clock: clock.to_string(),
        can_fork,
        fleet: json!({
            "hosts": sample.hosts,
            "hosts_used": sample.hosts_used,
            "hosts_down": down,
            "vcpus": thousandth(sample.vcpu_milli),
            "vcpus_used": thousandth(sample.vcpu_used_milli),
            "memory_gib": gib(sample.memory_mib),
            "memory_gib_used": gib(sample.memory_used_mib),
        }),
        instances: json!({
            "running": sample.instances_running,
            "stopped": sample.instances_stopped,
            "waiting": sample.launches_waiting,
        }),
        launches: json!({ "requested": sample.launches_requested, "succeeded": sample.launches_succeeded }),
        cost_usd: sample.accrued_micro_usd as f64 / 1e6,
        cost_usd_per_hour: session.pico_usd_per_hour() as f64 / 1e12,
        calls: calls(session),
        stages: sample
            .stages
            .iter()
            .map(|stage| {
                let name = stage.name.to_string();
                json!({
                    "can_fail": faults::can_fail(model, &name),
                    "name": name,
                    "waiting": stage.waiting,
                    "in_service": stage.in_service,
                    "refused": stage.refused,
                })
            })
            .collect(),
        level,
        zones,
    }
}

fn calls(session: &Session) -> Vec<Value> {
    let call =
        |(operation, tally): (plimsoll_model::operation::Operation, &plimsoll_sim::cloud::outcome::Tally)| {
            let refused: BTreeMap<&str, u64> =
                tally.failures().map(|(failure, count)| (failure.ec2_name(), count)).collect();
            json!({ "operation": operation.name(), "requested": tally.requested, "refused": refused })
        };
    session.operations().map(call).collect()
}

/// Returns the map of the fleet, by hosts, racks or host groups: the finest that has not too many cells.
fn map<'a>(model: &'a CloudModel<'_>) -> (Level, Vec<ZoneMap<'a>>) {
    let fleet = model.session.fleet();
    let rack = |host: u32| fleet.rack_of(HostId(host)).0;
    let level = if fleet.hosts().len() <= MOST_CELLS {
        Level::Host
    } else if fleet.hosts().len().checked_sub(1).is_some_and(|last| rack(last as u32) < MOST_CELLS as u32) {
        Level::Rack
    } else {
        Level::Group
    };
    let zones = fleet.zones().iter().zip(model.session.directory().zones());
    let of_zone = |hosts: &Range<u32>| -> Vec<Cell> {
        let parts: Vec<Range<u32>> = match level {
            Level::Host => hosts.clone().map(|host| host..host + 1).collect(),
            Level::Rack => runs(hosts.clone(), rack),
            Level::Group => {
                let groups = fleet.groups().iter().map(|group| group.first.0..group.first.0 + group.count);
                groups.filter(|group| hosts.contains(&group.start)).collect()
            }
        };
        let numbered = parts.into_iter().zip(0..);
        numbered.map(|(part, number)| cell(&model.session, part, level, number)).collect()
    };
    let map = zones.map(|(zone, name)| ZoneMap { name, cells: of_zone(&zone.hosts) }).collect();
    (level, map)
}

/// Returns the runs of numbers that have the same key.
fn runs(numbers: Range<u32>, key: impl Fn(u32) -> u32) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if key(run.start) == key(number) => run.end = number + 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}

fn cell(session: &Session, hosts: Range<u32>, level: Level, number: u32) -> Cell {
    let fleet: &Fleet = session.fleet();
    let number = if level == Level::Host { hosts.start } else { number };
    let mut cell = Cell { number, hosts: hosts.len() as u32, ..Cell::default() };
    let (mut all, mut free) = (0, 0);
    for id in hosts.map(HostId) {
        let host = &fleet.hosts()[id.index()];
        cell.instances += u64::from(host.instances);
        match host.state {
            HostState::Closed | HostState::Retired | HostState::Absent => {
                cell.closed += 1;
                continue;
            }
            HostState::Unhealthy | HostState::Maintenance => cell.down += 1,
            HostState::Active => cell.down += u32::from(session.has_failed_unnoticed(id)),
        }
        all += u64::from(fleet.skus()[usize::from(host.sku.0)].capacity.vcpu_milli());
        free += u64::from(host.free.vcpu_milli());
    }
    cell.vcpus = all as f64 / 1e3;
    cell.vcpus_used = all.saturating_sub(free) as f64 / 1e3;
    cell
}

/// Returns the newest instances of all accounts that have a text in their id, type, state, zone, host, account or tags.
pub fn instances(model: &CloudModel<'_>, wanted: &str) -> Value {
    let wanted = wanted.trim().to_lowercase();
    let newest = model.session.launched();
    let first = newest.saturating_sub(MOST_LOOKED_AT);
    let mut found: Vec<BTreeMap<&str, Cow<'_, str>>> = Vec::new();
    let mut complete = first == 0;
    for id in (first..newest).rev() {
        let Some(view) = model.session.instance(InstanceId(id)) else { continue };
        let has = |(_, text): &Column| text(model, &view).to_lowercase().contains(&wanted);
        if !wanted.is_empty() && !COLUMNS.iter().any(has) {
            continue;
        }
        if found.len() == MOST_INSTANCES {
            complete = false;
            break;
        }
        found.push(COLUMNS.iter().map(|(name, text)| (*name, text(model, &view))).collect());
    }
    json!({ "instances": found, "complete": complete })
}

/// Column of the table of instances: its name, and its text for one of them.
type Column = (&'static str, for<'a> fn(&'a CloudModel<'_>, &InstanceView<'_>) -> Cow<'a, str>);

const COLUMNS: [Column; 8] = [
    ("type", |model, view| model.type_name(view.kind).into()),
    ("state", |_, view| view.state.name().into()),
    ("zone", |model, view| model.zone_name(view.zone).into()),
    ("account", |model, view| model.session.directory().accounts()[view.account.index()].as_str().into()),
    ("id", |model, view| model.instance_id(view.id).into()),
    ("host", |_, view| view.host.map(|host| host.0.to_string()).unwrap_or_default().into()),
    ("launched", |model, view| model.date_time(view.launched).into()),
    ("tags", |_, view| {
        let tags: Vec<String> = view.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        tags.join(", ").into()
    }),
];
