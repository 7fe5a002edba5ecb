//! Figures of a sweep over the settings that were varied: a map with contours over two numbers, lines over one, else a row
//! for each combination of words.

use std::collections::BTreeMap;

use super::data::{AxisColumn, FigureColumn};
use super::points::{Spread, by_point};
use crate::charts::file_name;
use crate::format::amount;
use crate::sweep::SweepData;
use plimsoll_chart::axis;
use plimsoll_chart::axis::{Axis, Scale, rounded, scaled};
use plimsoll_chart::contour::Heights;
use plimsoll_chart::palette::{SERIES, SHADES};
use plimsoll_chart::plot::{Block, Data, IntervalMark, Layer, Plot, most};
use plimsoll_chart::scene::Ink;

/// Figures that have a chart where they differ between runs.
const SHOWN: [&str; 9] = [
    "launch.success_ratio",
    "fleet.hosts_used_peak",
    "fleet.hosts_used_mean",
    "fleet.packing_density_vcpu_mean",
    "fleet.packing_density_memory_mean",
    "fleet.stranded_vcpu_ratio_mean",
    "fleet.stranded_memory_ratio_mean",
    "latency_s.launch.p99",
    "billing.total",
];

/// Least share of the points of a grid for a map; with fewer they are drawn as scattered points.
const GRID: f64 = 0.5;

/// Most lines of a contour chart.
const CONTOURS: usize = SHADES - 1;

/// Returns the charts.
pub fn plots(sweep: &SweepData) -> Vec<Plot> {
    let varying = || sweep.varying().filter(|figure| SHOWN.contains(&figure.path.as_str()));
    let numbers: Vec<&AxisColumn> =
        sweep.axes.iter().filter(|axis| differs(axis) && axis.numbers.is_some()).collect();
    let words: Vec<&AxisColumn> =
        sweep.axes.iter().filter(|axis| differs(axis) && axis.numbers.is_none()).collect();
    match numbers[..] {
        [] => varying().map(|figure| rows(figure, &words)).collect(),
        [x] => varying().map(|figure| lines(figure, x, &words)).collect(),
        [x, y, ref others @ ..] => {
            let others: Vec<&AxisColumn> = others.iter().copied().chain(words).collect();
            varying().flat_map(|figure| maps(figure, (x, y), &others)).collect()
        }
    }
}

fn differs(axis: &AxisColumn) -> bool {
    axis.words.iter().any(|word| *word != axis.words[0])
}

/// Returns the runs grouped by their values on some axes, in the order in which these first come.
fn groups(axes: &[&AxisColumn], runs: usize) -> Vec<(String, Vec<usize>)> {
    let name = |run: usize| axes.iter().map(|axis| axis.words[run].as_str()).collect::<Vec<_>>().join(", ");
    by_point(runs, name).into_iter().map(|runs| (name(runs[0]), runs)).collect()
}

/// Returns the spread of a figure over some runs, times a factor.
fn spread(figure: &FigureColumn, runs: &[usize], scale: f64) -> Option<(f64, f64, f64)> {
    let spread = Spread::of(runs.iter().map(|run| figure.values[*run] * scale))?;
    Some((spread.least, spread.mean, spread.greatest))
}

/// Returns a chart of a figure with this caption, axes and layers.
fn frame(figure: &FigureColumn, caption: String, (x, y): (Axis, Axis), layers: Vec<Layer>) -> Plot {
    Plot::new(format!("sweep-{}", file_name(&figure.path)), figure.path.clone(), (x, y), layers)
        .with_caption(caption)
}

/// Returns the factor and label of a figure along an axis: shares are in percent.
fn measure(figure: &FigureColumn) -> (f64, String) {
    match scaled(figure.unit) {
        (scale, "") => (scale, figure.path.clone()),
        (scale, unit) => (scale, format!("{} ({unit})", figure.path)),
    }
}

