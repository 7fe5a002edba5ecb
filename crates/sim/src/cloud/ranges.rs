//! What a checkpoint names by its number has to be there: looked at once, when it is read, before anything is made of it.

use super::Cloud;
use super::instance::Instance;
use plimsoll_base::engine::checkpoint::RestoreError;
use plimsoll_base::units::{AccountId, SubnetId, TypeId, ZoneId};
use plimsoll_model::workload::call::{Action, Call};
use plimsoll_model::workload::directory::Directory;

/// Returns whether a directory has an account, a type and a zone.
pub(super) fn has(
    directory: &Directory,
    account: AccountId,
    kind: Option<TypeId>,
    zone: Option<ZoneId>,
) -> bool {
    account.index() < directory.accounts().len()
        && kind.is_none_or(|kind| kind.index() < directory.types.len())
        && zone.is_none_or(|zone| zone.index() < directory.zones().len())
}

impl Cloud {
    /// The types that were asked for are types.
    pub(super) fn check_types(&self, asked_for: &[bool]) -> Result<(), RestoreError> {
        if asked_for.len() <= self.directory.types.len() { Ok(()) } else { Err(RestoreError::Corrupt) }
    }

    /// Every instance, and the call that comes next, is of accounts, types, zones, subnets and hosts that there are.
    pub(super) fn check_ranges(&self, next: Option<&Call>) -> Result<(), RestoreError> {
        let are_within = self.instances.slots().all(|(_, instance)| self.is_within(instance));
        let is_next_within = next.is_none_or(|call| {
            let (kind, zone, subnet) = match &call.action {
                Action::Launch(launch) => (Some(launch.kind), launch.zone, launch.subnet),
                _ => (None, None, None),
            };
            has(&self.directory, call.account, kind, zone)
                && subnet.is_none_or(|subnet| self.has_subnet(subnet))
        });
        if are_within && is_next_within { Ok(()) } else { Err(RestoreError::Corrupt) }
    }

    fn is_within(&self, instance: &Instance) -> bool {
        let Instance { account, kind, zone, subnet, host, has_host, .. } = *instance;
        has(&self.directory, account, Some(kind), Some(zone))
            && self.kinds.get(kind.index()).is_some_and(Option::is_some)
            && (self.network.subnets().is_empty() || self.has_subnet(subnet))
            && (!has_host || host.index() < self.fleet.hosts().len())
    }

    fn has_subnet(&self, subnet: SubnetId) -> bool {
        subnet.index() < self.network.subnets().len()
    }
}
