//! Security groups of a scenario, `[[network.security_groups]]`, with their limits and times: keys, and
//! their validation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cell::{PeerName, parse_peer, parse_ports, parse_protocol};
use super::direction::Direction;
use super::rule::Traffic;
use super::tracking::TrackingIdle;
use super::{DEFAULT_GROUP, NAME_MOST};
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::Duration;

/// The most groups an interface may have in EC2 (VPC user guide, "Amazon VPC quotas").
const GROUPS_PER_INTERFACE_MOST: u32 = 16;

/// The most that rules per direction times groups per interface may be in EC2 (the same page).
const RULES_PER_INTERFACE_MOST: u64 = 1000;

/// A security group that an account has from its first use of the VPC on.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroupConfig {
    /// Name, unique in its VPC and account. `default` is the group that every account has anyway.
    pub name: String,
    /// Its VPC.
    #[serde(default = "default_vpc")]
    pub vpc: String,
    /// The account it belongs to. Left out: every account has its own copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Rules for incoming traffic. Left out: no traffic is allowed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<IngressRuleConfig>,
    /// Rules for outgoing traffic. Left out: all traffic is allowed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress: Option<Vec<EgressRuleConfig>>,
}

/// A rule for incoming traffic.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IngressRuleConfig {
    /// `"tcp"`, `"udp"`, `"icmp"`, `"all"`, or a protocol number such as `"50"`.
    pub protocol: String,
    /// `"443"`, `"8000-8080"`, or for `icmp` a type `"8"`, a type and code `"8/0"`, or `"-1"` for all. Left out where the
    /// protocol has no ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<String>,
    /// Source: `"10.0.0.0/8"`, `"sg:web"` for a group, or `"self"` for this one.
    pub source: String,
}

/// A rule for outgoing traffic.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EgressRuleConfig {
    /// As in an ingress rule.
    pub protocol: String,
    /// As in an ingress rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<String>,
    /// Destination: `"10.0.0.0/8"`, `"sg:web"` for a group, or `"self"` for this one.
    pub destination: String,
}

fn default_vpc() -> String {
    "default".to_string()
}

/// Limits of security groups and rules (VPC user guide, "Amazon VPC quotas").
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityGroupLimits {
    /// Rules a group may have in each direction. Default 60. Times `groups_per_interface` at most 1000.
    pub rules_per_direction: u32,
    /// Groups an interface may have. Default 5, at most 16.
    pub groups_per_interface: u32,
    /// Groups an account may have in all its VPCs, default groups among them. Default 2500.
    pub groups_per_account: u32,
}

impl Default for SecurityGroupLimits {
    fn default() -> SecurityGroupLimits {
        SecurityGroupLimits { rules_per_direction: 60, groups_per_interface: 5, groups_per_account: 2500 }
    }
}

/// Settings of security groups in a scenario.
#[derive(Clone, Copy, Debug)]
pub struct SecurityConfig<'a> {
    /// `network.security_groups`.
    pub groups: &'a [SecurityGroupConfig],
    /// `network.security_group_limits`.
    pub limits: &'a SecurityGroupLimits,
    /// `network.tracking_idle`.
    pub tracking_idle: &'a TrackingIdle,
}

/// A group of a scenario, ready to be made.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub name: String,
    vpc: String,
    account: Option<String>,
    /// Ingress rules first, in file order.
    pub rules: Vec<(Direction, Traffic, PeerName)>,
}

impl Template {
    /// Returns true if the account has it in the VPC.
    pub fn is_for(&self, account: &str, vpc: &str) -> bool {
        self.vpc == vpc && self.account.as_deref().is_none_or(|owner| owner == account)
    }
}

