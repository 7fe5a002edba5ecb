//! A statistical summary of a trace: amounts, times, shapes and lifetimes.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::reading::TraceReading;
use super::{TraceForm, TraceReader};
use crate::workload::call::{Action, Call, End, Launch, LaunchOptions, LaunchTenancy};
use crate::workload::directory::Directory;
use crate::workload::handles::{Handle, PlacementGroupHandle};
use plimsoll_base::engine::queue::EventQueue;
use plimsoll_base::input::InputError;
use plimsoll_base::units::figures::{decimal, grouped, percent, span};
use plimsoll_base::units::{Duration, NS_PER_S, RESOURCES, Resources, Time, TypeId};

/// Types and shapes shown by name.
const TOP: usize = 10;

/// The summary. Concurrency is that of the requests, from launch to end (in operations: to the first
/// terminate), whether or not a cloud grants them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Description {
    /// The file.
    pub trace: PathBuf,
    /// Its form.
    pub form: TraceForm,
    /// Rows below the header.
    pub rows: u64,
    /// Calls by operation.
    pub operations: BTreeMap<&'static str, u64>,
    /// Time of the first row \[s\].
    pub first_s: f64,
    /// Time of the last row \[s\].
    pub last_arrival_s: f64,
    /// Time of the last event, start or end \[s\].
    pub last_event_s: f64,
    /// Instances asked for.
    pub instances: u64,
    /// Of these, never ended.
    pub never_ending: u64,
    /// Instances asked for in an hour, on average from the first to the last row.
    pub instances_per_hour_mean: f64,
    /// The same in the busiest clock hour.
    pub instances_per_hour_peak: u64,
    /// Accounts.
    pub accounts: usize,
    /// Most instances at one time.
    pub peak_instances: u64,
    /// Most vCPUs at one time.
    pub peak_vcpu: f64,
    /// Most memory at one time \[GiB\].
    pub peak_memory_gib: f64,
    /// Most GPUs at one time.
    pub peak_gpu: f64,
    /// Placement groups that launches name.
    pub placement_groups: usize,
    /// Instances asked for in them.
    pub instances_in_groups: u64,
    /// Instances by tenancy, shared ones left out.
    pub instances_by_tenancy: BTreeMap<&'static str, u64>,
    /// Instances on the spot market.
    pub spot_instances: u64,
    /// Lifetimes of those that end \[s\]; left out where none does.
    pub lifetime_s: Option<Quantiles>,
    /// Types and shapes in use.
    pub shapes: usize,
    /// The most frequent of them.
    pub top_shapes: Vec<ShapeShare>,
    /// Notes on parts that were read otherwise than they are written, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Quantiles of a sample, each a value of it (the nearest rank).
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Quantiles {
    /// Mean.
    pub mean: f64,
    /// Least.
    pub min: f64,
    /// 10th percentile.
    pub p10: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Greatest.
    pub max: f64,
}

/// Frequency of a type or shape.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ShapeShare {
    /// Its name.
    pub name: String,
    /// Instances.
    pub instances: u64,
    /// Of all instances, 0 to 1.
    pub share: f64,
}

/// Reads a whole trace and describes it. `directory` knows the types it may name.
pub fn describe(
    path: &Path,
    reading: &TraceReading,
    directory: &mut Directory,
) -> Result<Description, InputError> {
    let mut trace = TraceReader::open(path, reading)?;
    let mut tally = Tally::default();
    while let Some(call) = trace.next(directory)? {
        tally.take(&call, directory);
    }
    Ok(tally.describe(path, &trace, directory))
}

/// Counts so far.
#[derive(Default)]
struct Tally {
    rows: u64,
    operations: BTreeMap<&'static str, u64>,
    first: Option<Time>,
    last: Time,
    instances: u64,
    never_ending: u64,
    hour: u64,
    in_hour: u64,
    peak_hour: u64,
    lifetimes_ns: Vec<u64>,
    by_kind: Vec<u64>,
    groups: BTreeSet<PlacementGroupHandle>,
    in_groups: u64,
    by_tenancy: BTreeMap<&'static str, u64>,
    on_spot: u64,
    live: Live,
    /// Ends to come of intervals: millions at once, at a cost that stays flat.
    ends: EventQueue<TypeId>,
    /// Launches of operations by handle, until they are terminated.
    launched: Vec<Option<(Time, TypeId, u64)>>,
}

