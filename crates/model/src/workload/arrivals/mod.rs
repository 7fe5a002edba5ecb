//! Synthetic demand: the source of requests that one `[[workload.arrivals]]` of a scenario becomes.

mod config;
mod options;

use std::sync::Arc;

use super::call::{Action, Call, Launch, LaunchOptions};
use super::distribution::Sampler;
use super::launch_policy::LaunchPolicy;
use super::process::Timetable;
use super::residents::EquilibriumLife;
use crate::draw::{self, AliasTable};
use plimsoll_base::engine::random::Stream;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Duration, Time, TypeId};

pub use config::{ArrivalConfig, StopsConfig};
pub use options::Purchase;

/// The most instances a steady state may hold: 16 bytes each while they are drawn and sorted.
const MAX_RESIDENTS: f64 = 1e9;

/// The samplers of a [`StopsConfig`].
#[derive(Clone, Debug)]
pub struct Stops {
    /// Time from running to the call that stops an instance.
    pub run: Sampler,
    /// Time from stopped to the call that starts it again.
    pub stopped: Sampler,
}

/// An arrival process of a scenario. Each purpose has a stream of its own, so that another type,
/// account or lifetime never shifts the times of requests.
#[derive(Debug)]
pub struct ArrivalSource {
    name: String,
    number: u16,
    timetable: Timetable,
    mix: Mix,
    mix_stream: Stream,
    lifetime: Option<Sampler>,
    lifetime_stream: Stream,
    steady_stream: Stream,
    steady_mix_stream: Stream,
    group_stream: Stream,
    steady_group_stream: Stream,
    stops: Option<Stops>,
    policy: LaunchPolicy,
    /// Account of the requests of this time.
    account: AccountId,
}

persist! { ArrivalSource {
    values: [account],
    nested: [
        timetable, mix_stream, lifetime_stream, steady_stream, steady_mix_stream, group_stream,
        steady_group_stream,
    ],
    derived: [name, number, mix, lifetime, stops, policy],
} }

/// Types and options that requests ask for, and the accounts they come from.
#[derive(Debug)]
struct Mix {
    kinds: Vec<TypeId>,
    kind: AliasTable,
    accounts: Vec<AccountId>,
    /// A request but for its type, its group and its number.
    launch: Launch,
    /// The options of a request by its placement group, if that is drawn.
    by_group: Vec<Arc<LaunchOptions>>,
}

impl ArrivalSource {
    /// Returns the name of the process.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its place in the list of the scenario.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Returns the stop/start behaviour of its instances, if they have one.
    pub fn stops(&self) -> Option<&Stops> {
        self.stops.as_ref()
    }

    /// Returns what its launches do about room that is short.
    pub fn policy(&self) -> &LaunchPolicy {
        &self.policy
    }

    /// Returns the accounts that its requests come from.
    pub fn accounts(&self) -> &[AccountId] {
        &self.mix.accounts
    }

    /// Returns a request of the process without the drawn parts.
    pub fn launch(&self) -> &Launch {
        &self.mix.launch
    }

    /// Returns every set of options that a request of it may have.
    pub fn options(&self) -> impl Iterator<Item = &LaunchOptions> {
        self.mix.launch.options.iter().chain(&self.mix.by_group).map(Arc::as_ref)
    }

    /// Returns the time of the next request; [`Time::NEVER`] if there is none.
    #[inline]
    pub fn at(&self) -> Time {
        self.timetable.at()
    }

    /// Takes the next request, its instances not numbered yet. `lifetimes` becomes theirs, when they are drawn.
    #[inline]
    pub fn take(&mut self, lifetimes: &mut Vec<Duration>) -> Call {
        let (kind, account) = self.mix.draw(&mut self.mix_stream);
        if self.timetable.begins_a_batch() {
            self.account = account;
        }
        lifetimes.clear();
        if let Some(lifetime) = &self.lifetime {
            let instances = 0..self.mix.launch.max_count;
            lifetimes.extend(instances.map(|_| lifetime.draw(&mut self.lifetime_stream)));
        }
        let (at, account) = (self.timetable.at(), self.account);
        self.timetable.advance();
        let mut launch = Launch { kind, ..self.mix.launch.clone() };
        self.mix.draw_group(&mut launch, &mut self.group_stream);
        Call { at, account, action: Action::Launch(launch) }
    }

    /// Returns the mean number of instances in equilibrium: rate × instances per request × mean lifetime. A rate that
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
        let expected = self.timetable.mean_rate() * f64::from(self.mix.launch.max_count) * mean;
        if expected > MAX_RESIDENTS {
            let found = format!("found a steady state of {expected:.0} instances, expected at most 10⁹");
            return Err(Problem::new(place, found).with_help("lower the rate or the mean lifetime"));
        }
        Ok(expected)
    }

    /// Draws the instances that are there when a run starts in equilibrium: a Poisson number.
    pub fn draw_residents(&mut self, expected: f64) -> Vec<EquilibriumLife> {
        let Some(lifetime) = &self.lifetime else { return Vec::new() };
        let number = draw::poisson(&mut self.steady_stream, expected);
        (0..number).map(|_| lifetime.draw_in_equilibrium(&mut self.steady_stream)).collect()
    }

    /// Returns the request that brought the next resident of this process, as one of a single instance.
    #[inline]
    pub fn resident(&mut self) -> Call {
        let (kind, account) = self.mix.draw(&mut self.steady_mix_stream);
        let mut launch = Launch { kind, min_count: 1, max_count: 1, ..self.mix.launch.clone() };
        self.mix.draw_group(&mut launch, &mut self.steady_group_stream);
        Call { at: Time::ZERO, account, action: Action::Launch(launch) }
    }
}

impl Mix {
    /// Draws a type and an account: always two draws, so that more accounts leave the types as they were.
    #[inline]
    fn draw(&self, stream: &mut Stream) -> (TypeId, AccountId) {
        let kind = self.kinds[self.kind.draw(stream)];
        let account = self.accounts[draw::index(stream, self.accounts.len() as u32) as usize];
        (kind, account)
    }

    /// Gives a request its group, where that is drawn.
    #[inline]
    fn draw_group(&self, launch: &mut Launch, stream: &mut Stream) {
        if !self.by_group.is_empty() {
            let group = draw::index(stream, self.by_group.len() as u32);
            launch.options = Some(self.by_group[group as usize].clone());
        }
    }
}
