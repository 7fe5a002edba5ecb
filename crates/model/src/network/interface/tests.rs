use super::*;
use crate::billing;
use crate::network::{Association, BLOCK};
use crate::transition;
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::units::Calendar;
use std::collections::BTreeSet;

/// Returns a /24 and a /26 in one zone, a /28 in another.
fn network() -> Network {
    let text = "
        [[subnets]]
        name = 'a'
        zone = 'x'
        cidr = '10.0.1.0/24'
        [[subnets]]
        name = 'b'
        zone = 'x'
        cidr = '10.0.2.0/26'
        [[subnets]]
        name = 'c'
        zone = 'y'
        cidr = '10.0.3.0/28'";
    Network::new(&toml::from_str(text).unwrap(), &["x", "y"]).unwrap()
}

const ACCOUNT: AccountId = AccountId(0);
const A: SubnetId = SubnetId(0);
const B: SubnetId = SubnetId(1);
const C: SubnetId = SubnetId(2);

/// Returns an instance of `a` whose type has 3 interfaces of 4 addresses.
fn instance(number: u64) -> InterfaceOwner {
    InterfaceOwner {
        id: InstanceId(number),
        account: ACCOUNT,
        zone: ZoneId(0),
        subnet: A,
        limits: Some(InterfaceLimits { interfaces: 3, addresses_each: 4 }),
    }
}

/// Every pair of state and trigger once more, in words and by trigger, with the reasons of refusals.
#[test]
fn every_state_and_trigger() {
    use Trigger::*;
    let triggers = [Attach, Detach, Delete, InstanceEnds, EndsWithInstance];
    let words = triggers.map(|trigger| format!("{trigger:?}"));
    let triggers: Vec<_> = triggers.into_iter().zip(words.iter().map(String::as_str)).collect();
    let states = InterfaceState::ALL.map(|state| (state, state.name()));
    let name = |next: Option<InterfaceState>| next.map_or("gone", InterfaceState::name);
    let expected = "\
Attach: available -> in-use
Attach: in-use ! InvalidNetworkInterface.InUse
Detach: available ! InvalidAttachmentID.NotFound
Detach: in-use -> available
Delete: available -> gone
Delete: in-use ! InvalidNetworkInterface.InUse
InstanceEnds: in-use -> available
EndsWithInstance: in-use -> gone";
    assert_eq!(transition::print(&states, &triggers, InterfaceState::on, name), expected);
}

#[test]
fn the_life_of_an_interface() {
    let mut network = network();
    let (one, two) = (instance(1), instance(2));
    let id = network.create_interface(Time(0), ACCOUNT, B).unwrap();
    assert_eq!((network.interface(ACCOUNT, id).unwrap().address, network.subnets()[1].usage.used()), (4, 1));
    assert!(network.interface(AccountId(1), id).is_none());
    network.attach_interface(&one, id, false).unwrap();
    assert!(!network.may_auto_assign(one.id) && network.may_auto_assign(two.id));
    let in_use = Err(Failure::InvalidNetworkInterfaceInUse.into());
    assert_eq!(network.attach_interface(&two, id, false), in_use);
    assert_eq!(network.delete_interface(Time(1), ACCOUNT, id), in_use);
    assert_eq!(network.detach_interface(ACCOUNT, id), Ok(one.id));
    let not_attached = Err(Failure::InvalidAttachmentIdNotFound.into());
    for account in [ACCOUNT, AccountId(1)] {
        assert_eq!(network.detach_interface(account, id), not_attached);
    }
    let unknown = Err(Failure::InvalidNetworkInterfaceIdNotFound.into());
    assert_eq!(network.delete_interface(Time(1), AccountId(1), id), unknown);
    network.assert_conserved(0, 0);
    network.delete_interface(Time(1), ACCOUNT, id).unwrap();
    assert_eq!(network.delete_interface(Time(1), ACCOUNT, id), unknown);
    assert_eq!(network.detach_interface(ACCOUNT, id), not_attached);
    network.instance_ended(Time(2), one.id);
    assert!(network.is_empty());
}

