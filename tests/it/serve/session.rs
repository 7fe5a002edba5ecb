//! A session is a run: the same comes of it however its clock is turned, and without calls the same as of a run.

use std::sync::Arc;

use plimsoll::cloud::observe::Silent;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::cloud::session::{CallNumber, Session};
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::failure::Failure;
use plimsoll::scenario::Scenario;
use plimsoll::units::{AccountId, Duration, InstanceId, NS_PER_S, Time};
use plimsoll::workload::call::{Action, End, Launch, LaunchOptions, Sender, Spot, Targets};
use plimsoll::workload::handles::Handle;

use crate::support::{CHECKED, Experiment};

/// A cloud with demand of its own, which waits and tries again, and an hour of it.
const BUSY: &str = "
duration = '1h'
zones = [{ name = 'a', hosts = [{ count = 4, vcpu = 8, memory_gib = 32 }] }]
lifecycle = { boot = '40s', stop = '20s', terminate = '15s' }
workload.arrivals = [{ process = { kind = 'poisson', per_hour = 300 }, types = { 'm5.large' = 1 }, \
lifetime = { kind = 'exponential', mean = '3m' } }]
";

fn open(scenario: &Scenario, options: RunOptions) -> Session {
    Cloud::for_clients(scenario, options).unwrap().open(&mut Silent).unwrap()
}

fn second(second: u64) -> Time {
    Time(second * NS_PER_S)
}

fn launch(session: &mut Session, name: &str, count: u32) -> (AccountId, Action, Handle) {
    let directory = session.directory_mut();
    let (account, handle) = (directory.account("client"), directory.handles.instance(name));
    let launch = Launch {
        kind: directory.types.named("m5.large").unwrap(),
        min_count: count,
        max_count: count,
        zone: None,
        subnet: None,
        public_address: None,
        handle: Some(handle),
        end: End::Never,
        options: None,
        stops: None,
        sender: Sender::Client,
        first_instance: 0,
    };
    (account, Action::Launch(launch), handle)
}

#[test]
fn a_session_without_calls_is_a_run() {
    for more in ["", "placement.when_full = 'wait'\n", "control_plane.preset = 'aws-like'\n"] {
        let experiment = Experiment::new(&format!("{more}{BUSY}"));
        let scenario = experiment.scenario(&[]);
        let mut session = open(&scenario, CHECKED);
        for at in [0, 1, 1, 700, 701, 3599, 3600] {
            session.advance(second(at), &mut Silent).unwrap();
        }
        let outcome = session.close(&mut Silent);
        let run = experiment.run();
        assert_eq!((outcome.digest, outcome.horizon), (run.digest, run.horizon), "{more}");
    }
}

/// Launches, stops and terminates at fixed times, with the clock turned in steps; returns digest and answers.
fn play(scenario: &Scenario, step_s: u64) -> (u128, String) {
    let mut session = open(scenario, CHECKED);
    let mut handles = Vec::new();
    for at in 1..=600 {
        if at % step_s == 0 || at % 20 == 0 {
            session.advance(second(at), &mut Silent).unwrap();
        }
        let (account, action) = match at % 60 {
            0 => {
                let (account, action, handle) = launch(&mut session, &format!("own-{at}"), 2);
                handles.push(handle);
                (account, action)
            }
            20 if at > 60 => (AccountId(0), Action::Stop(Targets::One(*handles.last().unwrap()), false)),
            40 if at > 60 => (AccountId(0), Action::Terminate(Targets::One(handles[0]))),
            _ => continue,
        };
        let account =
            if account == AccountId(0) { session.directory_mut().account("client") } else { account };
        session.submit(account, action, &mut Silent).unwrap();
    }
    session.advance(second(700), &mut Silent).unwrap();
    let answers = format!("{:?}", session.take_answers());
    (session.close(&mut Silent).digest, answers)
}

