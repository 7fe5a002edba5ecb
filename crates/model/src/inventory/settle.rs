//! Settlement of an inventory: which machines can be where they are said to be. What is left out is told by reason, with names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Absence, Inventory, InventoryHost, InventoryInstance};
use plimsoll_base::catalogue;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::Resources;

/// An inventory without contradictions.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Settled {
    /// The hosts, in file order.
    pub hosts: Vec<InventoryHost>,
    /// Machines with a host of the inventory, in file order.
    pub residents: Vec<InventoryInstance>,
    /// Machines without one, which a run launches at its start.
    pub others: Vec<InventoryInstance>,
    /// Hosts and machines left out, or kept with a note, by reason: their names.
    pub told: BTreeMap<&'static str, Vec<String>>,
}

impl Settled {
    /// Returns a problem with a factor of overcommitment that changes nothing: there are no hosts whose vCPUs it multiplies.
    pub fn refuse_overcommit(&self, overcommit: u32) -> Option<Problem> {
        let has_effect = overcommit == 1000 || !self.hosts.is_empty();
        (!has_effect).then(|| {
            let found = "found a factor, but the inventory lists no hosts whose vCPUs it would sell more often";
            Problem::new(Place::key("--overcommit"), found).with_help(
                "add the list of hosts to the files, or leave the option out and state `vcpu` of the assumed hosts in scenario.toml",
            )
        })
    }

    /// Returns true where nothing runs.
    pub fn is_empty(&self) -> bool {
        self.residents.is_empty() && self.others.is_empty()
    }

    /// Tells of a host or machine by a reason.
    pub fn tell(&mut self, reason: &'static str, name: &str) {
        self.told.entry(reason).or_default().push(name.to_string());
    }
}

/// Note on a dedicated host whose account is not known: it is kept as one of [`NO_ACCOUNT`].
const OF_NO_ACCOUNT: &str = "hosts of no known account: nothing more is placed on them";

/// Name of the account that has the dedicated hosts of which no account is known.
pub const NO_ACCOUNT: &str = "unknown";

/// Reason by which machines are told that their host has too little vCPU for.
const SHORT_OF_VCPU: &str = "left out: ask for more vCPU than is left of their host";

/// Returns the least factor of overcommitment \[thousandths, a multiple of a tenth\] with which no machine is left out for want of
/// vCPU, and how many more residents there are with it; `None` where none is left out for that.
pub fn overcommit_that_holds(inventory: &Inventory, overcommit: u32) -> Option<(u32, usize)> {
    let settled = settle(inventory.clone(), overcommit);
    settled.told.get(SHORT_OF_VCPU)?;
    let mut asked: BTreeMap<&str, u64> = BTreeMap::new();
    for machine in inventory.instances.iter().filter(|machine| machine.absence.is_none()) {
        let vcpu = size(machine).map_or(0, |size| u64::from(size.vcpu_milli()));
        *asked.entry(&machine.host).or_default() += vcpu;
    }
    let factor = |host: &InventoryHost| {
        let has = u64::from(host.capacity.vcpu_milli());
        Some((asked.get(host.name.as_str())? * 10).div_ceil(has.max(1)) * 100)
    };
    let most =
        inventory.hosts.iter().filter(|host| host.capacity.vcpu_milli() > 0).filter_map(factor).max()?;
    let most = u32::try_from(most).ok()?;
    let more = settle(inventory.clone(), most).residents.len().checked_sub(settled.residents.len())?;
    Some((most, more)).filter(|(_, more)| *more > 0)
}

