//! Volumes, snapshots and images: what calls make of them, and the volumes of instances.

use super::Cloud;
use super::event::{Event, Rank};
use super::place::{Order, Placement};
use super::reference::Slot;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, ImageId, InstanceId, SnapshotId, Time, VolumeId, ZoneId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::quota::Quota;
use plimsoll_model::storage::{
    BlockDevice, CreateVolume, DeviceName, Due, LaunchPermission, ModifyVolume, RegisterImage, StorageStep,
    Target, VolumeState,
};
use plimsoll_model::workload::block_device;
use plimsoll_model::workload::call::LaunchOptions;
use plimsoll_model::workload::handles::{Handle, ImageHandle, SnapshotHandle, VolumeHandle};
use plimsoll_model::workload::resource_call::VolumeSpec;

/// The root of an image that a call registers.
const ROOT_DEVICE: &str = "/dev/sda1";

impl Cloud {
    pub(super) fn create_volume(
        &mut self,
        now: Time,
        account: AccountId,
        (name, zone): (VolumeHandle, ZoneId),
        (spec, multi_attach): (VolumeSpec, bool),
        snapshot: Option<SnapshotHandle>,
    ) -> Result<(), FailureReason> {
        let snapshot = snapshot.map(|snapshot| self.snapshot(snapshot)).transpose()?;
        let VolumeSpec { kind, size_gib, iops, throughput_mibps } = spec;
        let kind = kind.unwrap_or_default();
        let request = CreateVolume { zone, kind, size_gib, iops, throughput_mibps, snapshot, multi_attach };
        let (id, due) = self.within_quota(account, Quota::Volumes, 1, |cloud| {
            cloud.storage.create_volume(now, account, &request, &mut cloud.billing.usage)
        })?;
        self.names.volumes.set(name.0, id);
        self.schedule(now, due);
        Ok(())
    }

    pub(super) fn attach_volume(
        &mut self,
        now: Time,
        account: AccountId,
        name: VolumeHandle,
        instance: Handle,
        device: &str,
    ) -> Result<(), FailureReason> {
        let volume = self.volume(name)?;
        let slot = self.changeable(account, instance)?;
        // "Attaches an Amazon EBS volume to a running or stopped instance" (`AttachVolume` of the EC2 API as
        // botocore 1.44.8 describes it).
        if !matches!(self.instances.get(slot).state, State::Running | State::Stopped) {
            return Err(Failure::IncorrectState.into());
        }
        let target = self.storage_target(slot);
        let device = DeviceName::parse(device)?;
        let usage = &mut self.billing.usage;
        let due = self.storage.attach(now, account, volume, &target, device, usage)?;
        self.note_belongings(slot);
        self.schedule(now, due);
        Ok(())
    }

    pub(super) fn detach_volume(
        &mut self,
        now: Time,
        account: AccountId,
        name: VolumeHandle,
        instance: Option<Handle>,
    ) -> Result<(), FailureReason> {
        let volume = self.volume(name)?;
        let from = instance.map(|instance| self.first_named(account, instance)).transpose()?;
        let from = from.map(|slot| self.instances.get(slot).id);
        if let Some(found) =
            self.storage.volume(volume).filter(|found| found.account == account && found.is_root())
            && found.attachments.iter().any(|attachment| !self.is_stopped(attachment.instance))
        {
            return Err(Failure::OperationNotPermitted.into());
        }
        let due = self.storage.detach(now, account, volume, from, &mut self.billing.usage)?;
        self.schedule(now, due);
        Ok(())
    }

    /// Returns whether an instance that has a root volume is stopped: only then may it be taken away.
    fn is_stopped(&self, id: InstanceId) -> bool {
        let slot = self.equipped.get(&id).and_then(|reference| self.instances.resolve(*reference));
        slot.is_some_and(|slot| self.instances.get(slot).state == State::Stopped)
    }