#[test]
fn the_steps_of_the_clock_do_not_matter() {
    for more in ["", "placement.when_full = 'wait-backfill'\n", "control_plane.preset = 'aws-like'\n"] {
        let experiment = Experiment::new(&format!("{more}{BUSY}"));
        let scenario = experiment.scenario(&[]);
        let coarse = play(&scenario, 20);
        assert!(coarse.1.contains("Ok(Effects"), "{}", coarse.1);
        assert_eq!(coarse, play(&scenario, 1), "{more}");
    }
}

#[test]
fn a_refused_call_changes_nothing_that_the_scenario_draws() {
    let experiment = Experiment::new(BUSY);
    let scenario = experiment.scenario(&[]);
    let mut session = open(&scenario, CHECKED);
    session.advance(second(100), &mut Silent).unwrap();
    let (account, action, _) = launch(&mut session, "too many", 1000);
    let number = session.submit(account, action, &mut Silent).unwrap();
    assert_eq!(number, CallNumber(0));
    let [answer] = session.take_answers().try_into().unwrap();
    assert_eq!(answer.outcome.unwrap_err().failure, Failure::InsufficientInstanceCapacity);
    session.advance(second(3600), &mut Silent).unwrap();
    let (with, without) = (session.close(&mut Silent), experiment.run());
    assert_eq!(with.launch.succeeded, without.launch.succeeded);
    assert_eq!(with.launch.requested, without.launch.requested + 1000);
}

#[test]
fn a_spot_request_that_ends_without_an_instance_is_counted_as_a_refused_launch() {
    let experiment = Experiment::new(&BUSY.replace("per_hour = 300", "per_hour = 1"));
    let scenario = experiment.scenario(&[]);
    let mut session = open(&scenario, CHECKED);
    let (account, action, _) = launch(&mut session, "spot", 1);
    let Action::Launch(mut wanted) = action else { panic!("it is a launch") };
    wanted.kind = session.directory_mut().types.named("m5.8xlarge").unwrap();
    let kind = wanted.kind;
    let spot = Some(Spot { stays_open: true, ..Spot::default() });
    wanted.options = Some(Arc::new(LaunchOptions { spot, ..LaunchOptions::default() }));
    session.submit(account, Action::Launch(wanted), &mut Silent).unwrap();
    session.advance(second(3000), &mut Silent).unwrap();
    let [answer] = session.take_answers().try_into().unwrap();
    session.cancel_spot_request(answer.outcome.unwrap().spot_request.expect("no host is as large"));
    session.advance(second(3600), &mut Silent).unwrap();
    let (with, without) = (session.close(&mut Silent), experiment.run());
    assert_eq!(with.launch.requested, without.launch.requested + 1);
    let refused =
        |outcome: &Outcome| outcome.breakdown.types.iter().map(|of| of.launches.refused).sum::<u64>();
    assert_eq!((refused(&without), refused(&with)), (0, 1));
    assert_eq!(with.breakdown.types[kind.index()].launches.refused, 1);
    let first = with.first_shortage.expect("it was one");
    assert_eq!((first.zones, first.room.is_some()), (1, true), "the hosts are looked at");
}

#[test]
fn an_answer_comes_when_the_control_plane_has_let_the_call_take_effect() {
    let experiment = Experiment::new(
        "duration = '1h'
zones = [{ name = 'a', hosts = [{ count = 4, vcpu = 8, memory_gib = 32 }] }]
control_plane = { preset = 'zero', workers = { count = 1, service = { kind = 'constant', value = '2s' } } }
workload.arrivals = [{ process = { kind = 'poisson', per_hour = 1 }, types = { 'm5.large' = 1 }, \
lifetime = { kind = 'exponential', mean = '3m' } }]
",
    );
    let scenario = experiment.scenario(&[]);
    let mut session = open(&scenario, CHECKED);
    session.advance(second(10), &mut Silent).unwrap();
    let (account, action, _) = launch(&mut session, "one", 1);
    session.submit(account, action, &mut Silent).unwrap();
    assert!(session.is_awaited() && session.take_answers().is_empty());
    session.advance(second(11), &mut Silent).unwrap();
    assert!(session.is_awaited() && session.take_answers().is_empty());
    session.advance(second(12), &mut Silent).unwrap();
    let [answer] = session.take_answers().try_into().unwrap();
    assert_eq!((answer.at, answer.outcome.unwrap().instances.len()), (second(12), 1));
    assert!(!session.is_awaited());
    session.close(&mut Silent);
}

