//! Scenes of security groups by EC2's rules, each named after its rule.

use super::*;
use plimsoll_base::units::{AccountId, Duration, InstanceId, InterfaceId, Time};

mod plain;

pub(super) const HOME: Owner = Owner { account: AccountId(0), vpc: Vpc(0) };
const ELSEWHERE: Owner = Owner { account: AccountId(0), vpc: Vpc(1) };
const NEIGHBOUR: Owner = Owner { account: AccountId(1), vpc: Vpc(0) };

pub(super) fn at(seconds: u64) -> Time {
    Time::ZERO.after(Duration::from_seconds(seconds))
}

/// Returns the groups of a scenario, with the VPCs of three owners open.
pub(super) fn groups(limits: SecurityGroupLimits, tracking_idle: TrackingIdle) -> SecurityGroups {
    let config = SecurityConfig { groups: &[], limits: &limits, tracking_idle: &tracking_idle };
    let mut groups = SecurityGroups::new(config, &["default", "other"]).unwrap();
    groups.open(HOME, "a", "default");
    groups.open(ELSEWHERE, "a", "other");
    groups.open(NEIGHBOUR, "b", "default");
    groups
}

/// A cloud of instances, one for each call of [`Scene::instance`].
struct Scene {
    groups: SecurityGroups,
    instances: u64,
}

impl Scene {
    fn new() -> Scene {
        Scene { groups: groups(SecurityGroupLimits::default(), TrackingIdle::default()), instances: 0 }
    }

    /// Returns a new group of [`HOME`] without rules.
    fn closed(&mut self, name: &str) -> SecurityGroupId {
        let id = self.groups.create(HOME, name).unwrap();
        self.groups.revoke(id, Direction::Egress, Permission::EVERYTHING).unwrap();
        id
    }

    /// Returns a rule in the words of a trace.
    fn rule(
        &mut self,
        id: SecurityGroupId,
        direction: Direction,
        protocol: &str,
        ports: &str,
        peer: &str,
    ) -> Result<RuleId, FailureReason> {
        let place = plimsoll_base::input::Place::default;
        let protocol = parse_protocol(protocol, place).unwrap();
        let ports =
            Some(ports).filter(|ports| !ports.is_empty()).map(|text| parse_ports(text, place).unwrap());
        let peer = self.groups.peer(id, &parse_peer(peer, place).unwrap())?;
        let permission = Permission { traffic: Traffic::new(protocol, ports)?, peer };
        self.groups.authorize(id, direction, permission)
    }

    fn ingress(&mut self, id: SecurityGroupId, protocol: &str, ports: &str, source: &str) -> RuleId {
        self.rule(id, Direction::Ingress, protocol, ports, source).unwrap()
    }

    fn egress(&mut self, id: SecurityGroupId, protocol: &str, ports: &str, destination: &str) -> RuleId {
        self.rule(id, Direction::Egress, protocol, ports, destination).unwrap()
    }

    fn instance(&mut self, owner: Owner, address: &str, groups: &[SecurityGroupId]) -> Endpoint {
        let id = MemberId::Instance(InstanceId(self.instances));
        self.instances += 1;
        self.groups.join(id, owner, groups).unwrap();
        if !address.is_empty() {
            self.groups.assign(id, address.parse().unwrap());
        }
        Endpoint::Member(id)
    }

    fn probe(&mut self, seconds: u64, from: Endpoint, to: Endpoint, packet: Packet) -> ProbeOutcome {
        self.groups.probe(at(seconds), Probe { from, to, packet }).unwrap()
    }
}

fn address(text: &str) -> Endpoint {
    Endpoint::Address(text.parse().unwrap())
}

/// Returns a connection of its own.
fn tcp(to: u16) -> Packet {
    Packet::Tcp { from: None, to }
}

fn by_rule(rule: RuleId) -> ProbeOutcome {
    ProbeOutcome::Allowed { by: By::Rule(rule) }
}

const BY_FLOW: ProbeOutcome = ProbeOutcome::Allowed { by: By::Flow };
const NO_INGRESS: ProbeOutcome = ProbeOutcome::Refused { side: Direction::Ingress };
const NO_EGRESS: ProbeOutcome = ProbeOutcome::Refused { side: Direction::Egress };

