//! Description of a fleet as it stands: its use, who holds what, what still fits, and what the loss of a part would do.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::instances::table::Instance;
use crate::cloud::observe::observation::Sample;
use crate::cloud::observe::{headroom, loss, sampling};
use crate::cloud::standing::StandingFleet;
use plimsoll_base::units::{AccountId, HostId, Resources, TypeId};
use plimsoll_model::fleet::totals::Totals;
use plimsoll_model::headroom::{Census, Headroom, LossDomain, Share, Survival};
use plimsoll_model::lifecycle::State;

/// Description of a fleet at one moment.
#[derive(Clone, Debug)]
pub struct FleetDescription {
    /// State of the cloud as a sample has it.
    pub sample: Sample,
    /// Totals of each host group, by number in file order over all zones.
    pub groups: Vec<Totals>,
    /// Accounts with an instance on a host: the most vCPU first, then by id.
    pub accounts: Vec<(AccountId, Holding)>,
    /// Types with an instance on a host, in the same order, then those without one that were asked for.
    pub types: Vec<(TypeId, Holding)>,
    /// Room that is left.
    pub headroom: Headroom,
    /// Consequences of the loss of any one host, rack or zone; only of what there are several of.
    pub survival: Vec<(LossDomain, Survival)>,
}

/// Instances of an account or a type that are on hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Holding {
    /// Instances.
    pub instances: u64,
    /// vCPU \[milli-vCPU\].
    pub vcpu_milli: u64,
    /// Memory \[MiB\].
    pub memory_mib: u64,
    /// GPU \[milli-GPU\].
    pub gpu_milli: u64,
    /// Hosts that have one of its instances.
    pub hosts: u64,
}

impl StandingFleet {
    /// Describes the fleet as it stands.
    pub fn description(&self) -> FleetDescription {
        let world = &self.world;
        let census = Census::sum(&Census::by_zone(&world.hosts.fleet, &world.hosts.placer));
        let asked = headroom::live_mix(world);
        let survival = |domain: LossDomain| Some((domain, loss::survival(world, domain, &census, &asked)?));
        let mut survival: Vec<(LossDomain, Survival)> =
            [LossDomain::Host, LossDomain::Rack, LossDomain::Zone].into_iter().filter_map(survival).collect();
        let count_of = |survival: &[(LossDomain, Survival)], wanted| {
            survival.iter().find(|(domain, _)| *domain == wanted).map(|(_, survival)| survival.domains)
        };
        let others = [LossDomain::Host, LossDomain::Zone].map(|domain| count_of(&survival, domain));
        // A fleet of one zone has nowhere to go; a rack for each host, or for each zone, is told as that.
        survival.retain(|(domain, survival)| {
            survival.domains > 1 && (*domain != LossDomain::Rack || !others.contains(&Some(survival.domains)))
        });
        let fleet = &world.hosts.fleet;
        FleetDescription {
            sample: sampling::state(world, self.at, self.events),
            groups: (0..fleet.groups().len()).map(|group| *fleet.group_totals(group)).collect(),
            accounts: self.held_by(|instance| instance.account, &asked),
            types: self.types(&asked),
            headroom: headroom::measure(world, &census, &asked),
            survival,
        }
    }

    /// Returns what there is of each type that was asked for.
    fn types(&self, asked: &[Share]) -> Vec<(TypeId, Holding)> {
        let mut types = self.held_by(|instance| instance.kind, asked);
        let held: BTreeSet<TypeId> = types.iter().map(|(kind, _)| *kind).collect();
        let others = asked.iter().map(|share| share.kind).filter(|kind| !held.contains(kind));
        types.extend(others.map(|kind| (kind, Holding::default())));
        types
    }

    /// Returns what each owner has on hosts, the most vCPU first. `asked` holds every type.
    fn held_by<K: Ord + Copy>(&self, owner: impl Fn(&Instance) -> K, asked: &[Share]) -> Vec<(K, Holding)> {
        let amounts: BTreeMap<TypeId, &Share> = asked.iter().map(|share| (share.kind, share)).collect();
        let slots = self.world.instances.slots().map(|(_, instance)| instance);
        let placed = slots.filter(|instance| instance.has_host && instance.state != State::Terminated);
        let mut pairs: Vec<(K, HostId, TypeId)> =
            placed.map(|instance| (owner(instance), instance.host, instance.kind)).collect();
        pairs.sort_unstable();
        let mut held: Vec<(K, Holding)> = Vec::new();
        let mut last = None;
        for (owner, host, kind) in pairs {
            if held.last().is_none_or(|(known, _)| *known != owner) {
                held.push((owner, Holding::default()));
            }
            let holding = &mut held.last_mut().expect("one was pushed").1;
            let amounts = amounts[&kind].amounts;
            holding.instances += 1;
            holding.vcpu_milli += u64::from(amounts.vcpu_milli());
            holding.memory_mib += u64::from(amounts.memory_mib());
            holding.gpu_milli += u64::from(amounts.0[Resources::GPU]);
            holding.hosts += u64::from(last != Some((owner, host)));
            last = Some((owner, host));
        }
        held.sort_by_key(|(owner, holding)| (Reverse(holding.vcpu_milli), *owner));
        held
    }
}
