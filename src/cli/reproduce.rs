//! `plimsoll reproduce`: published figures, computed again.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement};

use super::{Conclusion, arguments, output};
use crate::disk::{WholeFile, cannot_write};
use crate::experiment::reproduce::{PublishedFigure, STUDIES, Study};
use crate::input::InputError;
use crate::report::terminal::ruled;

/// Compute the figures of a publication again, and print published, ours and difference.
///
/// Figures that follow from the data alone must be equal in every printed digit; those that depend on draws that cannot
/// be repeated have a tolerance. Exit code 1 means that one is not.
#[derive(Args, Debug)]
#[command(after_help = format!("Examples:\n  plimsoll reproduce huawei-wait --data huawei-east-1\n\nStudies:\n{}", studies()))]
pub struct ReproduceArgs {
    /// The study
    #[arg(value_name = "NAME")]
    name: String,
    /// The folder with its data
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Write the table as Markdown too
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    common: arguments::Common,
}

/// Returns the studies, a line each.
fn studies() -> String {
    let lines = STUDIES.iter().map(|study| format!("  {:<12} {}", study.name, study.description));
    lines.collect::<Vec<_>>().join("\n")
}

/// Computes the figures and prints them.
pub fn main(args: &ReproduceArgs) -> Result<Conclusion, InputError> {
    args.common.limit_threads();
    let study = Study::named(&args.name)?;
    let figures = study.run(&args.data)?;
    if let Some(file) = &args.output {
        write_file(file, &markdown(study, &figures))?;
    }
    if args.common.json {
        output::print_json(&figures)?;
    } else if !args.common.quiet {
        output::print(&tell(&figures, output::width()))?;
    }
    let holds = figures.iter().all(PublishedFigure::holds);
    if holds {
        return Ok(Conclusion::Done);
    }
    args.common.tell_failure(|| {
        let off = figures.iter().filter(|figure| !figure.holds());
        let off: Vec<&str> = off.map(|figure| figure.name.as_str()).collect();
        format!(
            "{}: {} of {} figures are not those published: {}",
            study.name,
            off.len(),
            figures.len(),
            off.join(", ")
        )
    });
    Ok(Conclusion::CheckFailed)
}

fn write_file(path: &Path, text: &str) -> Result<(), InputError> {
    let mut file = WholeFile::create(path)?;
    file.write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
    Ok(file.finish()?)
}

/// Returns the difference of a figure as text: 0 where every printed digit is equal.
fn difference(figure: &PublishedFigure) -> String {
    if figure.ours == figure.published {
        return "0".to_string();
    }
    figure.difference().map_or_else(|| "differs".to_string(), |difference| format!("{difference:+.6}"))
}

/// Returns a sentence on how many figures hold.
fn sentence(figures: &[PublishedFigure]) -> String {
    let equal = figures.iter().filter(|figure| figure.ours == figure.published).count();
    let holding = figures.iter().filter(|figure| figure.holds()).count();
    let all = figures.len();
    if equal == all {
        return format!("All {all} figures are equal in every printed digit.");
    }
    format!(
        "{equal} of {all} figures are equal in every printed digit; {} differ beyond tolerance.",
        all - holding
    )
}

/// Returns the figures as a table for a terminal, and a sentence.
fn tell(figures: &[PublishedFigure], width: u16) -> String {
    let mut table = ruled(["table", "figure", "published", "ours", "difference"]);
    for figure in figures {
        let PublishedFigure { table: of, name, published, ours, .. } = figure;
        table.add_row([of, name, published, ours, &difference(figure)]);
    }
    for column in 2..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    format!("{}\n\n{}\n", table.trim_fmt(), sentence(figures))
}

/// Returns the figures as a page in Markdown.
fn markdown(study: &Study, figures: &[PublishedFigure]) -> String {
    let Study { name, description, source, .. } = study;
    let mut text = format!(
        "# {name}\n\n{description}.\nPublished in: {source}.\n\nMade by `plimsoll reproduce {name}`, version {}. {}\n",
        env!("CARGO_PKG_VERSION"),
        sentence(figures)
    );
    let mut table = "";
    for figure in figures {
        if figure.table != table {
            table = &figure.table;
            write!(text, "\n## {table}\n\n| figure | published | ours | difference |\n|---|--:|--:|--:|\n")
                .expect("a string takes anything");
        }
        let PublishedFigure { name, published, ours, .. } = figure;
        writeln!(text, "| {name} | {published} | {ours} | {} |", difference(figure)).expect("a string");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(ours: &str, tolerance: Option<f64>) -> PublishedFigure {
        let [table, name] = ["waits [s]", "2 hosts"].map(str::to_string);
        PublishedFigure { table, name, published: "1.5".to_string(), ours: ours.to_string(), tolerance }
    }

    #[test]
    fn what_differs_is_told() {
        let equal = tell(&[figure("1.5", None)], 100);
        assert!(equal.contains("All 1 figures are equal in every printed digit."), "{equal}");
        let differing = tell(&[figure("1.5", None), figure("1.25", None), figure("1.6", Some(0.5))], 100);
        assert!(differing.contains("-0.25") && differing.contains("1 of 3 figures"), "{differing}");
        assert!(differing.contains("1 differ beyond tolerance"), "{differing}");
        let page = markdown(&STUDIES[0], &[figure("1.5", None)]);
        assert!(page.contains("## waits [s]\n") && page.contains("| 2 hosts | 1.5 | 1.5 | 0 |"), "{page}");
    }
}