#[test]
fn port_0_is_a_port_of_a_rule_and_of_a_probe() {
    let mut scene = Scene::new();
    let web = scene.closed("web");
    let zero = scene.ingress(web, "tcp", "0", "0.0.0.0/0");
    let server = scene.instance(HOME, "10.0.0.4", &[web]);
    assert_eq!(scene.probe(0, address("198.51.100.7"), server, tcp(0)), by_rule(zero));
    assert_eq!(scene.probe(0, address("198.51.100.7"), server, tcp(1)), NO_INGRESS);
}

#[test]
fn egress_has_destinations_and_needs_no_source() {
    let mut scene = Scene::new();
    let app = scene.closed("app");
    let out = scene.egress(app, "tcp", "443", "203.0.113.0/24");
    let client = scene.instance(HOME, "10.0.0.4", &[app]);
    assert_eq!(scene.probe(0, client, address("203.0.113.9"), tcp(443)), by_rule(out));
    assert_eq!(scene.probe(0, client, address("198.51.100.7"), tcp(443)), NO_EGRESS);
    // The rule does not allow traffic in from there.
    assert_eq!(scene.probe(0, address("203.0.113.9"), client, tcp(443)), NO_INGRESS);
}

#[test]
fn a_group_reference_matches_only_the_groups_members() {
    let mut scene = Scene::new();
    let (web, db) = (scene.groups.create(HOME, "web").unwrap(), scene.closed("db"));
    let rule = scene.ingress(db, "tcp", "5432", "sg:web");
    let front = scene.instance(HOME, "10.0.0.4", &[web]);
    let other = scene.instance(HOME, "10.0.0.5", &[]);
    let server = scene.instance(HOME, "10.0.0.6", &[db]);
    assert_eq!(scene.probe(0, front, server, tcp(5432)), by_rule(rule));
    assert_eq!(scene.probe(0, address("10.0.0.4"), server, tcp(5432)), by_rule(rule));
    for stranger in [other, address("10.0.0.5"), address("198.51.100.7"), address("10.0.0.9")] {
        assert_eq!(scene.probe(0, stranger, server, tcp(5432)), NO_INGRESS, "{stranger:?}");
    }
    // The address means its holder of the moment, and each address of the interface.
    let Endpoint::Member(front) = front else { unreachable!() };
    scene.groups.assign(front, "10.0.0.9".parse().unwrap());
    assert_eq!(scene.probe(0, address("10.0.0.9"), server, tcp(5432)), by_rule(rule));
    scene.groups.unassign(front, "10.0.0.9".parse().unwrap());
    assert_eq!(scene.probe(0, address("10.0.0.9"), server, tcp(5432)), NO_INGRESS);
    scene.groups.leave(front);
    assert_eq!(scene.probe(0, address("10.0.0.4"), server, tcp(5432)), NO_INGRESS);
}

#[test]
fn the_returned_rule_id_is_the_rules_own() {
    let mut scene = Scene::new();
    let web = scene.closed("web");
    let https = scene.ingress(web, "tcp", "443", "0.0.0.0/0");
    let http = scene.ingress(web, "tcp", "80", "0.0.0.0/0");
    let out = scene.egress(web, "all", "", "0.0.0.0/0");
    assert!(https < http && http < out);
    let server = scene.instance(HOME, "10.0.0.4", &[web]);
    scene.groups.revoke_rule(web, Direction::Ingress, https).unwrap();
    assert_eq!(scene.probe(0, address("198.51.100.7"), server, tcp(443)), NO_INGRESS);
    assert_eq!(scene.probe(0, address("198.51.100.7"), server, tcp(80)), by_rule(http));
    let again = scene.ingress(web, "tcp", "443", "0.0.0.0/0");
    assert!(again > out, "numbers are never reused");
    let wrong_way = scene.groups.revoke_rule(web, Direction::Egress, http);
    assert_eq!(wrong_way, Err(Failure::InvalidPermissionNotFound.into()));
}

#[test]
fn a_new_group_lets_nothing_in_and_everything_out() {
    let mut scene = Scene::new();
    let new = scene.groups.create(HOME, "new").unwrap();
    let all = scene.groups.group(new).unwrap().rules(Direction::Egress)[0];
    assert_eq!(all.permission, Permission::EVERYTHING);
    let instance = scene.instance(HOME, "10.0.0.4", &[new]);
    assert_eq!(scene.probe(0, instance, address("198.51.100.7"), tcp(0)), by_rule(all.id));
    assert_eq!(scene.probe(0, address("198.51.100.7"), instance, tcp(0)), NO_INGRESS);
}

