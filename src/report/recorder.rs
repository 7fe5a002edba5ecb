//! Hands what a run tells to every streamed report, and remembers the first that could not be written.

use std::io;
use std::ops::ControlFlow;

use super::{Make, REGISTER, ResultFolder};
use crate::cloud::observe::{Observer, Refusal, Sample};
use crate::input::InputError;
use crate::units::Time;
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
    /// Writes what is still held back.
    fn finish(&mut self) -> io::Result<()>;
}

/// The streamed reports of one run. Ends the run at the first that cannot be written.
pub struct Recorder<'a> {
    folder: &'a ResultFolder,
    reports: Vec<(&'static str, Box<dyn Streamed>)>,
    failed: Option<InputError>,
}

impl<'a> Recorder<'a> {
    /// Opens every streamed report in the folder.
    pub fn begin(folder: &'a ResultFolder) -> Result<Recorder<'a>, InputError> {
        let mut reports = Vec::new();
        for report in &REGISTER {
            if let Make::Streamed(begin) = report.make {
                let opened = begin(folder.create(report.file)?);
                let opened = opened.map_err(|error| folder.unwritable(report.file, &error))?;
                reports.push((report.file, opened));
            }
        }
        Ok(Recorder { folder, reports, failed: None })
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

    fn progressed(&mut self, _now: Time, _events: u64) -> ControlFlow<()> {
        if self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
