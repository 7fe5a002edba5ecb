//! Lifecycle of an instance: states, triggers, and the one table of legal transitions.
//!
//! ```text
//! launch ─▶ pending ─booted─▶ running ─stop, hibernate─▶ stopping ─stopped─▶ stopped ─start─▶ pending
//! pending, running, stopping, stopped ─terminate─▶ shutting-down ─terminated─▶ terminated
//! pending ─boot failed─▶ terminated
//! pending, running ─host failed, recover─▶ pending        ─interrupted─▶ shutting-down
//! ```

use serde::{Deserialize, Serialize};

use crate::transition::Transition;
use plimsoll_base::failure::Failure;
use plimsoll_base::names;

/// State of an instance, with EC2's code (`DescribeInstances`, "instance-state-code").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum State {
    /// Booting on its host.
    Pending = 0,
    /// Running, and billed.
    Running = 16,
    /// Ending; without a host if it was stopped before.
    ShuttingDown = 32,
    /// Ended; only its number is left.
    Terminated = 48,
    /// Stopping.
    Stopping = 64,
    /// Stopped: it has no host and keeps its private address.
    Stopped = 80,
}

names! { State {
    Pending = "pending",
    Running = "running",
    ShuttingDown = "shutting-down",
    Terminated = "terminated",
    Stopping = "stopping",
    Stopped = "stopped",
} }

impl State {
    /// Returns EC2's code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the position in [`State::ALL`]: EC2's codes are sixteen apart.
    const fn index(self) -> usize {
        self as usize / 16
    }

    /// Returns the effect of `trigger` on an instance in this state.
    #[inline]
    pub const fn on(self, trigger: Trigger) -> Transition<State> {
        TRANSITIONS[trigger as usize][self.index()]
    }
}

/// Cause of a transition: a call, the end of something that takes time, or its host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Trigger {
    /// Call that runs it again.
    Start,
    /// Call that stops it.
    Stop,
    /// Call that stops it and keeps its memory on the root volume.
    Hibernate,
    /// Call that reboots it.
    Reboot,
    /// Call that ends it.
    Terminate,
    /// Call that asks for its state.
    Describe,
    /// Call that changes its type.
    ModifyType,
    /// Call that changes its protection, tags, security groups, volumes or addresses.
    ModifyAttribute,
    /// Booting is over.
    Booted,
    /// Booting did not succeed, after a launch or a start.
    BootFailed,
    /// Stopping is over.
    Stopped,
    /// Shutting down is over.
    Terminated,
    /// Its host failed or is being drained, and it starts again on another.
    Recovered,
    /// Its host failed and it stays off.
    Lost,
    /// The spot market takes its capacity back.
    Interrupted,
}

impl Trigger {
    /// Every trigger, in the order of the rows of the table of transitions.
    pub const ALL: [Trigger; 15] = {
        use Trigger::*;
        [
            Start,
            Stop,
            Hibernate,
            Reboot,
            Terminate,
            Describe,
            ModifyType,
            ModifyAttribute,
            Booted,
            BootFailed,
            Stopped,
            Terminated,
            Recovered,
            Lost,
            Interrupted,
        ]
    };

    /// Returns true for calls, which are always answered.
    pub const fn is_call(self) -> bool {
        (self as usize) < Trigger::Booted as usize
    }
}

