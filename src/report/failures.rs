//! `failures.csv`: every refused request, in order.

use std::io::{self, Write};

use super::Streamed;
use super::figures::seconds;
use crate::cloud::observe::Refusal;
use crate::workload::directory::Directory;

/// Name of the file.
pub const FILE: &str = "failures.csv";

const HEADER: [&str; 7] = ["time_s", "operation", "account", "type", "zone", "error_code", "count"];

/// Begins the file.
pub fn begin(out: Box<dyn Write>) -> io::Result<Box<dyn Streamed>> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(HEADER)?;
    Ok(Box::new(Rows { out }))
}

struct Rows {
    out: csv::Writer<Box<dyn Write>>,
}

impl Streamed for Rows {
    fn refused(&mut self, refusal: &Refusal, directory: &Directory) -> io::Result<()> {
        let zone = refusal.zone.map_or("", |zone| directory.zones()[zone.index()].as_str());
        let row: [&str; 7] = [
            &seconds(refusal.at.0),
            refusal.operation.name(),
            &directory.accounts()[refusal.account.index()],
            refusal.kind.map_or("", |kind| directory.types.get(kind).name.as_str()),
            zone,
            refusal.failure.ec2_name(),
            &refusal.count.to_string(),
        ];
        self.out.write_record(row)?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
