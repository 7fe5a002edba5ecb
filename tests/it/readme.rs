//! Truth of the documents: their commands are those of the program, their figures those of its runs.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll::scenario::{Overrides, Scenario};

use crate::command_line::plimsoll;
use crate::markdown::{TOP, blocks, command_lines, pages_of_the_book, text};
use crate::support::RANDOM_STRATEGIES;

/// Documents with commands in them, beside the pages of the book.
const DOCUMENTS: [&str; 5] =
    ["README.md", "ARCHITECTURE.md", "workloads/README.md", "notebooks/README.md", "adapters/README.md"];

/// The pages of the book that people write.
fn written_pages() -> impl Iterator<Item = String> {
    pages_of_the_book().into_iter().filter(|page| !page.starts_with("docs/reference/"))
}

#[test]
fn the_two_commands_come_first_and_are_what_ci_runs() {
    let blocks = blocks(&text("README.md"), "sh");
    let script = text(".ci/run");
    for command in [&blocks[0], &blocks[1]] {
        let command = command.trim_end();
        assert_eq!(command.lines().count(), 1, "{command}");
        assert!(script.lines().any(|line| line == command), "`{command}` is no line of .ci/run");
    }
    assert!(blocks[0].contains("workloads/scenarios/quickstart.toml") && blocks[1].contains("test"));
}

/// The words of a command line after the program. Names for the reader to fill in, such as SCENARIO, are left out, with the
/// options that they are values of.
fn given_words(line: &str) -> Vec<String> {
    let is_name = |word: &str| {
        !word.starts_with('-')
            && word.chars().any(char::is_uppercase)
            && !word.chars().any(char::is_lowercase)
    };
    let mut words: Vec<String> = Vec::new();
    for word in
        shlex::split(line).unwrap_or_else(|| panic!("a quote is left open: {line}")).into_iter().skip(1)
    {
        if !is_name(&word) {
            words.push(word);
        } else if words.last().is_some_and(|last| last.starts_with('-')) {
            words.pop();
        }
    }
    words
}

#[test]
fn every_command_line_in_the_documents_is_one_of_the_program() {
    let place = tempfile::tempdir().unwrap();
    let mut count = 0;
    for document in DOCUMENTS.map(String::from).into_iter().chain(written_pages()) {
        for line in command_lines(&text(&document)) {
            let words = given_words(&line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            // Help ends every line before it acts.
            let output = plimsoll(place.path(), &[&words[..], &["--help"]].concat()).output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{document}: `{line}`: {message}");
            count += 1;
        }
    }
    assert!(count > 15, "only {count} command lines were found");
}

#[test]
fn the_scenario_of_the_readme_can_be_run() {
    let place = tempfile::tempdir().unwrap();
    for block in blocks(&text("README.md"), "toml") {
        fs::write(place.path().join("web.toml"), block).unwrap();
        let run = ["run", "web.toml", "--quiet", "--set", "duration=3d"];
        plimsoll(place.path(), &run).assert().success();
    }
}

#[test]
fn the_summary_of_the_readme_is_that_of_the_quickstart() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let words = ["run", "workloads/scenarios/quickstart.toml", "-o", out.to_str().expect("a plain path")];
    let output = plimsoll(Path::new(TOP), &words).env("COLUMNS", "80").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    // Speed, memory and the folder are not the scenario's.
    let lasting = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains("events/s") && !line.starts_with("results in"));
        lines
            .map(|line| {
                line.rsplit_once(", ")
                    .filter(|_| line.starts_with("digest"))
                    .map_or(line, |(digest, _)| digest)
            })
            .map(String::from)
            .collect()
    };
    let shown = &blocks(&text("README.md"), "text")[0];
    assert_eq!(lasting(shown), lasting(&printed), "\n{printed}");
}

/// The cells of every row of the first table in a page, without the marks of verdicts.
fn first_table(page: &str) -> Vec<Vec<String>> {
    let rows =
        page.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cell = |text: &str| text.trim().trim_end_matches([' ', '▲', '▼', '=', '≈', '·']).to_string();
    rows.map(|row| row.trim_matches('|').split('|').map(cell).collect()).collect()
}

/// The strategy of a row, which may be called the baseline behind its name.
fn name_of(row: &[String]) -> &str {
    row[0].split(' ').next().expect("a first cell")
}

#[test]
fn the_readme_compares_every_strategy_as_published() {
    let readme = text("README.md");
    let published = first_table(&text("results/published/strategies/comparison.md"));
    let columns =
        ["launch.failed", "hosts_used_mean", "packing_density_vcpu_mean", "stranded_memory_ratio_mean"]
            .map(|name| published[0].iter().position(|column| column.contains(name)).expect("a column"));
    let rows = &published[2..];
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        let name = name_of(row);
        let shown = columns.map(|column| row[column].as_str()).join(" | ");
        assert!(readme.contains(&format!("| `{name}` | {shown} |")), "`{name}`: {shown}");
    }
}

