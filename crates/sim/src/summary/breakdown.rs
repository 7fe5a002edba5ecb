//! Figures by zone, by kind of hosts and by instance type in `summary.json`.

use serde_json::{Value, json};

use super::Run;
use crate::cloud::observe::breakdown::PartUse;
use plimsoll_model::fleet::totals::Total;

/// Returns every zone, where there are several.
pub fn zones(run: &Run<'_>) -> Value {
    let zones = &run.outcome.breakdown.zones;
    if zones.len() < 2 {
        return json!([]);
    }
    let named = run.outcome.directory.zones().iter().zip(zones);
    named
        .map(|(name, part)| {
            let mut value = part_use(name, part);
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
    run.scenario.host_kinds().names.iter().zip(kinds).map(|(name, part)| part_use(name, part)).collect()
}

fn part_use(name: &str, part: &PartUse) -> Value {
    let peak = |total: Total| part.peaks[total as usize];
    let [vcpu, memory, gpu] = part.peak_shares.map(|share| share.value());
    let full = part.trends.iter().filter_map(|trend| trend.exhaustion(1.0)?.at_s).reduce(f64::min);
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
        "full_at_s": full,
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
