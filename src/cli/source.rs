//! The scenario of a run: a file, an example of the program, or a trace on the hosts of a host file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::examples::{Example, FOLDER};
use super::file_kind::{self, FileKind};
use crate::input::InputError;
use crate::scenario::{Overrides, Scenario};

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
        let kind = if self.hosts.is_some() { FileKind::Trace } else { FileKind::Scenario };
        file_kind::expect(&file, kind)?;
        Ok(file)
    }

    /// Reads the scenario from that file, or makes it of the trace and the hosts.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(&self, file: &Path, overrides: &Overrides) -> Result<Scenario, InputError> {
        let Some(hosts) = &self.hosts else { return Scenario::read(file, overrides) };
        file_kind::expect(hosts, FileKind::Hosts)?;
        let name = name_of(file);
        let quoted = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned()).to_string();
        let text = format!(
            "name = {}\nzones = [{{ name = 'zone-a', hosts = [{{ file = {} }}] }}]\nworkload.trace = {}\n",
            toml::Value::from(name.as_str()),
            quoted(hosts),
            quoted(file)
        );
        // As if it were in the current folder, to which the names in it are relative.
        Scenario::parse(Path::new(&format!("{name}.toml")), &text, overrides)
    }
}

/// Returns the name of a scenario for a file: that of the file without endings, in letters that a folder's name may have.
pub fn name_of(file: &Path) -> String {
    let file = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or("scenario");
    stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
}
