//! Strategies that a program hands over, in place of one of the register.

use plimsoll::cloud::Cloud;
use plimsoll::cloud::observe::Silent;
use plimsoll::engine::random::Seed;
use plimsoll::placement::config::StrategyConfig;
use plimsoll::placement::register::{self, REGISTER};

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