#[test]
fn the_published_comparison_is_what_its_command_gives() {
    let place = tempfile::tempdir().unwrap();
    let command =
        command_lines(&text("README.md")).into_iter().find(|line| line.contains("--strategies all"));
    let command = command.expect("the README says how it was made").replace("--replications 20", "-R 1");
    let out = place.path().join("out");
    let more = ["--quiet", "-o", out.to_str().expect("a plain path")];
    let words: Vec<&str> = command.split(' ').skip(1).chain(more).collect();
    plimsoll(Path::new(TOP), &words).assert().success();
    let table = |path: PathBuf| first_table(&fs::read_to_string(path.join("comparison.md")).unwrap());
    let published = table(Path::new(TOP).join("results/published/strategies"));
    let made = table(out);
    // Strategies that draw at random are means of more seeds there. One that is newer than the table is not in it.
    for published in published.iter().filter(|row| !RANDOM_STRATEGIES.contains(&name_of(row))) {
        let made = made.iter().find(|row| name_of(row) == name_of(published));
        assert_eq!(made, Some(published));
    }
}

#[test]
fn the_size_in_the_readme_is_the_smallest() {
    let readme = text("README.md");
    let shown = blocks(&readme, "text")
        .into_iter()
        .find(|block| block.contains(" is the smallest found with which "));
    let shown = shown.expect("the README sizes something").replace('\n', " ");
    let answer = shown.split(' ').nth(2).expect("PATH = ANSWER").replace(',', "");
    let answer: u64 = answer.parse().expect("a number of hosts");
    let command = command_lines(&readme).into_iter().find(|line| line.starts_with("plimsoll size "));
    let command = command.expect("the README says how").replace('\'', "");
    // The search itself is tested elsewhere: here it gets no more than the two values that decide.
    let (place, from, to) = (tempfile::tempdir().unwrap(), (answer - 1).to_string(), answer.to_string());
    let more = ["--from", &from, "--to", &to, "-o", place.path().to_str().expect("a plain path")];
    let words: Vec<&str> = command.split_whitespace().skip(1).chain(more).collect();
    let output = plimsoll(Path::new(TOP), &words).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap().replace('\n', " ");
    assert!(printed.contains(shown.trim()), "{shown}\n{printed}");
}

#[test]
fn the_chart_of_the_readme_is_drawn_from_the_published_comparison() {
    let readme = text("README.md");
    let link = readme.split("](").find(|rest| rest.contains(".svg)")).expect("the README has a chart");
    let chart = link.split(')').next().expect("a link ends");
    let published = Path::new(TOP).join("results/published/strategies");
    let place = tempfile::tempdir().unwrap();
    for file in ["comparison.json", "manifest.json"] {
        fs::copy(published.join(file), place.path().join(file)).unwrap();
    }
    plimsoll(place.path(), &["report", ".", "--quiet"]).assert().success();
    let within = chart.strip_prefix("results/published/strategies/").expect("it lies with the comparison");
    let drawn = fs::read_to_string(place.path().join(within)).unwrap();
    assert!(drawn == text(chart), "{chart} is not what `plimsoll report results/published/strategies` draws");
}

fn scenarios() -> Vec<PathBuf> {
    let folder = fs::read_dir(Path::new(TOP).join("workloads/scenarios")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_scenario_of_the_project_is_sound_and_in_the_readme() {
    let readme = text("README.md");
    for path in scenarios() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(readme.contains(&format!("| `{name}` | ")), "{name} is not in the README");
        // A trace that stands there for certain takes the place of the one that may not be given away.
        let trace = format!("workload.trace='{TOP}/workloads/traces/openb.csv.gz'");
        let set = if name == "huawei" { vec![trace] } else { Vec::new() };
        let scenario = Scenario::read(&path, &Overrides { set, seed: None, ..Overrides::default() });
        let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scenario.name, name, "a scenario is named like its file");
    }
}

#[test]
fn a_trace_that_is_not_there_is_told_as_the_readme_says() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join("workloads/scenarios")).unwrap();
    let scenario = "workloads/scenarios/huawei.toml";
    fs::copy(Path::new(TOP).join(scenario), place.path().join(scenario)).unwrap();
    let output = plimsoll(place.path(), &["run", scenario]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    let shown = format!("$ plimsoll run {scenario}\n{message}");
    assert!(blocks(&text("README.md"), "text").contains(&shown), "{shown}");
}