/// Returns a row for each combination of words.
fn rows(figure: &FigureColumn, words: &[&AxisColumn]) -> Plot {
    let (scale, label) = measure(figure);
    let mut groups = groups(words, figure.values.len());
    groups.reverse();
    let interval = |(i, (name, runs)): (usize, &(String, Vec<usize>))| {
        let (low, middle, high) = spread(figure, runs, scale)?;
        let tooltip = format!("{name}: {}", amount(middle / scale, figure.unit));
        Some(IntervalMark { at: i as f64, low, middle, high, tooltip })
    };
    let intervals: Vec<IntervalMark> = groups.iter().enumerate().filter_map(interval).collect();
    let x = Axis::around(label, intervals.iter().flat_map(|one| [one.low, one.high]));
    let y = Axis::names(paths(words), groups.into_iter().map(|(name, _)| name).collect());
    let layer = Layer { name: String::new(), ink: Ink::Series(0), data: Data::Intervals(intervals) };
    frame(
        figure,
        "The dot is the mean over the seeds, the bar reaches from the least to the greatest.".to_string(),
        (x, y),
        vec![layer],
    )
}

fn paths(axes: &[&AxisColumn]) -> String {
    axes.iter().map(|axis| axis.path.as_str()).collect::<Vec<_>>().join(", ")
}

/// Returns a line for each combination of words over a number: the mean over the seeds.
fn lines(figure: &FigureColumn, x: &AxisColumn, words: &[&AxisColumn]) -> Plot {
    let (scale, label) = measure(figure);
    let numbers = x.numbers.as_deref().unwrap_or_default();
    let mut groups = groups(words, figure.values.len());
    let count = groups.len();
    groups.truncate(SERIES);
    let mut layers = Vec::new();
    for (series, (name, runs)) in groups.iter().enumerate() {
        let mut runs = runs.clone();
        runs.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
        let alike = runs.chunk_by(|a, b| numbers[*a] == numbers[*b]);
        let mean = |runs: &[usize]| spread(figure, runs, scale).map(|(_, mean, _)| (numbers[runs[0]], mean));
        layers.push(Layer::line(name, series, alike.filter_map(mean).collect()));
    }
    let all =
        if count > SERIES { format!(" The first {SERIES} of {count} combinations.") } else { String::new() };
    let caption = match words {
        [] => "The mean over the seeds.".to_string(),
        words => format!("The mean over the seeds, by {}.{all}", paths(words)),
    };
    let y = if figure.unit == "0 to 1" {
        let ends = layers.iter().flat_map(|layer| layer.values().collect::<Vec<_>>());
        Axis::around(label, ends)
    } else {
        Axis::from_zero(label, most(&layers))
    };
    frame(figure, caption, (Axis::around(x.path.clone(), numbers.iter().copied()), y), layers)
}

/// Returns a map over two numbers for each combination of the other axes.
fn maps(figure: &FigureColumn, (x, y): (&AxisColumn, &AxisColumn), others: &[&AxisColumn]) -> Vec<Plot> {
    let all: Vec<usize> = (0..figure.values.len()).collect();
    let (scale, _) = measure(figure);
    let Some((least, _, greatest)) = spread(figure, &all, scale) else { return Vec::new() };
    let steps = axis::round_steps(least, greatest, CONTOURS / 2 + 1);
    groups(others, figure.values.len())
        .into_iter()
        .map(|(name, runs)| {
            let mut plot = map(figure, (x, y), &runs, &steps);
            if !name.is_empty() {
                plot.name = format!("{}-{}", plot.name, file_name(&name));
                plot.title = format!("{}: {name}", plot.title);
            }
            plot
        })
        .collect()
}

