//! Synthetic calls: the source of calls that one `[[workload.calls]]` of a scenario becomes.
//!
//! It names nothing. A call about instances carries a draw, and the cloud finds whom it falls on when it answers; so
//! what is asked never depends on what the cloud did before.

mod config;
mod operations;

use super::call::{Action, Call, Targets};
use super::draw::{self, Choice};
use super::process::Timetable;
use crate::engine::random::Stream;
use crate::persist;
use crate::units::{AccountId, Time};
use operations::{Make, Template};

pub use config::{CallConfig, DescribeConfig, Scope, VolumeConfig};

/// A source of calls at work. Each purpose has a stream of its own: times, operation and account, what a call is about.
#[derive(Debug)]
pub struct CallSource {
    timetable: Timetable,
    /// How calls of each operation are made.
    makes: Vec<Make>,
    operation: Choice,
    accounts: Vec<AccountId>,
    mix_stream: Stream,
    target_stream: Stream,
    template: Template,
    /// Whose the calls of this time are.
    account: AccountId,
}

persist! { CallSource {
    values: [account],
    parts: [timetable, mix_stream, target_stream],
    made: [makes, operation, accounts, template],
} }

impl CallSource {
    /// When the next call comes; [`Time::NEVER`] when none does.
    #[inline]
    pub fn at(&self) -> Time {
        self.timetable.at()
    }

    /// Takes the next call. Always three draws, so that more operations, accounts or instances shift nothing else.
    #[inline]
    pub fn take(&mut self) -> Call {
        let make = self.makes[self.operation.draw(&mut self.mix_stream)];
        let account = self.accounts[draw::index(&mut self.mix_stream, self.accounts.len() as u32) as usize];
        if self.timetable.begins_a_batch() {
            self.account = account;
        }
        let action = make(&self.template, self.target_stream.bits());
        let call = Call { at: self.timetable.at(), account: self.account, action };
        self.timetable.advance();
        call
    }

    /// Whether some of its calls are about instances that are drawn.
    pub fn draws_instances(&self) -> bool {
        let is_drawn = |action: Action| matches!(action.targets(), Some(Targets::Drawn { .. }));
        self.makes.iter().any(|make| is_drawn(make(&self.template, 0)))
    }
}

#[cfg(test)]
mod tests;
