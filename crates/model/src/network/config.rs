//! `[network]` of a scenario: its keys, and their validation.

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::security::{SecurityConfig, SecurityGroupConfig, SecurityGroupLimits, TrackingIdle};
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::ZoneId;

/// The shortest and longest prefix of a subnet (EC2 user guide, "Subnet sizing").
const PREFIXES: std::ops::RangeInclusive<u8> = 16..=28;

/// Length of a prefix of an interface (EC2 user guide, "Prefix delegation for network interfaces").
const PREFIX_LENGTH: u8 = 28;

/// The most addresses all subnets may have in all VPCs together: their bitmaps take 0.5 GiB.
const MAX_TOTAL: u64 = 1 << 32;

/// The most pools, one a subnet and VPC: however small, each has a record and words of its own, which
/// together take a little over 1 GiB.
const MAX_POOLS: u64 = 1 << 24;

/// Addresses. Left out, they have no limit.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Size of the pool of public IPv4 addresses. Left out: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_addresses: Option<u32>,
    /// Security groups that accounts have from the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<SecurityGroupConfig>,
    /// Number of security groups and rules.
    #[serde(default, skip_serializing_if = "is_default")]
    pub security_group_limits: SecurityGroupLimits,
    /// Idle time-outs of the connection tracking of security groups.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tracking_idle: TrackingIdle,
    /// The subnets. None: private addresses have no limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<SubnetConfig>,
}

/// A subnet of a VPC in a zone.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubnetConfig {
    /// Name, unique in the scenario.
    pub name: String,
    /// Name of its zone.
    pub zone: String,
    /// Its addresses, `"10.0.0.0/20"`: from /16 to /28. The first four and the last are never handed out.
    pub cidr: String,
    /// The VPC it belongs to. Subnets of one VPC may not overlap, those of different ones may.
    #[serde(default = "default_vpc")]
    pub vpc: String,
    /// Number of equal VPCs of this one, each with the same addresses. An account uses the VPC
    /// of its number modulo this.
    #[serde(default = "one")]
    pub vpcs: u32,
    /// True if an instance in it gets a public address when its request does not say.
    #[serde(default)]
    pub assign_public_address: bool,
    /// Ranges of its addresses that are kept for a use, in each of its VPCs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cidr_reservations: Vec<CidrReservationConfig>,
}

/// A CIDR reservation of a subnet (`CreateSubnetCidrReservation`).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CidrReservationConfig {
    /// Its addresses, within the subnet: `"10.0.0.64/26"`. Those of one subnet do not overlap.
    pub cidr: String,
    /// Use that they are kept for.
    #[serde(rename = "type")]
    pub kind: CidrReservationType,
}

/// Use of the addresses of a CIDR reservation (EC2's `SubnetCidrReservationType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CidrReservationType {
    /// Prefixes of interfaces, which EC2 assigns from it.
    Prefix,
    /// Addresses that a request names: EC2 assigns none, and neither does the model, whose requests name none.
    Explicit,
}

/// Subnet whose configuration has been read.
#[derive(Clone, Debug)]
pub(super) struct ResolvedSubnet {
    pub zone: ZoneId,
    pub net: Ipv4Net,
    /// CIDR reservations, in file order.
    pub reservations: Vec<(Ipv4Net, CidrReservationType)>,
}

impl SubnetConfig {
    /// Returns the number of its pools: one a VPC, and another where addresses are kept for prefixes.
    fn pools(&self) -> u64 {
        let is_for_prefixes = |of: &CidrReservationConfig| of.kind == CidrReservationType::Prefix;
        let each = if self.cidr_reservations.iter().any(is_for_prefixes) { 2 } else { 1 };
        each * u64::from(self.vpcs)
    }
}

pub(super) fn default_vpc() -> String {
    "default".to_string()
}

fn is_default<T: Default + PartialEq>(table: &T) -> bool {
    *table == T::default()
}

fn one() -> u32 {
    1
}

impl NetworkConfig {
    /// Returns everything that is wrong with it, given the names of the zones in file order.
    pub fn validate(&self, zones: &[&str]) -> Vec<Problem> {
        let mut problems = self.resolve(zones).err().unwrap_or_default();
        problems.extend(self.security().validate(&self.vpc_names()));
        problems
    }

