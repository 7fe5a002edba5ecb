//! Rows of the tables: one plain struct for each table. A run reports a row when the resource that it is about has ended,
//! or when the run ends.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::units::{
    AccountId, Duration, HostId, ImageId, InstanceId, Money, PlacementGroupId, RuleId, SecurityGroupId,
    SnapshotId, SubnetId, Time, TypeId, VolumeId, ZoneId,
};
use plimsoll_model::billing::{BilledPurchase, Kind};
use plimsoll_model::lifecycle::State;
use plimsoll_model::storage::{ImageState, SnapshotState, VolumeState};
use plimsoll_model::workload::directory::Directory;

/// Row of one of the tables.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TableRow {
    /// Row of `instances`.
    Instance(InstanceRow),
    /// Row of `instance_tags`.
    InstanceTag(InstanceTagRow),
    /// Row of `security_groups`.
    SecurityGroup(SecurityGroupRow),
    /// Row of `security_group_rules`.
    SecurityGroupRule(SecurityGroupRuleRow),
    /// Row of `images`.
    Image(ImageRow),
    /// Row of `volumes`.
    Volume(VolumeRow),
    /// Row of `volume_attachments`.
    VolumeAttachment(VolumeAttachmentRow),
    /// Row of `snapshots`.
    Snapshot(SnapshotRow),
    /// Row of `instance_metrics`.
    InstanceMetric(InstanceMetricRow),
    /// Row of `billing_records`.
    BillingRecord(BillingRecordRow),
}

impl TableRow {
    /// Returns whether the directory has every account, type and zone that the row names.
    pub fn is_within(&self, directory: &Directory) -> bool {
        match self {
            TableRow::Instance(row) => directory.has(row.account, Some(row.kind), Some(row.zone)),
            TableRow::BillingRecord(row) => directory.has(row.account, row.instance_type, None),
            TableRow::SecurityGroup(row) => directory.has(row.account, None, None),
            TableRow::Image(row) => row.account.is_none_or(|account| directory.has(account, None, None)),
            TableRow::Volume(row) => directory.has(row.account, None, Some(row.zone)),
            TableRow::Snapshot(row) => directory.has(row.account, None, None),
            TableRow::InstanceTag(_)
            | TableRow::SecurityGroupRule(_)
            | TableRow::VolumeAttachment(_)
            | TableRow::InstanceMetric(_) => true,
        }
    }
}

/// An instance, as it was in the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Number.
    pub instance: InstanceId,
    /// Account.
    pub account: AccountId,
    /// Image of the launch; `None`: the image that is always there.
    pub image: Option<ImageId>,
    /// Type.
    pub kind: TypeId,
    /// Purchase model.
    pub purchase: BilledPurchase,
    /// State.
    pub state: State,
    /// Zone.
    pub zone: ZoneId,
    /// Subnet; `None` where addresses have no limit.
    pub subnet: Option<SubnetId>,
    /// Private address there.
    pub private_address: Option<Ipv4Addr>,
    /// True if the instance gets a public address whenever it runs.
    pub has_public_address: bool,
    /// Placement group.
    pub placement_group: Option<PlacementGroupId>,
    /// The host it is on, or was on last.
    pub host: HostId,
    /// Time of the launch; `None`: before the run.
    pub launched: Option<Time>,
    /// Time of the end.
    pub terminated: Option<Time>,
}

/// A tag of an instance, as it was in the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstanceTagRow {
    /// The instance.
    pub instance: InstanceId,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// A security group there is at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SecurityGroupRow {
    /// Number.
    pub group: SecurityGroupId,
    /// Account.
    pub account: AccountId,
    /// Name.
    pub name: String,
    /// Its VPC.
    pub vpc: String,
}

/// A rule of a security group there is at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SecurityGroupRuleRow {
    /// Number.
    pub rule: RuleId,
    /// Group.
    pub group: SecurityGroupId,
    /// True if the rule is of outgoing traffic.
    pub is_egress: bool,
    /// The protocol as EC2 writes it: `tcp`, `udp`, `icmp`, a number, `-1` for all (`IpPermission`).
    pub protocol: String,
    /// First and last port; of ICMP type and code, -1 for any (`IpPermission`). `None`: all, or a protocol
    /// without ports.
    pub ports: Option<(i32, i32)>,
    /// The addresses at the other end.
    pub cidr: Option<Ipv4Net>,
    /// The security group at the other end.
    pub peer_group: Option<SecurityGroupId>,
}

