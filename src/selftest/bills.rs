//! Bills of ten starts each, at a thousandth of a dollar a second.

use super::{Finding, outcome};
use crate::units::format_micro_usd;

/// Running time \[s\] and billed time \[s\] of each instance.
const CASES: [(u32, u64); 4] = [(20, 60), (60, 60), (61, 61), (220, 220)];

pub fn run() -> Vec<Finding> {
    CASES.into_iter().flat_map(check).collect()
}

fn check((runs_s, billed_s): (u32, u64)) -> [Finding; 2] {
    let outcome = outcome(
        &format!(
            "duration = '595m'
            zones = [{{ name = 'z', hosts = [{{ count = 1, vcpu = 8, memory_gib = 8 }}] }}]
            instance_types = [{{ name = 'unit', vcpu = 1, memory_gib = 1, on_demand_usd_per_hour = 3.6 }}]
            [[workload.arrivals]]
            process = {{ kind = 'constant', every = '1h' }}
            lifetime = {{ kind = 'constant', value = '{runs_s}s' }}
            types = {{ unit = 1 }}"
        ),
        1,
    );
    let billed: u64 = outcome.bill.rows.iter().filter_map(|row| row.billed_seconds()).sum();
    [
        Finding::exact(format!("seconds billed of ten starts of {runs_s} s"), 10 * billed_s, billed),
        Finding::exact(
            format!("USD for ten starts of {runs_s} s at 3.60 USD/h"),
            format_micro_usd(i128::from(10 * billed_s * 1000)),
            format_micro_usd(outcome.bill.total),
        ),
    ]
}
