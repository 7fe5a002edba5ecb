//! Calls on volumes: create, attach, detach, delete, modify; and the steps that follow them.

use std::collections::BTreeMap;

use super::attachment::{AttachmentState, AttachmentTrigger, VolumeAttachment};
use super::device::DeviceName;
use super::modification::{
    MODIFICATION_WINDOW, MOST_MODIFICATIONS, ModificationState, ModificationTrigger, ModifyVolume,
    VolumeModification,
};
use super::provisioned::Provisioned;
use super::step::{Due, StorageStep, VolumeStep};
use super::volume::{Volume, VolumeState, VolumeTrigger};
use super::{AttachmentRecord, AttachmentTarget, Storage};
use crate::billing::Usage;
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, InstanceId, SnapshotId, Time, VolumeId, ZoneId};

/// Properties of a new volume (`CreateVolume`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CreateVolume {
    /// The zone it is made in.
    pub zone: ZoneId,
    /// Its type.
    pub kind: VolumeType,
    /// Its size \[GiB\]; `None` for that of the snapshot.
    pub size_gib: Option<u32>,
    /// Provisioned IOPS \[IOPS\].
    pub iops: Option<u32>,
    /// Provisioned throughput \[MiB/s\].
    pub throughput_mibps: Option<u32>,
    /// Snapshot that it is made from.
    pub snapshot: Option<SnapshotId>,
    /// Several instances may have it at once.
    pub multi_attach: bool,
}

/// The most instances that may have a volume at once (`CreateVolume` of the EC2 API as botocore 1.44.8 describes
/// it, "MultiAttachEnabled").
const MOST_INSTANCES: usize = 16;

impl Storage {
    /// Makes a volume.
    pub fn create_volume(
        &mut self,
        now: Time,
        account: AccountId,
        request: &CreateVolume,
        usage: &mut Usage,
    ) -> Result<(VolumeId, Option<Due>), FailureReason> {
        let CreateVolume { zone, kind, size_gib, iops, throughput_mibps, snapshot, multi_attach } = *request;
        // "Supported with io1 and io2 volumes only."
        if multi_attach && !matches!(kind, VolumeType::Io1 | VolumeType::Io2) {
            return Err(Failure::InvalidParameterCombination.into());
        }
        let snapshot_gib = self.usable_snapshot_gib(snapshot, |found| found.account == account)?;
        let provisioned = Provisioned::new(kind, size_gib, iops, throughput_mibps, snapshot_gib)?;
        self.backends[zone.index()].take(now, &provisioned)?;
        self.backends[zone.index()].note();
        provisioned.take_items(now, account, usage);
        let volume = self.add_volume(Volume {
            id: VolumeId(0),
            account,
            zone,
            provisioned,
            snapshot,
            state: VolumeState::Creating,
            attachments: Vec::new(),
            multi_attach,
            modification: None,
            modified: Vec::new(),
            pending_snapshots: 0,
            created: now,
            deleted: None,
            stamp: 0,
        });
        Ok((volume, self.volume_step(now, volume, VolumeStep::Created, usage)))
    }

    /// Attaches an available volume to an instance of its zone.
    pub fn attach(
        &mut self,
        now: Time,
        account: AccountId,
        volume: VolumeId,
        target: &AttachmentTarget,
        device: DeviceName,
        usage: &mut Usage,
    ) -> Result<Option<Due>, FailureReason> {
        let found = find(&mut self.volumes, account, volume)?;
        let trigger = if found.multi_attach { VolumeTrigger::AttachAnother } else { VolumeTrigger::Attach };
        let state = found.state.on(trigger).called(found.state)?;
        if found.zone != target.zone {
            return Err(Failure::InvalidVolumeZoneMismatch.into());
        }
        if found.attachment_to(target.instance).is_some() {
            return Err(Failure::VolumeInUse.into());
        }
        if found.attachments.len() >= MOST_INSTANCES {
            return Err(Failure::AttachmentLimitExceeded.because(LimitKind::VolumeAttachments, 1, 0));
        }
        let (mut there, mut device_is_used) = (0, false);
        for other in self.instance_volumes(target.instance) {
            there += 1;
            device_is_used |=
                other.attachment_to(target.instance).is_some_and(|attachment| attachment.device == device);
        }
        if target.most_volumes.is_some_and(|most| there >= most) {
            return Err(Failure::AttachmentLimitExceeded.because(LimitKind::TypeAttachments, 1, 0));
        }
        if device_is_used {
            return Err(Failure::InvalidParameterValue.into());
        }
        let found = find(&mut self.volumes, account, volume)?;
        found.enter(state);
        found.attachments.push(VolumeAttachment {
            instance: target.instance,
            device,
            state: AttachmentState::Attaching,
            since: now,
            // "Attached after launch: preserved" (EC2 user guide, "Preserve data when an instance is terminated").
            delete_on_termination: false,
            root: false,
            stamp: found.stamp,
        });
        self.attached.insert((target.instance, volume));
        Ok(self.volume_step(now, volume, VolumeStep::Attached, usage))
    }

