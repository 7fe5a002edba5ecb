//! Auto Scaling groups: a table computed by hand, and what zones, refusals and faults do to them.

use plimsoll::cloud::outcome::{GroupUse, Outcome};

use crate::support::{CHECKED, Experiment, Notes, UNCHECKED};

fn group(outcome: &Outcome) -> &GroupUse {
    &outcome.autoscaling_groups[0].1
}

/// A group whose instances serve 100 units each, under a step of load.
fn stepped(more: &str) -> Experiment {
    Experiment::new(&format!(
        "duration = '45m'
        output.sample_every = '1m'
        lifecycle.boot = '90s'
        zones = [{{ name = 'a', hosts = [{{ count = 20, vcpu = 8, memory_gib = 64 }}] }}]
        [[autoscaling_groups]]
        name = 'web'
        min = 2
        max = 20
        types = ['m5.large']
        warmup = '2m'
        {more}
        [autoscaling_groups.load]
        units_per_instance = 100
        offered = {{ kind = 'steps', steps = [{{ at = '0s', units = 100 }}, {{ at = '5m', units = 400 }}, {{ at = '20m', units = 150 }}] }}
        [[autoscaling_groups.policies]]
        kind = 'target-tracking'
        target = 0.5"
    ))
}

#[test]
fn target_tracking_on_a_step_of_load_is_the_table_computed_by_hand() {
    let (outcome, notes) = stepped("").watch();
    // Minute: desired, in service, load. Two instances run from 1.5 min on. 400 units from minute 5 are above the target in
    // the minutes that end at 6, 7 and 8: then desired = ceil(2 · 2.0 ÷ 0.5) = 8, in service 90 s later, at 9.5 min. 150 units
    // from minute 20 are below 0.9 · 0.5 in the minutes that end at 21 … 35: then desired = ceil(8 · 0.1875 ÷ 0.5) = 3.
    let expected = |minute: u64| match minute {
        0..=1 => (2, 0, 100),
        2..5 => (2, 2, 100),
        5..8 => (2, 2, 400),
        8..=9 => (8, 2, 400),
        10..20 => (8, 8, 400),
        20..35 => (8, 8, 150),
        _ => (3, 3, 150),
    };
    for minute in 0..=44 {
        let group = &notes.at(minute as f64 * 60.0).autoscaling_groups[0].1;
        let found = (group.desired, group.in_service, group.load_milli / 1000);
        assert_eq!(found, expected(minute), "minute {minute}");
    }
    let web = group(&outcome);
    // Nothing serves the first 90 s; then two instances serve 200 of 400 units for 4.5 min.
    assert_eq!(web.figures.service.unserved_unit_s, 100.0 * 90.0 + 200.0 * 270.0);
    assert_eq!(web.figures.service.above_target_s, 90.0 + 270.0);
    assert_eq!(web.activities.values().sum::<u64>(), 2);
    assert_eq!((web.figures.desired_peak, web.refused, web.replaced), (8, 0, 0));
    assert_eq!(outcome.launch.requested, 8);
}

#[test]
fn a_group_that_does_not_scale_in_keeps_its_size() {
    let (outcome, notes) = stepped("").watch_with(&["autoscaling_groups.0.policies.0.scale_in=false"]);
    assert_eq!(notes.at(2640.0).autoscaling_groups[0].1.desired, 8);
    assert_eq!(group(&outcome).figures.in_service_peak, 8);
}

#[test]
fn refusals_are_asked_for_again_each_minute_and_other_types_tried() {
    let experiment = Experiment::new(
        "duration = '1h'
        zones = [{ name = 'a', hosts = [{ count = 1, vcpu = 10, memory_gib = 64 }] }]
        [[autoscaling_groups]]
        name = 'web'
        min = 4
        max = 4
        types = ['m5.xlarge', 'm5.large']",
    );
    let (outcome, notes) = experiment.watch();
    // Of four large ones two fit; a minute later one of the smaller ones does, and from then on one is refused each minute.
    let web = group(&outcome);
    assert_eq!(web.refused, 2 + 60);
    assert_eq!((outcome.launch_course.first_choice, outcome.launch_course.other_type), (2, 1));
    assert_eq!(notes.samples.last().expect("the end").autoscaling_groups[0].1.in_service, 3);
}

