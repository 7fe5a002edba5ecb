//! Images, volumes, snapshots and the storage backends of the zones.
//!
//! [`Storage`] owns them all. A call either changes everything it has to or nothing. A step that takes simulated
//! time is answered with a [`Due`], and the caller passes its [`StorageStep`] back when that time is over;
//! other steps are done at once. A launch's volumes are made together or not at all.

mod attachment;
mod backend;
mod config;
mod conservation;
mod device;
mod image;
mod image_calls;
mod launch;
mod modification;
mod provisioned;
mod snapshot;
mod snapshot_calls;
mod step;
mod volume;
mod volume_calls;

pub use attachment::{AttachmentState, AttachmentTrigger, VolumeAttachment};
pub use backend::Backend;
pub use config::{BackendConfig, BlockDeviceConfig, ImageConfig, StorageConfig, validate_images};
pub use device::DeviceName;
pub use image::{BlockDevice, Image, ImageState, ImageTrigger, LaunchPermission};
pub use image_calls::RegisterImage;
pub use modification::{
    MODIFICATION_WINDOW, MOST_MODIFICATIONS, ModificationState, ModificationTrigger, ModifyVolume,
    VolumeModification,
};
pub use provisioned::Provisioned;
pub use snapshot::{ChangeRate, Snapshot, SnapshotState, SnapshotTrigger, copy_time};
pub use step::{Due, StorageStep, VolumeStep};
pub use volume::{Volume, VolumeState, VolumeTrigger};
pub use volume_calls::CreateVolume;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::billing::Usage;
use plimsoll_base::input::InputError;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Duration, ImageId, InstanceId, SnapshotId, Time, VolumeId, ZoneId};

/// An instance that volumes are attached to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AttachmentTarget {
    /// The instance.
    pub instance: InstanceId,
    /// Its zone.
    pub zone: ZoneId,
    /// Number of volumes that its type may have; `None` for no limit.
    pub most_volumes: Option<u32>,
}

/// An attachment that is, or was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AttachmentRecord {
    /// The volume.
    pub volume: VolumeId,
    /// Attachment, present or past; the state is the last one.
    pub attachment: VolumeAttachment,
    /// Time it ended.
    pub until: Option<Time>,
}

/// Ended attachments, modifications and resources, kept for the tables of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct History {
    volumes: Vec<Volume>,
    snapshots: Vec<Snapshot>,
    images: Vec<Image>,
    attachments: Vec<AttachmentRecord>,
}

/// All volumes, snapshots and images of a run, and what holds them.
#[derive(Clone, Debug)]
pub struct Storage {
    config: StorageConfig,
    /// By zone.
    backends: Vec<Backend>,
    volumes: BTreeMap<VolumeId, Volume>,
    snapshots: BTreeMap<SnapshotId, Snapshot>,
    images: BTreeMap<ImageId, Image>,
    /// The images by owner and name.
    image_names: BTreeMap<(Option<AccountId>, String), ImageId>,
    /// The snapshots that keep blocks, by volume in the order they were made.
    lineages: BTreeSet<(VolumeId, SnapshotId)>,
    change_rate: ChangeRate,
    /// The volumes of each instance.
    attached: BTreeSet<(InstanceId, VolumeId)>,
    created_volumes: u32,
    created_snapshots: u32,
    registered_images: u32,
    history: Option<History>,
}

persist! { Storage {
    values: [
        volumes, snapshots, images, image_names, lineages, attached, created_volumes, created_snapshots,
        registered_images, history,
    ],
    nested: [backends],
    derived: [config, change_rate],
} }

impl Storage {
    /// Returns the storage a scenario describes, given its images, the names of its zones in file order, and the id
    /// of an account by its name.
    pub fn new(
        config: &StorageConfig,
        images: &[ImageConfig],
        zones: &[&str],
        account: impl FnMut(&str) -> AccountId,
    ) -> Result<Storage, InputError> {
        let (resolved, devices) = match (config.resolve(zones), config::resolve_images(images)) {
            (Ok(resolved), Ok(devices)) => (resolved, devices),
            (backends, images) => {
                let problems = [backends.err(), images.err()];
                return Err(InputError(problems.into_iter().flatten().flatten().collect()));
            }
        };
        let mut backends = vec![Backend::default(); zones.len()];
        for (limits, zone) in config.backends.iter().zip(resolved.backend_zones) {
            backends[zone.index()] = Backend::new(limits.capacity_gib, limits.iops, limits.throughput_mibps);
        }
        let mut storage = Storage {
            config: config.clone(),
            backends,
            volumes: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            images: BTreeMap::new(),
            image_names: BTreeMap::new(),
            lineages: BTreeSet::new(),
            change_rate: resolved.change_rate,
            attached: BTreeSet::new(),
            created_volumes: 0,
            created_snapshots: 0,
            registered_images: 0,
            history: None,
        };
        storage.add_configured_images(images, devices, account);
        Ok(storage)
    }