impl SecurityConfig<'_> {
    /// Returns everything that is wrong with it, given the names of the VPCs.
    pub fn validate(&self, vpcs: &[&str]) -> Vec<Problem> {
        self.resolve(vpcs).err().unwrap_or_default()
    }

    /// Returns the groups to make, or everything that is wrong.
    pub(super) fn resolve(&self, vpcs: &[&str]) -> Result<Vec<Template>, Vec<Problem>> {
        let mut problems = Vec::new();
        check_limits(self.limits, &mut problems);
        check_idle(self.tracking_idle, &mut problems);
        let mut templates = Vec::new();
        for (i, group) in self.groups.iter().enumerate() {
            self.check_name(i, &mut problems);
            check_owner(i, group, vpcs, &mut problems);
            let rules = self.rules(i, &mut problems);
            let SecurityGroupConfig { name, vpc, account, .. } = group.clone();
            templates.push(Template { name, vpc, account, rules });
        }
        self.check_count(vpcs.len(), &mut problems);
        if problems.is_empty() { Ok(templates) } else { Err(problems) }
    }

    fn check_name(&self, i: usize, problems: &mut Vec<Problem>) {
        let group = &self.groups[i];
        let name = &group.name;
        let sound = !name.is_empty() && name.chars().count() <= NAME_MOST && !name.starts_with("sg-");
        if !sound {
            let message =
                format!("found `{name}`, expected 1 to {NAME_MOST} characters that do not begin with `sg-`");
            problems.push(Problem::new(at(i, "name"), message).with_help("name it, such as \"web\""));
        }
        if name == DEFAULT_GROUP {
            let message = "`default` is the group that every account has in every VPC anyway";
            problems.push(Problem::new(at(i, "name"), message).with_help("give it another name"));
        }
        let meets = |earlier: &SecurityGroupConfig| {
            let both = earlier.account.as_ref().zip(group.account.as_ref());
            earlier.name == *name && earlier.vpc == group.vpc && both.is_none_or(|(a, b)| a == b)
        };
        if let Some(first) = self.groups[..i].iter().position(meets) {
            let message = format!("`{name}` is already the name of `network.security_groups.{first}`");
            let help = "names of security groups are unique in a VPC and account";
            problems.push(Problem::new(at(i, "name"), message).with_help(help));
        }
    }

    /// Returns the rules of a group, as far as they can be read.
    fn rules(&self, i: usize, problems: &mut Vec<Problem>) -> Vec<(Direction, Traffic, PeerName)> {
        let group = &self.groups[i];
        let ingress = group.ingress.iter().map(|rule| RuleCells {
            direction: Direction::Ingress,
            protocol: &rule.protocol,
            ports: rule.ports.as_deref(),
            peer: &rule.source,
        });
        let everything = [EgressRuleConfig {
            protocol: "all".to_string(),
            ports: None,
            destination: "0.0.0.0/0".to_string(),
        }];
        let egress = group.egress.as_deref().unwrap_or(&everything).iter().map(|rule| RuleCells {
            direction: Direction::Egress,
            protocol: &rule.protocol,
            ports: rule.ports.as_deref(),
            peer: &rule.destination,
        });
        let mut rules = Vec::new();
        for (cells, j) in ingress.zip(0..).chain(egress.zip(0..)) {
            let key = format!("network.security_groups.{i}.{}.{j}", cells.direction.name());
            let Some((traffic, peer)) = cells.read(&key, problems) else { continue };
            let peer = if matches!(&peer, PeerName::Group(name) if *name == group.name) {
                PeerName::Itself
            } else {
                peer
            };
            self.check_reference(i, &peer, &cells.peer_key(&key), problems);
            let rule = (cells.direction, traffic, peer);
            if rules.contains(&rule) {
                let message = "found a rule that the group has already";
                problems.push(Problem::new(Place::key(&key), message).with_help("leave one of them out"));
            }
            rules.push(rule);
        }
        self.check_rule_count(i, problems);
        rules
    }

    /// Checks that a rule refers to a group which every account with the rule's own group has.
    fn check_reference(&self, i: usize, peer: &PeerName, key: &str, problems: &mut Vec<Problem>) {
        let PeerName::Group(name) = peer else { return };
        let group = &self.groups[i];
        let is_known = |other: &&SecurityGroupConfig| {
            other.vpc == group.vpc && (other.account.is_none() || other.account == group.account)
        };
        let known = self.groups.iter().filter(is_known).map(|other| other.name.as_str());
        if name != DEFAULT_GROUP && !known.clone().any(|other| other == name) {
            let mut unknown = Problem::new(
                Place::key(key),
                format!("found `sg:{name}`, expected a security group of the same VPC and account"),
            );
            unknown.help = did_you_mean(name, known.chain([DEFAULT_GROUP]));
            problems.push(unknown);
        }
    }

    fn check_rule_count(&self, i: usize, problems: &mut Vec<Problem>) {
        let group = &self.groups[i];
        let most = self.limits.rules_per_direction as usize;
        let egress = group.egress.as_ref().map_or(0, Vec::len);
        for (direction, count) in [(Direction::Ingress, group.ingress.len()), (Direction::Egress, egress)] {
            if count > most {
                let message = format!("found {count} rules, expected at most {most}");
                let help = "split the group, or raise `network.security_group_limits.rules_per_direction`";
                problems.push(Problem::new(at(i, direction.name()), message).with_help(help));
            }
        }
    }

    /// Checks the number of groups of each account, its default group in each VPC included.
    fn check_count(&self, vpcs: usize, problems: &mut Vec<Problem>) {
        let of = |account: Option<&str>| {
            self.groups.iter().filter(|group| group.account.as_deref() == account).count()
        };
        let own = self.groups.iter().filter(|group| group.account.is_some());
        let own = own.map(|group| of(group.account.as_deref())).max().unwrap_or(0);
        let count = of(None) + own + vpcs;
        let most = self.limits.groups_per_account;
        if !self.groups.is_empty() && count > most as usize {
            let message = format!(
                "an account has up to {count} groups, one by default in each VPC, expected at most {most}"
            );
            problems.push(
                Problem::new(Place::key("network.security_groups"), message)
                    .with_help("raise `network.security_group_limits.groups_per_account`"),
            );
        }
    }
}