/// Three zones and a group over all of them; one zone goes away for half an hour.
const OUTAGE: &str = "duration = '3h'
    output.sample_every = '1m'
    lifecycle = { boot = '1m', terminate = '30s' }
    zones = [
        { name = 'a', hosts = [{ count = 8, vcpu = 16, memory_gib = 64 }] },
        { name = 'b', hosts = [{ count = 8, vcpu = 16, memory_gib = 64 }] },
        { name = 'c', hosts = [{ count = 8, vcpu = 16, memory_gib = 64 }] },
    ]
    faults.hosts = { detection = '30s', on_failure = 'terminate' }
    [[faults.outages]]
    at = '1h'
    zone = 'b'
    length = '30m'
    [[autoscaling_groups]]
    name = 'web'
    min = 90
    max = 90
    types = ['m5.large']
    warmup = '1m'";

#[test]
fn a_zone_that_goes_away_is_replaced_in_the_others_and_filled_again() {
    let (outcome, notes) = Experiment::new(OUTAGE).watch();
    let at = |minute: f64| notes.at(60.0 * minute).autoscaling_groups[0].1;
    assert_eq!(at(59.0).in_service, 90);
    let lost = at(61.0).in_service;
    assert!(lost <= 60 + 3, "a third is lost: {lost}");
    assert_eq!(at(65.0).in_service, 90, "replaced in the other zones");
    let web = group(&outcome);
    assert_eq!(web.replaced, 30);
    assert!(web.rebalanced >= 25, "{web:?}");
    assert_eq!(at(175.0).in_service, 90);
    let again = Experiment::new(OUTAGE).run_with(&[], UNCHECKED, &mut Notes::default());
    assert_eq!(outcome.digest, again.digest);
}

#[test]
fn the_largest_number_is_a_limit_that_a_sizing_can_move() {
    let small = stepped("").run_with(&["autoscaling_groups.0.max=5"], CHECKED, &mut Notes::default());
    let large = stepped("").run_with(&["autoscaling_groups.0.max=9"], CHECKED, &mut Notes::default());
    assert_eq!((group(&small).figures.desired_peak, group(&large).figures.desired_peak), (5, 8));
    assert!(group(&small).figures.service.above_target_s > group(&large).figures.service.above_target_s);
}

/// A group of ten over one zone of small and memory-poor hosts, after some settings.
fn allocated(more: &str) -> (Outcome, Notes) {
    Experiment::new(&format!(
        "duration = '30m'
        output.sample_every = '1m'
        zones = [{{ name = 'a', hosts = [{{ count = 10, vcpu = 16, memory_gib = 32 }}] }}]
        [[autoscaling_groups]]
        name = 'g'
        min = 4
        max = 20
        desired = 10
        types = ['r5.large', 't3.large', 'c5.large']
        {more}"
    ))
    .watch()
}

/// Instances launched of each type of the group, in its order.
fn by_type(outcome: &Outcome) -> Vec<u64> {
    ["r5.large", "t3.large", "c5.large"]
        .into_iter()
        .map(|name| {
            let mut types = outcome.directory.types.iter();
            let kind = types.find(|(_, kind)| kind.name == name).map(|(id, _)| id.index());
            kind.and_then(|kind| outcome.breakdown.types.get(kind)).map_or(0, |kind| kind.launches.launched)
        })
        .collect()
}

#[test]
fn a_group_asks_for_the_type_of_its_strategy_first() {
    // USD/h: r5.large 0.126, t3.large 0.0832, c5.large 0.085. Room: 20 of 16 GiB, 40 of 8, 80 of 4; all have room for ten.
    for (allocation, expected) in [
        ("prioritized", [10, 0, 0]),
        ("lowest-price", [0, 10, 0]),
        ("capacity-optimized", [0, 0, 10]),
        ("price-capacity-optimized", [0, 10, 0]),
    ] {
        let (outcome, _) = allocated(&format!("allocation = '{allocation}'"));
        assert_eq!(by_type(&outcome), expected, "{allocation}");
    }
}

