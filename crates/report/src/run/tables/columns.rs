//! The columns of each table: name, form, meaning, and the cell of a row. Ids are the numbers of the run, equal in
//! every table that names the thing; units stand in the names.

use std::borrow::Cow;

use super::{CellOf, Column, Names};
use plimsoll_base::columnar::{Cell, Field, Form};
use plimsoll_base::units::{AccountId, Money, Time, TypeId, ZoneId};
use plimsoll_sim::cloud::rows::{
    BillingRecordRow, ImageRow, InstanceMetricRow, InstanceRow, InstanceTagRow, SecurityGroupRow,
    SecurityGroupRuleRow, SnapshotRow, VolumeAttachmentRow, VolumeRow,
};

/// Dollars with fifteen decimals: a price per hour has up to twelve, a second is the 3,600th part of one.
const USD: Form = Form::Decimal { digits: 38, places: 15 };

/// Returns a column in which every row has a value.
const fn always<R>(name: &'static str, form: Form, meaning: &'static str, cell: CellOf<R>) -> Column<R> {
    Column { field: Field { name, form, optional: false }, meaning, cell }
}

/// Returns a column in which a row may have none.
const fn perhaps<R>(name: &'static str, form: Form, meaning: &'static str, cell: CellOf<R>) -> Column<R> {
    Column { field: Field { name, form, optional: true }, meaning, cell }
}

#[rustfmt::skip]
pub const INSTANCES: &[Column<InstanceRow>] = &[
    always("instance_id", Form::Integer, "its number, in the order of launch", |row, _| integer(row.instance.0)),
    always("account", Form::Text, "whose it is", |row, names| names.account(row.account)),
    perhaps("image_id", Form::Integer, "what it was launched from; none: the image that is always there", |row, _| row.image.map_or(Cell::None, |image| integer(image.0))),
    always("instance_type", Form::Text, "its type, or its bare shape", |row, names| names.kind(row.kind)),
    always("vcpu", Form::Double, "what the type has of them", |row, names| Cell::Double(f64::from(names.directory.types.get(row.kind).request.vcpu_milli()) / 1000.0)),
    always("memory_gib", Form::Double, "what the type has of it", |row, names| Cell::Double(f64::from(names.directory.types.get(row.kind).request.memory_mib()) / 1024.0)),
    always("purchase", Form::Text, "how it was bought", |row, _| text(row.purchase.name())),
    always("state", Form::Text, "its state", |row, _| text(row.state.name())),
    always("zone", Form::Text, "its zone", |row, names| names.zone(row.zone)),
    perhaps("subnet", Form::Text, "its subnet; none: addresses have no limit", |row, names| row.subnet.map_or(Cell::None, |subnet| text(&names.directory.subnets()[subnet.index()]))),
    perhaps("private_address", Form::Text, "its private address there", |row, _| row.private_address.map_or(Cell::None, shown)),
    always("has_public_address", Form::Boolean, "whether it gets a public address whenever it runs", |row, _| Cell::Boolean(row.has_public_address)),
    perhaps("placement_group_id", Form::Integer, "its placement group", |row, _| row.placement_group.map_or(Cell::None, |group| integer(group.0))),
    always("host_id", Form::Integer, "the host it is on, or was on last", |row, _| integer(row.host.0)),
    perhaps("launch_time", Form::Timestamp, "when it was launched; none: before the run", |row, names| names.perhaps(row.launched)),
    perhaps("termination_time", Form::Timestamp, "when it was gone; none: alive at the end", |row, names| names.perhaps(row.terminated)),
];

#[rustfmt::skip]
pub const INSTANCE_TAGS: &[Column<InstanceTagRow>] = &[
    always("instance_id", Form::Integer, "the instance", |row, _| integer(row.instance.0)),
    always("key", Form::Text, "the key, once an instance", |row, _| text(&row.key)),
    always("value", Form::Text, "the value, perhaps empty", |row, _| text(&row.value)),
];

#[rustfmt::skip]
pub const SECURITY_GROUPS: &[Column<SecurityGroupRow>] = &[
    always("security_group_id", Form::Integer, "its number, in the order of creation", |row, _| integer(row.group.0)),
    always("account", Form::Text, "whose it is", |row, names| names.account(row.account)),
    always("name", Form::Text, "its name", |row, _| text(&row.name)),
    always("vpc", Form::Text, "its VPC", |row, _| text(&row.vpc)),
];

