//! A comparison for programs: `comparison.csv`, one row for each metric and variant, and `comparison.json`.

use serde_json::{Value, json};

use plimsoll_base::quote;
use plimsoll_experiment::comparison::{Comparison, Row};
use plimsoll_experiment::metric;
use plimsoll_experiment::statistics::Interval;
use plimsoll_experiment::verdict::{Certainty, Paired, Reason, Verdict};

use super::sheet;

/// The schema of this version.
const SCHEMA: &str = "plimsoll/comparison/1";

/// One column: its name and its value; empty where there is none.
type Column = (&'static str, fn(&Comparison, &Row) -> String);

/// The columns, in order. Values are in the unit of the metric.
#[rustfmt::skip]
const COLUMNS: [Column; 20] = [
    ("metric", |_, row| row.metric.clone()),
    ("unit", |_, row| metric::unit(&row.metric).to_string()),
    ("better", |_, row| metric::better(&row.metric).name().to_string()),
    ("variant", |comparison, row| comparison.arms[row.arm].label.clone()),
    ("replications", |comparison, row| comparison.arms[row.arm].replications().to_string()),
    ("exact", |comparison, row| comparison.arms[row.arm].certain.to_string()),
    ("mean", |_, row| number(row.mean)),
    ("mean_low", |_, row| low(row.interval)),
    ("mean_high", |_, row| high(row.interval)),
    ("difference", |_, row| number(row.difference.as_ref().map(|difference| difference.mean))),
    ("relative_difference", |_, row| number(row.difference.as_ref().and_then(|difference| difference.relative))),
    ("low", |_, row| low(paired(row).map(|paired| paired.interval))),
    ("high", |_, row| high(paired(row).map(|paired| paired.interval))),
    ("low_alone", |_, row| low(paired(row).map(|paired| paired.alone))),
    ("high_alone", |_, row| high(paired(row).map(|paired| paired.alone))),
    ("median_low", |_, row| low(paired(row).and_then(|paired| paired.median))),
    ("median_high", |_, row| high(paired(row).and_then(|paired| paired.median))),
    ("correlation", |_, row| number(paired(row).and_then(|paired| paired.correlation))),
    ("verdict", |_, row| row.verdict.map_or("baseline", Verdict::name).to_string()),
    ("reason", |_, row| reason(row).map_or("", Reason::words).to_string()),
];

/// The table.
pub fn csv(comparison: &Comparison) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| {
        let cells = cells.iter().map(|cell| quote::cell(cell));
        writer.write_record(cells.map(|cell| cell.into_owned())).expect("memory can be written");
    };
    write(COLUMNS.iter().map(|(name, _)| name.to_string()).collect());
    for row in &comparison.rows {
        write(COLUMNS.iter().map(|(_, value)| value(comparison, row)).collect());
    }
    writer.into_inner().expect("memory can be written")
}

/// Everything, with the value of every replication.
pub fn json(comparison: &Comparison) -> Value {
    let variants: Vec<Value> = (comparison.arms.iter().zip(&comparison.design.variants))
        .map(|(arm, variant)| {
            let (succeeded, requested) = arm.launches();
            let shares = arm.success_interval(comparison.confidence.alone);
            json!({
                "label": arm.label,
                "set": variant.overrides.set,
                "strategy": arm.scenario.placement.strategy.name,
                "scenario_sha256": arm.scenario.hash(),
                "exact": arm.certain,
                "seeds": arm.figures.iter().map(|figures| figures.seed).collect::<Vec<_>>(),
                "digests": arm.figures.iter().map(|figures| figures.digest.as_str()).collect::<Vec<_>>(),
                "launches": { "requested": requested, "succeeded": succeeded, "interval": interval(shares) },
                "settled_from_s": arm.settled_from_s().flatten(),
            })
        })
        .collect();
    let metrics: Vec<Value> = (comparison.metrics().into_iter())
        .map(|path| {
            let rows = comparison.rows.iter().filter(|row| row.metric == path);
            json!({
                "metric": path,
                "unit": metric::unit(path),
                "better": metric::better(path).name(),
                "variants": rows.map(|row| entry(comparison, row)).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": comparison.arms[0].scenario.name,
        "seed": comparison.arms[0].scenario.seed,
        "baseline": comparison.arms[0].label,
        "replications": comparison.replications(),
        "confidence": comparison.confidence.alone,
        "confidence_each": comparison.confidence.each,
        "intervals": comparison.family,
        "precise": comparison.precise,
        "variants": variants,
        "metrics": metrics,
        "notes": sheet::notes(comparison),
    })
}

fn entry(comparison: &Comparison, row: &Row) -> Value {
    let mut entry = json!({
        "label": comparison.arms[row.arm].label,
        "mean": row.mean,
        "mean_interval": interval(row.interval),
        "values": comparison.arms[row.arm].values(&row.metric),
    });
    if let Some(verdict) = row.verdict {
        entry["verdict"] = json!(verdict.name());
        entry["reason"] = json!(reason(row).map(Reason::words));
    }
    if let Some(difference) = &row.difference {
        entry["difference"] = json!(difference.mean);
        entry["relative_difference"] = json!(difference.relative);
        entry["exact"] = json!(difference.certainty == Certainty::Exact);
    }
    if let Some(Certainty::Sparse(variety)) = row.difference.as_ref().map(|difference| &difference.certainty)
    {
        entry["pairs"] = json!(variety.values);
        entry["pairs_that_differ"] = json!(variety.differing);
        entry["pairs_that_would_tell"] = json!(variety.needed());
    }
    if let Some(paired) = paired(row) {
        entry["pairs"] = json!(paired.replications);
        entry["interval"] = interval(Some(paired.interval));
        entry["interval_alone"] = interval(Some(paired.alone));
        entry["median_interval"] = interval(paired.median);
        entry["correlation"] = json!(paired.correlation);
    }
    entry
}

fn paired(row: &Row) -> Option<&Paired> {
    match &row.difference.as_ref()?.certainty {
        Certainty::Paired(paired) => Some(paired),
        _ => None,
    }
}

fn reason(row: &Row) -> Option<Reason> {
    match row.verdict? {
        Verdict::NotComparable(reason) => Some(reason),
        _ => None,
    }
}

fn interval(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |interval| json!([interval.low, interval.high]))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn low(interval: Option<Interval>) -> String {
    number(interval.map(|interval| interval.low))
}

fn high(interval: Option<Interval>) -> String {
    number(interval.map(|interval| interval.high))
}
