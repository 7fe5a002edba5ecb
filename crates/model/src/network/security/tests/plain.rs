//! Reference implementation: every group reference written out as the /32 networks of its members, every conversation found by
//! going through all packets that ever passed. A random history of groups and interfaces is compared with it.

use super::*;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};

/// Addresses by their first one and mask.
type Net = (u32, u32);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Source {
    Net(Net),
    Group(u32),
}

#[derive(Clone, Copy, Debug)]
struct PlainRule {
    id: u32,
    group: u32,
    outgoing: bool,
    /// IP number, -1 for all.
    protocol: i32,
    /// Ports or ICMP types, both included; 0 to 65535 where there are none.
    range: (i32, i32),
    source: Source,
}

#[derive(Clone, Debug)]
struct PlainMember {
    id: u64,
    vpc: u32,
    address: u32,
    groups: Vec<u32>,
}

/// Protocol number, source port or identifier (-1: none), destination port or ICMP type.
type PlainPacket = (i32, i32, i32);

/// A packet that an interface remembers, by the other end.
struct Passed {
    time_s: u64,
    member: u64,
    other: u32,
    outgoing: bool,
    packet: PlainPacket,
}

#[derive(Default)]
struct Plain {
    rules: Vec<PlainRule>,
    members: Vec<PlainMember>,
    log: Vec<Passed>,
}

#[derive(PartialEq, Debug)]
enum Answer {
    Rule(u32),
    Flow,
    Refused { outgoing: bool },
}

const TCP_IDLE_S: u64 = 60;

impl Plain {
    fn probe(&mut self, time_s: u64, vpc: u32, from: u32, to: u32, packet: PlainPacket) -> Answer {
        let mut answer = None;
        let mut remember = Vec::new();
        for (own, other, outgoing) in [(from, to, true), (to, from, false)] {
            let Some(member) = self.members.iter().find(|member| (member.vpc, member.address) == (vpc, own))
            else {
                continue;
            };
            let known = self.is_alive(time_s, member.id, other, outgoing, packet);
            let rule = self.passing(member, other, outgoing, packet).map(|rule| rule.id).min();
            answer = match (known, rule) {
                (true, _) => Some(Answer::Flow),
                (false, Some(rule)) => Some(Answer::Rule(rule)),
                (false, None) => return Answer::Refused { outgoing },
            };
            let has_name = packet.0 == 50 || packet.1 >= 0;
            let begins = !(packet.0 == 1 && packet.2 != 8);
            if has_name && (known || begins && !self.is_untracked(member, outgoing, packet)) {
                remember.push(Passed { time_s, member: member.id, other, outgoing, packet });
            }
        }
        self.log.extend(remember);
        answer.expect("one end is an interface")
    }

    /// Returns the rules that let a packet pass at an interface.
    fn passing(
        &self,
        member: &PlainMember,
        other: u32,
        outgoing: bool,
        packet: PlainPacket,
    ) -> impl Iterator<Item = PlainRule> {
        self.rules_of(member, outgoing).filter(move |rule| {
            (rule.protocol == -1
                || rule.protocol == packet.0 && rule.range.0 <= packet.2 && packet.2 <= rule.range.1)
                && self.nets(rule, member.vpc).iter().any(|(first, mask)| other & mask == *first)
        })
    }

    fn rules_of(&self, member: &PlainMember, outgoing: bool) -> impl Iterator<Item = PlainRule> {
        let rules = self.rules.iter().copied();
        rules.filter(move |rule| rule.outgoing == outgoing && member.groups.contains(&rule.group))
    }

    /// Returns the networks a rule means.
    fn nets(&self, rule: &PlainRule, vpc: u32) -> Vec<Net> {
        match rule.source {
            Source::Net(net) => vec![net],
            Source::Group(group) => {
                let inside =
                    self.members.iter().filter(|member| member.vpc == vpc && member.groups.contains(&group));
                inside.map(|member| (member.address, u32::MAX)).collect()
            }
        }
    }

    /// Returns true if rules alone let it pass both ways for everyone, whichever of its two ends began it.
    fn is_untracked(&self, member: &PlainMember, outgoing: bool, packet: PlainPacket) -> bool {
        let everyone = |rule: &PlainRule| rule.source == Source::Net((0, 0));
        let begun = |outgoing: bool, to: i32| {
            let is_for = |rule: &PlainRule| rule.protocol == -1 || rule.protocol == packet.0;
            let mut there = self.rules_of(member, outgoing).filter(everyone).filter(is_for);
            let mut back = self.rules_of(member, !outgoing).filter(everyone).filter(is_for);
            there.any(|rule| rule.protocol == -1 || (rule.range.0..=rule.range.1).contains(&to))
                && back.any(|rule| rule.range == (0, 65_535))
        };
        [6, 17].contains(&packet.0)
            && (begun(outgoing, packet.2) || packet.1 >= 0 && begun(!outgoing, packet.1))
    }

