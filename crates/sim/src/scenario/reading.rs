//! Turns a document into a scenario and collects everything in it that has the wrong name or type.
//!
//! serde stops at the first error. So the error is noted, the innermost value at its place is taken out of the tree,
//! and the tree is read again, until the rest passes. Problems that only follow from a removal are not reported.

use serde::de::DeserializeOwned;
use toml::de::DeValue;
use toml::{Spanned, de};

use super::document::{self, Document, Node, Span};
use super::key_path::{self, Step};
use plimsoll_base::input::{Problem, did_you_mean};

/// Most problems of one file that are reported.
const MAX_PROBLEMS: usize = 50;

/// Document read as far as possible.
pub(super) struct Reading<T> {
    /// Value without the parts that are wrong; `None` where too little is left.
    pub value: Option<T>,
    /// Names and types that are wrong.
    pub problems: Vec<Problem>,
    /// The tree without the values that are wrong.
    pub pruned: Node,
    /// Paths of these values in the whole document.
    pub removed: Vec<Vec<Step>>,
}

/// Reads all that can be read.
pub(super) fn read<T: DeserializeOwned>(document: &Document) -> Reading<T> {
    let mut reading =
        Reading { value: None, problems: Vec::new(), pruned: document.root().clone(), removed: Vec::new() };
    while reading.problems.len() < MAX_PROBLEMS {
        let error = match T::deserialize(de::ValueDeserializer::from(reading.pruned.clone())) {
            Ok(value) => {
                reading.value = Some(value);
                break;
            }
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let complaint = Complaint::parse(error.message());
        let path = complaint.choose(&reading.pruned, locate(&reading.pruned, &span));
        let at = locate_exactly(document.root(), &reading.pruned, &path);
        if !complaint.follows_from(&reading.removed, &at) {
            reading.problems.push(complaint.problem(document, &at));
        }
        if path.is_empty() {
            break;
        }
        document::remove(&mut reading.pruned, &path);
        reading.removed.push(at);
    }
    reading
}

/// Error message of serde, in parts.
enum Complaint {
    /// Unknown key, with the known ones.
    UnknownKey(String, Vec<String>),
    /// Unknown name of a closed list, with the known ones.
    UnknownName(String, Vec<String>),
    /// Required key that is missing.
    MissingKey(String),
    /// Value that was found, and the one that was expected.
    Wrong(String, String),
    /// A sentence of a type's own.
    Other(String),
}

impl Complaint {
    /// Parses a message of serde; `serde::de::Error` documents the form.
    fn parse(message: &str) -> Complaint {
        let names =
            |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_string).collect() };
        let named = |rest: &str| {
            let mut all = names(rest).into_iter();
            let first = all.next().unwrap_or_default();
            (first, all.collect())
        };
        if let Some(rest) = message.strip_prefix("unknown field ") {
            let (found, known) = named(rest);
            return Complaint::UnknownKey(found, known);
        }
        if let Some(rest) = message.strip_prefix("unknown variant ") {
            let (found, known) = named(rest);
            return Complaint::UnknownName(found, known);
        }
        if let Some(rest) = message.strip_prefix("missing field ") {
            return Complaint::MissingKey(named(rest).0);
        }
        for start in ["invalid type: ", "invalid value: ", "invalid length "] {
            if let Some((found, expected)) =
                message.strip_prefix(start).and_then(|rest| rest.rsplit_once(", expected "))
            {
                return Complaint::Wrong(found.to_string(), expected.to_string());
            }
        }
        Complaint::Other(message.to_string())
    }

    /// Returns the path of the value at one place that the complaint is about; the root when there is none.
    fn choose(&self, root: &Node, mut ways: Vec<Vec<Step>>) -> Vec<Step> {
        let fits = |way: &Vec<Step>| {
            way.iter().try_fold(root, document::child).is_some_and(|node| self.is_about(node))
        };
        let best = ways.iter().position(fits).unwrap_or(0);
        let way = if ways.is_empty() { Vec::new() } else { ways.swap_remove(best) };
        self.refine(root, way)
    }

    /// Returns whether a value is the one that the complaint quotes.
    fn is_about(&self, node: &Node) -> bool {
        match self {
            Complaint::UnknownName(found, _) => node.get_ref().as_str() == Some(found),
            Complaint::Wrong(found, _) => describe(node) == *found,
            _ => false,
        }
    }

    /// Returns the child that the complaint is about, where serde names only the table: it reads an enum that
    /// is tagged by `kind` from a copy that has lost its places.
    fn refine(&self, root: &Node, path: Vec<Step>) -> Vec<Step> {
        let Some(node) = path.iter().try_fold(root, document::child) else { return path };
        if self.is_about(node) {
            return path;
        }
        let suspects: Vec<Step> = document::children(node)
            .into_iter()
            .filter(|(step, _, value)| match self {
                Complaint::UnknownKey(found, _) => *step == Step::Key(found.clone()),
                _ => self.is_about(value),
            })
            .map(|(step, ..)| step)
            .collect();
        match <[Step; 1]>::try_from(suspects) {
            Ok([suspect]) => path.into_iter().chain([suspect]).collect(),
            Err(_) => path,
        }
    }

    /// Returns whether the complaint only follows from a value that was taken out before.
    fn follows_from(&self, removed: &[Vec<Step>], at: &[Step]) -> bool {
        matches!(self, Complaint::MissingKey(missing) if is_echo(removed, at, missing))
    }

    /// Returns the problem in words for the user.
    fn problem(&self, document: &Document, at: &[Step]) -> Problem {
        let (place, message, help) = match self {
            Complaint::UnknownKey(found, known) => {
                (place_of_key(document, at), format!("unknown key `{found}`"), suggest(found, known))
            }
            Complaint::UnknownName(found, known) => {
                (place_of_value(document, at), format!("unknown name `{found}`"), suggest(found, known))
            }
            Complaint::MissingKey(missing) => {
                let mut inside = at.to_vec();
                inside.push(Step::Key(missing.clone()));
                let place = place_of_value(document, at).at_key(&key_path::show(&inside));
                (place, "found nothing, expected this key".to_string(), None)
            }
            Complaint::Wrong(found, expected) => (
                place_of_value(document, at),
                format!("found {}, expected {}", in_words(found), in_words(expected)),
                None,
            ),
            Complaint::Other(sentence) => (place_of_value(document, at), sentence.clone(), None),
        };
        let problem = Problem::new(place, message);
        match help {
            Some(help) => problem.with_help(help),
            None => problem,
        }
    }
}

