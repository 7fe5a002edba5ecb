//! Operations on instances from call to bill: what each does, frees, keeps and costs, and what is refused.

use plimsoll::operation::Operation;

use crate::support::{Experiment, billed, billed_seconds, calls, instances_micro_usd, launches};

/// Two hosts for two units each, one subnet with public addresses, two of those.
const CLOUD: &str = "
    duration = '2000s'
    output.sample_every = '10s'
    zones = [{ name = 'z', hosts = [{ count = 2, vcpu = 2, memory_gib = 8 }] }]
    instance_types = [
        { name = 'unit', vcpu = 1, memory_gib = 1, on_demand_usd_per_hour = 3.6 },
        { name = 'double', vcpu = 2, memory_gib = 1, on_demand_usd_per_hour = 7.2 },
    ]
    placement.strategy = 'first-fit'
    [network]
    public_addresses = 3
    [[network.subnets]]
    name = 's'
    zone = 'z'
    cidr = '10.0.0.0/28'
    assign_public_address = true";

/// The calls of a trace on `CLOUD`, with a few more settings.
fn cloud(set: &str, rows: &str) -> Experiment {
    let rows: Vec<&str> = rows.split_whitespace().collect();
    let trace = format!("time_s,op,instance,type,count,min_count,account\n{}\n", rows.join("\n"));
    Experiment::replaying(&trace, &format!("{set}{CLOUD}"))
}

#[test]
fn a_launch_is_all_or_nothing_below_its_least_count_and_as_many_as_fit_above() {
    // Three public addresses and four places: three fit.
    for (counts, launched, refused) in
        [("5,4", 0, 5), ("5,3", 3, 2), ("5,1", 3, 2), ("3,", 3, 0), ("4,", 0, 4)]
    {
        let (outcome, notes) = cloud("", &format!("0,launch,a,unit,{counts},")).watch();
        let why = if refused > 0 { vec![("InsufficientAddressCapacity", refused)] } else { vec![] };
        assert_eq!(launches(&outcome), (launched + refused, launched, why), "{counts}");
        // As a call it succeeds when anything is launched.
        assert_eq!(calls(&outcome, Operation::Launch).1, u64::from(launched > 0), "{counts}");
        let (at, running) = (notes.at(10.0), notes.at(10.0).instances_running);
        assert_eq!((running, at.addresses_used, at.public_addresses_used), (launched, launched, launched));
        assert_eq!(at.vcpu_used_milli, launched * 1000, "what is not launched takes no capacity");
    }
}

#[test]
fn a_name_of_several_instances_names_all_of_them() {
    let (outcome, notes) =
        cloud("", "0,launch,a,unit,3,, 100,stop,a,,,, 200,start,a,,,, 300,terminate,a,,,,").watch();
    let running = [10.0, 110.0, 210.0, 310.0].map(|at| notes.at(at).instances_running);
    assert_eq!(running, [3, 0, 3, 0]);
    assert_eq!(calls(&outcome, Operation::Stop), (1, 1, vec![]));
    assert_eq!(billed_seconds(&outcome), 3 * 200);
}

#[test]
fn stopping_frees_capacity_and_public_address_and_keeps_the_private_one() {
    let (_, notes) = cloud("", "0,launch,a,double,,, 100,stop,a,,,, 200,terminate,a,,,,").watch();
    for (at, vcpu, hosts, private, public, stopped) in
        [(50.0, 2_000, 1, 1, 1, 0), (150.0, 0, 0, 1, 0, 1), (250.0, 0, 0, 0, 0, 0)]
    {
        let sample = notes.at(at);
        assert_eq!((sample.vcpu_used_milli, sample.hosts_used), (vcpu, hosts), "{at} s");
        assert_eq!((sample.addresses_used, sample.public_addresses_used), (private, public), "{at} s");
        assert_eq!(sample.instances_stopped, stopped, "{at} s");
    }
}

#[test]
fn starting_places_anew_and_where_that_fails_the_instance_stays_stopped() {
    let (outcome, notes) = cloud(
        "",
        "0,launch,a,double,,, 100,stop,a,,,, 110,launch,b,double,,, 120,launch,c,double,,,
         200,start,a,,,, 300,terminate,c,,,, 400,start,a,,,,",
    )
    .watch();
    assert_eq!(notes.refused(), [(200.0, "start", "InsufficientInstanceCapacity", 1)]);
    assert_eq!(calls(&outcome, Operation::Start), (2, 1, vec![("InsufficientInstanceCapacity", 1)]));
    let states = |at| (notes.at(at).instances_running, notes.at(at).instances_stopped);
    assert_eq!([150.0, 250.0, 350.0, 450.0].map(states), [(2, 1), (2, 1), (1, 1), (2, 0)]);
}

