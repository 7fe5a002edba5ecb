//! The cloud: owns all parts and lets requests pass through them.
//!
//! - `run` is the loop: the next event or call, time going on, samples.
//! - `control` lets calls pass the control plane first, where there is one.
//! - `calls` takes a call of the demand apart; `launch`, `start` and `life` are the flows.
//! - `instance`, `event` and `ledger` are what the flows work on; `finish` makes the `outcome` of them.
//! - `explain` follows what somebody asks about through every decision.
//! - `checkpoint` writes a run down between two events and lets it go on from there.
//! - `chronicle` and `inventory` hand out the `rows` of the tables, where somebody wants them.

mod addresses;
mod attributes;
mod calls;
pub mod checkpoint;
mod chronicle;
mod conservation;
mod control;
mod describe;
mod equipment;
mod event;
pub mod explain;
mod extras;
mod finish;
mod headroom;
mod instance;
mod inventory;
mod launch;
mod ledger;
mod life;
mod living;
mod milestones;
mod minutes;
mod names;
mod observation;
pub mod observe;
mod outbox;
pub mod outcome;
mod place;
mod provide;
mod quotas;
mod ranges;
mod recovery;
mod reference;
mod reserved;
mod resources;
pub mod rows;
mod run;
mod seat;
mod spot;
mod start;
mod steady_state;
mod tenure;
mod tokens;
mod traffic;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::Scenario;
use crate::scenario::config::RepeatedCalls;
use chronicle::Chronicle;
use control::Control;
use event::{Event, Rank};
use explain::Inquiry;
use extras::ExtrasTable;
use headroom::Outlook;
use instance::Instances;
use ledger::Ledger;
use milestones::Progress;
use names::Names;
use outbox::Outbox;
use place::Placement;
use plimsoll_base::catalogue;
use plimsoll_base::engine::queue::{EventQueue, Lane};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{AccountId, Duration, InstanceId, Money, Resources, Time, TypeId, ZoneId};
use plimsoll_model::billing::{Billing, HostRate, Setting, usd};
use plimsoll_model::faults::Faults;
use plimsoll_model::fleet::config::{HostGroupConfig, ZoneConfig};
use plimsoll_model::fleet::hardware::{Hardware, Model};
use plimsoll_model::fleet::index::shapes::ShapeId;
use plimsoll_model::fleet::{self, Fleet, TooManyKinds};
use plimsoll_model::network::Network;
use plimsoll_model::network::security::SecurityGroups;
use plimsoll_model::placement::config::CreatedGroupConfig;
use plimsoll_model::placement::placer::Placer;
use plimsoll_model::placement::provisions::Provisions;
use plimsoll_model::placement::register;
use plimsoll_model::placement::request::{Constraint, Request};
use plimsoll_model::placement::reservations::Reservations;
use plimsoll_model::placement::strategy::Strategy;
use plimsoll_model::quota::{FamilyGroup, Quotas};
use plimsoll_model::storage::Storage;
use plimsoll_model::workload::demand::Demand;
use plimsoll_model::workload::directory::Directory;
use recovery::Perils;
use reference::Reference;
use reserved::Occupancy;
use tokens::Tokens;

/// How a run is made, beside what is simulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RunOptions {
    /// Make every placement by the plain scan too, and stop at the first difference.
    pub verify_placement: bool,
    /// Check after every event that nothing is lost or made from nothing. Slow: for tests.
    pub check_conservation: bool,
}

