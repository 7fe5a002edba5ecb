//! Parquet, streamed by row group and batch, its cells turned into text.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::{Dates, arrow_schema, library};
use crate::input::{Place, Problem};

/// The most decimal places of a number: ten to this power fits 128 bits.
const MOST_PLACES: u32 = 38;

/// Bytes of the longest decimal that is read: a decimal of 38 digits has sixteen.
const MOST_DECIMAL_BYTES: i32 = 16;

/// The number of the day 1970-01-01 where days are counted as astronomers do, which INT96 does.
const JULIAN_DAY_OF_1970: i128 = 2_440_588;

const SECONDS_A_DAY: i128 = 86_400;

/// Rows turned into text at a time.
const BATCH: usize = 4096;

/// Reads by the library, which asserts where a damaged file contradicts itself. What it was reading must not
/// be used again after an error.
fn caught<T>(read: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let contradiction = || Err((None, ParquetError::General("it contradicts itself".into())));
    library::caught(read).unwrap_or_else(contradiction)
}

/// An error of the library, with the column it read.
type Failure = (Option<usize>, ParquetError);

/// The rows of a Parquet file.
pub struct ParquetRows {
    file: SerializedFileReader<File>,
    /// The row group to open next.
    group: usize,
    readers: Vec<ColumnReader>,
    forms: Vec<Form>,
    cells: Vec<Cells>,
    /// Rows in the batch, and the current one.
    rows: usize,
    row: usize,
    /// Rows of the batches before.
    before: u64,
}

impl fmt::Debug for ParquetRows {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ParquetRows at {}", self.number())
    }
}

/// Encoding of the values of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Plain,
    Unsigned,
    /// A decimal with so many places; a duration too, as seconds.
    Decimal(u32),
    /// Time since 1970 in seconds with so many places.
    Timestamp(u32),
    /// Days since 1970.
    Date,
    /// Days of the Julian calendar and nanoseconds of the day, in twelve bytes.
    Int96,
}

/// The cells of one column of a batch: their text end to end, and where each one ends.
#[derive(Debug, Default)]
struct Cells {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl ParquetRows {
    /// Reads the schema: flat columns of numbers or text.
    pub fn open(path: &Path, file: File) -> Result<(Vec<String>, ParquetRows), Problem> {
        let open = || SerializedFileReader::new(file).map_err(|error| (None, error));
        let file = caught(open).map_err(|(_, error)| {
            let problem =
                Problem::new(Place::file(path), format!("cannot be read: {error}; expected Parquet"));
            problem.with_help("it may be truncated: fetch or write it again")
        })?;
        let metadata = file.metadata().file_metadata();
        let schema = metadata.schema_descr_ptr();
        let of_arrow = metadata.key_value_metadata().into_iter().flatten();
        let durations: Vec<(String, u32)> = (of_arrow.filter(|entry| entry.key == arrow_schema::KEY))
            .flat_map(|entry| arrow_schema::durations(entry.value.as_deref().unwrap_or_default()))
            .collect();
        let mut header = Vec::new();
        let mut forms = Vec::new();
        for column in schema.columns() {
            let name = column.path().string();
            let mut form = form(column).map_err(|found| {
                let expected = "a number, a decimal, a truth value, text, a timestamp or a duration";
                Problem::new(Place::file(path).at_key(&name), format!("found {found}, expected {expected}"))
                    .with_help("cast it where the file is written: times to seconds, lists to one value")
            })?;
            if let Some((_, places)) = durations.iter().find(|(duration, _)| *duration == name) {
                form = Form::Decimal(*places);
            }
            header.push(name);
            forms.push(form);
        }
        let cells = header.iter().map(|_| Cells::default()).collect();
        let readers = Vec::new();
        Ok((header, ParquetRows { file, group: 0, readers, forms, cells, rows: 0, row: 0, before: 0 }))
    }

    /// Returns the meaning of the numbers of a column.
    pub fn dates(&self, column: usize) -> Dates {
        match self.forms[column] {
            Form::Timestamp(_) | Form::Date | Form::Int96 => Dates::Timestamps,
            Form::Plain | Form::Unsigned | Form::Decimal(_) => Dates::None,
        }
    }