/// Suggests known names for an unknown one: the nearest, or all.
fn suggest(found: &str, known: &[String]) -> Option<String> {
    did_you_mean(found, known.iter().map(String::as_str))
}

/// Returns whether a key that `table` lacks was taken out of it, or was there under a misspelt name.
pub(super) fn is_echo(removed: &[Vec<Step>], table: &[Step], missing: &str) -> bool {
    let near = |key: &str| did_you_mean(key, [missing]).is_some_and(|help| help.starts_with("did you mean"));
    removed.iter().any(|gone| match gone.split_last() {
        Some((Step::Key(key), of)) => of == table && (key == missing || near(key)),
        _ => false,
    })
}

/// Returns a value as the messages of serde show it.
fn describe(node: &Node) -> String {
    match node.get_ref() {
        DeValue::String(text) => format!("string {text:?}"),
        DeValue::Integer(number) => format!("integer `{number}`"),
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            // serde shows whole floats with a point.
            Ok(value) if value.fract() == 0.0 => format!("floating point `{value:.1}`"),
            Ok(value) => format!("floating point `{value}`"),
            Err(_) => String::new(),
        },
        DeValue::Boolean(value) => format!("boolean `{value}`"),
        DeValue::Array(_) => "sequence".to_string(),
        DeValue::Table(_) => "map".to_string(),
        DeValue::Datetime(_) => String::new(),
    }
}

