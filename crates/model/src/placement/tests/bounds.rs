//! Bounds of costs, by which searches pass over classes: none is above a cost that it bounds, and few classes are looked at.

use super::*;
use crate::fleet::host::Sku;
use crate::fleet::index::bound::Span;
use crate::fleet::index::ranking::{Candidate, Ranking};
use crate::fleet::topology::{NodeOrder, Topology};

/// Returns a kind of host, divided or not.
fn sku(random: &mut Stream) -> Sku {
    let gpu = random.below(3) as u32 * 4_000;
    let network = if random.below(2) == 0 { UNLIMITED } else { 25_000 };
    let capacity = Resources([32_000, 131_072, gpu, random.below(2) as u32 * 900, network]);
    let nodes = [0, 0, 2, 4][random.below(4) as usize];
    let topology = Topology::new(&capacity, nodes, random.below(2) == 0);
    Sku { capacity, max_instances: u32::MAX, hardware: 0, sockets: 0, topology }
}

fn footprint(random: &mut Stream) -> Footprint {
    let gpu =
        [0, 0, 1 + random.below(999) as u32, 1_000 * (1 + random.below(2) as u32)][random.below(4) as usize];
    let network = random.below(2) as u32 * random.below(3_000) as u32;
    let vcpu = 1 + random.below(5_000) as u32;
    let amounts = Resources([vcpu, 1 + random.below(20_000) as u32, gpu, random.below(60) as u32, network]);
    Footprint { amounts, numa: [NumaNodes::Fewest, NumaNodes::One][random.below(2) as usize] }
}

/// Takes what a request asks for from a host, if it has room.
fn take(
    free: &mut Resources,
    parts: &mut crate::fleet::topology::Parts,
    sku: &Sku,
    request: &Footprint,
) -> bool {
    if !free.covers(&request.amounts) {
        return false;
    }
    if !sku.topology.is_flat() {
        let Some(affinity) = parts.choose(&sku.topology, request, NodeOrder::Lowest) else { return false };
        parts.take(request, affinity);
    }
    let network = free.0[Resources::NETWORK];
    *free = free.minus(&request.amounts);
    if network == UNLIMITED {
        free.0[Resources::NETWORK] = UNLIMITED;
    }
    true
}

/// Returns the ranking of a strategy, one that follows the demand after some of it.
fn ranking(config: &StrategyConfig, random: &mut Stream) -> Option<Box<dyn Ranking>> {
    let Strategy { ranking, mut selector, adapts, .. } = built(config);
    if !adapts {
        return ranking;
    }
    let fleet = Fleet::new(&[vec![group(Hosts::Fixed { count: 1, sellable: Resources::new(1, 1) }, None)]])
        .expect("one capacity");
    for shape in 0..12 {
        let footprint = footprint(random);
        let request =
            Request::new(crate::fleet::index::shapes::ShapeId(shape), footprint, AccountId(0), ZoneId(0));
        for _ in 0..1 + random.below(9) {
            selector.placed(&request, HostId(0), &fleet);
        }
    }
    assert!(selector.adapt());
    selector.ranking()
}

#[test]
fn no_host_costs_less_than_a_bound_of_it() {
    let mut random = Seed(21).stream(Purpose::Placement, 3);
    for config in every_strategy() {
        let Some(ranking) = ranking(&config, &mut random) else { continue };
        for _ in 0..600 {
            let sku = sku(&mut random);
            let (mut free, mut parts) = (sku.capacity, sku.topology.empty());
            for _ in 0..random.below(12) {
                let taken = footprint(&mut random);
                take(&mut free, &mut parts, &sku, &taken);
            }
            let request = footprint(&mut random);
            if !take(&mut free.clone(), &mut parts.clone(), &sku, &request) {
                continue;
            }
            // A span around what is free.
            let reach = 1 + random.below(40_000);
            let mut span = Span::of(free);
            for i in 0..free.0.len() {
                let less = (free.0[i] - request.amounts.0[i]).min(random.below(reach) as u32);
                let more = (sku.capacity.0[i] - free.0[i]).min(random.below(reach) as u32);
                span.least.0[i] -= less;
                span.most.0[i] += more;
            }
            let candidate = Candidate {
                parts: (!sku.topology.is_flat()).then_some(&parts),
                instances: random.below(60) as u32,
                rack: plimsoll_base::units::RackId(random.below(900) as u32),
                left_h: [0, 4, 1000][random.below(3) as usize],
                request_left_h: [0, 8, 1000][random.below(3) as usize],
                ..Candidate::of_amounts(&sku, &free)
            };
            let cost = ranking.cost(candidate, &request);
            for span in [span, Span::of(free)] {
                let bound = ranking.bound(&sku, &span, &request);
                assert!(
                    !bound.is_above(&cost),
                    "{config:?}: {bound:?} of {span:?}, {cost:?} of {candidate:?}"
                );
            }
        }
    }
}

/// The search by bounds of thousands of classes, each of one host.
#[test]
fn a_search_by_bounds_looks_at_few_classes() {
    let world = worlds().into_iter().find(|world| world.name == MANY_CLASSES).expect("it is listed");
    for strategy in [
        StrategyConfig::named("dot-product"),
        StrategyConfig::named("borg-hybrid"),
        StrategyConfig::named("fgd"),
        expressions(&["abs(free.vcpu - request.vcpu) + 3 * abs(free.memory / 4 - request.memory)"]),
        expressions(&["floor(20 * free_share.vcpu)", "(free_share.memory - request_share.memory)^2"]),
        expressions(&["free_share.vcpu * (1 + request_share.memory)", "rack"]),
    ] {
        let Choices { hosts, looked_at, .. } = agree(&world, &strategy);
        let each = looked_at / hosts.len();
        assert!((1..=300).contains(&each), "{strategy:?}: {each} classes a search");
    }
}
