use super::*;

fn minute(now: u64, load: u64, running: u64, (coming, warming): (u32, u32)) -> GroupMinute {
    GroupMinute {
        now: Time(now * 60 * NS_PER_S),
        load_milli: load * 1000,
        capacity_milli: running * 100_000,
        milli_per_instance: 100_000,
        coming,
        warming,
    }
}

const NO_TIME: Duration = Duration::ZERO;

const TRACKING: ScalingPolicy = ScalingPolicy::TargetTracking { target_milli: 500, scale_in: true };

#[test]
fn the_number_of_instances_is_n_times_metric_by_target_rounded_up() {
    for (load, instances) in [(0, 0), (1, 1), (50_000, 1), (50_001, 2), (100_000, 2), (400_000, 8)] {
        assert_eq!(instances_for(load, 100_000, 500), instances);
    }
}

#[test]
fn target_tracking_scales_out_after_three_minutes_and_in_after_fifteen() {
    let policies = [TRACKING];
    let (mut scaler, mut sizes) = (Scaler::new(&policies), GroupSizes { min: 2, max: 20, desired: 2 });
    let mut table = Vec::new();
    // Two instances for 100 units, then 400 units for nine minutes; instances take a minute to come up and one to warm up.
    let loads = [100, 100, 400, 400, 400, 400, 400, 400, 400, 400, 400].into_iter().chain([150; 18]);
    let (mut running, mut coming, mut warming) = (2, 0, 0);
    for (now, load) in (1..).zip(loads) {
        let cause =
            scaler.decide(&policies, NO_TIME, &minute(now, load, running, (coming, warming)), &mut sizes);
        table.push((now, sizes.desired, cause));
        (running, warming) = (running + u64::from(coming), coming);
        coming = 0;
        if u64::from(sizes.desired) > running {
            coming = sizes.desired - running as u32;
        }
        running = running.min(u64::from(sizes.desired));
    }
    // 400 units in minutes 3, 4, 5: ceil(2 · 2.0 ÷ 0.5) = 8. 150 units from minute 12 on: 8 · 0.1875 = 1.5, ceil(1.5 ÷ 0.5) = 3
    // after the fifteenth such minute, the 26th.
    for (now, desired, cause) in table {
        let expected = match now {
            1..5 => (2, None),
            5 => (8, Some(ScalingCause::HighAlarm)),
            6..26 => (8, None),
            26 => (3, Some(ScalingCause::LowAlarm)),
            _ => (3, None),
        };
        assert_eq!((desired, cause), expected, "minute {now}");
    }
}

#[test]
fn while_instances_come_up_the_group_does_not_scale_in() {
    let policies = [TRACKING];
    let (mut scaler, mut sizes) = (Scaler::new(&policies), GroupSizes { min: 1, max: 20, desired: 8 });
    for now in 1..30 {
        assert_eq!(scaler.decide(&policies, NO_TIME, &minute(now, 50, 8, (0, 1)), &mut sizes), None);
    }
    assert_eq!(
        scaler.decide(&policies, NO_TIME, &minute(30, 50, 8, (0, 0)), &mut sizes),
        Some(ScalingCause::LowAlarm)
    );
    assert_eq!(sizes.desired, 1);
}

#[test]
fn of_several_policies_the_largest_capacity_decides() {
    let other = ScalingPolicy::TargetTracking { target_milli: 250, scale_in: true };
    let policies = [TRACKING, other];
    let (mut scaler, mut sizes) = (Scaler::new(&policies), GroupSizes { min: 1, max: 100, desired: 10 });
    (1..=3).for_each(|now| _ = scaler.decide(&policies, NO_TIME, &minute(now, 600, 10, (0, 0)), &mut sizes));
    assert_eq!(sizes.desired, 24, "6 ÷ 0.25, not 6 ÷ 0.5");
    (4..=18).for_each(|now| _ = scaler.decide(&policies, NO_TIME, &minute(now, 300, 24, (0, 0)), &mut sizes));
    assert_eq!(sizes.desired, 12, "3 ÷ 0.25");
    let none = [ScalingPolicy::TargetTracking { target_milli: 500, scale_in: false }];
    let (mut scaler, mut sizes) = (Scaler::new(&none), GroupSizes { min: 1, max: 100, desired: 10 });
    (1..=40).for_each(|now| _ = scaler.decide(&none, NO_TIME, &minute(now, 10, 10, (0, 0)), &mut sizes));
    assert_eq!(sizes.desired, 10, "it never scales in");
}

