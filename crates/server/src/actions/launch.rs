//! `RunInstances`.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{InstanceId, parse_scaled};
use plimsoll_model::workload::block_device::BlockDeviceMapping;
use plimsoll_model::workload::call::{
    Action, End, Interruption, Launch, LaunchOptions, LaunchTenancy, ReservationPreference, Sender, Spot, Tag,
};
use plimsoll_model::workload::handles::ImageHandle;
use plimsoll_sim::cloud::session::Effects;
use plimsoll_sim::cloud::session::view::InstanceView;

use super::{ActionEntry, XmlStep};
use crate::api_error::ApiError;
use crate::ids::IdKind;
use crate::key_pairs::unknown_pair;
use crate::labels::{LaunchLabels, SpotLabels};
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Row of `RunInstances`.
pub const RUN_INSTANCES: ActionEntry = ActionEntry {
    name: "RunInstances",
    honoured: &[
        "InstanceType",
        "MinCount",
        "MaxCount",
        "ImageId",
        "SubnetId",
        "ClientToken",
        "UserData",
        "DisableApiTermination",
        "Placement.AvailabilityZone",
        "Placement.GroupName",
        "Placement.PartitionNumber",
        "Placement.Tenancy",
        "Placement.HostId",
        "NetworkInterface.N.DeviceIndex",
        "NetworkInterface.N.SubnetId",
        "NetworkInterface.N.AssociatePublicIpAddress",
        "SecurityGroupId.N",
        "SecurityGroup.N",
        "NetworkInterface.N.SecurityGroupId.N",
        "BlockDeviceMapping.N.DeviceName",
        "BlockDeviceMapping.N.Ebs.VolumeSize",
        "BlockDeviceMapping.N.Ebs.VolumeType",
        "BlockDeviceMapping.N.Ebs.Iops",
        "BlockDeviceMapping.N.Ebs.Throughput",
        "BlockDeviceMapping.N.Ebs.DeleteOnTermination",
        "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId",
        "TagSpecification.N.ResourceType",
        "TagSpecification.N.Tag.N.Key",
        "TagSpecification.N.Tag.N.Value",
        "HibernationOptions.Configured",
        "CapacityReservationSpecification.CapacityReservationPreference",
        "KeyName",
        "InstanceMarketOptions.MarketType",
        "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior",
        "InstanceMarketOptions.SpotOptions.MaxPrice",
        "InstanceMarketOptions.SpotOptions.SpotInstanceType",
    ],
    without_effect: &[
        "Monitoring.",
        "EbsOptimized",
        "InstanceInitiatedShutdownBehavior",
        "IamInstanceProfile.",
        "MetadataOptions.",
        "CreditSpecification.",
        "NetworkInterface.N.DeleteOnTermination",
        "BlockDeviceMapping.N.Ebs.Encrypted",
    ],
    begin,
};

/// Launch that a client wishes.
#[derive(Clone, Debug, Default)]
pub struct LaunchWish {
    /// Type.
    pub instance_type: String,
    /// Fewer than this: none.
    pub min_count: u32,
    /// As many as fit, up to this.
    pub max_count: u32,
    /// Image, by id or by name in the scenario.
    pub image: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// Subnet.
    pub subnet: Option<String>,
    /// Public address, or not; `None` leaves it to the subnet.
    pub public_address: Option<bool>,
    /// Placement group.
    pub group: Option<String>,
    /// Security groups, by id or by name.
    pub security_groups: Vec<String>,
    /// Dedicated host, by id.
    pub host: Option<String>,
    /// Capacity reservation, by id.
    pub reservation: Option<String>,
    /// Options that the model has as they are.
    pub options: LaunchOptions,
    /// Labels.
    pub labels: LaunchLabels,
}

