//! XML of resources, the same in every answer that shows them.

use std::net::Ipv4Addr;

use plimsoll_base::catalogue;
use plimsoll_base::units::{InstanceId, InterfaceId};
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::Interface;
use plimsoll_model::network::security::SecurityGroup;
use plimsoll_model::workload::call::LaunchTenancy;
use plimsoll_sim::cloud::session::InstanceChange;
use plimsoll_sim::cloud::session::view::InstanceView;

use crate::ids::IdKind;
use crate::model::CloudModel;
use crate::xml::Xml;

/// Writes a state with its code.
pub fn state(xml: &mut Xml, name: &str, state: State) {
    xml.inside(name, |xml| {
        xml.text("code", state.code());
        xml.text("name", state.name());
    });
}

/// Writes the tags of a resource. One without any has no set of them, as in EC2 (moto 5.2.5, whose test
/// `test_volume_property_hidden_when_no_tags_exist` says so).
pub fn tags<'a>(xml: &mut Xml, tags: impl IntoIterator<Item = (&'a String, &'a String)>) {
    let mut tags = tags.into_iter().peekable();
    if tags.peek().is_some() {
        xml.list("tagSet", tags, |xml, (key, value)| {
            xml.text("key", key);
            xml.text("value", value);
        });
    }
}

/// Writes the states of instances before and after a call.
pub fn changes(xml: &mut Xml, model: &CloudModel<'_>, changes: &[InstanceChange]) {
    xml.list("instancesSet", changes, |xml, change| {
        xml.text("instanceId", model.instance_id(change.id));
        state(xml, "currentState", change.after);
        state(xml, "previousState", change.before);
    });
}

/// Returns the number by which clients see the launch of an instance as a reservation.
pub fn reservation_of(model: &CloudModel<'_>, id: InstanceId) -> InstanceId {
    model.labels.launch_of(id).map_or(id, |launch| launch.first)
}

/// Returns the id of the reservation of an instance.
pub fn reservation_id(model: &CloudModel<'_>, id: InstanceId) -> String {
    model.ids.show(IdKind::Reservation, reservation_of(model, id).0)
}

/// Returns the id of the image of an instance.
pub fn image_id(model: &CloudModel<'_>, instance: &InstanceView<'_>) -> String {
    match (model.labels.launch_of(instance.id), instance.image) {
        (Some(launch), _) => launch.labels.image_id.clone(),
        (None, Some(image)) => model.ids.show(IdKind::Image, u64::from(image.0)),
        (None, None) => String::new(),
    }
}

/// Public address that stands for the one an instance holds: the model counts public addresses and does not number them. One of
/// 198.18.0.0/15, which no network routes (RFC 2544).
pub fn public_address(instance: &InstanceView<'_>) -> Option<Ipv4Addr> {
    let first = u32::from(Ipv4Addr::new(198, 18, 0, 0));
    instance.has_public_address.then(|| Ipv4Addr::from(first + (instance.id.0 % (1 << 17)) as u32))
}

/// Returns the id of the VPC of an instance; `None` where the scenario has no subnets.
pub fn vpc_id(model: &CloudModel<'_>, instance: &InstanceView<'_>) -> Option<String> {
    let network = model.session.network();
    instance.subnet.map(|subnet| model.vpc_id(network.vpc_of(subnet, instance.account)))
}

/// Returns EC2's word for the tenancy of an instance.
pub fn tenancy(instance: &InstanceView<'_>) -> &'static str {
    match instance.options.map(|options| options.tenancy).unwrap_or_default() {
        LaunchTenancy::Shared => "default",
        LaunchTenancy::Dedicated => "dedicated",
        LaunchTenancy::Host => "host",
    }
}

/// Returns the architecture of a type, as EC2 names it.
pub fn architecture(type_name: &str) -> &'static str {
    let entry = catalogue::find(type_name);
    if entry.is_some_and(|entry| entry.arch.split('|').any(|arch| arch == "arm64")) {
        "arm64"
    } else {
        "x86_64"
    }
}

/// Writes reservations with their instances, of which those of one launch follow each other.
pub fn reservations(xml: &mut Xml, model: &CloudModel<'_>, instances: &[InstanceView<'_>]) {
    let same = |one: &InstanceView<'_>, other: &InstanceView<'_>| {
        reservation_of(model, one.id) == reservation_of(model, other.id)
    };
    xml.list("reservationSet", instances.chunk_by(same), |xml, members| reservation(xml, model, members));
}

/// Writes the elements of a reservation.
pub fn reservation(xml: &mut Xml, model: &CloudModel<'_>, members: &[InstanceView<'_>]) {
    let first = &members[0];
    xml.text("reservationId", reservation_id(model, first.id));
    xml.text("ownerId", model.owner_id(first.account));
    xml.inside("groupSet", |_| {});
    xml.list("instancesSet", members, |xml, view| instance(xml, model, view));
}