#[test]
fn a_start_without_a_public_address_gives_its_host_back_and_can_be_tried_again() {
    let (outcome, notes) = cloud(
        "",
        "0,launch,a,unit,,, 10,stop,a,,,, 20,launch,b,unit,3,, 30,start,a,,,, 40,terminate,b,,,, 50,start,a,,,,",
    )
    .watch();
    assert_eq!(notes.refused(), [(30.0, "start", "InsufficientAddressCapacity", 1)]);
    assert_eq!(notes.at(30.0).vcpu_used_milli, 3_000);
    assert_eq!((notes.at(60.0).vcpu_used_milli, notes.at(60.0).public_addresses_used), (1_000, 1));
    assert_eq!(outcome.network.public.exhausted_at.map(|at| at.as_seconds()), Some(30.0));
}

#[test]
fn terminating_succeeds_again_and_again() {
    let rows = "0,launch,a,unit,,, 100,terminate,a,,,, 200,terminate,a,,,,
                300,launch,b,unit,,, 400,terminate,a,,,, 500,describe,a,,,,";
    let (outcome, notes) = cloud("", rows).watch();
    assert_eq!(calls(&outcome, Operation::Terminate), (3, 3, vec![]));
    assert_eq!(notes.at(410.0).instances_running, 1, "the instance that came after it is left alone");
    assert_eq!(billed_seconds(&outcome), 100 + 1700);
}

#[test]
fn moves_that_are_not_legal_are_refused_in_every_state() {
    // An instance goes through every state with 100 s in each that takes time; every call meets it there.
    let slow = "lifecycle = { boot = '100s', stop = '100s', terminate = '100s' }";
    // What is refused in the middle of each: pending, running, stopping, stopped, shutting-down, terminated.
    for (op, refused) in [
        ("start", [true, true, true, false, true, true]),
        ("stop", [true, false, true, true, true, true]),
        ("reboot", [true, false, true, true, true, true]),
        ("modify", [true, true, true, false, true, true]),
        ("describe", [false; 6]),
        ("terminate", [false; 6]),
    ] {
        for (i, refused) in refused.into_iter().enumerate() {
            let life = ["0,launch,a,unit,,,", "200,stop,a,,,,", "400,terminate,a,,,,"];
            let at = 50 + 100 * i;
            let mut rows: Vec<String> = life.map(str::to_string).to_vec();
            rows.push(format!("{at},{op},a,{},,,", if op == "modify" { "double" } else { "" }));
            rows.sort_by_key(|row| row.split(',').next().unwrap().parse::<u32>().unwrap());
            // The life goes on only as far as the call, which may change its course.
            rows.retain(|row| row.split(',').next().unwrap().parse::<usize>().unwrap() <= at);
            let (_, notes) = cloud(slow, &rows.join(" ")).watch();
            let expected: &[_] = if refused { &[(at as f64, op, "IncorrectInstanceState", 1)] } else { &[] };
            assert_eq!(notes.refused(), expected, "{op} at {at} s");
        }
    }
}

#[test]
fn what_another_account_owns_or_no_call_launched_does_not_exist() {
    let rows = "0,launch,a,unit,,,one 10,stop,a,,,,two 20,terminate,x,,,,one 30,describe,a,,,,two
                40,launch,b,double,9,9,one 50,stop,b,,,,one 60,terminate,a,,,,one 70,terminate,a,,,,two
                80,launch,c,unit,,,two 90,terminate,a,,,,two 100,describe,a,,,,one";
    let (outcome, notes) = cloud("", rows).watch();
    let expected = [
        (10.0, "stop", "InvalidInstanceID.NotFound", 1),
        (20.0, "terminate", "InvalidInstanceID.NotFound", 1),
        (30.0, "describe", "InvalidInstanceID.NotFound", 1),
        (40.0, "launch", "InsufficientInstanceCapacity", 9),
        (50.0, "stop", "InvalidInstanceID.NotFound", 1),
        (70.0, "terminate", "InvalidInstanceID.NotFound", 1),
        // Also when another instance has taken its place in memory.
        (90.0, "terminate", "InvalidInstanceID.NotFound", 1),
    ];
    assert_eq!(notes.refused(), expected);
    assert_eq!(outcome.first_failures.len(), 2);
}

