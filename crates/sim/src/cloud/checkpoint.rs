//! Checkpoints: the state of a run between two events, in the order it is written, and how a run goes on from it.
//!
//! The names come first, for everything else is numbered by them. Then the cloud is made of the scenario, as
//! for any run, and its parts take over their state. What follows from the state is made anew: sums over the
//! hosts, the placement index, who is on which host.

use std::collections::BTreeSet;

use super::chronicle::Chronicle;
use super::instance::Instance;
use super::milestones::{Milestones, Progress};
use super::outcome::Residents;
use super::recovery::Perils;
use super::{Cloud, Kind, RunOptions};
use crate::scenario::Scenario;
use plimsoll_base::engine::checkpoint::{self, Persist, Reader, RestoreError, Writer};
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::persist;
use plimsoll_base::units::{Time, TypeId};
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::lifecycle::State;
use plimsoll_model::workload::call::Call;

/// Differences of a run that goes on from a checkpoint to the one that made it.
#[derive(Clone, Copy, Debug)]
pub struct Resumption {
    /// The strategy is the same.
    pub is_same_strategy: bool,
    /// The observer asks for rows.
    pub wants_rows: bool,
}

persist! { Perils {
    nested: [faults],
    derived: [aboard],
} }

impl Cloud {
    /// Writes the state of the run between two events.
    pub(super) fn save(
        &self,
        out: &mut Writer<'_>,
        milestones: &Milestones,
        residents: Residents,
        call: Option<&Call>,
    ) {
        // Every field, so that none is forgotten.
        let Cloud {
            options: _,
            offers: _,
            repeated_calls: _,
            fleet,
            placer,
            reservations,
            provisions: _,
            created_groups: _,
            network,
            security,
            storage,
            quotas,
            billing,
            demand,
            directory,
            kinds,
            instances,
            extras,
            occupancy,
            names,
            holders,
            equipped,
            perils,
            tokens,
            queue,
            delays: _,
            ledger,
            control,
            outlook,
            chronicle,
            duration: _,
            warmup: _,
            sampling_interval: _,
            counts_minutes: _,
            batch: _,
            meant: _,
            zone_order: _,
            checkpoints: _,
            inquiry: _,
            resumed: _,
            outbox: _,
        } = self;
        directory.save(out);
        out.put(&chronicle.is_some());
        fleet.save(out);
        placer.save(out);
        out.put(reservations);
        out.put(&kinds.iter().map(Option::is_some).collect::<Vec<bool>>());
        network.save(out);
        security.save(out);
        storage.save(out);
        quotas.save(out);
        billing.save(out);
        demand.save(out);
        instances.save(out);
        extras.save(out);
        out.put(occupancy);
        out.put(&(names, holders, equipped));
        perils.save(out);
        out.put(tokens);
        queue.save(out);
        out.put(ledger);
        control.save(out);
        out.put(outlook);
        chronicle.save(out);
        milestones.save(out);
        out.put(&(residents, call));
    }

    /// The cloud of a scenario as it was at the moment that was written down.
    pub fn resume(
        scenario: &Scenario,
        options: RunOptions,
        resumption: Resumption,
        from: &mut Reader<'_>,
    ) -> Result<Cloud, RestoreError> {
        let mut directory = scenario.directory().map_err(RestoreError::from)?;
        directory.restore(from)?;
        let demand = scenario.demand_of(&mut directory).map_err(RestoreError::from)?;
        let mut cloud =
            Cloud::assemble(scenario, options, directory, demand, None).map_err(RestoreError::from)?;
        // What contradicts itself is no state of a run: an assertion that finds so here finds a file that was changed.
        checkpoint::caught(|| {
            cloud.restore(resumption, from)?;
            cloud.assert_conserved();
            Ok(())
        })?;
        Ok(cloud)
    }

