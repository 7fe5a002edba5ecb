//! What instances and everything else count for against the quotas of their account. Where no quota is set nobody
//! counts.

use super::reference::Slot;
use super::{Cloud, Kind};
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, Time};
use plimsoll_model::quota::{Claim, Quota};
use plimsoll_model::workload::call::{LaunchOptions, LaunchTenancy};

/// Returns what an instance of a type counts for against quotas.
pub(super) fn claim(kind: &Kind, options: Option<&LaunchOptions>) -> Claim {
    let spot = options.is_some_and(|options| options.spot.is_some());
    // On a dedicated host it is the host that counts (EC2 user guide, "On-Demand Instance quotas").
    let is_on_dedicated_host = options.is_some_and(|options| options.tenancy == LaunchTenancy::Host);
    let group = kind.family_group.filter(|_| !is_on_dedicated_host);
    Claim { group, vcpu_milli: kind.amounts.vcpu_milli(), spot }
}

impl Cloud {
    /// Counts an instance that becomes pending against the account's quotas.
    #[cold]
    pub(super) fn take_quota(
        &mut self,
        now: Time,
        account: AccountId,
        claim: Claim,
    ) -> Result<(), FailureReason> {
        if self.quotas.is_unlimited() {
            return Ok(());
        }
        self.quotas.meet(self.directory.accounts());
        self.quotas.take_instance(now, account, claim)
    }

    /// Counts so many slots of a reservation, each as an instance, or none.
    #[cold]
    pub(super) fn take_quotas(
        &mut self,
        now: Time,
        account: AccountId,
        claim: Claim,
        count: u32,
    ) -> Result<(), FailureReason> {
        if self.quotas.is_unlimited() {
            return Ok(());
        }
        self.quotas.meet(self.directory.accounts());
        self.quotas.take_instances(now, account, claim, count)
    }

    /// So many slots count no more.
    #[cold]
    pub(super) fn undo_quotas(&mut self, account: AccountId, claim: Claim, count: u32) {
        (0..count).for_each(|_| self.undo_quota(account, claim));
    }

    /// An instance that was counted comes to nothing.
    #[cold]
    pub(super) fn undo_quota(&mut self, account: AccountId, claim: Claim) {
        if !self.quotas.is_unlimited() {
            self.quotas.undo_instance(account, claim);
        }
    }

    /// An instance counts no more.
    #[cold]
    pub(super) fn give_quota(&mut self, now: Time, slot: Slot) {
        let claim = self.claim_of(slot);
        self.quotas.give_instance(now, self.instances.get(slot).account, claim);
    }

    /// Returns what an instance counts for.
    pub(super) fn claim_of(&self, slot: Slot) -> Claim {
        let instance = self.instances.get(slot);
        let options = self.extras.get(slot).and_then(|extras| extras.options.as_deref());
        claim(self.known(instance.kind), options)
    }

    /// Makes something that an account may have only so many of: where it cannot be made, it counts no more.
    pub(super) fn within_quota<T>(
        &mut self,
        account: AccountId,
        quota: Quota,
        amount: usize,
        make: impl FnOnce(&mut Cloud) -> Result<T, FailureReason>,
    ) -> Result<T, FailureReason> {
        if self.quotas.is_unlimited() {
            return make(self);
        }
        self.quotas.meet(self.directory.accounts());
        self.quotas.take(account, quota, amount as u64)?;
        make(self).inspect_err(|_| self.quotas.give(account, quota, amount as u64))
    }

    /// The account has so many less.
    pub(super) fn uncount(&mut self, account: AccountId, quota: Quota, amount: usize) {
        if !self.quotas.is_unlimited() {
            self.quotas.give(account, quota, amount as u64);
        }
    }
}
