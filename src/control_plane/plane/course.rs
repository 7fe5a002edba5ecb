//! Which step of a job follows which.

use serde::{Deserialize, Serialize};

use super::jobs::{Job, Step};
use super::requests::{Profile, Route, Subject};

/// What decides where a job goes. A copy stands in every job, so that its request need not be looked up at each step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Course {
    /// A call goes the way of its operation.
    Call {
        /// That way.
        route: Route,
        /// What it is about is looked up first.
        inquires: bool,
        /// The storage has a part in it too.
        has_volumes: bool,
    },
    /// An instance comes up.
    BringUp,
}

impl Profile {
    /// Where the jobs of a call go.
    #[inline]
    pub(super) fn course(&self) -> Course {
        let Profile { route, subject, has_volumes, .. } = *self;
        Course::Call { route, inquires: subject != Subject::Nothing, has_volumes }
    }
}

impl Job {
    /// The step that follows the one that the job has passed, where there is a cache or none.
    #[inline]
    pub(super) fn following(&self, has_cache: bool) -> Step {
        let Course::Call { route, inquires, has_volumes } = self.course else {
            return match self.step {
                Step::Download => Step::Boot,
                Step::Boot => Step::ConnectToWrite,
                Step::ConnectToWrite => Step::Write,
                _ => Step::Run,
            };
        };
        let inquiry = if has_cache { Step::Look } else { Step::ConnectToRead };
        let informed = if route == Route::Read { Step::Act } else { Step::ConnectToWrite };
        match self.step {
            Step::Gateway if route != Route::Read => Step::Validate,
            Step::Validate if !inquires => informed,
            Step::Gateway | Step::Validate => inquiry,
            Step::Look => Step::Consult,
            Step::Consult if !self.knows => Step::ConnectToRead,
            Step::ConnectToRead => Step::Read,
            Step::Read => Step::Learn,
            Step::Consult | Step::AwaitLoad | Step::Learn => informed,
            Step::ConnectToWrite => Step::Write,
            Step::Write if route == Route::Record => Step::Act,
            Step::Write => Step::Send,
            Step::Send => Step::Await,
            Step::Work if route == Route::Storage => Step::Store,
            Step::Work => Step::Hypervisor,
            Step::Hypervisor if has_volumes => Step::Store,
            Step::Hypervisor | Step::Store => Step::Act,
            Step::Await | Step::Act | Step::Download | Step::Boot | Step::Run => {
                unreachable!("nothing follows {:?} of a call", self.step)
            }
        }
    }
}
