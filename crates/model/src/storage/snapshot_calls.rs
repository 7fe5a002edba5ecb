//! Calls on snapshots and the steps that follow them.

use super::Storage;
use super::snapshot::{MINIMUM_ARCHIVE, Snapshot, SnapshotState, SnapshotTrigger, copy_time};
use super::step::{Due, StorageStep};
use super::volume::VolumeTrigger;
use super::volume_calls::find;
use crate::billing::{Item, Usage};
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, SnapshotId, Time, VolumeId};

impl Storage {
    /// Makes a snapshot of a volume, attached or not.
    pub fn create_snapshot(
        &mut self,
        now: Time,
        account: AccountId,
        volume: VolumeId,
        usage: &mut Usage,
    ) -> Result<(SnapshotId, Option<Due>), FailureReason> {
        let found = find(&mut self.volumes, account, volume)?;
        found.state.on(VolumeTrigger::CreateSnapshot).called(found.state)?;
        if found.pending_snapshots >= found.provisioned.kind.most_pending_snapshots() {
            return Err(Failure::ConcurrentSnapshotLimitExceeded.because(LimitKind::VolumeSnapshots, 1, 0));
        }
        if found.pending_snapshots > 0 && self.is_too_soon(now, volume) {
            return Err(Failure::SnapshotCreationPerVolumeRateExceeded.into());
        }
        let found = self.volumes.get_mut(&volume).expect("it was found");
        found.pending_snapshots += 1;
        let size_gib = found.provisioned.size_gib;
        let id = SnapshotId(self.created_snapshots);
        self.created_snapshots = self.created_snapshots.checked_add(1).expect("fewer than 2³² snapshots");
        let snapshot = Snapshot {
            id,
            account,
            volume,
            size_gib,
            kept_mib: 0,
            archived: None,
            state: SnapshotState::Pending,
            started: now,
            completed: None,
            deleted: None,
            delete_asked: false,
            images: 0,
        };
        self.snapshots.insert(id, snapshot);
        self.lineages.insert((volume, id));
        self.weigh(now, id, usage);
        let after = copy_time(size_gib, self.config.snapshot_mibps);
        Ok((id, self.later(now, after, StorageStep::Snapshot(id), usage)))
    }

    /// Returns whether the last snapshot of a volume is pending and too recent for another (API reference, "Error codes",
    /// `SnapshotCreationPerVolumeRateExceeded`, seen 2026-11-30: "Wait at least 15 seconds between concurrent volume
    /// snapshots").
    fn is_too_soon(&self, now: Time, volume: VolumeId) -> bool {
        let last = self.lineages.range((volume, SnapshotId(0))..=(volume, SnapshotId(u32::MAX))).next_back();
        let last = last.map(|(_, id)| &self.snapshots[id]);
        last.is_some_and(|last| {
            last.state == SnapshotState::Pending && now.since(last.started) < self.config.snapshot_spacing
        })
    }

    /// Deletes a snapshot that no image uses; one that is still being copied goes when it is complete, and is not
    /// found any more until then.
    pub fn delete_snapshot(
        &mut self,
        now: Time,
        account: AccountId,
        snapshot: SnapshotId,
        usage: &mut Usage,
    ) -> Result<(), FailureReason> {
        let found = self.snapshots.get_mut(&snapshot);
        let found = found.filter(|snapshot| snapshot.account == account && !snapshot.delete_asked);
        let found = found.ok_or(Failure::InvalidSnapshotNotFound)?;
        if found.images > 0 {
            return Err(Failure::InvalidSnapshotInUse.into());
        }
        found.state = found.state.on(SnapshotTrigger::Delete).called(found.state)?;
        found.delete_asked = true;
        if found.state == SnapshotState::Deleted {
            self.bury_snapshot(now, snapshot, usage);
        }
        Ok(())
    }

    /// Returns the size of the snapshot that a volume or image is made from, if one is named \[GiB\], given the accounts
    /// that may use it.
    pub(super) fn usable_snapshot_gib(
        &self,
        snapshot: Option<SnapshotId>,
        may_use: impl Fn(&Snapshot) -> bool,
    ) -> Result<Option<u32>, FailureReason> {
        let Some(id) = snapshot else { return Ok(None) };
        let found = self.snapshots.get(&id).filter(|found| may_use(found));
        let found = found.ok_or(Failure::InvalidSnapshotNotFound)?;
        found.state.on(SnapshotTrigger::Use).called(found.state)?;
        if found.archived.is_some() {
            return Err(Failure::IncorrectState.into());
        }
        Ok(Some(found.size_gib))
    }

    /// Moves a snapshot that no image uses to the archive tier, whole: what the next one needs of it stays with
    /// that one (EBS user guide, "Archive Amazon EBS snapshots").
    pub fn archive_snapshot(
        &mut self,
        now: Time,
        account: AccountId,
        snapshot: SnapshotId,
        usage: &mut Usage,
    ) -> Result<(), FailureReason> {
        let found = self.snapshot_in_tier(account, snapshot, false)?;
        if found.images > 0 {
            return Err(Failure::InvalidSnapshotInUse.into());
        }
        let whole_mib = self.change_rate.kept_mib(found.size_gib, None);
        self.leave_lineage(now, snapshot, usage);
        let found = self.snapshots.get_mut(&snapshot).expect("it was there");
        found.archived = Some(now);
        found.kept_mib = whole_mib;
        usage.take(now, account, Item::ArchivedSnapshot, whole_mib);
        Ok(())
    }

