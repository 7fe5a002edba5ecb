//! `random`: any host that fits, each as likely as the others.

use crate::placement::entry::StrategyEntry;
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy};
use plimsoll_base::engine::random::{Purpose, Stream};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "random",
    rule: "uniform over the hosts that fit, from the seed",
    parameters: &[],
    build: |_, seed| Strategy::selecting(Random { stream: seed.stream(Purpose::Placement, 0) }),
};

#[derive(Clone)]
struct Random {
    stream: Stream,
}

persist! { Random { nested: [stream] } }

impl Selector for Random {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        draw(hosts, &mut self.stream, None)
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}

/// Draws a host that fits, other than `except`, each with the same chance.
///
/// Hosts are drawn from all until one fits, which takes one draw over the share that fits. Where that
/// share is so small that √n draws miss it, those that fit are listed and one is drawn from the list:
/// still uniform, and a choice costs at most in the order of √n.
pub fn draw(hosts: &mut dyn Candidates, stream: &mut Stream, except: Option<HostId>) -> Option<HostId> {
    let first = next_fitting(hosts, HostId(0), except)?;
    let range = hosts.range();
    let hosts_in_zone = u64::from(range.end - range.start);
    for _ in 0..hosts_in_zone.isqrt() + 16 {
        let id = HostId(range.start + stream.below(hosts_in_zone) as u32);
        if Some(id) != except && hosts.fits(id) {
            return Some(id);
        }
    }
    let behind = |id: &HostId| next_fitting(hosts, HostId(id.0 + 1), except);
    let fitting: Vec<HostId> = std::iter::successors(Some(first), behind).collect();
    Some(fitting[stream.below(fitting.len() as u64) as usize])
}

/// Returns the lowest host from `from` on that fits, `except` left out.
fn next_fitting(hosts: &mut dyn Candidates, from: HostId, except: Option<HostId>) -> Option<HostId> {
    match hosts.first_from(from) {
        Some(id) if Some(id) == except => hosts.first_from(HostId(id.0 + 1)),
        found => found,
    }
}
