//! What becomes of instances whose host fails, is worked on, or goes: they move, stop or end.

use std::collections::BTreeSet;

use super::Cloud;
use super::event::{Event, Rank};
use super::explain::Occasion;
use super::instance::Instance;
use super::ledger::Happening;
use super::reference::Slot;
use super::seat::{Seat, Wanted};
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::{HostId, InstanceId, Time};
use plimsoll_model::faults::{Drain, Faults, HostEvent, OnFailure};
use plimsoll_model::lifecycle::{State, Trigger};
use plimsoll_model::placement::request::Constraint;
use plimsoll_model::placement::reservations::Preference;
use plimsoll_model::transition::Transition;

/// The faults of a run, and who is on which host: kept only where hosts have faults.
pub(super) struct Perils {
    pub faults: Faults,
    /// The instances on each host.
    pub aboard: BTreeSet<(HostId, InstanceId, Slot)>,
}

impl Perils {
    #[cold]
    fn board(&mut self, instance: &Instance, slot: Slot) {
        self.aboard.insert((instance.host, instance.id, slot));
    }

    #[cold]
    fn leave(&mut self, instance: &Instance, slot: Slot) {
        let was_there = self.aboard.remove(&(instance.host, instance.id, slot));
        assert!(was_there, "an instance leaves a host it was not on");
    }
}

/// Where an instance has room, and where it takes it instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Transfer {
    from: Seat,
    to: Seat,
}

/// What becomes of an instance that cannot stay where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// It goes on elsewhere without a break.
    Migrate,
    /// It comes up again elsewhere.
    Recover,
    Stop,
    Terminate,
}

impl Cloud {
    /// The next fault gets its place in the queue.
    pub(super) fn await_fault(&mut self) {
        let due = self.perils.as_ref().map_or(Time::NEVER, |perils| perils.faults.due());
        if due < Time::NEVER {
            self.queue.push(due, Rank::HostFault as u8, Event::Fault);
        }
    }

    /// Everything that befalls hosts now.
    pub(super) fn on_fault(&mut self, now: Time) {
        while let Some((_, event)) = self.perils.as_mut().and_then(|perils| perils.faults.next_until(now)) {
            self.befall(now, event);
        }
        self.await_fault();
    }

    fn befall(&mut self, now: Time, event: HostEvent) {
        let host = event.host();
        let zone = self.fleet.zone_of(host);
        self.fleet.on(host, event.trigger());
        self.placer.changed(host, zone, &mut self.fleet);
        self.note_hosts();
        let on_failure = self.perils.as_ref().expect("a fault has its source").faults.on_failure();
        let fate = match event {
            HostEvent::Failed(_) => {
                self.ledger.happened(now, Happening::HostFailed, InstanceId(0), host);
                self.ledger.count_event(|counts| &mut counts.host_failures);
                return;
            }
            HostEvent::Repaired(_) | HostEvent::MaintenanceEnds(_) | HostEvent::MaintenanceAnnounced(_) => {
                return;
            }
            HostEvent::Detected(_) => match on_failure {
                OnFailure::Restart => Fate::Recover,
                OnFailure::Stop => Fate::Stop,
                OnFailure::Terminate => Fate::Terminate,
            },
            HostEvent::MaintenanceBegins(_, drain) | HostEvent::Retired(_, drain) => match drain {
                Drain::Migrate => Fate::Migrate,
                Drain::Stop => Fate::Stop,
                Drain::Terminate => Fate::Terminate,
            },
        };
        self.reservations.move_slots(host, &mut self.placer, &mut self.fleet);
        self.note_hosts();
        for slot in self.aboard(host) {
            self.meet(now, slot, fate);
        }
    }

    /// The instances on a host, in the order of launch.
    fn aboard(&self, host: HostId) -> Vec<Slot> {
        let Some(perils) = &self.perils else { return Vec::new() };
        let all = (host, InstanceId(0), Slot(0))..=(host, InstanceId(u64::MAX), Slot(u32::MAX));
        perils.aboard.range(all).map(|(_, _, slot)| *slot).collect()
    }

    /// An instance meets its fate. One that is to move and finds no other host stops.
    fn meet(&mut self, now: Time, slot: Slot, fate: Fate) {
        let moving = match fate {
            Fate::Migrate | Fate::Recover => Trigger::Recovered,
            Fate::Stop => Trigger::Lost,
            Fate::Terminate => Trigger::Terminate,
        };
        let state = self.instances.get(slot).state;
        match (state.on(moving), fate) {
            (Transition::To(State::Pending), Fate::Migrate) => {
                if self.change_host(now, slot).is_err() {
                    self.lose(now, slot);
                }
            }
            (Transition::To(State::Pending), _) => {
                if self.recover(now, slot).is_err() {
                    self.lose(now, slot);
                }
            }
            (Transition::To(State::ShuttingDown), _) => {
                self.ledger.count_event(|counts| &mut counts.instances_lost);
                self.terminate(now, slot);
            }
            _ => self.lose(now, slot),
        }
    }

