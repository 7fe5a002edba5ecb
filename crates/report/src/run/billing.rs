//! `billing.csv`: money by account, kind, type, purchase and calendar month. The total of the summary is the sum of its rows.

use std::path::Path;

use crate::ReportFile;
use crate::load::{each_row, number, open};
use plimsoll_base::input::InputError;
use plimsoll_base::quote;
use plimsoll_base::units::format_micro_usd;
use plimsoll_sim::summary::Run;

/// Name of the file.
pub const FILE: &str = "billing.csv";

/// Names of the columns; `billed_s` is filled for instances only.
const HEADER: [&str; 9] =
    ["account", "kind", "type", "purchase", "month", "billed_s", "quantity", "unit", "usd"];

/// Returns the file.
pub fn files(run: &Run<'_>) -> Vec<ReportFile> {
    let directory = &run.outcome.directory;
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut write = |row: [&str; 9]| {
        out.write_record(row.map(quote::cell).iter().map(|cell| cell.as_bytes()))
            .expect("memory takes every row");
    };
    write(HEADER);
    for row in &run.outcome.bill.rows {
        write([
            &directory.accounts()[row.account.index()],
            row.kind.name(),
            &row.type_name(&directory.types),
            row.purchase.name(),
            &row.month.to_string(),
            &row.billed_seconds().map_or_else(String::new, |seconds| seconds.to_string()),
            &row.shown_quantity(),
            row.unit().name,
            &format_micro_usd(row.micro_usd()),
        ]);
    }
    let bytes = out.into_inner().expect("memory takes every row");
    vec![ReportFile { name: FILE.to_string(), bytes }]
}

/// A row of `billing.csv`.
#[derive(Clone, PartialEq, Debug)]
pub struct BillLine {
    /// Account that pays.
    pub account: String,
    /// Kind of the row.
    pub kind: String,
    /// Type.
    pub name: String,
    /// Purchase option.
    pub purchase: String,
    /// The calendar month.
    pub month: String,
    /// Quantity, as written.
    pub quantity: String,
    /// Unit of the quantity, such as `instance-seconds`.
    pub unit: String,
    /// Money \[USD\], as written.
    pub usd: String,
}

/// Reads the bill.
pub fn read(path: &Path) -> Result<Vec<BillLine>, InputError> {
    let (mut reader, names) = open(path)?;
    let find = |name: &str| names.iter().position(|known| known == name);
    let columns = ["account", "kind", "type", "purchase", "month", "quantity", "unit", "usd"].map(find);
    let mut rows = Vec::new();
    each_row(path, &mut reader, |row| {
        let cell = |i: usize| columns[i].and_then(|column| row.get(column)).unwrap_or_default();
        number(cell(7))?;
        rows.push(BillLine {
            account: quote::from_cell(cell(0)).to_string(),
            kind: cell(1).to_string(),
            name: quote::from_cell(cell(2)).to_string(),
            purchase: cell(3).to_string(),
            month: cell(4).to_string(),
            quantity: cell(5).to_string(),
            unit: cell(6).to_string(),
            usd: cell(7).to_string(),
        });
        Ok(())
    })?;
    Ok(rows)
}
