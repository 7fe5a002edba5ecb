use super::*;
use crate::workload::call::{End, Launch};
use crate::workload::directory::SubnetName;
use plimsoll_base::catalogue::{ShapePrice, TypeTable};
use plimsoll_base::units::ZoneId;
use plimsoll_base::units::{AccountId, NS_PER_S, parse_duration};
use std::fs;
use std::sync::Arc;

fn directory() -> Directory {
    let subnet = SubnetName { name: "web".to_string(), zone: ZoneId(1) };
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    Directory::new(types, vec!["a".to_string(), "b".to_string()], vec![subnet])
}

fn config(toml: &str) -> WorkloadConfig {
    toml::from_str(toml).unwrap()
}

fn open(toml: &str, directory: &mut Directory) -> Demand {
    Demand::open(&config(toml), None, Seed(1), Path::new(""), directory).unwrap()
}

fn problems(toml: &str) -> String {
    Demand::open(&config(toml), None, Seed(1), Path::new(""), &mut directory()).unwrap_err().to_string()
}

/// Returns the first calls with their lifetimes.
fn calls(demand: &mut Demand, directory: &mut Directory, number: usize) -> Vec<(Call, Vec<Duration>)> {
    let mut calls = Vec::new();
    while calls.len() < number
        && let Some(call) = demand.next(directory).unwrap()
    {
        calls.push((call, demand.lifetimes().to_vec()));
    }
    calls
}

fn launch(call: &Call) -> &Launch {
    match &call.action {
        Action::Launch(launch) => launch,
        other => panic!("{other:?} is no launch"),
    }
}

const MIXED: &str = "
[[arrivals]]
process = { kind = 'poisson', per_hour = 100 }
lifetime = { kind = 'exponential', mean = '2h' }
types = { 't3.micro' = 3, 'm5.large' = 1 }
count = 2
accounts = 3

[[arrivals]]
name = 'night'
process = { kind = 'constant', every = '1h' }
types = { 'c5.large' = 1 }
subnet = 'web'
";

#[test]
fn processes_are_merged_in_time_order() {
    let mut directory = directory();
    let mut demand = open(MIXED, &mut directory);
    let calls = calls(&mut demand, &mut directory, 1000);
    assert!(calls.windows(2).all(|pair| pair[0].0.at <= pair[1].0.at));
    assert_eq!(directory.accounts(), ["arrivals-0-0", "arrivals-0-1", "arrivals-0-2", "default"]);
    let mut instances = 0;
    for (call, lifetimes) in &calls {
        let launch = launch(call);
        assert_eq!(launch.first_instance, instances);
        instances += u64::from(launch.max_count);
        if call.account == AccountId(3) {
            assert_eq!((launch.end, launch.max_count, lifetimes.len()), (End::Never, 1, 0));
            assert_eq!(directory.types.get(launch.kind).name, "c5.large");
            assert_eq!(call.at.0 % (3600 * 1_000_000_000), 0);
        } else {
            assert_eq!((launch.end, launch.min_count, lifetimes.len()), (End::Drawn, 2, 2));
        }
    }
    let small = calls.iter().filter(|(call, _)| directory.types.get(launch(call).kind).name == "t3.micro");
    assert!(small.count().abs_diff(743) < 45);
}

#[test]
fn one_setting_shifts_no_other_draw() {
    let plain = "[[arrivals]]\nprocess = { kind = 'poisson', per_hour = 9 }\ntypes = { 'm5.large' = 1 }\n";
    let draws = |toml: &str| {
        let mut directory = directory();
        let mut demand = open(toml, &mut directory);
        calls(&mut demand, &mut directory, 50)
    };
    let base = draws(plain);
    let more = draws(&format!("{plain}lifetime = {{ kind = 'exponential', mean = '1h' }}\naccounts = 7\n"));
    let other = draws(&plain.replace("'m5.large' = 1", "'m5.large' = 1, 't3.micro' = 1"));
    for ((a, _), ((b, _), (c, _))) in base.iter().zip(more.iter().zip(&other)) {
        assert_eq!(a.at, b.at);
        assert_eq!(a.at, c.at);
    }
    // Another process beside it changes neither.
    let beside = format!("{plain}{}", plain.replace("= 9", "= 90"));
    let beside: Vec<Time> = draws(&beside).iter().map(|(call, _)| call.at).collect();
    assert!(base[..2].iter().all(|(call, _)| beside.contains(&call.at)));
}

