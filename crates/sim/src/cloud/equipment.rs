//! What a launch takes beside host and first address, and what an instance has beyond its record.

use std::sync::Arc;

use super::Cloud;
use super::place::{Order, Placement};
use super::reference::Slot;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{AccountId, InstanceId, Time};
use plimsoll_model::network::security::MemberId;
use plimsoll_model::workload::call::LaunchOptions;

impl Cloud {
    /// Takes everything that the options of a launch ask for, or nothing.
    pub(super) fn equip(
        &mut self,
        order: &Order,
        options: &LaunchOptions,
        placement: &Placement,
    ) -> Result<(), FailureReason> {
        self.check_spot(order, options, placement)?;
        self.equip_security(order, options, placement)?;
        self.equip_storage(order, options, placement)?;
        let equipped = self.equip_network(order, options, placement);
        equipped.inspect_err(|_| self.strip(order.now, order.account, placement.id))
    }

    /// Gives back what [`Cloud::equip`] took for an instance that comes to nothing.
    pub(super) fn strip(&mut self, now: Time, account: AccountId, id: InstanceId) {
        self.network.instance_ended(now, id);
        self.strip_storage(now, account, id);
    }

    /// An instance is there that was launched with options.
    #[cold]
    pub(super) fn admit_with(&mut self, slot: Slot, order: &Order, options: &Arc<LaunchOptions>) {
        let &Order { account, preference, .. } = order;
        let id = self.instances.get(slot).id;
        if options.image.is_some() || !options.volumes.is_empty() {
            self.equipped.insert(id, self.instances.reference(slot));
            self.storage.note_launch(self.instances.get(slot).zone);
        }
        if let Some(group) = order.request.group() {
            self.placer.groups.enlist(group);
        }
        let image = options.image.map(|image| self.image(account, image));
        let extras = self.extras_mut(slot);
        extras.image = image.map(|image| image.expect("the launch was found admissible"));
        extras.constraint = order.request.constraint;
        extras.preference = preference;
        extras.protected = options.protected;
        extras.tags = options.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        extras.options = Some(Arc::clone(options));
        if !options.security_groups.is_empty() {
            let subnet = self.instances.get(slot).subnet;
            let groups = self.groups_in(subnet, account, &options.security_groups);
            let joined = groups.and_then(|groups| self.join(slot, &groups));
            joined.expect("its groups were found when it was equipped");
        }
    }

    /// An instance with more than its record has ended: that is gone too.
    #[cold]
    pub(super) fn dispose_of_extras(&mut self, now: Time, slot: Slot) {
        let instance = self.instances.get(slot);
        let (id, account) = (instance.id, instance.account);
        self.network.instance_ended(now, id);
        self.dispose_of_volumes(now, account, id);
        self.holders.remove(&id);
        self.equipped.remove(&id);
        let Some(extras) = self.extras.remove(slot) else { return };
        if let Some(member) = extras.constraint.and_then(|constraint| constraint.group) {
            self.placer.groups.dismiss(member.group);
        }
        if extras.has_joined {
            self.security.leave(MemberId::Instance(id));
        }
    }
}
