//! Scenes of the whole storage, and a random history with a check of the books after every step.

use super::*;
use crate::billing::Item;
use plimsoll_base::catalogue::{SNAPSHOT_MICRO_USD_PER_GIB_MONTH, VolumeType};
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{Calendar, NS_PER_S};

mod random;
mod snapshots;

const ANN: AccountId = AccountId(0);
const BOB: AccountId = AccountId(1);
const ZONE: ZoneId = ZoneId(0);

const SLOW: &str = "
    create = '10s'
    attach = '2s'
    detach = '3s'
    delete = '5s'
    modify = '60s'
    optimize = '1h'
    snapshot_mibps = 1024
    image = '30s'
    [[backends]]
    zone = 'x'
    capacity_gib = 1000
    iops = 20000
    throughput_mibps = 1000";

/// A storage of two zones, and what is paid for.
struct Scene {
    storage: Storage,
    usage: Usage,
}

impl Scene {
    fn new(config: &str) -> Scene {
        let config = toml::from_str(config).unwrap();
        let mut storage = Storage::new(&config, &[], &["x", "y"], |_| ANN).unwrap();
        storage.keep_history();
        Scene { storage, usage: Usage::new(Calendar::default(), Time::ZERO) }
    }

    fn create(&mut self, second: u64, size_gib: u32) -> Result<(VolumeId, Option<Due>), FailureReason> {
        self.storage.create_volume(at(second), ANN, &gp3(size_gib), &mut self.usage)
    }

    /// Returns a volume that is available at once.
    fn volume(&mut self, second: u64, size_gib: u32) -> VolumeId {
        let (volume, due) = self.create(second, size_gib).unwrap();
        if let Some(due) = due {
            assert_eq!(self.finish(second, due), None);
        }
        volume
    }

    fn attach(&mut self, second: u64, volume: VolumeId, device: &str) -> Result<Option<Due>, FailureReason> {
        self.storage.attach(at(second), ANN, volume, &target(7), name(device), &mut self.usage)
    }

    fn detach(&mut self, second: u64, volume: VolumeId) -> Result<Option<Due>, FailureReason> {
        self.storage.detach(at(second), ANN, volume, None, &mut self.usage)
    }

    fn delete(&mut self, second: u64, volume: VolumeId) -> Result<Option<Due>, FailureReason> {
        self.storage.delete(at(second), ANN, volume, &mut self.usage)
    }

    fn modify(
        &mut self,
        second: u64,
        volume: VolumeId,
        change: ModifyVolume,
    ) -> Result<Option<Due>, FailureReason> {
        self.storage.modify(at(second), ANN, volume, &change, &mut self.usage)
    }

    fn snapshot(
        &mut self,
        second: u64,
        volume: VolumeId,
    ) -> Result<(SnapshotId, Option<Due>), FailureReason> {
        self.storage.create_snapshot(at(second), ANN, volume, &mut self.usage)
    }

    fn launch(&mut self, second: u64, instance: u64, devices: &[BlockDevice]) -> Result<(), FailureReason> {
        self.storage.create_for_launch(at(second), ANN, &target(instance), devices, true, &mut self.usage)
    }

    /// Does what is due at a second; checks the books afterwards.
    fn finish(&mut self, second: u64, due: Due) -> Option<Due> {
        let next = self.storage.finish(at(second), due.step, &mut self.usage);
        self.storage.assert_conserved(&self.usage);
        next
    }

    fn state(&self, volume: VolumeId) -> &'static str {
        self.storage.volume(volume).map_or("gone", |volume| volume.state.name())
    }

    fn used_gib(&self) -> u64 {
        self.storage.backends()[0].capacity_gib().used()
    }

    fn paid_gib(&self) -> u64 {
        self.usage.held(ANN, Item::VolumeSize(VolumeType::Gp3))
    }
}

fn at(second: u64) -> Time {
    Time(second * NS_PER_S)
}

fn seconds(due: Option<Due>) -> u64 {
    due.expect("it takes time").after.0 / NS_PER_S
}

fn name(device: &str) -> DeviceName {
    DeviceName::parse(device).unwrap()
}

fn target(instance: u64) -> AttachmentTarget {
    AttachmentTarget { instance: InstanceId(instance), zone: ZONE, most_volumes: Some(3) }
}