/// Amounts that are asked for at one time, and their peaks so far: instances, then the resources.
#[derive(Default)]
struct Live {
    instances: u64,
    peak_instances: u64,
    /// Wider than any sum: a row may ask for a million times the most there can be.
    resources: [u128; RESOURCES],
    peaks: [u128; RESOURCES],
}

impl Live {
    fn add(&mut self, request: &Resources, number: u64) {
        self.instances += number;
        self.peak_instances = self.peak_instances.max(self.instances);
        for (i, amount) in request.0.iter().enumerate() {
            self.resources[i] += u128::from(*amount) * u128::from(number);
            self.peaks[i] = self.peaks[i].max(self.resources[i]);
        }
    }

    fn remove(&mut self, request: &Resources, number: u64) {
        self.instances -= number;
        for (i, amount) in request.0.iter().enumerate() {
            self.resources[i] -= u128::from(*amount) * u128::from(number);
        }
    }
}

impl Tally {
    fn take(&mut self, call: &Call, directory: &Directory) {
        self.rows += 1;
        self.first.get_or_insert(call.at);
        self.last = call.at;
        self.depart_until(call.at, directory);
        *self.operations.entry(call.action.operation().name()).or_insert(0) += 1;
        match &call.action {
            Action::Launch(launch) => self.launch(call.at, launch, directory),
            Action::Terminate(targets) => {
                targets.handles().iter().for_each(|handle| self.terminate(call.at, *handle, directory));
            }
            _ => {}
        }
    }

    /// Takes in the departures up to `now`, which come before launches of the same time.
    fn depart_until(&mut self, now: Time, directory: &Directory) {
        while let Some((_, kind)) = self.ends.pop_until(now) {
            self.live.remove(&directory.types.get(kind).request, 1);
        }
    }

    fn launch(&mut self, at: Time, launch: &Launch, directory: &Directory) {
        let number = u64::from(launch.max_count);
        self.instances += number;
        self.count_hour(at, number);
        self.by_kind.resize(self.by_kind.len().max(launch.kind.index() + 1), 0);
        self.by_kind[launch.kind.index()] += number;
        self.live.add(&directory.types.get(launch.kind).request, number);
        if let Some(options) = &launch.options {
            self.count_options(options, number);
        }
        match (launch.end, launch.handle) {
            (End::At(end), _) => {
                self.lifetimes_ns.push(end.since(at).0);
                self.ends.push(end, 0, launch.kind);
            }
            (End::Never | End::Drawn, Some(Handle(handle))) => {
                let slots = self.launched.len().max(handle as usize + 1);
                self.launched.resize(slots, None);
                self.launched[handle as usize] = Some((at, launch.kind, number));
                self.never_ending += number;
            }
            (End::Never | End::Drawn, None) => self.never_ending += number,
        }
    }

    fn count_options(&mut self, options: &LaunchOptions, number: u64) {
        if let Some(group) = options.group {
            self.groups.insert(group);
            self.in_groups += number;
        }
        if options.tenancy != LaunchTenancy::Shared {
            *self.by_tenancy.entry(options.tenancy.name()).or_insert(0) += number;
        }
        if options.spot.is_some() {
            self.on_spot += number;
        }
    }

    fn terminate(&mut self, at: Time, Handle(handle): Handle, directory: &Directory) {
        let launched = self.launched.get_mut(handle as usize).and_then(Option::take);
        if let Some((start, kind, number)) = launched {
            self.never_ending -= number;
            self.lifetimes_ns.extend((0..number).map(|_| at.since(start).0));
            self.live.remove(&directory.types.get(kind).request, number);
        }
    }

    fn count_hour(&mut self, at: Time, number: u64) {
        let hour = at.0 / (3600 * NS_PER_S);
        if hour != self.hour {
            (self.hour, self.in_hour) = (hour, 0);
        }
        self.in_hour += number;
        self.peak_hour = self.peak_hour.max(self.in_hour);
    }

