//! Resamples of a trace: demand like the recorded one, of its own days, weeks or accounts drawn again with replacement, by the
//! seed (the bootstrap; Efron and Tibshirani, An Introduction to the Bootstrap, 1993, sections 8.5 and 8.6).
//!
//! Days and weeks are blocks of time: each block of the run is one of the trace, with all that begins in it, so that what belongs
//! together in a block stays together. Accounts are kept, left out or doubled, each a number of times with Poisson's
//! distribution of mean 1, which needs no second pass and no number of accounts (Chamandy et al., "Estimating uncertainty for
//! massive data streams", Google, 2012).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TraceReader;
use crate::workload::call::{Action, Call, End};
use crate::workload::directory::Directory;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{AccountId, Duration, NS_PER_S, Time};

/// `workload.replicate`: blocks of a trace that are drawn, with replacement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replicate {
    /// Days of 24 hours from the start of the run.
    Days,
    /// Weeks of seven days, where days of the week differ.
    Weeks,
    /// Accounts, with all their launches at their times.
    Accounts,
}

impl Replicate {
    /// Returns the word for several blocks.
    pub fn name(self) -> &'static str {
        match self {
            Replicate::Days => "days",
            Replicate::Weeks => "weeks",
            Replicate::Accounts => "accounts",
        }
    }
}

/// A day.
const DAY: Duration = Duration(86_400 * NS_PER_S);

/// A week.
const WEEK: Duration = Duration(7 * DAY.0);

/// Part of a block in which a row must start for the trace's last block to count as whole: one in so many, an hour of a day.
const LAST_PART: u64 = 24;

/// Bits of an account's number in the entity of its stream; the rest is the number of the replay.
const ACCOUNT_BITS: u32 = 32;

/// A trace being drawn anew.
#[derive(Debug)]
pub enum Resample {
    /// Of blocks of time.
    Blocks(Box<Blocks>),
    /// Of accounts.
    Accounts(Accounts),
}

impl Resample {
    /// Returns the resample of a replay of the trace, at its beginning.
    pub fn new(replicate: Replicate, seed: Seed, pass: u32) -> Resample {
        match replicate {
            Replicate::Days => Resample::Blocks(Box::new(Blocks::new(DAY, replicate.name(), seed, pass))),
            Replicate::Weeks => Resample::Blocks(Box::new(Blocks::new(WEEK, replicate.name(), seed, pass))),
            Replicate::Accounts => Resample::Accounts(Accounts::new(seed, pass)),
        }
    }

    /// Returns whether the next call needs a reader that stands at the beginning of the trace.
    pub fn reads_from_the_beginning(&self) -> bool {
        matches!(self, Resample::Blocks(blocks) if blocks.calls.is_none())
    }

    /// Returns the next call in time order; `None` after the last one.
    ///
    /// # Errors
    /// Rows that cannot be read; a trace of fewer than two whole blocks, from which nothing can be drawn.
    pub fn next(
        &mut self,
        reader: &mut TraceReader,
        directory: &mut Directory,
    ) -> Result<Option<Call>, InputError> {
        match self {
            Resample::Blocks(blocks) => blocks.next(reader, directory),
            Resample::Accounts(accounts) => accounts.next(reader, directory),
        }
    }

    /// Returns the number of blocks of the trace so far: what the draws are made of.
    pub fn blocks(&self) -> u64 {
        match self {
            Resample::Blocks(blocks) => blocks.calls.as_ref().map_or(0, |calls| calls.len() as u64),
            Resample::Accounts(accounts) => accounts.drawn.iter().flatten().count() as u64,
        }
    }
}

impl Persist for Resample {
    fn save(&self, out: &mut Writer<'_>) {
        match self {
            Resample::Blocks(blocks) => blocks.save(out),
            Resample::Accounts(accounts) => accounts.save(out),
        }
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        match self {
            Resample::Blocks(blocks) => blocks.restore(from),
            Resample::Accounts(accounts) => accounts.restore(from),
        }
    }
}

