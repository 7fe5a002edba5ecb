//! Checks of `[control_plane]`; every problem has its place.

use std::path::Path;

use super::config::{
    BucketConfig, ClientConfig, ControlPlaneConfig, DatabaseConfig, OutageKind, StageOutageConfig,
    StationConfig,
};
use super::count::Count;
use super::plane::stages::{self, STAGES};
use super::presets::Preset;
use super::stage::StageName;
use super::throttle::ApiClass;
use super::token_bucket::Limit;
use crate::operation::Operation;
use crate::workload::distribution::Distribution;
use crate::workload::settings::Settings;
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::{Decimal, Duration};

/// The most connections that are open from the start: each is held in memory.
const MAX_CONNECTIONS: u32 = 1_000_000;

/// The most clients of an account: each has a state of its own.
const MAX_CLIENTS: u32 = 1_000_000;

/// The most replicas: each has figures of its own.
const MAX_REPLICAS: u32 = 100;

/// Resolution of rates and factors: a thousandth.
pub(super) const PER_ONE: u64 = 1000;

impl ControlPlaneConfig {
    /// Returns true if anything stands between a call and its effect.
    pub fn is_modelled(&self) -> bool {
        self.preset != Preset::Instant
    }

    /// Returns every problem, for a run over `duration` where that is known.
    pub fn validate(&self, duration: Option<Duration>) -> Vec<Problem> {
        if !self.is_modelled() {
            return self.validate_instant();
        }
        let mut problems = Vec::new();
        problems.extend(check_clients(&self.clients));
        problems.extend(self.check_throttle());
        for stage in STAGES {
            if let Some(key) = stage.table {
                problems.extend(check_station(&format!("control_plane.{key}"), &(stage.station)(self)));
            }
        }
        problems.extend(self.check_cache());
        problems.extend(check_database(&self.database));
        problems.extend(self.check_queue());
        problems.extend(self.check_breaker());
        for (i, outage) in self.outages.iter().enumerate() {
            problems.extend(check_outage(&format!("control_plane.outages.{i}"), outage, self, duration));
        }
        problems.extend(self.check_overlaps());
        problems
    }

    /// Returns every problem of an outage that is to be injected, whatever its start and length.
    pub fn check_injected(&self, outage: &StageOutageConfig) -> Vec<Problem> {
        if !self.is_modelled() {
            let found = "the scenario models no control plane";
            let problem = Problem::new(Place::key("stage"), found);
            return vec![problem.with_help("set control_plane.preset in the scenario")];
        }
        let lasting = StageOutageConfig { length: Duration::from_seconds(1), ..outage.clone() };
        check_outage("fault", &lasting, self, None)
    }

    /// Checks that no other key stands beside the preset `instant`, which has no stages.
    fn validate_instant(&self) -> Vec<Problem> {
        let said = serde_json::to_value(self).expect("a configuration is plain data");
        let keys = said.as_object().into_iter().flat_map(|table| table.keys());
        keys.filter(|key| *key != "preset")
            .map(|key| {
                let found = "the preset `instant` models no stage that this could set";
                let problem = Problem::new(Place::key(&format!("control_plane.{key}")), found);
                problem.with_help(
                    "add `preset = \"zero\"`, in which every stage takes no time unless another key sets one",
                )
            })
            .collect()
    }

    fn check_throttle(&self) -> Vec<Problem> {
        let (requests, resources) = (&self.throttle.requests, &self.throttle.resources);
        let buckets = [
            ("requests.describe", &requests.describe),
            ("requests.describe_unpaged", &requests.describe_unpaged),
            ("requests.launch", &requests.launch),
            ("requests.start", &requests.start),
            ("requests.stop", &requests.stop),
            ("requests.terminate", &requests.terminate),
            ("requests.write", &requests.write),
            ("resources.launch", &resources.launch),
            ("resources.start", &resources.start),
            ("resources.stop", &resources.stop),
            ("resources.terminate", &resources.terminate),
        ];
        let given = buckets.into_iter().filter_map(|(key, bucket)| Some((key, bucket.as_ref()?)));
        let mut problems: Vec<Problem> = given
            .flat_map(|(key, bucket)| check_bucket(&format!("control_plane.throttle.{key}"), bucket))
            .collect();
        for (word, bucket) in &self.throttle.writes {
            let key = format!("control_plane.throttle.writes.{word}");
            problems.extend(check_write(&key, word));
            problems.extend(check_bucket(&key, bucket));
        }
        problems
    }