    /// Returns what it says about security groups.
    pub fn security(&self) -> SecurityConfig<'_> {
        SecurityConfig {
            groups: &self.security_groups,
            limits: &self.security_group_limits,
            tracking_idle: &self.tracking_idle,
        }
    }

    /// Returns the names of the VPCs, in file order; without subnets there is the default one.
    pub fn vpc_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for subnet in &self.subnets {
            if !names.contains(&subnet.vpc.as_str()) {
                names.push(&subnet.vpc);
            }
        }
        if names.is_empty() { vec!["default"] } else { names }
    }

    /// Returns the zone, addresses and CIDR reservations of each subnet, or everything that is wrong.
    pub(super) fn resolve(&self, zones: &[&str]) -> Result<Vec<ResolvedSubnet>, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut nets: Vec<Option<Ipv4Net>> = Vec::new();
        let mut resolved = Vec::new();
        for i in 0..self.subnets.len() {
            self.check_name(i, &mut problems);
            let zone = self.zone(i, zones, &mut problems);
            let net = self.net(i, &mut problems);
            self.check_vpc(i, net, &nets, &mut problems);
            nets.push(net);
            let reservations = self.reservations(i, net, &mut problems);
            resolved.extend(zone.zip(net).map(|(zone, net)| ResolvedSubnet { zone, net, reservations }));
        }
        self.check_total(&nets, &mut problems);
        if problems.is_empty() { Ok(resolved) } else { Err(problems) }
    }

    fn check_name(&self, i: usize, problems: &mut Vec<Problem>) {
        let name = &self.subnets[i].name;
        if name.is_empty() {
            problems
                .push(problem(i, "name", "found an empty name").with_help("name the subnet, such as \"a\""));
        }
        if let Some(first) = self.subnets[..i].iter().position(|earlier| earlier.name == *name) {
            let message = format!("`{name}` is already the name of `network.subnets.{first}`");
            problems.push(problem(i, "name", message).with_help("names of subnets are unique"));
        }
    }

    fn zone(&self, i: usize, zones: &[&str], problems: &mut Vec<Problem>) -> Option<ZoneId> {
        let name = self.subnets[i].zone.as_str();
        let position = zones.iter().position(|zone| *zone == name);
        if position.is_none() {
            let mut unknown = problem(i, "zone", format!("found `{name}`, expected the name of a zone"));
            unknown.help = did_you_mean(name, zones.iter().copied());
            problems.push(unknown);
        }
        position.map(|position| ZoneId(u16::try_from(position).expect("a scenario has fewer than 2¹⁶ zones")))
    }

    fn net(&self, i: usize, problems: &mut Vec<Problem>) -> Option<Ipv4Net> {
        let text = &self.subnets[i].cidr;
        let Ok(net) = text.parse::<Ipv4Net>() else {
            let message = format!("found `{text}`, expected an IPv4 network");
            problems.push(problem(i, "cidr", message).with_help("write it as \"10.0.0.0/20\""));
            return None;
        };
        if !PREFIXES.contains(&net.prefix_len()) {
            let (found, large) = (net.prefix_len(), net.prefix_len() < *PREFIXES.start());
            let reason = if large { "larger than a subnet may be" } else { "too small for a subnet" };
            let message = format!("found `{text}`: /{found} is {reason}, expected /16 to /28");
            let help = if large {
                "split it into several subnets, or set `vpcs`"
            } else {
                "five addresses of a subnet are reserved: a /28 has 11 to hand out"
            };
            problems.push(problem(i, "cidr", message).with_help(help));
            return None;
        }
        if net.addr() != net.network() {
            let message = format!("found `{text}`, whose address is not the first of its network");
            problems.push(problem(i, "cidr", message).with_help(format!("write it as \"{}\"", net.trunc())));
            return None;
        }
        Some(net)
    }

    /// Reads the CIDR reservations of a subnet of these addresses.
    fn reservations(
        &self,
        i: usize,
        net: Option<Ipv4Net>,
        problems: &mut Vec<Problem>,
    ) -> Vec<(Ipv4Net, CidrReservationType)> {
        let Some(net) = net else { return Vec::new() };
        let mut read: Vec<(Ipv4Net, CidrReservationType)> = Vec::new();
        for (j, reservation) in self.subnets[i].cidr_reservations.iter().enumerate() {
            let text = &reservation.cidr;
            let mut tell = |message: String, help: &str| {
                let place = format!("cidr_reservations.{j}.cidr");
                problems.push(problem(i, &place, message).with_help(help));
            };
            let parsed = text.parse::<Ipv4Net>().ok().filter(|cidr| cidr.addr() == cidr.network());
            let Some(cidr) = parsed else {
                tell(
                    format!("found `{text}`, expected an IPv4 network"),
                    "begin with its first address, as in \"10.0.0.64/26\"",
                );
                continue;
            };
            if !net.contains(&cidr) {
                tell(
                    format!("found `{text}`, which is not within `{net}`"),
                    "reserve addresses of the subnet",
                );
            } else if let Some((other, _)) =
                read.iter().find(|(other, _)| other.contains(&cidr) || cidr.contains(other))
            {
                tell(format!("`{text}` overlaps `{other}`"), "give each reservation addresses of its own");
            } else if reservation.kind == CidrReservationType::Prefix && cidr.prefix_len() > PREFIX_LENGTH {
                tell(
                    format!("found `{text}`, expected room for a prefix, a /{PREFIX_LENGTH}"),
                    "reserve 16 addresses or more, or make its `type` \"explicit\"",
                );
            } else {
                read.push((cidr, reservation.kind));
            }
        }
        read
    }

    /// Checks a subnet against the earlier ones of its VPC.
    fn check_vpc(
        &self,
        i: usize,
        net: Option<Ipv4Net>,
        earlier: &[Option<Ipv4Net>],
        problems: &mut Vec<Problem>,
    ) {
        let subnet = &self.subnets[i];
        let mut same_vpc = (0..i).filter(|&j| self.subnets[j].vpc == subnet.vpc);
        if subnet.vpcs == 0 {
            problems.push(
                problem(i, "vpcs", "found 0, expected at least 1").with_help("leave it out for one VPC"),
            );
        } else if let Some(j) = same_vpc.clone().next().filter(|&j| self.subnets[j].vpcs != subnet.vpcs) {
            let message = format!(
                "found {}, but `network.subnets.{j}` of the same VPC `{}` has {}",
                subnet.vpcs, subnet.vpc, self.subnets[j].vpcs
            );
            problems.push(problem(i, "vpcs", message).with_help("give both the same, or each its own `vpc`"));
        }
        let overlapped = |j| {
            let other: Ipv4Net = earlier[j]?;
            net.filter(|net| net.contains(&other) || other.contains(net)).map(|net| (j, net, other))
        };
        if let Some((j, net, other)) = same_vpc.find_map(overlapped) {
            let message = format!("`{net}` overlaps `{other}` of `network.subnets.{j}`");
            let help = "give it addresses of its own, or another `vpc`: VPCs may overlap";
            problems.push(problem(i, "cidr", message).with_help(help));
        }
    }

    fn check_total(&self, nets: &[Option<Ipv4Net>], problems: &mut Vec<Problem>) {
        let sizes = self
            .subnets
            .iter()
            .zip(nets)
            .map(|(subnet, net)| net.map_or(0, |net| subnet.pools() << (32 - net.prefix_len())));
        let total = sizes.fold(0u64, u64::saturating_add);
        if total > MAX_TOTAL {
            let place = Place::key("network.subnets");
            let message = format!(
                "the subnets have {total} addresses in all VPCs together, expected at most {MAX_TOTAL}"
            );
            problems.push(Problem::new(place, message).with_help("lower `vpcs`, or make subnets smaller"));
        }
        let pools = self.subnets.iter().map(SubnetConfig::pools).fold(0, u64::saturating_add);
        if pools > MAX_POOLS {
            let place = Place::key("network.subnets");
            let message =
                format!("there are {pools} subnets in all VPCs together, expected at most {MAX_POOLS}");
            problems.push(Problem::new(place, message).with_help("lower `vpcs`"));
        }
    }
}

