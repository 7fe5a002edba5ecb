//! Instances of the spot market: whether a launch pays enough, and how EC2 takes their capacity back.

use super::Cloud;
use super::event::Timer;
use super::place::{Order, Placement};
use super::reference::Slot;
use plimsoll_base::failure::{Failure, FailureReason, LimitKind};
use plimsoll_base::units::{Duration, Money, Time};
use plimsoll_model::billing::{INTERRUPTION_NOTICE, Market};
use plimsoll_model::lifecycle::{State, Trigger};
use plimsoll_model::transition::Transition;
use plimsoll_model::workload::call::{Interruption, LaunchOptions, Spot};

/// How far prices are looked at in advance: nobody knows when a trace ends.
const LOOK_AHEAD: Duration = Duration::from_seconds(7 * 86_400);

/// Time between two looks for room where the price would let an instance start: assumed.
const RETRY: Duration = Duration::from_seconds(300);

impl Cloud {
    /// Returns whether the most a launch pays is enough in its zone.
    pub(super) fn check_spot(
        &mut self,
        order: &Order,
        options: &LaunchOptions,
        placement: &Placement,
    ) -> Result<(), FailureReason> {
        let Some(spot) = options.spot else { return Ok(()) };
        let (types, kind) = (&self.directory.types, order.launch.kind);
        let price = self.billing.spot.price(types, kind, placement.zone, order.now);
        let most = max_price(spot).unwrap_or(types.get(kind).price_per_second);
        if price > most {
            let [asked, left] = [price, most].map(micro_usd_per_hour);
            return Err(Failure::SpotMaxPriceTooLow.because(LimitKind::SpotPrice, asked, left));
        }
        Ok(())
    }

    /// How an instance was bought.
    pub(super) fn market_of(&self, slot: Slot) -> Market {
        if self.spot_of(slot).is_some() { Market::Spot } else { Market::OnDemand }
    }

    /// The most that a second of an instance may cost on the spot market, where its request said so.
    pub(super) fn max_price_of(&self, slot: Slot) -> Option<Money> {
        max_price(self.spot_of(slot)?)
    }

    fn spot_of(&self, slot: Slot) -> Option<Spot> {
        self.extras.get(slot)?.options.as_ref()?.spot
    }

    /// An instance of the spot market runs: the time of its interruption follows from the prices to come. One that was
    /// stopped waits for them.
    pub(super) fn watch_spot_price(&mut self, now: Time, slot: Slot) {
        let Some(spot) = self.spot_of(slot) else { return };
        if self.instances.get(slot).state == State::Stopped {
            return self.return_to_market(now, slot, spot);
        }
        let instance = self.instances.get(slot);
        let market = (instance.kind, instance.zone);
        let horizon = now.after(LOOK_AHEAD);
        let (types, most) = (&self.directory.types, max_price(spot));
        let notice = self.billing.spot.next_change_above(types, market, now, most, horizon);
        match notice {
            Some(notice) => self.set_timer(notice.after(INTERRUPTION_NOTICE), Timer::Interrupted, slot),
            None => self.set_timer(horizon, Timer::SpotWatch, slot),
        }
    }

    /// EC2 takes the capacity of an instance back.
    pub(super) fn interrupted(&mut self, now: Time, slot: Slot) {
        let interruption = self.extras.get(slot).and_then(|extras| extras.options.as_ref());
        let interruption = interruption.map_or(Interruption::Terminate, |options| options.interruption());
        self.extras_mut(slot).interrupted = true;
        self.ledger.count_event(|counts| &mut counts.spot_interruptions);
        match (interruption, self.instances.get(slot).state.on(Trigger::Interrupted)) {
            (Interruption::Terminate, Transition::To(State::ShuttingDown)) => self.terminate(now, slot),
            (_, Transition::To(State::ShuttingDown)) => {
                self.extras_mut(slot).waits_for_market = true;
                self.stop(now, slot, interruption == Interruption::Hibernate);
            }
            (_, other) => panic!("an interruption means {other:?}"),
        }
    }

    /// A spot instance has stopped: where that was an interruption, EC2 starts it again by itself.
    pub(super) fn wait_for_market(&mut self, now: Time, slot: Slot) {
        let waits = self.extras.get(slot).is_some_and(|extras| extras.waits_for_market);
        if let Some(spot) = self.spot_of(slot).filter(|_| waits) {
            self.extras_mut(slot).interrupted = false;
            self.await_price(now, slot, spot);
        }
    }

    /// Looks again when the price is no more above what the instance pays.
    fn await_price(&mut self, from: Time, slot: Slot, spot: Spot) {
        let instance = self.instances.get(slot);
        let market = (instance.kind, instance.zone);
        let horizon = from.after(LOOK_AHEAD);
        let (types, most) = (&self.directory.types, max_price(spot));
        let fits = self.billing.spot.next_change_not_above(types, market, from, most, horizon);
        self.set_timer(fits.unwrap_or(horizon), Timer::SpotWatch, slot);
    }

    /// Starts an instance that waits for the market, if its price and the room allow; else it goes on waiting.
    fn return_to_market(&mut self, now: Time, slot: Slot, spot: Spot) {
        let instance = self.instances.get(slot);
        let (kind, zone) = (instance.kind, instance.zone);
        let types = &self.directory.types;
        let most = max_price(spot).unwrap_or(types.get(kind).price_per_second);
        if self.billing.spot.price(types, kind, zone, now) > most {
            return self.await_price(now, slot, spot);
        }
        match self.start(now, slot) {
            Ok(()) => {}
            Err(_) => self.set_timer(now.after(RETRY), Timer::SpotWatch, slot),
        }
    }
}

/// The most a launch pays, as money per second.
fn max_price(spot: Spot) -> Option<Money> {
    const UNITS_PER_PICO_USD: i128 = Money::UNITS_PER_USD / 1_000_000_000_000;
    spot.max_pico_usd_per_hour.map(|pico| Money(i128::from(pico) * UNITS_PER_PICO_USD / 3600))
}

fn micro_usd_per_hour(per_second: Money) -> u64 {
    u64::try_from(per_second.0 * 3600 / (Money::UNITS_PER_USD / 1_000_000)).unwrap_or(u64::MAX)
}
