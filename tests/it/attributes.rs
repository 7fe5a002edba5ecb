//! Calls about instances beside their states: tokens, protection, tags, user data, filters, batches,
//! hibernation.

use plimsoll::cloud::outcome::Outcome;
use plimsoll::failure::{LimitHit, LimitKind};
use plimsoll::operation::Operation;

use crate::support::{Experiment, Notes, billed_seconds, calls, launches, operations};

const CLOUD: &str = "
    duration = '30h'
    output.sample_every = '10s'
    placement.strategy = 'first-fit'
    [[zones]]
    name = 'y'
    hosts = [{ count = 6, vcpu = 4, memory_gib = 16 }]
    [[zones]]
    name = 'z'
    hosts = [{ count = 2, vcpu = 4, memory_gib = 16 }]
    [[instance_types]]
    name = 'unit'
    vcpu = 1
    memory_gib = 1
    on_demand_usd_per_hour = 3.6";

fn cloud_with(set: &str, rows: &str) -> (Outcome, Notes) {
    Experiment::replaying(&operations(rows), &format!("{set}{CLOUD}")).watch()
}

fn watch(rows: &str) -> (Outcome, Notes) {
    cloud_with("", rows)
}

/// When and why calls were refused.
fn refused(rows: &str) -> Vec<(u64, &'static str)> {
    watch(rows).1.reasons()
}

/// Answers of calls on instances, as [`calls`] has the calls.
fn answers(outcome: &Outcome, operation: Operation) -> (u64, u64) {
    let tally = outcome.answers.iter().find(|(of, _)| *of == operation);
    tally.map_or((0, 0), |(_, tally)| (tally.succeeded, tally.failed()))
}

#[test]
fn a_token_makes_of_the_same_launch_one() {
    let rows = "0 launch instance=a type=unit count=2 token=t
        10 launch instance=b type=unit count=2 token=t
        20 launch instance=b type=unit count=3 token=t
        30 launch instance=c type=unit count=2 token=t account=other
        40 launch instance=d type=unit count=2 token=t";
    let (outcome, notes) = watch(rows);
    assert_eq!(notes.refused(), [(20.0, "launch", "IdempotentParameterMismatch", 3)]);
    assert_eq!(calls(&outcome, Operation::Launch).1, 4);
    assert_eq!(launches(&outcome).1, 4, "two of each account");
    assert_eq!(notes.at(50.0).instances_running, 4);
}

#[test]
fn the_answer_of_a_repeated_launch_is_the_instances_of_the_first() {
    let rows = "0 launch instance=a type=unit token=t
        10 launch instance=b type=unit token=t
        20 terminate instance=b
        30 launch instance=c type=unit token=t
        40 start instance=c";
    let (_, notes) = watch(rows);
    assert_eq!(notes.refused(), [(40.0, "start", "IncorrectInstanceState", 1)]);
    assert_eq!(notes.at(40.0).instances_running, 0);
}

#[test]
fn a_token_is_forgotten_after_a_day_and_one_that_was_refused_at_once() {
    let rows = "0 launch instance=a type=unit token=t
        86399 launch instance=b type=unit token=t
        86400 launch instance=c type=unit token=t
        86401 launch instance=d type=unit count=99 token=u
        86402 launch instance=d type=unit count=1 token=u";
    let (outcome, _) = watch(rows);
    assert_eq!(launches(&outcome).1, 3);
}

#[test]
fn a_protected_instance_is_not_terminated() {
    let rows = "0 launch instance=a type=unit protection=true
        0 launch instance=b type=unit
        10 terminate instance=a
        11 terminate instance=b
        20 modify instance=a protection=false
        30 modify instance=b protection=true
        40 terminate instance=a
        50 launch instance=c type=unit
        60 modify instance=c protection=true
        70 stop instance=c
        80 terminate instance=c";
    let expected =
        [(10, "OperationNotPermitted"), (30, "IncorrectInstanceState"), (80, "OperationNotPermitted")];
    assert_eq!(refused(rows), expected);
}