/// Blocks of time drawn one after the other. The rows of the trace are held in memory.
#[derive(Debug)]
pub struct Blocks {
    length: Duration,
    /// Word for several of them.
    name: &'static str,
    /// Calls of each whole block of the trace; `None` before they were read.
    calls: Option<Vec<Vec<Call>>>,
    stream: Stream,
    /// Number of the block of the run, from 0, and of that of the trace which was drawn for it; none before the first.
    current: Option<(u64, usize)>,
    /// Number of the next call in its block.
    next: usize,
}

impl Blocks {
    fn new(length: Duration, name: &'static str, seed: Seed, pass: u32) -> Blocks {
        let stream = seed.stream(Purpose::TraceResample, u64::from(pass));
        Blocks { length, name, calls: None, stream, current: None, next: 0 }
    }

    fn next(
        &mut self,
        reader: &mut TraceReader,
        directory: &mut Directory,
    ) -> Result<Option<Call>, InputError> {
        if self.calls.is_none() {
            self.calls = Some(self.read(reader, directory)?);
        }
        let blocks = self.calls.as_ref().expect("they were read above");
        loop {
            if let Some((number, drawn)) = self.current
                && let Some(call) = blocks[drawn].get(self.next)
            {
                self.next += 1;
                let begins = |block: u64| block * self.length.0;
                return Ok(Some(moved(call, begins(drawn as u64), begins(number))));
            }
            let number = self.current.map_or(0, |(number, _)| number + 1);
            if number == blocks.len() as u64 {
                return Ok(None);
            }
            self.current = Some((number, self.stream.below(blocks.len() as u64) as usize));
            self.next = 0;
        }
    }

    /// Reads the trace, and returns the calls of each of its whole blocks.
    fn read(
        &self,
        reader: &mut TraceReader,
        directory: &mut Directory,
    ) -> Result<Vec<Vec<Call>>, InputError> {
        let mut blocks: Vec<Vec<Call>> = Vec::new();
        let mut last = Time::ZERO;
        while let Some(call) = reader.next(directory)? {
            refuse_placed(&call)?;
            last = call.at;
            let block = (call.at.0 / self.length.0) as usize;
            blocks.resize_with(blocks.len().max(block + 1), Vec::new);
            blocks[block].push(call);
        }
        let is_whole = last.0 % self.length.0 >= self.length.0 - self.length.0 / LAST_PART;
        if !is_whole {
            blocks.pop();
        }
        if blocks.len() < 2 {
            let found =
                format!("found fewer than two whole {} in the trace, expected more to draw from", self.name);
            let help = "draw shorter blocks or accounts, or leave `replicate` out";
            return Err(Problem::new(Place::key("workload.replicate"), found).with_help(help).into());
        }
        Ok(blocks)
    }
}

impl Persist for Blocks {
    fn save(&self, out: &mut Writer<'_>) {
        out.put(&(self.current, self.next));
        self.stream.save(out);
    }

    /// Restores the position. The calls are read again with the next one.
    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        (self.current, self.next) = from.get()?;
        self.stream.restore(from)
    }
}

/// Accounts, each of which is drawn a number of times when it is first met.
#[derive(Debug)]
pub struct Accounts {
    seed: Seed,
    pass: u32,
    /// Times that each account was drawn, by its id; none of those not met yet.
    drawn: Vec<Option<u32>>,
    /// Copies of the row read last that are not taken yet, the next one last.
    copies: Vec<Call>,
}

impl Accounts {
    fn new(seed: Seed, pass: u32) -> Accounts {
        Accounts { seed, pass, drawn: Vec::new(), copies: Vec::new() }
    }

