//! Baseline: the figures of a run that later runs are checked against, as a file that people read and review.
//!
//! A run depends on nothing but its scenario, so a figure may not differ at all unless its line allows it. A figure that is
//! better than the baseline passes; one that is worse, or changed where no direction is good, fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::margin::Margin;
use super::metric;
use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};
use plimsoll_sim::summary::metrics::Better;

/// The schema of this version.
const SCHEMA: &str = "plimsoll/baseline/1";

/// Figures, and tables of figures, that a new baseline holds. Lines may be added or deleted by hand.
const HOLDS: [&str; 12] = [
    "horizon_s",
    "first_failures",
    "launch",
    "steady_state",
    "fleet",
    "network.subnets",
    "network.public",
    "faults",
    "spot_interruptions",
    "billing.total",
    "billing.by_kind",
    "latency_s",
];

/// A baseline.
#[derive(Clone, PartialEq, Debug)]
pub struct Baseline {
    /// Version of plimsoll that made the run.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// SHA-256 of the resolved scenario, in hexadecimal.
    pub scenario_sha256: String,
    /// Seed of the run.
    pub seed: u64,
    /// Digest of the run.
    pub digest: String,
    /// Expected values, by path of the metric.
    pub metrics: BTreeMap<String, Held>,
}

/// A figure that is held.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Held {
    /// Value.
    pub value: f64,
    /// Direction that is good.
    pub better: Better,
    /// Tolerance to the bad.
    pub margin: Margin,
}

/// Status of a figure beside its baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FigureStatus {
    /// Same value.
    Same,
    /// Difference within the tolerance.
    Allowed,
    /// Difference to the good, or something that ran out then and does not any more.
    Better,
    /// Difference to the bad.
    Worse,
    /// Difference of a figure without a good direction.
    Changed,
    /// The result has no such figure.
    Missing,
}

impl FigureStatus {
    /// Returns whether the check fails because of it.
    pub fn fails(self) -> bool {
        matches!(self, FigureStatus::Worse | FigureStatus::Changed | FigureStatus::Missing)
    }

    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            FigureStatus::Same => "same",
            FigureStatus::Allowed => "allowed",
            FigureStatus::Better => "better",
            FigureStatus::Worse => "worse",
            FigureStatus::Changed => "changed",
            FigureStatus::Missing => "missing",
        }
    }
}

/// A figure of a result beside its baseline.
#[derive(Clone, PartialEq, Debug)]
pub struct Checked {
    /// Path of the metric.
    pub metric: String,
    /// Expected value.
    pub held: Held,
    /// The value in the result, if it has one.
    pub found: Option<f64>,
    /// Status.
    pub standing: FigureStatus,
}

impl Held {
    /// Status of the value of `metric` in the result. A first time without a value is better, not missing.
    fn standing(&self, metric: &str, found: Option<f64>) -> FigureStatus {
        let Some(found) = found else {
            return if metric::is_first_time(metric) { FigureStatus::Better } else { FigureStatus::Missing };
        };
        let difference = found - self.value;
        if difference == 0.0 {
            return FigureStatus::Same;
        }
        let to_the_good = match self.better {
            Better::Higher => Some(difference > 0.0),
            Better::Lower => Some(difference < 0.0),
            Better::Neither => None,
        };
        let is_allowed = difference.abs() <= self.margin.beside(self.value);
        match to_the_good {
            _ if is_allowed => FigureStatus::Allowed,
            Some(true) => FigureStatus::Better,
            Some(false) => FigureStatus::Worse,
            None => FigureStatus::Changed,
        }
    }
}

impl Baseline {
    /// Returns the baseline of a run. The lines of an `earlier` one keep their directions and margins; no line
    /// is added, and only those are dropped that the run has no figure for.
    pub fn of(figures: &Figures, earlier: Option<&Baseline>) -> Baseline {
        let mut metrics = BTreeMap::new();
        match earlier {
            Some(earlier) => {
                for (path, held) in &earlier.metrics {
                    let held = figures.get(path).map(|value| Held { value, ..*held });
                    metrics.extend(held.map(|held| (path.clone(), held)));
                }
            }
            None => {
                let is_held = |path: &str| HOLDS.iter().any(|table| metric::below(path, table).is_some());
                for (path, value) in figures.iter().filter(|(path, _)| is_held(path)) {
                    let held = Held { value, better: metric::better(path), margin: Margin::NONE };
                    metrics.insert(path.to_string(), held);
                }
            }
        }
        Baseline {
            version: env!("CARGO_PKG_VERSION").to_string(),
            scenario: figures.scenario.clone(),
            scenario_sha256: figures.scenario_sha256.clone(),
            seed: figures.seed,
            digest: figures.digest.clone(),
            metrics,
        }
    }

