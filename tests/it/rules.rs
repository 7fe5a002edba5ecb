//! The rules of exactness, one by one: order at one time, half-open intervals, money to the second.

use plimsoll::operation::Operation;

use crate::support::{Experiment, RefusedCall, billed, billed_seconds, calls, launches};

/// Rows of an interval trace.
fn intervals(header: &str, rows: &str) -> String {
    let rows: Vec<&str> = rows.split_whitespace().collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

/// A run of an interval trace of units on a cloud, sampled every second.
fn units(text: &str, header: &str, rows: &str) -> Experiment {
    let unit = "output.sample_every = '1s'
        placement.strategy = 'first-fit'
        instance_types = [
            { name = 'unit', vcpu = 1, memory_gib = 1, on_demand_usd_per_hour = 3.6 },
            { name = 'double', vcpu = 2, memory_gib = 2 },
            { name = 'quad', vcpu = 4, memory_gib = 4 },
        ]";
    Experiment::replaying(&intervals(header, rows), &format!("{unit}\n{text}"))
}

const ONE_PLACE: &str = "zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 1, memory_gib = 1 }] }]";

#[test]
fn at_one_time_departures_come_before_launches_and_launches_keep_their_order() {
    // Back to back on one place; of two at 20 s the first gets it.
    let rows = "0,10,unit,a 10,20,unit,b 20,30,unit,c 20,30,unit,d 30,40,unit,e";
    let (outcome, notes) = units(ONE_PLACE, "start_s,end_s,type,account", rows).watch();
    assert_eq!(launches(&outcome), (5, 4, vec![("InsufficientInstanceCapacity", 1)]));
    let account = |i: usize| outcome.directory.accounts()[notes.refusals[i].account.index()].as_str();
    assert_eq!((notes.refused()[0].0, account(0)), (20.0, "d"));
}

#[test]
fn an_instance_that_ends_as_it_starts_is_gone_before_anything_else_happens() {
    let rows = "0,0,unit 0,0,unit 0,5,unit 0,0,unit 5,5,unit";
    let (outcome, notes) = units(ONE_PLACE, "start_s,end_s,type", rows).watch();
    assert_eq!(notes.refused(), [(0.0, "launch", "InsufficientInstanceCapacity", 1)]);
    assert_eq!(calls(&outcome, Operation::Terminate), (4, 4, vec![]));
    assert_eq!(billed_seconds(&outcome), 4 * 60);
    // It was there, if for no time.
    let alone = units(ONE_PLACE, "start_s,end_s,type", "1,1,unit").run();
    assert_eq!((alone.fleet.hosts_used_peak, alone.fleet.instances_running_peak), (1, 1));
    assert_eq!(alone.fleet.vcpu_used_ratio_peak, 1.0);
}

#[test]
fn at_one_time_departures_then_timers_then_calls() {
    // At 100 s: a's life ends and frees the place, then b, stopping until now, takes it by its behaviour's
    // start or else the launch does. The timer comes first.
    let text = "duration = '190s'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 2, memory_gib = 2 }] }]
        output.sample_every = '1s'
        instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1 }]
        lifecycle.stop = '10s'
        [workload]
        trace = 'trace.csv'
        [[workload.arrivals]]
        process = { kind = 'constant', every = '1000s' }
        types = { unit = 1 }
        stops = { run = { kind = 'constant', value = '50s' }, stopped = { kind = 'constant', value = '40s' } }";
    // The arrival of 0 s runs until 50 s, is stopped from 60 s and starts at 100 s.
    let trace = "start_s,end_s,vcpu,memory_gib\n0,100,1,1\n60,,1,1\n100,,1,1\n";
    let (outcome, notes) = Experiment::new(text).file("trace.csv", trace).watch();
    assert_eq!(notes.refused(), [(100.0, "launch", "InsufficientInstanceCapacity", 1)]);
    assert_eq!(calls(&outcome, Operation::Start), (1, 1, vec![]));
    // A call at the very time at which capacity is given back by a timer finds it free: 60 s.
    assert_eq!((notes.at(59.0).vcpu_used_milli, notes.at(60.0).vcpu_used_milli), (2000, 2000));
}

