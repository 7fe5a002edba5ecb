//! Traces as Parquet: times as exact decimals, quantities as doubles (which hold them exactly), names as
//! text.

use std::borrow::Cow;
use std::io;

use super::cells::{self, Cells};
use super::columns::Column;
use plimsoll_base::columnar::{ColumnForm, ColumnValue, Field, ParquetWriter};
use plimsoll_base::disk::WholeFile;
use plimsoll_base::units::Time;

/// Times \[s\] with nine decimals.
const SECONDS: ColumnForm = ColumnForm::Decimal { digits: 18, places: 9 };

/// The most that a decimal of 18 digits holds \[ns\]: 31 years.
const MAX_NS: u64 = 1_000_000_000_000_000_000 - 1;

/// A Parquet file being written.
pub struct ParquetOut(ParquetWriter<WholeFile>);

impl ParquetOut {
    /// Writes the head.
    pub fn new(file: WholeFile, columns: &[Column]) -> io::Result<ParquetOut> {
        let fields: Vec<Field> = columns.iter().map(|column| field(*column)).collect();
        Ok(ParquetOut(ParquetWriter::begin(file, "trace", &fields)?))
    }

    /// Adds a row.
    pub fn write(&mut self, columns: &[Column], cells: &Cells) -> io::Result<()> {
        if cells.time.max(cells.end.unwrap_or_default()) > Time(MAX_NS) {
            return Err(io::Error::other("Parquet holds times of up to 31 years; CSV holds more"));
        }
        self.0.write(columns.iter().map(|column| cell(cells.of(*column))))
    }

    /// Writes what is left and the foot.
    pub fn finish(self) -> io::Result<WholeFile> {
        self.0.into_inner()
    }
}

fn field(column: Column) -> Field<'static> {
    let (form, optional) = match Cells::default().of(column) {
        cells::CellContents::Time(_) => (SECONDS, column == Column::End),
        cells::CellContents::Quantity(..) => (ColumnForm::Double, true),
        cells::CellContents::Text(_) => (ColumnForm::Text, true),
    };
    Field { name: column.name(), form, optional }
}

fn cell(cell: cells::CellContents) -> ColumnValue {
    match cell {
        cells::CellContents::Time(time) => {
            time.map_or(ColumnValue::None, |time| ColumnValue::Integer(time.0.into()))
        }
        cells::CellContents::Quantity(value, units_per_one) => value
            .map_or(ColumnValue::None, |value| ColumnValue::Double(f64::from(value) / units_per_one as f64)),
        cells::CellContents::Text("") => ColumnValue::None,
        cells::CellContents::Text(text) => ColumnValue::Text(Cow::Borrowed(text)),
    }
}
