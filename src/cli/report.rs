//! `plimsoll report`: charts and page again, from the files of a result.

use std::path::PathBuf;

use clap::Args;

use crate::input::InputError;
use crate::report::drawing::Drawing;
use crate::report::{charts, folder};

use super::output;

/// Draws charts and report.html of a result folder again.
///
/// The result may be of a run, a comparison, a sweep or a check. What is drawn is made of the files in it alone: the same result gives the same pictures, byte for byte.
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
    let drawing = Drawing::of(&args.result)?;
    let mut files = drawing.files();
    if args.png {
        files.extend(drawing.plots.iter().flat_map(charts::png_files));
    }
    folder::redraw(&args.result, &files)?;
    if args.quiet {
        return Ok(());
    }
    output::print(&format!("{} files drawn in {}\n", files.len(), args.result.display()))
}
