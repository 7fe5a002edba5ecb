//! Calls about placement groups, dedicated hosts and capacity reservations.

use super::super::columns::Column;
use super::super::row::TraceRow;
use super::instances;
use crate::placement::config::GroupStrategy;
use crate::placement::reservations::{ReservationChange, ReservationEnd};
use crate::placement::tenancies::{HostTerms, HostTermsChange, Takes};
use crate::workload::handles::HandleBook;
use crate::workload::handles::{HostHandle, PlacementGroupHandle, ReservationHandle};
use crate::workload::resource_call::ResourceCall;

/// EC2's words (`CreatePlacementGroup`, "Strategy").
const STRATEGIES: [(&str, GroupStrategy); 3] = [
    ("cluster", GroupStrategy::Cluster),
    ("partition", GroupStrategy::Partition),
    ("spread", GroupStrategy::Spread),
];

/// Reads `create-placement-group`.
pub fn create_group(row: &mut TraceRow) -> Option<ResourceCall> {
    let group = group(row);
    let strategy = row.word(Column::GroupStrategy, STRATEGIES);
    let partitions = row.number(Column::Partitions);
    Some(ResourceCall::CreatePlacementGroup { group: group?, strategy: strategy?, partitions })
}

/// Reads `delete-placement-group`.
pub fn delete_group(row: &mut TraceRow) -> Option<ResourceCall> {
    group(row).map(ResourceCall::DeletePlacementGroup)
}

/// Reads `allocate-host`, for a family or a type, or for all that its hardware runs; without automatic placement and recovery
/// unless it says so (`AllocateHosts`, "AutoPlacement", "HostRecovery": "Default: off").
pub fn allocate_hosts(row: &mut TraceRow) -> Option<ResourceCall> {
    let (hosts, zone) = (row.handles(Column::Host, HandleBook::host), row.zone());
    if hosts.iter().enumerate().any(|(i, host)| hosts[..i].contains(host)) {
        row.wrong(Column::Host, "names a host twice");
    }
    let HostTermsChange { takes, auto_placement, recovery } = host_terms(row);
    let terms = HostTerms {
        takes: takes.unwrap_or_default(),
        auto_placement: auto_placement.unwrap_or(false),
        recovery: recovery.unwrap_or(false),
    };
    Some(ResourceCall::AllocateHosts(hosts.into(), zone?, terms))
}

/// Reads `modify-host`: what it does not name stays.
pub fn modify_host(row: &mut TraceRow) -> Option<ResourceCall> {
    let (host, change) = (host(row), host_terms(row));
    Some(ResourceCall::ModifyHost(host?, change))
}

/// Reads the terms of dedicated hosts that a row names.
fn host_terms(row: &mut TraceRow) -> HostTermsChange {
    let (family, kind) = (row.family(), row.kind_if_any());
    if family.is_some() && kind.is_some() {
        // "You cannot specify InstanceFamily and InstanceType in the same request."
        row.wrong(Column::Family, "does not go with a `type`");
    }
    let takes = family.map(Takes::Family).or(kind.map(Takes::Type));
    HostTermsChange {
        takes,
        auto_placement: row.flag(Column::AutoPlacement),
        recovery: row.flag(Column::HostRecovery),
    }
}

/// Reads `release-host`.
pub fn release_host(row: &mut TraceRow) -> Option<ResourceCall> {
    host(row).map(ResourceCall::ReleaseHost)
}

/// Reads `create-capacity-reservation`: open unless it says otherwise (`CreateCapacityReservation`,
/// "InstanceMatchCriteria").
pub fn create_reservation(row: &mut TraceRow) -> Option<ResourceCall> {
    let (reservation, kind, zone) = (reservation(row), row.kind(), row.zone());
    let count = instances::count(row, Column::Count).unwrap_or(1);
    let open = row.flag(Column::Open).unwrap_or(true);
    let until = row.time(Column::Expires);
    let (reservation, zone) = (reservation?, zone?);
    Some(ResourceCall::CreateReservation { reservation, kind, zone, count, open, until })
}

/// Reads `modify-capacity-reservation`: what it does not name stays.
pub fn modify_reservation(row: &mut TraceRow) -> Option<ResourceCall> {
    let change = ReservationChange {
        count: instances::count(row, Column::Count),
        is_open: row.flag(Column::Open),
        end: row.time(Column::Expires).map(ReservationEnd::At),
    };
    Some(ResourceCall::ModifyReservation(reservation(row)?, change))
}

/// Reads `cancel-capacity-reservation`.
pub fn cancel_reservation(row: &mut TraceRow) -> Option<ResourceCall> {
    reservation(row).map(ResourceCall::CancelReservation)
}

fn group(row: &mut TraceRow) -> Option<PlacementGroupHandle> {
    row.handle(Column::Group, HandleBook::placement_group)
}

fn host(row: &mut TraceRow) -> Option<HostHandle> {
    row.handle(Column::Host, HandleBook::host)
}

fn reservation(row: &mut TraceRow) -> Option<ReservationHandle> {
    row.handle(Column::Reservation, HandleBook::reservation)
}
