//! Rows in columns: the one writer of Parquet. The same rows give the same bytes, every time and everywhere,
//! and no more than a row group of them is in memory.

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 17;

/// Text of a row group, for rows of long names \[bytes\].
const GROUP_TEXT_BYTES: usize = 1 << 25;

/// The most digits a decimal of eight bytes holds.
const DIGITS_OF_EIGHT_BYTES: u32 = 18;

/// Form of the values of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColumnForm {
    /// Whole numbers.
    Integer,
    /// Decimal numbers with a fixed number of digits.
    Decimal {
        /// Number of all digits, up to 38.
        digits: u32,
        /// Number of decimals.
        places: u32,
    },
    /// Microseconds since 1970, without a zone: a reader shows them as they are, wherever it runs.
    Timestamp,
    /// Numbers of double precision.
    Double,
    /// True or false.
    Boolean,
    /// Text, each different one stored once as long as they are few.
    Text,
}

/// A column of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// Form of its values.
    pub form: ColumnForm,
    /// True if a row may have no value.
    pub optional: bool,
}

/// A value of a row.
#[derive(Clone, PartialEq, Debug)]
pub enum ColumnValue<'a> {
    /// No value.
    None,
    /// Of an integer, a timestamp or a decimal, in units of its last place.
    Integer(i128),
    /// Of a double.
    Double(f64),
    /// Of a boolean.
    Boolean(bool),
    /// Of a text.
    Text(Cow<'a, str>),
}

/// A Parquet file being written.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    buffers: Vec<Buffer>,
    rows: usize,
    text_bytes: usize,
}

/// The values of a column that wait to be written.
struct Buffer {
    values: Values,
    /// For each row, whether it has a value; only where it may go without.
    levels: Option<Vec<i16>>,
}

enum Values {
    Integers(Vec<i64>),
    /// Decimals of more digits than an integer holds.
    Wide(Vec<FixedLenByteArray>),
    Doubles(Vec<f64>),
    Booleans(Vec<bool>),
    Texts(Vec<ByteArray>),
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Writes the header of a table.
    pub fn begin(out: W, table: &str, fields: &[Field]) -> io::Result<ParquetWriter<W>> {
        let columns = fields.iter().map(|field| declared(*field).map(Arc::new)).collect::<Result<_, _>>();
        let schema = columns.and_then(|columns| Type::group_type_builder(table).with_fields(columns).build());
        let schema = Arc::new(schema.expect("the fields of every table are a valid schema"));
        let properties = WriterProperties::builder()
            // The default names the version of the library, which would change the bytes with every update.
            .set_created_by("plimsoll".to_string())
            .set_compression(Compression::SNAPPY)
            .build();
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(to_io)?;
        let buffers = fields.iter().map(|field| Buffer::new(*field)).collect();
        Ok(ParquetWriter { file, buffers, rows: 0, text_bytes: 0 })
    }

    /// Writes a row: a cell for each column, in order.
    pub fn write<'a>(&mut self, cells: impl IntoIterator<Item = ColumnValue<'a>>) -> io::Result<()> {
        let mut cells = cells.into_iter();
        for buffer in &mut self.buffers {
            let cell = cells.next().expect("a cell for each column");
            if let ColumnValue::Text(text) = &cell {
                self.text_bytes += text.len();
            }
            buffer.push(cell);
        }
        assert!(cells.next().is_none(), "a column for each cell");
        self.rows += 1;
        let is_full = self.rows == GROUP_ROWS || self.text_bytes >= GROUP_TEXT_BYTES;
        if is_full { self.write_group() } else { Ok(()) }
    }

    /// Writes the remaining rows and the footer. Nothing may be written after it.
    pub fn finish(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.file.finish().map_err(to_io)?;
        Ok(())
    }

    /// Returns the file itself, finished.
    pub fn into_inner(mut self) -> io::Result<W> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.file.into_inner().map_err(to_io)
    }

    fn write_group(&mut self) -> io::Result<()> {
        let mut group = self.file.next_row_group().map_err(to_io)?;
        for buffer in &mut self.buffers {
            buffer.write(&mut group).map_err(to_io)?;
        }
        group.close().map_err(to_io)?;
        (self.rows, self.text_bytes) = (0, 0);
        Ok(())
    }
}