    /// Moves a snapshot back from the archive tier for good, whole, at a price for each GiB.
    pub fn restore_snapshot(
        &mut self,
        now: Time,
        account: AccountId,
        snapshot: SnapshotId,
        usage: &mut Usage,
    ) -> Result<(), FailureReason> {
        self.snapshot_in_tier(account, snapshot, true)?;
        let kept_mib = self.leave_archive(now, snapshot, usage);
        self.snapshots.get_mut(&snapshot).expect("it was there").kept_mib = kept_mib;
        usage.charge_once(now, account, Item::RestoredSnapshot, kept_mib);
        usage.take(now, account, Item::Snapshot, kept_mib);
        Ok(())
    }

    /// Returns a complete snapshot of the account in the archive tier, or in the standard one.
    fn snapshot_in_tier(
        &self,
        account: AccountId,
        snapshot: SnapshotId,
        archived: bool,
    ) -> Result<&Snapshot, FailureReason> {
        let found = self.snapshots.get(&snapshot).filter(|snapshot| snapshot.account == account);
        let found = found.filter(|snapshot| !snapshot.delete_asked);
        let found = found.ok_or(Failure::InvalidSnapshotNotFound)?;
        found.state.on(SnapshotTrigger::Use).called(found.state)?;
        if found.archived.is_some() == archived { Ok(found) } else { Err(Failure::IncorrectState.into()) }
    }

    /// Takes a snapshot out of the archive tier, where the rest of its least time is due at once. Returns what
    /// it kept there \[MiB\].
    fn leave_archive(&mut self, now: Time, id: SnapshotId, usage: &mut Usage) -> u64 {
        let snapshot = self.snapshots.get_mut(&id).expect("it was there");
        let since = snapshot.archived.take().expect("only what is archived is restored");
        let (account, kept_mib) = (snapshot.account, std::mem::take(&mut snapshot.kept_mib));
        usage.give(now, account, Item::ArchivedSnapshot, kept_mib);
        let until = since.after(MINIMUM_ARCHIVE);
        usage.charge_at_once(now, account, Item::ArchivedSnapshot, kept_mib, until);
        kept_mib
    }

    /// Ends the copying of a snapshot, with success or failure.
    pub(super) fn finish_snapshot(
        &mut self,
        now: Time,
        id: SnapshotId,
        trigger: SnapshotTrigger,
        usage: &mut Usage,
    ) {
        let snapshot = self.snapshots.get_mut(&id).expect("a snapshot goes after it was copied");
        snapshot.state = snapshot.state.on(trigger).done(snapshot.state);
        if let Some(volume) = self.volumes.get_mut(&snapshot.volume) {
            volume.pending_snapshots -= 1;
        }
        let is_deleted = snapshot.delete_asked;
        match snapshot.state {
            SnapshotState::Completed => snapshot.completed = Some(now),
            _ => self.leave_lineage(now, id, usage),
        }
        if is_deleted {
            self.bury_snapshot(now, id, usage);
        }
    }

    /// Charges a snapshot for the blocks that no snapshot of its volume before it has.
    fn weigh(&mut self, now: Time, id: SnapshotId, usage: &mut Usage) {
        let Snapshot { account, volume, size_gib, started, kept_mib: old, .. } = self.snapshots[&id];
        let before = self.lineages.range((volume, SnapshotId(0))..(volume, id)).next_back();
        let since_last = before.map(|(_, before)| started.since(self.snapshots[before].started));
        let new = self.change_rate.kept_mib(size_gib, since_last);
        usage.give(now, account, Item::Snapshot, old);
        usage.take(now, account, Item::Snapshot, new);
        self.snapshots.get_mut(&id).expect("it was there").kept_mib = new;
    }

    /// Removes a snapshot that keeps nothing any more, and is not paid for: what the next one of its volume needs is kept for
    /// that one.
    fn leave_lineage(&mut self, now: Time, id: SnapshotId, usage: &mut Usage) {
        let snapshot = self.snapshots.get_mut(&id).expect("it was there");
        let (account, volume) = (snapshot.account, snapshot.volume);
        usage.give(now, account, Item::Snapshot, std::mem::take(&mut snapshot.kept_mib));
        if !self.lineages.remove(&(volume, id)) {
            return;
        }
        let next = self.lineages.range((volume, id)..=(volume, SnapshotId(u32::MAX))).next().copied();
        if let Some((_, next)) = next {
            self.weigh(now, next, usage);
        }
    }

    /// Forgets a snapshot that is gone.
    fn bury_snapshot(&mut self, now: Time, id: SnapshotId, usage: &mut Usage) {
        if self.snapshots[&id].archived.is_some() {
            self.leave_archive(now, id, usage);
        } else {
            self.leave_lineage(now, id, usage);
        }
        let mut snapshot = self.snapshots.remove(&id).expect("a snapshot is gone once");
        snapshot.state = SnapshotState::Deleted;
        snapshot.deleted = Some(now);
        if let Some(history) = &mut self.history {
            history.snapshots.push(snapshot);
        }
    }
}
