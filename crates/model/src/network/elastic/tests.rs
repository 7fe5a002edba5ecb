use super::*;
use crate::network::NetworkConfig;
use crate::transition;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::units::{Calendar, SubnetId};

/// Returns a network with so many public addresses, and what is paid for them.
fn scene(public_addresses: u32) -> (Network, billing::Usage) {
    let config = NetworkConfig { public_addresses: Some(public_addresses), ..NetworkConfig::default() };
    (Network::new(&config, &["x"]).unwrap(), billing::Usage::new(Calendar::default(), Time::ZERO))
}

const A: AccountId = AccountId(0);
const B: AccountId = AccountId(1);

fn instance(number: u64) -> Holder {
    Holder::Instance(InstanceId(number))
}

/// Associates with reassociation allowed, to a holder without an automatic address.
fn to(holder: Holder, address: ElasticAddressId) -> Association {
    Association { address, holder, allow_reassociation: true, auto_assigned: false }
}

/// Every pair of state and trigger once more, in words and by trigger, with the reasons of refusals.
#[test]
fn every_state_and_trigger() {
    use Trigger::*;
    let triggers = [Associate, Reassociate, Disassociate, Release, HolderLost];
    let words = triggers.map(|trigger| format!("{trigger:?}"));
    let triggers: Vec<_> = triggers.into_iter().zip(words.iter().map(String::as_str)).collect();
    let states = ElasticState::ALL.map(|state| (state, state.name()));
    let name = |next: Option<ElasticState>| next.map_or("gone", ElasticState::name);
    let expected = "\
Associate: idle -> associated
Associate: associated ! Resource.AlreadyAssociated
Reassociate: idle -> associated
Reassociate: associated -> associated
Disassociate: idle -> idle
Disassociate: associated -> idle
Release: idle -> gone
Release: associated ! InvalidIPAddress.InUse
HolderLost: associated -> idle";
    assert_eq!(transition::print(&states, &triggers, ElasticState::on, name), expected);
}

#[test]
fn the_life_of_an_elastic_address() {
    let (mut network, mut bill) = scene(2);
    let id = network.allocate_elastic(Time(0), A, &mut bill).unwrap();
    network.allocate_elastic(Time(0), B, &mut bill).unwrap();
    let refused = network.allocate_elastic(Time(1), A, &mut bill).unwrap_err();
    assert_eq!(refused, Failure::InsufficientAddressCapacity.because(LimitKind::PublicAddresses, 1, 0));
    assert_eq!(network.public_usage().exhausted_at(), Some(Time(1)));

    network.associate(Time(2), A, to(instance(7), id), &mut bill).unwrap();
    // Twice the same is no error, even where reassociation is not allowed.
    let strict = Association { allow_reassociation: false, ..to(instance(7), id) };
    assert_eq!(network.associate(Time(2), A, strict, &mut bill), Ok(None));
    let other = Association { holder: instance(8), ..strict };
    let refused = network.associate(Time(2), A, other, &mut bill).unwrap_err();
    assert_eq!(refused, Failure::ResourceAlreadyAssociated.into());
    assert_eq!(network.elastic().of_holder(instance(7)), Some(id));
    let refused = network.release_elastic(Time(3), A, id, &mut bill).unwrap_err();
    assert_eq!(refused, Failure::InvalidIpAddressInUse.into());

    // Moved to another instance, it leaves the first one.
    let taken_from = network.associate(Time(3), A, to(instance(8), id), &mut bill);
    assert_eq!(taken_from, Ok(Some(instance(7))));
    assert_eq!(network.elastic().of_holder(instance(7)), None);
    assert_eq!(network.elastic().holder(id), Some(instance(8)));
    assert_eq!(network.disassociate(Time(4), A, id), Ok(Some(instance(8))));
    assert_eq!(network.disassociate(Time(4), A, id), Ok(None), "twice is no error");
    network.release_elastic(Time(10), A, id, &mut bill).unwrap();
    network.assert_conserved(0, 0);
    assert_eq!((network.elastic().of_account(A), network.elastic().of_account(B)), (0, 1));

    let use_of = |usage: &UseOverTime| (usage.used(), usage.peak(), usage.integral(Time(10)));
    let elastic = network.elastic();
    assert_eq!(use_of(&elastic.allocated), (1, 2, 20));
    assert_eq!(use_of(&elastic.associated), (0, 1, 2));
    assert_eq!(use_of(&elastic.idle), (1, 2, 18));
}

#[test]
fn anothers_address_is_unknown() {
    let (mut network, mut bill) = scene(9);
    let id = network.allocate_elastic(Time(0), A, &mut bill).unwrap();
    let no_allocation: FailureReason = Failure::InvalidAllocationIdNotFound.into();
    let unknown = ElasticAddressId(5);
    assert_eq!(network.associate(Time(0), B, to(instance(1), id), &mut bill), Err(no_allocation));
    assert_eq!(network.associate(Time(0), A, to(instance(1), unknown), &mut bill), Err(no_allocation));
    assert_eq!(network.release_elastic(Time(0), B, id, &mut bill), Err(no_allocation));
    network.associate(Time(0), A, to(instance(1), id), &mut bill).unwrap();
    assert_eq!(network.disassociate(Time(0), B, id), Err(Failure::InvalidAssociationIdNotFound.into()));
    let interface = network.create_interface(Time(0), B, SubnetId(0)).unwrap();
    let no_interface = Err(Failure::InvalidNetworkInterfaceIdNotFound.into());
    assert_eq!(network.associate(Time(0), A, to(Holder::Interface(interface), id), &mut bill), no_interface);
    assert_eq!(network.elastic().holder(id), Some(instance(1)));
}

