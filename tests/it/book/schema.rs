//! The page of the scenario file, from its JSON Schema: a section for each table, with every key.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::generated::{code, table};

/// A definition of the schema, and where the scenario has it.
struct Section<'a> {
    /// Headings: tables by their paths as TOML writes them, values by their name. The first is that of the section.
    places: Vec<String>,
    definition: &'a Value,
}

/// All sections, in order, and by the name of their definition.
struct Sections<'a> {
    order: Vec<&'a str>,
    by_name: BTreeMap<&'a str, Section<'a>>,
}

/// The page.
pub fn page(schema: &Value) -> String {
    let sections = Sections::of(schema);
    let mut text = "Every key, made from the code that reads it; `plimsoll schema` prints the same as JSON Schema. A \
        duration is text such as `\"90s\"`, `\"15m\"`, `\"6h\"` or `\"30d\"`; every other quantity has its unit in its \
        name or in square brackets. What is left out has its default. An unknown key, a wrong type and an impossible \
        value are errors, told with line and column.\n\n## The top level\n\n"
        .to_string();
    text += &sections.keys(schema);
    for name in &sections.order {
        let Section { places, definition } = &sections.by_name[name];
        text += &format!("\n## {}\n\n", places[0]);
        if let Some(description) = definition["description"].as_str() {
            text += &format!("{}\n\n", description.replace('\n', " "));
        }
        if places.len() > 1 {
            text += &format!("Also {}.\n\n", places[1..].join(", "));
        }
        text += &sections.body(definition);
    }
    text
}

impl<'a> Sections<'a> {
    /// Walks the schema from its top: tables in depth, each before what it holds, and after them the kinds of values.
    fn of(schema: &'a Value) -> Sections<'a> {
        let definitions = schema["$defs"].as_object().expect("a schema with definitions");
        let mut sections = Sections { order: Vec::new(), by_name: BTreeMap::new() };
        sections.walk("", schema, definitions);
        let is_table = |name: &&str| sections.by_name[name].definition["properties"].is_object();
        let (tables, values): (Vec<&str>, Vec<&str>) = sections.order.iter().partition(|name| is_table(name));
        sections.order = [tables, values].concat();
        sections
    }

    /// Takes in the sections of a table's keys, and of theirs.
    fn walk(&mut self, path: &str, table: &'a Value, definitions: &'a Map<String, Value>) {
        for (key, value) in properties(table) {
            let Some((name, in_list)) = definition_of(value) else { continue };
            let definition = &definitions[name];
            if !has_section(definition) {
                continue;
            }
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let place = match (definition["properties"].is_object(), in_list) {
                (false, _) => words(name),
                (true, true) => code(&format!("[[{path}]]")),
                (true, false) => code(&format!("[{path}]")),
            };
            if let Some(section) = self.by_name.get_mut(name) {
                if !section.places.contains(&place) {
                    section.places.push(place);
                }
                continue;
            }
            self.order.push(name);
            self.by_name.insert(name, Section { places: vec![place], definition });
            self.walk(&path, definition, definitions);
            for kind in definition["oneOf"].as_array().into_iter().flatten() {
                self.walk(&path, kind, definitions);
            }
        }
    }

    /// Returns what a definition holds: the keys of a table, the values of a word, or the keys of each kind.
    fn body(&self, definition: &Value) -> String {
        if definition["properties"].is_object() {
            return self.keys(definition);
        }
        let kinds = definition["oneOf"].as_array().expect("a table, or one of several");
        if kinds.iter().all(|kind| kind["const"].is_string()) {
            let row = |kind: &Value| [code(&word(&kind["const"])), text_of(&kind["description"])];
            return table(["value", "meaning"], kinds.iter().map(row));
        }
        let row = |kind: &Value| {
            let name = word(&kind["properties"]["kind"]["const"]);
            let keys = properties(kind).filter(|(key, _)| *key != "kind");
            let keys: Vec<String> = keys.map(|(key, value)| self.key_in_line(kind, key, value)).collect();
            [code(&name), text_of(&kind["description"]), keys.join("; ")]
        };
        table(["kind", "meaning", "keys"], kinds.iter().map(row))
    }

    /// A table of keys.
    fn keys(&self, object: &Value) -> String {
        let row = |(key, value): (&String, &Value)| {
            let (meaning, default) = meaning_and_default(object, key, value);
            [code(key), self.takes(value), default, meaning]
        };
        table(["key", "takes", "default", "meaning"], properties(object).map(row))
    }

    /// A key of a kind, in a line: what it means, what it takes, its default.
    fn key_in_line(&self, object: &Value, key: &str, value: &Value) -> String {
        let (meaning, default) = meaning_and_default(object, key, value);
        let default = match default.as_str() {
            "" | "**needed**" => String::new(),
            default => format!(", default {default}"),
        };
        let meaning = meaning.trim_end_matches('.');
        format!("{}: {meaning} ({}{default})", code(key), self.takes(value))
    }

    /// Returns what a key takes, with a link where it has a section.
    fn takes(&self, value: &Value) -> String {
        if let Some(reference) = value["$ref"].as_str() {
            let name = reference.rsplit('/').next().expect("a name");
            return match (self.by_name.get(name), name) {
                (Some(section), _) => {
                    let heading = &section.places[0];
                    let anchor = heading.trim_matches('`').replace(['[', ']', '.'], "").replace(' ', "-");
                    format!(
                        "[{}](#{})",
                        heading.replace(['[', ']'], "").to_lowercase(),
                        anchor.to_lowercase()
                    )
                }
                (None, "Duration") => "duration".to_string(),
                (None, "Decimal") => "number".to_string(),
                (None, "StepTime") => "duration, or a [distribution](#distribution)".to_string(),
                (None, "Strategy") => "a name, or a table with `name` and parameters".to_string(),
                (None, "GroupType") => "a name, or a table with `name` and `weight`".to_string(),
                (None, "ClockOrigin") => {
                    "`\"first\"`, `\"epoch\"`, seconds, or a date and time of UTC".to_string()
                }
                (None, "ColumnNames") => "a table of names, by column".to_string(),
                (None, name) => panic!("{name} has no words: say here what it takes"),
            };
        }
        if let Some(choices) = value["anyOf"].as_array() {
            let choices = choices.iter().filter(|choice| choice["type"] != "null");
            return choices.map(|choice| self.takes(choice)).collect::<Vec<_>>().join(" or ");
        }
        if let Some(word) = value["const"].as_str() {
            return code(&format!("\"{word}\""));
        }
        let kind = match &value["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").expect("a type beside null"),
            kind => kind,
        };
        match kind.as_str() {
            Some("array") => format!("list of {}", self.takes(&value["items"])),
            Some("object") => match &value["additionalProperties"] {
                Value::Object(_) => {
                    format!("names, each with {}", self.takes(&value["additionalProperties"]))
                }
                _ => "table".to_string(),
            },
            Some("integer") => "whole number".to_string(),
            Some("string") => "text".to_string(),
            Some(kind @ ("number" | "boolean")) => kind.to_string(),
            kind => panic!("{kind:?} has no words: say here what it takes"),
        }
    }
}