#[test]
fn groups_are_found_by_account_and_name() {
    let mut groups = groups(SecurityGroupLimits::default(), TrackingIdle::default());
    let [last, first, other] = [(ELSEWHERE, "web"), (HOME, "web"), (HOME, "data")]
        .map(|(owner, name)| groups.create(owner, name).unwrap());
    let gone = groups.create(HOME, "gone").unwrap();
    groups.create(NEIGHBOUR, "web").unwrap();
    groups.delete(gone).unwrap();
    let ids = |found: Vec<&SecurityGroup>| found.into_iter().map(|group| group.id).collect::<Vec<_>>();
    assert_eq!(ids(groups.named(HOME.account, "web").collect()), [first, last], "by VPC");
    assert_eq!(groups.named(HOME.account, "gone").count(), 0);
    let own = groups.of_account(HOME.account);
    let all = groups.groups().filter(|group| group.owner.account == HOME.account);
    assert_eq!(ids(own), ids(all.collect()), "as a scan over all finds them");
    assert!(groups.of_account(HOME.account).iter().any(|group| group.id == other));
}

#[test]
fn the_default_group_lets_its_members_talk_and_cannot_be_deleted() {
    let mut scene = Scene::new();
    let (one, two) = (scene.instance(HOME, "10.0.0.4", &[]), scene.instance(HOME, "10.0.0.5", &[]));
    let neighbour = scene.instance(NEIGHBOUR, "10.0.0.6", &[]);
    let default = scene.groups.find(HOME, DEFAULT_GROUP).unwrap();
    let from_itself = scene.groups.group(default).unwrap().rules(Direction::Ingress)[0].id;
    assert_eq!(scene.probe(0, one, two, Packet::Other(50)), by_rule(from_itself));
    assert_eq!(scene.probe(0, neighbour, two, Packet::Other(50)), NO_INGRESS);
    assert_eq!(scene.probe(0, address("198.51.100.7"), two, tcp(22)), NO_INGRESS);
    assert_eq!(scene.groups.delete(default), Err(Failure::InvalidParameterValue.into()));
}

#[test]
fn replies_pass_whatever_the_rules_say() {
    let mut scene = Scene::new();
    let (app, db) = (scene.closed("app"), scene.closed("db"));
    let out = scene.egress(app, "tcp", "5432", "10.0.0.0/8");
    let into = scene.ingress(db, "tcp", "5432", "sg:app");
    let (client, server) =
        (scene.instance(HOME, "10.0.0.4", &[app]), scene.instance(HOME, "10.0.0.5", &[db]));
    let request = Packet::Tcp { from: Some(40_000), to: 5432 };
    let reply = Packet::Tcp { from: Some(5432), to: 40_000 };
    assert_eq!(scene.probe(0, server, client, reply), NO_EGRESS);
    assert_eq!(scene.probe(1, client, server, request), by_rule(into));
    assert_eq!(scene.probe(2, server, client, reply), BY_FLOW);
    // Another port of the client is another connection.
    assert_eq!(scene.probe(2, server, client, Packet::Tcp { from: Some(5432), to: 40_001 }), NO_EGRESS);
    // Idle for five days, it is forgotten.
    assert_eq!(scene.probe(2 + 432_000 - 1, server, client, reply), BY_FLOW);
    assert_eq!(scene.probe(2 + 2 * 432_000 - 1, server, client, reply), NO_EGRESS);
    let decisions = scene.groups.decisions();
    assert_eq!(decisions.by_rule, BTreeMap::from([(into, 1)]));
    assert!(!decisions.by_rule.contains_key(&out), "the last interface on the way decides");
    assert_eq!(decisions.by_flow, 2);
    assert_eq!(decisions.refused, BTreeMap::from([((Direction::Egress, vec![db]), 3)]));
}

#[test]
fn a_ping_is_answered_and_an_answer_asks_nothing() {
    let mut scene = Scene::new();
    let app = scene.closed("app");
    scene.egress(app, "icmp", "-1", "0.0.0.0/0");
    let client = scene.instance(HOME, "10.0.0.4", &[app]);
    let outside = address("198.51.100.7");
    let icmp = |kind, id| Packet::Icmp { kind, code: 0, id: Some(id) };
    assert!(scene.probe(0, client, outside, icmp(8, 1)).reason().is_none());
    assert_eq!(scene.probe(1, outside, client, icmp(0, 1)), BY_FLOW);
    assert_eq!(scene.probe(1, outside, client, icmp(0, 2)), NO_INGRESS);
    assert_eq!(scene.probe(1, outside, client, icmp(8, 1)), NO_INGRESS);
    assert!(scene.probe(2, client, outside, icmp(0, 3)).reason().is_none());
    assert_eq!(scene.probe(2, outside, client, icmp(8, 3)), NO_INGRESS);
    assert_eq!(scene.probe(31, outside, client, icmp(0, 1)), NO_INGRESS, "30 s idle");
}