    /// Returns the baseline with these metrics alone, or those of whole tables.
    ///
    /// # Errors
    ///
    /// A name that stands for none of its figures: at `place`, with the nearest names.
    pub fn only(self, names: &[String], place: &Place) -> Result<Baseline, InputError> {
        let is_named = |path: &str| names.iter().any(|name| metric::below(path, name).is_some());
        let unknown =
            names.iter().filter(|name| !self.metrics.keys().any(|path| metric::below(path, name).is_some()));
        let problems: Vec<Problem> = unknown
            .map(|name| {
                let mut problem = Problem::new(place.clone(), format!("the baseline holds no `{name}`"));
                problem.help = did_you_mean(name, self.metrics.keys().map(String::as_str));
                problem
            })
            .collect();
        if !problems.is_empty() {
            return Err(InputError(problems));
        }
        let metrics = self.metrics.into_iter().filter(|(path, _)| is_named(path)).collect();
        Ok(Baseline { metrics, ..self })
    }

    /// Returns the baseline with a tolerance for every figure that has none of its own.
    pub fn with_tolerance(mut self, margin: Margin) -> Baseline {
        for held in self.metrics.values_mut().filter(|held| held.margin == Margin::NONE) {
            held.margin = margin;
        }
        self
    }

    /// Checks every held figure against that of a result, in the order of the register.
    ///
    /// # Errors
    ///
    /// The result is of another scenario, seed or version, so its figures do not compare. A scenario that was
    /// changed, but not its name, is checked: that is what a check is for.
    pub fn check(&self, figures: &Figures, version: &str, place: &Place) -> Result<Vec<Checked>, InputError> {
        let mut problems = Vec::new();
        let mut differs = |what: &str, ours: &str, theirs: &str, help: &str| {
            if ours != theirs {
                let message = format!("the baseline is of {what} `{ours}`, the result of `{theirs}`");
                problems.push(Problem::new(place.clone(), message).with_help(help));
            }
        };
        let rewrite = "if the result is right, rewrite the baseline with --update";
        differs("scenario", &self.scenario, &figures.scenario, "name the baseline of this scenario");
        differs(
            "seed",
            &self.seed.to_string(),
            &figures.seed.to_string(),
            "run the scenario with the seed of the baseline",
        );
        differs("version", &self.version, version, rewrite);
        if !problems.is_empty() {
            return Err(InputError(problems));
        }
        let mut checked: Vec<Checked> = (self.metrics.iter())
            .map(|(path, held)| {
                let found = figures.get(path);
                Checked { metric: path.clone(), held: *held, found, standing: held.standing(path, found) }
            })
            .collect();
        checked.sort_by_key(|checked| metric::rank(&checked.metric));
        Ok(checked)
    }

    /// Returns the first times of a result at which something ran out or was refused that the baseline does not hold.
    pub fn not_held<'a>(&self, figures: &'a Figures) -> Vec<&'a str> {
        let first_times = figures.iter().map(|(path, _)| path).filter(|path| metric::is_first_time(path));
        first_times.filter(|path| !self.metrics.contains_key(*path)).collect()
    }

    /// Reads the text of a baseline at `path`.
    ///
    /// # Errors
    ///
    /// A file that is no baseline of this version, or names an unknown metric.
    pub fn parse(path: &Path, text: &str) -> Result<Baseline, InputError> {
        let file: BaselineFile = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
            let place = Place::file(path).at_line(line as u64);
            Problem::new(place, format!("no baseline: {}", error.message())).with_help(REWRITE)
        })?;
        if file.schema != SCHEMA {
            let message = format!("found a baseline of `{}`, expected `{SCHEMA}`", file.schema);
            return Err(Problem::new(Place::file(path), message).with_help(REWRITE).into());
        }
        let mut problems = Vec::new();
        let mut metrics = BTreeMap::new();
        for (name, line) in file.metrics {
            match line.read(&name) {
                Ok(held) => drop(metrics.insert(name, held)),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            let placed = |problem: Problem| {
                let key = problem.place.key.clone().unwrap_or_default();
                Problem { place: Place::file(path).at_key(&key), ..problem }
            };
            return Err(InputError(problems.into_iter().map(placed).collect()));
        }
        let BaselineFile { version, scenario, scenario_sha256, seed, digest, .. } = file;
        Ok(Baseline { version, scenario, scenario_sha256, seed, digest, metrics })
    }

    /// Returns the text of its file.
    pub fn text(&self) -> String {
        let Baseline { version, scenario, scenario_sha256, seed, digest, .. } = self;
        let mut text = format!(
            "# What a run of this scenario is held to by `plimsoll check RESULT --baseline FILE`. `tolerance` is what a\n\
             # figure may be worse by, as a share (\"0.5%\") or in its unit; without it, nothing. --update rewrites the values.\n\
             schema = {SCHEMA:?}\nversion = {version:?}\nscenario = {scenario:?}\nscenario_sha256 = {scenario_sha256:?}\n\
             seed = {seed}\ndigest = {digest:?}\n\n[metrics]\n"
        );
        let mut lines: Vec<(&String, &Held)> = self.metrics.iter().collect();
        lines.sort_by_key(|(path, _)| metric::rank(path));
        for (path, Held { value, better, margin }) in lines {
            let tolerance = match *margin {
                Margin::NONE => String::new(),
                margin => format!(", tolerance = \"{margin}\""),
            };
            let _ = writeln!(
                text,
                "{} = {{ value = {value:?}, better = {:?}{tolerance} }}",
                quoted(path),
                better.name()
            );
        }
        text
    }
}

