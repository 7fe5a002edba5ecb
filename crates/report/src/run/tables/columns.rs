//! The columns of each table: name, form, meaning, and the cell of a row. Ids are the numbers of the run, equal in
//! every table that names the thing; units stand in the names.

use std::borrow::Cow;

use super::{CellOf, Column, Names};
use plimsoll_base::columnar::{ColumnForm, ColumnValue, Field};
use plimsoll_base::units::{AccountId, Money, Time, TypeId, ZoneId};
use plimsoll_sim::cloud::rows::{
    BillingRecordRow, ImageRow, InstanceMetricRow, InstanceRow, InstanceTagRow, SecurityGroupRow,
    SecurityGroupRuleRow, SnapshotRow, VolumeAttachmentRow, VolumeRow,
};

/// Dollars with fifteen decimals: a price per hour has up to twelve, a second is the 3,600th part of one.
const USD: ColumnForm = ColumnForm::Decimal { digits: 38, places: 15 };

/// Returns a column in which every row has a value.
const fn always<R>(
    name: &'static str,
    form: ColumnForm,
    meaning: &'static str,
    cell: CellOf<R>,
) -> Column<R> {
    Column { field: Field { name, form, optional: false }, meaning, cell }
}

/// Returns a column in which a row may have none.
const fn perhaps<R>(
    name: &'static str,
    form: ColumnForm,
    meaning: &'static str,
    cell: CellOf<R>,
) -> Column<R> {
    Column { field: Field { name, form, optional: true }, meaning, cell }
}

#[rustfmt::skip]
pub const INSTANCES: &[Column<InstanceRow>] = &[
    always("instance_id", ColumnForm::Integer, "its number, in the order of launch", |row, _| integer(row.instance.0)),
    always("account", ColumnForm::Text, "whose it is", |row, names| names.account(row.account)),
    perhaps("image_id", ColumnForm::Integer, "what it was launched from; none: the image that is always there", |row, _| row.image.map_or(ColumnValue::None, |image| integer(image.0))),
    always("instance_type", ColumnForm::Text, "its type, or its bare shape", |row, names| names.kind(row.kind)),
    always("vcpu", ColumnForm::Double, "what the type has of them", |row, names| ColumnValue::Double(f64::from(names.directory.types.get(row.kind).request.vcpu_milli()) / 1000.0)),
    always("memory_gib", ColumnForm::Double, "what the type has of it", |row, names| ColumnValue::Double(f64::from(names.directory.types.get(row.kind).request.memory_mib()) / 1024.0)),
    always("purchase", ColumnForm::Text, "how it was bought", |row, _| text(row.purchase.name())),
    always("state", ColumnForm::Text, "its state", |row, _| text(row.state.name())),
    always("zone", ColumnForm::Text, "its zone", |row, names| names.zone(row.zone)),
    perhaps("subnet", ColumnForm::Text, "its subnet; none: addresses have no limit", |row, names| row.subnet.map_or(ColumnValue::None, |subnet| text(&names.directory.subnets()[subnet.index()]))),
    perhaps("private_address", ColumnForm::Text, "its private address there", |row, _| row.private_address.map_or(ColumnValue::None, shown)),
    always("has_public_address", ColumnForm::Boolean, "whether it gets a public address whenever it runs", |row, _| ColumnValue::Boolean(row.has_public_address)),
    perhaps("placement_group_id", ColumnForm::Integer, "its placement group", |row, _| row.placement_group.map_or(ColumnValue::None, |group| integer(group.0))),
    always("host_id", ColumnForm::Integer, "the host it is on, or was on last", |row, _| integer(row.host.0)),
    perhaps("launch_time", ColumnForm::Timestamp, "when it was launched; none: before the run", |row, names| names.perhaps(row.launched)),
    perhaps("termination_time", ColumnForm::Timestamp, "when it was gone; none: alive at the end", |row, names| names.perhaps(row.terminated)),
];

#[rustfmt::skip]
pub const INSTANCE_TAGS: &[Column<InstanceTagRow>] = &[
    always("instance_id", ColumnForm::Integer, "the instance", |row, _| integer(row.instance.0)),
    always("key", ColumnForm::Text, "the key, once an instance", |row, _| text(&row.key)),
    always("value", ColumnForm::Text, "the value, perhaps empty", |row, _| text(&row.value)),
];

#[rustfmt::skip]
pub const SECURITY_GROUPS: &[Column<SecurityGroupRow>] = &[
    always("security_group_id", ColumnForm::Integer, "its number, in the order of creation", |row, _| integer(row.group.0)),
    always("account", ColumnForm::Text, "whose it is", |row, names| names.account(row.account)),
    always("name", ColumnForm::Text, "its name", |row, _| text(&row.name)),
    always("vpc", ColumnForm::Text, "its VPC", |row, _| text(&row.vpc)),
];

