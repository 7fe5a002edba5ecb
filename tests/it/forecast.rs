//! Forecasts of when room runs out: demand that grows by a hundredth a day, with weeks, in three zones.

use plimsoll::cloud::RunOptions;
use plimsoll::cloud::observe::Silent;
use plimsoll::cloud::outcome::HeadroomUse;
use plimsoll::metrics::forecast::{Exhaustion, Season};

use crate::support::Experiment;

const DAY_S: f64 = 86_400.0;

/// Three zones of 480 places, at first half full; each has its own demand.
fn growing() -> Experiment {
    let zone = |name: &str| {
        format!("[[zones]]\nname = '{name}'\nhosts = [{{ count = 60, vcpu = 16, memory_gib = 64 }}]\n")
    };
    let demand = |name: &str| {
        format!(
            "[[workload.arrivals]]\nprocess = {{ kind = 'poisson', per_hour = 9.0 }}\n\
             lifetime = {{ kind = 'exponential', mean = '1d' }}\ntypes = {{ two = 1 }}\nzone = '{name}'\n"
        )
    };
    let names = ["a", "b", "c"];
    let text = format!(
        "duration = '120d'\nheadroom.every = '1h'\noutput.sample_every = '1h'\nwarmup = '7d'\n\
         instance_types = [{{ name = 'two', vcpu = 2, memory_gib = 8 }}]\n\
         [workload]\nstart = 'steady-state'\n\
         [workload.profile]\ngrowth_per_day = 0.01\nweekly = [1.1, 1.1, 1.1, 1.1, 1.1, 0.75, 0.75]\n{}{}",
        names.map(zone).concat(),
        names.map(demand).concat()
    );
    Experiment::new(&text)
}

/// Returns the forecast of the resource that runs out first.
fn first(headroom: &HeadroomUse) -> &Exhaustion {
    let at = |found: &Exhaustion| found.at_s.unwrap_or(f64::INFINITY);
    let all = headroom.exhaustion.iter().map(|(_, found)| found);
    all.min_by(|a, b| at(a).total_cmp(&at(b))).expect("hosts have a limit")
}

/// In twenty worlds seen for six weeks, the first refusal of the next weeks is within the 80 % band as often as that says: in 14 to 19 of
/// them. Of twenty that each have 80 %, 12 to 19 are in with 95 %; the band is held to errors of levels, not of times, and is never
/// narrowed, so that it may be somewhat wide.
#[test]
fn the_band_holds_the_first_refusal_as_often_as_it_says() {
    let experiment = growing();
    let (mut held, mut told) = (0, Vec::new());
    for seed in 1..=20 {
        let seed = format!("seed={seed}");
        let past = [&seed, "duration='42d'"];
        let seen = experiment.run_with(&past, RunOptions::default(), &mut Silent);
        assert_eq!(seen.first_failures, [], "the past refuses nothing");
        let headroom = seen.headroom.expect("the scenario asks for it");
        let forecast = first(&headroom);
        assert_eq!(forecast.form.season, Season::Week);
        let whole = experiment.run_with(&[&seed, "headroom.every='30d'"], RunOptions::default(), &mut Silent);
        let refused_s =
            whole.first_failures.iter().map(|first| first.at.as_seconds()).fold(f64::INFINITY, f64::min);
        let [earliest, at, latest] = [forecast.earliest_s, forecast.at_s, forecast.latest_s]
            .map(|at| at.unwrap_or(f64::INFINITY) / DAY_S);
        let refused = refused_s / DAY_S;
        held += u32::from((earliest..=latest).contains(&refused));
        told.push(format!("day {refused:.1} in {earliest:.1} to {latest:.1}, median {at:.1}"));
    }
    assert!((14..=19).contains(&held), "{held} of 20:\n{}", told.join("\n"));
}
