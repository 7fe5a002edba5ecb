//! What clients want: a request for each call, however often they try.

use serde::{Deserialize, Serialize};

use crate::control_plane::job::JobId;
use crate::control_plane::throttle::Class;
use crate::operation::Operation;
use crate::units::{AccountId, Duration, Time, TypeId};
use crate::workload::call::Call;

/// Number of a request, used again once it is settled and nothing works on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RequestId(pub u32);

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
            | DeleteSnapshot | RegisterImage | DeregisterImage => Route::Storage,
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

/// What the control plane has to know of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// What is called.
    pub operation: Operation,
    /// Who calls.
    pub account: AccountId,
    /// The way it takes.
    pub route: Route,
    /// The buckets it takes tokens from.
    pub class: Class,
    /// Instances that it is about.
    pub resources: u32,
    /// What it is about.
    pub subject: Subject,
    /// No index helps to find what it asks for.
    pub scans: bool,
    /// The storage has a part in it too.
    pub has_volumes: bool,
}

/// What a client does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Client {
    /// It waits for the answer to its attempt.
    Waits(JobId),
    /// It waits before it tries again.
    BacksOff,
    /// It has its answer.
    Answered,
    /// It has given up.
    GaveUp,
}

/// A call, and how far it has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The call, until it takes effect or is refused for good.
    pub call: Option<Call>,
    /// When it was meant to come: what latencies count from.
    pub intended: Time,
    /// The lifetimes of the instances it launches, where they are drawn.
    pub lifetimes: Box<[Duration]>,
    /// What the control plane knows of it.
    pub profile: Profile,
    /// Attempts so far.
    pub attempts: u32,
    /// The delay before the last attempt.
    pub delay: Duration,
    /// Number of the last attempt over all requests.
    pub attempt: u64,
    /// What its client does.
    pub client: Client,
    /// Its outcome is counted: it has had its effect, or never will.
    pub is_settled: bool,
    /// Jobs that work on it.
    pub jobs: u32,
}

/// The requests there are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Requests {
    requests: Vec<Option<Request>>,
    free: Vec<RequestId>,
}

impl Requests {
    /// Adds a request.
    #[inline]
    pub fn add(&mut self, request: Request) -> RequestId {
        match self.free.pop() {
            Some(id) => {
                self.requests[id.0 as usize] = Some(request);
                id
            }
            None => {
                let id = u32::try_from(self.requests.len()).expect("fewer than 2³² requests at once");
                self.requests.push(Some(request));
                RequestId(id)
            }
        }
    }

    /// Nobody needs a request any more.
    #[inline]
    pub fn remove(&mut self, id: RequestId) {
        self.requests[id.0 as usize] = None;
        self.free.push(id);
    }

    /// A request, if there is one of the number.
    #[inline]
    pub fn get(&self, id: RequestId) -> Option<&Request> {
        self.requests[id.0 as usize].as_ref()
    }

    /// The requests there are, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (RequestId, &Request)> {
        (0..).map(RequestId).zip(&self.requests).filter_map(|(id, request)| Some((id, request.as_ref()?)))
    }
}

impl std::ops::Index<RequestId> for Requests {
    type Output = Request;

    #[inline]
    fn index(&self, id: RequestId) -> &Request {
        self.requests[id.0 as usize].as_ref().expect("the request is there")
    }
}

impl std::ops::IndexMut<RequestId> for Requests {
    #[inline]
    fn index_mut(&mut self, id: RequestId) -> &mut Request {
        self.requests[id.0 as usize].as_mut().expect("the request is there")
    }
}