    fn next(
        &mut self,
        reader: &mut TraceReader,
        directory: &mut Directory,
    ) -> Result<Option<Call>, InputError> {
        while self.copies.is_empty() {
            let Some(call) = reader.next(directory)? else { return Ok(None) };
            refuse_placed(&call)?;
            for copy in (0..self.times(call.account)).rev() {
                let account = account_of_copy(call.account, copy, directory);
                self.copies.push(Call { account, ..call.clone() });
            }
        }
        Ok(self.copies.pop())
    }

    /// Returns the times that an account was drawn.
    fn times(&mut self, account: AccountId) -> u32 {
        let index = account.index();
        self.drawn.resize(self.drawn.len().max(index + 1), None);
        *self.drawn[index].get_or_insert_with(|| {
            let entity = u64::from(self.pass) << ACCOUNT_BITS | index as u64;
            poisson_of_mean_one(self.seed.stream(Purpose::TraceResample, entity).unit())
        })
    }
}

impl Persist for Accounts {
    fn save(&self, out: &mut Writer<'_>) {
        out.put(&(self.pass, &self.drawn, &self.copies));
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        (self.pass, self.drawn, self.copies) = from.get()?;
        Ok(())
    }
}

/// Returns the account of a copy: the account itself, then `NAME~2`, `NAME~3` …, each with limits of its own.
fn account_of_copy(account: AccountId, copy: u32, directory: &mut Directory) -> AccountId {
    if copy == 0 {
        return account;
    }
    let name = format!("{}~{}", directory.accounts()[account.index()], copy + 1);
    directory.account(&name)
}

/// Returns the count of Poisson's distribution of mean 1 at a uniform draw from (0, 1], by inversion.
fn poisson_of_mean_one(uniform: f64) -> u32 {
    let mut chance = libm::exp(-1.0);
    let (mut count, mut below) = (0, chance);
    // The sum of all chances misses 1 by rounding, so that a draw of 1 needs an end: a chance that adds nothing.
    while uniform > below && below + chance > below {
        count += 1;
        chance /= f64::from(count);
        below += chance;
    }
    count
}

/// Refuses an instance that is on its host already when the run starts: it can be there once.
fn refuse_placed(call: &Call) -> Result<(), InputError> {
    let host = match &call.action {
        Action::Launch(launch) => launch.options.as_deref().and_then(|options| options.host.as_ref()),
        _ => None,
    };
    if host.is_none() {
        return Ok(());
    }
    let found = "found a trace with instances on hosts, expected one of demand alone";
    let help = "draw from a trace without the column `host`, or leave `replicate` out";
    Err(Problem::new(Place::key("workload.replicate"), found).with_help(help).into())
}

/// Returns the same call in another block; its instance ends as much later or earlier. Both blocks are told by when they
/// begin \[ns\].
fn moved(call: &Call, from: u64, to: u64) -> Call {
    let move_time = |time: Time| Time::ZERO.after(Duration((time.0 - from).saturating_add(to)));
    let mut call = call.clone();
    call.at = move_time(call.at);
    if let Action::Launch(launch) = &mut call.action
        && let End::At(end) = launch.end
    {
        launch.end = End::At(move_time(end));
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_poisson_s_distribution() {
        let mut stream = Seed(7).stream(Purpose::TraceResample, 0);
        let mut counts = [0.0_f64; 8];
        const DRAWS: u32 = 200_000;
        for _ in 0..DRAWS {
            counts[poisson_of_mean_one(stream.unit()).min(7) as usize] += 1.0;
        }
        let mut chance = libm::exp(-1.0);
        for (k, count) in counts.iter().enumerate().take(6) {
            if k > 0 {
                chance /= k as f64;
            }
            let expected = f64::from(DRAWS) * chance;
            let deviations = (count - expected) / (expected * (1.0 - chance)).sqrt();
            assert!(deviations.abs() < 4.0, "{k}: {count} beside {expected}");
        }
        assert_eq!((poisson_of_mean_one(0.3), poisson_of_mean_one(0.5)), (0, 1));
        assert!(poisson_of_mean_one(1.0) < 30);
    }
}
