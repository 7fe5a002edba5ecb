//! Synthetic calls in whole runs: whom they reach, what refuses them, and that they change nothing they should not.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::cloud::outcome::Outcome;
use plimsoll::engine::random::{Purpose, Seed, Stream};
use plimsoll::operation::Operation;

use crate::support::{CHECKED, Experiment, Notes, calls, launches};

const FLEET: &str = "[[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 4\nvcpu = 16\nmemory_gib = 64\n";

/// An instance from 10 s to 20 s, and a call every second from the start to 30 s.
fn one_instance(operation: &str) -> Experiment {
    let toml = format!(
        "duration = '30s'\n{FLEET}[workload]\ntrace = 'trace.csv'\n[[workload.calls]]\n\
         process = {{ kind = 'constant', every = '1s' }}\noperations = {{ {operation} = 1 }}\n"
    );
    Experiment::new(&toml).file("trace.csv", "start_s,end_s,type\n10,20,m5.large\n")
}

/// At equal times departures come first, then the trace, then calls.
#[test]
fn a_call_about_no_live_instance_hears_that_there_is_no_such_instance() {
    let outcome = one_instance("describe").run();
    let expected = (31, 10, vec![("InvalidInstanceID.NotFound", 21)]);
    assert_eq!(calls(&outcome, Operation::Describe), expected);
    assert_eq!(outcome.described_instances, 10);
}

#[test]
fn an_instance_in_the_wrong_state_refuses_the_call() {
    let outcome = one_instance("start").run();
    let expected = (31, 0, vec![("InvalidInstanceID.NotFound", 21), ("IncorrectInstanceState", 10)]);
    assert_eq!(calls(&outcome, Operation::Start), expected);
    let answers = outcome.answers.iter().find(|(operation, _)| *operation == Operation::Start);
    assert_eq!(answers.unwrap().1.requested, 31, "a call that reaches no instance has one answer");
    let outcome = one_instance("terminate").run();
    let expected = (31, 1, vec![("InvalidInstanceID.NotFound", 30)]);
    assert_eq!(calls(&outcome, Operation::Terminate), expected);
}

/// Two accounts with instances that stop and start, and calls by process and settings.
fn two_accounts(start: &str, calls: &str) -> Experiment {
    Experiment::new(&format!(
        "duration = '2h'\nwarmup = '10m'\nlifecycle = {{ boot = '5s', stop = '9s', terminate = '3s' }}\n{FLEET}\
         [workload]\nstart = '{start}'\n[[workload.arrivals]]\n\
         process = {{ kind = 'poisson', per_hour = 40 }}\nlifetime = {{ kind = 'exponential', mean = '20m' }}\n\
         types = {{ 'm5.large' = 2, 'm5.xlarge' = 1 }}\naccounts = 2\n\
         stops = {{ run = {{ kind = 'exponential', mean = '9m' }}, stopped = {{ kind = 'constant', value = '2m' }} }}\n\
         {calls}"
    ))
}

#[test]
fn calls_that_change_nothing_leave_every_launch_and_bill_as_it_was() {
    let asking = "[[workload.calls]]\nprocess = { kind = 'batch', per_hour = 300, mean_size = 3 }\n\
                  operations = { describe = 5, reboot = 1, create-tags = 1 }\ncount = 3\n";
    let quiet = two_accounts("empty", "").run();
    let asked = two_accounts("empty", asking).run();
    assert!(calls(&asked, Operation::Describe).0 > 800);
    assert_eq!(asked.launch, quiet.launch);
    assert_eq!(asked.bill, quiet.bill);
    assert_eq!(asked.fleet, quiet.fleet);
    for operation in [Operation::Launch, Operation::Start, Operation::Stop, Operation::Terminate] {
        assert_eq!(calls(&asked, operation), calls(&quiet, operation), "{operation:?}");
    }
    assert_ne!(asked.digest, quiet.digest);
}

#[test]
fn those_who_are_there_from_the_start_can_be_asked() {
    let asking = "[[workload.calls]]\nprocess = { kind = 'constant', every = '1s' }\n\
                  operations = { describe = 1 }\ncount = 4\n";
    let outcome = two_accounts("steady-state", asking).run();
    let (requested, succeeded, _) = calls(&outcome, Operation::Describe);
    assert!(outcome.residents.placed > 5, "{:?}", outcome.residents);
    assert_eq!(requested, 6600 + 1);
    assert!(succeeded > requested * 9 / 10, "{succeeded} of {requested}");
    let mean = outcome.described_instances as f64 / succeeded as f64;
    assert!(mean > 3.5 && mean <= 4.0, "{mean} instances a call");
}