    fn restore(&mut self, resumption: Resumption, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        self.restore_chronicle(resumption.wants_rows, from.get()?)?;
        self.fleet.restore(from)?;
        self.placer.restore(from, &mut self.fleet, resumption.is_same_strategy)?;
        self.reservations = from.get()?;
        let asked_for: Vec<bool> = from.get()?;
        self.check_types(&asked_for)?;
        for (id, _) in (0..).map(TypeId).zip(asked_for).filter(|(_, asked)| *asked) {
            let Kind { .. } = self.kind(id);
        }
        self.network.restore(from)?;
        self.security.restore(from)?;
        self.storage.restore(from)?;
        self.quotas.restore(from)?;
        self.quotas.recognise(self.directory.accounts());
        self.billing.restore(from)?;
        self.demand.restore(from)?;
        self.instances.restore(from)?;
        self.extras.restore(from)?;
        self.occupancy = from.get()?;
        (self.names, self.holders, self.equipped) = from.get()?;
        self.perils.restore(from)?;
        self.tokens = from.get()?;
        self.queue.restore(from)?;
        self.ledger = from.get()?;
        self.control.restore(from)?;
        self.outlook = from.get()?;
        self.chronicle.restore(from)?;
        let mut milestones = Milestones::new(self.warmup, self.sampling_interval);
        milestones.restore(from)?;
        milestones.count_minutes(self.counts_minutes, &self.ledger);
        let (residents, call): (Residents, Option<Call>) = from.get()?;
        self.check_ranges(call.as_ref())?;
        self.resumed = Some(Box::new(Progress { milestones, residents, call }));
        self.follow(resumption.is_same_strategy);
        Ok(())
    }

    /// Rows tell whole lives: nobody who comes in the middle can tell them.
    fn restore_chronicle(&mut self, wants_rows: bool, had_rows: bool) -> Result<(), RestoreError> {
        if wants_rows && !had_rows {
            let problem = Problem::new(Place::key("--tables"), "the checkpoint was made without tables");
            return Err(problem.with_help("make it with `--tables` too").into());
        }
        self.chronicle = wants_rows.then(|| Box::new(Chronicle::new(Time::ZERO.after(self.warmup))));
        Ok(())
    }

    /// Makes what follows from the state.
    fn follow(&mut self, is_same_strategy: bool) {
        let on_hosts: Vec<_> = self.instances.slots().filter(|(_, instance)| instance.has_host).collect();
        if let Some(perils) = &mut self.perils {
            let seat = |(slot, instance): &(_, &Instance)| (instance.host, instance.id, *slot);
            perils.aboard = on_hosts.iter().map(seat).collect::<BTreeSet<_>>();
        }
        if !is_same_strategy {
            let mut in_order: Vec<_> = on_hosts.iter().map(|(slot, instance)| (instance.id, *slot)).collect();
            in_order.sort_unstable();
            for (_, slot) in in_order {
                let (request, host) = (self.request_of(slot), self.instances.get(slot).host);
                self.placer.tell_strategy(&request, host, &self.fleet);
            }
            for (slot, host, slots) in self.reservations.free_slots() {
                (0..slots).for_each(|_| self.placer.tell_strategy(slot, host, &self.fleet));
            }
        }
        // Where hosts did not vary before the checkpoint, and do from now on, nobody has noted the shares so far.
        self.ledger.note_shares_of_peaks();
        // Hosts that the scenario adds are there from now on.
        let totals = self.fleet.totals();
        if totals[Total::Hosts] > self.ledger.fleet_gauges.peak(Total::Hosts as usize) {
            self.ledger.note_fleet(totals);
        }
        let mut rate = 0;
        for (_, instance) in self.instances.slots().filter(|(_, instance)| instance.state == State::Running) {
            let kind =
                self.kinds[instance.kind.index()].as_mut().expect("the type of an instance was asked for");
            kind.running += 1;
            rate += kind.pico_usd_per_hour;
        }
        // What runs costs what the scenario says from now on.
        self.ledger.accrual.set_rate(rate);
    }
}
