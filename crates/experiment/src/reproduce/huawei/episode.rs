//! VMs of an episode on equal hosts: placed one after the other, and released as time passes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::data::Vm;
use plimsoll_base::units::{AccountId, HostId, Resources, ZoneId};
use plimsoll_model::fleet::host_group::{HostGroup, Hosts};
use plimsoll_model::fleet::topology::Affinity;
use plimsoll_model::fleet::{Change, Fleet};
use plimsoll_model::placement::placer::Placer;
use plimsoll_model::placement::request::Request;
use plimsoll_model::placement::strategy::Strategy;

const ZONE: ZoneId = ZoneId(0);

/// NUMA nodes of a host.
pub const NODES: u8 = 2;

/// vCPU and memory of a host: 40 vCPU and 90 GB on each node.
pub const HOST: Resources = Resources([80_000, 180 * 1024, 0, 0, u32::MAX]);

/// VM on a host, by the time at which it leaves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Departure {
    end: u64,
    row: usize,
    host: HostId,
    affinity: Affinity,
}

/// Fleet of an episode with the VMs on it.
pub struct Episode<'a> {
    vms: &'a [Vm],
    /// Hosts.
    pub fleet: Fleet,
    placer: Placer,
    departures: BinaryHeap<Reverse<Departure>>,
}

impl<'a> Episode<'a> {
    /// Returns an episode without any VM on its hosts.
    pub fn new(vms: &'a [Vm], hosts: Hosts, strategy: Strategy) -> Episode<'a> {
        let group = HostGroup { numa_nodes: NODES, ..HostGroup::of(hosts) };
        let mut fleet = Fleet::new(&[vec![group]]).expect("one kind of hosts");
        let placer = Placer::new(strategy, &mut fleet, false);
        Episode { vms, fleet, placer, departures: BinaryHeap::new() }
    }

    /// Returns the VM of a row.
    pub fn vm(&self, row: usize) -> Vm {
        self.vms[row]
    }

    fn request(&mut self, row: usize) -> Request {
        let footprint = self.vms[row].footprint;
        Request::new(self.placer.shape(footprint, &self.fleet), footprint, AccountId(0), ZONE)
    }

    /// Returns the host that the strategy chooses for a VM; `None` where none has room.
    pub fn choose(&mut self, row: usize) -> Option<HostId> {
        let request = self.request(row);
        self.placer.choose(&request, &self.fleet)
    }

    /// Opens the lowest host that is closed, of an elastic group.
    pub fn open(&mut self) -> HostId {
        let opened = self.fleet.open(ZONE, Resources::ZERO).expect("there are as many hosts as VMs");
        self.placer.changed(opened, ZONE, &mut self.fleet);
        opened
    }

    /// Places a VM on a host with room for it, from `start` \[s\] on for its lifetime.
    pub fn place(&mut self, row: usize, host: HostId, start: u64) {
        let request = self.request(row);
        let affinity = self.fleet.take(host, ZONE, request.footprint());
        self.placer.placed(&request, host, &self.fleet);
        self.placer.changed(host, ZONE, &mut self.fleet);
        let end = start + self.vms[row].lifetime;
        self.departures.push(Reverse(Departure { end, row, host, affinity }));
    }

    /// Returns the time at which the next VM leaves \[s\].
    pub fn next_end(&self) -> Option<u64> {
        self.departures.peek().map(|Reverse(departure)| departure.end)
    }

    /// Releases the VMs that leave until `time`, itself included, in order. `left` is called after each with the time, the host,
    /// and whether that closed.
    pub fn release_until(&mut self, time: u64, mut left: impl FnMut(u64, HostId, Change, &mut Fleet)) {
        while let Some(Reverse(departure)) = self.departures.peek().copied()
            && departure.end <= time
        {
            self.departures.pop();
            let Departure { end, row, host, affinity } = departure;
            let request = self.request(row);
            let change = self.fleet.give(host, ZONE, request.footprint(), affinity);
            self.placer.removed(&request, host, &self.fleet);
            left(end, host, change, &mut self.fleet);
            self.placer.changed(host, ZONE, &mut self.fleet);
        }
    }
}
