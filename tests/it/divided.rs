//! Hosts that are divided: NUMA nodes, GPU devices, GPU models, and capacity that is sold more than once.

use plimsoll::cloud::Cloud;
use plimsoll::cloud::explain::Subject;
use plimsoll::cloud::observe::{Observation, Observer, Silent};
use plimsoll::cloud::outcome::Outcome;
use plimsoll::headroom::Headroom;
use plimsoll::placement::diagnosis::FilterReason;
use plimsoll::scenario::{Overrides, Scenario};
use plimsoll::units::InstanceId;
use plimsoll::workload::directory::Directory;

use crate::support::{CHECKED, Experiment, UNCHECKED, launches};

/// Zone of one host: 8 vCPU, 16 GiB and 2 GPUs under first-fit.
const ONE_HOST: &str = "
    duration = '1h'
    placement.strategy = 'first-fit'
    [[zones]]
    name = 'a'
    [[zones.hosts]]
    count = 1
    vcpu = 8
    memory_gib = 16
    gpu = 2
    gpu_model = 'T4'
";

fn experiment(rows: &str) -> Experiment {
    let rows: String = rows.lines().map(|row| row.replacen(',', ",,", 1) + "\n").collect();
    let trace = format!("start_s,end_s,vcpu,memory_gib,gpu,numa,gpu_model\n{rows}");
    Experiment::replaying(&trace, ONE_HOST)
}

