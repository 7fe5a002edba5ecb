//! Calls about security groups, and probes of the traffic that they allow.
//!
//! An interface joins its groups when they first matter: when a launch names groups, or a probe comes or goes. Until then
//! an instance in the default group costs nothing.

use std::net::Ipv4Addr;

use crate::cloud::api::launch_context::{Allocation, LaunchContext};
use crate::cloud::api::targets;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use crate::cloud::world::World;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, SecurityGroupId, SubnetId, Time};
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::AddressRange;
use plimsoll_model::network::security::{self, MemberId, Owner, Permission, Probe, Traffic, Vpc};
use plimsoll_model::quota::Quota;
use plimsoll_model::workload::call::LaunchOptions;
use plimsoll_model::workload::handles::SecurityGroupHandle;
use plimsoll_model::workload::resource_call::{PeerRequest, ProbeEnd, RuleRequest};

/// Carries out `CreateSecurityGroup`.
pub fn create_security_group(
    world: &mut World,
    account: AccountId,
    name: SecurityGroupHandle,
    vpc: &str,
) -> Result<(), FailureReason> {
    let owner = owner_named(world, account, vpc)?;
    let name = &world.directory.handles.security_groups()[name.0 as usize];
    world.quotas.meet(world.directory.accounts());
    world.quotas.allow(account, Quota::SecurityGroups, world.security.count(account))?;
    world.security.create(owner, name).map(|_| ())
}

/// Carries out `DeleteSecurityGroup`.
pub fn delete_security_group(
    world: &mut World,
    account: AccountId,
    name: SecurityGroupHandle,
) -> Result<(), FailureReason> {
    let id = security_group(world, account, name)?;
    world.security.delete(id)
}

/// Adds or removes a rule.
pub fn change_rule(
    world: &mut World,
    account: AccountId,
    group: SecurityGroupHandle,
    rule: &RuleRequest,
    adds: bool,
) -> Result<(), FailureReason> {
    let id = security_group(world, account, group)?;
    let traffic = Traffic::new(rule.protocol, rule.ports);
    let traffic = traffic.map_err(|_| Failure::InvalidPermissionMalformed)?;
    let peer = match rule.peer {
        PeerRequest::Network(net) => security::Peer::Cidr(net),
        PeerRequest::Group(other) => security::Peer::Group(security_group(world, account, other)?),
    };
    let permission = Permission { traffic, peer };
    let change = if adds {
        world.security.authorize(id, rule.direction, permission)
    } else {
        world.security.revoke(id, rule.direction, permission)
    };
    change.map(|_| ())
}

/// Sends a packet; refused where no rule lets it pass.
pub fn probe(
    world: &mut World,
    now: Time,
    account: AccountId,
    from: ProbeEnd,
    to: ProbeEnd,
    packet: security::Packet,
) -> Result<(), FailureReason> {
    join_by_address(world, account, from, to)?;
    join_by_address(world, account, to, from)?;
    let (from, to) = (endpoint(world, account, from)?, endpoint(world, account, to)?);
    let verdict = world.security.probe(now, Probe { from, to, packet })?;
    verdict.reason().map_or(Ok(()), Err)
}

/// Returns an end of a probe as the security groups know it.
fn endpoint(
    world: &mut World,
    account: AccountId,
    end: ProbeEnd,
) -> Result<security::Endpoint, FailureReason> {
    match end {
        ProbeEnd::Address(address) => Ok(security::Endpoint::Address(address)),
        ProbeEnd::Instance(name) => {
            let slot = targets::changeable(world, account, name)?;
            join(world, slot, &[])?;
            Ok(security::Endpoint::Member(MemberId::Instance(world.instances.get(slot).id)))
        }
    }
}

/// Lets the instance with an address in the VPC of the other end join its groups, unless it has.
fn join_by_address(
    world: &mut World,
    account: AccountId,
    end: ProbeEnd,
    other: ProbeEnd,
) -> Result<(), FailureReason> {
    let (ProbeEnd::Address(address), ProbeEnd::Instance(other)) = (end, other) else { return Ok(()) };
    let vpc = |world: &World, of: &Instance| world.network.vpc_of(of.subnet, of.account);
    let other = vpc(world, world.instances.get(targets::changeable(world, account, other)?));
    let found = world.instances.slots().find(|(slot, instance)| {
        instance.state != State::Terminated
            && vpc(world, instance) == other
            && private_addresses(world, *slot).contains(&address)
    });
    let found = found.map(|(slot, _)| slot);
    found.map_or(Ok(()), |slot| join(world, slot, &[]))
}

/// Puts the first interface of an instance into these groups, or into the default one.
pub fn join(world: &mut World, slot: Slot, groups: &[SecurityGroupId]) -> Result<(), FailureReason> {
    let instance = world.instances.get(slot);
    let (id, account, subnet) = (instance.id, instance.account, instance.subnet);
    if world.instances.extras.get(slot).is_some_and(|extras| extras.has_joined) {
        return Ok(());
    }
    let owner = owner_in(world, account, subnet);
    world.security.join(MemberId::Instance(id), owner, groups)?;
    world.instances.extras_mut(slot).has_joined = true;
    sync_addresses(world, slot);
    Ok(())
}