#[test]
fn a_batch_is_one_accounts() {
    let toml = "[[arrivals]]\nprocess = { kind = 'batch', per_hour = 2, mean_size = 10 }\n\
                types = { 'm5.large' = 1 }\naccounts = 50\n";
    let mut directory = directory();
    let mut demand = open(toml, &mut directory);
    let calls = calls(&mut demand, &mut directory, 2000);
    let same_time = calls.windows(2).filter(|pair| pair[0].0.at == pair[1].0.at);
    assert!(same_time.clone().all(|pair| pair[0].0.account == pair[1].0.account));
    assert!(same_time.count() > 1600);
}

#[test]
fn a_steady_state_has_its_number_and_comes_oldest_first() {
    let steady = format!(
        "start = 'steady-state'\n{}",
        MIXED.replace(
            "types = { 'c5",
            "lifetime = { kind = \
        'constant', value = '10h' }\ntypes = { 'c5"
        )
    );
    let mut directory = directory();
    let mut demand = open(&steady, &mut directory);
    let residents: Vec<Resident> = demand.residents().collect();
    // 100 · 2 instances · 2 h + 1 · 10 h.
    assert!(residents.len().abs_diff(410) < 60, "{}", residents.len());
    assert!(residents.windows(2).all(|pair| pair[0].age >= pair[1].age));
    assert!(residents.iter().filter(|resident| resident.process == 1).count() > 3);
    for (number, resident) in residents.iter().enumerate() {
        let call = demand.resident(resident);
        let launch = launch(&call);
        assert_eq!((call.at, launch.max_count, launch.first_instance), (Time::ZERO, 1, number as u64));
        if resident.process == 1 {
            assert_eq!(resident.age.0 + resident.residual.0, parse_duration("10h").unwrap().0);
        }
    }
    let next = demand.next(&mut directory).unwrap().unwrap();
    assert_eq!(launch(&next).first_instance, residents.len() as u64);
    assert_eq!(open(MIXED, &mut directory).residents().len(), 0);
}

#[test]
fn stopping_and_starting_is_a_function_of_instance_and_cycle() {
    let toml = "[[arrivals]]\nprocess = { kind = 'poisson', per_hour = 9 }\ntypes = { 'm5.large' = 1 }\n\
                stops = { run = { kind = 'exponential', mean = '8h' }, stopped = { kind = 'constant', value = '16h' } }";
    let demand = open(toml, &mut directory());
    let stops = StopsId(0);
    let run = demand.run_time(stops, 7, 3);
    assert_eq!(run, demand.run_time(stops, 7, 3));
    assert_ne!(run, demand.run_time(stops, 7, 4));
    assert_ne!(run, demand.run_time(stops, 8, 3));
    assert_eq!(demand.stopped_time(stops, 7, 3), parse_duration("16h").unwrap());
    let first = demand.run_time(stops, 7, 0);
    let at = |age| demand.phase(stops, 7, age);
    assert_eq!(at(Duration::ZERO), Phase { cycle: 0, running: true, left: first });
    let hours_16 = parse_duration("16h").unwrap();
    assert_eq!(at(first), Phase { cycle: 0, running: false, left: hours_16 });
    let second = Duration(first.0 + hours_16.0);
    assert_eq!(at(second), Phase { cycle: 1, running: true, left: demand.run_time(stops, 7, 1) });
    // A third of the time running.
    let age = parse_duration("1000h").unwrap();
    let running = (0..3000).filter(|&instance| demand.phase(stops, instance, age).running).count();
    assert!(running.abs_diff(1000) < 80, "{running}");
}

