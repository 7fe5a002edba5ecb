//! The register of the operations form: the columns that each operation takes, and the function that reads them. A
//! cell of any other column is an error: nothing is skipped silently.

use super::super::columns::{Column, OPTIONS, Positions, SHAPE};
use super::super::row::TraceRow;
use super::{instances, network, placement, security_groups, storage};
use crate::operation::Operation;
use crate::workload::call::Action;
use crate::workload::resource_call::ResourceCall;
use plimsoll_base::input::Problem;
use plimsoll_base::units::EnumMap;

/// Columns that every row may have.
const ALWAYS: &[Column] = &[Column::Time, Column::Op, Column::Account];

/// Columns that an operation takes, and the function that reads them.
pub struct OperationEntry {
    /// Columns that may not be empty. A required shape is checked by its reader, as it has two forms.
    pub needs: &'static [Column],
    /// Columns that may be empty.
    pub may: &'static [&'static [Column]],
    read: Reader,
}

/// Function that reads the request of a row; `None` once a problem is noted.
enum Reader {
    Instances(fn(&mut TraceRow) -> Option<Action>),
    Resource(fn(&mut TraceRow) -> Option<ResourceCall>),
}

impl OperationEntry {
    /// Returns every column it takes but those of every row.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        self.needs.iter().chain(self.may.iter().copied().flatten()).copied()
    }

    /// Returns what the row asks for; `None` once a problem is noted.
    pub fn read(&self, row: &mut TraceRow) -> Option<Action> {
        match self.read {
            Reader::Instances(read) => read(row),
            Reader::Resource(read) => read(row).map(|call| Action::Resource(Box::new(call))),
        }
    }
}

const fn instances(
    needs: &'static [Column],
    may: &'static [&'static [Column]],
    read: fn(&mut TraceRow) -> Option<Action>,
) -> OperationEntry {
    OperationEntry { needs, may, read: Reader::Instances(read) }
}

const fn resource(
    needs: &'static [Column],
    may: &'static [&'static [Column]],
    read: fn(&mut TraceRow) -> Option<ResourceCall>,
) -> OperationEntry {
    OperationEntry { needs, may, read: Reader::Resource(read) }
}

const LAUNCH: &[&[Column]] = {
    use Column::*;
    &[SHAPE, &[Instance, Count, MinCount, Zone, Subnet, PublicAddress], OPTIONS]
};
const VOLUME: &[Column] = &[Column::Size, Column::VolumeType, Column::Iops, Column::Throughput];
const INGRESS: &[Column] = &[Column::SecurityGroup, Column::Protocol, Column::Source];
const EGRESS: &[Column] = &[Column::SecurityGroup, Column::Protocol, Column::Destination];
const PORTS: &[&[Column]] = &[&[Column::Ports]];
const HOST_TERMS: &[Column] = &[Column::Type, Column::Family, Column::AutoPlacement, Column::HostRecovery];
const ADDRESSES: &[&[Column]] =
    &[&[Column::Instance, Column::Interface, Column::Addresses, Column::Prefixes]];

