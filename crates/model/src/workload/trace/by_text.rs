//! Memo of the values of cells, by their text: most rows of a trace repeat cells of earlier rows.

use rustc_hash::FxHashMap;

use plimsoll_base::table::Table;

/// Greatest number of texts kept. A trace with more different ones is read a little more slowly.
const MOST_TEXTS: usize = 1 << 16;

/// Values of cells read before, by their text.
#[derive(Debug)]
pub struct ByText<T> {
    cells: Vec<usize>,
    known: FxHashMap<Vec<u8>, T>,
    key: Vec<u8>,
}

impl<T: Clone> ByText<T> {
    /// Returns an empty memo of the cells at these positions.
    pub fn new(cells: Vec<usize>) -> ByText<T> {
        ByText { cells, known: FxHashMap::default(), key: Vec::new() }
    }

    /// Returns the positions of the cells.
    pub fn cells(&self) -> &[usize] {
        &self.cells
    }

    /// Returns the value of the cells of the current row, if cells with the same text were read before.
    #[inline]
    pub fn get(&mut self, table: &Table) -> Option<T> {
        self.key.clear();
        for &column in &self.cells {
            self.key.extend_from_slice(table.cell(column));
            // No byte of UTF-8, so that no two rows of cells run together into one key.
            self.key.push(0xff);
        }
        self.known.get(self.key.as_slice()).cloned()
    }

    /// Keeps the value of the cells of the last [`ByText::get`].
    pub fn keep(&mut self, value: T) {
        if self.known.len() < MOST_TEXTS {
            self.known.insert(self.key.clone(), value);
        }
    }
}
