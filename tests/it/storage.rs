//! Images, volumes and snapshots from call to bill: what an instance brings, keeps and leaves, and what is refused.

use plimsoll::cloud::outcome::Outcome;
use plimsoll::failure::{LimitHit, LimitKind};
use plimsoll::operation::Operation;

use crate::support::{Experiment, Notes, calls, held, launches, operations};

/// Two zones; the backend of the first holds 100 GiB.
const CLOUD: &str = "
    duration = '10000s'
    output.sample_every = '10s'
    placement.strategy = 'first-fit'
    [[zones]]
    name = 'y'
    hosts = [{ count = 4, vcpu = 8, memory_gib = 32 }]
    [[zones]]
    name = 'z'
    hosts = [{ count = 1, vcpu = 2, memory_gib = 8 }]
    [[storage.backends]]
    zone = 'y'
    capacity_gib = 100
    [[images]]
    name = 'base'
    block_devices = [
        { device = '/dev/sda1', size_gib = 8 },
        { device = '/dev/sdf', size_gib = 4, delete_on_termination = false },
    ]
    [[images]]
    name = 'pending'
    state = 'pending'
    [[images]]
    name = 'private'
    account = 'owner'
    shared_with = ['friend']
    block_devices = [{ device = '/dev/sda1', size_gib = 8 }]";

fn cloud(rows: &str) -> Experiment {
    cloud_with("", rows)
}

fn cloud_with(set: &str, rows: &str) -> Experiment {
    Experiment::replaying(&operations(rows), &format!("{set}{CLOUD}"))
}

fn watch(rows: &str) -> (Outcome, Notes) {
    cloud(rows).watch()
}

/// Returns what refused the calls, in order.
fn reasons(rows: &str) -> Vec<&'static str> {
    watch(rows).1.reasons().into_iter().map(|(_, why)| why).collect()
}

#[test]
fn an_image_is_launched_by_whom_it_may_be_and_while_it_is_available() {
    let launch = |image: &str, account: &str| {
        reasons(&format!("0 launch instance=a type=m5.large zone=y image={image} account={account}"))
    };
    assert_eq!(launch("base", "other"), [""; 0]);
    assert_eq!(launch("pending", "other"), ["InvalidAMIID.Unavailable"]);
    assert_eq!(launch("nothing", "other"), ["InvalidAMIID.NotFound"]);
    assert_eq!(launch("private", "owner"), [""; 0]);
    assert_eq!(launch("private", "friend"), [""; 0]);
    assert_eq!(launch("private", "stranger"), ["AuthFailure"]);
}

#[test]
fn an_image_of_a_call_is_private_unless_it_says_otherwise_and_ends_with_its_deregistration() {
    let rows = "0 register-image image=own size_gib=8 account=a
        1 register-image image=open size_gib=8 public=true account=a
        2 launch instance=i type=m5.large image=own account=a
        3 launch instance=j type=m5.large image=own account=b
        4 launch instance=k type=m5.large image=open account=b
        5 deregister-image image=open account=b
        6 deregister-image image=open account=a
        7 launch instance=l type=m5.large image=open account=b
        8 register-image image=own size_gib=8 account=a
        9 reboot instance=k account=b";
    let (_, notes) = watch(rows);
    assert_eq!(
        notes.refused(),
        [
            (3.0, "launch", "AuthFailure", 1),
            (5.0, "deregister-image", "AuthFailure", 1),
            (7.0, "launch", "InvalidAMIID.Unavailable", 1),
            (8.0, "register-image", "InvalidAMIName.Duplicate", 1),
        ]
    );
}

#[test]
fn an_image_is_pending_for_a_while() {
    let rows = "0 register-image image=own size_gib=8
        59 launch instance=i type=m5.large image=own
        60 launch instance=i type=m5.large image=own";
    let (_, notes) = cloud_with("storage.image = '60s'\n", rows).watch();
    assert_eq!(notes.refused(), [(59.0, "launch", "InvalidAMIID.Unavailable", 1)]);
}

#[test]
fn what_is_wrong_with_an_image_is_told_before_room_is_looked_for() {
    // The only host of the zone is full: still it is the image that is wrong.
    let rows = "0 launch instance=a type=m5.large zone=z
        1 launch instance=b type=m5.large zone=z image=nothing
        2 launch instance=b type=m5.large zone=z image=pending
        3 launch instance=b type=m5.large zone=z image=base";
    let expected = ["InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InsufficientInstanceCapacity"];
    assert_eq!(reasons(rows), expected);
}

#[test]
fn volumes_of_an_image_are_billed_whatever_the_instance_does_and_stay_or_go_with_it() {
    let rows = "0 launch instance=a type=m5.large zone=y image=base
        1000 stop instance=a
        3000 terminate instance=a";
    // 8 GiB for 3,000 s, then gone; 4 GiB until the end.
    assert_eq!(held(&watch(rows).0, "gp3"), 8 * 3000 + 4 * 10_000);
}