/// Returns whether a definition has a section of its own: a table, or one of several kinds.
fn has_section(definition: &Value) -> bool {
    let is_kind = |kind: &Value| kind["const"].is_string() || kind["properties"]["kind"]["const"].is_string();
    let kinds = definition["oneOf"].as_array();
    definition["properties"].is_object() || kinds.is_some_and(|kinds| kinds.iter().all(is_kind))
}

fn properties(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object["properties"].as_object().into_iter().flat_map(Map::iter)
}

/// The definition that a key's value has, and whether it is a list of them.
fn definition_of(value: &Value) -> Option<(&str, bool)> {
    if let Some(reference) = value["$ref"].as_str() {
        return reference.rsplit('/').next().map(|name| (name, false));
    }
    if value["items"].is_object() {
        return definition_of(&value["items"]).map(|(name, _)| (name, true));
    }
    value["anyOf"].as_array().into_iter().flatten().find_map(definition_of)
}

/// `BlockDeviceConfig` as `Block device`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for c in name.trim_end_matches("Config").chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
    }
    words
}

fn word(value: &Value) -> String {
    value.as_str().expect("a word").to_string()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

/// Returns what a key means, and its default, which the schema gives or the meaning tells.
fn meaning_and_default(object: &Value, key: &str, value: &Value) -> (String, String) {
    let meaning = text_of(&value["description"]).replace('\n', " ");
    let needed = object["required"].as_array().is_some_and(|keys| keys.contains(&Value::from(key)));
    if needed {
        return (meaning, "**needed**".to_string());
    }
    // "…; default 6h. More …" is told in its own column.
    if let Some((before, after)) = meaning.split_once("; default ") {
        let (default, rest) = after.split_once(". ").unwrap_or((after.trim_end_matches('.'), ""));
        let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
        return (format!("{before}.{rest}"), default.to_string());
    }
    let default = match &value["default"] {
        Value::String(text) if text.is_empty() => String::new(),
        Value::String(text) => code(text),
        default @ (Value::Number(_) | Value::Bool(_)) => code(&default.to_string()),
        _ => String::new(),
    };
    (meaning, default)
}

#[test]
fn a_small_schema_becomes_a_page() {
    let schema = serde_json::json!({
        "properties": {
            "name": { "type": "string", "description": "Its name." },
            "zones": { "type": "array", "items": { "$ref": "#/$defs/ZoneConfig" } },
            "boot": { "$ref": "#/$defs/Duration", "description": "To `running`; default 6h. As EC2 does." },
        },
        "required": ["name"],
        "$defs": {
            "Duration": { "type": "string" },
            "ZoneConfig": { "description": "A zone.", "properties": { "start": { "$ref": "#/$defs/Start", "default": "empty" } } },
            "Start": { "oneOf": [{ "type": "string", "const": "empty", "description": "Nothing | none." }] },
        },
    });
    let page = page(&schema);
    for line in [
        "| `name` | text | **needed** | Its name. |",
        "| `boot` | duration | 6h | To `running`. As EC2 does. |",
        "| `zones` | list of [`zones`](#zones) |  |  |",
        "## `[[zones]]`\n\nA zone.",
        "| `start` | [start](#start) | `empty` |  |",
        "## Start\n\n| value | meaning |\n|---|---|\n| `empty` | Nothing \\| none. |",
    ] {
        assert!(page.contains(line), "{line}\n\nin\n\n{page}");
    }
}
