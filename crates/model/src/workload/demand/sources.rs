//! Sources of the demand of a scenario, made of its configuration.

use std::collections::BTreeSet;
use std::path::Path;

use super::config::{Start, WorkloadConfig};
use crate::workload::arrivals::{ArrivalConfig, ArrivalSource};
use crate::workload::calls::{CallConfig, CallSource};
use crate::workload::directory::Directory;
use crate::workload::jobs::{JobConfig, JobSource};
use crate::workload::launch_policy::LaunchPolicy;
use crate::workload::profile::{DemandLayer, Intensity};
use crate::workload::trace::replay::{Replay, TraceReplay};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::Duration;

/// Sources of demand. Those that are drawn stand layer by layer, in the order of the scenario within each.
pub(super) struct Sources {
    pub trace: Option<TraceReplay>,
    /// Policy of the launches of the trace about room that is short.
    pub trace_policy: LaunchPolicy,
    pub arrivals: Vec<ArrivalSource>,
    pub callers: Vec<CallSource>,
    pub jobs: Vec<JobSource>,
    /// Number of layers, 1 or more.
    pub layers: u16,
}

impl Sources {
    /// Makes the sources of a scenario, or returns everything that is wrong with them.
    pub(super) fn compile(
        config: &WorkloadConfig,
        duration: Option<Duration>,
        seed: Seed,
        base_dir: &Path,
        directory: &mut Directory,
    ) -> Result<Sources, Vec<Problem>> {
        let mut problems = Vec::new();
        let intensity = Intensity::compile(config.scale, &config.profile, duration);
        let intensity = intensity.map_err(|wrong| problems.extend(wrong)).ok().flatten();
        check_presence(config, &mut problems);
        let trace = open_trace(config, duration, intensity.as_ref(), (seed, base_dir), &mut problems);
        let trace_policy = trace_policy(config, directory, &mut problems);
        let layers = intensity.as_ref().map_or(1, Intensity::layers);
        check_count(config, layers, &mut problems)?;
        let mut sources = Sources {
            trace,
            trace_policy,
            arrivals: Vec::new(),
            callers: Vec::new(),
            jobs: Vec::new(),
            layers,
        };
        let mut names = Vec::new();
        for layer in 0..layers {
            let drawn = Drawn { config, seed, intensity: intensity.as_ref(), base_dir, layer };
            let wrong = sources.add_layer(&drawn, &mut names, directory);
            if !wrong.is_empty() {
                problems.extend(wrong);
                break;
            }
        }
        if config.start == Start::SteadyState {
            check_steady_state(config, &sources.arrivals, &mut problems);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let made = (sources.arrivals.len(), sources.callers.len(), sources.jobs.len());
        let of_all = |count: usize| count * usize::from(layers);
        let expected = (of_all(config.arrivals.len()), of_all(config.calls.len()), of_all(config.jobs.len()));
        assert_eq!(made, expected, "a source is missing and nothing is wrong");
        Ok(sources)
    }

    /// Adds the sources of a layer, and returns everything that is wrong with them. `names` are those of the arrival processes,
    /// which the first layer gives.
    fn add_layer(
        &mut self,
        drawn: &Drawn<'_>,
        names: &mut Vec<String>,
        directory: &mut Directory,
    ) -> Vec<Problem> {
        let Drawn { config, seed, intensity, base_dir, layer } = *drawn;
        let mut wrong = Vec::new();
        let (found, arrivals) = compile(
            "workload.arrivals",
            &config.arrivals,
            ArrivalConfig::name_or_number,
            |arrivals, source, key| {
                arrivals.compile(DemandLayer { source, layer }, key, seed, intensity, base_dir, directory)
            },
            &mut wrong,
        );
        if layer == 0 {
            *names = found;
        }
        let (_, callers) = compile(
            "workload.calls",
            &config.calls,
            CallConfig::name_or_number,
            |calls, source, key| {
                let layer = DemandLayer { source, layer };
                calls.compile(layer, key, seed, intensity, (&*names, &arrivals), directory)
            },
            &mut wrong,
        );
        let (_, jobs) = compile(
            "workload.jobs",
            &config.jobs,
            JobConfig::name_or_number,
            |jobs, source, key| jobs.compile(DemandLayer { source, layer }, key, seed, intensity, base_dir),
            &mut wrong,
        );
        self.arrivals.extend(arrivals);
        self.callers.extend(callers);
        self.jobs.extend(jobs);
        wrong
    }
}

/// Common facts of the drawn sources of a layer.
struct Drawn<'a> {
    config: &'a WorkloadConfig,
    seed: Seed,
    intensity: Option<&'a Intensity>,
    base_dir: &'a Path,
    layer: u16,
}

