//! Pictures of results: a register of charts, each from what a result folder holds to what it says; how that looks is
//! the same for all.
//!
//! A new chart of a run is a file here and a line in [`CHARTS`].

pub mod axis;
mod font;
pub mod layout;
pub mod palette;
pub mod plot;
mod png;
pub mod scene;
pub mod svg;
mod thin;

mod addresses;
mod availability;
mod bill;
mod capacity;
mod check;
mod comparison;
mod contour;
mod durations;
mod failures;
mod fleet;
mod host_fill;
mod instances;
mod money;
mod packing;
mod percentiles;
mod sizing;
mod stages;
mod sweep;

pub use check::plots as of_check;
pub use comparison::plots as of_comparison;
pub use sizing::plots as of_sizing;
pub use sweep::plots as of_sweep;
pub use thin::thin;

use sha2::{Digest, Sha256};

use super::ReportFile;
use super::reading::RunReading;
use plot::Plot;

/// A chart of a run.
pub struct Chart {
    /// Its name.
    pub name: &'static str,
    /// What a run shows of it: no plot where there is nothing to it.
    pub plots: fn(&RunReading) -> Vec<Plot>,
}

/// Every chart of a run, in the order of a page.
#[rustfmt::skip]
pub const CHARTS: [Chart; 13] = [
    Chart { name: "fleet", plots: fleet::plots },
    Chart { name: "failures", plots: failures::plots },
    Chart { name: "availability", plots: availability::plots },
    Chart { name: "capacity", plots: capacity::plots },
    Chart { name: "packing", plots: packing::plots },
    Chart { name: "host-fill", plots: host_fill::plots },
    Chart { name: "instances", plots: instances::plots },
    Chart { name: "addresses", plots: addresses::plots },
    Chart { name: "stages", plots: stages::plots },
    Chart { name: "latency-percentiles", plots: percentiles::plots },
    Chart { name: "latency", plots: durations::plots },
    Chart { name: "money", plots: money::plots },
    Chart { name: "bill", plots: bill::plots },
];

/// The files of a result folder.
pub const FILES: &str = "charts/*.svg";

/// Every plot of a run.
pub fn plots(run: &RunReading) -> Vec<Plot> {
    CHARTS.iter().flat_map(|chart| (chart.plots)(run)).collect()
}

/// A plot as a file of a result folder, which looks as the reader's system does.
pub fn svg_file(plot: &Plot) -> ReportFile {
    let scene = layout::lay(plot, layout::ALONE);
    let bytes = svg::file(&scene, &plot.title, &plot.caption).into_bytes();
    ReportFile { name: format!("charts/{}.svg", plot.name), bytes }
}

/// A plot as two pictures of a result folder, light and dark.
pub fn png_files(plot: &Plot) -> [ReportFile; 2] {
    let scene = layout::lay(plot, layout::ALONE);
    [&palette::LIGHT, &palette::DARK].map(|theme| ReportFile {
        name: format!("charts/{}{}.png", plot.name, theme.suffix),
        bytes: png::file(&scene, theme),
    })
}

/// Most letters of the name of a file that come from data: file systems take 255, and a chart tells its kind as well.
const LONGEST: usize = 120;

/// The name of a file for what is called so: no two names that differ lead to the same one.
fn file_name(words: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let of = |c: char| if plain(c) { c.to_string() } else { format!("~{:x}", c as u32) };
    let name: String = words.chars().map(of).collect();
    if name.len() <= LONGEST {
        return name;
    }
    // What is cut off is told by its hash.
    let hash: String = Sha256::digest(words).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}~~{hash}", &name[..LONGEST - 2 - hash.len()])
}

#[cfg(test)]
mod tests;
