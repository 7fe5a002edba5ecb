//! The interval form: one row per instance, with its start and its end.

use super::columns::{Column, OPTIONS, PARTS, SHAPE};
use super::options;
use super::reading::TraceReading;
use super::row::{Header, InOrder, TraceRow};
use crate::workload::call::{Action, Call, End, Launch};
use crate::workload::directory::Directory;
use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::persist;
use plimsoll_base::table::Table;
use plimsoll_base::table::clock::Clock;
use plimsoll_base::units::Time;

/// Columns a trace of intervals must have.
const REQUIRED: &[Column] = &[Column::Start, Column::End];

/// Columns it may have besides. An instance's name is for the reader: nothing in the form refers to it.
const OPTIONAL: &[&[Column]] = &[
    SHAPE,
    &[Column::Instance, Column::Account, Column::Zone, Column::Subnet, Column::PublicAddress],
    OPTIONS,
    PARTS,
];

/// Reader of intervals as launches with a known end.
#[derive(Debug)]
pub struct IntervalReader {
    table: Table,
    header: Header,
    start: usize,
    end: usize,
    clock: Clock,
    order: InOrder,
    last_event: Time,
}

persist! { IntervalReader {
    values: [order, last_event],
    nested: [table, clock],
    derived: [header, start, end],
} }

impl IntervalReader {
    /// Checks the header and returns every problem of it.
    pub fn new(mut table: Table, reading: &TraceReading) -> Result<IntervalReader, InputError> {
        let header = Header::new(&mut table, REQUIRED, OPTIONAL, true, reading)?;
        let position = |column| header.positions.of(column).expect("a required column is there");
        let (start, end) = (position(Column::Start), position(Column::End));
        let clock = Clock::new(&table, &[start, end], reading.origin_setting())?;
        let (order, last_event) = (InOrder::default(), Time::ZERO);
        Ok(IntervalReader { table, header, start, end, clock, order, last_event })
    }

    /// Returns the next launch, `None` after the last row.
    #[inline]
    pub fn next(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        if !self.table.advance()? {
            return Ok(None);
        }
        let table = &self.table;
        let mut row = TraceRow::new(table, &mut self.header, directory);
        let start = match row.is_empty(Column::Host) {
            true => self.clock.read(table, self.start),
            false => self.clock.read_or_start(table, self.start),
        };
        let at = row.take(start);
        let end = row.take(end(table, self.end, &mut self.clock, at));
        row.take(self.order.check(table, self.start, at));
        let kind = row.kind();
        let account = row.account();
        let options = options::shared(&mut row);
        if at > Time::ZERO {
            options::refuse_what_residents_say(&mut row, options.as_deref());
        }
        let launch = Launch {
            zone: row.zone(),
            subnet: row.subnet(),
            public_address: row.flag(Column::PublicAddress),
            options,
            ..Launch::of_trace(kind, end.map_or(End::Never, End::At))
        };
        row.finish()?;
        self.last_event = self.last_event.max(end.unwrap_or(at));
        Ok(Some(Call { at, account, action: Action::Launch(launch) }))
    }

    /// Returns whether its rows name their account.
    pub fn has_accounts(&self) -> bool {
        self.header.positions.of(Column::Account).is_some()
    }

    /// Returns the number of rows read so far whose size was rounded.
    pub fn rounded(&self) -> u64 {
        self.header.kinds.rounded()
    }

    /// Returns what was read otherwise than it is written.
    pub fn notes(&self) -> Vec<String> {
        self.header.notes(&self.table)
    }

    /// Returns the start of the first row, once it was read.
    pub fn first_event(&self) -> Option<Time> {
        self.order.first()
    }

    /// Returns the greatest start or end of the rows read so far.
    pub fn last_event(&self) -> Time {
        self.last_event
    }
}

/// Returns the end of the current row; `None` where it never ends.
#[inline]
fn end(table: &Table, column: usize, clock: &mut Clock, start: Time) -> Result<Option<Time>, Problem> {
    if table.cell(column).is_empty() {
        return Ok(None);
    }
    let end = clock.read(table, column).map_err(|problem| match table.cell(column) {
        b"inf" | b"Infinity" => problem.with_help("leave the cell empty where an instance never ends"),
        _ => problem,
    })?;
    if end < start {
        let reason = format!("is before its start ({} s)", start.as_seconds());
        return Err(table.wrong(column, reason, "`start_s` or later, or an empty cell"));
    }
    Ok(Some(end))
}
