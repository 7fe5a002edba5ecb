//! Cells of one row of a trace to be written, in whatever format.

use super::columns::Column;
use crate::operation::Operation;
use plimsoll_base::units::{QUANTITIES, Resources, Time};

/// A row. Names are empty where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Cells<'a> {
    /// When the instance starts, or the call comes.
    pub time: Time,
    /// When it ends; `None` for never.
    pub end: Option<Time>,
    /// The operation of the call.
    pub operation: Option<Operation>,
    /// Name of the type.
    pub kind: &'a str,
    /// The shape, where there is one and it is no named type.
    pub shape: Option<Resources>,
    /// Name of the instance.
    pub instance: &'a str,
    /// Account that it belongs to.
    pub account: &'a str,
    /// The zone asked for.
    pub zone: &'a str,
    /// The subnet asked for.
    pub subnet: &'a str,
    /// Every other cell that is not empty.
    pub others: &'a [(Column, String)],
}

/// Contents of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CellContents<'a> {
    /// A time, or none.
    Time(Option<Time>),
    /// So many small units or none, and how many of them make one.
    Quantity(Option<u32>, u64),
    /// A text; empty for none.
    Text(&'a str),
}

impl<'a> Cells<'a> {
    /// Returns the cell of a column.
    pub fn of(&self, column: Column) -> CellContents<'a> {
        let quantity = |resource: usize| {
            CellContents::Quantity(
                self.shape.map(|shape| shape.0[resource]),
                QUANTITIES[resource].units_per_one,
            )
        };
        match column {
            Column::Start | Column::Time => CellContents::Time(Some(self.time)),
            Column::End => CellContents::Time(self.end),
            Column::Op => CellContents::Text(self.operation.map_or("", Operation::name)),
            Column::Type => CellContents::Text(self.kind),
            Column::Vcpu => quantity(Resources::VCPU),
            Column::Memory => quantity(Resources::MEMORY),
            Column::Gpu => quantity(Resources::GPU),
            Column::LocalStorage => quantity(Resources::STORAGE),
            Column::Network => quantity(Resources::NETWORK),
            Column::Instance => CellContents::Text(self.instance),
            Column::Account => CellContents::Text(self.account),
            Column::Zone => CellContents::Text(self.zone),
            Column::Subnet => CellContents::Text(self.subnet),
            other => {
                let found = self.others.iter().find(|(column, _)| *column == other);
                CellContents::Text(found.map_or("", |(_, text)| text))
            }
        }
    }
}