#[test]
fn a_tracked_connection_outlives_its_rule_and_an_untracked_one_does_not() {
    let mut scene = Scene::new();
    let outside = address("198.51.100.7");
    let packet = Packet::Tcp { from: Some(40_000), to: 22 };
    let tracked = scene.closed("tracked");
    let rule = scene.ingress(tracked, "tcp", "22", "198.51.100.0/24");
    let server = scene.instance(HOME, "10.0.0.4", &[tracked]);
    assert_eq!(scene.probe(0, outside, server, packet), by_rule(rule));
    scene.groups.revoke_rule(tracked, Direction::Ingress, rule).unwrap();
    assert_eq!(scene.probe(1, outside, server, packet), BY_FLOW);
    assert_eq!(scene.probe(1, outside, server, tcp(22)), NO_INGRESS);

    let open = scene.groups.create(HOME, "open").unwrap();
    let rule = scene.ingress(open, "tcp", "22", "0.0.0.0/0");
    let out = scene.groups.group(open).unwrap().rules(Direction::Egress)[0].id;
    let server = scene.instance(HOME, "10.0.0.5", &[open]);
    let reply = Packet::Tcp { from: Some(22), to: 40_000 };
    assert_eq!(scene.probe(2, outside, server, packet), by_rule(rule));
    assert_eq!(scene.probe(2, server, outside, reply), by_rule(out));
    scene.groups.revoke_rule(open, Direction::Ingress, rule).unwrap();
    assert_eq!(scene.probe(3, outside, server, packet), NO_INGRESS);
}

#[test]
fn what_is_refused_on_arrival_begins_no_conversation() {
    let mut scene = Scene::new();
    let (app, shut) = (scene.closed("app"), scene.closed("shut"));
    scene.egress(app, "udp", "53", "10.0.0.0/8");
    scene.egress(shut, "all", "", "0.0.0.0/0");
    let (client, server) =
        (scene.instance(HOME, "10.0.0.4", &[app]), scene.instance(HOME, "10.0.0.5", &[shut]));
    assert_eq!(scene.probe(0, client, server, Packet::Udp { from: Some(1), to: 53 }), NO_INGRESS);
    assert_eq!(scene.probe(0, server, client, Packet::Udp { from: Some(53), to: 1 }), NO_INGRESS);
}

#[test]
fn private_addresses_of_another_vpc_are_out_of_reach() {
    let mut scene = Scene::new();
    let far = scene.groups.create(ELSEWHERE, "far").unwrap();
    let rule = scene.ingress(far, "all", "", "0.0.0.0/0");
    let here = scene.instance(HOME, "10.0.0.4", &[]);
    let there = scene.instance(ELSEWHERE, "10.0.0.4", &[far]);
    let verdict = scene.probe(0, here, there, tcp(22));
    assert_eq!(verdict, ProbeOutcome::Unreachable);
    assert_eq!(verdict.reason(), Some(Failure::NoRouteToDestination.into()));
    assert_eq!(scene.groups.decisions().unreachable, 1);
    // The same address seen from there belongs to another account.
    assert_eq!(scene.probe(0, address("10.0.0.5"), there, tcp(22)), by_rule(rule));
    let itself = Probe { from: address("10.0.0.4"), to: there, packet: tcp(22) };
    assert_eq!(scene.groups.probe(at(0), itself), Err(Failure::InvalidParameterValue.into()));
}

#[test]
fn a_probe_has_an_interface_that_is_there() {
    let mut scene = Scene::new();
    let here = scene.instance(HOME, "10.0.0.4", &[]);
    let mut refusal =
        |from, to| scene.groups.probe(at(0), Probe { from, to, packet: tcp(22) }).unwrap_err().failure;
    let gone = Endpoint::Member(MemberId::Instance(InstanceId(99)));
    let no_interface = Endpoint::Member(MemberId::Interface(InterfaceId(99)));
    assert_eq!(refusal(here, gone), Failure::InvalidInstanceIdNotFound);
    assert_eq!(refusal(no_interface, here), Failure::InvalidNetworkInterfaceIdNotFound);
    assert_eq!(refusal(address("10.0.0.9"), gone), Failure::InvalidInstanceIdNotFound);
    assert_eq!(refusal(here, here), Failure::InvalidParameterValue);
    assert_eq!(refusal(address("10.0.0.4"), address("10.0.0.5")), Failure::InvalidParameterValue);
    assert_eq!(*scene.groups.decisions(), Decisions::default());
}

