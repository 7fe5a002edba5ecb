//! Settings that may differ when a run resumes from a checkpoint: one register. Every other setting must be the same.
//!
//! A setting is mutable where the state in a checkpoint means the same under any value of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::key_path::{self, Step};
use super::{FILE_KEYS, Scenario};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::faults::FaultConfig;

/// Setting that may differ, with everything below it.
#[derive(Clone, Copy, Debug)]
pub struct MutableKey {
    /// Key; `*` stands for any item of a list, `last` for the last item in the scenario that was saved.
    pub key: &'static str,
    /// Permitted difference.
    pub mutability: Mutability,
    /// Effect on existing instances and resources.
    pub meaning: &'static str,
}

/// Permitted difference of a setting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutability {
    /// Any value that a scenario may have.
    AnyValue,
    /// Another number.
    OtherNumber,
    /// More items at the end of a list.
    Append,
}

impl Mutability {
    /// Returns the name in `plimsoll list branching`.
    pub fn name(self) -> &'static str {
        match self {
            Mutability::AnyValue => "any value",
            Mutability::OtherNumber => "another number",
            Mutability::Append => "more items at the end",
        }
    }
}

/// Every setting that may differ.
#[rustfmt::skip]
pub const MUTABLE_KEYS: &[MutableKey] = &[
    MutableKey { key: "name", mutability: Mutability::AnyValue, meaning: "the result folder has it" },
    MutableKey { key: "seed", mutability: Mutability::AnyValue, meaning: "what is drawn from the checkpoint on comes from the new seed; the next call of each of `workload.calls` is drawn already" },
    MutableKey { key: "duration", mutability: Mutability::AnyValue, meaning: "the run ends there; not before the checkpoint" },
    MutableKey { key: "placement.strategy", mutability: Mutability::AnyValue, meaning: "instances stay where they are; the next one is placed by the new strategy, which is told of those there are" },
    MutableKey { key: "zones.last.hosts", mutability: Mutability::Append, meaning: "hosts that are there, empty, from the checkpoint on; not in a scenario with faults" },
    MutableKey { key: "instance_types", mutability: Mutability::Append, meaning: "types for what comes; a price that changes so holds for the whole bill" },
    MutableKey { key: "network.public_addresses", mutability: Mutability::AnyValue, meaning: "where fewer than are in use, none is given until enough came back" },
    MutableKey { key: "network.subnets", mutability: Mutability::Append, meaning: "subnets for what comes, in VPCs that are there" },
    MutableKey { key: "storage", mutability: Mutability::AnyValue, meaning: "what has begun takes its time; where less than is in use, nothing is given until enough came back" },
    MutableKey { key: "quotas", mutability: Mutability::AnyValue, meaning: "where less than is in use, nothing more; not from no limits at all to some, or back" },
    MutableKey { key: "lifecycle", mutability: Mutability::AnyValue, meaning: "what has begun takes its time, what begins the new one" },
    MutableKey { key: "workload.arrivals.*.process.per_hour", mutability: Mutability::OtherNumber, meaning: "the next request of the process is drawn already, those after it come at the new rate" },
    MutableKey { key: "workload.arrivals.*.lifetime", mutability: Mutability::AnyValue, meaning: "of instances launched from the checkpoint on" },
    MutableKey { key: "workload.arrivals.*.types", mutability: Mutability::AnyValue, meaning: "of requests from the checkpoint on" },
    MutableKey { key: "workload.arrivals.*.count", mutability: Mutability::AnyValue, meaning: "of requests from the checkpoint on" },
    MutableKey { key: "workload.arrivals.*.min_count", mutability: Mutability::AnyValue, meaning: "of requests from the checkpoint on" },
    MutableKey { key: "objectives", mutability: Mutability::AnyValue, meaning: "judged over the whole run; availability.csv begins where minutes began to be counted" },
    MutableKey { key: "output", mutability: Mutability::AnyValue, meaning: "the time series goes on at the new interval; tables only where the checkpoint was made with them" },
];

impl Scenario {
    /// Checks that the scenario may go on from a checkpoint that a run of `was` made at `at`, where `was` is a scenario
    /// as [`Scenario::resolved`]. Every setting that differs and must not is an error.
    pub fn check_branch(&self, was: &Value, at: Time) -> Result<(), InputError> {
        let now = self.resolved();
        let mut comparison = Comparison { mutable: mutable_keys(was), problems: Vec::new() };
        comparison.compare(&mut Vec::new(), was, &now);
        let mut problems = comparison.problems;
        if self.duration.is_some_and(|duration| duration.0 < at.0) {
            let found = "ends before the checkpoint was made";
            let after = Duration(at.0);
            let problem = Problem::new(Place::key("duration"), format!("{found}, expected {after} or more"));
            problems.push(problem.with_help("let it end later, or go on from an earlier checkpoint"));
        }
        if vpcs(was) != vpcs(&now) {
            let problem =
                Problem::new(Place::key("network.subnets"), "there are other VPCs than in the checkpoint");
            problems.push(
                problem.with_help("add subnets to VPCs that are there: accounts open theirs when they come"),
            );
        }
        if hosts(was) != hosts(&now) && self.faults != FaultConfig::default() {
            let problem =
                Problem::new(Place::key("zones"), "there are more hosts than in the checkpoint, and faults");
            problems.push(
                problem.with_help("leave the hosts as they were: which of them fail is drawn at the start"),
            );
        }
        if problems.is_empty() { Ok(()) } else { Err(self.locate(InputError(problems))) }
    }
}

