//! `[faults]` of a scenario: host failures, outages, maintenance and retirement, with every problem of them.

use crate::fleet::service_window::Drain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::{Decimal, Duration};

/// The most maintenances, and the most outages: a host's record names its maintenance in 16 bits.
const MOST: usize = u16::MAX as usize;

/// The shortest mean time between failures of a host: those of 100 million hosts are then 10 ns apart.
const SHORTEST_MEAN: Duration = Duration::from_seconds(1);

/// Host failures, outages, maintenance and retirement. Left out: none.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultConfig {
    /// Independent failures of single hosts.
    pub hosts: HostFaultConfig,
    /// Work on hosts that is planned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<MaintenanceConfig>,
    /// Failures of racks and zones as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<OutageConfig>,
}

/// Failures of hosts, repairs, and the treatment of their instances.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HostFaultConfig {
    /// Mean time in which a host in service fails once, at least 1s; default: none fails by itself. The hosts of
    /// elastic groups are machines whether open or closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_time_between_failures: Option<Duration>,
    /// Shape of a Weibull law of the time to a failure: below 1 new hosts fail most, above 1 old ones; every host
    /// begins new and is new after a repair. Default: without memory (exponential).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weibull_shape: Option<f64>,
    /// From a failure until the health check finds it; default 30s. Until then the host takes instances, all
    /// of which have failed.
    pub detection: Duration,
    /// From then until the host is repaired; default 4h. After an outage hosts are in service when it ends.
    pub repair: Duration,
    /// Treatment of the instances on a host that is found to have failed; default `restart`.
    pub on_failure: OnFailure,
}

impl Default for HostFaultConfig {
    fn default() -> HostFaultConfig {
        HostFaultConfig {
            mean_time_between_failures: None,
            weibull_shape: None,
            detection: Duration::from_seconds(30),
            repair: Duration::from_seconds(4 * 3600),
            on_failure: OnFailure::default(),
        }
    }
}

/// Treatment of the instances of a failed host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Starts them again on other hosts, where they keep id, private address, elastic addresses and volumes (EC2 user
    /// guide, "Automatic instance recovery").
    #[default]
    Restart,
    /// Stops them.
    Stop,
    /// Terminates them.
    Terminate,
}

/// Planned work on hosts. A host that has failed, or is in another maintenance, when this one is announced is
/// left out; one that fails after the notice leaves it.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceConfig {
    /// When the work begins, from the start of the run.
    pub at: Duration,
    /// Name of the zone; all of it unless `racks`, `hosts` or `share` name a part.
    pub zone: String,
    /// Racks of the zone, counted from 0 in the order of their first host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub racks: Option<HostRange>,
    /// Hosts of the zone, counted from 0 in the order of their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<HostRange>,
    /// Share of the zone's hosts, rounded up and drawn from the seed: above 0, at most 1, in steps of 0.000001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Decimal>,
    /// Time between the announcement, from which on the hosts take no more instances, and the work; default 0s.
    #[serde(default)]
    pub notice: Duration,
    /// Length of the work. Left out: the hosts are retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Duration>,
    /// Treatment of the instances still there when the work begins; default `migrate`.
    #[serde(default)]
    pub drain: Drain,
}

/// A failure of many hosts at once. It includes hosts under repair or maintenance: none is in service
/// before it ends.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutageConfig {
    /// When it begins, from the start of the run.
    pub at: Duration,
    /// Name of the zone; all of it unless `racks` or `hosts` name a part.
    pub zone: String,
    /// Racks of the zone, counted from 0 in the order of their first host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub racks: Option<HostRange>,
    /// Hosts of the zone, counted from 0 in the order of their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<HostRange>,
    /// Length.
    pub length: Duration,
}

/// Consecutive racks or hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostRange {
    /// Number of the first; default 0.
    #[serde(default)]
    pub first: u32,
    /// Number of hosts.
    pub count: u32,
}

/// Resolution of a share: a millionth is the finest part.
pub(super) const SHARE_PARTS: u32 = 1_000_000;

impl FaultConfig {
    /// Returns true if hosts have no faults.
    pub fn is_empty(&self) -> bool {
        let FaultConfig { hosts, maintenance, outages } = self;
        hosts.mean_time_between_failures.is_none() && maintenance.is_empty() && outages.is_empty()
    }

    /// Returns everything that is wrong with it, given the names of the zones in file order. Racks and hosts that
    /// zones do not have are found by [`Faults::new`](super::Faults::new), which knows their hosts.
    pub fn validate(&self, zones: &[&str]) -> Vec<Problem> {
        let mut problems = Problems(Vec::new());
        self.hosts.check(&mut problems);
        for (key, count) in [("maintenance", self.maintenance.len()), ("outages", self.outages.len())] {
            if count > MOST {
                problems.add(&format!("faults.{key}"), format!("found {count}, expected at most {MOST}"));
            }
        }
        for (i, maintenance) in self.maintenance.iter().enumerate() {
            maintenance.check(&format!("faults.maintenance.{i}"), zones, &mut problems);
        }
        for (i, outage) in self.outages.iter().enumerate() {
            let key = format!("faults.outages.{i}");
            problems.zone(&key, &outage.zone, zones);
            problems.lasting(&key, "length", outage.length);
            problems.runs(&key, outage.racks, outage.hosts, false);
        }
        problems.0
    }
}