fn begin(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let wish = read(params)?;
    let ends = wish.options.interruption() == Interruption::Terminate;
    if wish.options.spot.is_some_and(|spot| spot.is_persistent == ends) {
        // `SpotMarketOptions`, "SpotInstanceType", botocore 1.44.8: "For RunInstances, persistent Spot Instance requests are only supported
        // when the instance interruption behavior is either hibernate or stop". The code is assumed. EC2's answer the other way round, as
        // reported: "The request with type 'one-time' is not supported when instanceInterruptionBehavior is set to 'stop'".
        return Err(FailureReason::from(Failure::InvalidParameterCombination).into());
    }
    let names_host = wish.host.is_some();
    let lacks_size = wish.options.volumes.iter().any(|volume| volume.size_gib.is_none());
    let (action, labels) = plan(model, caller, wish)?;
    Ok(ActionStep::call(action, move |model, outcome| {
        let effects = outcome.map_err(|reason| match reason.failure {
            // EC2 API reference, "Error codes", read 2026-11; the model has one failure for a host that is full and for none left.
            Failure::InsufficientHostCapacity if names_host => {
                ApiError { code: "InsufficientCapacityOnHost", status: 400, ..ApiError::from(reason) }
            }
            // EC2's words (moto 5.2.5, `test_run_instance_with_block_device_mappings_missing_size`).
            Failure::MissingParameter if lacks_size => {
                let message = "The request must contain the parameter size or snapshotId".to_string();
                ApiError { message, ..ApiError::from(reason) }
            }
            _ => ApiError::from(reason),
        })?;
        let instances = launched(model, effects, &labels);
        let views: Vec<InstanceView<'_>> =
            instances.iter().filter_map(|id| model.session.instance(*id)).collect();
        Ok(Xml::fragment(|xml| render::reservation(xml, model, &views)))
    }))
}

/// Returns the call of a launch, and its labels.
pub fn plan(
    model: &mut CloudModel<'_>,
    caller: Caller,
    wish: LaunchWish,
) -> Result<(Action, Arc<LaunchLabels>), ApiError> {
    if let Some(name) = &wish.labels.key_name
        && !model.key_pairs.allows(caller.account, name)
    {
        return Err(unknown_pair(name));
    }
    let (min, max) = (wish.min_count, wish.max_count);
    if min == 0 || max < min {
        return Err(ApiError::invalid(
            "MaxCount",
            &max.to_string(),
            "at least MinCount, and that at least 1",
        ));
    }
    model.session.open_security_groups(caller.account);
    let kind = model.instance_type(&wish.instance_type)?;
    let zone = wish.zone.as_deref().map(|zone| model.zone(zone)).transpose()?;
    let subnet = wish.subnet.as_deref().map(|subnet| model.subnet(subnet)).transpose()?;
    let image = wish.image.as_deref().map(|image| image_handle(model, caller, image)).transpose()?.flatten();
    let groups = wish.security_groups.iter().map(|group| model.security_group_named(caller.account, group));
    let security_groups = groups.collect::<Result<Vec<_>, ApiError>>()?;
    let host = wish.host.as_deref().map(|id| model.host_handle(caller.account, id)).transpose()?;
    let reservation = wish.reservation.as_deref().map(|id| model.reservation_handle(id)).transpose()?;
    let number = model.next_launch();
    let handles = &mut model.session.directory_mut().handles;
    let group = wish.group.as_deref().map(|group| handles.placement_group(group));
    // A name that no id has, for the instances of this launch together.
    let handle = handles.instance(&format!("(launch {number} of account {})", caller.account));
    let options = LaunchOptions { image, group, security_groups, host, reservation, ..wish.options };
    let launch = Launch {
        kind,
        min_count: min,
        max_count: max,
        zone,
        subnet,
        public_address: wish.public_address,
        handle: Some(handle),
        end: End::Never,
        options: (options != LaunchOptions::default()).then(|| Arc::new(options)),
        stops: None,
        sender: Sender::Client,
        first_instance: 0,
    };
    Ok((Action::Launch(launch), Arc::new(wish.labels)))
}

/// Notes the labels of a launch that has succeeded, and returns its instances. A repeated one keeps those of the first.
pub fn launched(model: &mut CloudModel<'_>, effects: Effects, labels: &Arc<LaunchLabels>) -> Vec<InstanceId> {
    let instances: Vec<InstanceId> = effects.instances.iter().map(|instance| instance.id).collect();
    let is_new = instances.first().is_some_and(|first| model.labels.launch_of(*first).is_none());
    if is_new {
        let session = &model.session;
        model.labels.note_launch(&instances, labels, |id| session.instance(id).is_some());
        tag_volumes(model, &instances, &labels.volume_tags);
        for view in
            instances.iter().filter_map(|id| model.session.instance(*id)).filter(|_| labels.spot.is_some())
        {
            let request = model.ids.show(IdKind::SpotRequest, view.id.0);
            model.labels.set_tags(view.account, &request, labels.request_tags.clone());
        }
    }
    instances
}

