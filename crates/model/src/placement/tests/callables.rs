//! The strategy `callable`: against the strategies whose rule it is told, in every world; answers, errors and refusals.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::scenes::{OTHER, Scene, plain, scene};
use super::*;
use crate::expression::Amount;
use crate::placement::callables::{CallableDoor, Callables};
use crate::placement::expression_names::NAMES;
use plimsoll_base::failure::{Failure, LimitKind};
use plimsoll_base::input::{InputError, Place, Problem};

/// Amounts by name, in the units of the model, which have no rounding.
type AmountOf<'a> = &'a dyn Fn(&str) -> f64;

/// Values of a host.
type Rule = fn(AmountOf<'_>) -> Vec<f64>;

/// Strategy, and what a rule that does the same looks at.
type Case = (StrategyConfig, &'static [&'static str], Rule);

/// Rules by name, with the words of what they look at, and an error after so many questions.
#[derive(Clone)]
struct Rules {
    names: Vec<String>,
    looks_at: &'static [&'static str],
    values: Rule,
    asked: Arc<AtomicUsize>,
    answers: usize,
}

impl Callables for Rules {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn values(&self, rule: usize, amounts: &[Amount]) -> Result<Box<[f64]>, InputError> {
        assert_eq!(rule, 1, "it is the second");
        if self.asked.fetch_add(1, Ordering::Relaxed) >= self.answers {
            return Err(Problem::new(Place::key("rule"), "it has no answer").into());
        }
        let told =
            NAMES.iter().filter(|name| name.subject.word().is_none_or(|word| self.looks_at.contains(&word)));
        let told: Vec<&str> = told.map(|name| name.name).collect();
        assert_eq!(told.len(), amounts.len());
        let amount = |name: &str| {
            let place = told.iter().position(|other| *other == name).expect("it looks at it");
            amounts[place].units as f64
        };
        Ok((self.values)(&amount).into())
    }
}

fn rules(looks_at: &'static [&'static str], values: Rule) -> Rules {
    let names = vec!["other".to_string(), "own".to_string()];
    Rules { names, looks_at, values, asked: Arc::default(), answers: usize::MAX }
}

/// Returns the strategy that asks them.
fn asking(rules: &Rules) -> StrategyConfig {
    let looks_at: toml::Value = rules.looks_at.to_vec().into();
    let parameters = [("rule".to_string(), "own".into()), ("looks_at".to_string(), looks_at)].into();
    let callables = Some(CallableDoor::new(rules.clone()));
    StrategyConfig { parameters, callables, ..StrategyConfig::named("callable") }
}

#[test]
fn a_callable_takes_the_hosts_of_the_strategy_whose_rule_it_is() {
    let all = &["request", "count", "rack", "exit"][..];
    let best_fit: Rule = |told| vec![told("free.vcpu"), told("free.memory")];
    let cases: [Case; 7] = [
        (StrategyConfig::named("best-fit"), &[], best_fit),
        (StrategyConfig::named("best-fit"), all, best_fit),
        (StrategyConfig::named("spread"), &["count"], |told| vec![told("count")]),
        (expressions(&["rack", "-used.memory"]), &["rack"], |told| vec![told("rack"), -told("used.memory")]),
        (expressions(&["-exit.left", "free.vcpu"]), &["exit"], |told| {
            vec![-told("exit.left"), told("free.vcpu")]
        }),
        (
            expressions(&["max(exit.left - request.left, 0)", "free.vcpu"]),
            &["exit", "request.left"],
            |told| vec![(told("exit.left") - told("request.left")).max(0.0), told("free.vcpu")],
        ),
        (expressions(&["abs(free.vcpu - 3 * request.vcpu)", "gpu.unused"]), &["request"], |told| {
            vec![(told("free.vcpu") - 3.0 * told("request.vcpu")).abs(), told("gpu.unused")]
        }),
    ];
    for world in worlds().iter().filter(|world| !world.prefilled) {
        for (stated, looks_at, values) in &cases {
            let rules = rules(looks_at, *values);
            let asked = agree(world, &asking(&rules));
            assert!(asked.hosts == agree(world, stated).hosts, "{stated:?} in {}", world.name);
            assert!(rules.asked.load(Ordering::Relaxed) > 0);
        }
    }
}

