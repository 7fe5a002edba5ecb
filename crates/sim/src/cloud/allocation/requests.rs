//! Requests that instances make of hosts, and the capacity that they have.

use crate::cloud::allocation::allocator::HostAllocation;
use crate::cloud::instances::reference::Slot;
use crate::cloud::world::World;
use plimsoll_base::units::TypeId;
use plimsoll_model::placement::request::{Constraint, Request, Tenancy};

/// Returns a request with the constraint of its launch beside that of its type.
pub fn with_constraint(request: Request, kind: TypeId, own: Option<Constraint>) -> Request {
    let Some(own) = own else { return request };
    let of_type = request.constraint.unwrap_or_default();
    let Constraint { group, tenancy, excluded, .. } = own;
    let names_type = matches!(tenancy, Tenancy::Host(_)).then_some(kind);
    let constraint = Constraint { group, tenancy, excluded, kind: names_type, ..of_type };
    Request { constraint: constraint.or_none(), ..request }
}

/// Returns the request of an instance for a host in its zone.
#[inline]
pub fn request_of(world: &World, slot: Slot) -> Request {
    let instance = world.instances.get(slot);
    let mut request = world.types.of(instance.kind).request(instance.account, instance.zone);
    request.exit = world.instances.exit(slot);
    if !instance.has_extras {
        return request;
    }
    let own = world.instances.extras.get(slot).and_then(|extras| extras.constraint);
    with_constraint(request, instance.kind, own)
}

/// Returns the capacity that an instance has.
#[inline]
pub fn allocation_of(world: &World, slot: Slot) -> HostAllocation {
    let instance = world.instances.get(slot);
    let reservation = if instance.has_extras {
        world.instances.extras.get(slot).and_then(|it| it.reservation)
    } else {
        None
    };
    HostAllocation { host: instance.host, affinity: world.instances.affinity(slot), reservation }
}
