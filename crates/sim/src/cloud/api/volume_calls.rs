//! Calls about volumes, snapshots and images.

use crate::cloud::api::targets;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::{quota_claims, volumes};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, InstanceId, SnapshotId, Time, VolumeId, ZoneId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::quota::Quota;
use plimsoll_model::storage::{
    AttachmentTarget, BlockDevice, CreateVolume, DeviceName, LaunchPermission, ModifyVolume, RegisterImage,
};
use plimsoll_model::workload::handles::{Handle, ImageHandle, SnapshotHandle, VolumeHandle};
use plimsoll_model::workload::resource_call::VolumeSpec;

/// The root of an image that a call registers.
const ROOT_DEVICE: &str = "/dev/sda1";

/// Carries out `CreateVolume`.
pub fn create_volume(
    world: &mut World,
    now: Time,
    account: AccountId,
    (name, zone): (VolumeHandle, ZoneId),
    (spec, multi_attach): (VolumeSpec, bool),
    snapshot: Option<SnapshotHandle>,
) -> Result<(), FailureReason> {
    let snapshot = snapshot.map(|snapshot| find_snapshot(world, snapshot)).transpose()?;
    let VolumeSpec { kind, size_gib, iops, throughput_mibps } = spec;
    let kind = kind.unwrap_or_default();
    let request = CreateVolume { zone, kind, size_gib, iops, throughput_mibps, snapshot, multi_attach };
    let (id, due) = quota_claims::create_within(world, account, Quota::Volumes, 1, |world| {
        world.storage.create_volume(now, account, &request, &mut world.billing.usage)
    })?;
    world.api.handles.volumes.set(name.0, id);
    volumes::schedule(world, now, due);
    Ok(())
}

/// Carries out `AttachVolume`.
pub fn attach_volume(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: VolumeHandle,
    instance: Handle,
    device: &str,
) -> Result<(), FailureReason> {
    let volume = find_volume(world, name)?;
    let slot = targets::first(world, account, instance)?;
    // "Attaches an Amazon EBS volume to a running or stopped instance" (`AttachVolume` of the EC2 API as
    // botocore 1.44.8 describes it).
    if !matches!(world.instances.get(slot).state, State::Running | State::Stopped) {
        return Err(Failure::IncorrectState.into());
    }
    let target = storage_target(world, slot);
    let device = DeviceName::parse(device)?;
    let usage = &mut world.billing.usage;
    let due = world.storage.attach(now, account, volume, &target, device, usage)?;
    world.instances.ensure_extras(slot);
    volumes::schedule(world, now, due);
    Ok(())
}

/// Carries out `DetachVolume`.
pub fn detach_volume(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: VolumeHandle,
    instance: Option<Handle>,
) -> Result<(), FailureReason> {
    let volume = find_volume(world, name)?;
    let from = instance.map(|instance| targets::first(world, account, instance)).transpose()?;
    let from = from.map(|slot| world.instances.get(slot).id);
    if let Some(found) =
        world.storage.volume(volume).filter(|found| found.account == account && found.is_root())
        && found.attachments.iter().any(|attachment| !is_instance_stopped(world, attachment.instance))
    {
        return Err(Failure::OperationNotPermitted.into());
    }
    let due = world.storage.detach(now, account, volume, from, &mut world.billing.usage)?;
    volumes::schedule(world, now, due);
    Ok(())
}

/// Returns whether an instance that has a root volume is stopped: only then may the volume be detached.
fn is_instance_stopped(world: &World, id: InstanceId) -> bool {
    let slot =
        world.instances.with_volumes.get(&id).and_then(|reference| world.instances.resolve(*reference));
    slot.is_some_and(|slot| world.instances.get(slot).state == State::Stopped)
}

/// Carries out `DeleteVolume`.
pub fn delete_volume(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: VolumeHandle,
) -> Result<(), FailureReason> {
    let volume = find_volume(world, name)?;
    let due = world.storage.delete(now, account, volume, &mut world.billing.usage)?;
    quota_claims::uncount(world, account, Quota::Volumes, 1);
    volumes::schedule(world, now, due);
    Ok(())
}

