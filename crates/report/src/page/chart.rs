//! Charts in a page: drawn twice, for a screen and for a phone, with the data that a pointer asks for.

use maud::{Markup, PreEscaped, html};
use serde_json::{Map, Value, json};

use super::shell::prose;
use plimsoll_chart::axis::{Axis, Scale};
use plimsoll_chart::downsample::downsample;
use plimsoll_chart::layout::{PHONE, SCREEN, lay_out};
use plimsoll_chart::plot::{Data, Layer, Plot};
use plimsoll_chart::{palette, svg};

/// Columns of points that a page keeps of a line, at most four in each: a pointer finds no more, and a page of a million
/// samples stays small.
const COLUMNS: usize = 400;

/// Returns the section of all charts of a page.
pub fn section(plots: &[Plot]) -> Markup {
    html! { section { h2 { "Charts" } @for plot in plots { (chart(plot)) } } }
}

/// Returns a chart under its title.
fn chart(plot: &Plot) -> Markup {
    let drawn = |size, class| PreEscaped(svg::inline(&lay_out(plot, size), class));
    html! {
        figure.chart data-chart=(plot.name) {
            figcaption { h3 { (plot.title) } p.note { (prose(&plot.caption)) } }
            div.canvas role="img" aria-label={ (plot.title) ". " (plot.caption) } {
                (drawn(SCREEN, "wide")) (drawn(PHONE, "narrow"))
            }
        }
    }
}

/// Returns the data of the charts that the script needs, by their names.
pub fn data(plots: &[Plot]) -> Value {
    let of = |plot: &Plot| {
        let layers: Vec<Value> = plot.layers.iter().map(layer).collect();
        json!({ "x": axis(&plot.x), "y": axis(&plot.y), "layers": layers })
    };
    Value::Object(plots.iter().map(|plot| (plot.name.clone(), of(plot))).collect())
}

fn axis(axis: &Axis) -> Value {
    let mut value = json!({ "label": axis.label, "range": [axis.range.0, axis.range.1] });
    value["kind"] = match &axis.scale {
        Scale::Linear => json!("linear"),
        Scale::Time(unit) => {
            value["unit"] = json!(unit.seconds());
            json!("time")
        }
        Scale::Log => json!("log"),
        Scale::Nines => json!("nines"),
        Scale::Names(_) => json!("names"),
    };
    value
}

fn layer(layer: &Layer) -> Value {
    let mut value = Map::new();
    value.insert("name".to_string(), json!(layer.name));
    value.insert("ink".to_string(), json!(palette::class(layer.ink)));
    match &layer.data {
        Data::Line(points) | Data::Dots(points) => insert_points(points, None, &mut value),
        // What is equal along them the boxes behind say.
        Data::Paths(_) => {}
        Data::Steps(points) => {
            value.insert("steps".to_string(), json!(true));
            insert_points(points, None, &mut value);
        }
        Data::Area { top, own } => insert_points(top, Some(own), &mut value),
        Data::Blocks(blocks) => {
            let boxes = blocks.iter().map(|block| {
                let ends = [block.x.0, block.x.1, block.y.0, block.y.1].map(short);
                json!([ends[0], ends[1], ends[2], ends[3], block.tooltip])
            });
            value.insert("boxes".to_string(), boxes.collect());
        }
        Data::Intervals(intervals) => {
            let boxes = intervals.iter().map(|interval| {
                let (low, high) = (short(interval.low), short(interval.high));
                json!([low, high, interval.at - 0.5, interval.at + 0.5, interval.tooltip])
            });
            value.insert("boxes".to_string(), boxes.collect());
        }
    }
    Value::Object(value)
}

/// Adds the points that are kept, with their own values where they are part of a stack.
fn insert_points(points: &[(f64, f64)], own: Option<&Vec<f64>>, value: &mut Map<String, Value>) {
    let kept = downsample(points, COLUMNS);
    let x: Vec<Value> = kept.iter().map(|i| short(points[*i].0)).collect();
    let y: Vec<Value> = kept.iter().map(|i| short(own.map_or(points[*i].1, |own| own[*i]))).collect();
    value.insert("points".to_string(), json!([x, y]));
}

/// Returns a number to seven digits; null for none.
fn short(value: f64) -> Value {
    match value {
        value if !value.is_finite() => Value::Null,
        value if value.fract() == 0.0 && value.abs() < 1e15 => json!(value as i64),
        value => format!("{value:.6e}").parse::<f64>().map_or(Value::Null, |value| json!(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_gaps_are_null() {
        assert_eq!(short(1.0 / 3.0).to_string(), "0.3333333");
        assert_eq!(short(1e6).to_string(), "1000000");
        assert_eq!(short(f64::NAN), Value::Null);
    }
}
