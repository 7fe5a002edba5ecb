//! Files of a result folder, read back.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use csv::{Reader, StringRecord};
use serde::de::DeserializeOwned;
use serde_json::Value;

use plimsoll_base::input::{InputError, Place, Problem};

/// Reads a JSON file that a result must have.
pub fn json(folder: &Path, name: &str) -> Result<Value, InputError> {
    typed(folder, name)
}

/// Reads a JSON file that a result must have, as a value of type `T`.
pub fn typed<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, InputError> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(|error| {
        let problem = Problem::new(Place::file(&path), format!("cannot be read: {error}"));
        problem.with_help("name a result folder, such as results/runs/quickstart")
    })?;
    let parsed = serde_json::from_str(&text);
    parsed.map_err(|error| broken(&path, &format!("{error}")).into())
}

/// Returns the path, if there is a file.
pub fn optional(path: PathBuf) -> Result<Option<PathBuf>, InputError> {
    match fs::metadata(&path) {
        Ok(_) => Ok(Some(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::new(Place::file(&path), format!("cannot be read: {error}")).into()),
    }
}

/// Returns the problem of a file that holds something else than plimsoll writes.
pub fn broken(path: &Path, found: &str) -> Problem {
    let problem = Problem::new(Place::file(path), format!("found what plimsoll did not write: {found}"));
    problem.with_help("make the result again with `plimsoll run`")
}

/// Opens a table; returns its reader and the names of its columns.
pub fn open(path: &Path) -> Result<(Reader<File>, Vec<String>), InputError> {
    let read = || {
        let mut reader = Reader::from_path(path)?;
        let names = reader.headers()?.iter().map(str::to_string).collect();
        Ok((reader, names))
    };
    read().map_err(|error: csv::Error| {
        Problem::new(Place::file(path), format!("cannot be read: {error}")).into()
    })
}

/// Calls a function with every row; an error names the line.
pub fn each_row(
    path: &Path,
    reader: &mut Reader<File>,
    mut take: impl FnMut(&StringRecord) -> Result<(), String>,
) -> Result<(), InputError> {
    let mut row = StringRecord::new();
    loop {
        match reader.read_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = row.position().map_or(0, csv::Position::line);
                take(&row).map_err(|found| broken(path, &format!("line {line}: {found}")))?;
            }
            Err(error) => return Err(broken(path, &error.to_string()).into()),
        }
    }
}

/// Reads the number in a cell.
pub fn number(cell: &str) -> Result<f64, String> {
    cell.parse().map_err(|_| format!("`{cell}` where a number is expected"))
}
