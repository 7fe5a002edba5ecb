//! The loop of a run: the next event or call in order, time going on, samples taken on the way.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::Cloud;
use super::chronicle::Chronicle;
use super::event::{Event, Stamp, Timer};
use super::ledger::InstanceTotal;
use super::milestones::{Milestones, Progress};
use super::minutes::{Minute, Minutes};
use super::observe::{Detail, Observation, Observer, RunState, Sample};
use super::outbox::Outbox;
use super::outcome::Outcome;
use super::reference::Slot;
use plimsoll_base::engine::checkpoint::Writer;
use plimsoll_base::engine::memory::prefetch;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::lifecycle::State;
use plimsoll_model::operation::Operation;
use plimsoll_model::storage::StorageStep;
use plimsoll_model::workload::call::{Action, Call, Launch, Targets};

/// Events between two words of progress.
const PROGRESS_EVENTS: u64 = 1 << 14;

/// Records are loaded ahead of their events in batches, since a processor waits for several lines of
/// memory, and for the pages they are on, in the time of one. First the instances of a batch, one batch
/// later what they point to.
const BATCH: usize = 8;

impl Cloud {
    /// Runs to the end. An error can still come out of a trace, which is read as it goes on.
    pub fn run(mut self, observer: &mut dyn Observer) -> Result<Outcome, InputError> {
        self.outbox = Outbox::new(observer.detail());
        let mut progress = match self.resumed.take() {
            Some(progress) => {
                observer.started();
                *progress
            }
            None => self.open(observer)?,
        };
        let running = AssertUnwindSafe(|| self.run_to_the_end(&mut progress, observer));
        let horizon = match catch_unwind(running) {
            Ok(horizon) => horizon?,
            Err(panic) => {
                observer.panicked(progress.milestones.reached, progress.milestones.events);
                resume_unwind(panic);
            }
        };
        let Progress { mut milestones, residents, .. } = progress;
        self.reach(horizon, &mut milestones, observer);
        if !self.ledger.in_window {
            // It was all warm-up.
            self.ledger.begin_window(horizon, self.fleet.totals());
            self.begin_window_of_parts(horizon);
        }
        self.sample(horizon, &milestones);
        self.end_last_minute(horizon, &mut milestones);
        self.look_if_due(horizon);
        self.outbox.deliver(observer, &self.directory);
        observer.ended();
        self.assert_conserved();
        self.bill_running(horizon);
        self.chronicle_living(horizon, observer);
        self.chronicle_resources(observer);
        Ok(self.finish(horizon, milestones.warmup_end, milestones.events, residents))
    }

    /// Returns what there is at time zero.
    fn open(&mut self, observer: &mut dyn Observer) -> Result<Progress, InputError> {
        let wants_rows = self.outbox.wants(Detail::Rows);
        self.chronicle = wants_rows.then(|| Box::new(Chronicle::new(Time::ZERO.after(self.warmup))));
        if self.chronicle.is_some() {
            self.storage.keep_history();
        }
        let provided = self.provide();
        let residents = self.move_in();
        self.await_fault();
        observer.started();
        self.open_control();
        let mut milestones = Milestones::new(self.warmup, self.sampling_interval);
        self.reach(Time::ZERO, &mut milestones, observer);
        // What there is no room for is refused like a call for it.
        for (account, answer) in provided {
            self.answer(Time::ZERO, Operation::AllocateHost, account, answer);
        }
        self.outbox.deliver(observer, &self.directory);
        Ok(Progress { milestones, residents, call: self.demand.next(&mut self.directory)? })
    }

