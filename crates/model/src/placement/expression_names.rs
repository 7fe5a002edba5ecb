//! Names that an expression of a scenario may use: what a strategy may know about a host and a request.

use crate::expression::Amount;
use crate::expression::interval::NumberInterval;
use crate::fleet::host::Sku;
use crate::fleet::index::bound::Span;
use crate::fleet::index::ranking::Candidate;
use crate::fleet::topology::NodeRoom;
use plimsoll_base::units::{Footprint, NumaNodes, QUANTITIES, Resources};

/// Name of an amount.
#[derive(Debug)]
pub struct ExpressionName {
    /// Name in expressions.
    pub name: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Meaning.
    pub meaning: &'static str,
    /// Part of the decision that the amount belongs to.
    pub subject: NameSubject,
    /// Returns the amount for a host and a request.
    pub amount: fn(&Candidate<'_>, &Footprint) -> Amount,
}

/// Part of a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameSubject {
    /// Capacity of the host and what is free of it.
    Room,
    /// NUMA nodes and GPU devices, and what is free on each.
    Parts,
    /// Number of instances on the host.
    Instances,
    /// Rack of the host.
    Rack,
    /// Predicted ends of its instances.
    Ends,
    /// Request.
    Request,
    /// Predicted end of the request.
    RequestEnd,
}

impl NameSubject {
    /// Returns the word by which a callable says that it looks at this; `None` where it is told in any case, since it makes no more
    /// classes of hosts.
    pub fn word(self) -> Option<&'static str> {
        match self {
            NameSubject::Room | NameSubject::Parts => None,
            NameSubject::Instances => Some("count"),
            NameSubject::Rack => Some("rack"),
            NameSubject::Ends => Some("exit"),
            NameSubject::Request => Some("request"),
            NameSubject::RequestEnd => Some("request.left"),
        }
    }
}

impl ExpressionName {
    /// Returns true if the amount of every host of a kind follows from what is free on it and the request; it then grows with what is free,
    /// or shrinks.
    pub fn follows_free(&self, sku: &Sku) -> bool {
        match self.subject {
            NameSubject::Room | NameSubject::Request => true,
            NameSubject::Parts => sku.topology.is_flat(),
            NameSubject::Instances | NameSubject::Rack | NameSubject::Ends | NameSubject::RequestEnd => false,
        }
    }

    /// Returns an interval with the amount of every host of a kind whose free amounts are in a span.
    pub fn interval(&self, sku: &Sku, free: &Span, request: &Footprint) -> NumberInterval {
        if !self.follows_free(sku) {
            return NumberInterval::AMOUNTS;
        }
        let [least, most] = [&free.least, &free.most].map(|free| Candidate::of_amounts(sku, free));
        NumberInterval::between((self.amount)(&least, request), (self.amount)(&most, request))
    }
}

/// Declares the names of one list.
macro_rules! names {
    ($($name:literal, $unit:literal, $subject:ident, $meaning:literal, $amount:expr;)*) => {
        /// All names.
        pub static NAMES: [ExpressionName; [$($name),*].len()] = [$(ExpressionName {
            name: $name,
            unit: $unit,
            meaning: $meaning,
            subject: NameSubject::$subject,
            amount: $amount,
        }),*];
    };
}

const VCPU: usize = Resources::VCPU;
const MEMORY: usize = Resources::MEMORY;
const GPU: usize = Resources::GPU;
const STORAGE: usize = Resources::STORAGE;
const NETWORK: usize = Resources::NETWORK;

