//! Metering: the bills of instances for the time that they ran.

use crate::cloud::allocation::allocator::billed_tenancy;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::spot;
use crate::cloud::observe::instance_rows;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::billing::{self, Market, Running};
use plimsoll_model::placement::request::Tenancy;

/// Bills the time that an instance has been running after the warm-up. On a dedicated
/// host it is paid with the host (EC2 user guide, "Amazon EC2 Dedicated Hosts pricing and billing").
#[inline(always)] // every end
pub fn bill(world: &mut World, since: Time, now: Time, slot: Slot) {
    let instance = world.instances.get(slot);
    if instance.has_extras && is_paid_with_its_host(world, slot) {
        return;
    }
    let mut running = Running {
        account: instance.account,
        kind: instance.kind,
        zone: instance.zone,
        tenancy: billing::BilledTenancy::Shared,
        market: Market::OnDemand,
        max_price: None,
        start: since,
        end: now,
        past_minimum: instance.past_minimum,
        interrupted: false,
    };
    if instance.has_extras {
        note_purchase(world, slot, &mut running);
    }
    world.billing.bill(&running, &world.directory.types);
    if world.recorder.rows.is_some() {
        instance_rows::record_bill(world, &running, slot);
    }
}

/// Adds the purchase option of an instance with extras to a bill.
#[cold]
fn note_purchase(world: &World, slot: Slot, running: &mut Running) {
    running.market = spot::market_of(world, slot);
    running.max_price = spot::max_price_of(world, slot);
    let Some(extras) = world.instances.extras.get(slot) else { return };
    running.interrupted = extras.interrupted;
    running.tenancy = billed_tenancy(extras.constraint.unwrap_or_default().tenancy);
}

#[cold]
fn is_paid_with_its_host(world: &World, slot: Slot) -> bool {
    let constraint = world.instances.extras.get(slot).and_then(|extras| extras.constraint);
    constraint.is_some_and(|constraint| matches!(constraint.tenancy, Tenancy::Host(_)))
}
