//! Quotas: what each account has of everything that is limited, and the refusal of what would be too much.
//!
//! vCPUs and instances count while an instance is pending or running, and for the lag afterwards; all else from
//! creation to deletion. vCPUs are counted in thousandths, for bare shapes may have parts of one.

mod config;
mod family_group;

pub use config::{AccountQuotaConfig, QuotaConfig, VcpuQuotaConfig};
pub use family_group::FamilyGroup;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{AccountId, Duration, Time};

/// Resources that are limited.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Quota {
    /// vCPUs of pending and running on-demand instances \[milli-vCPU\].
    Vcpus(FamilyGroup),
    /// vCPUs of pending and running spot instances \[milli-vCPU\].
    SpotVcpus(FamilyGroup),
    /// Pending and running instances.
    Instances,
    /// Elastic addresses.
    ElasticAddresses,
    /// Volumes.
    Volumes,
    /// Snapshots.
    Snapshots,
    /// Security groups.
    SecurityGroups,
    /// Dedicated hosts.
    DedicatedHosts,
    /// Capacity reservations.
    CapacityReservations,
}

/// Amounts that an instance counts for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The group of its family; `None` for an instance on a dedicated host, whose own quota counts it.
    pub group: Option<FamilyGroup>,
    /// Its vCPUs \[milli-vCPU\].
    pub vcpu_milli: u32,
    /// True if it is a spot instance.
    pub spot: bool,
}

/// Use and limits of every account.
#[derive(Clone, Debug)]
pub struct Quotas {
    is_unlimited: bool,
    lag: Duration,
    common: Limits,
    own: BTreeMap<String, Limits>,
    accounts: Vec<Account>,
    /// Instances that count no more from a time on, in the order of these times.
    lagging: VecDeque<(Time, AccountId, Claim)>,
}

/// Writes and restores the use; the limits are the scenario's, and may be less.
impl Persist for Quotas {
    fn save(&self, out: &mut Writer<'_>) {
        let Quotas { is_unlimited, lag: _, common: _, own: _, accounts, lagging } = self;
        out.put(is_unlimited);
        out.put(&(accounts.iter().map(|account| account.used).collect::<Vec<_>>(), lagging));
    }

    /// Accounts are met in the order of their numbers.
    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let was_unlimited: bool = from.get()?;
        if was_unlimited != self.is_unlimited {
            let message = "found limits where there were none, or none where there were some";
            let problem = Problem::new(Place::key("quotas"), message);
            return Err(problem
                .with_help("usage is not counted without limits: begin with limits, if high ones")
                .into());
        }
        let used: Vec<[u64; Quota::COUNT]>;
        (used, self.lagging) = from.get()?;
        self.accounts = used.into_iter().map(|used| Account { limits: self.common, used }).collect();
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Account {
    limits: Limits,
    used: [u64; Quota::COUNT],
}

impl Quotas {
    /// Returns quotas of which nothing is used. The configuration has been validated.
    pub fn new(config: &QuotaConfig) -> Quotas {
        let common = config.common();
        let own: BTreeMap<String, Limits> = config.own().collect();
        Quotas {
            is_unlimited: common == Limits::NONE && own.is_empty(),
            lag: config.lag,
            common,
            own,
            accounts: Vec::new(),
            lagging: VecDeque::new(),
        }
    }

    /// Returns true if nothing has a limit: then usage need not be counted.
    #[inline]
    pub fn is_unlimited(&self) -> bool {
        self.is_unlimited
    }

    /// Gives the accounts that were restored their limits by their names, which are in the order of their ids.
    pub fn recognise(&mut self, names: &[String]) {
        for (account, name) in self.accounts.iter_mut().zip(names) {
            account.limits = *self.own.get(name).unwrap_or(&self.common);
        }
    }

    /// Meets the accounts that are new in `names`, which lists all so far by id. An account must have been met
    /// before it takes anything.
    #[inline]
    pub fn meet(&mut self, names: &[String]) {
        for name in &names[self.accounts.len()..] {
            let limits = *self.own.get(name).unwrap_or(&self.common);
            self.accounts.push(Account { limits, used: [0; Quota::COUNT] });
        }
    }