    /// Detaches a volume, from the instance named if one is, which Multi-Attach asks for. A root volume is detached only
    /// while its instance is stopped (`OperationNotPermitted`): callers check [`Volume::is_root`].
    pub fn detach(
        &mut self,
        now: Time,
        account: AccountId,
        volume: VolumeId,
        from: Option<InstanceId>,
        usage: &mut Usage,
    ) -> Result<Option<Due>, FailureReason> {
        let found = find(&mut self.volumes, account, volume)?;
        let state = found.state.on(VolumeTrigger::Detach).called(found.state)?;
        if from.is_none() && found.multi_attach {
            return Err(Failure::MissingParameter.into());
        }
        let meant =
            |attachment: &VolumeAttachment| from.is_none_or(|instance| instance == attachment.instance);
        let place = found.attachments.iter().position(meant).ok_or(Failure::InvalidAttachmentNotFound)?;
        let attachment = &mut found.attachments[place];
        attachment.state = attachment.state.on(AttachmentTrigger::Detach).called(attachment.state)?;
        found.enter(state);
        found.attachments[place].stamp = found.stamp;
        Ok(self.volume_step(now, volume, VolumeStep::Detached, usage))
    }

    /// Deletes a volume that is attached to nothing. It is paid for until now, and takes up room until it
    /// is gone.
    pub fn delete(
        &mut self,
        now: Time,
        account: AccountId,
        volume: VolumeId,
        usage: &mut Usage,
    ) -> Result<Option<Due>, FailureReason> {
        let found = find(&mut self.volumes, account, volume)?;
        let state = found.state.on(VolumeTrigger::Delete).called(found.state)?;
        if found.state.is_billed() {
            found.provisioned.give_for_good(now, account, found.created, usage);
        }
        found.enter(state);
        if state == VolumeState::Deleted {
            self.bury_volume(now, volume);
            return Ok(None);
        }
        Ok(self.volume_step(now, volume, VolumeStep::Deleted, usage))
    }

    /// Changes type, size or performance of a volume, attached or not, at most [`MOST_MODIFICATIONS`] times in
    /// any [`MODIFICATION_WINDOW`], each after the one before is completed.
    pub fn modify(
        &mut self,
        now: Time,
        account: AccountId,
        volume: VolumeId,
        change: &ModifyVolume,
        usage: &mut Usage,
    ) -> Result<Option<Due>, FailureReason> {
        let found = find(&mut self.volumes, account, volume)?;
        found.state.on(VolumeTrigger::Modify).called(found.state)?;
        let mut modification = VolumeModification { state: ModificationState::Modifying, started: now };
        if let Some(last) = found.modification {
            modification.state = last.state.on(ModificationTrigger::Modify).called(last.state)?;
        }
        let is_recent = |began: &Time| now.since(*began) < MODIFICATION_WINDOW;
        if found.modified.iter().filter(|began| is_recent(began)).count() >= MOST_MODIFICATIONS {
            return Err(Failure::VolumeModificationRateExceeded.because(
                LimitKind::VolumeModifications,
                1,
                0,
            ));
        }
        let new = change.of(&found.provisioned)?;
        let backend = &mut self.backends[found.zone.index()];
        backend.exchange(now, &found.provisioned, &new)?;
        backend.note();
        found.provisioned.give_items(now, account, usage);
        new.take_items(now, account, usage);
        found.provisioned = new;
        found.modification = Some(modification);
        if found.modified.len() == MOST_MODIFICATIONS {
            found.modified.remove(0);
        }
        found.modified.push(now);
        Ok(self.later(now, self.config.modify, StorageStep::Modification(volume), usage))
    }

    /// Takes a volume in and gives it its number.
    pub(super) fn add_volume(&mut self, volume: Volume) -> VolumeId {
        let id = VolumeId(self.created_volumes);
        self.created_volumes = self.created_volumes.checked_add(1).expect("fewer than 2³² volumes");
        self.volumes.insert(id, Volume { id, ..volume });
        id
    }

