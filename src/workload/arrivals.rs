//! Synthetic demand: one `[[workload.arrivals]]` of a scenario, and the source of requests it becomes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

use super::call::{Action, Call, End, Launch, Resident, StopsId};
use super::directory::{DEFAULT_ACCOUNT, Directory};
use super::distribution::{Distribution, Sampler};
use super::draw::{self, Choice};
use super::process::{Process, ProcessConfig};
use super::settings::Settings;
use crate::engine::random::{Purpose, Seed, Stream};
use crate::input::{Place, Problem};
use crate::units::{AccountId, Duration, SubnetId, Time, TypeId, ZoneId};

/// The most instances of one request, and accounts of one process: their lifetimes and names are held in
/// memory.
const MAX_COUNT: u32 = 1_000_000;

/// The most instances a steady state may hold: 24 bytes each while they are drawn and sorted.
const MAX_RESIDENTS: f64 = 1e9;

/// A stream of requests that differ only in what is drawn.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalConfig {
    /// Name, shown in results; default `arrivals-N`, N from 0 in file order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When requests come.
    pub process: ProcessConfig,
    /// How long an instance lives, from running; left out: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Distribution>,
    /// Instance types and their weights: relative frequencies, 0 or more.
    pub types: BTreeMap<String, f64>,
    /// Instances asked for in a request.
    #[serde(default = "one")]
    pub count: u32,
    /// The fewest a request is content with; default `count`: all or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u32>,
    /// Number of accounts, each request from one drawn uniformly: `NAME-0`, `NAME-1` …; with one account its
    /// name is `default`.
    #[serde(default = "one")]
    pub accounts: u32,
    /// Zone asked for; left out: the subnet's, or the cloud chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Subnet asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// Whether to assign public addresses; left out: as the subnet does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_address: Option<bool>,
    /// Instances stop and start again in turn; left out: they run until they end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops: Option<StopsConfig>,
}

fn one() -> u32 {
    1
}

/// Stopping and starting: an instance runs for a drawn time, is stopped for a drawn time, starts again.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopsConfig {
    /// Time from running to the call that stops it.
    pub run: Distribution,
    /// Time from stopped to the call that starts it again.
    pub stopped: Distribution,
}

/// The samplers of a [`StopsConfig`].
#[derive(Clone, Debug)]
pub struct Stops {
    /// Time from running to the call that stops an instance.
    pub run: Sampler,
    /// Time from stopped to the call that starts it again.
    pub stopped: Sampler,
}

/// An arrival process of a scenario at work. Each purpose has a stream of its own, so that another type,
/// account or lifetime never shifts when requests come.
#[derive(Debug)]
pub struct Source {
    name: String,
    number: u16,
    process: Process,
    mix: Mix,
    mix_stream: Stream,
    lifetime: Option<Sampler>,
    lifetime_stream: Stream,
    steady_stream: Stream,
    steady_mix_stream: Stream,
    stops: Option<Stops>,
    /// When the next request comes.
    at: Time,
    /// How many are left to take at that time, and whether none was taken yet.
    left: u32,
    fresh: bool,
    /// Whose the requests of this time are.
    account: AccountId,
}

/// What requests ask for, and from whom they come.
#[derive(Debug)]
struct Mix {
    kinds: Vec<TypeId>,
    kind: Choice,
    accounts: Vec<AccountId>,
    /// A request but for its type and number.
    launch: Launch,
}

impl ArrivalConfig {
    /// Its name, or the one that stands for it by its place in the list.
    pub fn name_or_number(&self, number: u16) -> String {
        self.name.clone().unwrap_or_else(|| format!("arrivals-{number}"))
    }

