//! Quotas by example, and at random against a plain list of all that counts.

use super::*;
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::failure::LimitHit;
use plimsoll_base::units::NS_PER_S;

fn quotas(text: &str, accounts: &[&str]) -> Quotas {
    let config: QuotaConfig = toml::from_str(text).unwrap();
    assert_eq!(config.validate(), []);
    let mut quotas = Quotas::new(&config);
    quotas.meet(&accounts.iter().map(|name| name.to_string()).collect::<Vec<_>>());
    quotas
}

fn claim(type_name: &str, vcpu_milli: u32) -> Claim {
    Claim { group: FamilyGroup::of(type_name), vcpu_milli, spot: false }
}

fn at(seconds: u64) -> Time {
    Time(seconds * NS_PER_S)
}

const A: AccountId = AccountId(0);
const B: AccountId = AccountId(1);

#[test]
fn what_has_no_limit_is_never_refused() {
    assert!(quotas("lag = '1h'", &[]).is_unlimited());
    assert!(!quotas("[[accounts]]\naccount = 'b'\nvolumes = 0", &[]).is_unlimited());
    let mut quotas = quotas("volumes = 1", &["a"]);
    assert!(!quotas.is_unlimited());
    for _ in 0..1_000 {
        quotas.take_instance(at(0), A, claim("m5.large", u32::MAX)).unwrap();
        quotas.take(A, Quota::Snapshots, u64::from(u32::MAX)).unwrap();
    }
}

#[test]
fn groups_and_accounts_are_counted_apart() {
    let text = "vcpus = { standard = 4, inf = 4 }\n[[accounts]]\naccount = 'b'\nvcpus.standard = 8";
    let mut quotas = quotas(text, &["a", "b"]);
    quotas.take_instance(at(0), A, claim("m5.xlarge", 4_000)).unwrap();
    quotas.take_instance(at(0), A, claim("inf2.xlarge", 4_000)).unwrap();
    let refusal = quotas.take_instance(at(0), A, claim("t3.micro", 2_000)).unwrap_err();
    assert_eq!(refusal, Failure::VcpuLimitExceeded.because(LimitKind::QuotaVcpus, 2, 0));
    quotas.take_instance(at(0), A, Claim { spot: true, ..claim("t3.micro", 2_000) }).unwrap();
    quotas.take_instance(at(0), A, claim("mac2.metal", 8_000)).unwrap();
    quotas.take_instance(at(0), B, claim("m5.2xlarge", 8_000)).unwrap();
    assert!(quotas.take_instance(at(0), B, claim("inf2.8xlarge", 32_000)).is_err(), "the common limit holds");
}

#[test]
fn each_refusal_has_its_code_and_its_limit() {
    let text = "
        spot_vcpus.standard = 1
        instances = 0
        elastic_addresses = 5
        volumes = 0
        snapshots = 0
        security_groups = 0
        dedicated_hosts = 0
        capacity_reservations = 0";
    let mut quotas = quotas(text, &["a"]);
    let spot = Claim { spot: true, ..claim("2vcpu-3.5gib", 1_001) };
    let refusal = quotas.take_instance(at(0), A, spot).unwrap_err();
    assert_eq!(refusal, Failure::MaxSpotInstanceCountExceeded.because(LimitKind::QuotaSpotVcpus, 2, 1));
    let refusal = quotas.take_instance(at(0), A, claim("m5.large", 2_000)).unwrap_err();
    assert_eq!(refusal, Failure::InstanceLimitExceeded.because(LimitKind::QuotaInstances, 1, 0));
    quotas.take(A, Quota::ElasticAddresses, 3).unwrap();
    let expected = [
        (Quota::ElasticAddresses, Failure::AddressLimitExceeded, LimitKind::QuotaElasticAddresses, 2),
        (Quota::Volumes, Failure::VolumeLimitExceeded, LimitKind::QuotaVolumes, 0),
        (Quota::Snapshots, Failure::SnapshotLimitExceeded, LimitKind::QuotaSnapshots, 0),
        (Quota::SecurityGroups, Failure::SecurityGroupLimitExceeded, LimitKind::QuotaSecurityGroups, 0),
        (Quota::DedicatedHosts, Failure::HostLimitExceeded, LimitKind::QuotaHosts, 0),
        (Quota::CapacityReservations, Failure::InstanceLimitExceeded, LimitKind::QuotaReservations, 0),
    ];
    for (quota, failure, bound, left) in expected {
        assert_eq!(quotas.take(A, quota, 3), Err(failure.because(bound, 3, left)));
    }
    assert_eq!(quotas.used(at(0), A, Quota::Instances), 0, "a refused instance does not count");
    assert_eq!(quotas.used(at(0), A, Quota::SpotVcpus(FamilyGroup::Standard)), 0);
}

#[test]
fn instances_count_until_the_lag_is_over() {
    let mut quotas = quotas("lag = '60s'\nvcpus.standard = 2", &["a"]);
    let one = claim("m5.large", 2_000);
    quotas.take_instance(at(0), A, one).unwrap();
    quotas.give_instance(at(10), A, one);
    assert!(quotas.take_instance(Time(at(70).0 - 1), A, one).is_err());
    quotas.take_instance(at(70), A, one).unwrap();
    quotas.undo_instance(A, one);
    assert!(quotas.is_empty(at(70)), "a failed launch does not lag");
}

