//! Rows of resources other than instances, at the end of the run: images, volumes, snapshots, security groups.

use crate::cloud::observe::observation::Observation;
use crate::cloud::observe::observer::Observer;
use crate::cloud::observe::rows::{
    ImageRow, SecurityGroupRow, SecurityGroupRuleRow, SnapshotRow, TableRow, VolumeAttachmentRow, VolumeRow,
};
use crate::cloud::world::World;
use plimsoll_base::units::{SecurityGroupId, Time};
use plimsoll_model::network::security::{Direction, Peer, Rule, SecurityGroup, Traffic};
use plimsoll_model::storage::{AttachmentRecord, Image, LaunchPermission, Snapshot, Volume};

/// Reports the rows of all resources other than instances, except those that ended before the warm-up did.
pub fn report(world: &mut World, observer: &mut dyn Observer) {
    let Some(recorder) = &world.recorder.rows else { return };
    let window_start = recorder.window_start;
    let in_window = |over: Option<Time>| over.is_none_or(|at| at >= window_start);
    for group in world.security.groups() {
        for row in group_rows(world, group) {
            world.recorder.outbox.push(Observation::Row(row));
        }
    }
    for image in world.storage.images().into_iter().filter(|image| in_window(image.deregistered)) {
        world.recorder.outbox.push(Observation::Row(TableRow::Image(image_row(image))));
    }
    for volume in world.storage.volumes().into_iter().filter(|volume| in_window(volume.deleted)) {
        world.recorder.outbox.push(Observation::Row(TableRow::Volume(volume_row(volume))));
    }
    for record in world.storage.attachments().iter().filter(|record| in_window(record.until)) {
        world.recorder.outbox.push(Observation::Row(TableRow::VolumeAttachment(attachment_row(record))));
    }
    for snapshot in world.storage.snapshots().into_iter().filter(|snapshot| in_window(snapshot.deleted)) {
        world.recorder.outbox.push(Observation::Row(TableRow::Snapshot(snapshot_row(snapshot))));
    }
    world.recorder.outbox.deliver(observer, &world.directory);
}

/// Returns a security group and its rules.
fn group_rows(world: &World, group: &SecurityGroup) -> Vec<TableRow> {
    let account = group.owner.account;
    let mut vpcs = world.network.vpcs(account);
    let vpc = vpcs.find(|(_, number)| *number == group.owner.vpc.0);
    let mut rows = vec![TableRow::SecurityGroup(SecurityGroupRow {
        group: group.id,
        account,
        name: group.name.clone(),
        vpc: vpc.map_or_else(String::new, |(name, _)| name.to_string()),
    })];
    for direction in [Direction::Ingress, Direction::Egress] {
        let rules = group.rules(direction).iter();
        rows.extend(rules.map(|rule| TableRow::SecurityGroupRule(rule_row(group.id, direction, rule))));
    }
    rows
}

fn rule_row(group: SecurityGroupId, direction: Direction, rule: &Rule) -> SecurityGroupRuleRow {
    let any = |value: Option<u8>| value.map_or(-1, i32::from);
    let traffic = rule.permission.traffic;
    let (cidr, peer_group) = match rule.permission.peer {
        Peer::Cidr(net) => (Some(net), None),
        Peer::Group(peer) => (None, Some(peer)),
    };
    SecurityGroupRuleRow {
        rule: rule.id,
        group,
        is_egress: direction == Direction::Egress,
        protocol: match traffic {
            // As EC2 writes it (`IpPermission`).
            Traffic::All => "-1".to_string(),
            _ => traffic.protocol().to_string(),
        },
        ports: match traffic {
            Traffic::All | Traffic::Other(_) => None,
            Traffic::Tcp(first, last) | Traffic::Udp(first, last) => Some((first.into(), last.into())),
            Traffic::Icmp(kind, code) => Some((any(kind), any(code))),
        },
        cidr,
        peer_group,
    }
}

fn image_row(image: &Image) -> ImageRow {
    let root = image.block_devices.first();
    ImageRow {
        image: image.id,
        account: image.account,
        name: image.name.clone(),
        state: image.state,
        is_public: image.permission == LaunchPermission::Public,
        root_snapshot: root.and_then(|root| root.snapshot),
        root_size_gib: root.and_then(|root| root.size_gib),
        registered: image.registered,
        deregistered: image.deregistered,
    }
}

fn volume_row(volume: &Volume) -> VolumeRow {
    let provisioned = &volume.provisioned;
    VolumeRow {
        volume: volume.id,
        account: volume.account,
        zone: volume.zone,
        kind: provisioned.kind,
        size_gib: provisioned.size_gib,
        iops: provisioned.performance.iops,
        throughput_mibps: provisioned.performance.throughput_mibps,
        state: volume.state,
        snapshot: volume.snapshot,
        created: volume.created,
        deleted: volume.deleted,
    }
}

fn attachment_row(record: &AttachmentRecord) -> VolumeAttachmentRow {
    let attachment = &record.attachment;
    VolumeAttachmentRow {
        volume: record.volume,
        instance: attachment.instance,
        device: attachment.device.to_string(),
        delete_on_termination: attachment.delete_on_termination,
        attached: attachment.since,
        detached: record.until,
    }
}

fn snapshot_row(snapshot: &Snapshot) -> SnapshotRow {
    SnapshotRow {
        snapshot: snapshot.id,
        account: snapshot.account,
        volume: snapshot.volume,
        volume_size_gib: snapshot.size_gib,
        state: snapshot.state,
        started: snapshot.started,
        completed: snapshot.completed,
        deleted: snapshot.deleted,
    }
}