fn gp3(size_gib: u32) -> CreateVolume {
    CreateVolume {
        zone: ZONE,
        kind: VolumeType::Gp3,
        size_gib: Some(size_gib),
        iops: None,
        throughput_mibps: None,
        snapshot: None,
        multi_attach: false,
    }
}

fn device(device: &str, size_gib: u32, delete_on_termination: bool) -> BlockDevice {
    BlockDevice {
        device: name(device),
        kind: VolumeType::Gp3,
        size_gib: Some(size_gib),
        iops: None,
        throughput_mibps: None,
        delete_on_termination,
        snapshot: None,
    }
}

#[test]
fn the_life_of_a_volume_takes_its_time() {
    let mut scene = Scene::new(SLOW);
    let (volume, due) = scene.create(0, 100).unwrap();
    assert_eq!((scene.state(volume), seconds(due)), ("creating", 10));
    assert_eq!(scene.attach(1, volume, "/dev/sdf"), Err(Failure::IncorrectState.into()));
    scene.finish(10, due.unwrap());
    let due = scene.attach(10, volume, "/dev/sdf").unwrap();
    assert_eq!((scene.state(volume), seconds(due)), ("in-use", 2));
    assert_eq!(scene.detach(11, volume), Err(Failure::IncorrectState.into()));
    scene.finish(12, due.unwrap());
    assert_eq!(scene.delete(12, volume), Err(Failure::VolumeInUse.into()));
    let due = scene.detach(12, volume).unwrap();
    assert_eq!((scene.state(volume), seconds(due)), ("in-use", 3));
    scene.finish(15, due.unwrap());
    let due = scene.delete(20, volume).unwrap();
    assert_eq!((scene.state(volume), seconds(due)), ("deleting", 5));
    assert_eq!((scene.used_gib(), scene.paid_gib()), (100, 0));
    scene.finish(25, due.unwrap());
    assert_eq!((scene.state(volume), scene.used_gib()), ("gone", 0));
    assert_eq!(scene.delete(26, volume), Err(Failure::InvalidVolumeNotFound.into()));
    assert!(scene.storage.is_empty() && scene.usage.is_empty());

    let [record] = scene.storage.volumes()[..] else { panic!("one volume is kept") };
    assert_eq!((record.state, record.created, record.deleted), (VolumeState::Deleted, at(0), Some(at(25))));
    let [attached] = scene.storage.attachments()[..] else { panic!("one attachment is kept") };
    assert_eq!((attached.attachment.since, attached.until), (at(10), Some(at(15))));
    assert_eq!(attached.attachment.state, AttachmentState::Detached);
}

#[test]
fn what_takes_no_time_is_done_at_once() {
    let mut scene = Scene::new("");
    let (volume, due) = scene.create(0, 100).unwrap();
    assert_eq!(due, None);
    assert_eq!(scene.attach(0, volume, "/dev/sdf"), Ok(None));
    assert_eq!(scene.modify(0, volume, ModifyVolume { size_gib: Some(200), ..Default::default() }), Ok(None));
    let modification = scene.storage.volume(volume).unwrap().modification.unwrap();
    assert_eq!(modification.state, ModificationState::Completed);
    assert_eq!(scene.detach(0, volume), Ok(None));
    let (snapshot, due) = scene.snapshot(0, volume).unwrap();
    assert_eq!((due, scene.storage.snapshot(snapshot).unwrap().state), (None, SnapshotState::Completed));
    assert_eq!(scene.delete(0, volume), Ok(None));
    assert_eq!(scene.state(volume), "gone");
    scene.storage.assert_conserved(&scene.usage);
}

#[test]
fn without_history_nothing_that_is_gone_is_kept() {
    let mut scene = Scene::new("");
    scene.storage.history = None;
    let volume = scene.volume(0, 10);
    scene.attach(0, volume, "/dev/sdf").unwrap();
    scene.detach(0, volume).unwrap();
    scene.delete(0, volume).unwrap();
    assert!(scene.storage.volumes().is_empty() && scene.storage.attachments().is_empty());
}

