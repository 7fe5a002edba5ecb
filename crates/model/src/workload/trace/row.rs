//! A row of either form being read: its cells by column, and all their problems at once.

use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::sync::Arc;

use super::by_text::ByText;
use super::columns::{Column, OPTIONS, PARTS, Positions, SEPARATOR};
use super::kinds::{Kinds, note_on_rounding};
use super::reading::TraceReading;
use crate::workload::call::LaunchOptions;
use crate::workload::directory::{DEFAULT_ACCOUNT, Directory};
use crate::workload::handles::HandleBook;
use plimsoll_base::input::{InputError, Problem, did_you_mean};
use plimsoll_base::table::Table;
use plimsoll_base::table::clock::Clock;
use plimsoll_base::units::{AccountId, SubnetId, Time, TypeId, ZoneId};

/// Sets of launch options read so far, by the text of their cells.
#[derive(Debug)]
pub struct SharedOptions(pub ByText<Option<Arc<LaunchOptions>>>);

impl SharedOptions {
    /// Returns an empty memo of the columns of a header.
    pub fn new(positions: &Positions) -> SharedOptions {
        let columns: Vec<Column> = OPTIONS.iter().chain(PARTS).copied().collect();
        SharedOptions(ByText::new(positions.of_all(&columns)))
    }
}

/// Columns of a header, and what was read so far from the cells below it.
#[derive(Debug)]
pub struct Header {
    /// Positions of the columns.
    pub positions: Positions,
    /// Types and shapes.
    pub kinds: Kinds,
    /// Sets of launch options.
    pub options: SharedOptions,
}

impl Header {
    /// Prepares the reader of a table, or returns every problem of it. Every row has a type or shape where `shaped` is set.
    /// Cells of columns that may be left out hold no value where they say `NULL` or the like.
    pub fn new(
        table: &mut Table,
        required: &[Column],
        optional: &[&[Column]],
        shaped: bool,
        reading: &TraceReading,
    ) -> Result<Header, InputError> {
        let others_are_left_out = !reading.columns.is_empty();
        let positions =
            Positions::find(table, required, optional, others_are_left_out).map_err(InputError)?;
        let kinds = Kinds::new(table, &positions, shaped, reading.rounding())?;
        table.allow_null_words(positions.that_may_be_empty());
        let options = SharedOptions::new(&positions);
        Ok(Header { positions, kinds, options })
    }
}

impl Header {
    /// Returns what was read otherwise than it is written, a sentence each.
    pub fn notes(&self, table: &Table) -> Vec<String> {
        let mut notes = table.notes().to_vec();
        notes.extend(note_on_rounding(self.kinds.rounded()));
        notes
    }
}

/// The row that a table stands at. A cell that cannot be read is noted and counts as empty, so that the rest
/// of the row is read too; [`TraceRow::finish`] returns the problems.
pub struct TraceRow<'a> {
    /// The table.
    pub table: &'a Table,
    header: &'a mut Header,
    directory: &'a mut Directory,
    problems: Vec<Problem>,
    /// Clock of the times in its cells.
    clock: Option<Clock>,
}