/// Two zones, the second larger; the name of the zone in which each launch ended is told by what is used.
const TWO_ZONES: &str = "
    [[zones]]
    name = 'a'
    hosts = [{ count = 1, vcpu = 4, memory_gib = 4 }]
    [[zones]]
    name = 'b'
    hosts = [{ count = 1, vcpu = 6, memory_gib = 64 }]
    [network]
    [[network.subnets]]
    name = 'in-a'
    zone = 'a'
    cidr = '10.0.0.0/28'
    [[network.subnets]]
    name = 'in-b'
    zone = 'b'
    cidr = '10.0.1.0/28'";

/// Most addresses ever used in each zone: instances that were there at once.
fn in_zones(header: &str, rows: &str) -> (Vec<u64>, Vec<RefusedCall>) {
    let (outcome, notes) = units(TWO_ZONES, header, rows).watch();
    (outcome.network.subnets.iter().map(|(_, usage)| usage.used_peak).collect(), notes.refused())
}

#[test]
fn the_zone_is_the_one_named_else_the_subnets_else_the_one_with_most_free_vcpu() {
    let header = "start_s,end_s,type,zone,subnet";
    let full = "InsufficientInstanceCapacity";
    for (rows, zones, refused) in [
        // Named: there or nowhere.
        ("0,,quad,a, 1,,unit,a,", vec![1, 0], vec![(1.0, "launch", full, 1)]),
        ("0,,unit,,in-a 1,,unit,a,in-a 2,,quad,,in-a", vec![2, 0], vec![(2.0, "launch", full, 1)]),
        // A subnet that is not in the zone.
        ("0,,unit,b,in-a", vec![0, 0], vec![(0.0, "launch", "InvalidParameterValue", 1)]),
        // 4 and 6 free: b. 4 and 4: the first in the file. 3 and 4: b.
        ("0,,double,,", vec![0, 1], vec![]),
        ("0,,double,, 1,,unit,,", vec![1, 1], vec![]),
        ("0,,double,, 1,,unit,, 2,,unit,,", vec![1, 2], vec![]),
        // Until one fits: b has more free vCPU, a has enough.
        ("0,,double,b, 1,,unit,b, 2,,quad,,", vec![1, 2], vec![]),
        ("0,,double,b, 0,,unit,a, 2,,quad,, 3,,quad,,", vec![1, 2], vec![(3.0, "launch", full, 1)]),
    ] {
        assert_eq!(in_zones(header, rows), (zones, refused), "{rows}");
    }
}

#[test]
fn a_zone_without_addresses_passes_the_request_on_and_takes_nothing() {
    // Eleven addresses in b, which has the most free vCPU; the twelfth goes to a.
    let text = TWO_ZONES.replace("vcpu = 6", "vcpu = 60");
    let (outcome, notes) = units(&text, "start_s,end_s,type", &"0,100,unit ".repeat(16)).watch();
    assert_eq!(launches(&outcome), (16, 15, vec![("InsufficientFreeAddressesInSubnet", 1)]));
    assert_eq!(notes.at(50.0).vcpu_used_milli, 15_000);
    let used: Vec<u64> = outcome.network.subnets.iter().map(|(_, usage)| usage.used_peak).collect();
    assert_eq!(used, [4, 11]);
}

#[test]
fn what_a_request_of_several_was_given_and_lost_again_was_never_in_use() {
    // Eleven addresses, twelve wanted or none.
    let text = "zones = [{ name = 'z', hosts = [{ count = 20, vcpu = 1, memory_gib = 1 }] }]
        instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1 }]
        output.sample_every = '1s'
        [network]
        public_addresses = 100
        [[network.subnets]]
        name = 's'
        zone = 'z'
        cidr = '10.0.0.0/28'
        assign_public_address = true";
    let trace = "time_s,op,instance,type,count\n0,launch,a,unit,2\n5,launch,b,unit,12\n9,launch,c,unit,1\n";
    let (outcome, notes) = Experiment::replaying(trace, text).watch();
    assert_eq!(notes.refused(), [(5.0, "launch", "InsufficientFreeAddressesInSubnet", 12)]);
    assert_eq!((outcome.network.subnets[0].1.used_peak, outcome.network.public.used_peak), (3, 3));
    assert_eq!((outcome.fleet.hosts_used_peak, outcome.fleet.instances_running_peak), (3, 3));
}

