//! Checks of a scenario beyond names and types, which give each problem its place in the file.
//!
//! The parts check themselves and name the key (`zones.0.hosts.1.count`); here it gets its line.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::document::{self, Document, Node};
use super::key_path::{self, Step};
use super::{Scenario, objective, reading};
use plimsoll_base::catalogue::{self, ShapePrice, TypeTable};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};
use plimsoll_base::table::clock::begins_too_late;
use plimsoll_base::units::{Calendar, Duration, ZoneId};
use plimsoll_model::autoscaling;
use plimsoll_model::autoscaling::config::AutoscalingGroup;
use plimsoll_model::billing::BillingConfig;
use plimsoll_model::fleet;
use plimsoll_model::fleet::hardware::family_of;
use plimsoll_model::fleet::host_group::HostGroup;
use plimsoll_model::placement;
use plimsoll_model::placement::strategy::Strategy;
use plimsoll_model::pools;
use plimsoll_model::storage::validate_images;
use plimsoll_model::workload::demand::Demand;
use plimsoll_model::workload::directory::{Directory, SubnetName};

/// The most rows of a time series: a file of a few hundred MB.
const MAX_SAMPLES: u64 = 1_000_000;

/// Least time between two rows where the length of the trace is not known beforehand: a year of it then
/// makes a file of a few GB, not one that never ends.
const MIN_INTERVAL: Duration = Duration::from_seconds(1);

/// Run that a scenario is read for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RunSort {
    /// Run from beginning to end.
    Whole,
    /// Run that clients call and end.
    ForClients,
    /// Rest of a run, from a checkpoint on.
    Branch,
}

/// Returns everything that is impossible in a scenario of the right form.
pub(super) fn check(scenario: &Scenario, sort: RunSort) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_name(&scenario.name, &mut problems);
    check_times(scenario, &mut problems);
    problems.extend(check_start(scenario));
    let hosts = fleet::config::resolve(&scenario.zones);
    problems.extend(hosts.as_ref().err().into_iter().flatten().cloned());
    let seed = Seed(scenario.seed);
    problems.extend(scenario.placement.numa.resolve().err());
    problems.extend(scenario.placement.prediction.validate());
    let strategy = placement::register::build(&scenario.placement.strategy, seed);
    let stale = scenario.placement.stale.iter();
    problems
        .extend(stale.flat_map(|stale| stale.validate(strategy.as_ref().is_ok_and(Strategy::has_history))));
    problems.extend(strategy.err().unwrap_or_default());
    let zones: Vec<&str> = scenario.zones.iter().map(|zone| zone.name.as_str()).collect();
    problems.extend(scenario.network.validate(&zones));
    problems.extend(check_provisions(scenario));
    problems.extend(scenario.storage.validate(&zones));
    problems.extend(validate_images(&scenario.images));
    problems.extend(scenario.faults.validate(&zones));
    problems.extend(scenario.quotas.validate());
    problems.extend(scenario.lifecycle.validate());
    problems.extend(scenario.control_plane.validate(scenario.duration));
    problems.extend(objective::validate(&scenario.objectives));
    problems.extend(check_waiting(scenario));
    problems.extend(check_names(scenario));
    problems.extend(check_hardware(scenario, hosts.as_deref().unwrap_or_default()));
    check_demand(scenario, sort, &mut problems);
    problems
}

/// Checks that settings of the line come with a line.
fn check_waiting(scenario: &Scenario) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !scenario.placement.when_full.is_refuse() {
        return problems;
    }
    let mut add = |key: String, found: &str| {
        let message = format!("found {found} where launches do not wait, expected a line to wait in");
        let problem = Problem::new(Place::key(&key), message);
        problems.push(problem.with_help("set `placement.when_full = \"wait\"`, or leave the key out"));
    };
    if scenario.placement.longest_wait.is_some() {
        add("placement.longest_wait".to_string(), "a longest wait");
    }
    for (i, arrival) in scenario.workload.arrivals.iter().enumerate() {
        if arrival.preempts {
            add(format!("workload.arrivals.{i}.preempts"), "preemption");
        }
        if arrival.priority != 0 {
            add(format!("workload.arrivals.{i}.priority"), "a priority");
        }
    }
    problems
}