#[test]
fn an_interface_of_another_zone_cannot_be_attached() {
    let mut network = network();
    let id = network.create_interface(Time(0), ACCOUNT, C).unwrap();
    let refused = Failure::InvalidParameterCombination.into();
    assert_eq!(network.attach_interface(&instance(1), id, false), Err(refused));
    assert_eq!(network.interface(ACCOUNT, id).unwrap().state(), InterfaceState::Available);
}

#[test]
fn the_type_limits_interfaces_and_addresses() {
    let mut network = network();
    let one = instance(1);
    let ids = [0; 3].map(|_| network.create_interface(Time(0), ACCOUNT, A).unwrap());
    // What is not attached has no limit, but cannot be attached with more than the type has.
    network.assign(Time(0), InterfaceRef::Further(ACCOUNT, ids[0]), AddressRange::Single, 4).unwrap();
    let refused = Failure::PrivateIpAddressLimitExceeded.because(LimitKind::TypeAddresses, 5, 4);
    assert_eq!(network.attach_interface(&one, ids[0], false), Err(refused));
    network.unassign(Time(0), InterfaceRef::Further(ACCOUNT, ids[0]), AddressRange::Single, 2).unwrap();
    network.attach_interface(&one, ids[0], false).unwrap();
    network.attach_interface(&one, ids[1], false).unwrap();
    let refused = Failure::AttachmentLimitExceeded.because(LimitKind::TypeInterfaces, 1, 0);
    assert_eq!(network.attach_interface(&one, ids[2], false), Err(refused));

    // A prefix counts as one address, on the first interface as on others.
    for on in [InterfaceRef::First(&one), InterfaceRef::Further(ACCOUNT, ids[1])] {
        network.assign(Time(0), on, AddressRange::Single, 2).unwrap();
        network.assign(Time(0), on, AddressRange::Prefix, 1).unwrap();
        let refused = Failure::PrivateIpAddressLimitExceeded.because(LimitKind::TypeAddresses, 1, 0);
        assert_eq!(network.assign(Time(0), on, AddressRange::Prefix, 1), Err(refused));
    }
    assert_eq!(network.first_interface_ranges(one.id, AddressRange::Prefix), [16]);
    assert_eq!(network.interfaces_of(one.id), &ids[..2]);
    network.assert_conserved(0, 0);

    // Its type may change while it is stopped.
    let with = |interfaces, addresses_each| InterfaceOwner {
        limits: Some(InterfaceLimits { interfaces, addresses_each }),
        ..one
    };
    let refused = Failure::AttachmentLimitExceeded.because(LimitKind::TypeInterfaces, 3, 2);
    assert_eq!(network.check_limits(&with(2, 4)), Err(refused));
    let refused = Failure::PrivateIpAddressLimitExceeded.because(LimitKind::TypeAddresses, 4, 2);
    assert_eq!(network.check_limits(&with(3, 2)), Err(refused));
    network.check_limits(&with(3, 5)).unwrap();
    network.assign(Time(0), InterfaceRef::Further(ACCOUNT, ids[1]), AddressRange::Single, 1).unwrap();
    assert_eq!(network.check_limits(&InterfaceOwner { limits: None, ..one }), Ok(()));
    network
        .assign(
            Time(0),
            InterfaceRef::First(&InterfaceOwner { limits: None, ..one }),
            AddressRange::Single,
            60,
        )
        .unwrap();
}