    #[inline(never)] // a name for profilers
    fn run_to_the_end(
        &mut self,
        progress: &mut Progress,
        observer: &mut dyn Observer,
    ) -> Result<Time, InputError> {
        let end = self.duration.map(|duration| Time::ZERO.after(duration));
        let Progress { milestones, residents, call } = progress;
        let mut call = call.take();
        let mut checkpoint = self.checkpoints.pop_first().unwrap_or(Time::NEVER);
        let mut until_batch = 1;
        loop {
            let call_at = call.as_ref().map_or(Time::NEVER, |call| call.at);
            // Without a duration the demand is a trace, and the run ends with its last event.
            let horizon = match (end, &call) {
                (Some(end), _) => end,
                (None, Some(_)) => Time::NEVER,
                (None, None) => self.demand.last_event(),
            };
            if let Some((at, event)) = self.queue.pop_until(call_at.min(horizon).min(checkpoint)) {
                self.pass_time(at, milestones, observer);
                until_batch -= 1;
                if until_batch == 0 {
                    until_batch = BATCH;
                    self.prefetch_batch();
                }
                self.on_event(at, event);
                if self.control.is_some() {
                    self.work(at);
                }
            } else if checkpoint < call_at.min(horizon) {
                let at = checkpoint;
                self.reach(at, milestones, observer);
                let save = |out: &mut Writer<'_>| self.save(out, milestones, *residents, call.as_ref());
                observer.checkpoint(&RunState { at, events: milestones.events, save: &save });
                checkpoint = self.checkpoints.pop_first().unwrap_or(Time::NEVER);
                continue;
            } else if call_at <= horizon && call.is_some() {
                self.pass_time(call_at, milestones, observer);
                match self.control {
                    None => {
                        self.advance_ledger(call_at);
                        self.on_call(call_at, call.as_ref().expect("checked"));
                    }
                    Some(_) => self.submit(call_at, call.take().expect("checked")),
                }
                call = self.demand.next(&mut self.directory)?;
                self.prefetch_calls(call.as_ref());
            } else {
                return self.check_checkpoints(checkpoint, horizon).map(|()| horizon);
            }
            milestones.events += 1;
            self.outbox.deliver(observer, &self.directory);
            if milestones.events.is_multiple_of(PROGRESS_EVENTS)
                && observer.progressed(milestones.reached, milestones.events).is_break()
            {
                return Ok(milestones.reached);
            }
            if self.options.check_conservation {
                self.assert_conserved();
            }
        }
    }

    /// A checkpoint that was asked for and never came is an error.
    fn check_checkpoints(&self, next: Time, horizon: Time) -> Result<(), InputError> {
        if next == Time::NEVER {
            return Ok(());
        }
        let ended = Duration(horizon.0);
        let found = format!("found {}, expected a time before the end of the run, {ended}", Duration(next.0));
        Err(Problem::new(Place::key("--checkpoint-at"), found).into())
    }

    /// Time goes on to `now`: samples are taken and the warm-up ends on the way.
    #[inline]
    fn reach(&mut self, now: Time, milestones: &mut Milestones, observer: &mut dyn Observer) {
        self.pass_time(now, milestones, observer);
        self.advance_ledger(now);
    }

    /// The same where the totals may stay as they are: whoever changes one comes to [`Cloud::advance_ledger`] before.
    #[inline]
    fn pass_time(&mut self, now: Time, milestones: &mut Milestones, observer: &mut dyn Observer) {
        if now >= milestones.next {
            self.pass_milestones(now, milestones, observer);
        }
        milestones.reached = now;
    }

    /// The totals have been what they are up to `now`. Most calls to a control plane only ask, and change none.
    #[inline(always)] // every event
    pub(super) fn advance_ledger(&mut self, now: Time) {
        self.ledger.advance(now, self.fleet.totals());
    }

    #[inline(always)] // every event
    fn on_event(&mut self, now: Time, event: Event) {
        if !matches!(event, Event::Control(..)) {
            self.advance_ledger(now);
        }
        match event {
            Event::Instance(timer, stamp, slot) => self.on_timer(now, timer, stamp, slot),
            Event::Volume(end, stamp, volume) => {
                self.on_storage(now, StorageStep::Volume { volume, stamp: stamp.0, end });
            }
            Event::Modification(volume) => self.on_storage(now, StorageStep::Modification(volume)),
            Event::Snapshot(snapshot) => self.on_storage(now, StorageStep::Snapshot(snapshot)),
            Event::Image(image) => self.on_storage(now, StorageStep::Image(image)),
            Event::Fault => self.on_fault(now),
            Event::Term(number, begins) => self.on_term(now, number, begins),
            Event::Expiry(reservation) => self.expire(now, reservation),
            Event::Control(alarm, number) => self.on_plane_timer(now, alarm, number),
        }
    }