/// Checks that the start is a date, and that billing states no other.
fn check_start(scenario: &Scenario) -> Vec<Problem> {
    let Some(start) = &scenario.start else { return Vec::new() };
    let Some(calendar) = Calendar::starting(start) else {
        let message = format!(
            "found `{start}`, expected a date of 1970 to 9999, or a date and time with its offset from UTC"
        );
        let help = "write it as 2026-03-01, 2026-03-01T08:00:00Z or 2026-03-01T08:00:00+01:00";
        return vec![Problem::new(Place::key("start"), message).with_help(help)];
    };
    let of_bill = &scenario.billing.start_date;
    let is_other =
        *of_bill != BillingConfig::default().start_date && Calendar::starting(of_bill) != Some(calendar);
    let message = || format!("found `{of_bill}`, where `start` is `{start}`");
    is_other
        .then(|| {
            Problem::new(Place::key("billing.start_date"), message())
                .with_help("leave it out: bills follow `start`")
        })
        .into_iter()
        .collect()
}

/// Checks that the families and types of hardware are those of the catalogue or of the scenario: a misspelt one would
/// otherwise bar the types that were meant without a message.
fn check_hardware(scenario: &Scenario, hosts: &[Vec<HostGroup>]) -> Vec<Problem> {
    let own = || scenario.instance_types.iter().map(|own| own.name.as_str());
    let built_in = || catalogue::built_in().iter().map(|entry| entry.name.as_str());
    let types: BTreeSet<&str> = built_in().chain(own()).collect();
    let families: BTreeSet<&str> = types.iter().copied().map(family_of).collect();
    let mut problems = Vec::new();
    let unknown = |place: Place, name: &str, what: &str, known: &BTreeSet<&str>| {
        let message = format!("found `{name}`, expected {what} of the catalogue or of [[instance_types]]");
        let mut problem = Problem::new(place, message);
        problem.help = did_you_mean(name, known.iter().copied());
        problem
    };
    let mut told = BTreeSet::new();
    for (file, row) in fleet::config::listed_hosts(&scenario.zones, hosts) {
        let place = |column: &str| Place::file(file).at_line(row.line).at_key(column);
        if let Some(hardware) = &row.hardware {
            let families_of_row =
                hardware.families.iter().map(|name| ("families", "a family", &families, name));
            let types_of_row = hardware.types.iter().map(|name| ("types", "an instance type", &types, name));
            for (column, what, known, name) in families_of_row.chain(types_of_row) {
                // A file that repeats a name has its first row told.
                if !known.contains(name.as_str()) && told.insert((file, column, name)) {
                    problems.push(unknown(place(column), name, what, known));
                }
            }
        }
    }
    let mut check = |key: String, name: &str, what: &str, known: &BTreeSet<&str>| {
        if !known.contains(name) {
            problems.push(unknown(Place::key(&key), name, what, known));
        }
    };
    let mut check_all = |at: &str, of_families: &[String], of_types: &[String]| {
        for (i, family) in of_families.iter().enumerate() {
            check(format!("{at}.families.{i}"), family, "a family", &families);
        }
        for (i, name) in of_types.iter().enumerate() {
            check(format!("{at}.types.{i}"), name, "an instance type", &types);
        }
    };
    for (i, zone) in scenario.zones.iter().enumerate() {
        if let Some(offers) = &zone.offers {
            check_all(&format!("zones.{i}.offers"), &offers.families, &offers.types);
        }
        for (j, group) in zone.hosts.iter().enumerate() {
            check_all(&format!("zones.{i}.hosts.{j}"), &group.families, &group.types);
        }
    }
    for (i, hosts) in scenario.placement.dedicated_hosts.iter().enumerate() {
        if let Some(family) = &hosts.family {
            check(format!("placement.dedicated_hosts.{i}.family"), family, "a family", &families);
        }
    }
    problems
}