#[test]
fn assigning_none_or_taking_more_than_there_are_is_no_request() {
    let mut network = network();
    let on = InterfaceRef::First(&instance(1));
    let wrong = Err(Failure::InvalidParameterValue.into());
    assert_eq!(network.assign(Time(0), on, AddressRange::Single, 0), wrong);
    network.assign(Time(0), on, AddressRange::Single, 2).unwrap();
    assert_eq!(network.unassign(Time(0), on, AddressRange::Single, 3), wrong);
    assert_eq!(network.unassign(Time(0), on, AddressRange::Prefix, 1), wrong);
    assert_eq!(network.unassign(Time(0), on, AddressRange::Single, 0), wrong);
    network.unassign(Time(0), on, AddressRange::Single, 1).unwrap();
    assert_eq!(network.first_interface_ranges(InstanceId(1), AddressRange::Single), [4]);
}

#[test]
fn a_fragmented_subnet_has_no_prefix_while_addresses_are_free() {
    let mut network = network();
    let unlimited = InterfaceOwner { subnet: B, limits: None, ..instance(1) };
    // A /26 has two whole blocks. Thirteen addresses fill the first, broken one, and break the next.
    let firsts: Vec<u32> = (0..13).map(|_| network.allocate(B, ACCOUNT, Time(0)).unwrap()).collect();
    let on = InterfaceRef::First(&unlimited);
    assert!(network.subnets()[1].fragmentation().is_none(), "no call has asked for a prefix");
    let refused = Failure::InsufficientCidrBlocks.because(LimitKind::SubnetPrefixes, 2, 1);
    assert_eq!(network.assign(Time(10), on, AddressRange::Prefix, 2), Err(refused));
    network.assign(Time(10), on, AddressRange::Prefix, 1).unwrap();
    let refused = Failure::InsufficientCidrBlocks.because(LimitKind::SubnetPrefixes, 1, 0);
    assert_eq!(network.assign(Time(10), on, AddressRange::Prefix, 1), Err(refused));
    let subnet = &network.subnets()[1];
    assert_eq!((subnet.addresses, subnet.usage.used(), subnet.usage.exhausted_at()), (59, 29, None));
    let fragmentation = subnet.fragmentation().unwrap();
    assert_eq!((fragmentation.current(), fragmentation.exhausted_at()), (1.0, Some(Time(10))));
    network.assert_conserved(13, 0);

    // Room for singles there is, and when the one that broke the block leaves, for a prefix again.
    let refused = Failure::InsufficientFreeAddressesInSubnet.because(LimitKind::SubnetAddresses, 31, 30);
    assert_eq!(network.assign(Time(10), on, AddressRange::Single, 31), Err(refused));
    network.release(B, ACCOUNT, firsts[12], Time(20));
    let fragmentation = network.subnets()[1].fragmentation().unwrap();
    assert_eq!((fragmentation.current(), fragmentation.peak()), (15.0 / 31.0, 1.0));
    assert_eq!(fragmentation.mean(Time(30)), (30.0 + 15.0) / (30.0 + 31.0));
    network.assert_conserved(12, 0);
}

#[test]
fn all_of_an_instances_extras_come_back_at_its_end() {
    let mut network = network();
    let mut bill = billing::Usage::new(Calendar::default(), Time::ZERO);
    let one = instance(1);
    let [ends, stays] = [B, B].map(|subnet| network.create_interface(Time(0), ACCOUNT, subnet).unwrap());
    let addresses = [0; 3].map(|_| network.allocate_elastic(Time(0), ACCOUNT, &mut bill).unwrap());
    let holders = [Holder::Instance(one.id), Holder::Interface(ends), Holder::Interface(stays)];
    for (address, holder) in addresses.into_iter().zip(holders) {
        let request = Association { address, holder, allow_reassociation: true, auto_assigned: false };
        network.associate(Time(0), ACCOUNT, request, &mut bill).unwrap();
    }
    network.attach_interface(&one, ends, true).unwrap();
    network.attach_interface(&one, stays, false).unwrap();
    for on in [InterfaceRef::First(&one), InterfaceRef::Further(ACCOUNT, ends)] {
        network.assign(Time(0), on, AddressRange::Single, 1).unwrap();
        network.assign(Time(0), on, AddressRange::Prefix, 1).unwrap();
    }
    network.assert_conserved(0, 0);

    network.instance_ended(Time(5), one.id);
    assert!(network.interface(ACCOUNT, ends).is_none());
    assert_eq!(network.interface(ACCOUNT, stays).unwrap().state(), InterfaceState::Available);
    let kept = addresses.map(|address| network.elastic().holder(address));
    assert_eq!(kept, [None, None, Some(Holder::Interface(stays))]);
    assert_eq!([0, 1].map(|subnet| network.subnets()[subnet].usage.used()), [0, 1]);
    network.assert_conserved(0, 0);
    network.delete_interface(Time(6), ACCOUNT, stays).unwrap();
    for address in addresses {
        network.release_elastic(Time(6), ACCOUNT, address, &mut bill).unwrap();
    }
    assert!(network.is_empty() && bill.is_empty());
}

