//! Format of a foreign file that is imported without its name: by header, or by its first rows.

use std::path::Path;

use super::{FORMATS, Format, Layout, PublishedForm, Reading, Record, find_columns};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::{Table, is_standard_input};

/// Rows that are tried.
const ROWS: usize = 100;

impl Format {
    /// Returns the one format that a file has, or a folder.
    ///
    /// # Errors
    /// None, or several of them.
    pub fn of(input: &Path) -> Result<&'static Format, InputError> {
        if is_standard_input(input) {
            let problem =
                Problem::new(Place::key("--format"), "found nothing, expected the format of standard input");
            return Err(problem.with_help("`plimsoll list traces` lists them").into());
        }
        let found: Vec<&Format> = FORMATS.iter().filter(|format| format.is_that_of(input)).collect();
        match found[..] {
            [format] => Ok(format),
            [] => {
                // What cannot be read at all says more than that it has no format.
                let found = match input.is_dir() {
                    true => "a folder".to_string(),
                    false => format!("the columns `{}`", Table::open(input)?.header().join(",")),
                };
                let message = format!(
                    "found {found}, expected one of the formats of traces, by its header and first rows"
                );
                let help = "name it by `--format`; `plimsoll list traces` lists them, and a table with other columns is read \
                            by `--columns`";
                Err(Problem::new(Place::file(input), message).with_help(help).into())
            }
            _ => {
                let names: Vec<String> = found.iter().map(|format| format!("`{}`", format.name)).collect();
                let message = format!("found rows that may be {}", names.join(" or "));
                Err(Problem::new(Place::file(input), message).with_help("name one by `--format`").into())
            }
        }
    }

    fn is_that_of(&self, input: &Path) -> bool {
        match &self.source {
            PublishedForm::Table { layout, record, .. } => {
                !input.is_dir() && reads(input, *layout, *record).is_some()
            }
            PublishedForm::Folder { is, .. } => input.is_dir() && is(input),
        }
    }
}

/// Returns something if the header and the first rows are those of a format.
fn reads(input: &Path, layout: Layout, record: fn(&Record) -> Result<Reading, Problem>) -> Option<()> {
    let mut table = Table::open_as(input, layout.dialect()).ok()?;
    let cells = find_columns(&table, layout.columns).ok()?;
    let mut rows = 0;
    while rows < ROWS && table.advance().ok()? {
        record(&Record { table: &table, cells: &cells }).ok()?;
        rows += 1;
    }
    // A header without rows still names its format.
    (rows > 0 || layout.has_header).then_some(())
}
