//! An instance that has got its host comes up: what the control plane has to know of it, and what then becomes of it.

use super::super::Cloud;
use super::super::reference::Slot;
use plimsoll_base::units::{AccountId, Duration, ImageId, Time};
use plimsoll_model::control_plane::plane::jobs::{BringUp, ImageSize};
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::Launch;

/// Stands for the image of a launch that names none.
const UNNAMED_IMAGE: ImageId = ImageId(u32::MAX);

impl Cloud {
    /// A stopped or recovered instance has a host again: it boots from the volumes that it has.
    pub(in crate::cloud) fn come_up_again(&mut self, now: Time, slot: Slot) {
        self.note_host(slot);
        match self.control {
            None => self.boot(now, slot),
            Some(_) => self.bring_up(now, slot, None, None),
        }
    }

    /// An instance comes up. One that was launched brings its image, and its lifetime where that is drawn.
    pub(in crate::cloud) fn bring_up(
        &mut self,
        now: Time,
        slot: Slot,
        image: Option<ImageSize>,
        lifetime: Option<Duration>,
    ) {
        let instance = self.instances.get_mut(slot);
        instance.timers = instance.timers.checked_add(1).expect("an instance has 65,536 timers pending");
        let (stamp, host) = (instance.stamp, instance.host);
        let rack = self.fleet.rack_of(host).0;
        let bring_up = BringUp { slot: slot.0, stamp, host, rack, image, lifetime };
        if let Some(instance) = self.control_mut().plane.bring_up(now, bring_up) {
            self.come_up(now, instance);
        }
    }

    /// An instance has come up: it runs, unless it does something else by now.
    pub(super) fn come_up(&mut self, now: Time, BringUp { slot, stamp, lifetime, .. }: BringUp) {
        let slot = Slot(slot);
        let instance = self.instances.get(slot);
        let (state, is_awaited) = (instance.state, instance.stamp == stamp);
        if state == State::Pending && is_awaited {
            self.booted(now, slot);
        }
        match lifetime.filter(|_| !matches!(state, State::ShuttingDown | State::Terminated)) {
            Some(Duration::ZERO) => self.lifetime_over(now, slot),
            Some(lifetime) => self.set_lifetime(now.after(lifetime), slot),
            None => {}
        }
        self.instances.timer_gone(slot);
    }

    /// Returns what the host has to download for a launch.
    pub(in crate::cloud) fn image_of(&self, account: AccountId, launch: &Launch) -> Option<ImageSize> {
        let control = self.control.as_ref()?;
        let named = launch.options.as_ref().and_then(|options| options.image);
        let id = named.and_then(|image| self.image(account, image).ok());
        let gib = id.and_then(|id| self.storage.image(id)).map(|image| image.size_gib).filter(|gib| *gib > 0);
        let gib = gib.unwrap_or(control.plane.default_image_gib());
        Some(ImageSize { id: id.unwrap_or(UNNAMED_IMAGE), gib })
    }

    /// The lifetime of the `i`-th instance of the launch that has its effect now.
    #[inline]
    pub(in crate::cloud) fn lifetime(&self, i: u32) -> Duration {
        match &self.control {
            None => self.demand.lifetimes()[i as usize],
            Some(control) => control.lifetimes[i as usize],
        }
    }
}
