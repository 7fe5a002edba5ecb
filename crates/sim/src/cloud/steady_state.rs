//! Moving in: the instances that are there when a run starts in steady state.

use super::Cloud;
use super::event::Timer;
use super::launch::Novelty;
use super::ledger::Happening;
use super::outcome::Residents;
use super::reference::Slot;
use plimsoll_base::units::Time;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::{Action, Call, Resident};

/// Room beyond the residents, so that ordinary fluctuation does not move the table.
const HEADROOM: usize = 64;

impl Cloud {
    /// Places the residents in the order of their sampled start. They are past their minimum bill and
    /// count as no requests; those that do not fit are only counted.
    pub(super) fn move_in(&mut self) -> Residents {
        let residents = self.demand.residents();
        if residents.is_empty() {
            return Residents::default();
        }
        self.instances.reserve(residents.len() + residents.len() / HEADROOM);
        let mut moved_in = 0;
        for resident in &residents {
            moved_in += u64::from(self.move_in_one(resident));
        }
        self.ledger.note_fleet(self.fleet.totals());
        self.ledger.note_instances();
        Residents { expected: residents.len() as u64, moved_in }
    }

    fn move_in_one(&mut self, resident: &Resident) -> bool {
        let Call { account, action: Action::Launch(launch), .. } = self.demand.resident(resident) else {
            panic!("a resident was launched")
        };
        self.batch.clear();
        let mut order = self.order(Time::ZERO, account, &launch);
        if self.heed_options(&mut order) != Ok(Novelty::New) || self.place_batch(&mut order).is_err() {
            return false;
        }
        let slot = self.admit(&order, 0);
        let instance = self.instances.get_mut(slot);
        instance.state = State::Running;
        instance.past_minimum = true;
        let (id, host, kind) = (instance.id, instance.host, instance.kind);
        self.ledger.happened(Time::ZERO, Happening::Resident, id, host);
        self.start_counting(kind);
        self.note_entry(Time::ZERO, slot, State::Running);
        self.set_lifetime(Time::ZERO.after(resident.residual), slot);
        // Before the resident may turn out to be stopped, which voids the watch.
        if launch.options.is_some() {
            self.watch_spot_price(Time::ZERO, slot);
        }
        self.join_cycle(slot, resident);
        true
    }

    /// Where the resident stops and starts, it stands somewhere in a cycle.
    fn join_cycle(&mut self, slot: Slot, resident: &Resident) {
        let instance = self.instances.get(slot);
        let Some(stops) = instance.stops else { return };
        let phase = self.demand.phase(stops, instance.number, resident.age);
        self.instances.get_mut(slot).cycle = phase.cycle;
        if phase.running {
            self.set_timer(Time::ZERO.after(phase.left), Timer::StopDue, slot);
        } else {
            self.rest(slot, Time::ZERO.after(phase.left));
        }
    }
}
