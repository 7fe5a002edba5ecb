//! The same scenario and seed give the same digest: again, with any number of threads, in debug and release
//! builds, on any machine. The digests here are committed so that all of these have to agree.
//!
//! When behaviour changed on purpose: say so in CHANGELOG.md and copy the digests from the failure's message.
//! When it did not, a digest that changed is a bug.

use std::path::Path;

use plimsoll::cloud::observe::Silent;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::cloud::{Cloud, RunOptions};
use plimsoll::placement::register::REGISTER;
use plimsoll::scenario::{Overrides, Scenario};
use serde_json::Value;

use crate::command_line::plimsoll;

const QUICKSTART: &str = "de788c9b8ff2c31ddb42d8db88faa181";

/// Of [`SCENE`] under each strategy.
#[rustfmt::skip]
const STRATEGIES: &[(&str, &str)] = &[
    ("first-fit", "d1dbf4477aaab5065092d4e19a70b479"),
    ("next-fit", "22510610d10d1cd026b49a8b84bdee16"),
    ("move-to-front", "16da920bf1e96acc77473630432502d7"),
    ("spread", "28cc91b08517bb13dc4a68d6001bfc2e"),
    ("cluster", "e36ebce571037235788e28e6556227d7"),
    ("random", "030c86ad0575cd1f8da27dc13d764f3a"),
    ("best-fit", "2353c2e93e10c21179203b2b7c8a6f0f"),
    ("worst-fit", "cfa8659e0ecd9cf995f87e7e1506c0f6"),
    ("best-fit-l1", "b42d9a5daf32a5583fbb118870b30ade"),
    ("best-fit-l2", "f3b3d0b51f45ea4b44e2d819e3ef5439"),
    ("best-fit-linf", "d7bfbbb8e80d2e13602c7cd31ee5da06"),
    ("worst-fit-l1", "eb776950d466f46f11b458743e740818"),
    ("worst-fit-l2", "8c0083d079517db5cb3da3ae7e776a42"),
    ("worst-fit-linf", "b838d9b69034f8e7e6cfc2f44d8f174f"),
    ("dot-product", "22a5db2be80d6b44e2e6bd64240357bf"),
    ("balance-fit", "d1dbf4477aaab5065092d4e19a70b479"),
    ("balance-fit-l1", "d1dbf4477aaab5065092d4e19a70b479"),
    ("lexicographic", "d3f59f42abc8d0fb373b5b1ed8e74507"),
    ("borg-hybrid", "f834976e7e2532c570fe52fd035dec0e"),
    ("fgd", "2353c2e93e10c21179203b2b7c8a6f0f"),
    ("la-binary", "ebe344ad90e0cea9d09ff9cd02e6325f"),
    ("nilas", "9e7affd40b6404140b80abe20604a4b8"),
    ("lava", "881cf72636d45c488acad582c293ba9b"),
    ("dvla", "109e5ff4aa9db6754742d74405438212"),
    ("power-of-two", "7c9a2e2c98b89e29452a3bb6fe6885b7"),
    ("best-of-k", "d29b12c3fe78401e98347a6ac1ca8b01"),
    ("partition", "d8242ed58c9b73fbf95b5e6b43bc8a07"),
    ("expression", "2353c2e93e10c21179203b2b7c8a6f0f"),
];

/// A little of everything whose order could go astray: zones to choose among, hosts that differ, some of them
/// elastic, too few public addresses, lifetimes of several laws, instances that stop and start, requests of several,
/// a beginning in equilibrium, and a fleet too small for it all.
const SCENE: &str = r#"
name = "scene"
seed = 2026
duration = "3d"
warmup = "6h"

[[zones]]
name = "a"
[[zones.hosts]]
count = 9
vcpu = 64
memory_gib = 256
hosts_per_rack = 2
[[zones.hosts]]
count = 6
vcpu = 47.5
memory_gib = 185.25
gpu = 4
hosts_per_rack = 2
max_instances = 20

[[zones]]
name = "b"
[[zones.hosts]]
elastic = true
max_hosts = 8
vcpu = 32
memory_gib = 128
hosts_per_rack = 2

[placement]
strategy = "first-fit"

[network]
public_addresses = 45
[[network.subnets]]
name = "wide"
zone = "a"
cidr = "10.0.0.0/23"
[[network.subnets]]
name = "narrow"
zone = "b"
cidr = "10.1.0.0/26"
assign_public_address = true

