//! The life of an instance: states, operations, and the one table of legal moves.
//!
//! ```text
//! launch ─▶ pending ─booted─▶ running ─stop─▶ stopping ─stopped─▶ stopped ─start─▶ pending
//! pending, running, stopping, stopped ─terminate─▶ shutting-down ─terminated─▶ terminated
//! pending ─boot failed─▶ terminated
//! ```

use crate::failure::Failure;

/// An operation of the API on instances. The number goes into the digest: add at the end, never renumber.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Operation {
    /// New instances.
    Launch = 1,
    /// Run a stopped instance again.
    Start = 2,
    /// Stop a running instance.
    Stop = 3,
    /// Reboot a running instance.
    Reboot = 4,
    /// End an instance.
    Terminate = 5,
    /// Ask for its state.
    Describe = 6,
    /// Change its type.
    Modify = 7,
}

impl Operation {
    /// Every operation, in the order of the numbers.
    pub const ALL: [Operation; 7] = {
        use Operation::*;
        [Launch, Start, Stop, Reboot, Terminate, Describe, Modify]
    };

    /// Position in [`Operation::ALL`], from 0.
    pub const fn index(self) -> usize {
        self as usize - 1
    }

    /// Its word in traces and results.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Launch => "launch",
            Operation::Start => "start",
            Operation::Stop => "stop",
            Operation::Reboot => "reboot",
            Operation::Terminate => "terminate",
            Operation::Describe => "describe",
            Operation::Modify => "modify",
        }
    }

    /// The operation of a word, if it is one.
    pub fn named(name: &str) -> Option<Operation> {
        Operation::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

/// State of an instance, with EC2's code (`DescribeInstances`, "instance-state-code").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum State {
    /// It has a host and boots.
    Pending = 0,
    /// It runs and is billed.
    Running = 16,
    /// It ends; without a host if it was stopped before.
    ShuttingDown = 32,
    /// It has ended; only its number is left.
    Terminated = 48,
    /// It stops.
    Stopping = 64,
    /// It has no host and keeps its private address.
    Stopped = 80,
}

impl State {
    /// Every state, in the order of the codes.
    pub const ALL: [State; 6] = {
        use State::*;
        [Pending, Running, ShuttingDown, Terminated, Stopping, Stopped]
    };

    /// EC2's code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// EC2's name.
    pub const fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Running => "running",
            State::ShuttingDown => "shutting-down",
            State::Terminated => "terminated",
            State::Stopping => "stopping",
            State::Stopped => "stopped",
        }
    }

    /// Position in [`State::ALL`]: EC2's codes are sixteen apart.
    const fn index(self) -> usize {
        self as usize / 16
    }

    /// What `trigger` does to an instance in this state.
    #[inline]
    pub const fn on(self, trigger: Trigger) -> Move {
        MOVES[trigger.index()][self.index()]
    }
}

/// What can move an instance: a call, or the end of something that takes time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// Somebody asks for it.
    Call(Operation),
    /// Booting is over.
    Booted,
    /// Booting did not succeed, after a launch or a start.
    BootFailed,
    /// Stopping is over.
    Stopped,
    /// Shutting down is over.
    Terminated,
}

impl Trigger {
    /// Row of [`MOVES`].
    const fn index(self) -> usize {
        match self {
            Trigger::Call(operation) => operation.index(),
            Trigger::Booted => 7,
            Trigger::BootFailed => 8,
            Trigger::Stopped => 9,
            Trigger::Terminated => 10,
        }
    }
}

/// What a trigger does to an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// It enters another state.
    To(State),
    /// It succeeds and stays in its state.
    Stay,
    /// The call fails.
    Refused(Failure),
    /// Cannot happen: a launch makes a new instance, and a timer is cancelled when the state it would
    /// end is left. Meeting it is a bug.
    Never,
}

