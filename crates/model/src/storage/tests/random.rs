//! A random history of the storage beside a plain count of its use and payments.

use std::collections::BTreeMap;

use super::*;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};

/// Steps that are due, by time and order of their making.
type Agenda = BTreeMap<(Time, u64), StorageStep>;

struct Life {
    scene: Scene,
    agenda: Agenda,
    now: Time,
    random: Stream,
    made: u64,
    /// Instances there ever were; the first has no volumes of its own.
    instances: u64,
    /// Sizes by volume, as the calls that succeeded say.
    plain_gib: BTreeMap<VolumeId, u64>,
}

impl Life {
    fn new(seed: u64) -> Life {
        Life {
            scene: Scene::new(SLOW),
            agenda: Agenda::new(),
            now: Time::ZERO,
            random: Seed(seed).stream(Purpose::Mix, 0),
            made: 0,
            instances: 1,
            plain_gib: BTreeMap::new(),
        }
    }

    fn note(&mut self, due: impl IntoIterator<Item = Due>) {
        for due in due {
            self.made += 1;
            self.agenda.insert((self.now.after(due.after), self.made), due.step);
        }
    }

    /// Does everything that is due before a time, sometimes letting a creation fail.
    fn advance(&mut self, to: Time) {
        while let Some((&(time, order), &step)) =
            self.agenda.first_key_value().filter(|((time, _), _)| *time <= to)
        {
            self.agenda.remove(&(time, order));
            self.now = time;
            let creation = matches!(
                step,
                StorageStep::Volume { end: VolumeStep::Created, .. } | StorageStep::Snapshot(_)
            );
            if creation && self.random.below(8) == 0 {
                self.scene.storage.fail(time, step, &mut self.scene.usage);
                if let StorageStep::Volume { volume, .. } = step {
                    self.plain_gib.remove(&volume);
                }
            } else {
                let due = self.scene.storage.finish(time, step, &mut self.scene.usage);
                self.note(due);
            }
            self.check();
        }
        self.now = to;
    }

    fn call(&mut self) {
        let (now, account) = (self.now, AccountId(self.random.below(2) as u32));
        let volume = VolumeId(self.random.below(u64::from(self.scene.storage.created_volumes) + 1) as u32);
        let snapshot =
            SnapshotId(self.random.below(u64::from(self.scene.storage.created_snapshots) + 1) as u32);
        let instance = self.random.below(self.instances);
        let size_gib = 1 + self.random.below(200) as u32;
        let choice = self.random.below(9);
        let Scene { storage, usage } = &mut self.scene;
        let due = match choice {
            0 => storage.create_volume(now, account, &gp3(size_gib), usage).ok().and_then(|(volume, due)| {
                self.plain_gib.insert(volume, u64::from(size_gib));
                due
            }),
            1 => {
                let device = name(["/dev/sdf", "/dev/sdg", "/dev/sdh"][self.random.below(3) as usize]);
                storage.attach(now, account, volume, &target(instance), device, usage).ok().flatten()
            }
            2 => storage.detach(now, account, volume, None, usage).ok().flatten(),
            3 => storage.delete(now, account, volume, usage).ok().flatten().inspect(|_| {
                self.plain_gib.remove(&volume);
            }),
            4 => {
                let change = ModifyVolume { size_gib: Some(size_gib), ..ModifyVolume::default() };
                storage.modify(now, account, volume, &change, usage).ok().and_then(|due| {
                    self.plain_gib.insert(volume, u64::from(size_gib));
                    due
                })
            }
            5 => storage.create_snapshot(now, account, volume, usage).ok().and_then(|(_, due)| due),
            6 => storage.delete_snapshot(now, account, snapshot, usage).ok().and(None),
            7 => return self.launch(account, size_gib),
            _ => return self.end(instance),
        };
        self.note(due);
    }

    fn launch(&mut self, account: AccountId, size_gib: u32) {
        let Scene { storage, usage } = &mut self.scene;
        let devices = [device("/dev/sda1", size_gib, true), device("/dev/sdf", size_gib, false)];
        let first = storage.created_volumes;
        if storage
            .create_for_launch(self.now, account, &target(self.instances), &devices, true, usage)
            .is_err()
        {
            return;
        }
        if self.random.below(3) == 0 {
            storage.undo_launch(self.now, InstanceId(self.instances), usage);
            return;
        }
        storage.note_launch(ZONE);
        self.instances += 1;
        self.plain_gib.extend((first..first + 2).map(|volume| (VolumeId(volume), u64::from(size_gib))));
    }

    fn end(&mut self, instance: u64) {
        let Scene { storage, usage } = &mut self.scene;
        for volume in storage.instance_volumes(InstanceId(instance)) {
            let attachment = volume.attachments[0];
            if attachment.delete_on_termination && attachment.state != AttachmentState::Detaching {
                self.plain_gib.remove(&volume.id);
            }
        }
        let due = storage.instance_ended(self.now, InstanceId(instance), usage);
        self.note(due);
    }

    fn check(&self) {
        let Scene { storage, usage } = &self.scene;
        storage.assert_conserved(usage);
        let paid = [ANN, BOB].map(|account| usage.held(account, Item::VolumeSize(VolumeType::Gp3)));
        assert_eq!(paid.iter().sum::<u64>(), self.plain_gib.values().sum::<u64>());
        assert!(self.scene.used_gib() <= 1000);
    }

    /// Ends and deletes everything.
    fn clear(&mut self) {
        for _ in 0..3 {
            (0..self.instances).for_each(|instance| self.end(instance));
            let Scene { storage, usage } = &mut self.scene;
            let volumes: Vec<(VolumeId, AccountId)> =
                storage.volumes.values().map(|volume| (volume.id, volume.account)).collect();
            let mut due = Vec::new();
            for (volume, account) in volumes {
                if let Ok(step) = storage.delete(self.now, account, volume, usage) {
                    self.plain_gib.remove(&volume);
                    due.extend(step);
                }
            }
            let snapshots = storage.snapshots.values().filter(|snapshot| !snapshot.delete_asked);
            let snapshots: Vec<(SnapshotId, AccountId)> =
                snapshots.map(|snapshot| (snapshot.id, snapshot.account)).collect();
            for (snapshot, account) in snapshots {
                storage.delete_snapshot(self.now, account, snapshot, usage).unwrap();
            }
            self.note(due);
            self.advance(self.now.after(Duration::from_seconds(100_000)));
        }
    }
}

#[test]
fn the_books_are_right_after_every_step_and_empty_in_the_end() {
    let mut refused_for_room = false;
    for seed in 0..20 {
        let mut life = Life::new(seed);
        for _ in 0..400 {
            life.call();
            life.check();
            let longest_s = if life.random.below(20) == 0 { 40_000 } else { 8 };
            let pause = Duration::from_seconds(life.random.below(longest_s));
            life.advance(life.now.after(pause));
        }
        let backend = &life.scene.storage.backends()[0];
        refused_for_room |= backend.levels().any(|(_, level)| level.exhausted_at().is_some());
        life.clear();
        assert!(life.scene.storage.is_empty(), "seed {seed}");
        assert!(life.scene.usage.is_empty(), "seed {seed}");
    }
    assert!(refused_for_room, "the backend never ran out: the test is too tame");
}
