//! Synthetic calls: their number, operations and targets, and wrong settings of a scenario.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::workload::call::Query;
use crate::workload::demand::Demand;
use crate::workload::directory::Directory;
use crate::workload::resource_call::ResourceCall;
use plimsoll_base::catalogue::{ShapePrice, TypeTable};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::units::{NS_PER_S, ZoneId, parse_duration};

fn directory() -> Directory {
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    Directory::new(types, vec!["a".to_string(), "b".to_string()], Vec::new())
}

fn open(toml: &str, directory: &mut Directory) -> Demand {
    Demand::open(&toml::from_str(toml).unwrap(), None, Seed(3), Path::new(""), directory).unwrap()
}

/// Returns the calls before `end`, with the names they use.
fn calls(toml: &str, end: &str) -> (Vec<Call>, Directory) {
    let mut directory = directory();
    let mut demand = open(toml, &mut directory);
    let end = Time::ZERO.after(parse_duration(end).unwrap());
    let mut calls = Vec::new();
    while let Some(call) = demand.next(&mut directory).unwrap()
        && call.at < end
    {
        calls.push(call);
    }
    (calls, directory)
}

fn problems(toml: &str) -> String {
    let error = Demand::open(&toml::from_str(toml).unwrap(), None, Seed(3), Path::new(""), &mut directory());
    error.unwrap_err().to_string()
}

const EVERY_OPERATION: &str = "
[[calls]]
process = { kind = 'poisson', per_hour = 36000 }
operations = { describe = 50, start = 4, stop = 6, hibernate = 1, reboot = 8, terminate = 1, modify = 2,
               create-tags = 12, delete-tags = 8, create-volume = 5, allocate-address = 3 }
";

#[test]
fn operations_come_in_proportion_to_their_weights() {
    let (calls, _) = calls(EVERY_OPERATION, "10h");
    assert!(calls.len().abs_diff(360_000) < 2_400, "{} calls", calls.len());
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for call in &calls {
        *counts.entry(call.action.operation().name()).or_default() += 1.0;
    }
    assert_eq!(counts.len(), operations::REGISTER.len(), "{counts:?}");
    let config: toml::Table = toml::from_str(EVERY_OPERATION).unwrap();
    for (operation, weight) in config["calls"][0]["operations"].as_table().unwrap() {
        let expected = calls.len() as f64 * weight.as_integer().unwrap() as f64 / 100.0;
        let error = (counts[operation.as_str()] - expected) / libm::sqrt(expected);
        assert!(error.abs() < 4.0, "{operation}: {} of {expected}", counts[operation.as_str()]);
    }
}

#[test]
fn calls_follow_every_kind_of_process() {
    for process in [
        "{ kind = 'poisson', per_hour = 3600 }",
        "{ kind = 'constant', every = '1s' }",
        "{ kind = 'diurnal', per_hour = 3600, peak_to_mean = 1.8, peak_at = '14h' }",
        "{ kind = 'mmpp', per_hour = [360, 16560], mean_sojourn = ['4m', '1m'] }",
        "{ kind = 'batch', per_hour = 720, mean_size = 5 }",
    ] {
        let toml = format!("[[calls]]\nprocess = {process}\noperations = {{ describe = 1 }}\naccounts = 50");
        let (calls, _) = calls(&toml, "2d");
        assert!((calls.len() as f64 / 172_800.0 - 1.0).abs() < 0.05, "{process}: {} calls", calls.len());
        for pair in calls.windows(2) {
            assert!(pair[0].at <= pair[1].at, "{process}");
            let is_same_batch = process.contains("batch") && pair[0].at == pair[1].at;
            assert!(!is_same_batch || pair[0].account == pair[1].account, "a batch is one account's");
        }
    }
}