/// Returns the groups of hosts in all zones.
fn hosts(scenario: &Value) -> usize {
    let zones = scenario["zones"].as_array().into_iter().flatten();
    zones.filter_map(|zone| zone["hosts"].as_array()).map(Vec::len).sum()
}

/// Returns the names of all VPCs.
fn vpcs(scenario: &Value) -> BTreeSet<Option<&str>> {
    let subnets = scenario["network"]["subnets"].as_array().into_iter().flatten();
    subnets.map(|subnet| subnet["vpc"].as_str()).collect()
}

/// Returns the keys of the register as steps, with `last` resolved to its number.
fn mutable_keys(was: &Value) -> Vec<(Vec<String>, Mutability)> {
    let last = was["zones"].as_array().map_or(0, |zones| zones.len().saturating_sub(1)).to_string();
    let step = |step: &str| if step == "last" { last.clone() } else { step.to_string() };
    let steps = |key: &MutableKey| key.key.split('.').map(step).collect();
    MUTABLE_KEYS.iter().map(|key| (steps(key), key.mutability)).collect()
}

/// Two scenarios being compared.
struct Comparison {
    mutable: Vec<(Vec<String>, Mutability)>,
    problems: Vec<Problem>,
}

impl Comparison {
    /// Descends both trees wherever they differ and no mutable key covers the difference.
    fn compare(&mut self, path: &mut Vec<Step>, was: &Value, now: &Value) {
        // The contents of files are compared, not their places.
        let is_file = matches!(path.last(), Some(Step::Key(key)) if FILE_KEYS.contains(&key.as_str()));
        if was == now || (is_file && was.is_string() && now.is_string()) {
            return;
        }
        match (self.mutability(path), was, now) {
            (Some(Mutability::AnyValue), ..)
            | (Some(Mutability::OtherNumber), Value::Number(_), Value::Number(_)) => {}
            (Some(Mutability::Append), Value::Null, Value::Array(_)) => {}
            (Some(Mutability::Append), Value::Array(before), Value::Array(after))
                if after.len() >= before.len() =>
            {
                self.items(path, before, &after[..before.len()]);
            }
            (None, Value::Array(before), Value::Array(after)) if after.len() == before.len() => {
                self.items(path, before, after);
            }
            // A table that says nothing is left out.
            (None, Value::Object(_) | Value::Null, Value::Object(_) | Value::Null) => {
                let keys = [was, now].into_iter().filter_map(Value::as_object).flat_map(|table| table.keys());
                let mut keys: Vec<&String> = keys.collect();
                keys.sort();
                keys.dedup();
                for key in keys {
                    path.push(Step::Key(key.clone()));
                    self.compare(path, &was[key], &now[key]);
                    path.pop();
                }
            }
            _ => self.refuse(path, was, now),
        }
    }

    fn items(&mut self, path: &mut Vec<Step>, was: &[Value], now: &[Value]) {
        for (number, (was, now)) in was.iter().zip(now).enumerate() {
            path.push(Step::Item(number));
            self.compare(path, was, now);
            path.pop();
        }
    }

    fn mutability(&self, path: &[Step]) -> Option<Mutability> {
        let is_here = |key: &[String]| {
            key.len() == path.len()
                && key.iter().zip(path).all(|(step, at)| match at {
                    Step::Key(name) => step == name,
                    Step::Item(number) => step == "*" || *step == number.to_string(),
                })
        };
        self.mutable.iter().find(|(key, _)| is_here(key)).map(|(_, mutability)| *mutability)
    }