    /// Goes through all that passed, from the beginning.
    fn is_alive(&self, now_s: u64, member: u64, other: u32, outgoing: bool, packet: PlainPacket) -> bool {
        let mut until = 0;
        let (mut opened, mut replies) = (outgoing, 0);
        for passed in &self.log {
            let same_ends = (passed.member, passed.other) == (member, other);
            let as_sent = if passed.outgoing == outgoing { passed.packet } else { mirrored(passed.packet) };
            if !same_ends || as_sent != packet {
                continue;
            }
            if passed.time_s >= until {
                (opened, replies) = (passed.outgoing, 0);
            }
            replies += u32::from(passed.outgoing != opened);
            until = passed.time_s
                + match packet.0 {
                    6 => TCP_IDLE_S,
                    17 if replies >= 2 => 180,
                    50 => 600,
                    _ => 30,
                };
        }
        now_s < until
    }
}

/// Returns the packet that answers.
fn mirrored((protocol, from, to): PlainPacket) -> PlainPacket {
    match protocol {
        1 if to == 8 => (1, from, 0),
        1 if to == 0 => (1, from, 8),
        1 | 50 => (protocol, from, to),
        _ => (protocol, to, from),
    }
}

/// An end as both name it: its address, and its VPC if it is named as an interface.
type End = (Endpoint, u32, Option<u32>);

/// Both implementations, and the operations on them.
struct Pair {
    fast: SecurityGroups,
    plain: Plain,
    stream: Stream,
    groups: Vec<SecurityGroupId>,
    next_member: u64,
    now_s: u64,
    /// The last probes, as long as no member has left.
    recent: Vec<(End, End, PlainPacket)>,
    /// Allowed by a rule, by a conversation; refused; unreachable.
    seen: [u32; 4],
}

const NETS: [&str; 4] = ["0.0.0.0/0", "10.0.0.0/29", "10.0.0.4/32", "198.51.100.0/24"];

impl Pair {
    fn new(seed: u64) -> Pair {
        let idle =
            TrackingIdle { tcp_established: Duration::from_seconds(TCP_IDLE_S), ..TrackingIdle::default() };
        let fast = groups(SecurityGroupLimits::default(), idle);
        let stream = Seed(seed).stream(Purpose::Mix, 0);
        let mut pair = Pair {
            fast,
            plain: Plain::default(),
            stream,
            groups: Vec::new(),
            next_member: 0,
            now_s: 0,
            recent: Vec::new(),
            seen: [0; 4],
        };
        for owner in [HOME, ELSEWHERE, NEIGHBOUR] {
            pair.groups.push(pair.fast.find(owner, DEFAULT_GROUP).unwrap());
            for name in ["x", "y", "z"] {
                pair.groups.push(pair.fast.create(owner, name).unwrap());
            }
        }
        for group in pair.fast.groups() {
            for direction in [Direction::Ingress, Direction::Egress] {
                let rules = group.rules(direction).iter();
                pair.plain
                    .rules
                    .extend(rules.map(|rule| written_out(group.id, direction, rule.id, &rule.permission)));
            }
        }
        pair
    }

    fn below(&mut self, bound: usize) -> usize {
        self.stream.below(bound as u64) as usize
    }

    fn step(&mut self) {
        self.now_s += self.stream.below(8);
        match self.below(100) {
            0..12 => self.authorize(),
            12..18 => self.revoke(),
            18..21 => self.join(),
            21..22 => self.leave(),
            22..24 => self.change_groups(),
            _ => self.probe(),
        }
    }

    fn permission(&mut self, any_group: SecurityGroupId) -> Permission {
        let port = self.below(3) as u16;
        let traffic = match self.below(7) {
            0 => Traffic::All,
            1 => Traffic::Tcp(port, port),
            2 => Traffic::Tcp(0, u16::MAX),
            3 => Traffic::Udp(port, port + 1),
            4 => Traffic::Icmp(Some(8), None),
            5 => Traffic::Icmp(None, None),
            _ => Traffic::Other(50),
        };
        let peer = match self.below(6) {
            i @ 0..4 => Peer::Cidr(NETS[i].parse().unwrap()),
            _ => Peer::Group(any_group),
        };
        Permission { traffic, peer }
    }