#[test]
fn five_addresses_of_a_subnet_are_reserved_and_exhaustion_has_its_first_time() {
    for (prefix, addresses) in [(28, 11), (27, 27), (24, 251), (16, 65_531)] {
        let text = format!(
            "zones = [{{ name = 'z', hosts = [{{ count = 400, vcpu = 1, memory_gib = 1 }}] }}]
            network.subnets = [{{ name = 's', zone = 'z', cidr = '10.0.0.0/{prefix}' }}]"
        );
        let rows: String = (0..300).map(|i| format!("{i},1000,unit ")).collect();
        let outcome = units(&text, "start_s,end_s,type", &rows).run();
        let (_, usage) = &outcome.network.subnets[0];
        assert_eq!(usage.addresses, Some(addresses));
        let exhausted = (addresses < 300).then_some(addresses as f64);
        assert_eq!(usage.exhausted_at.map(|at| at.as_seconds()), exhausted, "/{prefix}");
        assert_eq!(usage.used_peak, addresses.min(300));
        let first = outcome.first_failures.first().map(|first| first.at.as_seconds());
        assert_eq!(first, exhausted, "/{prefix}");
    }
}

#[test]
fn vpcs_overlap_and_each_account_has_its_own() {
    let hosts = "zones = [{ name = 'z', hosts = [{ count = 100, vcpu = 1, memory_gib = 1 }] }]";
    let subnet = "name = 's', zone = 'z', cidr = '10.0.0.0/28'";
    let rows: String = (0..60).map(|i| format!("0,9,unit,account{} ", i % 3)).collect();
    for (vpcs, launched) in [(1, 11), (2, 22), (3, 33), (4, 33)] {
        let text = format!("{hosts}\nnetwork.subnets = [{{ {subnet}, vpcs = {vpcs} }}]");
        let outcome = units(&text, "start_s,end_s,type,account", &rows).run();
        assert_eq!(outcome.launch.succeeded, launched, "{vpcs} VPCs");
        assert_eq!(outcome.network.subnets[0].1.addresses, Some(11 * vpcs));
    }
    // The same addresses in VPCs of other names.
    let two = format!(
        "{hosts}\nnetwork.subnets = [{{ {subnet}, vpc = 'x' }}, {{ {}, vpc = 'y' }}]",
        subnet.replace("'s'", "'t'")
    );
    assert_eq!(units(&two, "start_s,end_s,type,account", &rows).run().launch.succeeded, 22);
}

#[test]
fn without_a_network_addresses_have_no_limit_and_public_ones_go_only_where_asked() {
    let hosts = "zones = [{ name = 'z', hosts = [{ count = 10, vcpu = 1, memory_gib = 1 }] }]";
    let rows = "0,9,unit ".repeat(10);
    let (outcome, notes) = units(hosts, "start_s,end_s,type", &rows).watch();
    assert_eq!(outcome.launch.succeeded, 10);
    assert_eq!((notes.at(5.0).addresses_used, notes.at(5.0).public_addresses_used), (0, 0));
    assert_eq!(outcome.network.public.addresses, None);
    for (assign, used) in [(false, 0), (true, 3)] {
        let text = format!(
            "{hosts}
            network.public_addresses = 3
            network.subnets = [{{ name = 's', zone = 'z', cidr = '10.0.0.0/24', assign_public_address = {assign} }}]"
        );
        let outcome = units(&text, "start_s,end_s,type", &rows).run();
        assert_eq!(outcome.network.public.used_peak, used);
        assert_eq!(outcome.launch.succeeded, if assign { 3 } else { 10 });
        assert_eq!(outcome.network.public.exhausted_at.is_some(), assign);
    }
}

