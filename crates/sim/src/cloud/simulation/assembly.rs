//! Assembly of the parts of a world from a scenario.

use crate::cloud::RunOptions;
use crate::cloud::allocation::allocator::HostAllocator;
use crate::cloud::allocation::instance_types::InstanceTypes;
use crate::cloud::allocation::reservation_members::ReservationMembers;
use crate::cloud::api::state::ApiState;
use crate::cloud::control::Control;
use crate::cloud::instances::by_host::InstancesByHost;
use crate::cloud::instances::table::Instances;
use crate::cloud::observe::breakdown::Breakdown;
use crate::cloud::observe::headroom_sampler::HeadroomSampler;
use crate::cloud::observe::ledger::Ledger;
use crate::cloud::observe::recorder::Recorder;
use crate::cloud::reaction::state::Reactions;
use crate::cloud::simulation::timers::Timers;
use crate::cloud::world::World;
use crate::scenario::Scenario;
use crate::scenario::step_time::StepTime;
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::metrics::Durations;
use plimsoll_base::units::{Duration, Time, TypeId};
use plimsoll_model::autoscaling;
use plimsoll_model::billing::{Billing, HostRate, Setting, usd};
use plimsoll_model::faults::Faults;
use plimsoll_model::fleet::config::{HostGroupConfig, ZoneConfig};
use plimsoll_model::fleet::{self, Fleet, TooManyKinds};
use plimsoll_model::network::Network;
use plimsoll_model::network::security::SecurityGroups;
use plimsoll_model::placement::placer::Placer;
use plimsoll_model::placement::prediction::Predictor;
use plimsoll_model::placement::register;
use plimsoll_model::placement::reservations::Reservations;
use plimsoll_model::placement::strategy::Strategy;
use plimsoll_model::pools;
use plimsoll_model::quota::Quotas;
use plimsoll_model::storage::Storage;
use plimsoll_model::workload::demand::Demand;
use plimsoll_model::workload::directory::Directory;

/// Returns the world of a scenario, empty, at time zero; with the strategy of the scenario where none is given.
pub fn assemble(
    scenario: &Scenario,
    options: RunOptions,
    directory: Directory,
    demand: Demand,
    strategy: Option<Strategy>,
) -> Result<World, InputError> {
    let world = parts(scenario, options, directory, demand, strategy);
    world.map_err(|error| scenario.locate(error))
}

fn parts(
    scenario: &Scenario,
    options: RunOptions,
    mut directory: Directory,
    demand: Demand,
    strategy: Option<Strategy>,
) -> Result<World, InputError> {
    let seed = Seed(scenario.seed);
    let names: Vec<&str> = scenario.zones.iter().map(|zone| zone.name.as_str()).collect();
    let mut fleet = fleet_of(&scenario.zones)?;
    let build = || register::build(&scenario.placement.strategy, seed);
    let stale = scenario.placement.stale.iter();
    let of_views = stale.flat_map(|stale| (0..stale.schedulers).map(|_| build()));
    let of_views: Vec<Strategy> = of_views.collect::<Result<_, _>>().map_err(InputError)?;
    let strategy = strategy.map_or_else(build, Ok).map_err(InputError)?;
    strategy.check(fleet.skus())?;
    let predictor =
        (strategy.groups > 0).then(|| Box::new(Predictor::new(&scenario.placement.prediction, seed)));
    let mut placer = Placer::new(strategy, &mut fleet, options.verify_placement);
    if scenario.placement.prediction.repredicts {
        placer.repredict();
    }
    if let Some(stale) = &scenario.placement.stale {
        placer.place_by_views(of_views, stale, &fleet);
    }
    let network = Network::new(&scenario.network, &names)?;
    let billing = billing_of(scenario, seed, &names, &mut directory)?;
    let storage = Storage::new(&scenario.storage, &scenario.images, &names, |name| directory.account(name))?;
    let faults = Faults::new(&scenario.faults, &names, &fleet, seed)?;
    let mut provisions =
        scenario.placement.resolve(&scenario.zones, &mut directory.types).map_err(InputError)?;
    provisions.counted_types = counted_types(scenario, &mut directory)?;
    let security = SecurityGroups::new(scenario.network.security(), &scenario.network.vpc_names())?;
    let mut instances = Instances::default();
    if demand.draws_instances() {
        instances.keep_live();
    }
    let pools =
        pools::resolve(&scenario.pools, &scenario.pools_of_jobs(), &mut directory).map_err(InputError)?;
    let groups = autoscaling::config::resolve(&scenario.autoscaling_groups, seed, &mut directory)
        .map_err(InputError)?;
    let reactions = Reactions::new(scenario, &demand, pools, groups);
    let control = Control::new(scenario);
    let launches_differ =
        control.is_some() || reactions.is_some() || matches!(scenario.lifecycle.boot, StepTime::Drawn(_));
    let keeps_by_host =
        faults.is_some() || reactions.as_ref().is_some_and(|reactions| reactions.asks_for_hosts());
    Ok(World {
        api: ApiState::new(scenario),
        types: InstanceTypes {
            known: Vec::new(),
            offers: scenario.zones.iter().map(|zone| Some(zone.offers.as_ref()?.hardware())).collect(),
            numa: scenario.placement.numa.resolve()?,
        },
        instances,
        hosts: HostAllocator {
            placer,
            fleet,
            reservations: Reservations::default(),
            members: ReservationMembers::default(),
            provisions,
        },
        network,
        security,
        storage,
        quotas: Quotas::new(&scenario.quotas),
        billing,
        by_host: keeps_by_host.then(InstancesByHost::default),
        faults,
        timers: Timers::new(scenario),
        recorder: Recorder {
            ledger: Ledger { recent_launches: launches_differ.then(Durations::default), ..Ledger::default() },
            breakdown: Breakdown::new(names.len(), &scenario.host_kinds()),
            headroom: scenario.headroom.as_ref().map(HeadroomSampler::new),
            ..Recorder::default()
        },
        control,
        reactions,
        clients: None,
        predictor,
        directory,
        demand,
    })
}

