//! The operations form: one row per call. [`register`] lists the columns of each operation; a file per family of
//! operations reads them.

mod instances;
mod network;
mod placement;
pub mod register;
mod security_groups;
mod storage;

use super::columns::{Column, OPTIONS, SHAPE};
use super::reading::TraceReading;
use super::row::{Header, InOrder, TraceRow};
use crate::operation::Operation;
use crate::workload::call::Call;
use crate::workload::directory::Directory;
use plimsoll_base::input::{InputError, Problem, did_you_mean};
use plimsoll_base::persist;
use plimsoll_base::table::Table;
use plimsoll_base::table::clock::Clock;
use plimsoll_base::units::Time;
use register::UnusedColumns;

/// Columns a trace of operations must have. `instance` may be empty where an operation needs none.
const REQUIRED: &[Column] = &[Column::Time, Column::Op, Column::Instance];

/// Columns it may have besides.
const OPTIONAL: &[&[Column]] = &[
    SHAPE,
    OPTIONS,
    &[
        Column::Account,
        Column::Zone,
        Column::Subnet,
        Column::Count,
        Column::MinCount,
        Column::PublicAddress,
        Column::Filters,
        Column::PageSize,
        Column::TagKeys,
        Column::Volume,
        Column::Device,
        Column::Size,
        Column::VolumeType,
        Column::Iops,
        Column::Throughput,
        Column::Snapshot,
        Column::MultiAttach,
        Column::Public,
        Column::SecurityGroup,
        Column::Vpc,
        Column::Source,
        Column::Destination,
        Column::Protocol,
        Column::Ports,
        Column::From,
        Column::To,
        Column::SourcePort,
        Column::Address,
        Column::Interface,
        Column::Reassociate,
        Column::GroupStrategy,
        Column::Partitions,
        Column::Open,
        Column::Expires,
        Column::Family,
        Column::AutoPlacement,
        Column::HostRecovery,
    ],
];

/// Reader of calls.
#[derive(Debug)]
pub struct OperationReader {
    table: Table,
    header: Header,
    refused: UnusedColumns,
    time: usize,
    op: usize,
    clock: Clock,
    order: InOrder,
}

persist! { OperationReader {
    values: [order],
    nested: [table, clock],
    derived: [header, refused, time, op],
} }

impl OperationReader {
    /// Checks the header and returns every problem of it.
    pub fn new(mut table: Table, reading: &TraceReading) -> Result<OperationReader, InputError> {
        let header = Header::new(&mut table, REQUIRED, OPTIONAL, false, reading)?;
        let position = |column| header.positions.of(column).expect("a required column is there");
        let (time, op) = (position(Column::Time), position(Column::Op));
        let clock = Clock::new(&table, &[time], reading.origin_setting())?;
        let (refused, order) = (UnusedColumns::new(&header.positions), InOrder::default());
        Ok(OperationReader { table, header, refused, time, op, clock, order })
    }

    /// Returns the next call, `None` after the last row.
    pub fn next(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        if !self.table.advance()? {
            return Ok(None);
        }
        let table = &self.table;
        let mut row = TraceRow::new(table, &mut self.header, directory);
        let at = row.take(self.clock.read(table, self.time));
        row.set_clock(self.clock);
        row.take(self.order.check(table, self.time, at));
        let account = row.account();
        let operation = row.take(operation(table, self.op).map(Some));
        let action = operation.and_then(|operation| {
            self.refused.check(&mut row, operation);
            register::entry(operation).read(&mut row)
        });
        row.finish()?;
        let action = action.expect("a row without problems has an action");
        Ok(Some(Call { at, account, action }))
    }

    /// Returns whether its rows name their account.
    pub fn has_accounts(&self) -> bool {
        self.header.positions.of(Column::Account).is_some()
    }

    /// Returns what was read otherwise than it is written.
    pub fn notes(&self) -> Vec<String> {
        self.header.notes(&self.table)
    }

    /// Returns the time of the first row, once it was read.
    pub fn first_event(&self) -> Option<Time> {
        self.order.first()
    }

    /// Returns the time of the last row read.
    pub fn last_event(&self) -> Time {
        self.order.latest()
    }
}

fn operation(table: &Table, column: usize) -> Result<Operation, Problem> {
    let word = table.text(column)?;
    Operation::named(word).ok_or_else(|| {
        let problem = table.wrong(column, "is unknown", Column::Op.holds());
        match did_you_mean(word, Operation::ALL.iter().map(|operation| operation.name())) {
            Some(help) => problem.with_help(help),
            None => problem.with_help("workloads/README.md lists all operations"),
        }
    })
}

#[cfg(test)]
mod tests;