#[test]
fn attaching_wants_the_zone_a_free_name_and_a_free_place() {
    let mut scene = Scene::new("");
    let volumes: Vec<VolumeId> = (0..4).map(|_| scene.volume(0, 10)).collect();
    let elsewhere = AttachmentTarget { zone: ZoneId(1), ..target(7) };
    let Scene { storage, usage } = &mut scene;
    let refused = storage.attach(at(0), ANN, volumes[0], &elsewhere, name("/dev/sdf"), usage);
    assert_eq!(refused, Err(Failure::InvalidVolumeZoneMismatch.into()));
    let refused = storage.attach(at(0), BOB, volumes[0], &target(7), name("/dev/sdf"), usage);
    assert_eq!(refused, Err(Failure::InvalidVolumeNotFound.into()));

    scene.attach(0, volumes[0], "/dev/sdf").unwrap();
    assert_eq!(scene.attach(0, volumes[0], "/dev/sdg"), Err(Failure::VolumeInUse.into()));
    assert_eq!(scene.attach(0, volumes[1], "/dev/sdf"), Err(Failure::InvalidParameterValue.into()));
    scene.attach(0, volumes[1], "/dev/sdg").unwrap();
    scene.attach(0, volumes[2], "/dev/sdh").unwrap();
    let full = Failure::AttachmentLimitExceeded.because(LimitKind::TypeAttachments, 1, 0);
    assert_eq!(scene.attach(0, volumes[3], "/dev/sdi"), Err(full));
    assert_eq!(scene.state(volumes[3]), "available");

    let other = Some(InstanceId(8));
    let refused = scene.storage.detach(at(1), ANN, volumes[0], other, &mut scene.usage);
    assert_eq!(refused, Err(Failure::InvalidAttachmentNotFound.into()));
    assert_eq!(scene.storage.instance_volumes(InstanceId(7)).count(), 3);
    scene.storage.assert_conserved(&scene.usage);
}

#[test]
fn a_modification_grows_charges_at_once_and_waits_for_the_one_before() {
    let mut scene = Scene::new(SLOW);
    let volume = scene.volume(0, 100);
    let grow = |size_gib| ModifyVolume { size_gib: Some(size_gib), ..ModifyVolume::default() };
    let small = Failure::InvalidParameterValue.because(LimitKind::VolumeSize, 99, 100);
    assert_eq!(scene.modify(0, volume, grow(99)), Err(small));
    assert_eq!(scene.modify(0, volume, ModifyVolume::default()), Err(Failure::MissingParameter.into()));
    let full = Failure::InsufficientVolumeCapacity.because(LimitKind::BackendCapacity, 901, 900);
    assert_eq!(scene.modify(0, volume, grow(1001)), Err(full));
    assert_eq!((scene.used_gib(), scene.paid_gib()), (100, 100));

    let due = scene.modify(1, volume, grow(200)).unwrap();
    assert_eq!((scene.used_gib(), scene.paid_gib(), seconds(due)), (200, 200, 60));
    let being_modified = Err(Failure::IncorrectModificationState.into());
    assert_eq!(scene.modify(2, volume, grow(300)), being_modified);
    let due = scene.finish(61, due.unwrap());
    assert_eq!(seconds(due), 3600);
    assert_eq!(scene.modify(62, volume, grow(300)), being_modified);
    assert_eq!(scene.finish(3661, due.unwrap()), None);
    scene.storage.assert_conserved(&scene.usage);
}

#[test]
fn a_volume_is_modified_four_times_in_a_rolling_day() {
    let hour = |hours: u32| u64::from(hours) * 3600;
    let mut scene = Scene::new("");
    let volume = scene.volume(0, 100);
    let grow = |scene: &mut Scene, second, size_gib| {
        scene.modify(second, volume, ModifyVolume { size_gib: Some(size_gib), ..Default::default() })
    };
    for hours in 1..=4 {
        assert_eq!(grow(&mut scene, hour(hours), 100 + hours), Ok(None));
    }
    let often = Failure::VolumeModificationRateExceeded.because(LimitKind::VolumeModifications, 1, 0);
    assert_eq!(grow(&mut scene, hour(5), 105), Err(often));
    assert_eq!(grow(&mut scene, hour(25) - 1, 105), Err(often));
    // The first of the four is a day ago, and then the second.
    assert_eq!(grow(&mut scene, hour(25), 105), Ok(None));
    assert_eq!(grow(&mut scene, hour(26) - 1, 106), Err(often));
    assert_eq!(grow(&mut scene, hour(26), 106), Ok(None));
    scene.storage.assert_conserved(&scene.usage);
}