    #[cold]
    fn pass_milestones(&mut self, now: Time, milestones: &mut Milestones, observer: &mut dyn Observer) {
        loop {
            milestones.next = milestones.due(self.ledger.in_window);
            if milestones.next > now {
                return;
            }
            let ending = milestones.minutes.as_mut().filter(|minutes| minutes.end() == milestones.next);
            if let Some(minutes) = ending {
                let minute = minutes.turn(&self.ledger);
                self.report_minute(minute);
            } else if !self.ledger.in_window && milestones.warmup_end <= milestones.next_sample {
                let at = milestones.warmup_end;
                self.ledger.advance(at, self.fleet.totals());
                self.ledger.begin_window(at, self.fleet.totals());
                self.begin_window_of_parts(at);
                milestones.minutes = self.counts_minutes.then(|| Minutes::begin(at, &self.ledger));
            } else {
                let at = milestones.next_sample;
                self.ledger.advance(at, self.fleet.totals());
                self.sample(at, milestones);
                if let Some(control) = &mut self.control {
                    control.plane.note_queues(at);
                }
                milestones.samples += 1;
                self.look_if_due(at);
                milestones.next_sample = at.after(milestones.sampling_interval);
            }
            self.outbox.deliver(observer, &self.directory);
        }
    }

    /// The run ends in the middle of a minute, or with calls at the first moment of one.
    fn end_last_minute(&mut self, horizon: Time, milestones: &mut Milestones) {
        if let Some(minutes) = &mut milestones.minutes {
            let minute = minutes.turn(&self.ledger);
            if minute.began < horizon || minute.calls > 0 {
                self.report_minute(minute);
            }
        }
    }

    fn report_minute(&mut self, minute: Minute) {
        if self.outbox.wants(Detail::Series) {
            self.outbox.push(Observation::MinuteEnded(minute));
        }
    }

    /// The warm-up is over: what the parts count begins anew.
    fn begin_window_of_parts(&mut self, now: Time) {
        self.network.begin_window(now);
        self.security.begin_window();
        self.storage.begin_window(now);
        if let Some(control) = &mut self.control {
            control.begin_window(now);
        }
    }

    /// Reports the state of the cloud.
    fn sample(&mut self, at: Time, milestones: &Milestones) {
        if !self.outbox.wants(Detail::Series) {
            return;
        }
        let (totals, ledger) = (self.fleet.totals(), &self.ledger);
        let subnet_addresses_used: Vec<u64> =
            self.network.subnets().iter().map(|subnet| subnet.usage.used()).collect();
        let looks_at_hosts = milestones.samples.is_multiple_of(self.fleet.samples_to_a_fill());
        let sample = Sample {
            at,
            hosts: totals[Total::Hosts],
            hosts_used: totals[Total::HostsUsed],
            vcpu_milli: totals[Total::Vcpu],
            vcpu_used_milli: totals[Total::VcpuUsed],
            memory_mib: totals[Total::Memory],
            memory_used_mib: totals[Total::MemoryUsed],
            gpu_milli: totals[Total::Gpu],
            gpu_used_milli: totals[Total::GpuUsed],
            vcpu_nonempty_milli: totals[Total::VcpuNonempty],
            memory_nonempty_mib: totals[Total::MemoryNonempty],
            vcpu_stranded_milli: totals[Total::VcpuStranded],
            memory_stranded_mib: totals[Total::MemoryStranded],
            instances_running: ledger.instances[InstanceTotal::Running as usize],
            instances_stopped: ledger.instances[InstanceTotal::Stopped as usize],
            launches_requested: ledger.launch.requested,
            launches_succeeded: ledger.launch.succeeded,
            addresses_used: subnet_addresses_used.iter().sum(),
            subnet_addresses_used,
            public_addresses_used: self.network.public_usage().used(),
            elastic_addresses: self.network.elastic().allocated.used(),
            volume_gib_used: self
                .storage
                .backends()
                .iter()
                .map(|backend| backend.capacity_gib().used())
                .sum(),
            accrued_micro_usd: ledger.accrual.micro_usd(),
            events: milestones.events,
            stages: self.control.as_ref().map(|control| control.plane.sample(at)).unwrap_or_default(),
            fill: looks_at_hosts.then(|| Box::new(self.fleet.fill())),
        };
        self.outbox.push(Observation::Sampled(sample));
    }

