//! Security groups of a scenario, `[[network.security_groups]]`, with their limits and times: what they may say, and every
//! reason why it cannot be so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cell::{PeerName, parse_peer, parse_ports, parse_protocol};
use super::rule::{Direction, Traffic};
use super::tracking::TrackingIdle;
use super::{DEFAULT_GROUP, NAME_MOST};
use crate::input::{Place, Problem, did_you_mean};
use crate::units::Duration;

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
    /// What is let in. Left out: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<IngressRuleConfig>,
    /// What is let out. Left out: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress: Option<Vec<EgressRuleConfig>>,
}

/// A rule for what comes in.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IngressRuleConfig {
    /// `"tcp"`, `"udp"`, `"icmp"`, `"all"`, or a protocol number such as `"50"`.
    pub protocol: String,
    /// `"443"`, `"8000-8080"`, or for `icmp` a type `"8"`, a type and code `"8/0"`, or `"-1"` for all. Left out where the
    /// protocol has no ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<String>,
    /// From whom: `"10.0.0.0/8"`, `"sg:web"` for a group, or `"self"` for this one.
    pub source: String,
}

/// A rule for what goes out.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EgressRuleConfig {
    /// As in an ingress rule.
    pub protocol: String,
    /// As in an ingress rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<String>,
    /// To whom: `"10.0.0.0/8"`, `"sg:web"` for a group, or `"self"` for this one.
    pub destination: String,
}

fn default_vpc() -> String {
    "default".to_string()
}

/// How many there may be (VPC user guide, "Amazon VPC quotas").
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

/// Everything a scenario says about security groups.
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
    /// Whether the account has it in the VPC.
    pub fn is_for(&self, account: &str, vpc: &str) -> bool {
        self.vpc == vpc && self.account.as_deref().is_none_or(|owner| owner == account)
    }
}

impl SecurityConfig<'_> {
    /// Everything that is wrong with it, given the names of the VPCs.
    pub fn validate(&self, vpcs: &[&str]) -> Vec<Problem> {
        self.resolve(vpcs).err().unwrap_or_default()
    }

    /// The groups to make, or everything that is wrong.
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

    /// The rules of a group, as far as they can be read.
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

    /// A rule may refer to a group that every account has which has the rule's own.
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

    /// The account that has most of them has a default group in each VPC too.
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

    /// What it says; `None` when it cannot be read.
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