#[test]
fn a_launch_says_otherwise_of_a_device_of_the_image() {
    let rows =
        "0 launch instance=a type=m5.large zone=y image=base volumes=/dev/sdf:gp2:10|/dev/sdg:st1:20:keep
        1 launch instance=a type=m5.large zone=y image=base volumes=/dev/sdf:gp2:10|/dev/sda1::5:keep
        1000 terminate instance=a";
    let (outcome, notes) = watch(rows);
    assert_eq!(notes.refused()[0].2, "InvalidParameterValue", "an st1 volume has 125 GiB or more");
    assert_eq!((held(&outcome, "gp2"), held(&outcome, "gp3")), (10 * 999, 5 * 9999));
}

#[test]
fn a_full_backend_refuses_with_what_was_asked_and_left() {
    let rows = "5 create-volume volume=v zone=y size_gib=95
        10 launch instance=a type=m5.large zone=y image=base
        20 create-volume volume=w zone=y size_gib=6
        30 create-volume volume=w zone=z size_gib=6
        40 launch instance=a type=m5.large zone=z image=base";
    let (outcome, notes) = watch(rows);
    let refused: Vec<_> =
        notes.refusals.iter().map(|refusal| (refusal.at.as_seconds(), refusal.reason)).collect();
    let limit = |asked, left| Some(LimitHit { kind: LimitKind::BackendCapacity, asked, left });
    assert_eq!(refused[0].0, 10.0);
    assert_eq!(
        (refused[0].1.failure.ec2_name(), refused[0].1.limit),
        ("InsufficientVolumeCapacity", limit(8, 5))
    );
    assert_eq!(
        (refused[1].1.failure.ec2_name(), refused[1].1.limit),
        ("InsufficientVolumeCapacity", limit(6, 5))
    );
    assert_eq!(refused.len(), 2, "the other zone has no limit");
    let first = outcome.first_failures[0];
    assert_eq!((first.failure.ec2_name(), first.at.as_seconds()), ("InsufficientVolumeCapacity", 10.0));
    assert_eq!(first.operation, Operation::Launch);
}

#[test]
fn an_undone_launch_leaves_no_volume() {
    // Its volumes are there when its second interface turns out to be one too many.
    let rows = "0 launch instance=a type=m5.large zone=y image=base interfaces=9";
    let (outcome, notes) = watch(rows);
    assert_eq!(notes.refused(), [(0.0, "launch", "AttachmentLimitExceeded", 1)]);
    assert_eq!(held(&outcome, "gp3"), 0);
    // And of a launch that is short of its least count, all volumes of all instances go.
    let rows = "0 launch instance=a type=m5.large zone=y image=base count=10
        1 create-volume volume=v zone=y size_gib=100";
    let (outcome, notes) = watch(rows);
    assert_eq!(notes.refused(), [(0.0, "launch", "InsufficientVolumeCapacity", 10)]);
    assert_eq!(calls(&outcome, Operation::CreateVolume), (1, 1, vec![]));
}

#[test]
fn a_launch_brings_as_many_instances_as_there_is_room_for_volumes() {
    let rows = "0 launch instance=a type=m5.large zone=y image=base count=10 min_count=2";
    let (outcome, _) = watch(rows);
    assert_eq!(launches(&outcome), (10, 8, vec![("InsufficientVolumeCapacity", 2)]));
    assert_eq!(held(&outcome, "gp3"), 8 * 12 * 10_000);
}

#[test]
fn a_volume_is_attached_in_its_zone_to_a_free_device_and_once() {
    let rows = "0 launch instance=a type=m5.large zone=y image=base
        0 create-volume volume=v zone=z size_gib=1
        0 create-volume volume=w zone=y size_gib=1
        1 attach-volume volume=v instance=a device=/dev/sdg
        2 attach-volume volume=w instance=a device=/dev/sdf
        3 attach-volume volume=w instance=a device=sdg
        4 attach-volume volume=w instance=a device=/dev/sdg
        5 attach-volume volume=w instance=a device=/dev/sdh
        6 delete-volume volume=w
        7 detach-volume volume=v
        8 detach-volume volume=w
        9 delete-volume volume=w
        10 delete-volume volume=w
        11 attach-volume volume=w instance=a device=/dev/sdh
        12 attach-volume volume=v instance=absent device=/dev/sdh";
    let (_, notes) = watch(rows);
    let refused = notes.reasons();
    let expected = [
        (1, "InvalidVolume.ZoneMismatch"),
        (2, "InvalidParameterValue"),
        (3, "InvalidParameterValue"),
        (5, "VolumeInUse"),
        (6, "VolumeInUse"),
        (7, "IncorrectState"),
        (10, "InvalidVolume.NotFound"),
        (11, "InvalidVolume.NotFound"),
        (12, "InvalidInstanceID.NotFound"),
    ];
    assert_eq!(refused, expected);
}