/// An image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImageRow {
    /// Number.
    pub image: ImageId,
    /// Account; `None`: the cloud's own.
    pub account: Option<AccountId>,
    /// Name.
    pub name: String,
    /// State; EC2's name of it is that of `DescribeImages`, "state".
    pub state: ImageState,
    /// True if every account may launch it.
    pub is_public: bool,
    /// Snapshot of the root volume.
    pub root_snapshot: Option<SnapshotId>,
    /// Size of its root volume \[GiB\].
    pub root_size_gib: Option<u32>,
    /// Time of registration.
    pub registered: Time,
    /// Time of deregistration.
    pub deregistered: Option<Time>,
}

/// A volume, as it was in the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VolumeRow {
    /// Number.
    pub volume: VolumeId,
    /// Account.
    pub account: AccountId,
    /// Zone.
    pub zone: ZoneId,
    /// Type.
    pub kind: VolumeType,
    /// Size \[GiB\].
    pub size_gib: u32,
    /// Operations a second \[IOPS\].
    pub iops: u32,
    /// Throughput \[MiB/s\].
    pub throughput_mibps: u32,
    /// State; EC2's name of it is that of `DescribeVolumes`, "status".
    pub state: VolumeState,
    /// Snapshot that the volume was filled with.
    pub snapshot: Option<SnapshotId>,
    /// Time at which the creation was accepted.
    pub created: Time,
    /// Time of the end.
    pub deleted: Option<Time>,
}

/// A volume's time at one instance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VolumeAttachmentRow {
    /// The volume.
    pub volume: VolumeId,
    /// The instance.
    pub instance: InstanceId,
    /// Name of the device under which it was attached.
    pub device: String,
    /// True if the volume is deleted with the instance.
    pub delete_on_termination: bool,
    /// Time at which attaching was accepted.
    pub attached: Time,
    /// Time of detachment.
    pub detached: Option<Time>,
}

/// A snapshot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SnapshotRow {
    /// Number.
    pub snapshot: SnapshotId,
    /// Account.
    pub account: AccountId,
    /// The volume it was made of.
    pub volume: VolumeId,
    /// Size of that volume \[GiB\].
    pub volume_size_gib: u32,
    /// State; EC2's name of it is that of `DescribeSnapshots`, "status".
    pub state: SnapshotState,
    /// Time of the beginning.
    pub started: Time,
    /// Time of completion.
    pub completed: Option<Time>,
    /// Time of deletion.
    pub deleted: Option<Time>,
}

/// Figure of an instance over a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstanceMetricRow {
    /// The instance.
    pub instance: InstanceId,
    /// The figure.
    pub metric: InstanceMetric,
    /// The beginning of the time it is about.
    pub from: Time,
    /// The end of that time.
    pub until: Time,
}

/// Figure of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum InstanceMetric {
    /// Time in `running`.
    Running(Duration),
    /// Time in `stopped`.
    Stopped(Duration),
    /// Number of times that the instance came to `running`.
    Starts(u32),
    /// Time that was billed \[s\].
    Billed(u64),
}

impl InstanceMetric {
    /// Returns the word in results.
    pub const fn name(self) -> &'static str {
        match self {
            InstanceMetric::Running(_) => "running_s",
            InstanceMetric::Stopped(_) => "stopped_s",
            InstanceMetric::Starts(_) => "starts",
            InstanceMetric::Billed(_) => "billed_s",
        }
    }

    /// Returns the unit of its value.
    pub const fn unit(self) -> &'static str {
        match self {
            InstanceMetric::Running(_) | InstanceMetric::Stopped(_) | InstanceMetric::Billed(_) => "s",
            InstanceMetric::Starts(_) => "starts",
        }
    }

    /// Returns the value in that unit, for showing only.
    pub fn value(self) -> f64 {
        match self {
            InstanceMetric::Running(time) | InstanceMetric::Stopped(time) => time.as_seconds(),
            InstanceMetric::Starts(count) => f64::from(count),
            InstanceMetric::Billed(seconds) => seconds as f64,
        }
    }
}

/// Billed stretch of time of a resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BillingRecordRow {
    /// Account that pays.
    pub account: AccountId,
    /// Kind of resource.
    pub resource: Kind,
    /// Number among those of its sort.
    pub resource_id: u64,
    /// The instance's type; `None` for other resources.
    pub instance_type: Option<TypeId>,
    /// Purchase model.
    pub purchase: BilledPurchase,
    /// Beginning of the use.
    pub start: Time,
    /// End of the use.
    pub end: Time,
    /// Billed time \[s\]: started seconds, minimums, nothing before the end of the warm-up.
    pub seconds: u64,
    /// Cost.
    pub cost: Money,
}
