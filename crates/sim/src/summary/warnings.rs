//! Warnings of a finished run: reasons why its figures may mislead.

use super::Run;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::figures::moment;
use plimsoll_base::units::{NS_PER_S, Time};

/// Returns every warning of a run, most far-reaching first.
pub fn warnings(run: &Run<'_>) -> Vec<String> {
    let unstable = run.outcome.control_plane.iter().flat_map(|plane| &plane.unstable);
    let unstable = unstable.map(|stage| {
        format!(
            "the queue of `{stage}` grew through the second half of the run: it cannot keep up, and its figures \
             depend on how long the run is."
        )
    });
    let read = run.outcome.trace_notes.iter().map(|note| format!("of the trace: {note}."));
    late_trace(run)
        .into_iter()
        .chain(unsupported(run))
        .chain(unstable)
        .chain(growing_line(run))
        .chain(growing_backlogs(run))
        .chain(loss(run))
        .chain(read)
        .collect()
}

/// Warns that the loss of one host, rack or zone would leave instances without room at the end of the run.
fn loss(run: &Run<'_>) -> Option<String> {
    let headroom = run.outcome.headroom.as_ref()?;
    let domain = run.scenario.headroom.as_ref()?.survive?.name();
    let (violations, unplaced) = (headroom.loss_violations.last, headroom.loss_unplaced.last);
    (violations > 0.0).then(|| {
        format!(
            "at the end of the run the loss of one {domain} would leave instances without room: of {violations} that \
             cannot be lost the worst leaves {unplaced} (survival.csv names it)."
        )
    })
}

/// Warns of a trace whose first row comes after more time than all later rows span: most of the run is empty. The usual
/// reason is a trace of Unix times.
fn late_trace(run: &Run<'_>) -> Option<String> {
    let first = run.outcome.trace_start?;
    let rest = run.outcome.horizon.0.saturating_sub(first.0);
    if first == Time::ZERO || first.0 <= rest {
        return None;
    }
    Some(format!(
        "the first row of the trace comes at {} s, after {} of nothing, longer than all that follows: if its times \
         count from another moment, set `workload.trace_origin = \"first\"`.",
        first.0 / NS_PER_S,
        moment(first),
    ))
}

/// Warns of a run in which no host runs what is asked for: a slip in the hardware of the hosts, as a rule.
fn unsupported(run: &Run<'_>) -> Option<String> {
    let launch = &run.outcome.launch;
    let is_all = launch.requested > 0 && launch.failures().eq([(Failure::Unsupported, launch.requested)]);
    is_all.then(|| {
        "every launch was refused with `Unsupported`: no host runs the types asked for; failures.csv names them. Compare with \
         `families`, `types`, `architecture` and `gpu_model` of the host groups, and `offers` of the zones."
            .to_string()
    })
}

/// Warns of launches that wait in a line without end.
fn growing_line(run: &Run<'_>) -> Option<String> {
    run.outcome.launch_course.is_unstable.then(|| {
        "the line of the launches that wait for room grew through the second half of the run: the fleet cannot keep up, \
         and waits depend on how long the run is; add hosts, or limit the wait with `placement.longest_wait`."
            .to_string()
    })
}

/// Warns of groups whose load waits without end.
fn growing_backlogs<'a>(run: &'a Run<'_>) -> impl Iterator<Item = String> + 'a {
    let unstable = run.outcome.autoscaling_groups.iter().filter(|(_, group)| group.is_unstable);
    unstable.map(|(name, _)| {
        format!(
            "the load that waits for the group `{name}` grew through the second half of the run: the group cannot keep up, and \
             waits depend on how long the run is; raise its `max`, or add room."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::with_run;
    use super::*;
    use crate::cloud::outcome::{Outcome, Tally};

    fn late(first_s: u64, horizon_s: u64) -> bool {
        let mut late = false;
        with_run(|run| {
            let [start, horizon] = [first_s, horizon_s].map(|s| Time(s * NS_PER_S));
            let outcome = Outcome { trace_start: Some(start), horizon, ..run.outcome.clone() };
            late = !warnings(&Run { outcome: &outcome, ..*run }).is_empty();
        });
        late
    }

    /// Returns whether a run is warned of in which so many launches succeeded, had no room and were unsupported.
    fn warns(succeeded: u64, without_room: u64, unsupported: u64) -> bool {
        let mut launch =
            Tally { requested: succeeded + without_room + unsupported, succeeded, ..Tally::default() };
        launch.failed_by[Failure::InsufficientInstanceCapacity] = without_room;
        launch.failed_by[Failure::Unsupported] = unsupported;
        let mut is_told = false;
        with_run(|run| {
            let outcome = Outcome { launch: launch.clone(), trace_start: None, ..run.outcome.clone() };
            let told = warnings(&Run { outcome: &outcome, ..*run });
            is_told = told.iter().any(|warning| warning.contains("no host runs the types asked for"));
        });
        is_told
    }

    #[test]
    fn hosts_that_run_nothing_of_what_is_asked_for_are_warned_of() {
        assert!(warns(0, 0, 9));
        for (succeeded, without_room, unsupported) in [(1, 0, 9), (0, 1, 9), (0, 9, 0), (9, 0, 0), (0, 0, 0)]
        {
            assert!(
                !warns(succeeded, without_room, unsupported),
                "{succeeded}, {without_room}, {unsupported}"
            );
        }
    }

    #[test]
    fn a_trace_is_late_where_more_time_passes_before_it_than_in_it() {
        assert!(late(1_735_689_600, 1_735_693_600));
        assert!(late(2, 3));
        for (first, horizon) in [(0, 10), (5, 10), (1, 2)] {
            assert!(!late(first, horizon), "{first} of {horizon}");
        }
        // The run ends before the trace begins.
        assert!(late(1_735_689_600, 86_400));
    }
}