/// Replaces the groups of the first interface of an instance.
pub fn change_groups(
    world: &mut World,
    slot: Slot,
    groups: &[SecurityGroupHandle],
) -> Result<(), FailureReason> {
    let instance = world.instances.get(slot);
    let groups = groups_in(world, instance.subnet, instance.account, groups)?;
    join(world, slot, &[])?;
    world.security.change_groups(MemberId::Instance(world.instances.get(slot).id), &groups)
}

/// Updates the private addresses of an instance in the security groups, if it has joined any.
pub fn sync_addresses(world: &mut World, slot: Slot) {
    let Some(extras) = world.instances.extras.get(slot).filter(|extras| extras.has_joined) else { return };
    let known = extras.known_addresses.clone();
    let member = MemberId::Instance(world.instances.get(slot).id);
    let now = private_addresses(world, slot);
    for gone in known.iter().filter(|address| !now.contains(address)) {
        world.security.unassign(member, *gone);
    }
    for new in now.iter().filter(|address| !known.contains(address)) {
        world.security.assign(member, *new);
    }
    world.instances.extras_mut(slot).known_addresses = now;
}

/// Returns the private addresses of the first interface of an instance, its first one first.
fn private_addresses(world: &World, slot: Slot) -> Vec<Ipv4Addr> {
    let instance = world.instances.get(slot);
    let first = std::iter::once(instance.address);
    let singles = world.network.first_interface_ranges(instance.id, AddressRange::Single).iter().copied();
    let prefixes = world.network.first_interface_ranges(instance.id, AddressRange::Prefix).iter();
    let prefixes = prefixes.flat_map(|first| (0..16).map(move |i| first.saturating_add(i)));
    let subnet = world.network.subnets().get(instance.subnet.index());
    (first.chain(singles).chain(prefixes))
        .filter_map(|offset| subnet.and_then(|subnet| subnet.address(offset)))
        .collect()
}

/// Checks that an instance in this subnet may have the groups that its launch names.
pub fn check_groups(
    world: &mut World,
    context: &LaunchContext,
    options: &LaunchOptions,
    allocation: &Allocation,
) -> Result<(), FailureReason> {
    if options.security_groups.is_empty() {
        return Ok(());
    }
    let groups = groups_in(world, allocation.subnet, context.account, &options.security_groups)?;
    let owner = owner_in(world, context.account, allocation.subnet);
    world.security.chosen(owner, &groups).map(|_| ())
}

/// Returns the groups of these names in the VPC of a subnet, if they exist.
pub fn groups_in(
    world: &mut World,
    subnet: SubnetId,
    account: AccountId,
    names: &[SecurityGroupHandle],
) -> Result<Vec<SecurityGroupId>, FailureReason> {
    let owner = owner_in(world, account, subnet);
    let one = |handle: &SecurityGroupHandle| {
        let name = &world.directory.handles.security_groups()[handle.0 as usize];
        let here = world.security.find(owner, name);
        here.or_else(|_| security_group(world, account, *handle))
    };
    names.iter().map(one).collect()
}

/// Returns the group of a name: one that a call has made, or one of the scenario in a VPC of the account.
pub fn security_group(
    world: &mut World,
    account: AccountId,
    name: SecurityGroupHandle,
) -> Result<SecurityGroupId, FailureReason> {
    open_vpcs(world, account);
    let name = &world.directory.handles.security_groups()[name.0 as usize];
    let mut owners = world.network.vpcs(account).map(|(_, vpc)| Owner { account, vpc: Vpc(vpc) });
    let found = owners.find_map(|owner| world.security.find(owner, name).ok());
    found.ok_or(Failure::InvalidGroupNotFound.into())
}

/// Creates the groups of the scenario in the VPCs of an account, unless it has them.
pub fn open_vpcs(world: &mut World, account: AccountId) {
    let name = &world.directory.accounts()[account.index()];
    for (vpc_name, vpc) in world.network.vpcs(account) {
        world.security.open(Owner { account, vpc: Vpc(vpc) }, name, vpc_name);
    }
}

/// Returns the owner of groups in the VPC of a subnet.
fn owner_in(world: &mut World, account: AccountId, subnet: SubnetId) -> Owner {
    open_vpcs(world, account);
    Owner { account, vpc: Vpc(world.network.vpc_of(subnet, account)) }
}

/// Returns the owner of groups in a VPC by its name.
fn owner_named(world: &mut World, account: AccountId, vpc: &str) -> Result<Owner, FailureReason> {
    open_vpcs(world, account);
    let found = world.network.vpcs(account).find(|(name, _)| *name == vpc);
    let (_, vpc) = found.ok_or(Failure::InvalidVpcIdNotFound)?;
    Ok(Owner { account, vpc: Vpc(vpc) })
}
