//! Calls about volumes, snapshots and images.

use super::super::columns::Column;
use super::super::row::TraceRow;
use crate::workload::handles::HandleBook;
use crate::workload::resource_call::{ResourceCall, VolumeSpec};
use plimsoll_base::catalogue::VolumeType;

/// Reads `create-volume`.
pub fn create_volume(row: &mut TraceRow) -> Option<ResourceCall> {
    let (volume, zone) = (row.handle(Column::Volume, HandleBook::volume), row.zone());
    let (spec, snapshot) = (spec(row), row.handle(Column::Snapshot, HandleBook::snapshot));
    let multi_attach = row.flag(Column::MultiAttach).unwrap_or(false);
    Some(ResourceCall::CreateVolume { volume: volume?, zone: zone?, spec, snapshot, multi_attach })
}

/// Reads `attach-volume`.
pub fn attach_volume(row: &mut TraceRow) -> Option<ResourceCall> {
    let volume = row.handle(Column::Volume, HandleBook::volume);
    let instance = row.handle(Column::Instance, HandleBook::instance);
    let device = row.text(Column::Device).map(str::to_string);
    Some(ResourceCall::AttachVolume { volume: volume?, instance: instance?, device: device? })
}

/// Reads `detach-volume`.
pub fn detach_volume(row: &mut TraceRow) -> Option<ResourceCall> {
    let volume = row.handle(Column::Volume, HandleBook::volume);
    let instance = row.handle(Column::Instance, HandleBook::instance);
    Some(ResourceCall::DetachVolume(volume?, instance))
}

/// Reads `delete-volume`.
pub fn delete_volume(row: &mut TraceRow) -> Option<ResourceCall> {
    row.handle(Column::Volume, HandleBook::volume).map(ResourceCall::DeleteVolume)
}

/// Reads `modify-volume`.
pub fn modify_volume(row: &mut TraceRow) -> Option<ResourceCall> {
    let (volume, spec) = (row.handle(Column::Volume, HandleBook::volume), spec(row));
    if row.is_sound() && spec == VolumeSpec::default() {
        let found =
            "found nothing to change, expected `size_gib`, `volume_type`, `iops` or `throughput_mibps`";
        row.add_to_row(found);
    }
    Some(ResourceCall::ModifyVolume(volume?, spec))
}

/// Reads `create-snapshot`.
pub fn create_snapshot(row: &mut TraceRow) -> Option<ResourceCall> {
    let snapshot = row.handle(Column::Snapshot, HandleBook::snapshot);
    let volume = row.handle(Column::Volume, HandleBook::volume);
    Some(ResourceCall::CreateSnapshot(snapshot?, volume?))
}

/// Reads `delete-snapshot`.
pub fn delete_snapshot(row: &mut TraceRow) -> Option<ResourceCall> {
    row.handle(Column::Snapshot, HandleBook::snapshot).map(ResourceCall::DeleteSnapshot)
}

/// Reads `archive-snapshot`.
pub fn archive_snapshot(row: &mut TraceRow) -> Option<ResourceCall> {
    row.handle(Column::Snapshot, HandleBook::snapshot).map(ResourceCall::ArchiveSnapshot)
}

/// Reads `restore-snapshot`.
pub fn restore_snapshot(row: &mut TraceRow) -> Option<ResourceCall> {
    row.handle(Column::Snapshot, HandleBook::snapshot).map(ResourceCall::RestoreSnapshot)
}

/// Reads `register-image`.
pub fn register_image(row: &mut TraceRow) -> Option<ResourceCall> {
    let image = row.handle(Column::Image, HandleBook::image);
    let snapshot = row.handle(Column::Snapshot, HandleBook::snapshot);
    let size_gib = row.number(Column::Size);
    let public = row.flag(Column::Public).unwrap_or(false);
    if row.is_sound() && snapshot.is_none() && size_gib.is_none() {
        row.add_to_row("found no root volume, expected a `snapshot` or a `size_gib`");
    }
    Some(ResourceCall::RegisterImage { image: image?, snapshot, size_gib, public })
}

/// Reads `deregister-image`.
pub fn deregister_image(row: &mut TraceRow) -> Option<ResourceCall> {
    row.handle(Column::Image, HandleBook::image).map(ResourceCall::DeregisterImage)
}

fn spec(row: &mut TraceRow) -> VolumeSpec {
    VolumeSpec {
        kind: row.word(Column::VolumeType, VolumeType::ALL.map(|kind| (kind.name(), kind))),
        size_gib: row.number(Column::Size),
        iops: row.number(Column::Iops),
        throughput_mibps: row.number(Column::Throughput),
    }
}