/// The table of legal moves: a row for each trigger, a column for each state.
///
/// Calls on a state in transition are refused, as `model.md` says, although EC2 lets some pass. Only
/// terminating is "idempotent; if you terminate an instance more than once, each call succeeds"
/// (`TerminateInstances`), which holds while it shuts down as well as afterwards.
#[rustfmt::skip]
const MOVES: [[Move; State::ALL.len()]; 11] = {
    use State::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
    use Move::{Never, Stay, To};
    const NO: Move = Move::Refused(Failure::IncorrectInstanceState);
    [
        //                pending           running           shutting-down   terminated  stopping          stopped
        /* launch      */ [Never,            Never,            Never,          Never,      Never,            Never],
        /* start       */ [NO,               NO,               NO,             NO,         NO,               To(Pending)],
        /* stop        */ [NO,               To(Stopping),     NO,             NO,         NO,               NO],
        /* reboot      */ [NO,               Stay,             NO,             NO,         NO,               NO],
        /* terminate   */ [To(ShuttingDown), To(ShuttingDown), Stay,           Stay,       To(ShuttingDown), To(ShuttingDown)],
        /* describe    */ [Stay,             Stay,             Stay,           Stay,       Stay,             Stay],
        /* modify      */ [NO,               NO,               NO,             NO,         NO,               Stay],
        /* booted      */ [To(Running),      Never,            Never,          Never,      Never,            Never],
        /* boot failed */ [To(Terminated),   Never,            Never,          Never,      Never,            Never],
        /* stopped     */ [Never,            Never,            Never,          Never,      To(Stopped),      Never],
        /* terminated  */ [Never,            Never,            To(Terminated), Never,      Never,            Never],
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair once more, in words and by trigger: what may happen, and that nothing else does.
    #[test]
    fn every_state_and_trigger() {
        let triggers = (Operation::ALL.into_iter().map(Trigger::Call)).chain([
            Trigger::Booted,
            Trigger::BootFailed,
            Trigger::Stopped,
            Trigger::Terminated,
        ]);
        let mut legal = Vec::new();
        for trigger in triggers {
            for state in State::ALL {
                let word = match trigger {
                    Trigger::Call(operation) => operation.name().to_string(),
                    timed => format!("{timed:?}"),
                };
                match state.on(trigger) {
                    Move::To(next) => legal.push(format!("{word}: {} -> {}", state.name(), next.name())),
                    Move::Stay => legal.push(format!("{word}: {}", state.name())),
                    Move::Refused(failure) => {
                        assert_eq!(failure, Failure::IncorrectInstanceState);
                        assert!(matches!(trigger, Trigger::Call(_)), "only calls are refused");
                    }
                    Move::Never => {
                        let launch = trigger == Trigger::Call(Operation::Launch);
                        assert!(launch || !matches!(trigger, Trigger::Call(_)), "{word} is always answered");
                    }
                }
            }
        }
        let expected = "\
start: stopped -> pending
stop: running -> stopping
reboot: running
terminate: pending -> shutting-down
terminate: running -> shutting-down
terminate: shutting-down
terminate: terminated
terminate: stopping -> shutting-down
terminate: stopped -> shutting-down
describe: pending
describe: running
describe: shutting-down
describe: terminated
describe: stopping
describe: stopped
modify: stopped
Booted: pending -> running
BootFailed: pending -> terminated
Stopped: stopping -> stopped
Terminated: shutting-down -> terminated";
        assert_eq!(legal.join("\n"), expected);
    }

    #[test]
    fn codes_and_positions_agree() {
        assert_eq!(State::ALL.map(State::code), [0, 16, 32, 48, 64, 80]);
        for (i, state) in State::ALL.into_iter().enumerate() {
            assert_eq!(state.index(), i);
        }
        for (i, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation.index(), i);
            assert_eq!(Operation::named(operation.name()), Some(operation));
        }
        assert_eq!(Operation::named("Launch"), None);
    }
}
