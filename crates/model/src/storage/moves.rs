//! What a trigger does to a state: the cells of the tables of legal moves in this module.

use plimsoll_base::failure::{Failure, Reason};

/// What a trigger does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move<State> {
    /// Another state is entered.
    To(State),
    /// The call succeeds and the state stays.
    Stay,
    /// The call fails.
    Refused(Failure),
    /// Cannot happen: a timer means nothing any more once the state it would end is left. Meeting it is a bug.
    Never,
}

impl<State: Copy> Move<State> {
    /// The state after a call that found `state`, or why it is refused.
    pub(super) fn called(self, state: State) -> Result<State, Reason> {
        match self {
            Move::Refused(failure) => Err(failure.into()),
            moved => Ok(moved.done(state)),
        }
    }

    /// The state after something that nobody can refuse.
    pub(super) fn done(self, state: State) -> State {
        match self {
            Move::To(next) => next,
            Move::Stay => state,
            Move::Refused(_) | Move::Never => panic!("a move that cannot happen"),
        }
    }
}

/// A table in words, a line for each state and trigger that may meet, for the test that knows them all.
#[cfg(test)]
pub(super) fn legal<State: Copy, Trigger: Copy>(
    states: &[(State, &str)],
    triggers: &[(Trigger, &str)],
    on: impl Fn(State, Trigger) -> Move<State>,
    name: impl Fn(State) -> &'static str,
) -> String {
    let mut lines = Vec::new();
    for &(trigger, word) in triggers {
        for &(state, from) in states {
            match on(state, trigger) {
                Move::To(next) => lines.push(format!("{word}: {from} -> {}", name(next))),
                Move::Stay => lines.push(format!("{word}: {from}")),
                Move::Refused(failure) => lines.push(format!("{word}: {from} ! {}", failure.ec2_name())),
                Move::Never => {}
            }
        }
    }
    lines.join("\n")
}
