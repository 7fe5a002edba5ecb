//! `control_plane.csv`: the stages of the control plane over time. A row per sampling interval and stage; counts and
//! the sum of waits begin with the run and anew when the warm-up ends.

use std::io::{self, Write};

use crate::run::{Opened, Out, Streamed};
use plimsoll_base::units::figures::seconds;
use plimsoll_model::workload::directory::Directory;
use plimsoll_sim::cloud::observe::Observation;

/// Name of the file.
pub const FILE: &str = "control_plane.csv";

/// Begins the file.
pub fn begin(mut out: Out) -> Opened {
    writeln!(
        out,
        "time_s,stage,waiting,in_service,arrivals,completed,refused,timed_out,wait_s_total,held,places"
    )?;
    Ok(Box::new(Rows { out }))
}

struct Rows {
    out: Out,
}

impl Streamed for Rows {
    fn observe(&mut self, observation: &Observation, _directory: &Directory) -> io::Result<()> {
        let Observation::Sampled(sample) = observation else { return Ok(()) };
        let at = seconds(sample.at.0);
        for stage in &sample.stages {
            writeln!(
                self.out,
                "{at},{},{},{},{},{},{},{},{},{},{}",
                stage.name,
                stage.waiting,
                stage.in_service,
                stage.arrivals,
                stage.completed,
                stage.refused,
                stage.timed_out,
                seconds(stage.waited.0),
                stage.held,
                // A stage without a limit has none to be full by.
                stage.places.unwrap_or(0),
            )?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
