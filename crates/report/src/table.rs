//! Tables in a form that terminal, page and Markdown share.

use std::borrow::Cow;

use plimsoll_base::units::figures::{decimal, grouped};

/// Cell of a table.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// Text.
    Text(String),
    /// Number, and its text.
    Number(f64, String),
    /// Nothing.
    Empty,
}

impl Cell {
    /// Returns the cell of a text, empty for the empty text.
    pub fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    }

    /// Returns the cell of a whole number.
    pub fn count(count: u64) -> Cell {
        Cell::Number(count as f64, grouped(count))
    }

    /// Returns the cell of a number with `places` decimals.
    pub fn number(value: f64, places: usize) -> Cell {
        Cell::Number(value, decimal(value, places))
    }

    /// Returns the cell of a number as `format` writes it; empty for none.
    pub fn optional(value: Option<f64>, format: impl Fn(f64) -> String) -> Cell {
        value.map_or(Cell::Empty, |value| Cell::Number(value, format(value)))
    }

    /// Returns whether the cell holds a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Cell::Number(..))
    }

    /// Returns the text of the cell.
    pub fn as_str(&self) -> &str {
        match self {
            Cell::Text(text) | Cell::Number(_, text) => text,
            Cell::Empty => "",
        }
    }
}

/// Table with a heading for each column.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    /// Title.
    pub title: Cow<'static, str>,
    /// Sentence beside it; may be empty.
    pub caption: String,
    /// Headings with their units, one for each column.
    pub header: Vec<Cow<'static, str>>,
    /// Rows of cells, each as long as the header.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Returns a table without a caption.
    pub fn new<const N: usize>(
        title: &'static str,
        header: [&'static str; N],
        rows: Vec<Vec<Cell>>,
    ) -> Table {
        Table {
            title: title.into(),
            caption: String::new(),
            header: header.map(Cow::Borrowed).to_vec(),
            rows,
        }
    }

    /// Returns the table with a caption.
    pub fn with_caption(self, caption: impl Into<String>) -> Table {
        Table { caption: caption.into(), ..self }
    }
}
