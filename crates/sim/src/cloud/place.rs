//! A place for one instance: room on a host, then addresses, then whatever else its launch asks for. A step that
//! fails undoes the earlier ones.

use super::Cloud;
use super::quotas::claim;
use super::seat::{Seat, Taken, Wanted};
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, CapacityReservationId, HostId, InstanceId, SubnetId, Time, ZoneId};
use plimsoll_model::network::NO_ADDRESS;
use plimsoll_model::placement::request::Request;
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::placement::strategy::Undo;
use plimsoll_model::quota::Claim;
use plimsoll_model::workload::call::{Launch, LaunchOptions};

/// A launch on its way: who asks when, and for what.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub now: Time,
    pub account: AccountId,
    /// What is placed, in the zone that is tried now.
    pub request: Request,
    pub preference: Preference,
    pub launch: &'a Launch,
}

impl Order<'_> {
    /// Returns which reservation it may use, of instances of which type.
    #[inline]
    fn wanted(&self) -> Wanted {
        Wanted { kind: self.launch.kind, preference: self.preference }
    }
}

/// Where an instance was put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Placement {
    /// The id it will have.
    pub id: InstanceId,
    pub host: HostId,
    pub reservation: Option<CapacityReservationId>,
    pub zone: ZoneId,
    pub subnet: SubnetId,
    pub address: u32,
    pub has_public_address: bool,
    /// State of the strategy before it.
    pub undo: Undo,
}

impl Cloud {
    /// Finds a place in the order's zone for one instance of a launch, and adds it to the batch.
    #[inline]
    pub(super) fn place_one(&mut self, order: &Order, may_open: bool) -> Result<(), FailureReason> {
        if self.inquiry.is_some() {
            return self.place_one_explained(order, may_open);
        }
        self.place_one_unexplained(order, may_open)
    }

    #[inline]
    pub(super) fn place_one_unexplained(
        &mut self,
        order: &Order,
        may_open: bool,
    ) -> Result<(), FailureReason> {
        let counts = !self.quotas.is_unlimited() && !self.is_counted(&order.request, order.wanted());
        if counts {
            self.take_quota(order.now, order.account, self.claim(order))?;
        }
        let placed = self.place_within_quota(order, may_open);
        if counts && placed.is_err() {
            self.undo_quota(order.account, self.claim(order));
        }
        placed
    }

    #[inline(always)] // every launch
    fn place_within_quota(&mut self, order: &Order, may_open: bool) -> Result<(), FailureReason> {
        let taken = self.take_host(order.now, &order.request, order.wanted(), may_open)?;
        let (subnet, address, has_public_address) = match self.take_addresses(order) {
            Ok(found) => found,
            Err(reason) => {
                self.undo_host(order.now, &order.request, taken);
                return Err(reason);
            }
        };
        let id = self.instances.next_id(self.batch.len());
        let Taken { seat: Seat { host, reservation }, undo } = taken;
        let zone = order.request.zone;
        let placement = Placement { id, host, reservation, zone, subnet, address, has_public_address, undo };
        if let Some(options) = order.launch.options.as_deref() {
            self.equip_or_vacate(order, options, placement)?;
        }
        self.batch.push(placement);
        Ok(())
    }

    /// The placement is handed over as a copy, so that the one of a plain launch need not be in memory.
    #[cold]
    fn equip_or_vacate(
        &mut self,
        order: &Order,
        options: &LaunchOptions,
        placement: Placement,
    ) -> Result<(), FailureReason> {
        self.equip(order, options, &placement).inspect_err(|_| {
            self.vacate(order, &placement);
        })
    }

    /// Gives back what [`Cloud::place_one`] took.
    #[cold]
    pub(super) fn undo_place(&mut self, order: &Order, placement: &Placement) {
        if order.launch.options.is_some() {
            self.strip(order.now, order.account, placement.id);
        }
        self.vacate(order, placement);
        // A slot of a reservation counts as its instance did.
        if !self.quotas.is_unlimited() && placement.reservation.is_none() {
            self.undo_quota(order.account, self.claim(order));
        }
    }

    /// Returns what an instance of a launch counts for against quotas.
    fn claim(&self, order: &Order) -> Claim {
        claim(self.known(order.launch.kind), order.launch.options.as_deref())
    }

    /// Gives back host and addresses.
    #[cold]
    fn vacate(&mut self, order: &Order, placement: &Placement) {
        let seat = Seat { host: placement.host, reservation: placement.reservation };
        self.undo_host(order.now, &order.request, Taken { seat, undo: placement.undo });
        self.network.release(placement.subnet, order.account, placement.address, order.now);
        if placement.has_public_address {
            self.network.unassign_public(order.now, order.account, &mut self.billing.usage);
        }
    }

    /// A private address in the subnet named, or in the zone's first one that has any left; and a public
    /// one where the request or the subnet asks for it.
    #[inline(always)] // every launch
    fn take_addresses(&mut self, order: &Order) -> Result<(SubnetId, u32, bool), FailureReason> {
        let &Order { now, account, launch, .. } = order;
        let zone = order.request.zone;
        let (subnet, address) = self.take_private(now, account, launch.subnet, zone).ok_or_else(|| {
            Failure::InsufficientFreeAddressesInSubnet.because(LimitKind::SubnetAddresses, 1, 0)
        })?;
        let of_subnet =
            self.network.subnets().get(subnet.index()).is_some_and(|subnet| subnet.assign_public_address);
        let wants_public = launch.public_address.unwrap_or(of_subnet);
        if wants_public {
            let assigned = self.network.assign_public(now, account, &mut self.billing.usage);
            assigned.inspect_err(|_| self.network.release(subnet, account, address, now))?;
        }
        Ok((subnet, address, wants_public))
    }

    #[inline]
    fn take_private(
        &mut self,
        now: Time,
        account: AccountId,
        subnet: Option<SubnetId>,
        zone: ZoneId,
    ) -> Option<(SubnetId, u32)> {
        if let Some(subnet) = subnet {
            return self.network.allocate(subnet, account, now).map(|address| (subnet, address));
        }
        if self.network.subnets().is_empty() {
            return Some((SubnetId(0), NO_ADDRESS));
        }
        for i in 0..self.network.subnets_of_zone(zone).len() {
            let subnet = self.network.subnets_of_zone(zone)[i];
            if let Some(address) = self.network.allocate(subnet, account, now) {
                return Some((subnet, address));
            }
        }
        None
    }
}