    fn a_group(&mut self) -> SecurityGroupId {
        one_of(&mut self.stream, &self.groups)
    }

    fn a_direction(&mut self) -> Direction {
        if self.below(2) == 0 { Direction::Ingress } else { Direction::Egress }
    }

    fn authorize(&mut self) {
        let (group, peer, direction) = (self.a_group(), self.a_group(), self.a_direction());
        let permission = self.permission(peer);
        if let Ok(id) = self.fast.authorize(group, direction, permission) {
            assert!(self.plain.rules.iter().all(|rule| rule.id < id.0), "{id} is not its own");
            self.plain.rules.push(written_out(group, direction, id, &permission));
        }
    }

    fn revoke(&mut self) {
        let rule = one_of(&mut self.stream, &self.plain.rules);
        let direction = if rule.outgoing { Direction::Egress } else { Direction::Ingress };
        if self.plain.rules.len() > 12 {
            self.fast.revoke_rule(SecurityGroupId(rule.group), direction, RuleId(rule.id)).unwrap();
            self.plain.rules.retain(|other| other.id != rule.id);
        }
    }

    /// Returns up to three groups of an owner.
    fn some_groups(&mut self, owner: usize) -> Vec<SecurityGroupId> {
        let first = owner * 4;
        let picks: Vec<usize> = (0..4).filter(|_| self.below(3) == 0).collect();
        picks.into_iter().map(|pick| self.groups[first + pick]).collect()
    }

    fn join(&mut self) {
        let owner_index = self.below(3);
        let owner = [HOME, ELSEWHERE, NEIGHBOUR][owner_index];
        let address = u32::from(Ipv4Addr::new(10, 0, 0, 4 + self.below(9) as u8));
        let held = |member: &PlainMember| (member.vpc, member.address) == (owner.vpc.0, address);
        if self.plain.members.iter().any(held) {
            return;
        }
        let groups = self.some_groups(owner_index);
        let id = self.next_member;
        self.next_member += 1;
        self.fast.join(MemberId::Instance(InstanceId(id)), owner, &groups).unwrap();
        self.fast.assign(MemberId::Instance(InstanceId(id)), address.into());
        let groups = if groups.is_empty() { vec![self.groups[owner_index * 4]] } else { groups };
        let groups = groups.iter().map(|group| group.0).collect();
        self.plain.members.push(PlainMember { id, vpc: owner.vpc.0, address, groups });
    }

    fn leave(&mut self) {
        if self.plain.members.len() > 4 {
            self.recent.clear();
            let gone = self.below(self.plain.members.len());
            let member = self.plain.members.remove(gone);
            self.fast.leave(MemberId::Instance(InstanceId(member.id)));
            self.plain.log.retain(|passed| passed.member != member.id);
        }
    }

    fn change_groups(&mut self) {
        if self.plain.members.is_empty() {
            return;
        }
        let i = self.below(self.plain.members.len());
        let owner =
            self.groups.iter().position(|group| group.0 == self.plain.members[i].groups[0]).unwrap() / 4;
        let groups = self.some_groups(owner);
        let id = MemberId::Instance(InstanceId(self.plain.members[i].id));
        if self.fast.change_groups(id, &groups).is_ok() {
            self.plain.members[i].groups = groups.iter().map(|group| group.0).collect();
        }
    }

    fn packet(&mut self) -> PlainPacket {
        let (from, to) = (self.below(4) as i32 - 1, self.below(3) as i32);
        match self.below(8) {
            0..3 => (6, from, to),
            3..6 => (17, from, to),
            6 => (1, from, [8, 0][self.below(2)]),
            _ => (50, -1, 0),
        }
    }

    /// Ends and packet of a probe: half of them repeat or answer one of the last.
    fn a_probe(&mut self) -> (End, End, PlainPacket) {
        if self.below(2) == 0 && !self.recent.is_empty() {
            let (from, to, packet) = one_of(&mut self.stream, &self.recent);
            let can_answer = packet.1 >= 0 || packet.0 == 50;
            if can_answer && self.below(2) == 0 {
                return (to, from, mirrored(packet));
            }
            return (from, to, packet);
        }
        let probe = (self.an_end(), self.an_end(), self.packet());
        if self.recent.len() == 8 {
            self.recent.remove(0);
        }
        self.recent.push(probe);
        probe
    }