    /// Keeps from now on what is gone, to be listed. Without a history, memory is bounded by what exists.
    pub fn keep_history(&mut self) {
        self.history.get_or_insert_default();
    }

    /// Finishes a step that was due, and returns the step after it, if any. A void step, such as attaching to
    /// an instance that has ended since, does nothing.
    pub fn finish(&mut self, now: Time, step: StorageStep, usage: &mut Usage) -> Option<Due> {
        match step {
            StorageStep::Volume { volume, stamp, end } => {
                self.finish_volume(now, volume, stamp, end);
                None
            }
            StorageStep::Modification(volume) => self.finish_modification(now, volume, usage),
            StorageStep::Snapshot(snapshot) => {
                self.finish_snapshot(now, snapshot, SnapshotTrigger::Completed, usage);
                None
            }
            StorageStep::Image(image) => {
                self.finish_image(image, ImageTrigger::Registered);
                None
            }
        }
    }

    /// Fails the creation of a volume, snapshot or image that was due: it enters its state of
    /// error. Panics for other steps, which cannot fail.
    pub fn fail(&mut self, now: Time, step: StorageStep, usage: &mut Usage) {
        match step {
            StorageStep::Volume { volume, end: VolumeStep::Created, .. } => {
                self.fail_volume(now, volume, usage)
            }
            StorageStep::Snapshot(snapshot) => {
                self.finish_snapshot(now, snapshot, SnapshotTrigger::Failed, usage);
            }
            StorageStep::Image(image) => self.finish_image(image, ImageTrigger::Failed),
            StorageStep::Volume { .. } | StorageStep::Modification(_) => panic!("{step:?} cannot fail"),
        }
    }

    /// Returns the step to come back with, or, if it takes no time, the step after it.
    fn later(&mut self, now: Time, after: Duration, step: StorageStep, usage: &mut Usage) -> Option<Due> {
        if after == Duration::ZERO { self.finish(now, step, usage) } else { Some(Due { after, step }) }
    }

    /// Returns a volume that is not gone, of any account.
    pub fn volume(&self, volume: VolumeId) -> Option<&Volume> {
        self.volumes.get(&volume)
    }

    /// Returns a snapshot that is not gone, of any account.
    pub fn snapshot(&self, snapshot: SnapshotId) -> Option<&Snapshot> {
        self.snapshots.get(&snapshot)
    }

    /// Returns an image that is not gone, of any account.
    pub fn image(&self, image: ImageId) -> Option<&Image> {
        self.images.get(&image)
    }

    /// Returns the volumes of an instance, those being attached and detached included, by id.
    pub fn instance_volumes(&self, instance: InstanceId) -> impl Iterator<Item = &Volume> {
        let all = (instance, VolumeId(0))..=(instance, VolumeId(u32::MAX));
        self.attached.range(all).map(|(_, volume)| &self.volumes[volume])
    }

    /// Returns all volumes by id; with a history those that are gone, too.
    pub fn volumes(&self) -> Vec<&Volume> {
        let gone = self.history.iter().flat_map(|history| &history.volumes);
        sorted(self.volumes.values().chain(gone), |volume| volume.id)
    }

    /// Returns all snapshots by id; with a history those that are gone, too.
    pub fn snapshots(&self) -> Vec<&Snapshot> {
        let gone = self.history.iter().flat_map(|history| &history.snapshots);
        sorted(self.snapshots.values().chain(gone), |snapshot| snapshot.id)
    }

    /// Returns all images by id; with a history those that are gone, too.
    pub fn images(&self) -> Vec<&Image> {
        let gone = self.history.iter().flat_map(|history| &history.images);
        sorted(self.images.values().chain(gone), |image| image.id)
    }

    /// Returns all attachments by volume and time; with a history those that are over, too.
    pub fn attachments(&self) -> Vec<AttachmentRecord> {
        let over = self.history.iter().flat_map(|history| &history.attachments).copied();
        let current = self.volumes.values().flat_map(|volume| {
            let record = |attachment: &VolumeAttachment| AttachmentRecord {
                volume: volume.id,
                attachment: *attachment,
                until: None,
            };
            volume.attachments.iter().map(record)
        });
        // Stable: those that are over come first, in the order in which they ended.
        sorted(over.chain(current), |record| (record.volume, record.attachment.since))
    }

    /// Returns the backends, by zone.
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// Begins peaks and means anew at the end of the warm-up.
    pub fn begin_window(&mut self, now: Time) {
        self.backends.iter_mut().for_each(|backend| backend.begin_window(now));
    }
}

/// Returns the items in order of a key.
fn sorted<T, Key: Ord>(items: impl Iterator<Item = T>, key: impl Fn(&T) -> Key) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_by_key(key);
    items
}

#[cfg(test)]
mod tests;
