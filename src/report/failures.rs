//! `failures.csv`: every refused request, in order.

use std::io::{self, Write};

use super::Streamed;
use crate::cloud::observe::Refusal;
use crate::units::figures::seconds;
use crate::workload::directory::Directory;

/// Name of the file.
pub const FILE: &str = "failures.csv";

const HEADER: [&str; 7] = ["time_s", "operation", "account", "type", "zone", "error_code", "count"];

/// Begins the file.
pub fn begin(out: Box<dyn Write>) -> io::Result<Box<dyn Streamed>> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(HEADER).map_err(io_error)?;
    Ok(Box::new(Rows { out }))
}

/// The error of the file itself: the csv crate would hide that a disk is full.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
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
            refusal.reason.failure.ec2_name(),
            &refusal.count.to_string(),
        ];
        self.out.write_record(row).map_err(io_error)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
