//! Ends of the instances that were still there when the recording of a trace stopped: drawn beyond the age that was seen, by the
//! product-limit estimate of lifetimes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TraceReader;
use crate::workload::call::{Action, Call, End};
use crate::workload::directory::Directory;
use plimsoll_base::engine::random::Stream;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{Duration, Time};

/// `workload.open_ends`: end of the instances of a trace that have none in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpenEnds {
    /// End of the run.
    #[default]
    Stay,
    /// Age drawn for each beyond the one that it had at the last time in the trace, as the instances that do end tell.
    KaplanMeier,
}

/// Instances of equal lifetime.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Lifetime {
    /// Time from start to end, or to the last time in the trace.
    seen: Duration,
    /// True if its end was not seen. At equal times those that ended come first, as all of these were there before.
    is_open: bool,
    /// Number of instances.
    count: u32,
}

/// Product-limit estimate of the share of instances that outlive an age (Kaplan and Meier, "Nonparametric estimation from
/// incomplete observations", Journal of the American Statistical Association 53, 1958).
#[derive(Clone, PartialEq, Debug)]
struct SurvivalCurve {
    /// Ages at which instances ended, ascending, with the share that outlives each.
    steps: Vec<(Duration, f64)>,
}

impl SurvivalCurve {
    fn of(mut lifetimes: Vec<Lifetime>) -> SurvivalCurve {
        lifetimes.sort_unstable();
        let mut at_risk: u64 = lifetimes.iter().map(|lifetime| u64::from(lifetime.count)).sum();
        let mut share = 1.0;
        let mut steps = Vec::new();
        for of_one_age in lifetimes.chunk_by(|one, next| one.seen == next.seen) {
            let ended = of_one_age.iter().filter(|lifetime| !lifetime.is_open);
            let ended: u64 = ended.map(|lifetime| u64::from(lifetime.count)).sum();
            if ended > 0 {
                share *= (at_risk - ended) as f64 / at_risk as f64;
                steps.push((of_one_age[0].seen, share));
            }
            at_risk -= of_one_age.iter().map(|lifetime| u64::from(lifetime.count)).sum::<u64>();
        }
        SurvivalCurve { steps }
    }

    /// Returns the share of instances that outlive an age.
    fn share(&self, age: Duration) -> f64 {
        let before = self.steps.partition_point(|(step, _)| *step <= age);
        before.checked_sub(1).map_or(1.0, |step| self.steps[step].1)
    }

    /// Returns the lifetime of an instance that has reached an age, for a number drawn from (0, 1]; `None` where it is longer than
    /// any that was seen to end.
    fn beyond(&self, age: Duration, drawn: f64) -> Option<Duration> {
        let share = drawn * self.share(age);
        let step = self.steps.partition_point(|(_, outlive)| *outlive >= share);
        self.steps.get(step).map(|(lifetime, _)| *lifetime)
    }
}

/// Lifetimes of the instances of a trace, as far as it says.
#[derive(Clone, PartialEq, Debug)]
pub struct RecordedLifetimes {
    /// Last time in the trace, of a start or an end.
    until: Time,
    curve: SurvivalCurve,
}

impl RecordedLifetimes {
    /// Reads a trace to its end.
    ///
    /// # Errors
    ///
    /// Rows that cannot be read; no row with an end.
    pub fn read(
        reader: &mut TraceReader,
        directory: &mut Directory,
    ) -> Result<RecordedLifetimes, InputError> {
        let mut rows = Vec::new();
        while let Some(call) = reader.next(directory)? {
            if let Action::Launch(launch) = &call.action {
                rows.push((call.at, launch.end, launch.max_count));
            }
        }
        let until = reader.last_event();
        let lifetime = |(start, end, count): (Time, End, u32)| match end {
            End::At(end) => Lifetime { seen: end.since(start), is_open: false, count },
            End::Never | End::Drawn => Lifetime { seen: until.since(start), is_open: true, count },
        };
        let curve = SurvivalCurve::of(rows.into_iter().map(lifetime).collect());
        if curve.steps.is_empty() {
            let found = "found no instance with an end in the trace, expected some to learn lifetimes from";
            let problem = Problem::new(Place::key("workload.open_ends"), found);
            return Err(problem.with_help("leave `open_ends` out: all of them stay").into());
        }
        Ok(RecordedLifetimes { until, curve })
    }

