//! Histogram of the durations of each operation.

use hdrhistogram::Histogram;

use crate::charts::file_name;
use crate::run::RunData;
use crate::run::latency::DurationDistribution;
use plimsoll_chart::axis::{Axis, Scale, rounded};
use plimsoll_chart::plot::{Block, Data, Layer, Plot, most};
use plimsoll_chart::scene::Ink;

/// Classes of durations.
const CLASSES: usize = 40;

/// Ratio of the ends of a range of durations from which on its axis is logarithmic.
const WIDE: f64 = 100.0;

/// Returns a chart of each operation and stage that took any time, and not always the same.
pub fn plots(run: &RunData) -> Vec<Plot> {
    let varies = |what: &&DurationDistribution| what.histogram.max() > what.histogram.min_nz();
    run.latency.iter().filter(|what| what.histogram.max() > 0).filter(varies).map(plot).collect()
}

fn plot(what: &DurationDistribution) -> Plot {
    let histogram = &what.histogram;
    let (least, greatest) = (histogram.min_nz() as f64 / 1e9, histogram.max() as f64 / 1e9);
    let is_wide = greatest / least > WIDE;
    let (from, to) = if is_wide { (least, greatest) } else { (0.0, greatest * 1.02) };
    let edges: Vec<f64> = (0..=CLASSES)
        .map(|i| {
            let share = i as f64 / CLASSES as f64;
            if is_wide { from * libm::pow(to / from, share) } else { from + (to - from) * share }
        })
        .collect();
    let blocks = classes(histogram, &edges);
    let zeros = histogram.count_at(0);
    let instant = match zeros {
        0 => String::new(),
        zeros => format!(" {} took no time and are left out.", rounded(zeros as f64)),
    };
    let layer = Layer { name: String::new(), ink: Ink::Series(0), data: Data::Blocks(blocks) };
    Plot::new(
        format!("latency-{}", file_name(&what.name)),
        format!("How long {} took", what.name),
        (
            Axis {
                label: "seconds".to_string(),
                scale: if is_wide { Scale::Log } else { Scale::Linear },
                range: (from, to),
            },
            Axis::from_zero("count", most(std::slice::from_ref(&layer))),
        ),
        vec![layer],
    )
    .with_caption(format!("Of {} in all, how many took how long.{instant}", rounded(histogram.len() as f64)))
}

/// Returns the number of durations between each pair of edges \[s\], without those of no length.
fn classes(histogram: &Histogram<u64>, edges: &[f64]) -> Vec<Block> {
    let mut counts = vec![0_u64; edges.len() - 1];
    for bucket in histogram.iter_recorded().filter(|bucket| bucket.value_iterated_to() > 0) {
        let seconds = bucket.value_iterated_to() as f64 / 1e9;
        let class = edges.partition_point(|edge| *edge <= seconds).clamp(1, counts.len()) - 1;
        counts[class] += bucket.count_at_value();
    }
    let block = |(class, count): (usize, &u64)| {
        let (from, to) = (edges[class], edges[class + 1]);
        let tooltip = format!("{} from {} to {} s", rounded(*count as f64), rounded(from), rounded(to));
        Block { x: (from, to), y: (0.0, *count as f64), tooltip, ink: None }
    };
    counts.iter().enumerate().filter(|(_, count)| **count > 0).map(block).collect()
}