#[test]
fn without_subnets_addresses_have_no_limit() {
    let mut network = Network::new(&Default::default(), &["x"]).unwrap();
    let one = instance(1);
    let id = network.create_interface(Time(0), ACCOUNT, A).unwrap();
    network.attach_interface(&one, id, true).unwrap();
    network.assign(Time(0), InterfaceRef::First(&one), AddressRange::Prefix, 3).unwrap();
    let refused = Failure::PrivateIpAddressLimitExceeded.because(LimitKind::TypeAddresses, 1, 0);
    assert_eq!(network.assign(Time(0), InterfaceRef::First(&one), AddressRange::Single, 1), Err(refused));
    network.assert_conserved(0, 0);
    network.instance_ended(Time(1), one.id);
    assert!(network.is_empty());
}

/// Reference implementation of a subnet: the set of its free offsets; a block is free when all sixteen are in it.
struct Plain(BTreeSet<u32>);

impl Plain {
    fn take(&mut self, range: AddressRange, count: u16) -> Option<Vec<u32>> {
        let free = self.0.clone();
        let whole = |first: u32| (first..first + BLOCK).all(|offset| free.contains(&offset));
        let fits: Vec<u32> = match range {
            AddressRange::Single => free.iter().copied().collect(),
            AddressRange::Prefix => {
                free.iter().copied().filter(|first| first % BLOCK == 0 && whole(*first)).collect()
            }
        };
        let taken = fits.get(..usize::from(count))?.to_vec();
        for first in &taken {
            (*first..*first + range.addresses()).for_each(|offset| assert!(self.0.remove(&offset)));
        }
        Some(taken)
    }

    fn give(&mut self, range: AddressRange, firsts: &[u32]) {
        firsts.iter().for_each(|first| self.0.extend(*first..*first + range.addresses()));
    }

    /// Returns the share of free offsets whose block is broken.
    fn fragmentation(&self) -> f64 {
        let block = |offset: u32| offset / BLOCK * BLOCK..(offset / BLOCK + 1) * BLOCK;
        let broken = |offset: &&u32| !block(**offset).all(|other| self.0.contains(&other));
        if self.0.is_empty() {
            return 0.0;
        }
        self.0.iter().filter(broken).count() as f64 / self.0.len() as f64
    }
}