fn map(figure: &FigureColumn, (x, y): (&AxisColumn, &AxisColumn), runs: &[usize], steps: &[f64]) -> Plot {
    let (scale, label) = measure(figure);
    let numbers = |axis: &AxisColumn| -> Vec<f64> { axis.numbers.clone().unwrap_or_default() };
    let (across, up) = (numbers(x), numbers(y));
    let mut cells: BTreeMap<(u64, u64), Vec<usize>> = BTreeMap::new();
    for run in runs {
        cells.entry((across[*run].to_bits(), up[*run].to_bits())).or_default().push(*run);
    }
    let known = |numbers: &[f64]| {
        let mut known: Vec<f64> = runs.iter().map(|run| numbers[*run]).collect();
        known.sort_by(f64::total_cmp);
        known.dedup();
        known
    };
    let (columns, lines) = (known(&across), known(&up));
    let mean = |at: f64, height: f64| {
        let runs = cells.get(&(at.to_bits(), height.to_bits()))?;
        spread(figure, runs, scale).map(|(_, mean, _)| mean)
    };
    let shade = |value: f64| (1 + steps.partition_point(|step| *step <= value)).min(SHADES);
    let said = |at: f64, height: f64, value: f64| {
        format!("{} at {} and {}", amount(value / scale, figure.unit), rounded(at), rounded(height))
    };
    let is_grid = cells.len() as f64 >= GRID * (columns.len() * lines.len()) as f64;
    let mut layers: Vec<Layer> = (1..=steps.len() + 1)
        .map(|shade| Layer {
            name: range(steps, shade),
            ink: Ink::Shade(shade),
            data: Data::Blocks(Vec::new()),
        })
        .collect();
    let (edges, levels) = (edges(&columns), edges(&lines));
    let mut heights = Vec::with_capacity(columns.len() * lines.len());
    for (line, height) in lines.iter().enumerate() {
        for (column, at) in columns.iter().enumerate() {
            let value = mean(*at, *height);
            heights.push(value.unwrap_or(f64::NAN));
            let (Some(value), true) = (value, is_grid) else { continue };
            if let Data::Blocks(blocks) = &mut layers[shade(value) - 1].data {
                let (x, y) = ((edges[column], edges[column + 1]), (levels[line], levels[line + 1]));
                blocks.push(Block { x, y, tooltip: said(*at, *height, value), ink: None });
            }
        }
    }
    if is_grid {
        let grid = Heights { x: &columns, y: &lines, heights: &heights };
        let contours = steps.iter().flat_map(|step| grid.contour(*step)).collect();
        layers.push(Layer { name: String::new(), ink: Ink::Text, data: Data::Paths(contours) });
    } else {
        for layer in &mut layers {
            layer.data = Data::Dots(Vec::new());
        }
        for (at, height) in cells.keys().map(|(at, height)| (f64::from_bits(*at), f64::from_bits(*height))) {
            let Some(value) = mean(at, height) else { continue };
            if let Data::Dots(dots) = &mut layers[shade(value) - 1].data {
                dots.push((at, height));
            }
        }
        for layer in &mut layers {
            if let Data::Dots(dots) = &mut layer.data {
                dots.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
    }
    let axis = |path: &str, ends: &[f64]| Axis {
        label: path.to_string(),
        scale: Scale::Linear,
        range: (ends[0], ends[ends.len() - 1]),
    };
    let caption =
        format!("{label}, the mean over the seeds: the darker, the more. Lines join what is equal.");
    frame(figure, caption, (axis(&x.path, &edges), axis(&y.path, &levels)), layers)
}

/// Returns the range of values that a shade stands for.
fn range(steps: &[f64], shade: usize) -> String {
    match (shade.checked_sub(2).map(|i| steps[i]), steps.get(shade - 1)) {
        (None, Some(to)) => format!("< {}", rounded(*to)),
        (Some(from), Some(to)) => format!("{} to {}", rounded(from), rounded(*to)),
        (Some(from), None) => format!("≥ {}", rounded(from)),
        (None, None) => String::new(),
    }
}

/// Returns the edges of cells around values: half way between them.
fn edges(values: &[f64]) -> Vec<f64> {
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return vec![0.0, 1.0] };
    let [before, after] = match values {
        [_] => [1.0, 1.0],
        [.., before_last, _] => [values[1] - first, last - before_last],
        [] => [1.0, 1.0],
    };
    let mut edges = vec![first - before / 2.0];
    edges.extend(values.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0));
    edges.push(last + after / 2.0);
    edges
}
