//! Finished runs on disk: each in a file of its own that appears whole ([`plimsoll_base::disk`]), with a checksum. A run
//! that is there is whole; a torn file is no run. So a finished run is kept whatever is killed at whatever moment.
//!
//! ```text
//! STORE/plan.json        the plan that the runs belong to
//! STORE/runs/ID.json     a line with the SHA-256 of the rest, then the run
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::{Plan, PlannedRun, hex};
use crate::Figures;
use plimsoll_base::disk::{self, WholeFile};
use plimsoll_base::input::{InputError, Place, Problem};

/// Name of the plan in a store.
const PLAN: &str = "plan.json";

/// Name of the folder of runs in a store.
const RUNS: &str = "runs";

/// Result of a finished run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedRun {
    /// Name of the run in its plan.
    pub id: String,
    /// Hash over everything that happened, in hexadecimal.
    pub digest: String,
    /// Every figure by its path.
    pub figures: BTreeMap<String, f64>,
    /// Reasons why the figures may mislead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl FinishedRun {
    /// Returns the result of a run of the plan.
    pub fn new(run: &PlannedRun, figures: &Figures) -> FinishedRun {
        FinishedRun {
            id: run.id.clone(),
            digest: figures.digest.clone(),
            figures: figures.iter().map(|(path, value)| (path.to_string(), value)).collect(),
            warnings: figures.warnings.clone(),
        }
    }
}

/// Folder of finished runs. Several processes may use one at once: they write the same bytes for the same run.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Opens a store for a plan, making it where there is none. Runs that it holds already are kept, also those of
    /// an earlier plan: their names depend on all their inputs. `sweep` is the folder of the sweep file.
    ///
    /// # Errors
    ///
    /// The folder holds something else, or cannot be written.
    pub fn open(folder: &Path, plan: &Plan, sweep: &Path) -> Result<Store, InputError> {
        let store = Store { folder: folder.to_path_buf() };
        let has_content = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if has_content && !store.path(PLAN).exists() && !store.path(RUNS).is_dir() {
            let problem = Problem::new(Place::file(folder), "found a folder that holds no runs of a sweep");
            return Err(problem.with_help("name another one with `-o`, or move this one away").into());
        }
        fs::create_dir_all(store.path(RUNS)).map_err(|error| store.unwritable(&error))?;
        [folder, &store.path(RUNS)].into_iter().for_each(disk::clear);
        let place = store.path(PLAN);
        let text = plan.to_json(&place, sweep);
        if fs::read_to_string(&place).is_ok_and(|there| there == text) {
            return Ok(store);
        }
        store.put(PLAN, text.as_bytes())?;
        Ok(store)
    }

    /// Returns a store that is there already, and its plan.
    pub fn existing(folder: &Path) -> Result<(Store, Plan), InputError> {
        let store = Store { folder: folder.to_path_buf() };
        let place = store.path(PLAN);
        if !place.exists() {
            let problem = Problem::new(Place::file(folder), "found no runs of a sweep (no plan.json in it)");
            return Err(problem
                .with_help("name folders that `plimsoll sweep exec` or `--shard` wrote")
                .into());
        }
        Ok((store, Plan::read(&place)?.0))
    }

    /// Returns a finished run; `None` when it is not there, or not whole.
    pub fn get(&self, run: &PlannedRun) -> Option<FinishedRun> {
        let text = fs::read_to_string(self.path(&file_of(run))).ok()?;
        let (checksum, body) = text.split_once('\n')?;
        if checksum != hex(&Sha256::digest(body)) {
            return None;
        }
        let finished: FinishedRun = serde_json::from_str(body).ok()?;
        (finished.id == run.id).then_some(finished)
    }

    /// Keeps a finished run.
    pub fn keep(&self, run: &PlannedRun, finished: &FinishedRun) -> Result<(), InputError> {
        let body = serde_json::to_string_pretty(finished).expect("figures are plain data") + "\n";
        let text = format!("{}\n{body}", hex(&Sha256::digest(&body)));
        self.put(&file_of(run), text.as_bytes())
    }

    /// Removes the store with its contents. Errors are ignored: a file that stays does no harm.
    pub fn remove(self) {
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Writes a whole file of the store.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), InputError> {
        let place = self.path(name);
        let unwritable = |problem: Problem| self.unwritable_because(problem);
        let mut file = WholeFile::create_among_many(&place).map_err(unwritable)?;
        file.write_all(bytes).map_err(|error| self.unwritable(&error))?;
        Ok(file.finish().map_err(unwritable)?)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn unwritable(&self, error: &io::Error) -> InputError {
        let problem = Problem::new(Place::file(&self.folder), format!("cannot be written: {error}"));
        self.unwritable_because(problem).into()
    }

    /// Returns a problem of one of the files as one of the folder, with the way out.
    fn unwritable_because(&self, problem: Problem) -> Problem {
        Problem { place: Place::file(&self.folder), ..problem }
            .with_help("make room, or name a folder that can be written with `-o`")
    }
}

fn file_of(run: &PlannedRun) -> String {
    format!("{RUNS}/{}.json", run.id)
}
