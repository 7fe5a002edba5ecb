//! Map of how full the hosts are over time: the darker, the more hosts.

use crate::run::RunData;
use plimsoll_chart::axis::{Axis, Scale};
use plimsoll_chart::palette::SHADES;
use plimsoll_chart::plot::{Block, Data, Layer, Plot};
use plimsoll_chart::scene::Ink;

/// Most columns of the map.
const COLUMNS: usize = 160;

/// The greatest share of the hosts \[%\] that each shade stands for.
const STEPS: [f64; SHADES] = [1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0];

/// Range of the row of empty hosts on the vertical axis.
const EMPTY: (f64, f64) = (-8.0, -2.0);

/// Returns the chart; none where there is no more than one moment to show.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let times = run.fill.column("time_s");
    let names = run.fill.names();
    if times.len() < 2 || names.len() < 2 {
        return Vec::new();
    }
    let rows: Vec<&[f64]> = names[1..].iter().map(|name| run.fill.column(name)).collect();
    let columns = columns(times, run.end_s(), &rows);
    let mut layers: Vec<Layer> = (1..=SHADES)
        .map(|shade| Layer {
            name: format!("≤ {} %", STEPS[shade - 1]),
            ink: Ink::Shade(shade),
            data: Data::Blocks(Vec::new()),
        })
        .collect();
    for row in 0..rows.len() {
        for (shade, block) in runs(&columns, row, rows.len() - 1) {
            if let Data::Blocks(blocks) = &mut layers[shade - 1].data {
                blocks.push(block);
            }
        }
    }
    vec![Plot::new("host-fill", "How full the hosts are", (run.time_axis(), Axis {
            label: "vCPU of a host in use (%); below 0: empty hosts".to_string(),
            scale: Scale::Linear,
            range: (EMPTY.0 - 1.0, 100.0),
        }), layers).with_caption("Each column is a moment, each row a class of hosts by their share of vCPU in use, the lowest those \
                  without an instance. The colour is the share of all hosts in that class.")]
}

/// Column of the map: beginning and end \[s\], and the share of the hosts in each class \[%\].
struct Column {
    x: (f64, f64),
    shares: Vec<f64>,
}

/// Returns the columns; where there are more moments than columns, each is the mean over several.
fn columns(times: &[f64], end_s: f64, rows: &[&[f64]]) -> Vec<Column> {
    let together = times.len().div_ceil(COLUMNS);
    let mut columns = Vec::new();
    for begin in (0..times.len()).step_by(together) {
        let end = (begin + together).min(times.len());
        let sums: Vec<f64> = rows.iter().map(|row| row[begin..end].iter().sum()).collect();
        let all: f64 = sums.iter().sum();
        let shares =
            sums.into_iter().map(|hosts| if all > 0.0 { 100.0 * hosts / all } else { 0.0 }).collect();
        let until = times.get(end).copied().unwrap_or(end_s);
        if until > times[begin] {
            columns.push(Column { x: (times[begin], until), shares });
        }
    }
    columns
}

/// Returns the row of a class as rectangles of one shade each, with their shade.
fn runs(columns: &[Column], row: usize, classes: usize) -> Vec<(usize, Block)> {
    let height = 100.0 / classes as f64;
    let y = if row == 0 { EMPTY } else { ((row - 1) as f64 * height, row as f64 * height) };
    let tooltip = |shade: usize| {
        let share = format!("at most {} % of the hosts", STEPS[shade - 1]);
        if row == 0 { format!("empty: {share}") } else { format!("{} to {} % full: {share}", y.0, y.1) }
    };
    let mut runs: Vec<(usize, Block)> = Vec::new();
    for column in columns.iter() {
        let share = column.shares[row];
        let shade = STEPS.iter().position(|step| share <= *step).map_or(SHADES, |step| step + 1);
        match runs.last_mut() {
            Some((last, block)) if *last == shade && block.x.1 == column.x.0 && share > 0.0 => {
                block.x.1 = column.x.1;
            }
            _ if share > 0.0 => {
                runs.push((shade, Block { x: column.x, y, tooltip: tooltip(shade), ink: None }));
            }
            _ => {}
        }
    }
    runs
}
