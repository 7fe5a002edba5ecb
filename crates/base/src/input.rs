//! Problems of input: place, what was found, what was expected, and how to mend it.
//!
//! A reader collects every problem it can find before it gives up, so that a person mends a file once.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::quote::shortened;

/// Place of a problem.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The file, or `None` for the command line.
    pub file: Option<PathBuf>,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column, from 1 \[characters\].
    pub column: Option<u64>,
    /// Dotted path of the key, name of the column, or option.
    pub key: Option<String>,
}

impl Place {
    /// Returns the place of a whole file.
    pub fn file(path: &Path) -> Place {
        Place { file: Some(path.to_path_buf()), ..Place::default() }
    }

    /// Returns the place of a key of the scenario by its dotted path, or of an option of the command line.
    pub fn key(name: &str) -> Place {
        Place { key: Some(name.to_string()), ..Place::default() }
    }

    /// Returns the same file at a line.
    pub fn at_line(mut self, line: u64) -> Place {
        self.line = Some(line);
        self
    }

    /// Returns the same place at a column \[characters, from 1\].
    pub fn at_column(mut self, column: u64) -> Place {
        self.column = Some(column);
        self
    }

    /// Returns the same place with the name of the key or table column.
    pub fn at_key(mut self, key: &str) -> Place {
        self.key = Some(key.to_string());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(file) = &self.file {
            let mut part = shortened(&file.display().to_string(), PLACE_MOST);
            if let Some(line) = self.line {
                part.push_str(&format!(":{line}"));
                if let Some(column) = self.column {
                    part.push_str(&format!(":{column}"));
                }
            }
            parts.push(part);
        }
        if let Some(key) = &self.key {
            parts.push(format!("`{}`", shortened(key, PLACE_MOST)));
        }
        out.write_str(&parts.join(": "))
    }
}

/// Problem of the input: place, what was found, what was expected, and how to mend it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Place.
    pub place: Place,
    /// Text of what was found and expected, one sentence.
    pub message: String,
    /// Help: a way to mend it, if there is one.
    pub help: Option<String>,
}

impl Problem {
    /// Returns a problem at `place`.
    pub fn new(place: Place, message: impl Into<String>) -> Problem {
        Problem { place, message: message.into(), help: None }
    }

    /// Returns the problem with a way to mend it.
    pub fn with_help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        if !place.is_empty() {
            write!(out, "{place}: ")?;
        }
        out.write_str(&shortened(&self.message, MESSAGE_MOST))?;
        if let Some(help) = &self.help {
            write!(out, "\n  help: {}", shortened(help, HELP_MOST))?;
        }
        Ok(())
    }
}

/// The most of a message that is shown \[characters\].
const MESSAGE_MOST: usize = 320;

/// The most of a key or a file that is shown \[characters\].
const PLACE_MOST: usize = 200;

/// The most of a help that is shown \[characters\]: a list of all known names.
const HELP_MOST: usize = 1200;

/// Every problem of one input, never empty. Exit code 2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputError(pub Vec<Problem>);

impl From<Problem> for InputError {
    fn from(problem: Problem) -> InputError {
        InputError(vec![problem])
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                out.write_str("\n")?;
            }
            problem.fmt(out)?;
        }
        Ok(())
    }
}

impl std::error::Error for InputError {}

/// A longer name is no misspelling, and comparing it takes the square of its length \[bytes\].
const NAME_MOST: usize = 100;

/// Returns the help for a misspelt name: the nearest known ones, or the whole list if it is short.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let mut near: Vec<(f64, &str)> = known
        .iter()
        .filter(|_| name.len() <= NAME_MOST)
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    if !near.is_empty() {
        let names: Vec<String> = near.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
        return Some(format!("did you mean {}?", names.join(" or ")));
    }
    if (1..=30).contains(&known.len()) {
        let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        return Some(format!("known: {}", names.join(", ")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_place_and_way_out() {
        let place = Place::file(Path::new("a.toml")).at_line(3).at_column(7).at_key("zones.0.name");
        let problem = Problem::new(place, "found 1, expected a string").with_help("put it in quotes");
        assert_eq!(
            problem.to_string(),
            "a.toml:3:7: `zones.0.name`: found 1, expected a string\n  help: put it in quotes"
        );
    }

    #[test]
    fn a_message_stays_readable_whatever_it_quotes() {
        let quoting = |cell: &str| {
            Problem::new(Place::default(), format!("found `{cell}`, expected a number")).to_string()
        };
        assert_eq!(quoting("1\n\u{1b}[2J"), "found `1\\n\\u{1b}[2J`, expected a number");
        let long = quoting(&"é".repeat(5_000_000));
        assert_eq!(long.chars().count(), 120 + 3 + 180);
        assert!(long.starts_with("found `éé") && long.ends_with("é`, expected a number"), "{long}");
        let just = "x".repeat(320 - "found ``, expected a number".len());
        assert!(!quoting(&just).contains('…') && quoting(&(just + "x")).contains('…'));
        assert_eq!(did_you_mean(&"m5.large".repeat(500_000), vec!["m5.large"; 100]), None);
    }

    #[test]
    fn near_names_come_first() {
        let known = ["best-fit", "first-fit", "worst-fit"];
        assert!(did_you_mean("bestfit", known).unwrap().starts_with("did you mean `best-fit`"));
        assert_eq!(did_you_mean("zzz", known).unwrap(), "known: `best-fit`, `first-fit`, `worst-fit`");
    }
}
