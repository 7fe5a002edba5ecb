//! `plimsoll report`: charts and page again, from the files of a result.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::journal::Journal;
use super::output;
use crate::input::{InputError, Place, Problem};
use crate::report::render::Rendering;
use crate::report::run::latency;
use crate::report::{ResultFolder, charts, folder, manifest};

/// Draw charts and report.html of a result folder again.
///
/// The result may be of a run, a comparison, a sweep, a sizing, a recommendation or a check. Only the files in it are read: the same result
/// gives the same pictures, byte for byte.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll report results/runs/quickstart
  plimsoll report results/runs/quickstart --png --pdf
  plimsoll report results/runs/monday results/runs/tuesday --merge results/runs/both")]
pub struct ReportArgs {
    /// The result folder; several with --merge
    #[arg(value_name = "RESULT", required = true)]
    results: Vec<PathBuf>,
    /// Add up the histograms of several runs instead, exactly, and write latency.csv and latency/ of all of them
    #[arg(long, value_name = "DIR", conflicts_with_all = ["png", "pdf"])]
    merge: Option<PathBuf>,
    /// Draw each chart as PNG too, light and dark
    #[arg(long)]
    png: bool,
    /// Draw each chart as PDF too, for papers
    #[arg(long)]
    pdf: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// Reads the result, draws, writes.
pub fn main(args: &ReportArgs) -> Result<(), InputError> {
    if let Some(place) = &args.merge {
        return merge(&args.results, place, args.quiet);
    }
    let [result] = args.results.as_slice() else {
        let problem = Problem::new(Place::key("RESULT"), "found several, expected one result to draw");
        return Err(problem.with_help("draw one after the other, or add them up with `--merge DIR`").into());
    };
    let rendering = Rendering::of(result)?;
    let mut files = rendering.files();
    if args.png {
        files.extend(rendering.plots.iter().flat_map(charts::png_files));
    }
    if args.pdf {
        files.extend(rendering.plots.iter().map(charts::pdf_file));
    }
    folder::redraw(result, &files)?;
    if args.quiet {
        return Ok(());
    }
    output::print(&format!("{} files drawn in {}\n", files.len(), result.display()))
}

/// Writes the histograms of several runs together, as a result of its own.
fn merge(results: &[PathBuf], place: &Path, quiet: bool) -> Result<(), InputError> {
    let journal = Journal::begin(&results[0]);
    let folder = ResultFolder::begin(place)?;
    for file in latency::merged(results)? {
        folder.write(&file.name, &file.bytes)?;
    }
    let of: Vec<String> = results.iter().map(|result| result.to_string_lossy().into_owned()).collect();
    let manifest = manifest::bytes(json!({ "histograms_of": of }), &journal.close(0.0, 1));
    folder.write(manifest::FILE, &manifest)?;
    let place = folder.publish()?;
    if quiet {
        return Ok(());
    }
    output::print(&format!("histograms of {} results in {}\n", results.len(), place.display()))
}