#[test]
fn elastic_groups_open_the_first_that_fits_only_when_nothing_open_does_and_close_when_empty() {
    // A standing host of 2, elastic hosts of 2, then of 8.
    let text = "[[zones]]
        name = 'z'
        [[zones.hosts]]
        count = 1
        vcpu = 2
        memory_gib = 2
        [[zones.hosts]]
        elastic = true
        vcpu = 2
        memory_gib = 2
        max_hosts = 2
        [[zones.hosts]]
        elastic = true
        vcpu = 8
        memory_gib = 8
        max_hosts = 1";
    let (outcome, notes) = units(
        text,
        "start_s,end_s,type",
        "10,110,double 20,120,unit 30,60,unit 40,,double 50,,quad 70,,double 80,,unit 85,,quad 100,,unit",
    )
    .watch();
    for (at, hosts, used, vcpu, why) in [
        (0.0, 1, 0, 2, "only the standing host is there"),
        (10.0, 1, 1, 2, "which takes the first"),
        (20.0, 2, 2, 4, "full, so that one of the first group opens"),
        (30.0, 2, 2, 4, "an open one fits"),
        (40.0, 3, 3, 6, "the second of the group"),
        (50.0, 4, 4, 14, "four do not fit in two: the second group"),
        (70.0, 4, 4, 14, "two fit on the large one, and nothing opens"),
        (80.0, 4, 4, 14, "one on the small one"),
        (85.0, 4, 4, 14, "four fit nowhere, and no group has another host"),
    ] {
        let sample = notes.at(at);
        assert_eq!(
            (sample.hosts, sample.hosts_used, sample.vcpu_milli),
            (hosts, used, vcpu * 1000),
            "{at}: {why}"
        );
    }
    assert_eq!(notes.refused(), [(85.0, "launch", "InsufficientInstanceCapacity", 1)]);
    assert_eq!(outcome.fleet.hosts, 4);
    // Two alone on elastic hosts leave, and their hosts close, at once and one by one.
    let (_, notes) =
        units(text, "start_s,end_s,type", "0,,double 1,20,double 2,10,double 30,40,double").watch();
    let open = [5.0, 15.0, 25.0, 35.0].map(|at| (notes.at(at).hosts, notes.at(at).hosts_used));
    assert_eq!(open, [(3, 3), (2, 2), (1, 1), (2, 2)]);
}

#[test]
fn an_elastic_group_never_opens_a_host_while_one_in_another_zone_fits() {
    let text = "[[zones]]
        name = 'a'
        hosts = [{ elastic = true, vcpu = 4, memory_gib = 4, max_hosts = 5 }]
        [[zones]]
        name = 'b'
        hosts = [{ count = 1, vcpu = 2, memory_gib = 2 }]";
    let (_, notes) =
        units(text, "start_s,end_s,type", "0,,unit 1,,unit 2,9,unit 3,9,unit 4,9,unit 5,9,unit 6,9,double")
            .watch();
    let hosts: Vec<u64> = [0.0, 1.0, 2.0, 5.0, 6.0, 9.0].map(|at| notes.at(at).hosts).to_vec();
    assert_eq!(hosts, [1, 1, 2, 2, 3, 1]);
}

#[test]
fn the_warm_up_leaves_out_counts_bills_means_and_peaks_but_no_first_time() {
    // Before 100 s: two run, a third is refused. After: one runs until 300 s, one more from 200 s to 250 s.
    let text = "warmup = '100s'
        duration = '400s'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 2, memory_gib = 2 }] }]
        network.subnets = [{ name = 's', zone = 'z', cidr = '10.0.0.0/28' }]";
    let rows = "0,300,unit 0,50,unit 10,20,unit 100,140,unit 200,250,unit 210,220,unit";
    let (outcome, notes) = units(text, "start_s,end_s,type", rows).watch();
    assert_eq!(launches(&outcome), (3, 2, vec![("InsufficientInstanceCapacity", 1)]));
    assert_eq!(calls(&outcome, Operation::Terminate), (3, 3, vec![]));
    assert_eq!(notes.refused(), [(210.0, "launch", "InsufficientInstanceCapacity", 1)]);
    assert_eq!(outcome.first_failures[0].at.as_seconds(), 10.0, "a first time is absolute");
    assert_eq!(outcome.warmup_end.as_seconds(), 100.0);
    // 200 s of the one that was there, a minute for the 40 s, a minute for the 50 s.
    assert_eq!(billed_seconds(&outcome), 200 + 60 + 60);
    // 200 + 40 + 50 instance-seconds over 300 s.
    assert!((outcome.fleet.instances_running_mean - 290.0 / 300.0).abs() < 1e-12);
    assert_eq!(outcome.fleet.host_seconds_used, 200.0);
    let subnet = &outcome.network.subnets[0].1;
    assert!((subnet.used_mean - 290.0 / 300.0).abs() < 1e-12);
    // A peak before the warm-up's end is no peak.
    let quiet = units(text, "start_s,end_s,type", "0,50,unit 0,90,unit 150,160,unit").run();
    assert_eq!((quiet.fleet.instances_running_peak, quiet.network.subnets[0].1.used_peak), (1, 1));
    assert_eq!(quiet.fleet.vcpu_used_ratio_peak, 0.5);
    // Events and lifecycle events are the whole run's.
    assert_eq!((quiet.lifecycle_events, quiet.launch.requested), (6, 1));
}

