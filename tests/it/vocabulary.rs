//! The words of docs/glossary.md: names that were given up stand nowhere, comments begin with what an item is, and no text
//! sends its reader to a document that is not here.

use std::fs;
use std::path::{Path, PathBuf};

/// Names that were given up, with the term of the field that took their place.
const RETIRED: &[(&str, &str)] = &[
    ("Perils", "FaultState"),
    ("aboard", "instances of a host"),
    ("go_aboard", "allocate"),
    ("befall", "apply a host event"),
    ("Fate", "Eviction"),
    ("Seat", "Allocation"),
    ("tenure", "placement groups, dedicated hosts, capacity reservations"),
    ("Living", "LiveInstances"),
    ("Chronicle", "RowRecorder"),
    ("chronicle", "record"),
    ("Outlook", "HeadroomSampler"),
    ("look_if_due", "sample_if_due"),
    ("Told", "ObservationLog"),
    ("OwnNote", "Observation"),
    ("tell_again", "replay"),
    ("Novelty", "Idempotency"),
    ("heed_options", "apply_options"),
    ("Happening", "DigestEvent"),
    ("Unasked", "Disruptions"),
    ("Misfit", "RestoreError"),
    ("Garbled", "Corrupt"),
    ("Freedom", "MutableKey"),
    ("FREEDOMS", "MUTABLE_KEYS"),
    ("Chooser", "Selector"),
    ("Sight", "RankingInputs"),
    ("Barrier", "FilterReason"),
    ("KeptOut", "Filtered"),
    ("Considered", "ScoredHost"),
    ("Course", "JobPath"),
    ("Moving", "ShortQueue"),
    ("Alarm", "PlaneTimer"),
    ("foresight", "prefetch"),
    ("Presence", "Occupancy"),
    ("Audience", "ProgressListener"),
    ("Witness", "TrialObserver"),
    ("Question", "SizingPlan"),
    ("carry_out", "run"),
];

/// Words for persons that a reader cannot point at, in comments, messages and documents.
const VAGUE: [&str; 4] = ["somebody", "nobody", "whoever", "anybody"];

/// First words of a comment that do not say what an item is or does.
const HEADS: [&str; 16] = [
    "What", "Who", "Whom", "Whose", "How", "Whether", "It", "One", "Those", "Where", "Which", "That", "This",
    "They", "Somebody", "Nobody",
];

/// References to documents that are not in the repository.
const ELSEWHERE: [&str; 3] = ["ec2-lld", "contract, section", "design document"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files of some endings below some folders, with their text; this file is left out, as it holds the words.
fn texts(folders: &[&str], endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut texts = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted))
            && !path.ends_with("tests/it/vocabulary.rs")
        {
            texts.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(texts.len() > 10, "{folders:?} holds hardly a file");
    texts
}

const CODE: &[&str] = &["crates", "src", "tests", "benches", "examples"];

/// Words of a text: letters, digits and `_`.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Lines that hold one of some words, as `file:line: word`.
fn lines_with(
    texts: &[(PathBuf, String)],
    is_meant: impl Fn(&str) -> Option<String>,
    part: impl Fn(&str) -> &str,
) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in texts {
        for (number, line) in text.lines().enumerate() {
            let meant = words(part(line)).find_map(&is_meant);
            found.extend(meant.map(|word| format!("{}:{}: {word}", path.display(), number + 1)));
        }
    }
    found
}

/// Code of a line, up to its first string or comment.
fn code(line: &str) -> &str {
    line.split(['"']).next().and_then(|code| code.split("//").next()).unwrap_or_default()
}

#[test]
fn retired_names_stand_nowhere() {
    let retired = |word: &str| {
        let entry = RETIRED.iter().find(|(name, _)| *name == word);
        entry.map(|(name, term)| format!("`{name}`, now {term}"))
    };
    let found = lines_with(&texts(CODE, &["rs"]), retired, code);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn texts_name_persons_that_can_be_pointed_at() {
    let vague = |word: &str| {
        let small = word.to_lowercase();
        VAGUE.contains(&small.as_str()).then_some(small)
    };
    let mut texts = texts(&["crates", "src", "docs", "examples"], &["rs", "md"]);
    let page = |name: &str| (root().join(name), fs::read_to_string(root().join(name)).unwrap());
    texts.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(page));
    let found = lines_with(&texts, vague, |line| line);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn comments_begin_with_what_an_item_is_or_does() {
    let mut found = Vec::new();
    for (path, text) in texts(&["crates", "src", "examples", "tests", "benches"], &["rs"]) {
        let mut before = "";
        for (number, line) in text.lines().enumerate() {
            let head = ["/// ", "//! "].into_iter().find_map(|mark| {
                let begins = !before.trim_start().starts_with(mark.trim_end());
                line.trim_start().strip_prefix(mark).filter(|_| begins)
            });
            let first = head.and_then(|head| words(head).next());
            if let Some(first) = first.filter(|first| HEADS.contains(first)) {
                found.push(format!("{}:{}: {first} …", path.display(), number + 1));
            }
            before = line;
        }
    }
    assert!(found.is_empty(), "{} comments:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_text_refers_to_a_document_that_is_not_here() {
    let mut found = Vec::new();
    for (path, text) in
        texts(&["crates", "src", "tests", "docs", "benches", "examples"], &["rs", "md", "toml"])
    {
        for (number, line) in text.lines().enumerate() {
            let reference = ELSEWHERE.iter().find(|reference| line.contains(**reference));
            found
                .extend(reference.map(|reference| format!("{}:{}: {reference}", path.display(), number + 1)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_glossary_has_the_terms_that_took_the_place_of_others() {
    let glossary = fs::read_to_string(Path::new(&root()).join("docs/glossary.md")).unwrap().to_lowercase();
    for term in ["allocation", "eviction", "observation", "headroom", "filter", "occupancy", "sizing"] {
        assert!(glossary.contains(term), "the glossary lacks `{term}`");
    }
}