    pub(super) fn delete_volume(
        &mut self,
        now: Time,
        account: AccountId,
        name: VolumeHandle,
    ) -> Result<(), FailureReason> {
        let volume = self.volume(name)?;
        let due = self.storage.delete(now, account, volume, &mut self.billing.usage)?;
        self.uncount(account, Quota::Volumes, 1);
        self.schedule(now, due);
        Ok(())
    }

    pub(super) fn modify_volume(
        &mut self,
        now: Time,
        account: AccountId,
        name: VolumeHandle,
        spec: VolumeSpec,
    ) -> Result<(), FailureReason> {
        let volume = self.volume(name)?;
        let VolumeSpec { kind, size_gib, iops, throughput_mibps } = spec;
        let change = ModifyVolume { kind, size_gib, iops, throughput_mibps };
        let due = self.storage.modify(now, account, volume, &change, &mut self.billing.usage)?;
        self.schedule(now, due);
        Ok(())
    }

    pub(super) fn create_snapshot(
        &mut self,
        now: Time,
        account: AccountId,
        name: SnapshotHandle,
        volume: VolumeHandle,
    ) -> Result<(), FailureReason> {
        let volume = self.volume(volume)?;
        let (id, due) = self.within_quota(account, Quota::Snapshots, 1, |cloud| {
            cloud.storage.create_snapshot(now, account, volume, &mut cloud.billing.usage)
        })?;
        self.names.snapshots.set(name.0, id);
        self.schedule(now, due);
        Ok(())
    }

    pub(super) fn delete_snapshot(
        &mut self,
        now: Time,
        account: AccountId,
        name: SnapshotHandle,
    ) -> Result<(), FailureReason> {
        let id = self.snapshot(name)?;
        self.storage.delete_snapshot(now, account, id, &mut self.billing.usage)?;
        self.uncount(account, Quota::Snapshots, 1);
        Ok(())
    }

    pub(super) fn archive_snapshot(
        &mut self,
        now: Time,
        account: AccountId,
        name: SnapshotHandle,
    ) -> Result<(), FailureReason> {
        let id = self.snapshot(name)?;
        self.storage.archive_snapshot(now, account, id, &mut self.billing.usage)
    }

    pub(super) fn restore_snapshot(
        &mut self,
        now: Time,
        account: AccountId,
        name: SnapshotHandle,
    ) -> Result<(), FailureReason> {
        let id = self.snapshot(name)?;
        self.storage.restore_snapshot(now, account, id, &mut self.billing.usage)
    }