#[test]
fn a_trace_that_is_over_before_the_warm_up_leaves_nothing_to_count() {
    let text = format!("warmup = '100s'\n{ONE_PLACE}");
    let outcome = units(&text, "start_s,end_s,type", "0,50,unit").run();
    assert_eq!((outcome.launch.requested, billed_seconds(&outcome)), (0, 0));
    assert_eq!((outcome.fleet.instances_running_mean, outcome.fleet.host_seconds_used), (0.0, 0.0));
    assert_eq!((outcome.fleet.instances_running_peak, outcome.fleet.hosts_used_peak), (0, 0));
}

#[test]
fn a_steady_state_is_there_from_the_start_past_its_minimum_and_asks_for_nothing() {
    // A lifetime of 30 s in equilibrium has less than a minute to go: what is billed is what is run.
    let text = "duration = '40s'
        output.sample_every = '10s'
        zones = [{ name = 'z', hosts = [{ count = 100, vcpu = 10, memory_gib = 10 }] }]
        instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1 }]
        workload.start = 'steady-state'
        [[workload.arrivals]]
        process = { kind = 'constant', every = '1000s' }
        lifetime = { kind = 'constant', value = '30000s' }
        types = { unit = 1 }
        count = 10";
    let (outcome, notes) = Experiment::new(text).watch();
    let residents = outcome.residents.placed;
    assert!((200..400).contains(&residents), "mean rate × mean lifetime is 300: {residents}");
    assert_eq!(outcome.residents.expected, residents);
    assert_eq!(
        (outcome.launch.requested, outcome.launch.succeeded),
        (10, 10),
        "only the arrival at 0 s asks"
    );
    let ended: u64 = calls(&outcome, Operation::Terminate).1;
    assert_eq!(notes.at(40.0).instances_running, residents + 10 - ended);
    // Each resident is billed for what it ran here, each launch for at least its minute.
    let most = residents * 40 + 10 * 60;
    let billed = billed_seconds(&outcome);
    assert!(billed <= most && billed >= most - 40 * ended - ended, "{billed} of at most {most}");
}

#[test]
fn a_steady_state_that_does_not_fit_is_counted_not_refused() {
    let text = "duration = '1s'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 5, memory_gib = 5 }] }]
        instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1 }]
        workload.start = 'steady-state'
        [[workload.arrivals]]
        process = { kind = 'poisson', per_hour = 100.0 }
        lifetime = { kind = 'exponential', mean = '1h' }
        types = { unit = 1 }";
    let (outcome, notes) = Experiment::new(text).watch();
    assert_eq!(outcome.residents.placed, 5);
    assert!(outcome.residents.expected > 60 && notes.refusals.is_empty());
    assert_eq!(outcome.launch.requested, 0);
}

#[test]
fn drawn_lifetimes_count_from_running_and_a_traces_end_is_absolute() {
    let text = "duration = '300s'
        output.sample_every = '1s'
        lifecycle.boot = '20s'
        zones = [{ name = 'z', hosts = [{ count = 2, vcpu = 1, memory_gib = 1 }] }]
        instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1 }]
        [workload]
        trace = 'trace.csv'
        [[workload.arrivals]]
        process = { kind = 'constant', every = '1000s' }
        lifetime = { kind = 'constant', value = '100s' }
        types = { unit = 1 }";
    let trace = "start_s,end_s,type\n0,90,unit\n";
    let (outcome, notes) = Experiment::new(text).file("trace.csv", trace).watch();
    let running = [19.0, 21.0, 89.0, 91.0, 119.0, 121.0].map(|at| notes.at(at).instances_running);
    assert_eq!(running, [0, 2, 2, 1, 1, 0]);
    assert_eq!(billed_seconds(&outcome), 70 + 100);
}

