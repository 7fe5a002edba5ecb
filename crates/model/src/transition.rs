//! Transitions of state machines: the cells of every table of legal transitions, and the one printer of such tables.
//!
//! A table is an array with a row for each trigger and a column for each state.

use plimsoll_base::failure::{Failure, FailureReason};

/// Effect of a trigger in a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transition<S> {
    /// Another state is entered.
    To(S),
    /// The call succeeds and the state stays.
    Stay,
    /// The call fails.
    Refused(Failure),
    /// Cannot happen: a timer is void once the state that it would end is left. Meeting it is a bug.
    Never,
}

impl<S> Transition<S> {
    /// Returns the state after a call in `state`.
    ///
    /// # Errors
    ///
    /// The failure of a call that this state refuses.
    pub fn called(self, state: S) -> Result<S, FailureReason> {
        match self {
            Transition::Refused(failure) => Err(failure.into()),
            moved => Ok(moved.done(state)),
        }
    }

    /// Returns the state after an event in `state` that cannot be refused. Panics where it cannot happen.
    pub fn done(self, state: S) -> S {
        match self {
            Transition::To(next) => next,
            Transition::Stay => state,
            Transition::Refused(_) | Transition::Never => panic!("a transition that cannot happen"),
        }
    }
}

/// Prints a table, a line for each trigger and state that may meet, for the test that states them all.
#[cfg(test)]
pub fn print<S: Copy, N, T: Copy>(
    states: &[(S, &str)],
    triggers: &[(T, &str)],
    on: impl Fn(S, T) -> Transition<N>,
    name: impl Fn(N) -> &'static str,
) -> String {
    let mut lines = Vec::new();
    for &(trigger, word) in triggers {
        for &(state, from) in states {
            match on(state, trigger) {
                Transition::To(next) => lines.push(format!("{word}: {from} -> {}", name(next))),
                Transition::Stay => lines.push(format!("{word}: {from}")),
                Transition::Refused(failure) => {
                    lines.push(format!("{word}: {from} ! {}", failure.ec2_name()));
                }
                Transition::Never => {}
            }
        }
    }
    lines.join("\n")
}