/// Checks that the names in arrivals exist, unless a trace may make them.
fn check_names(scenario: &Scenario) -> Vec<Problem> {
    let mut problems = Vec::new();
    if scenario.workload.trace.is_some() {
        return problems;
    }
    let images: Vec<&str> = scenario.images.iter().map(|image| image.name.as_str()).collect();
    let security_groups: Vec<&str> =
        scenario.network.security_groups.iter().map(|group| group.name.as_str()).collect();
    let groups: Vec<&str> = scenario.placement.groups.iter().map(|group| group.name.as_str()).collect();
    let reservations: Vec<&str> =
        scenario.placement.capacity_reservations.iter().map(|held| held.name.as_str()).collect();
    for (i, arrival) in scenario.workload.arrivals.iter().enumerate() {
        let mut check = |key: &str, name: &str, what: &str, known: &[&str]| {
            if !known.contains(&name) {
                let place = Place::key(&format!("workload.arrivals.{i}.{key}"));
                let mut problem = Problem::new(place, format!("found `{name}`, expected the name of {what}"));
                problem.help = did_you_mean(name, known.iter().copied());
                problems.push(problem);
            }
        };
        if let Some(image) = &arrival.image {
            check("image", image, "one of [[images]]", &images);
        }
        for (j, group) in arrival.security_groups.iter().enumerate().filter(|(_, name)| *name != "default") {
            let what = "one of [[network.security_groups]]";
            check(&format!("security_groups.{j}"), group, what, &security_groups);
        }
        if let (Some(group), None) = (&arrival.group, arrival.groups) {
            check("group", group, "one of [[placement.groups]]", &groups);
        }
        if let Some(reservation) = &arrival.reservation {
            let what = "one of [[placement.capacity_reservations]]";
            check("reservation", reservation, what, &reservations);
        }
    }
    problems
}

/// Checks what placement provides, but not types that are themselves wrong, which are reported elsewhere.
fn check_provisions(scenario: &Scenario) -> Vec<Problem> {
    let types = TypeTable::new(&scenario.instance_types, &scenario.billing.shape);
    let resolved = types.map(|mut types| scenario.placement.resolve(&scenario.zones, &mut types));
    resolved.map_or_else(|_| Vec::new(), |resolved| resolved.err().unwrap_or_default())
}

/// Opens the demand and closes it again, to find problems of its names and its first rows.
fn check_demand(scenario: &Scenario, sort: RunSort, problems: &mut Vec<Problem>) {
    let mut are_types_wrong = false;
    let types = TypeTable::new(&scenario.instance_types, &scenario.billing.shape).unwrap_or_else(|error| {
        are_types_wrong = true;
        problems.extend(error.0);
        TypeTable::new(&[], &ShapePrice::default()).expect("the catalogue itself is whole")
    });
    let zones: Vec<&str> = scenario.zones.iter().map(|zone| zone.name.as_str()).collect();
    // Clients may call for longer than `duration`.
    let length = scenario.duration.filter(|_| sort != RunSort::ForClients);
    problems.extend(scenario.billing.validate(&zones, &types, length));
    if !are_types_wrong {
        problems.extend(check_priced_names(scenario, &types));
    }
    let mut directory = directory(scenario, types);
    problems.extend(
        pools::resolve(&scenario.pools, &scenario.pools_of_jobs(), &mut directory).err().unwrap_or_default(),
    );
    let groups =
        autoscaling::config::resolve(&scenario.autoscaling_groups, Seed(scenario.seed), &mut directory);
    match groups {
        Ok(groups) => problems.extend(late_loads(&groups, length)),
        Err(found) => problems.extend(found),
    }
    if sort != RunSort::Whole && scenario.workload.is_empty() {
        if sort == RunSort::Branch && scenario.duration.is_none() {
            let found = "found nothing, expected the time to simulate: no demand ends the run";
            let problem = Problem::new(Place::key("duration"), found);
            problems.push(problem.with_help("say when the run ends: --set duration=2h"));
        }
        return;
    }
    match open_demand(scenario, &mut directory) {
        // A type of the scenario that is itself wrong is not reported as unknown.
        Err(error) => problems.extend(error.0.into_iter().filter(|problem| {
            !are_types_wrong || !scenario.instance_types.iter().any(|own| is_about_type(problem, &own.name))
        })),
        Ok(demand)
            if sort != RunSort::ForClients
                && scenario.duration.is_none()
                && !(demand.ends() && scenario.autoscaling_groups.is_empty()) =>
        {
            let found = "found nothing, expected the time to simulate: synthetic demand never ends";
            let problem = Problem::new(Place::key("duration"), found);
            problems.push(problem.with_help("add a duration such as \"30d\""));
        }
        Ok(_) => {}
    }
}