#[test]
fn random_use_of_a_subnet_gives_what_a_set_gives() {
    const INSTANCES: u64 = 6;
    let mut network = network();
    let mut random = Seed(5).stream(Purpose::Placement, 3);
    let mut plain = Plain((4..255).collect());
    let mut firsts: Vec<u32> = Vec::new();
    for step in 0..4_000u64 {
        let now = Time(step);
        let one = InterfaceOwner { limits: None, ..instance(random.below(INSTANCES)) };
        let on = InterfaceRef::First(&one);
        let range = [AddressRange::Single, AddressRange::Prefix][random.below(2) as usize];
        let count = 1 + random.below(if range == AddressRange::Single { 12 } else { 2 }) as u16;
        let had = network.first_interface_ranges(one.id, range).to_vec();
        match random.below(8) {
            0 | 1 => {
                let expected = plain.take(range, count);
                assert_eq!(network.assign(now, on, range, count).is_ok(), expected.is_some(), "step {step}");
                let all = [had, expected.unwrap_or_default()].concat();
                assert_eq!(network.first_interface_ranges(one.id, range), all, "step {step}");
            }
            2 | 3 if had.len() >= usize::from(count) => {
                network.unassign(now, on, range, count).unwrap();
                plain.give(range, &had[had.len() - usize::from(count)..]);
            }
            4 | 5 => {
                let offset = network.allocate(A, ACCOUNT, now);
                assert_eq!(offset, plain.take(AddressRange::Single, 1).map(|taken| taken[0]));
                firsts.extend(offset);
            }
            6 if !firsts.is_empty() => {
                let offset = firsts.swap_remove(random.below(firsts.len() as u64) as usize);
                network.release(A, ACCOUNT, offset, now);
                plain.give(AddressRange::Single, &[offset]);
            }
            7 if random.below(8) == 0 => {
                for range in [AddressRange::Single, AddressRange::Prefix] {
                    plain.give(range, network.first_interface_ranges(one.id, range));
                }
                network.instance_ended(now, one.id);
            }
            _ => {}
        }
        let subnet = &network.subnets()[0];
        assert_eq!(subnet.addresses - subnet.usage.used(), plain.0.len() as u64);
        if let Some(fragmentation) = subnet.fragmentation() {
            assert_eq!(fragmentation.current(), plain.fragmentation(), "step {step}");
        }
        network.assert_conserved(firsts.len() as u64, 0);
    }
}

/// The plain subnet with CIDR reservations: the set of its free addresses.
struct PlainSubnet {
    free: BTreeSet<u32>,
    for_prefixes: Vec<std::ops::Range<u32>>,
    explicit: Vec<std::ops::Range<u32>>,
}

impl PlainSubnet {
    fn is_in(ranges: &[std::ops::Range<u32>], offset: u32) -> bool {
        ranges.iter().any(|range| range.contains(&offset))
    }

    fn single(&mut self) -> Option<u32> {
        let kept = |offset: &u32| {
            PlainSubnet::is_in(&self.for_prefixes, *offset) || PlainSubnet::is_in(&self.explicit, *offset)
        };
        let offset = self.free.iter().copied().find(|offset| !kept(offset))?;
        self.free.remove(&offset);
        Some(offset)
    }

    /// Returns the free blocks: those that are kept for prefixes, then the others.
    fn blocks(&self) -> Vec<u32> {
        let starts = (0..256).step_by(BLOCK as usize);
        let whole = |first: &u32, is_kept: bool| {
            (*first..*first + BLOCK).all(|offset| {
                self.free.contains(&offset)
                    && !PlainSubnet::is_in(&self.explicit, offset)
                    && PlainSubnet::is_in(&self.for_prefixes, offset) == is_kept
            })
        };
        let of = |is_kept| starts.clone().filter(move |first| whole(first, is_kept));
        of(true).chain(of(false)).collect()
    }

    fn prefix(&mut self) -> Option<u32> {
        let first = *self.blocks().first()?;
        (first..first + BLOCK).for_each(|offset| assert!(self.free.remove(&offset)));
        Some(first)
    }
}