#[test]
fn what_is_on_the_spot_market_is_a_share_of_what_is_above_the_base() {
    let (outcome, _) = allocated("on_demand_base = 2\nspot_share = 0.75");
    let group = group(&outcome);
    // Two of the base, and a quarter of the other eight.
    assert_eq!(group.figures.spot_in_service_mean, 6.0);
    let spot = outcome.bill.by_purchase.keys().map(|purchase| purchase.name()).collect::<Vec<_>>();
    assert!(spot.contains(&"spot") && spot.contains(&"on-demand"), "{spot:?}");
}

#[test]
fn scaling_in_ends_the_type_that_would_be_asked_for_last() {
    // On a host of 6 vCPUs and 40 GiB two of the first type fit and one of the last; then one of the three ends.
    let run = |termination: &str| {
        let experiment = Experiment::new(&format!(
            "duration = '30m'
            output.sample_every = '1m'
            zones = [{{ name = 'a', hosts = [{{ count = 1, vcpu = 6, memory_gib = 40 }}] }}]
            [[autoscaling_groups]]
            name = 'g'
            min = 2
            max = 3
            desired = 3
            types = ['r5.large', 'c5.large']
            termination = '{termination}'
            [[autoscaling_groups.policies]]
            kind = 'scheduled'
            at = '10m'
            desired = 2"
        ));
        let (outcome, notes) = experiment.watch();
        assert_eq!(notes.at(1500.0).autoscaling_groups[0].1.in_service, 2);
        outcome.bill.total
    };
    // Two of 0.126 USD/h for half an hour and one of 0.085 for ten minutes, and the other way round.
    assert!(run("allocation-strategy") > run("oldest"));
}

#[test]
fn a_queue_without_end_is_told() {
    let overload = "[autoscaling_groups.load]
        units_per_instance = 10
        queue = true
        offered = { kind = 'constant', units = 150 }";
    let (outcome, _) = allocated(overload);
    let group = group(&outcome);
    // Fifty units a second beyond the ten instances, for half an hour.
    assert_eq!(group.figures.service.waiting_unit_s, 50.0 * 1800.0);
    assert_eq!(group.figures.service.unserved_unit_s, 0.0);
    assert!(group.is_unstable);
}

#[test]
fn instances_count_by_the_weight_of_their_type() {
    let experiment = |vcpu: u32| {
        Experiment::new(&format!(
            "duration = '30m'
            output.sample_every = '1m'
            zones = [{{ name = 'a', hosts = [{{ count = 1, vcpu = {vcpu}, memory_gib = 256 }}] }}]
            [[autoscaling_groups]]
            name = 'g'
            min = 0
            max = 20
            desired = 10
            types = [{{ name = 'm5.2xlarge', weight = 4 }}, {{ name = 'm5.large', weight = 1 }}]
            load = {{ units_per_instance = 100, offered = {{ kind = 'constant', units = 1500 }} }}
            [[autoscaling_groups.policies]]
            kind = 'scheduled'
            at = '10m'
            desired = 7"
        ))
    };
    // Three of weight 4 are the least that count for 10; of twelve one ends to keep at least 7.
    let (outcome, notes) = experiment(64).watch();
    let at = |notes: &Notes, minute: f64| notes.at(60.0 * minute).autoscaling_groups[0].1;
    assert_eq!(
        (at(&notes, 5.0).desired, at(&notes, 5.0).in_service, at(&notes, 15.0).in_service),
        (10, 12, 8)
    );
    assert_eq!(at(&notes, 5.0).capacity_milli, 1_200_000);
    assert_eq!(group(&outcome).figures.service.unserved_unit_s, 300.0 * 600.0 + 700.0 * 1200.0);
    // With 20 vCPUs two of 8 fit. A minute later one more is refused, and of the four of weight 1 in its place two fit: ten.
    let (outcome, notes) = experiment(20).watch();
    assert_eq!((at(&notes, 0.0).in_service, at(&notes, 5.0).in_service), (8, 10));
    let course = &outcome.launch_course;
    assert_eq!((course.first_choice, course.other_type, group(&outcome).refused), (2, 2, 1));
    // The oldest is of weight 4: without it there would be too few, so nothing ends.
    assert_eq!(at(&notes, 15.0).in_service, 10);
}

