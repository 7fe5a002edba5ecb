//! The scenario of a run: a file, an example of the program, or a trace on the hosts of a host file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments;
use super::examples::{Example, FOLDER};
use super::file_kind::{self, FileKind};
use crate::input::{InputError, Place, Problem};
use crate::scenario::{Overrides, Scenario};
use crate::table::is_standard_input;
use crate::workload::trace::reading::TraceReading;

/// Options that choose the scenario.
#[derive(Args, Debug)]
pub struct ScenarioSource {
    /// The scenario file (TOML), or with --hosts a trace; `plimsoll new` writes a scenario, `plimsoll list scenarios`
    /// lists examples
    #[arg(value_name = "SCENARIO", required_unless_present = "example")]
    scenario: Option<PathBuf>,
    /// Run a scenario that comes with the program. Its files stay in results/examples, for you to change
    #[arg(long, value_name = "NAME", conflicts_with_all = ["scenario", "hosts"])]
    example: Option<String>,
    /// Replay the trace that is named instead of a scenario on the hosts of this file; `--set` changes all else
    #[arg(long, value_name = "HOSTS", requires = "scenario")]
    hosts: Option<PathBuf>,
    #[command(flatten)]
    reading: arguments::ReadingOptions,
}

impl ScenarioSource {
    /// Returns the file that the scenario is read from, or the trace; an example is written first.
    ///
    /// # Errors
    /// Unknown examples, or those that cannot be written; files that are plainly of another kind.
    pub fn file(&self) -> Result<PathBuf, InputError> {
        if let Some(name) = &self.example {
            return Example::named(name)?.unpack(Path::new(FOLDER));
        }
        let file = self.scenario.clone().expect("clap asks for a scenario where there is no example");
        if is_standard_input(&file) {
            let found = "found standard input, expected a file: a run reads it more than once, and its result names it";
            let problem = Problem::new(Place::key("SCENARIO"), found);
            return Err(problem
                .with_help("write it to a file first: … | tee mine.csv | plimsoll trace describe -")
                .into());
        }
        match self.hosts.is_some() {
            true => file_kind::expect_trace(&file, &self.reading.settings())?,
            false => file_kind::expect(&file, FileKind::Scenario)?,
        }
        Ok(file)
    }

    /// Reads the scenario from that file, or makes it of the trace and the hosts.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(&self, file: &Path, overrides: &Overrides) -> Result<Scenario, InputError> {
        self.read_by(file, overrides, Scenario::read)
    }

    /// Reads the scenario from that file for clients to call, or makes it of the trace and the hosts.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read_for_clients(&self, file: &Path, overrides: &Overrides) -> Result<Scenario, InputError> {
        self.read_by(file, overrides, Scenario::read_for_clients)
    }

    /// Reads the scenario from that file to go on from a checkpoint, or makes it of the trace and the hosts.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read_for_branch(&self, file: &Path, overrides: &Overrides) -> Result<Scenario, InputError> {
        self.read_by(file, overrides, Scenario::read_for_branch)
    }

    fn read_by(
        &self,
        file: &Path,
        overrides: &Overrides,
        read: fn(&Path, &Overrides) -> Result<Scenario, InputError>,
    ) -> Result<Scenario, InputError> {
        let reading = self.reading.settings();
        let Some(hosts) = &self.hosts else {
            return match reading == TraceReading::default() {
                true => read(file, overrides),
                false => Err(only_with_hosts()),
            };
        };
        file_kind::expect(hosts, FileKind::Hosts)?;
        let name = name_of(file);
        let quoted = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned()).to_string();
        let text = format!(
            "name = {}\nzones = [{{ name = 'zone-a', hosts = [{{ file = {} }}] }}]\n[workload]\ntrace = {}\n{}",
            toml::Value::from(name.as_str()),
            quoted(hosts),
            quoted(file),
            keys_of(&reading)
        );
        // As if it were in the current folder, to which the names in it are relative.
        Scenario::parse(Path::new(&format!("{name}.toml")), &text, overrides)
    }
}

/// Returns the keys of `[workload]` that say how a trace is read.
fn keys_of(reading: &TraceReading) -> String {
    let TraceReading { origin, columns, round } = reading;
    let mut keys = String::new();
    if let Some(origin) = origin {
        keys += &format!("trace_origin = {}\n", toml::Value::from(origin.to_string()));
    }
    if !columns.is_empty() {
        let names: toml::Table = columns
            .0
            .iter()
            .map(|(column, name)| (column.clone(), toml::Value::from(name.as_str())))
            .collect();
        keys += &format!("trace_columns = {}\n", toml::Value::Table(names));
    }
    if *round {
        keys += "trace_round = true\n";
    }
    keys
}

fn only_with_hosts() -> InputError {
    let message = "found --columns, --trace-origin or --round beside a scenario, which says itself how its trace is read";
    let help = "set workload.trace_columns, workload.trace_origin or workload.trace_round, in the scenario or by --set";
    Problem::new(Place::key("SCENARIO"), message).with_help(help).into()
}

/// Returns the name of a scenario for a file: that of the file without endings, in letters that a folder's name may have.
pub fn name_of(file: &Path) -> String {
    let file = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or("scenario");
    stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
}