/// A /24 of which a /27 and a /28 are kept for prefixes, and a /29 and a /30 for addresses that are named: single addresses and prefixes
/// that come and go are those of a plain set, and no prefix is refused while one of its blocks is free.
#[test]
fn reservations_keep_their_addresses_as_a_plain_set_does() {
    let text = "
        [[subnets]]
        name = 'a'
        zone = 'x'
        cidr = '10.0.1.0/24'
        cidr_reservations = [
            { cidr = '10.0.1.64/27', type = 'prefix' },
            { cidr = '10.0.1.0/28', type = 'prefix' },
            { cidr = '10.0.1.40/29', type = 'explicit' },
            { cidr = '10.0.1.200/30', type = 'explicit' },
        ]";
    for seed in 0..20 {
        let mut network = Network::new(&toml::from_str(text).unwrap(), &["x", "y"]).unwrap();
        // The first four of the subnet and the last are EC2's own, reserved or not.
        assert_eq!(network.subnets()[0].addresses, 251 - 12);
        let mut plain = PlainSubnet {
            free: (4..255).collect(),
            for_prefixes: vec![64..96, 0..16],
            explicit: vec![40..48, 200..204],
        };
        let mut random = Seed(seed).stream(Purpose::Placement, 2);
        let mut taken: Vec<(AddressRange, u32)> = Vec::new();
        for step in 0..2_000u64 {
            let now = Time(step);
            let is_filling = step / 250 % 2 == 0;
            if taken.is_empty() || random.below(8) < if is_filling { 7 } else { 2 } {
                let (range, expected) = match random.below(6) {
                    0 => (AddressRange::Prefix, plain.prefix()),
                    _ => (AddressRange::Single, plain.single()),
                };
                let found = network.take_ranges(now, A, ACCOUNT, range, 1);
                assert_eq!(found.as_ref().ok().map(|found| found[0]), expected, "seed {seed}, step {step}");
                if let (Err(reason), AddressRange::Prefix) = (&found, range) {
                    let refused = Failure::InsufficientCidrBlocks;
                    assert_eq!(*reason, refused.because(LimitKind::SubnetPrefixes, 1, 0));
                }
                taken.extend(expected.map(|first| (range, first)));
            } else {
                let (range, first) = taken.swap_remove(random.below(taken.len() as u64) as usize);
                network.give_back_ranges(now, A, ACCOUNT, range, &[first]);
                plain.free.extend(first..first + range.addresses());
            }
            let used: u32 = taken.iter().map(|(range, _)| range.addresses()).sum();
            assert_eq!(network.subnets()[0].usage.used(), u64::from(used));
        }
        taken.drain(..).for_each(|(range, first)| {
            network.give_back_ranges(Time(2_000), A, ACCOUNT, range, &[first]);
        });
        network.assert_conserved(0, 0);
        assert!(network.is_empty());
    }
}

/// Sixty instances are on the lowest addresses: with 64 addresses kept, four prefixes fit beside them whatever else is taken.
#[test]
fn a_reservation_holds_room_for_prefixes_in_a_full_subnet() {
    let text = "
        [[subnets]]
        name = 'a'
        zone = 'x'
        cidr = '10.0.1.0/24'
        cidr_reservations = [{ cidr = '10.0.1.128/26', type = 'prefix' }]";
    let mut network = Network::new(&toml::from_str(text).unwrap(), &["x", "y"]).unwrap();
    let mut singles = Vec::new();
    while let Some(address) = network.allocate(A, ACCOUNT, Time(0)) {
        singles.push(address);
    }
    assert_eq!((singles.len(), network.free_addresses(A, ACCOUNT)), (251 - 64, 0));
    let prefixes = network.take_ranges(Time(1), A, ACCOUNT, AddressRange::Prefix, 4).unwrap();
    assert_eq!(prefixes, [128, 144, 160, 176]);
    let refused = network.take_ranges(Time(2), A, ACCOUNT, AddressRange::Prefix, 1).unwrap_err();
    assert_eq!(refused, Failure::InsufficientCidrBlocks.because(LimitKind::SubnetPrefixes, 1, 0));
    network.give_back_ranges(Time(3), A, ACCOUNT, AddressRange::Prefix, &prefixes);
    assert_eq!(network.allocate(A, ACCOUNT, Time(4)), None, "no single address is taken from what is kept");
}