#[test]
fn a_changed_type_has_the_limits_and_prices_of_the_new_one() {
    let mut scene = Scene::new("");
    let change = |kind, iops| ModifyVolume { kind: Some(kind), iops, ..ModifyVolume::default() };
    let volume = scene.volume(0, 10);
    // 3,000 IOPS by default, and 50 to the GiB.
    let refused = Failure::InvalidParameterValue.because(LimitKind::VolumeIops, 3_000, 500);
    assert_eq!(scene.modify(0, volume, change(VolumeType::Io1, None)), Err(refused));
    scene.modify(0, volume, change(VolumeType::Io1, Some(400))).unwrap();
    assert_eq!(scene.usage.held(ANN, Item::VolumeIops(VolumeType::Io1)), 400);
    assert_eq!(scene.paid_gib(), 0);
    let grow = ModifyVolume { size_gib: Some(20), ..ModifyVolume::default() };
    scene.modify(1, volume, grow).unwrap();
    assert_eq!(scene.storage.volume(volume).unwrap().provisioned.performance.iops, 400, "kept");
    scene.modify(2, volume, change(VolumeType::Gp2, None)).unwrap();
    assert_eq!(scene.storage.volume(volume).unwrap().provisioned.performance.iops, 100);
    let disk = Failure::InvalidParameterValue.because(LimitKind::VolumeSize, 20, 125);
    assert_eq!(scene.modify(3, volume, change(VolumeType::St1, None)), Err(disk));
    scene.storage.assert_conserved(&scene.usage);
}

#[test]
fn an_image_keeps_its_snapshots_until_it_is_deregistered() {
    let mut scene = Scene::new(SLOW);
    let volume = scene.volume(0, 100);
    let (snapshot, due) = scene.snapshot(0, volume).unwrap();
    scene.finish(100, due.unwrap());
    let root = BlockDevice { size_gib: None, snapshot: Some(snapshot), ..device("/dev/sda1", 1, true) };
    let request = |name: &str, devices: &[BlockDevice]| RegisterImage {
        name: name.to_string(),
        permission: LaunchPermission::Accounts(vec![BOB]),
        size_gib: 8,
        block_devices: devices.to_vec(),
    };
    let Scene { storage, usage } = &mut scene;
    let twice = storage.register_image(at(100), ANN, request("base", &[root, root]), usage);
    assert_eq!(twice, Err(Failure::InvalidParameterValue.into()));
    let foreign = storage.register_image(at(100), BOB, request("base", &[root]), usage);
    assert_eq!(foreign, Err(Failure::InvalidSnapshotNotFound.into()));
    let (image, due) = storage.register_image(at(100), ANN, request("base", &[root]), usage).unwrap();
    assert_eq!(seconds(due), 30);
    let same_name = storage.register_image(at(100), ANN, request("base", &[]), usage);
    assert_eq!(same_name, Err(Failure::InvalidAmiNameDuplicate.into()));
    assert_eq!(storage.launchable(image, BOB).unwrap_err(), Failure::InvalidAmiIdUnavailable.into());
    storage.finish(at(130), due.unwrap().step, usage);
    assert_eq!(storage.image_named(ANN, "base"), Some(image));
    assert_eq!(storage.image_named(BOB, "base"), None);
    assert_eq!(storage.launchable(image, AccountId(2)).unwrap_err(), Failure::AuthFailure.into());
    assert_eq!(storage.launchable(ImageId(9), ANN).unwrap_err(), Failure::InvalidAmiIdNotFound.into());

    // The one it is shared with launches without a permission for the snapshot.
    let devices = storage.launchable(image, BOB).unwrap().devices_with(&[]);
    storage.create_for_launch(at(130), BOB, &target(1), &devices, true, usage).unwrap();
    assert_eq!(usage.held(BOB, Item::VolumeSize(VolumeType::Gp3)), 100);
    let in_use = storage.delete_snapshot(at(131), ANN, snapshot, usage);
    assert_eq!(in_use, Err(Failure::InvalidSnapshotInUse.into()));
    assert_eq!(storage.deregister_image(at(131), BOB, image), Err(Failure::AuthFailure.into()));
    storage.assert_conserved(usage);
    storage.deregister_image(at(131), ANN, image).unwrap();
    assert_eq!(storage.launchable(image, ANN).unwrap_err(), Failure::InvalidAmiIdUnavailable.into());
    let again = storage.deregister_image(at(132), ANN, image);
    assert_eq!(again, Err(Failure::InvalidAmiIdUnavailable.into()));
    assert_eq!(storage.delete_snapshot(at(132), ANN, snapshot, usage), Ok(()));
    assert_eq!(storage.images()[0].deregistered, Some(at(131)));
    storage.assert_conserved(usage);
}