#[test]
fn an_instance_has_at_most_50_tags() {
    let tags = |from: u32, to: u32| (from..to).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join("|");
    let rows = format!(
        "0 launch instance=a type=unit tags={}
        10 create-tags instance=a tags={}
        20 create-tags instance=a tags=k0=w
        30 create-tags instance=a tags={}
        40 delete-tags instance=a tag_keys=k0|nothing
        50 create-tags instance=a tags=k50=v
        60 launch instance=b type=unit tags={}",
        tags(0, 40),
        tags(40, 50),
        tags(49, 51),
        tags(0, 51),
    );
    let (_, notes) = watch(&rows);
    let why: Vec<_> =
        notes.refusals.iter().map(|refusal| (refusal.at.as_seconds(), refusal.reason.limit)).collect();
    let limit = |asked, left| Some(LimitHit { kind: LimitKind::TagsPerResource, asked, left });
    assert_eq!(why, [(30.0, limit(1, 0)), (60.0, limit(51, 50))]);
    assert!(notes.refused().iter().all(|refused| refused.2 == "TagLimitExceeded"));
}

#[test]
fn user_data_has_at_most_16_kib() {
    let rows = "0 launch instance=a type=unit user_data_bytes=16384
        1 launch instance=a type=unit user_data_bytes=16385";
    assert_eq!(refused(rows), [(1, "InvalidParameterValue")]);
    let limit = LimitHit { kind: LimitKind::UserDataBytes, asked: 16_385, left: 16_384 };
    assert_eq!(watch(rows).1.refusals[0].reason.limit, Some(limit));
}

#[test]
fn a_tag_that_is_given_again_has_its_new_value() {
    let described = |query: &str| {
        let rows = format!(
            "0 launch instance=a type=unit tags=team=red|kept=v
            1 create-tags instance=a tags=team=blue|new=n|new=m
            2 describe {query}"
        );
        watch(&rows).0.described_instances
    };
    let all = ["tag:team=blue", "tag:kept=v", "tag:new=m"];
    assert_eq!(all.map(|filter| described(&format!("filters={filter}"))), [1, 1, 1]);
    let none = ["tag:team=red", "tag:new=n"];
    assert_eq!(none.map(|filter| described(&format!("filters={filter}"))), [0, 0]);
}

#[test]
fn describe_finds_what_meets_every_filter_page_by_page() {
    let found = |query: &str| {
        let rows = format!(
            "0 launch instance=a type=unit zone=y count=12 tags=team=red
            0 launch instance=b type=unit zone=z count=3 tags=team=blue|x=
            0 launch instance=c type=m5.large zone=z
            0 launch instance=o type=unit account=other
            1 stop instance=b
            2 describe {query}"
        );
        let (outcome, notes) = watch(&rows);
        assert_eq!(notes.refused(), [], "{query}");
        (outcome.described_instances, outcome.described_pages)
    };
    assert_eq!(found(""), (16, 1));
    assert_eq!(found("page_size=5"), (16, 4));
    assert_eq!(found("page_size=1000"), (16, 1));
    assert_eq!(found("filters=state=running page_size=5"), (13, 3));
    assert_eq!(found("filters=state=stopped,running|zone=z"), (4, 1));
    assert_eq!(found("filters=type=unit|tag:team=red"), (12, 1));
    assert_eq!(found("filters=tag-key=x"), (3, 1));
    assert_eq!(found("filters=tag:team=green page_size=5"), (0, 1));
    assert_eq!(found("instance=a|c"), (13, 1));
    assert_eq!(found("account=other"), (1, 1));
    assert_eq!(found("account=absent"), (0, 1));
}

#[test]
fn describe_refuses_wrong_pages_and_instances_of_others_as_a_whole() {
    let rows = "0 launch instance=a type=unit
        1 describe page_size=4
        2 describe page_size=1001
        3 describe instance=a account=other
        4 describe instance=a|absent
        5 describe instance=a";
    let expected = [
        (1, "InvalidParameterValue"),
        (2, "InvalidParameterValue"),
        (3, "InvalidInstanceID.NotFound"),
        (4, "InvalidInstanceID.NotFound"),
    ];
    assert_eq!(refused(rows), expected);
    assert_eq!(watch(rows).0.described_instances, 1);
}

