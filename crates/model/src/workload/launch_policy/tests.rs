use super::*;
use crate::workload::call::{End, Sender};
use plimsoll_base::catalogue::{ShapePrice, TypeTable};
use plimsoll_base::units::{SubnetId, ZoneId};

fn directory() -> Directory {
    Directory::new(TypeTable::new(&[], &ShapePrice::default()).unwrap(), Vec::new(), Vec::new())
}

fn config(text: &str) -> OnRefusalConfig {
    toml::from_str(text).unwrap()
}

fn problems(text: &str) -> Vec<String> {
    let found = config(text).compile("workload.on_refusal", &["m5.large"], &mut directory());
    found.unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn choices_are_the_launch_itself_then_any_zone_then_each_other_type() {
    let mut directory = directory();
    let rule = config("types = ['m5.xlarge', 'c5.large']\nzones = 'any'");
    let rule = rule.compile("on_refusal", &["m5.large"], &mut directory).unwrap();
    let kind = |directory: &mut Directory, name: &str| directory.types.named(name).unwrap();
    let [large, xlarge, other] = ["m5.large", "m5.xlarge", "c5.large"].map(|name| kind(&mut directory, name));
    let launch = Launch {
        kind: large,
        min_count: 1,
        max_count: 1,
        zone: Some(ZoneId(1)),
        subnet: Some(SubnetId(3)),
        public_address: None,
        handle: None,
        end: End::Never,
        options: None,
        stops: None,
        sender: Sender::Trace,
        first_instance: 7,
    };
    let choices: Vec<_> = (0..)
        .map_while(|choice| rule.choice(&launch, choice))
        .map(|launch| (launch.kind, launch.zone, launch.subnet, launch.first_instance))
        .collect();
    let expected = [
        (large, Some(ZoneId(1)), Some(SubnetId(3)), 7),
        (large, None, None, 7),
        (xlarge, None, None, 7),
        (other, None, None, 7),
    ];
    assert_eq!(choices, expected);
    let anywhere = Launch { zone: None, subnet: None, ..launch };
    assert_eq!(
        (0..).map_while(|choice| rule.choice(&anywhere, choice)).count(),
        3,
        "any zone is asked for already"
    );
}

#[test]
fn capacity_is_worth_another_attempt_and_a_quota_is_not() {
    let rule = OnRefusalConfig::default().compile("on_refusal", &[], &mut directory()).unwrap();
    assert!(rule.is_worth_another(Failure::InsufficientInstanceCapacity));
    assert!(rule.is_worth_another(Failure::RequestLimitExceeded));
    assert!(!rule.is_worth_another(Failure::VcpuLimitExceeded));
    let own = config("codes = ['VcpuLimitExceeded']").compile("on_refusal", &[], &mut directory()).unwrap();
    assert!(own.is_worth_another(Failure::VcpuLimitExceeded));
    assert!(!own.is_worth_another(Failure::InsufficientInstanceCapacity));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    for (text, key, expected) in [
        ("attempts = 0", "attempts", "1 or more"),
        ("multiplier = 0.5", "multiplier", "1 or more"),
        ("attempts = 2\nfirst_delay = '0s'", "first_delay", "some time"),
        ("first_delay = '10m'", "longest_delay", "at least `first_delay`"),
        ("types = ['m5.large']", "types.0", "tries none twice"),
        ("types = ['c5.large', 'm5.xlarge', 'c5.large']", "types.2", "tries none twice"),
        ("types = ['m5.lrge']", "types.0", "an instance type"),
        ("codes = ['InsufficientInstanceCapacty']", "codes.0", "an error code"),
    ] {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains(&format!("workload.on_refusal.{key}")), "{text}: {found:?}");
        assert!(found[0].contains(expected), "{text}: {found:?}");
    }
}

#[test]
fn another_type_is_asked_for_by_weight() {
    let mut directory = directory();
    let [large, twice, thrice] =
        ["m5.large", "m5.xlarge", "m5.2xlarge"].map(|name| directory.types.named(name).unwrap());
    let rule = OnRefusal::once(vec![(large, 1), (twice, 2), (thrice, 3)], vec![ZoneId(0)]);
    let launch = |kind, max_count| Launch {
        kind,
        min_count: 1,
        max_count,
        zone: Some(ZoneId(0)),
        subnet: None,
        public_address: None,
        handle: None,
        end: End::Never,
        options: None,
        stops: None,
        sender: Sender::Group(0),
        first_instance: 7,
    };
    let choices = |launch: Launch| -> Vec<_> {
        let choices = (0..).map_while(|choice| rule.choice(&launch, choice));
        choices.map(|launch| (launch.kind, launch.max_count)).collect()
    };
    assert_eq!(choices(launch(large, 7)), [(large, 7), (twice, 4), (thrice, 3)]);
    assert_eq!(choices(launch(thrice, 7)), [(thrice, 7), (large, 21), (twice, 11)]);
}