#[test]
fn a_type_is_changed_while_stopped_and_counts_from_the_next_start() {
    let rows =
        "0,launch,a,unit,,, 100,modify,a,double,,, 200,stop,a,,,, 300,modify,a,double,,, 400,start,a,,,,
                500,terminate,a,,,,";
    let (outcome, notes) = cloud("", rows).watch();
    assert_eq!(notes.refused(), [(100.0, "modify", "IncorrectInstanceState", 1)]);
    assert_eq!([150.0, 350.0, 450.0, 550.0].map(|at| notes.at(at).vcpu_used_milli), [1000, 0, 2000, 0]);
    let name = |kind: &str| ("default".to_string(), kind.to_string());
    let bill = billed(&outcome);
    assert_eq!((bill[&name("unit")], bill[&name("double")]), (200, 100));
    // 200 s at 3.6 USD/h and 100 s at 7.2 USD/h.
    assert_eq!(instances_micro_usd(&outcome), 400_000);
}

#[test]
fn bills_of_whole_lives() {
    for (seconds, rows, why) in [
        (60, "0,launch,a,unit,,, 20,terminate,a,,,,", "20 s cost a minute"),
        (220, "0,launch,a,unit,,, 220,terminate,a,,,,", "220 s cost themselves"),
        (220, "0,launch,a,unit,,, 219.1,terminate,a,,,,", "a started second is whole"),
        (220, "0.7,launch,a,unit,,, 220.7,terminate,a,,,,", "seconds are the instance's, not the clock's"),
        (
            60 + 60 + 300,
            "0,launch,a,unit,,, 20,stop,a,,,, 100,start,a,,,, 130,stop,a,,,, 200,start,a,,,, 500,terminate,a,,,,",
            "a minimum at each start, nothing while stopped",
        ),
        (
            60,
            "0,launch,a,unit,,, 20,reboot,a,,,, 40,reboot,a,,,, 50,terminate,a,,,,",
            "a reboot starts nothing",
        ),
        (2000, "0,launch,a,unit,,, 20,reboot,a,,,,", "what still runs is billed up to the end"),
        (60, "1990,launch,a,unit,,,", "its minimum too"),
        (0, "0,launch,a,unit,9,9,", "what was refused costs nothing"),
    ] {
        let outcome = cloud("", rows).run();
        assert_eq!(billed_seconds(&outcome), seconds, "{why}");
        // 3.6 USD an hour are a thousandth of a dollar a second.
        assert_eq!(instances_micro_usd(&outcome), i128::from(seconds) * 1_000, "{why}");
        assert!(outcome.bill.priced_by_shape.is_empty());
    }
}