    /// Returns what is due for a volume after a move of its state or attachment.
    pub(super) fn volume_step(
        &mut self,
        now: Time,
        volume: VolumeId,
        end: VolumeStep,
        usage: &mut Usage,
    ) -> Option<Due> {
        let after = match end {
            VolumeStep::Created => self.config.create,
            VolumeStep::Attached => self.config.attach,
            VolumeStep::Detached => self.config.detach,
            VolumeStep::Deleted => self.config.delete,
        };
        let stamp = self.volumes[&volume].stamp;
        self.later(now, after, StorageStep::Volume { volume, stamp, end }, usage)
    }

    pub(super) fn finish_volume(&mut self, now: Time, id: VolumeId, stamp: u16, end: VolumeStep) {
        let Some(volume) = self.volumes.get_mut(&id) else { return };
        let attached = volume.attachments.iter().position(|attachment| attachment.stamp == stamp);
        match (end, attached) {
            (VolumeStep::Attached, Some(place)) => {
                move_attachment(volume, place, AttachmentTrigger::Attached);
            }
            (VolumeStep::Detached, Some(place)) => {
                move_attachment(volume, place, AttachmentTrigger::Detached);
                self.end_attachment(now, id, place);
                let volume = self.volumes.get_mut(&id).expect("it was there");
                if volume.attachments.is_empty() {
                    volume.enter(volume.state.on(VolumeTrigger::Detached).done(volume.state));
                }
            }
            (VolumeStep::Created, _) if volume.stamp == stamp => {
                volume.enter(volume.state.on(VolumeTrigger::Created).done(volume.state));
            }
            (VolumeStep::Deleted, _) if volume.stamp == stamp => {
                volume.enter(volume.state.on(VolumeTrigger::Deleted).done(volume.state));
                let (zone, provisioned) = (volume.zone, volume.provisioned);
                self.backends[zone.index()].give_back(now, &provisioned);
                self.bury_volume(now, id);
            }
            _ => {} // It was overtaken.
        }
    }

    pub(super) fn finish_modification(&mut self, now: Time, id: VolumeId, usage: &mut Usage) -> Option<Due> {
        // The volume may have been deleted meanwhile.
        let modification = self.volumes.get_mut(&id)?.modification.as_mut()?;
        let trigger = match modification.state {
            ModificationState::Modifying => ModificationTrigger::Modified,
            ModificationState::Optimizing | ModificationState::Completed => ModificationTrigger::Optimized,
        };
        modification.state = modification.state.on(trigger).done(modification.state);
        match modification.state {
            ModificationState::Optimizing => {
                self.later(now, self.config.optimize, StorageStep::Modification(id), usage)
            }
            ModificationState::Modifying | ModificationState::Completed => None,
        }
    }

    pub(super) fn fail_volume(&mut self, now: Time, id: VolumeId, usage: &mut Usage) {
        let volume = self.volumes.get_mut(&id).expect("no call deletes a volume that is being made");
        volume.enter(volume.state.on(VolumeTrigger::CreationFailed).done(volume.state));
        volume.provisioned.give_items(now, volume.account, usage);
        self.backends[volume.zone.index()].give_back(now, &volume.provisioned);
    }

    /// Forgets one of the places where a volume was attached.
    pub(super) fn end_attachment(&mut self, now: Time, id: VolumeId, place: usize) {
        let volume = self.volumes.get_mut(&id).expect("an attachment is a volume's");
        let attachment = volume.attachments.remove(place);
        self.attached.remove(&(attachment.instance, id));
        if let Some(history) = &mut self.history {
            history.attachments.push(AttachmentRecord { volume: id, attachment, until: Some(now) });
        }
    }

    /// Forgets a volume that is gone.
    fn bury_volume(&mut self, now: Time, id: VolumeId) {
        let volume = self.volumes.remove(&id).expect("a volume is gone once");
        if let Some(history) = &mut self.history {
            history.volumes.push(Volume { deleted: Some(now), ..volume });
        }
    }
}

/// Moves one of the attachments of a volume, so that its earlier timers are void.
pub(super) fn move_attachment(volume: &mut Volume, place: usize, trigger: AttachmentTrigger) {
    volume.enter(volume.state);
    let attachment = &mut volume.attachments[place];
    attachment.state = attachment.state.on(trigger).done(attachment.state);
    attachment.stamp = volume.stamp;
}

/// Returns a volume of the account.
pub(super) fn find(
    volumes: &mut BTreeMap<VolumeId, Volume>,
    account: AccountId,
    volume: VolumeId,
) -> Result<&mut Volume, FailureReason> {
    let found = volumes.get_mut(&volume).filter(|volume| volume.account == account);
    found.ok_or_else(|| Failure::InvalidVolumeNotFound.into())
}