#[test]
fn a_volume_moves_from_one_instance_to_another_and_outlives_both() {
    let rows = "0 launch instance=a type=m5.large zone=y
        0 launch instance=b type=m5.large zone=y
        0 create-volume volume=v zone=y size_gib=10
        1 attach-volume volume=v instance=a device=/dev/sdf
        2 detach-volume volume=v
        3 attach-volume volume=v instance=b device=/dev/sdf
        4 terminate instance=a
        5 terminate instance=b
        66 delete-volume volume=v";
    let (outcome, notes) = watch(rows);
    assert_eq!(notes.refused(), []);
    assert_eq!(held(&outcome, "gp3"), 10 * 66);
}

#[test]
fn the_root_is_detached_only_while_its_instance_is_stopped() {
    // A trace has no name for the volumes of an image, but a launch gives its own volumes no root.
    let rows = "0 create-volume volume=v zone=y size_gib=1
        0 launch instance=a type=m5.large zone=y volumes=/dev/sdg::1
        1 attach-volume volume=v instance=a device=/dev/sda1
        2 detach-volume volume=v";
    assert_eq!(reasons(rows), [""; 0]);
}

#[test]
fn a_volume_is_modified_four_times_in_a_day_and_only_grows() {
    let rows = "0 create-volume volume=v zone=y size_gib=10
        1 modify-volume volume=v size_gib=9
        2 modify-volume volume=v size_gib=20
        3 modify-volume volume=v size_gib=30
        4 modify-volume volume=v size_gib=30 volume_type=gp2
        5 modify-volume volume=v size_gib=101
        6 modify-volume volume=v size_gib=40
        7 modify-volume volume=v size_gib=50
        86402 modify-volume volume=v size_gib=50
        86402 modify-volume volume=v size_gib=60";
    let (_, notes) = cloud(rows).watch_with(&["duration='100000s'"]);
    let refused = notes.reasons();
    let expected = [
        (1, "InvalidParameterValue"),
        (5, "InsufficientVolumeCapacity"),
        (7, "VolumeModificationRateExceeded"),
        (86_402, "VolumeModificationRateExceeded"),
    ];
    assert_eq!(refused, expected);
}

#[test]
fn a_volume_is_at_least_as_large_as_the_snapshot_it_is_made_from() {
    let rows = "0 create-volume volume=v zone=y size_gib=10
        1 create-snapshot snapshot=s volume=v
        2 create-volume volume=w zone=z size_gib=9 snapshot=s
        3 create-volume volume=w zone=z snapshot=s
        4 create-volume volume=x zone=z size_gib=11 snapshot=s
        5 create-volume volume=y zone=z
        6 create-volume volume=y zone=z snapshot=nothing
        100 delete-snapshot snapshot=s
        101 create-volume volume=y zone=z snapshot=s";
    let (outcome, notes) = watch(rows);
    let refused = notes.reasons();
    let expected = [
        (2, "InvalidParameterValue"),
        (5, "MissingParameter"),
        (6, "InvalidSnapshot.NotFound"),
        (101, "InvalidSnapshot.NotFound"),
    ];
    assert_eq!(refused, expected);
    assert_eq!(held(&outcome, "gp3"), 10 * 10_000 + 10 * 9_997 + 11 * 9_996);
    assert_eq!(held(&outcome, "standard"), 10 * 1024 * 99);
}

#[test]
fn a_snapshot_that_is_being_copied_is_deleted_once() {
    // Its deletion waits for the copy; meanwhile it is gone for its owner, and the quota has it no more.
    let rows = "0 create-volume volume=v zone=y size_gib=10
        1 create-snapshot snapshot=s volume=v
        2 delete-snapshot snapshot=s
        3 delete-snapshot snapshot=s
        4 create-snapshot snapshot=t volume=v
        5 create-snapshot snapshot=u volume=v";
    let (_, notes) = cloud_with("storage.snapshot_mibps = 1\nquotas.snapshots = 1\n", rows).watch();
    let refused = notes.reasons();
    assert_eq!(refused, [(3, "InvalidSnapshot.NotFound"), (5, "SnapshotLimitExceeded")]);
}

#[test]
fn a_snapshot_that_an_image_uses_is_not_deleted() {
    let rows = "0 create-volume volume=v zone=y size_gib=10
        1 create-snapshot snapshot=s volume=v
        2 register-image image=own snapshot=s
        3 delete-snapshot snapshot=s
        4 deregister-image image=own
        5 delete-snapshot snapshot=s";
    assert_eq!(reasons(rows), ["InvalidSnapshot.InUse"]);
}

