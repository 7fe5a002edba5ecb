//! Where a call goes: its way, what it is about, and which step of a job follows which.

use serde::{Deserialize, Serialize};

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
pub enum RecordKey {
    /// Nothing that is there.
    None,
    /// An instance, by its number in the order of launch and its place in the cloud's table.
    Instance {
        /// Number.
        id: u64,
        /// Place.
        slot: u32,
    },
    /// Several instances of an account, or all; the number tells the question from others.
    Query {
        /// Whose.
        account: AccountId,
        /// Which.
        query: u64,
    },
    /// An instance type.
    InstanceType(TypeId),
}

/// Where a job stands: what it waits for, or does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Step {
    /// It is taken in.
    Gateway,
    /// It is checked.
    Validation,
    /// It asks the cache.
    CacheLookup,
    /// It has the cache's answer.
    CacheResult,
    /// It waits for what another reads for the cache.
    AwaitCacheFill,
    /// It gets a connection to read.
    ConnectToRead,
    /// It reads.
    Read,
    /// It has read.
    CacheFill,
    /// It gets a connection to write.
    ConnectToWrite,
    /// It writes.
    Write,
    /// It becomes a message.
    Enqueue,
    /// Its message is with the queue and the workers.
    InQueue,
    /// A worker works on it.
    Worker,
    /// The hypervisor does its part.
    Hypervisor,
    /// The storage does its part.
    Storage,
    /// It takes effect.
    Commit,
    /// The image is downloaded.
    Download,
    /// The instance boots.
    Boot,
    /// The instance runs.
    Finish,
}

/// What decides where a job goes. A copy stands in every job, so that nobody has to look at its request for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JobPath {
    /// A call goes the way of its operation.
    Call {
        /// That way.
        route: Route,
        /// What it is about, which is looked up first.
        record: RecordKey,
        /// No index helps to find what it asks for.
        scans: bool,
        /// The storage has a part in it too.
        has_volumes: bool,
    },
    /// An instance comes up.
    BringUp,
}

impl JobPath {
    /// Returns what a job is about.
    #[inline]
    pub fn record(&self) -> RecordKey {
        match self {
            JobPath::Call { record, .. } => *record,
            JobPath::BringUp => RecordKey::None,
        }
    }

    /// Makes the question one about another page, which has another answer.
    pub fn turn_page(&mut self, page: u32) {
        if let JobPath::Call { record: RecordKey::Query { query, .. }, .. } = self {
            // Odd, so that it stays apart from the questions of 0, about everything at once.
            *query = (*query ^ (u64::from(page) << 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        }
    }

    /// Returns whether no index helps to find what it asks for.
    #[inline]
    pub fn scans(&self) -> bool {
        matches!(self, JobPath::Call { scans: true, .. })
    }

    /// Returns the step after `step`, for a job that has found its record in the cache, or not.
    #[inline]
    pub(super) fn next(&self, step: Step, has_cache: bool, cache_hit: bool) -> Step {
        let JobPath::Call { route, record, has_volumes, .. } = *self else {
            return match step {
                Step::Download => Step::Boot,
                Step::Boot => Step::ConnectToWrite,
                Step::ConnectToWrite => Step::Write,
                _ => Step::Finish,
            };
        };
        let inquiry = if has_cache { Step::CacheLookup } else { Step::ConnectToRead };
        let informed = if route == Route::Read { Step::Commit } else { Step::ConnectToWrite };
        match step {
            Step::Gateway if route != Route::Read => Step::Validation,
            Step::Validation if record == RecordKey::None => informed,
            Step::Gateway | Step::Validation => inquiry,
            Step::CacheLookup => Step::CacheResult,
            Step::CacheResult if !cache_hit => Step::ConnectToRead,
            Step::ConnectToRead => Step::Read,
            Step::Read => Step::CacheFill,
            Step::CacheResult | Step::AwaitCacheFill | Step::CacheFill => informed,
            Step::ConnectToWrite => Step::Write,
            Step::Write if route == Route::Record => Step::Commit,
            Step::Write => Step::Enqueue,
            Step::Enqueue => Step::InQueue,
            Step::Worker if route == Route::Storage => Step::Storage,
            Step::Worker => Step::Hypervisor,
            Step::Hypervisor if has_volumes => Step::Storage,
            Step::Hypervisor | Step::Storage => Step::Commit,
            Step::InQueue | Step::Commit | Step::Download | Step::Boot | Step::Finish => {
                unreachable!("nothing follows {step:?} of a call")
            }
        }
    }
}
