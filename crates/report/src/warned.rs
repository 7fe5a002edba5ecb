//! Warnings of the runs of an experiment, gathered by kind: each run might warn of the same, with numbers of its own.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::figures::grouped;

/// Most kinds of warnings that are told in words.
const SHOWN: usize = 3;

/// Units of durations that may follow a number of a warning, and that change with it.
const UNITS: [&str; 6] = ["d", "h", "min", "s", "ms", "µs"];

/// Kind of warning that runs gave.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GatheredWarning {
    /// The warning, as the first of the runs gave it.
    pub text: String,
    /// Number of runs that gave it.
    pub runs: u64,
    /// True if other runs gave it with other numbers.
    pub numbers_differ: bool,
}

/// Warnings of runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gathered {
    /// Kinds, in the order in which they are first met.
    pub kinds: Vec<GatheredWarning>,
    /// Number of runs that were looked at.
    pub runs: u64,
}

impl Gathered {
    /// Gathers the warnings of runs.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a [String]>) -> Gathered {
        let mut met: Vec<(String, GatheredWarning)> = Vec::new();
        let mut made = 0;
        for warnings in runs {
            made += 1;
            let mut of_run: Vec<String> = Vec::new();
            for text in warnings {
                let kind = kind(text);
                let is_new_in_run = !of_run.contains(&kind);
                match met.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, warning)) => {
                        warning.runs += u64::from(is_new_in_run);
                        warning.numbers_differ |= warning.text != *text;
                    }
                    None => {
                        let first = GatheredWarning { text: text.clone(), runs: 1, numbers_differ: false };
                        met.push((kind.clone(), first));
                    }
                }
                of_run.push(kind);
            }
        }
        Gathered { kinds: met.into_iter().map(|(_, warning)| warning).collect(), runs: made }
    }

    /// Returns a sentence for each of the first kinds, and one on those that are left out.
    pub fn sentences(&self) -> Vec<String> {
        let note = |warning: &GatheredWarning| {
            let of = format!("Warning of {} of {} runs", grouped(warning.runs), grouped(self.runs));
            let numbers = if warning.numbers_differ { ", with the numbers of the first" } else { "" };
            format!("{of}{numbers}: {}", warning.text)
        };
        let mut notes: Vec<String> = self.kinds.iter().take(SHOWN).map(note).collect();
        let more = self.kinds.len().saturating_sub(SHOWN) as u64;
        if more > 0 {
            let of = if more == 1 { "warning" } else { "warnings" };
            let more = grouped(more);
            notes.push(format!(
                "Not shown: {more} more {of}; `plimsoll run` with the seed of a run shows its own."
            ));
        }
        notes
    }
}

/// Returns a warning without its numbers, which differ between runs. Numbers in names, which stand in backticks, are kept.
fn kind(text: &str) -> String {
    let mut kind = String::new();
    for (number, piece) in text.split('`').enumerate() {
        let is_name = number % 2 == 1;
        match is_name {
            true => kind += &format!("`{piece}`"),
            false => kind += &without_numbers(piece),
        }
    }
    kind
}

/// Returns a text with a mark for each number or duration of several numbers and units.
fn without_numbers(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in text.split(' ') {
        let after_number = words.last() == Some(&"#");
        let is_number = word.trim_start_matches(['(', '-', '$']).starts_with(|c: char| c.is_ascii_digit());
        let is_unit = after_number && UNITS.contains(&word.trim_end_matches([',', '.', ':', ';']));
        match (is_number, after_number) {
            (true, false) => words.push("#"),
            (false, _) if !is_unit => words.push(word),
            _ => {}
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(runs: &[&[&str]]) -> Gathered {
        let runs: Vec<Vec<String>> =
            runs.iter().map(|texts| texts.iter().map(|text| text.to_string()).collect()).collect();
        Gathered::of(runs.iter().map(Vec::as_slice))
    }

    #[test]
    fn a_warning_is_shown_once_with_the_runs_that_gave_it() {
        let notes = gathered(&[&["late."], &[], &["late.", "full."]]).sentences();
        assert_eq!(notes, ["Warning of 2 of 3 runs: late.", "Warning of 1 of 3 runs: full."]);
        assert_eq!(gathered(&[&["late.", "late."]]).kinds[0].runs, 1, "runs are counted, not warnings");
        assert!(gathered(&[&[]]).sentences().is_empty());
    }

    #[test]
    fn few_kinds_are_told_in_words() {
        let many: Vec<String> = (0..1005).map(|i| format!("`{i}` is full.")).collect();
        let notes = Gathered::of([many.as_slice()]).sentences();
        assert_eq!(notes.len(), SHOWN + 1);
        assert!(notes[SHOWN].starts_with("Not shown: 1,002 more warnings;"), "{notes:?}");
        let four = Gathered::of([&many[..4]]).sentences();
        assert!(four[SHOWN].starts_with("Not shown: 1 more warning;"), "{four:?}");
    }

    #[test]
    fn warnings_that_differ_only_in_numbers_are_of_a_kind() {
        let hosts = ["of 7 the worst leaves 3.", "of 1,200 the worst leaves 14."];
        let one = gathered(&[&hosts[..1], &hosts[1..]]);
        assert_eq!(one.kinds.len(), 1, "{one:?}");
        let first = "Warning of 2 of 2 runs, with the numbers of the first: of 7 the worst leaves 3.";
        assert_eq!(one.sentences(), [first]);
        let durations = ["comes at 3 s, after 3 s of", "comes at 90.5 s, after 20,089 d 3 h of"];
        assert_eq!(gathered(&[&durations]).kinds.len(), 1);
        // Names tell parts of the cloud apart, and words tell warnings apart.
        assert_eq!(gathered(&[&["the queue of `web-1` grew", "the queue of `web-2` grew"]]).kinds.len(), 2);
        assert_eq!(gathered(&[&["7 hosts wait", "7 racks wait"]]).kinds.len(), 2);
    }
}