#[rustfmt::skip]
names! {
    "free.vcpu", "vCPU", Room, "vCPU free on the host, before placing", |host, _| free(host, VCPU);
    "free.memory", "GiB", Room, "memory free on it", |host, _| free(host, MEMORY);
    "free.gpu", "GPU", Room, "GPU free on it", |host, _| free(host, GPU);
    "free.storage", "GB", Room, "local storage free on it", |host, _| free(host, STORAGE);
    "free.network", "Mbit/s", Room, "network bandwidth free on it; 0 where it has no limit", |host, _| free(host, NETWORK);
    "capacity.vcpu", "vCPU", Room, "vCPU that the host sells", |host, _| capacity(host, VCPU);
    "capacity.memory", "GiB", Room, "memory that it sells", |host, _| capacity(host, MEMORY);
    "capacity.gpu", "GPU", Room, "GPU that it sells", |host, _| capacity(host, GPU);
    "capacity.storage", "GB", Room, "local storage that it sells", |host, _| capacity(host, STORAGE);
    "capacity.network", "Mbit/s", Room, "network bandwidth that it sells; 0 where it has no limit", |host, _| capacity(host, NETWORK);
    "used.vcpu", "vCPU", Room, "vCPU in use: capacity less what is free", |host, _| used(host, VCPU);
    "used.memory", "GiB", Room, "memory in use", |host, _| used(host, MEMORY);
    "used.gpu", "GPU", Room, "GPU in use", |host, _| used(host, GPU);
    "used.storage", "GB", Room, "local storage in use", |host, _| used(host, STORAGE);
    "used.network", "Mbit/s", Room, "network bandwidth in use; 0 where it has no limit", |host, _| used(host, NETWORK);
    "free_share.vcpu", "0 to 1", Room, "free ÷ capacity of vCPU; 0 where the host has none", |host, _| share(host, host.free, VCPU);
    "free_share.memory", "0 to 1", Room, "of memory", |host, _| share(host, host.free, MEMORY);
    "free_share.gpu", "0 to 1", Room, "of GPU", |host, _| share(host, host.free, GPU);
    "free_share.storage", "0 to 1", Room, "of local storage", |host, _| share(host, host.free, STORAGE);
    "free_share.network", "0 to 1", Room, "of network bandwidth; 0 where it has no limit", |host, _| share(host, host.free, NETWORK);
    "count", "instances", Instances, "instances on the host, before placing", |host, _| Amount::whole(host.instances);
    "exit.left", "hours", Ends, "time until the last instance on the host is predicted to have ended, rounded up to 0, 1, 2, 4, 8, 16, 24, 48, 72, 96, 120, 144 or 168; 1000 beyond; 0 where there is none", |host, _| Amount::whole(host.left_h);
    "rack", "number", Rack, "number of the host's rack, from 0 in file order", |host, _| Amount::whole(host.rack.0);
    "numa.nodes", "nodes", Parts, "NUMA nodes of the host; 1 where it is not divided", |host, _| Amount::whole(nodes(host).len() as u64);
    "numa.most_vcpu", "vCPU", Parts, "vCPU free on the node that has most", |host, _| of_node(host, VCPU, Iterator::max);
    "numa.least_vcpu", "vCPU", Parts, "vCPU free on the node that has least", |host, _| of_node(host, VCPU, Iterator::min);
    "numa.most_memory", "GiB", Parts, "memory free on the node that has most", |host, _| of_node(host, MEMORY, Iterator::max);
    "numa.least_memory", "GiB", Parts, "memory free on the node that has least", |host, _| of_node(host, MEMORY, Iterator::min);
    "gpu.devices", "devices", Parts, "GPU devices of the host; 0 where they are not told apart", |host, _| Amount::whole(devices(host).len() as u64);
    "gpu.unused", "devices", Parts, "devices that are free as a whole", |host, _| Amount::whole(unused(host));
    "gpu.largest", "GPU", Parts, "greatest share that is free on one device", |host, _| amount(largest(host), GPU);
    "request.vcpu", "vCPU", Request, "vCPU that the request asks for", |_, request| asked(request, VCPU);
    "request.memory", "GiB", Request, "memory that it asks for", |_, request| asked(request, MEMORY);
    "request.gpu", "GPU", Request, "GPU that it asks for", |_, request| asked(request, GPU);
    "request.storage", "GB", Request, "local storage that it asks for", |_, request| asked(request, STORAGE);
    "request.network", "Mbit/s", Request, "network bandwidth that it asks for", |_, request| asked(request, NETWORK);
    "request.nodes", "nodes", Request, "NUMA nodes that it names, 1 or 2; 0: the fewest", |_, request| Amount::whole(named_nodes(request));
    "request.left", "hours", RequestEnd, "time until the instance asked for is predicted to have ended, rounded up as `exit.left` is; 1000 without prediction", |host, _| Amount::whole(host.request_left_h);
    "request_share.vcpu", "0 to 1", Request, "asked for ÷ capacity of vCPU; 0 where the host has none", |host, request| share(host, &request.amounts, VCPU);
    "request_share.memory", "0 to 1", Request, "of memory", |host, request| share(host, &request.amounts, MEMORY);
    "request_share.gpu", "0 to 1", Request, "of GPU", |host, request| share(host, &request.amounts, GPU);
    "request_share.storage", "0 to 1", Request, "of local storage", |host, request| share(host, &request.amounts, STORAGE);
    "request_share.network", "0 to 1", Request, "of network bandwidth; 0 where it has no limit", |host, request| share(host, &request.amounts, NETWORK);
}

