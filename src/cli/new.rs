//! `plimsoll new`: a commented scenario that runs, to be changed.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::source::name_of;
use super::{examples, output};
use crate::input::{InputError, Place, Problem};

/// Write a commented scenario that runs as it is.
///
/// A file that is there is never replaced.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll new mine.toml
  plimsoll new mine.toml --template trace     writes mine-trace.csv and mine-hosts.csv too
  plimsoll run mine.toml")]
pub struct NewArgs {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "scenario.toml")]
    file: PathBuf,
    /// Template to begin with
    #[arg(long, value_enum, default_value_t = Template::Fleet)]
    template: Template,
}

/// Scenarios to begin with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Template {
    /// Hosts in two zones under drawn demand: how many are enough
    Fleet,
    /// A trace of your own on your own hosts
    Trace,
    /// An API with workers, a database and clients that retry: what breaks first
    Api,
}

impl Template {
    fn scenario(self) -> &'static str {
        match self {
            Template::Fleet => include_str!("templates/fleet.toml"),
            Template::Trace => include_str!("templates/trace.toml"),
            Template::Api => include_str!("templates/api.toml"),
        }
    }

    /// Returns the ending and content of the files beside the scenario, which the template names as `NAME-ENDING`.
    fn further_files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Template::Trace => &[
                ("trace.csv", include_str!("templates/trace.csv")),
                ("hosts.csv", include_str!("templates/hosts.csv")),
            ],
            Template::Fleet | Template::Api => &[],
        }
    }
}

/// Writes the files and says how to run them.
pub fn main(args: &NewArgs) -> Result<(), InputError> {
    let name = name_of(&args.file);
    let further: Vec<(PathBuf, &str)> = args
        .template
        .further_files()
        .iter()
        .map(|(ending, text)| (args.file.with_file_name(format!("{name}-{ending}")), *text))
        .collect();
    let paths = further.iter().map(|(path, _)| path).chain([&args.file]);
    refuse_if_there(paths.map(PathBuf::as_path))?;
    for (path, text) in &further {
        examples::write(path, text.as_bytes())?;
    }
    let text = args.template.scenario().replace("NAME", &name);
    examples::write(&args.file, text.as_bytes())?;
    let file = args.file.display();
    output::print(&format!(
        "wrote {file}\n  plimsoll run {file}        runs it\n  plimsoll validate {file}   checks it after a change\n"
    ))
}

/// Refuses to write over files of a person.
fn refuse_if_there<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<(), InputError> {
    let there: Vec<Problem> = paths
        .filter(|path| path.exists())
        .map(|path| {
            Problem::new(Place::file(path), "found a file, expected none of this name")
                .with_help("name another file: plimsoll new OTHER.toml")
        })
        .collect();
    if there.is_empty() { Ok(()) } else { Err(InputError(there)) }
}
