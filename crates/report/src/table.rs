//! Tables in a form that terminal, page and Markdown share.

use std::borrow::Cow;

use plimsoll_base::quote;
use plimsoll_base::units::figures::{decimal, grouped};

/// Returns the bytes of a table as CSV. Texts that a spreadsheet would take for formulas are quoted ([`quote::cell`]).
pub fn csv_bytes(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row.iter().map(|cell| quote::cell(cell).into_owned()))
            .expect("memory can be written");
    }
    writer.into_inner().expect("memory can be written")
}

/// Cell of a table.
#[derive(Clone, PartialEq, Debug)]
pub enum TableCell {
    /// Text.
    Text(String),
    /// Number, and its text.
    Number(f64, String),
    /// Nothing.
    Empty,
}

impl TableCell {
    /// Returns the cell of a text, empty for the empty text.
    pub fn text(text: impl Into<String>) -> TableCell {
        let text = text.into();
        if text.is_empty() { TableCell::Empty } else { TableCell::Text(text) }
    }

    /// Returns the cell of a whole number.
    pub fn count(count: u64) -> TableCell {
        TableCell::Number(count as f64, grouped(count))
    }

    /// Returns the cell of a number with `places` decimals.
    pub fn number(value: f64, places: usize) -> TableCell {
        TableCell::Number(value, decimal(value, places))
    }

    /// Returns the cell of a number as `format` writes it; empty for none.
    pub fn optional(value: Option<f64>, format: impl Fn(f64) -> String) -> TableCell {
        value.map_or(TableCell::Empty, |value| TableCell::Number(value, format(value)))
    }

    /// Returns whether the cell holds a number.
    pub fn is_number(&self) -> bool {
        matches!(self, TableCell::Number(..))
    }

    /// Returns the text of the cell.
    pub fn as_str(&self) -> &str {
        match self {
            TableCell::Text(text) | TableCell::Number(_, text) => text,
            TableCell::Empty => "",
        }
    }
}

/// Table with a heading for each column.
#[derive(Clone, PartialEq, Debug)]
pub struct ReportTable {
    /// Title.
    pub title: Cow<'static, str>,
    /// Sentence beside it; may be empty.
    pub caption: String,
    /// Headings with their units, one for each column.
    pub header: Vec<Cow<'static, str>>,
    /// Rows of cells, each as long as the header.
    pub rows: Vec<Vec<TableCell>>,
}

impl ReportTable {
    /// Returns a table without a caption.
    pub fn new<const N: usize>(
        title: &'static str,
        header: [&'static str; N],
        rows: Vec<Vec<TableCell>>,
    ) -> ReportTable {
        ReportTable {
            title: title.into(),
            caption: String::new(),
            header: header.map(Cow::Borrowed).to_vec(),
            rows,
        }
    }

    /// Returns the table with a caption.
    pub fn with_caption(self, caption: impl Into<String>) -> ReportTable {
        ReportTable { caption: caption.into(), ..self }
    }
}
