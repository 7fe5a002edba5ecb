//! `plimsoll report`: charts and page again, from the files of a result.

use std::path::PathBuf;

use clap::Args;

use crate::input::InputError;
use crate::report::reading::RunReading;
use crate::report::{charts, drawn, folder};

use super::output;

/// Draws charts and report.html of a result folder again.
///
/// They are made of the files in it alone: the same result gives the same pictures, byte for byte.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll report results/runs/quickstart
  plimsoll report results/runs/quickstart --png")]
pub struct ReportArgs {
    /// The result folder
    #[arg(value_name = "RESULT")]
    result: PathBuf,
    /// Draws each chart as PNG too, light and dark
    #[arg(long)]
    png: bool,
    /// Prints nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// Reads the result, draws, writes.
pub fn main(args: &ReportArgs) -> Result<(), InputError> {
    let run = RunReading::open(&args.result)?;
    let mut files = drawn(&run);
    if args.png {
        files.extend(charts::plots(&run).iter().flat_map(charts::png_files));
    }
    folder::redraw(&args.result, &files)?;
    if args.quiet {
        return Ok(());
    }
    output::print(&format!("{} files drawn in {}\n", files.len(), args.result.display()))
}
