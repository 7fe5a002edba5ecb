//! Hands what a run tells to every streamed report, and remembers the first that could not be written.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use super::ResultFolder;
use super::run::checkpoint::{Checkpoints, HashedFile};
use super::run::{Make, Opened, Out, REGISTER};
use plimsoll_base::input::InputError;
use plimsoll_base::units::{Calendar, Time};
use plimsoll_model::headroom::Headroom;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::checkpoint::Moment;
use plimsoll_sim::cloud::observe::{Minute, Observer, Refusal, Sample};
use plimsoll_sim::cloud::rows::Row;
use plimsoll_sim::scenario::Scenario;

/// A report that is written while the run goes on. Each method does nothing unless it overrides it.
pub trait Streamed {
    /// A request was refused.
    fn refused(&mut self, _refusal: &Refusal, _directory: &Directory) -> io::Result<()> {
        Ok(())
    }
    /// A sampling interval ended.
    fn sampled(&mut self, _sample: &Sample, _directory: &Directory) -> io::Result<()> {
        Ok(())
    }
    /// A minute ended.
    fn minute_ended(&mut self, _minute: &Minute) -> io::Result<()> {
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
    checkpoints: Option<Checkpoints>,
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
        let mut recorder =
            Recorder { folder, reports: Vec::new(), wants_rows, checkpoints: None, failed: None };
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

    /// Writes so many checkpoints of the run into a folder beside.
    pub fn write_checkpoints(
        &mut self,
        folder: &Path,
        count: usize,
        scenario: &Scenario,
        files: &[HashedFile],
    ) -> Result<(), InputError> {
        let told = self.folder.scratch("told");
        self.checkpoints = Some(Checkpoints::begin(folder, count, scenario, files, told)?);
        Ok(())
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

    /// Notes what the next checkpoint has to hold.
    #[inline]
    fn note(&mut self, tell: impl FnOnce(&mut dyn Observer)) {
        if let Some(told) = self.checkpoints.as_mut().and_then(Checkpoints::told) {
            tell(told);
        }
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
        self.note(|told| told.refused(refusal, directory));
        self.each(|report| report.refused(refusal, directory));
    }

    fn sampled(&mut self, sample: &Sample, directory: &Directory) {
        self.note(|told| told.sampled(sample, directory));
        self.each(|report| report.sampled(sample, directory));
    }

    fn minute_ended(&mut self, minute: &Minute) {
        self.note(|told| told.minute_ended(minute));
        self.each(|report| report.minute_ended(minute));
    }

    fn looked(&mut self, at: Time, headroom: &Headroom, directory: &Directory) {
        self.note(|told| told.looked(at, headroom, directory));
        self.each(|report| report.looked(at, headroom, directory));
    }

    fn wants_rows(&self) -> bool {
        self.wants_rows
    }

    fn row(&mut self, row: &Row, directory: &Directory) {
        self.note(|told| told.row(row, directory));
        self.each(|report| report.row(row, directory));
    }

    fn checkpoint(&mut self, moment: &Moment<'_>) {
        if let Some(checkpoints) = self.checkpoints.as_mut().filter(|_| self.failed.is_none()) {
            self.failed = checkpoints.write(moment).err();
        }
    }

    fn progressed(&mut self, _now: Time, _events: u64) -> ControlFlow<()> {
        if self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