    fn check_cache(&self) -> Vec<Problem> {
        let mut settings = Settings::at("control_plane.cache");
        at_least_one(&mut settings, "capacity", self.cache.capacity, "an entry");
        settings.lasting("ttl", self.cache.ttl);
        settings.lasting("type_ttl", self.cache.type_ttl);
        check_service(&mut settings, "service", &self.cache.service);
        problems_of(settings)
    }

    fn check_queue(&self) -> Vec<Problem> {
        let mut settings = Settings::at("control_plane.queue");
        at_least_one(&mut settings, "queue_limit", self.queue.queue_limit, "a message");
        at_least_one(&mut settings, "max_receives", self.queue.max_receives, "a delivery");
        some_time(&mut settings, "visibility_timeout", self.queue.visibility_timeout);
        settings.lasting("redelivery_delay", self.queue.redelivery_delay);
        let mut problems = problems_of(settings);
        let mut settings = Settings::at("control_plane.workers");
        at_least_one(&mut settings, "count", self.workers.count, "a worker");
        if self.workers.prefetch == 0 {
            settings.wrong("prefetch", 0, "1 or more: a worker that takes no message does nothing");
        }
        check_service(&mut settings, "service", &self.workers.service);
        problems.extend(problems_of(settings));
        problems
    }

    fn check_breaker(&self) -> Vec<Problem> {
        let mut settings = Settings::at("control_plane.breaker");
        if self.breaker.failures == 0 {
            settings.wrong("failures", 0, "1 or more: it would never close");
        }
        settings.lasting("open_for", self.breaker.open_for);
        let mut problems = problems_of(settings);
        let mut settings = Settings::at("control_plane.images");
        at_least_one(&mut settings, "host_mbps", self.images.host_mbps, "Mbit/s");
        at_least_one(&mut settings, "rack_mbps", self.images.rack_mbps, "Mbit/s");
        problems.extend(problems_of(settings));
        problems
    }

    /// Checks that a stage is in one outage at a time.
    fn check_overlaps(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (i, outage) in self.outages.iter().enumerate() {
            let overlaps = |other: &&StageOutageConfig| {
                other.stage == outage.stage && outage.start < end_of(other) && other.start < end_of(outage)
            };
            if let Some(other) = self.outages[..i].iter().find(overlaps) {
                let place = Place::key(&format!("control_plane.outages.{i}.start"));
                let found = format!("{} is in another outage from {} on", outage.stage, other.start);
                let problem = Problem::new(place, found);
                problems.push(problem.with_help("let a stage be in one outage at a time"));
            }
        }
        problems
    }
}

fn end_of(outage: &StageOutageConfig) -> Duration {
    Duration(outage.start.0.saturating_add(outage.length.0))
}

fn problems_of(settings: Settings<'_>) -> Vec<Problem> {
    settings.finish(|| ()).err().unwrap_or_default()
}

fn at_least_one(settings: &mut Settings<'_>, key: &str, count: Count, what: &str) {
    if count == Count(Some(0)) {
        settings.wrong(
            key,
            0,
            &format!("1 or more: without {what} nothing passes; leave it out for no limit"),
        );
    }
}

fn some_time(settings: &mut Settings<'_>, key: &str, time: Option<Duration>) {
    if time == Some(Duration::ZERO) {
        settings.wrong(key, Duration::ZERO, "more than no time; leave it out for no limit");
    }
}