/// A rule as it is written.
struct RuleCells<'a> {
    direction: Direction,
    protocol: &'a str,
    ports: Option<&'a str>,
    peer: &'a str,
}

impl RuleCells<'_> {
    fn peer_key(&self, key: &str) -> String {
        match self.direction {
            Direction::Ingress => format!("{key}.source"),
            Direction::Egress => format!("{key}.destination"),
        }
    }

    /// Returns what it says; `None` when it cannot be read.
    fn read(&self, key: &str, problems: &mut Vec<Problem>) -> Option<(Traffic, PeerName)> {
        let place = |field: &str| Place::key(&format!("{key}.{field}"));
        let protocol = parse_protocol(self.protocol, || place("protocol"));
        let ports = self.ports.map(|ports| parse_ports(ports, || place("ports"))).transpose();
        let peer = parse_peer(self.peer, || Place::key(&self.peer_key(key)));
        let mut told = |problem| problems.push(problem);
        let (protocol, ports) = (protocol.map_err(&mut told).ok(), ports.map_err(&mut told).ok());
        let peer = peer.map_err(&mut told).ok();
        let traffic = Traffic::new(protocol?, ports?).map_err(|malformed| {
            let found = self.ports.map_or_else(|| "no ports".to_string(), |ports| format!("`{ports}`"));
            told(
                Problem::new(place("ports"), format!("found {found} for `{}`", self.protocol))
                    .with_help(malformed.0),
            );
        });
        traffic.ok().zip(peer)
    }
}

fn check_owner(i: usize, group: &SecurityGroupConfig, vpcs: &[&str], problems: &mut Vec<Problem>) {
    if !vpcs.contains(&group.vpc.as_str()) {
        let message = format!("found `{}`, expected the VPC of a subnet", group.vpc);
        let mut unknown = Problem::new(at(i, "vpc"), message);
        unknown.help = did_you_mean(&group.vpc, vpcs.iter().copied());
        problems.push(unknown);
    }
    if group.account.as_deref() == Some("") {
        let help = "leave it out for a group of every account";
        problems.push(Problem::new(at(i, "account"), "found an empty name").with_help(help));
    }
}

fn check_limits(limits: &SecurityGroupLimits, problems: &mut Vec<Problem>) {
    let SecurityGroupLimits { rules_per_direction, groups_per_interface, groups_per_account } = *limits;
    let mut within = |key: &str, found: u32, most: u32| {
        if !(1..=most).contains(&found) {
            let place = Place::key(&format!("network.security_group_limits.{key}"));
            problems.push(Problem::new(place, format!("found {found}, expected 1 to {most}")));
        }
    };
    within("rules_per_direction", rules_per_direction, RULES_PER_INTERFACE_MOST as u32);
    within("groups_per_interface", groups_per_interface, GROUPS_PER_INTERFACE_MOST);
    within("groups_per_account", groups_per_account, u32::MAX);
    let product = u64::from(rules_per_direction) * u64::from(groups_per_interface);
    if product > RULES_PER_INTERFACE_MOST {
        let message = format!(
            "{rules_per_direction} rules in each of {groups_per_interface} groups are {product} an interface, \
             expected at most {RULES_PER_INTERFACE_MOST}"
        );
        let help = "lower `rules_per_direction` or `groups_per_interface`";
        problems.push(Problem::new(Place::key("network.security_group_limits"), message).with_help(help));
    }
}

