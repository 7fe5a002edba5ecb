//! Rows of instances, their tags, metrics and bills.

use crate::cloud::instances::reference::Slot;
use crate::cloud::instances::spot;
use crate::cloud::observe::observation::Observation;
use crate::cloud::observe::observer::Observer;
use crate::cloud::observe::rows::{
    BillingRecordRow, InstanceMetric, InstanceMetricRow, InstanceRow, InstanceTagRow, TableRow,
};
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::billing::{BilledPurchase, Kind, Market, Running, Stay};
use plimsoll_model::lifecycle::State;

/// Records that an instance leaves its state for another.
#[cold]
pub fn record_transition(world: &mut World, now: Time, slot: Slot, next: State) {
    let Some(recorder) = &mut world.recorder.rows else { return };
    let instance = world.instances.get(slot);
    recorder.passed(now, slot, instance);
    if now < recorder.window_start {
        return;
    }
    match next {
        State::Running => recorder.history(slot, instance).starts += 1,
        State::Terminated => record_final_rows(world, now, slot, next),
        _ => {}
    }
}

/// Records the bill of a stay in `running`.
#[cold]
pub fn record_bill(world: &mut World, running: &Running, slot: Slot) {
    let Some(recorder) = &mut world.recorder.rows else { return };
    let Stay { seconds, amount } = world.billing.stay(running, &world.directory.types);
    if seconds == 0 {
        return;
    }
    let instance = world.instances.get(slot);
    recorder.history(slot, instance).billed_s += seconds;
    world.recorder.outbox.push(Observation::Row(TableRow::BillingRecord(BillingRecordRow {
        account: instance.account,
        resource: Kind::Instance,
        resource_id: instance.id.0,
        instance_type: Some(instance.kind),
        purchase: purchase(running.market),
        start: running.start,
        end: running.end,
        seconds,
        cost: amount,
    })));
}

/// Records the rows of the instances that are alive at the end of the run.
pub fn record_live_instances(world: &mut World, horizon: Time, observer: &mut dyn Observer) {
    if world.recorder.rows.is_none() {
        return;
    }
    let live = world.instances.slots().filter(|(_, instance)| instance.state != State::Terminated);
    let mut live: Vec<_> = live.map(|(slot, instance)| (instance.id, slot)).collect();
    live.sort_unstable();
    for (_, slot) in live {
        let instance = world.instances.get(slot);
        if let Some(recorder) = &mut world.recorder.rows {
            recorder.passed(horizon, slot, instance);
        }
        record_final_rows(world, horizon, slot, instance.state);
        world.recorder.outbox.deliver(observer, &world.directory);
    }
}

/// Records the rows of an instance that has ended, or whose run has.
fn record_final_rows(world: &mut World, now: Time, slot: Slot, state: State) {
    let market = spot::market_of(world, slot);
    let Some(recorder) = &mut world.recorder.rows else { return };
    let instance = world.instances.get(slot);
    let id = instance.id;
    let history = recorder.history(slot, instance).clone();
    let subnet = world.network.subnets().get(instance.subnet.index());
    let extras = world.instances.extras.get(slot).filter(|_| instance.has_extras);
    world.recorder.outbox.push(Observation::Row(TableRow::Instance(InstanceRow {
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
        placement_group: (extras.and_then(|extras| extras.constraint?.group)).map(|member| member.group),
        host: instance.host,
        launched: history.launched,
        terminated: (state == State::Terminated).then_some(now),
    })));
    for (key, value) in extras.iter().flat_map(|extras| &extras.tags) {
        let (key, value) = (key.clone(), value.clone());
        world.recorder.outbox.push(Observation::Row(TableRow::InstanceTag(InstanceTagRow {
            instance: id,
            key,
            value,
        })));
    }
    let from = history.launched.unwrap_or_default().max(recorder.window_start).min(now);
    for metric in [
        InstanceMetric::Running(history.running),
        InstanceMetric::Stopped(history.stopped),
        InstanceMetric::Starts(history.starts),
        InstanceMetric::Billed(history.billed_s),
    ] {
        let row = InstanceMetricRow { instance: id, metric, from, until: now };
        world.recorder.outbox.push(Observation::Row(TableRow::InstanceMetric(row)));
    }
}

/// Returns the purchase model in rows, as far as the instance itself decides it.
fn purchase(market: Market) -> BilledPurchase {
    match market {
        Market::OnDemand => BilledPurchase::OnDemand,
        Market::Spot => BilledPurchase::Spot,
    }
}
