//! Views of a session: what clients see of its instances, and the parts of the cloud that they ask about.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::cloud::api::client_answers::ClientCalls;
use crate::cloud::api::open_requests::{SpotRequest, SpotRequestNumber};
use crate::cloud::api::released_hosts::ReleasedHost;
use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::table::Instance;
use crate::cloud::observe::observation::Sample;
use crate::cloud::observe::tally::Tally;
use crate::cloud::observe::{headroom, sampling};
use crate::cloud::session::Session;
use plimsoll_base::metrics::Durations;
use plimsoll_base::units::{AccountId, HostId, ImageId, InstanceId, SubnetId, Time, TypeId, ZoneId};
use plimsoll_model::fleet::Fleet;
use plimsoll_model::lifecycle::State;
use plimsoll_model::network::Network;
use plimsoll_model::network::security::{DEFAULT_GROUP, MemberId, Owner, SecurityGroup, SecurityGroups, Vpc};
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::groups::Groups;
use plimsoll_model::placement::reservations::Reservations;
use plimsoll_model::placement::tenancies::{HostTerms, Ownership};
use plimsoll_model::storage::Storage;
use plimsoll_model::workload::call::{Filter, LaunchOptions};

/// Tags without any.
static NO_TAGS: BTreeMap<String, String> = BTreeMap::new();

/// Instance as clients see it.
#[derive(Clone, Copy, Debug)]
pub struct InstanceView<'a> {
    /// Id.
    pub id: InstanceId,
    /// Account.
    pub account: AccountId,
    /// State.
    pub state: State,
    /// Time at which it entered its state.
    pub since: Time,
    /// Time of its launch.
    pub launched: Time,
    /// Type.
    pub kind: TypeId,
    /// Zone.
    pub zone: ZoneId,
    /// Host; `None` while it is stopped, and after its end.
    pub host: Option<HostId>,
    /// Subnet; `None` where the scenario has none.
    pub subnet: Option<SubnetId>,
    /// Private address; `None` after its end, and where addresses have no limit.
    pub private_address: Option<Ipv4Addr>,
    /// True if it has a public address that was assigned to it.
    pub has_public_address: bool,
    /// Image; `None` for one that is always there.
    pub image: Option<ImageId>,
    /// True if termination is refused.
    pub is_protected: bool,
    /// Options of its launch, where it had any and has not ended.
    pub options: Option<&'a LaunchOptions>,
    /// Tags, by key.
    pub tags: &'a BTreeMap<String, String>,
}

impl InstanceView<'_> {
    /// Returns whether it meets a filter.
    pub fn meets(&self, filter: &Filter) -> bool {
        match filter {
            Filter::State(states) => states.contains(&self.state),
            Filter::Type(kind) => self.kind == *kind,
            Filter::Zone(zone) => self.zone == *zone,
            Filter::Subnet(subnet) => self.subnet == Some(*subnet),
            Filter::Tag(key, value) => {
                let found = self.tags.get(key);
                found.is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
            }
        }
    }
}

