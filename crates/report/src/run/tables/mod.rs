//! `tables/*.parquet`: a table for each kind of resource, ready for DuckDB and polars.
//! `docs/tables.md` describes them, and a test compares the two.
//!
//! A table is its list of columns in `columns` and a line in [`TABLES`].

mod columns;

use std::io;

use crate::run::{Opened, Out, Streamed};
use plimsoll_base::columnar::{ColumnValue, Field, ParquetWriter};
use plimsoll_base::units::Calendar;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;
use plimsoll_sim::cloud::rows::TableRow;

/// Pattern of the files.
pub const FILES: &str = "tables/*.parquet";

/// Makes the register from one line for each table: name, row, columns, contents.
macro_rules! tables {
    ($($name:literal, $row:ident, $columns:ident, $holds:literal;)*) => {
        /// Every table.
        pub const TABLES: &[&dyn AnyTable] = &[$(&Table {
            name: $name,
            file: concat!("tables/", $name, ".parquet"),
            holds: $holds,
            columns: columns::$columns,
            of: |row| match row {
                TableRow::$row(row) => Some(row),
                _ => None,
            },
        },)*];
    };
}

#[rustfmt::skip]
tables! {
    "instances", Instance, INSTANCES, "Every instance, as it was in the end";
    "instance_tags", InstanceTag, INSTANCE_TAGS, "Every tag of an instance, as it was in the end";
    "security_groups", SecurityGroup, SECURITY_GROUPS, "Every security group there is at the end";
    "security_group_rules", SecurityGroupRule, SECURITY_GROUP_RULES, "Every rule of a security group there is at the end";
    "images", Image, IMAGES, "Every image";
    "volumes", Volume, VOLUMES, "Every volume, as it was in the end";
    "volume_attachments", VolumeAttachment, VOLUME_ATTACHMENTS, "Every time of a volume at an instance";
    "snapshots", Snapshot, SNAPSHOTS, "Every snapshot";
    "instance_metrics", InstanceMetric, INSTANCE_METRICS, "Four figures of every instance, a row each";
    "billing_records", BillingRecord, BILLING_RECORDS, "Every stretch of time that is billed";
}

/// A table, whatever its rows are.
pub trait AnyTable: Sync {
    /// Returns the name.
    fn name(&self) -> &'static str;
    /// Returns the file in the result folder.
    fn file(&self) -> &'static str;
    /// Returns the contents, one line.
    fn holds(&self) -> &'static str;
    /// Returns the columns with their meanings, in order.
    fn columns(&self) -> Vec<(Field<'static>, &'static str)>;
    /// Begins it in an open file.
    fn begin(&self, out: Out, calendar: Calendar) -> Opened;
}

/// A table of rows of one sort.
struct Table<R: 'static> {
    name: &'static str,
    file: &'static str,
    holds: &'static str,
    columns: &'static [Column<R>],
    /// The row, if it is one of this table.
    of: fn(&TableRow) -> Option<&R>,
}

/// Function that makes a cell of a row.
type CellOf<R> = for<'a> fn(&'a R, &Names<'a>) -> ColumnValue<'a>;

/// A column of a table of such rows.
struct Column<R> {
    field: Field<'static>,
    meaning: &'static str,
    cell: CellOf<R>,
}

/// Names and dates of the numbers in a row.
struct Names<'a> {
    directory: &'a Directory,
    calendar: Calendar,
}

/// A table being written.
struct Sheet<R: 'static> {
    columns: &'static [Column<R>],
    of: fn(&TableRow) -> Option<&R>,
    calendar: Calendar,
    writer: ParquetWriter<Out>,
}

impl<R: 'static> AnyTable for Table<R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn file(&self) -> &'static str {
        self.file
    }

    fn holds(&self) -> &'static str {
        self.holds
    }

    fn columns(&self) -> Vec<(Field<'static>, &'static str)> {
        self.columns.iter().map(|column| (column.field, column.meaning)).collect()
    }

    fn begin(&self, out: Out, calendar: Calendar) -> Opened {
        let fields: Vec<Field> = self.columns.iter().map(|column| column.field).collect();
        let writer = ParquetWriter::begin(out, self.name, &fields)?;
        Ok(Box::new(Sheet { columns: self.columns, of: self.of, calendar, writer }))
    }
}

impl<R: 'static> Streamed for Sheet<R> {
    fn observe(&mut self, observation: &Observation, directory: &Directory) -> io::Result<()> {
        let Observation::Row(row) = observation else { return Ok(()) };
        let Some(row) = (self.of)(row) else { return Ok(()) };
        let names = Names { directory, calendar: self.calendar };
        self.writer.write(self.columns.iter().map(|column| (column.cell)(row, &names)))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.finish()
    }
}
