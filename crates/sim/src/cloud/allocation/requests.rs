//! The cloud: owns all parts and lets requests pass through them.
//!
//! - `run` is the loop: the next event or call, time going on, samples.
//! - `control` lets calls pass the control plane first, where there is one.
//! - `calls` takes a call of the demand apart; `launch`, `start` and `life` are the flows.
//! - `instance`, `event` and `ledger` are what the flows work on; `finish` makes the `outcome` of them.
//! - `explain` follows what somebody asks about through every decision.
//! - `checkpoint` writes a run down between two events and lets it go on from there.
//! - `chronicle` and `inventory` hand out the `rows` of the tables, where somebody wants them.

use crate::cloud::allocation::allocator::HostAllocation;
use crate::cloud::allocation::instance_types::TypeInfo;
use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::units::{AccountId, TypeId, ZoneId};
use plimsoll_model::placement::constraints::{Constraint, Tenancy};
use plimsoll_model::placement::strategy::Request;

/// What is to be placed for an account in a zone.
#[inline]
pub fn plain(kind: &TypeInfo, account: AccountId, zone: ZoneId) -> Request {
    let request = Request { shape: kind.shape, amounts: kind.amounts, account, zone, constraint: None };
    if kind.constraint.is_some() { with_type_constraint(request, kind) } else { request }
}

/// Adds what a type asks of any host: apart, so that most requests copy no constraint.
#[cold]
fn with_type_constraint(request: Request, kind: &TypeInfo) -> Request {
    Request { constraint: kind.constraint, ..request }
}

/// A request with what its launch asks of the host beside what its type does.
pub fn with_constraint(request: Request, kind: TypeId, own: Option<Constraint>) -> Request {
    let Some(own) = own else { return request };
    let of_type = request.constraint.unwrap_or_default();
    let Constraint { group, tenancy, excluded, .. } = own;
    let names_type = matches!(tenancy, Tenancy::Host(_)).then_some(kind);
    let constraint = Constraint { group, tenancy, excluded, kind: names_type, ..of_type };
    Request { constraint: constraint.or_none(), ..request }
}

/// What an instance asks of a host in its zone.
#[inline]
pub fn request_of(world: &World, slot: Slot) -> Request {
    let instance = world.instances.get(slot);
    let request = plain(world.types.of(instance.kind), instance.account, instance.zone);
    if !instance.has_extras {
        return request;
    }
    let own = world.instances.extras.get(slot).and_then(|extras| extras.constraint);
    with_constraint(request, instance.kind, own)
}

/// Where an instance has room now.
#[inline]
pub fn allocation_of(world: &World, slot: Slot) -> HostAllocation {
    let instance = world.instances.get(slot);
    let reservation = if instance.has_extras {
        world.instances.extras.get(slot).and_then(|it| it.reservation)
    } else {
        None
    };
    HostAllocation { host: instance.host, reservation }
}
