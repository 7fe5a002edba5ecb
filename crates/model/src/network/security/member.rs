//! Members of security groups: interfaces, and the look-up from a private address of a VPC to its interface.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::group::{Owner, Vpc};
use plimsoll_base::units::{InstanceId, InterfaceId, SecurityGroupId};

/// An interface that has security groups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum MemberId {
    /// The first interface of an instance.
    Instance(InstanceId),
    /// A beside it.
    Interface(InterfaceId),
}

/// An end of traffic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Endpoint {
    /// An interface, by its first private address.
    Member(MemberId),
    /// An address. A private one of the other end's VPC is that of the interface which has it.
    Address(Ipv4Addr),
}

/// An interface with its groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Account and VPC.
    pub owner: Owner,
    /// Its private addresses, the first one in front; none where a scenario has no subnets.
    pub addresses: Vec<Ipv4Addr>,
    /// Its groups, in the order of their numbers.
    pub groups: Vec<SecurityGroupId>,
}

/// All interfaces, by id and by private address.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub(super) struct Members {
    members: BTreeMap<MemberId, Member>,
    by_address: BTreeMap<(Vpc, Ipv4Addr), MemberId>,
}

impl Members {
    pub fn get(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// Returns the interface with a private address of a VPC.
    pub fn at(&self, vpc: Vpc, address: Ipv4Addr) -> Option<MemberId> {
        self.by_address.get(&(vpc, address)).copied()
    }

    pub fn insert(&mut self, id: MemberId, owner: Owner, groups: Vec<SecurityGroupId>) {
        let before = self.members.insert(id, Member { owner, addresses: Vec::new(), groups });
        assert!(before.is_none(), "{id:?} joins twice");
    }

    pub fn remove(&mut self, id: MemberId) -> Member {
        let member = self.members.remove(&id).expect("only a member leaves");
        for &address in &member.addresses {
            self.by_address.remove(&(member.owner.vpc, address));
        }
        member
    }

    /// Gives an interface other groups and returns those it had.
    pub fn replace_groups(&mut self, id: MemberId, groups: Vec<SecurityGroupId>) -> Vec<SecurityGroupId> {
        std::mem::replace(&mut self.existing(id).groups, groups)
    }

    pub fn assign(&mut self, id: MemberId, address: Ipv4Addr) {
        let member = self.existing(id);
        member.addresses.push(address);
        let vpc = member.owner.vpc;
        let before = self.by_address.insert((vpc, address), id);
        assert!(before.is_none(), "{address} of VPC {} is {before:?}'s already", vpc.0);
    }

    pub fn unassign(&mut self, id: MemberId, address: Ipv4Addr) {
        let member = self.existing(id);
        let position = member.addresses.iter().position(|held| *held == address);
        member.addresses.remove(position.expect("only an address that is assigned is taken back"));
        let vpc = member.owner.vpc;
        self.by_address.remove(&(vpc, address));
    }

    fn existing(&mut self, id: MemberId) -> &mut Member {
        self.members.get_mut(&id).expect("the interface has joined and has not left")
    }
}
