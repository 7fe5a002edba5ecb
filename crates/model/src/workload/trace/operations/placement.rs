//! Calls about placement groups, dedicated hosts and capacity reservations.

use super::super::columns::Column;
use super::super::row::TraceRow;
use super::instances;
use crate::placement::config::GroupStrategy;
use crate::placement::tenancies::{HostTerms, Takes};
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

/// Reads `allocate-host`, for a family or a type, or for all that its hardware runs; without automatic placement unless it
/// says so (`AllocateHosts`, "AutoPlacement": "Default: off").
pub fn allocate_host(row: &mut TraceRow) -> Option<ResourceCall> {
    let (host, zone) = (host(row), row.zone());
    let (family, kind) = (row.name(Column::Family).map(str::to_string), row.kind_if_any());
    if family.is_some() && kind.is_some() {
        // "You cannot specify InstanceFamily and InstanceType in the same request."
        row.wrong(Column::Family, "does not go with a `type`");
    }
    let takes = match (family, kind) {
        (Some(family), _) => Takes::Family(family),
        (None, Some(kind)) => Takes::Type(kind),
        (None, None) => Takes::Anything,
    };
    let auto_placement = row.flag(Column::AutoPlacement).unwrap_or(false);
    Some(ResourceCall::AllocateHost(host?, zone?, HostTerms { takes, auto_placement }))
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
