//! Open launch: one that is neither launched nor refused so far.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use crate::cloud::instances::reference::Reference;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, Duration, Time, TypeId, ZoneId};
use plimsoll_model::waiting::line::LinePlace;
use plimsoll_model::workload::call::{End, Launch};
use plimsoll_model::workload::launch_policy::OnRefusal;

/// Launch, with what has become of it so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenLaunch {
    pub account: AccountId,
    /// Launch as it was asked for: the first choice.
    pub first: Launch,
    /// Lifetimes of its instances, where these are drawn.
    pub lifetimes: Box<[Duration]>,
    /// Time of the call.
    pub called: Time,
    /// Time of its first request.
    pub begun: Time,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// Number of the choice within the attempt, from 0.
    pub choice: u32,
    /// Delay before this attempt.
    pub delay: Duration,
    /// Turn in the line, while it waits.
    pub turn: Option<LineTurn>,
    /// Time that it has waited in line, apart from the present turn.
    pub waited: Duration,
    /// Instances that it has given notice to.
    pub victims: Vec<Reference>,
    /// True for the rest of a launch whose instance was preempted: it is counted already.
    pub is_requeued: bool,
}

/// Turn of a launch in the line.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LineTurn {
    pub place: LinePlace,
    /// Zone that it waits for; `None`: any.
    pub zone: Option<ZoneId>,
    pub since: Time,
    /// Refusal that it would have met without a line.
    pub reason: FailureReason,
}

/// Choice that a launch got, compared with what it asked for first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum LaunchChoice {
    First,
    OtherType,
    OtherZone,
}

impl OpenLaunch {
    /// Returns a launch at its first request.
    pub fn new(
        now: Time,
        called: Time,
        account: AccountId,
        first: Launch,
        lifetimes: Box<[Duration]>,
    ) -> OpenLaunch {
        OpenLaunch {
            account,
            first,
            lifetimes,
            called,
            begun: now,
            attempt: 1,
            choice: 0,
            delay: Duration::ZERO,
            turn: None,
            waited: Duration::ZERO,
            victims: Vec::new(),
            is_requeued: false,
        }
    }

    /// Returns what its next request asks for. An end that the trace tells is later by the time since the first request, so
    /// that the instance lives as long as it was to.
    pub fn request(&self, now: Time, rule: Option<&OnRefusal>) -> Cow<'_, Launch> {
        let late = now.since(self.begun);
        if self.choice == 0 && (late == Duration::ZERO || !matches!(self.first.end, End::At(_))) {
            return Cow::Borrowed(&self.first);
        }
        let chosen = rule.and_then(|rule| rule.choice(&self.first, self.choice));
        let mut launch = chosen.unwrap_or_else(|| self.first.clone());
        if let End::At(end) = launch.end {
            launch.end = End::At(end.after(late));
        }
        Cow::Owned(launch)
    }

    /// Returns the choice that it is if it is launched now, of a type and in a zone.
    pub fn chosen(&self, kind: TypeId, zone: ZoneId, asked: Option<ZoneId>) -> LaunchChoice {
        if kind != self.first.kind {
            LaunchChoice::OtherType
        } else if asked.is_some_and(|asked| asked != zone) {
            LaunchChoice::OtherZone
        } else {
            LaunchChoice::First
        }
    }
}