#[test]
fn the_cheapest_type_is_the_cheapest_by_weight() {
    // USD/h and unit: m5.large 0.096, m5.xlarge 0.192 ÷ 3 = 0.064.
    let (outcome, notes) = Experiment::new(
        "duration = '30m'
        output.sample_every = '1m'
        zones = [{ name = 'a', hosts = [{ count = 10, vcpu = 16, memory_gib = 64 }] }]
        [[autoscaling_groups]]
        name = 'g'
        min = 6
        max = 20
        allocation = 'lowest-price'
        types = [{ name = 'm5.large', weight = 1 }, { name = 'm5.xlarge', weight = 3 }]",
    )
    .watch();
    assert_eq!((outcome.launch.succeeded, notes.at(60.0).autoscaling_groups[0].1.in_service), (2, 6));
}

/// A group of four spot instances in two zones; the market in the first is above every price from 30.5 min on.
fn at_risk(more: &str) -> (Outcome, Notes) {
    let prices = "time_s,type,zone,usd_per_hour\n0,m5.large,a,0.03\n0,m5.large,b,0.03\n1830,m5.large,a,0.2\n";
    Experiment::new(&format!(
        "duration = '45m'
        output.sample_every = '30s'
        lifecycle.boot = '1m'
        billing.spot = {{ price = {{ kind = 'file', file = 'prices.csv' }}, recommendation_ahead = '10m' }}
        zones = [
            {{ name = 'a', hosts = [{{ count = 8, vcpu = 16, memory_gib = 64 }}] }},
            {{ name = 'b', hosts = [{{ count = 8, vcpu = 16, memory_gib = 64 }}] }},
        ]
        [[autoscaling_groups]]
        name = 'g'
        min = 4
        max = 20
        types = ['m5.large']
        spot_share = 1
        {more}"
    ))
    .file("prices.csv", prices)
    .watch()
}

#[test]
fn what_is_at_risk_is_replaced_ahead_of_the_interruption_where_the_group_wants_it() {
    let service = |notes: &Notes, minute: f64| {
        let group = notes.at(60.0 * minute).autoscaling_groups[0].1;
        (group.in_service, group.coming)
    };
    // Notice at 30.5 min, interruption two minutes later, others in the next minute, up a minute after.
    let (outcome, notes) = at_risk("");
    assert_eq!(
        [30.5, 32.0, 32.5, 33.0, 34.0].map(|at| service(&notes, at)),
        [(4, 0), (4, 0), (2, 0), (2, 2), (4, 0)]
    );
    assert_eq!((outcome.disruptions.spot_interruptions, group(&outcome).replaced), (2, 2));
    // Recommendation at 20.5 min: two more in the other zone, up at 21.5 min; the next minute ends the two at risk. The zones are
    // evened out then, and who runs in the first one now is told with the notice: replaced by 31.5 min, ended at 32 min.
    let (outcome, notes) = at_risk("capacity_rebalance = true");
    assert_eq!([20.0, 20.5, 21.5, 22.0].map(|at| service(&notes, at)), [(4, 0), (4, 2), (6, 0), (4, 0)]);
    assert_eq!(
        [30.0, 30.5, 31.5, 32.0, 40.0].map(|at| service(&notes, at)),
        [(4, 0), (4, 2), (6, 0), (4, 0), (4, 0)]
    );
    let group = group(&outcome);
    assert_eq!((outcome.disruptions.spot_interruptions, group.replaced, group.replaced_ahead), (0, 0, 4));
}