/// A run of a scenario: all state there is.
pub struct Cloud {
    options: RunOptions,
    fleet: Fleet,
    placer: Placer,
    reservations: Reservations,
    /// Offers of the zones, where they say so.
    offers: Vec<Option<Hardware>>,
    /// What the scenario provides.
    provisions: Provisions,
    /// Treatment of calls for the state that is there.
    repeated_calls: RepeatedCalls,
    /// Rules of the placement groups that calls make.
    created_groups: CreatedGroupConfig,
    network: Network,
    security: SecurityGroups,
    storage: Storage,
    quotas: Quotas,
    billing: Billing,
    demand: Demand,
    directory: Directory,
    /// What the flows need to know of each type that was asked for, by its id.
    kinds: Vec<Option<Kind>>,
    instances: Instances,
    /// What only some of them have.
    extras: ExtrasTable,
    /// Instances in capacity reservations, and those that may come into one.
    occupancy: Occupancy,
    /// What the names of the demand stand for.
    names: Names,
    /// The instances that may have an elastic address, by id.
    holders: BTreeMap<InstanceId, Reference>,
    /// The instances that were launched with volumes, by id.
    equipped: BTreeMap<InstanceId, Reference>,
    /// What befalls hosts, if anything does.
    perils: Option<Perils>,
    /// Launches that may be repeated.
    tokens: Tokens,
    queue: EventQueue<Event>,
    delays: Delays,
    ledger: Ledger,
    /// What calls pass before they have an effect; `None` where they have it at once.
    control: Option<Box<Control>>,
    /// The looks at the headroom; `None` where the scenario asks for none.
    outlook: Option<Outlook>,
    /// What the tables tell; `None` where nobody wants rows.
    chronicle: Option<Box<Chronicle>>,
    /// Where the run ends; `None`: with the trace.
    duration: Option<Duration>,
    warmup: Duration,
    sampling_interval: Duration,
    /// The calls of every minute are told.
    counts_minutes: bool,
    /// Used by the launch in progress, kept to be used again.
    batch: Vec<Placement>,
    /// Used by the call in progress, kept to be used again.
    meant: Vec<Option<Reference>>,
    zone_order: Vec<ZoneId>,
    /// When the run is to be written down.
    checkpoints: BTreeSet<Time>,
    /// What somebody asks about.
    inquiry: Option<Box<Inquiry>>,
    /// How far a run had come that goes on from a checkpoint.
    resumed: Option<Box<Progress>>,
    /// Observations of the event in progress.
    outbox: Outbox,
}

/// What a type asks of a host and costs.
#[derive(Clone, Copy, Debug)]
struct Kind {
    shape: ShapeId,
    amounts: Resources,
    /// Whose quota counts it; `None` where hosts count instead.
    family_group: Option<FamilyGroup>,
    pico_usd_per_hour: u128,
    /// Instances of it that run.
    running: u64,
    /// Constraint on any host beside room; `None` of most.
    constraint: Option<Constraint>,
    /// Some zone does not offer it.
    is_limited: bool,
}

/// The steps that take time, each with its lane; `None` where it takes none.
struct Delays {
    boot: Option<Lane>,
    stop: Option<Lane>,
    terminate: Option<Lane>,
    /// From an accepted launch to `running`.
    boot_takes: Duration,
}

impl Cloud {
    /// The cloud of a scenario, empty, at time zero.
    pub fn new(scenario: &Scenario, options: RunOptions) -> Result<Cloud, InputError> {
        let (directory, demand) = scenario.demand()?;
        Cloud::assemble(scenario, options, directory, demand, None)
    }

    /// Returns the cloud of a scenario, empty, at time zero, under a strategy that need not be in the register. The
    /// scenario's own is not used.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the scenario, each with its place.
    pub fn with_strategy(
        scenario: &Scenario,
        options: RunOptions,
        strategy: Strategy,
    ) -> Result<Cloud, InputError> {
        let (directory, demand) = scenario.demand()?;
        Cloud::assemble(scenario, options, directory, demand, Some(strategy))
    }

    /// The run is to be written down at these times as well.
    pub fn checkpoint_at(&mut self, times: impl IntoIterator<Item = Time>) {
        self.checkpoints.extend(times);
    }

    fn assemble(
        scenario: &Scenario,
        options: RunOptions,
        directory: Directory,
        demand: Demand,
        strategy: Option<Strategy>,
    ) -> Result<Cloud, InputError> {
        Cloud::put_together(scenario, options, directory, demand, strategy)
            .map_err(|error| scenario.locate(error))
    }