    fn describe(mut self, path: &Path, trace: &TraceReader, directory: &Directory) -> Description {
        let first = self.first.unwrap_or_default();
        let hours = self.last.since(first).as_seconds() / 3600.0;
        let peak = |resource: usize, units: f64| self.live.peaks[resource] as f64 / units;
        Description {
            trace: path.to_path_buf(),
            form: trace.form(),
            rows: self.rows,
            operations: std::mem::take(&mut self.operations),
            first_s: first.as_seconds(),
            last_arrival_s: self.last.as_seconds(),
            last_event_s: trace.last_event().as_seconds(),
            instances: self.instances,
            never_ending: self.never_ending,
            instances_per_hour_mean: if hours > 0.0 { self.instances as f64 / hours } else { 0.0 },
            instances_per_hour_peak: self.peak_hour,
            accounts: directory.accounts().len(),
            peak_instances: self.live.peak_instances,
            peak_vcpu: peak(Resources::VCPU, 1000.0),
            peak_memory_gib: peak(Resources::MEMORY, 1024.0),
            peak_gpu: peak(Resources::GPU, 1000.0),
            placement_groups: self.groups.len(),
            instances_in_groups: self.in_groups,
            instances_by_tenancy: std::mem::take(&mut self.by_tenancy),
            spot_instances: self.on_spot,
            lifetime_s: Quantiles::of_ns(&mut self.lifetimes_ns),
            shapes: self.by_kind.iter().filter(|number| **number > 0).count(),
            top_shapes: self.top_shapes(directory),
            notes: trace.notes().into_iter().chain(note_on_late(first, trace.last_event())).collect(),
        }
    }

    fn top_shapes(&self, directory: &Directory) -> Vec<ShapeShare> {
        let kinds = self.by_kind.iter().zip(directory.types.iter());
        let mut shares: Vec<ShapeShare> = kinds
            .filter(|(number, _)| **number > 0)
            .map(|(&instances, (_, kind))| ShapeShare {
                name: kind.name.clone(),
                instances,
                share: instances as f64 / self.instances as f64,
            })
            .collect();
        shares.sort_by(|a, b| b.instances.cmp(&a.instances).then_with(|| a.name.cmp(&b.name)));
        shares.truncate(TOP);
        shares
    }
}

/// Returns a note on a first row that comes after more time than all later rows span: Unix times, most often.
fn note_on_late(first: Time, last: Time) -> Option<String> {
    let is_late = first > Time::ZERO && first.0 > last.0.saturating_sub(first.0);
    is_late.then(|| {
        format!(
            "the first row comes at {} s, later than all that follows is long: `--trace-origin first` counts from it",
            first.0 / NS_PER_S
        )
    })
}

impl Quantiles {
    /// Summarizes times \[ns\], which are sorted on the way; `None` without any.
    fn of_ns(times: &mut [u64]) -> Option<Quantiles> {
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        let seconds = |ns: u64| ns as f64 / NS_PER_S as f64;
        let rank = |percent: usize| seconds(times[(times.len() * percent).div_ceil(100).saturating_sub(1)]);
        let total: u128 = times.iter().map(|ns| u128::from(*ns)).sum();
        Some(Quantiles {
            mean: total as f64 / times.len() as f64 / NS_PER_S as f64,
            min: seconds(times[0]),
            p10: rank(10),
            p50: rank(50),
            p90: rank(90),
            p99: rank(99),
            max: seconds(times[last]),
        })
    }
}

impl fmt::Display for Description {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |seconds: f64| Duration((seconds * NS_PER_S as f64).round() as u64);
        let form = match self.form {
            TraceForm::Intervals => "intervals",
            TraceForm::Operations => "operations",
        };
        writeln!(out, "{}: {form}, {} rows", self.trace.display(), grouped(self.rows))?;
        if self.form == TraceForm::Operations {
            let calls = self.operations.iter().map(|(name, number)| format!("{} {name}", grouped(*number)));
            writeln!(out, "  calls        {}", calls.collect::<Vec<_>>().join(", "))?;
        }
        let (first, last) = (length(self.first_s), length(self.last_arrival_s));
        writeln!(out, "  rows from    {} to {}", span(first), span(last))?;
        writeln!(out, "  last event   {}", span(length(self.last_event_s)))?;
        let (instances, never) = (grouped(self.instances), grouped(self.never_ending));
        writeln!(out, "  instances    {instances}, of which {never} never end")?;
        let (mean, peak) = (decimal(self.instances_per_hour_mean, 1), grouped(self.instances_per_hour_peak));
        writeln!(out, "  per hour     {mean} on average, {peak} in the busiest hour")?;
        writeln!(out, "  accounts     {}", grouped(self.accounts as u64))?;
        let (vcpu, memory) = (decimal(self.peak_vcpu, 1), decimal(self.peak_memory_gib, 1));
        write!(out, "  most at once {} instances, {vcpu} vCPU, {memory} GiB", grouped(self.peak_instances))?;
        if self.peak_gpu > 0.0 {
            write!(out, ", {} GPU", decimal(self.peak_gpu, 1))?;
        }
        writeln!(out)?;
        self.fmt_options(out)?;
        if let Some(life) = &self.lifetime_s {
            let [mean, p50, p90, p99, max] =
                [life.mean, life.p50, life.p90, life.p99, life.max].map(|s| span(length(s)));
            writeln!(out, "  lifetimes    mean {mean}, median {p50}, p90 {p90}, p99 {p99}, at most {max}")?;
        }
        write!(out, "  shapes       {}", grouped(self.shapes as u64))?;
        let longest = self.top_shapes.iter().map(|shape| shape.name.chars().count()).max().unwrap_or(0);
        for shape in &self.top_shapes {
            let (number, share) = (grouped(shape.instances), percent(shape.share));
            write!(out, "\n    {:<longest$}  {number:>11}  {share:>8}", shape.name)?;
        }
        for note in &self.notes {
            write!(out, "\n  note: {note}")?;
        }
        Ok(())
    }
}

