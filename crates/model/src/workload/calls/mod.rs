//! Synthetic calls: the source of calls that one `[[workload.calls]]` of a scenario becomes.
//!
//! Its calls name nothing. A call about instances carries a draw, and the cloud finds the drawn instances when it
//! answers; so the calls never depend on earlier answers of the cloud.

mod config;
mod operations;

use serde::{Deserialize, Serialize};

use super::call::{Action, Call, Targets};
use super::process::Timetable;
use crate::draw::{self, AliasTable};
use operations::{MakeCall, Template};
use plimsoll_base::engine::random::Stream;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Time};

pub use config::{CallConfig, DescribeConfig, Scope, VolumeConfig};

/// A source of calls. Each purpose has a stream of its own: times, operation and account, target.
#[derive(Debug)]
pub struct CallSource {
    timetable: Timetable,
    /// Makers of the calls of each operation.
    makes: Vec<MakeCall>,
    operation: AliasTable,
    accounts: Vec<AccountId>,
    mix_stream: Stream,
    target_stream: Stream,
    template: Template,
    next: Next,
}

/// The next call, drawn beforehand, so that its target can be prefetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Next {
    /// Number of the operation.
    operation: usize,
    /// Account that makes it: the same for all calls of a batch.
    account: AccountId,
    /// Draw of its target.
    target: u64,
}

persist! { CallSource {
    values: [next],
    nested: [timetable, mix_stream, target_stream],
    derived: [makes, operation, accounts, template],
} }

impl CallSource {
    /// Returns the time of the next call; [`Time::NEVER`] if there is none.
    #[inline]
    pub fn at(&self) -> Time {
        self.timetable.at()
    }

    /// Returns account and draw of the next call.
    #[inline]
    pub fn outlook(&self) -> (AccountId, u64) {
        (self.next.account, self.next.target)
    }

    /// Takes the next call.
    #[inline]
    pub fn take(&mut self) -> Call {
        let Next { operation, account, target } = self.next;
        let action = self.makes[operation](&self.template, target);
        let call = Call { at: self.timetable.at(), account, action };
        self.timetable.advance();
        self.draw_next();
        call
    }

    /// Draws the next call. Always three draws, so that more operations, accounts or instances shift nothing else.
    #[inline]
    fn draw_next(&mut self) {
        self.next.operation = self.operation.draw(&mut self.mix_stream);
        let account = draw::index(&mut self.mix_stream, self.accounts.len() as u32);
        if self.timetable.begins_a_batch() {
            self.next.account = self.accounts[account as usize];
        }
        self.next.target = self.target_stream.bits();
    }

    /// Returns true if some of its calls are about instances that are drawn.
    pub fn draws_instances(&self) -> bool {
        let is_drawn = |action: Action| matches!(action.targets(), Some(Targets::Drawn { .. }));
        self.makes.iter().any(|make| is_drawn(make(&self.template, 0)))
    }
}

#[cfg(test)]
mod tests;