/// Carries out `ModifyVolume`.
pub fn modify_volume(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: VolumeHandle,
    spec: VolumeSpec,
) -> Result<(), FailureReason> {
    let volume = find_volume(world, name)?;
    let VolumeSpec { kind, size_gib, iops, throughput_mibps } = spec;
    let change = ModifyVolume { kind, size_gib, iops, throughput_mibps };
    let due = world.storage.modify(now, account, volume, &change, &mut world.billing.usage)?;
    volumes::schedule(world, now, due);
    Ok(())
}

/// Carries out `CreateSnapshot`.
pub fn create_snapshot(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: SnapshotHandle,
    volume: VolumeHandle,
) -> Result<(), FailureReason> {
    let volume = find_volume(world, volume)?;
    let (id, due) = quota_claims::create_within(world, account, Quota::Snapshots, 1, |world| {
        world.storage.create_snapshot(now, account, volume, &mut world.billing.usage)
    })?;
    world.api.handles.snapshots.set(name.0, id);
    volumes::schedule(world, now, due);
    Ok(())
}

/// Carries out `DeleteSnapshot`.
pub fn delete_snapshot(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: SnapshotHandle,
) -> Result<(), FailureReason> {
    let id = find_snapshot(world, name)?;
    world.storage.delete_snapshot(now, account, id, &mut world.billing.usage)?;
    quota_claims::uncount(world, account, Quota::Snapshots, 1);
    Ok(())
}

/// Carries out `ModifySnapshotTier`: to the archive.
pub fn archive_snapshot(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: SnapshotHandle,
) -> Result<(), FailureReason> {
    let id = find_snapshot(world, name)?;
    world.storage.archive_snapshot(now, account, id, &mut world.billing.usage)
}

/// Carries out `RestoreSnapshotTier`: from the archive.
pub fn restore_snapshot(
    world: &mut World,
    now: Time,
    account: AccountId,
    name: SnapshotHandle,
) -> Result<(), FailureReason> {
    let id = find_snapshot(world, name)?;
    world.storage.restore_snapshot(now, account, id, &mut world.billing.usage)
}

/// Carries out `RegisterImage`.
pub fn register_image(
    world: &mut World,
    now: Time,
    account: AccountId,
    image: ImageHandle,
    (snapshot, size_gib): (Option<SnapshotHandle>, Option<u32>),
    public: bool,
) -> Result<(), FailureReason> {
    let snapshot = snapshot.map(|snapshot| find_snapshot(world, snapshot)).transpose()?;
    let of_snapshot = snapshot.and_then(|id| world.storage.snapshot(id)).map(|found| found.size_gib);
    let fetched_gib = size_gib.or(of_snapshot).ok_or(Failure::MissingParameter)?;
    let root = BlockDevice {
        device: DeviceName::parse(ROOT_DEVICE).expect("it is EC2's own name for a root"),
        kind: Default::default(),
        size_gib,
        iops: None,
        throughput_mibps: None,
        delete_on_termination: true,
        snapshot,
    };
    let request = RegisterImage {
        name: world.directory.handles.images()[image.0 as usize].clone(),
        permission: if public { LaunchPermission::Public } else { LaunchPermission::Accounts(Vec::new()) },
        size_gib: fetched_gib,
        block_devices: vec![root],
    };
    let (id, due) = world.storage.register_image(now, account, request, &mut world.billing.usage)?;
    world.api.handles.images.set(image.0, id);
    volumes::schedule(world, now, due);
    Ok(())
}

/// Carries out `DeregisterImage`.
pub fn deregister_image(
    world: &mut World,
    now: Time,
    account: AccountId,
    image: ImageHandle,
) -> Result<(), FailureReason> {
    let id = volumes::find_image(world, account, image)?;
    world.storage.deregister_image(now, account, id)
}

/// Returns the volume of a handle.
fn find_volume(world: &World, name: VolumeHandle) -> Result<VolumeId, FailureReason> {
    world.api.handles.volumes.find(name.0, Failure::InvalidVolumeNotFound)
}

/// Returns the snapshot of a handle.
fn find_snapshot(world: &World, name: SnapshotHandle) -> Result<SnapshotId, FailureReason> {
    world.api.handles.snapshots.find(name.0, Failure::InvalidSnapshotNotFound)
}

/// Returns an instance as the storage knows it.
fn storage_target(world: &World, slot: Slot) -> AttachmentTarget {
    let instance = world.instances.get(slot);
    let most_volumes = world.directory.types.get(instance.kind).volume_attachments;
    AttachmentTarget { instance: instance.id, zone: instance.zone, most_volumes }
}