impl Description {
    /// Returns what launches ask for that most do not, where any does.
    fn fmt_options(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.placement_groups > 0 {
            let (groups, instances) =
                (grouped(self.placement_groups as u64), grouped(self.instances_in_groups));
            writeln!(out, "  in groups    {instances} instances in {groups} placement groups")?;
        }
        if !self.instances_by_tenancy.is_empty() {
            let numbers = self.instances_by_tenancy.iter();
            let numbers: Vec<String> =
                numbers.map(|(tenancy, number)| format!("{} {tenancy}", grouped(*number))).collect();
            writeln!(out, "  tenancy      {}", numbers.join(", "))?;
        }
        if self.spot_instances > 0 {
            writeln!(out, "  on spot      {} instances", grouped(self.spot_instances))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::catalogue::{ShapePrice, TypeTable};

    fn describe_text(text: &str) -> Description {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
        describe(&path, &TraceReading::default(), &mut Directory::without_scenario(types)).unwrap()
    }

    #[test]
    fn intervals_are_counted_with_departures_first() {
        let found = describe_text(
            "start_s,end_s,vcpu,memory_gib,zone\n0,10,2,4,x\n0,,1,0.5,y\n10,3610,2,4,\n10,10,8,64,\n7200,7300,1,0.5,\n",
        );
        assert_eq!((found.rows, found.instances, found.never_ending, found.shapes), (5, 5, 1, 3));
        assert_eq!((found.peak_instances, found.peak_vcpu, found.peak_memory_gib), (3, 11.0, 68.5));
        assert_eq!((found.last_arrival_s, found.last_event_s), (7200.0, 7300.0));
        assert_eq!((found.instances_per_hour_mean, found.instances_per_hour_peak), (2.5, 4));
        let life = found.lifetime_s.unwrap();
        assert_eq!((life.min, life.p50, life.max), (0.0, 10.0, 3600.0));
        assert_eq!(found.top_shapes[0].name, "1vcpu-0.5gib");
        assert!(found.to_string().contains("5, of which 1 never end"), "{found}");
    }

    #[test]
    fn operations_live_from_launch_to_terminate() {
        let found = describe_text(
            "time_s,op,instance,type,count\n0,launch,a,m5.large,3\n5,stop,a,,\n9,terminate,a,,\n9,terminate,a,,\n9,launch,a,t3.micro,\n",
        );
        assert_eq!((found.rows, found.instances, found.never_ending), (5, 4, 1));
        assert_eq!((found.peak_instances, found.peak_vcpu), (3, 6.0));
        assert_eq!(found.lifetime_s.unwrap().mean, 9.0);
        assert_eq!(found.operations["terminate"], 2);
    }

    #[test]
    fn groups_tenancies_and_spot_are_told_where_there_are_any() {
        let found = describe_text(
            "time_s,op,instance,type,count,group,tenancy,purchase\n0,launch,a,m5.large,3,g,,\n\
             1,launch,b,m5.large,,h,dedicated,\n2,launch,c,m5.large,2,,,spot\n3,terminate,a|b,,,,,\n",
        );
        assert_eq!((found.placement_groups, found.instances_in_groups, found.spot_instances), (2, 4, 2));
        assert_eq!(found.instances_by_tenancy, BTreeMap::from([("dedicated", 1)]));
        assert_eq!(found.never_ending, 2);
        let text = found.to_string();
        for line in ["4 instances in 2 placement groups", "tenancy      1 dedicated", "on spot      2"] {
            assert!(text.contains(line), "{text}");
        }
    }
}
