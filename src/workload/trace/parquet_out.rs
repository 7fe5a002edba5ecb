//! Traces as Parquet: times as exact decimals, quantities as doubles (which hold them exactly), names as
//! text.

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::io;
use std::sync::Arc;

use super::columns::Column;
use super::write::{Cell, Cells};
use crate::units::Time;
use crate::workload::whole_file::WholeFile;

/// Rows of a row group.
const GROUP: usize = 1 << 17;

/// The most that a decimal of 18 digits holds \[ns\]: 31 years.
const MAX_NS: u64 = 1_000_000_000_000_000_000 - 1;

/// A Parquet file being written.
pub struct ParquetOut {
    writer: SerializedFileWriter<WholeFile>,
    buffers: Vec<Buffer>,
    rows: usize,
}

/// The cells of a column that wait to be written.
enum Buffer {
    Times { values: Vec<i64>, levels: Vec<i16> },
    Quantities { values: Vec<f64>, levels: Vec<i16> },
    Texts { values: Vec<ByteArray>, levels: Vec<i16> },
}

impl ParquetOut {
    /// Writes the head.
    pub fn new(file: WholeFile, columns: &[Column]) -> io::Result<ParquetOut> {
        let schema: String = columns.iter().map(|column| field(*column)).collect();
        let schema = parse_message_type(&format!("message trace {{ {schema} }}"));
        let schema = Arc::new(schema.expect("the fields of every column are a valid schema"));
        // The default names the version of the library, which would change the bytes with every update.
        let properties = WriterProperties::builder().set_created_by("plimsoll".to_string()).build();
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(to_io)?;
        let buffers = columns.iter().map(|column| Buffer::new(*column)).collect();
        Ok(ParquetOut { writer, buffers, rows: 0 })
    }

    /// Adds a row.
    pub fn write(&mut self, columns: &[Column], cells: &Cells) -> io::Result<()> {
        for (column, buffer) in columns.iter().zip(&mut self.buffers) {
            buffer.push(cells.of(*column))?;
        }
        self.rows += 1;
        if self.rows == GROUP { self.write_group().map_err(to_io) } else { Ok(()) }
    }

    /// Writes what is left and the foot.
    pub fn finish(mut self) -> io::Result<WholeFile> {
        if self.rows > 0 {
            self.write_group().map_err(to_io)?;
        }
        self.writer.into_inner().map_err(to_io)
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for buffer in &mut self.buffers {
            buffer.write(&mut group)?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

fn field(column: Column) -> String {
    let name = column.name();
    match Cells::default().of(column) {
        Cell::Time(_) if column == Column::End => format!("optional int64 {name} (DECIMAL(18,9)); "),
        Cell::Time(_) => format!("required int64 {name} (DECIMAL(18,9)); "),
        Cell::Quantity(..) => format!("optional double {name}; "),
        Cell::Text(_) => format!("optional binary {name} (STRING); "),
    }
}

impl Buffer {
    fn new(column: Column) -> Buffer {
        match Cells::default().of(column) {
            Cell::Time(_) => Buffer::Times { values: Vec::new(), levels: Vec::new() },
            Cell::Quantity(..) => Buffer::Quantities { values: Vec::new(), levels: Vec::new() },
            Cell::Text(_) => Buffer::Texts { values: Vec::new(), levels: Vec::new() },
        }
    }

    fn push(&mut self, cell: Cell) -> io::Result<()> {
        match (self, cell) {
            (Buffer::Times { values, levels }, Cell::Time(time)) => {
                levels.push(i16::from(time.is_some()));
                if let Some(Time(ns)) = time {
                    if ns > MAX_NS {
                        return Err(io::Error::other(
                            "Parquet holds times of up to 31 years; CSV holds more",
                        ));
                    }
                    values.push(ns as i64);
                }
            }
            (Buffer::Quantities { values, levels }, Cell::Quantity(value, units_per_one)) => {
                levels.push(i16::from(value.is_some()));
                values.extend(value.map(|value| f64::from(value) / units_per_one as f64));
            }
            (Buffer::Texts { values, levels }, Cell::Text(text)) => {
                levels.push(i16::from(!text.is_empty()));
                if !text.is_empty() {
                    values.push(ByteArray::from(text));
                }
            }
            (_, cell) => panic!("{cell:?} is not of its column's kind"),
        }
        Ok(())
    }

    /// Writes the cells as the next column of a row group, and forgets them.
    fn write(&mut self, group: &mut SerializedRowGroupWriter<WholeFile>) -> Result<(), ParquetError> {
        let mut column = group.next_column()?.expect("a buffer for each column");
        match self {
            Buffer::Times { values, levels } => {
                column.typed::<Int64Type>().write_batch(values, Some(levels), None)?;
                values.clear();
                levels.clear();
            }
            Buffer::Quantities { values, levels } => {
                column.typed::<DoubleType>().write_batch(values, Some(levels), None)?;
                values.clear();
                levels.clear();
            }
            Buffer::Texts { values, levels } => {
                column.typed::<ByteArrayType>().write_batch(values, Some(levels), None)?;
                values.clear();
                levels.clear();
            }
        }
        column.close()
    }
}

fn to_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => io::Error::other(error),
        other => io::Error::other(other),
    }
}