[lifecycle]
boot = "7s"
stop = "20s"
terminate = "3s"

[[instance_types]]
name = "odd.share"
vcpu = 0.75
memory_gib = 2.5
gpu = 0.25

[workload]
start = "steady-state"

[[workload.arrivals]]
process = { kind = "poisson", per_hour = 30.0 }
lifetime = { kind = "lognormal", median = "2h", mean = "5h" }
types = { "m5.large" = 4, "m5.2xlarge" = 2, "c5.4xlarge" = 1, "r5.xlarge" = 1 }
accounts = 9

[[workload.arrivals]]
process = { kind = "diurnal", per_hour = 6.0, peak_to_mean = 1.7, peak_at = "10h" }
lifetime = { kind = "weibull", shape = 0.8, scale = "9h" }
types = { "t3.medium" = 1, "odd.share" = 2 }
count = 3
stops = { run = { kind = "uniform", min = "2h", max = "8h" }, stopped = { kind = "exponential", mean = "2h" } }

[[workload.arrivals]]
process = { kind = "mmpp", per_hour = [2.0, 40.0], mean_sojourn = ["5h", "1h"] }
lifetime = { kind = "hyperexponential", weights = [3.0, 1.0], means = ["20m", "8h"] }
types = { "c5.large" = 1 }
subnet = "narrow"
"#;

const ON_PURPOSE: &str =
    "If behaviour changed on purpose, copy this into tests/it/determinism.rs and say so in CHANGELOG.md";

fn quickstart(place: &Path, threads: &str) -> String {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/scenarios/quickstart.toml");
    let output = plimsoll(place, &["run", scenario, "--json", "--threads", threads]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    summary["digest"].as_str().expect("a digest is text").to_string()
}

#[test]
fn quickstart_has_its_digest_whatever_the_threads() {
    let place = tempfile::tempdir().unwrap();
    for threads in ["1", "2", "2"] {
        let digest = quickstart(place.path(), threads);
        assert_eq!(digest, QUICKSTART, "--threads {threads}. {ON_PURPOSE}: {digest:?}");
    }
}

/// Runs [`SCENE`] under a strategy.
fn scene_under(strategy: &str) -> Outcome {
    let set = vec![format!("placement.strategy={strategy}")];
    let scenario = Scenario::parse(
        Path::new("scene.toml"),
        SCENE,
        &Overrides { set, seed: None, ..Overrides::default() },
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let cloud = Cloud::new(&scenario, RunOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    cloud.run(&mut Silent).unwrap_or_else(|error| panic!("{error}"))
}

/// Expressions with the digests of the strategies whose rules they state.
#[test]
fn an_expression_has_the_digest_of_the_strategy_whose_rule_it_states() {
    let sum = |term: &str| {
        let term = |resource: &&str| term.replace('*', resource);
        ["vcpu", "memory", "gpu", "storage", "network"].iter().map(term).collect::<Vec<_>>().join(" + ")
    };
    for (name, minimize) in [
        ("best-fit", "['free.vcpu', 'free.memory']".to_string()),
        ("worst-fit-l2", format!("'-({})'", sum("free_share.*^2"))),
        ("dot-product", format!("'-({})'", sum("free_share.* · request_share.*").replace('·', "*"))),
        ("spread", "'count'".to_string()),
    ] {
        let outcome = scene_under(&format!("{{ name = 'expression', minimize = {minimize} }}"));
        let expected =
            STRATEGIES.iter().find(|(known, _)| *known == name).map(|(_, digest)| digest.to_string());
        assert_eq!(Some(format!("{:032x}", outcome.digest)), expected, "{name}");
    }
}

#[test]
fn every_strategy_has_its_digest() {
    let mut found = String::new();
    for entry in REGISTER {
        let outcome = scene_under(&format!("'{}'", entry.name));
        // A scene where everything fits would not tell the strategies apart.
        assert_eq!(outcome.launch.failures().count(), 2, "{}: hosts and addresses run out", entry.name);
        found += &format!("    ({:?}, \"{:032x}\"),\n", entry.name, outcome.digest);
    }
    let expected: String =
        STRATEGIES.iter().map(|(name, digest)| format!("    ({name:?}, \"{digest}\"),\n")).collect();
    assert!(found == expected, "found other digests. {ON_PURPOSE}:\n{found}");
}