#[test]
fn images_of_the_scenario_are_there_from_the_start() {
    let images = [
        "name = 'base'\nblock_devices = [{ device = '/dev/sda1', size_gib = 8 }]",
        "name = 'own'\naccount = 'ann'\nshared_with = ['bob']",
        "name = 'broken'\nstate = 'failed'",
    ]
    .map(|text| toml::from_str::<ImageConfig>(text).unwrap());
    let account = |name: &str| if name == "ann" { ANN } else { BOB };
    let storage = Storage::new(&StorageConfig::default(), &images, &["x"], account).unwrap();
    let outcome = |image: u32, account: AccountId| {
        storage.launchable(ImageId(image), account).map(|image| image.block_devices.len())
    };
    assert_eq!((outcome(0, AccountId(5)), outcome(1, ANN), outcome(1, BOB)), (Ok(1), Ok(0), Ok(0)));
    assert_eq!(outcome(1, AccountId(5)), Err(Failure::AuthFailure.into()));
    assert_eq!(outcome(2, ANN), Err(Failure::InvalidAmiIdUnavailable.into()));
    assert_eq!(storage.image_named(BOB, "base"), Some(ImageId(0)));
    assert!(storage.is_empty());
}

#[test]
fn the_volumes_of_a_launch_are_made_together_or_not_at_all() {
    let mut scene = Scene::new(SLOW);
    let devices = [device("/dev/sda1", 8, true), device("/dev/sdf", 993, false)];
    let full = Failure::InsufficientVolumeCapacity.because(LimitKind::BackendCapacity, 993, 992);
    assert_eq!(scene.launch(5, 1, &devices), Err(full));
    assert_eq!((scene.used_gib(), scene.paid_gib(), scene.storage.volumes().len()), (0, 0, 0));
    let backend = &scene.storage.backends()[0];
    assert_eq!(backend.capacity_gib().exhausted_at(), Some(at(5)));
    assert_eq!((backend.capacity_gib().peak(), backend.iops().exhausted_at()), (0, None));

    let devices = [device("/dev/sda1", 8, true), device("/dev/sdf", 992, false)];
    scene.launch(6, 1, &devices).unwrap();
    scene.storage.note_launch(ZONE);
    scene.storage.assert_conserved(&scene.usage);
    assert_eq!(scene.storage.backends()[0].capacity_gib().peak(), 1000);
    let root: Vec<bool> = scene.storage.instance_volumes(InstanceId(1)).map(Volume::is_root).collect();
    assert_eq!(root, [true, false]);
    let four = ["/dev/sda1", "/dev/sdf", "/dev/sdg", "/dev/sdh"].map(|name| device(name, 1, true));
    let many = Failure::AttachmentLimitExceeded.because(LimitKind::TypeAttachments, 4, 3);
    assert_eq!(scene.launch(6, 2, &four), Err(many));
}