#[test]
fn every_account_gets_its_own_bill() {
    let rows = "0,launch,a,unit,,,one 0,launch,b,unit,2,,two 50,terminate,a,,,,one 100,terminate,b,,,,two";
    let bill = billed(&cloud("", rows).run());
    let expected = [("one", 60), ("two", 200)].map(|(who, s)| ((who.to_string(), "unit".to_string()), s));
    assert_eq!(bill.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn booting_stopping_and_terminating_take_their_time_and_hold_what_they_hold() {
    let slow = "lifecycle = { boot = '30s', stop = '40s', terminate = '50s' }";
    let rows = "0,launch,a,unit,,, 200,stop,a,,,, 300,start,a,,,, 500,terminate,a,,,,";
    let (outcome, notes) = cloud(slow, rows).watch();
    // Capacity and public address are given back on entering stopped and terminated, not before.
    for (at, running, stopped, vcpu, private, public) in [
        (20.0, 0, 0, 1000, 1, 1),
        (40.0, 1, 0, 1000, 1, 1),
        (230.0, 0, 0, 1000, 1, 1),
        (250.0, 0, 1, 0, 1, 0),
        (320.0, 0, 0, 1000, 1, 1),
        (340.0, 1, 0, 1000, 1, 1),
        (540.0, 0, 0, 1000, 1, 1),
        (560.0, 0, 0, 0, 0, 0),
    ] {
        let sample = notes.at(at);
        assert_eq!((sample.instances_running, sample.instances_stopped), (running, stopped), "{at} s");
        let holds = (sample.vcpu_used_milli, sample.addresses_used, sample.public_addresses_used);
        assert_eq!(holds, (vcpu, private, public), "{at} s");
    }
    // From running on: 170 s and 170 s.
    assert_eq!(billed_seconds(&outcome), 340);
    let took: Vec<(&str, f64)> = (outcome.latency.iter())
        .map(|latency| (latency.name.as_str(), (latency.histogram.max() as f64 / 1e9).round()))
        .collect();
    assert_eq!(took, [("launch", 30.0), ("start", 30.0), ("stop", 40.0), ("terminate", 50.0)]);
}

#[test]
fn terminating_cuts_booting_and_stopping_short() {
    let slow = "lifecycle = { boot = '30s', stop = '40s', terminate = '50s' }";
    let rows = "0,launch,a,unit,,, 10,terminate,a,,,, 100,launch,b,unit,,, 200,stop,b,,,, 210,terminate,b,,,,
                300,launch,c,unit,,, 400,stop,c,,,, 450,terminate,c,,,,";
    let (outcome, notes) = cloud(slow, rows).watch();
    assert!(notes.refusals.is_empty());
    assert!(notes.at(40.0).instances_running == 0 && notes.at(250.0).instances_stopped == 0);
    for at in [70.0, 270.0, 510.0] {
        assert_eq!((notes.at(at).vcpu_used_milli, notes.at(at).addresses_used), (0, 0), "{at} s");
    }
    assert_eq!(billed_seconds(&outcome), 70 + 70);
}

// Mistakes that textbook designs of such a service make, and the simulator does not, one by one.

#[test]
fn corrected_bills_are_not_zero_and_unpriced_types_are_named() {
    let hosts = "duration = '3600s'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 8, memory_gib = 32 }] }]
        instance_types = [{ name = 'own', vcpu = 2, memory_gib = 4 }]";
    let trace = "time_s,op,instance,type\n0,launch,a,m5.large\n0,launch,b,own\n";
    let outcome = Experiment::replaying(trace, hosts).run();
    // 0.096 from the catalogue; 2 · 0.04048 + 4 · 0.004445 by shape.
    assert_eq!(instances_micro_usd(&outcome), 96_000 + 98_740);
    let named = outcome.bill.priced_by_shape.iter().map(|kind| &*outcome.directory.types.get(*kind).name);
    assert_eq!(named.collect::<Vec<_>>(), ["own"]);
}

#[test]
fn corrected_capacity_and_addresses_come_back_on_stop_and_terminate() {
    // Ten lives one after the other fit where there is room for one.
    let mut rows = String::new();
    for life in 0..10 {
        let at = life * 100;
        rows += &format!(
            "{at},launch,i{life},double,2,, {},stop,i{life},,,, {},terminate,i{life},,,, ",
            at + 10,
            at + 20
        );
    }
    let (outcome, notes) = cloud("", &rows).watch();
    assert_eq!(launches(&outcome), (20, 20, vec![]));
    let end = notes.samples.last().unwrap();
    assert_eq!((end.vcpu_used_milli, end.addresses_used, end.public_addresses_used), (0, 0, 0));
}

#[test]
fn corrected_stopping_reaches_stopped_and_shutting_down_reaches_terminated() {
    for delay in ["0s", "7s"] {
        let set = format!("lifecycle = {{ stop = '{delay}', terminate = '{delay}' }}");
        let (_, notes) = cloud(&set, "0,launch,a,unit,,, 10,stop,a,,,, 50,terminate,a,,,,").watch();
        let (middle, end) = (notes.at(40.0), notes.at(100.0));
        assert_eq!((middle.instances_running, middle.instances_stopped), (0, 1), "{delay}");
        assert_eq!((end.instances_stopped, end.addresses_used), (0, 0), "{delay}");
    }
}

#[test]
fn corrected_a_failure_after_the_address_leaks_nothing() {
    // No public address is left for the second; its host and private address are free again.
    let rows = "0,launch,a,unit,3,, 10,launch,b,unit,,, 20,terminate,a,,,,";
    let (outcome, notes) = cloud("", rows).watch();
    assert_eq!(notes.refused(), [(10.0, "launch", "InsufficientAddressCapacity", 1)]);
    assert_eq!((notes.at(10.0).addresses_used, notes.at(10.0).vcpu_used_milli), (3, 3000));
    assert_eq!((notes.at(30.0).addresses_used, notes.at(30.0).vcpu_used_milli), (0, 0));
    assert_eq!(outcome.network.subnets[0].1.used_peak, 3, "what was undone was never in use");
}

#[test]
fn corrected_each_instance_of_a_batch_passes_the_state_machine() {
    // Both are stopped already: the call fails once, and each instance has its own answer.
    let rows = "0,launch,a,unit,2,, 10,stop,a,,,, 20,stop,a,,,, 30,start,a,,,,";
    let (outcome, notes) = cloud("", rows).watch();
    assert_eq!(notes.refused(), [(20.0, "stop", "IncorrectInstanceState", 1); 2]);
    assert_eq!(calls(&outcome, Operation::Stop), (2, 1, vec![("IncorrectInstanceState", 1)]));
    assert_eq!(notes.at(40.0).instances_running, 2);
}

#[test]
fn corrected_ids_are_numbers_in_order_and_runs_repeat() {
    let rows = "0,launch,a,unit,2,, 10,stop,a,,,, 20,launch,b,double,,, 30,start,a,,,, 40,terminate,b,,,,";
    let experiment = cloud("", rows);
    assert_eq!(experiment.run().digest, experiment.run().digest);
    let other = cloud("", &rows.replace("20,launch,b,double", "20,launch,b,unit"));
    assert_ne!(experiment.run().digest, other.run().digest);
}