/// Pages are of the account's instances, whatever their names.
#[test]
fn an_account_is_described_in_pages() {
    let toml = format!(
        "duration = '10s'\n{FLEET}[workload]\ntrace = 'trace.csv'\n[[workload.calls]]\n\
         process = {{ kind = 'constant', every = '10s' }}\noperations = {{ describe = 1 }}\n\
         describe = {{ by = 'account', page_size = 5 }}\n"
    );
    let rows: String = (0..12).map(|_| "0,,m5.large\n").collect();
    let outcome = Experiment::new(&toml).file("trace.csv", &format!("start_s,end_s,type\n{rows}")).run();
    assert_eq!(calls(&outcome, Operation::Describe), (2, 2, vec![]));
    assert_eq!((outcome.described_instances, outcome.described_pages), (24, 6));
}

/// Worlds of a swarm.
const WORLDS: u64 = 60;

/// Text drawn from several.
fn one_of(random: &mut Stream, all: &[&'static str]) -> &'static str {
    all[random.below(all.len() as u64) as usize]
}

/// A source of calls.
fn source(random: &mut Stream) -> String {
    let process = one_of(
        random,
        &[
            "{ kind = 'poisson', per_hour = 700 }",
            "{ kind = 'constant', every = '3s' }",
            "{ kind = 'batch', per_hour = 200, mean_size = 6 }",
            "{ kind = 'mmpp', per_hour = [0, 4000], mean_sojourn = ['10m', '3m'] }",
            "{ kind = 'diurnal', per_hour = 600, peak_to_mean = 1.5, peak_at = '1h' }",
        ],
    );
    let operations = one_of(
        random,
        &[
            "describe = 9, reboot = 2, start = 1, stop = 1",
            "start = 5, stop = 3, terminate = 1, modify = 1",
            "hibernate = 1, describe = 1, create-tags = 3, delete-tags = 2",
            "create-volume = 1, allocate-address = 1, stop = 1, start = 3",
        ],
    );
    let settings = one_of(
        random,
        &[
            "",
            "count = 4",
            "accounts_of = ['arrivals-0']\ncount = 2",
            "accounts = 3",
            "describe = { by = 'account', page_size = 5 }",
            "volume = { zone = 'a', size_gib = 100, type = 'gp2' }",
        ],
    );
    format!("[[workload.calls]]\nprocess = {process}\noperations = {{ {operations} }}\n{settings}\n")
}

/// A world with arrivals and calls of every kind.
fn world(seed: u64) -> Experiment {
    let random = &mut Seed(seed).stream(Purpose::Mix, 97);
    let start = one_of(random, &["empty", "steady-state"]);
    let sources: String = (0..1 + random.below(2)).map(|_| source(random)).collect();
    two_accounts(start, &sources)
}

/// Runs a drawn world twice and holds what every run must hold, beyond what the run checks itself.
fn check(seed: u64) -> (Outcome, Notes) {
    let experiment = world(seed);
    let run = || {
        let mut notes = Notes::default();
        (experiment.run_with(&[&format!("seed={seed}")], CHECKED, &mut notes), notes)
    };
    let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    let Ok((first, notes)) = first else { panic!("{}", experiment.describe(seed)) };
    assert_eq!(first.digest, run().0.digest, "{}", experiment.describe(seed));
    let (requested, succeeded, refused) = launches(&first);
    assert_eq!(requested, succeeded + refused.iter().map(|(_, count)| count).sum::<u64>());
    let mut told: BTreeMap<Operation, u64> = BTreeMap::new();
    notes.refusals.iter().for_each(|refusal| *told.entry(refusal.operation).or_default() += 1);
    for (operation, tally) in &first.answers {
        assert_eq!(tally.requested, tally.succeeded + tally.failed(), "{operation:?}");
        // Instances that stop and start by themselves are refused without an answer.
        assert!(tally.failed() <= told.get(operation).copied().unwrap_or(0), "{operation:?}");
    }
    (first, notes)
}

#[test]
fn drawn_worlds_full_of_calls_run_twice_the_same_and_lose_nothing() {
    let outcomes: Vec<Outcome> = (0..WORLDS).map(|seed| check(seed).0).collect();
    let called = || outcomes.iter().flat_map(|outcome| &outcome.operations);
    let succeed: BTreeSet<&str> =
        called().filter(|(_, tally)| tally.succeeded > 0).map(|(operation, _)| operation.name()).collect();
    let expected = [
        "allocate-address",
        "create-tags",
        "create-volume",
        "delete-tags",
        "describe",
        "launch",
        "modify",
        "reboot",
        "start",
        "stop",
        "terminate",
    ];
    assert_eq!(succeed, BTreeSet::from(expected));
    let reasons = called().flat_map(|(_, tally)| tally.failures().map(|(failure, _)| failure.ec2_name()));
    let reasons: BTreeSet<&str> = reasons.collect();
    for reason in
        ["IncorrectInstanceState", "InvalidInstanceID.NotFound", "UnsupportedHibernationConfiguration"]
    {
        assert!(reasons.contains(reason), "{reason} not in {reasons:?}");
    }
}