    #[inline]
    pub fn advance(&mut self, path: &Path, header: &[String]) -> Result<bool, Problem> {
        self.row += 1;
        if self.row < self.rows {
            return Ok(true);
        }
        caught(|| self.next_batch()).map_err(|(column, error)| {
            let mut place = Place::file(path).at_line(self.before + 1);
            place.key = column.map(|column| header[column].clone());
            let help = match error.to_string().contains("Disabled feature") {
                true => "its compression is not supported: write it with Zstandard, Snappy or gzip, or without compression",
                false => "the file may be damaged",
            };
            Problem::new(place, format!("cannot be read: {error}")).with_help(help)
        })
    }

    /// Returns the number of rows up to the current one.
    pub fn passed(&self) -> u64 {
        self.before + (self.row as u64 + 1).min(self.rows as u64)
    }

    /// Skips so many rows of the file, whole row groups unread.
    pub fn skip_to(&mut self, path: &Path, header: &[String], rows: u64) -> Result<(), Problem> {
        self.readers.clear();
        (self.group, self.rows, self.row, self.before) = (0, 0, 0, 0);
        while self.group < self.file.num_row_groups() {
            let in_group = self.file.metadata().row_group(self.group).num_rows() as u64;
            if self.before + in_group > rows {
                break;
            }
            self.before += in_group;
            self.group += 1;
        }
        while self.passed() < rows && self.advance(path, header)? {}
        Ok(())
    }

    #[inline]
    pub fn cell(&self, column: usize) -> &[u8] {
        let Cells { text, ends } = &self.cells[column];
        let start = if self.row == 0 { 0 } else { ends[self.row - 1] };
        &text[start..ends[self.row]]
    }

    /// Returns the number of the current row, from 1.
    pub fn number(&self) -> u64 {
        self.before + self.row as u64 + 1
    }

    /// Fills the batch with the next rows; false when there are none. An error comes with its column.
    fn next_batch(&mut self) -> Result<bool, Failure> {
        self.before += self.rows as u64;
        (self.rows, self.row) = (0, 0);
        loop {
            for (i, reader) in self.readers.iter_mut().enumerate() {
                let rows = self.cells[i].fill(reader, self.forms[i]).map_err(|error| (Some(i), error))?;
                if i > 0 && rows != self.rows {
                    let uneven = format!("the column has {rows} rows where the first has {}", self.rows);
                    return Err((Some(i), ParquetError::General(uneven)));
                }
                self.rows = rows;
            }
            if self.rows > 0 {
                return Ok(true);
            }
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            self.open_group().map_err(|error| (None, error))?;
        }
    }

    fn open_group(&mut self) -> Result<(), ParquetError> {
        let group = self.file.get_row_group(self.group)?;
        self.readers = (0..self.forms.len()).map(|i| group.get_column_reader(i)).collect::<Result<_, _>>()?;
        self.group += 1;
        Ok(())
    }
}

/// Returns the encoding of a column, or its type where that has no meaning in a table.
fn form(column: &ColumnDescriptor) -> Result<Form, String> {
    if column.max_rep_level() > 0 || column.path().parts().len() > 1 {
        return Err("a list or a group".to_string());
    }
    let physical = column.physical_type();
    let (logical, converted) = (column.logical_type_ref(), column.converted_type());
    let whole = matches!(physical, Physical::INT32 | Physical::INT64);
    if converted == ConvertedType::DECIMAL || matches!(logical, Some(LogicalType::Decimal(_))) {
        if column.type_length() > MOST_DECIMAL_BYTES {
            return Err(format!("a decimal of {} bytes", column.type_length()));
        }
        let scale = u32::try_from(column.type_scale()).ok().filter(|scale| *scale <= MOST_PLACES);
        return scale.map(Form::Decimal).ok_or_else(|| "a decimal of an impossible scale".to_string());
    }
    match (physical, logical, converted) {
        // A column without a single value has no other type to some writers.
        (_, Some(LogicalType::Unknown), _) | (Physical::BOOLEAN, ..) => Ok(Form::Plain),
        (Physical::INT96, ..) => Ok(Form::Int96),
        (Physical::INT64, Some(LogicalType::Timestamp(kind)), _) => Ok(Form::Timestamp(places(&kind.unit))),
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => Ok(Form::Timestamp(3)),
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MICROS) => Ok(Form::Timestamp(6)),
        (Physical::INT32, Some(LogicalType::Date), _) | (Physical::INT32, None, ConvertedType::DATE) => {
            Ok(Form::Date)
        }
        (_, Some(LogicalType::Integer(kind)), _) if whole => {
            Ok(if kind.is_signed { Form::Plain } else { Form::Unsigned })
        }
        (_, None, converted) if whole && is_signed(converted) => Ok(Form::Plain),
        (_, None, converted) if whole && is_unsigned(converted) => Ok(Form::Unsigned),
        (Physical::FLOAT | Physical::DOUBLE, ..) => Ok(Form::Plain),
        (Physical::BYTE_ARRAY, Some(LogicalType::String | LogicalType::Enum), _)
        | (Physical::BYTE_ARRAY, None, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::NONE) => {
            Ok(Form::Plain)
        }
        (_, Some(LogicalType::Time(_)), _)
        | (_, None, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) => {
            Err("a time of day".to_string())
        }
        (_, None, ConvertedType::INTERVAL) => Err("a calendar interval".to_string()),
        (physical, Some(logical), _) => Err(format!("{physical} as {logical:?}")),
        (physical, None, ConvertedType::NONE) => Err(format!("{physical}")),
        (physical, None, converted) => Err(format!("{physical} as {converted}")),
    }
}

