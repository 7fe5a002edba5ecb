//! Parsed scenario file: a tree of values that know their place, with the values of `--set` in it.
//!
//! The file and every `--set` are laid end to end in one range of offsets, so that a span alone says
//! which of them a value came from. `toml`'s values borrow their text and cannot be made free of it, so
//! the texts, a few KiB a scenario, are leaked: they live as long as the process.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::key_path::{self, Step};
use plimsoll_base::input::{Place, Problem};

/// A value of the tree.
pub(super) type Node = Spanned<DeValue<'static>>;

/// Offsets into the laid-out sources \[bytes\].
pub(super) type Span = Range<usize>;

/// Most syntax errors that are reported: those after the first often only follow from it.
const MAX_SYNTAX_PROBLEMS: usize = 5;

/// The tree and its sources.
#[derive(Clone, Debug)]
pub(super) struct Document {
    root: Node,
    sources: Vec<Source>,
}

/// A text that values came from.
#[derive(Clone, Debug)]
struct Source {
    /// Offset of its first byte.
    start: usize,
    text: &'static str,
    /// The file, or `None` for a `--set`.
    file: Option<PathBuf>,
}

/// The most steps of a path: every key of a scenario is less deep, and each step is a call within a call.
const MOST_STEPS: usize = 40;

impl Document {
    /// Parses a file's text.
    pub fn parse(path: &Path, text: &str) -> Result<Document, Vec<Problem>> {
        let text: &'static str = text.to_string().leak();
        let (table, errors) = DeTable::parse_recoverable(text);
        // The root's span is empty by `toml`'s own convention: a problem of it is a problem of the file.
        let root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
        let source = Source { start: 0, text, file: Some(path.to_path_buf()) };
        let document = Document { root, sources: vec![source] };
        if errors.is_empty() {
            return Ok(document);
        }
        let mut problems: Vec<Problem> = (errors.iter())
            .map(|error| {
                let place = document.place_of(&error.span().unwrap_or(0..0));
                match error.message() {
                    "recursion limit" => {
                        Problem::new(place, "not TOML of a scenario: lists or tables are nested too deep")
                    }
                    message => Problem::new(place, format!("not TOML: {message}")),
                }
            })
            .collect();
        problems.dedup();
        problems.truncate(MAX_SYNTAX_PROBLEMS);
        Err(problems)
    }

    /// Puts the value of `--set PATH=VALUE` in its place, creating the tables on the way.
    pub fn set(&mut self, assignment: &str) -> Result<(), Problem> {
        let assignment: &'static str = assignment.to_string().leak();
        let start = self.sources.last().map_or(0, |source| source.start + source.text.len() + 1);
        let refuse = |message: String| Problem::new(Place::key(&format!("--set {assignment}")), message);
        let usage = "expected PATH=VALUE, such as zones.0.hosts.0.count=500";
        let equals =
            key_path::find_outside_quotes(assignment, '=').ok_or_else(|| refuse(usage.to_string()))?;
        let steps = key_path::parse(assignment[..equals].trim());
        if steps.iter().any(String::is_empty) {
            return Err(refuse(usage.to_string()));
        }
        if steps.len() > MOST_STEPS {
            return Err(refuse(format!(
                "found a path of {} steps, expected at most {MOST_STEPS}",
                steps.len()
            )));
        }
        let text = &assignment[equals + 1..];
        let value = shift(parse_value(text).map_err(refuse)?, start + equals + 1);
        let span = start..start + assignment.len();
        put(&mut self.root, &steps, value, &span).map_err(refuse)?;
        self.sources.push(Source { start, text: assignment, file: None });
        Ok(())
    }

    /// Fills the table of a key with the values of a text that the table lacks. `name` is reported as the
    /// file of values from the text.
    pub fn fill(&mut self, key: &str, name: &str, text: &'static str) {
        let start = self.sources.last().map_or(0, |source| source.start + source.text.len() + 1);
        let defaults = DeTable::parse(text).expect("what fills a table is TOML");
        let defaults = shift(Spanned::new(0..0, DeValue::Table(defaults.into_inner())), start);
        if let Some(node) = node_mut(&mut self.root, &[Step::Key(key.to_string())]) {
            overlay(node, defaults);
            self.sources.push(Source { start, text, file: Some(PathBuf::from(name)) });
        }
    }

    /// Turns dates and times of TOML into text, so that every key that takes a date takes both.
    pub fn dates_as_text(&mut self) {
        fn visit(node: &mut Node) {
            match node.get_mut() {
                DeValue::Datetime(date) => {
                    let text = date.to_string();
                    *node.get_mut() = DeValue::String(text.into());
                }
                DeValue::Array(items) => items.iter_mut().for_each(visit),
                DeValue::Table(table) => table.iter_mut().for_each(|(_, value)| visit(value)),
                _ => {}
            }
        }
        visit(&mut self.root);
    }

    /// Returns the tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Returns the tree, to change.
    pub fn root_mut(&mut self) -> &mut Node {
        &mut self.root
    }

    /// Returns whether a span lies in the file, rather than in a `--set`.
    pub fn in_file(&self, span: &Span) -> bool {
        self.source(span).is_some_and(|source| source.file.is_some())
    }

