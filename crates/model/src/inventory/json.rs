//! Reading of JSON documents of tools, with messages that name the place.

use std::path::Path;

use serde_json::Value;

use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{Rounding, parse_resource_rounded};

/// Reads a document.
pub fn read(path: &Path) -> Result<Value, Problem> {
    let bytes = std::fs::read(path)
        .map_err(|error| Problem::new(Place::file(path), format!("cannot be read: {error}")))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let place = Place::file(path).at_line(error.line() as u64).at_column(error.column() as u64);
        Problem::new(place, format!("is no JSON: {error}"))
    })
}

/// Returns the items of a list; none where there is no list.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns a text; empty where there is none. Numbers are texts too.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Returns the text of the first of some keys that has any.
pub fn first_text(object: &Value, keys: &[&str]) -> String {
    keys.iter().map(|key| text(&object[*key])).find(|text| !text.is_empty()).unwrap_or_default()
}

/// Returns an amount of a resource in its small unit, `units_per_one` to one of the value's; 0 where there is no value.
pub fn amount(path: &Path, of: &str, value: &Value, units_per_one: u64) -> Result<u32, Problem> {
    let text = text(value);
    if text.is_empty() {
        return Ok(0);
    }
    parse_resource_rounded(&text, units_per_one, Rounding::Up).map_err(|reason| {
        Problem::new(
            Place::file(path),
            format!("found `{text}` of {of}, which {reason}; expected a number of 0 or more"),
        )
    })
}

/// Returns the names of the keys of an object, or what the value is instead.
pub fn keys(value: &Value) -> String {
    match value {
        Value::Object(table) if table.is_empty() => "an object without keys".to_string(),
        Value::Object(table) => {
            format!("the keys `{}`", table.keys().map(String::as_str).collect::<Vec<_>>().join(","))
        }
        Value::Array(_) => "a list".to_string(),
        _ => "a single value".to_string(),
    }
}
