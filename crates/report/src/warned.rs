//! Warnings of the runs of an experiment, gathered: each run might warn of the same.

use plimsoll_base::units::figures::grouped;

/// Most warnings that are shown.
const SHOWN: usize = 3;

/// Returns the warnings of runs, in the order in which they are first met, each with the number of runs that gave it.
pub fn gathered<'a>(runs: impl IntoIterator<Item = &'a [String]>) -> Vec<String> {
    let mut met: Vec<(&str, u64)> = Vec::new();
    let mut made = 0;
    for warnings in runs {
        made += 1;
        for warning in warnings {
            match met.iter_mut().find(|(text, _)| text == warning) {
                Some((_, times)) => *times += 1,
                None => met.push((warning, 1)),
            }
        }
    }
    let note = |(text, times): &(&str, u64)| {
        format!("Warning of {} of {} runs: {text}", grouped(*times), grouped(made))
    };
    let mut notes: Vec<String> = met.iter().take(SHOWN).map(note).collect();
    let more = met.len().saturating_sub(SHOWN) as u64;
    if more > 0 {
        let of = if more == 1 { "warning" } else { "warnings" };
        let more = grouped(more);
        notes.push(format!(
            "Not shown: {more} more {of}; `plimsoll run` with the seed of a run shows its own."
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_shown_once_with_the_runs_that_gave_it() {
        let runs = [vec!["late."], vec![], vec!["late.", "full."]];
        let runs = runs.map(|texts| texts.into_iter().map(String::from).collect::<Vec<_>>());
        let notes = gathered(runs.iter().map(Vec::as_slice));
        assert_eq!(notes, ["Warning of 2 of 3 runs: late.", "Warning of 1 of 3 runs: full."]);
        let many: Vec<String> = (0..1005).map(|i| format!("{i}.")).collect();
        let notes = gathered([many.as_slice()]);
        assert_eq!(notes.len(), SHOWN + 1);
        assert!(notes[SHOWN].starts_with("Not shown: 1,002 more warnings;"), "{notes:?}");
        let four = gathered([&many[..4]]);
        assert!(four[SHOWN].starts_with("Not shown: 1 more warning;"), "{four:?}");
        assert!(gathered([[].as_slice()]).is_empty());
    }
}
