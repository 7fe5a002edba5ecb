//! Placement groups and dedicated hosts: what calls make of them, and what launches ask of them and of capacity
//! reservations.

use super::Cloud;
use plimsoll_base::catalogue;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, HostId, PlacementGroupId, Time, ZoneId};
use plimsoll_model::fleet::hardware::{Hardware, Model};
use plimsoll_model::placement::config::GroupStrategy;
use plimsoll_model::placement::groups::{GroupRule, MAX_PARTITIONS};
use plimsoll_model::placement::request::{Constraint, Membership, Tenancy};
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::placement::tenancies::{HostTerms, Takes};
use plimsoll_model::quota::Quota;
use plimsoll_model::workload::call::{self, LaunchOptions, ReservationPreference};
use plimsoll_model::workload::handles::{HostHandle, PlacementGroupHandle};

impl Cloud {
    /// Returns what the options of a launch ask of the host, and which reservation it may use.
    pub(super) fn wishes(
        &mut self,
        account: AccountId,
        options: &LaunchOptions,
    ) -> Result<(Option<Constraint>, Preference), FailureReason> {
        let group = options.group.map(|group| self.placement_group(account, group)).transpose()?;
        let group = group.map(|group| Membership { group, partition: options.partition });
        let tenancy = match options.tenancy {
            call::LaunchTenancy::Shared => Tenancy::Shared,
            call::LaunchTenancy::Dedicated => Tenancy::Dedicated,
            call::LaunchTenancy::Host => {
                let host =
                    options.host.map(|name| self.names.hosts.find(name.0, Failure::InvalidHostIdNotFound));
                Tenancy::Host(host.transpose()?)
            }
        };
        let preference = self.preference(options)?;
        let constraint = Constraint { group, tenancy, ..Constraint::default() };
        Ok((constraint.or_none(), preference))
    }

    /// Finds the reservation a launch may use. Spot instances use none (EC2 user guide, "Capacity Reservations": these are
    /// for On-Demand Instances), and who names one can only want that one (`CapacityReservationSpecification`).
    fn preference(&self, options: &LaunchOptions) -> Result<Preference, FailureReason> {
        use ReservationPreference as Word;
        let unknown = Failure::InvalidCapacityReservationIdNotFound;
        let wants_one = options.reservation.is_some() || options.preference == Some(Word::Only);
        if options.spot.is_some() {
            let none = Ok(Preference::Avoid);
            return if wants_one { Err(Failure::InvalidParameterCombination.into()) } else { none };
        }
        match (options.reservation, options.preference) {
            (Some(name), None | Some(Word::Only)) => {
                Ok(Preference::Targeted(self.names.reservations.find(name.0, unknown)?))
            }
            (Some(_), Some(_)) => Err(Failure::InvalidParameterCombination.into()),
            (None, None | Some(Word::Open)) => Ok(Preference::Open),
            (None, Some(Word::None)) => Ok(Preference::Avoid),
            (None, Some(Word::Only)) => Ok(Preference::Only),
        }
    }

    fn placement_group(
        &mut self,
        account: AccountId,
        group: PlacementGroupHandle,
    ) -> Result<PlacementGroupId, FailureReason> {
        let name = &self.directory.handles.placement_groups()[group.0 as usize];
        self.placer.groups.named(account, name)
    }

    pub(super) fn create_placement_group(
        &mut self,
        account: AccountId,
        group: PlacementGroupHandle,
        strategy: GroupStrategy,
        partitions: Option<u16>,
    ) -> Result<(), FailureReason> {
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
    ) -> Result<(), FailureReason> {
        let name = &self.directory.handles.placement_groups()[group.0 as usize];
        self.placer.groups.delete(account, name)
    }

    pub(super) fn allocate_host(
        &mut self,
        now: Time,
        account: AccountId,
        (name, zone): (HostHandle, ZoneId),
        terms: &HostTerms,
    ) -> Result<(), FailureReason> {
        let host = self.dedicate(now, account, (zone, &[]), terms.clone())?;
        self.names.hosts.set(name.0, host);
        Ok(())
    }

    /// Dedicates a host of these host groups, or of any of the zone.
    pub(super) fn dedicate(
        &mut self,
        now: Time,
        account: AccountId,
        (zone, groups): (ZoneId, &[usize]),
        terms: HostTerms,
    ) -> Result<HostId, FailureReason> {
        let takes = terms.takes.clone();
        if let Takes::Type(kind) = takes {
            self.kind(kind);
        }
        let wanted = match &takes {
            Takes::Type(kind) => self.directory.types.get(*kind).name.clone(),
            _ => String::new(),
        };
        let architectures = catalogue::find(&wanted).map_or("", |entry| entry.arch.as_str());
        let runs = |hardware: &Hardware| match &takes {
            Takes::Anything => true,
            Takes::Family(family) => runs_family(hardware, family),
            Takes::Type(_) => hardware.runs(&Model { name: &wanted, architectures }),
        };
        let is_offered = self.offers[zone.index()].as_ref().is_none_or(runs);
        let barred = self.fleet.hardware().barring_where(runs);
        if !is_offered || !self.fleet.runs_in(zone, barred) {
            return Err(Failure::Unsupported.into());
        }
        let host = self.within_quota(account, Quota::DedicatedHosts, 1, |cloud| {
            cloud.placer.allocate_host(account, (zone, groups), (terms, barred), &mut cloud.fleet)
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
    ) -> Result<(), FailureReason> {
        let host = self.names.hosts.find(name.0, Failure::InvalidHostIdNotFound)?;
        self.placer.release_host(account, host, &mut self.fleet)?;
        let group = self.fleet.group_of(host) as u32;
        self.billing.give_host(now, account, host, group);
        self.uncount(account, Quota::DedicatedHosts, 1);
        self.note_hosts();
        Ok(())
    }
}

/// Returns whether hardware runs some type of a family, by what the catalogue knows of its types.
fn runs_family(hardware: &Hardware, family: &str) -> bool {
    let mut known = catalogue::built_in().iter().filter(|entry| entry.family() == family).peekable();
    if known.peek().is_none() {
        return hardware.runs_any_of(family);
    }
    known.any(|entry| hardware.runs(&Model { name: &entry.name, architectures: &entry.arch }))
}