fn amount(units: u32, resource: usize) -> Amount {
    Amount { units: u64::from(units), per: QUANTITIES[resource].units_per_one }
}

/// Returns true where the host has no limit of a resource.
fn is_unlimited(host: &Candidate<'_>, resource: usize) -> bool {
    resource == NETWORK && host.sku.network_is_unlimited()
}

fn free(host: &Candidate<'_>, resource: usize) -> Amount {
    amount(if is_unlimited(host, resource) { 0 } else { host.free.0[resource] }, resource)
}

fn capacity(host: &Candidate<'_>, resource: usize) -> Amount {
    amount(if is_unlimited(host, resource) { 0 } else { host.sku.capacity.0[resource] }, resource)
}

fn used(host: &Candidate<'_>, resource: usize) -> Amount {
    amount(host.sku.capacity.0[resource] - host.free.0[resource], resource)
}

fn share(host: &Candidate<'_>, amounts: &Resources, resource: usize) -> Amount {
    match host.sku.capacity.0[resource] {
        0 => Amount::whole(0u32),
        _ if is_unlimited(host, resource) => Amount::whole(0u32),
        capacity => Amount { units: u64::from(amounts.0[resource]), per: u64::from(capacity) },
    }
}

fn asked(request: &Footprint, resource: usize) -> Amount {
    amount(request.amounts.0[resource], resource)
}

fn named_nodes(request: &Footprint) -> u32 {
    match request.numa {
        NumaNodes::Fewest => 0,
        NumaNodes::One => 1,
        NumaNodes::Two => 2,
    }
}

/// Returns the room of each node; of the host where it is not divided.
fn nodes(host: &Candidate<'_>) -> Vec<NodeRoom> {
    match (host.parts, usize::from(host.sku.topology.nodes)) {
        (Some(parts), nodes @ 1..) => parts.nodes[..nodes].to_vec(),
        _ => vec![NodeRoom { vcpu_milli: host.free.vcpu_milli(), memory_mib: host.free.memory_mib() }],
    }
}

fn of_node(
    host: &Candidate<'_>,
    resource: usize,
    pick: fn(std::vec::IntoIter<u32>) -> Option<u32>,
) -> Amount {
    let of = |room: &NodeRoom| if resource == VCPU { room.vcpu_milli } else { room.memory_mib };
    let rooms: Vec<u32> = nodes(host).iter().map(of).collect();
    amount(pick(rooms.into_iter()).expect("a host has a node"), resource)
}

/// Returns what is free on each device \[milli-GPU\]; nothing where they are not told apart.
fn devices<'a>(host: &Candidate<'a>) -> &'a [u16] {
    host.parts.map_or(&[], |parts| &parts.devices[..usize::from(host.sku.topology.devices)])
}

fn unused(host: &Candidate<'_>) -> u32 {
    devices(host).iter().filter(|free| **free == 1000).count() as u32
}

fn largest(host: &Candidate<'_>) -> u32 {
    devices(host).iter().copied().max().unwrap_or(0).into()
}
