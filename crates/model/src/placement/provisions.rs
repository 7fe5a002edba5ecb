//! Placement groups, dedicated hosts and capacity reservations that a scenario provides, with every name resolved.

use super::config::{
    CapacityReservationConfig, DedicatedHostConfig, GroupConfig, GroupStrategy, Matching, PlacementConfig,
    ReservedTenancy,
};
use super::groups::{DEFAULT_MAX_PER_ZONE, GroupRule, MAX_PARTITIONS};
use super::request::Tenancy;
use super::tenancies::{HostTerms, Takes};
use crate::fleet::config::ZoneConfig;
use crate::fleet::host::GroupTenancy;
use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::{Duration, TypeId, ZoneId};

/// The most hosts or instances of one provision: each is held in memory, placed or not.
const MAX_COUNT: u32 = 1_000_000;

/// Everything a scenario provides, in file order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Provisions {
    /// Placement groups.
    pub groups: Vec<ProvidedGroup>,
    /// Dedicated hosts.
    pub dedicated_hosts: Vec<ProvidedHosts>,
    /// Capacity reservations.
    pub capacity_reservations: Vec<ProvidedReservation>,
    /// Types whose room is counted, asked for or not.
    pub counted_types: Vec<TypeId>,
}

/// A placement group to create at time zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvidedGroup {
    /// Its account; `None`: every account has its own.
    pub account: Option<String>,
    /// Its name.
    pub name: String,
    /// Its rule.
    pub rule: GroupRule,
}

/// Hosts to allocate at time zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvidedHosts {
    /// The account.
    pub account: String,
    /// The zone.
    pub zone: ZoneId,
    /// Number of hosts \[hosts\].
    pub count: u32,
    /// The host groups they may be of, numbered over all zones.
    pub groups: Vec<usize>,
    /// Terms of the hosts.
    pub terms: HostTerms,
}

/// A capacity reservation to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvidedReservation {
    /// Its name.
    pub name: String,
    /// The account.
    pub account: String,
    /// The type of its instances.
    pub kind: TypeId,
    /// The zone.
    pub zone: ZoneId,
    /// Number of instances \[instances\].
    pub count: u32,
    /// When it is made, after the beginning of the run.
    pub from: Duration,
    /// When it ends, after the beginning of the run; `None`: never.
    pub until: Option<Duration>,
    /// Every launch that matches uses it.
    pub is_open: bool,
    /// The tenancy of its instances: shared or dedicated.
    pub tenancy: Tenancy,
}

impl PlacementConfig {
    /// Resolves every name, or returns every problem. Types are numbered
    /// in `types` at their first use.
    pub fn resolve(&self, zones: &[ZoneConfig], types: &mut TypeTable) -> Result<Provisions, Vec<Problem>> {
        let mut reader = Reader { zones, types, problems: Vec::new() };
        if self.created_groups.max_per_zone == 0 {
            let message = "found 0, expected at least 1 member in a zone".to_string();
            reader.add("created_groups.max_per_zone".to_string(), message, None);
        }
        let provisions = Provisions {
            groups: (0..self.groups.len()).map(|i| reader.group(&self.groups, i)).collect(),
            dedicated_hosts: (self.dedicated_hosts.iter().enumerate())
                .filter_map(|(i, hosts)| reader.dedicated_hosts(hosts, i))
                .collect(),
            capacity_reservations: (0..self.capacity_reservations.len())
                .filter_map(|i| reader.reservation(&self.capacity_reservations, i))
                .collect(),
            counted_types: Vec::new(),
        };
        if reader.problems.is_empty() { Ok(provisions) } else { Err(reader.problems) }
    }
}

