//! Rows of instances for the tables, and the history of each live instance that its rows need. Recorded only where the
//! observer asks for rows.
//!
//! What ended before the warm-up did has no rows, and figures count from there on.

use serde::{Deserialize, Serialize};

use super::Cloud;
use super::instance::Instance;
use super::observe::{Observation, Observer};
use super::outbox::Outbox;
use super::reference::Slot;
use super::rows::{BillingRecordRow, InstanceMetric, InstanceMetricRow, InstanceRow, InstanceTagRow, Row};
use plimsoll_base::persist;
use plimsoll_base::units::{Duration, InstanceId, Time};
use plimsoll_model::billing::{Kind, Market, Purchase, Running, Stay};
use plimsoll_model::lifecycle::State;

/// Histories of the instances.
#[derive(Clone, Debug, Default)]
pub(super) struct Chronicle {
    pub(super) window_start: Time,
    /// By slot. What stands there may be of an instance that has ended.
    lives: Vec<Life>,
}

persist! { Chronicle {
    values: [lives],
    derived: [window_start],
} }

/// What is remembered of an instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Life {
    /// Of which one; `None` in a slot that has had none.
    instance: Option<InstanceId>,
    /// `None`: before the run.
    launched: Option<Time>,
    running: Duration,
    stopped: Duration,
    starts: u32,
    billed_s: u64,
}

impl Chronicle {
    pub fn new(window_start: Time) -> Chronicle {
        Chronicle { window_start, ..Chronicle::default() }
    }

    /// The life in a slot. It begins when it is asked for first, which is when its instance leaves the state
    /// it was launched in, at the latest.
    fn life(&mut self, slot: Slot, instance: &Instance) -> &mut Life {
        let slot = slot.0 as usize;
        if self.lives.len() <= slot {
            self.lives.resize_with(slot + 1, Life::default);
        }
        let life = &mut self.lives[slot];
        if life.instance != Some(instance.id) {
            // Residents are running from the start.
            let launched = (instance.state == State::Pending).then_some(instance.since);
            *life = Life { instance: Some(instance.id), launched, ..Life::default() };
        }
        life
    }

    /// The instance has been in its state until `now`.
    fn passed(&mut self, now: Time, slot: Slot, instance: &Instance) {
        let counted = Duration(now.0.saturating_sub(instance.since.max(self.window_start).0));
        let life = self.life(slot, instance);
        match instance.state {
            State::Running => life.running.0 += counted.0,
            State::Stopped => life.stopped.0 += counted.0,
            _ => {}
        }
    }
}

impl Cloud {
    /// An instance leaves its state for another.
    #[cold]
    pub(super) fn chronicle_move(&mut self, now: Time, slot: Slot, next: State) {
        let Some(chronicle) = &mut self.chronicle else { return };
        let instance = self.instances.get(slot);
        chronicle.passed(now, slot, instance);
        if now < chronicle.window_start {
            return;
        }
        match next {
            State::Running => chronicle.life(slot, instance).starts += 1,
            State::Terminated => self.chronicle_end(now, slot, next),
            _ => {}
        }
    }

    /// A stay in `running` is billed.
    #[cold]
    pub(super) fn chronicle_bill(&mut self, running: &Running, slot: Slot) {
        let Some(chronicle) = &mut self.chronicle else { return };
        let Stay { seconds, amount } = self.billing.stay(running, &self.directory.types);
        if seconds == 0 {
            return;
        }
        let instance = self.instances.get(slot);
        chronicle.life(slot, instance).billed_s += seconds;
        report(
            &mut self.outbox,
            Row::BillingRecord(BillingRecordRow {
                account: instance.account,
                resource: Kind::Instance,
                resource_id: instance.id.0,
                instance_type: Some(instance.kind),
                purchase: purchase(running.market),
                start: running.start,
                end: running.end,
                seconds,
                cost: amount,
            }),
        );
    }

    /// The rows of those that are alive at the end of the run.
    pub(super) fn chronicle_living(&mut self, horizon: Time, observer: &mut dyn Observer) {
        if self.chronicle.is_none() {
            return;
        }
        let living = self.instances.slots().filter(|(_, instance)| instance.state != State::Terminated);
        let mut living: Vec<_> = living.map(|(slot, instance)| (instance.id, slot)).collect();
        living.sort_unstable();
        for (_, slot) in living {
            let instance = self.instances.get(slot);
            if let Some(chronicle) = &mut self.chronicle {
                chronicle.passed(horizon, slot, instance);
            }
            self.chronicle_end(horizon, slot, instance.state);
            self.outbox.deliver(observer, &self.directory);
        }
    }

    /// The rows of an instance that is seen for the last time.
    fn chronicle_end(&mut self, now: Time, slot: Slot, state: State) {
        let market = self.market_of(slot);
        let Some(chronicle) = &mut self.chronicle else { return };
        let instance = self.instances.get(slot);
        let id = instance.id;
        let life = chronicle.life(slot, instance).clone();
        let subnet = self.network.subnets().get(instance.subnet.index());
        let extras = self.extras.get(slot).filter(|_| instance.has_extras);
        report(
            &mut self.outbox,
            Row::Instance(InstanceRow {
                instance: id,
                account: instance.account,
                image: extras.and_then(|extras| extras.image),
                kind: instance.kind,
                purchase: purchase(market),
                state,
                zone: instance.zone,
                subnet: subnet.map(|_| instance.subnet),
                private_address: subnet.and_then(|subnet| subnet.address(instance.address)),
                has_public_address: instance.wants_public_address,
                placement_group: (extras.and_then(|extras| extras.constraint?.group))
                    .map(|member| member.group),
                host: instance.host,
                launched: life.launched,
                terminated: (state == State::Terminated).then_some(now),
            }),
        );
        for (key, value) in extras.iter().flat_map(|extras| &extras.tags) {
            let (key, value) = (key.clone(), value.clone());
            report(&mut self.outbox, Row::InstanceTag(InstanceTagRow { instance: id, key, value }));
        }
        let from = life.launched.unwrap_or_default().max(chronicle.window_start).min(now);
        for metric in [
            InstanceMetric::Running(life.running),
            InstanceMetric::Stopped(life.stopped),
            InstanceMetric::Starts(life.starts),
            InstanceMetric::Billed(life.billed_s),
        ] {
            let row = InstanceMetricRow { instance: id, metric, from, until: now };
            report(&mut self.outbox, Row::InstanceMetric(row));
        }
    }
}

/// Reports a row of a table.
pub(super) fn report(outbox: &mut Outbox, row: Row) {
    outbox.push(Observation::Row(row));
}

/// How rows say it was bought, as far as the instance itself tells.
fn purchase(market: Market) -> Purchase {
    match market {
        Market::OnDemand => Purchase::OnDemand,
        Market::Spot => Purchase::Spot,
    }
}
