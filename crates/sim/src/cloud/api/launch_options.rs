//! Options of launches: constraints on the host, and the resources that they attach.

use std::sync::Arc;

use crate::cloud::allocation::requests;
use crate::cloud::api::launch_context::{Allocation, LaunchContext};
use crate::cloud::api::tags::check_tags;
use crate::cloud::api::{hibernation, security_groups};
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::{interfaces, spot, volumes};
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{AccountId, InstanceId, PlacementGroupId, Time, TypeId};
use plimsoll_model::placement::groups::GroupRule;
use plimsoll_model::placement::request::{Constraint, Membership, Tenancy};
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::workload::call::{self, Interruption, LaunchOptions, ReservationPreference};
use plimsoll_model::workload::handles::PlacementGroupHandle;

/// User data before it is encoded (EC2 user guide, "Run commands when you launch": 16 KB).
const MAX_USER_DATA_BYTES: u32 = 16 * 1024;

/// Idempotency of a launch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Idempotency {
    New,
    /// The client token was used before: the handle stands for the instances of that launch.
    Repeated,
}

/// Adds the constraints of its options to a launch; refuses options that cannot be met at all.
#[cold]
pub fn apply_options(
    world: &mut World,
    options: &LaunchOptions,
    context: &mut LaunchContext,
) -> Result<Idempotency, FailureReason> {
    let LaunchContext { now, account, launch, .. } = *context;
    if let Some(token) = &options.token
        && let Some(instances) = world.api.tokens.recall(now, account, token, launch)?
    {
        let instances = instances.to_vec();
        world.api.handles.bind(launch.handle, &instances);
        return Ok(Idempotency::Repeated);
    }
    if options.user_data_bytes > MAX_USER_DATA_BYTES {
        let (asked, most) = (u64::from(options.user_data_bytes), u64::from(MAX_USER_DATA_BYTES));
        return Err(Failure::InvalidParameterValue.because(LimitKind::UserDataBytes, asked, most));
    }
    check_tags(options.tags.iter().map(|tag| tag.key.as_str()))?;
    if let Some(image) = options.image {
        world.storage.launchable(volumes::find_image(world, account, image)?, account)?;
    }
    for group in &options.security_groups {
        security_groups::security_group(world, account, *group)?;
    }
    let (own, preference) = placement_constraint(world, account, options)?;
    context.request = requests::with_constraint(context.request, launch.kind, own);
    context.preference = preference;
    world.hosts.placer.check(&context.request, &world.hosts.fleet)?;
    check_type(world, launch.kind, options, context.request.group())?;
    if options.hibernation {
        hibernation::check(world, account, launch.kind, options)?;
    }
    Ok(Idempotency::New)
}

/// Returns the constraint of the options of a launch on the host, and the reservations it may use.
pub fn placement_constraint(
    world: &mut World,
    account: AccountId,
    options: &LaunchOptions,
) -> Result<(Option<Constraint>, Preference), FailureReason> {
    // Only a resident of the trace is on a host and its parts whatever its tenancy.
    if options.affinity.is_some() || options.host.is_some() && options.tenancy != call::LaunchTenancy::Host {
        return Err(Failure::InvalidParameterCombination.into());
    }
    let group = options.group.map(|group| placement_group(world, account, group)).transpose()?;
    let group = group.map(|group| Membership { group, partition: options.partition });
    let tenancy = match options.tenancy {
        call::LaunchTenancy::Shared => Tenancy::Shared,
        call::LaunchTenancy::Dedicated => Tenancy::Dedicated,
        call::LaunchTenancy::Host => {
            let host =
                options.host.map(|name| world.api.handles.hosts.find(name.0, Failure::InvalidHostIdNotFound));
            Tenancy::Host(host.transpose()?)
        }
    };
    let preference = preference(world, options)?;
    let constraint = Constraint { group, tenancy, ..Constraint::default() };
    Ok((constraint.or_none(), preference))
}

/// Finds the reservation a launch may use. Spot instances use none (EC2 user guide, "Capacity Reservations": these are
/// for On-Demand Instances), and a launch that names one uses no other (`CapacityReservationSpecification`).
fn preference(world: &World, options: &LaunchOptions) -> Result<Preference, FailureReason> {
    use ReservationPreference as Word;
    let unknown = Failure::InvalidCapacityReservationIdNotFound;
    let wants_one = options.reservation.is_some() || options.preference == Some(Word::Only);
    if options.spot.is_some() {
        let none = Ok(Preference::Avoid);
        return if wants_one { Err(Failure::InvalidParameterCombination.into()) } else { none };
    }
    match (options.reservation, options.preference) {
        (Some(name), None | Some(Word::Only)) => {
            Ok(Preference::Targeted(world.api.handles.reservations.find(name.0, unknown)?))
        }
        (Some(_), Some(_)) => Err(Failure::InvalidParameterCombination.into()),
        (None, None | Some(Word::Open)) => Ok(Preference::Open),
        (None, Some(Word::None)) => Ok(Preference::Avoid),
        (None, Some(Word::Only)) => Ok(Preference::Only),
    }
}