/// Tags the volumes of new instances.
pub fn tag_volumes(model: &mut CloudModel<'_>, instances: &[InstanceId], tags: &BTreeMap<String, String>) {
    if tags.is_empty() {
        return;
    }
    for id in instances {
        let Some(account) = model.session.instance(*id).map(|view| view.account) else { continue };
        let volumes = model.session.storage().instance_volumes(*id);
        let shown: Vec<String> = volumes.map(|volume| model.id(IdKind::Volume, volume.id.0)).collect();
        for volume in shown {
            model.labels.of_mut(account, &volume).tags.clone_from(tags);
        }
    }
}

/// Returns the handle of an image. Where there are no images, every id stands for one that is always there.
fn image_handle(
    model: &mut CloudModel<'_>,
    caller: Caller,
    text: &str,
) -> Result<Option<ImageHandle>, ApiError> {
    match model.session.storage().images().is_empty() {
        true => Ok(None),
        false => model.image_handle(caller.account, text).map(Some),
    }
}

/// Reads the parameters of a launch.
pub fn read(params: &Params) -> Result<LaunchWish, ApiError> {
    let owned = |name: &str| params.get(name).map(String::from);
    let count = |name: &str| params.required(name).and_then(|_| params.number(name));
    let first = read_interface(params)?;
    let named = ["SecurityGroupId", "SecurityGroup"].into_iter().flat_map(|list| params.list(list));
    let security_groups = named.map(String::from).chain(first.security_groups).collect();
    let mut tags = tags_by_kind(params, &TAGGED)?;
    let (own_tags, volume_tags) = (tags.remove("instance"), tags.remove("volume"));
    let options = LaunchOptions { tags: own_tags.unwrap_or_default(), ..read_options(params)? };
    Ok(LaunchWish {
        instance_type: owned("InstanceType").unwrap_or_else(|| DEFAULT_TYPE.to_string()),
        min_count: count("MinCount")?.unwrap_or(0),
        max_count: count("MaxCount")?.unwrap_or(0),
        image: Some(params.required("ImageId")?.to_string()),
        zone: owned("Placement.AvailabilityZone").filter(|zone| !zone.is_empty()),
        subnet: owned("SubnetId").or(first.subnet),
        public_address: first.public_address,
        group: owned("Placement.GroupName").filter(|group| !group.is_empty()),
        security_groups,
        host: owned("Placement.HostId"),
        reservation: owned(
            "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId",
        ),
        labels: LaunchLabels {
            spot: options.spot.map(|_| spot_labels(params, &options)).transpose()?,
            request_tags: tags.remove("spot-instances-request").unwrap_or_default(),
            image_id: owned("ImageId").unwrap_or_default(),
            key_name: owned("KeyName"),
            client_token: owned("ClientToken"),
            user_data: owned("UserData"),
            shutdown_behaviour: owned("InstanceInitiatedShutdownBehavior"),
            volume_tags: volume_tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect(),
        },
        options,
    })
}

/// Type of a launch that names none (`RunInstances`, "InstanceType", botocore 1.44.8: "Default: m1.small").
const DEFAULT_TYPE: &str = "m1.small";

/// First interface of a launch.
#[derive(Clone, Debug, Default)]
struct FirstInterface {
    subnet: Option<String>,
    public_address: Option<bool>,
    security_groups: Vec<String>,
}

/// Reads the first interface.
fn read_interface(params: &Params) -> Result<FirstInterface, ApiError> {
    let items = params.items("NetworkInterface");
    let Some(first) = items.first() else { return Ok(FirstInterface::default()) };
    let index = params.number::<u32>(&format!("{first}.DeviceIndex"))?;
    if items.len() > 1 || index.is_some_and(|index| index > 0) {
        return Err(ApiError::client(
            "UnsupportedOperation",
            "Only the first interface of a launch is modelled",
        ));
    }
    let named = params.list(&format!("{first}.SecurityGroupId"));
    Ok(FirstInterface {
        subnet: params.get(&format!("{first}.SubnetId")).map(String::from),
        public_address: params.flag(&format!("{first}.AssociatePublicIpAddress"))?,
        security_groups: named.into_iter().map(String::from).collect(),
    })
}