#[test]
fn a_throttled_client_is_told_at_once_and_retries_for_itself() {
    let experiment = Experiment::new(
        "duration = '1h'
zones = [{ name = 'a', hosts = [{ count = 40, vcpu = 8, memory_gib = 32 }] }]
control_plane.preset = 'zero'
control_plane.throttle = { enabled = true, requests = { launch = { bucket = 2, per_s = 1 } } }
workload.arrivals = [{ process = { kind = 'poisson', per_hour = 1 }, types = { 'm5.large' = 1 }, \
lifetime = { kind = 'exponential', mean = '3m' } }]
",
    );
    let scenario = experiment.scenario(&[]);
    let mut session = open(&scenario, CHECKED);
    for number in 0..3 {
        let (account, action, _) = launch(&mut session, &format!("own-{number}"), 1);
        session.submit(account, action, &mut Silent).unwrap();
    }
    let failures: Vec<Option<Failure>> = session
        .take_answers()
        .into_iter()
        .map(|answer| answer.outcome.err().map(|reason| reason.failure))
        .collect();
    assert_eq!(failures, [None, None, Some(Failure::RequestLimitExceeded)]);
    session.advance(Time::ZERO.after(Duration::from_seconds(60)), &mut Silent).unwrap();
    let outcome = session.close(&mut Silent);
    assert_eq!(outcome.control_plane.unwrap().counts.retries, 0);
}

#[test]
fn the_outcome_of_now_is_that_of_a_run_that_ends_now() {
    let experiment = Experiment::new(BUSY);
    let scenario = experiment.scenario(&[]);
    let mut session = open(&scenario, CHECKED);
    session.advance(second(1000), &mut Silent).unwrap();
    let (account, action, _) = launch(&mut session, "one", 1);
    session.submit(account, action, &mut Silent).unwrap();
    session.advance(second(1500), &mut Silent).unwrap();
    let now = session.outcome_now(&scenario).unwrap();
    let end = session.close(&mut Silent);
    assert_eq!((now.digest, now.horizon), (end.digest, end.horizon));
    assert_eq!(now.launch.succeeded, end.launch.succeeded);
    assert_eq!(format!("{:?}", now.bill), format!("{:?}", end.bill));
}

#[test]
fn what_clients_ask_for_and_what_pools_ask_for_draws_apart() {
    let experiment = Experiment::new(
        "duration = '1d'
lifecycle.boot = { kind = 'exponential', mean = '1m' }
zones = [{ name = 'a', hosts = [{ count = 4, vcpu = 64, memory_gib = 256 }] }]
pools = [{ name = 'runners', types = ['m5.large'], size = 3 }]
[[workload.jobs]]
name = 'builds'
pool = 'runners'
process = { kind = 'poisson', per_hour = 0.001 }
lifetime = { kind = 'constant', value = '10m' }",
    );
    let scenario = experiment.scenario(&[]);
    let mut session = open(&scenario, CHECKED);
    let (account, action, _) = launch(&mut session, "own", 3);
    session.submit(account, action, &mut Silent).unwrap();
    session.advance(second(7200), &mut Silent).unwrap();
    let pool = session.directory_mut().account("runners");
    let boots = |account: AccountId| -> Vec<Duration> {
        let instances = session.instances_of(account, InstanceId(0));
        instances.map(|instance| instance.since.since(instance.launched)).collect()
    };
    let (of_pool, of_client) = (boots(pool), boots(account));
    assert_eq!((of_pool.len(), of_client.len()), (3, 3));
    assert!(of_client.iter().all(|boot| !of_pool.contains(boot)), "{of_pool:?} {of_client:?}");
}