/// Settles an inventory. Each vCPU of a host is sold `overcommit` times \[thousandths\].
pub fn settle(inventory: Inventory, overcommit: u32) -> Settled {
    let mut settled = Settled::default();
    let mut free: BTreeMap<String, Resources> = BTreeMap::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for mut host in inventory.hosts {
        let vcpu = u64::from(host.capacity.0[Resources::VCPU]) * u64::from(overcommit) / 1000;
        host.capacity.0[Resources::VCPU] = u32::try_from(vcpu).unwrap_or(u32::MAX - 1);
        if free.contains_key(&host.name) {
            settled.tell("hosts left out: listed twice", &host.name);
        } else if host.capacity.vcpu_milli() == 0 || host.capacity.memory_mib() == 0 {
            settled.tell("hosts left out: without vCPU or memory", &host.name);
        } else {
            if host.is_closed {
                settled.tell("hosts taken as open, closed to new instances there: leave out their rows to count without them", &host.name);
            }
            if host.is_assumed {
                settled
                    .tell("hosts of an assumed size: that of the largest type of their family", &host.name);
            }
            if host.dedicated.as_ref().is_some_and(|terms| terms.account.is_empty()) {
                settled.tell(OF_NO_ACCOUNT, &host.name);
            }
            free.insert(host.name.clone(), host.capacity);
            owners.extend(host.dedicated.clone().map(|terms| (host.name.clone(), terms.account)));
            settled.hosts.push(host);
        }
    }
    let mut names = BTreeSet::new();
    for mut machine in inventory.instances {
        match reason_to_leave_out(&machine, &mut names, (&free, &owners)) {
            Some(reason) => settled.tell(reason, &machine.name),
            None if machine.host.is_empty() => settled.others.push(machine),
            None => {
                let asked = size(&machine).expect("an unknown type is left out");
                let left =
                    free.get_mut(&machine.host).expect("a host that is missing is a reason to leave out");
                *left = left.minus(&asked);
                if machine.account.is_empty() && owners.contains_key(&machine.host) {
                    machine.account = NO_ACCOUNT.to_string();
                }
                settled.residents.push(machine);
            }
        }
    }
    settled
}

fn reason_to_leave_out(
    machine: &InventoryInstance,
    names: &mut BTreeSet<String>,
    (free, owners): (&BTreeMap<String, Resources>, &BTreeMap<String, String>),
) -> Option<&'static str> {
    if !names.insert(machine.name.clone()) {
        return Some("left out: listed twice");
    }
    if let Some(absence) = machine.absence {
        return Some(match absence {
            Absence::PoweredOff => "left out: powered off",
            Absence::Template => "left out: templates",
            Absence::Ended => "left out: ended",
        });
    }
    let Some(asked) = size(machine) else { return Some("left out: of an unknown type") };
    if asked == Resources::ZERO {
        return Some("left out: ask for nothing");
    }
    if machine.host.is_empty() {
        return None;
    }
    let Some(left) = free.get(&machine.host) else {
        return Some("left out: on a host that is not listed");
    };
    if owners.get(&machine.host).is_some_and(|owner| *owner != machine.account) {
        return Some("left out: on a dedicated host of another account");
    }
    match left.covers(&asked) {
        true => None,
        false if left.vcpu_milli() < asked.vcpu_milli() => Some(SHORT_OF_VCPU),
        false => Some("left out: larger than what is left of their host"),
    }
}

/// Returns the amounts that a machine asks for; `None` where its type is unknown. No inventory states the bandwidth of its hosts,
/// which has no limit then.
pub fn size(machine: &InventoryInstance) -> Option<Resources> {
    match machine.kind.is_empty() || machine.shape != Resources::ZERO {
        true => Some(without_network(machine.shape)),
        false => size_of_type(&machine.kind),
    }
}

/// Returns the amounts of a type; `None` where it is unknown.
pub fn size_of_type(kind: &str) -> Option<Resources> {
    catalogue::find(kind).map(|entry| without_network(entry.request()))
}

fn without_network(mut amounts: Resources) -> Resources {
    amounts.0[Resources::NETWORK] = 0;
    amounts
}

#[cfg(test)]
mod tests {
    use super::super::DedicatedTerms;
    use super::*;

    fn host(name: &str, vcpu: u32, memory: u32) -> InventoryHost {
        InventoryHost {
            name: name.into(),
            capacity: Resources::new(vcpu * 1000, memory * 1024),
            ..Default::default()
        }
    }

    fn machine(name: &str, host: &str, vcpu: u32, memory: u32) -> InventoryInstance {
        let shape = Resources::new(vcpu * 1000, memory * 1024);
        InventoryInstance { name: name.into(), host: host.into(), shape, ..InventoryInstance::default() }
    }