/// Table of legal transitions: a row for each trigger, a column for each state.
///
/// Calls on a state in transition are refused, although EC2 lets some pass. Only
/// terminating is "idempotent; if you terminate an instance more than once, each call succeeds"
/// (`TerminateInstances`), which holds while it shuts down as well as afterwards. An instance that is stopping
/// or shutting down when its host is lost has finished that.
#[rustfmt::skip]
const TRANSITIONS: [[Transition<State>; State::ALL.len()]; Trigger::ALL.len()] = {
    use State::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
    use Transition::{Never, Stay, To};
    const NO: Transition<State> = Transition::Refused(Failure::IncorrectInstanceState);
    [
        //                   pending           running           shutting-down   terminated  stopping          stopped
        /* start          */ [NO,               NO,               NO,             NO,         NO,               To(Pending)],
        /* stop           */ [NO,               To(Stopping),     NO,             NO,         NO,               NO],
        /* hibernate      */ [NO,               To(Stopping),     NO,             NO,         NO,               NO],
        /* reboot         */ [NO,               Stay,             NO,             NO,         NO,               NO],
        /* terminate      */ [To(ShuttingDown), To(ShuttingDown), Stay,           Stay,       To(ShuttingDown), To(ShuttingDown)],
        /* describe       */ [Stay,             Stay,             Stay,           Stay,       Stay,             Stay],
        /* modify type    */ [NO,               NO,               NO,             NO,         NO,               Stay],
        /* modify attrib. */ [Stay,             Stay,             NO,             NO,         Stay,             Stay],
        /* booted         */ [To(Running),      Never,            Never,          Never,      Never,            Never],
        /* boot failed    */ [To(Terminated),   Never,            Never,          Never,      Never,            Never],
        /* stopped        */ [Never,            Never,            Never,          Never,      To(Stopped),      Never],
        /* terminated     */ [Never,            Never,            To(Terminated), Never,      Never,            Never],
        /* recovered      */ [To(Pending),      To(Pending),      Never,          Never,      Never,            Never],
        /* lost           */ [To(Stopped),      To(Stopped),      To(Terminated), Never,      To(Stopped),      Never],
        /* interrupted    */ [To(ShuttingDown), To(ShuttingDown), Never,          Never,      Never,            Never],
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition;

    /// Every pair of state and trigger once more, in words and by trigger.
    #[test]
    fn every_state_and_trigger() {
        for (trigger, state) in Trigger::ALL.into_iter().flat_map(|of| State::ALL.map(|state| (of, state))) {
            match state.on(trigger) {
                Transition::Refused(failure) => {
                    assert_eq!(failure, Failure::IncorrectInstanceState);
                    assert!(trigger.is_call(), "only calls are refused");
                }
                Transition::Never => assert!(!trigger.is_call(), "{trigger:?} is always answered"),
                Transition::To(_) | Transition::Stay => {}
            }
        }
        let words = Trigger::ALL.map(|trigger| format!("{trigger:?}"));
        let triggers: Vec<_> = Trigger::ALL.into_iter().zip(words.iter().map(String::as_str)).collect();
        let states = State::ALL.map(|state| (state, state.name()));
        let printed = transition::print(&states, &triggers, State::on, State::name);
        let legal: Vec<&str> = printed.lines().filter(|line| !line.contains('!')).collect();
        let expected = "\
Start: stopped -> pending
Stop: running -> stopping
Hibernate: running -> stopping
Reboot: running
Terminate: pending -> shutting-down
Terminate: running -> shutting-down
Terminate: shutting-down
Terminate: terminated
Terminate: stopping -> shutting-down
Terminate: stopped -> shutting-down
Describe: pending
Describe: running
Describe: shutting-down
Describe: terminated
Describe: stopping
Describe: stopped
ModifyType: stopped
ModifyAttribute: pending
ModifyAttribute: running
ModifyAttribute: stopping
ModifyAttribute: stopped
Booted: pending -> running
BootFailed: pending -> terminated
Stopped: stopping -> stopped
Terminated: shutting-down -> terminated
Recovered: pending -> pending
Recovered: running -> pending
Lost: pending -> stopped
Lost: running -> stopped
Lost: shutting-down -> terminated
Lost: stopping -> stopped
Interrupted: pending -> shutting-down
Interrupted: running -> shutting-down";
        assert_eq!(legal.join("\n"), expected);
    }

    #[test]
    fn codes_and_positions_agree() {
        assert_eq!(State::ALL.map(State::code), [0, 16, 32, 48, 64, 80]);
        for (i, state) in State::ALL.into_iter().enumerate() {
            assert_eq!(state.index(), i);
        }
        for (i, trigger) in Trigger::ALL.into_iter().enumerate() {
            assert_eq!(trigger as usize, i);
        }
    }
}