#[test]
fn a_trace_comes_before_arrivals_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), "start_s,end_s,type\n0,7300,m5.large\n3600,,t3.micro\n").unwrap();
    let toml = "trace = 't.csv'\n[[arrivals]]\nprocess = { kind = 'constant', every = '1h' }\n\
                types = { 'c5.large' = 1 }";
    let mut directory = directory();
    let mut demand = Demand::open(&config(toml), None, Seed(1), folder.path(), &mut directory).unwrap();
    let names: Vec<String> = calls(&mut demand, &mut directory, 5)
        .iter()
        .map(|(call, _)| format!("{} {}", call.at.as_seconds(), directory.types.get(launch(call).kind).name))
        .collect();
    assert_eq!(names, ["0 m5.large", "0 c5.large", "3600 t3.micro", "3600 c5.large", "7200 c5.large"]);
    assert_eq!(demand.last_event().as_seconds(), 7300.0);
    assert!(!demand.ends());
}

#[test]
fn every_problem_is_told_with_its_key() {
    let text = problems(
        "start = 'steady-state'
        trace = 'nowhere.csv'
        [[arrivals]]
        process = { kind = 'poisson', per_hour = 0 }
        lifetime = { kind = 'exponential', mean = '0s' }
        types = { 'm5.lrge' = 1, 't3.micro' = -1 }
        count = 2
        min_count = 3
        accounts = 0
        zone = 'c'
        subnet = 'wbe'
        stops = { run = { kind = 'constant', value = '1h' }, stopped = { kind = 'constant', value = '0s' } }
        [[arrivals]]
        name = 'x'
        process = { kind = 'poisson', per_hour = 1 }
        types = { 'm5.large' = 1 }
        zone = 'a'
        subnet = 'web'
        [[arrivals]]
        name = 'x'
        process = { kind = 'poisson', per_hour = 1 }
        lifetime = { kind = 'pareto', min = '1s', shape = 1 }
        types = {}
        [[arrivals]]
        process = { kind = 'poisson', per_hour = 1 }
        types = { 'm5.large' = 1 }
        [[arrivals]]
        process = { kind = 'poisson', per_hour = 1e9 }
        lifetime = { kind = 'constant', value = '2d' }
        types = { 'm5.large' = 1 }",
    );
    for expected in [
        "nowhere.csv: found no such file",
        "`workload.arrivals.0.process.per_hour`: found 0, expected a rate above 0",
        "`workload.arrivals.0.lifetime.mean`: found 0s",
        "`workload.arrivals.0.types`: found `m5.lrge`, expected an instance type",
        "`workload.arrivals.0.types`: found -1, expected weights of 0 or more",
        "`workload.arrivals.0.min_count`: found 3, expected 1 to `count`, 2",
        "`workload.arrivals.0.accounts`: found 0, expected 1 to 1,000,000",
        "`workload.arrivals.0.zone`: found `c`, expected a zone of the scenario",
        "`workload.arrivals.0.subnet`: found `wbe`, expected a subnet of the scenario\n  help: ",
        "`workload.arrivals.0.stops.stopped`: found no time, expected some time",
        "`workload.arrivals.1.subnet`: found a subnet of another zone than `a`",
        "`workload.arrivals.2.types`: found weights that add up to 0",
        "`workload.arrivals.2.name`: found `x` again",
        "`workload.arrivals.3.lifetime`: found no lifetime",
        "`workload.arrivals.4.lifetime`: found a steady state of 48000000000 instances",
    ] {
        assert!(text.contains(expected), "no {expected} in\n{text}");
    }
    assert!(problems("").contains("`workload`: found no demand"));
    assert!(
        toml::from_str::<WorkloadConfig>("[[arrivals]]\ncolour = 'x'")
            .unwrap_err()
            .message()
            .contains("colour")
    );
}