#[test]
fn corrected_every_id_of_a_batch_has_its_own_answer_unless_one_is_unknown() {
    let rows = "0 launch instance=a type=unit count=2
        0 launch instance=b type=unit
        10 stop instance=a|absent|b
        20 stop instance=a
        30 start instance=b|absent|a
        31 start instance=b|a
        35 stop instance=b
        36 stop instance=b|a
        40 terminate instance=absent|a|b
        50 terminate instance=a|b";
    let (outcome, notes) = watch(rows);
    let wrong = |at, operation, why| (at, operation, why, 1);
    let mut expected = vec![
        wrong(10.0, "stop", "InvalidInstanceID.NotFound"),
        wrong(30.0, "start", "InvalidInstanceID.NotFound"),
        wrong(31.0, "start", "IncorrectInstanceState"),
        wrong(36.0, "stop", "IncorrectInstanceState"),
    ];
    expected.push(wrong(40.0, "terminate", "InvalidInstanceID.NotFound"));
    assert_eq!(notes.refused(), expected);
    // Of an unknown one all answers are refusals; else each is its instance's own.
    assert_eq!(answers(&outcome, Operation::Stop), (2 + 1 + 2, 4 + 1));
    assert_eq!(answers(&outcome, Operation::Start), (2, 4 + 1));
    assert_eq!(answers(&outcome, Operation::Terminate), (3, 4));
    let refused = vec![("IncorrectInstanceState", 1), ("InvalidInstanceID.NotFound", 1)];
    let (requested, succeeded, mut why) = calls(&outcome, Operation::Stop);
    why.sort_unstable();
    assert_eq!((requested, succeeded, why), (4, 2, refused));
    assert_eq!(calls(&outcome, Operation::Terminate).1, 1);
    let running = [10.0, 20.0, 30.0, 40.0].map(|at| notes.at(at).instances_running);
    assert_eq!(running, [3, 1, 1, 0]);
}

#[test]
fn an_instance_hibernates_only_if_it_was_launched_so_and_is_billed_until_it_is_off() {
    let rows = "0 launch instance=a type=unit hibernation=true
        0 launch instance=b type=unit
        100 hibernate instance=b
        100 hibernate instance=a
        1000 start instance=a
        1100 stop instance=a
        2000 terminate instance=a|b";
    let (outcome, notes) = cloud_with("lifecycle.stop = '30s'\n", rows);
    assert_eq!(notes.refused(), [(100.0, "hibernate", "UnsupportedHibernationConfiguration", 1)]);
    assert_eq!(billed_seconds(&outcome), (100 + 30) + 100 + 2000);
    // Its capacity is free only when it is off.
    assert_eq!([120.0, 140.0].map(|at| notes.at(at).vcpu_used_milli), [2000, 1000]);
}

#[test]
fn corrected_fewer_than_the_least_count_are_none_at_all() {
    // Zone y has room for 24, zone z for 8.
    for (counts, launched) in [("count=30 min_count=25", 0), ("count=30 min_count=24", 24), ("count=9", 9)] {
        let (outcome, notes) = watch(&format!("0 launch instance=a type=unit {counts}"));
        assert_eq!(launches(&outcome).1, launched, "{counts}");
        assert_eq!(notes.at(10.0).vcpu_used_milli, launched * 1000, "{counts}");
    }
}

#[test]
fn corrected_prices_are_found_however_an_instance_is_bought() {
    for purchase in ["", "purchase=on-demand", "purchase=spot"] {
        let rows = format!("0 launch instance=a type=m5.large {purchase}\n3600 terminate instance=a");
        assert!(watch(&rows).0.bill.total > 0, "{purchase}");
    }
    let rows = "0 launch instance=a type=m5.large\n3600 terminate instance=a";
    assert_eq!(watch(rows).0.bill.total, 96_000);
}

#[test]
fn corrected_whatever_fails_after_the_address_gives_it_back() {
    let network = "[network]\nsubnets = [{ name = 's', zone = 'y', cidr = '10.0.0.0/28' }]\n";
    let rows = "0 launch instance=a type=m5.large subnet=s interfaces=5
        10 launch instance=a type=m5.large subnet=s addresses=3 prefixes=1
        20 launch instance=a type=m5.large subnet=s volumes=/dev/sdf:io1:3:100
        30 launch instance=a type=m5.large subnet=s purchase=spot max_usd_per_hour=0";
    let trace = operations(rows);
    let (_, notes) = Experiment::replaying(&trace, &format!("{CLOUD}\n{network}")).watch();
    let why: Vec<&str> = notes.refused().iter().map(|refused| refused.2).collect();
    let expected =
        ["AttachmentLimitExceeded", "InsufficientCidrBlocks", "InvalidParameterValue", "SpotMaxPriceTooLow"];
    assert_eq!(why, expected);
    let end = notes.samples.last().expect("the end is sampled");
    assert_eq!((end.addresses_used, end.vcpu_used_milli, end.hosts_used), (0, 0, 0));
}