#[test]
fn steps_count_what_comes_up_already() {
    let alarm = MetricAlarm::new(2, 3);
    let steps = vec![(0, 2), (200, 5)];
    let policies = [ScalingPolicy::Step { threshold_milli: 600, side: ThresholdSide::Above, alarm, steps }];
    let (mut scaler, mut sizes) = (Scaler::new(&policies), GroupSizes { min: 1, max: 100, desired: 10 });
    let mut decide = |now, load, busy| {
        scaler.decide(&policies, NO_TIME, &minute(now, load, 10, busy), &mut sizes);
        sizes.desired
    };
    assert_eq!(decide(1, 700, (0, 0)), 10, "one of three minutes");
    assert_eq!(decide(2, 700, (0, 0)), 12, "0.1 above the threshold: two more");
    assert_eq!(decide(3, 700, (2, 0)), 12, "they come up already");
    assert_eq!(decide(4, 900, (0, 2)), 15, "0.3 above: five more than the ten that do not warm up");
}

#[test]
fn a_step_comes_after_the_cooldown_of_the_one_before_and_a_target_at_once() {
    let alarm = MetricAlarm::new(1, 1);
    let step =
        ScalingPolicy::Step { threshold_milli: 600, side: ThresholdSide::Above, alarm, steps: vec![(0, 1)] };
    let cooldown = Duration::from_seconds(180);
    let table = |policies: &[ScalingPolicy]| -> Vec<u32> {
        let (mut scaler, mut sizes) = (Scaler::new(policies), GroupSizes { min: 1, max: 100, desired: 10 });
        let mut decide = |now| {
            scaler.decide(policies, cooldown, &minute(now, 900, 10, (0, 0)), &mut sizes);
            sizes.desired
        };
        (1..=8).map(&mut decide).collect()
    };
    // One more at minutes 1, 4 and 7.
    assert_eq!(table(std::slice::from_ref(&step)), [11, 11, 11, 12, 12, 12, 13, 13]);
    // 9 ÷ 0.5 once the target was missed for three minutes.
    assert_eq!(table(&[step, TRACKING]), [11, 11, 18, 19, 19, 19, 20, 20]);
}

#[test]
fn actions_happen_at_their_times() {
    let day = Some(Duration(10 * 60 * NS_PER_S));
    let at = Duration(5 * 60 * NS_PER_S);
    let policies = [ScalingPolicy::Scheduled { at, every: day, min: None, max: None, desired: Some(7) }];
    let (mut scaler, mut sizes) = (Scaler::new(&policies), GroupSizes { min: 1, max: 100, desired: 3 });
    let mut changes = Vec::new();
    for now in 1..=30 {
        if scaler.decide(&policies, NO_TIME, &minute(now, 0, 3, (0, 0)), &mut sizes).is_some() {
            changes.push(now);
            sizes.desired = 3;
        }
    }
    assert_eq!(changes, [5, 15, 25]);
}

#[test]
fn a_forecast_is_the_mean_of_the_same_hour_of_the_days_before() {
    let policies = [ScalingPolicy::Predictive { target_milli: 500, ahead_minutes: 5 }];
    let (mut scaler, mut sizes) = (Scaler::new(&policies), GroupSizes { min: 1, max: 1000, desired: 1 });
    // Ten units, but in hour 9 a hundred times the number of the day.
    let load = |now: u64| if (now - 1) / 60 % 24 == 9 { 100 * (1 + (now - 1) / 1440) } else { 10 };
    for now in 1..=3 * 1440 {
        sizes.desired = 1;
        scaler.decide(&policies, NO_TIME, &minute(now, load(now), 1, (0, 0)), &mut sizes);
        let expected = match (now / 1440, now % 1440) {
            (0, _) => 1,
            // Five minutes before the hour to its end: 100 units on the second day, (100 + 200) ÷ 2 on the third.
            (1, 535..600) => 2,
            (2, 535..600) => 3,
            _ => 1,
        };
        assert_eq!(sizes.desired, expected, "minute {now}");
    }
}

/// The rules of the size once more, from all minutes so far, without alarms or other state.
mod plain {
    use super::*;

    /// Returns whether so many of the last minutes breach.
    fn is_on(
        minutes: &[GroupMinute],
        datapoints: usize,
        periods: usize,
        breaches: &dyn Fn(&GroupMinute) -> bool,
    ) -> bool {
        minutes.iter().rev().take(periods).filter(|minute| breaches(minute)).count() >= datapoints
    }

