//! Types and shapes of rows, looked up by the text of their cells.

use super::by_text::ByText;
use super::columns::{Column, Positions, SEPARATOR, SHAPE};
use crate::workload::directory::Directory;
use plimsoll_base::catalogue::{BareShape, distinct_models};
use plimsoll_base::input::Problem;
use plimsoll_base::table::Table;
use plimsoll_base::units::figures::grouped;
use plimsoll_base::units::{
    NumaNodes, QUANTITIES, Resources, Rounding, TypeId, Unreadable, parse_resource, parse_resource_rounded,
};

/// Reader of the type or bare shape that rows ask for.
#[derive(Debug)]
pub struct Kinds {
    by_text: ByText<(TypeId, bool)>,
    reading: Reading,
    rounding: Rounding,
    /// Rows read whose size was rounded.
    rounded: u64,
}

#[derive(Debug)]
enum Reading {
    Nothing,
    Named,
    Shape(ShapeCells),
}

/// Cells of a shape.
#[derive(Debug)]
struct ShapeCells {
    /// Per cell: its resource and the small units to the one.
    quantities: Vec<(usize, u64)>,
    numa: Option<usize>,
    gpu_model: Option<usize>,
}

impl Kinds {
    /// Finds the columns in the header. There may be none if `required` is not set.
    pub fn new(
        table: &Table,
        positions: &Positions,
        required: bool,
        rounding: Rounding,
    ) -> Result<Kinds, Problem> {
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
            (false, false) => Reading::Shape(ShapeCells {
                quantities: shape,
                numa: positions.of(Column::Numa),
                gpu_model: positions.of(Column::GpuModel),
            }),
        };
        let beside_shape = [Column::Numa, Column::GpuModel].into_iter().find(|column| has(*column));
        if let (Some(column), true) = (beside_shape, has(Column::Type)) {
            let found =
                format!("found `{}` beside `type`, expected it beside `vcpu,memory_gib`", column.name());
            let help = "say it of the type, in `[[instance_types]]` of the scenario";
            return Err(Problem::new(table.header_place(), found).with_help(help));
        }
        Ok(Kinds { by_text: ByText::new(positions.of_all(SHAPE)), reading, rounding, rounded: 0 })
    }

    /// Returns what the current row asks for.
    #[inline]
    pub fn read(&mut self, table: &Table, directory: &mut Directory) -> Result<TypeId, Problem> {
        if let Some((id, is_rounded)) = self.by_text.get(table) {
            self.rounded += u64::from(is_rounded);
            return Ok(id);
        }
        let (id, is_rounded) = self.look_up(table, directory)?;
        self.rounded += u64::from(is_rounded);
        self.by_text.keep((id, is_rounded));
        Ok(id)
    }

    /// Returns the number of rows read whose size was rounded.
    pub fn rounded(&self) -> u64 {
        self.rounded
    }

    /// Returns whether the current row asks for nothing: all its cells are empty, or there are none.
    pub fn is_left_out(&self, table: &Table) -> bool {
        self.by_text.cells().iter().all(|column| table.cell(*column).is_empty())
    }

    /// Returns the type, and whether its size was rounded.
    fn look_up(&self, table: &Table, directory: &mut Directory) -> Result<(TypeId, bool), Problem> {
        match &self.reading {
            Reading::Nothing => {
                let found = "found no column for it, expected `type` or `vcpu,memory_gib`";
                Err(Problem::new(table.row_place(), found))
            }
            Reading::Named => {
                let column = self.by_text.cells()[0];
                let name = table
                    .parse(column, Column::Type.holds(), |text| Ok::<_, Unreadable>(text.to_string()))?;
                Ok((directory.named_type(&name, || table.place(column))?, false))
            }
            Reading::Shape(cells) => {
                let (request, is_rounded) = self.shape(table, &cells.quantities)?;
                let (numa, gpu_models) = (cells.numa(table)?, cells.gpu_models(table)?);
                Ok((directory.types.shape(BareShape { request, numa, gpu_models }), is_rounded))
            }
        }
    }

    fn shape(&self, table: &Table, parts: &[(usize, u64)]) -> Result<(Resources, bool), Problem> {
        let (mut shape, mut is_rounded) = (Resources::ZERO, false);
        for (&column, &(resource, units)) in self.by_text.cells().iter().zip(parts) {
            let may_be_left_out = resource > Resources::MEMORY;
            if !(may_be_left_out && table.cell(column).is_empty()) {
                let rounded;
                (shape.0[resource], rounded) = quantity(table, column, units, self.rounding)?;
                is_rounded |= rounded;
            }
        }
        if shape == Resources::ZERO {
            let found = "found a shape of nothing, expected some vCPU or memory";
            return Err(Problem::new(table.row_place(), found));
        }
        Ok((shape, is_rounded))
    }
}

impl ShapeCells {
    /// Reads the NUMA nodes; `None` for an empty cell.
    fn numa(&self, table: &Table) -> Result<Option<NumaNodes>, Problem> {
        let Some(column) = self.numa.filter(|column| !table.cell(*column).is_empty()) else {
            return Ok(None);
        };
        let read = |text: &str| {
            let number = text.parse().map_err(|_| Unreadable::NotANumber)?;
            NumaNodes::of_number(number).ok_or(Unreadable::TooLarge)
        };
        table.parse(column, Column::Numa.holds(), read).map(Some)
    }

    /// Reads the GPU models; none for an empty cell.
    fn gpu_models(&self, table: &Table) -> Result<Vec<String>, Problem> {
        let text = self.gpu_model.map_or(Ok(""), |column| table.text(column))?;
        let models = text.split(SEPARATOR).map(str::trim).filter(|model| !model.is_empty());
        Ok(distinct_models(models.map(str::to_string).collect()))
    }
}

/// Returns a sentence about the rows whose size was rounded, where any was.
pub fn note_on_rounding(rows: u64) -> Option<String> {
    (rows > 0).then(|| format!("sizes finer than their unit were rounded up in {} rows", grouped(rows)))
}

/// Reads a quantity of a resource in its small unit, and says whether it was rounded.
pub fn quantity(
    table: &Table,
    column: usize,
    units_per_one: u64,
    rounding: Rounding,
) -> Result<(u32, bool), Problem> {
    let expected = format!("a number of 0 or more, a multiple of 1/{units_per_one}");
    let exact = table.parse(column, &expected, |text| match parse_resource(text, units_per_one) {
        Err(Unreadable::TooFine) if rounding != Rounding::Refused => {
            Ok((parse_resource_rounded(text, units_per_one, rounding)?, true))
        }
        other => other.map(|amount| (amount, false)),
    });
    exact.map_err(|problem| match parse_resource(table.text(column).unwrap_or_default(), units_per_one) {
        Err(Unreadable::TooFine) => problem.with_help(
            "round it where it is written, or have it rounded up: `--round`, `workload.trace_round = true` in a scenario",
        ),
        _ => problem,
    })
}