#[rustfmt::skip]
pub const SECURITY_GROUP_RULES: &[Column<SecurityGroupRuleRow>] = &[
    always("rule_id", Form::Integer, "its number, in the order of authorisation over all groups", |row, _| integer(row.rule.0)),
    always("security_group_id", Form::Integer, "its group", |row, _| integer(row.group.0)),
    always("is_egress", Form::Boolean, "whether it is for what goes out", |row, _| Cell::Boolean(row.is_egress)),
    always("protocol", Form::Text, "`tcp`, `udp`, `icmp`, a number; `-1` for all", |row, _| text(&row.protocol)),
    perhaps("from_port", Form::Integer, "the first port, or the type of ICMP (-1: any); none: all, or a protocol without ports", |row, _| row.ports.map_or(Cell::None, |(first, _)| integer(first))),
    perhaps("to_port", Form::Integer, "the last port, or the code of ICMP (-1: any)", |row, _| row.ports.map_or(Cell::None, |(_, last)| integer(last))),
    perhaps("cidr", Form::Text, "the addresses at the other end", |row, _| row.cidr.map_or(Cell::None, shown)),
    perhaps("peer_security_group_id", Form::Integer, "the security group at the other end", |row, _| row.peer_group.map_or(Cell::None, |group| integer(group.0))),
];

#[rustfmt::skip]
pub const IMAGES: &[Column<ImageRow>] = &[
    always("image_id", Form::Integer, "its number, in the order of registration", |row, _| integer(row.image.0)),
    perhaps("account", Form::Text, "whose it is; none: the cloud's own", |row, names| row.account.map_or(Cell::None, |account| names.account(account))),
    always("name", Form::Text, "its name", |row, _| text(&row.name)),
    always("state", Form::Text, "its state", |row, _| text(row.state.name())),
    always("is_public", Form::Boolean, "whether every account may launch it", |row, _| Cell::Boolean(row.is_public)),
    perhaps("root_snapshot_id", Form::Integer, "what its root volume is filled with", |row, _| row.root_snapshot.map_or(Cell::None, |snapshot| integer(snapshot.0))),
    perhaps("root_size_gib", Form::Integer, "size of its root volume", |row, _| row.root_size_gib.map_or(Cell::None, integer)),
    always("register_time", Form::Timestamp, "when it was registered", |row, names| names.time(row.registered)),
    perhaps("deregister_time", Form::Timestamp, "when it was deregistered", |row, names| names.perhaps(row.deregistered)),
];

#[rustfmt::skip]
pub const VOLUMES: &[Column<VolumeRow>] = &[
    always("volume_id", Form::Integer, "its number, in the order of creation", |row, _| integer(row.volume.0)),
    always("account", Form::Text, "whose it is", |row, names| names.account(row.account)),
    always("zone", Form::Text, "its zone", |row, names| names.zone(row.zone)),
    always("volume_type", Form::Text, "its type", |row, _| text(row.kind.name())),
    always("size_gib", Form::Integer, "its size", |row, _| integer(row.size_gib)),
    always("iops", Form::Integer, "its operations a second", |row, _| integer(row.iops)),
    always("throughput_mibps", Form::Integer, "its throughput, in MiB a second", |row, _| integer(row.throughput_mibps)),
    always("state", Form::Text, "its state", |row, _| text(row.state.name())),
    perhaps("snapshot_id", Form::Integer, "what it was filled with", |row, _| row.snapshot.map_or(Cell::None, |snapshot| integer(snapshot.0))),
    always("create_time", Form::Timestamp, "when its creation was accepted", |row, names| names.time(row.created)),
    perhaps("delete_time", Form::Timestamp, "when it was gone", |row, names| names.perhaps(row.deleted)),
];

#[rustfmt::skip]
pub const VOLUME_ATTACHMENTS: &[Column<VolumeAttachmentRow>] = &[
    always("volume_id", Form::Integer, "the volume", |row, _| integer(row.volume.0)),
    always("instance_id", Form::Integer, "the instance", |row, _| integer(row.instance.0)),
    always("device", Form::Text, "the device it was there", |row, _| text(&row.device)),
    always("delete_on_termination", Form::Boolean, "whether it goes with the instance", |row, _| Cell::Boolean(row.delete_on_termination)),
    always("attach_time", Form::Timestamp, "when attaching was accepted", |row, names| names.time(row.attached)),
    perhaps("detach_time", Form::Timestamp, "when it was detached", |row, names| names.perhaps(row.detached)),
];

