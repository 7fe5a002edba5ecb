//! Ownership of hosts: those of one account, and those that could become so.
//!
//! A host is an account's own from its first dedicated instance until it empties, or from its allocation as
//! a dedicated host until its release. No records are kept before the first request of such tenancy.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::request::Constraint;
use crate::fleet::host::{Pool, SkuId};
use crate::fleet::{Change, Fleet};
use plimsoll_base::units::{AccountId, HostId, TypeId, ZoneId};

/// Kind of ownership of a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Ownership {
    /// Dedicated instances of the account, which gives the host up when it empties.
    Instances,
    /// The account has allocated it as a dedicated host.
    Allocated,
    /// An instance of the account has it to itself, and it is given up when that leaves.
    Whole,
}

/// Terms of a dedicated host (`AllocateHosts`).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HostTerms {
    /// Types that it takes.
    pub takes: Takes,
    /// True for a host that takes launches without the name of one (`AutoPlacement`).
    pub auto_placement: bool,
    /// True for a host that is replaced by another one when it fails (`HostRecovery`).
    pub recovery: bool,
}

/// Changes of the terms of a dedicated host (`ModifyHosts`): what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HostTermsChange {
    /// Types that it takes.
    pub takes: Option<Takes>,
    /// True for one that takes launches without the name of a host.
    pub auto_placement: Option<bool>,
    /// True for one that is replaced when it fails.
    pub recovery: Option<bool>,
}

/// The types that a dedicated host takes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Takes {
    /// Every type that its hardware runs.
    #[default]
    Anything,
    /// Types of a family.
    Family(String),
    /// A single type.
    Type(TypeId),
}

/// The owners of hosts, and the hosts without one.
#[derive(Clone, Debug, Default)]
pub struct Tenancies {
    pub(super) owners: BTreeMap<HostId, (AccountId, Ownership)>,
    pub(super) owned: BTreeMap<(AccountId, ZoneId, Ownership), BTreeSet<HostId>>,
    /// Terms of the dedicated hosts.
    pub(super) terms: BTreeMap<HostId, HostTerms>,
    /// Instances on dedicated hosts, by type.
    pub(super) on_hosts: BTreeMap<(HostId, TypeId), u32>,
    /// The dedicated hosts that one instance has to itself.
    pub(super) whole: BTreeSet<HostId>,
    /// The families of the types that were asked for.
    pub(super) families: BTreeMap<TypeId, String>,
    /// Zone by zone the hosts that are vacant, by SKU: those of one SKU are alike, so that the lowest of each
    /// decides. Empty until tenancy matters.
    pub(super) vacant: Vec<Vacant>,
}

/// The vacant hosts of a zone by SKU.
pub type Vacant = BTreeMap<SkuId, BTreeSet<HostId>>;

impl Tenancies {
    /// Lists the vacant hosts, unless that was done before.
    pub(super) fn begin(&mut self, fleet: &Fleet) {
        if self.is_used() {
            return;
        }
        for zone in fleet.zones() {
            let mut vacant = Vacant::new();
            for id in zone.hosts.clone().map(HostId).filter(|id| fleet.is_vacant(*id)) {
                vacant.entry(fleet.hosts()[id.index()].sku).or_default().insert(id);
            }
            self.vacant.push(vacant);
        }
    }

    /// Returns true once tenancy matters.
    #[inline]
    pub(super) fn is_used(&self) -> bool {
        !self.vacant.is_empty()
    }

    /// Returns the vacant hosts of a zone. Tenancy matters by now.
    pub(super) fn vacant(&self, zone: ZoneId) -> &Vacant {
        &self.vacant[zone.index()]
    }

    /// Returns the hosts of a zone that are an account's own in this way, if there are any.
    pub fn owned(&self, account: AccountId, zone: ZoneId, ownership: Ownership) -> Option<&BTreeSet<HostId>> {
        self.owned.get(&(account, zone, ownership))
    }

    /// Returns the dedicated hosts of an account with their terms, zone by zone.
    pub fn dedicated_hosts(&self, account: AccountId) -> impl Iterator<Item = (HostId, &HostTerms)> {
        let from = self.owned.range((account, ZoneId(0), Ownership::Instances)..);
        let own = from.take_while(move |((of, ..), _)| *of == account);
        let allocated = own.filter(|((.., ownership), _)| *ownership == Ownership::Allocated);
        allocated.flat_map(|(_, hosts)| hosts.iter().map(|host| (*host, &self.terms[host])))
    }

