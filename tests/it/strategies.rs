//! Strategies that a program hands over, in place of one of the register.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll::cloud::Cloud;
use plimsoll::cloud::observe::Silent;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::engine::random::Seed;
use plimsoll::expression::Amount;
use plimsoll::input::{InputError, Place, Problem};
use plimsoll::placement::callables::{CallableDoor, Callables};
use plimsoll::placement::config::StrategyConfig;
use plimsoll::placement::register::{self, REGISTER};
use plimsoll::scenario::{Overrides, Scenario};

use crate::support::{CHECKED, Experiment};

#[test]
fn a_strategy_that_is_handed_over_runs_like_that_of_the_scenario() {
    let text = "
        seed = 7
        duration = '6h'
        [[zones]]
        name = 'a'
        hosts = [{ count = 6, vcpu = 16, memory_gib = 64 }, { count = 3, vcpu = 32, memory_gib = 64 }]
        [[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 30.0 }
        types = { 'm5.large' = 1, 'c5.2xlarge' = 1 }
        count = 3
        lifetime = { kind = 'exponential', mean = '90m' }";
    let experiment = Experiment::new(text);
    for entry in REGISTER {
        let scenario = experiment.scenario(&[&format!("placement.strategy='{}'", entry.name)]);
        let named = Cloud::new(&scenario, CHECKED).unwrap().run(&mut Silent).unwrap();
        let built = register::build(&StrategyConfig::named(entry.name), Seed(scenario.seed));
        let strategy = built.unwrap_or_else(|problems| panic!("{problems:?}"));
        // Another strategy in the scenario: it is not used.
        let other = experiment.scenario(&["placement.strategy='cluster'"]);
        let given = Cloud::with_strategy(&other, CHECKED, strategy).unwrap().run(&mut Silent).unwrap();
        assert_eq!(given.digest, named.digest, "{}", entry.name);
        assert!(named.launch.failures().next().is_some(), "{}: launches are undone", entry.name);
    }
}

/// A rule outside the program: the fullest host. It has only so many answers.
struct Fullest {
    names: [String; 1],
    answers: AtomicUsize,
}

impl Callables for Fullest {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn values(&self, _rule: usize, amounts: &[Amount]) -> Result<Box<[f64]>, InputError> {
        if self
            .answers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_err()
        {
            return Err(Problem::new(Place::key("rule"), "it has no answer").into());
        }
        // The first names of an expression are free vCPU and memory.
        Ok([amounts[0].units as f64, amounts[1].units as f64].into())
    }
}

const GROUPS_AND_DEVICES: &str = "
    seed = 7
    duration = '12h'
    [[zones]]
    name = 'a'
    hosts = [
      { count = 12, vcpu = 32, memory_gib = 128, numa_nodes = 2, hosts_per_rack = 3 },
      { count = 4, vcpu = 64, memory_gib = 256, gpu = 4, gpu_division = 'devices', hosts_per_rack = 2 },
    ]
    [placement]
    groups = [{ name = 'apart', strategy = 'spread' }, { name = 'near', strategy = 'cluster' }]
    [[workload.arrivals]]
    process = { kind = 'poisson', per_hour = 40.0 }
    types = { 'm5.large' = 2, 'c5.2xlarge' = 1, 'g4dn.xlarge' = 1 }
    count = 2
    lifetime = { kind = 'exponential', mean = '90m' }
    [[workload.arrivals]]
    process = { kind = 'poisson', per_hour = 2.0 }
    types = { 'm5.large' = 1 }
    group = 'apart'
    lifetime = { kind = 'exponential', mean = '2h' }
    [[workload.arrivals]]
    process = { kind = 'poisson', per_hour = 2.0 }
    types = { 'c5.2xlarge' = 1 }
    group = 'near'
    lifetime = { kind = 'exponential', mean = '2h' }";

/// Returns the run of a rule with so many answers.
fn run_fullest(experiment: &Experiment, answers: usize) -> Result<Outcome, InputError> {
    let names = ["fullest".to_string()];
    let door = CallableDoor::new(Fullest { names, answers: AtomicUsize::new(answers) });
    let set = vec!["placement.strategy={ name = 'callable', rule = 'fullest' }".to_string()];
    let overrides = Overrides { set, callables: Some(door), ..Overrides::default() };
    let scenario = Scenario::parse(Path::new("own.toml"), &experiment.toml(), &overrides)?;
    Cloud::new(&scenario, CHECKED)?.run(&mut Silent)
}

#[test]
fn a_rule_outside_the_program_runs_like_the_strategy_whose_rule_it_is() {
    let experiment = Experiment::new(GROUPS_AND_DEVICES);
    let named = experiment.run_with(&["placement.strategy='best-fit'"], CHECKED, &mut Silent);
    let asked = run_fullest(&experiment, usize::MAX).unwrap();
    assert_eq!(asked.digest, named.digest);
    assert!(named.launch.succeeded > 500, "{}", named.launch.succeeded);
}

#[test]
fn a_run_whose_rule_has_no_answer_ends_with_its_error() {
    let experiment = Experiment::new(GROUPS_AND_DEVICES);
    for answers in [0, 1, 100] {
        let told = run_fullest(&experiment, answers).unwrap_err().to_string();
        assert_eq!(told, "`rule`: it has no answer", "after {answers} answers");
    }
}

#[test]
fn a_scenario_that_asks_for_a_rule_nothing_answers_is_refused() {
    let set = vec!["placement.strategy={ name = 'callable', rule = 'own' }".to_string()];
    let overrides = Overrides { set, ..Overrides::default() };
    let told =
        Scenario::parse(Path::new("own.toml"), GROUPS_AND_DEVICES, &overrides).unwrap_err().to_string();
    assert!(
        told.contains("no program that answers for it")
            && told.contains("plimsoll.run(scenario, strategy=rule)"),
        "{told}"
    );
}