#[test]
fn what_has_no_price_is_priced_by_its_shape_and_named() {
    let text = "billing.shape = { usd_per_vcpu_hour = 0.036, usd_per_gib_hour = 0.0036 }
        zones = [{ name = 'z', hosts = [{ count = 2, vcpu = 64, memory_gib = 512 }] }]";
    let outcome = units(text, "start_s,end_s,type", "0,1000,double 0,1000,unit 0,1000,m5.large").run();
    let name = |kind: &plimsoll::units::TypeId| outcome.directory.types.get(*kind).name.clone();
    assert_eq!(outcome.bill.priced_by_shape.iter().map(name).collect::<Vec<_>>(), ["double"]);
    // 1000 s · (2 · 0.036 + 2 · 0.0036)/3600, 1000 s · 0.001, 1000 s · 0.096/3600.
    let amounts: Vec<i128> = outcome.bill.rows.iter().map(|row| row.micro_usd()).collect();
    assert_eq!(amounts, [22_000, 1_000_000, 26_667]);
    assert_eq!(outcome.bill.total, 1_048_667, "a total is the sum of the rows shown");
    let bare = units(text, "start_s,end_s,vcpu,memory_gib", "0,1000,2.5,0.5").run();
    let name = |kind: &plimsoll::units::TypeId| bare.directory.types.get(*kind).name.clone();
    assert_eq!(bare.bill.priced_by_shape.iter().map(name).collect::<Vec<_>>(), ["2.5vcpu-0.5gib"]);
    assert_eq!(bare.bill.total, 25_500);
    assert_eq!(billed(&bare).values().sum::<u64>(), 1000);
}

#[test]
fn launches_count_instances_and_operations_count_calls() {
    let text = "duration = '10s'
        zones = [{ name = 'z', hosts = [{ count = 1, vcpu = 4, memory_gib = 4 }] }]
        instance_types = [{ name = 'unit', vcpu = 1, memory_gib = 1 }]";
    let trace = "time_s,op,instance,type,count,min_count\n0,launch,a,unit,3,\n1,launch,b,unit,3,1\n2,launch,c,unit,1,\n3,terminate,a,,,\n";
    let outcome = Experiment::replaying(trace, text).run();
    let full = "InsufficientInstanceCapacity";
    assert_eq!(launches(&outcome), (7, 4, vec![(full, 3)]));
    assert_eq!(calls(&outcome, Operation::Launch), (3, 2, vec![(full, 1)]));
    assert_eq!(calls(&outcome, Operation::Terminate), (1, 1, vec![]));
    // Four launches, three terminates.
    assert_eq!(outcome.lifecycle_events, 7);
}

#[test]
fn an_undone_placement_does_not_move_the_pointer_of_next_fit() {
    // The first takes host 0 and the only public address. The second finds host 1 and no address. When the
    // first has gone, the pointer stands on host 0 still: the third goes there, and all of host 1 is left.
    let text = "zones = [{ name = 'z', hosts = [
            { count = 1, vcpu = 4, memory_gib = 64 }, { count = 1, vcpu = 8, memory_gib = 64 }] }]
        placement.strategy = 'next-fit'
        [network]
        public_addresses = 1
        subnets = [
            { name = 'public', zone = 'z', cidr = '10.0.0.0/24', assign_public_address = true },
            { name = 'private', zone = 'z', cidr = '10.0.1.0/24' },
        ]";
    let rows = "0,10,4,4,public 5,50,4,4,public 20,50,1,1,private 30,50,8,8,private";
    let trace = intervals("start_s,end_s,vcpu,memory_gib,subnet", rows);
    let outcome = Experiment::replaying(&trace, text).run();
    assert_eq!(launches(&outcome), (4, 3, vec![("InsufficientAddressCapacity", 1)]));
}
