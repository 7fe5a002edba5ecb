//! The product against the plain simulator, on random traces and on the first real one: the same refusals, the
//! same host for every instance, the same integrals and bills.

use std::collections::BTreeMap;
use std::fmt::Write;

use flate2::read::GzDecoder;
use plimsoll::cloud::outcome::Outcome;
use plimsoll::engine::digest::Digest;
use plimsoll::units::NS_PER_S;

use crate::plain::{Amounts, Plain, PlainHost, Results, Row, Step};
use crate::support::{Experiment, Notes, UNCHECKED, billed_seconds, deterministic_strategies, run_file};

/// The account of a row that names none.
const NO_ACCOUNT: u32 = u32::MAX;

/// The hash of what happened, written down as the product does: time, what and on which host, which instance.
/// Two runs with the same one put every instance on the same host.
fn digest(rows: &[Row], steps: &[Step]) -> u128 {
    let (mut shapes, mut accounts) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        let (next_shape, next_account) = (shapes.len() as u64, accounts.len() as u64);
        shapes.entry(row.amounts).or_insert(next_shape);
        accounts.entry(row.account).or_insert(next_account);
    }
    let mut digest = Digest::default();
    let mut instances: BTreeMap<usize, u64> = BTreeMap::new();
    for step in steps {
        digest.absorb(match *step {
            Step::Launched { at, row, host } => {
                let instance = instances.len() as u64;
                instances.insert(row, instance);
                [at, 3 | (host as u64) << 32, instance]
            }
            Step::Left { at, row, host } => [at, 7 | (host as u64) << 32, instances[&row]],
            Step::Refused { at, row } => {
                let (account, shape) = (accounts[&rows[row].account], shapes[&rows[row].amounts]);
                // Refused, no capacity, a launch, of one instance.
                [at, 2 | 1 << 8 | 1 << 16 | 1 << 32, account << 32 | shape]
            }
        });
    }
    digest.value()
}

fn refused_rows(plain: &Results) -> Vec<usize> {
    let refused = |step: &Step| if let Step::Refused { row, .. } = step { Some(*row) } else { None };
    plain.steps.iter().filter_map(refused).collect()
}

/// Holds every figure that both have against each other.
fn assert_same(
    what: &str,
    rows: &[Row],
    hosts: &[PlainHost],
    plain: &Results,
    outcome: &Outcome,
    notes: &Notes,
) {
    assert_eq!(outcome.launch.requested, rows.len() as u64, "{what}: requests");
    assert_eq!(outcome.horizon.0, plain.horizon_ns, "{what}: end");
    let types = &outcome.directory.types;
    let refused: Vec<(u64, String, [u32; 5])> = (notes.refusals.iter())
        .map(|refusal| {
            let account = outcome.directory.accounts()[refusal.account.index()].clone();
            (refusal.at.0, account, types.get(refusal.kind.expect("launches name a shape")).request.0)
        })
        .collect();
    // The real trace names no account.
    let name =
        |account: u32| if account == NO_ACCOUNT { "default".to_string() } else { format!("a{account}") };
    let expected: Vec<(u64, String, [u32; 5])> = (refused_rows(plain).into_iter())
        .map(|row| {
            let Row { start_ns, amounts: [vcpu, memory, gpu, storage], account, .. } = rows[row];
            (start_ns, name(account), [vcpu as u32, memory as u32, gpu as u32, storage as u32, 0])
        })
        .collect();
    assert!(refused == expected, "{what}: other requests are refused");
    assert_eq!(outcome.digest, digest(rows, &plain.steps), "{what}: some instance is on another host");
    assert_eq!(outcome.fleet.hosts_used_peak, plain.peak_hosts_used, "{what}: most hosts used");
    let host_seconds = plain.host_ns_used as f64 / NS_PER_S as f64;
    assert_eq!(outcome.fleet.host_seconds_used, host_seconds, "{what}: host seconds");
    let milli_vcpu: u64 = hosts.iter().map(|host| host.capacity[0]).sum();
    let offered = u128::from(milli_vcpu) * u128::from(plain.horizon_ns);
    let vcpu_ratio = plain.milli_vcpu_ns_used as f64 / offered as f64;
    assert_eq!(outcome.fleet.vcpu_used_ratio_mean, vcpu_ratio, "{what}: vCPU seconds");
    assert_eq!(billed_seconds(outcome), plain.billed_seconds, "{what}: billed seconds");
}

