//! `--trace-events FILE`: a line of JSON for each event of a run, in the order in which the run takes them.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::recorder::Streamed;
use plimsoll_base::disk::WholeFile;
use plimsoll_base::input::{InputError, Problem};
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;
use plimsoll_sim::cloud::observe::dispatched::{Dispatch, Dispatched};

/// Trace of events that is being written.
pub struct EventTrace(Option<WholeFile>);

impl EventTrace {
    /// Begins the file.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub fn begin(path: &Path) -> Result<EventTrace, InputError> {
        Ok(EventTrace(Some(WholeFile::create(path)?)))
    }
}

impl Streamed for EventTrace {
    fn observe(&mut self, observation: &Observation, _directory: &Directory) -> io::Result<()> {
        let (Observation::Dispatched(dispatched), Some(file)) = (observation, &mut self.0) else {
            return Ok(());
        };
        serde_json::to_writer(&mut *file, &line(dispatched))?;
        file.write_all(b"\n")
    }

    fn finish(&mut self) -> io::Result<()> {
        let Some(file) = self.0.take() else { return Ok(()) };
        file.finish().map_err(|problem: Problem| io::Error::other(problem.to_string()))
    }
}

fn line(dispatched: &Dispatched) -> Value {
    let Dispatched { number, at, what } = dispatched;
    let time_s = at.as_seconds();
    match what {
        Dispatch::Event(event, Some(instance)) => {
            json!({ "number": number, "time_s": time_s, "event": event, "instance": instance })
        }
        Dispatch::Event(event, None) => json!({ "number": number, "time_s": time_s, "event": event }),
        Dispatch::Call(call) => {
            json!({ "number": number, "time_s": time_s, "account": call.account, "call": call.action })
        }
    }
}