    /// Counts an instance that becomes pending, or refuses it.
    pub fn take_instance(
        &mut self,
        now: Time,
        account: AccountId,
        claim: Claim,
    ) -> Result<(), FailureReason> {
        self.take_instances(now, account, claim, 1)
    }

    /// Counts so many at once, all or none.
    pub fn take_instances(
        &mut self,
        now: Time,
        account: AccountId,
        claim: Claim,
        count: u32,
    ) -> Result<(), FailureReason> {
        self.release(now);
        let account = &mut self.accounts[account.index()];
        let parts = || claim.parts().map(|(quota, amount)| (quota, amount * u64::from(count)));
        parts().try_for_each(|(quota, amount)| account.check(quota, amount))?;
        parts().for_each(|(quota, amount)| account.used[quota.index()] += amount);
        Ok(())
    }

    /// Releases an instance that has stopped or terminated: it counts until the lag is over.
    pub fn give_instance(&mut self, now: Time, account: AccountId, claim: Claim) {
        if self.lag == Duration::ZERO {
            return self.undo_instance(account, claim);
        }
        let until = now.after(self.lag);
        if self.lagging.back().is_none_or(|(last, ..)| *last <= until) {
            self.lagging.push_back((until, account, claim));
        } else {
            // A branch has a shorter lag than the run that it goes on from: those that lag already end later.
            let position = self.lagging.partition_point(|(other, ..)| *other <= until);
            self.lagging.insert(position, (until, account, claim));
        }
    }

    /// Releases at once an instance of which a later step of the launch failed.
    pub fn undo_instance(&mut self, account: AccountId, claim: Claim) {
        claim.parts().for_each(|(quota, amount)| self.give(account, quota, amount));
    }

    /// Counts so many more of something for an account, or refuses all of them.
    pub fn take(&mut self, account: AccountId, quota: Quota, amount: u64) -> Result<(), FailureReason> {
        let account = &mut self.accounts[account.index()];
        account.check(quota, amount)?;
        account.used[quota.index()] += amount;
        Ok(())
    }

    /// Checks that an account that has so many of something may have one more, for amounts counted elsewhere.
    pub fn allow(&self, account: AccountId, quota: Quota, has: u64) -> Result<(), FailureReason> {
        let most = self.accounts[account.index()].limits.0[quota.index()];
        if has < most { Ok(()) } else { Err(quota.refusal(1, 0)) }
    }

    /// Releases so many of something of an account.
    pub fn give(&mut self, account: AccountId, quota: Quota, amount: u64) {
        let used = &mut self.accounts[account.index()].used[quota.index()];
        *used = used.checked_sub(amount).expect("an account gives back more than it has");
    }

    /// Returns what counts for an account now.
    pub fn used(&mut self, now: Time, account: AccountId, quota: Quota) -> u64 {
        self.release(now);
        self.accounts[account.index()].used[quota.index()]
    }

    /// Returns true if no account uses anything.
    pub fn is_empty(&mut self, now: Time) -> bool {
        self.release(now);
        self.accounts.iter().all(|account| account.used.iter().all(|used| *used == 0))
    }

    /// Panics unless what counts for instances is exactly the pending and running ones and the free slots of
    /// reservations, which are given, and those that lag.
    pub fn assert_conserved(&self, live: impl IntoIterator<Item = (AccountId, Claim)>) {
        let mut expected = vec![[0; Quota::COUNT]; self.accounts.len()];
        let lagging = self.lagging.iter().map(|&(_, account, claim)| (account, claim));
        for (account, claim) in live.into_iter().chain(lagging) {
            claim.parts().for_each(|(quota, amount)| expected[account.index()][quota.index()] += amount);
        }
        for (account, expected) in self.accounts.iter().zip(expected) {
            assert_eq!(
                account.used[..Quota::BY_INSTANCES],
                expected[..Quota::BY_INSTANCES],
                "quotas were lost"
            );
        }
    }