/// Reads the options that the model has as they are, but for tags.
fn read_options(params: &Params) -> Result<LaunchOptions, ApiError> {
    let user_data = params.get("UserData").unwrap_or_default().trim_end_matches('=');
    let names_host = params.get("Placement.HostId").is_some();
    let tenancy = match params.get("Placement.Tenancy") {
        None if names_host => LaunchTenancy::Host,
        None | Some("default" | "") => LaunchTenancy::Shared,
        Some("dedicated") => LaunchTenancy::Dedicated,
        Some("host") => LaunchTenancy::Host,
        Some(other) => {
            return Err(ApiError::invalid("Placement.Tenancy", other, "default, dedicated or host"));
        }
    };
    if names_host && tenancy != LaunchTenancy::Host {
        let message = "Placement.HostId names a dedicated host: Placement.Tenancy is host, or left out";
        return Err(ApiError::client("InvalidParameterCombination", message));
    }
    Ok(LaunchOptions {
        partition: partition(params)?,
        tenancy,
        preference: preference(params)?,
        spot: spot(params)?,
        volumes: block_devices(params)?,
        token: params.get("ClientToken").map(String::from),
        // Base64: four letters for three bytes.
        user_data_bytes: u32::try_from(user_data.len() as u64 * 3 / 4).unwrap_or(u32::MAX),
        protected: params.flag("DisableApiTermination")?.unwrap_or(false),
        hibernation: params.flag("HibernationOptions.Configured")?.unwrap_or(false),
        ..LaunchOptions::default()
    })
}

/// Reads the volumes that a launch makes.
fn block_devices(params: &Params) -> Result<Vec<BlockDeviceMapping>, ApiError> {
    let kind = |word: &str| {
        let found = VolumeType::ALL.iter().copied().find(|kind| kind.name() == word);
        found.ok_or_else(|| ApiError::from(FailureReason::from(Failure::UnknownVolumeType)))
    };
    let read = |item: String| {
        let ebs = |name: &str| format!("{item}.Ebs.{name}");
        if params.within(&format!("{item}.Ebs")).patterns().is_empty() {
            return Err(ApiError::missing("ebs"));
        }
        Ok(BlockDeviceMapping {
            device: params.required(&format!("{item}.DeviceName"))?.to_string(),
            kind: params.get(&ebs("VolumeType")).map(kind).transpose()?,
            size_gib: params.number(&ebs("VolumeSize"))?,
            iops: params.number(&ebs("Iops"))?,
            throughput_mibps: params.number(&ebs("Throughput"))?,
            delete_on_termination: params.flag(&ebs("DeleteOnTermination"))?.unwrap_or(true),
        })
    };
    params.items("BlockDeviceMapping").into_iter().map(read).collect()
}

/// Reads the partition, which EC2 numbers from 1.
fn partition(params: &Params) -> Result<Option<u16>, ApiError> {
    let name = "Placement.PartitionNumber";
    let number = params.number::<u16>(name)?;
    let from_zero =
        |number: u16| number.checked_sub(1).ok_or_else(|| ApiError::invalid(name, "0", "1 or more"));
    number.map(from_zero).transpose()
}

fn preference(params: &Params) -> Result<Option<ReservationPreference>, ApiError> {
    let name = "CapacityReservationSpecification.CapacityReservationPreference";
    let read = |word: &str| {
        let known = ReservationPreference::ALL.iter().copied();
        known.clone().find(|known| known.name() == word).ok_or_else(|| {
            let words: Vec<&str> = known.map(|known| known.name()).collect();
            ApiError::invalid(name, word, &words.join(" or "))
        })
    };
    params.get(name).map(read).transpose()
}