/// Checks that the rates of savings plans name types or families of instances or hosts, and prices of dedicated instances types: any other
/// name covers and prices nothing.
fn check_priced_names(scenario: &Scenario, types: &TypeTable) -> Vec<Problem> {
    let groups = || scenario.zones.iter().flat_map(|zone| &zone.hosts);
    let is_of = |sku: &str, name: &str| sku == name || family_of(sku) == name;
    let is_sku = |name: &str| {
        groups().any(|group| group.file.is_some() || group.sku.as_deref().is_some_and(|sku| is_of(sku, name)))
    };
    let mut problems = Vec::new();
    for name in scenario.billing.prices.dedicated_instances.keys().filter(|name| !types.has(name)) {
        let place = Place::key(&format!("billing.prices.dedicated_instances.{name:?}"));
        let message = format!("found `{name}`, expected the name of an instance type");
        problems.push(Problem { place, message, help: types.suggest(name) });
    }
    for (i, plan) in scenario.billing.savings_plans.iter().enumerate() {
        for name in plan.rates.keys() {
            if types.has(name) || types.has_family(name) || is_sku(name) {
                continue;
            }
            let place = Place::key(&format!("billing.savings_plans.{i}.rates.{name:?}"));
            let message = format!(
                "found `{name}`, expected an instance type, a family of types, or the `sku` of a host group"
            );
            let help = if name.contains('.') { types.suggest(name) } else { types.suggest_family(name) };
            problems.push(Problem { place, message, help });
        }
    }
    problems
}

/// Returns the problems of files of loads that begin when the run is over.
fn late_loads(groups: &[AutoscalingGroup], duration: Option<Duration>) -> Vec<Problem> {
    let late = |(number, group): (usize, &AutoscalingGroup)| {
        let first = group.load.as_ref()?.first_row;
        begins_too_late(&format!("autoscaling_groups.{number}.load.offered"), first, duration)
    };
    groups.iter().enumerate().filter_map(late).collect()
}

/// Returns whether a problem says that there is no type of a name.
fn is_about_type(problem: &Problem, name: &str) -> bool {
    let is_of_types = problem.place.key.as_ref().is_some_and(|key| key.ends_with(".types"));
    is_of_types && problem.message.starts_with(&format!("found `{name}`, expected an instance type"))
}

/// Returns the names of a scenario's zones and subnets. Names given twice, which the parts that define them refuse,
/// are taken once.
pub(super) fn directory(scenario: &Scenario, types: TypeTable) -> Directory {
    let (mut zones, mut numbers): (Vec<String>, BTreeMap<&str, usize>) = Default::default();
    for zone in &scenario.zones {
        if let Entry::Vacant(new) = numbers.entry(&zone.name) {
            new.insert(zones.len());
            zones.push(zone.name.clone());
        }
    }
    let (mut subnets, mut met): (Vec<SubnetName>, BTreeSet<&str>) = Default::default();
    for subnet in &scenario.network.subnets {
        let zone = numbers.get(subnet.zone.as_str()).copied().unwrap_or(0);
        if met.insert(&subnet.name) {
            subnets.push(SubnetName { name: subnet.name.clone(), zone: ZoneId(zone as u16) });
        }
    }
    Directory::new(types, zones, subnets)
}

/// Opens the demand of a scenario, whose files are by now relative to the current folder.
pub(super) fn open_demand(scenario: &Scenario, directory: &mut Directory) -> Result<Demand, InputError> {
    if scenario.workload.is_empty() && !scenario.autoscaling_groups.is_empty() {
        return Ok(Demand::none(Seed(scenario.seed)));
    }
    Demand::open(&scenario.workload, scenario.duration, Seed(scenario.seed), Path::new(""), directory)
}

/// Checks that the name can be that of a folder.
fn check_name(name: &str, problems: &mut Vec<Problem>) {
    if name.is_empty() {
        problems.push(Problem::new(Place::key("name"), "found nothing, expected the scenario's name"));
        return;
    }
    let usable = !name.starts_with('.') && name.chars().all(|c| c.is_alphanumeric() || "-_. +".contains(c));
    if !usable {
        problems.push(
            Problem::new(
                Place::key("name"),
                format!("found {name:?}, expected a name that can be a folder's"),
            )
            .with_help("use letters, digits, `-`, `_` and `.`, not beginning with `.`"),
        );
    }
}

