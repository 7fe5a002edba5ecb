//! The scenarios that come with the program, and the traces and host files that they name.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::disk::{WholeFile, cannot_write};
use crate::input::{InputError, Place, Problem, did_you_mean};

/// Folder in which `plimsoll run --example` leaves the files of an example, laid out as in `workloads` of the project.
pub const FOLDER: &str = "results/examples";

/// A scenario of the project.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Name, also that of the scenario.
    pub name: &'static str,
    /// The scenario file.
    pub scenario: &'static str,
    /// Name and content of each file that it reads from the folder `traces`.
    pub traces: &'static [(&'static str, &'static [u8])],
}

macro_rules! example {
    ($name:literal $(, $trace:literal)*) => {
        Example {
            name: $name,
            scenario: include_str!(concat!("../../workloads/scenarios/", $name, ".toml")),
            traces: &[$(($trace, include_bytes!(concat!("../../workloads/traces/", $trace)))),*],
        }
    };
}

/// Every example, the first one to try before the others.
pub const EXAMPLES: &[Example] = &[
    example!("quickstart", "azure-v1-test.csv.gz"),
    example!("ip-exhaustion"),
    example!("whole-cloud"),
    example!("retry-storm"),
    example!("api-day"),
    example!("cold-cache"),
    example!("replica-lag", "ask-at-once.csv"),
    example!("autoscaling-day"),
    example!("warm-pool"),
    example!("batch-queue"),
    example!("spot-drought"),
    example!("zone-outage"),
    example!("openb", "openb.csv.gz", "openb-hosts.csv"),
    example!("huawei-like"),
    example!("huawei-topology", "huawei-topology.csv.gz", "huawei-topology-hosts.csv"),
    example!("ten-million-launches"),
    example!("million-hosts"),
    example!("ten-million-hosts"),
];

impl Example {
    /// Returns the example of a name.
    ///
    /// # Errors
    /// An unknown name, with the nearest ones.
    pub fn named(name: &str) -> Result<Example, InputError> {
        let found = EXAMPLES.iter().find(|example| example.name == name);
        found.copied().ok_or_else(|| {
            let mut problem = Problem::new(
                Place::key("--example"),
                format!("found `{name}`, expected the name of an example"),
            );
            problem.help = did_you_mean(name, EXAMPLES.iter().map(|example| example.name));
            problem.into()
        })
    }

    /// Returns the first sentences of the scenario's comment, which say what it is about.
    pub fn about(&self) -> String {
        let comment = self.scenario.lines().map_while(|line| line.strip_prefix('#'));
        let text = comment.map(str::trim).collect::<Vec<_>>().join(" ");
        match text.match_indices(". ").find(|(at, _)| *at >= 60) {
            Some((at, _)) => text[..=at].to_string(),
            None => text,
        }
    }

    /// Writes the files of the example under a folder, unless they are there already: changed ones stay as they are.
    /// Returns the scenario file.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn unpack(&self, folder: &Path) -> Result<PathBuf, InputError> {
        for (name, bytes) in self.traces {
            write_unless_there(&folder.join("traces").join(name), bytes)?;
        }
        let scenario = folder.join("scenarios").join(format!("{}.toml", self.name));
        write_unless_there(&scenario, self.scenario.as_bytes())?;
        Ok(scenario)
    }
}

fn write_unless_there(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    match path.exists() {
        true => Ok(()),
        false => write(path, bytes),
    }
}

/// Writes a file whole, and the folders above it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let failed =
        |error: std::io::Error| cannot_write(path, &error).with_help("go to a folder that can be written");
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes).map_err(failed)?;
    file.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_whose_files_may_be_passed_on_is_an_example() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/scenarios");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".toml").unwrap();
            // Its trace must not be redistributed.
            let is_example = Example::named(name).is_ok();
            assert_eq!(is_example, name != "huawei", "{name}");
        }
    }

    #[test]
    fn an_unpacked_example_is_read_and_finds_its_files() {
        let folder = tempfile::tempdir().unwrap();
        for example in EXAMPLES {
            let path = example.unpack(folder.path()).unwrap();
            let scenario = crate::scenario::Scenario::read(&path, &Default::default()).unwrap();
            assert_eq!(scenario.name, example.name);
            assert!(scenario.files().iter().all(|file| file.exists()), "{}", example.name);
            assert!(example.about().len() > 40, "{}", example.name);
        }
    }

    #[test]
    fn a_changed_example_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = EXAMPLES[0].unpack(folder.path()).unwrap();
        std::fs::write(&path, "mine").unwrap();
        EXAMPLES[0].unpack(folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }
}