/// Room, means, peaks and money of a history with undone launches are those of the history without.
#[test]
fn an_undone_launch_leaves_no_trace() {
    let devices = [device("/dev/sda1", 8, true), device("/dev/sdf", 100, false)];
    let lives = [true, false].map(|undone| {
        let mut scene = Scene::new(SLOW);
        for second in [10, 20, 30] {
            scene.launch(second, second, &devices[..1]).unwrap();
            scene.storage.note_launch(ZONE);
            if undone {
                scene.launch(second, second + 1, &devices).unwrap();
                scene.storage.undo_launch(at(second), InstanceId(second + 1), &mut scene.usage);
            }
            scene.storage.assert_conserved(&scene.usage);
        }
        let figures: Vec<_> = (scene.storage.backends()[0].levels())
            .map(|(_, level)| (level.used(), level.peak(), level.integral(at(40)), level.exhausted_at()))
            .collect();
        let records: Vec<_> = scene.storage.attachments().iter().map(|it| it.attachment).collect();
        (figures, records, scene.usage.sums(at(40)).collect::<Vec<_>>())
    });
    assert_eq!(lives[0], lives[1]);
}

#[test]
fn the_end_of_an_instance_deletes_and_detaches() {
    let mut scene = Scene::new(SLOW);
    scene.launch(0, 7, &[device("/dev/sda1", 8, true), device("/dev/sdf", 100, false)]).unwrap();
    let [root, data] = [VolumeId(0), VolumeId(1)];
    let late = scene.volume(0, 50);
    let attaching = scene.attach(99, late, "/dev/sdg").unwrap().unwrap();
    let leaving = scene.detach(99, data).unwrap().unwrap();
    let due = scene.storage.instance_ended(at(100), InstanceId(7), &mut scene.usage);
    scene.storage.assert_conserved(&scene.usage);
    assert_eq!([root, data, late].map(|volume| scene.state(volume)), ["deleting", "in-use", "in-use"]);
    assert_eq!(due.iter().map(|due| due.after.0 / NS_PER_S).collect::<Vec<_>>(), [5, 3]);
    assert_eq!(scene.paid_gib(), 150, "the root is no longer paid for");

    // It was being attached to an instance that has ended: the end of the attachment is void.
    scene.finish(101, attaching);
    assert_eq!(scene.state(late), "in-use");
    scene.finish(102, leaving);
    due.into_iter().for_each(|due| assert_eq!(scene.finish(105, due), None));
    assert_eq!([root, data, late].map(|volume| scene.state(volume)), ["gone", "available", "available"]);
    assert_eq!(scene.storage.instance_volumes(InstanceId(7)).count(), 0);
}

#[test]
fn a_step_overtaken_does_nothing_to_a_later_attachment() {
    let mut scene = Scene::new("attach = '10s'");
    let volume = scene.volume(0, 10);
    let overtaken = scene.attach(0, volume, "/dev/sdf").unwrap().unwrap();
    assert_eq!(scene.storage.instance_ended(at(1), InstanceId(7), &mut scene.usage), []);
    let second = scene.attach(5, volume, "/dev/sdf").unwrap().unwrap();
    scene.finish(10, overtaken);
    let state = |scene: &Scene| scene.storage.volume(volume).unwrap().attachments[0].state;
    assert_eq!(state(&scene), AttachmentState::Attaching);
    scene.finish(15, second);
    assert_eq!(state(&scene), AttachmentState::Attached);
}

