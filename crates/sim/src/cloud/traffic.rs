//! Security groups and the traffic they let pass.
//!
//! An interface joins its groups when somebody asks about them: when a launch names groups, or a probe comes
//! or goes. Until then nobody can tell, and an instance in the default group costs nothing.

use std::net::Ipv4Addr;

use super::Cloud;
use super::instance::Instance;
use super::place::{Order, Placement};
use super::reference::Slot;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, SecurityGroupId, SubnetId, Time};
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::AddressRange;
use plimsoll_model::network::security::{self, MemberId, Owner, Permission, Probe, Traffic, Vpc};
use plimsoll_model::quota::Quota;
use plimsoll_model::workload::call::LaunchOptions;
use plimsoll_model::workload::handles::SecurityGroupHandle;
use plimsoll_model::workload::resource_call::{Endpoint, Peer, Rule};

impl Cloud {
    pub(super) fn create_security_group(
        &mut self,
        account: AccountId,
        name: SecurityGroupHandle,
        vpc: &str,
    ) -> Result<(), FailureReason> {
        let owner = self.owner_named(account, vpc)?;
        let name = &self.directory.handles.security_groups()[name.0 as usize];
        self.quotas.meet(self.directory.accounts());
        self.quotas.allow(account, Quota::SecurityGroups, self.security.count(account))?;
        self.security.create(owner, name).map(|_| ())
    }

    pub(super) fn delete_security_group(
        &mut self,
        account: AccountId,
        name: SecurityGroupHandle,
    ) -> Result<(), FailureReason> {
        let id = self.security_group(account, name)?;
        self.security.delete(id)
    }

    /// Adds a rule, or takes it away.
    pub(super) fn change_rule(
        &mut self,
        account: AccountId,
        group: SecurityGroupHandle,
        rule: &Rule,
        adds: bool,
    ) -> Result<(), FailureReason> {
        let id = self.security_group(account, group)?;
        let traffic = Traffic::new(rule.protocol, rule.ports);
        let traffic = traffic.map_err(|_| Failure::InvalidPermissionMalformed)?;
        let peer = match rule.peer {
            Peer::Network(net) => security::Peer::Cidr(net),
            Peer::Group(other) => security::Peer::Group(self.security_group(account, other)?),
        };
        let permission = Permission { traffic, peer };
        let change = if adds {
            self.security.authorize(id, rule.direction, permission)
        } else {
            self.security.revoke(id, rule.direction, permission)
        };
        change.map(|_| ())
    }

    /// Sends a packet; refused where no rule lets it pass.
    pub(super) fn probe(
        &mut self,
        now: Time,
        account: AccountId,
        from: Endpoint,
        to: Endpoint,
        packet: security::Packet,
    ) -> Result<(), FailureReason> {
        self.meet_at(account, from, to)?;
        self.meet_at(account, to, from)?;
        let (from, to) = (self.endpoint(account, from)?, self.endpoint(account, to)?);
        let verdict = self.security.probe(now, Probe { from, to, packet })?;
        verdict.reason().map_or(Ok(()), Err)
    }

    fn endpoint(&mut self, account: AccountId, end: Endpoint) -> Result<security::Endpoint, FailureReason> {
        match end {
            Endpoint::Address(address) => Ok(security::Endpoint::Address(address)),
            Endpoint::Instance(name) => {
                let slot = self.changeable(account, name)?;
                self.join(slot, &[])?;
                Ok(security::Endpoint::Member(MemberId::Instance(self.instances.get(slot).id)))
            }
        }
    }

    /// Whoever has an address in the VPC of the other end joins its groups, if nobody has asked about it before.
    fn meet_at(&mut self, account: AccountId, end: Endpoint, other: Endpoint) -> Result<(), FailureReason> {
        let (Endpoint::Address(address), Endpoint::Instance(other)) = (end, other) else { return Ok(()) };
        let vpc = |cloud: &Cloud, of: &Instance| cloud.network.vpc_of(of.subnet, of.account);
        let other = vpc(self, self.instances.get(self.changeable(account, other)?));
        let found = self.instances.slots().find(|(slot, instance)| {
            instance.state != State::Terminated
                && vpc(self, instance) == other
                && self.private_addresses(*slot).contains(&address)
        });
        let found = found.map(|(slot, _)| slot);
        found.map_or(Ok(()), |slot| self.join(slot, &[]))
    }

    /// The first interface of an instance is in these groups from now on, or in the default one.
    pub(super) fn join(&mut self, slot: Slot, groups: &[SecurityGroupId]) -> Result<(), FailureReason> {
        let instance = self.instances.get(slot);
        let (id, account, subnet) = (instance.id, instance.account, instance.subnet);
        if self.extras.get(slot).is_some_and(|extras| extras.has_joined) {
            return Ok(());
        }
        let owner = self.owner_in(account, subnet);
        self.security.join(MemberId::Instance(id), owner, groups)?;
        self.extras_mut(slot).has_joined = true;
        self.know_addresses(slot);
        Ok(())
    }