fn spot(params: &Params) -> Result<Option<Spot>, ApiError> {
    match params.get("InstanceMarketOptions.MarketType") {
        None => return Ok(None),
        Some("spot") => {}
        Some(other) => return Err(ApiError::invalid("InstanceMarketOptions.MarketType", other, "spot")),
    }
    let name = "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior";
    let read = |word: &str| {
        let found = Interruption::ALL.iter().copied().find(|known| known.name() == word);
        found.ok_or_else(|| ApiError::invalid(name, word, "terminate, stop or hibernate"))
    };
    let interruption = params.get(name).map(read).transpose()?;
    let max_pico_usd_per_hour = params.get(MAX_PRICE).map(max_price).transpose()?;
    let is_persistent = spot_kind(params)? == "persistent";
    if interruption.is_some_and(|said| said != Interruption::Terminate) && !is_persistent {
        return Err(FailureReason::from(Failure::InvalidParameterCombination).into());
    }
    Ok(Some(Spot { interruption, max_pico_usd_per_hour, is_persistent, ..Spot::default() }))
}

/// Reads the type of a spot request (`RequestSpotInstances`, "Type", botocore 1.44.8: "Default: one-time").
fn spot_kind(params: &Params) -> Result<&'static str, ApiError> {
    let name = "InstanceMarketOptions.SpotOptions.SpotInstanceType";
    match params.get(name) {
        None | Some("one-time") => Ok("one-time"),
        Some("persistent") => Ok("persistent"),
        Some(other) => Err(ApiError::invalid(name, other, "one-time or persistent")),
    }
}

const MAX_PRICE: &str = "InstanceMarketOptions.SpotOptions.MaxPrice";

/// Parts of a dollar in which the model has prices.
const PICO: u64 = 1_000_000_000_000;

/// Reads the most that an hour may cost \[10⁻¹² USD\] (`SpotMarketOptions`, "MaxPrice", botocore 1.44.8: "it must be more than USD
/// $0.001").
fn max_price(text: &str) -> Result<u64, ApiError> {
    let pico = parse_scaled(text, u128::from(PICO)).ok().and_then(|pico| u64::try_from(pico).ok());
    let pico = pico.filter(|pico| *pico > PICO / 1000);
    pico.ok_or_else(|| ApiError::invalid(MAX_PRICE, text, "dollars, more than 0.001"))
}

/// Returns a price in dollars, as EC2 writes it: with six decimals (moto 5.2.5, `test_request_spot_instances_default_arguments`).
fn written_price(pico: u64) -> String {
    let micro = pico / 1_000_000;
    format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

/// Reads what a client says of the spot market that is shown to it again.
fn spot_labels(params: &Params, options: &LaunchOptions) -> Result<SpotLabels, ApiError> {
    Ok(SpotLabels {
        kind: spot_kind(params)?,
        max_price: options.spot.and_then(|spot| spot.max_pico_usd_per_hour).map(written_price),
        interruption: options.interruption().name(),
    })
}

/// Kinds of what a launch creates, all of which may be tagged (`RunInstances`, "TagSpecifications", botocore 1.44.8). Clients cannot see
/// the first interface of an instance, so that its tags are without effect.
const TAGGED: [&str; 4] = ["instance", "volume", "network-interface", "spot-instances-request"];

/// Reads the tags that a request gives to new resources of a kind. Tags of other kinds are refused.
pub fn tags_of(params: &Params, kind: &str) -> Result<Vec<Tag>, ApiError> {
    Ok(tags_by_kind(params, &[kind])?.remove(kind).unwrap_or_default())
}

/// Reads the tags that a request gives to new resources of some kinds, by kind. Tags of other kinds are refused.
fn tags_by_kind<'a>(params: &Params, kinds: &[&'a str]) -> Result<BTreeMap<&'a str, Vec<Tag>>, ApiError> {
    let mut tags: BTreeMap<&str, Vec<Tag>> = BTreeMap::new();
    for item in params.items("TagSpecification") {
        let name = format!("{item}.ResourceType");
        let of = params.required(&name)?;
        let known = kinds.iter().copied().find(|kind| *kind == of);
        let kind = known.ok_or_else(|| ApiError::invalid(&name, of, &kinds.join(" or ")))?;
        let read = super::tags::read(params, &format!("{item}.Tag"))?;
        if read.is_empty() {
            let message = "Tag specification must have at least one tag";
            return Err(ApiError::client("InvalidParameterValue", message));
        }
        tags.entry(kind).or_default().extend(read);
    }
    Ok(tags)
}
