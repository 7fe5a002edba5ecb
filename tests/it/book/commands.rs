//! The commands of the tutorial and of the how-tos, run in order as a reader would, page by page.
//!
//! A block `console` has command lines after `$ ` and below each what it prints; a line `...` stands for any lines
//! left out, `[..]` for any part of a line. A block `sh` is run, and what it prints is not looked at. Before a block
//! with a file in it stands `<!-- file: NAME -->`; before a block that is not to be run, `<!-- not run -->` and why.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use crate::markdown::{Piece, TOP, pages_of_the_book, pieces, text};

/// Step that a page has its reader do.
#[derive(Debug, PartialEq)]
enum Step {
    /// Write a file: its name and content.
    Write(String, String),
    /// Run a command; what it prints, where the page shows it.
    Run(String, Option<String>),
}

/// Returns what the last comment before a block says.
fn note(prose: &str) -> Option<&str> {
    let (_, comment) = prose.trim_end().strip_suffix("-->")?.rsplit_once("<!--")?;
    Some(comment.trim())
}

/// Returns what a page has its reader do, in order.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut before = String::new();
    for piece in pieces(page) {
        match piece {
            Piece::Prose(prose) => before = prose,
            Piece::Block(language, code) => {
                let note = note(&before).map(String::from);
                if note.as_deref().is_some_and(|note| note.starts_with("not run")) {
                    continue;
                }
                match (note.as_deref().and_then(|note| note.strip_prefix("file: ")), language.as_str()) {
                    (Some(name), _) => steps.push(Step::Write(name.to_string(), code)),
                    (None, "console") => steps.extend(session(&code)),
                    (None, "sh") => steps.push(Step::Run(code, None)),
                    _ => {}
                }
            }
        }
    }
    steps
}

/// The commands of a session with what they print.
fn session(code: &str) -> Vec<Step> {
    let commands = code.strip_prefix("$ ").expect("a session begins with a command").split("\n$ ");
    let step = |command: &str| {
        // A line that ends in a backslash goes on in the next.
        let (mut line, mut printed) = (String::new(), String::new());
        let mut in_command = true;
        for text in command.lines() {
            let target = if in_command { &mut line } else { &mut printed };
            target.push_str(text);
            target.push('\n');
            in_command &= text.ends_with('\\');
        }
        Step::Run(line, Some(printed))
    };
    commands.map(step).collect()
}

/// Returns whether a line is as shown; `[..]` stands for any part of it.
fn matches_line(shown: &str, line: &str) -> bool {
    match shown.split_once("[..]") {
        None => shown == line,
        Some((start, rest)) => line.strip_prefix(start).is_some_and(|line| {
            (0..=line.len()).any(|at| line.get(at..).is_some_and(|l| matches_line(rest, l)))
        }),
    }
}

/// Returns whether lines are as shown; `...` stands for any of them.
fn matches(shown: &[&str], lines: &[&str]) -> bool {
    match (shown, lines) {
        ([], []) => true,
        (["...", rest @ ..], lines) => (0..=lines.len()).any(|at| matches(rest, &lines[at..])),
        ([first, shown @ ..], [line, lines @ ..]) => {
            matches_line(first, line.trim_end()) && matches(shown, lines)
        }
        _ => false,
    }
}

/// A folder with the project's workloads and results in it, where a page is followed.
fn place() -> TempDir {
    let place = tempfile::tempdir().expect("a folder for a test");
    for folder in ["workloads", "results/baselines"] {
        let to = place.path().join(folder);
        fs::create_dir_all(to.parent().expect("a folder above")).expect("a folder for a test");
        std::os::unix::fs::symlink(Path::new(TOP).join(folder), to).expect("a link to the workloads");
    }
    place
}

/// Runs a command line in bash, with the program on the path.
fn run(place: &Path, command: &str) -> Output {
    let program = cargo_bin("plimsoll");
    let folder = program.parent().expect("a program is in a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut bash = Command::new("bash");
    bash.args(["-c", command])
        .current_dir(place)
        .env("PATH", format!("{folder}:{path}"))
        .env("COLUMNS", "100");
    bash.output().expect("bash is there")
}

/// Follows a page and returns how many commands it had.
fn follow(page: &str) -> usize {
    let place = place();
    let mut count = 0;
    for step in steps(&text(page)) {
        match step {
            Step::Write(name, content) => {
                let file = place.path().join(name);
                fs::create_dir_all(file.parent().expect("a folder above")).expect("a folder for a test");
                fs::write(file, content).expect("room for a file of a test");
            }
            Step::Run(command, shown) => {
                let output = run(place.path(), &command);
                let errors = String::from_utf8_lossy(&output.stderr);
                let printed = String::from_utf8_lossy(&output.stdout);
                let (failed, told) = match &shown {
                    // What a session shows of an error is what it is about: so it may fail.
                    Some(shown) => (!output.status.success() && !shown.contains("error"), errors.to_string()),
                    None => (!output.status.success(), errors.to_string()),
                };
                assert!(!failed, "{page}: `{command}` fails:\n{printed}\n{told}");
                if let Some(shown) = shown {
                    let all = format!("{printed}{errors}");
                    let (shown, lines): (Vec<&str>, Vec<&str>) =
                        (shown.lines().collect(), all.lines().collect());
                    assert!(matches(&shown, &lines), "{page}: `{command}` prints:\n{all}");
                }
                count += 1;
            }
        }
    }
    count
}

#[test]
fn the_tutorial_does_what_it_shows() {
    assert!(follow("docs/tutorial.md") >= 6, "the tutorial has lost commands");
}

#[test]
fn the_how_tos_do_what_they_show() {
    let how_tos = pages_of_the_book().into_iter().filter(|page| page.starts_with("docs/how-to/"));
    let count: usize = how_tos.map(|page| follow(&page)).sum();
    assert!(count > 15, "only {count} commands were found");
}

#[test]
fn sessions_are_read_as_meant() {
    let page = "Write it:\n<!-- file: a.txt -->\n```text\nx\n```\n\n```console\n$ cat \\\n  a.txt\nx\n$ true\n```\n\
        <!-- not run: it asks -->\n```sh\nrm -i\n```\n```sh\nls\n```\n";
    let expected = [
        Step::Write("a.txt".to_string(), "x\n".to_string()),
        Step::Run("cat \\\n  a.txt\n".to_string(), Some("x\n".to_string())),
        Step::Run("true\n".to_string(), Some(String::new())),
        Step::Run("ls\n".to_string(), None),
    ];
    assert_eq!(steps(page), expected);
}

#[test]
fn what_is_shown_may_leave_out_lines_and_parts() {
    let shown = ["a", "...", "took [..] s, seed 42"];
    assert!(matches(&shown, &["a", "took 0.3 s, seed 42"]));
    assert!(matches(&shown, &["a", "b", "c", "took 12 s, seed 42"]));
    assert!(!matches(&shown, &["a", "took 0.3 s, seed 43"]));
    assert!(!matches(&shown, &["b", "took 0.3 s, seed 42"]));
    assert!(!matches(&["a"], &["a", "b"]));
}