    /// Returns the file, line and column where a span begins, or the `--set` it lies in.
    pub fn place_of(&self, span: &Span) -> Place {
        let Some(source) = self.source(span) else { return Place::default() };
        let Some(file) = &source.file else { return Place::key(&format!("--set {}", source.text)) };
        if *span == (0..0) {
            return Place::file(file);
        }
        let before = source.text.get(..span.start - source.start).unwrap_or(source.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Place::file(file).at_line(line as u64).at_column(column as u64)
    }

    fn source(&self, span: &Span) -> Option<&Source> {
        self.sources.iter().rev().find(|source| source.start <= span.start)
    }
}

/// Reads a TOML value; a bare word that is no value is a string.
fn parse_value(text: &'static str) -> Result<Node, String> {
    let lead = text.len() - text.trim_start().len();
    let trimmed = text.trim();
    match DeValue::parse(trimmed) {
        Ok(value) => Ok(shift(value, lead)),
        Err(error) if trimmed.starts_with(['"', '\'', '[', '{']) => {
            Err(format!("the value is not TOML: {}", error.message()))
        }
        Err(_) => {
            let word = DeValue::String(Cow::Borrowed(trimmed));
            Ok(Spanned::new(lead..lead + trimmed.len(), word))
        }
    }
}

/// Returns the same value with `by` added to every span.
fn shift(node: Node, by: usize) -> Node {
    let moved = |span: Span| span.start + by..span.end + by;
    let span = moved(node.span());
    let value = match node.into_inner() {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| shift(item, by)).collect()),
        DeValue::Table(table) => DeValue::Table(
            table
                .into_iter()
                .map(|(key, value)| (Spanned::new(moved(key.span()), key.into_inner()), shift(value, by)))
                .collect(),
        ),
        leaf => leaf,
    };
    Spanned::new(span, value)
}

/// Puts `value` at `steps` below `node`; tables made on the way get `span`.
fn put(node: &mut Node, steps: &[String], value: Node, span: &Span) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        *node = value;
        return Ok(());
    };
    let child = match node.get_mut() {
        DeValue::Table(table) => {
            let key = Spanned::new(span.clone(), Cow::Owned(step.clone()));
            // The first item of a list that is not there begins it: no table has a key `0`.
            let begins_a_list = rest.first().is_some_and(|next| next == "0");
            table
                .entry(key)
                .or_insert_with(|| if begins_a_list { empty_list(span) } else { empty_table(span) })
        }
        DeValue::Array(items) => item(items, step, span)?,
        other => {
            return Err(format!("`{step}` is below a {}, which has no keys", other.type_str()));
        }
    };
    put(child, rest, value, span)
}

/// Adds to a table the keys of another that it lacks. A table with a `kind` is complete.
fn overlay(node: &mut Node, defaults: Node) {
    let (DeValue::Table(table), DeValue::Table(defaults)) = (node.get_mut(), defaults.into_inner()) else {
        return;
    };
    if table.contains_key("kind") {
        return;
    }
    for (key, value) in defaults {
        match table.get_mut(key.get_ref().as_ref()) {
            Some(said) => overlay(said, value),
            None => {
                table.insert(key, value);
            }
        }
    }
}

/// Returns an item of a list by its number; the number after the last appends a table.
fn item<'a>(items: &'a mut DeArray<'static>, step: &str, span: &Span) -> Result<&'a mut Node, String> {
    let last = items.len();
    let number: usize = step
        .parse()
        .map_err(|_| format!("`{step}` is below a list, expected the number of an item from 0 to {last}"))?;
    if number == last {
        items.push(empty_table(span));
    }
    items
        .get_mut(number)
        .ok_or_else(|| format!("the list has {last} items, numbered from 0: there is no {number}"))
}

fn empty_table(span: &Span) -> Node {
    Spanned::new(span.clone(), DeValue::Table(DeTable::new()))
}

fn empty_list(span: &Span) -> Node {
    Spanned::new(span.clone(), DeValue::Array(DeArray::new()))
}

/// Returns the child of a node by one step, with the span of its key when it has one.
pub(super) fn child<'a>(node: &'a Node, step: &Step) -> Option<&'a Node> {
    match (node.get_ref(), step) {
        (DeValue::Table(table), Step::Key(key)) => table.get(key.as_str()),
        (DeValue::Array(items), Step::Item(number)) => items.get(*number),
        _ => None,
    }
}

/// Returns the children of a node: step, span of the key when there is one, value.
pub(super) fn children(node: &Node) -> Vec<(Step, Option<Span>, &Node)> {
    match node.get_ref() {
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| (Step::Key(key.get_ref().to_string()), Some(key.span()), value))
            .collect(),
        DeValue::Array(items) => {
            items.iter().enumerate().map(|(i, value)| (Step::Item(i), None, value)).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the node at `path`, to change.
pub(super) fn node_mut<'a>(root: &'a mut Node, path: &[Step]) -> Option<&'a mut Node> {
    path.iter().try_fold(root, |node, step| match (node.get_mut(), step) {
        (DeValue::Table(table), Step::Key(key)) => table.get_mut(key.as_str()),
        (DeValue::Array(items), Step::Item(number)) => items.get_mut(*number),
        _ => None,
    })
}

/// Takes the node at `path` out of the tree. The root stays.
pub(super) fn remove(root: &mut Node, path: &[Step]) {
    let Some((last, way)) = path.split_last() else { return };
    let Some(parent) = node_mut(root, way) else { return };
    match (parent.get_mut(), last) {
        (DeValue::Table(table), Step::Key(key)) => {
            table.remove(key.as_str());
        }
        (DeValue::Array(items), Step::Item(number)) => {
            let kept = std::mem::take(items).into_iter().enumerate().filter(|(i, _)| i != number);
            *items = kept.map(|(_, item)| item).collect();
        }
        _ => {}
    }
}