/// Returns a string or a key of TOML: as in JSON, except for one character that TOML wants escaped.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is plain data").replace('\u{7f}', "\\u007f")
}

/// The way out of a file that is no baseline.
const REWRITE: &str = "name a baseline, or move the file away and make a new one with --update";

/// A baseline as its file has it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineFile {
    /// Form of the file.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// Version of plimsoll that wrote it.
    version: String,
    /// Name of the scenario.
    scenario: String,
    /// SHA-256 of the resolved scenario.
    scenario_sha256: String,
    /// Seed of the run.
    seed: u64,
    /// Digest of the run.
    digest: String,
    /// Figures by the path of their metric.
    metrics: BTreeMap<String, Line>,
}

/// A line of `[metrics]`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The figure, in the unit of the metric.
    value: f64,
    /// The direction that is good.
    #[schemars(extend("enum" = ["higher", "lower", "neither"]))]
    better: String,
    /// Tolerance to the bad: a share such as "0.5%", or a number in its unit; none if left out.
    tolerance: Option<String>,
}

impl Line {
    /// Reads the line of a metric.
    fn read(self, name: &str) -> Result<Held, Problem> {
        let refuse = |key: &str, message: String, help: Option<String>| {
            let mut problem = Problem::new(Place::key(key), message);
            problem.help = help;
            Err(problem)
        };
        if metric::entry(name).is_none() {
            let near = did_you_mean(name, metric::register().map(|metric| metric.path));
            let help = near.or(Some("`plimsoll list metrics` shows them all".to_string()));
            return refuse("metrics", format!("no metric is called `{name}`"), help);
        }
        let Some(better) = [Better::Higher, Better::Lower, Better::Neither]
            .into_iter()
            .find(|way| way.name() == self.better)
        else {
            let message = format!("found better = `{}` for `{name}`", self.better);
            return refuse("metrics", message, Some("write `higher`, `lower` or `neither`".to_string()));
        };
        match self.tolerance.as_deref().map_or(Ok(Margin::NONE), Margin::parse_tolerance) {
            Ok(margin) => Ok(Held { value: self.value, better, margin }),
            Err(expected) => refuse("metrics", format!("the tolerance of `{name}`: {expected}"), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Baseline {
        let mut baseline = Baseline::of(
            &Figures::made_up(
                42,
                [
                    ("launch.failed", 10.0),
                    ("launch.success_ratio", 0.1 + 0.2),
                    ("fleet.hosts", 3.0),
                    ("first_failures.VcpuLimitExceeded.at_s", 60.0),
                    ("network.probes.allowed", 1.0),
                ],
            ),
            None,
        );
        baseline.scenario = "x".to_string();
        baseline
    }

    fn figures(values: impl IntoIterator<Item = (&'static str, f64)>) -> Figures {
        let mut figures = Figures::made_up(42, values);
        figures.scenario = "x".to_string();
        figures
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let mut baseline = baseline();
        assert_eq!(baseline.metrics.len(), 4, "probes are not held by default");
        baseline.metrics.get_mut("launch.failed").unwrap().margin = Margin::Share(0.005);
        let text = baseline.text();
        assert!(
            text.contains("\"launch.failed\" = { value = 10.0, better = \"lower\", tolerance = \"0.5%\" }"),
            "{text}"
        );
        assert_eq!(Baseline::parse(Path::new("x.toml"), &text).unwrap(), baseline);
    }

    #[test]
    fn names_of_any_letters_are_read_as_they_were_written() {
        let path = "network.subnets.a \"b\" \\ '\u{202e}\u{5d0}\u{7f}\t.used_peak";
        let mut baseline = baseline();
        let held = baseline.metrics["fleet.hosts"];
        baseline.metrics.insert(path.to_string(), held);
        assert_eq!(Baseline::parse(Path::new("x.toml"), &baseline.text()).unwrap(), baseline);
    }

    #[test]
    fn only_what_is_worse_or_changed_fails() {
        let mut baseline = baseline();
        baseline.metrics.get_mut("launch.failed").unwrap().margin = Margin::Share(0.2);
        let standing = |failed: f64, ratio: f64, hosts: f64| {
            let figures =
                figures([("launch.failed", failed), ("launch.success_ratio", ratio), ("fleet.hosts", hosts)]);
            let checked = baseline.check(&figures, env!("CARGO_PKG_VERSION"), &Place::default()).unwrap();
            let by_name =
                |name: &str| checked.iter().find(|checked| checked.metric == name).unwrap().standing;
            ["launch.failed", "launch.success_ratio", "fleet.hosts"].map(by_name)
        };
        use FigureStatus::{Allowed, Better, Changed, Missing, Same, Worse};
        assert_eq!(standing(10.0, 0.1 + 0.2, 3.0), [Same, Same, Same]);
        assert_eq!(standing(12.0, 0.3, 2.0), [Allowed, Worse, Changed]);
        assert_eq!(standing(7.0, 0.4, 4.0), [Better, Better, Changed]);
        assert_eq!(standing(12.1, 0.3, 3.0), [Worse, Worse, Same]);
        assert_eq!(
            [Same, Allowed, Better, Worse, Changed, Missing].map(FigureStatus::fails),
            [false, false, false, true, true, true]
        );
        let checked = baseline.check(&figures([]), env!("CARGO_PKG_VERSION"), &Place::default()).unwrap();
        for checked in checked {
            let never = checked.metric == "first_failures.VcpuLimitExceeded.at_s";
            assert_eq!(checked.standing, if never { Better } else { Missing }, "{checked:?}");
        }
        let run_out = figures([("network.public.exhausted_at_s", 7.0), ("launch.failed", 1.0)]);
        assert_eq!(baseline.not_held(&run_out), ["network.public.exhausted_at_s"]);
    }

    #[test]
    fn what_cannot_be_held_against_each_other_is_told() {
        let baseline = baseline();
        let mut other = figures([]);
        (other.scenario, other.seed) = ("y".to_string(), 7);
        let told = baseline.check(&other, "9.9.9", &Place::key("--baseline")).unwrap_err().to_string();
        for part in [
            "scenario `x`, the result of `y`",
            "seed `42`",
            "version `",
            "help: run the scenario with the seed",
        ] {
            assert!(told.contains(part), "no {part:?} in {told}");
        }
        let parse = |from: &str, to: &str| {
            Baseline::parse(Path::new("b.toml"), &baseline.text().replace(from, to)).unwrap_err().to_string()
        };
        assert!(parse("baseline/1", "baseline/9").contains("expected `plimsoll/baseline/1`"));
        assert!(parse("launch.failed", "launch.faild").contains("did you mean `launch.failed`"));
        assert!(parse("\"lower\"", "\"up\"").contains("write `higher`, `lower` or `neither`"));
        let told = parse("seed = 42", "sed = 42");
        assert!(told.starts_with("b.toml:7: no baseline: unknown field `sed`"), "{told}");
    }

    #[test]
    fn an_update_keeps_what_people_chose() {
        let mut earlier = baseline();
        earlier.metrics.get_mut("launch.failed").unwrap().margin = Margin::Share(0.2);
        earlier.metrics.remove("fleet.hosts");
        let run = figures([("launch.failed", 20.0), ("fleet.hosts", 5.0)]);
        let updated = Baseline::of(&run, Some(&earlier));
        let held = Held { value: 20.0, better: Better::Lower, margin: Margin::Share(0.2) };
        assert_eq!(updated.metrics, BTreeMap::from([("launch.failed".to_string(), held)]));
    }
}
