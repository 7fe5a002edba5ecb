//! Hands what a run tells to every streamed report, and remembers the first that could not be written.

use std::io;
use std::ops::ControlFlow;

use super::{Make, Opened, Out, REGISTER, ResultFolder};
use crate::cloud::observe::{Observer, Refusal, Sample};
use crate::cloud::rows::Row;
use crate::headroom::Headroom;
use crate::input::InputError;
use crate::scenario::Scenario;
use crate::units::{Calendar, Time};
use crate::workload::directory::Directory;

/// A report that is written while the run goes on. Each method does nothing unless it overrides it.
pub trait Streamed {
    /// A request was refused.
    fn refused(&mut self, _refusal: &Refusal, _directory: &Directory) -> io::Result<()> {
        Ok(())
    }
    /// A sampling interval ended.
    fn sampled(&mut self, _sample: &Sample) -> io::Result<()> {
        Ok(())
    }
    /// Somebody looked at the headroom.
    fn looked(&mut self, _at: Time, _headroom: &Headroom, _directory: &Directory) -> io::Result<()> {
        Ok(())
    }
    /// A row of a table.
    fn row(&mut self, _row: &Row, _directory: &Directory) -> io::Result<()> {
        Ok(())
    }
    /// Writes what is still held back.
    fn finish(&mut self) -> io::Result<()>;
}

/// The streamed reports of one run. Ends the run at the first that cannot be written.
pub struct Recorder<'a> {
    folder: &'a ResultFolder,
    reports: Vec<(&'static str, Box<dyn Streamed>)>,
    wants_rows: bool,
    failed: Option<InputError>,
}

impl<'a> Recorder<'a> {
    /// Opens every streamed report of a scenario in the folder, and the tables where a calendar dates their rows.
    pub fn begin(
        folder: &'a ResultFolder,
        scenario: &Scenario,
        tables: Option<Calendar>,
    ) -> Result<Recorder<'a>, InputError> {
        let wants_rows = tables.is_some();
        let mut recorder = Recorder { folder, reports: Vec::new(), wants_rows, failed: None };
        for report in &REGISTER {
            match (&report.make, tables) {
                (Make::Streamed(begin), _) => recorder.open(report.file, begin)?,
                (Make::StreamedIf(asks, begin), _) if asks(scenario) => recorder.open(report.file, begin)?,
                (Make::Tables(tables), Some(calendar)) => {
                    for table in *tables {
                        recorder.open(table.file(), |out| table.begin(out, calendar))?;
                    }
                }
                _ => {}
            }
        }
        Ok(recorder)
    }

    fn open(&mut self, file: &'static str, begin: impl FnOnce(Out) -> Opened) -> Result<(), InputError> {
        let opened = begin(self.folder.create(file)?);
        let opened = opened.map_err(|error| self.folder.unwritable(file, &error))?;
        self.reports.push((file, opened));
        Ok(())
    }

    /// Closes every report; the first that could not be written is the error.
    pub fn finish(mut self) -> Result<(), InputError> {
        self.each(|report| report.finish());
        self.failed.map_or(Ok(()), Err)
    }

    fn each(&mut self, mut tell: impl FnMut(&mut dyn Streamed) -> io::Result<()>) {
        if self.failed.is_some() {
            return;
        }
        for (file, report) in &mut self.reports {
            if let Err(error) = tell(report.as_mut()) {
                self.failed = Some(self.folder.unwritable(file, &error));
                return;
            }
        }
    }
}

impl Observer for Recorder<'_> {
    fn refused(&mut self, refusal: &Refusal, directory: &Directory) {
        self.each(|report| report.refused(refusal, directory));
    }

    fn sampled(&mut self, sample: &Sample) {
        self.each(|report| report.sampled(sample));
    }

    fn looked(&mut self, at: Time, headroom: &Headroom, directory: &Directory) {
        self.each(|report| report.looked(at, headroom, directory));
    }

    fn wants_rows(&self) -> bool {
        self.wants_rows
    }

    fn row(&mut self, row: &Row, directory: &Directory) {
        self.each(|report| report.row(row, directory));
    }

    fn progressed(&mut self, _now: Time, _events: u64) -> ControlFlow<()> {
        if self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
