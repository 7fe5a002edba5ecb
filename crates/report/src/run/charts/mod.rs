//! Charts of a run: a register of functions from the contents of the result folder to plots.
//!
//! A new chart is a file here and a line in [`CHARTS`].

mod addresses;
mod availability;
mod bill;
mod capacity;
mod durations;
mod failures;
mod fleet;
mod groups;
mod host_fill;
mod hosts;
mod instances;
mod launch_latency;
mod money;
mod packing;
mod parts;
mod percentiles;
mod shades;
mod stages;

use super::RunData;
use plimsoll_chart::plot::Plot;

/// A chart of a run.
pub struct Chart {
    /// Name.
    pub name: &'static str,
    /// Function that makes its plots of a run: none where there is nothing to show.
    pub plots: fn(&RunData) -> Vec<Plot>,
}

/// Every chart of a run, in the order of a page.
#[rustfmt::skip]
pub const CHARTS: [Chart; 17] = [
    Chart { name: "hosts", plots: hosts::plots },
    Chart { name: "fleet", plots: fleet::plots },
    Chart { name: "groups", plots: groups::plots },
    Chart { name: "failures", plots: failures::plots },
    Chart { name: "availability", plots: availability::plots },
    Chart { name: "capacity", plots: capacity::plots },
    Chart { name: "parts", plots: parts::plots },
    Chart { name: "packing", plots: packing::plots },
    Chart { name: "host-fill", plots: host_fill::plots },
    Chart { name: "instances", plots: instances::plots },
    Chart { name: "addresses", plots: addresses::plots },
    Chart { name: "stages", plots: stages::plots },
    Chart { name: "launch-latency", plots: launch_latency::plots },
    Chart { name: "latency-percentiles", plots: percentiles::plots },
    Chart { name: "latency", plots: durations::plots },
    Chart { name: "money", plots: money::plots },
    Chart { name: "bill", plots: bill::plots },
];

/// Returns every plot of a run that has something to show.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let mut plots: Vec<Plot> = CHARTS.iter().flat_map(|chart| (chart.plots)(run)).collect();
    shades::behind(run, &mut plots);
    plots
}

#[cfg(test)]
pub(crate) mod tests;
