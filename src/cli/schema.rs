//! `plimsoll schema`: JSON Schemas of the files that people write.

use clap::{Args, ValueEnum};
use schemars::Schema;
use serde_json::{Value, json};

use super::output;
use crate::catalogue;
use crate::experiment::baseline::BaselineFile;
use crate::experiment::sweep::SweepConfig;
use crate::input::InputError;
use crate::placement::register::REGISTER;
use crate::scenario::Scenario;
use crate::summary::metrics::METRICS;

/// Print the JSON Schema of the scenario file, made from the code that reads it.
///
/// Editors that know schemas for TOML complete and check files with it: keys, and names of strategies, instance types
/// and metrics.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  plimsoll schema > scenario.schema.json\n  plimsoll schema sweep > sweep.schema.json"
)]
pub struct SchemaArgs {
    /// The kind of file
    #[arg(value_enum, default_value_t = File::Scenario)]
    file: File,
}

/// Files that have a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum File {
    /// A scenario
    Scenario,
    /// A sweep
    Sweep,
    /// A baseline
    Baseline,
}

/// Prints the schema.
pub fn main(args: &SchemaArgs) -> Result<(), InputError> {
    output::print_json(&schema(args.file))
}

fn schema(file: File) -> Value {
    let schema: Schema = match file {
        File::Scenario => schemars::schema_for!(Scenario),
        File::Sweep => schemars::schema_for!(SweepConfig),
        File::Baseline => schemars::schema_for!(BaselineFile),
    };
    let mut schema = schema.to_value();
    choose_by_kind(&mut schema);
    if file == File::Scenario {
        name_what_is_known(&mut schema);
    }
    schema
}

/// Turns `oneOf` over tables that differ by their `kind` into a choice by that key: a mistake in such a table is then one
/// message, and not one for each kind that it isn't.
fn choose_by_kind(schema: &mut Value) {
    match schema {
        Value::Object(table) => {
            table.values_mut().for_each(choose_by_kind);
            let Some(kinds) = table.get("oneOf").and_then(kinds_of) else { return };
            let branches = table.remove("oneOf").unwrap_or_default();
            let branches = branches.as_array().into_iter().flatten().zip(&kinds).map(|(branch, kind)| {
                json!({ "if": { "properties": { "kind": { "const": kind } }, "required": ["kind"] }, "then": branch })
            });
            let branches: Vec<Value> = branches.collect();
            table.insert("type".to_string(), json!("object"));
            table.insert("properties".to_string(), json!({ "kind": { "enum": kinds } }));
            table.insert("required".to_string(), json!(["kind"]));
            table.insert("allOf".to_string(), Value::from(branches));
        }
        Value::Array(items) => items.iter_mut().for_each(choose_by_kind),
        _ => {}
    }
}

/// Kinds of the branches of a `oneOf`, where each has one.
fn kinds_of(branches: &Value) -> Option<Vec<Value>> {
    branches.as_array()?.iter().map(|branch| branch.pointer("/properties/kind/const").cloned()).collect()
}

/// Adds names that editors can offer: of strategies, which are all there are; of instance types and metrics, beside which a
/// scenario may have others.
fn name_what_is_known(schema: &mut Value) {
    let strategies: Vec<&str> = REGISTER.iter().map(|entry| entry.name).collect();
    let types: Vec<&str> = catalogue::built_in().iter().map(|entry| entry.name.as_str()).collect();
    let metrics: Vec<&str> = METRICS.iter().map(|metric| metric.path).collect();
    let or_another = |names: &[&str]| json!({ "anyOf": [{ "enum": names }, { "type": "string" }] });
    let mut set = |pointer: &str, value: Value| {
        let place = schema.pointer_mut(pointer).unwrap_or_else(|| panic!("the schema has no {pointer}"));
        *place = value;
    };
    set("/$defs/Strategy/oneOf/0", json!({ "enum": strategies }));
    set("/$defs/Strategy/oneOf/1/properties/name", json!({ "enum": strategies }));
    for (owner, key, names) in [("ArrivalConfig", "types", types), ("ObjectiveConfig", "metric", metrics)] {
        let pointer = format!("/$defs/{owner}/properties/{key}");
        let place = schema.pointer_mut(&pointer).unwrap_or_else(|| panic!("the schema has no {pointer}"));
        let Value::Object(table) = place else { panic!("{pointer} is a table") };
        match table.get("type").and_then(Value::as_str) {
            Some("object") => {
                table.insert("propertyNames".to_string(), or_another(&names));
            }
            _ => {
                table.remove("type");
                table.insert("anyOf".to_string(), or_another(&names)["anyOf"].clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_a_kind_is_chosen_by_its_kind() {
        let schema = schema(File::Scenario);
        let text = schema.to_string();
        assert!(!text.contains(r#""oneOf":[{"additionalProperties":false,"#), "{text}");
        let process = schema.pointer("/$defs/ProcessConfig").unwrap();
        let kinds = process.pointer("/properties/kind/enum").and_then(Value::as_array).unwrap();
        let branches = process["allOf"].as_array().unwrap();
        assert!(kinds.len() > 3 && branches.len() == kinds.len());
        for (kind, branch) in kinds.iter().zip(branches) {
            assert_eq!(branch.pointer("/if/properties/kind/const"), Some(kind));
            assert_eq!(branch.pointer("/then/properties/kind/const"), Some(kind));
        }
    }

    #[test]
    fn names_are_those_of_the_registers() {
        let schema = schema(File::Scenario);
        let has = |pointer: &str, name: &str| {
            let names = schema.pointer(pointer).and_then(Value::as_array);
            names.is_some_and(|names| names.iter().any(|known| known == name))
        };
        assert!(has("/$defs/Strategy/oneOf/0/enum", "best-fit"));
        assert!(has("/$defs/ArrivalConfig/properties/types/propertyNames/anyOf/0/enum", "m5.large"));
        assert!(has("/$defs/ObjectiveConfig/properties/metric/anyOf/0/enum", "launch.success_ratio"));
    }

    #[test]
    fn every_file_has_a_schema_with_its_keys() {
        for (file, key) in [(File::Scenario, "zones"), (File::Sweep, "axes"), (File::Baseline, "metrics")] {
            assert!(schema(file).pointer(&format!("/properties/{key}")).is_some(), "{file:?}");
        }
    }
}
