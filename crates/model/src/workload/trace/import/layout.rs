//! Layout of the text of a foreign file: columns, header or none, separator, comments.

use plimsoll_base::table::{Dialect, Separator};

/// Layout of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// The columns it has: in any order below a header, else in this one.
    pub columns: &'static [&'static str],
    /// True if it begins with a header.
    pub has_header: bool,
    /// Separator of cells.
    pub separator: Separator,
    /// First byte of the lines that are comments.
    pub comment: Option<u8>,
}

impl Layout {
    /// Returns the layout of a table with a header, separated as the header shows.
    pub const fn with_header(columns: &'static [&'static str]) -> Layout {
        Layout { columns, has_header: true, separator: Separator::ByHeader, comment: None }
    }

    /// Returns the layout of a comma-separated table that begins with its first row.
    pub const fn without_header(columns: &'static [&'static str]) -> Layout {
        Layout { columns, has_header: false, separator: Separator::Byte(b','), comment: None }
    }

    /// Returns the layout of a table without a header whose cells stand apart by blanks, with comments.
    pub const fn blank_separated(columns: &'static [&'static str], comment: u8) -> Layout {
        Layout { columns, has_header: false, separator: Separator::Blanks, comment: Some(comment) }
    }

    /// Returns the dialect of the text.
    pub const fn dialect(&self) -> Dialect {
        let columns = if self.has_header { None } else { Some(self.columns) };
        Dialect { comment: self.comment, separator: self.separator, columns }
    }
}
