//! Numbers over time: the tables of a result folder that have a row for each sampling interval.

use std::path::Path;

use crate::load::{broken, each_row, number, open};
use plimsoll_base::input::InputError;
use plimsoll_base::quote;

/// Numbers over time, by column.
#[derive(Clone, Debug, Default)]
pub struct Series {
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
}

impl Series {
    /// Reads a table whose cells are numbers or empty, but for dates beside the times. An empty one is not a number.
    pub fn read(path: &Path) -> Result<Series, InputError> {
        let (mut reader, mut names) = open(path)?;
        let date = without_dates(&mut names);
        let mut columns = vec![Vec::new(); names.len()];
        each_row(path, &mut reader, |row| {
            let numbers = row.iter().enumerate().filter(|(column, _)| Some(*column) != date);
            for (column, (_, cell)) in columns.iter_mut().zip(numbers) {
                column.push(if cell.is_empty() { f64::NAN } else { number(cell)? });
            }
            Ok(())
        })?;
        Ok(Series { names, columns })
    }

    /// Returns the names of the columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns a column; empty where there is none of this name.
    pub fn column(&self, name: &str) -> &[f64] {
        let position = self.names.iter().position(|known| known == name);
        position.map_or(&[], |position| &self.columns[position])
    }

    /// Returns the times \[s\] with the values of a rule for the rows of some columns; empty where a column is missing.
    pub fn points<const N: usize>(
        &self,
        columns: [&str; N],
        rule: impl Fn([f64; N]) -> f64,
    ) -> Vec<(f64, f64)> {
        let times = self.column("time_s");
        let columns = columns.map(|name| self.column(name));
        if columns.iter().any(|column| column.len() != times.len()) {
            return Vec::new();
        }
        let at = |i: usize| columns.map(|column| column[i]);
        times.iter().enumerate().map(|(i, time)| (*time, rule(at(i)))).collect()
    }
}

/// Name of the column of dates, behind that of times.
pub const DATES: &str = "time";

/// Takes the column of dates off the names; returns its position, if there is one.
fn without_dates(names: &mut Vec<String>) -> Option<usize> {
    let found = names.iter().position(|name| name == DATES)?;
    names.remove(found);
    Some(found)
}

/// Reads a table whose rows belong to things that a column names. Returns the series of each thing, in the order of its first
/// row. All other cells are numbers.
pub fn read_series_by(key: &str, path: &Path) -> Result<Vec<(String, Series)>, InputError> {
    let (mut reader, mut names) = open(path)?;
    let found = names.iter().position(|name| name == key);
    let key_column = found.ok_or_else(|| broken(path, &format!("no column `{key}`")))?;
    names.remove(key_column);
    // The dates come before.
    let date = without_dates(&mut names);
    let mut things: Vec<(String, Series)> = Vec::new();
    let mut next = 0;
    each_row(path, &mut reader, |row| {
        let name = quote::from_cell(row.get(key_column).unwrap_or_default());
        // Things alternate, so that the next is nearly always the one after the last.
        let is_next = things.get(next).is_some_and(|(known, _)| known == name);
        let found = if is_next { Some(next) } else { things.iter().position(|(known, _)| known == name) };
        let position = found.unwrap_or(things.len());
        if found.is_none() {
            let columns = vec![Vec::new(); names.len()];
            things.push((name.to_string(), Series { names: names.clone(), columns }));
        }
        let numbers =
            row.iter().enumerate().filter(|(column, _)| *column != key_column && Some(*column) != date);
        for (column, (_, cell)) in things[position].1.columns.iter_mut().zip(numbers) {
            column.push(number(cell)?);
        }
        next = if position + 1 < things.len() { position + 1 } else { 0 };
        Ok(())
    })?;
    Ok(things)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_to_the_thing_they_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control_plane.csv");
        std::fs::write(
            &path,
            "time_s,stage,waiting\n0,gateway,1\n0,queue,2\n9,gateway,3\n9,new,5\n9,queue,4\n",
        )
        .unwrap();
        let stages = read_series_by("stage", &path).unwrap();
        let waiting: Vec<(&str, &[f64])> =
            stages.iter().map(|(name, series)| (name.as_str(), series.column("waiting"))).collect();
        assert_eq!(waiting, [("gateway", &[1.0, 3.0][..]), ("queue", &[2.0, 4.0][..]), ("new", &[5.0][..])]);
        assert_eq!(stages[2].1.points(["waiting"], |[waiting]| waiting), [(9.0, 5.0)]);

        let message = read_series_by("subnet", &path).unwrap_err().to_string();
        assert!(message.contains("no column `subnet`"), "{message}");
    }
}