#[test]
fn requests_are_drawn_into_groups_and_shift_nothing_else() {
    let plain = "start = 'steady-state'\n[[arrivals]]\nprocess = { kind = 'poisson', per_hour = 9 }\n\
                 types = { 'm5.large' = 1, 't3.micro' = 1 }\nlifetime = { kind = 'exponential', mean = '9h' }\n\
                 accounts = 3\n";
    let draws = |toml: &str| {
        let mut names = directory();
        let mut demand = open(toml, &mut names);
        let residents: Vec<Call> = demand.residents().map(|resident| demand.resident(&resident)).collect();
        let calls = calls(&mut demand, &mut names, 400);
        (residents.into_iter().chain(calls.into_iter().map(|(call, _)| call)).collect::<Vec<_>>(), names)
    };
    let (base, _) = draws(plain);
    let (grouped, names) = draws(&format!("{plain}group = 'g'\ngroups = 4\n"));
    assert_eq!(names.handles.placement_groups(), ["g-0", "g-1", "g-2", "g-3"]);
    let mut members = [0; 4];
    for (without, with) in base.iter().zip(&grouped) {
        let (a, b) = (launch(without), launch(with));
        assert_eq!((without.at, without.account, a.kind), (with.at, with.account, b.kind));
        assert_eq!(a.options, None);
        members[b.options.as_ref().unwrap().group.unwrap().0 as usize] += 1;
    }
    assert!(base.len() == grouped.len() && members.iter().all(|number| *number > 80), "{members:?}");
    let (single, names) = draws(&format!("{plain}group = 'g'\n"));
    assert_eq!(names.handles.placement_groups(), ["g"]);
    let shared = launch(&single[0]).options.as_ref().unwrap();
    assert!(single.iter().all(|call| Arc::ptr_eq(launch(call).options.as_ref().unwrap(), shared)));
}

#[test]
fn every_problem_of_launch_options_is_told_with_its_key() {
    let text = problems(
        "[[arrivals]]
        process = { kind = 'poisson', per_hour = 1 }
        types = { 'm5.large' = 1 }
        image = ''
        volumes = [{ device = 'a:b' }]
        security_groups = ['a|b']
        groups = 3
        partition = 0
        tenancy = 'shared'
        host = 'h'
        max_usd_per_hour = 0.1
        tags = { 'a' = 'x|y' }
        [[arrivals]]
        process = { kind = 'poisson', per_hour = 1 }
        types = { 'm5.large' = 1 }
        group = 'g'
        groups = 100001
        purchase = 'spot'
        max_usd_per_hour = 0.0000000000001",
    );
    for expected in [
        "`workload.arrivals.0.image`: found ``, expected a name",
        "`workload.arrivals.0.volumes`: found `a:b`, expected a name",
        "`workload.arrivals.0.security_groups`: found `a|b`, expected a name",
        "`workload.arrivals.0.groups`: found 3, expected `group` with it",
        "`workload.arrivals.0.partition`: found 0, expected 1 or more",
        "`workload.arrivals.0.partition`: found 0, expected `group` with it",
        "`workload.arrivals.0.tenancy`: found \"shared\" with a `host`, expected \"host\" or nothing",
        "`workload.arrivals.0.max_usd_per_hour`: found 0.1, expected `purchase = \"spot\"` with it",
        "`workload.arrivals.0.tags`: found `x|y`, expected a value without `|`",
        "`workload.arrivals.1.groups`: found 100001, expected 1 to 100,000",
        "`workload.arrivals.1.max_usd_per_hour`: found 0.0000000000001, expected dollars",
    ] {
        assert!(text.contains(expected), "no {expected} in\n{text}");
    }
}

#[test]
fn a_steady_state_of_infinite_mean_is_refused() {
    let text = problems(
        "start = 'steady-state'\n[[arrivals]]\nprocess = { kind = 'poisson', per_hour = 1 }\n\
         lifetime = { kind = 'pareto', min = '1s', shape = 1 }\ntypes = { 'm5.large' = 1 }",
    );
    assert!(text.contains("`workload.arrivals.0.lifetime`: found a lifetime of infinite mean"), "{text}");
}

/// Returns the calls of a demand up to a time, as (start \[s\], type, account).
fn taken(demand: &mut Demand, directory: &mut Directory, until: Time) -> Vec<(f64, u32, u32)> {
    let mut taken = Vec::new();
    while let Some(call) = demand.next(directory).unwrap().filter(|call| call.at <= until) {
        if let Action::Launch(launch) = &call.action {
            taken.push((call.at.as_seconds(), launch.kind.0, call.account.0));
        }
    }
    taken
}

