//! Types and shapes of rows, looked up by the text of their cells.

use super::by_text::ByText;
use super::columns::{Column, Positions, SHAPE};
use crate::workload::directory::Directory;
use plimsoll_base::input::Problem;
use plimsoll_base::table::Table;
use plimsoll_base::units::{QUANTITIES, Resources, TypeId, Unreadable, parse_resource};

/// Reader of the type or bare shape that rows ask for.
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
    /// Finds the columns in the header. There may be none if `required` is not set.
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

    /// Returns what the current row asks for.
    #[inline]
    pub fn read(&mut self, table: &Table, directory: &mut Directory) -> Result<TypeId, Problem> {
        if let Some(id) = self.by_text.get(table) {
            return Ok(id);
        }
        let id = self.look_up(table, directory)?;
        self.by_text.keep(id);
        Ok(id)
    }

    /// Returns whether the current row asks for nothing: all its cells are empty, or there are none.
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
                shape.0[resource] = quantity(table, column, units)?;
            }
        }
        if shape == Resources::ZERO {
            let found = "found a shape of nothing, expected some vCPU or memory";
            return Err(Problem::new(table.row_place(), found));
        }
        Ok(shape)
    }
}

/// Reads a quantity of a resource in its small unit.
pub fn quantity(table: &Table, column: usize, units_per_one: u64) -> Result<u32, Problem> {
    let expected = format!("a number of 0 or more, a multiple of 1/{units_per_one}");
    table.parse(column, &expected, |text| parse_resource(text, units_per_one))
}