/// Returns the types whose headroom is counted.
///
/// # Errors
/// Each name that is no type.
fn counted_types(scenario: &Scenario, directory: &mut Directory) -> Result<Vec<TypeId>, InputError> {
    let mut problems = Vec::new();
    let mut types = Vec::new();
    for (number, name) in scenario.headroom.iter().flat_map(|headroom| &headroom.types).enumerate() {
        match directory.named_type(name, || Place::key(&format!("headroom.types.{number}"))) {
            Ok(kind) => types.push(kind),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(types) } else { Err(InputError(problems)) }
}

fn fleet_of(zones: &[ZoneConfig]) -> Result<Fleet, InputError> {
    let zones = fleet::config::resolve(zones).map_err(InputError)?;
    let fleet = Fleet::new(&zones).map_err(|error| {
        let help = match error {
            TooManyKinds::Capacities => "round capacities to fewer sizes",
            TooManyKinds::Hardware => "let more hosts run the same families and types",
        };
        Problem::new(Place::key("zones"), error.to_string()).with_help(help)
    })?;
    Ok(fleet)
}

fn billing_of(
    scenario: &Scenario,
    seed: Seed,
    zones: &[&str],
    directory: &mut Directory,
) -> Result<Billing, InputError> {
    let host_groups = host_rates(&scenario.zones);
    let window_start = window_start(scenario.warmup);
    let calendar = scenario.billing_calendar();
    let setting = Setting { seed, window_start, calendar, zones, host_groups: &host_groups };
    let accounts = scenario.billing.accounts();
    let accounts = accounts.map(|name| (name.to_string(), directory.account(name))).collect();
    Billing::new(&scenario.billing, &setting, &accounts, &mut directory.types).map_err(InputError)
}

/// Returns the end of the warm-up, from which figures count.
pub fn window_start(warmup: Duration) -> Time {
    Time::ZERO.after(warmup)
}

/// Returns the rates of the dedicated hosts of each host group, in file order.
fn host_rates(zones: &[ZoneConfig]) -> Vec<HostRate<'_>> {
    fn rate(group: &HostGroupConfig) -> HostRate<'_> {
        let price = |price| usd(price).expect("the host groups have been resolved");
        let per_hour = group.dedicated_usd_per_hour.as_ref().map(price);
        HostRate { sku: group.sku.as_deref().unwrap_or(""), per_hour }
    }
    zones.iter().flat_map(|zone| &zone.hosts).map(rate).collect()
}