/// Returns the decimal places of a second that a unit has.
fn places(unit: &TimeUnit) -> u32 {
    match unit {
        TimeUnit::MILLIS => 3,
        TimeUnit::MICROS => 6,
        TimeUnit::NANOS => 9,
    }
}

fn is_signed(converted: ConvertedType) -> bool {
    use ConvertedType::{INT_8, INT_16, INT_32, INT_64, NONE};
    matches!(converted, NONE | INT_8 | INT_16 | INT_32 | INT_64)
}

fn is_unsigned(converted: ConvertedType) -> bool {
    use ConvertedType::{UINT_8, UINT_16, UINT_32, UINT_64};
    matches!(converted, UINT_8 | UINT_16 | UINT_32 | UINT_64)
}

impl Cells {
    /// Reads up to a batch of rows and returns their number.
    fn fill(&mut self, reader: &mut ColumnReader, form: Form) -> Result<usize, ParquetError> {
        self.text.clear();
        self.ends.clear();
        match reader {
            ColumnReader::BoolColumnReader(reader) => {
                self.read(reader, |value, text| write_number(text, value))
            }
            ColumnReader::Int32ColumnReader(reader) => self.read(reader, |&value, text| match form {
                Form::Unsigned => write_whole(text, value as u32),
                _ => write_integer(text, i64::from(value), form),
            }),
            ColumnReader::Int64ColumnReader(reader) => self.read(reader, |&value, text| match form {
                Form::Unsigned => write_whole(text, value as u64),
                _ => write_integer(text, value, form),
            }),
            ColumnReader::Int96ColumnReader(reader) => self.read(reader, |value, text| {
                let [nanos_low, nanos_high, day] = [0, 1, 2].map(|word| value.data()[word]);
                let nanos = i128::from(nanos_low) | i128::from(nanos_high) << 32;
                let seconds = (i128::from(day) - JULIAN_DAY_OF_1970) * SECONDS_A_DAY;
                write_decimal(text, seconds * 1_000_000_000 + nanos, 9);
            }),
            ColumnReader::FloatColumnReader(reader) => self.read(reader, |value, text| {
                // Not a number is how tables of floats leave a cell empty.
                if !value.is_nan() {
                    write_number(text, value);
                }
            }),
            ColumnReader::DoubleColumnReader(reader) => self.read(reader, |&value, text| {
                if !value.is_nan() {
                    write_double(text, value);
                }
            }),
            ColumnReader::ByteArrayColumnReader(reader) => {
                self.read(reader, |value, text| write_bytes(text, value.data(), form))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.read(reader, |value, text| write_bytes(text, value.data(), form))
            }
        }
    }

    fn read<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        write: impl Fn(&T::T, &mut Vec<u8>),
    ) -> Result<usize, ParquetError> {
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        let (rows, _, _) = reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
        let mut values = values.iter();
        for row in 0..rows {
            // A column without definition levels has a value in every row.
            if levels.get(row).is_none_or(|&level| level > 0) {
                let value = values.next().expect("read_records returns a value for each level above 0");
                write(value, &mut self.text);
            }
            self.ends.push(self.text.len());
        }
        Ok(rows)
    }
}

