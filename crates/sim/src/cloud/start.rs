//! Starting a stopped instance: placed anew in its zone, with the private address it has kept.

use super::Cloud;
use super::calls::Wish;
use super::event::Timer;
use super::explain::Occasion;
use super::ledger::{Happening, InstanceTotal};
use super::reference::Slot;
use super::seat::Wanted;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::reservations::Preference;

impl Cloud {
    /// Starts a stopped instance. Where that fails it stays stopped.
    pub(super) fn start(&mut self, now: Time, slot: Slot) -> Result<(), FailureReason> {
        let instance = self.instances.get(slot);
        let (id, account) = (instance.id, instance.account);
        let (kind, wants_public) = (instance.kind, instance.wants_public_address);
        let view = self.network_view(slot);
        self.network.check_limits(&view)?;
        let request = self.request_of(slot);
        if !self.is_offered(kind, request.zone) {
            return Err(Failure::Unsupported.into());
        }
        let preference = self.extras.get(slot).map_or(Preference::Open, |extras| extras.preference);
        let wanted = Wanted { kind, preference };
        // The slot of a reservation counts already.
        let claim = (!self.is_counted(&request, wanted)).then(|| self.claim_of(slot));
        claim.map_or(Ok(()), |claim| self.take_quota(now, account, claim))?;
        let diagnosis = self.diagnosis_for(slot, &request);
        let taken = self.take_host(now, &request, wanted, true);
        if let Some(diagnosis) = diagnosis {
            self.explain_move(
                now,
                Occasion::Start,
                (request, wanted),
                diagnosis,
                taken.map(|taken| taken.seat),
            );
        }
        let undo = |cloud: &mut Cloud| claim.into_iter().for_each(|claim| cloud.undo_quota(account, claim));
        let taken = taken.inspect_err(|_| undo(self))?;
        let wants_public = wants_public && self.network.may_auto_assign(id);
        if wants_public {
            let assigned = self.network.assign_public(now, account, &mut self.billing.usage);
            assigned.inspect_err(|_| {
                self.undo_host(now, &request, taken);
                undo(self);
            })?;
        }
        if let Some(extras) = self.extras.get_mut(slot) {
            extras.waits_for_market = false;
        }
        let seat = taken.seat;
        if !self.reservations.is_empty() {
            self.enter_room(slot, seat.reservation);
        }
        let host = seat.host;
        let instance = self.instances.get_mut(slot);
        instance.host = host;
        instance.has_host = true;
        instance.has_public_address = wants_public;
        self.go_aboard(slot);
        self.ledger.instances[InstanceTotal::Stopped as usize] -= 1;
        self.ledger.happened(now, Happening::Started, id, host);
        self.enter(now, slot, State::Pending);
        self.come_up_again(now, slot);
        Ok(())
    }

    /// The instance's behaviour starts it. Refused, it tries again after another stopped time.
    pub(super) fn start_due(&mut self, now: Time, slot: Slot) {
        let account = self.instances.get(slot).account;
        let answer = self.operate(now, slot, Wish::Start);
        self.answer(now, Operation::Start, account, answer);
        if answer.is_err() {
            let instance = self.instances.get_mut(slot);
            let (number, cycle) = (instance.number, instance.cycle);
            instance.cycle += 1;
            if let Some(stops) = instance.stops {
                let stopped_time = self.demand.stopped_time(stops, number, cycle);
                self.set_timer(now.after(stopped_time), Timer::StartDue, slot);
            }
        }
    }
}