#[test]
#[should_panic(expected = "quotas were lost")]
fn an_instance_that_is_not_given_back_is_found() {
    let mut quotas = quotas("instances = 2", &["a"]);
    quotas.take_instance(at(0), A, claim("m5.large", 2_000)).unwrap();
    quotas.assert_conserved([]);
}

#[test]
#[should_panic(expected = "gives back more than it has")]
fn what_was_not_taken_cannot_be_given_back() {
    quotas("volumes = 2", &["a"]).give(A, Quota::Volumes, 1);
}

/// The limits of the random test, in the unit of each quota.
const LIMITS: &str = "
    lag = '7s'
    instances = 9
    vcpus = { standard = 12, p = 6 }
    spot_vcpus = { standard = 4 }
    volumes = 4
    [[accounts]]
    account = 'b'
    vcpus = { standard = 20 }
    instances = 11";

fn limit(account: AccountId, quota: Quota) -> u64 {
    match (quota, account) {
        (Quota::Vcpus(FamilyGroup::Standard), B) => 20_000,
        (Quota::Vcpus(FamilyGroup::Standard), _) => 12_000,
        (Quota::Vcpus(FamilyGroup::P), _) => 6_000,
        (Quota::SpotVcpus(FamilyGroup::Standard), _) => 4_000,
        (Quota::Instances, B) => 11,
        (Quota::Instances, _) => 9,
        (Quota::Volumes, _) => 4,
        _ => u64::MAX,
    }
}

/// An instance: when it was given back, if it was.
struct Held {
    account: AccountId,
    claim: Claim,
    given: Option<Time>,
}

impl Held {
    fn counts(&self, now: Time) -> bool {
        self.given.is_none_or(|given| now.0 < given.0 + 7 * NS_PER_S)
    }
}

/// Returns what counts, instance by instance.
fn plain_used(held: &[Held], now: Time, account: AccountId, quota: Quota) -> u64 {
    let amount = |one: &Held| match (quota, one.claim) {
        (Quota::Instances, _) => 1,
        (Quota::Vcpus(group), Claim { group: Some(own), vcpu_milli, spot: false }) if own == group => {
            vcpu_milli
        }
        (Quota::SpotVcpus(group), Claim { group: Some(own), vcpu_milli, spot: true }) if own == group => {
            vcpu_milli
        }
        _ => 0,
    };
    let counting = held.iter().filter(|one| one.account == account && one.counts(now));
    counting.map(|one| u64::from(amount(one))).sum()
}

fn plain_take(held: &[Held], now: Time, account: AccountId, claim: Claim) -> Result<(), FailureReason> {
    let vcpus = claim.group.map(if claim.spot { Quota::SpotVcpus } else { Quota::Vcpus });
    for (quota, amount) in
        vcpus.map(|quota| (quota, claim.vcpu_milli)).into_iter().chain([(Quota::Instances, 1)])
    {
        let left = limit(account, quota) - plain_used(held, now, account, quota);
        if u64::from(amount) > left {
            return Err(quota.refusal(amount.into(), left));
        }
    }
    Ok(())
}

#[test]
fn random_takes_and_gives_agree_with_a_plain_list() {
    let mut random = Seed(3).stream(Purpose::Mix, 1);
    let mut quotas = quotas(LIMITS, &["a", "b"]);
    let (mut held, mut now, mut refused) = (Vec::<Held>::new(), Time::ZERO, [0; 3]);
    let by_group = FamilyGroup::ALL.map(|group| [Quota::Vcpus(group), Quota::SpotVcpus(group)]);
    for _ in 0..20_000 {
        now = Time(now.0 + random.below(2 * NS_PER_S));
        let live: Vec<usize> = (0..held.len()).filter(|i| held[*i].given.is_none()).collect();
        if !live.is_empty() && random.below(2) == 0 {
            let one = &mut held[live[random.below(live.len() as u64) as usize]];
            one.given = Some(now);
            quotas.give_instance(now, one.account, one.claim);
        } else {
            let account = AccountId(random.below(2) as u32);
            let name = ["m5.large", "p4d.24xlarge", "mac1.metal"][random.below(3) as usize];
            let claim = Claim { spot: random.below(3) == 0, ..claim(name, 1 + random.below(3_000) as u32) };
            let result = quotas.take_instance(now, account, claim);
            assert_eq!(result, plain_take(&held, now, account, claim));
            match result.map_err(|reason| reason.limit.expect("a quota decided")) {
                Ok(()) => held.push(Held { account, claim, given: None }),
                Err(LimitHit { kind: bound, asked, left }) => {
                    assert!(asked > left, "{asked} were asked for and {left} left");
                    let bounds =
                        [LimitKind::QuotaVcpus, LimitKind::QuotaSpotVcpus, LimitKind::QuotaInstances];
                    refused[bounds.iter().position(|one| *one == bound).unwrap()] += 1;
                }
            }
        }
        held.retain(|one| one.counts(now));
        for account in [A, B] {
            for &quota in by_group.as_flattened().iter().chain([&Quota::Instances]) {
                let expected = plain_used(&held, now, account, quota);
                assert_eq!(quotas.used(now, account, quota), expected, "{quota:?}");
            }
        }
        let live = held.iter().filter(|one| one.given.is_none());
        quotas.assert_conserved(live.map(|one| (one.account, one.claim)));
    }
    assert!(refused.iter().all(|times| *times > 100), "refused {refused:?} times");
}