fn check_times(scenario: &Scenario, problems: &mut Vec<Problem>) {
    let mut add = |key: &str, message: String| problems.push(Problem::new(Place::key(key), message));
    let interval = scenario.output.sample_every;
    if interval == Some(Duration::ZERO) {
        add("output.sample_every", "found 0s, expected some time between two samples".to_string());
    }
    if scenario.headroom.as_ref().is_some_and(|headroom| headroom.every == Duration::ZERO) {
        add("headroom.every", "found 0s, expected some time between two samples".to_string());
    }
    let Some(duration) = scenario.duration else {
        if let Some(interval) = interval.filter(|interval| interval.0 > 0 && *interval < MIN_INTERVAL) {
            let expected = format!("expected at least {MIN_INTERVAL} where there is no `duration`");
            add("output.sample_every", format!("found {interval}, {expected}"));
        }
        return;
    };
    if duration == Duration::ZERO {
        add("duration", "found 0s, expected some time to simulate".to_string());
    } else if scenario.warmup >= duration {
        add("warmup", format!("found {}, expected less than the duration of {duration}", scenario.warmup));
    }
    if let Some(interval) =
        interval.filter(|interval| interval.0 > 0 && duration.0 / interval.0 > MAX_SAMPLES)
    {
        let samples = duration.0 / interval.0;
        add(
            "output.sample_every",
            format!("{interval} makes {samples} samples, expected at most {MAX_SAMPLES}"),
        );
    }
}

/// Names that a value that was taken out may have defined: beginning of its key path, and the last key of those
/// that refer to such a name, or to the value itself.
const REFERENCES: [(&str, &str); 5] = [
    ("zones", "zone"),
    ("network.subnets", "subnet"),
    ("instance_types", "types"),
    ("instance_types", "type"),
    // A start in equilibrium needs arrivals.
    ("workload.arrivals", "start"),
];

/// A tree from which values of the wrong form were taken, beside the document they stood in.
pub(super) struct Pruned<'a> {
    pub document: &'a Document,
    pub tree: &'a Node,
    pub removed: &'a [Vec<Step>],
}

impl Pruned<'_> {
    /// Adds the place to problems that name a key of the tree, and drops those that only follow from a removal.
    pub fn locate(&self, problems: Vec<Problem>) -> Vec<Problem> {
        problems.into_iter().filter_map(|problem| self.locate_one(problem)).collect()
    }

    fn locate_one(&self, mut problem: Problem) -> Option<Problem> {
        let (None, Some(key)) = (&problem.place.file, &problem.place.key) else { return Some(problem) };
        if key.starts_with("--") {
            return Some(problem);
        }
        let (here, missing) = self.walk(key);
        let mut path = reading::locate_exactly(self.document.root(), self.tree, &here);
        let place = reading::place_of_value(self.document, &path);
        if matches!(missing.as_slice(), [Step::Key(key)] if reading::is_echo(self.removed, &path, key)) {
            return None;
        }
        if self.refers_to_removed(key) {
            return None;
        }
        path.extend(missing);
        if self.removed.iter().any(|gone| gone.starts_with(&path)) {
            return None;
        }
        problem.place = if place.file.is_some() { place.at_key(&key_path::show(&path)) } else { place };
        Some(problem)
    }

    /// Returns whether a key refers to a name that may have been taken out with its table.
    fn refers_to_removed(&self, key: &str) -> bool {
        let last = key.rsplit('.').next().unwrap_or(key);
        REFERENCES.iter().filter(|(_, reference)| *reference == last).any(|(names, _)| {
            let names: Vec<Step> = key_path::parse(names).into_iter().map(Step::Key).collect();
            self.removed.iter().any(|gone| gone.starts_with(&names) && gone.len() <= names.len() + 2)
        })
    }

    /// Returns the way to the deepest value that a key path leads to, and the rest of the path.
    fn walk(&self, key: &str) -> (Vec<Step>, Vec<Step>) {
        let names = key_path::parse(key);
        let (mut way, mut node, mut at) = (Vec::new(), self.tree, 0);
        while at < names.len() {
            // A name with dots in it, such as an instance type, may come without quotes.
            let next = (at + 1..=names.len()).find_map(|end| {
                let name = names[at..end].join(".");
                let item = name.parse().ok().map(Step::Item);
                let step = [Some(Step::Key(name)), item].into_iter().flatten();
                step.filter_map(|step| document::child(node, &step).map(|child| (end, step, child))).next()
            });
            let Some((end, step, child)) = next else { break };
            way.push(step);
            (node, at) = (child, end);
        }
        (way, names[at..].iter().cloned().map(Step::Key).collect())
    }
}