impl HostFaultConfig {
    fn check(&self, problems: &mut Problems) {
        if let Some(mean) = self.mean_time_between_failures
            && mean < SHORTEST_MEAN
        {
            let message = format!("found {mean}, expected at least {SHORTEST_MEAN}");
            problems.add("faults.hosts.mean_time_between_failures", message);
        }
        let Some(shape) = self.weibull_shape else { return };
        if !(0.1..=100.0).contains(&shape) {
            problems.add("faults.hosts.weibull_shape", format!("found {shape}, expected 0.1 to 100"));
        }
        if self.mean_time_between_failures.is_none() {
            let message = "found a shape, but no `mean_time_between_failures`";
            problems.add("faults.hosts.weibull_shape", message.to_string());
        }
    }
}

impl MaintenanceConfig {
    fn check(&self, key: &str, zones: &[&str], problems: &mut Problems) {
        problems.zone(key, &self.zone, zones);
        problems.runs(key, self.racks, self.hosts, self.share.is_some());
        if let Some(length) = self.length {
            problems.lasting(key, "length", length);
        }
        let Some(share) = &self.share else { return };
        if !matches!(share.resource(SHARE_PARTS.into()), Ok(1..=SHARE_PARTS)) {
            let message =
                format!("found {}, expected above 0 and at most 1, in steps of 0.000001", share.as_str());
            problems.add(&format!("{key}.share"), message);
        }
    }
}

/// Collects what is wrong.
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, key: &str, message: String) {
        self.0.push(Problem::new(Place::key(key), message));
    }

    fn zone(&mut self, key: &str, name: &str, zones: &[&str]) {
        if !zones.contains(&name) {
            let place = Place::key(&format!("{key}.zone"));
            let mut unknown = Problem::new(place, format!("found `{name}`, expected the name of a zone"));
            unknown.help = did_you_mean(name, zones.iter().copied());
            self.0.push(unknown);
        }
    }

    fn lasting(&mut self, key: &str, field: &str, value: Duration) {
        if value == Duration::ZERO {
            self.add(&format!("{key}.{field}"), "found no time, expected more".to_string());
        }
    }

    /// Checks that at most one key names a part of the zone, and that the part is not empty.
    fn runs(&mut self, key: &str, racks: Option<HostRange>, hosts: Option<HostRange>, share: bool) {
        let ways = [("`racks`", racks.is_some()), ("`hosts`", hosts.is_some()), ("`share`", share)];
        let found: Vec<&str> = ways.iter().filter_map(|(name, given)| given.then_some(*name)).collect();
        if found.len() > 1 {
            self.add(key, format!("found {}, expected at most one of them", found.join(" and ")));
        }
        for (field, run) in [("racks", racks), ("hosts", hosts)] {
            if run.is_some_and(|run| run.count == 0) {
                self.add(&format!("{key}.{field}.count"), "found 0, expected at least 1".to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        let config: FaultConfig = toml::from_str(text).unwrap();
        let problems = config.validate(&["use1-az1", "use1-az2"]);
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn sound_faults_have_no_problems() {
        let text = "
            [hosts]
            mean_time_between_failures = '365d'
            weibull_shape = 0.7
            detection = '1m'
            repair = '1d'
            on_failure = 'stop'
            [[maintenance]]
            at = '10d'
            zone = 'use1-az1'
            share = 0.05
            notice = '2d'
            length = '6h'
            drain = 'terminate'
            [[maintenance]]
            at = '20d'
            zone = 'use1-az2'
            hosts = { count = 3 }
            [[outages]]
            at = '15d'
            zone = 'use1-az2'
            racks = { first = 4, count = 2 }
            length = '90m'";
        assert_eq!(problems(text), "");
        let read: FaultConfig = toml::from_str(text).unwrap();
        assert_eq!(read, toml::from_str(&toml::to_string(&read).unwrap()).unwrap());
        assert!(!read.is_empty());
        let silent: FaultConfig = toml::from_str("hosts.repair = '1h'").unwrap();
        assert!(silent.is_empty());
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_place() {
        let text = "
            [hosts]
            weibull_shape = -1.0
            [[maintenance]]
            at = '1d'
            zone = 'use1-az3'
            share = 1.5
            racks = { count = 0 }
            length = '0s'
            [[outages]]
            at = '1d'
            zone = 'use1-az1'
            racks = { count = 1 }
            hosts = { first = 3, count = 1 }
            length = '0s'";
        let expected = "\
`faults.hosts.weibull_shape`: found -1, expected 0.1 to 100
`faults.hosts.weibull_shape`: found a shape, but no `mean_time_between_failures`
`faults.maintenance.0.zone`: found `use1-az3`, expected the name of a zone
  help: did you mean `use1-az1` or `use1-az2`?
`faults.maintenance.0`: found `racks` and `share`, expected at most one of them
`faults.maintenance.0.racks.count`: found 0, expected at least 1
`faults.maintenance.0.length`: found no time, expected more
`faults.maintenance.0.share`: found 1.5, expected above 0 and at most 1, in steps of 0.000001
`faults.outages.0.length`: found no time, expected more
`faults.outages.0`: found `racks` and `hosts`, expected at most one of them";
        assert_eq!(problems(text), expected);
        let often = "hosts = { mean_time_between_failures = '1ms', weibull_shape = nan }";
        let expected = "\
`faults.hosts.mean_time_between_failures`: found 1ms, expected at least 1s
`faults.hosts.weibull_shape`: found NaN, expected 0.1 to 100";
        assert_eq!(problems(often), expected);
    }
}