    /// The source of requests, or everything that is wrong. `number` is its place in the list, `key` its
    /// dotted path.
    pub fn compile(
        &self,
        number: u16,
        key: &str,
        seed: Seed,
        base_dir: &Path,
        directory: &mut Directory,
    ) -> Result<Source, Vec<Problem>> {
        let mut settings = Settings::at(key);
        let name = self.name_or_number(number);
        let stream = |purpose| seed.stream(purpose, u64::from(number));
        let process = self.process.compile(&settings.path("process"), stream(Purpose::Arrival));
        let process = settings.take(process);
        let path = settings.path("lifetime");
        let lifetime = self.lifetime.as_ref().map(|lifetime| lifetime.compile(&path, base_dir));
        let lifetime = lifetime.map(|lifetime| settings.take(lifetime));
        let stops = self.stops.as_ref().map(|stops| stops.compile(&mut settings, base_dir));
        let mix = self.mix(number, &name, &mut settings, directory);
        let (Some(process), Some(mix)) = (process, mix) else {
            return settings.finish(|| unreachable!("something is missing and nothing is wrong"));
        };
        settings.finish(|| {
            let mut source = Source {
                name,
                number,
                process,
                account: mix.accounts[0],
                mix,
                mix_stream: stream(Purpose::Mix),
                lifetime: lifetime.flatten(),
                lifetime_stream: stream(Purpose::Lifetime),
                steady_stream: seed.stream(Purpose::SteadyState, 2 * u64::from(number)),
                steady_mix_stream: seed.stream(Purpose::SteadyState, 2 * u64::from(number) + 1),
                stops: stops.flatten(),
                at: Time::ZERO,
                left: 0,
                fresh: true,
            };
            source.advance();
            source
        })
    }

    fn mix(
        &self,
        number: u16,
        name: &str,
        settings: &mut Settings,
        directory: &mut Directory,
    ) -> Option<Mix> {
        for (field, value) in [("count", self.count), ("accounts", self.accounts)] {
            if !(1..=MAX_COUNT).contains(&value) {
                settings.wrong(field, value, "1 to 1,000,000");
            }
        }
        let min_count = self.min_count.unwrap_or(self.count);
        if self.min_count.is_some() && !(1..=self.count).contains(&min_count) {
            settings.wrong("min_count", min_count, &format!("1 to `count`, {}", self.count));
        }
        let usable = settings.weights("types", self.types.values());
        let kinds: Vec<Option<TypeId>> =
            self.types.keys().map(|kind| find_type(settings, directory, kind)).collect();
        let (zone, subnet) = self.location(settings, directory);
        let kinds: Vec<TypeId> = kinds.into_iter().collect::<Option<_>>()?;
        let first = *kinds.first()?;
        if !usable {
            return None;
        }
        let weights: Vec<f64> = self.types.values().copied().collect();
        let accounts = (0..self.accounts.min(MAX_COUNT)).map(|k| match self.accounts {
            1 => directory.account(DEFAULT_ACCOUNT),
            _ => directory.account(&format!("{name}-{k}")),
        });
        Some(Mix {
            kinds,
            kind: Choice::new(&weights),
            accounts: accounts.collect(),
            launch: Launch {
                kind: first,
                min_count,
                max_count: self.count,
                zone,
                subnet,
                public_address: self.public_address,
                handle: None,
                end: if self.lifetime.is_some() { End::Drawn } else { End::Never },
                options: None,
                stops: self.stops.as_ref().map(|_| StopsId(number)),
                first_instance: 0,
            },
        })
    }

    /// The zone and subnet asked for. The subnet must lie in the zone.
    fn location(
        &self,
        settings: &mut Settings,
        directory: &mut Directory,
    ) -> (Option<ZoneId>, Option<SubnetId>) {
        let place = |field| Place::key(&settings.path(field));
        let zone = self.zone.as_ref().map(|name| directory.zone(name, || place("zone")));
        let subnet = self.subnet.as_ref().map(|name| directory.subnet(name, || place("subnet")));
        if let (Some(Ok(zone)), Some(Ok(subnet))) = (&zone, &subnet)
            && directory.zone_of(*subnet).is_some_and(|of_subnet| of_subnet != *zone)
        {
            let found = format!("a subnet of another zone than `{}`", directory.zones()[zone.index()]);
            settings.wrong("subnet", found, "a subnet of the zone, or no zone");
        }
        let mut known = |problem: Problem| settings.add(problem);
        (
            zone.and_then(|zone| zone.map_err(&mut known).ok()),
            subnet.and_then(|subnet| subnet.map_err(&mut known).ok()),
        )
    }
}

fn find_type(settings: &mut Settings, directory: &mut Directory, name: &str) -> Option<TypeId> {
    let key = settings.path("types");
    let found = directory.named_type(name, || Place::key(&key));
    found.map_err(|problem| settings.add(problem)).ok()
}

