//! The settings by which a trace is read as its own writer meant it: names of columns, origin of times, rounding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

use super::columns::Column;
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::table::Table;
use plimsoll_base::table::clock::{ClockOrigin, OriginSetting};
use plimsoll_base::units::Rounding;

/// Settings of the reading of a trace.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TraceReading {
    /// Moment of the trace's clock at which the run starts.
    pub origin: Option<ClockOrigin>,
    /// Names of its columns, where they are others.
    pub columns: ColumnNames,
    /// Sizes finer than their unit are rounded up.
    pub round: bool,
}

impl TraceReading {
    /// Returns the setting of the origin, for the clock of the trace.
    pub fn origin_setting(&self) -> OriginSetting {
        let or_else = "; `plimsoll trace describe` takes `--trace-origin`";
        OriginSetting { origin: self.origin, key: "workload.trace_origin", or_else }
    }

    /// Returns what becomes of a size that is finer than its unit.
    pub fn rounding(&self) -> Rounding {
        if self.round { Rounding::Up } else { Rounding::Refused }
    }

    /// Gives the columns of a table the names of the forms: those stated, and those that are alike. Where names are stated,
    /// columns that no form has are left unread, and noted.
    ///
    /// # Errors
    /// A column that is stated and is not there.
    pub fn name_columns(&self, table: &mut Table) -> Result<(), Problem> {
        for (column, name) in &self.columns.0 {
            table.rename(name, column_of(column)?.name())?;
        }
        table.rename_alike(Column::ALL.iter().map(|column| column.name()));
        if !self.columns.0.is_empty() {
            let is_known = |name: &&String| Column::ALL.iter().any(|column| column.name() == **name);
            let unread: Vec<&str> =
                table.header().iter().filter(|name| !is_known(name)).map(String::as_str).collect();
            if !unread.is_empty() {
                table.add_note(format!("columns that no form has are not read: {}", unread.join(", ")));
            }
        }
        Ok(())
    }
}

/// `workload.trace_columns`: for columns of a form, their names in the trace.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ColumnNames(pub BTreeMap<String, String>);

impl ColumnNames {
    /// Returns true if the columns have the names of the form.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads `start=launch_time,end=terminate_time`.
impl FromStr for ColumnNames {
    type Err = String;

    fn from_str(text: &str) -> Result<ColumnNames, String> {
        let mut names = BTreeMap::new();
        for item in text.split(',').filter(|item| !item.trim().is_empty()) {
            let pair = item.split_once('=').map(|(column, name)| (column.trim(), name.trim()));
            let Some((column, name)) = pair.filter(|(column, name)| !column.is_empty() && !name.is_empty())
            else {
                return Err(format!("found `{item}`, expected COLUMN=NAME, such as start=launch_time"));
            };
            column_of(column).map_err(|problem| problem.message)?;
            if names.insert(column.to_string(), name.to_string()).is_some() {
                return Err(format!("found `{column}` twice, expected one name for it"));
            }
        }
        Ok(ColumnNames(names))
    }
}

/// Returns the column of a name, which may leave out the unit: `start` is `start_s`.
fn column_of(name: &str) -> Result<Column, Problem> {
    let without_unit = |column: &Column| column.name().rsplit_once('_').is_some_and(|(stem, _)| stem == name);
    let found = Column::ALL.iter().find(|column| column.name() == name);
    match found.or_else(|| Column::ALL.iter().find(|column| without_unit(column))) {
        Some(column) => Ok(*column),
        None => {
            let problem = Problem::new(
                Place::key("workload.trace_columns"),
                format!("found `{name}`, expected a column of a trace"),
            );
            Err(match did_you_mean(name, Column::ALL.iter().map(|column| column.name())) {
                Some(help) => problem.with_help(help),
                None => problem,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_read_with_and_without_their_unit() {
        let names: ColumnNames = "start=launch_time, end_s=Ended,memory=ram".parse().unwrap();
        let pairs: Vec<_> = names.0.iter().map(|(column, name)| (column.as_str(), name.as_str())).collect();
        assert_eq!(pairs, [("end_s", "Ended"), ("memory", "ram"), ("start", "launch_time")]);
        assert_eq!(column_of("memory").unwrap(), Column::Memory);
        for (text, expected) in [
            ("start", "expected COLUMN=NAME"),
            ("start=", "expected COLUMN=NAME"),
            ("begin=x", "found `begin`, expected a column of a trace"),
            ("start=a,start=b", "found `start` twice"),
        ] {
            let message = text.parse::<ColumnNames>().unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