    /// Gives the instances of a row an end if they have none in the trace. One that outlives all that was seen stays.
    pub fn close(&self, call: &mut Call, mut stream: Stream) {
        if let Action::Launch(launch) = &mut call.action
            && launch.end == End::Never
            && let Some(lifetime) = self.curve.beyond(self.until.since(call.at), stream.unit())
        {
            launch.end = End::At(call.at.after(lifetime));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    fn lifetimes(ended: &[u64], open: &[u64]) -> Vec<Lifetime> {
        let of = |is_open: bool| move |seen: &u64| Lifetime { seen: Duration(*seen), is_open, count: 1 };
        open.iter().map(of(true)).chain(ended.iter().map(of(false))).collect()
    }

    /// Remission of 21 patients in weeks, the example of the field since 1963: Freireich et al., Blood 21; the estimate as printed
    /// by Kalbfleisch and Prentice, "The Statistical Analysis of Failure Time Data", and by R's package `survival`.
    #[test]
    fn the_estimate_is_the_published_one() {
        let ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let open = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let curve = SurvivalCurve::of(lifetimes(&ended, &open));
        let printed = [(6, 857), (7, 807), (10, 753), (13, 690), (16, 627), (22, 538), (23, 448)];
        let found: Vec<(u64, u64)> =
            curve.steps.iter().map(|(age, share)| (age.0, (share * 1000.0).round() as u64)).collect();
        assert_eq!(found, printed);
        assert_eq!(curve.share(Duration(5)), 1.0);
        assert_eq!(curve.share(Duration(9)), curve.share(Duration(7)));
    }

    #[test]
    fn without_open_ends_it_is_the_share_that_lasted_longer() {
        let curve = SurvivalCurve::of(lifetimes(&[1, 2, 2, 5], &[]));
        assert_eq!(curve.steps, [(Duration(1), 0.75), (Duration(2), 0.25), (Duration(5), 0.0)]);
    }

    #[test]
    fn instances_of_one_row_weigh_as_many_rows() {
        let row = |seen, is_open, count| Lifetime { seen: Duration(seen), is_open, count };
        let together = SurvivalCurve::of(vec![row(3, false, 2), row(4, true, 3), row(9, false, 1)]);
        assert_eq!(together, SurvivalCurve::of(lifetimes(&[3, 3, 9], &[4, 4, 4])));
    }

    /// Of instances seen up to age 2, lifetimes are drawn as those of the trace that reached it: 3, 6 and longer.
    #[test]
    fn what_is_drawn_is_distributed_as_the_estimate_beyond_the_age() {
        let curve = SurvivalCurve::of(lifetimes(&[1, 3, 6, 6], &[2, 7]));
        let mut stream = Seed(1).stream(Purpose::OpenEnd, 0);
        const DRAWS: u32 = 40_000;
        let mut counts = [0_u32; 3];
        for _ in 0..DRAWS {
            match curve.beyond(Duration(2), stream.unit()) {
                Some(Duration(3)) => counts[0] += 1,
                Some(Duration(6)) => counts[1] += 1,
                None => counts[2] += 1,
                other => panic!("{other:?}"),
            }
        }
        // One of the four at risk after 2 ends at 3, two of the three left at 6, one is not seen to end.
        for (count, expected) in counts.into_iter().zip([0.25, 0.5, 0.25]) {
            let share = f64::from(count) / f64::from(DRAWS);
            assert!((share - expected).abs() < 0.01, "{counts:?}");
        }
    }
}