impl Session {
    /// Returns an instance, alive or ended within the hour before.
    pub fn instance(&self, id: InstanceId) -> Option<InstanceView<'_>> {
        let by_id = self.world.instances.by_id.as_ref().expect("instances are kept by id");
        let (slot, launched) = by_id.launched(id)?;
        let alive = self.world.instances.get(slot);
        if alive.id == id && alive.state != State::Terminated {
            return Some(self.view_of(alive, slot, launched));
        }
        let ended = by_id.find_ended(id, self.now())?;
        let view = InstanceView {
            host: None,
            private_address: None,
            has_public_address: false,
            tags: &ended.tags,
            options: None,
            image: None,
            is_protected: false,
            ..self.view_of(&ended.instance, slot, launched)
        };
        Some(view)
    }

    fn view_of<'a>(&'a self, instance: &Instance, slot: Slot, launched: Time) -> InstanceView<'a> {
        let extras = self.world.instances.extras.get(slot).filter(|_| instance.has_extras);
        let subnet = self.world.network.subnets().get(instance.subnet.index());
        InstanceView {
            id: instance.id,
            account: instance.account,
            state: instance.state,
            since: instance.since,
            launched,
            kind: instance.kind,
            zone: instance.zone,
            host: instance.has_host.then_some(instance.host),
            subnet: subnet.map(|_| instance.subnet),
            private_address: subnet.and_then(|subnet| subnet.address(instance.address)),
            has_public_address: instance.has_public_address,
            image: extras.and_then(|extras| extras.image),
            is_protected: extras.is_some_and(|extras| extras.protected),
            options: extras.and_then(|extras| extras.options.as_deref()),
            tags: extras.map_or(&NO_TAGS, |extras| &extras.tags),
        }
    }

    /// Returns the number of instances launched so far, alive or ended: their ids are those below it.
    pub fn launched(&self) -> u64 {
        self.world.instances.next_id(0).0
    }

    /// Returns the instances of an account, alive or ended within the hour before, from an id on, in the order of launch.
    pub fn instances_of(
        &self,
        account: AccountId,
        from: InstanceId,
    ) -> impl Iterator<Item = InstanceView<'_>> {
        let by_id = self.world.instances.by_id.as_ref().expect("instances are kept by id");
        by_id.of_account(account, from).filter_map(|id| self.instance(id))
    }

    /// Returns the hosts.
    pub fn fleet(&self) -> &Fleet {
        &self.world.hosts.fleet
    }

    /// Returns subnets, addresses and interfaces.
    pub fn network(&self) -> &Network {
        &self.world.network
    }

    /// Returns volumes, snapshots and images.
    pub fn storage(&self) -> &Storage {
        &self.world.storage
    }

    /// Returns security groups, their rules and members.
    pub fn security(&self) -> &SecurityGroups {
        &self.world.security
    }

    /// Returns the security groups of an instance. One that has joined none is in the default one of its VPC, which is there once a
    /// client of its account has asked for groups or launched.
    pub fn security_groups_of(&self, id: InstanceId) -> Vec<&SecurityGroup> {
        let security = &self.world.security;
        if let Some(groups) = security.joined(MemberId::Instance(id)) {
            return groups.iter().filter_map(|group| security.group(*group).ok()).collect();
        }
        let alive = self.instance(id).filter(|view| view.state != State::Terminated);
        let default = alive.and_then(|view| {
            let subnet = view.subnet.unwrap_or_default();
            let vpc = Vpc(self.world.network.vpc_of(subnet, view.account));
            security.find(Owner { account: view.account, vpc }, DEFAULT_GROUP).ok()
        });
        default.and_then(|group| security.group(group).ok()).into_iter().collect()
    }

    /// Returns the placement groups.
    pub fn placement_groups(&self) -> &Groups {
        &self.world.hosts.placer.groups
    }

    /// Returns the dedicated hosts of an account with their terms, zone by zone.
    pub fn dedicated_hosts(&self, account: AccountId) -> impl Iterator<Item = (HostId, &HostTerms)> {
        self.world.hosts.placer.tenancies().dedicated_hosts(account)
    }

    /// Returns the dedicated hosts of an account that were released within the hour before.
    pub fn released_hosts(&self, account: AccountId) -> impl Iterator<Item = &ReleasedHost> {
        self.client_calls().released_hosts.shown(account, self.now())
    }

    /// Returns the number of times that a host was a dedicated host and was released.
    pub fn releases_of(&self, host: HostId) -> u32 {
        self.client_calls().released_hosts.term(host)
    }

    /// Returns the spot requests of an account that stayed open and have no instance, by number.
    pub fn spot_requests(
        &self,
        account: AccountId,
    ) -> impl Iterator<Item = (SpotRequestNumber, &SpotRequest)> {
        self.client_calls().spot_requests.of_account(account)
    }

    /// Returns a spot request that stayed open and has no instance.
    pub fn spot_request(&self, number: SpotRequestNumber) -> Option<&SpotRequest> {
        self.client_calls().spot_requests.get(number)
    }

    fn client_calls(&self) -> &ClientCalls {
        self.world.clients.as_ref().expect("clients call")
    }

    /// Returns whether a host is a dedicated host of an account.
    pub fn has_dedicated_host(&self, account: AccountId, host: HostId) -> bool {
        self.world.hosts.placer.tenancies().owner(host) == Some((account, Ownership::Allocated))
    }

    /// Returns the capacity reservations.
    pub fn reservations(&self) -> &Reservations {
        &self.world.hosts.reservations
    }

    /// Returns the state of the cloud as a sample has it.
    pub fn sample(&self) -> Sample {
        sampling::state(&self.world, self.now(), self.progress.milestones.events)
    }

    /// Returns what all that runs costs an hour \[pico-USD\].
    pub fn pico_usd_per_hour(&self) -> u128 {
        self.world.recorder.ledger.accrual.rate()
    }

    /// Returns the operations that calls have asked for since the end of the warm-up, with their outcomes.
    pub fn operations(&self) -> impl Iterator<Item = (Operation, &Tally)> {
        let operations = self.world.recorder.ledger.operations.iter();
        operations.filter(|(_, tally)| tally.requested > 0)
    }

    /// Returns the simulated times from calls until what they asked for was there, by operation, since the end of the warm-up.
    pub fn effect_times(&self) -> impl Iterator<Item = (Operation, &Durations)> {
        let durations = self.world.recorder.ledger.durations.iter();
        durations.filter(|(_, durations)| durations.count() > 0)
    }

    /// Returns the simulated times from calls until the control plane answered them, by operation; none without one.
    pub fn answer_times(&self) -> impl Iterator<Item = (Operation, &Durations)> {
        self.world.control.iter().flat_map(|control| control.plane.answers())
    }

    /// Returns how many instances of each type asked for so far would still fit in each zone, if nothing else came. One pass
    /// over the hosts.
    pub fn headroom(&self) -> Vec<(ZoneId, TypeId, u64)> {
        headroom::allocable_now(&self.world)
    }

    /// Returns whether a zone offers a type of this name.
    pub fn offers(&self, name: &str, zone: ZoneId) -> bool {
        self.world.types.offers_named(name, zone, &self.world.hosts.fleet)
    }

    /// Returns whether calls pass a control plane before they take effect.
    pub fn has_control_plane(&self) -> bool {
        self.world.control.is_some()
    }
}