    #[test]
    fn whatever_cannot_be_is_told_by_reason_and_nothing_else_is_lost() {
        let of_type =
            |name: &str, kind: &str| InventoryInstance { kind: kind.into(), ..machine(name, "h1", 0, 0) };
        let off =
            |name: &str, absence| InventoryInstance { absence: Some(absence), ..machine(name, "h1", 1, 1) };
        let instances = vec![
            machine("a", "h1", 4, 8),
            machine("a", "h1", 1, 1),
            machine("too-large", "h1", 8, 8),
            machine("nowhere", "h9", 1, 1),
            machine("free", "", 1, 1),
            machine("nothing", "h1", 0, 0),
            off("off", Absence::PoweredOff),
            off("template", Absence::Template),
            off("gone", Absence::Ended),
            of_type("odd", "x9.huge"),
            of_type("typed", "m5.large"),
        ];
        let hosts = vec![
            host("h1", 8, 32),
            host("h1", 1, 1),
            host("h2", 0, 4),
            InventoryHost { is_closed: true, ..host("h3", 1, 1) },
        ];
        let (listed_hosts, listed) = (hosts.len(), instances.len());
        let settled = settle(Inventory { hosts, instances }, 1000);
        let names =
            |machines: &[InventoryInstance]| machines.iter().map(|of| of.name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(&settled.residents), names(&settled.others)),
            (vec!["a".into(), "typed".into()], vec!["free".to_string()])
        );
        let told: Vec<(&str, usize)> =
            settled.told.iter().map(|(reason, names)| (*reason, names.len())).collect();
        assert_eq!(
            told,
            [
                ("hosts left out: listed twice", 1),
                ("hosts left out: without vCPU or memory", 1),
                (
                    "hosts taken as open, closed to new instances there: leave out their rows to count without them",
                    1
                ),
                ("left out: ask for more vCPU than is left of their host", 1),
                ("left out: ask for nothing", 1),
                ("left out: ended", 1),
                ("left out: listed twice", 1),
                ("left out: of an unknown type", 1),
                ("left out: on a host that is not listed", 1),
                ("left out: powered off", 1),
                ("left out: templates", 1),
            ]
        );
        let left_out: usize =
            told.iter().filter(|(reason, _)| reason.starts_with("left out")).map(|(_, count)| count).sum();
        assert_eq!(left_out + settled.residents.len() + settled.others.len(), listed);
        assert_eq!(settled.hosts.len() + 2, listed_hosts);
    }

    #[test]
    fn a_dedicated_host_has_instances_of_its_account_alone() {
        let terms = |account: &str| Some(DedicatedTerms { account: account.into(), ..Default::default() });
        let hosts = vec![
            InventoryHost { dedicated: terms("a"), ..host("h1", 8, 32) },
            InventoryHost { dedicated: terms(""), ..host("h2", 8, 32) },
        ];
        let of = |name: &str, host: &str, account: &str| InventoryInstance {
            account: account.into(),
            ..machine(name, host, 1, 1)
        };
        let instances = vec![of("own", "h1", "a"), of("foreign", "h1", "b")];
        let settled = settle(Inventory { hosts, instances }, 1000);
        assert_eq!(settled.residents.len(), 1);
        let told: Vec<_> = settled.told.into_iter().collect();
        let expected = [
            ("hosts of no known account: nothing more is placed on them", vec!["h2".to_string()]),
            ("left out: on a dedicated host of another account", vec!["foreign".to_string()]),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn overcommitted_hosts_take_what_they_sell() {
        let instances: Vec<InventoryInstance> = (0..5).map(|i| machine(&i.to_string(), "h", 4, 1)).collect();
        let inventory = Inventory { hosts: vec![host("h", 8, 64)], instances };
        assert_eq!(settle(inventory.clone(), 1000).residents.len(), 2);
        // Five of four on eight: 2.5 times, which holds the three that are left out.
        assert_eq!(overcommit_that_holds(&inventory, 1000), Some((2500, 3)));
        assert_eq!(overcommit_that_holds(&inventory, 2500), None);
        // What lacks memory is held by no factor.
        let large = Inventory { instances: vec![machine("m", "h", 1, 65)], ..inventory.clone() };
        assert_eq!(overcommit_that_holds(&large, 1000), None);
        assert!(settle(large, 1000).told.contains_key("left out: larger than what is left of their host"));
        assert_eq!(settle(inventory.clone(), 2500).residents.len(), 5);
        assert_eq!(settle(inventory, 2500).hosts[0].capacity.vcpu_milli(), 20_000);
    }
}
