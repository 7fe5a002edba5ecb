//! Sizing of what serves Auto Scaling groups: their greatest number, their warm pool, the reserve that survives a zone. Each answer is that
//! of plain arithmetic, and the least of all values that are run one by one.

use std::fs;

use plimsoll::cloud::outcome::{GroupUse, Outcome};
use serde_json::Value;

use crate::command_line::plimsoll;
use crate::support::{Experiment, Notes, UNCHECKED};

/// Returns what `size` answers, and the least of the values up to a greatest one that will do when each is run.
fn answers(
    scenario: &str,
    (setting, set): (&str, impl Fn(u64) -> Vec<String>),
    (target, will_do): (&str, impl Fn(&GroupUse) -> bool),
    most: u64,
) -> (u64, u64) {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("scenario.toml"), format!("name = 'sized'\n{scenario}")).unwrap();
    let most_text = most.to_string();
    let words = [
        "size",
        "scenario.toml",
        "--json",
        "--vary",
        setting,
        "--until",
        target,
        "--from",
        "1",
        "--to",
        &most_text,
    ];
    let output = plimsoll(place.path(), &words).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let sizing: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sizing["ending"], "found", "{sizing:#}");
    let experiment = Experiment::new(scenario);
    let of = |value: u64| -> Outcome {
        let set = set(value);
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        experiment.run_with(&set, UNCHECKED, &mut Notes::default())
    };
    let least = (1..=most).find(|value| will_do(&of(*value).autoscaling_groups[0].1)).expect("some will do");
    (sizing["answer"].as_u64().unwrap(), least)
}

#[test]
fn the_greatest_number_is_what_the_peak_takes_at_the_target() {
    let scenario = "duration = '2h'
        lifecycle.boot = '1m'
        zones = [{ name = 'a', hosts = [{ count = 20, vcpu = 16, memory_gib = 64 }] }]
        [[autoscaling_groups]]
        name = 'web'
        min = 1
        max = 20
        types = ['m5.large']
        [autoscaling_groups.load]
        units_per_instance = 100
        offered = { kind = 'steps', steps = [{ at = '0s', units = 100 }, { at = '10m', units = 900 }] }
        [[autoscaling_groups.policies]]
        kind = 'target-tracking'
        target = 0.5";
    let set = |value: u64| vec![format!("autoscaling_groups.0.max={value}")];
    let found = answers(
        scenario,
        ("autoscaling_groups.0.max", set),
        ("autoscaling_groups.web.above_target_s <= 600", |group| {
            group.figures.service.above_target_s <= 600.0
        }),
        24,
    );
    // 900 units ÷ (100 · 0.5).
    assert_eq!(found, (18, 18));
}

#[test]
fn the_warm_pool_is_as_large_as_the_step_that_it_absorbs() {
    let scenario = "duration = '1h'
        warmup = '20m'
        lifecycle.boot = '10m'
        zones = [{ name = 'a', hosts = [{ count = 20, vcpu = 16, memory_gib = 64 }] }]
        [[autoscaling_groups]]
        name = 'web'
        min = 4
        max = 20
        types = ['m5.large']
        warm_pool = { size = 1, prepared_max = 0, state = 'running' }
        [autoscaling_groups.load]
        units_per_instance = 100
        offered = { kind = 'steps', steps = [{ at = '0s', units = 400 }, { at = '30m', units = 1000 }] }
        [[autoscaling_groups.policies]]
        kind = 'scheduled'
        at = '30m'
        desired = 10";
    let found = answers(
        scenario,
        ("autoscaling_groups.0.warm_pool.size", |value: u64| {
            vec![format!("autoscaling_groups.0.warm_pool.size={value}")]
        }),
        ("autoscaling_groups.web.unserved_unit_s <= 0", |group| group.figures.service.unserved_unit_s <= 0.0),
        12,
    );
    // From four to ten instances, while others take ten minutes to come up.
    assert_eq!(found, (6, 6));
}

#[test]
fn the_reserve_that_survives_a_zone_is_what_the_others_have_to_take_in() {
    let zone =
        |name: &str| format!("{{ name = '{name}', hosts = [{{ count = 1, vcpu = 8, memory_gib = 32 }}] }}");
    let scenario = format!(
        "duration = '3h'
        lifecycle = {{ boot = '1m', terminate = '30s' }}
        faults.hosts = {{ detection = '30s', on_failure = 'terminate' }}
        zones = [{}, {}, {}]
        [[faults.outages]]
        at = '1h'
        zone = 'b'
        length = '1h'
        [[autoscaling_groups]]
        name = 'web'
        min = 24
        max = 24
        types = ['m5.large']
        load = {{ units_per_instance = 1, offered = {{ kind = 'constant', units = 24 }} }}",
        zone("a"),
        zone("b"),
        zone("c")
    );
    let set = |value: u64| (0..3).map(|zone| format!("zones.{zone}.hosts.0.count={value}")).collect();
    let found = answers(
        &scenario,
        ("zones.*.hosts.0.count", set),
        ("autoscaling_groups.web.unserved_unit_s <= 4800", |group| {
            group.figures.service.unserved_unit_s <= 4800.0
        }),
        6,
    );
    // Four instances to a host, and 24 over two zones. Two hosts to a zone take them as long as there are three: then eight are
    // missing for an hour, and not for the ten minutes that the target allows at most.
    assert_eq!(found, (3, 3));
}

#[test]
fn a_load_is_certain_unless_it_has_noise() {
    let place = tempfile::tempdir().unwrap();
    let scenario = "name = 'load'\nduration = '2h'\nzones = [{ name = 'a', hosts = [{ count = 4, vcpu = 16, memory_gib = 64 }] }]\n\
                    [[autoscaling_groups]]\nname = 'web'\nmin = 2\nmax = 9\ntypes = ['m5.large']\n\
                    load = { units_per_instance = 10, noise = 0.0, offered = { kind = 'constant', units = 40 } }\n";
    for (noise, expected) in [
        (
            "0.0",
            "The demand is loads of Auto Scaling groups, which no seed changes, and nothing else is random",
        ),
        ("0.5", "all variants have the same seed, and so the same demand"),
    ] {
        fs::write(
            place.path().join("scenario.toml"),
            scenario.replace("noise = 0.0", &format!("noise = {noise}")),
        )
        .unwrap();
        let words = ["compare", "scenario.toml", "-R", "3"];
        let variants =
            ["--variant", "two:autoscaling_groups.0.min=2", "--variant", "three:autoscaling_groups.0.min=3"];
        let output = plimsoll(place.path(), &[&words[..], &variants].concat()).output().unwrap();
        // Lines are broken at the width of the terminal.
        let told = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(expected), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
