//! Snapshots: their size, their number at once, and the archive tier.

use super::*;

#[test]
fn as_many_snapshots_of_a_volume_are_pending_as_its_type_allows() {
    for (kind, size_gib, most) in [(VolumeType::Gp3, 100, 5), (VolumeType::St1, 125, 1)] {
        let mut scene = Scene::new(SLOW);
        let request = CreateVolume { kind, ..gp3(size_gib) };
        let (volume, due) = scene.storage.create_volume(at(0), ANN, &request, &mut scene.usage).unwrap();
        scene.finish(10, due.unwrap());
        let pending: Vec<_> = (0..most).map(|second| scene.snapshot(10 + second, volume).unwrap()).collect();
        let many = Failure::ConcurrentSnapshotLimitExceeded.because(LimitKind::VolumeSnapshots, 1, 0);
        assert_eq!(scene.snapshot(20, volume), Err(many));
        // One that is deleted while it is copied still counts.
        scene.storage.delete_snapshot(at(21), ANN, pending[0].0, &mut scene.usage).unwrap();
        assert_eq!(scene.snapshot(22, volume), Err(many));
        scene.finish(135, pending[0].1.unwrap());
        assert!(scene.snapshot(135, volume).is_ok());
        scene.storage.assert_conserved(&scene.usage);
    }
}

#[test]
fn snapshots_keep_what_changed_and_pass_it_on() {
    let mut scene = Scene::new("written_share = 0.5\nchanged_share_per_day = 0.02");
    let volume = scene.volume(0, 100);
    let day = 86_400;
    let take = |scene: &mut Scene, second| {
        let (snapshot, _) = scene.snapshot(second, volume).unwrap();
        (snapshot, scene.usage.held(ANN, Item::Snapshot))
    };
    // Half of 100 GiB, then 2 % for each day.
    let (first, paid) = take(&mut scene, 0);
    assert_eq!(paid, 51_200);
    let (second, paid) = take(&mut scene, day);
    assert_eq!(paid, 51_200 + 2_048);
    let (third, paid) = take(&mut scene, 3 * day);
    assert_eq!(paid, 51_200 + 2_048 + 4_096);
    let delete = |scene: &mut Scene, snapshot| {
        scene.storage.delete_snapshot(at(4 * day), ANN, snapshot, &mut scene.usage).unwrap();
        scene.storage.assert_conserved(&scene.usage);
        scene.usage.held(ANN, Item::Snapshot)
    };
    // The third needs what the second had: it is all that changed since the first.
    assert_eq!(delete(&mut scene, second), 51_200 + 6_144);
    // And then all that was written.
    assert_eq!(delete(&mut scene, first), 51_200);
    assert_eq!(delete(&mut scene, third), 0);
}

#[test]
fn a_snapshot_takes_its_time_and_outlives_its_volume() {
    let mut scene = Scene::new(SLOW);
    let volume = scene.volume(0, 100);
    let (snapshot, due) = scene.snapshot(0, volume).unwrap();
    assert_eq!(seconds(due), 100);
    let from = |size_gib| CreateVolume { size_gib, snapshot: Some(snapshot), ..gp3(0) };
    let Scene { storage, usage } = &mut scene;
    let pending = storage.create_volume(at(1), ANN, &from(None), usage).unwrap_err();
    assert_eq!(pending, Failure::IncorrectState.into());
    scene.finish(100, due.unwrap());
    let deleted = scene.delete(100, volume).unwrap();
    scene.finish(105, deleted.unwrap());

    let Scene { storage, usage } = &mut scene;
    let foreign = storage.create_volume(at(200), BOB, &from(None), usage).unwrap_err();
    assert_eq!(foreign, Failure::InvalidSnapshotNotFound.into());
    let small = storage.create_volume(at(200), ANN, &from(Some(99)), usage).unwrap_err();
    assert_eq!(small, Failure::InvalidParameterValue.because(LimitKind::VolumeSize, 99, 100));
    let (made, _) = storage.create_volume(at(200), ANN, &from(None), usage).unwrap();
    assert_eq!(storage.volume(made).unwrap().provisioned.size_gib, 100);
    assert_eq!(usage.held(ANN, Item::Snapshot), 102_400);
    assert_eq!(
        storage.delete_snapshot(at(201), BOB, snapshot, usage),
        Err(Failure::InvalidSnapshotNotFound.into())
    );
    storage.delete_snapshot(at(201), ANN, snapshot, usage).unwrap();
    assert_eq!((usage.held(ANN, Item::Snapshot), storage.snapshot(snapshot)), (0, None));
    assert_eq!(storage.snapshots()[0].deleted, Some(at(201)));
}