#[test]
fn without_addresses_group_references_and_0_0_0_0_0_still_match() {
    let mut scene = Scene::new();
    let db = scene.closed("db");
    let rule = scene.ingress(db, "tcp", "5432", "sg:default");
    let server = scene.instance(HOME, "", &[db]);
    let client = scene.instance(HOME, "", &[]);
    assert_eq!(scene.probe(0, client, server, tcp(5432)), by_rule(rule));
    scene.ingress(db, "tcp", "22", "10.0.0.0/8");
    assert_eq!(scene.probe(0, client, server, tcp(22)), NO_INGRESS);
    let anywhere = scene.ingress(db, "tcp", "22", "0.0.0.0/0");
    assert_eq!(scene.probe(0, client, server, tcp(22)), by_rule(anywhere));
}

#[test]
fn a_group_in_use_is_not_deleted() {
    let mut scene = Scene::new();
    let (web, db) = (scene.closed("web"), scene.closed("db"));
    let rule = scene.ingress(db, "tcp", "5432", "sg:web");
    scene.ingress(web, "all", "", "self");
    let refused = Err(Failure::DependencyViolation.into());
    assert_eq!(scene.groups.delete(web), refused);
    scene.groups.revoke_rule(db, Direction::Ingress, rule).unwrap();
    let member = MemberId::Interface(InterfaceId(0));
    scene.groups.join(member, HOME, &[web, db]).unwrap();
    assert_eq!(scene.groups.delete(web), refused);
    scene.groups.change_groups(member, &[db]).unwrap();
    assert_eq!(scene.groups.delete(web), Ok(()), "its own reference does not count");
    assert_eq!(scene.groups.find(HOME, "web"), Err(Failure::InvalidGroupNotFound.into()));
    assert_eq!(scene.groups.delete(db), refused);
    scene.groups.leave(member);
    assert!(scene.groups.is_without_members());
    // A deleted group no longer refers to any group.
    let late = scene.closed("late");
    scene.ingress(db, "tcp", "1", "sg:late");
    assert_eq!(scene.groups.delete(late), refused);
    assert_eq!((scene.groups.delete(db), scene.groups.delete(late)), (Ok(()), Ok(())));
    assert_eq!(scene.groups.delete(db), Err(Failure::InvalidGroupNotFound.into()));
}

#[test]
fn names_are_unique_per_account_and_vpc() {
    let mut scene = Scene::new();
    let mut create = |owner, name: &str| scene.groups.create(owner, name).map_err(|reason| reason.failure);
    for owner in [HOME, ELSEWHERE, NEIGHBOUR] {
        assert!(create(owner, "web").is_ok());
        assert_eq!(create(owner, "web"), Err(Failure::InvalidGroupDuplicate));
        assert_eq!(create(owner, DEFAULT_GROUP), Err(Failure::InvalidGroupDuplicate));
    }
    for name in ["", "sg-1", &"x".repeat(256)] {
        assert_eq!(create(HOME, name), Err(Failure::InvalidParameterValue), "{name}");
    }
}

#[test]
fn rules_are_refused_as_ec2_refuses_them() {
    let mut scene = Scene::new();
    let (web, far) = (scene.closed("web"), scene.groups.create(ELSEWHERE, "far").unwrap());
    scene.ingress(web, "tcp", "443", "10.0.0.0/8");
    let mut refusal = |protocol, ports, peer| {
        scene.rule(web, Direction::Ingress, protocol, ports, peer).unwrap_err().failure
    };
    assert_eq!(refusal("6", "443", "10.1.2.3/8"), Failure::InvalidPermissionDuplicate);
    assert_eq!(refusal("tcp", "", "10.0.0.0/8"), Failure::InvalidPermissionMalformed);
    assert_eq!(refusal("tcp", "443", "sg:absent"), Failure::InvalidGroupNotFound);
    assert_eq!(refusal("tcp", "443", "sg:far"), Failure::InvalidGroupNotFound);
    let across = Permission { traffic: Traffic::All, peer: Peer::Group(far) };
    let refused = scene.groups.authorize(web, Direction::Ingress, across);
    assert_eq!(refused, Err(Failure::InvalidGroupNotFound.into()));
    let not_there = scene.groups.revoke(web, Direction::Egress, Permission::EVERYTHING);
    assert_eq!(not_there, Err(Failure::InvalidPermissionNotFound.into()));
    // A group of another account in the same VPC may be named.
    let default = scene.groups.find(NEIGHBOUR, DEFAULT_GROUP).unwrap();
    let neighbours = Permission { traffic: Traffic::All, peer: Peer::Group(default) };
    assert!(scene.groups.authorize(web, Direction::Ingress, neighbours).is_ok());
}