#[rustfmt::skip]
pub const SECURITY_GROUP_RULES: &[Column<SecurityGroupRuleRow>] = &[
    always("rule_id", ColumnForm::Integer, "its number, in the order of authorisation over all groups", |row, _| integer(row.rule.0)),
    always("security_group_id", ColumnForm::Integer, "its group", |row, _| integer(row.group.0)),
    always("is_egress", ColumnForm::Boolean, "whether it is for what goes out", |row, _| ColumnValue::Boolean(row.is_egress)),
    always("protocol", ColumnForm::Text, "`tcp`, `udp`, `icmp`, a number; `-1` for all", |row, _| text(&row.protocol)),
    perhaps("from_port", ColumnForm::Integer, "the first port, or the type of ICMP (-1: any); none: all, or a protocol without ports", |row, _| row.ports.map_or(ColumnValue::None, |(first, _)| integer(first))),
    perhaps("to_port", ColumnForm::Integer, "the last port, or the code of ICMP (-1: any)", |row, _| row.ports.map_or(ColumnValue::None, |(_, last)| integer(last))),
    perhaps("cidr", ColumnForm::Text, "the addresses at the other end", |row, _| row.cidr.map_or(ColumnValue::None, shown)),
    perhaps("peer_security_group_id", ColumnForm::Integer, "the security group at the other end", |row, _| row.peer_group.map_or(ColumnValue::None, |group| integer(group.0))),
];

#[rustfmt::skip]
pub const IMAGES: &[Column<ImageRow>] = &[
    always("image_id", ColumnForm::Integer, "its number, in the order of registration", |row, _| integer(row.image.0)),
    perhaps("account", ColumnForm::Text, "whose it is; none: the cloud's own", |row, names| row.account.map_or(ColumnValue::None, |account| names.account(account))),
    always("name", ColumnForm::Text, "its name", |row, _| text(&row.name)),
    always("state", ColumnForm::Text, "its state", |row, _| text(row.state.name())),
    always("is_public", ColumnForm::Boolean, "whether every account may launch it", |row, _| ColumnValue::Boolean(row.is_public)),
    perhaps("root_snapshot_id", ColumnForm::Integer, "what its root volume is filled with", |row, _| row.root_snapshot.map_or(ColumnValue::None, |snapshot| integer(snapshot.0))),
    perhaps("root_size_gib", ColumnForm::Integer, "size of its root volume", |row, _| row.root_size_gib.map_or(ColumnValue::None, integer)),
    always("register_time", ColumnForm::Timestamp, "when it was registered", |row, names| names.time(row.registered)),
    perhaps("deregister_time", ColumnForm::Timestamp, "when it was deregistered", |row, names| names.perhaps(row.deregistered)),
];

#[rustfmt::skip]
pub const VOLUMES: &[Column<VolumeRow>] = &[
    always("volume_id", ColumnForm::Integer, "its number, in the order of creation", |row, _| integer(row.volume.0)),
    always("account", ColumnForm::Text, "whose it is", |row, names| names.account(row.account)),
    always("zone", ColumnForm::Text, "its zone", |row, names| names.zone(row.zone)),
    always("volume_type", ColumnForm::Text, "its type", |row, _| text(row.kind.name())),
    always("size_gib", ColumnForm::Integer, "its size", |row, _| integer(row.size_gib)),
    always("iops", ColumnForm::Integer, "its operations a second", |row, _| integer(row.iops)),
    always("throughput_mibps", ColumnForm::Integer, "its throughput, in MiB a second", |row, _| integer(row.throughput_mibps)),
    always("state", ColumnForm::Text, "its state", |row, _| text(row.state.name())),
    perhaps("snapshot_id", ColumnForm::Integer, "what it was filled with", |row, _| row.snapshot.map_or(ColumnValue::None, |snapshot| integer(snapshot.0))),
    always("create_time", ColumnForm::Timestamp, "when its creation was accepted", |row, names| names.time(row.created)),
    perhaps("delete_time", ColumnForm::Timestamp, "when it was gone", |row, names| names.perhaps(row.deleted)),
];

#[rustfmt::skip]
pub const VOLUME_ATTACHMENTS: &[Column<VolumeAttachmentRow>] = &[
    always("volume_id", ColumnForm::Integer, "the volume", |row, _| integer(row.volume.0)),
    always("instance_id", ColumnForm::Integer, "the instance", |row, _| integer(row.instance.0)),
    always("device", ColumnForm::Text, "the device it was there", |row, _| text(&row.device)),
    always("delete_on_termination", ColumnForm::Boolean, "whether it goes with the instance", |row, _| ColumnValue::Boolean(row.delete_on_termination)),
    always("attach_time", ColumnForm::Timestamp, "when attaching was accepted", |row, names| names.time(row.attached)),
    perhaps("detach_time", ColumnForm::Timestamp, "when it was detached", |row, names| names.perhaps(row.detached)),
];

