//! Figures and files of a run that goes on are those of the unbroken run, in worlds whose hosts come and go.

use plimsoll::engine::random::{Purpose, Seed};
use plimsoll::units::{Duration, Time};

use crate::checkpoints::{self, Journey};
use crate::support::{CHECKED, Experiment, operations};
use crate::{swarm, worlds};

fn elastic(calls: &str) -> Experiment {
    Experiment::replaying(
        &operations(calls),
        "duration = '10m'\nzones = [{ name = 'z', hosts = [{ elastic = true, vcpu = 16, memory_gib = 64 }] }]",
    )
}

#[test]
fn a_dedicated_host_counts_among_the_hosts_that_were_open() {
    let experiment = elastic("0 allocate-host host=h zone=z");
    let scenario = experiment.scenario(&[]);
    let folder = tempfile::tempdir().unwrap();
    let at = [Time::ZERO.after(Duration::from_seconds(120))];
    let run = Journey {
        scenario: &scenario,
        options: CHECKED,
        checkpoints: &at,
        folder: folder.path(),
        from: None,
    };
    let (outcome, unbroken) = run.run();
    let fleet = &outcome.fleet;
    assert_eq!((fleet.hosts, fleet.vcpu_milli, fleet.memory_mib), (1, 16_000, 64 << 10));
    let file = run.file(at[0]);
    let (_, resumed) = Journey { checkpoints: &[], from: Some(&file), ..run }.run();
    checkpoints::assert_same(&resumed, &unbroken, &|| "a dedicated host".to_string());
}

#[test]
fn what_is_held_is_in_use_at_its_peak_as_on_average() {
    let reserved = "0 create-capacity-reservation reservation=r type=m5.xlarge zone=z count=1";
    for (calls, peak) in [
        (reserved.to_string(), 0.25),
        (format!("{reserved}\n300 cancel-capacity-reservation reservation=r"), 0.25),
        // Half of the two hosts' vCPUs, then all of the one that stays.
        (
            "0 allocate-host host=h zone=z\n0 launch instance=i type=m5.4xlarge\n300 release-host host=h"
                .to_string(),
            1.0,
        ),
    ] {
        let fleet = elastic(&calls).run().fleet;
        assert_eq!(fleet.vcpu_used_ratio_peak, peak, "{calls}");
        assert!(fleet.vcpu_used_ratio_mean <= peak && fleet.vcpu_used_ratio_mean > 0.0, "{calls}: {fleet:?}");
        assert!(fleet.hosts as f64 >= fleet.hosts_used_mean && fleet.hosts_used_peak <= fleet.hosts);
    }
}

/// The same world where every host comes when it is needed and goes when it is empty.
fn with_elastic_hosts(experiment: &Experiment) -> Experiment {
    let toml = experiment.toml();
    let (mut inside, mut lines) = (false, Vec::new());
    for line in toml.lines().skip_while(|line| line.starts_with("name = 'test'")) {
        if line.starts_with("[[") {
            inside = line == "[[zones.hosts]]";
        }
        match line.strip_prefix("count = ").filter(|_| inside) {
            Some(count) => lines.push(format!("elastic = true\nmax_hosts = {count}")),
            None => lines.push(line.to_string()),
        }
    }
    let trace = std::fs::read_to_string(experiment.folder().join("trace.csv")).unwrap();
    Experiment::new(&lines.join("\n")).file("trace.csv", &trace)
}

#[test]
fn worlds_of_hosts_that_come_and_go_tell_the_same_when_they_go_on() {
    let mut opened = 0;
    for seed in 400..424 {
        for drawn in [worlds::draw(seed), swarm::draw(seed, false)] {
            let experiment = with_elastic_hosts(&drawn);
            let mut random = Seed(seed).stream(Purpose::Mix, 102);
            let warmup = format!("warmup={}s", random.below(3000));
            for set in [&[][..], &[warmup.as_str()]] {
                let scenario = experiment.scenario(set);
                checkpoints::check(&scenario, CHECKED, &mut random, &|| experiment.describe(seed));
                let fleet = experiment.run_with(set, CHECKED, &mut plimsoll::cloud::observe::Silent).fleet;
                for (peak, mean) in [
                    (fleet.vcpu_used_ratio_peak, fleet.vcpu_used_ratio_mean),
                    (fleet.memory_used_ratio_peak, fleet.memory_used_ratio_mean),
                    (fleet.gpu_used_ratio_peak, fleet.gpu_used_ratio_mean),
                    (fleet.hosts_used_peak as f64, fleet.hosts_used_mean),
                    (fleet.hosts as f64, fleet.hosts_used_peak as f64),
                ] {
                    assert!(peak >= mean - 1e-9, "{fleet:?}: {}", experiment.describe(seed));
                }
                opened += fleet.hosts;
            }
        }
    }
    assert!(opened > 200, "{opened} hosts were open at the peaks");
}