    fn put_together(
        scenario: &Scenario,
        options: RunOptions,
        mut directory: Directory,
        demand: Demand,
        strategy: Option<Strategy>,
    ) -> Result<Cloud, InputError> {
        let zones = fleet::config::resolve(&scenario.zones).map_err(InputError)?;
        let mut fleet = Fleet::new(&zones).map_err(|error| {
            let help = match error {
                TooManyKinds::Capacities => "round capacities to fewer sizes",
                TooManyKinds::Hardware => "let more hosts run the same families and types",
            };
            Problem::new(Place::key("zones"), error.to_string()).with_help(help)
        })?;
        let seed = Seed(scenario.seed);
        let build = || register::build(&scenario.placement.strategy, seed);
        let strategy = strategy.map_or_else(build, Ok).map_err(InputError)?;
        let names: Vec<&str> = scenario.zones.iter().map(|zone| zone.name.as_str()).collect();
        let network = Network::new(&scenario.network, &names)?;
        let host_groups = host_rates(&scenario.zones);
        let setting = Setting {
            seed,
            window_start: Time::ZERO.after(scenario.warmup),
            zones: &names,
            host_groups: &host_groups,
        };
        let accounts = scenario.billing.accounts();
        let accounts = accounts.map(|name| (name.to_string(), directory.account(name))).collect();
        let billing =
            Billing::new(&scenario.billing, &setting, &accounts, &mut directory.types).map_err(InputError)?;
        let storage =
            Storage::new(&scenario.storage, &scenario.images, &names, |name| directory.account(name))?;
        let faults = Faults::new(&scenario.faults, &names, &fleet, seed)?;
        let perils = faults.map(|faults| Perils { faults, aboard: BTreeSet::new() });
        let provisions =
            scenario.placement.resolve(&scenario.zones, &mut directory.types).map_err(InputError)?;
        let mut queue = EventQueue::new();
        let mut instances = Instances::default();
        if demand.draws_instances() {
            instances.keep_living();
        }
        Ok(Cloud {
            options,
            placer: Placer::new(strategy, &mut fleet, options.verify_placement),
            reservations: Reservations::default(),
            offers: scenario.zones.iter().map(|zone| Some(zone.offers.as_ref()?.hardware())).collect(),
            provisions,
            repeated_calls: scenario.lifecycle.repeated_calls,
            created_groups: scenario.placement.created_groups.clone(),
            fleet,
            network,
            security: SecurityGroups::new(scenario.network.security(), &scenario.network.vpc_names())?,
            storage,
            quotas: Quotas::new(&scenario.quotas),
            billing,
            demand,
            directory,
            kinds: Vec::new(),
            instances,
            extras: ExtrasTable::default(),
            occupancy: Occupancy::default(),
            names: Names::default(),
            holders: BTreeMap::new(),
            equipped: BTreeMap::new(),
            perils,
            tokens: Tokens::default(),
            delays: Delays::new(scenario, &mut queue),
            queue,
            ledger: Ledger::default(),
            control: Control::new(scenario),
            outlook: scenario.headroom.as_ref().map(|headroom| Outlook::new(headroom.every)),
            chronicle: None,
            duration: scenario.duration,
            warmup: scenario.warmup,
            sampling_interval: scenario.sampling_interval(),
            counts_minutes: scenario.counts_minutes(),
            batch: Vec::new(),
            meant: Vec::new(),
            zone_order: Vec::new(),
            checkpoints: BTreeSet::new(),
            inquiry: None,
            resumed: None,
            outbox: Outbox::default(),
        })
    }

    /// The names of the run.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Returns what the flows need to know of a type. The first request for it tells the fleet and the index.
    #[inline]
    fn kind(&mut self, id: TypeId) -> &Kind {
        if !matches!(self.kinds.get(id.index()), Some(Some(_))) {
            self.new_kind(id);
        }
        self.known(id)
    }