/// Returns a field in a Parquet schema.
fn declared(field: Field) -> Result<Type, ParquetError> {
    let (physical, logical) = match field.form {
        ColumnForm::Integer => (PhysicalType::INT64, None),
        ColumnForm::Decimal { digits, places } => {
            let narrow = digits <= DIGITS_OF_EIGHT_BYTES;
            let physical = if narrow { PhysicalType::INT64 } else { PhysicalType::FIXED_LEN_BYTE_ARRAY };
            (physical, Some(LogicalType::decimal(places as i32, digits as i32)))
        }
        ColumnForm::Timestamp => (PhysicalType::INT64, Some(LogicalType::timestamp(false, TimeUnit::MICROS))),
        ColumnForm::Double => (PhysicalType::DOUBLE, None),
        ColumnForm::Boolean => (PhysicalType::BOOLEAN, None),
        ColumnForm::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = if field.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let mut builder = Type::primitive_type_builder(field.name, physical).with_repetition(repetition);
    if let ColumnForm::Decimal { digits, places } = field.form {
        builder = builder.with_length(16).with_precision(digits as i32).with_scale(places as i32);
    }
    builder.with_logical_type(logical).build()
}

impl Buffer {
    fn new(field: Field) -> Buffer {
        let values = match field.form {
            ColumnForm::Decimal { digits, .. } if digits > DIGITS_OF_EIGHT_BYTES => Values::Wide(Vec::new()),
            ColumnForm::Integer | ColumnForm::Decimal { .. } | ColumnForm::Timestamp => {
                Values::Integers(Vec::new())
            }
            ColumnForm::Double => Values::Doubles(Vec::new()),
            ColumnForm::Boolean => Values::Booleans(Vec::new()),
            ColumnForm::Text => Values::Texts(Vec::new()),
        };
        Buffer { values, levels: field.optional.then(Vec::new) }
    }

    fn push(&mut self, cell: ColumnValue) {
        if let Some(levels) = &mut self.levels {
            levels.push(i16::from(cell != ColumnValue::None));
        }
        match (&mut self.values, cell) {
            (_, ColumnValue::None) => {
                assert!(self.levels.is_some(), "a value is missing where each row has one")
            }
            (Values::Integers(values), ColumnValue::Integer(value)) => {
                values.push(i64::try_from(value).expect("what does not fit is refused before"));
            }
            (Values::Wide(values), ColumnValue::Integer(value)) => {
                values.push(ByteArray::from(value.to_be_bytes().to_vec()).into());
            }
            (Values::Doubles(values), ColumnValue::Double(value)) => values.push(value),
            (Values::Booleans(values), ColumnValue::Boolean(value)) => values.push(value),
            (Values::Texts(values), ColumnValue::Text(text)) => values.push(match text {
                Cow::Borrowed(text) => ByteArray::from(text),
                Cow::Owned(text) => ByteArray::from(text.into_bytes()),
            }),
            (_, cell) => panic!("{cell:?} is not of its column's form"),
        }
    }

    /// Writes the values as the next column of a row group, and forgets them.
    fn write<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<W>,
    ) -> Result<(), ParquetError> {
        match &mut self.values {
            Values::Integers(values) => write_column::<Int64Type, W>(group, values, &mut self.levels),
            Values::Wide(values) => write_column::<FixedLenByteArrayType, W>(group, values, &mut self.levels),
            Values::Doubles(values) => write_column::<DoubleType, W>(group, values, &mut self.levels),
            Values::Booleans(values) => write_column::<BoolType, W>(group, values, &mut self.levels),
            Values::Texts(values) => write_column::<ByteArrayType, W>(group, values, &mut self.levels),
        }
    }
}

fn write_column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<W>,
    values: &mut Vec<T::T>,
    levels: &mut Option<Vec<i16>>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("a buffer for each column");
    column.typed::<T>().write_batch(values, levels.as_deref(), None)?;
    values.clear();
    levels.iter_mut().for_each(Vec::clear);
    column.close()
}

/// Returns the error of the file itself, whose kind decides the help.
fn to_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => {
            error.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error)
        }
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    const FIELDS: [Field; 6] = [
        Field { name: "number", form: ColumnForm::Integer, optional: false },
        Field { name: "money", form: ColumnForm::Decimal { digits: 38, places: 15 }, optional: true },
        Field { name: "time", form: ColumnForm::Timestamp, optional: false },
        Field { name: "share", form: ColumnForm::Double, optional: false },
        Field { name: "fits", form: ColumnForm::Boolean, optional: false },
        Field { name: "name", form: ColumnForm::Text, optional: true },
    ];

    fn row(number: i128, name: &str) -> [ColumnValue<'_>; 6] {
        let money =
            if number % 2 == 0 { ColumnValue::None } else { ColumnValue::Integer(-number * 10i128.pow(24)) };
        let name = if name.is_empty() { ColumnValue::None } else { ColumnValue::Text(Cow::Borrowed(name)) };
        [
            ColumnValue::Integer(number),
            money,
            ColumnValue::Integer(number),
            ColumnValue::Double(0.5),
            ColumnValue::Boolean(true),
            name,
        ]
    }

    /// Returns the bytes of a file, its row groups, and its rows as text.
    fn written(rows: &[(i128, &str)]) -> (Vec<u8>, usize, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.parquet");
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = ParquetWriter::begin(file, "test", &FIELDS).unwrap();
        rows.iter().for_each(|(number, name)| writer.write(row(*number, name)).unwrap());
        writer.finish().unwrap();
        let file = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let lines = file.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        (std::fs::read(&path).unwrap(), file.num_row_groups(), lines)
    }

    #[test]
    fn what_is_written_is_read() {
        let (_, groups, rows) = written(&[(1, "a\"'\n,\0"), (2, "")]);
        assert_eq!(groups, 1);
        let expected = [
            "{number: 1, money: -1000000000.000000000000000, time: 1970-01-01 00:00:00.000001 +00:00, share: 0.5, \
             fits: true, name: \"a\"'\n,\0\"}",
            "{number: 2, money: null, time: 1970-01-01 00:00:00.000002 +00:00, share: 0.5, fits: true, name: null}",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_table_without_rows_is_a_file() {
        let (bytes, groups, rows) = written(&[]);
        assert!(bytes.starts_with(b"PAR1") && groups == 0 && rows.is_empty());
    }

    #[test]
    fn row_groups_are_bounded_in_rows_and_in_text() {
        let many: Vec<(i128, &str)> = (0..GROUP_ROWS as i128 + 1).map(|number| (number, "")).collect();
        let (bytes, groups, rows) = written(&many);
        assert_eq!((groups, rows.len()), (2, GROUP_ROWS + 1));
        assert_eq!(written(&many).0, bytes, "the same rows give the same bytes");

        let name = "x".repeat(1 << 20);
        let long: Vec<(i128, &str)> = (0..40).map(|number| (number, name.as_str())).collect();
        assert_eq!(written(&long).1, 2, "32 rows of a mebibyte, and the rest");
    }

    #[test]
    fn the_sort_of_an_error_survives() {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut writer = ParquetWriter::begin(full, "test", &FIELDS).unwrap();
        writer.write(row(1, "a")).unwrap();
        assert_eq!(writer.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