impl<'a> TraceRow<'a> {
    /// Returns the row that `table` stands at.
    #[inline]
    pub fn new(table: &'a Table, header: &'a mut Header, directory: &'a mut Directory) -> TraceRow<'a> {
        TraceRow { table, header, directory, problems: Vec::new(), clock: None }
    }

    /// Returns every problem of the row, if it has one.
    #[inline]
    pub fn finish(self) -> Result<(), InputError> {
        if self.problems.is_empty() { Ok(()) } else { Err(InputError(self.problems)) }
    }

    /// Notes a problem.
    pub fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Notes a problem of the row as a whole.
    pub fn add_to_row(&mut self, found: impl Into<String>) {
        self.add(Problem::new(self.table.row_place(), found));
    }

    /// Returns true if nothing is wrong so far.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns the value, or its default once its problem is noted.
    #[inline]
    pub fn take<T: Default>(&mut self, result: Result<T, Problem>) -> T {
        result.unwrap_or_else(|problem| {
            self.problems.push(problem);
            T::default()
        })
    }

    /// Notes that a cell has a value, but a wrong one.
    pub fn wrong(&mut self, column: Column, reason: impl Display) {
        if let Some(position) = self.position(column) {
            self.add(self.table.wrong(position, reason, column.holds()));
        }
    }

    /// Notes that a cell has a value where it should have none.
    pub fn wrong_if_given(&mut self, column: Column, reason: impl Display) {
        if !self.is_empty(column) {
            self.wrong(column, reason);
        }
    }

    /// Returns the position of a column, if the table has it.
    pub fn position(&self, column: Column) -> Option<usize> {
        self.header.positions.of(column)
    }

    /// Returns whether a cell is empty or there is no such column.
    pub fn is_empty(&self, column: Column) -> bool {
        self.position(column).is_none_or(|position| self.table.cell(position).is_empty())
    }

    /// Returns the text of a cell; `None` where it is empty or there is no such column.
    #[inline]
    pub fn text(&mut self, column: Column) -> Option<&'a str> {
        let position = self.position(column)?;
        let table = self.table;
        let text = self.take(table.text(position).map(Some))?;
        if text.is_empty() { None } else { Some(text) }
    }

    /// Reads a cell by `parse`.
    pub fn parse<T, E: Display>(
        &mut self,
        column: Column,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(column)?) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.wrong(column, reason);
                None
            }
        }
    }

    /// Reads a whole number of digits alone.
    pub fn number<T: std::str::FromStr>(&mut self, column: Column) -> Option<T> {
        self.parse(column, whole_number)
    }

    /// Reads `true` or `false`, as Python and SQL write them too.
    pub fn flag(&mut self, column: Column) -> Option<bool> {
        let (truths, lies) = (["true", "True", "TRUE"], ["false", "False", "FALSE"]);
        self.word(column, truths.map(|word| (word, true)).into_iter().chain(lies.map(|word| (word, false))))
    }

    /// Reads a cell that holds one of some words.
    pub fn word<T>(
        &mut self,
        column: Column,
        words: impl IntoIterator<Item = (&'static str, T)>,
    ) -> Option<T> {
        let found = self.text(column)?;
        let mut known = Vec::new();
        for (word, value) in words {
            if word == found {
                return Some(value);
            }
            known.push(word);
        }
        let position = self.position(column)?;
        let problem = self.table.wrong(position, "is unknown", column.holds());
        self.add(match did_you_mean(found, known) {
            Some(help) => problem.with_help(help),
            None => problem,
        });
        None
    }

    /// Returns the one name in a cell.
    pub fn name(&mut self, column: Column) -> Option<&'a str> {
        self.parse(column, |text| {
            if text.contains(SEPARATOR) { Err("is several names, where one is taken") } else { Ok(text) }
        })
    }

    /// Returns the items of a cell that may hold several, in order.
    pub fn items(&mut self, column: Column) -> Vec<&'a str> {
        let Some(text) = self.text(column) else { return Vec::new() };
        let items: Vec<&str> = text.split(SEPARATOR).collect();
        if items.iter().any(|item| item.is_empty()) {
            self.wrong(column, "has an empty item");
        }
        items
    }

    /// Returns the items of a cell, each read by `parse`.
    pub fn parse_items<T, E: Display>(
        &mut self,
        column: Column,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Vec<T> {
        let items = self.items(column);
        items
            .into_iter()
            .filter(|item| !item.is_empty())
            .filter_map(|item| parse(item).map_err(|reason| self.wrong(column, reason)).ok())
            .collect()
    }

    /// Sets the clock by which the times in its cells become times of the run.
    #[inline]
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = Some(clock);
    }

    /// Returns the time in a cell, as a time of the run.
    pub fn time(&mut self, column: Column) -> Option<Time> {
        self.text(column)?;
        let position = self.position(column)?;
        let mut clock = self.clock.expect("rows with such a column have a clock");
        let time = clock.read(self.table, position).map(Some);
        self.take(time)
    }

    /// Returns the handle of the one name in a cell, as [`HandleBook`] numbers its kind.
    pub fn handle<H>(&mut self, column: Column, number: fn(&mut HandleBook, &str) -> H) -> Option<H> {
        let name = self.name(column)?;
        Some(number(&mut self.directory.handles, name))
    }

    /// Returns the handles of the names in a cell, in order.
    pub fn handles<H>(&mut self, column: Column, number: fn(&mut HandleBook, &str) -> H) -> Vec<H> {
        let names = self.items(column);
        names.into_iter().map(|name| number(&mut self.directory.handles, name)).collect()
    }

    /// Returns the names of a demand.
    pub fn directory(&mut self) -> &mut Directory {
        self.directory
    }

    /// Returns the account that asks.
    #[inline]
    pub fn account(&mut self) -> AccountId {
        let name = self.text(Column::Account).unwrap_or(DEFAULT_ACCOUNT);
        self.directory.account(name)
    }

    /// Returns the zone named.
    #[inline]
    pub fn zone(&mut self) -> Option<ZoneId> {
        let name = self.text(Column::Zone)?;
        let (table, position) = (self.table, self.position(Column::Zone)?);
        let zone = self.directory.zone(name, || table.place(position)).map(Some);
        self.take(zone)
    }

    /// Returns the subnet named.
    #[inline]
    pub fn subnet(&mut self) -> Option<SubnetId> {
        let name = self.text(Column::Subnet)?;
        let (table, position) = (self.table, self.position(Column::Subnet)?);
        let subnet = self.directory.subnet(name, || table.place(position)).map(Some);
        self.take(subnet)
    }

    /// Returns the type or shape asked for.
    #[inline]
    pub fn kind(&mut self) -> TypeId {
        let kind = self.header.kinds.read(self.table, self.directory);
        self.take(kind)
    }

    /// Returns the type or shape, where the row has one.
    pub fn kind_if_any(&mut self) -> Option<TypeId> {
        if self.header.kinds.is_left_out(self.table) { None } else { Some(self.kind()) }
    }

    /// Returns the family of instance types, where the row names one.
    pub fn family(&mut self) -> Option<String> {
        let family = self.name(Column::Family)?.to_string();
        let types = &self.directory.types;
        if types.has_family(&family) {
            return Some(family);
        }
        let position = self.position(Column::Family)?;
        let expected = "the family of an instance type, such as `m5`";
        let mut problem = self.table.wrong(position, "is no family of a known type", expected);
        problem.help = types.suggest_family(&family);
        self.problems.push(problem);
        None
    }

    /// Returns the sets of launch options that were read before.
    #[inline]
    pub fn shared_options(&mut self) -> &mut SharedOptions {
        &mut self.header.options
    }
}