    /// The same of a type that somebody has asked for, such as that of any instance.
    #[inline]
    fn known(&self, id: TypeId) -> &Kind {
        self.kinds[id.index()].as_ref().expect("the type of an instance was asked for")
    }

    #[cold]
    fn new_kind(&mut self, id: TypeId) {
        let instance_type = self.directory.types.get(id);
        let amounts = instance_type.request;
        let entry = catalogue::find(&instance_type.name);
        let architectures = entry.map_or("", |entry| entry.arch.as_str());
        let model = Model { name: &instance_type.name, architectures };
        let barred = self.fleet.barring(&model);
        let whole = entry.is_some_and(|entry| entry.bare_metal);
        let offers =
            |zone: &ZoneId| Cloud::offers(&self.offers[zone.index()], &self.fleet, *zone, &model, barred);
        let is_limited = !(0..self.offers.len() as u16).map(ZoneId).all(|zone| offers(&zone));
        self.placer.note_family(id, model.family());
        let kind = Kind {
            shape: self.placer.shape(&amounts, &self.fleet),
            amounts,
            family_group: FamilyGroup::of(&instance_type.name),
            pico_usd_per_hour: pico_usd_per_hour(instance_type.price_per_second),
            running: 0,
            constraint: Constraint { barred, whole, ..Constraint::default() }.or_none(),
            is_limited,
        };
        self.fleet.note_request(&amounts);
        if self.kinds.len() <= id.index() {
            self.kinds.resize(id.index() + 1, None);
        }
        self.kinds[id.index()] = Some(kind);
    }

    /// Returns what is to be placed for an account in a zone.
    #[inline]
    fn request(kind: &Kind, account: AccountId, zone: ZoneId) -> Request {
        let request = Request { shape: kind.shape, amounts: kind.amounts, account, zone, constraint: None };
        if kind.constraint.is_some() { Cloud::of_type(request, kind) } else { request }
    }

    /// Adds what a type asks of any host: apart, so that most requests copy no constraint.
    #[cold]
    fn of_type(request: Request, kind: &Kind) -> Request {
        Request { constraint: kind.constraint, ..request }
    }

    /// Returns whether a zone offers a type that is barred from this hardware.
    fn offers(offer: &Option<Hardware>, fleet: &Fleet, zone: ZoneId, model: &Model, barred: u64) -> bool {
        offer.as_ref().is_none_or(|offer| offer.runs(model)) && fleet.runs_in(zone, barred)
    }
}

impl Delays {
    fn new(scenario: &Scenario, queue: &mut EventQueue<Event>) -> Delays {
        let times = &scenario.lifecycle;
        let mut lane = |delay: Duration| {
            let takes_time = delay > Duration::ZERO;
            takes_time.then(|| queue.lane(delay, Rank::Timer as u8))
        };
        Delays {
            boot: lane(times.boot),
            stop: lane(times.stop),
            terminate: lane(times.terminate),
            boot_takes: times.boot,
        }
    }
}

/// Returns what the dedicated hosts of each host group cost, in file order.
fn host_rates(zones: &[ZoneConfig]) -> Vec<HostRate<'_>> {
    fn rate(group: &HostGroupConfig) -> HostRate<'_> {
        let price = |price| usd(price).expect("the host groups have been resolved");
        let per_hour = group.dedicated_usd_per_hour.as_ref().map(price);
        HostRate { sku: group.sku.as_deref().unwrap_or(""), per_hour }
    }
    zones.iter().flat_map(|zone| &zone.hosts).map(rate).collect()
}

/// A price for the time series, where a millionth of a millionth of a dollar is fine enough.
fn pico_usd_per_hour(per_second: Money) -> u128 {
    let pico_usd = Money::UNITS_PER_USD / 1_000_000_000_000;
    u128::try_from(per_second.0 * 3600 / pico_usd).expect("a price below 0 is refused where it is read")
}