#[rustfmt::skip]
pub const SNAPSHOTS: &[Column<SnapshotRow>] = &[
    always("snapshot_id", ColumnForm::Integer, "its number, in the order of creation", |row, _| integer(row.snapshot.0)),
    always("account", ColumnForm::Text, "whose it is", |row, names| names.account(row.account)),
    always("volume_id", ColumnForm::Integer, "the volume it was made of", |row, _| integer(row.volume.0)),
    always("volume_size_gib", ColumnForm::Integer, "size of that volume", |row, _| integer(row.volume_size_gib)),
    always("state", ColumnForm::Text, "its state", |row, _| text(row.state.name())),
    always("start_time", ColumnForm::Timestamp, "when it was begun", |row, names| names.time(row.started)),
    perhaps("completion_time", ColumnForm::Timestamp, "when it was complete", |row, names| names.perhaps(row.completed)),
    perhaps("delete_time", ColumnForm::Timestamp, "when it was deleted", |row, names| names.perhaps(row.deleted)),
];

#[rustfmt::skip]
pub const INSTANCE_METRICS: &[Column<InstanceMetricRow>] = &[
    always("instance_id", ColumnForm::Integer, "the instance", |row, _| integer(row.instance.0)),
    always("metric", ColumnForm::Text, "the figure: `running_s`, `stopped_s`, `starts` or `billed_s`", |row, _| text(row.metric.name())),
    always("value", ColumnForm::Double, "its value", |row, _| ColumnValue::Double(row.metric.value())),
    always("unit", ColumnForm::Text, "the unit of the value", |row, _| text(row.metric.unit())),
    always("from_time", ColumnForm::Timestamp, "the launch, or the end of the warm-up when that came later", |row, names| names.time(row.from)),
    always("to_time", ColumnForm::Timestamp, "the end of the instance, or of the run", |row, names| names.time(row.until)),
];

#[rustfmt::skip]
pub const BILLING_RECORDS: &[Column<BillingRecordRow>] = &[
    always("account", ColumnForm::Text, "who pays", |row, names| names.account(row.account)),
    always("resource_type", ColumnForm::Text, "what sort of resource is billed", |row, _| text(row.resource.name())),
    always("resource_id", ColumnForm::Integer, "its number among those of its sort: of an instance, the `instance_id`", |row, _| integer(row.resource_id)),
    perhaps("instance_type", ColumnForm::Text, "the type an instance had then", |row, names| row.instance_type.map_or(ColumnValue::None, |kind| names.kind(kind))),
    always("purchase", ColumnForm::Text, "how it was bought", |row, _| text(row.purchase.name())),
    always("usage_start", ColumnForm::Timestamp, "when the use began", |row, names| names.time(row.start)),
    always("usage_end", ColumnForm::Timestamp, "when it ended", |row, names| names.time(row.end)),
    always("billed_s", ColumnForm::Integer, "what of it is billed: started seconds, minimums, nothing before the end of the warm-up", |row, _| integer(row.seconds)),
    always("cost_usd", USD, "what that costs, cut to 10⁻¹⁵ USD", |row, _| usd(row.cost)),
];

impl<'a> Names<'a> {
    fn account(&self, account: AccountId) -> ColumnValue<'a> {
        text(&self.directory.accounts()[account.index()])
    }

    fn zone(&self, zone: ZoneId) -> ColumnValue<'a> {
        text(&self.directory.zones()[zone.index()])
    }

    fn kind(&self, kind: TypeId) -> ColumnValue<'a> {
        text(&self.directory.types.get(kind).name)
    }

    fn time(&self, time: Time) -> ColumnValue<'a> {
        ColumnValue::Integer(self.calendar.microseconds_since_1970(time).into())
    }

    fn perhaps(&self, time: Option<Time>) -> ColumnValue<'a> {
        time.map_or(ColumnValue::None, |time| self.time(time))
    }
}

fn integer<'a>(value: impl Into<i128>) -> ColumnValue<'a> {
    ColumnValue::Integer(value.into())
}

fn text(value: &str) -> ColumnValue<'_> {
    ColumnValue::Text(Cow::Borrowed(value))
}

fn shown<'a>(value: impl std::fmt::Display) -> ColumnValue<'a> {
    ColumnValue::Text(Cow::Owned(value.to_string()))
}

fn usd<'a>(money: Money) -> ColumnValue<'a> {
    const UNITS: i128 = Money::UNITS_PER_USD / 10i128.pow(15);
    ColumnValue::Integer(money.0.div_euclid(UNITS))
}