#[test]
fn what_is_another_accounts_is_not_found() {
    let rows = "0 create-volume volume=v zone=y size_gib=10 account=a
        0 create-snapshot snapshot=s volume=v account=a
        0 launch instance=i type=m5.large zone=y account=b
        1 attach-volume volume=v instance=i device=/dev/sdf account=b
        2 delete-volume volume=v account=b
        3 modify-volume volume=v size_gib=20 account=b
        4 create-snapshot snapshot=t volume=v account=b
        5 delete-snapshot snapshot=s account=b
        6 attach-volume volume=v instance=i device=/dev/sdf account=a";
    let refused = reasons(rows);
    assert_eq!(refused[..4], ["InvalidVolume.NotFound"; 4]);
    assert_eq!(refused[4..], ["InvalidSnapshot.NotFound", "InvalidInstanceID.NotFound"]);
}

#[test]
fn quotas_count_the_volumes_of_launches_too_and_count_them_no_more_when_they_are_gone() {
    let rows = "0 launch instance=a type=m5.large zone=y image=base
        1 create-volume volume=v zone=y size_gib=1
        2 create-volume volume=w zone=y size_gib=1
        3 launch instance=b type=m5.large zone=y image=base
        4 terminate instance=a
        5 create-volume volume=w zone=y size_gib=1
        6 create-volume volume=x zone=y size_gib=1
        7 delete-volume volume=v
        8 create-volume volume=x zone=y size_gib=1";
    let (_, notes) = cloud_with("quotas.volumes = 3\n", rows).watch();
    let refused = notes.reasons();
    assert_eq!(refused, [2, 3, 6].map(|at| (at, "VolumeLimitExceeded")));
}

#[test]
fn corrected_volumes_have_the_limits_of_their_type() {
    let create = |spec: &str| reasons(&format!("0 create-volume volume=v zone=z {spec}"));
    for sound in [
        "size_gib=65536 volume_type=gp3",
        "size_gib=160 iops=80000 throughput_mibps=2000 volume_type=gp3",
        "size_gib=32 iops=16000 volume_type=gp3",
        "size_gib=1 volume_type=gp2",
        "size_gib=16384 volume_type=gp2",
        "size_gib=125 volume_type=st1",
        "size_gib=4 iops=100 volume_type=io1",
        "size_gib=256 iops=256000 volume_type=io2",
        "size_gib=65536 iops=100 volume_type=io2",
        "size_gib=1024 volume_type=standard",
    ] {
        assert_eq!(create(sound), [""; 0], "{sound}");
    }
    for wrong in [
        "size_gib=65537 volume_type=gp3",
        "size_gib=100 iops=2999 volume_type=gp3",
        "size_gib=1000 iops=80001 volume_type=gp3",
        "size_gib=100 throughput_mibps=2001 iops=16000 volume_type=gp3",
        "size_gib=0 volume_type=gp2",
        "size_gib=16385 volume_type=gp2",
        "size_gib=124 volume_type=st1",
        "size_gib=3 iops=100 volume_type=io1",
        "size_gib=65537 iops=100 volume_type=io2",
        "size_gib=1000 iops=256001 volume_type=io2",
        "size_gib=1025 volume_type=standard",
    ] {
        assert_eq!(create(wrong), ["InvalidParameterValue"], "{wrong}");
    }
}

#[test]
fn corrected_gp2_has_a_floor_of_100_iops_and_gp3_a_ceiling() {
    // 33 volumes of 1 GiB promise 3,300 IOPS, not 99: the backend of 3,299 has room for 32.
    let backend = "storage.backends = [{ zone = 'z', iops = 3299 }]\n";
    let cloud = CLOUD.replace("[[storage.backends]]\n    zone = 'y'\n    capacity_gib = 100\n", "");
    let rows: String = (0..33)
        .map(|i| format!("{i} create-volume volume=v{i} zone=z size_gib=1 volume_type=gp2\n"))
        .collect();
    let (outcome, notes) = Experiment::replaying(&operations(&rows), &format!("{backend}{cloud}")).watch();
    assert_eq!(calls(&outcome, Operation::CreateVolume), (33, 32, vec![("InsufficientVolumeCapacity", 1)]));
    let limit = LimitHit { kind: LimitKind::BackendIops, asked: 100, left: 99 };
    assert_eq!(notes.refusals[0].reason.limit, Some(limit));
    let rows = "0 create-volume volume=v zone=z size_gib=1000 iops=80001";
    let limit = watch(rows).1.refusals[0].reason.limit;
    assert_eq!(limit, Some(LimitHit { kind: LimitKind::VolumeIops, asked: 80_001, left: 80_000 }));
}