impl StopsConfig {
    fn compile(&self, settings: &mut Settings, base_dir: &Path) -> Option<Stops> {
        let run = self.run.compile(&settings.path("stops.run"), base_dir);
        let stopped = self.stopped.compile(&settings.path("stops.stopped"), base_dir);
        let (run, stopped) = (settings.take(run), settings.take(stopped));
        let stops = Stops { run: run?, stopped: stopped? };
        if stops.stopped.mean_ns() == Some(0.0) {
            // A start that is refused is tried again after another stopped time: at once, for ever.
            settings.wrong("stops.stopped", "no time", "some time from a stop to the next start");
            return None;
        }
        Some(stops)
    }
}

impl Source {
    /// The name of the process.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its place in the list of the scenario.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// The stop/start behaviour of its instances, if they have one.
    pub fn stops(&self) -> Option<&Stops> {
        self.stops.as_ref()
    }

    /// When the next request comes; [`Time::NEVER`] when none does.
    #[inline]
    pub fn at(&self) -> Time {
        self.at
    }

    /// Takes the next request, its instances not numbered yet. `lifetimes` becomes theirs, when they are drawn.
    #[inline]
    pub fn take(&mut self, lifetimes: &mut Vec<Duration>) -> Call {
        let (kind, account) = self.mix.draw(&mut self.mix_stream);
        if self.fresh {
            self.account = account;
        }
        let launch = Launch { kind, ..self.mix.launch.clone() };
        lifetimes.clear();
        if let Some(lifetime) = &self.lifetime {
            lifetimes.extend((0..launch.max_count).map(|_| lifetime.draw(&mut self.lifetime_stream)));
        }
        let call = Call { at: self.at, account: self.account, action: Action::Launch(launch) };
        self.advance();
        call
    }

    #[inline]
    fn advance(&mut self) {
        self.fresh = self.left <= 1;
        if self.fresh {
            (self.at, self.left) = self.process.next_time();
        } else {
            self.left -= 1;
        }
    }

    /// Mean number of instances in equilibrium: rate × instances per request × mean lifetime. A rate that
    /// follows the day counts with its mean.
    pub fn expected_residents(&self, key: &str) -> Result<f64, Problem> {
        let place = Place::key(&format!("{key}.lifetime"));
        let Some(lifetime) = &self.lifetime else {
            return Err(Problem::new(
                place,
                "found no lifetime, expected one: without end there is no steady state",
            ));
        };
        let Some(mean) = lifetime.mean_ns() else {
            let found = "found a lifetime of infinite mean, expected a finite one for a steady state";
            return Err(Problem::new(place, found).with_help("give a Pareto law a `shape` above 1"));
        };
        let expected = self.process.mean_rate() * f64::from(self.mix.launch.max_count) * mean;
        if expected > MAX_RESIDENTS {
            let found = format!("found a steady state of {expected:.0} instances, expected at most 10⁹");
            return Err(Problem::new(place, found).with_help("lower the rate or the mean lifetime"));
        }
        Ok(expected)
    }

    /// Draws the instances that are there when a run starts in equilibrium: a Poisson number.
    pub fn draw_residents(&mut self, expected: f64, residents: &mut Vec<Resident>) {
        let Some(lifetime) = &self.lifetime else { return };
        let number = draw::poisson(&mut self.steady_stream, expected);
        residents.reserve(usize::try_from(number).expect("a steady state fits in memory"));
        for _ in 0..number {
            let (age, residual) = lifetime.draw_in_equilibrium(&mut self.steady_stream);
            residents.push(Resident { age, residual, process: self.number });
        }
    }

    /// The request that brought the next resident of this process, as one of a single instance.
    #[inline]
    pub fn resident(&mut self) -> Call {
        let (kind, account) = self.mix.draw(&mut self.steady_mix_stream);
        let launch = Launch { kind, min_count: 1, max_count: 1, ..self.mix.launch.clone() };
        Call { at: Time::ZERO, account, action: Action::Launch(launch) }
    }
}

impl Mix {
    /// A type and an account: always two draws, so that more accounts leave the types as they were.
    #[inline]
    fn draw(&self, stream: &mut Stream) -> (TypeId, AccountId) {
        let kind = self.kinds[self.kind.draw(stream)];
        let account = self.accounts[draw::index(stream, self.accounts.len() as u32) as usize];
        (kind, account)
    }
}