#[test]
fn a_snapshot_deleted_while_it_is_copied_goes_when_it_is_complete() {
    let mut scene = Scene::new(SLOW);
    let volume = scene.volume(0, 100);
    let (snapshot, due) = scene.snapshot(0, volume).unwrap();
    scene.storage.delete_snapshot(at(50), ANN, snapshot, &mut scene.usage).unwrap();
    assert_eq!(scene.usage.held(ANN, Item::Snapshot), 102_400);
    scene.finish(100, due.unwrap());
    assert_eq!((scene.usage.held(ANN, Item::Snapshot), scene.storage.snapshot(snapshot)), (0, None));
}

#[test]
fn an_archived_snapshot_is_whole_and_paid_for_ninety_days() {
    let day = 86_400;
    let mut scene = Scene::new("changed_share_per_day = 0.02");
    let volume = scene.volume(0, 100);
    let [first, second] = [0, day].map(|second| scene.snapshot(second, volume).unwrap().0);
    let held = |scene: &Scene| {
        scene.storage.assert_conserved(&scene.usage);
        [Item::Snapshot, Item::ArchivedSnapshot].map(|item| scene.usage.held(ANN, item))
    };
    assert_eq!(held(&scene), [102_400 + 2_048, 0]);
    // What the second needs of the first stays with it.
    scene.storage.archive_snapshot(at(2 * day), ANN, first, &mut scene.usage).unwrap();
    assert_eq!(held(&scene), [102_400, 102_400]);
    let twice = scene.storage.archive_snapshot(at(2 * day), ANN, first, &mut scene.usage);
    assert_eq!(twice, Err(Failure::IncorrectState.into()));
    let request = CreateVolume { size_gib: None, snapshot: Some(first), ..gp3(0) };
    let used = scene.storage.create_volume(at(2 * day), ANN, &request, &mut scene.usage).unwrap_err();
    assert_eq!(used, Failure::IncorrectState.into());
    let foreign = scene.storage.restore_snapshot(at(2 * day), BOB, first, &mut scene.usage);
    assert_eq!(foreign, Err(Failure::InvalidSnapshotNotFound.into()));

    // After 40 of 90 days the other 50 are due at once.
    scene.storage.restore_snapshot(at(42 * day), ANN, first, &mut scene.usage).unwrap();
    assert_eq!(held(&scene), [2 * 102_400, 0]);
    let again = scene.storage.restore_snapshot(at(42 * day), ANN, second, &mut scene.usage);
    assert_eq!(again, Err(Failure::IncorrectState.into()));
    let sums = |scene: &mut Scene, item| {
        scene.usage.sums(at(42 * day)).filter(|(_, of, ..)| *of == item).map(|(.., sum)| sum).sum::<u128>()
    };
    let mib_days = |days: u64| 102_400 * u128::from(at(days * day).0);
    assert_eq!(sums(&mut scene, Item::ArchivedSnapshot), mib_days(90));
    assert_eq!(sums(&mut scene, Item::RestoredSnapshot), 102_400);

    // One that is deleted after more than that owes nothing.
    scene.storage.archive_snapshot(at(42 * day), ANN, second, &mut scene.usage).unwrap();
    scene.storage.delete_snapshot(at(142 * day), ANN, second, &mut scene.usage).unwrap();
    assert_eq!(sums(&mut scene, Item::ArchivedSnapshot), mib_days(190));
    scene.storage.delete_snapshot(at(142 * day), ANN, first, &mut scene.usage).unwrap();
    assert_eq!(held(&scene), [0, 0]);
}

#[test]
fn a_snapshot_waits_until_the_pending_one_before_it_is_old_enough() {
    let mut scene = Scene::new(&format!("snapshot_spacing = '15s'\n{SLOW}"));
    let volume = scene.volume(0, 10);
    let other = scene.volume(0, 10);
    let soon = Err(Failure::SnapshotCreationPerVolumeRateExceeded.into());
    let (_, due) = scene.snapshot(0, volume).unwrap();
    assert_eq!(seconds(due), 10);
    assert_eq!(scene.snapshot(9, volume), soon);
    assert!(scene.snapshot(9, other).is_ok(), "each volume by itself");
    scene.finish(10, due.unwrap());
    let large = scene.volume(10, 100);
    assert!(scene.snapshot(11, volume).is_ok(), "the one before is complete");
    let (first, _) = scene.snapshot(20, large).unwrap();
    assert_eq!(scene.snapshot(34, large), soon);
    // Deleted, it is pending still.
    scene.storage.delete_snapshot(at(34), ANN, first, &mut scene.usage).unwrap();
    assert_eq!(scene.snapshot(34, large), soon);
    assert!(scene.snapshot(35, large).is_ok());
    assert_eq!(scene.snapshot(36, large), soon, "the last one counts");
    scene.storage.assert_conserved(&scene.usage);
    let mut without = Scene::new(SLOW);
    let volume = without.volume(0, 100);
    assert!(without.snapshot(0, volume).is_ok() && without.snapshot(0, volume).is_ok(), "off by default");
}