    /// Returns an end, named as an interface or by an address, and its VPC if it has one.
    fn an_end(&mut self) -> End {
        match self.below(4) {
            0 => {
                let address = [[10, 0, 0, 4 + self.below(9) as u8], [198, 51, 100, 7]][self.below(2)];
                (Endpoint::Address(address.into()), u32::from_be_bytes(address), None)
            }
            _ => {
                let member = one_of(&mut self.stream, &self.plain.members);
                (
                    Endpoint::Member(MemberId::Instance(InstanceId(member.id))),
                    member.address,
                    Some(member.vpc),
                )
            }
        }
    }

    fn probe(&mut self) {
        if self.plain.members.is_empty() {
            return;
        }
        let ((from, from_address, from_vpc), (to, to_address, to_vpc), plain_packet) = self.a_probe();
        let packet = packet_of(plain_packet);
        let verdict = self.fast.probe(at(self.now_s), Probe { from, to, packet });
        let vpc = match (from_vpc, to_vpc) {
            (None, None) => return assert_eq!(verdict, Err(Failure::InvalidParameterValue.into())),
            (Some(a), Some(b)) if a != b => {
                self.seen[3] += 1;
                return assert_eq!(verdict, Ok(ProbeOutcome::Unreachable));
            }
            (a, b) => a.or(b).unwrap(),
        };
        if from_address == to_address {
            return assert_eq!(verdict, Err(Failure::InvalidParameterValue.into()));
        }
        let answer = match verdict.unwrap() {
            ProbeOutcome::Allowed { by: By::Rule(rule) } => Answer::Rule(rule.0),
            ProbeOutcome::Allowed { by: By::Flow } => Answer::Flow,
            ProbeOutcome::Refused { side } => Answer::Refused { outgoing: side == Direction::Egress },
            ProbeOutcome::Unreachable => panic!("there is a route from {from:?} to {to:?}"),
        };
        let expected = self.plain.probe(self.now_s, vpc, from_address, to_address, plain_packet);
        assert_eq!(answer, expected, "{} s, {from:?} to {to:?}, {packet:?}", self.now_s);
        self.seen[match answer {
            Answer::Rule(_) => 0,
            Answer::Flow => 1,
            Answer::Refused { .. } => 2,
        }] += 1;
    }
}

fn packet_of((protocol, from, to): PlainPacket) -> Packet {
    let id = u16::try_from(from).ok();
    match protocol {
        6 => Packet::Tcp { from: id, to: to as u16 },
        17 => Packet::Udp { from: id, to: to as u16 },
        1 => Packet::Icmp { kind: to as u8, code: 0, id },
        number => Packet::Other(number as u8),
    }
}

fn one_of<T: Clone>(stream: &mut Stream, from: &[T]) -> T {
    from[stream.below(from.len() as u64) as usize].clone()
}

fn written_out(
    group: SecurityGroupId,
    direction: Direction,
    id: RuleId,
    permission: &Permission,
) -> PlainRule {
    let (protocol, range) = match permission.traffic {
        Traffic::All => (-1, (0, 65_535)),
        Traffic::Tcp(first, last) => (6, (first.into(), last.into())),
        Traffic::Udp(first, last) => (17, (first.into(), last.into())),
        Traffic::Icmp(None, _) => (1, (0, 65_535)),
        Traffic::Icmp(Some(kind), _) => (1, (kind.into(), kind.into())),
        Traffic::Other(number) => (number.into(), (0, 65_535)),
    };
    let source = match permission.peer {
        Peer::Cidr(net) => Source::Net((u32::from(net.addr()), u32::from(net.netmask()))),
        Peer::Group(group) => Source::Group(group.0),
    };
    PlainRule { id: id.0, group: group.0, outgoing: direction == Direction::Egress, protocol, range, source }
}

#[test]
fn random_lives_agree_with_the_plain_twin() {
    for seed in 0..4 {
        let mut pair = Pair::new(seed);
        for _ in 0..6_000 {
            pair.step();
        }
        let decisions = pair.fast.decisions();
        let counts = [
            decisions.by_rule.values().sum(),
            decisions.by_flow,
            decisions.refused.values().sum(),
            decisions.unreachable,
        ];
        assert_eq!(counts, pair.seen.map(u64::from), "each probe is counted once");
        assert!(pair.seen.iter().all(|seen| *seen > 200), "{:?} is not much of a life", pair.seen);
        assert!(pair.seen.iter().sum::<u32>() > 2_500, "{:?}", pair.seen);
    }
}