/// Returns a problem with a key of a subnet.
fn problem(subnet: usize, key: &str, message: impl Into<String>) -> Problem {
    Problem::new(Place::key(&format!("network.subnets.{subnet}.{key}")), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        let config: NetworkConfig = toml::from_str(text).unwrap();
        let problems: Vec<String> =
            config.validate(&["use1-az1", "use1-az2"]).iter().map(Problem::to_string).collect();
        problems.join("\n")
    }

    #[test]
    fn a_sound_network_has_no_problems() {
        let text = "
            public_addresses = 4096
            [[subnets]]
            name = 'a'
            zone = 'use1-az1'
            cidr = '10.0.0.0/16'
            vpcs = 256
            [[subnets]]
            name = 'b'
            zone = 'use1-az2'
            cidr = '10.1.0.0/28'
            vpcs = 256
            [[subnets]]
            name = 'c'
            zone = 'use1-az2'
            cidr = '10.0.0.0/16'
            vpc = 'other'";
        assert_eq!(problems(text), "");
        assert_eq!(problems(""), "");
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_place() {
        let text = "
            [[subnets]]
            name = 'a'
            zone = 'use1-az1'
            cidr = '10.0.0.0/20'
            [[subnets]]
            name = 'a'
            zone = 'use1-az3'
            cidr = '10.0.8.0/21'
            [[subnets]]
            name = 'b'
            zone = 'use1-az1'
            cidr = '10.1.0.1/24'
            vpcs = 2
            [[subnets]]
            name = ''
            zone = 'use1-az1'
            cidr = '10.2.0.0/29'
            vpcs = 0
            [[subnets]]
            name = 'c'
            zone = 'use1-az1'
            cidr = '10.0.0.0/8'
            [[subnets]]
            name = 'd'
            zone = 'use1-az1'
            cidr = '10.0.0.0/33'
            [[subnets]]
            name = 'e'
            zone = 'use1-az1'
            cidr = '10.0.0.0/16'
            vpc = 'crowd'
            vpcs = 100000";
        let expected = "\
`network.subnets.1.name`: `a` is already the name of `network.subnets.0`
  help: names of subnets are unique
`network.subnets.1.zone`: found `use1-az3`, expected the name of a zone
  help: did you mean `use1-az1` or `use1-az2`?
`network.subnets.1.cidr`: `10.0.8.0/21` overlaps `10.0.0.0/20` of `network.subnets.0`
  help: give it addresses of its own, or another `vpc`: VPCs may overlap
`network.subnets.2.cidr`: found `10.1.0.1/24`, whose address is not the first of its network
  help: write it as \"10.1.0.0/24\"
`network.subnets.2.vpcs`: found 2, but `network.subnets.0` of the same VPC `default` has 1
  help: give both the same, or each its own `vpc`
`network.subnets.3.name`: found an empty name
  help: name the subnet, such as \"a\"
`network.subnets.3.cidr`: found `10.2.0.0/29`: /29 is too small for a subnet, expected /16 to /28
  help: five addresses of a subnet are reserved: a /28 has 11 to hand out
`network.subnets.3.vpcs`: found 0, expected at least 1
  help: leave it out for one VPC
`network.subnets.4.cidr`: found `10.0.0.0/8`: /8 is larger than a subnet may be, expected /16 to /28
  help: split it into several subnets, or set `vpcs`
`network.subnets.5.cidr`: found `10.0.0.0/33`, expected an IPv4 network
  help: write it as \"10.0.0.0/20\"
`network.subnets`: the subnets have 6553606144 addresses in all VPCs together, expected at most 4294967296
  help: lower `vpcs`, or make subnets smaller";
        assert_eq!(problems(text), expected);
    }

    #[test]
    fn reservations_are_held_to_their_subnet_and_to_each_other() {
        let of = |reservations: &str| {
            problems(&format!(
                "[[subnets]]\nname = 'a'\nzone = 'use1-az1'\ncidr = '10.0.0.0/24'\ncidr_reservations = [{reservations}]"
            ))
        };
        let sound =
            "{ cidr = '10.0.0.64/26', type = 'prefix' }, { cidr = '10.0.0.10/32', type = 'explicit' }";
        assert_eq!(of(sound), "");
        let wrong =
            "{ cidr = '10.0.0.64/26', type = 'prefix' }, { cidr = '10.0.0.80/28', type = 'explicit' },
            { cidr = '10.0.1.0/26', type = 'prefix' }, { cidr = '10.0.0.1/26', type = 'prefix' },
            { cidr = '10.0.0.128/29', type = 'prefix' }";
        let expected = "\
`network.subnets.0.cidr_reservations.1.cidr`: `10.0.0.80/28` overlaps `10.0.0.64/26`
  help: give each reservation addresses of its own
`network.subnets.0.cidr_reservations.2.cidr`: found `10.0.1.0/26`, which is not within `10.0.0.0/24`
  help: reserve addresses of the subnet
`network.subnets.0.cidr_reservations.3.cidr`: found `10.0.0.1/26`, expected an IPv4 network
  help: begin with its first address, as in \"10.0.0.64/26\"
`network.subnets.0.cidr_reservations.4.cidr`: found `10.0.0.128/29`, expected room for a prefix, a /28
  help: reserve 16 addresses or more, or make its `type` \"explicit\"";
        assert_eq!(of(wrong), expected);
    }

    #[test]
    fn many_small_vpcs_take_memory_too() {
        let text = "
            [[subnets]]
            name = 'a'
            zone = 'use1-az1'
            cidr = '10.0.0.0/28'
            vpcs = 20000000";
        assert!(problems(text).contains("there are 20000000 subnets in all VPCs together"));
    }
}