/// EC2's ranges (`ConnectionTrackingSpecificationRequest`).
fn check_idle(idle: &TrackingIdle, problems: &mut Vec<Problem>) {
    for (key, found, least_s, most_s) in [
        ("tcp_established", idle.tcp_established, 60, 432_000),
        ("udp_stream", idle.udp_stream, 60, 180),
        ("udp", idle.udp, 30, 60),
    ] {
        let (least, most) = (Duration::from_seconds(least_s), Duration::from_seconds(most_s));
        if !(least..=most).contains(&found) {
            let place = Place::key(&format!("network.tracking_idle.{key}"));
            problems.push(Problem::new(place, format!("found `{found}`, expected {least_s}s to {most_s}s")));
        }
    }
}

fn at(group: usize, key: &str) -> Place {
    Place::key(&format!("network.security_groups.{group}.{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::security::{Owner, Peer, Permission, SecurityGroups, Vpc};
    use plimsoll_base::units::AccountId;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Network {
        #[serde(default)]
        security_groups: Vec<SecurityGroupConfig>,
        #[serde(default)]
        security_group_limits: SecurityGroupLimits,
        #[serde(default)]
        tracking_idle: TrackingIdle,
    }

    impl Network {
        fn config(&self) -> SecurityConfig<'_> {
            SecurityConfig {
                groups: &self.security_groups,
                limits: &self.security_group_limits,
                tracking_idle: &self.tracking_idle,
            }
        }
    }

    fn problems(text: &str) -> String {
        let network: Network = toml::from_str(text).unwrap();
        let problems = network.config().validate(&["default", "other"]);
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }

    const SOUND: &str = "
        [[security_groups]]
        name = 'web'
        ingress = [
            { protocol = 'tcp', ports = '443', source = '0.0.0.0/0' },
            { protocol = 'tcp', ports = '0-1023', source = 'sg:db' },
            { protocol = 'icmp', ports = '8/0', source = 'sg:default' },
        ]
        [[security_groups]]
        name = 'db'
        ingress = [{ protocol = '50', source = 'sg:web' }, { protocol = 'all', source = 'self' }]
        egress = [{ protocol = 'all', destination = 'sg:db' }]
        [[security_groups]]
        name = 'db'
        vpc = 'other'
        egress = []
        [[security_groups]]
        name = 'own'
        account = 'bank'
        ingress = [{ protocol = 'udp', ports = '53', source = 'sg:web' }]";

    #[test]
    fn every_account_has_a_copy_from_its_first_use_of_the_vpc() {
        assert_eq!((problems(""), problems(SOUND)), (String::new(), String::new()));
        let network: Network = toml::from_str(SOUND).unwrap();
        let mut groups = SecurityGroups::new(network.config(), &["default", "other"]).unwrap();
        assert_eq!(groups.groups().count(), 0);
        let owner = |account, vpc| Owner { account: AccountId(account), vpc: Vpc(vpc) };
        for (account, name) in [(0, "a"), (1, "bank"), (0, "a")] {
            groups.open(owner(account, 0), name, "default");
        }
        groups.open(owner(0, 1), "a", "other");
        let names: Vec<(u32, u32, &str)> = groups
            .groups()
            .map(|group| (group.owner.account.0, group.owner.vpc.0, group.name.as_str()))
            .collect();
        let expected = [
            (0, 0, "default"),
            (0, 0, "web"),
            (0, 0, "db"),
            (1, 0, "default"),
            (1, 0, "web"),
            (1, 0, "db"),
            (1, 0, "own"),
            (0, 1, "default"),
            (0, 1, "db"),
        ];
        assert_eq!(names, expected);
        let web = groups.find(owner(1, 0), "web").unwrap();
        let db = groups.group(groups.find(owner(1, 0), "db").unwrap()).unwrap();
        let said = |direction| -> Vec<String> {
            let rules = db.rules(direction).iter().map(|rule| rule.permission);
            rules.map(|permission| format!("{} {}", permission.traffic, permission.peer)).collect()
        };
        assert_eq!(said(Direction::Ingress), [format!("50 sg-{web}"), format!("all sg-{}", db.id)]);
        assert_eq!(said(Direction::Egress), [format!("all sg-{}", db.id)]);
        let egress = |id| groups.group(id).unwrap().rules(Direction::Egress);
        assert_eq!(
            egress(web).iter().map(|rule| rule.permission).collect::<Vec<_>>(),
            [Permission::EVERYTHING]
        );
        assert_eq!(egress(web)[0].permission.peer, Peer::ANYWHERE);
        assert_eq!(egress(groups.find(owner(0, 1), "db").unwrap()), [], "configured to let nothing out");
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_place() {
        let text = "
            security_group_limits = { rules_per_direction = 2, groups_per_interface = 17, groups_per_account = 4 }
            tracking_idle = { udp = '1s', tcp_established = '6d' }
            [[security_groups]]
            name = 'web'
            ingress = [
                { protocol = 'http', ports = '65536', source = '10.0.0.7' },
                { protocol = 'tcp', source = '10.0.0.0/8' },
                { protocol = 'all', ports = '0', source = 'sg:dbs' },
            ]
            egress = [
                { protocol = 'tcp', ports = '1', destination = '10.0.0.0/8' },
                { protocol = '6', ports = '1', destination = '10.9.9.9/8' },
                { protocol = 'tcp', ports = '2', destination = 'sg:dsb' },
            ]
            [[security_groups]]
            name = 'dbs'
            account = ''
            vpc = 'othr'
            [[security_groups]]
            name = 'web'
            account = 'bank'
            [[security_groups]]
            name = 'default'
            [[security_groups]]
            name = 'sg-1'";
        let expected = "\
`network.security_group_limits.groups_per_interface`: found 17, expected 1 to 16
`network.tracking_idle.tcp_established`: found `6d`, expected 60s to 432000s
`network.tracking_idle.udp`: found `1s`, expected 30s to 60s
`network.security_groups.0.ingress.0.protocol`: found `http`, expected `tcp`, `udp`, `icmp`, `all` or a protocol number from 0 to 255
`network.security_groups.0.ingress.0.ports`: found `65536`, expected a port from 0 to 65535 or a range of them, the lower one first
  help: write `22`, `8000-8080`, or an ICMP type and code as `8/0`
`network.security_groups.0.ingress.0.source`: found `10.0.0.7`, expected an IPv4 network, a security group or `self`
  help: one address is the network \"10.0.0.7/32\"
`network.security_groups.0.ingress.1.ports`: found no ports for `tcp`
  help: `tcp` and `udp` need a port or a range; all ports are `0-65535`
`network.security_groups.0.ingress.2.ports`: found `0` for `all`
  help: the protocol covers all ports, so none may be named
`network.security_groups.0.egress.1`: found a rule that the group has already
  help: leave one of them out
`network.security_groups.0.egress.2.destination`: found `sg:dsb`, expected a security group of the same VPC and account
  help: known: `web`, `default`, `sg-1`, `default`
`network.security_groups.0.ingress`: found 3 rules, expected at most 2
  help: split the group, or raise `network.security_group_limits.rules_per_direction`
`network.security_groups.0.egress`: found 3 rules, expected at most 2
  help: split the group, or raise `network.security_group_limits.rules_per_direction`
`network.security_groups.1.vpc`: found `othr`, expected the VPC of a subnet
  help: did you mean `other`?
`network.security_groups.1.account`: found an empty name
  help: leave it out for a group of every account
`network.security_groups.2.name`: `web` is already the name of `network.security_groups.0`
  help: names of security groups are unique in a VPC and account
`network.security_groups.3.name`: `default` is the group that every account has in every VPC anyway
  help: give it another name
`network.security_groups.4.name`: found `sg-1`, expected 1 to 255 characters that do not begin with `sg-`
  help: name it, such as \"web\"
`network.security_groups`: an account has up to 6 groups, one by default in each VPC, expected at most 4
  help: raise `network.security_group_limits.groups_per_account`";
        assert_eq!(problems(text), expected);
        let product =
            problems("security_group_limits = { rules_per_direction = 200, groups_per_interface = 16 }");
        assert!(product.contains("are 3200 an interface, expected at most 1000"), "{product}");
    }

    #[test]
    fn a_shared_group_does_not_refer_to_one_that_only_some_have() {
        let text = "
            [[security_groups]]
            name = 'own'
            account = 'bank'
            [[security_groups]]
            name = 'web'
            ingress = [{ protocol = 'all', source = 'sg:own' }]";
        assert!(
            problems(text).contains("found `sg:own`, expected a security group of the same VPC and account")
        );
    }

    #[test]
    fn egress_rules_have_no_source() {
        let text = "name = 'x'\negress = [{ protocol = 'all', source = '0.0.0.0/0' }]";
        let error = toml::from_str::<SecurityGroupConfig>(text).unwrap_err().to_string();
        assert!(error.contains("unknown field `source`"), "{error}");
    }
}
