//! The variants of a comparison as the command line names them.

use super::arguments::Overriding;
use crate::experiment::Variant;
use crate::input::{InputError, Place, Problem, did_you_mean};
use crate::placement::register;
use crate::scenario::Overrides;

/// Word for every strategy that was not named before it.
const ALL: &str = "all";

/// Returns the variants that strategies and settings name, in that order. Where they name one only, the scenario as it
/// stands is put before it. `common` applies to all.
pub fn variants(
    strategies: &[String],
    settings: &[String],
    common: &Overriding,
) -> Result<Vec<Variant>, InputError> {
    let mut problems = Vec::new();
    let mut variants: Vec<Variant> = Vec::new();
    let mut add = |label: &str, set: Vec<String>| {
        let mut overrides = Overrides::from(common);
        overrides.set.extend(set);
        variants.push(Variant { label: label.to_string(), overrides });
    };
    for name in expand(strategies) {
        match register::entry(&name) {
            Some(_) => add(&name, vec![format!("placement.strategy={name}")]),
            None => {
                let mut problem =
                    Problem::new(Place::key("--strategies"), format!("unknown strategy `{name}`"));
                problem.help = did_you_mean(&name, register::names().chain([ALL]));
                problems.push(problem);
            }
        }
    }
    for text in settings {
        match parse(text) {
            Some((label, set)) => add(&label, set),
            None => problems.push(
                Problem::new(
                    Place::key(&format!("--variant {text}")),
                    "expected LABEL:PATH=VALUE[,PATH=VALUE…]",
                )
                .with_help("such as `--variant larger:zones.0.hosts.0.count=1050`"),
            ),
        }
    }
    if variants.len() == 1 && problems.is_empty() {
        variants.insert(0, Variant { label: "as it is".to_string(), overrides: Overrides::from(common) });
    }
    if problems.is_empty() { Ok(variants) } else { Err(InputError(problems)) }
}

/// Returns the strategies, with `all` expanded.
fn expand(strategies: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in strategies {
        if name == ALL {
            let others: Vec<String> = register::names()
                .filter(|other| !strategies.iter().any(|named| named == other))
                .map(String::from)
                .collect();
            names.extend(others);
        } else {
            names.push(name.clone());
        }
    }
    names
}

/// Parses `LABEL:PATH=VALUE,PATH=VALUE`; without a label the settings are the label. Quotes and brackets
/// keep commas and colons together.
fn parse(text: &str) -> Option<(String, Vec<String>)> {
    let colon =
        find_outside(text, ':').filter(|colon| find_outside(text, '=').is_none_or(|equals| *colon < equals));
    let (label, rest) = match colon {
        Some(colon) => (text[..colon].trim(), &text[colon + 1..]),
        None => (text.trim(), text),
    };
    let mut set = Vec::new();
    let mut rest = rest;
    while let Some(comma) = find_outside(rest, ',') {
        set.push(rest[..comma].trim().to_string());
        rest = &rest[comma + 1..];
    }
    set.push(rest.trim().to_string());
    // `LABEL:` alone is the scenario as it stands.
    if colon.is_some() && set == [""] {
        set.clear();
    }
    let sound = !label.is_empty() && set.iter().all(|assignment| find_outside(assignment, '=').is_some());
    sound.then(|| (label.to_string(), set))
}

/// Returns the offset of the first `wanted` outside quotes and brackets \[bytes\].
fn find_outside(text: &str, wanted: char) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, _) if c == wanted && depth == 0 => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(strategies: &[&str], settings: &[&str]) -> Result<Vec<(String, Vec<String>)>, String> {
        let owned = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let common = Overriding { set: vec!["duration=1d".to_string()], seed: Some(7) };
        let variants =
            variants(&owned(strategies), &owned(settings), &common).map_err(|error| error.to_string())?;
        assert!(variants.iter().all(|variant| variant.overrides.seed == Some(7)));
        Ok(variants.into_iter().map(|variant| (variant.label, variant.overrides.set)).collect())
    }

    #[test]
    fn settings_are_taken_apart_at_the_right_places() {
        let parsed = |text: &str| parse(text).map(|(label, set)| (label, set.join(" | ")));
        for (text, label, set) in [
            ("big:zones.0.hosts.0.count=9", "big", "zones.0.hosts.0.count=9"),
            ("a b: x=1 , y.z=two", "a b", "x=1 | y.z=two"),
            ("x=a:b", "x=a:b", "x=a:b"),
            (
                "mix:w.types={ \"t3.micro\" = 3, \"m5.large\" = 1 },seed=2",
                "mix",
                "w.types={ \"t3.micro\" = 3, \"m5.large\" = 1 } | seed=2",
            ),
            ("q:name='a,b:c',x=[1, 2]", "q", "name='a,b:c' | x=[1, 2]"),
            ("plain:", "plain", ""),
        ] {
            assert_eq!(parsed(text), Some((label.to_string(), set.to_string())), "{text}");
        }
        for wrong in ["", "label", ":x=1", "a:x", "a:x=1,", "a:x=1,y"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn one_variant_is_compared_with_the_scenario_as_it_stands() {
        let found = named(&[], &["b:seed=2"]).unwrap();
        assert_eq!(found[0], ("as it is".to_string(), vec!["duration=1d".to_string()]));
        assert_eq!(found[1], ("b".to_string(), vec!["duration=1d".to_string(), "seed=2".to_string()]));
        assert_eq!(named(&["spread", "cluster"], &["b:seed=2"]).unwrap().len(), 3);
        assert_eq!(named(&[], &[]), Ok(Vec::new()));
    }

    #[test]
    fn all_strategies_are_named_once() {
        let found = named(&["spread", "all"], &[]).unwrap();
        assert_eq!(found.len(), register::REGISTER.len());
        assert_eq!(found[0].0, "spread");
        assert_eq!(found[1].1, ["duration=1d", "placement.strategy=first-fit"]);
        let told = named(&["spraed"], &["x"]).unwrap_err();
        assert!(
            told.contains("did you mean `spread`") && told.contains("expected LABEL:PATH=VALUE"),
            "{told}"
        );
    }
}