/// Writes the elements of an instance.
fn instance(xml: &mut Xml, model: &CloudModel<'_>, view: &InstanceView<'_>) {
    let launch = model.labels.launch_of(view.id);
    let type_name = model.type_name(view.kind);
    xml.text("instanceId", model.instance_id(view.id));
    xml.text("imageId", image_id(model, view));
    state(xml, "instanceState", view.state);
    xml.text("privateDnsName", private_name(view));
    xml.text("dnsName", "");
    xml.text("reason", "");
    xml.maybe("keyName", launch.and_then(|launch| launch.labels.key_name.as_deref()));
    xml.text("amiLaunchIndex", launch.map_or(0, |launch| view.id.0 - launch.first.0));
    xml.inside("productCodes", |_| {});
    xml.text("instanceType", type_name);
    xml.text("launchTime", model.date_time(view.launched));
    xml.inside("placement", |xml| {
        xml.text("availabilityZone", model.zone_name(view.zone));
        let group = view.options.and_then(|options| options.group);
        let groups = model.session.directory().handles.placement_groups();
        xml.text("groupName", group.map_or("", |group| groups[group.0 as usize].as_str()));
        xml.text("tenancy", tenancy(view));
        let is_on_own = tenancy(view) == "host";
        xml.maybe("hostId", view.host.filter(|_| is_on_own).map(|host| model.host_id(host)));
    });
    xml.inside("monitoring", |xml| xml.text("state", "disabled"));
    xml.maybe("subnetId", view.subnet.map(|subnet| model.subnet_id(subnet)));
    xml.maybe("vpcId", vpc_id(model, view));
    xml.maybe("privateIpAddress", view.private_address);
    xml.maybe("ipAddress", public_address(view));
    xml.text("sourceDestCheck", true);
    security_groups(xml, model, view.id);
    // Why the model has ended one by itself is not known here.
    if launch.is_some_and(|launch| launch.is_ended_by_client) {
        xml.inside("stateReason", |xml| {
            xml.text("code", "Client.UserInitiatedShutdown");
            xml.text("message", "Client.UserInitiatedShutdown: User initiated shutdown");
        });
    }
    xml.text("architecture", architecture(type_name));
    xml.text("rootDeviceType", "ebs");
    xml.text("rootDeviceName", ROOT_DEVICE);
    block_devices(xml, model, view);
    xml.text("virtualizationType", "hvm");
    if view.options.is_some_and(|options| options.spot.is_some()) {
        xml.text("instanceLifecycle", "spot");
        xml.text("spotInstanceRequestId", model.spot_request_id(view.id));
    }
    xml.maybe("clientToken", launch.and_then(|launch| launch.labels.client_token.as_deref()));
    tags(xml, view.tags);
    xml.text("hypervisor", "xen");
    interfaces(xml, model, view);
    xml.text("ebsOptimized", false);
    let hibernates = view.options.is_some_and(|options| options.hibernation);
    xml.inside("hibernationOptions", |xml| xml.text("configured", hibernates));
}

/// Writes the interfaces that are attached to an instance, in the order of attachment. Its first one, which the model does not
/// number, is not among them.
fn interfaces(xml: &mut Xml, model: &CloudModel<'_>, view: &InstanceView<'_>) {
    let network = model.session.network();
    let attached = network.interfaces_of(view.id).iter();
    let attached = attached.filter_map(|id| Some((*id, network.interface(view.account, *id)?)));
    xml.list("networkInterfaceSet", attached, |xml, (id, found)| interface(xml, model, id, found));
}

/// Writes what every answer shows of an interface.
pub fn interface(xml: &mut Xml, model: &CloudModel<'_>, id: InterfaceId, found: &Interface) {
    let network = model.session.network();
    let shown = model.id(IdKind::Interface, id.0);
    let labels = model.labels.of(found.account, &shown);
    xml.text("networkInterfaceId", shown);
    xml.text("subnetId", model.subnet_id(found.subnet));
    xml.text("vpcId", model.vpc_id(network.vpc_of(found.subnet, found.account)));
    xml.text("description", labels.description);
    xml.text("ownerId", model.owner_id(found.account));
    xml.text("status", found.state().name());
    xml.maybe("privateIpAddress", network.subnets()[found.subnet.index()].address(found.address));
    xml.text("sourceDestCheck", true);
    xml.text("interfaceType", "interface");
    if let Some(attached) = found.attachment {
        xml.inside("attachment", |xml| {
            xml.text("attachmentId", model.id(IdKind::InterfaceAttachment, id.0));
            xml.text("instanceId", model.instance_id(attached.instance));
            xml.text("instanceOwnerId", model.owner_id(found.account));
            xml.text("status", "attached");
            xml.text("deleteOnTermination", attached.delete_on_termination);
        });
    }
}

/// Device of the root volume.
pub const ROOT_DEVICE: &str = "/dev/sda1";

/// Writes the security groups of an instance.
pub fn security_groups(xml: &mut Xml, model: &CloudModel<'_>, id: InstanceId) {
    group_set(xml, model, model.session.security_groups_of(id));
}

/// Writes these security groups.
pub fn group_set(xml: &mut Xml, model: &CloudModel<'_>, groups: Vec<&SecurityGroup>) {
    xml.list("groupSet", groups, |xml, group| {
        xml.text("groupId", model.id(IdKind::SecurityGroup, group.id.0));
        xml.text("groupName", &group.name);
    });
}

/// Writes the volumes of an instance.
fn block_devices(xml: &mut Xml, model: &CloudModel<'_>, view: &InstanceView<'_>) {
    let volumes = model.session.storage().instance_volumes(view.id);
    let attached = volumes.filter_map(|volume| Some((volume.id, *volume.attachment_to(view.id)?)));
    xml.list("blockDeviceMapping", attached, |xml, (id, attachment)| {
        xml.text("deviceName", attachment.device);
        xml.inside("ebs", |xml| {
            xml.text("volumeId", model.id(IdKind::Volume, id.0));
            xml.text("status", attachment.state.name());
            xml.text("attachTime", model.date_time(attachment.since));
            xml.text("deleteOnTermination", attachment.delete_on_termination);
        });
    });
}

/// Returns the private name of an instance (EC2 user guide, "EC2 instance hostnames": `ip-private-ipv4-address`).
fn private_name(view: &InstanceView<'_>) -> String {
    let name = |address: Ipv4Addr| format!("ip-{}.ec2.internal", address.to_string().replace('.', "-"));
    view.private_address.map(name).unwrap_or_default()
}
