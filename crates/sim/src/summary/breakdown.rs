//! Figures by zone, by kind of hosts and by instance type in `summary.json`.

use serde_json::{Value, json};

use super::Run;
use crate::cloud::observe::breakdown::PartUse;
use crate::cloud::outcome::LimitedResource;
use plimsoll_base::units::ZoneId;
use plimsoll_model::fleet::totals::Total;

/// Returns every zone, where there are several.
pub fn zones(run: &Run<'_>) -> Value {
    let zones = &run.outcome.breakdown.zones;
    if zones.len() < 2 {
        return json!([]);
    }
    let named = run.outcome.directory.zones().iter().zip(zones);
    (0..)
        .zip(named)
        .map(|(number, (name, part))| {
            let mut value = part_use(name, part);
            value["full_at_s"] = full_at(run, |resource| resource.zone == Some(ZoneId(number)));
            value["launched"] = json!(part.launches.launched);
            value["refused"] = json!(part.launches.refused);
            value
        })
        .collect()
}

/// Returns every kind of hosts, where there are several.
pub fn kinds(run: &Run<'_>) -> Value {
    let kinds = &run.outcome.breakdown.kinds;
    if kinds.len() < 2 {
        return json!([]);
    }
    let names = run.scenario.host_kinds().names;
    (0..)
        .zip(names.iter().zip(kinds))
        .map(|(number, (name, part))| {
            let mut value = part_use(name, part);
            value["full_at_s"] = full_at(run, |resource| resource.host_kind == Some(number));
            value
        })
        .collect()
}

/// Returns the time at which the first of some resources is full, by the forecast of `[headroom]`.
fn full_at(run: &Run<'_>, is_of: impl Fn(&LimitedResource) -> bool) -> Value {
    let forecasts = run.outcome.headroom.iter().flat_map(|headroom| &headroom.exhaustion);
    let times = forecasts.filter(|(resource, _)| is_of(resource)).filter_map(|(_, found)| found.at_s);
    json!(times.reduce(f64::min))
}

fn part_use(name: &str, part: &PartUse) -> Value {
    let peak = |total: Total| part.peaks[total as usize];
    let [vcpu, memory, gpu] = part.peak_shares.map(|share| share.value());
    json!({
        "name": name,
        "hosts": peak(Total::Hosts),
        "hosts_used_mean": part.mean(Total::HostsUsed),
        "hosts_used_peak": peak(Total::HostsUsed),
        "vcpu": peak(Total::Vcpu) as f64 / 1000.0,
        "vcpu_used_ratio_mean": part.mean_ratio(Total::VcpuUsed, Total::Vcpu),
        "vcpu_used_ratio_peak": vcpu,
        "memory_gib": peak(Total::Memory) as f64 / 1024.0,
        "memory_used_ratio_mean": part.mean_ratio(Total::MemoryUsed, Total::Memory),
        "memory_used_ratio_peak": memory,
        "gpu": peak(Total::Gpu) as f64 / 1000.0,
        "gpu_used_ratio_mean": part.mean_ratio(Total::GpuUsed, Total::Gpu),
        "gpu_used_ratio_peak": gpu,
    })
}

/// Returns every type that was asked for: instances launched and refused, running on average and at most, of the samples.
pub fn types(run: &Run<'_>) -> Value {
    let types = &run.outcome.directory.types;
    let seen = (0..).map(plimsoll_base::units::TypeId).zip(&run.outcome.breakdown.types);
    let samples = run.outcome.breakdown.samples();
    let asked =
        seen.filter(|(_, seen)| seen.launches.launched + seen.launches.refused > 0 || seen.running_peak > 0);
    asked
        .map(|(kind, seen)| {
            json!({
                "name": types.get(kind).name,
                "launched": seen.launches.launched,
                "refused": seen.launches.refused,
                "running_mean": seen.running as f64 / samples.max(1) as f64,
                "running_peak": seen.running_peak,
            })
        })
        .collect()
}
