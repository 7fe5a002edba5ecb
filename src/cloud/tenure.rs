//! Placement groups, dedicated hosts and capacity reservations: what calls make of them, and what launches ask of
//! them.

use super::Cloud;
use super::seat::unused_reservation;
use crate::failure::{Failure, Reason};
use crate::placement::constraints::{Constraint, Membership, Tenancy};
use crate::placement::groups::{GroupRule, MAX_PARTITIONS};
use crate::placement::provisions::GroupStrategy;
use crate::placement::reservations::{Preference, Terms};
use crate::quota::Quota;
use crate::units::{AccountId, HostId, PlacementGroupId, Time, ZoneId};
use crate::workload::call::{self, HostHandle, LaunchOptions, PlacementGroupHandle, ReservationHandle};

impl Cloud {
    /// What the options of a launch ask of the host, and which reservation it may use.
    pub(super) fn wishes(
        &mut self,
        account: AccountId,
        options: &LaunchOptions,
    ) -> Result<(Option<Constraint>, Preference), Reason> {
        let group = options.group.map(|group| self.placement_group(account, group)).transpose()?;
        let group = group.map(|group| Membership { group, partition: options.partition });
        let tenancy = match options.tenancy {
            call::Tenancy::Shared => Tenancy::Shared,
            call::Tenancy::Dedicated => Tenancy::Dedicated,
            call::Tenancy::Host => {
                let host =
                    options.host.map(|name| self.names.hosts.find(name.0, Failure::InvalidHostIdNotFound));
                Tenancy::Host(host.transpose()?)
            }
        };
        let unknown = Failure::InvalidCapacityReservationIdNotFound;
        let preference = match options.reservation {
            None => Preference::Open,
            Some(name) => Preference::Targeted(self.names.reservations.find(name.0, unknown)?),
        };
        let constraint = Constraint { group, tenancy, excluded: None };
        Ok((constraint.or_none(), preference))
    }

    fn placement_group(
        &mut self,
        account: AccountId,
        group: PlacementGroupHandle,
    ) -> Result<PlacementGroupId, Reason> {
        let name = &self.directory.handles.placement_groups()[group.0 as usize];
        self.placer.groups.named(account, name)
    }

    pub(super) fn create_placement_group(
        &mut self,
        account: AccountId,
        group: PlacementGroupHandle,
        strategy: GroupStrategy,
        partitions: Option<u16>,
    ) -> Result<(), Reason> {
        let rule = match (strategy, partitions) {
            (GroupStrategy::Partition, partitions) => {
                let partitions = partitions.unwrap_or(MAX_PARTITIONS);
                if !(1..=MAX_PARTITIONS).contains(&partitions) {
                    return Err(Failure::InvalidParameterValue.into());
                }
                GroupRule::Partition { partitions }
            }
            (_, Some(_)) => return Err(Failure::InvalidParameterCombination.into()),
            (GroupStrategy::Spread, None) => {
                GroupRule::Spread { max_per_zone: self.created_groups.max_per_zone }
            }
            (GroupStrategy::Cluster, None) => GroupRule::Cluster { strict: self.created_groups.strict },
        };
        let name = &self.directory.handles.placement_groups()[group.0 as usize];
        self.placer.groups.create(account, name, rule).map(|_| ())
    }

    pub(super) fn delete_placement_group(
        &mut self,
        account: AccountId,
        group: PlacementGroupHandle,
    ) -> Result<(), Reason> {
        let name = &self.directory.handles.placement_groups()[group.0 as usize];
        self.placer.groups.delete(account, name)
    }

    pub(super) fn allocate_host(
        &mut self,
        now: Time,
        account: AccountId,
        name: HostHandle,
        zone: ZoneId,
    ) -> Result<(), Reason> {
        let host = self.dedicate(now, account, zone, &[])?;
        self.names.hosts.set(name.0, host);
        Ok(())
    }

    /// Dedicates a host of these host groups, or of any of the zone.
    pub(super) fn dedicate(
        &mut self,
        now: Time,
        account: AccountId,
        zone: ZoneId,
        groups: &[usize],
    ) -> Result<HostId, Reason> {
        let host = self.within_quota(account, Quota::DedicatedHosts, 1, |cloud| {
            cloud.placer.allocate_host(account, zone, groups, &mut cloud.fleet)
        })?;
        let group = self.fleet.group_of(host) as u32;
        self.billing.take_host(now, account, host, group);
        self.note_hosts();
        Ok(host)
    }

    pub(super) fn release_host(
        &mut self,
        now: Time,
        account: AccountId,
        name: HostHandle,
    ) -> Result<(), Reason> {
        let host = self.names.hosts.find(name.0, Failure::InvalidHostIdNotFound)?;
        self.placer.release_host(account, host, &mut self.fleet)?;
        let group = self.fleet.group_of(host) as u32;
        self.billing.give_host(now, account, host, group);
        self.uncount(account, Quota::DedicatedHosts, 1);
        self.note_hosts();
        Ok(())
    }

    pub(super) fn create_reservation(
        &mut self,
        now: Time,
        account: AccountId,
        name: ReservationHandle,
        zone: ZoneId,
        terms: Terms,
    ) -> Result<(), Reason> {
        let slot = Cloud::request(self.kind(terms.kind), account, zone);
        self.hold(now, name, &slot, terms)
    }

    pub(super) fn cancel_reservation(
        &mut self,
        now: Time,
        account: AccountId,
        name: ReservationHandle,
    ) -> Result<(), Reason> {
        let unknown = Failure::InvalidCapacityReservationIdNotFound;
        let id = self.names.reservations.find(name.0, unknown)?;
        let reservation = self.placer.reservation(id);
        let unused = unused_reservation(reservation.kind, reservation.tenancy());
        let freed = self.placer.cancel(account, id, &mut self.fleet)?;
        self.billing.usage.give(now, account, unused, u64::from(freed));
        self.uncount(account, Quota::CapacityReservations, 1);
        self.note_hosts();
        Ok(())
    }
}