#[test]
fn the_same_amounts_are_asked_for_once() {
    let world = &worlds()[0];
    let rules = rules(&[], |told| vec![told("free.vcpu"), told("free.memory")]);
    let strategy = asking(&rules);
    let first = agree(world, &strategy);
    let asked = rules.asked.load(Ordering::Relaxed);
    assert!(asked < 2 * world.decisions, "{asked} questions");
    assert!(agree(world, &strategy).hosts == first.hosts);
    assert_eq!(rules.asked.load(Ordering::Relaxed), asked, "all answers are known");
}

#[test]
fn infinity_excludes_a_host_and_a_refusal_says_so() {
    let Scene { mut fleet, .. } = scene(2, 1, GroupTenancy::Any);
    let strategy = built(&asking(&rules(&["count"], |told| {
        vec![if told("count") >= 1.0 { f64::INFINITY } else { -0.0 }]
    })));
    assert_eq!(strategy.check(fleet.skus()), Ok(()));
    let placer = Placer::new(strategy, &mut fleet, true);
    let mut scene = Scene { fleet, placer, reservations: Default::default() };
    let none = Failure::InsufficientInstanceCapacity.because(LimitKind::StrategyHosts, 1, 0);
    let found = [(); 3].map(|()| scene.launch(OTHER, 0, plain()));
    assert_eq!(found, [Ok(0), Ok(1), Err(none)]);
}

#[test]
fn a_rule_without_answer_is_not_asked_again_and_its_error_is_known() {
    let Scene { mut fleet, .. } = scene(2, 1, GroupTenancy::Any);
    let rules = Rules { answers: 1, ..rules(&[], |told| vec![told("free.vcpu")]) };
    let placer = Placer::new(built(&asking(&rules)), &mut fleet, false);
    let mut scene = Scene { fleet, placer, reservations: Default::default() };
    assert_eq!(scene.placer.failure(), None);
    // All hosts are alike; then the first one has less free, and is asked about.
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(0));
    assert!(scene.launch(OTHER, 0, plain()).is_err());
    let told = scene.placer.failure().map(ToString::to_string);
    assert_eq!(told.as_deref(), Some("`rule`: it has no answer"));
    assert_eq!(rules.asked.load(Ordering::Relaxed), 2);
}

#[test]
fn every_mistake_of_its_table_is_told_with_its_place() {
    let right = asking(&rules(&[], |_| Vec::new()));
    let problems = |parameters: &[(&str, toml::Value)], callables: Option<CallableDoor>| {
        let parameters = parameters.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let config = StrategyConfig { parameters, callables, ..StrategyConfig::named("callable") };
        let problems = register::build(&config, Seed(1)).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let door = || right.callables.clone();
    let own = ("rule", toml::Value::from("own"));
    assert_eq!(problems(std::slice::from_ref(&own), door()), Vec::<String>::new());
    let [told] = &*problems(std::slice::from_ref(&own), None) else { panic!("one problem") };
    assert!(told.contains("`placement.strategy`") && told.contains("plimsoll.run("), "{told}");
    for (parameters, expected) in [
        (vec![], "`placement.strategy.rule`: expected the name of a rule: other, own"),
        (vec![("rule", "owm".into())], "unknown rule `owm`\n  help: did you mean `own`?"),
        (
            vec![own.clone(), ("look_at", "count".into())],
            "no parameter `look_at`\n  help: did you mean `looks_at`?",
        ),
        (
            vec![own.clone(), ("looks_at", "count".into())],
            "expected a list of request, request.left, count, rack, exit",
        ),
        (
            vec![own, ("looks_at", vec!["free"].into())],
            "expected a list of request, request.left, count, rack, exit",
        ),
    ] {
        let [told] = &*problems(&parameters, door()) else { panic!("one problem of {parameters:?}") };
        assert!(told.contains(expected), "{told}");
    }
}