#[rustfmt::skip]
pub const SNAPSHOTS: &[Column<SnapshotRow>] = &[
    always("snapshot_id", Form::Integer, "its number, in the order of creation", |row, _| integer(row.snapshot.0)),
    always("account", Form::Text, "whose it is", |row, names| names.account(row.account)),
    always("volume_id", Form::Integer, "the volume it was made of", |row, _| integer(row.volume.0)),
    always("volume_size_gib", Form::Integer, "size of that volume", |row, _| integer(row.volume_size_gib)),
    always("state", Form::Text, "its state", |row, _| text(row.state.name())),
    always("start_time", Form::Timestamp, "when it was begun", |row, names| names.time(row.started)),
    perhaps("completion_time", Form::Timestamp, "when it was complete", |row, names| names.perhaps(row.completed)),
    perhaps("delete_time", Form::Timestamp, "when it was deleted", |row, names| names.perhaps(row.deleted)),
];

#[rustfmt::skip]
pub const INSTANCE_METRICS: &[Column<InstanceMetricRow>] = &[
    always("instance_id", Form::Integer, "the instance", |row, _| integer(row.instance.0)),
    always("metric", Form::Text, "the figure: `running_s`, `stopped_s`, `starts` or `billed_s`", |row, _| text(row.metric.name())),
    always("value", Form::Double, "its value", |row, _| Cell::Double(row.metric.value())),
    always("unit", Form::Text, "the unit of the value", |row, _| text(row.metric.unit())),
    always("from_time", Form::Timestamp, "the launch, or the end of the warm-up when that came later", |row, names| names.time(row.from)),
    always("to_time", Form::Timestamp, "the end of the instance, or of the run", |row, names| names.time(row.until)),
];

#[rustfmt::skip]
pub const BILLING_RECORDS: &[Column<BillingRecordRow>] = &[
    always("account", Form::Text, "who pays", |row, names| names.account(row.account)),
    always("resource_type", Form::Text, "what sort of resource is billed", |row, _| text(row.resource.name())),
    always("resource_id", Form::Integer, "its number among those of its sort: of an instance, the `instance_id`", |row, _| integer(row.resource_id)),
    perhaps("instance_type", Form::Text, "the type an instance had then", |row, names| row.instance_type.map_or(Cell::None, |kind| names.kind(kind))),
    always("purchase", Form::Text, "how it was bought", |row, _| text(row.purchase.name())),
    always("usage_start", Form::Timestamp, "when the use began", |row, names| names.time(row.start)),
    always("usage_end", Form::Timestamp, "when it ended", |row, names| names.time(row.end)),
    always("billed_s", Form::Integer, "what of it is billed: started seconds, minimums, nothing before the end of the warm-up", |row, _| integer(row.seconds)),
    always("cost_usd", USD, "what that costs, cut to 10⁻¹⁵ USD", |row, _| usd(row.cost)),
];

impl<'a> Names<'a> {
    fn account(&self, account: AccountId) -> Cell<'a> {
        text(&self.directory.accounts()[account.index()])
    }

    fn zone(&self, zone: ZoneId) -> Cell<'a> {
        text(&self.directory.zones()[zone.index()])
    }

    fn kind(&self, kind: TypeId) -> Cell<'a> {
        text(&self.directory.types.get(kind).name)
    }

    fn time(&self, time: Time) -> Cell<'a> {
        Cell::Integer(self.calendar.microseconds_since_1970(time).into())
    }

    fn perhaps(&self, time: Option<Time>) -> Cell<'a> {
        time.map_or(Cell::None, |time| self.time(time))
    }
}

fn integer<'a>(value: impl Into<i128>) -> Cell<'a> {
    Cell::Integer(value.into())
}

fn text(value: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(value))
}

fn shown<'a>(value: impl std::fmt::Display) -> Cell<'a> {
    Cell::Text(Cow::Owned(value.to_string()))
}

fn usd<'a>(money: Money) -> Cell<'a> {
    const UNITS: i128 = Money::UNITS_PER_USD / 10i128.pow(15);
    Cell::Integer(money.0.div_euclid(UNITS))
}
