//! The recorder: hands every observation of a run to the streamed reports, and keeps the first error of writing.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::checkpoint::{CheckpointPlan, Checkpoints, HashedFile};
use super::dated::DatedLines;
use super::{MakeReport, Opened, Out, REGISTER};
use crate::ResultFolder;
use plimsoll_base::input::InputError;
use plimsoll_base::units::{Calendar, Time};
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::{Detail, Observation, Observer, RunState};
use plimsoll_sim::scenario::Scenario;

/// Report that is written while the run goes on.
pub trait Streamed {
    /// Writes the part of an observation that belongs to the report.
    fn observe(&mut self, observation: &Observation, directory: &Directory) -> io::Result<()>;
    /// Writes the rows that are still held back.
    fn finish(&mut self) -> io::Result<()>;
}

/// Streamed reports of a run. The first error of writing ends the run.
pub struct StreamedReports<'a> {
    folder: &'a ResultFolder,
    reports: Vec<(&'static str, Box<dyn Streamed>)>,
    wants_rows: bool,
    checkpoints: Option<Checkpoints>,
    failed: Option<InputError>,
}

impl<'a> StreamedReports<'a> {
    /// Opens every streamed report of a scenario in the folder, and the tables where a calendar dates their rows.
    pub fn begin(
        folder: &'a ResultFolder,
        scenario: &Scenario,
        tables: Option<Calendar>,
    ) -> Result<StreamedReports<'a>, InputError> {
        let wants_rows = tables.is_some();
        let calendar = scenario.calendar();
        let dated = |out: Out| match calendar {
            Some(calendar) => Box::new(DatedLines::new(out, calendar)),
            None => out,
        };
        let mut recorder =
            StreamedReports { folder, reports: Vec::new(), wants_rows, checkpoints: None, failed: None };
        for report in &REGISTER {
            match (&report.make, tables) {
                (MakeReport::Streamed(begin), _) => recorder.open(report.file, |out| begin(dated(out)))?,
                (MakeReport::StreamedIf(asks, begin), _) if asks(scenario) => {
                    recorder.open(report.file, |out| begin(dated(out)))?
                }
                (MakeReport::StreamedOf(asks, begin), _) if asks(scenario) => {
                    recorder.open(report.file, |out| begin(dated(out), scenario))?
                }
                (MakeReport::Tables(tables), Some(calendar)) => {
                    for table in *tables {
                        recorder.open(table.file(), |out| table.begin(out, calendar))?;
                    }
                }
                _ => {}
            }
        }
        Ok(recorder)
    }

    /// Prepares to write checkpoints of the run into another folder.
    pub fn write_checkpoints(
        &mut self,
        folder: &Path,
        plan: CheckpointPlan,
        scenario: &Scenario,
        files: &[HashedFile],
    ) -> Result<(), InputError> {
        let log = self.folder.scratch("observations");
        self.checkpoints = Some(Checkpoints::begin(folder, plan, scenario, files, log)?);
        Ok(())
    }

    /// Adds a report outside the result folder; errors call it `name`.
    pub fn add(&mut self, name: &'static str, report: impl Streamed + 'static) {
        self.reports.push((name, Box::new(report)));
    }

    fn open(&mut self, file: &'static str, begin: impl FnOnce(Out) -> Opened) -> Result<(), InputError> {
        let opened = begin(self.folder.create(file)?);
        let opened = opened.map_err(|error| self.folder.unwritable(file, &error))?;
        self.reports.push((file, opened));
        Ok(())
    }

    /// Closes every report.
    ///
    /// # Errors
    ///
    /// The first report or checkpoint that could not be written.
    pub fn finish(mut self) -> Result<(), InputError> {
        self.each(|report| report.finish());
        self.failed.map_or(Ok(()), Err)
    }

    /// Does the same with every report, up to the first error.
    fn each(&mut self, mut act: impl FnMut(&mut dyn Streamed) -> io::Result<()>) {
        if self.failed.is_some() {
            return;
        }
        for (file, report) in &mut self.reports {
            if let Err(error) = act(report.as_mut()) {
                self.failed = Some(self.folder.unwritable(file, &error));
                return;
            }
        }
    }
}

impl Observer for StreamedReports<'_> {
    fn detail(&self) -> Detail {
        if self.wants_rows { Detail::Rows } else { Detail::Series }
    }

    fn observe(&mut self, observation: &Observation, directory: &Directory) {
        let is_of_state = !matches!(observation, Observation::Dispatched(_));
        if let Some(log) = self.checkpoints.as_mut().filter(|_| is_of_state).and_then(Checkpoints::log) {
            log.append(observation);
        }
        self.each(|report| report.observe(observation, directory));
    }

    fn checkpoint(&mut self, state: &RunState<'_>) -> Result<Option<PathBuf>, InputError> {
        let checkpoints = self.checkpoints.as_mut().filter(|_| self.failed.is_none());
        checkpoints.map(|checkpoints| checkpoints.write(state)).transpose()
    }

    fn progressed(&mut self, _now: Time, _events: u64) -> ControlFlow<()> {
        if self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