    /// Gives the first interface of an instance other groups.
    pub(super) fn change_groups(
        &mut self,
        slot: Slot,
        groups: &[SecurityGroupHandle],
    ) -> Result<(), FailureReason> {
        let instance = self.instances.get(slot);
        let groups = self.groups_in(instance.subnet, instance.account, groups)?;
        self.join(slot, &[])?;
        self.security.change_groups(MemberId::Instance(self.instances.get(slot).id), &groups)
    }

    /// Tells the security groups the private addresses an instance has now, if it has joined any.
    pub(super) fn know_addresses(&mut self, slot: Slot) {
        let Some(extras) = self.extras.get(slot).filter(|extras| extras.has_joined) else { return };
        let known = extras.known_addresses.clone();
        let member = MemberId::Instance(self.instances.get(slot).id);
        let now = self.private_addresses(slot);
        for gone in known.iter().filter(|address| !now.contains(address)) {
            self.security.unassign(member, *gone);
        }
        for new in now.iter().filter(|address| !known.contains(address)) {
            self.security.assign(member, *new);
        }
        self.extras_mut(slot).known_addresses = now;
    }

    /// The private addresses of the first interface of an instance, its first one first.
    fn private_addresses(&self, slot: Slot) -> Vec<Ipv4Addr> {
        let instance = self.instances.get(slot);
        let first = std::iter::once(instance.address);
        let singles = self.network.first_interface_ranges(instance.id, AddressRange::Single).iter().copied();
        let prefixes = self.network.first_interface_ranges(instance.id, AddressRange::Prefix).iter();
        let prefixes = prefixes.flat_map(|first| (0..16).map(move |i| first.saturating_add(i)));
        let subnet = self.network.subnets().get(instance.subnet.index());
        (first.chain(singles).chain(prefixes))
            .filter_map(|offset| subnet.and_then(|subnet| subnet.address(offset)))
            .collect()
    }

    /// Returns whether an instance in this place may have the groups its launch names.
    pub(super) fn equip_security(
        &mut self,
        order: &Order,
        options: &LaunchOptions,
        placement: &Placement,
    ) -> Result<(), FailureReason> {
        if options.security_groups.is_empty() {
            return Ok(());
        }
        let groups = self.groups_in(placement.subnet, order.account, &options.security_groups)?;
        let owner = self.owner_in(order.account, placement.subnet);
        self.security.chosen(owner, &groups).map(|_| ())
    }

    /// The groups of these names, as an interface in a subnet means them: those of its VPC, if they are there.
    pub(super) fn groups_in(
        &mut self,
        subnet: SubnetId,
        account: AccountId,
        names: &[SecurityGroupHandle],
    ) -> Result<Vec<SecurityGroupId>, FailureReason> {
        let owner = self.owner_in(account, subnet);
        let one = |handle: &SecurityGroupHandle| {
            let name = &self.directory.handles.security_groups()[handle.0 as usize];
            let here = self.security.find(owner, name);
            here.or_else(|_| self.security_group(account, *handle))
        };
        names.iter().map(one).collect()
    }

    /// The group of a name: one a call has made, or one of the scenario's in a VPC of the account.
    pub(super) fn security_group(
        &mut self,
        account: AccountId,
        name: SecurityGroupHandle,
    ) -> Result<SecurityGroupId, FailureReason> {
        self.open_vpcs(account);
        let name = &self.directory.handles.security_groups()[name.0 as usize];
        let mut owners = self.network.vpcs(account).map(|(_, vpc)| Owner { account, vpc: Vpc(vpc) });
        let found = owners.find_map(|owner| self.security.find(owner, name).ok());
        found.ok_or(Failure::InvalidGroupNotFound.into())
    }

    /// The account begins to use its VPCs, where it has not yet.
    fn open_vpcs(&mut self, account: AccountId) {
        let name = &self.directory.accounts()[account.index()];
        for (vpc_name, vpc) in self.network.vpcs(account) {
            self.security.open(Owner { account, vpc: Vpc(vpc) }, name, vpc_name);
        }
    }

    fn owner_in(&mut self, account: AccountId, subnet: SubnetId) -> Owner {
        self.open_vpcs(account);
        Owner { account, vpc: Vpc(self.network.vpc_of(subnet, account)) }
    }

    fn owner_named(&mut self, account: AccountId, vpc: &str) -> Result<Owner, FailureReason> {
        self.open_vpcs(account);
        let found = self.network.vpcs(account).find(|(name, _)| *name == vpc);
        let (_, vpc) = found.ok_or(Failure::InvalidVpcIdNotFound)?;
        Ok(Owner { account, vpc: Vpc(vpc) })
    }
}