    /// Lets go of the instances whose lag is over.
    #[inline]
    fn release(&mut self, now: Time) {
        while let Some(&(until, account, claim)) = self.lagging.front()
            && until <= now
        {
            self.lagging.pop_front();
            self.undo_instance(account, claim);
        }
    }
}

impl Account {
    fn check(&self, quota: Quota, amount: u64) -> Result<(), FailureReason> {
        // Nothing is left, too, where a limit was lowered below what is used.
        let left = self.limits.0[quota.index()].saturating_sub(self.used[quota.index()]);
        if amount <= left { Ok(()) } else { Err(quota.refusal(amount, left)) }
    }
}

impl Claim {
    /// Returns the quotas it counts for, in the order in which they are checked.
    fn parts(self) -> impl Iterator<Item = (Quota, u64)> {
        let vcpus = self.group.map(if self.spot { Quota::SpotVcpus } else { Quota::Vcpus });
        let vcpus = vcpus.map(|quota| (quota, u64::from(self.vcpu_milli)));
        vcpus.into_iter().chain([(Quota::Instances, 1)])
    }
}

/// Number of groups of families.
const GROUPS: usize = FamilyGroup::ALL.len();

impl Quota {
    /// Number of quotas.
    const COUNT: usize = 2 * GROUPS + 7;

    /// The first so many are taken by instances.
    const BY_INSTANCES: usize = 2 * GROUPS + 1;

    /// Returns the position in an array of all.
    const fn index(self) -> usize {
        match self {
            Quota::Vcpus(group) => group as usize,
            Quota::SpotVcpus(group) => GROUPS + group as usize,
            Quota::Instances => 2 * GROUPS,
            Quota::ElasticAddresses => 2 * GROUPS + 1,
            Quota::Volumes => 2 * GROUPS + 2,
            Quota::Snapshots => 2 * GROUPS + 3,
            Quota::SecurityGroups => 2 * GROUPS + 4,
            Quota::DedicatedHosts => 2 * GROUPS + 5,
            Quota::CapacityReservations => 2 * GROUPS + 6,
        }
    }

    /// Returns what EC2 answers to a request for too much. A reservation too many has the code of an instance too
    /// many: it is a claim on instances (API reference, `CreateCapacityReservation`).
    fn refusal(self, asked: u64, left: u64) -> FailureReason {
        let (failure, bound) = match self {
            Quota::Vcpus(_) => (Failure::VcpuLimitExceeded, LimitKind::QuotaVcpus),
            Quota::SpotVcpus(_) => (Failure::MaxSpotInstanceCountExceeded, LimitKind::QuotaSpotVcpus),
            Quota::Instances => (Failure::InstanceLimitExceeded, LimitKind::QuotaInstances),
            Quota::ElasticAddresses => (Failure::AddressLimitExceeded, LimitKind::QuotaElasticAddresses),
            Quota::Volumes => (Failure::VolumeLimitExceeded, LimitKind::QuotaVolumes),
            Quota::Snapshots => (Failure::SnapshotLimitExceeded, LimitKind::QuotaSnapshots),
            Quota::SecurityGroups => (Failure::SecurityGroupLimitExceeded, LimitKind::QuotaSecurityGroups),
            Quota::DedicatedHosts => (Failure::HostLimitExceeded, LimitKind::QuotaHosts),
            Quota::CapacityReservations => (Failure::InstanceLimitExceeded, LimitKind::QuotaReservations),
        };
        // Whole vCPUs are shown; rounded this way, what was asked stays above what was left.
        let shown =
            if self.index() < 2 * GROUPS { (asked.div_ceil(1000), left / 1000) } else { (asked, left) };
        failure.because(bound, shown.0, shown.1)
    }
}

/// The most of each quota, by its index; `u64::MAX` where there is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Limits([u64; Quota::COUNT]);

impl Limits {
    const NONE: Limits = Limits([u64::MAX; Quota::COUNT]);

    /// Returns these limits with some replaced, in whole vCPUs where they are of vCPUs.
    fn with(mut self, limits: impl Iterator<Item = (Quota, u32)>) -> Limits {
        for (quota, limit) in limits {
            let units = if quota.index() < 2 * GROUPS { 1000 } else { 1 };
            self.0[quota.index()] = u64::from(limit) * units;
        }
        self
    }
}

#[cfg(test)]
mod tests;