#[test]
fn a_source_draws_the_same_whoever_else_there_is() {
    const ARRIVALS: &str = "
        [[arrivals]]
        process = { kind = 'mmpp', per_hour = [10, 200], mean_sojourn = ['1h', '10m'] }
        lifetime = { kind = 'exponential', mean = '2h' }
        types = { 'm5.large' = 1, 't3.micro' = 3 }
        accounts = 3";
    let with_arrivals = format!("{ARRIVALS}{EVERY_OPERATION}accounts_of = ['arrivals-0']");
    let (alone, _) = calls(ARRIVALS, "3d");
    let (both, names) = calls(&with_arrivals, "3d");
    let (launches, others): (Vec<_>, Vec<_>) =
        both.into_iter().partition(|call| matches!(call.action, Action::Launch(_)));
    assert_eq!(launches, alone, "calls shift no launch");
    assert_eq!(
        others,
        calls(&with_arrivals, "3d")
            .0
            .into_iter()
            .filter(|c| !matches!(c.action, Action::Launch(_)))
            .collect::<Vec<_>>()
    );
    let (of_one_account, _) = calls(EVERY_OPERATION, "3d");
    assert_eq!(others.len(), of_one_account.len());
    for (one, other) in others.iter().zip(&of_one_account) {
        assert_eq!((one.at, &one.action), (other.at, &other.action), "accounts shift nothing else");
    }
    let mut counts = [0u32; 3];
    others.iter().for_each(|call| counts[call.account.index()] += 1);
    assert!(counts.iter().all(|count| count.abs_diff(864_000) < 4_000), "{counts:?}");
    assert_eq!(names.accounts(), ["arrivals-0-0", "arrivals-0-1", "arrivals-0-2"]);
}

