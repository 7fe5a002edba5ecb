//! An ordinary mistake is told with its place, whatever else the scenario says.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use plimsoll::engine::random::{Purpose, Seed, Stream};
use plimsoll::input::InputError;
use plimsoll::scenario::{Overrides, Scenario};

/// Arrivals beside calls that take their accounts from them, which is the default.
const ARRIVALS_AND_CALLS: &str = "
    name = 'min'
    duration = '1h'
    zones = [{ name = 'z', hosts = [{ count = 4, vcpu = 8, memory_gib = 32 }] }]
    [[workload.arrivals]]
    process = { kind = 'poisson', per_hour = 20.0 }
    lifetime = { kind = 'exponential', mean = '10m' }
    types = { 'm5.large' = 1 }
    [[workload.calls]]
    process = { kind = 'poisson', per_hour = 1.0 }
    operations = { describe = 1 }";

fn parse(path: &Path, text: &str, set: &[&str]) -> Result<Scenario, InputError> {
    let overrides =
        Overrides { set: set.iter().map(ToString::to_string).collect(), seed: None, ..Overrides::default() };
    Scenario::parse(path, text, &overrides)
}

/// Returns what is told of a scenario with some settings changed.
fn told(set: &[&str]) -> String {
    parse(Path::new("s.toml"), ARRIVALS_AND_CALLS, set).expect_err("a mistake").to_string()
}

#[test]
fn a_mistake_in_arrivals_is_told_beside_calls_from_their_accounts() {
    let misspelt = ARRIVALS_AND_CALLS.replace("m5.large", "m5.lrage");
    let error = parse(Path::new("s.toml"), &misspelt, &[]).expect_err("a type that is none");
    assert_eq!(error.0.len(), 1, "{error}");
    let text = error.to_string();
    assert!(text.contains("s.toml:8:") && text.contains("did you mean `m5.large`"), "{text}");

    for (mistake, key) in [
        ("types={ 'm5.large' = -1 }", "types"),
        ("types={}", "types"),
        ("types={ 'm5.large' = 0 }", "types"),
        ("process={ kind = 'poisson', per_hour = -1.0 }", "process"),
        ("process={ kind = 'poisson', per_hour = inf }", "process"),
        ("process={ kind = 'constant', every = '0s' }", "process"),
        ("lifetime={ kind = 'exponential', mean = '0s' }", "lifetime"),
        ("lifetime={ kind = 'empirical', file = 'none.csv' }", "none.csv"),
        ("accounts=0", "accounts"),
        ("count=0", "count"),
        ("min_count=2", "min_count"),
        ("zone='y'", "zone"),
        ("subnet='s'", "subnet"),
        ("image='i'", "image"),
        ("group='g'", "group"),
        ("tenancy='deticated'", "tenancy"),
        ("reservation='r'", "reservation"),
        ("volumes=[{ device = '', size_gib = 0 }]", "volumes"),
        (
            "stops={ run = { kind = 'constant', value = '1s' }, stopped = { kind = 'constant', value = '0s' } }",
            "stopped",
        ),
        ("name=''", "name"),
        ("", ""),
    ] {
        // The second of two, so that calls may name the first, the second, or both.
        let second = "workload.arrivals.1={ process = { kind = 'constant', every = '1h' }, \
                      lifetime = { kind = 'constant', value = '1h' }, types = { 'm5.large' = 1 } }";
        for number in [0, 1] {
            for of in [
                "",
                "workload.calls.0.accounts_of=['arrivals-0']",
                "workload.calls.0.accounts_of=['arrivals-1']",
            ] {
                let change = format!("workload.arrivals.{number}.{mistake}");
                let set: Vec<&str> = [second, of, &change]
                    .into_iter()
                    .filter(|set| !set.is_empty() && !mistake.is_empty())
                    .collect();
                let found = parse(Path::new("s.toml"), ARRIVALS_AND_CALLS, &set);
                if let Err(error) = found {
                    let text = error.to_string();
                    assert!(text.contains(key), "{set:?}: {text}");
                } else {
                    assert!(mistake.is_empty() || mistake == "name=''", "{set:?} is let through");
                }
            }
        }
    }
    // Both are told where both are wrong.
    let text = told(&["workload.arrivals.0.accounts=0", "workload.calls.0.count=0"]);
    assert!(
        text.contains("workload.arrivals.0.accounts") && text.contains("workload.calls.0.count"),
        "{text}"
    );
}