    /// Returns the size after the last minute, where `sizes` are those before each, and whether a step asks for it. `cools` is true
    /// while steps ask for nothing.
    pub fn size(
        minutes: &[GroupMinute],
        sizes: &[GroupSizes],
        policies: &[ScalingPolicy],
        cools: bool,
    ) -> (u32, bool) {
        let (now, before) = (minutes.last().unwrap(), *sizes.last().unwrap());
        let exactly = |minute: &GroupMinute| minute.load_milli as f64 / minute.capacity_milli as f64;
        let (mut out, mut into, mut agreed, mut tracks) = (Vec::new(), Vec::new(), true, false);
        for policy in policies {
            match policy {
                ScalingPolicy::TargetTracking { target_milli, scale_in } => {
                    tracks = true;
                    let target = *target_milli as f64 / 1000.0;
                    let needed = (now.load_milli as f64 / (now.milli_per_instance as f64 * target) - 1e-12)
                        .ceil() as u32;
                    if is_on(minutes, 3, 3, &|minute| exactly(minute) > target + 1e-12) {
                        out.push((needed, false));
                    }
                    let below = (target_milli * 9 / 10) as f64 / 1000.0;
                    let all = minutes.iter().zip(sizes).rev().take(15);
                    let low = all.filter(|(minute, sizes)| {
                        let wanted =
                            minute.load_milli as f64 / (minute.milli_per_instance as f64 * target) - 1e-12;
                        exactly(minute) <= below + 1e-12 && (wanted.ceil() as u32) < sizes.desired
                    });
                    if low.count() == 15 && *scale_in {
                        into.push((needed, false));
                    } else {
                        agreed = false;
                    }
                }
                ScalingPolicy::Step { threshold_milli, side, steps, .. } => {
                    let by = |minute: &GroupMinute| {
                        let utilisation = (exactly(minute) * 1000.0 + 1e-9).floor() as i64;
                        let by = utilisation - *threshold_milli as i64;
                        if *side == ThresholdSide::Above { by } else { -by }
                    };
                    if !is_on(minutes, 2, 4, &|minute| by(minute) >= 0) || by(now) < 0 || cools {
                        continue;
                    }
                    let change = steps.iter().rfind(|(from, _)| *from as i64 <= by(now)).unwrap().1;
                    match side {
                        ThresholdSide::Above => {
                            out.push((before.desired - (now.coming + now.warming) + change, true))
                        }
                        ThresholdSide::Below => into.push((before.desired.saturating_sub(change), true)),
                    }
                }
                _ => {}
            }
        }
        let (out, into) = (out.into_iter().max(), into.into_iter().max().filter(|_| agreed || !tracks));
        let (wanted, is_step) = match (out, into) {
            (Some(out), _) if out.0 > before.desired => out,
            (_, Some(into)) if into.0 < before.desired && now.coming + now.warming == 0 => into,
            _ => (before.desired, false),
        };
        (wanted.clamp(before.min, before.max), is_step)
    }
}

#[test]
fn the_size_is_that_of_a_plain_reading_of_the_rules_on_a_thousand_drawn_worlds() {
    use plimsoll_base::engine::random::{Purpose, Seed};
    let mut changes = [0; 2];
    for world in 0..1000 {
        let mut random = Seed(world).stream(Purpose::Mix, 3);
        let mut policies = Vec::new();
        for _ in 0..1 + random.below(3) {
            let milli = 200 + 100 * random.below(9);
            policies.push(match random.below(3) {
                0 => ScalingPolicy::Step {
                    threshold_milli: milli,
                    side: if random.below(2) == 0 { ThresholdSide::Above } else { ThresholdSide::Below },
                    alarm: MetricAlarm::new(2, 4),
                    steps: vec![(0, 1 + random.below(3) as u32), (150, 4)],
                },
                _ => ScalingPolicy::TargetTracking { target_milli: milli, scale_in: random.below(4) > 0 },
            });
        }
        let mut sizes = GroupSizes { min: 1 + random.below(3) as u32, max: 30, desired: 5 };
        let (mut scaler, mut minutes, mut before) = (Scaler::new(&policies), Vec::new(), Vec::new());
        let (cooldown, mut stepped) = (Duration::from_seconds(60 * random.below(6)), None);
        let mut load = 1 + random.below(2000);
        for now in 1..=90 {
            if random.below(12) == 0 {
                load = 1 + random.below(2000);
            }
            let running = 1 + random.below(u64::from(sizes.desired));
            let coming = sizes.desired - running as u32;
            let coming = if random.below(2) == 0 { coming } else { 0 };
            minutes.push(minute(now, load, running, (coming, 0)));
            before.push(sizes);
            let cools = stepped.is_some_and(|at| now - at < cooldown.0 / MINUTE.0);
            let (expected, is_step) = plain::size(&minutes, &before, &policies, cools);
            scaler.decide(&policies, cooldown, minutes.last().unwrap(), &mut sizes);
            assert_eq!(sizes.desired, expected, "world {world}, minute {now}: {policies:?}");
            let old = before.last().unwrap().desired;
            if is_step && expected != old {
                stepped = Some(now);
            }
            changes[0] += u32::from(expected > old);
            changes[1] += u32::from(expected < old);
        }
    }
    assert!(changes.iter().all(|count| *count > 300), "groups grow and shrink: {changes:?}");
}
