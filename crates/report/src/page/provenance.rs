//! Provenance of a result from its manifest: scenario, command line, version, machine.

use maud::{Markup, html};
use serde_json::Value;

use plimsoll_base::units::figures::decimal;

/// Returns the sections of a page on its scenario, with a note, and on how to make the result again.
pub fn sections(manifest: &Value, note: &str) -> Markup {
    html! {
        section { h2 { "Scenario" } p.note { (note) } (scenario(manifest)) }
        section { h2 { "The same again" } (reproduce(manifest)) }
    }
}

/// Returns the scenario of a manifest.
pub fn scenario(manifest: &Value) -> Markup {
    let resolved = &manifest["scenario"];
    let text = toml::to_string_pretty(resolved)
        .or_else(|_| serde_json::to_string_pretty(resolved))
        .unwrap_or_default();
    html! { pre tabindex="0" { (text) } }
}

/// Returns the command line that makes the result of a manifest again, and the facts about the run that made it.
pub fn reproduce(manifest: &Value) -> Markup {
    let word = |key: &str| manifest[key].as_str().unwrap_or_default().to_string();
    let command = manifest["command_line"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let command = command.map(quoted).collect::<Vec<_>>().join(" ");
    let inputs = manifest["inputs"].as_array().into_iter().flatten();
    let machine = &manifest["machine"];
    html! {
        p { "This command gives the same result, digest and all, on every machine:" }
        pre tabindex="0" { (command) }
        dl.facts {
            div { dt { "version" } dd { (word("version")) " (" (word("build")) ")" } }
            @if !manifest["seed"].is_null() { div { dt { "seed" } dd { (manifest["seed"]) } } }
            @if manifest["digest"].is_string() { div { dt { "digest" } dd { code { (word("digest")) } } } }
            div { dt { "scenario, SHA-256" } dd { code { (word("scenario_sha256")) } } }
            @for input in inputs {
                div {
                    dt { bdi { (input["file"].as_str().unwrap_or_default()) } ", SHA-256" }
                    dd { code { (input["sha256"].as_str().unwrap_or_default()) } }
                }
            }
            div { dt { "started" } dd { (word("started")) } }
            div { dt { "took" } dd { (decimal(manifest["wall_s"].as_f64().unwrap_or(0.0), 2)) " s" } }
            div { dt { "machine" } dd {
                (machine["cpu"].as_str().unwrap_or("unknown processor")) ", " (machine["cores"]) " cores, "
                (machine["os"].as_str().unwrap_or_default()) " " (machine["arch"].as_str().unwrap_or_default())
            } }
        }
    }
}

/// Returns a word of a command line as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("workloads/scenarios/a.toml"), "workloads/scenarios/a.toml");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
