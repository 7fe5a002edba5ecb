//! Outages: times in which a stage does not work normally.

use super::stage::{Condition, InjectedOutage};
use super::stages::{self, StageId};
use super::{Plane, PlaneTimer};
use crate::control_plane::checks::PER_ONE;
use crate::control_plane::config::{OutageKind, StageOutageConfig};
use plimsoll_base::units::{Duration, Time};

/// Outage of a stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    stage: StageId,
    start: Duration,
    length: Duration,
    condition: Condition,
}

/// Returns the outages of a configuration that has been validated.
pub(super) fn resolve(outages: &[StageOutageConfig], replicas: u32) -> Vec<Outage> {
    outages.iter().map(|outage| resolve_one(outage, replicas)).collect()
}

fn resolve_one(outage: &StageOutageConfig, replicas: u32) -> Outage {
    let names = stages::stations(replicas);
    let name = names.into_iter().find(|name| name.to_string() == outage.stage);
    let factor = outage.factor.as_ref().and_then(|factor| factor.resource(PER_ONE).ok());
    Outage {
        stage: StageId::of(name.expect("the configuration has been validated")),
        start: outage.start,
        length: outage.length,
        condition: match outage.kind {
            OutageKind::Refuse => Condition::Refuses,
            OutageKind::Hang => Condition::Hangs,
            OutageKind::Slow => Condition::Slow(factor.expect("the configuration has been validated")),
        },
    }
}

impl Plane {
    /// Sets the timers of all outages at the begin of a run.
    pub fn open(&mut self) {
        for i in 0..self.outages.len() {
            let begins = Time::ZERO.after(self.outages[i].start);
            self.outbox.set_timer(begins, PlaneTimer::OutageBegins, i as u32);
        }
    }

    pub(super) fn outage_begins(&mut self, now: Time, number: usize) {
        let Outage { stage, length, condition, .. } = self.outages[number];
        self.stages[stage.index()].planned = condition;
        self.turn(now, stage);
        self.outbox.set_timer(now.after(length), PlaneTimer::OutageEnds, number as u32);
    }

    pub(super) fn outage_ends(&mut self, now: Time, number: usize) {
        let stage = self.outages[number].stage;
        self.stages[stage.index()].planned = Condition::Sound;
        self.turn(now, stage);
    }

    /// Puts a stage into an injected outage, until a time or with [`Time::NEVER`] until it is [repaired](Plane::repair_now). It
    /// takes the place of any other outage of the stage meanwhile. Start and length of `outage` do not matter.
    ///
    /// # Panics
    ///
    /// The outage was not [checked](crate::control_plane::config::ControlPlaneConfig::check_injected).
    pub fn fail_now(&mut self, now: Time, outage: &StageOutageConfig, until: Time) {
        let replicas = self.database.nodes.len() as u32 - 1;
        let Outage { stage, condition, .. } = resolve_one(outage, replicas);
        self.stages[stage.index()].injected = Some(InjectedOutage { condition, until });
        self.turn(now, stage);
        if until < Time::NEVER {
            self.outbox.set_timer(until, PlaneTimer::InjectedOutageEnds, stage.index() as u32);
        }
    }

    /// Ends the injected outage of a stage, if it is in one. Returns whether there is such a stage.
    pub fn repair_now(&mut self, now: Time, stage: &str) -> bool {
        let found = self.stages.iter().position(|known| known.name.to_string() == stage);
        if let Some(number) = found {
            self.end_injected(now, StageId(number as u8));
        }
        found.is_some()
    }

    /// Ends the injected outage that ends now; one that has been ended or replaced since leaves a void timer.
    pub(super) fn injected_outage_ends(&mut self, now: Time, stage: StageId) {
        if self.stages[stage.index()].injected.is_some_and(|injected| injected.until == now) {
            self.end_injected(now, stage);
        }
    }

    fn end_injected(&mut self, now: Time, stage: StageId) {
        self.stages[stage.index()].injected = None;
        self.turn(now, stage);
    }

    /// Brings a stage into the condition of its outages.
    fn turn(&mut self, now: Time, stage: StageId) {
        for next in self.stages[stage.index()].turn(now) {
            self.begin_next(now, stage, next);
        }
    }
}