/// Splitmix64 (Steele, Lea and Flood 2014), so that the traces owe nothing to the product either.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// A fleet and a trace, drawn together.
struct Case {
    toml: String,
    hosts: Vec<PlainHost>,
    rows: Vec<Row>,
}

/// Capacities whose ratios are whole numbers of one small part.
const CAPACITIES: [Amounts; 4] = [
    [48_000, 196_608, 0, 0],
    [64_000, 262_144, 8_000, 0],
    [96_000, 131_072, 0, 1_048_576],
    [32_000, 262_144, 4_000, 524_288],
];

fn draw(seed: u64) -> Case {
    let mut dice = Dice(seed);
    let zones = 1 + dice.below(2) as usize;
    let (mut toml, mut hosts, mut rack) = (String::new(), Vec::new(), 0);
    for zone in 0..zones {
        writeln!(toml, "[[zones]]\nname = 'z{zone}'").unwrap();
        for _ in 0..1 + dice.below(3) {
            let (count, per_rack) = (1 + dice.below(12), 1 + dice.below(4));
            let capacity = dice.one_of(&CAPACITIES);
            let [vcpu, memory, gpu, storage] = capacity;
            let reserved = dice.below(2) * 2;
            writeln!(
                toml,
                "[[zones.hosts]]\ncount = {count}\nhosts_per_rack = {per_rack}\nvcpu = {}\nmemory_gib = {}\n\
                 gpu = {}\nlocal_storage_gib = {}\nreserved_vcpu = {reserved}",
                vcpu / 1000 + reserved,
                memory / 1024,
                gpu / 1000,
                storage / 1024,
            )
            .unwrap();
            for host in 0..count {
                let rack = rack + (host / per_rack) as u32;
                hosts.push(PlainHost { capacity, zone, rack });
            }
            rack += count.div_ceil(per_rack) as u32;
        }
    }
    // Enough to fill the hosts about twice over, so that some of it is refused.
    let count = 30 * hosts.len() as u64;
    let mut starts: Vec<u64> = (0..count).map(|_| dice.below(200) * 7).collect();
    starts.sort_unstable();
    let rows = starts.into_iter().map(|start| row(&mut dice, start, zones)).collect();
    Case { toml, hosts, rows }
}

fn row(dice: &mut Dice, start: u64, zones: usize) -> Row {
    // Some milliseconds, so that billed seconds are rounded.
    let start_ns = start * NS_PER_S + dice.one_of(&[0, 0, 500_000_000]);
    let length = match dice.below(10) {
        0 => Some(0),
        1 => None,
        2 => Some(dice.below(60_000) * 1_000_000),
        3..6 => Some(dice.below(300) * 7 * NS_PER_S),
        _ => Some((1 + dice.below(80)) * 7 * NS_PER_S),
    };
    let vcpu = dice.one_of(&[500, 1_000, 2_000, 4_000, 8_000, 16_000]);
    let mut amounts = [vcpu, dice.one_of(&[512, 2_048, 4_096, 8_192, 40_960]), 0, 0];
    if dice.below(8) == 0 {
        amounts[2] = dice.one_of(&[250, 1_000, 2_000]);
    }
    if dice.below(8) == 0 {
        amounts[3] = dice.one_of(&[102_400, 307_200]);
    }
    let zone = (dice.below(3) == 0).then(|| dice.below(zones as u64) as usize);
    let end_ns = length.map(|length| start_ns + length);
    Row { start_ns, end_ns, amounts, account: dice.below(4) as u32, zone }
}

/// Nanoseconds as a decimal number of seconds.
fn seconds(ns: u64) -> String {
    format!("{}.{:09}", ns / NS_PER_S, ns % NS_PER_S)
}

