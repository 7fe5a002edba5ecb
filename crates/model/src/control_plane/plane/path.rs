//! Path of a job: the route of its call, the record that it reads, and the order of its steps.

use serde::{Deserialize, Serialize};

use super::stages::StageId;
use crate::operation::Operation;
use plimsoll_base::units::{AccountId, TypeId};

/// Route of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Route {
    /// A read, answered from the cache or the database.
    Read,
    /// A change of a record, answered when it is written.
    Record,
    /// A change of an instance: answered when it is written, carried out by a worker and the hypervisor.
    Instance,
    /// A change of a volume, a snapshot or an image: carried out by a worker and the storage, and answered then.
    Storage,
}

impl Route {
    /// Returns the route of an operation.
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
            | CreatePlacementGroup | DeletePlacementGroup | AllocateHost | ModifyHost | ReleaseHost
            | CreateReservation | ModifyReservation | CancelReservation => Route::Record,
        }
    }
}

/// Record that a call reads, by which the cache and the replicas know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RecordKey {
    /// No record.
    None,
    /// An instance, by its number in the order of launch and its place in the cloud's table.
    Instance {
        /// Number.
        id: u64,
        /// Place.
        slot: u32,
    },
    /// A query about several instances of an account, or all; the number identifies the query.
    Query {
        /// Account.
        account: AccountId,
        /// Number of the query.
        query: u64,
    },
    /// An instance type.
    InstanceType(TypeId),
}

/// Step of a job on its path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Step {
    /// Service at the gateway.
    Gateway,
    /// Validation.
    Validation,
    /// Lookup in the cache.
    CacheLookup,
    /// Result of the lookup.
    CacheResult,
    /// Wait for another job that reads the same record for the cache.
    AwaitCacheFill,
    /// Acquisition of a connection to read.
    ConnectToRead,
    /// Read.
    Read,
    /// Fill of the cache with what was read.
    CacheFill,
    /// Acquisition of a connection to write.
    ConnectToWrite,
    /// Write.
    Write,
    /// Acceptance as a message.
    Enqueue,
    /// Wait while the message is with the queue and the workers.
    InQueue,
    /// Own work of a worker.
    Worker,
    /// Work of the hypervisor.
    Hypervisor,
    /// Work of the storage.
    Storage,
    /// Effect of the call.
    Commit,
    /// Download of the image.
    Download,
    /// Boot of the instance.
    Boot,
    /// End of the bring-up: the instance runs.
    Finish,
}

impl Step {
    /// Returns the stage that serves a job at this step, other than a server of the database.
    #[inline]
    pub(super) const fn stage(self) -> StageId {
        match self {
            Step::Gateway => StageId::GATEWAY,
            Step::Validation => StageId::VALIDATION,
            Step::CacheLookup => StageId::CACHE,
            Step::Worker => StageId::WORKERS,
            Step::Hypervisor => StageId::HYPERVISOR,
            Step::Storage => StageId::STORAGE,
            _ => panic!("no stage other than the database serves this step"),
        }
    }
}

/// Path of a job. Every job has a copy, so that a step does not read the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JobPath {
    /// Path of a call.
    Call {
        /// Route of its operation.
        route: Route,
        /// Record that is read first.
        record: RecordKey,
        /// True if no index serves the query.
        scans: bool,
        /// True if the storage works on it too.
        has_volumes: bool,
    },
    /// Bring-up of an instance.
    BringUp,
}

impl JobPath {
    /// Returns the record that the job reads.
    #[inline]
    pub fn record(&self) -> RecordKey {
        match self {
            JobPath::Call { record, .. } => *record,
            JobPath::BringUp => RecordKey::None,
        }
    }

    /// Changes the query to that of another page, which has another answer.
    pub fn turn_page(&mut self, page: u32) {
        if let JobPath::Call { record: RecordKey::Query { query, .. }, .. } = self {
            // Odd, so that it stays apart from the questions of 0, about everything at once.
            *query = (*query ^ (u64::from(page) << 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        }
    }

    /// Returns true if no index serves the query.
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