    /// An instance comes up again on another host, with its addresses and volumes. Nothing changes where
    /// there is none.
    fn recover(&mut self, now: Time, slot: Slot) -> Result<(), FailureReason> {
        let transfer = self.find_other_host(now, slot, Occasion::Recovery)?;
        if self.instances.get(slot).state == State::Running {
            self.leave_running(now, slot);
            self.extras_mut(slot).recovers = true;
        }
        self.move_to(now, slot, transfer);
        self.ledger.count_event(|counts| &mut counts.recoveries);
        self.enter(now, slot, State::Pending);
        self.come_up_again(now, slot);
        Ok(())
    }

    /// An instance goes on on another host. Nothing changes where there is none.
    fn change_host(&mut self, now: Time, slot: Slot) -> Result<(), FailureReason> {
        let transfer = self.find_other_host(now, slot, Occasion::Migration)?;
        self.move_to(now, slot, transfer);
        self.ledger.count_event(|counts| &mut counts.migrations);
        Ok(())
    }

    /// Takes room on any host but the one the instance is on. A slot of a reservation goes along with it, and
    /// where there is no room for that, another free one is taken.
    fn find_other_host(
        &mut self,
        now: Time,
        slot: Slot,
        occasion: Occasion,
    ) -> Result<Transfer, FailureReason> {
        let kind = self.instances.get(slot).kind;
        let (old_request, from) = (self.request_of(slot), self.seat_of(slot));
        let mut request = old_request;
        let mut constraint: Constraint = request.constraint.unwrap_or_default();
        constraint.excluded = Some(from.host);
        request.constraint = Some(constraint);
        let preference = self.extras.get(slot).map_or(Preference::Open, |extras| extras.preference);
        // Of its group it counts no more while a place is looked for: a member that moves is still one.
        self.placer.removed(&old_request, from.host, &self.fleet);
        let wanted = Wanted { kind, preference };
        let diagnosis = self.diagnosis_for(slot, &request);
        let along = from.reservation.and_then(|_| self.take_room(&request, true).ok()).map(|(host, _)| host);
        let found = match along {
            Some(host) => {
                let plain = Seat { reservation: None, ..from };
                Ok(Transfer { from: plain, to: Seat { host, ..from } })
            }
            None => {
                let found = self.take_host(now, &request, wanted, true);
                found.map(|taken| Transfer { from, to: taken.seat })
            }
        };
        if let Some(diagnosis) = diagnosis {
            let seat = found.map(|transfer| match along {
                Some(host) => Seat { host, reservation: None },
                None => transfer.to,
            });
            self.explain_move(now, occasion, (request, wanted), diagnosis, seat);
        }
        self.placer.added(&old_request, from.host, &self.fleet);
        found
    }

    /// The instance is on the new host, and the room on the old one is given back.
    fn move_to(&mut self, now: Time, slot: Slot, Transfer { from, to }: Transfer) {
        let (request, was) = (self.request_of(slot), self.seat_of(slot).reservation);
        self.leave_host(slot);
        let instance = self.instances.get_mut(slot);
        instance.host = to.host;
        let (id, account) = (instance.id, instance.account);
        if !self.reservations.is_empty() {
            self.leave_room(slot);
            self.enter_room(slot, to.reservation);
        }
        let is_kept = self.give_host(now, &request, from);
        let took_slot = to.reservation.is_some() && (from.reservation.is_some() || was.is_none());
        if took_slot && !is_kept {
            self.undo_quota(account, self.claim_of(slot));
        }
        self.go_aboard(slot);
        self.ledger.happened(now, Happening::Moved, id, to.host);
        self.note_hosts();
    }

    /// An instance is off its host and has no other: what ended is over, anything else is stopped.
    fn lose(&mut self, now: Time, slot: Slot) {
        match self.instances.get(slot).state.on(Trigger::Lost) {
            Transition::To(State::Terminated) => self.terminated(now, slot),
            Transition::To(State::Stopped) => {
                self.ledger.count_event(|counts| &mut counts.instances_lost);
                match self.instances.get(slot).state {
                    State::Running => self.stop_at_once(now, slot),
                    _ => self.stopped(now, slot),
                }
            }
            other => panic!("an instance without a host means {other:?}"),
        }
    }

    fn stop_at_once(&mut self, now: Time, slot: Slot) {
        self.leave_running(now, slot);
        self.enter(now, slot, State::Stopping);
        self.stopped(now, slot);
    }

    /// Notes that an instance is on its host.
    #[inline]
    pub(super) fn go_aboard(&mut self, slot: Slot) {
        if let Some(perils) = &mut self.perils {
            perils.board(self.instances.get(slot), slot);
        }
    }

    /// Notes that it leaves its host.
    #[inline]
    pub(super) fn leave_host(&mut self, slot: Slot) {
        if let Some(perils) = &mut self.perils {
            perils.leave(self.instances.get(slot), slot);
        }
    }
}
