//! Calls on images: register, deregister, and the check of a launch.

use super::Storage;
use super::config::ImageConfig;
use super::image::{BlockDevice, Image, ImageState, ImageTrigger, LaunchPermission};
use super::provisioned::Provisioned;
use super::snapshot::Snapshot;
use super::step::{Due, StorageStep};
use crate::billing::Usage;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, ImageId, Time};

/// Properties of a new image (`RegisterImage`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterImage {
    /// Its name, unique among the images of the account.
    pub name: String,
    /// Accounts that may launch from it beside its owner.
    pub permission: LaunchPermission,
    /// Size that a host fetches \[GiB\].
    pub size_gib: u32,
    /// The volumes of an instance, the root first.
    pub block_devices: Vec<BlockDevice>,
}

impl Storage {
    /// Registers an image of block devices. The snapshots it names cannot be deleted before it is
    /// deregistered.
    pub fn register_image(
        &mut self,
        now: Time,
        account: AccountId,
        request: RegisterImage,
        usage: &mut Usage,
    ) -> Result<(ImageId, Option<Due>), FailureReason> {
        self.plan(&request.block_devices, |snapshot| snapshot.account == account)?;
        let RegisterImage { name, permission, size_gib, block_devices } = request;
        if self.image_names.contains_key(&(Some(account), name.clone())) {
            return Err(Failure::InvalidAmiNameDuplicate.into());
        }
        for snapshot in block_devices.iter().filter_map(|device| device.snapshot) {
            self.snapshots.get_mut(&snapshot).expect("the plan has found it").images += 1;
        }
        let id = self.add_image(Image {
            id: ImageId(0),
            name,
            account: Some(account),
            permission,
            size_gib,
            state: ImageState::Pending,
            block_devices,
            registered: now,
            deregistered: None,
        });
        Ok((id, self.later(now, self.config.image, StorageStep::Image(id), usage)))
    }

    /// Deregisters an image of the account. Instances launched from it go on, and its snapshots stay.
    pub fn deregister_image(
        &mut self,
        now: Time,
        account: AccountId,
        image: ImageId,
    ) -> Result<(), FailureReason> {
        let found = self.find_image(image)?;
        if found.account != Some(account) {
            return Err(Failure::AuthFailure.into());
        }
        let state = found.state.on(ImageTrigger::Deregister).called(found.state)?;
        let mut gone = self.images.remove(&image).expect("it was found");
        self.image_names.remove(&(gone.account, gone.name.clone()));
        for snapshot in gone.block_devices.iter().filter_map(|device| device.snapshot) {
            self.snapshots.get_mut(&snapshot).expect("an image keeps its snapshots").images -= 1;
        }
        gone.state = state;
        gone.deregistered = Some(now);
        if let Some(history) = &mut self.history {
            history.images.push(gone);
        }
        Ok(())
    }

    /// Returns the image, if the account can launch from it now.
    pub fn launchable(&self, image: ImageId, account: AccountId) -> Result<&Image, FailureReason> {
        let found = self.find_image(image)?;
        found.launchable(account)?;
        Ok(found)
    }

    /// Returns the image of a name: the account's own, else the cloud's.
    pub fn image_named(&self, account: AccountId, name: &str) -> Option<ImageId> {
        let of = |owner| self.image_names.get(&(owner, name.to_string())).copied();
        of(Some(account)).or_else(|| of(None))
    }

    /// Returns the provisioned volumes of block devices, given the accounts that may use a snapshot, or the problem.
    pub(super) fn plan(
        &self,
        devices: &[BlockDevice],
        may_use: impl Fn(&Snapshot) -> bool,
    ) -> Result<Vec<Provisioned>, FailureReason> {
        let mut planned = Vec::with_capacity(devices.len());
        for (i, device) in devices.iter().enumerate() {
            if devices[..i].iter().any(|earlier| earlier.device == device.device) {
                return Err(Failure::InvalidParameterValue.into());
            }
            let snapshot_gib = self.usable_snapshot_gib(device.snapshot, &may_use)?;
            let BlockDevice { kind, size_gib, iops, throughput_mibps, .. } = *device;
            planned.push(Provisioned::new(kind, size_gib, iops, throughput_mibps, snapshot_gib)?);
        }
        Ok(planned)
    }

    pub(super) fn finish_image(&mut self, image: ImageId, trigger: ImageTrigger) {
        let found = self.images.get_mut(&image).expect("no call deregisters an image that is pending");
        found.state = found.state.on(trigger).done(found.state);
    }

    /// Returns the images that are there from the start.
    pub(super) fn add_configured_images(
        &mut self,
        images: &[ImageConfig],
        devices: Vec<Vec<BlockDevice>>,
        mut account: impl FnMut(&str) -> AccountId,
    ) {
        for (config, block_devices) in images.iter().zip(devices) {
            let owner = config.account.as_deref().map(&mut account);
            let shared_with = config.shared_with.iter().map(|name| account(name)).collect();
            self.add_image(Image {
                id: ImageId(0),
                name: config.name.clone(),
                account: owner,
                permission: match owner {
                    Some(_) => LaunchPermission::Accounts(shared_with),
                    None => LaunchPermission::Public,
                },
                size_gib: config.size_gib,
                state: config.state,
                block_devices,
                registered: Time::ZERO,
                deregistered: None,
            });
        }
    }

    /// Returns an image that is not gone. Numbers are given in order: a smaller one than the next was once given.
    fn find_image(&self, image: ImageId) -> Result<&Image, FailureReason> {
        self.images.get(&image).ok_or_else(|| {
            let gone = image.0 < self.registered_images;
            if gone { Failure::InvalidAmiIdUnavailable.into() } else { Failure::InvalidAmiIdNotFound.into() }
        })
    }

    /// Takes an image in and gives it its number.
    fn add_image(&mut self, image: Image) -> ImageId {
        let id = ImageId(self.registered_images);
        self.registered_images = self.registered_images.checked_add(1).expect("fewer than 2³² images");
        self.image_names.insert((image.account, image.name.clone()), id);
        self.images.insert(id, Image { id, ..image });
        id
    }
}
