//! `plimsoll check`: holds a result to a committed baseline.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::file_kind::{self, FileKind};
use super::journal::Journal;
use super::{Conclusion, arguments, output};
use crate::disk::{WholeFile, cannot_write};
use crate::experiment::baseline::Baseline;
use crate::experiment::margin::Margin;
use crate::experiment::{Figures, metric};
use crate::input::{InputError, Place, Problem};
use crate::report;
use crate::report::check::{CheckData, markdown, terminal};
use crate::report::{ResultFolder, render};
use crate::summary;

/// Check the result of a run against a baseline.
///
/// A run depends on its scenario alone, so every figure must be exactly as it was unless the baseline gives it a
/// tolerance. A figure that is better passes; one that is worse, or changed where no direction is good, fails.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll check results/runs/quickstart --baseline results/baselines/quickstart.toml
  plimsoll check results/runs/mine --baseline mine.toml --update
  plimsoll check results/runs/mine --baseline mine.toml --metrics launch,fleet --tolerance 1%
  plimsoll check results/runs/mine --baseline mine.toml --markdown --annotate
  plimsoll check results/runs/mine --baseline mine.toml -o results/runs/mine-check

Exit codes: 0 nothing is worse, 1 something is, 2 the two cannot be held against
each other.")]
pub struct CheckArgs {
    /// The result folder of a run
    #[arg(value_name = "RESULT")]
    result: PathBuf,
    /// The baseline (TOML); those of the project are in results/baselines/
    #[arg(long, value_name = "FILE")]
    baseline: PathBuf,
    /// Write the baseline of this result: a new one, or the values of the old one anew
    #[arg(long)]
    update: bool,
    /// Check these metrics alone, or whole tables of them such as launch
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', conflicts_with = "update")]
    metrics: Vec<String>,
    /// Tolerance to the bad of every figure that has none in the baseline: a share such as 1%, or a number in its unit
    #[arg(long, value_name = "MARGIN", value_parser = Margin::parse_tolerance, conflicts_with = "update")]
    tolerance: Option<Margin>,
    /// Print Markdown, for the summary of a job or a pull request
    #[arg(long, conflicts_with_all = ["json", "update"])]
    markdown: bool,
    /// Print an annotation of GitHub Actions for each figure that fails, before anything else
    #[arg(long, conflicts_with_all = ["json", "update"])]
    annotate: bool,
    /// Write the check as a result folder too, with its page
    #[arg(short, long, value_name = "DIR", conflicts_with = "update")]
    output: Option<PathBuf>,
    #[command(flatten)]
    common: arguments::Common,
}

/// Reads both, and prints the differences or rewrites the baseline.
pub fn main(args: &CheckArgs) -> Result<Conclusion, InputError> {
    let (figures, version) = read_result(&args.result)?;
    if args.update {
        return update(args, &figures).map(Conclusion::from);
    }
    file_kind::expect(&args.baseline, FileKind::Baseline)?;
    let baseline = read_baseline(&args.baseline)?;
    let baseline = baseline.ok_or_else(|| {
        Problem::new(Place::file(&args.baseline), "found no such file, expected a baseline")
            .with_help("--update makes one of the result")
    })?;
    let baseline = match &args.metrics[..] {
        [] => baseline,
        names => baseline.only(names, &Place::key("--metrics"))?,
    };
    let baseline = match args.tolerance {
        Some(margin) => baseline.with_tolerance(margin),
        None => baseline,
    };
    let place = Place::file(&args.baseline);
    let checked = baseline.check(&figures, &version, &place)?;
    let mut check = CheckData::of(&baseline, &figures, &checked);
    if !args.metrics.is_empty() {
        let is_named = |path: &String| args.metrics.iter().any(|name| metric::below(path, name).is_some());
        check.not_held.retain(is_named);
    }
    if let Some(place) = &args.output {
        let journal = Journal::begin(&args.baseline);
        let folder = ResultFolder::begin(place)?;
        render::publish(folder, &report::check::files(&check, &journal.close(0.0, 1)))?;
    }
    if args.annotate {
        output::print(&markdown::annotations(&check))?;
    }
    let mut text = if args.markdown { markdown::page(&check) } else { terminal::text(&check) };
    if check.fails && !args.markdown {
        let (result, baseline) = (args.result.display(), args.baseline.display());
        text += &format!("If this is meant: plimsoll check {result} --baseline {baseline} --update\n");
    }
    match (args.common.json, args.common.quiet) {
        (true, _) => {
            output::print_json(&report::json(&check))?;
        }
        (false, true) => {}
        _ => output::print(&text)?,
    }
    if !check.fails {
        return Ok(Conclusion::Done);
    }
    args.common.tell_failure(|| terminal::reason(&check));
    Ok(Conclusion::CheckFailed)
}

