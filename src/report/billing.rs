//! `billing.csv`: money by account, kind, type and purchase. The total of the summary is the sum of its rows.

use super::{ReportFile, Run};
use crate::units::format_micro_usd;

const HEADER: [&str; 6] = ["account", "kind", "type", "purchase", "billed_s", "usd"];

/// The file.
pub fn files(run: &Run<'_>) -> Vec<ReportFile> {
    let directory = &run.outcome.directory;
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut write = |row: [&str; 6]| out.write_record(row).expect("memory takes every row");
    write(HEADER);
    for row in &run.outcome.bill.rows {
        write([
            &directory.accounts()[row.account.index()],
            row.kind.name(),
            &directory.types.get(row.instance_type).name,
            row.purchase.name(),
            &row.seconds.to_string(),
            &format_micro_usd(row.micro_usd()),
        ]);
    }
    let bytes = out.into_inner().expect("memory takes every row");
    vec![ReportFile { name: "billing.csv".to_string(), bytes }]
}
