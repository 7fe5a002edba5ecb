//! Launching: zone, host, address; as many instances as fit, or none below the least number asked for.
//!
//! All instances of one request go to one zone, as those of one EC2 call do.

use super::calls::Refused;
use super::event::{Event, Rank, Stamp, Timer};
use super::instance::{Instance, Slot};
use super::ledger::Happening;
use super::observe::Observer;
use super::{Cloud, Kind};
use crate::failure::Failure;
use crate::fleet::Change;
use crate::lifecycle::State;
pub(super) use crate::network::NO_ADDRESS;
use crate::operation::Operation;
use crate::units::{AccountId, HostId, InstanceId, SubnetId, Time, ZoneId};
use crate::workload::call::{End, Launch};

/// Where an instance was put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Placement {
    pub host: HostId,
    pub zone: ZoneId,
    pub subnet: SubnetId,
    pub address: u32,
    pub has_public_address: bool,
}

impl Cloud {
    pub(super) fn on_launch(
        &mut self,
        now: Time,
        account: AccountId,
        launch: &Launch,
        observer: &mut dyn Observer,
    ) {
        self.batch.clear();
        let refused = self.place_batch(now, account, launch).err();
        let launched = self.batch.len() as u32;
        let missing = launch.max_count - launched;
        let failure = refused.map(|refused| refused.reason.failure);
        self.ledger.count_call(Operation::Launch, failure.filter(|_| launched == 0));
        self.ledger.count_launch(launch.max_count, failure, missing);
        if let Some(refused) = refused {
            self.refuse(now, Operation::Launch, account, refused, missing, observer);
        }
        if let Some(handle) = launch.handle {
            let names = self.named.len().max(handle.0 as usize + 1);
            self.named.resize_with(names, Vec::new);
            self.named[handle.0 as usize].clear();
        }
        for i in 0..launched {
            let slot = self.admit(account, launch, i);
            self.begin(now, slot, launch, i);
        }
    }

    /// Places as many instances as fit, at least the least number. `Err` says what refused the rest;
    /// `batch` holds what was placed nonetheless, which is nothing below the least number.
    pub(super) fn place_batch(
        &mut self,
        now: Time,
        account: AccountId,
        launch: &Launch,
    ) -> Result<(), Refused> {
        let kind = self.kind(launch.kind);
        self.order_zones(launch)?;
        let mut worst: Option<Refused> = None;
        // Elastic hosts open only when nothing that is open fits, in whatever zone.
        let passes: &[bool] = if self.fleet.is_elastic() { &[false, true] } else { &[false] };
        for &may_open in passes {
            for i in 0..self.zone_order.len() {
                let zone = self.zone_order[i];
                let mark = self.placer.mark();
                let Err(refused) = self.fill(now, account, launch, &kind, zone, may_open) else {
                    return Ok(());
                };
                let placed = self.batch.len() as u32;
                if placed >= launch.min_count {
                    // The zone is settled; what is still missing may open hosts there.
                    return self.fill(now, account, launch, &kind, zone, true);
                }
                self.undo_batch(now, account, &kind);
                self.placer.rewind(mark);
                // An address is looked for after a host was found: that zone came further.
                let came_further =
                    |old: &Refused| old.reason.failure == Failure::InsufficientInstanceCapacity;
                if worst.as_ref().is_none_or(came_further) {
                    worst = Some(refused);
                }
            }
        }
        Err(worst.expect("a scenario has a zone"))
    }

    /// The zones to try: the one named, else the subnet's, else all, most free vCPU first.
    #[inline]
    fn order_zones(&mut self, launch: &Launch) -> Result<(), Refused> {
        self.zone_order.clear();
        let of_subnet = launch.subnet.map(|subnet| self.network.subnets()[subnet.index()].zone);
        match (launch.zone, of_subnet) {
            (Some(zone), Some(other)) if zone != other => {
                let failure = Failure::InvalidParameterValue;
                return Err(Refused { reason: failure.into(), kind: Some(launch.kind), zone: Some(zone) });
            }
            (Some(zone), _) | (None, Some(zone)) => self.zone_order.push(zone),
            (None, None) => {
                let zones = self.fleet.zones();
                self.zone_order.extend((0..zones.len() as u16).map(ZoneId));
                if zones.len() > 1 {
                    // Stable: file order on ties.
                    self.zone_order
                        .sort_by_key(|zone| std::cmp::Reverse(zones[zone.index()].free_vcpu_milli));
                }
            }
        }
        Ok(())
    }

    /// Places instances in one zone until the batch is full or one is refused.
    #[inline]
    fn fill(
        &mut self,
        now: Time,
        account: AccountId,
        launch: &Launch,
        kind: &Kind,
        zone: ZoneId,
        may_open: bool,
    ) -> Result<(), Refused> {
        while (self.batch.len() as u32) < launch.max_count {
            let refused = |failure: Failure| Refused {
                reason: failure.into(),
                kind: Some(launch.kind),
                zone: Some(zone),
            };
            let placement = self.place_one(now, account, launch, kind, zone, may_open).map_err(refused)?;
            self.batch.push(placement);
        }
        Ok(())
    }