fn check_presence(config: &WorkloadConfig, problems: &mut Vec<Problem>) {
    if config.is_empty() {
        let found = "found no demand, expected a trace, arrivals or calls";
        let problem = Problem::new(Place::key("workload"), found);
        problems.push(problem.with_help("set `workload.trace` or add [[workload.arrivals]]"));
    }
}

/// Opens the trace, if there is one.
fn open_trace(
    config: &WorkloadConfig,
    duration: Option<Duration>,
    intensity: Option<&Intensity>,
    (seed, base_dir): (Seed, &Path),
    problems: &mut Vec<Problem>,
) -> Option<TraceReplay> {
    let file = config.trace.as_ref()?;
    if file.as_os_str().is_empty() {
        let found = "found nothing, expected the name of a file";
        problems.push(Problem::new(Place::key("workload.trace"), found));
        return None;
    }
    let path = base_dir.join(file);
    let reading = config.reading();
    let until = config.trace_read_until(duration);
    let loaded = config.loaded.clone().filter(|loaded| loaded.is_of(&path, &reading, until));
    let replay = Replay {
        reading,
        loaded,
        open_ends: config.open_ends,
        repeat: config.repeat,
        replicate: config.replicate,
        intensity: intensity.cloned(),
        jitter: config.jitter,
    };
    let trace = TraceReplay::open(&path, replay, seed);
    trace.map_err(|error| problems.extend(error.0)).ok()
}

/// Returns the policy of the launches of the trace about room that is short.
fn trace_policy(
    config: &WorkloadConfig,
    directory: &mut Directory,
    problems: &mut Vec<Problem>,
) -> LaunchPolicy {
    let rule = config.on_refusal.as_ref().map(|rule| rule.compile("workload.on_refusal", &[], directory));
    let on_refusal = rule.and_then(|rule| rule.map_err(|wrong| problems.extend(wrong)).ok());
    if config.on_refusal.is_some() && config.trace.is_none() {
        let found = "found a table without a trace, expected one beside `workload.trace`";
        let problem = Problem::new(Place::key("workload.on_refusal"), found);
        problems.push(problem.with_help("put it into [[workload.arrivals]] for synthetic demand"));
    }
    LaunchPolicy { on_refusal, ..LaunchPolicy::default() }
}

/// Refuses more sources than there are numbers; with it come all problems so far, as nothing else can be looked at.
fn check_count(
    config: &WorkloadConfig,
    layers: u16,
    problems: &mut Vec<Problem>,
) -> Result<(), Vec<Problem>> {
    let most = usize::from(u16::MAX / layers);
    if config.arrivals.len().max(config.calls.len()).max(config.jobs.len()) <= most {
        return Ok(());
    }
    let found = format!("found up to {layers} times the demand, expected less with more than {most} sources");
    problems.push(Problem::new(Place::key("workload.scale"), found));
    Err(std::mem::take(problems))
}

/// Returns the names of a list of sources, which stands at `key`, and the sources that could be made of it. One that cannot
/// be made has a problem, or refers to something that has one.
fn compile<Config, Made>(
    key: &str,
    list: &[Config],
    name: fn(&Config, u16) -> String,
    mut make: impl FnMut(&Config, u16, &str) -> Result<Made, Vec<Problem>>,
    problems: &mut Vec<Problem>,
) -> (Vec<String>, Vec<Made>) {
    let (mut names, mut met, mut made) = (Vec::new(), BTreeSet::new(), Vec::new());
    let Ok(_) = u16::try_from(list.len()) else {
        let found = format!("found {} processes, expected at most 65,535", list.len());
        problems.push(Problem::new(Place::key(key), found));
        return (names, made);
    };
    for (config, number) in list.iter().zip(0..) {
        let path = format!("{key}.{number}");
        match make(config, number, &path) {
            Ok(source) => made.push(source),
            Err(wrong) => problems.extend(wrong),
        }
        let name = name(config, number);
        if !met.insert(name.clone()) {
            let found = format!("found `{name}` again, expected a name of its own");
            problems.push(Problem::new(Place::key(&format!("{path}.name")), found));
        }
        names.push(name);
    }
    (names, made)
}

fn check_steady_state(config: &WorkloadConfig, sources: &[ArrivalSource], problems: &mut Vec<Problem>) {
    if config.arrivals.is_empty() {
        let found = "found \"steady-state\" without arrivals, expected \"empty\": a trace has no equilibrium";
        problems.push(Problem::new(Place::key("workload.start"), found));
    }
    for source in sources {
        let path = format!("workload.arrivals.{}", source.number());
        problems.extend(source.expected_residents(&path).err());
    }
}