    /// Loads what the events after the next batch will touch. Changes nothing.
    #[inline]
    fn prefetch_batch(&self) {
        for event in self.queue.ahead(2 * BATCH..3 * BATCH) {
            match event {
                Event::Instance(_, _, slot) => prefetch(self.instances.get(slot)),
                Event::Control(alarm, number) => self.prefetch_for_timer(alarm, number),
                _ => {}
            }
        }
        for event in self.queue.ahead(BATCH..2 * BATCH) {
            match event {
                Event::Instance(_, _, slot) => self.prefetch_around(slot),
                Event::Control(alarm, number) => self.prefetch_further_for_alarm(alarm, number),
                _ => {}
            }
        }
    }

    /// Loads what an instance points to. Changes nothing.
    #[inline]
    fn prefetch_around(&self, slot: Slot) {
        let instance = self.instances.get(slot);
        if instance.has_host {
            prefetch(&self.fleet.hosts()[instance.host.index()]);
            self.network.prefetch_release(instance.subnet, instance.account, instance.address);
        }
    }

    /// Loads what the next call will likely touch, and the place of the instance that the one after it means, whose
    /// address takes two looks at memory to find. Changes nothing.
    #[inline]
    fn prefetch_calls(&self, next: Option<&Call>) {
        let Some(call) = next else { return };
        if let Some(control) = &self.control {
            control.prefetch_buckets(call);
        }
        if let Action::Launch(launch) = &call.action {
            self.prefetch_host(launch);
        }
        if let Some((account, draw)) = self.demand.outlook() {
            self.instances.prefetch_drawn(account, draw);
        }
    }

    /// Loads the host that a launch would get if it came now. Changes nothing.
    #[inline]
    fn prefetch_host(&self, launch: &Launch) {
        let Some(Some(kind)) = self.kinds.get(launch.kind.index()) else { return };
        if let Some(host) = self.placer.likely(kind.shape, launch.zone.unwrap_or_default()) {
            prefetch(&self.fleet.hosts()[host.index()]);
        }
    }

    /// Returns whether an event at this time comes so soon that perhaps no batch loads the first of what it touches.
    #[inline]
    pub(super) fn comes_too_soon(&self, at: Time) -> bool {
        self.queue.comes_before(at, 3 * BATCH)
    }

    /// Loads the place of the instance that a call means by a draw. Changes nothing.
    #[inline]
    pub(super) fn prefetch_targets(&self, call: &Call) {
        if let Some(&Targets::Drawn { draw, .. }) = call.action.targets() {
            self.instances.prefetch_drawn(call.account, draw);
        }
    }

    fn on_timer(&mut self, now: Time, timer: Timer, stamp: Stamp, slot: Slot) {
        let instance = self.instances.get(slot);
        let is_valid = timer == Timer::LifetimeOver || instance.stamp == stamp.0;
        if is_valid && instance.state != State::Terminated {
            match timer {
                Timer::LifetimeOver => self.lifetime_over(now, slot),
                Timer::Booted => self.booted(now, slot),
                Timer::Stopped => self.stopped(now, slot),
                Timer::Terminated => self.terminated(now, slot),
                Timer::StopDue => self.stop_due(now, slot),
                Timer::StartDue => self.start_due(now, slot),
                Timer::SpotWatch => self.watch_spot_price(now, slot),
                Timer::Interrupted => self.interrupted(now, slot),
            }
        }
        self.instances.timer_gone(slot);
    }
}