/// Reads digits alone, without the sign that Rust's parser allows.
pub fn whole_number<T: std::str::FromStr>(text: &str) -> Result<T, &'static str> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is no whole number");
    }
    text.parse().map_err(|_| "is too large")
}

/// Check that rows come in time order.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize)]
pub struct InOrder {
    first: Option<Time>,
    latest: Time,
}

impl InOrder {
    /// Returns the time of the first row, once it was read.
    pub fn first(self) -> Option<Time> {
        self.first
    }

    /// Returns the time of the last row.
    pub fn latest(self) -> Time {
        self.latest
    }

    /// Takes the time of the next row, found in `column`.
    #[inline]
    pub fn check(&mut self, table: &Table, column: usize, time: Time) -> Result<(), Problem> {
        if time < self.latest {
            let reason = format!("is before the row above ({} s)", self.latest.as_seconds());
            let problem = table.wrong(column, reason, "rows in time order");
            return Err(problem.with_help(format!("sort the file by `{}`", table.header()[column])));
        }
        self.first.get_or_insert(time);
        self.latest = time;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_digits_alone() {
        assert_eq!(whole_number(" 16 "), Ok(16u32));
        for text in ["", "+1", "-1", "1.0", "1e3", "0x10"] {
            assert_eq!(whole_number::<u32>(text), Err("is no whole number"), "{text}");
        }
        assert_eq!(whole_number::<u16>("65536"), Err("is too large"));
    }
}
