//! Scaler of a group: decides once a minute how many instances it is to have.
//!
//! All policies that track a target have to agree to scale in (Amazon EC2 Auto Scaling user guide, "Target tracking scaling
//! policies", seen 2026-11-29); of several policies the one with the largest capacity decides, out and in (API reference of
//! Application Auto Scaling, `PutScalingPolicy`, seen 2026-11-29). Assumed: while instances come up or warm up the group does not
//! scale in; the alarms of target tracking are 3 of 3 minutes above the target and 15 of 15 below nine tenths of it.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use super::PER_ONE;
use super::alarm::MetricAlarm;
use super::policy::{ScalingPolicy, ThresholdSide};
use super::sizes::GroupSizes;
use plimsoll_base::units::{Duration, NS_PER_S, Time};

/// A minute of a group, and its instances at its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupMinute {
    /// End of the minute.
    pub now: Time,
    /// Load \[milli-units\].
    pub load_milli: u64,
    /// Mean capacity of the instances in service \[milli-units\].
    pub capacity_milli: u64,
    /// Capacity of an instance \[milli-units\].
    pub milli_per_instance: u64,
    /// Instances ordered or coming up \[instances\].
    pub coming: u32,
    /// Instances that run and warm up \[instances\].
    pub warming: u32,
}

impl GroupMinute {
    /// Returns load ÷ capacity \[thousandths\], rounded down; the greatest number where there is a load and no capacity, and
    /// `None` where there is neither.
    fn utilisation_milli(&self) -> Option<u64> {
        match (self.load_milli, self.capacity_milli) {
            (0, 0) => None,
            (_, 0) => Some(u64::MAX),
            (load, capacity) => Some((u128::from(load) * u128::from(PER_ONE) / u128::from(capacity)) as u64),
        }
    }

    /// Returns whether load ÷ capacity is above a number of thousandths, exactly.
    fn is_above(&self, milli: u64) -> bool {
        u128::from(self.load_milli) * u128::from(PER_ONE)
            > u128::from(self.capacity_milli) * u128::from(milli)
    }
}

/// Returns the instances at which the load gives the target: ceil(n · metric ÷ target).
pub fn instances_for(load_milli: u64, milli_per_instance: u64, target_milli: u64) -> u32 {
    let needed = (u128::from(load_milli) * u128::from(PER_ONE))
        .div_ceil(u128::from(milli_per_instance) * u128::from(target_milli));
    u32::try_from(needed).unwrap_or(u32::MAX)
}

/// State of the policies of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scaler {
    /// Alarms of each policy: of target tracking the high and the low one, of a step policy its own twice.
    alarms: Vec<[MetricAlarm; 2]>,
    /// Number of actions that each scheduled policy has taken.
    actions: Vec<u64>,
    /// Greatest load of a minute in each hour of the last days \[milli-units\], the latest last.
    hours: VecDeque<u64>,
    /// Minutes so far.
    minutes: u64,
    /// Greatest load of a minute in this hour \[milli-units\].
    this_hour: u64,
    /// Time of the last change by a step.
    stepped: Option<Time>,
}

/// Size that an alarm asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct AlarmWish {
    instances: u32,
    /// True if a step policy asks for it.
    is_step: bool,
}

/// Hours that a forecast looks back at.
const HISTORY: usize = 14 * 24;

/// Share of the target below which target tracking scales in \[thousandths\].
const SCALE_IN_BELOW: u64 = 900;

/// Cause of another size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum ScalingCause {
    /// A scheduled action.
    Schedule,
    /// A forecast.
    Forecast,
    /// An alarm above a target or threshold.
    HighAlarm,
    /// An alarm below a target or threshold.
    LowAlarm,
}

impl Scaler {
    /// Returns the scaler of a group at the start of a run.
    pub fn new(policies: &[ScalingPolicy]) -> Scaler {
        let alarms = |policy: &ScalingPolicy| match policy {
            ScalingPolicy::Step { alarm, .. } => [*alarm; 2],
            _ => [MetricAlarm::new(3, 3), MetricAlarm::new(15, 15)],
        };
        Scaler {
            alarms: policies.iter().map(alarms).collect(),
            actions: vec![0; policies.len()],
            hours: VecDeque::new(),
            minutes: 0,
            this_hour: 0,
            stepped: None,
        }
    }

    /// Decides after a minute. Returns the cause where the number of instances changes. `cooldown` is the time after a change by a
    /// step within which steps change nothing.
    pub fn decide(
        &mut self,
        policies: &[ScalingPolicy],
        cooldown: Duration,
        minute: &GroupMinute,
        sizes: &mut GroupSizes,
    ) -> Option<ScalingCause> {
        self.remember(minute.load_milli);
        let before = sizes.desired;
        self.act_on_schedule(policies, minute.now, sizes);
        let scheduled = (sizes.desired != before).then_some(ScalingCause::Schedule);
        let cools = self.stepped.is_some_and(|stepped| minute.now < stepped.after(cooldown));
        let (out, into) = self.ask_alarms(policies, cools, minute, sizes);
        let forecast = self.forecast(policies, minute).unwrap_or(0).min(sizes.max);
        let is_busy = minute.coming > 0 || minute.warming > 0;
        let none = AlarmWish { instances: sizes.desired, is_step: false };
        let (wish, cause) = match (out, into) {
            (Some(out), _) if out.instances > sizes.desired => (out, ScalingCause::HighAlarm),
            (_, Some(into)) if into.instances < sizes.desired && !is_busy => (into, ScalingCause::LowAlarm),
            _ => (none, ScalingCause::Forecast),
        };
        let (wish, cause) = match forecast > wish.instances {
            true => (AlarmWish { instances: forecast, is_step: false }, ScalingCause::Forecast),
            false => (wish, cause),
        };
        let wanted = wish.instances.clamp(sizes.min, sizes.max);
        if wanted == sizes.desired {
            return scheduled;
        }
        sizes.desired = wanted;
        if wish.is_step {
            self.stepped = Some(minute.now);
        }
        Some(cause)
    }

