//! The volumes of an instance from its launch to its end.

use super::attachment::{AttachmentState, AttachmentTrigger, VolumeAttachment};
use super::image::BlockDevice;
use super::provisioned::Provisioned;
use super::step::{Due, VolumeStep};
use super::volume::{Volume, VolumeState, VolumeTrigger};
use super::volume_calls::move_attachment;
use super::{AttachmentTarget, Storage};
use crate::billing::Usage;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, InstanceId, Time, VolumeId, ZoneId};

impl Storage {
    /// Makes the volumes of a launch, attached from the start: all of them or none. The first device is the
    /// root, if there is one among them. They count towards the peaks once [`Storage::note_launch`] confirms
    /// that the instance stays.
    pub fn create_for_launch(
        &mut self,
        now: Time,
        account: AccountId,
        target: &AttachmentTarget,
        devices: &[BlockDevice],
        has_root: bool,
        usage: &mut Usage,
    ) -> Result<(), FailureReason> {
        // An account that may launch from an image needs no permission for the snapshots it uses.
        let planned = self.plan(devices, |snapshot| snapshot.account == account || snapshot.images > 0)?;
        let most = target.most_volumes.unwrap_or(u32::MAX);
        if planned.len() as u64 > u64::from(most) {
            let (asked, left) = (planned.len() as u64, u64::from(most));
            return Err(Failure::AttachmentLimitExceeded.because(LimitKind::TypeAttachments, asked, left));
        }
        self.take_all(now, target.zone, &planned)?;
        for (i, (device, provisioned)) in devices.iter().zip(planned).enumerate() {
            provisioned.take_items(now, account, usage);
            let attachment = VolumeAttachment {
                instance: target.instance,
                device: device.device,
                state: AttachmentState::Attached,
                since: now,
                delete_on_termination: device.delete_on_termination,
                root: has_root && i == 0,
                stamp: 0,
            };
            let volume = self.add_volume(Volume {
                id: VolumeId(0),
                account,
                zone: target.zone,
                provisioned,
                snapshot: device.snapshot,
                state: VolumeState::InUse,
                attachments: vec![attachment],
                multi_attach: false,
                modification: None,
                modified: Vec::new(),
                pending_snapshots: 0,
                created: now,
                deleted: None,
                stamp: 0,
            });
            self.attached.insert((target.instance, volume));
        }
        Ok(())
    }

    /// Reserves the room of all volumes in the zone's backend, or of none.
    fn take_all(&mut self, now: Time, zone: ZoneId, planned: &[Provisioned]) -> Result<(), FailureReason> {
        let backend = &mut self.backends[zone.index()];
        for (i, provisioned) in planned.iter().enumerate() {
            if let Err(reason) = backend.take(now, provisioned) {
                planned[..i].iter().for_each(|taken| backend.give_back(now, taken));
                return Err(reason);
            }
        }
        Ok(())
    }

    /// Confirms a launch in the zone, which counts towards the peaks.
    pub fn note_launch(&mut self, zone: ZoneId) {
        self.backends[zone.index()].note();
    }

    /// Undoes [`Storage::create_for_launch`] at the time of the launch, as a later step of it failed: room,
    /// money and records are as before; only the numbers of the volumes are not given again.
    pub fn undo_launch(&mut self, now: Time, instance: InstanceId, usage: &mut Usage) {
        for id in self.volume_ids_of(instance) {
            let volume = self.volumes.remove(&id).expect("what is attached is there");
            assert_eq!(volume.created, now, "a launch is undone at the time it is made");
            self.attached.remove(&(instance, id));
            volume.provisioned.give_items(now, volume.account, usage);
            self.backends[volume.zone.index()].give_back(now, &volume.provisioned);
        }
    }

    /// Deletes or detaches the volumes of an instance that has ended. Volumes stay with
    /// an instance that only stops.
    pub fn instance_ended(&mut self, now: Time, instance: InstanceId, usage: &mut Usage) -> Vec<Due> {
        let mut due = Vec::new();
        for id in self.volume_ids_of(instance) {
            due.extend(self.leave_ended_instance(now, id, instance, usage));
        }
        due
    }

    fn leave_ended_instance(
        &mut self,
        now: Time,
        id: VolumeId,
        instance: InstanceId,
        usage: &mut Usage,
    ) -> Option<Due> {
        let volume = self.volumes.get_mut(&id).expect("what is attached is there");
        let place = volume.attachments.iter().position(|attachment| attachment.instance == instance);
        let place = place.expect("what is attached knows where");
        let attachment = volume.attachments[place];
        if attachment.state == AttachmentState::Detaching {
            return None; // It is on its way already.
        }
        if attachment.delete_on_termination {
            move_attachment(volume, place, AttachmentTrigger::DeletedWithInstance);
            volume.enter(volume.state.on(VolumeTrigger::DeletedWithInstance).done(volume.state));
            volume.provisioned.give_for_good(now, volume.account, volume.created, usage);
            self.end_attachment(now, id, place);
            self.volume_step(now, id, VolumeStep::Deleted, usage)
        } else {
            move_attachment(volume, place, AttachmentTrigger::InstanceEnded);
            self.volume_step(now, id, VolumeStep::Detached, usage)
        }
    }

    fn volume_ids_of(&self, instance: InstanceId) -> Vec<VolumeId> {
        self.instance_volumes(instance).map(|volume| volume.id).collect()
    }
}
