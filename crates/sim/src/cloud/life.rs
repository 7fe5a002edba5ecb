//! The life of an instance after its launch: booting, stopping, ending, and what each frees and bills.

use super::Cloud;
use super::calls::Wish;
use super::event::{Event, Rank, Stamp, Timer};
use super::ledger::{Happening, InstanceTotal, NO_HOST};
use super::reference::Slot;
use super::seat::billed_tenancy;
use plimsoll_base::engine::queue::Lane;
use plimsoll_base::units::{Time, TypeId};
use plimsoll_model::billing::{self, Market, Running};
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::request::Tenancy;

impl Cloud {
    /// A pending instance has a host. Only now are there more of anything than before: the peaks take note, be
    /// it for an instance that ends at once.
    #[inline]
    pub(super) fn note_host(&mut self, slot: Slot) {
        if self.hosts_vary() {
            self.note_hosts();
        } else {
            self.ledger.note_fleet_used(self.fleet.totals());
        }
        let instance = self.instances.get(slot);
        self.network.note(instance.subnet, instance.has_public_address);
    }

    /// Returns whether there are more and fewer hosts in the course of the run.
    #[inline]
    pub(super) fn hosts_vary(&self) -> bool {
        self.fleet.is_elastic() || self.perils.is_some()
    }

    /// Hosts opened, closed, or are held for somebody: all the peaks take note.
    #[cold]
    pub(super) fn note_hosts(&mut self) {
        self.ledger.note_fleet(self.fleet.totals());
        self.ledger.note_shares(self.fleet.totals());
    }

    /// A pending instance with a host boots.
    #[inline]
    pub(super) fn boot(&mut self, now: Time, slot: Slot) {
        match self.delays.boot {
            None => self.booted(now, slot),
            Some(lane) => self.set_lane_timer(lane, now, Timer::Booted, slot),
        }
    }

    #[inline]
    pub(super) fn booted(&mut self, now: Time, slot: Slot) {
        let instance = self.instances.get_mut(slot);
        let (called, kind, stops) = (instance.since, instance.kind, instance.stops);
        let has_extras = instance.has_extras;
        let operation = if instance.cycle == 0 { Operation::Launch } else { Operation::Start };
        self.enter(now, slot, State::Running);
        if !(has_extras && self.has_recovered(slot)) {
            self.ledger.took(operation, now.since(called));
        }
        self.start_counting(kind);
        self.ledger.note_instances();
        if has_extras {
            self.watch_spot_price(now, slot);
        }
        if let Some(stops) = stops {
            let instance = self.instances.get(slot);
            let run_time = self.demand.run_time(stops, instance.number, instance.cycle);
            self.set_timer(now.after(run_time), Timer::StopDue, slot);
        }
    }

    /// True once for an instance that came up again because its host failed.
    #[cold]
    fn has_recovered(&mut self, slot: Slot) -> bool {
        self.extras.get_mut(slot).is_some_and(|extras| std::mem::take(&mut extras.recovers))
    }

    /// Ends the billed time of a running instance.
    #[inline]
    pub(super) fn leave_running(&mut self, now: Time, slot: Slot) {
        let since = self.instances.get(slot).since;
        self.bill(since, now, slot);
        self.instances.get_mut(slot).past_minimum = false;
        self.stop_counting(slot);
    }

    /// An instance counts as running no more.
    #[inline]
    fn stop_counting(&mut self, slot: Slot) {
        let kind = self.instances.get(slot).kind;
        let kind = self.kinds[kind.index()].as_mut().expect("the type of an instance was asked for");
        kind.running = kind.running.checked_sub(1).expect("what stops was running");
        self.ledger.accrual.remove(kind.pico_usd_per_hour);
        self.ledger.instances[InstanceTotal::Running as usize] -= 1;
    }

    /// One more runs, of this type.
    #[inline]
    pub(super) fn start_counting(&mut self, kind: TypeId) {
        let kind = self.kinds[kind.index()].as_mut().expect("the type of an instance was asked for");
        kind.running += 1;
        self.ledger.accrual.add(kind.pico_usd_per_hour);
        self.ledger.instances[InstanceTotal::Running as usize] += 1;
    }