/// Checks that a service time has a mean: without one there is no steady state.
fn check_service(settings: &mut Settings<'_>, key: &str, service: &Distribution) {
    let sampler = settings.take(service.compile(&settings.path(key), Path::new("")));
    if sampler.is_some_and(|sampler| sampler.mean_ns().is_none()) {
        settings.wrong(key, "a distribution without a mean", "service times with a finite mean");
    }
}

fn check_clients(clients: &ClientConfig) -> Vec<Problem> {
    let mut settings = Settings::at("control_plane.clients");
    some_time(&mut settings, "timeout", clients.timeout);
    if clients.max_attempts == Some(0) {
        settings.wrong("max_attempts", 0, "1 or more: the first attempt counts");
    }
    if let Some(count) = clients.per_account
        && !(1..=MAX_CLIENTS).contains(&count)
    {
        settings.wrong("per_account", count, &format!("1 to {MAX_CLIENTS}"));
    }
    if clients.sdk.is_none() {
        let given = [
            ("max_attempts", clients.max_attempts.is_some()),
            ("per_account", clients.per_account.is_some()),
            ("wait_for", clients.wait_for.is_some()),
        ];
        for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            settings.wrong(key, "a setting of an SDK's clients", "`sdk` beside it, which says whose");
        }
    }
    if clients.attempts == 0 {
        settings.wrong("attempts", 0, "1 or more: the first attempt counts");
    }
    if clients.longest_delay < clients.first_delay {
        let expected = format!("at least `first_delay`, {}", clients.first_delay);
        settings.wrong("longest_delay", clients.longest_delay, &expected);
    }
    let multiplier = clients.multiplier.resource(PER_ONE);
    if multiplier.is_ok_and(|multiplier| u64::from(multiplier) < PER_ONE) || multiplier.is_err() {
        settings.wrong("multiplier", clients.multiplier.as_str(), "1 or more, in steps of 0.001");
    }
    problems_of(settings)
}

/// Returns the word of an operation that has no bucket among `requests`.
fn check_write(key: &str, word: &str) -> Option<Problem> {
    let is_write = |operation: Operation| {
        operation != Operation::Probe && ApiClass::of(operation, true) == ApiClass::Write
    };
    let found = format!("found `{word}`, expected an operation that `requests.write` stands for");
    let problem = Problem::new(Place::key(key), found);
    match Operation::named(word) {
        Some(operation) if is_write(operation) => None,
        Some(Operation::Probe) => {
            Some(problem.with_help("a packet between instances is no request, and takes no tokens"))
        }
        Some(operation) => {
            let class = ApiClass::of(operation, true).name();
            Some(problem.with_help(format!("its bucket is `control_plane.throttle.requests.{class}`")))
        }
        None => {
            let words = Operation::ALL.iter().copied().filter(|operation| is_write(*operation));
            let help = did_you_mean(word, words.map(Operation::name));
            Some(Problem { help, ..problem })
        }
    }
}

fn check_bucket(key: &str, bucket: &BucketConfig) -> Vec<Problem> {
    let mut settings = Settings::at(key);
    if bucket.bucket == 0 {
        settings.wrong("bucket", 0, "1 or more: nothing ever passes a bucket without room for a token");
    }
    if u64::from(bucket.bucket) > Limit::MOST_TOKENS {
        settings.wrong("bucket", bucket.bucket, &format!("at most {}", Limit::MOST_TOKENS));
    }
    if !is_above(&bucket.per_s, 0) {
        settings.wrong("per_s", bucket.per_s.as_str(), "a number above 0, in steps of 0.001");
    }
    problems_of(settings)
}

/// Returns true for a whole number of thousandths, more than `milli` of them.
fn is_above(number: &Decimal, milli: u64) -> bool {
    number.resource(PER_ONE).is_ok_and(|found| u64::from(found) > milli)
}

fn check_station(key: &str, station: &StationConfig) -> Vec<Problem> {
    let mut settings = Settings::at(key);
    at_least_one(&mut settings, "servers", station.servers, "a server");
    check_service(&mut settings, "service", &station.service);
    some_time(&mut settings, "queue_timeout", station.queue_timeout);
    problems_of(settings)
}