#[test]
fn the_automatic_address_goes_back_when_an_elastic_one_comes() {
    let (mut network, mut bill) = scene(2);
    assert!(network.may_auto_assign(InstanceId(1)));
    network.assign_public(Time(0), A, &mut bill).unwrap();
    let id = network.allocate_elastic(Time(0), A, &mut bill).unwrap();
    assert_eq!(bill.held(A, Item::PublicAddress), 2);
    network.assert_conserved(0, 1);

    let request = Association { auto_assigned: true, ..to(instance(1), id) };
    network.associate(Time(5), A, request, &mut bill).unwrap();
    assert_eq!((network.public_usage().used(), bill.held(A, Item::PublicAddress)), (1, 1));
    assert!(!network.may_auto_assign(InstanceId(1)));
    network.assert_conserved(0, 0);

    network.instance_ended(Time(9), InstanceId(1));
    assert!(network.may_auto_assign(InstanceId(1)));
    assert_eq!((network.elastic().holder(id), network.elastic().idle.used()), (None, 1));
    // In use or idle, it is paid for: 2 for 5 ns, 1 for 15.
    let sums: Vec<u128> = bill.sums(Time(20)).map(|(_, _, _, sum)| sum).collect();
    assert_eq!(sums, [25]);
    network.release_elastic(Time(20), A, id, &mut bill).unwrap();
    assert!(network.is_empty() && bill.is_empty());
}

#[test]
fn a_second_elastic_address_displaces_the_first() {
    let (mut network, mut bill) = scene(2);
    let ids = [0, 0].map(|_| network.allocate_elastic(Time(0), A, &mut bill).unwrap());
    for id in ids {
        network.associate(Time(1), A, to(instance(1), id), &mut bill).unwrap();
    }
    assert_eq!(ids.map(|id| network.elastic().holder(id)), [None, Some(instance(1))]);
    network.assert_conserved(0, 0);
}

/// Reference implementation: a list of addresses, searched from its beginning for everything.
#[derive(Default)]
struct Plain(Vec<(ElasticAddressId, AccountId, Option<Holder>)>);

impl Plain {
    fn associate(&mut self, account: AccountId, request: Association) -> Result<(), Failure> {
        let Some(at) = self.0.iter().position(|row| (row.0, row.1) == (request.address, account)) else {
            return Err(Failure::InvalidAllocationIdNotFound);
        };
        if self.0[at].2.is_some_and(|holder| holder != request.holder) && !request.allow_reassociation {
            return Err(Failure::ResourceAlreadyAssociated);
        }
        self.lose(request.holder);
        self.0[at].2 = Some(request.holder);
        Ok(())
    }

    fn lose(&mut self, holder: Holder) {
        self.0.iter_mut().filter(|row| row.2 == Some(holder)).for_each(|row| row.2 = None);
    }

    fn disassociate(&mut self, account: AccountId, id: ElasticAddressId) -> Result<Option<Holder>, Failure> {
        let row = self.0.iter_mut().find(|row| (row.0, row.1) == (id, account));
        row.map(|row| row.2.take()).ok_or(Failure::InvalidAssociationIdNotFound)
    }

    fn release(&mut self, account: AccountId, id: ElasticAddressId) -> Result<(), Failure> {
        match self.0.iter().position(|row| (row.0, row.1) == (id, account)) {
            None => Err(Failure::InvalidAllocationIdNotFound),
            Some(at) if self.0[at].2.is_some() => Err(Failure::InvalidIpAddressInUse),
            Some(at) => {
                self.0.remove(at);
                Ok(())
            }
        }
    }
}

#[test]
fn random_calls_give_what_a_list_gives() {
    const POOL: u32 = 8;
    let (mut network, mut bill) = scene(POOL);
    let mut plain = Plain::default();
    let mut random = Seed(3).stream(Purpose::Placement, 2);
    let pick = |random: &mut Stream, below: u64| random.below(below);
    for step in 0..20_000 {
        let now = Time(step);
        let account = AccountId(pick(&mut random, 2) as u32);
        // Mostly one that exists, of whichever account.
        let id = match plain.0.len() as u64 {
            0 => ElasticAddressId(0),
            count => plain.0[pick(&mut random, count) as usize].0,
        };
        match pick(&mut random, 5) {
            0 => {
                let made = network.allocate_elastic(now, account, &mut bill);
                assert_eq!(made.is_ok(), plain.0.len() < POOL as usize);
                plain.0.extend(made.map(|id| (id, account, None)));
            }
            1 | 2 => {
                let holder = instance(pick(&mut random, 4));
                let allow_reassociation = pick(&mut random, 2) == 0;
                let request = Association { allow_reassociation, ..to(holder, id) };
                let got = network.associate(now, account, request, &mut bill);
                assert_eq!(
                    got.map(|_| ()).map_err(|reason| reason.failure),
                    plain.associate(account, request)
                );
            }
            3 => {
                let got = network.disassociate(now, account, id).map_err(|reason| reason.failure);
                assert_eq!(got, plain.disassociate(account, id));
            }
            _ if pick(&mut random, 3) == 0 => {
                let ended = pick(&mut random, 4);
                network.instance_ended(now, InstanceId(ended));
                plain.lose(instance(ended));
            }
            _ => {
                let got = network.release_elastic(now, account, id, &mut bill);
                assert_eq!(got.map_err(|reason| reason.failure), plain.release(account, id));
            }
        }
        for (id, account, holder) in &plain.0 {
            assert_eq!(network.elastic().holder(*id), *holder, "step {step}, address {id} of {account}");
        }
        network.assert_conserved(0, 0);
    }
}