/// Thousandths and 1024ths are finite decimals: milli-vCPU and MiB as people write them.
fn trace(rows: &[Row]) -> String {
    let mut text = "start_s,account,end_s,gpu,vcpu,memory_gib,local_storage_gib,zone\n".to_string();
    for row in rows {
        let [vcpu, memory, gpu, storage] = row.amounts.map(|amount| amount as f64);
        let end = row.end_ns.map_or_else(String::new, seconds);
        let zone = row.zone.map_or_else(String::new, |zone| format!("z{zone}"));
        let (gpu, vcpu) = (gpu / 1000.0, vcpu / 1000.0);
        let (start, account) = (seconds(row.start_ns), row.account);
        writeln!(
            text,
            "{start},a{account},{end},{gpu},{vcpu},{},{},{zone}",
            memory / 1024.0,
            storage / 1024.0
        )
        .unwrap();
    }
    text
}

#[test]
fn random_traces_run_as_the_plain_simulator_runs_them() {
    let mut refusals = BTreeMap::<&str, usize>::new();
    for seed in 0..25 {
        let case = draw(seed);
        // Starts are drawn in whole steps, then moved a little.
        let mut rows = case.rows;
        rows.sort_by_key(|row| row.start_ns);
        let experiment = Experiment::replaying(&trace(&rows), &case.toml);
        for strategy in deterministic_strategies() {
            let what = format!("seed {seed}, {strategy}");
            let plain = Plain::new(strategy, &case.hosts).replay(&rows);
            let mut notes = Notes::default();
            let set = [format!("placement.strategy='{strategy}'")];
            let outcome = experiment.run_with(&[&set[0]], UNCHECKED, &mut notes);
            assert_same(&what, &rows, &case.hosts, &plain, &outcome, &notes);
            *refusals.entry(strategy).or_default() += refused_rows(&plain).len();
        }
    }
    // Otherwise all of this would say little.
    assert!(refusals.values().all(|count| *count > 500), "{refusals:?}");
    assert!(refusals["worst-fit"] != refusals["best-fit"], "strategies differ: {refusals:?}");
}

/// The Azure V1 test period by the rule of the issue: a lifetime is the middle of its range, a censored one
/// never ends, times count from the first row. Read from the original, without the product's importer.
fn azure(path: &std::path::Path) -> Vec<Row> {
    let file = GzDecoder::new(std::fs::File::open(path).expect("the trace can be opened"));
    let text = std::io::read_to_string(file).expect("the trace is text");
    let mut rows = Vec::new();
    let mut first = None;
    for line in text.lines().skip(1) {
        let cell: Vec<&str> = line.split(',').collect();
        let whole = |i: usize| cell[i].parse::<u64>().expect("a whole number");
        let (start, vcpu, shortest, longest) = (whole(0), whole(2), whole(4), whole(5));
        let memory_gib: f64 = cell[3].parse().expect("a number");
        let start_ns = (start - *first.get_or_insert(start)) * NS_PER_S;
        let end_ns = (cell[6] == "0").then(|| start_ns + (shortest + longest) * NS_PER_S / 2);
        let amounts = [vcpu * 1000, (memory_gib * 1024.0) as u64, 0, 0];
        rows.push(Row { start_ns, end_ns, amounts, account: NO_ACCOUNT, zone: None });
    }
    rows
}

#[test]
fn the_quickstart_refuses_what_the_plain_simulator_refuses() {
    let original =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/azure-v1/azure_v1_test.csv.gz");
    if !original.exists() {
        eprintln!("SKIPPED: {} is not there", original.display());
        return;
    }
    let rows = azure(&original);
    let host = PlainHost { capacity: [64_000, 196_608, 0, 0], zone: 0, rack: 0 };
    let hosts = vec![host; 1_000];
    // All of them take minutes; the weekly run does.
    let all = std::env::var_os("PLIMSOLL_LONG").is_some();
    // The hosts of this plain fleet are on one rack, which is a single partition.
    let strategies = deterministic_strategies().filter(|name| *name != "partition");
    for strategy in strategies.take(if all { usize::MAX } else { 1 }) {
        let plain = Plain::new(strategy, &hosts).replay(&rows);
        let mut notes = Notes::default();
        let set = [&*format!("placement.strategy='{strategy}'")];
        let outcome = run_file("workloads/scenarios/quickstart.toml", &set, UNCHECKED, &mut notes);
        eprintln!("{strategy}: {} of {} refused", refused_rows(&plain).len(), rows.len());
        assert_same(strategy, &rows, &hosts, &plain, &outcome, &notes);
    }
}
