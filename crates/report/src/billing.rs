//! `billing.csv`: money by account, kind, type, purchase and calendar month. The total of the summary is the sum of its rows.

use super::{ReportFile, Run};
use plimsoll_base::quote;
use plimsoll_base::units::format_micro_usd;

/// `billed_s` is filled for instances only.
const HEADER: [&str; 9] =
    ["account", "kind", "type", "purchase", "month", "billed_s", "quantity", "unit", "usd"];

/// The file.
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
    vec![ReportFile { name: "billing.csv".to_string(), bytes }]
}