/// Returns the launches of a scaled workload of ten days.
fn scaled(text: &str, folder: &Path) -> Vec<(f64, u32, u32)> {
    let days = Duration(10 * 86_400 * NS_PER_S);
    let mut directory = directory();
    let mut demand = Demand::open(&config(text), Some(days), Seed(1), folder, &mut directory).unwrap();
    taken(&mut demand, &mut directory, Time::ZERO.after(days))
}

const STEADY: &str = "arrivals = [{ process = { kind = 'poisson', per_hour = 60 }, types = { 'm5.large' = 1, 'c5.large' = 2 }, \
    lifetime = { kind = 'constant', value = '1h' }, accounts = 7 }]\n";

#[test]
fn more_demand_keeps_every_request_of_less() {
    let nowhere = Path::new("");
    let as_it_is = scaled(STEADY, nowhere);
    assert_eq!(as_it_is, scaled(&format!("scale = 1.0\n{STEADY}"), nowhere));
    let mut less: Vec<(f64, u32, u32)> = Vec::new();
    for scale in [0.2, 0.5, 1.0, 1.7, 3.0] {
        let more = scaled(&format!("scale = {scale}\n{STEADY}"), nowhere);
        // 14,400 requests at scale 1: a Poisson number, within five standard deviations.
        let expected = 14_400.0 * scale;
        assert!((more.len() as f64 - expected).abs() < 5.0 * expected.sqrt(), "{scale}: {}", more.len());
        let times: std::collections::BTreeSet<u64> = more.iter().map(|(at, ..)| at.to_bits()).collect();
        assert!(less.iter().all(|(at, ..)| times.contains(&at.to_bits())), "{scale} lost requests");
        assert!(more.is_sorted_by_key(|(at, ..)| *at));
        less = more;
    }
}

#[test]
fn a_profile_is_followed_day_by_day() {
    let text = format!(
        "{STEADY}[profile]\nweekly = [1, 2, 0, 0.5, 1, 1, 1]\nsteps = [{{ from = '6d', until = '7d', factor = 3 }}]"
    );
    let found = scaled(&text, Path::new(""));
    for (day, factor) in [1.0, 2.0, 0.0, 0.5, 1.0, 1.0, 3.0, 1.0, 2.0, 0.0].into_iter().enumerate() {
        let count = found.iter().filter(|(at, ..)| (at / 86_400.0) as usize == day).count() as f64;
        let expected: f64 = 1440.0 * factor;
        assert!((count - expected).abs() <= 5.0 * expected.sqrt(), "day {day}: {count} of {expected}");
    }
}

#[test]
fn growth_compounds() {
    let text = format!("{STEADY}[profile]\ngrowth_per_day = 0.2");
    let found = scaled(&text, Path::new(""));
    // ∫ 1.2^t over ten days = (1.2^10 − 1) ÷ ln 1.2 = 28.474.
    let expected = 1440.0 * (libm::pow(1.2, 10.0) - 1.0) / libm::log(1.2);
    assert!((found.len() as f64 - expected).abs() < 5.0 * expected.sqrt(), "{} of {expected}", found.len());
}

/// Returns a trace of an instance an hour for a day, each for two hours.
fn hourly() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rows: String =
        (0..24).map(|hour| format!("{},{},m5.large,a{hour}\n", hour * 3600, (hour + 2) * 3600)).collect();
    std::fs::write(folder.path().join("t.csv"), format!("start_s,end_s,type,account\n{rows}")).unwrap();
    folder
}

#[test]
fn a_trace_is_repeated_exactly() {
    let folder = hourly();
    let once = scaled("trace = 't.csv'", folder.path());
    let thrice = scaled("trace = 't.csv'\nrepeat = { times = 3, every = '1d' }", folder.path());
    let expected: Vec<(f64, u32, u32)> = (0..3)
        .flat_map(|day| {
            once.iter().map(move |(at, kind, account)| (at + f64::from(day) * 86_400.0, *kind, *account))
        })
        .collect();
    assert_eq!(thrice, expected);
    let mut directory = directory();
    let text = "trace = 't.csv'\nrepeat = { times = 2, every = '22h' }";
    let mut demand = Demand::open(&config(text), None, Seed(1), folder.path(), &mut directory).unwrap();
    let error = loop {
        match demand.next(&mut directory) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a repetition shorter than the trace is reported"),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(
        error,
        "`workload.repeat.every`: found 22h, expected at least 23h, when the trace's last row starts"
    );
}

