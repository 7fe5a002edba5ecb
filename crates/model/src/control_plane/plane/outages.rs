//! Outages: times in which a stage does not work normally.

use super::stage::Condition;
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
    let outage = |outage: &StageOutageConfig| {
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
    };
    outages.iter().map(outage).collect()
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
        self.turn(now, stage, condition);
        self.outbox.set_timer(now.after(length), PlaneTimer::OutageEnds, number as u32);
    }

    pub(super) fn outage_ends(&mut self, now: Time, number: usize) {
        self.turn(now, self.outages[number].stage, Condition::Sound);
    }

    fn turn(&mut self, now: Time, stage: StageId, condition: Condition) {
        for next in self.stages[stage.index()].turn(now, condition) {
            self.begin_next(now, stage, next);
        }
    }
}
