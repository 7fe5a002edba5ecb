//! First shortage of a run in `summary.json`: what ran out first, in units that people use.

use serde_json::{Value, json};

use super::Run;
use crate::cloud::outcome::FirstShortage;
use crate::scenario::Scenario;
use plimsoll_base::failure::LimitHit;
use plimsoll_base::units::{NS_PER_S, RESOURCES};

/// Name and unit of each resource, with the smallest units to one of it; last those of which one instance has room or has
/// not.
const RESOURCE: [(&str, &str, f64); RESOURCES + 3] = [
    ("vCPU", "vCPU", 1000.0),
    ("memory", "GiB", 1024.0),
    ("GPU", "GPU", 1000.0),
    ("local storage", "GiB", 1024.0),
    ("network bandwidth", "Gbit/s", 1000.0),
    ("instances a host may have", "instances", 1.0),
    ("NUMA nodes with room for it", "instances", 1.0),
    ("GPU devices with room for it", "instances", 1.0),
];

/// Returns the first shortage after the warm-up: error code, time, operation, type, zone (null: several) of so many zones tried; resource,
/// host groups, amounts asked for and free; of hosts also the most that is free on one, how many could take the instance
/// but for room, and how many of them have too little. Of
/// instances that were asked for all or none: how many, and for how many of them a zone had enough.
pub fn value(run: &Run<'_>, first: &FirstShortage) -> Value {
    let directory = &run.outcome.directory;
    let in_units = first.limit.map(|limit| match limit.kind.unit() {
        "milli-vCPU" => ("vCPU", 1000.0),
        "milli-GPU" => ("GPU", 1000.0),
        "MiB" => ("GiB", 1024.0),
        unit => (unit, 1.0),
    });
    let of_limit = |amount: fn(&LimitHit) -> u64| {
        let (_, per_one) = in_units?;
        first.limit.as_ref().map(|limit| amount(limit) as f64 / per_one)
    };
    let mut value = json!({
        "code": first.failure.ec2_name(),
        "at_s": first.at.0 as f64 / NS_PER_S as f64,
        "operation": first.operation.name(),
        "type": first.kind.map(|kind| directory.types.get(kind).name.as_str()),
        "zone": first.zone.map(|zone| directory.zones()[zone.index()].as_str()),
        "zones": first.zones,
        "resource": first.failure.shortage(),
        "limit": first.limit.map(|limit| limit.kind.name()),
        "asked": of_limit(|limit| limit.asked),
        "free": of_limit(|limit| limit.left),
        "unit": in_units.map(|(unit, _)| unit),
    });
    if let Some(room) = &first.room {
        let (resource, unit, per_one) = RESOURCE[room.resource];
        let amount = |smallest: u64| smallest as f64 / per_one;
        value["resource"] = json!(resource);
        value["unit"] = json!(unit);
        value["asked"] = json!(amount(room.asked));
        value["free"] = json!(amount(room.free));
        value["most_free"] = json!(amount(room.most_free));
        value["hosts"] = json!(room.hosts);
        value["hosts_short"] = json!(room.short);
        value["host_groups"] = json!(names(run.scenario, &room.groups));
    }
    if first.placed > 0 {
        value["asked_together"] = json!(first.together);
        value["room_for"] = json!(first.placed);
    }
    value
}

/// Returns the SKUs of the groups; none where the scenario has no more than one kind of hosts, or a group has no SKU.
fn names(scenario: &Scenario, groups: &[u16]) -> Vec<String> {
    let all: Vec<Option<&str>> =
        scenario.zones.iter().flat_map(|zone| &zone.hosts).map(|group| group.sku.as_deref()).collect();
    if all.windows(2).all(|pair| pair[0] == pair[1]) {
        return Vec::new();
    }
    let names: Option<Vec<&str>> = groups.iter().map(|group| all[usize::from(*group)]).collect();
    let mut names: Vec<String> = names.unwrap_or_default().into_iter().map(String::from).collect();
    names.dedup();
    names
}