#[test]
fn open_ends_are_drawn_anew_in_each_replay_and_nothing_else_changes() {
    let folder = tempfile::tempdir().unwrap();
    let begins = |row: u64| row * 20;
    // The recording stops at 4,000 s: who lives longer has no end in it.
    let ends_of = |row: u64| Some(begins(row) + 50 + row * 197 % 3_000).filter(|end| *end <= 4_000);
    let rows: String = (0..200)
        .map(|row| {
            let end = ends_of(row).map_or(String::new(), |end| end.to_string());
            format!("{},{end},m5.large,a{row}\n", begins(row))
        })
        .collect();
    fs::write(folder.path().join("t.csv"), format!("start_s,end_s,type,account\n{rows}")).unwrap();
    let ends = |text: &str| -> Vec<Option<u64>> {
        let mut directory = directory();
        let mut demand = Demand::open(&config(text), None, Seed(1), folder.path(), &mut directory).unwrap();
        let calls = calls(&mut demand, &mut directory, usize::MAX);
        let end = |call: &Call| match launch(call).end {
            End::At(end) => Some(end.since(call.at).0 / NS_PER_S),
            _ => None,
        };
        calls.iter().map(|(call, _)| end(call)).collect()
    };
    let recorded = ends("trace = 't.csv'");
    let drawn = ends("trace = 't.csv'\nopen_ends = 'kaplan-meier'\nrepeat = { times = 2, every = '2h' }");
    assert_eq!(drawn.len(), 2 * recorded.len());
    let known: Vec<u64> = recorded.iter().flatten().copied().collect();
    let last = (0..200).filter_map(ends_of).chain([begins(199)]).max().unwrap();
    for (row, lifetime) in drawn.iter().enumerate() {
        let in_trace = row % 200;
        match recorded[in_trace] {
            Some(recorded) => assert_eq!(*lifetime, Some(recorded), "row {row}"),
            // At least as long as it was seen, and one of the lifetimes that were seen to end.
            None => assert!(
                lifetime.is_none_or(|drawn| drawn > last - begins(in_trace as u64) && known.contains(&drawn)),
                "row {row}: {lifetime:?}"
            ),
        }
    }
    assert_ne!(drawn[..200], drawn[200..], "each replay draws for itself");
    let open = (0..drawn.len()).filter(|row| recorded[row % 200].is_none());
    assert!(open.filter(|row| drawn[*row].is_some()).count() > 20, "some end within what was seen");
}

#[test]
fn open_ends_need_lifetimes_to_learn_from_and_ages_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), "start_s,end_s,type,account\n0,,m5.large,a\n").unwrap();
    let error = |more: &str| {
        let text = format!("trace = 't.csv'\nopen_ends = 'kaplan-meier'\n{more}");
        let mut directory = directory();
        let opened = Demand::open(&config(&text), None, Seed(1), folder.path(), &mut directory);
        let next = opened.and_then(|mut demand| demand.next(&mut directory).map(drop));
        next.unwrap_err().to_string()
    };
    assert!(
        error("").contains("`workload.open_ends`: found no instance with an end in the trace"),
        "{}",
        error("")
    );
    let both = error("replicate = 'days'");
    assert!(both.contains("found both `open_ends` and `replicate`, expected one of them"), "{both}");
}

