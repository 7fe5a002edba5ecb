//! Where a call goes: its way, what it is about, and which step of a job follows which.

use serde::{Deserialize, Serialize};

use super::jobs::{Job, Step};
use crate::operation::Operation;
use plimsoll_base::units::{AccountId, TypeId};

/// Which way a call takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Route {
    /// It asks, and is answered with what the cache or the database knows.
    Read,
    /// It changes a record, and is answered when that is written.
    Record,
    /// It changes an instance: answered when it is written, carried out by a worker and the hypervisor.
    Instance,
    /// It changes a volume, a snapshot or an image: carried out by a worker and the storage, and answered then.
    Storage,
}

impl Route {
    /// The way of an operation.
    pub fn of(operation: Operation) -> Route {
        use Operation::*;
        match operation {
            Describe | Probe => Route::Read,
            Launch | Start | Stop | Hibernate | Reboot | Terminate => Route::Instance,
            CreateVolume | AttachVolume | DetachVolume | DeleteVolume | ModifyVolume | CreateSnapshot
            | DeleteSnapshot | ArchiveSnapshot | RestoreSnapshot | RegisterImage | DeregisterImage => {
                Route::Storage
            }
            Modify | CreateTags | DeleteTags | CreateSecurityGroup | DeleteSecurityGroup
            | AuthorizeIngress | AuthorizeEgress | RevokeIngress | RevokeEgress | AllocateAddress
            | AssociateAddress | DisassociateAddress | ReleaseAddress | CreateInterface | AttachInterface
            | DetachInterface | DeleteInterface | AssignAddresses | UnassignAddresses
            | CreatePlacementGroup | DeletePlacementGroup | AllocateHost | ReleaseHost
            | CreateReservation | CancelReservation => Route::Record,
        }
    }
}

/// What a call is about, as far as the cache and the replicas care.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Subject {
    /// Nothing that is there.
    Nothing,
    /// One instance, by its number in the order of launch and its place in the cloud's table.
    Instance {
        /// Number.
        id: u64,
        /// Place.
        slot: u32,
    },
    /// Several instances of an account, or all; the number tells the question from others.
    Many {
        /// Whose.
        account: AccountId,
        /// Which.
        question: u64,
    },
    /// An instance type.
    Type(TypeId),
}

/// What decides where a job goes. A copy stands in every job, so that nobody has to look at its request for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Course {
    /// A call goes the way of its operation.
    Call {
        /// That way.
        route: Route,
        /// What it is about, which is looked up first.
        subject: Subject,
        /// No index helps to find what it asks for.
        scans: bool,
        /// The storage has a part in it too.
        has_volumes: bool,
    },
    /// An instance comes up.
    BringUp,
}

impl Course {
    /// What a job is about.
    #[inline]
    pub fn subject(&self) -> Subject {
        match self {
            Course::Call { subject, .. } => *subject,
            Course::BringUp => Subject::Nothing,
        }
    }

    /// Makes the question one about another page, which has another answer.
    pub fn turn_page(&mut self, page: u32) {
        if let Course::Call { subject: Subject::Many { question, .. }, .. } = self {
            // Odd, so that it stays apart from the questions of 0, about everything at once.
            *question = (*question ^ (u64::from(page) << 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        }
    }

    /// Whether no index helps to find what it asks for.
    #[inline]
    pub fn scans(&self) -> bool {
        matches!(self, Course::Call { scans: true, .. })
    }
}

impl Job {
    /// The step that follows the one that the job has passed, where there is a cache or none.
    #[inline]
    pub(super) fn following(&self, has_cache: bool) -> Step {
        let Course::Call { route, subject, has_volumes, .. } = self.course else {
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
            Step::Validate if subject == Subject::Nothing => informed,
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