/// Rewrites the baseline, or makes it.
fn update(args: &CheckArgs, figures: &Figures) -> Result<(), InputError> {
    let earlier = read_baseline(&args.baseline)?;
    if let Some(earlier) = earlier.as_ref().filter(|earlier| earlier.scenario != figures.scenario) {
        let message = format!(
            "the baseline is of scenario `{}`, the result of `{}`",
            earlier.scenario, figures.scenario
        );
        let problem = Problem::new(Place::file(&args.baseline), message);
        return Err(problem.with_help("name another file, or delete this one first").into());
    }
    let baseline = Baseline::of(figures, earlier.as_ref());
    write(&args.baseline, &baseline.text())?;
    let lost: Vec<&str> = (earlier.iter().flat_map(|earlier| earlier.metrics.keys()))
        .filter(|path| !baseline.metrics.contains_key(*path))
        .map(String::as_str)
        .collect();
    let lost = match lost.is_empty() {
        true => String::new(),
        false => format!("; gone, since the result has none: {}", lost.join(", ")),
    };
    let done = format!("{} holds {} figures{lost}\n", args.baseline.display(), baseline.metrics.len());
    if args.common.quiet || args.common.json { Ok(()) } else { output::print(&done) }
}

/// Replaces a file wholly or not at all.
fn write(path: &Path, text: &str) -> Result<(), InputError> {
    let written = || -> Result<(), Problem> {
        let mut file = WholeFile::create(path)?;
        file.write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
        file.finish()
    };
    written().map_err(|problem| problem.with_help("name a file in a folder that can be written").into())
}

/// Returns the baseline in a file, if there is such a file.
fn read_baseline(path: &Path) -> Result<Option<Baseline>, InputError> {
    match fs::read_to_string(path) {
        Ok(text) => Baseline::parse(path, &text).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::new(Place::file(path), format!("cannot be read: {error}")).into()),
    }
}

/// Returns the figures of a result folder, and the version of plimsoll that made it.
fn read_result(folder: &Path) -> Result<(Figures, String), InputError> {
    let refuse = |message: String| {
        let problem = Problem::new(Place::file(folder), message);
        InputError::from(
            problem.with_help("name the result folder of a `plimsoll run`, such as results/runs/quickstart"),
        )
    };
    let read = |name: &str| {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        serde_json::from_str::<Value>(&text).ok()
    };
    if !folder.is_dir() {
        return Err(refuse("found no such folder, expected a result".to_string()));
    }
    let (Some(summary), Some(manifest)) = (read("summary.json"), read("manifest.json")) else {
        return Err(refuse("found no summary.json and manifest.json of a run in it".to_string()));
    };
    if summary["schema"] != summary::SCHEMA {
        let message = format!("found a summary of {}, expected `{}`", summary["schema"], summary::SCHEMA);
        return Err(refuse(message));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let mut figures = Figures::from_summary(&summary);
    figures.scenario_sha256 = text(&manifest["scenario_sha256"]);
    Ok((figures, text(&summary["version"])))
}