#[test]
fn copies_of_a_row_start_later_and_live_as_long() {
    let folder = hourly();
    let once = scaled("trace = 't.csv'", folder.path());
    let doubled = scaled("trace = 't.csv'\nscale = 2.0\njitter = '30m'", folder.path());
    assert_eq!(doubled.len(), 48);
    assert!(doubled.is_sorted_by_key(|(at, ..)| *at));
    for (at, _, account) in &once {
        let of_row: Vec<f64> = doubled.iter().filter(|(.., of)| of == account).map(|(at, ..)| *at).collect();
        assert!(of_row.len() == 2 && of_row[0] == *at && of_row[1] - at < 1800.0, "{of_row:?}");
    }
    let halved = scaled("trace = 't.csv'\nscale = 0.5", folder.path());
    assert!(halved.len() > 4 && halved.len() < 20 && halved.iter().all(|row| once.contains(row)));
    let mut directory = directory();
    let text = "trace = 't.csv'\nscale = 2.0";
    let mut demand = Demand::open(&config(text), None, Seed(1), folder.path(), &mut directory).unwrap();
    while let Some(call) = demand.next(&mut directory).unwrap() {
        let Action::Launch(launch) = call.action else { panic!("an interval is a launch") };
        let End::At(end) = launch.end else { panic!("it has an end") };
        assert_eq!(end.0 - call.at.0, 7200 * NS_PER_S);
    }
    assert!(demand.last_event() >= Time(25 * 3600 * NS_PER_S));
}

#[test]
fn operations_are_neither_scaled_nor_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let text = "time_s,op,instance,type\n0,launch,i,m5.large\n";
    std::fs::write(folder.path().join("o.csv"), text).unwrap();
    for setting in [
        "scale = 2.0",
        "repeat = { times = 2, every = '1d' }",
        "replicate = 'days'",
        "profile = { growth_per_day = 0.1 }",
    ] {
        let config = config(&format!("trace = 'o.csv'\n{setting}"));
        let day = Some(Duration(86_400 * NS_PER_S));
        let error = Demand::open(&config, day, Seed(1), folder.path(), &mut directory()).unwrap_err();
        assert!(error.to_string().contains("expected one of intervals"), "{error}");
    }
}

/// Launch of a trace drawn anew: its start and end \[s\] and the name of its account.
type Drawn = (u64, u64, String);

/// Returns the launches of a workload under a seed.
fn drawn(text: &str, folder: &Path, seed: u64) -> Vec<Drawn> {
    let mut directory = directory();
    let mut demand = Demand::open(&config(text), None, Seed(seed), folder, &mut directory).unwrap();
    let mut launches = Vec::new();
    while let Some(call) = demand.next(&mut directory).unwrap() {
        let End::At(end) = launch(&call).end else { panic!("an interval has an end") };
        let account = directory.accounts()[call.account.index()].clone();
        launches.push((call.at.0 / NS_PER_S, end.0 / NS_PER_S, account));
    }
    assert!(launches.is_sorted_by_key(|(at, ..)| *at));
    launches
}

const DAY_S: u64 = 86_400;

/// Returns a trace of `hours` hours with an instance in each, for 30 hours; accounts are named by the day.
fn daily(hours: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..hours)
        .map(|hour| format!("{},{},m5.large,day-{}\n", hour * 3600 + hour, hour * 3600 + 108_000, hour / 24))
        .collect();
    fs::write(folder.path().join("t.csv"), format!("start_s,end_s,type,account\n{rows}")).unwrap();
    folder
}

#[test]
fn every_day_of_a_resample_is_a_whole_day_of_the_trace() {
    let folder = daily(4 * 24);
    let recorded = drawn("trace = 't.csv'", folder.path(), 0);
    let of_day = |launches: &[Drawn], day: u64| -> Vec<Drawn> {
        launches.iter().filter(|(at, ..)| at / DAY_S == day).cloned().collect()
    };
    let mut times_drawn = [0_u32; 4];
    for seed in 0..400 {
        let resample = drawn("trace = 't.csv'\nreplicate = 'days'", folder.path(), seed);
        for day in 0..4 {
            let found = of_day(&resample, day);
            let name = &found[0].2;
            let source: u64 = name.strip_prefix("day-").unwrap().parse().unwrap();
            let expected: Vec<Drawn> = of_day(&recorded, source)
                .into_iter()
                .map(|(at, end, account)| {
                    (at - source * DAY_S + day * DAY_S, end - source * DAY_S + day * DAY_S, account)
                })
                .collect();
            assert_eq!(found, expected, "seed {seed}, day {day}");
            times_drawn[source as usize] += 1;
        }
        assert_eq!(resample.len(), 4 * 24);
    }
    // Of 1,600 draws each day has a quarter, within five standard deviations.
    assert!(times_drawn.iter().all(|times| (313..=487).contains(times)), "{times_drawn:?}");
}