    pub(super) fn register_image(
        &mut self,
        now: Time,
        account: AccountId,
        image: ImageHandle,
        (snapshot, size_gib): (Option<SnapshotHandle>, Option<u32>),
        public: bool,
    ) -> Result<(), FailureReason> {
        let snapshot = snapshot.map(|snapshot| self.snapshot(snapshot)).transpose()?;
        let of_snapshot = snapshot.and_then(|id| self.storage.snapshot(id)).map(|found| found.size_gib);
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
            name: self.directory.handles.images()[image.0 as usize].clone(),
            permission: if public {
                LaunchPermission::Public
            } else {
                LaunchPermission::Accounts(Vec::new())
            },
            size_gib: fetched_gib,
            block_devices: vec![root],
        };
        let (id, due) = self.storage.register_image(now, account, request, &mut self.billing.usage)?;
        self.names.images.set(image.0, id);
        self.schedule(now, due);
        Ok(())
    }

    pub(super) fn deregister_image(
        &mut self,
        now: Time,
        account: AccountId,
        image: ImageHandle,
    ) -> Result<(), FailureReason> {
        let id = self.image(account, image)?;
        self.storage.deregister_image(now, account, id)
    }

    /// The volumes that a launch from an image, or with volumes of its own, brings.
    pub(super) fn equip_storage(
        &mut self,
        order: &Order,
        options: &LaunchOptions,
        placement: &Placement,
    ) -> Result<(), FailureReason> {
        let (devices, has_root) = self.devices(order.account, options)?;
        if devices.is_empty() {
            return Ok(());
        }
        let most_volumes = self.directory.types.get(order.launch.kind).volume_attachments;
        let target = Target { instance: placement.id, zone: placement.zone, most_volumes };
        let (now, account) = (order.now, order.account);
        self.within_quota(account, Quota::Volumes, devices.len(), |cloud| {
            let usage = &mut cloud.billing.usage;
            cloud.storage.create_for_launch(now, account, &target, &devices, has_root, usage)
        })
    }

    /// The volumes of an instance that comes to nothing are gone.
    pub(super) fn strip_storage(&mut self, now: Time, account: AccountId, id: InstanceId) {
        let volumes = self.storage.instance_volumes(id).count();
        self.uncount(account, Quota::Volumes, volumes);
        self.storage.undo_launch(now, id, &mut self.billing.usage);
    }

    /// An instance has ended: its volumes go with it or stay by themselves.
    pub(super) fn dispose_of_volumes(&mut self, now: Time, account: AccountId, id: InstanceId) {
        let volumes: Vec<VolumeId> = self.storage.instance_volumes(id).map(|volume| volume.id).collect();
        let due = self.storage.instance_ended(now, id, &mut self.billing.usage);
        due.into_iter().for_each(|due| self.schedule(now, Some(due)));
        let is_gone = |volume: &VolumeId| {
            let found = self.storage.volume(*volume);
            found.is_none_or(|found| matches!(found.state, VolumeState::Deleting | VolumeState::Deleted))
        };
        let gone = volumes.iter().filter(|volume| is_gone(volume)).count();
        self.uncount(account, Quota::Volumes, gone);
    }

    /// What was due in the storage is done.
    pub(super) fn on_storage(&mut self, now: Time, step: StorageStep) {
        let due = self.storage.finish(now, step, &mut self.billing.usage);
        self.schedule(now, due);
    }

    fn schedule(&mut self, now: Time, due: Option<Due>) {
        if let Some(Due { after, step }) = due {
            self.queue.push(now.after(after), Rank::Timer as u8, Event::from(step));
        }
    }

    /// The block devices of a launch, and whether the first is a root: only images bring one.
    fn devices(
        &self,
        account: AccountId,
        options: &LaunchOptions,
    ) -> Result<(Vec<BlockDevice>, bool), FailureReason> {
        let own: Vec<BlockDevice> = options.volumes.iter().map(block_device).collect::<Result<_, _>>()?;
        match options.image {
            None => Ok((own, false)),
            Some(image) => {
                let image = self.storage.launchable(self.image(account, image)?, account)?;
                Ok((image.devices_with(&own), !image.block_devices.is_empty()))
            }
        }
    }

    /// The images that are there from the start have their names.
    pub(super) fn name_images(&mut self) {
        for image in self.storage.images() {
            self.names.images.set(self.directory.handles.image(&image.name).0, image.id);
        }
    }

    /// The image of a name: the account's own, else the cloud's, else the latest of any account.
    pub(super) fn image(&self, account: AccountId, image: ImageHandle) -> Result<ImageId, FailureReason> {
        let name = &self.directory.handles.images()[image.0 as usize];
        match self.storage.image_named(account, name) {
            Some(id) => Ok(id),
            None => self.names.images.find(image.0, Failure::InvalidAmiIdNotFound),
        }
    }

    fn volume(&self, name: VolumeHandle) -> Result<VolumeId, FailureReason> {
        self.names.volumes.find(name.0, Failure::InvalidVolumeNotFound)
    }

    fn snapshot(&self, name: SnapshotHandle) -> Result<SnapshotId, FailureReason> {
        self.names.snapshots.find(name.0, Failure::InvalidSnapshotNotFound)
    }

    fn storage_target(&self, slot: Slot) -> Target {
        let instance = self.instances.get(slot);
        let most_volumes = self.directory.types.get(instance.kind).volume_attachments;
        Target { instance: instance.id, zone: instance.zone, most_volumes }
    }
}

/// A volume of a launch as the storage knows it.
fn block_device(device: &block_device::BlockDevice) -> Result<BlockDevice, FailureReason> {
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
