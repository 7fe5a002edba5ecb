//! What rows ask for again and again is looked up by the text of its cells: types and shapes here, sets of
//! launch options in [`super::options`].

use std::collections::HashMap;

use super::columns::{Column, Positions, SHAPE};
use super::row;
use crate::workload::directory::Directory;
use plimsoll_base::input::Problem;
use plimsoll_base::table::Table;
use plimsoll_base::units::{QUANTITIES, Resources, TypeId, Unreadable};

/// The most texts that are remembered. A trace with more different ones is read on, a little slower.
const MOST_TEXTS: usize = 1 << 16;

/// What became of cells that were read before, by their text.
#[derive(Debug)]
pub struct ByText<T> {
    cells: Vec<usize>,
    known: HashMap<Vec<u8>, T>,
    key: Vec<u8>,
}

impl<T: Clone> ByText<T> {
    /// Of the cells at these positions.
    pub fn new(cells: Vec<usize>) -> ByText<T> {
        ByText { cells, known: HashMap::new(), key: Vec::new() }
    }

    /// The positions of the cells.
    pub fn cells(&self) -> &[usize] {
        &self.cells
    }

    /// What the cells of the current row came to when they had the same text before.
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

    /// Remembers what the cells of the last [`ByText::get`] came to.
    pub fn keep(&mut self, value: T) {
        if self.known.len() < MOST_TEXTS {
            self.known.insert(self.key.clone(), value);
        }
    }
}

/// Reads what rows ask for: a named type or a bare shape.
#[derive(Debug)]
pub struct Kinds {
    by_text: ByText<TypeId>,
    reading: Reading,
}

#[derive(Debug)]
enum Reading {
    Nothing,
    Named,
    /// Per cell: its resource and the small units to the one.
    Shape(Vec<(usize, u64)>),
}

impl Kinds {
    /// By the header. There may be no column at all where `required` is not set.
    pub fn new(table: &Table, positions: &Positions, required: bool) -> Result<Kinds, Problem> {
        let shape =
            QUANTITIES.iter().enumerate().filter(|(_, quantity)| table.column(quantity.key).is_some());
        let shape: Vec<(usize, u64)> =
            shape.map(|(resource, quantity)| (resource, quantity.units_per_one)).collect();
        let problem = |found: &str| Err(Problem::new(table.header_place(), found));
        let has = |column| positions.of(column).is_some();
        let reading = match (has(Column::Type), shape.is_empty()) {
            (true, false) => {
                return problem("found both `type` and a shape, expected `type` or `vcpu,memory_gib`");
            }
            (true, true) => Reading::Named,
            (false, true) if required => {
                return problem("found no shape, expected `type` or `vcpu,memory_gib`");
            }
            (false, true) => Reading::Nothing,
            (false, false) if !(has(Column::Vcpu) && has(Column::Memory)) => {
                return problem("found a part of a shape, expected both `vcpu` and `memory_gib`");
            }
            (false, false) => Reading::Shape(shape),
        };
        Ok(Kinds { by_text: ByText::new(positions.of_all(SHAPE)), reading })
    }

    /// What the current row asks for.
    #[inline]
    pub fn read(&mut self, table: &Table, directory: &mut Directory) -> Result<TypeId, Problem> {
        if let Some(id) = self.by_text.get(table) {
            return Ok(id);
        }
        let id = self.look_up(table, directory)?;
        self.by_text.keep(id);
        Ok(id)
    }

    /// Whether the current row asks for nothing: all its cells are empty, or there are none.
    pub fn is_left_out(&self, table: &Table) -> bool {
        self.by_text.cells().iter().all(|column| table.cell(*column).is_empty())
    }

    fn look_up(&self, table: &Table, directory: &mut Directory) -> Result<TypeId, Problem> {
        match &self.reading {
            Reading::Nothing => {
                let found = "found no column for it, expected `type` or `vcpu,memory_gib`";
                Err(Problem::new(table.row_place(), found))
            }
            Reading::Named => {
                let column = self.by_text.cells()[0];
                let name = table
                    .parse(column, Column::Type.holds(), |text| Ok::<_, Unreadable>(text.to_string()))?;
                directory.named_type(&name, || table.place(column))
            }
            Reading::Shape(parts) => Ok(directory.types.shape(self.shape(table, parts)?)),
        }
    }

    fn shape(&self, table: &Table, parts: &[(usize, u64)]) -> Result<Resources, Problem> {
        let mut shape = Resources::ZERO;
        for (&column, &(resource, units)) in self.by_text.cells().iter().zip(parts) {
            let may_be_left_out = resource > Resources::MEMORY;
            if !(may_be_left_out && table.cell(column).is_empty()) {
                shape.0[resource] = row::quantity(table, column, units)?;
            }
        }
        if shape == Resources::ZERO {
            let found = "found a shape of nothing, expected some vCPU or memory";
            return Err(Problem::new(table.row_place(), found));
        }
        Ok(shape)
    }
}
