use super::*;
use plimsoll_base::engine::random::{Purpose, Seed};

/// Two nodes of 4 vCPU and 8 GiB, and four devices.
fn topology() -> Topology {
    Topology::new(&Resources([8_000, 16_384, 4_000, 0, u32::MAX]), 2, true)
}

fn footprint(vcpu: u32, gib: u32, gpu_milli: u32, numa: NumaNodes) -> Footprint {
    Footprint { amounts: Resources([vcpu * 1000, gib * 1024, gpu_milli, 0, 0]), numa }
}

fn place(parts: &mut Parts, footprint: &Footprint, order: NodeOrder) -> Option<Affinity> {
    let affinity = parts.choose(&topology(), footprint, order)?;
    parts.take(footprint, affinity);
    Some(affinity)
}

#[test]
fn an_instance_takes_one_node_or_two_halves() {
    let mut parts = topology().empty();
    let mut nodes = |vcpu, gib, numa| {
        let asked = footprint(vcpu, gib, 0, numa);
        place(&mut parts, &asked, NodeOrder::Lowest).map(|affinity| affinity.nodes)
    };
    assert_eq!(nodes(3, 1, NumaNodes::One), Some(0b01));
    assert_eq!(nodes(2, 1, NumaNodes::One), Some(0b10), "the lower node has one vCPU left");
    assert_eq!(nodes(3, 1, NumaNodes::One), None, "three are free, on no single node");
    assert_eq!(nodes(3, 1, NumaNodes::Two), None, "half of it is more than the lower node has");
    assert_eq!(nodes(2, 4, NumaNodes::Two), Some(0b11));
    assert_eq!(nodes(1, 1, NumaNodes::Fewest), Some(0b10));
    assert_eq!(parts.sums(), [0, 16_384 - 7 * 1024, 4_000]);
}

#[test]
fn what_no_empty_node_takes_goes_to_two() {
    let mut parts = topology().empty();
    let large = footprint(6, 4, 0, NumaNodes::Fewest);
    assert_eq!(parts.choose(&topology(), &footprint(6, 4, 0, NumaNodes::One), NodeOrder::Lowest), None);
    assert_eq!(place(&mut parts, &large, NodeOrder::Lowest).unwrap().nodes, 0b11);
    let odd = Footprint::from(Resources::new(1, 3));
    let split = Footprint { numa: NumaNodes::Two, ..odd };
    place(&mut parts, &split, NodeOrder::Lowest).unwrap();
    assert_eq!(parts.nodes[0], NodeRoom { vcpu_milli: 999, memory_mib: 6 * 1024 - 2 });
    assert_eq!(parts.nodes[1], NodeRoom { vcpu_milli: 1_000, memory_mib: 6 * 1024 - 1 });
}

#[test]
fn the_freer_node_comes_first_where_the_order_says_so() {
    let mut parts = topology().empty();
    let small = footprint(1, 1, 0, NumaNodes::One);
    let nodes: Vec<u8> = (0..4)
        .map(|_| place(&mut parts, &small, NodeOrder::Most(NodeMeasure::Lesser)).unwrap().nodes)
        .collect();
    assert_eq!(nodes, [0b01, 0b10, 0b01, 0b10]);
    let large = footprint(1, 7, 0, NumaNodes::One);
    assert_eq!(place(&mut parts, &large, NodeOrder::Most(NodeMeasure::Lesser)), None);
}

#[test]
fn the_fuller_node_comes_first_where_the_order_says_so() {
    let mut parts = topology().empty();
    let mut node = |vcpu, gib| {
        let asked = footprint(vcpu, gib, 0, NumaNodes::One);
        place(&mut parts, &asked, NodeOrder::Least(NodeMeasure::Sum)).map(|affinity| affinity.nodes)
    };
    assert_eq!(node(1, 1), Some(0b01));
    assert_eq!(node(1, 7), Some(0b01));
    assert_eq!(node(3, 1), Some(0b10), "the first has two vCPU and no memory left");
    assert_eq!(node(1, 1), Some(0b10));
}

#[test]
fn shares_fill_the_fullest_device_and_whole_ones_take_unused_devices() {
    let mut parts = topology().empty();
    let mut devices = |gpu_milli| {
        let asked = footprint(0, 0, gpu_milli, NumaNodes::Fewest);
        place(&mut parts, &asked, NodeOrder::Lowest).map(|affinity| affinity.devices)
    };
    assert_eq!(devices(600), Some(0b0001));
    assert_eq!(devices(500), Some(0b0010));
    assert_eq!(devices(400), Some(0b0001), "it fills the device to the last thousandth");
    assert_eq!(devices(3_000), None, "two devices are unused");
    assert_eq!(devices(1_500), None, "a device and a half");
    assert_eq!(devices(2_000), Some(0b1100));
    assert_eq!(devices(600), None, "half a device is free");
    assert_eq!(devices(500), Some(0b0010));
    assert_eq!(parts.devices, [0; MAX_DEVICES]);
}