    fn refuse(&mut self, path: &[Step], was: &Value, now: &Value) {
        let told = |value: &Value| match value {
            Value::Null => "nothing".to_string(),
            value => format!("`{value}`"),
        };
        let message = format!("found {}, expected {} as in the checkpoint", told(now), told(was));
        let problem = Problem::new(Place::key(&key_path::show(path)), message);
        self.problems.push(problem.with_help(
            "leave it as it was; `plimsoll list branching` shows what may differ from a checkpoint on",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;
    use std::path::Path;

    const BASE: &str = "
        name = 'base'
        duration = '10d'
        quotas = { instances = 100 }
        zones = [
            { name = 'a', hosts = [{ count = 9, vcpu = 64, memory_gib = 256 }] },
            { name = 'b', hosts = [{ count = 9, vcpu = 64, memory_gib = 256 }] },
        ]
        [network]
        public_addresses = 10
        subnets = [{ name = 's', zone = 'a', cidr = '10.0.0.0/24' }]
        [[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 10.0 }
        lifetime = { kind = 'exponential', mean = '2h' }
        types = { 'm5.large' = 1 }
        [[workload.arrivals]]
        process = { kind = 'mmpp', per_hour = [1.0, 2.0], mean_sojourn = ['1h', '1h'] }
        lifetime = { kind = 'exponential', mean = '2h' }
        types = { 'm5.large' = 1 }";

    fn scenario(set: &[&str]) -> Scenario {
        let overrides = Overrides {
            set: set.iter().map(ToString::to_string).collect(),
            seed: None,
            ..Overrides::default()
        };
        Scenario::parse(Path::new("scenario.toml"), BASE, &overrides)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    fn check(set: &[&str]) -> Result<(), InputError> {
        let at = Time::ZERO.after(Duration::from_seconds(5 * 86_400));
        scenario(set).check_branch(&scenario(&[]).resolved(), at)
    }

    /// A change of every mutable key.
    const ALLOWED: [&str; 22] = [
        "name=other",
        "seed=7",
        "duration=20d",
        "duration=5d",
        "placement.strategy=best-fit",
        "placement.strategy={ name = 'partition', partitions = 3 }",
        "zones.1.hosts.1={ count = 3, vcpu = 8, memory_gib = 32 }",
        "instance_types=[{ name = 'x', vcpu = 1, memory_gib = 1 }]",
        "network.public_addresses=3",
        "network.subnets.1={ name = 't', zone = 'b', cidr = '10.0.1.0/24' }",
        "storage.create=5s",
        "storage.backends=[{ zone = 'b', capacity_gib = 5 }]",
        "quotas.instances=5",
        "quotas.accounts=[{ account = 'a', instances = 3 }]",
        "lifecycle.boot=20s",
        "workload.arrivals.0.process.per_hour=99.5",
        "workload.arrivals.0.lifetime={ kind = 'constant', value = '1h' }",
        "workload.arrivals.1.types={ 'm5.xlarge' = 2 }",
        "workload.arrivals.1.count=3",
        "workload.arrivals.1.min_count=1",
        "objectives=[{ metric = 'availability.ratio', at_least = 0.99 }]",
        "output.sample_every=5m",
    ];

    #[test]
    fn what_the_register_lists_may_differ() {
        for set in ALLOWED {
            check(&[set]).unwrap_or_else(|error| panic!("{set}: {error}"));
        }
        for mutable in MUTABLE_KEYS {
            let covered = ALLOWED.iter().any(|set| {
                let path = set.split_once('=').unwrap().0.split('.').collect::<Vec<_>>();
                let key = mutable.key.replace("last", "1");
                key.split('.').zip(&path).all(|(step, at)| step == "*" || step == *at)
                    && path.len() + 1 >= key.split('.').count()
            });
            assert!(covered, "nothing changes `{}`", mutable.key);
        }
    }

    #[test]
    fn whatever_else_differs_is_refused_with_its_place() {
        for (set, place) in [
            ("warmup=1h", "warmup"),
            ("duration=4d", "duration"),
            ("zones.0.hosts.0.count=10", "zones.0.hosts.0.count"),
            ("zones.0.hosts.1={ count = 3, vcpu = 8, memory_gib = 32 }", "zones.0.hosts"),
            ("zones.2={ name = 'c', hosts = [{ count = 1, vcpu = 8, memory_gib = 8 }] }", "zones"),
            ("placement.groups=[{ name = 'g', strategy = 'cluster' }]", "placement.groups"),
            ("network.subnets.0.cidr=10.0.0.0/25", "network.subnets.0.cidr"),
            ("billing.shape.usd_per_vcpu_hour=1.5", "billing.shape.usd_per_vcpu_hour"),
            ("faults.hosts.detection=5m", "faults.hosts.detection"),
            (
                "network.subnets.1={ name = 't', zone = 'b', cidr = '10.0.1.0/24', vpc = 'new' }",
                "network.subnets",
            ),
            ("workload.start=steady-state", "workload.start"),
            (
                "workload.arrivals.0.process={ kind = 'constant', every = '1h' }",
                "workload.arrivals.0.process",
            ),
            ("workload.arrivals.1.process.per_hour=[1.0]", "workload.arrivals.1.process"),
            ("workload.arrivals.0.accounts=5", "workload.arrivals.0.accounts"),
            (
                "workload.arrivals.2={ process = { kind = 'poisson', per_hour = 1.0 }, types = { 'm5.large' = 1 } }",
                "workload.arrivals",
            ),
        ] {
            let mut sets = vec![set];
            if set.ends_with("[1.0]") {
                sets.push("workload.arrivals.1.process.mean_sojourn=['1h']");
            }
            let error = check(&sets).expect_err(set).to_string();
            assert!(error.contains(place) && error.contains("help: "), "{set}: {error}");
        }
    }

    #[test]
    fn hosts_that_fail_stay_as_they_were() {
        let faults = "faults.hosts={ mean_time_between_failures = '100d' }";
        let more = "zones.1.hosts.1={ count = 3, vcpu = 8, memory_gib = 32 }";
        let was = scenario(&[faults]).resolved();
        scenario(&[faults]).check_branch(&was, Time::ZERO).unwrap();
        let error = scenario(&[faults, more]).check_branch(&was, Time::ZERO).unwrap_err().to_string();
        assert!(error.contains("and faults"), "{error}");
    }
}