    /// Returns true if any host has an owner.
    pub fn has_owners(&self) -> bool {
        !self.owners.is_empty()
    }

    /// Returns the terms of a dedicated host.
    pub fn terms_of(&self, host: HostId) -> Option<&HostTerms> {
        self.terms.get(&host)
    }

    /// Returns true if every instance on a dedicated host is of a type.
    pub(super) fn has_only(&self, host: HostId, kind: TypeId) -> bool {
        let mut on_host = self.on_hosts.range((host, TypeId(0))..).take_while(|((on, _), _)| *on == host);
        on_host.all(|((_, of), _)| *of == kind)
    }

    /// Returns the family of a type that was asked for.
    pub(super) fn family(&self, kind: TypeId) -> Option<&str> {
        self.families.get(&kind).map(String::as_str)
    }

    /// Returns the owner of a host, and the kind of ownership.
    pub fn owner(&self, host: HostId) -> Option<(AccountId, Ownership)> {
        self.owners.get(&host).copied()
    }

    /// Returns true if a dedicated host takes a type.
    pub(super) fn takes(&self, host: HostId, kind: TypeId) -> bool {
        match self.terms.get(&host).map(|terms| &terms.takes) {
            None | Some(Takes::Anything) => true,
            Some(Takes::Type(only)) => *only == kind,
            Some(Takes::Family(family)) => self.families.get(&kind) == Some(family),
        }
    }

    /// Returns true if a dedicated host takes launches that name no host.
    pub(super) fn places_automatically(&self, host: HostId) -> bool {
        self.terms.get(&host).is_some_and(|terms| terms.auto_placement)
    }

    /// Returns true if one instance has a dedicated host to itself.
    pub(super) fn is_whole(&self, host: HostId) -> bool {
        self.whole.contains(&host)
    }

    /// Returns the number of instances of a type on a dedicated host.
    pub(super) fn count_on(&self, host: HostId, kind: TypeId) -> u32 {
        self.on_hosts.get(&(host, kind)).copied().unwrap_or(0)
    }

    /// Notes an instance on a dedicated host.
    pub(super) fn enter(&mut self, host: HostId, constraint: &Constraint) {
        if let Some(kind) = constraint.kind {
            *self.on_hosts.entry((host, kind)).or_default() += 1;
        }
        if constraint.whole {
            self.whole.insert(host);
        }
    }

    /// Forgets an instance on a dedicated host.
    pub(super) fn leave(&mut self, host: HostId, constraint: &Constraint) {
        if let Some(kind) = constraint.kind {
            let count = self.on_hosts.get_mut(&(host, kind)).expect("an instance of the type was there");
            *count -= 1;
            if *count == 0 {
                self.on_hosts.remove(&(host, kind));
            }
        }
        if constraint.whole {
            self.whole.remove(&host);
        }
    }

    /// Notes that a host is an account's own. [`Tenancies::settle`] updates the fleet.
    pub(super) fn take(&mut self, host: HostId, zone: ZoneId, account: AccountId, ownership: Ownership) {
        match self.owners.insert(host, (account, ownership)) {
            None => _ = self.owned.entry((account, zone, ownership)).or_default().insert(host),
            Some(before) => assert_eq!(before, (account, ownership), "host {host} is another account's"),
        }
    }

    /// Notes that a host has no owner any more.
    pub(super) fn give(&mut self, host: HostId, zone: ZoneId) {
        let (account, ownership) = self.owners.remove(&host).expect("the host has an owner");
        let key = (account, zone, ownership);
        let hosts = self.owned.get_mut(&key).expect("the owner has hosts");
        hosts.remove(&host);
        if hosts.is_empty() {
            self.owned.remove(&key);
        }
    }

    /// Brings pool and vacancy of a host into line with its owner and its instances.
    pub(super) fn settle(&mut self, id: HostId, zone: ZoneId, fleet: &mut Fleet) -> Change {
        let record = fleet.hosts()[id.index()];
        let mut owner = self.owner(id);
        if record.instances == 0 && owner.is_some_and(|(_, how)| how != Ownership::Allocated) {
            self.give(id, zone);
            owner = None;
        }
        let change = match (owner.is_some(), record.pool == Pool::Owned) {
            (true, false) => {
                fleet.own(id);
                Change::Amounts
            }
            (false, true) => fleet.disown(id),
            _ => Change::Amounts,
        };
        let hosts = self.vacant[zone.index()].entry(record.sku).or_default();
        if fleet.is_vacant(id) {
            hosts.insert(id);
        } else {
            hosts.remove(&id);
        }
        change
    }
}
