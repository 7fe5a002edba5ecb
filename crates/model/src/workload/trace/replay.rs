//! A trace replayed: as it is, repeated, drawn anew, or at another intensity.
//!
//! Each row has streams of its own, so that a greater intensity keeps the rows of a lesser one and adds some. Copies of a row
//! start later than it by a drawn time, so that they do not all come at once, and have the same lifetime.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::loaded::LoadedTrace;
use super::open_ends::{OpenEnds, RecordedLifetimes};
use super::reading::TraceReading;
use super::resample::{Replicate, Resample};
use super::{TraceForm, TraceReader};
use crate::workload::call::{Action, Call, End};
use crate::workload::directory::Directory;
use crate::workload::profile::Intensity;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{Duration, Time};

/// `workload.repeat`: a trace that is replayed again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatConfig {
    /// Number of replays, 1 or more.
    pub times: u32,
    /// Time from the start of a replay to that of the next, at least up to the trace's last start.
    pub every: Duration,
}

/// Changes to a trace on its way into a run.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Settings of its reading.
    pub reading: TraceReading,
    /// The trace, where it is in memory already.
    pub loaded: Option<Arc<LoadedTrace>>,
    /// Ends of instances that have none.
    pub open_ends: OpenEnds,
    /// Repetition.
    pub repeat: Option<RepeatConfig>,
    /// Blocks that are drawn in place of the trace as it is.
    pub replicate: Option<Replicate>,
    /// Intensity; none: 1.
    pub intensity: Option<Intensity>,
    /// Longest delay of a copy.
    pub jitter: Duration,
}

impl Replay {
    /// Opens the trace of a file, in memory where it is there.
    fn open(&self, path: &Path) -> Result<TraceReader, InputError> {
        match &self.loaded {
            Some(loaded) => Ok(TraceReader::loaded(Arc::clone(loaded))),
            None => TraceReader::open(path, &self.reading),
        }
    }
}

/// A trace being replayed.
#[derive(Debug)]
pub struct TraceReplay {
    reader: TraceReader,
    path: PathBuf,
    replay: Replay,
    seed: Seed,
    /// Lifetimes that open ends are drawn from; none before the first row is read.
    lifetimes: Option<RecordedLifetimes>,
    /// Draws from the trace in this replay.
    resample: Option<Resample>,
    /// Number of the replay, from 0.
    pass: u32,
    /// Rows read, over all replays.
    rows: u64,
    /// Calls that were read or copied and are not taken yet, the earliest first.
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// Start of the row read last: nothing that is still to be read comes before it.
    frontier: Time,
    is_read: bool,
    first_event: Option<Time>,
    last_event: Time,
}