#[test]
fn a_volume_with_multi_attach_is_at_several_instances() {
    let mut scene = Scene::new(SLOW);
    let shared = CreateVolume { kind: VolumeType::Io2, iops: Some(1_000), multi_attach: true, ..gp3(100) };
    let plain = CreateVolume { kind: VolumeType::Gp3, iops: None, ..shared };
    let refused = scene.storage.create_volume(at(0), ANN, &plain, &mut scene.usage).unwrap_err();
    assert_eq!(refused, Failure::InvalidParameterCombination.into());
    let (volume, due) = scene.storage.create_volume(at(0), ANN, &shared, &mut scene.usage).unwrap();
    scene.finish(10, due.unwrap());
    let attach = |scene: &mut Scene, second, instance| {
        let Scene { storage, usage } = scene;
        let due = storage.attach(at(second), ANN, volume, &target(instance), name("/dev/sdf"), usage);
        storage.assert_conserved(usage);
        due
    };
    let detach = |scene: &mut Scene, second, from| {
        scene.storage.detach(at(second), ANN, volume, from, &mut scene.usage)
    };
    let first = attach(&mut scene, 10, 0).unwrap().unwrap();
    let second = attach(&mut scene, 11, 1).unwrap().unwrap();
    assert_eq!(attach(&mut scene, 11, 1), Err(Failure::VolumeInUse.into()));
    scene.finish(12, first);
    scene.finish(13, second);
    for instance in 2..16 {
        attach(&mut scene, 14, instance).unwrap();
    }
    let many = Failure::AttachmentLimitExceeded.because(LimitKind::VolumeAttachments, 1, 0);
    assert_eq!(attach(&mut scene, 14, 16), Err(many));

    assert_eq!(detach(&mut scene, 20, None), Err(Failure::MissingParameter.into()));
    assert_eq!(detach(&mut scene, 20, Some(InstanceId(99))), Err(Failure::InvalidAttachmentNotFound.into()));
    let leaving = detach(&mut scene, 20, Some(InstanceId(0))).unwrap().unwrap();
    // The others' ends come in between; each is detached for itself.
    let mut ended = Vec::new();
    for instance in 1..16 {
        ended.extend(scene.storage.instance_ended(at(21), InstanceId(instance), &mut scene.usage));
    }
    scene.finish(23, leaving);
    assert_eq!((scene.state(volume), ended.len()), ("in-use", 15));
    ended.into_iter().for_each(|due| assert_eq!(scene.finish(24, due), None));
    assert_eq!(scene.state(volume), "available");
    assert_eq!(scene.storage.attachments().len(), 16);
    scene.storage.assert_conserved(&scene.usage);
}

#[test]
fn what_failed_holds_and_costs_nothing() {
    let mut scene = Scene::new(SLOW);
    let (volume, due) = scene.create(0, 100).unwrap();
    scene.storage.fail(at(10), due.unwrap().step, &mut scene.usage);
    scene.storage.assert_conserved(&scene.usage);
    assert_eq!((scene.state(volume), scene.used_gib(), scene.paid_gib()), ("error", 0, 0));
    assert_eq!(scene.delete(11, volume), Ok(None));

    let volume = scene.volume(20, 100);
    let (snapshot, due) = scene.snapshot(20, volume).unwrap();
    scene.storage.fail(at(30), due.unwrap().step, &mut scene.usage);
    scene.storage.assert_conserved(&scene.usage);
    assert_eq!(scene.usage.held(ANN, Item::Snapshot), 0);
    scene.storage.delete_snapshot(at(31), ANN, snapshot, &mut scene.usage).unwrap();
    assert!(scene.storage.snapshots().iter().all(|snapshot| snapshot.state == SnapshotState::Deleted));
}

/// A month of 730 h of a volume that does nothing and of its snapshot, at list prices.
#[test]
fn a_volume_costs_the_same_attached_or_not() {
    let month = 730 * 3600;
    let mut scene = Scene::new("");
    let request = CreateVolume { iops: Some(4_000), throughput_mibps: Some(225), ..gp3(100) };
    let (volume, _) = scene.storage.create_volume(at(0), ANN, &request, &mut scene.usage).unwrap();
    let (snapshot, _) = scene.snapshot(0, volume).unwrap();
    scene.attach(month / 4, volume, "/dev/sdf").unwrap();
    scene.detach(month / 2, volume).unwrap();
    scene.delete(month, volume).unwrap();
    scene.storage.delete_snapshot(at(month), ANN, snapshot, &mut scene.usage).unwrap();
    let price = |item| match item {
        Item::VolumeSize(kind) => kind.micro_usd_per_gib_month(),
        Item::VolumeIops(kind) => kind.micro_usd_per_iops_month(),
        Item::VolumeThroughput(kind) => kind.micro_usd_per_mibps_month(),
        Item::Snapshot => SNAPSHOT_MICRO_USD_PER_GIB_MONTH,
        _ => panic!("the storage charges for {item:?}"),
    };
    let per = |item| if item == Item::Snapshot { 1024 } else { 1 };
    let micro_usd: u128 = scene
        .usage
        .sums(at(2 * month))
        .map(|(_, item, _, sum)| sum * u128::from(price(item)) / per(item))
        .sum();
    let expected = 100 * 80_000 + 1_000 * 5_000 + 100 * 40_000 + 100 * 50_000;
    assert_eq!(micro_usd / u128::from(at(month).0), expected);
}