fn check_database(database: &DatabaseConfig) -> Vec<Problem> {
    let mut settings = Settings::at("control_plane.database");
    at_least_one(&mut settings, "servers", database.servers, "a server");
    at_least_one(&mut settings, "replica_servers", database.replica_servers, "a server");
    check_service(&mut settings, "read", &database.read);
    check_service(&mut settings, "write", &database.write);
    if database.replicas > MAX_REPLICAS {
        settings.wrong("replicas", database.replicas, &format!("at most {MAX_REPLICAS}"));
    }
    let pool = &database.pool;
    at_least_one(&mut settings, "pool.max", pool.max, "a connection");
    if pool.max.0.is_some_and(|max| max > 0 && pool.min > max) {
        settings.wrong("pool.min", pool.min, "at most `pool.max`");
    } else if pool.min > MAX_CONNECTIONS {
        settings.wrong("pool.min", pool.min, &format!("at most {MAX_CONNECTIONS}"));
    }
    some_time(&mut settings, "pool.idle_timeout", pool.idle_timeout);
    some_time(&mut settings, "pool.acquire_timeout", pool.acquire_timeout);
    problems_of(settings)
}

fn check_outage(
    key: &str,
    outage: &StageOutageConfig,
    plane: &ControlPlaneConfig,
    duration: Option<Duration>,
) -> Vec<Problem> {
    let mut settings = Settings::at(key);
    // Too many replicas are reported elsewhere.
    let names = stages::stations(plane.database.replicas.min(MAX_REPLICAS));
    if names.iter().all(|name| name.to_string() != outage.stage) {
        let known: Vec<String> = names.iter().map(StageName::to_string).collect();
        let found = format!("`{}`", outage.stage);
        let mut problem = settings.problem("stage", found, "the name of a stage with servers");
        problem.help = did_you_mean(&outage.stage, known.iter().map(String::as_str));
        settings.add(problem);
    }
    settings.lasting("length", outage.length);
    if duration.is_some_and(|duration| outage.start >= duration) {
        settings.wrong("start", outage.start, "a time before the end of the run");
    }
    match (outage.kind, &outage.factor) {
        (OutageKind::Slow, None) => {
            settings.wrong("factor", "nothing", "how many times longer services take");
        }
        (OutageKind::Slow, Some(factor)) if !is_above(factor, PER_ONE) => {
            settings.wrong("factor", factor.as_str(), "a number above 1, in steps of 0.001");
        }
        (OutageKind::Refuse | OutageKind::Hang, Some(factor)) => {
            settings.wrong("factor", factor.as_str(), "none: only what is `slow` has one");
        }
        _ => {}
    }
    problems_of(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let config: ControlPlaneConfig =
            toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        config.validate(Some(Duration::from_seconds(3600))).iter().map(Problem::to_string).collect()
    }

    #[test]
    fn whatever_is_impossible_is_refused_with_its_place() {
        for (text, place, expected) in [
            ("clients.attempts = 0", "clients.attempts", "1 or more"),
            ("clients.timeout = '0s'", "clients.timeout", "more than no time"),
            ("clients.longest_delay = '10ms'", "clients.longest_delay", "at least"),
            ("clients.multiplier = 0.5", "clients.multiplier", "1 or more"),
            ("clients.max_attempts = 4", "clients.max_attempts", "`sdk`"),
            ("clients.wait_for = 'running'", "clients.wait_for", "`sdk`"),
            ("clients = { sdk = 'js-v3-standard', max_attempts = 0 }", "clients.max_attempts", "1 or more"),
            ("clients = { sdk = 'js-v3-standard', per_account = 0 }", "clients.per_account", "1 to 1000000"),
            ("throttle.requests.launch = { bucket = 0, per_s = 2 }", "requests.launch.bucket", "1 or more"),
            (
                "throttle.requests.launch = { bucket = 20000000, per_s = 2 }",
                "requests.launch.bucket",
                "at most",
            ),
            ("throttle.resources.stop = { bucket = 1, per_s = 0 }", "resources.stop.per_s", "above 0"),
            ("throttle.writes.reboot = { bucket = 1, per_s = 0 }", "writes.reboot.per_s", "above 0"),
            ("throttle.writes.create-tag = { bucket = 1, per_s = 1 }", "writes.create-tag", "`create-tags`"),
            ("throttle.writes.launch = { bucket = 1, per_s = 1 }", "writes.launch", "requests.launch"),
            ("throttle.writes.hibernate = { bucket = 1, per_s = 1 }", "writes.hibernate", "requests.stop"),
            ("throttle.writes.probe = { bucket = 1, per_s = 1 }", "writes.probe", "takes no tokens"),
            ("gateway.servers = 0", "gateway.servers", "without a server"),
            ("storage.queue_timeout = '0s'", "storage.queue_timeout", "more than no time"),
            (
                "validation.service = { kind = 'exponential', mean = '0s' }",
                "validation.service.mean",
                "no time",
            ),
            (
                "hypervisor.service = { kind = 'pareto', min = '1s', shape = 1 }",
                "hypervisor.service",
                "finite",
            ),
            ("cache.capacity = 0", "cache.capacity", "without an entry"),
            ("cache.ttl = '0s'", "cache.ttl", "more than no time"),
            ("database.servers = 0", "database.servers", "without a server"),
            ("database.pool.max = 0", "database.pool.max", "without a connection"),
            ("database.pool = { min = 6, max = 5 }", "database.pool.min", "at most"),
            ("database.replicas = 1000", "database.replicas", "at most 100"),
            (
                "database.replicas = 4294967295\noutages = [{ stage = 'gateway', kind = 'hang', start = '1m', length = '1m' }]",
                "database.replicas",
                "at most 100",
            ),
            ("database.pool.min = 4294967295", "database.pool.min", "at most 1000000"),
            ("queue.max_receives = 0", "queue.max_receives", "without a delivery"),
            ("workers.count = 0", "workers.count", "without a worker"),
            ("workers.prefetch = 0", "workers.prefetch", "1 or more"),
            ("breaker.failures = 0", "breaker.failures", "1 or more"),
            ("images.rack_mbps = 0", "images.rack_mbps", "without Mbit/s"),
            (
                "outages = [{ stage = 'storge', start = '1s', length = '1s', kind = 'hang' }]",
                "outages.0.stage",
                "did you mean `storage`",
            ),
            (
                "outages = [{ stage = 'replica-1', start = '1s', length = '1s', kind = 'hang' }]",
                "outages.0.stage",
                "a stage with servers",
            ),
            (
                "outages = [{ stage = 'storage', start = '2h', length = '1s', kind = 'hang' }]",
                "outages.0.start",
                "before the end",
            ),
            (
                "outages = [{ stage = 'storage', start = '1s', length = '1s', kind = 'slow', factor = 1 }]",
                "outages.0.factor",
                "above 1",
            ),
            (
                "outages = [{ stage = 'storage', start = '1s', length = '1s', kind = 'refuse', factor = 2 }]",
                "outages.0.factor",
                "only what is `slow`",
            ),
            (
                "outages = [{ stage = 'storage', start = '1s', length = '9s', kind = 'hang' },
                            { stage = 'storage', start = '9s', length = '9s', kind = 'refuse' }]",
                "outages.1.start",
                "another outage",
            ),
        ] {
            let found = problems(&format!("preset = 'zero'\n{text}"));
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains(place) && found[0].contains(expected), "{text}: {found:?}");
        }
    }

    #[test]
    fn everything_is_told_at_once() {
        let found = problems("preset = 'zero'\ngateway.servers = 0\nworkers = { count = 0, prefetch = 0 }");
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn without_stages_there_is_nothing_to_say_of_them() {
        let found = problems("workers.count = 8");
        assert!(
            found[0].contains("control_plane.workers") && found[0].contains("preset = \"zero\""),
            "{found:?}"
        );
        assert_eq!(problems(""), [""; 0]);
    }
}