#[test]
fn only_whole_days_and_weeks_are_drawn() {
    let blocks = |hours: u64, replicate: &str| {
        let folder = daily(hours);
        let text = format!("trace = 't.csv'\nreplicate = '{replicate}'");
        let mut directory = directory();
        let demand = Demand::open(&config(&text), None, Seed(1), folder.path(), &mut directory);
        demand.map(|demand| demand.trace_blocks().unwrap()).map_err(|error| error.to_string())
    };
    // A last day counts if something starts in its last hour.
    assert_eq!(blocks(72, "days"), Ok(3));
    assert_eq!(blocks(71, "days"), Ok(2));
    assert_eq!(blocks(15 * 24, "weeks"), Ok(2));
    assert_eq!(
        blocks(47, "days").unwrap_err(),
        "`workload.replicate`: found fewer than two whole days in the trace, expected more to draw from\n  \
         help: draw shorter blocks or accounts, or leave `replicate` out"
    );
    assert!(blocks(13 * 24, "weeks").unwrap_err().contains("fewer than two whole weeks"));
}

#[test]
fn an_account_is_drawn_with_all_its_launches_and_its_copies_are_others() {
    let folder = daily(40 * 24);
    let recorded = drawn("trace = 't.csv'", folder.path(), 0);
    let mut copies = Vec::new();
    for seed in 0..25 {
        let resample = drawn("trace = 't.csv'\nreplicate = 'accounts'", folder.path(), seed);
        for day in 0..40 {
            let name = format!("day-{day}");
            let expected: Vec<(u64, u64)> = recorded
                .iter()
                .filter(|(.., account)| *account == name)
                .map(|(at, end, _)| (*at, *end))
                .collect();
            let times = resample.iter().filter(|(at, ..)| *at == expected[0].0).count();
            for copy in 0..times {
                let account = if copy == 0 { name.clone() } else { format!("{name}~{}", copy + 1) };
                let found: Vec<(u64, u64)> = resample
                    .iter()
                    .filter(|(.., of)| *of == account)
                    .map(|(at, end, _)| (*at, *end))
                    .collect();
                assert_eq!(found, expected, "seed {seed}, {account}");
            }
            copies.push(times);
        }
        assert_eq!(resample.len() % 24, 0);
    }
    // A thousand counts of Poisson's distribution: mean and variance 1, within five standard errors.
    let mean = copies.iter().sum::<usize>() as f64 / 1000.0;
    let variance = copies.iter().map(|times| (*times as f64 - mean).powi(2)).sum::<f64>() / 999.0;
    assert!((mean - 1.0).abs() < 0.16 && (variance - 1.0).abs() < 0.3, "{mean} {variance}");
}

#[test]
fn each_replay_of_a_repeated_trace_is_drawn_for_itself() {
    let folder = daily(10 * 24);
    let text = "trace = 't.csv'\nrepeat = { times = 2, every = '10d' }\nreplicate = 'days'";
    let twice = drawn(text, folder.path(), 3);
    assert_eq!(twice.len(), 20 * 24);
    let names = |from: usize| -> Vec<&str> {
        twice[from * 24..(from + 10) * 24].iter().step_by(24).map(|(.., account)| account.as_str()).collect()
    };
    assert_ne!(names(0), names(10));
}

#[test]
fn what_cannot_be_drawn_is_told_with_the_way_out() {
    let refused = |header: &str, row: &str, replicate: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("t.csv"), format!("{header}\n{row}\n")).unwrap();
        let config = config(&format!("trace = 't.csv'\nreplicate = '{replicate}'"));
        Demand::open(&config, None, Seed(1), folder.path(), &mut directory()).unwrap_err().to_string()
    };
    let told = refused("start_s,end_s,type", "0,1,m5.large", "accounts");
    assert!(told.contains("expected one with the column `account`"), "{told}");
    let told = refused("start_s,end_s,type,host", "0,1,m5.large,h-1", "days");
    assert!(told.contains("instances on hosts") && told.contains("without the column `host`"), "{told}");
}