/// Returns the placement group that a launch names.
fn placement_group(
    world: &mut World,
    account: AccountId,
    group: PlacementGroupHandle,
) -> Result<PlacementGroupId, FailureReason> {
    let name = &world.directory.handles.placement_groups()[group.0 as usize];
    world.hosts.placer.groups.named(account, name)
}

/// Checks that a type can be launched with these options at all.
pub fn check_type(
    world: &World,
    kind: TypeId,
    options: &LaunchOptions,
    group: Option<PlacementGroupId>,
) -> Result<(), FailureReason> {
    let name = world.directory.types.get(kind).name.as_str();
    check_group_type(world, name, group)?;
    if options.spot.is_some() && options.tenancy == call::LaunchTenancy::Host {
        // `SpotPlacement`, "Tenancy": "The host tenancy is not supported for Spot Instances."
        return Err(Failure::InvalidParameterCombination.into());
    }
    if let Some(spot) = options.spot {
        let persists = options.interruption() != Interruption::Terminate;
        // "You can't launch a Spot Instance that is configured to stop or hibernate on interruption in a allocation
        // group"; `HibernationOptionsRequest`: "If you set InstanceInterruptionBehavior to a value other than
        // hibernate, you'll get an error".
        let contradicts = options.hibernation
            && spot.interruption.is_some_and(|interruption| interruption != Interruption::Hibernate);
        if contradicts || (persists && group.is_some()) {
            return Err(Failure::InvalidParameterCombination.into());
        }
    }
    Ok(())
}

/// Families beside burstable, Mac and flex ones that go into no cluster groups, as `DescribeInstanceTypes` has it
/// (`PlacementGroupInfo.SupportedStrategies`, the answer that moto 5.2.5 carries).
const NOT_IN_CLUSTER_GROUPS: [&str; 5] = ["c1", "m1", "m2", "m3", "vt1"];

/// Checks that instances of a type can be members of a group (EC2 user guide, "Placement group rules and limitations":
/// of the current generation all "except for burstable performance instances (for example, T2), Mac1 instances, and
/// M7i-flex instances" go into cluster groups; `DescribeInstanceTypes` leaves out the other flex families too).
pub fn check_group_type(
    world: &World,
    name: &str,
    group: Option<PlacementGroupId>,
) -> Result<(), FailureReason> {
    let is_cluster = |group| matches!(world.hosts.placer.groups.rule(group), GroupRule::Cluster { .. });
    let family = name.split_once('.').map_or("", |(family, _)| family);
    let is_burstable = family.starts_with('t') && family[1..].starts_with(|c: char| c.is_ascii_digit());
    let is_excluded = is_burstable
        || family.starts_with("mac")
        || family.ends_with("-flex")
        || NOT_IN_CLUSTER_GROUPS.contains(&family);
    if group.is_some_and(is_cluster) && is_excluded {
        return Err(Failure::InvalidParameterCombination.into());
    }
    Ok(())
}

/// Attaches all resources that the options of a launch ask for, or none.
pub fn attach_resources(
    world: &mut World,
    context: &LaunchContext,
    options: &LaunchOptions,
    allocation: &Allocation,
) -> Result<(), FailureReason> {
    if !context.is_bought {
        spot::check_price(world, context, options, allocation)?;
    }
    security_groups::check_groups(world, context, options, allocation)?;
    volumes::create_for_launch(world, context, options, allocation)?;
    let attached = interfaces::attach_for_launch(world, context, options, allocation);
    attached.inspect_err(|_| release_resources(world, context.now, context.account, allocation.id))
}

/// Releases the resources that [`attach_resources`] attached to an instance that is not launched.
pub fn release_resources(world: &mut World, now: Time, account: AccountId, id: InstanceId) {
    world.network.instance_ended(now, id);
    volumes::undo_launch(world, now, account, id);
}

/// Registers the options of an instance that was launched with some.
#[cold]
pub fn register_options(
    world: &mut World,
    slot: Slot,
    context: &LaunchContext,
    options: &Arc<LaunchOptions>,
) {
    let &LaunchContext { account, preference, .. } = context;
    let id = world.instances.get(slot).id;
    if options.image.is_some() || !options.volumes.is_empty() {
        world.instances.with_volumes.insert(id, world.instances.reference(slot));
        world.storage.note_launch(world.instances.get(slot).zone);
    }
    if let Some(group) = context.request.group() {
        world.hosts.placer.groups.enlist(group);
    }
    let image = options.image.map(|image| volumes::find_image(world, account, image));
    let extras = world.instances.extras_mut(slot);
    extras.image = image.map(|image| image.expect("the launch was found admissible"));
    extras.constraint = context.request.constraint;
    extras.preference = preference;
    extras.protected = options.protected;
    extras.tags = options.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    extras.options = Some(Arc::clone(options));
    if !options.security_groups.is_empty() {
        let subnet = world.instances.get(slot).subnet;
        let groups = security_groups::groups_in(world, subnet, account, &options.security_groups);
        let joined = groups.and_then(|groups| security_groups::join(world, slot, &groups));
        joined.expect("its groups were found when its resources were attached");
    }
}