/// Translates words of serde into those of the scenario file.
fn in_words(serde: &str) -> String {
    match serde {
        "u8" => format!("a whole number from 0 to {}", u8::MAX),
        "u16" => format!("a whole number from 0 to {}", u16::MAX),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u64" | "usize" => "a whole number, 0 or more".to_string(),
        "f32" | "f64" => "a number".to_string(),
        "a boolean" => "true or false".to_string(),
        "sequence" | "a sequence" => "a list".to_string(),
        "path string" => "the name of a file".to_string(),
        "map" | "a map" => "a table".to_string(),
        table if table.starts_with("struct ") || table.starts_with("internally tagged enum ") => {
            "a table".to_string()
        }
        other => other.to_string(),
    }
}

/// Returns the paths of the innermost values that a span stands for, deepest first: those whose own span or whose
/// key's span it is, else the smallest around it. A list and its first `[[item]]` share a span.
fn locate(root: &Node, span: &Span) -> Vec<Vec<Step>> {
    let mut best = usize::MAX;
    let mut found: Vec<Vec<Step>> = Vec::new();
    let mut open = vec![(Vec::new(), root)];
    while let Some((path, node)) = open.pop() {
        for (step, key_span, value) in document::children(node) {
            let mut path = path.clone();
            path.push(step);
            let around = key_span.into_iter().chain([value.span()]);
            let slack = around
                .filter(|around| around.start <= span.start && span.end <= around.end && *span != (0..0))
                .map(|around| around.len() - span.len())
                .min();
            if let Some(slack) = slack.filter(|slack| *slack <= best) {
                if slack < best {
                    found.clear();
                }
                best = slack;
                found.push(path.clone());
            }
            open.push((path, value));
        }
    }
    found.sort_by_key(|path| std::cmp::Reverse(path.len()));
    found
}

/// Returns the path in the whole document of the value at `path` in the pruned one, where list numbers may be lower.
pub(super) fn locate_exactly(whole: &Node, pruned: &Node, path: &[Step]) -> Vec<Step> {
    let mut found = Vec::with_capacity(path.len());
    let (mut whole, mut pruned) = (whole, pruned);
    for step in path {
        let Some(next) = document::child(pruned, step) else { return found };
        let span = next.span();
        let same = |candidate: &Step, value: &Node| match step {
            Step::Key(_) => candidate == step,
            Step::Item(_) => value.span() == span,
        };
        let Some((step, _, value)) =
            document::children(whole).into_iter().find(|(candidate, _, value)| same(candidate, value))
        else {
            return found;
        };
        found.push(step);
        (whole, pruned) = (value, next);
    }
    found
}

/// Returns the place of the value at a path.
pub(super) fn place_of_value(document: &Document, path: &[Step]) -> plimsoll_base::input::Place {
    let span = path.iter().try_fold(document.root(), document::child).map_or(0..0, Spanned::span);
    with_key(document, &span, path)
}

/// Returns the place of the key at a path.
fn place_of_key(document: &Document, path: &[Step]) -> plimsoll_base::input::Place {
    let Some((last, table)) = path.split_last() else { return place_of_value(document, path) };
    let parent = table.iter().try_fold(document.root(), document::child);
    let span = parent
        .and_then(|parent| document::children(parent).into_iter().find(|(step, ..)| step == last))
        .and_then(|(_, key_span, _)| key_span);
    match span {
        Some(span) => with_key(document, &span, path),
        None => place_of_value(document, path),
    }
}

/// Returns a place in the file with its key path; a `--set` names its path itself.
fn with_key(document: &Document, span: &Span, path: &[Step]) -> plimsoll_base::input::Place {
    let place = document.place_of(span);
    if place.file.is_none() || path.is_empty() { place } else { place.at_key(&key_path::show(path)) }
}