/// Appends the shortest text that reads back to the same bits, which is what was meant.
fn write_number(text: &mut Vec<u8>, value: impl fmt::Display) {
    write!(text, "{value}").expect("writing to memory does not fail");
}

/// Appends a whole number.
fn write_whole(text: &mut Vec<u8>, value: impl itoa::Integer) {
    text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Number below which every multiple of a thousandth is told apart from its neighbours by fifteen digits.
const THOUSANDTHS_BELOW: f64 = 1e12;

/// Appends the text that [`write_number`] does. Times and amounts are most often whole thousandths: of one the quotient of whole numbers
/// is the nearest double, and no other text of as few digits reads back to it.
fn write_double(text: &mut Vec<u8>, value: f64) {
    let thousandths = (value * 1000.0).round();
    let is_exact = thousandths / 1000.0 == value && value.is_sign_positive() && value < THOUSANDTHS_BELOW;
    match is_exact {
        true => write_decimal(text, thousandths as i128, 3),
        false => write_number(text, value),
    }
}

fn write_integer(text: &mut Vec<u8>, value: i64, form: Form) {
    match form {
        Form::Decimal(places) | Form::Timestamp(places) => write_decimal(text, value.into(), places),
        Form::Date => write_whole(text, i128::from(value) * SECONDS_A_DAY),
        Form::Plain | Form::Unsigned | Form::Int96 => write_whole(text, value),
    }
}

/// Appends text as it is, or a decimal in big-endian two's complement.
fn write_bytes(text: &mut Vec<u8>, bytes: &[u8], form: Form) {
    let Form::Decimal(places) = form else { return text.extend_from_slice(bytes) };
    let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    let value = bytes.iter().fold(sign, |value: i128, byte| value << 8 | i128::from(*byte));
    write_decimal(text, value, places);
}

/// Appends `value ÷ 10^places` without closing zeros.
fn write_decimal(text: &mut Vec<u8>, value: i128, places: u32) {
    if value < 0 {
        text.push(b'-');
    }
    let (whole, fraction) = match u64::try_from(value.unsigned_abs()) {
        // 64 bits hold nearly all there are, and are divided ten times as fast.
        Ok(value) if places < u64::MAX.ilog10() => {
            let one = 10u64.pow(places);
            (u128::from(value / one), u128::from(value % one))
        }
        _ => (value.unsigned_abs() / 10u128.pow(places), value.unsigned_abs() % 10u128.pow(places)),
    };
    write_whole(text, whole);
    if fraction > 0 {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(fraction);
        text.push(b'.');
        text.extend(std::iter::repeat_n(b'0', places as usize - digits.len()));
        text.extend_from_slice(digits.trim_end_matches('0').as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};

    fn text_of(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_double_is_the_shortest_text_that_reads_back_to_it() {
        let mut random = Seed(4).stream(Purpose::Mix, 0);
        let hundredths = |random: &mut Stream| random.below(1 << 40) as f64 / 100.0;
        let mut values = vec![
            0.0,
            -0.0,
            1.0,
            -1.5,
            0.001,
            0.0005,
            1e12,
            1e12 - 0.001,
            1e15 + 0.5,
            1e300,
            5e-324,
            f64::INFINITY,
        ];
        for _ in 0..100_000 {
            values.push(hundredths(&mut random));
            values.push(random.below(1 << 50) as f64 / 1000.0);
            values.push(f64::from_bits(random.below(u64::MAX)));
            // Neighbours of whole thousandths are none.
            values.push(f64::from_bits(hundredths(&mut random).to_bits() + random.below(3)));
        }
        for value in values.into_iter().filter(|value| !value.is_nan()) {
            assert_eq!(text_of(|text| write_double(text, value)), value.to_string());
        }
    }

    #[test]
    fn a_decimal_has_its_places_without_closing_zeros() {
        for (value, places, expected) in [
            (0, 0, "0"),
            (0, 9, "0"),
            (-5, 1, "-0.5"),
            (1_050, 2, "10.5"),
            (1_000_000_007, 9, "1.000000007"),
            (7, 18, "0.000000000000000007"),
            (i128::from(u64::MAX), 18, "18.446744073709551615"),
            (7, 19, "0.0000000000000000007"),
            (i128::from(u64::MAX) + 1, 3, "18446744073709551.616"),
            (-(10i128.pow(37)), 38, "-0.1"),
        ] {
            assert_eq!(text_of(|text| write_decimal(text, value, places)), expected);
        }
    }
}