#[test]
fn limits_decide_and_say_so() {
    let limits = SecurityGroupLimits { groups_per_account: 4, ..SecurityGroupLimits::default() };
    let mut groups = groups(limits, TrackingIdle::default());
    let web = groups.create(HOME, "web").unwrap();
    groups.create(ELSEWHERE, "web").unwrap();
    let full = Failure::SecurityGroupLimitExceeded.because(LimitKind::QuotaSecurityGroups, 1, 0);
    assert_eq!(groups.create(HOME, "more"), Err(full));
    assert!(groups.create(NEIGHBOUR, "more").is_ok());
    for port in 0..60 {
        let permission = Permission { traffic: Traffic::Tcp(port, port), peer: Peer::ANYWHERE };
        groups.authorize(web, Direction::Ingress, permission).unwrap();
    }
    let one_more = Permission { traffic: Traffic::Tcp(60, 60), peer: Peer::ANYWHERE };
    let full = Failure::RulesPerSecurityGroupLimitExceeded.because(LimitKind::RulesPerGroup, 1, 0);
    assert_eq!(groups.authorize(web, Direction::Ingress, one_more), Err(full));
    assert!(groups.authorize(web, Direction::Egress, one_more).is_ok(), "each direction by itself");
}

#[test]
fn an_interface_has_a_few_groups_of_its_own_vpc() {
    let mut scene = Scene::new();
    let six: Vec<SecurityGroupId> =
        (0..6).map(|i| scene.groups.create(HOME, &format!("g{i}")).unwrap()).collect();
    let far = scene.groups.find(ELSEWHERE, DEFAULT_GROUP).unwrap();
    let neighbours = scene.groups.find(NEIGHBOUR, DEFAULT_GROUP).unwrap();
    let too_many =
        Failure::SecurityGroupsPerInstanceLimitExceeded.because(LimitKind::GroupsPerInterface, 6, 5);
    assert_eq!(scene.groups.chosen(HOME, &six), Err(too_many));
    assert_eq!(scene.groups.chosen(HOME, &[six[2], six[0]]), Ok(vec![six[0], six[2]]));
    let refused = |groups: &[SecurityGroupId]| scene.groups.chosen(HOME, groups).unwrap_err().failure;
    assert_eq!(refused(&[six[0], six[0]]), Failure::InvalidParameterValue);
    assert_eq!(refused(&[far]), Failure::InvalidParameterCombination);
    assert_eq!(refused(&[neighbours]), Failure::InvalidGroupNotFound);
    assert_eq!(refused(&[SecurityGroupId(99)]), Failure::InvalidGroupNotFound);
    let member = MemberId::Instance(InstanceId(0));
    assert!(scene.groups.join(member, HOME, &six).is_err());
    assert!(scene.groups.is_without_members(), "a refused call changes nothing");
    scene.groups.join(member, HOME, &[]).unwrap();
    let refused = scene.groups.change_groups(member, &[]);
    assert_eq!(refused, Err(Failure::MissingParameter.into()));
}

#[test]
fn of_several_rules_the_lowest_number_counts() {
    let mut scene = Scene::new();
    let (one, two) = (scene.closed("one"), scene.closed("two"));
    let first = scene.ingress(two, "tcp", "0-65535", "0.0.0.0/0");
    let second = scene.ingress(one, "tcp", "22", "0.0.0.0/0");
    let server = scene.instance(HOME, "10.0.0.4", &[one, two]);
    assert_eq!(scene.probe(0, address("198.51.100.7"), server, tcp(22)), by_rule(first));
    scene.groups.revoke_rule(two, Direction::Ingress, first).unwrap();
    assert_eq!(scene.probe(0, address("198.51.100.7"), server, tcp(22)), by_rule(second));
    scene.groups.begin_window();
    assert_eq!(*scene.groups.decisions(), Decisions::default());
}