#[test]
fn what_is_taken_is_given_back() {
    let mut random = Seed(3).stream(Purpose::Placement, 4);
    let (topology, mut parts) = (topology(), topology().empty());
    let mut live: Vec<(Footprint, Affinity)> = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20_000 {
        if !live.is_empty() && random.below(2) == 0 {
            let (footprint, affinity) = live.swap_remove(random.below(live.len() as u64) as usize);
            parts.give(&topology, &footprint, affinity);
            continue;
        }
        let numa = [NumaNodes::Fewest, NumaNodes::One, NumaNodes::Two][random.below(3) as usize];
        let gpu = [0, 1 + random.below(999) as u32, 1_000, 2_000][random.below(4) as usize];
        let amounts = Resources([random.below(6_000) as u32, random.below(9_000) as u32, gpu, 0, 0]);
        let footprint = Footprint { amounts, numa };
        match parts.choose(&topology, &footprint, NodeOrder::Most(NodeMeasure::Lesser)) {
            Some(affinity) => {
                assert!(parts.have_room(&topology, &footprint));
                parts.take(&footprint, affinity);
                live.push((footprint, affinity));
                taken += 1;
            }
            None => refused += 1,
        }
        let held = |resource: usize| {
            live.iter().map(|(footprint, _)| u64::from(footprint.amounts.0[resource])).sum::<u64>()
        };
        let [vcpu, memory, devices] = parts.sums();
        assert_eq!(vcpu + held(Resources::VCPU), 8_000);
        assert_eq!(memory + held(Resources::MEMORY), 16_384);
        assert_eq!(devices + held(Resources::GPU), 4_000);
    }
    assert!(taken > 1_000 && refused > 1_000, "{taken} and {refused} are too few");
    live.iter().for_each(|(footprint, affinity)| parts.give(&topology, footprint, *affinity));
    assert_eq!(parts, topology.empty());
}

/// Of all sets of nodes and devices, those that an instance may be on are the ones of the right number that have room: by trial,
/// with every amount subtracted by itself.
#[test]
fn an_instance_may_be_on_every_set_of_parts_with_room() {
    let topology = topology();
    let mut random = Seed(5).stream(Purpose::Mix, 0);
    let (mut allowed, mut refused) = (0, 0);
    for _ in 0..400 {
        let mut parts = topology.empty();
        for _ in 0..random.below(5) {
            let [vcpu, gib] = [1 + random.below(3), 1 + random.below(6)].map(|of| of as u32);
            place(
                &mut parts,
                &footprint(vcpu, gib, random.below(7) as u32 * 250, NumaNodes::Fewest),
                NodeOrder::Lowest,
            );
        }
        let numa = [NumaNodes::Fewest, NumaNodes::One, NumaNodes::Two][random.below(3) as usize];
        let [vcpu, gib] = [1 + random.below(6), 1 + random.below(9)].map(|of| of as u32);
        let asked = footprint(vcpu, gib, [0, 250, 500, 1_000, 1_250, 2_000][random.below(6) as usize], numa);
        let choice = parts.choose(&topology, &asked, NodeOrder::Lowest);
        let mut has_some = false;
        for (nodes, devices) in (0..8).flat_map(|nodes| (0..32).map(move |devices| (nodes, devices))) {
            let expected = plain_room(&parts, &asked, nodes, devices);
            let found = parts.have_room_on(&topology, &asked, Affinity { nodes, devices });
            assert_eq!(found, expected, "{asked:?} on {nodes:b} and {devices:b} of {parts:?}");
            has_some |= found;
            if found { allowed += 1 } else { refused += 1 }
        }
        assert_eq!(has_some, choice.is_some(), "{asked:?} on {parts:?}");
        assert!(choice.is_none_or(|choice| parts.have_room_on(&topology, &asked, choice)));
    }
    assert!(allowed > 300 && refused > 1_000, "{allowed} allowed, {refused} refused");
}

/// Returns whether an instance has room on these parts of a host of [`topology`].
fn plain_room(parts: &Parts, asked: &Footprint, nodes: u8, devices: u16) -> bool {
    let [vcpu, memory, gpu, ..] = asked.amounts.0;
    let takes_two = match asked.numa {
        NumaNodes::One => false,
        NumaNodes::Two => true,
        NumaNodes::Fewest => vcpu > 4_000 || memory > 8_192,
    };
    let set =
        |bits: u32| (0..32).filter(|bit| bits & 1 << bit != 0).map(|bit| bit as usize).collect::<Vec<_>>();
    let (nodes, devices) = (set(u32::from(nodes)), set(u32::from(devices)));
    let on_nodes = match (takes_two, nodes.as_slice()) {
        (false, [0 | 1]) => {
            parts.nodes[nodes[0]].vcpu_milli >= vcpu && parts.nodes[nodes[0]].memory_mib >= memory
        }
        (true, [0, 1]) => {
            let [low, high] = [parts.nodes[0], parts.nodes[1]];
            low.vcpu_milli >= vcpu.div_ceil(2)
                && low.memory_mib >= memory.div_ceil(2)
                && high.vcpu_milli >= vcpu / 2
                && high.memory_mib >= memory / 2
        }
        _ => false,
    };
    let on_devices = match (gpu, devices.as_slice()) {
        (0, []) => true,
        (1..1_000, [device @ 0..4]) => u32::from(parts.devices[*device]) >= gpu,
        (1_000 | 2_000, devices) => {
            devices.len() as u32 * 1_000 == gpu
                && devices.iter().all(|device| *device < 4 && parts.devices[*device] == 1_000)
        }
        _ => false,
    };
    on_nodes && on_devices
}