#[test]
fn a_call_says_what_its_source_says() {
    let toml = "
        [[calls]]
        name = 'console'
        process = { kind = 'constant', every = '1s' }
        operations = { describe = 1, create-tags = 1, delete-tags = 1, modify = 1, create-volume = 1 }
        count = 3
        tags = { team = 'web', env = '' }
        volume = { type = 'io2', size_gib = 40, iops = 500 }
        [[calls]]
        process = { kind = 'constant', every = '1s' }
        operations = { describe = 1 }
        describe = { by = 'account', page_size = 100 }";
    let (calls, names) = calls(toml, "200s");
    let mut zones = [0; 2];
    for call in &calls {
        match &call.action {
            Action::Describe(Query { targets: None, page_size, .. }) => assert_eq!(*page_size, Some(100)),
            Action::Describe(Query { targets: Some(targets), page_size: None, .. })
            | Action::Modify(targets, _) => assert!(matches!(targets, Targets::Drawn { count: 3, .. })),
            Action::CreateTags(targets, tags) => {
                assert!(matches!(targets, Targets::Drawn { count: 3, .. }));
                assert_eq!(tags.iter().map(|tag| tag.key.as_str()).collect::<Vec<_>>(), ["env", "team"]);
            }
            Action::DeleteTags(_, keys) => assert_eq!(keys[..], ["env", "team"]),
            Action::Resource(call) => match **call {
                ResourceCall::CreateVolume { volume, zone: ZoneId(zone), spec, .. } => {
                    assert_eq!(names.handles.volumes()[volume.0 as usize], "console");
                    assert_eq!((spec.size_gib, spec.iops), (Some(40), Some(500)));
                    zones[usize::from(zone)] += 1;
                }
                ref other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
    assert!(zones.iter().all(|volumes| *volumes > 5), "{zones:?}");
    assert_eq!(calls.iter().filter(|call| call.at == Time(7 * NS_PER_S)).count(), 2);
}

#[test]
fn instances_are_drawn_only_where_calls_are_about_some() {
    let draws = |operations: &str| {
        let process = "process = { kind = 'constant', every = '1s' }";
        let toml = format!("[[calls]]\n{process}\n{operations}");
        let demand = open(&toml, &mut directory());
        assert!(demand.has_calls() && !demand.ends());
        demand.draws_instances()
    };
    assert!(draws("operations = { describe = 1 }"));
    assert!(draws("operations = { create-volume = 1, reboot = 1 }"));
    assert!(!draws("operations = { create-volume = 1, describe = 1 }\ndescribe.by = 'account'"));
}

#[test]
fn draws_are_uniform_over_64_bits() {
    let (calls, _) = calls(EVERY_OPERATION, "1h");
    let draws = calls.iter().filter_map(|call| match call.action.targets() {
        Some(Targets::Drawn { draw, .. }) => Some(*draw),
        _ => None,
    });
    let mut octants = [0u32; 8];
    draws.for_each(|draw| octants[(draw >> 61) as usize] += 1);
    let total: u32 = octants.iter().sum();
    for octant in octants {
        assert!(octant.abs_diff(total / 8) < 260, "{octants:?}");
    }
}

#[test]
fn what_cannot_be_called_is_told_with_what_can() {
    let toml = "
        [[arrivals]]
        name = 'web'
        process = { kind = 'poisson', per_hour = 1 }
        types = { 'm5.large' = 1 }
        [[calls]]
        name = 'console'
        process = { kind = 'poisson', per_hour = 0 }
        operations = { descibe = 1, launch = 1, attach-volume = 1 }
        accounts_of = ['wbe']
        count = 0
        describe = { page_size = 100 }
        volume.zone = 'c'
        [[calls]]
        name = 'console'
        process = { kind = 'constant', every = '1s' }
        operations = { describe = 0 }
        describe = { by = 'account', page_size = 4 }
        accounts = 0
        [[calls]]
        process = { kind = 'constant', every = '1s' }
        operations = { describe = 1 }
        accounts = 2
        accounts_of = ['web']";
    assert_eq!(
        problems(toml),
        "`workload.calls.0.process.per_hour`: found 0, expected a rate above 0 and at most 3.6e12, one a nanosecond\n\
         `workload.calls.0.operations.attach-volume`: found `attach-volume`, which is about something by its name, \
         expected operations that name nothing\n  \
         help: possible: `describe`, `start`, `stop`, `hibernate`, `reboot`, `terminate`, `modify`, `create-tags`, \
         `delete-tags`, `create-volume`, `allocate-address`; a trace can call the others\n\
         `workload.calls.0.operations.descibe`: found `descibe`, expected operations that name nothing\n  \
         help: did you mean `describe`?\n\
         `workload.calls.0.operations.launch`: found `launch`, expected operations that name nothing and launch nothing\n  \
         help: launches come from [[workload.arrivals]]\n\
         `workload.calls.0.accounts_of.0`: found `wbe`, expected the name of one of [[workload.arrivals]]\n  \
         help: known: `web`\n\
         `workload.calls.0.count`: found 0, expected 1 to 1,000\n\
         `workload.calls.0.describe.page_size`: found 100, expected `by = \"account\"` with it\n\
         `workload.calls.0.volume.zone`: found `c`, expected a zone of the scenario\n  help: known: `a`, `b`\n\
         `workload.calls.1.operations`: found weights that add up to 0, expected at least one above 0\n\
         `workload.calls.1.accounts`: found 0, expected 1 to 1,000,000\n\
         `workload.calls.1.describe.page_size`: found 4, expected 5 to 1,000\n\
         `workload.calls.1.name`: found `console` again, expected a name of its own\n\
         `workload.calls.2.accounts`: found 2, expected either `accounts` or `accounts_of`"
    );
}

#[test]
fn what_is_left_out_is_not_written() {
    let toml = "process = { kind = 'constant', every = '1s' }\noperations = { describe = 1 }";
    let config: CallConfig = toml::from_str(toml).unwrap();
    let written = serde_json::to_value(&config).unwrap();
    assert_eq!(written.as_object().unwrap().keys().collect::<Vec<_>>(), ["operations", "process"]);
    assert_eq!(config, serde_json::from_value(written).unwrap());
}

#[test]
fn the_outlook_is_the_call_that_comes_next() {
    let toml = "
        [[arrivals]]
        name = 'fleet'
        process = { kind = 'poisson', per_hour = 3600 }
        lifetime = { kind = 'constant', value = '1h' }
        types = { 't3.small' = 1 }
        accounts = 5
        [[calls]]
        process = { kind = 'batch', per_hour = 1200, mean_size = 3 }
        operations = { describe = 1, reboot = 1 }
        accounts_of = ['fleet']
        [[calls]]
        name = 'others'
        process = { kind = 'poisson', per_hour = 3600 }
        operations = { describe = 1 }
        accounts_of = ['fleet']";
    let mut directory = directory();
    let mut demand = open(toml, &mut directory);
    let (mut calls, mut launches) = (0, 0);
    for _ in 0..10_000 {
        let outlook = demand.outlook();
        let call = demand.next(&mut directory).unwrap().unwrap();
        match call.action.targets() {
            Some(&Targets::Drawn { draw, .. }) => {
                calls += 1;
                assert_eq!(outlook, Some((call.account, draw)), "{call:?}");
            }
            _ => {
                launches += 1;
                assert_eq!(outlook, None, "{call:?}");
            }
        }
    }
    assert!(calls > 5_000 && launches > 2_000, "{calls} calls and {launches} launches");
}