/// A call that is not taken yet, in the order of its time, then of the row and its copies.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Waiting {
    at: Time,
    row: u64,
    copy: u32,
    call: Call,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Waiting) -> std::cmp::Ordering {
        (self.at, self.row, self.copy).cmp(&(other.at, other.row, other.copy))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Persist for TraceReplay {
    fn save(&self, out: &mut Writer<'_>) {
        let TraceReplay {
            reader,
            path: _,
            replay: _,
            seed: _,
            lifetimes: _, // Read again with the next row.
            resample,
            pass,
            rows,
            waiting,
            frontier,
            is_read,
            first_event,
            last_event,
        } = self;
        let mut in_order: Vec<&Waiting> = waiting.iter().map(|Reverse(waiting)| waiting).collect();
        in_order.sort();
        out.put(&(pass, rows, in_order, frontier, is_read));
        out.put(&(first_event, last_event));
        resample.save(out);
        reader.save(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let waiting: Vec<Waiting>;
        (self.pass, self.rows, waiting, self.frontier, self.is_read) = from.get()?;
        (self.first_event, self.last_event) = from.get()?;
        self.waiting = waiting.into_iter().map(Reverse).collect();
        self.resample.restore(from)?;
        self.reader.restore(from)
    }
}

impl TraceReplay {
    /// Returns whether a row was read: a trace may have rows of which its scale leaves none.
    pub fn has_rows(&self) -> bool {
        self.rows > 0
    }

    /// Opens a trace and checks its header.
    ///
    /// # Errors
    /// Files that cannot be read; a trace of operations that is to be scaled or repeated.
    pub fn open(path: &Path, replay: Replay, seed: Seed) -> Result<TraceReplay, InputError> {
        let reader = replay.open(path)?;
        let mut problems = Vec::new();
        if reader.form() == TraceForm::Operations {
            let keys = [
                ("workload.open_ends", replay.open_ends != OpenEnds::Stay),
                ("workload.repeat", replay.repeat.is_some()),
                ("workload.replicate", replay.replicate.is_some()),
                ("workload.scale", replay.intensity.is_some()),
            ];
            for (key, _) in keys.into_iter().filter(|(_, is_set)| *is_set) {
                let found =
                    "found a trace of operations, whose calls refer to each other; expected one of intervals";
                let help = "leave `open_ends`, `repeat`, `replicate`, `scale` and `profile` out, or replay intervals";
                problems.push(Problem::new(Place::key(key), found).with_help(help));
            }
        }
        if replay.repeat.is_some_and(|repeat| repeat.times == 0) {
            let found = "found 0, expected a number of replays from 1 on";
            problems.push(Problem::new(Place::key("workload.repeat.times"), found));
        }
        if replay.replicate == Some(Replicate::Accounts) && !reader.has_accounts() {
            let found = "found a trace without accounts, expected one with the column `account`";
            let problem = Problem::new(Place::key("workload.replicate"), found);
            problems.push(problem.with_help("draw `days` or `weeks`, or name the column in `trace_columns`"));
        }
        if replay.replicate.is_some() && replay.open_ends != OpenEnds::Stay {
            let found = "found both `open_ends` and `replicate`, expected one of them: ages are those of the trace as it is";
            let problem = Problem::new(Place::key("workload.open_ends"), found);
            problems.push(problem.with_help("leave `open_ends` out: what has no end stays"));
        }
        if !problems.is_empty() {
            return Err(InputError(problems));
        }
        Ok(TraceReplay {
            reader,
            path: path.to_path_buf(),
            resample: replay.replicate.map(|replicate| Resample::new(replicate, seed, 0)),
            replay,
            seed,
            lifetimes: None,
            pass: 0,
            rows: 0,
            waiting: BinaryHeap::new(),
            frontier: Time::ZERO,
            is_read: false,
            first_event: None,
            last_event: Time::ZERO,
        })
    }

    /// Returns true if the trace is replayed as it is.
    #[inline]
    fn is_plain(&self) -> bool {
        let Replay { reading: _, loaded: _, open_ends, repeat, replicate, intensity, jitter: _ } =
            &self.replay;
        *open_ends == OpenEnds::Stay && repeat.is_none() && replicate.is_none() && intensity.is_none()
    }

    /// Returns the next call in time order; `None` after the last one.
    ///
    /// # Errors
    /// Rows that cannot be read; a repetition that is shorter than the trace.
    #[inline]
    pub fn next(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        if self.is_plain() { self.reader.next(directory) } else { self.next_of_copies(directory) }
    }

    fn next_of_copies(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        while !self.is_read && self.waiting.peek().is_none_or(|Reverse(first)| first.at > self.frontier) {
            match self.read_row(directory)? {
                Some(call) => self.copy(&call),
                None => self.is_read = true,
            }
        }
        Ok(self.waiting.pop().map(|Reverse(waiting)| {
            let end = match &waiting.call.action {
                Action::Launch(launch) => launch.end,
                _ => End::Never,
            };
            let last = if let End::At(end) = end { end } else { waiting.at };
            self.last_event = self.last_event.max(last);
            self.first_event.get_or_insert(waiting.at);
            waiting.call
        }))
    }

    /// Reads the next row of this replay, or the first of the next one.
    fn read_row(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        loop {
            if let Some(call) = self.read_drawn_row(directory)? {
                let delay = self
                    .replay
                    .repeat
                    .map_or(0, |repeat| repeat.every.0.saturating_mul(u64::from(self.pass)));
                // Those that are there at the start come once more in each replay, as launches.
                let call = if self.pass == 0 { call } else { copied(&call, Duration(delay)) };
                self.frontier = call.at;
                return Ok(Some(call));
            }
            let Some(repeat) = self.replay.repeat.filter(|repeat| self.pass + 1 < repeat.times) else {
                return Ok(None);
            };
            self.pass += 1;
            let next = Time::ZERO.after(Duration(repeat.every.0.saturating_mul(u64::from(self.pass))));
            if next < self.frontier {
                let begun = Duration(self.frontier.0 - (next.0 - repeat.every.0));
                let found = format!(
                    "found {}, expected at least {begun}, when the trace's last row starts",
                    repeat.every
                );
                return Err(Problem::new(Place::key("workload.repeat.every"), found).into());
            }
            self.reader = self.reopen()?;
            self.resample =
                self.replay.replicate.map(|replicate| Resample::new(replicate, self.seed, self.pass));
        }
    }

    /// Reads the next row of the trace, or of what is drawn from it.
    fn read_drawn_row(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        if self.resample.as_ref().is_some_and(Resample::reads_from_the_beginning) {
            self.reader = self.reopen()?;
        }
        match &mut self.resample {
            Some(resample) => resample.next(&mut self.reader, directory),
            None => self.read_recorded_row(directory),
        }
    }

    /// Reads the next row of the trace, with an end where it has none and one is to be drawn.
    fn read_recorded_row(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        let mut call = self.reader.next(directory)?;
        if self.replay.open_ends == OpenEnds::KaplanMeier
            && let Some(call) = &mut call
        {
            if self.lifetimes.is_none() {
                self.lifetimes = Some(RecordedLifetimes::read(&mut self.reopen()?, directory)?);
            }
            let lifetimes = self.lifetimes.as_ref().expect("they were read above");
            lifetimes.close(call, self.seed.stream(Purpose::OpenEnd, self.rows));
        }
        Ok(call)
    }

    /// Opens the trace once more.
    fn reopen(&self) -> Result<TraceReader, InputError> {
        self.replay.open(&self.path)
    }

    /// Puts a row and its copies among those that wait.
    fn copy(&mut self, call: &Call) {
        let row = self.rows;
        self.rows += 1;
        let Some(intensity) = &self.replay.intensity else {
            self.waiting.push(Reverse(Waiting { at: call.at, row, copy: 0, call: call.clone() }));
            return;
        };
        let wanted = intensity.at(call.at);
        let mut stream = self.seed.stream(Purpose::TraceCopy, row);
        let whole = wanted.floor();
        let copies = whole as u32 + u32::from(stream.unit() <= wanted - whole);
        for copy in 0..copies {
            let call = match copy {
                0 => call.clone(),
                _ => copied(call, jitter(&mut stream, self.replay.jitter)),
            };
            self.waiting.push(Reverse(Waiting { at: call.at, row, copy, call }));
        }
    }

    /// Returns the number of days, weeks or accounts that the trace is drawn from; `None` if it is replayed as it is.
    pub fn blocks(&self) -> Option<u64> {
        self.resample.as_ref().map(Resample::blocks)
    }

    /// Returns what was read otherwise than it is written.
    pub fn notes(&self) -> Vec<String> {
        self.reader.notes()
    }

    /// Returns the time of the first call, once it was read.
    pub fn first_event(&self) -> Option<Time> {
        if self.is_plain() { self.reader.first_event() } else { self.first_event }
    }

    /// Returns the greatest time of the calls taken so far, starts and ends.
    pub fn last_event(&self) -> Time {
        if self.is_plain() { self.reader.last_event() } else { self.last_event }
    }
}

/// Draws a time below a bound.
fn jitter(stream: &mut Stream, below: Duration) -> Duration {
    if below == Duration::ZERO { Duration::ZERO } else { Duration(stream.below(below.0)) }
}

/// Returns a copy of a call, later. That of a resident is a launch as any other, after all that is there at the start: it names no
/// host, and goes where its tenancy may, to the shared pool in place of a dedicated host.
fn copied(call: &Call, delay: Duration) -> Call {
    let mut copy = delayed(call, delay);
    if let (Time::ZERO, Action::Launch(launch)) = (call.at, &mut copy.action)
        && launch.options.as_ref().is_some_and(|options| options.host.is_some())
    {
        launch.options = launch.options.take().and_then(|options| options.without_host(false));
        copy.at = copy.at.max(Time(1));
    }
    copy
}

/// Returns the same call later; its instance ends later by as much.
fn delayed(call: &Call, delay: Duration) -> Call {
    let mut call = call.clone();
    call.at = call.at.after(delay);
    if let Action::Launch(launch) = &mut call.action
        && let End::At(end) = launch.end
    {
        launch.end = End::At(end.after(delay));
    }
    call
}
