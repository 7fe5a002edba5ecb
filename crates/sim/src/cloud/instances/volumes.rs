//! Volumes of instances, and the steps of the storage.

use crate::cloud::api::launch_context::{Allocation, LaunchContext};
use crate::cloud::instances::quota_claims;
use crate::cloud::simulation::event::{Event, Rank};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, ImageId, InstanceId, Time, VolumeId};
use plimsoll_model::quota::Quota;
use plimsoll_model::storage::{AttachmentTarget, BlockDevice, DeviceName, Due, StorageStep, VolumeState};
use plimsoll_model::workload::block_device;
use plimsoll_model::workload::call::LaunchOptions;
use plimsoll_model::workload::handles::ImageHandle;

/// Creates the volumes of a launch from an image, or with volumes of its own.
pub fn create_for_launch(
    world: &mut World,
    context: &LaunchContext,
    options: &LaunchOptions,
    allocation: &Allocation,
) -> Result<(), FailureReason> {
    let (devices, has_root) = devices(world, context.account, options)?;
    if devices.is_empty() {
        return Ok(());
    }
    let most_volumes = world.directory.types.get(context.launch.kind).volume_attachments;
    let target = AttachmentTarget { instance: allocation.id, zone: allocation.zone, most_volumes };
    let (now, account) = (context.now, context.account);
    quota_claims::create_within(world, account, Quota::Volumes, devices.len(), |world| {
        let usage = &mut world.billing.usage;
        world.storage.create_for_launch(now, account, &target, &devices, has_root, usage)
    })
}

/// Removes the volumes of an instance that is not launched.
pub fn undo_launch(world: &mut World, now: Time, account: AccountId, id: InstanceId) {
    let volumes = world.storage.instance_volumes(id).count();
    quota_claims::uncount(world, account, Quota::Volumes, volumes);
    world.storage.undo_launch(now, id, &mut world.billing.usage);
}

/// Deletes or detaches the volumes of an instance that has ended.
pub fn release(world: &mut World, now: Time, account: AccountId, id: InstanceId) {
    let volumes: Vec<VolumeId> = world.storage.instance_volumes(id).map(|volume| volume.id).collect();
    let due = world.storage.instance_ended(now, id, &mut world.billing.usage);
    due.into_iter().for_each(|due| schedule(world, now, Some(due)));
    let is_gone = |volume: &VolumeId| {
        let found = world.storage.volume(*volume);
        found.is_none_or(|found| matches!(found.state, VolumeState::Deleting | VolumeState::Deleted))
    };
    let gone = volumes.iter().filter(|volume| is_gone(volume)).count();
    quota_claims::uncount(world, account, Quota::Volumes, gone);
}

/// Completes a step of the storage.
pub fn on_step(world: &mut World, now: Time, step: StorageStep) {
    let due = world.storage.finish(now, step, &mut world.billing.usage);
    schedule(world, now, due);
}

/// Schedules the end of a step of the storage, if there is one.
pub fn schedule(world: &mut World, now: Time, due: Option<Due>) {
    if let Some(Due { after, step }) = due {
        world.timers.queue.push(now.after(after), Rank::Timer as u8, Event::from(step));
    }
}

/// Returns the block devices of a launch, and whether the first is a root: only images bring one.
fn devices(
    world: &World,
    account: AccountId,
    options: &LaunchOptions,
) -> Result<(Vec<BlockDevice>, bool), FailureReason> {
    let own: Vec<BlockDevice> = options.volumes.iter().map(block_device).collect::<Result<_, _>>()?;
    match options.image {
        None => Ok((own, false)),
        Some(image) => {
            let image = world.storage.launchable(find_image(world, account, image)?, account)?;
            Ok((image.devices_with(&own), !image.block_devices.is_empty()))
        }
    }
}

/// Returns the root volume of the instances of a launch, if they have one.
pub fn root_device(
    world: &World,
    account: AccountId,
    options: &LaunchOptions,
) -> Result<Option<BlockDevice>, FailureReason> {
    let (devices, has_root) = devices(world, account, options)?;
    Ok(devices.into_iter().next().filter(|_| has_root))
}

/// Binds the handles of the images that exist from the start.
pub fn name_images(world: &mut World) {
    for image in world.storage.images() {
        world.api.handles.images.set(world.directory.handles.image(&image.name).0, image.id);
    }
}

/// Returns the image of a name: the account's own, else the cloud's, else the latest of any account.
pub fn find_image(world: &World, account: AccountId, image: ImageHandle) -> Result<ImageId, FailureReason> {
    let name = &world.directory.handles.images()[image.0 as usize];
    match world.storage.image_named(account, name) {
        Some(id) => Ok(id),
        None => world.api.handles.images.find(image.0, Failure::InvalidAmiIdNotFound),
    }
}

/// Returns a volume of a launch as the storage knows it.
fn block_device(device: &block_device::BlockDeviceMapping) -> Result<BlockDevice, FailureReason> {
    Ok(BlockDevice {
        device: DeviceName::parse(&device.device)?,
        kind: device.kind.unwrap_or_default(),
        size_gib: device.size_gib,
        iops: device.iops,
        throughput_mibps: device.throughput_mibps,
        delete_on_termination: device.delete_on_termination,
        snapshot: None,
    })
}
