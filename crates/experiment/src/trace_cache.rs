//! Cache of the traces of an experiment: each is read twice from its file, however many runs replay it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::units::Time;
use plimsoll_model::workload::trace::loaded::LoadedTrace;
use plimsoll_model::workload::trace::reading::TraceReading;
use plimsoll_sim::scenario::Scenario;

/// Most rows of all traces in memory: a hundred megabytes.
const MOST_ROWS: usize = 1 << 22;

/// Cache of traces. One that a single run replays is not loaded.
#[derive(Debug, Default)]
pub struct TraceCache {
    traces: Mutex<Vec<CachedTrace>>,
}

#[derive(Debug)]
struct CachedTrace {
    path: PathBuf,
    reading: TraceReading,
    /// Time up to which its rows are needed.
    until: Time,
    /// Trace, once a second run replays it; `Some(None)` where each run has to read it.
    loaded: Option<Option<Arc<LoadedTrace>>>,
}

impl TraceCache {
    /// Gives a scenario its trace in memory. The second run of a trace loads it.
    pub fn attach(&self, scenario: &mut Scenario) {
        let Some(path) = scenario.workload.trace.clone() else { return };
        let (reading, until) =
            (scenario.workload.reading(), scenario.workload.trace_read_until(scenario.duration));
        let mut traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded_rows =
            |cached: &CachedTrace| cached.loaded.iter().flatten().map(|trace| trace.rows()).sum::<usize>();
        let rows: usize = traces.iter().map(loaded_rows).sum();
        let is_it = |cached: &&mut CachedTrace| {
            (&cached.path, &cached.reading, cached.until) == (&path, &reading, until)
        };
        let Some(cached) = traces.iter_mut().find(is_it) else {
            traces.push(CachedTrace { path, reading, until, loaded: None });
            return;
        };
        let loaded = cached.loaded.get_or_insert_with(|| {
            let types = TypeTable::new(&scenario.instance_types, &scenario.billing.shape).ok()?;
            LoadedTrace::read((&path, &reading), until, MOST_ROWS - rows, types).map(Arc::new)
        });
        scenario.workload.loaded.clone_from(loaded);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::trial;
    use plimsoll_base::input::InputError;
    use plimsoll_sim::scenario::Overrides;

    const SCENARIO: &str = "name = 'cached'\nzones = [{ name = 'a', hosts = [{ count = 9, vcpu = 16, memory_gib = 64 }] }]\n\
        workload = { trace = 'trace.csv' }\n";

    fn scenario(folder: &Path, set: &[&str]) -> Scenario {
        let set = set.iter().map(ToString::to_string).collect();
        let overrides = Overrides { set, seed: None, ..Overrides::default() };
        Scenario::read(&folder.join("scenario.toml"), &overrides).expect("it is well formed")
    }

    fn folder(header: &str, rows: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("scenario.toml"), SCENARIO).unwrap();
        fs::write(folder.path().join("trace.csv"), format!("{header}\n{rows}")).unwrap();
        folder
    }

    /// Returns rows with types or shapes, accounts, open ends and equal times.
    fn rows(kinds: &[&str]) -> String {
        let mut rows = String::new();
        for row in 0..600u64 {
            let end = if row % 11 == 3 { String::new() } else { (row / 3 + row * row % 400).to_string() };
            let _ = writeln!(rows, "{},{end},{},a{}", row / 3, kinds[row as usize % kinds.len()], row % 7);
        }
        rows
    }

    fn run(cache: &TraceCache, folder: &Path, set: &[&str]) -> Result<(bool, String), InputError> {
        let mut scenario = scenario(folder, set);
        cache.attach(&mut scenario);
        let is_loaded = scenario.workload.loaded.is_some();
        trial::run(&scenario).map(|figures| (is_loaded, figures.digest))
    }

    #[test]
    fn a_run_from_memory_is_that_from_the_file() {
        let named = ("start_s,end_s,type,account", rows(&["t3.micro", "m5.large", "c5.xlarge"]));
        let shaped = ("start_s,end_s,vcpu,memory_gib,account", rows(&["1,2", "2,7.5", "0.25,0.5"]));
        for (header, rows) in [named, shaped] {
            let folder = folder(header, &rows);
            let cache = TraceCache::default();
            // Some of the demand reads the trace again, and some ends before it does.
            let all: [&[&str]; 4] = [
                &[],
                &["duration=100s"],
                &["workload.scale=1.7", "duration=500s"],
                &["workload.repeat={ times = 3, every = '1h' }"],
            ];
            for set in all {
                let read = run(&TraceCache::default(), folder.path(), set).unwrap();
                let _ = run(&cache, folder.path(), set);
                let again = run(&cache, folder.path(), set).unwrap();
                assert_eq!((read.0, again.0), (false, true), "the second run takes it from memory: {set:?}");
                assert_eq!(read.1, again.1, "{header} {set:?}");
            }
        }
    }

    #[test]
    fn figures_and_notes_are_those_of_the_file() {
        let folder = folder("Start,end_s,vcpu,memory_gib,account", &rows(&["1,2", "0.3333,1.00001"]));
        let set = ["workload.trace_round=true", "workload.trace_columns={ start = 'Start' }"];
        let figures = |is_loaded: bool| {
            let (cache, mut scenario) = (TraceCache::default(), scenario(folder.path(), &set));
            cache.attach(&mut scenario);
            if is_loaded {
                cache.attach(&mut scenario);
            }
            assert_eq!(scenario.workload.loaded.is_some(), is_loaded);
            let outcome = plimsoll_sim::cloud::Cloud::new(&scenario, Default::default()).unwrap();
            let outcome = outcome.run(&mut plimsoll_sim::cloud::observe::Silent).unwrap();
            (outcome.trace_notes.clone(), outcome.trace_start, outcome.horizon, outcome.digest)
        };
        let read = figures(false);
        assert!(read.0.iter().any(|note| note.contains("in 300 rows")), "{:?}", read.0);
        assert_eq!(figures(true), read);
    }

    #[test]
    fn what_memory_cannot_hold_is_read_by_each_run() {
        let with_zones = ("start_s,end_s,type,zone", "0,9,t3.micro,a\n");
        let operations = ("time_s,op,instance,type", "0,launch,i,t3.micro\n");
        let broken = ("start_s,end_s,type", "0,9,t3.micro\n5,2,t3.micro\n");
        for (header, rows) in [with_zones, operations, broken] {
            let folder = folder(header, rows);
            let cache = TraceCache::default();
            let read = run(&TraceCache::default(), folder.path(), &[]).map_err(|error| error.to_string());
            for _ in 0..3 {
                let again = run(&cache, folder.path(), &[]).map_err(|error| error.to_string());
                assert_eq!(again, read, "{header}");
            }
        }
    }

    #[test]
    fn a_type_that_one_scenario_lacks_is_told_with_its_row() {
        let folder = folder("start_s,end_s,type", "0,9,t3.micro\n1,9,own\n");
        let own = "instance_types=[{ name = 'own', vcpu = 1, memory_gib = 1, on_demand_usd_per_hour = 0.1 }]";
        let cache = TraceCache::default();
        for _ in 0..2 {
            run(&cache, folder.path(), &[own]).unwrap();
        }
        let read = run(&TraceCache::default(), folder.path(), &[]).unwrap_err().to_string();
        assert!(read.contains("trace.csv:3") && read.contains("`own`"), "{read}");
        assert_eq!(run(&cache, folder.path(), &[]).unwrap_err().to_string(), read);
    }
}