/// A text in which one small thing is wrong.
fn spoil(text: &str, random: &mut Stream) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let said: Vec<usize> = (0..lines.len())
        .filter(|i| !lines[*i].trim().is_empty() && !lines[*i].trim().starts_with('#'))
        .collect();
    let at = said[random.below(said.len() as u64) as usize];
    let words = words(&lines[at]);
    let number = random.below(6);
    if words.is_empty() || number == 0 {
        lines.remove(at);
    } else if number == 1 {
        let again = lines[at].clone();
        lines.insert(at, again);
    } else {
        let (from, to) = words[random.below(words.len() as u64) as usize];
        let word = lines[at][from..to].to_string();
        let other = if word.starts_with(|c: char| c.is_ascii_digit()) {
            let numbers =
                ["-1", "0", "1e300", "4294967295", "4294967296", "nan", "1e-300", "18446744073709551615"];
            numbers[random.below(numbers.len() as u64) as usize].to_string()
        } else {
            let mut letters: Vec<char> = word.chars().collect();
            let place = random.below(letters.len() as u64) as usize;
            match random.below(4) {
                0 => drop(letters.remove(place)),
                1 => letters.insert(place, letters[place]),
                2 => letters.insert(place, '\u{202e}'),
                _ => letters[place] = 'x',
            }
            letters.into_iter().collect()
        };
        lines[at].replace_range(from..to, &other);
    }
    lines.join("\n")
}

/// Returns where the words and numbers of a line stand.
fn words(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut began = None;
    for (at, letter) in line.char_indices().chain([(line.len(), ' ')]) {
        let inside = letter.is_ascii_alphanumeric() || letter == '_';
        match (began, inside) {
            (None, true) => began = Some(at),
            (Some(from), false) => {
                found.push((from, at));
                began = None;
            }
            _ => {}
        }
    }
    found
}

/// The scenarios of the repository that are read in no time.
fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_string_lossy();
        name.ends_with(".toml") && !name.contains("million")
    });
    files
}

/// Reads a spoilt scenario; what is told must say something, and where.
fn read_spoilt(path: &Path, text: &str) -> bool {
    let read = catch_unwind(AssertUnwindSafe(|| parse(path, text, &[])));
    let Ok(read) = read else { panic!("{}:\n{text}", path.display()) };
    let Err(error) = read else { return false };
    assert!(!error.0.is_empty(), "{}: refused without a word:\n{text}", path.display());
    for problem in &error.0 {
        let has_place = problem.place.file.is_some() || problem.place.key.is_some();
        assert!(has_place && !problem.message.is_empty(), "{problem:?}:\n{text}");
    }
    true
}

#[test]
fn scenarios_with_a_letter_a_number_or_a_line_wrong_are_read_or_refused_with_a_place() {
    const OF_EACH: u64 = 120;
    let (mut refused, mut all) = (0, 0);
    for (number, file) in (0..).zip(scenarios()) {
        let text = fs::read_to_string(&file).unwrap();
        let mut random = Seed(number).stream(Purpose::Mix, 96);
        for _ in 0..OF_EACH {
            let mut spoilt = spoil(&text, &mut random);
            for _ in 0..random.below(3) {
                spoilt = spoil(&spoilt, &mut random);
            }
            refused += u64::from(read_spoilt(&file, &spoilt));
            all += 1;
        }
    }
    assert!(refused > all / 2, "{refused} of {all} were refused");
}

#[test]
fn drawn_worlds_with_something_wrong_are_read_or_refused_with_a_place() {
    let mut refused = 0;
    for seed in 0..300 {
        let (experiment, _) = crate::control_plane::draw(seed);
        let draws = [experiment, crate::worlds::draw(seed), crate::swarm_operations::draw(seed)];
        for (number, experiment) in (0..).zip(draws) {
            let mut random = Seed(seed).stream(Purpose::Mix, 97 + number);
            let spoilt = spoil(&experiment.toml(), &mut random);
            refused += u64::from(read_spoilt(&experiment.folder().join("scenario.toml"), &spoilt));
        }
    }
    assert!(refused > 300, "{refused} were refused");
}
