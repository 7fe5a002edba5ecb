//! The strategy `expression`: against the built-in strategies, in every world; and its refusals.

use super::scenes::{OTHER, Scene, plain, scene};
use super::*;
use crate::placement::diagnosis::FilterReason;
use plimsoll_base::failure::{Failure, LimitKind};

/// Expressions that state the rule of a built-in strategy.
const RULES: [(&str, &[&str]); 7] = [
    ("best-fit", &["free.vcpu", "free.memory"]),
    ("worst-fit", &["-free.vcpu", "-free.memory"]),
    (
        "worst-fit-l2",
        &[
            "-(free_share.vcpu^2 + free_share.memory^2 + free_share.gpu^2 + free_share.storage^2 + free_share.network^2)",
        ],
    ),
    (
        "best-fit-linf",
        &["max(free_share.vcpu, free_share.memory, free_share.gpu, free_share.storage, free_share.network)"],
    ),
    (
        "dot-product",
        &["-(request_share.vcpu * free_share.vcpu + request_share.memory * free_share.memory
             + request_share.gpu * free_share.gpu + request_share.storage * free_share.storage
             + request_share.network * free_share.network)"],
    ),
    ("spread", &["count"]),
    ("cluster", &["-count"]),
];

#[test]
fn an_expression_takes_the_hosts_of_the_strategy_whose_rule_it_states() {
    for world in worlds().iter().filter(|world| !world.prefilled) {
        for (name, minimize) in RULES {
            let stated = agree(world, &expressions(minimize));
            let named = agree(world, &StrategyConfig::named(name));
            assert!(stated.hosts == named.hosts, "{name} in {}", world.name);
        }
    }
}

/// The number of instances as a mark of classes takes the hosts that the order of hosts takes.
#[test]
fn a_count_is_the_same_in_both_indexes() {
    for world in worlds().iter().filter(|world| !world.prefilled) {
        let by_class = agree(world, &expressions(&["count + 0"]));
        let by_host = agree(world, &expressions(&["count"]));
        assert!(by_class.hosts == by_host.hosts && by_class.classes > by_host.classes, "{}", world.name);
    }
}

/// Returns the messages of the problems of an expression.
fn problems(minimize: toml::Value) -> Vec<String> {
    let parameters = [("minimize".to_string(), minimize)].into();
    let config = StrategyConfig { parameters, ..StrategyConfig::named("expression") };
    let problems = register::build(&config, Seed(1)).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let two = toml::Value::from(vec!["free.vpu", "count", "1 +"]);
    assert_eq!(
        problems(two),
        [
            "`placement.strategy.minimize.0`: line 1, column 1 of the expression: unknown name `free.vpu`\n  \
             help: did you mean `free.vcpu` or `free.gpu` or `free_share.gpu`?",
            "`placement.strategy.minimize.2`: line 1, column 4 of the expression: found the end, expected a number, a name \
             or `(`\n  help: `plimsoll list expression` shows names, functions and operators",
        ]
    );
    for wrong in [toml::Value::from(3), toml::Value::Array(Vec::new()), toml::Value::from(true)] {
        let found = problems(wrong.clone());
        assert!(
            found.len() == 1 && found[0].contains("expected an expression in quotes"),
            "{wrong}: {found:?}"
        );
    }
    let mixed = problems(toml::Value::Array(vec![3.into(), "count".into()]));
    assert!(mixed.len() == 1 && mixed[0].contains("minimize.0"), "{mixed:?}");
}

#[test]
fn an_expression_without_value_on_an_empty_host_is_refused() {
    let hosts = Hosts::Fixed { count: 2, sellable: Resources([8_000, 32 * 1024, 0, 0, UNLIMITED]) };
    let fleet = Fleet::new(&[vec![group(hosts, None)]]).expect("one capacity");
    for (text, is_refused) in [
        ("free.gpu / capacity.gpu", true),
        ("ln(used.vcpu)", true),
        ("exp(1000 * free.vcpu) - exp(1000 * free.vcpu)", true),
        ("ln(used.vcpu + 1)", false),
        ("if(capacity.gpu > 0, free.gpu / capacity.gpu, 0)", false),
        ("request.vcpu / free.vcpu", false),
        ("1 / request.gpu", false),
    ] {
        let problem = built(&expressions(&[text])).check(fleet.skus());
        assert_eq!(problem.is_err(), is_refused, "{text}: {problem:?}");
    }
}

/// Hosts of 4 vCPU and 4 GiB, and requests of 1 each: a host with one instance has no value.
#[test]
fn a_host_without_value_takes_nothing_and_the_refusal_says_so() {
    let Scene { mut fleet, .. } = scene(3, 1, GroupTenancy::Any);
    let strategy = built(&expressions(&["1 / (free.vcpu - 3)", "1 / count"]));
    let placer = Placer::new(strategy, &mut fleet, true);
    let mut scene = Scene { fleet, placer, reservations: Default::default() };
    let none = Failure::InsufficientInstanceCapacity.because(LimitKind::StrategyHosts, 1, 0);
    // `1 / count` has no value on an empty host.
    assert_eq!(scene.launch(OTHER, 0, plain()), Err(none));
    let request = scene.request(OTHER, 0, plain());
    for host in [0, 1, 1].map(HostId) {
        scene.fleet.take(host, request.zone, request.amounts);
        scene.placer.changed(host, request.zone, &mut scene.fleet);
    }
    let diagnosis = scene.placer.diagnose(&request, false, &scene.fleet);
    assert_eq!((diagnosis.fitting, diagnosis.filtered[FilterReason::Value].alone), (1, 2));
    // Host 0 has 3 vCPU free, host 1 has 2.
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(1));
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(1));
    assert_eq!(scene.launch(OTHER, 0, plain()), Err(none), "host 1 is full");
}

#[test]
fn racks_tell_vacant_hosts_apart() {
    let Scene { mut fleet, .. } = scene(6, 2, GroupTenancy::Any);
    let placer = Placer::new(built(&expressions(&["-rack"])), &mut fleet, true);
    let mut scene = Scene { fleet, placer, reservations: Default::default() };
    let dedicated = super::scenes::of(crate::placement::request::Tenancy::Dedicated);
    assert_eq!(scene.launch(OTHER, 0, dedicated), Ok(4));
    assert_eq!(scene.launch(OTHER, 0, plain()), Ok(5));
}