/// Returns the launches that succeeded, and the errors of the others.
fn placed(experiment: &Experiment, set: &[&str]) -> (u64, Vec<(&'static str, u64)>) {
    let (_, succeeded, refused) = launches(&experiment.run_with(set, CHECKED, &mut Silent));
    (succeeded, refused)
}

const TWO_NODES: &str = "zones.0.hosts.0.numa_nodes=2";
const DEVICES: &str = "zones.0.hosts.0.gpu_division='devices'";
const NO_ROOM: &str = "InsufficientInstanceCapacity";

#[test]
fn an_instance_takes_one_node_or_half_of_two() {
    let experiment = experiment("0,3,4,,1,\n1,3,4,,1,\n2,2,4,,1,\n3,2,4,,2,\n");
    assert_eq!(placed(&experiment, &[]), (3, vec![(NO_ROOM, 1)]), "the last of four has no vCPU left");
    assert_eq!(placed(&experiment, &[TWO_NODES]), (3, vec![(NO_ROOM, 1)]), "the third has no node");
    let ends = |set: &[&str]| -> Vec<u64> {
        let mut cloud = Cloud::new(&experiment.scenario(set), UNCHECKED).unwrap();
        cloud.explain(Subject::Instance(InstanceId(2)));
        let outcome = cloud.run(&mut Silent).unwrap();
        outcome.decisions().iter().map(|decision| decision.at.as_seconds() as u64).collect()
    };
    assert_eq!(ends(&[]), [2]);
    assert_eq!(ends(&[TWO_NODES]).last(), Some(&3), "the third instance is the one that splits");
}

#[test]
fn without_a_word_on_nodes_an_instance_takes_the_fewest_or_what_the_threshold_says() {
    let experiment = experiment("0,6,4,,,\n1,2,6,,,\n2,2,6,,,\n");
    assert_eq!(
        placed(&experiment, &[TWO_NODES]),
        (1, vec![(NO_ROOM, 2)]),
        "three and three, one left on each"
    );
    let split = |gib: u32| format!("placement.numa.split_above_gib={gib}");
    assert_eq!(placed(&experiment, &[TWO_NODES, &split(5)]).0, 2, "the first is refused, the others split");
    assert_eq!(
        placed(&experiment, &[TWO_NODES, &split(3)]).0,
        2,
        "all split: 3, 1 and 1 on each node, 16 GiB"
    );
}

#[test]
fn devices_are_no_liquid() {
    let experiment = experiment("0,1,1,0.6,,\n1,1,1,0.5,,\n2,1,1,0.6,,\n3,1,1,0.4,,\n");
    assert_eq!(placed(&experiment, &[]), (3, vec![(NO_ROOM, 1)]), "0.3 is left for the last one");
    assert_eq!(
        placed(&experiment, &[DEVICES]),
        (3, vec![(NO_ROOM, 1)]),
        "0.4 and 0.5 are left for the third"
    );
    let experiment = self::experiment("0,1,1,0.5,,\n1,1,1,1.5,,\n2,1,1,1,,\n3,1,1,2,,\n");
    assert_eq!(placed(&experiment, &[]), (2, vec![(NO_ROOM, 2)]));
    assert_eq!(
        placed(&experiment, &[DEVICES]),
        (2, vec![(NO_ROOM, 2)]),
        "no device takes half of one and more"
    );
}

#[test]
fn what_is_larger_than_any_node_or_device_is_refused_and_counted() {
    let experiment = experiment("0,5,4,,1,\n1,5,4,,2,\n2,1,4,1.2,,\n3,1,4,3,,\n4,1,4,2,,\n");
    let refused = |count| vec![(NO_ROOM, count)];
    assert_eq!(
        placed(&experiment, &[TWO_NODES, DEVICES]),
        (2, refused(3)),
        "5 vCPU on one node; 1.2 and 3 devices"
    );
    assert_eq!(placed(&experiment, &[]), (2, refused(3)), "5 and 1 vCPU and 1.2 GPU leave 0.8");
}

#[test]
fn models_of_gpu_are_matched() {
    let experiment = experiment("0,1,1,1,,T4|P100\n1,1,1,0.5,,V100M32\n2,1,1,,,V100M32\n3,1,1,1,,\n");
    assert_eq!(placed(&experiment, &[]), (2, vec![("Unsupported", 2)]), "no host has a V100M32");
}

#[test]
fn capacity_is_sold_more_than_once() {
    let rows: String = (0..9).map(|second| format!("{second},4,2,,,\n")).collect();
    let experiment = experiment(&rows);
    assert_eq!(placed(&experiment, &[]).0, 2);
    assert_eq!(placed(&experiment, &["zones.0.hosts.0.vcpu_ratio=4"]).0, 8);
    let both = ["zones.0.hosts.0.vcpu_ratio=4", "zones.0.hosts.0.memory_ratio=0.5"];
    assert_eq!(placed(&experiment, &both).0, 4);
}

#[test]
fn an_explanation_names_nodes_and_devices() {
    let experiment = experiment("0,3,4,0.6,1,\n1,3,4,0.6,1,\n2,2,4,0.6,1,\n");
    let told = |set: &[&str]| -> Vec<FilterReason> {
        let mut cloud = Cloud::new(&experiment.scenario(set), UNCHECKED).unwrap();
        cloud.explain(Subject::Launch(2));
        let outcome: Outcome = cloud.run(&mut Silent).unwrap();
        let decisions = outcome.decisions();
        let filtered = &decisions.last().expect("the third launch is explained").diagnosis.filtered;
        filtered
            .iter()
            .filter(|(_, kept)| kept.alone > 0 || kept.hosts > 0)
            .map(|(reason, _)| reason)
            .collect()
    };
    assert_eq!(told(&[]), []);
    assert_eq!(told(&[TWO_NODES]), [FilterReason::Numa]);
    assert_eq!(told(&[DEVICES]), [FilterReason::Devices]);
    assert_eq!(told(&[TWO_NODES, DEVICES]), [FilterReason::Numa, FilterReason::Devices]);
}

/// The last sample of the headroom.
#[derive(Default)]
struct LastHeadroom(Option<Headroom>);

impl Observer for LastHeadroom {
    fn observe(&mut self, observation: &Observation, _: &Directory) {
        if let Observation::HeadroomSampled(_, headroom) = observation {
            self.0 = Some(headroom.clone());
        }
    }
}

#[test]
fn headroom_counts_what_nodes_and_devices_take() {
    let experiment = experiment("0,1,1,0.6,1,\n");
    let allocable = |set: &[&str]| {
        let set: Vec<&str> = set.iter().copied().chain(["headroom.every='30m'"]).collect();
        let mut last = LastHeadroom::default();
        experiment.run_with(&set, CHECKED, &mut last);
        last.0.expect("it was sampled").allocable[0].1
    };
    // 1.4 GPU are left: two of 0.6 as one amount, one on the other device.
    assert_eq!(allocable(&[]), 2);
    assert_eq!(allocable(&[DEVICES]), 1);
}

#[test]
fn what_cannot_be_divided_is_told_with_its_place() {
    let told = |set: &[&str], trace: &str| {
        let experiment = Experiment::replaying(trace, ONE_HOST);
        let path = experiment.folder().join("scenario.toml");
        let overrides = Overrides {
            set: set.iter().map(ToString::to_string).collect(),
            seed: None,
            ..Overrides::default()
        };
        match Scenario::parse(&path, &experiment.toml(), &overrides) {
            Err(error) => error.to_string(),
            Ok(scenario) => match Cloud::new(&scenario, UNCHECKED).map(|cloud| cloud.run(&mut Silent)) {
                Err(error) | Ok(Err(error)) => error.to_string(),
                Ok(Ok(_)) => "nothing".to_string(),
            },
        }
    };
    let plain = "start_s,end_s,vcpu,memory_gib\n0,,1,1\n";
    for (set, trace, expected) in [
        ("zones.0.hosts.0.numa_nodes=9", plain, "zones.0.hosts.0.numa_nodes=9`: found 9, expected 1 to 8"),
        (
            "zones.0.hosts.0.vcpu_ratio=0",
            plain,
            "zones.0.hosts.0.vcpu_ratio=0`: found 0, expected more than 0",
        ),
        ("zones.0.hosts.0.memory_ratio=-1", plain, "zones.0.hosts.0.memory_ratio=-1`: found -1"),
        (
            "placement.numa.split_above_gib=-1",
            plain,
            "placement.numa.split_above_gib=-1`: found -1, which is negative",
        ),
        ("seed=1", "start_s,end_s,vcpu,memory_gib,numa\n0,,1,1,3\n", "trace.csv:2: `numa`: found `3`"),
        ("seed=1", "start_s,end_s,type,numa\n0,,m5.large,1\n", "found `numa` beside `type`"),
    ] {
        let told = told(&[set], trace);
        assert!(told.contains(expected), "{set}: {told}");
    }
    let odd = told(&[DEVICES, "zones.0.hosts.0.gpu=1.5"], plain);
    assert!(odd.contains("zones.0.hosts.0.gpu=1.5`: found 1.5, expected 0 to 16 whole devices"), "{odd}");
}