    /// Bills the time that an instance has been running, as far as it lies behind the warm-up. On a dedicated
    /// host it is paid with the host (EC2 user guide, "Amazon EC2 Dedicated Hosts pricing and billing").
    #[inline(always)] // every end
    pub(super) fn bill(&mut self, since: Time, now: Time, slot: Slot) {
        let instance = self.instances.get(slot);
        if instance.has_extras && self.is_paid_with_its_host(slot) {
            return;
        }
        let mut running = Running {
            account: instance.account,
            kind: instance.kind,
            zone: instance.zone,
            tenancy: billing::BilledTenancy::Shared,
            market: Market::OnDemand,
            max_price: None,
            start: since,
            end: now,
            past_minimum: instance.past_minimum,
            interrupted: false,
        };
        if instance.has_extras {
            self.note_purchase(slot, &mut running);
        }
        self.billing.bill(&running, &self.directory.types);
        if self.chronicle.is_some() {
            self.chronicle_bill(&running, slot);
        }
    }

    /// How an instance with extras was bought, and what that means for its bill.
    #[cold]
    fn note_purchase(&self, slot: Slot, running: &mut Running) {
        running.market = self.market_of(slot);
        running.max_price = self.max_price_of(slot);
        let Some(extras) = self.extras.get(slot) else { return };
        running.interrupted = extras.interrupted;
        running.tenancy = billed_tenancy(extras.constraint.unwrap_or_default().tenancy);
    }

    #[cold]
    fn is_paid_with_its_host(&self, slot: Slot) -> bool {
        let constraint = self.extras.get(slot).and_then(|extras| extras.constraint);
        constraint.is_some_and(|constraint| matches!(constraint.tenancy, Tenancy::Host(_)))
    }

    /// Bills an instance that hibernates until it is off: EC2 bills "when the instance is in the `stopping`
    /// state while it is hibernating" (EC2 user guide, "Hibernate your instance").
    #[cold]
    fn end_hibernation(&mut self, now: Time, slot: Slot) {
        let since = self.extras.get_mut(slot).and_then(|extras| extras.hibernates_since.take());
        if let Some(since) = since {
            self.bill(since, now, slot);
            self.instances.get_mut(slot).past_minimum = false;
        }
    }

    /// A running instance stops.
    pub(super) fn stop(&mut self, now: Time, slot: Slot, hibernates: bool) {
        if hibernates {
            self.extras_mut(slot).hibernates_since = Some(self.instances.get(slot).since);
            self.stop_counting(slot);
        } else {
            self.leave_running(now, slot);
        }
        self.enter(now, slot, State::Stopping);
        match self.delays.stop {
            None => self.stopped(now, slot),
            Some(lane) => self.set_lane_timer(lane, now, Timer::Stopped, slot),
        }
    }

    pub(super) fn stopped(&mut self, now: Time, slot: Slot) {
        let called = self.instances.get(slot).since;
        self.end_hibernation(now, slot);
        self.release(now, slot);
        self.enter(now, slot, State::Stopped);
        self.ledger.took(Operation::Stop, now.since(called));
        self.ledger.instances[InstanceTotal::Stopped as usize] += 1;
        let instance = self.instances.get_mut(slot);
        let (id, number, cycle) = (instance.id, instance.number, instance.cycle);
        instance.cycle += 1;
        if let Some(stops) = instance.stops {
            let stopped_time = self.demand.stopped_time(stops, number, cycle);
            self.set_timer(now.after(stopped_time), Timer::StartDue, slot);
        }
        self.ledger.happened(now, Happening::Stopped, id, NO_HOST);
        if self.instances.get(slot).has_extras {
            self.wait_for_market(now, slot);
        }
    }

    /// A resident that is stopped when the run begins gives its host back, unseen by every count, and
    /// starts at `start_at`.
    pub(super) fn rest(&mut self, slot: Slot, start_at: Time) {
        self.leave_running(Time::ZERO, slot);
        self.release(Time::ZERO, slot);
        self.enter(Time::ZERO, slot, State::Stopped);
        self.ledger.instances[InstanceTotal::Stopped as usize] += 1;
        self.instances.get_mut(slot).cycle += 1;
        self.set_timer(start_at, Timer::StartDue, slot);
    }

