//! What a trigger can do to something that has states: the cells of the tables of legal moves.

use plimsoll_base::failure::{Failure, Reason};

/// What a trigger does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move<S> {
    /// It is in this state afterwards.
    To(S),
    /// It is there no longer.
    Gone,
    /// The call fails.
    Refused(Failure),
    /// Cannot happen. Meeting it is a bug.
    Never,
}

impl<S> Move<S> {
    /// The state afterwards, `None` for none; or why the call fails.
    pub fn permitted(self) -> Result<Option<S>, Reason> {
        match self {
            Move::To(state) => Ok(Some(state)),
            Move::Gone => Ok(None),
            Move::Refused(failure) => Err(failure.into()),
            Move::Never => panic!("a move that cannot happen"),
        }
    }
}