/// Resolves names and collects problems.
struct Reader<'a> {
    zones: &'a [ZoneConfig],
    types: &'a mut TypeTable,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn add(&mut self, key: String, message: impl Into<String>, help: Option<String>) {
        let mut problem = Problem::new(Place::key(&format!("placement.{key}")), message);
        problem.help = help;
        self.problems.push(problem);
    }

    fn group(&mut self, groups: &[GroupConfig], i: usize) -> ProvidedGroup {
        let group = &groups[i];
        self.check_filled(format!("groups.{i}.name"), &group.name, "the group's name");
        let clashes = |other: &&GroupConfig| {
            let meet = other.account.is_none() || group.account.is_none() || other.account == group.account;
            other.name == group.name && meet
        };
        if groups[..i].iter().any(|other| clashes(&other)) {
            let message = format!("found `{}` twice, expected a name once in an account", group.name);
            self.add(format!("groups.{i}.name"), message, None);
        }
        let keys = [
            ("partitions", group.partitions.is_some(), GroupStrategy::Partition, "partition"),
            ("strict", group.strict.is_some(), GroupStrategy::Cluster, "cluster"),
            ("max_per_zone", group.max_per_zone.is_some(), GroupStrategy::Spread, "spread"),
        ];
        for (key, is_given, strategy, name) in keys {
            if is_given && strategy != group.strategy {
                let message = format!("found `{key}`, expected it only where the strategy is `{name}`");
                self.add(format!("groups.{i}.{key}"), message, None);
            }
        }
        let (partitions, max_per_zone) =
            (group.partitions.unwrap_or(MAX_PARTITIONS), group.max_per_zone.unwrap_or(DEFAULT_MAX_PER_ZONE));
        if !(1..=MAX_PARTITIONS).contains(&partitions) {
            let message = format!("found {partitions}, expected 1 to {MAX_PARTITIONS} partitions");
            self.add(format!("groups.{i}.partitions"), message, None);
        }
        if max_per_zone == 0 {
            let message = "found 0, expected at least 1 instance";
            self.add(format!("groups.{i}.max_per_zone"), message, None);
        }
        let rule = match group.strategy {
            GroupStrategy::Cluster => GroupRule::Cluster { strict: group.strict.unwrap_or(false) },
            GroupStrategy::Partition => GroupRule::Partition { partitions },
            GroupStrategy::Spread => GroupRule::Spread { max_per_zone },
        };
        ProvidedGroup { account: group.account.clone(), name: group.name.clone(), rule }
    }

    fn dedicated_hosts(&mut self, hosts: &DedicatedHostConfig, i: usize) -> Option<ProvidedHosts> {
        let at = format!("dedicated_hosts.{i}");
        self.check_filled(format!("{at}.account"), &hosts.account, "the account's name");
        self.check_count(format!("{at}.count"), hosts.count, "host");
        let zone = self.zone(format!("{at}.zone"), &hosts.zone)?;
        let of_zone = &self.zones[zone.index()].hosts;
        let first: usize = self.zones[..zone.index()].iter().map(|zone| zone.hosts.len()).sum();
        let is_meant = |j: usize| {
            hosts.group.is_none_or(|group| group == j)
                && hosts.sku.as_ref().is_none_or(|sku| of_zone[j].sku.as_ref() == Some(sku))
        };
        let meant: Vec<usize> = (0..of_zone.len()).filter(|j| is_meant(*j)).collect();
        let may_be_owned = |j: &usize| of_zone[*j].tenancy != GroupTenancy::Shared;
        let groups: Vec<usize> = meant.iter().filter(|j| may_be_owned(j)).map(|j| first + j).collect();
        if groups.is_empty() {
            let key = if hosts.sku.is_some() {
                "sku"
            } else if hosts.group.is_some() {
                "group"
            } else {
                "zone"
            };
            let (message, help) = if meant.is_empty() {
                ("found no such host group in the zone, expected one", "groups are numbered from 0")
            } else {
                ("found host groups of shared tenancy only", "give one `tenancy = \"any\"` or \"dedicated\"")
            };
            self.add(format!("{at}.{key}"), message, Some(help.to_string()));
        }
        let terms = self.terms(hosts, &at)?;
        let (account, count) = (hosts.account.clone(), hosts.count);
        Some(ProvidedHosts { account, zone, count, groups, terms })
    }

    /// Reads the terms of dedicated hosts.
    fn terms(&mut self, hosts: &DedicatedHostConfig, at: &str) -> Option<HostTerms> {
        let takes = match (&hosts.family, &hosts.kind) {
            (Some(_), Some(_)) => {
                let message = "found a `family` and a `type`, expected one of them";
                self.add(format!("{at}.family"), message, None);
                return None;
            }
            (Some(family), None) => Takes::Family(family.clone()),
            (None, Some(kind)) => Takes::Type(self.kind(format!("{at}.type"), kind)?),
            (None, None) => Takes::Anything,
        };
        Some(HostTerms { takes, auto_placement: hosts.auto_placement, recovery: hosts.host_recovery })
    }

    fn reservation(
        &mut self,
        reservations: &[CapacityReservationConfig],
        i: usize,
    ) -> Option<ProvidedReservation> {
        let at = format!("capacity_reservations.{i}");
        let CapacityReservationConfig { name, account, kind, count, from, until, .. } = &reservations[i];
        self.check_filled(format!("{at}.name"), name, "the reservation's name");
        self.check_filled(format!("{at}.account"), account, "the account's name");
        self.check_count(format!("{at}.count"), *count, "instance");
        if reservations[..i].iter().any(|other| other.name == *name) {
            let message = format!("found `{name}` twice, expected a name that no other reservation has");
            self.add(format!("{at}.name"), message, None);
        }
        if let Some(until) = until.filter(|until| until <= from) {
            let message = format!("found {until}, expected more than `from`, which is {from}");
            self.add(format!("{at}.until"), message, None);
        }
        let known = self.kind(format!("{at}.type"), kind);
        let zone = self.zone(format!("{at}.zone"), &reservations[i].zone);
        Some(ProvidedReservation {
            name: name.clone(),
            account: account.clone(),
            kind: known?,
            zone: zone?,
            count: *count,
            from: *from,
            until: *until,
            is_open: reservations[i].matching == Matching::Open,
            tenancy: match reservations[i].tenancy {
                ReservedTenancy::Shared => Tenancy::Shared,
                ReservedTenancy::Dedicated => Tenancy::Dedicated,
            },
        })
    }

    /// Returns the type of a name.
    fn kind(&mut self, key: String, name: &str) -> Option<TypeId> {
        let known = self.types.named(name);
        if known.is_none() {
            let help = self.types.suggest(name);
            self.add(key, format!("found `{name}`, expected an instance type"), help);
        }
        known
    }

    fn check_filled(&mut self, key: String, name: &str, what: &str) {
        if name.is_empty() {
            self.add(key, format!("found nothing, expected {what}"), None);
        }
    }

    fn check_count(&mut self, key: String, count: u32, what: &str) {
        if count == 0 {
            self.add(key, format!("found 0, expected at least 1 {what}"), None);
        } else if count > MAX_COUNT {
            self.add(key, format!("found {count}, expected at most {MAX_COUNT} {what}s"), None);
        }
    }

    fn zone(&mut self, key: String, name: &str) -> Option<ZoneId> {
        let position = self.zones.iter().position(|zone| zone.name == name);
        if position.is_none() {
            let help = did_you_mean(name, self.zones.iter().map(|zone| zone.name.as_str()));
            self.add(key, format!("found `{name}`, expected the name of a zone"), help);
        }
        position.map(|position| ZoneId(position as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::catalogue::ShapePrice;
    use serde::Deserialize;

    fn resolve(text: &str) -> Result<Provisions, String> {
        let config: PlacementConfig = toml::from_str(text).unwrap();
        let zones = "
            [[zones]]
            name = 'a'
            hosts = [{ count = 2, vcpu = 8, memory_gib = 8, tenancy = 'shared' }]
            [[zones]]
            name = 'b'
            hosts = [
                { count = 2, vcpu = 8, memory_gib = 8, sku = 'old' },
                { count = 2, vcpu = 8, memory_gib = 8, sku = 'new', tenancy = 'dedicated' },
            ]";
        #[derive(Deserialize)]
        struct Zones {
            zones: Vec<ZoneConfig>,
        }
        let Zones { zones } = toml::from_str(zones).unwrap();
        let mut types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
        let told = |problems: Vec<Problem>| {
            problems.iter().map(Problem::to_string).collect::<Vec<String>>().join("\n")
        };
        config.resolve(&zones, &mut types).map_err(told)
    }

    #[test]
    fn names_are_resolved_and_defaults_are_ec2s() {
        let text = "
            groups = [
                { name = 'db', strategy = 'spread' },
                { name = 'ring', strategy = 'partition', partitions = 3, account = 'x' },
                { name = 'hpc', strategy = 'cluster', strict = true },
            ]
            dedicated_hosts = [{ account = 'x', zone = 'b', sku = 'new', count = 2 }]
            [[capacity_reservations]]
            name = 'launch-day'
            account = 'x'
            type = 'm5.large'
            zone = 'a'
            count = 4
            until = '2d'
            matching = 'targeted'";
        let found = resolve(text).unwrap();
        let rules: Vec<GroupRule> = found.groups.iter().map(|group| group.rule).collect();
        assert_eq!(
            rules,
            [
                GroupRule::Spread { max_per_zone: 7 },
                GroupRule::Partition { partitions: 3 },
                GroupRule::Cluster { strict: true }
            ]
        );
        let hosts = ProvidedHosts {
            account: "x".to_string(),
            zone: ZoneId(1),
            count: 2,
            groups: vec![2],
            terms: HostTerms { takes: Takes::Anything, auto_placement: true, recovery: false },
        };
        assert_eq!(found.dedicated_hosts, [hosts]);
        let reservation = &found.capacity_reservations[0];
        assert_eq!((reservation.count, reservation.is_open), (4, false));
        assert_eq!(reservation.until, Some(Duration::from_seconds(2 * 86_400)));
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_place() {
        let text = "
            groups = [
                { name = '', strategy = 'spread', strict = true, max_per_zone = 0 },
                { name = 'ring', strategy = 'partition', partitions = 8 },
                { name = 'ring', strategy = 'cluster', account = 'x' },
            ]
            dedicated_hosts = [
                { account = 'x', zone = 'a' },
                { account = '', zone = 'b', group = 2, count = 0 },
                { account = 'x', zone = 'c' },
            ]
            [[capacity_reservations]]
            name = 'r'
            account = 'x'
            type = 'm5.lage'
            zone = 'a'
            count = 0
            from = '2h'
            until = '1h'";
        let expected = "\
`placement.groups.0.name`: found nothing, expected the group's name
`placement.groups.0.strict`: found `strict`, expected it only where the strategy is `cluster`
`placement.groups.0.max_per_zone`: found 0, expected at least 1 instance
`placement.groups.1.partitions`: found 8, expected 1 to 7 partitions
`placement.groups.2.name`: found `ring` twice, expected a name once in an account
`placement.dedicated_hosts.0.zone`: found host groups of shared tenancy only
  help: give one `tenancy = \"any\"` or \"dedicated\"
`placement.dedicated_hosts.1.account`: found nothing, expected the account's name
`placement.dedicated_hosts.1.count`: found 0, expected at least 1 host
`placement.dedicated_hosts.1.group`: found no such host group in the zone, expected one
  help: groups are numbered from 0
`placement.dedicated_hosts.2.zone`: found `c`, expected the name of a zone
  help: known: `a`, `b`
`placement.capacity_reservations.0.count`: found 0, expected at least 1 instance
`placement.capacity_reservations.0.until`: found 1h, expected more than `from`, which is 2h
`placement.capacity_reservations.0.type`: found `m5.lage`, expected an instance type";
        let told = resolve(text).unwrap_err();
        let without_suggestions: Vec<&str> =
            told.lines().filter(|line| !line.contains("did you mean")).collect();
        assert_eq!(without_suggestions.join("\n"), expected);
    }
}
