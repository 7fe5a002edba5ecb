//! Conservation: the books of the storage against its records.

use std::collections::{BTreeMap, BTreeSet};

use super::Storage;
use super::backend::amounts;
use super::snapshot::SnapshotState;
use super::volume::VolumeState;
use crate::billing::{Item, Usage};
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::units::AccountId;

impl Storage {
    /// Returns true if no volume and no snapshot is there, and nothing of a backend is used. Images cost nothing
    /// and may stay.
    pub fn is_empty(&self) -> bool {
        let unused = self.backends.iter().all(|backend| backend.levels().all(|(_, level)| level.used() == 0));
        self.volumes.is_empty() && self.snapshots.is_empty() && self.attached.is_empty() && unused
    }

    /// Panics unless the backends hold the sum of the volumes, attachments agree between volume and
    /// instance, images and snapshots agree, and accounts are charged for what they have.
    pub fn assert_conserved(&self, usage: &Usage) {
        self.assert_backends();
        self.assert_attachments();
        self.assert_images();
        self.assert_charged(usage);
    }

    fn assert_backends(&self) {
        let mut sums = vec![[0; 3]; self.backends.len()];
        for volume in self.volumes.values().filter(|volume| volume.state.takes_room()) {
            let sum = &mut sums[volume.zone.index()];
            sum.iter_mut().zip(amounts(&volume.provisioned)).for_each(|(sum, amount)| *sum += amount);
        }
        for (zone, (backend, sum)) in self.backends.iter().zip(sums).enumerate() {
            for ((bound, level), sum) in backend.levels().zip(sum) {
                assert_eq!(level.used(), sum, "{} of zone {zone}: used, and its volumes", bound.name());
            }
        }
    }

    fn assert_attachments(&self) {
        let mut attached = BTreeSet::new();
        let mut devices = BTreeSet::new();
        for volume in self.volumes.values() {
            let in_use = volume.state == VolumeState::InUse;
            assert_eq!(in_use, !volume.attachments.is_empty(), "{volume:?} is attached when it is in use");
            assert!(volume.multi_attach || volume.attachments.len() <= 1, "{volume:?} is attached once");
            for attachment in &volume.attachments {
                attached.insert((attachment.instance, volume.id));
                let device = (attachment.instance, attachment.device);
                assert!(devices.insert(device), "{device:?} is used twice");
            }
        }
        assert_eq!(attached, self.attached, "volumes of instances, seen from both sides");
    }

    fn assert_images(&self) {
        let mut uses = BTreeMap::new();
        let devices = self.images.values().flat_map(|image| &image.block_devices);
        for snapshot in devices.filter_map(|device| device.snapshot) {
            *uses.entry(snapshot).or_insert(0) += 1;
        }
        for snapshot in self.snapshots.values() {
            let images = uses.remove(&snapshot.id).unwrap_or(0);
            assert_eq!(snapshot.images, images, "uses of snapshot {} by images", snapshot.id);
        }
        assert!(uses.is_empty(), "images use snapshots that are gone: {uses:?}");
    }

    fn assert_charged(&self, usage: &Usage) {
        let mut due: BTreeMap<(AccountId, Item), u64> = BTreeMap::new();
        let items = VolumeType::ALL
            .into_iter()
            .flat_map(|kind| [Item::VolumeSize(kind), Item::VolumeIops(kind), Item::VolumeThroughput(kind)]);
        let items: Vec<Item> = items
            .chain([Item::Io2IopsTier2, Item::Io2IopsTier3, Item::Snapshot, Item::ArchivedSnapshot])
            .collect();
        let accounts = (self.volumes.values().map(|volume| volume.account))
            .chain(self.snapshots.values().map(|snapshot| snapshot.account));
        for account in accounts {
            due.extend(items.iter().map(|item| ((account, *item), 0)));
        }
        for volume in self.volumes.values().filter(|volume| volume.state.is_billed()) {
            for (item, quantity) in volume.provisioned.items() {
                *due.entry((volume.account, item)).or_default() += quantity;
            }
        }
        for snapshot in self.snapshots.values().filter(|snapshot| snapshot.state != SnapshotState::Error) {
            let is_archived = snapshot.archived.is_some();
            let item = if is_archived { Item::ArchivedSnapshot } else { Item::Snapshot };
            *due.entry((snapshot.account, item)).or_default() += snapshot.kept_mib;
        }
        for ((account, item), quantity) in due {
            assert_eq!(usage.held(account, item), quantity, "{item:?} that account {account} pays for");
        }
    }
}