/// Returns the entry of an operation.
#[rustfmt::skip]
pub fn entry(operation: Operation) -> OperationEntry {
    use Column as C;
    use Operation as O;
    match operation {
        O::Launch => instances(&[], LAUNCH, instances::launch),
        O::Start => instances(&[C::Instance], &[], instances::start),
        O::Stop => instances(&[C::Instance], &[], instances::stop),
        O::Hibernate => instances(&[C::Instance], &[], instances::hibernate),
        O::Reboot => instances(&[C::Instance], &[], instances::reboot),
        O::Terminate => instances(&[C::Instance], &[], instances::terminate),
        O::Describe => instances(&[], &[&[C::Instance, C::Filters, C::PageSize]], instances::describe),
        O::Modify => instances(&[C::Instance], &[SHAPE, &[C::Protection, C::SecurityGroups]], instances::modify),
        O::CreateTags => instances(&[C::Instance, C::Tags], &[], instances::create_tags),
        O::DeleteTags => instances(&[C::Instance, C::TagKeys], &[], instances::delete_tags),
        O::CreateVolume => {
            resource(&[C::Volume, C::Zone], &[VOLUME, &[C::Snapshot, C::MultiAttach]], storage::create_volume)
        }
        O::AttachVolume => resource(&[C::Volume, C::Instance, C::Device], &[], storage::attach_volume),
        O::DetachVolume => resource(&[C::Volume], &[&[C::Instance]], storage::detach_volume),
        O::DeleteVolume => resource(&[C::Volume], &[], storage::delete_volume),
        O::ModifyVolume => resource(&[C::Volume], &[VOLUME], storage::modify_volume),
        O::CreateSnapshot => resource(&[C::Snapshot, C::Volume], &[], storage::create_snapshot),
        O::DeleteSnapshot => resource(&[C::Snapshot], &[], storage::delete_snapshot),
        O::ArchiveSnapshot => resource(&[C::Snapshot], &[], storage::archive_snapshot),
        O::RestoreSnapshot => resource(&[C::Snapshot], &[], storage::restore_snapshot),
        O::RegisterImage => resource(&[C::Image], &[&[C::Snapshot, C::Size, C::Public]], storage::register_image),
        O::DeregisterImage => resource(&[C::Image], &[], storage::deregister_image),
        O::CreateSecurityGroup => resource(&[C::SecurityGroup], &[&[C::Vpc]], security_groups::create),
        O::DeleteSecurityGroup => resource(&[C::SecurityGroup], &[], security_groups::delete),
        O::AuthorizeIngress => resource(INGRESS, PORTS, security_groups::authorize_ingress),
        O::AuthorizeEgress => resource(EGRESS, PORTS, security_groups::authorize_egress),
        O::RevokeIngress => resource(INGRESS, PORTS, security_groups::revoke_ingress),
        O::RevokeEgress => resource(EGRESS, PORTS, security_groups::revoke_egress),
        O::Probe => resource(&[C::From, C::To, C::Protocol], &[&[C::Ports, C::SourcePort]], security_groups::probe),
        O::AllocateAddress => resource(&[C::Address], &[], network::allocate_address),
        O::AssociateAddress => resource(&[C::Address, C::Instance], &[&[C::Reassociate]], network::associate_address),
        O::DisassociateAddress => resource(&[C::Address], &[], network::disassociate_address),
        O::ReleaseAddress => resource(&[C::Address], &[], network::release_address),
        O::CreateInterface => resource(&[C::Interface, C::Subnet], &[], network::create_interface),
        O::AttachInterface => resource(&[C::Interface, C::Instance], &[], network::attach_interface),
        O::DetachInterface => resource(&[C::Interface], &[], network::detach_interface),
        O::DeleteInterface => resource(&[C::Interface], &[], network::delete_interface),
        O::AssignAddresses => resource(&[], ADDRESSES, network::assign_addresses),
        O::UnassignAddresses => resource(&[], ADDRESSES, network::unassign_addresses),
        O::CreatePlacementGroup => resource(&[C::Group, C::GroupStrategy], &[&[C::Partitions]], placement::create_group),
        O::DeletePlacementGroup => resource(&[C::Group], &[], placement::delete_group),
        O::AllocateHost => resource(&[C::Host, C::Zone], &[HOST_TERMS], placement::allocate_hosts),
        O::ModifyHost => resource(&[C::Host], &[HOST_TERMS], placement::modify_host),
        O::ReleaseHost => resource(&[C::Host], &[], placement::release_host),
        O::CreateReservation => resource(&[C::Reservation, C::Zone], &[SHAPE, &[C::Count, C::Open, C::Expires]], placement::create_reservation),
        O::ModifyReservation => resource(&[C::Reservation], &[&[C::Count, C::Open, C::Expires]], placement::modify_reservation),
        O::CancelReservation => resource(&[C::Reservation], &[], placement::cancel_reservation),
    }
}

/// The columns of one table that an operation does not take, by operation.
#[derive(Debug)]
pub struct UnusedColumns(EnumMap<Operation, Vec<Column>>);

impl UnusedColumns {
    /// Finds the columns in the header.
    pub fn new(positions: &Positions) -> UnusedColumns {
        let mut refused: EnumMap<Operation, Vec<Column>> = EnumMap::default();
        for operation in Operation::ALL {
            let taken: Vec<Column> = entry(operation).columns().chain(ALWAYS.iter().copied()).collect();
            let here = Column::ALL.iter().copied().filter(|column| positions.of(*column).is_some());
            refused[operation] = here.filter(|column| !taken.contains(column)).collect();
        }
        UnusedColumns(refused)
    }

    /// Notes every required cell that is empty, and every cell that the row's operation does not take.
    pub fn check(&self, row: &mut TraceRow, operation: Operation) {
        let entry = entry(operation);
        for &column in entry.needs {
            need(row, operation, column);
        }
        for &column in &self.0[operation] {
            let Some(cell) = row.position(column).filter(|_| !row.is_empty(column)) else { continue };
            let reason = format!("`{}` does not take", operation.name());
            let takes: Vec<String> = entry.columns().map(|column| format!("`{}`", column.name())).collect();
            let problem = row.table.wrong(cell, reason, "an empty cell");
            row.add(problem.with_help(format!("`{}` takes {}", operation.name(), takes.join(", "))));
        }
    }
}

fn need(row: &mut TraceRow, operation: Operation, column: Column) {
    let place = match row.position(column) {
        Some(cell) if row.is_empty(column) => row.table.place(cell),
        Some(_) => return,
        None => row.table.row_place().at_key(column.name()),
    };
    let found = format!("found nothing, expected {}", column.holds());
    row.add(Problem::new(place, found).with_help(format!("`{}` needs it", operation.name())));
}