    /// Host first, then addresses; a step that fails undoes the earlier ones.
    #[inline]
    fn place_one(
        &mut self,
        now: Time,
        account: AccountId,
        launch: &Launch,
        kind: &Kind,
        zone: ZoneId,
        may_open: bool,
    ) -> Result<Placement, Failure> {
        let mark = self.placer.mark();
        let host = self.take_host(account, kind, zone, may_open)?;
        let found = self.take_addresses(now, account, launch, zone);
        let (subnet, address, has_public_address) = match found {
            Ok(found) => found,
            Err(failure) => {
                self.give_host(account, kind, zone, host);
                self.placer.rewind(mark);
                return Err(failure);
            }
        };
        Ok(Placement { host, zone, subnet, address, has_public_address })
    }

    /// Takes room on the host the strategy chooses, or on one that is opened.
    #[inline]
    pub(super) fn take_host(
        &mut self,
        account: AccountId,
        kind: &Kind,
        zone: ZoneId,
        may_open: bool,
    ) -> Result<HostId, Failure> {
        let request = Cloud::request(kind, account, zone);
        let host = match self.placer.choose(&request, &self.fleet) {
            Some(host) => host,
            None if may_open => {
                let opened = self.fleet.open(zone, &kind.amounts);
                opened.ok_or(Failure::InsufficientInstanceCapacity)?
            }
            None => return Err(Failure::InsufficientInstanceCapacity),
        };
        self.fleet.take(host, zone, &kind.amounts);
        self.placer.placed(&request, host, &self.fleet);
        self.placer.changed(host, zone, &mut self.fleet);
        Ok(host)
    }

    /// Gives room on a host back.
    #[inline]
    pub(super) fn give_host(&mut self, account: AccountId, kind: &Kind, zone: ZoneId, host: HostId) {
        if self.fleet.give(host, zone, &kind.amounts) == Change::Closed {
            self.ledger.note_shares(self.fleet.totals());
        }
        self.placer.released(&Cloud::request(kind, account, zone), host, &self.fleet);
        self.placer.changed(host, zone, &mut self.fleet);
    }

    /// A private address in the subnet named, or in the zone's first one that has any left; and a public
    /// one where the request or the subnet asks for it.
    #[inline]
    fn take_addresses(
        &mut self,
        now: Time,
        account: AccountId,
        launch: &Launch,
        zone: ZoneId,
    ) -> Result<(SubnetId, u32, bool), Failure> {
        let (subnet, address) = self
            .take_private(now, account, launch.subnet, zone)
            .ok_or(Failure::InsufficientFreeAddressesInSubnet)?;
        let of_subnet =
            self.network.subnets().get(subnet.index()).is_some_and(|subnet| subnet.assign_public_address);
        let wants_public = launch.public_address.unwrap_or(of_subnet);
        if wants_public && !self.network.allocate_public(now) {
            self.network.release(subnet, account, address, now);
            return Err(Failure::InsufficientAddressCapacity);
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

    fn undo_batch(&mut self, now: Time, account: AccountId, kind: &Kind) {
        while let Some(placement) = self.batch.pop() {
            self.give_host(account, kind, placement.zone, placement.host);
            self.network.release(placement.subnet, account, placement.address, now);
            if placement.has_public_address {
                self.network.release_public(now);
            }
        }
    }

    /// Writes down the instance of the batch's placement `i`, pending.
    #[inline]
    pub(super) fn admit(&mut self, account: AccountId, launch: &Launch, i: u32) -> Slot {
        let placement = self.batch[i as usize];
        let slot = self.instances.add(Instance {
            id: InstanceId(0),
            since: Time::ZERO,
            number: launch.first_instance + u64::from(i),
            host: placement.host,
            kind: launch.kind,
            account,
            subnet: placement.subnet,
            address: placement.address,
            cycle: 0,
            zone: placement.zone,
            stops: launch.stops,
            timers: 0,
            stamp: 0,
            state: State::Pending,
            has_host: true,
            has_public_address: placement.has_public_address,
            wants_public_address: placement.has_public_address,
            past_minimum: false,
            has_extras: false,
        });
        if let Some(handle) = launch.handle {
            self.named[handle.0 as usize].push(self.instances.reference(slot));
        }
        slot
    }

    /// An admitted instance begins its life.
    #[inline]
    fn begin(&mut self, now: Time, slot: Slot, launch: &Launch, i: u32) {
        let instance = self.instances.get_mut(slot);
        instance.since = now;
        let (id, host) = (instance.id, instance.host);
        self.ledger.happened(now, Happening::Launched, id, host);
        let end = match launch.end {
            End::Never => None,
            End::At(end) => Some(end.max(now)),
            End::Drawn => Some(now.after(self.delays.boot_takes).after(self.demand.lifetimes()[i as usize])),
        };
        if let Some(end) = end.filter(|end| *end > now) {
            self.set_lifetime(end, slot);
        }
        self.boot(now, slot);
        if end == Some(now) {
            self.lifetime_over(now, slot);
        }
    }

    /// Sets the timer of an instance's end.
    #[inline]
    pub(super) fn set_lifetime(&mut self, end: Time, slot: Slot) {
        if end == Time::NEVER {
            return;
        }
        self.instances.get_mut(slot).timers += 1;
        let over = Event::Instance(Timer::LifetimeOver, Stamp(0), slot);
        self.queue.push(end, Rank::Departure as u8, over);
    }
}