    /// Returns the size that alarms ask for to scale out, and the one to scale in. Steps ask for none while the group cools down.
    fn ask_alarms(
        &mut self,
        policies: &[ScalingPolicy],
        cools: bool,
        minute: &GroupMinute,
        sizes: &GroupSizes,
    ) -> (Option<AlarmWish>, Option<AlarmWish>) {
        let (mut out, mut into, mut all_agree) = (None, None, true);
        let wish = |instances, is_step| Some(AlarmWish { instances, is_step });
        for (policy, [high, low]) in policies.iter().zip(&mut self.alarms) {
            match policy {
                ScalingPolicy::TargetTracking { target_milli, scale_in } => {
                    let needed = instances_for(minute.load_milli, minute.milli_per_instance, *target_milli);
                    let has_data = minute.utilisation_milli().is_some();
                    let below = target_milli * SCALE_IN_BELOW / PER_ONE;
                    let is_below = has_data && !minute.is_above(below) && needed < sizes.desired;
                    if high.note(minute.is_above(*target_milli)) {
                        out = out.max(wish(needed, false));
                    }
                    match low.note(is_below) && *scale_in {
                        true => into = into.max(wish(needed, false)),
                        false => all_agree = false,
                    }
                }
                ScalingPolicy::Step { threshold_milli, side, steps, .. } => {
                    let Some(utilisation) = minute.utilisation_milli() else {
                        high.note(false);
                        continue;
                    };
                    let distance = match side {
                        ThresholdSide::Above => utilisation.checked_sub(*threshold_milli),
                        ThresholdSide::Below => threshold_milli.checked_sub(utilisation),
                    };
                    let step = distance.and_then(|by| steps.iter().rev().find(|(from, _)| *from <= by));
                    let is_on = high.note(distance.is_some());
                    let Some((_, change)) = step.filter(|_| is_on && !cools) else { continue };
                    match side {
                        // What comes up or warms up already counts towards the step.
                        ThresholdSide::Above => {
                            let base = sizes.desired.saturating_sub(minute.coming + minute.warming);
                            out = out.max(wish(base.saturating_add(*change), true));
                        }
                        ThresholdSide::Below => {
                            into = into.max(wish(sizes.desired.saturating_sub(*change), true));
                        }
                    }
                }
                ScalingPolicy::Scheduled { .. } | ScalingPolicy::Predictive { .. } => {}
            }
        }
        let tracks = policies.iter().any(|policy| matches!(policy, ScalingPolicy::TargetTracking { .. }));
        (out, into.filter(|_| all_agree || !tracks))
    }

    /// Takes the scheduled actions whose time has come.
    fn act_on_schedule(&mut self, policies: &[ScalingPolicy], now: Time, sizes: &mut GroupSizes) {
        for (policy, actions) in policies.iter().zip(&mut self.actions) {
            let ScalingPolicy::Scheduled { at, every, min, max, desired } = policy else { continue };
            let due = |actions: u64| match (actions, every) {
                (0, _) => Some(Time::ZERO.after(*at)),
                (_, None) => None,
                (actions, Some(every)) => {
                    Some(Time::ZERO.after(*at).after(Duration(every.0.saturating_mul(actions))))
                }
            };
            while due(*actions).is_some_and(|due| due <= now) {
                *actions += 1;
                sizes.max = max.unwrap_or(sizes.max);
                sizes.min = min.unwrap_or(sizes.min).min(sizes.max);
                sizes.desired = desired.unwrap_or(sizes.desired).clamp(sizes.min, sizes.max);
            }
        }
    }

    fn remember(&mut self, load_milli: u64) {
        self.this_hour = self.this_hour.max(load_milli);
        self.minutes += 1;
        if self.minutes.is_multiple_of(60) {
            self.hours.push_back(std::mem::take(&mut self.this_hour));
            if self.hours.len() > HISTORY {
                self.hours.pop_front();
            }
        }
    }

    /// Returns the instances that the forecasts ask for, for this hour and for the next once that is near; `None` in the first
    /// day, which there is no past for.
    fn forecast(&self, policies: &[ScalingPolicy], minute: &GroupMinute) -> Option<u32> {
        let of_policy = |policy: &ScalingPolicy| {
            let ScalingPolicy::Predictive { target_milli, ahead_minutes } = policy else { return None };
            let hour = self.minutes / 60;
            let last = (self.minutes + ahead_minutes) / 60;
            let load = (hour..=last).filter_map(|hour| self.load_of_hour(hour)).max()?;
            Some(instances_for(load, minute.milli_per_instance, *target_milli))
        };
        policies.iter().filter_map(of_policy).max()
    }

    /// Returns the mean over the days before of the greatest load in the same hour \[milli-units\].
    fn load_of_hour(&self, hour: u64) -> Option<u64> {
        // The hours that are remembered end with the last full one.
        let first = self.minutes / 60 - self.hours.len() as u64;
        let same = (0..self.hours.len() as u64).filter(|i| (first + i) % 24 == hour % 24 && first + i < hour);
        let loads: Vec<u128> = same.map(|i| u128::from(self.hours[i as usize])).collect();
        let days = loads.len() as u128;
        (days > 0).then(|| (loads.iter().sum::<u128>() / days) as u64)
    }
}

/// Length of a minute.
pub const MINUTE: Duration = Duration(60 * NS_PER_S);

#[cfg(test)]
mod tests;