    /// The lifetime of an instance is over: it is terminated, unless somebody has done so already.
    #[inline]
    pub(super) fn lifetime_over(&mut self, now: Time, slot: Slot) {
        if !matches!(self.instances.get(slot).state, State::ShuttingDown | State::Terminated) {
            self.ledger.count_call(Operation::Terminate, None);
            self.terminate(now, slot);
        }
    }

    /// An instance ends, whatever it does now.
    #[inline]
    pub(super) fn terminate(&mut self, now: Time, slot: Slot) {
        match self.instances.get(slot).state {
            State::Running => self.leave_running(now, slot),
            State::Stopping => self.end_hibernation(now, slot),
            State::Stopped => self.ledger.instances[InstanceTotal::Stopped as usize] -= 1,
            _ => {}
        }
        self.enter(now, slot, State::ShuttingDown);
        match self.delays.terminate {
            None => self.terminated(now, slot),
            Some(lane) => self.set_lane_timer(lane, now, Timer::Terminated, slot),
        }
    }

    #[inline]
    pub(super) fn terminated(&mut self, now: Time, slot: Slot) {
        let instance = self.instances.get(slot);
        let (called, id, host) = (instance.since, instance.id, instance.host);
        let (subnet, account, address) = (instance.subnet, instance.account, instance.address);
        let has_extras = instance.has_extras;
        self.release(now, slot);
        self.network.release(subnet, account, address, now);
        self.enter(now, slot, State::Terminated);
        self.ledger.took(Operation::Terminate, now.since(called));
        self.ledger.lifecycle_events += 1;
        self.ledger.happened(now, Happening::Terminated, id, host);
        if has_extras {
            self.dispose_of_extras(now, slot);
        }
        self.instances.ended(slot);
    }

    /// Gives back what an instance holds only while it is not stopped: its host, its public address.
    #[inline]
    fn release(&mut self, now: Time, slot: Slot) {
        let instance = self.instances.get_mut(slot);
        if std::mem::take(&mut instance.has_public_address) {
            self.network.unassign_public(now, instance.account, &mut self.billing.usage);
        }
        if std::mem::take(&mut instance.has_host) {
            self.leave_host(slot);
            let (request, seat) = (self.request_of(slot), self.seat_of(slot));
            if !self.reservations.is_empty() {
                self.leave_room(slot);
            }
            let is_kept = self.give_host(now, &request, seat);
            if !self.quotas.is_unlimited() && !is_kept {
                self.give_quota(now, slot);
            }
        }
    }

    /// The instance's behaviour stops it.
    pub(super) fn stop_due(&mut self, now: Time, slot: Slot) {
        let account = self.instances.get(slot).account;
        let answer = self.operate(now, slot, Wish::Stop);
        self.answer(now, Operation::Stop, account, answer);
    }

    /// Puts an instance into a state. Timers of the state it leaves mean nothing any more.
    #[inline]
    pub(super) fn enter(&mut self, now: Time, slot: Slot, state: State) {
        if self.chronicle.is_some() {
            self.chronicle_move(now, slot, state);
        }
        let since = self.note_entry(now, slot, state);
        let instance = self.instances.get_mut(slot);
        instance.state = state;
        instance.since = since;
        instance.stamp = instance.stamp.checked_add(1).unwrap_or_else(|| {
            // Beginning again is safe unless a timer from 65,536 states ago is still there. Beside the
            // one of its lifetime, whose stamp does not matter, an instance at rest has none.
            assert!(instance.timers <= 2, "an instance has had too many states with timers pending");
            0
        });
    }

    pub(super) fn set_timer(&mut self, at: Time, timer: Timer, slot: Slot) {
        if at < Time::NEVER {
            let event = self.timer(timer, slot);
            self.queue.push(at, Rank::Timer as u8, event);
        }
    }

    fn set_lane_timer(&mut self, lane: Lane, now: Time, timer: Timer, slot: Slot) {
        let event = self.timer(timer, slot);
        self.queue.push_lane(lane, now, event);
    }

    fn timer(&mut self, timer: Timer, slot: Slot) -> Event {
        let instance = self.instances.get_mut(slot);
        instance.timers = instance.timers.checked_add(1).expect("an instance has 65,536 timers pending");
        Event::Instance(timer, Stamp(instance.stamp), slot)
    }
}
