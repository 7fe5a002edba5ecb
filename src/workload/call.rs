//! One call of the demand: who asks for what, when. What every source of demand yields.

use crate::lifecycle::Operation;
use crate::units::{AccountId, Duration, SubnetId, Time, TypeId, ZoneId};

/// A call to the cloud's API, or the arrival of an instance of an interval trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// When it arrives.
    pub at: Time,
    /// Who calls.
    pub account: AccountId,
    /// What is asked for.
    pub action: Action,
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// New instances.
    Launch(Launch),
    /// Run stopped instances again.
    Start(Handle),
    /// Stop running instances.
    Stop(Handle),
    /// Reboot running instances.
    Reboot(Handle),
    /// End instances.
    Terminate(Handle),
    /// Ask for the state of the instances of a handle, or of all of the account's.
    Describe(Option<Handle>),
    /// Change the type of stopped instances.
    Modify(Handle, TypeId),
}

impl Action {
    /// The operation it is.
    pub fn operation(&self) -> Operation {
        match self {
            Action::Launch(_) => Operation::Launch,
            Action::Start(_) => Operation::Start,
            Action::Stop(_) => Operation::Stop,
            Action::Reboot(_) => Operation::Reboot,
            Action::Terminate(_) => Operation::Terminate,
            Action::Describe(_) => Operation::Describe,
            Action::Modify(..) => Operation::Modify,
        }
    }
}

/// A request for instances.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Launch {
    /// Their type or shape.
    pub kind: TypeId,
    /// Fewer than this: none is launched.
    pub min_count: u32,
    /// As many as fit, up to this. At least `min_count`.
    pub max_count: u32,
    /// The zone asked for, if any.
    pub zone: Option<ZoneId>,
    /// The subnet asked for, if any; it decides the zone when none is named.
    pub subnet: Option<SubnetId>,
    /// Whether to assign a public address; `None` leaves it to the subnet.
    pub public_address: Option<bool>,
    /// How later calls of the trace name the instances; `None` when none can.
    pub handle: Option<Handle>,
    /// When the instances end.
    pub end: End,
    /// The arrival process whose stop/start behaviour they follow, if it has one.
    pub stops: Option<StopsId>,
    /// Number of the first instance in the demand, counted over all requests whether they succeed or
    /// not: what per-instance random streams are keyed by, so that a refusal shifts no later draw.
    pub first_instance: u64,
}

/// When an instance ends by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Only by a call.
    Never,
    /// At a time of the trace.
    At(Time),
    /// A drawn time after it is running: see `Demand::lifetimes`.
    Drawn,
}

/// A name that a trace gives to the instances of a launch, numbered in the order of first use. It stands
/// for those of the latest launch of that name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Handle(pub u32);

/// The stop/start behaviour of an arrival process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StopsId(pub u16);

/// An instance that is already there when a run starts in steady state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resident {
    /// Time it has lived at the start of the run.
    pub age: Duration,
    /// Time it has yet to live.
    pub residual: Duration,
    /// The arrival process it came from.
    pub process: u16,
}
