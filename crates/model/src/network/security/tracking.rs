//! Connection tracking: the conversations that an interface remembers, and their idle time-outs (EC2 user guide,
//! "Amazon EC2 security group connection tracking").
//!
//! A tracked conversation goes on even if rules change. Conversations past their idle time-out count as forgotten at
//! once and leave the table when it has doubled, so that it never holds much more than twice the tracked ones.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::direction::Direction;
use super::member::{Endpoint, MemberId};
use super::packet::Conversation;
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, Time};

/// Time for which a conversation without a packet is remembered (`ConnectionTrackingConfiguration`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrackingIdle {
    /// A TCP connection, from `"60s"` to `"432000s"`. Default `"432000s"`, five days; Nitro v6 types have `"350s"`.
    pub tcp_established: Duration,
    /// UDP with more than one reply, from `"60s"` to `"180s"`. Default `"180s"`.
    pub udp_stream: Duration,
    /// UDP with one reply or none, from `"30s"` to `"60s"`. Default `"30s"`.
    pub udp: Duration,
}

impl Default for TrackingIdle {
    fn default() -> TrackingIdle {
        TrackingIdle {
            tcp_established: Duration::from_seconds(432_000),
            udp_stream: Duration::from_seconds(180),
            udp: Duration::from_seconds(30),
        }
    }
}

/// Time-out of an ICMP query. EC2 states none; this is that of Linux (`nf_conntrack_icmp_timeout`).
const ICMP_IDLE: Duration = Duration::from_seconds(30);

/// Time-out of a protocol other than TCP, UDP and ICMP ("within 600 seconds").
const OTHER_IDLE: Duration = Duration::from_seconds(600);

/// The table is not swept below this many conversations.
const SWEEP_LEAST: usize = 1024;

/// A conversation as tracked by one interface.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Flow {
    /// Time from which on it is forgotten.
    expires: Time,
    /// Direction of its first packet.
    opened: Direction,
    /// Packets the other way, counted up to two.
    replies: u8,
}

/// The conversations all interfaces remember.
#[derive(Clone, Debug)]
pub(super) struct Tracking {
    idle: TrackingIdle,
    flows: BTreeMap<MemberId, BTreeMap<(Endpoint, Conversation), Flow>>,
    /// Number of conversations, the idle ones among them.
    count: usize,
    /// The count at which the idle ones are removed.
    sweep_at: usize,
}

persist! { Tracking {
    values: [flows, count, sweep_at],
    derived: [idle],
} }

impl Tracking {
    pub fn new(idle: TrackingIdle) -> Tracking {
        Tracking { idle, flows: BTreeMap::new(), count: 0, sweep_at: SWEEP_LEAST }
    }

    /// Returns true if the interface remembers the conversation.
    pub fn knows(&self, now: Time, member: MemberId, with: Endpoint, about: Conversation) -> bool {
        let flow = self.flows.get(&member).and_then(|flows| flows.get(&(with, about)));
        flow.is_some_and(|flow| now < flow.expires)
    }

    /// Takes in another packet of a tracked conversation.
    pub fn carry(
        &mut self,
        now: Time,
        member: MemberId,
        with: Endpoint,
        about: Conversation,
        direction: Direction,
    ) {
        let idle = self.idle;
        let flow = self.flows.get_mut(&member).and_then(|flows| flows.get_mut(&(with, about)));
        let flow = flow.expect("only a conversation that is known is carried on");
        if direction != flow.opened {
            flow.replies = flow.replies.saturating_add(1).min(2);
        }
        flow.expires = now.after(idle_time(&idle, about, flow.replies));
    }

    /// Begins to track a connection at its first packet.
    pub fn open(
        &mut self,
        now: Time,
        member: MemberId,
        with: Endpoint,
        about: Conversation,
        direction: Direction,
    ) {
        if self.count >= self.sweep_at {
            self.sweep(now);
        }
        let expires = now.after(idle_time(&self.idle, about, 0));
        let flow = Flow { expires, opened: direction, replies: 0 };
        let before = self.flows.entry(member).or_default().insert((with, about), flow);
        self.count += usize::from(before.is_none());
    }

    /// Forgets what an interface remembers.
    pub fn forget(&mut self, member: MemberId) {
        self.count -= self.flows.remove(&member).map_or(0, |flows| flows.len());
    }

    fn sweep(&mut self, now: Time) {
        self.flows.retain(|_, flows| {
            flows.retain(|_, flow| now < flow.expires);
            !flows.is_empty()
        });
        self.count = self.flows.values().map(BTreeMap::len).sum();
        self.sweep_at = SWEEP_LEAST.max(2 * self.count);
    }
}

fn idle_time(idle: &TrackingIdle, about: Conversation, replies: u8) -> Duration {
    match about {
        Conversation::Tcp { .. } => idle.tcp_established,
        Conversation::Udp { .. } if replies > 1 => idle.udp_stream,
        Conversation::Udp { .. } => idle.udp,
        Conversation::Icmp { .. } => ICMP_IDLE,
        Conversation::Other(_) => OTHER_IDLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::units::InstanceId;

    const MEMBER: MemberId = MemberId::Instance(InstanceId(0));

    fn at(seconds: u64) -> Time {
        Time::ZERO.after(Duration::from_seconds(seconds))
    }

    fn outside() -> Endpoint {
        Endpoint::Address([198, 51, 100, 7].into())
    }

    #[test]
    fn udp_is_a_stream_from_its_second_reply_on() {
        let mut tracking = Tracking::new(TrackingIdle::default());
        let about = Conversation::Udp { local: 40_000, remote: 53 };
        tracking.open(at(0), MEMBER, outside(), about, Direction::Egress);
        assert!(tracking.knows(at(29), MEMBER, outside(), about));
        assert!(!tracking.knows(at(30), MEMBER, outside(), about));
        tracking.carry(at(10), MEMBER, outside(), about, Direction::Ingress);
        tracking.carry(at(20), MEMBER, outside(), about, Direction::Egress);
        assert!(!tracking.knows(at(50), MEMBER, outside(), about));
        tracking.carry(at(20), MEMBER, outside(), about, Direction::Ingress);
        assert!(tracking.knows(at(199), MEMBER, outside(), about));
        assert!(!tracking.knows(at(200), MEMBER, outside(), about));
    }

    #[test]
    fn each_protocol_is_remembered_for_its_time() {
        let mut tracking = Tracking::new(TrackingIdle::default());
        for (about, seconds) in [
            (Conversation::Tcp { local: 1, remote: 2 }, 432_000),
            (Conversation::Icmp { query: 8, id: 1, asked: Direction::Egress }, 30),
            (Conversation::Other(50), 600),
        ] {
            tracking.open(at(7), MEMBER, outside(), about, Direction::Egress);
            assert!(tracking.knows(at(7 + seconds - 1), MEMBER, outside(), about), "{about:?}");
            assert!(!tracking.knows(at(7 + seconds), MEMBER, outside(), about), "{about:?}");
        }
    }

    #[test]
    fn the_table_stays_within_twice_what_lives() {
        let mut tracking = Tracking::new(TrackingIdle::default());
        for second in 0..100_000 {
            let about = Conversation::Udp { local: (second % 65_536) as u16, remote: 53 };
            let member = MemberId::Instance(InstanceId(second / 65_536));
            tracking.open(at(second), member, outside(), about, Direction::Egress);
            assert!(tracking.count <= SWEEP_LEAST, "30 live at a time");
        }
        tracking.forget(MemberId::Instance(InstanceId(1)));
        tracking.forget(MEMBER);
        assert_eq!((tracking.count, tracking.flows.len()), (0, 0));
    }
}
