//! A sizing for programs: `sizing.csv`, one row for each value looked at, and `sizing.json`.

use serde_json::{Value, json};

use super::sheet;
use plimsoll_base::quote;
use plimsoll_experiment::Sizing;
use plimsoll_experiment::metric;
use plimsoll_experiment::size::Point;

/// The schema of this version.
const SCHEMA: &str = "plimsoll/sizing/1";

/// One column: its name and its value; empty where there is none.
type Column = (&'static str, fn(&Sizing, &Point) -> String);

/// The columns, in order. Values are in the unit of the metric.
#[rustfmt::skip]
const COLUMNS: [Column; 12] = [
    ("setting", |sizing, _| sizing.question.path.clone()),
    ("value", |_, point| point.setting.to_string()),
    ("metric", |sizing, _| sizing.question.target.metric.clone()),
    ("unit", |sizing, _| metric::unit(&sizing.question.target.metric).to_string()),
    ("runs", |_, point| point.runs().to_string()),
    ("exact", |_, point| point.certain.to_string()),
    ("mean", |_, point| number(point.estimate.mean)),
    ("low", |_, point| number(point.estimate.interval.map(|interval| interval.low))),
    ("high", |_, point| number(point.estimate.interval.map(|interval| interval.high))),
    ("target", |_, point| point.estimate.standing.name().to_string()),
    ("hosts", |_, point| point.hosts().map_or_else(String::new, |(hosts, _)| hosts.to_string())),
    ("hosts_lower_bound", |_, point| point.hosts().map_or_else(String::new, |(_, bound)| bound.to_string())),
];

/// The curve.
pub fn csv(sizing: &Sizing) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| {
        let cells = cells.iter().map(|cell| quote::cell(cell));
        writer.write_record(cells.map(|cell| cell.into_owned())).expect("memory can be written");
    };
    write(COLUMNS.iter().map(|(name, _)| name.to_string()).collect());
    for point in sizing.curve.points() {
        write(COLUMNS.iter().map(|(_, value)| value(sizing, point)).collect());
    }
    writer.into_inner().expect("memory can be written")
}

/// Everything, with the value of every run.
pub fn json(sizing: &Sizing) -> Value {
    let question = &sizing.question;
    let target = &question.target;
    let reversals: Vec<Value> = (sizing.reversals.iter())
        .map(|reversal| json!({ "from": reversal.from, "to": reversal.to, "change": reversal.change }))
        .collect();
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": sizing.scenario.name,
        "seed": sizing.scenario.seed,
        "setting": question.path,
        "stands_at": sizing.stands_at,
        "target": {
            "metric": target.metric,
            "unit": metric::unit(&target.metric),
            "relation": target.relation.sign(),
            "value": target.value,
        },
        "confidence": question.confidence,
        "answer": sizing.ending.answer(),
        "ending": sizing.ending.name(),
        "monotone": sizing.reversals.is_empty(),
        "reversals": reversals,
        "points": sizing.curve.points().iter().map(|point| entry(sizing, point)).collect::<Vec<_>>(),
        "question_in_words": sheet::question(sizing),
        "answer_in_words": sheet::answer(sizing),
        "notes": sheet::notes(sizing),
    })
}

fn entry(sizing: &Sizing, point: &Point) -> Value {
    let estimate = &point.estimate;
    json!({
        "value": point.setting,
        "exact": point.certain,
        "mean": estimate.mean,
        "interval": estimate.interval.map(|interval| [interval.low, interval.high]),
        "target": estimate.standing.name(),
        "hosts": point.hosts().map(|(hosts, _)| hosts),
        "hosts_lower_bound": point.hosts().map(|(_, bound)| bound),
        "values": point.values(&sizing.question.target.metric),
        "seeds": point.figures.iter().map(|figures| figures.seed).collect::<Vec<_>>(),
        "digests": point.figures.iter().map(|figures| figures.digest.as_str()).collect::<Vec<_>>(),
    })
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
