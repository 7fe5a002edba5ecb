//! `[[workload.arrivals]]` of a scenario: its keys, and their validation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

use super::options::Purchase;
use super::{ArrivalSource, Mix, Stops};
use crate::draw::AliasTable;
use crate::workload::block_device::BlockDeviceMapping;
use crate::workload::call::{
    End, Interruption, Launch, LaunchTenancy, ReservationPreference, Sender, StopsId,
};
use crate::workload::directory::Directory;
use crate::workload::distribution::Distribution;
use crate::workload::launch_policy::{LaunchPolicy, OnRefusalConfig};
use crate::workload::process::{ProcessConfig, Timetable};
use crate::workload::profile::{DemandLayer, Intensity, Thinning};
use crate::workload::settings::Settings;
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{Decimal, Duration, SubnetId, TypeId, ZoneId};

/// The most instances of one request, and accounts of one process: their lifetimes and names are held in
/// memory.
const MAX_COUNT: u32 = 1_000_000;

/// A stream of requests that differ only in what is drawn.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalConfig {
    /// Name, shown in results; default `arrivals-N`, N from 0 in file order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Arrival process of the requests.
    pub process: ProcessConfig,
    /// Lifetime of an instance, counted from `running`; left out: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Distribution>,
    /// Instance types and their weights: relative frequencies, 0 or more.
    pub types: BTreeMap<String, f64>,
    /// Instances asked for in a request.
    #[serde(default = "one")]
    pub count: u32,
    /// Least number of instances that a request accepts; default `count`: all or none.
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
    /// True if to assign public addresses; left out: as the subnet does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_address: Option<bool>,
    /// Image to launch; left out: one that is always there and brings no volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Volumes beside those of the image, or in their place where the device is the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<BlockDeviceMapping>,
    /// Security groups of the first interface; left out: the account's default one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
    /// Placement group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Number of placement groups, each request into one drawn uniformly: `GROUP-0`, `GROUP-1` …; left out:
    /// the one of `group`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<u32>,
    /// Partition of the placement group, from 1; left out: the emptiest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<u16>,
    /// Tenancy of the instances; default shared, with a `host` host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenancy: Option<LaunchTenancy>,
    /// Dedicated host; left out: any of the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Capacity reservations that its instances may use; default the one named, else any open one that matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_preference: Option<ReservationPreference>,
    /// Capacity reservation; left out: any open one that matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation: Option<String>,
    /// Purchase option of the instances.
    #[serde(default, skip_serializing_if = "Purchase::is_on_demand")]
    pub purchase: Purchase,
    /// The most a spot instance may cost \[USD/h\]; left out: the on-demand price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_usd_per_hour: Option<Decimal>,
    /// Treatment of a spot instance whose capacity is taken back; default `hibernate` with `hibernation`, else
    /// `terminate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruption: Option<Interruption>,
    /// Network interfaces beside the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interfaces: u32,
    /// Private addresses of the first interface beside its first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub addresses: u32,
    /// Prefixes (/28) of the first interface.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub prefixes: u32,
    /// Tags of the instances.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Size of the user data \[bytes\].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub user_data_bytes: u32,
    /// True if terminating is refused until that is taken back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub protection: bool,
    /// True if the instances can hibernate.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hibernation: bool,
    /// Instances stop and start again in turn; left out: they run until they end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops: Option<StopsConfig>,
    /// Priority of its launches among those that wait: higher first; default 0.
    #[serde(default, skip_serializing_if = "is_no_priority")]
    pub priority: i32,
    /// True if its launches take the room of instances of lower priority where there is none.
    #[serde(default, skip_serializing_if = "is_false")]
    pub preempts: bool,
    /// Time between the notice of a preemption and the end of the instance; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Duration>,
    /// Other attempts of a launch that is refused; left out: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_refusal: Option<OnRefusalConfig>,
}

fn is_no_priority(priority: &i32) -> bool {
    *priority == 0
}

fn one() -> u32 {
    1
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
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

impl ArrivalConfig {
    /// Returns its name, or the one that stands for it by its place in the list.
    pub fn name_or_number(&self, number: u16) -> String {
        self.name.clone().unwrap_or_else(|| format!("arrivals-{number}"))
    }

    /// Returns the source of requests, or everything that is wrong. `layer` has its place in the list, `key` is its
    /// dotted path.
    pub fn compile(
        &self,
        layer: DemandLayer,
        key: &str,
        seed: Seed,
        intensity: Option<&Intensity>,
        base_dir: &Path,
        directory: &mut Directory,
    ) -> Result<ArrivalSource, Vec<Problem>> {
        let mut settings = Settings::at(key);
        let number = layer.source;
        let name = self.name_or_number(number);
        let stream = |purpose| seed.stream(purpose, layer.entity());
        let pair = |purpose, second| seed.stream(purpose, 2 * layer.entity() + second);
        let process = self.process.compile(&settings.path("process"), stream(Purpose::Arrival));
        let process = settings.take(process);
        let path = settings.path("lifetime");
        let lifetime = self.lifetime.as_ref().map(|lifetime| lifetime.compile(&path, base_dir));
        let lifetime = lifetime.map(|lifetime| settings.take(lifetime));
        let stops = self.stops.as_ref().map(|stops| stops.compile(&mut settings, base_dir));
        let ends = self.interruption.is_none_or(|it| it == Interruption::Terminate) && !self.hibernation;
        if stops.is_some() && self.purchase == Purchase::Spot && ends {
            let expected = "`interruption = \"stop\"` or `\"hibernate\"` with them: spot instances of one-time requests are not stopped";
            settings.wrong("stops", "stops of spot instances", expected);
        }
        let policy = self.policy(&mut settings, directory);
        let mix = self.mix(number, &name, &mut settings, directory);
        let (Some(process), Some(mix)) = (process, mix) else {
            return settings.give_up();
        };
        settings.finish(|| ArrivalSource {
            name,
            number,
            timetable: Timetable::new(
                process,
                intensity.map(|intensity| Thinning::new(intensity, layer, Purpose::ArrivalThinning, seed)),
            ),
            account: mix.accounts[0],
            mix,
            mix_stream: stream(Purpose::Mix),
            lifetime: lifetime.flatten(),
            lifetime_stream: stream(Purpose::Lifetime),
            steady_stream: pair(Purpose::SteadyState, 0),
            steady_mix_stream: pair(Purpose::SteadyState, 1),
            group_stream: pair(Purpose::Group, 0),
            steady_group_stream: pair(Purpose::Group, 1),
            stops: stops.flatten(),
            policy,
        })
    }

    /// Returns what its launches do about room that is short.
    fn policy(&self, settings: &mut Settings, directory: &mut Directory) -> LaunchPolicy {
        if self.notice.is_some() && !self.preempts {
            settings.wrong("notice", "a time", "`preempts = true` with it");
        }
        let own: Vec<&str> = self.types.keys().map(String::as_str).collect();
        let key = settings.path("on_refusal");
        let on_refusal = self.on_refusal.as_ref().map(|config| config.compile(&key, &own, directory));
        LaunchPolicy {
            priority: self.priority,
            preemption_notice: self.preempts.then(|| self.notice.unwrap_or_default()),
            on_refusal: on_refusal.and_then(|rule| settings.take(rule)),
        }
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
        let mut by_group = self.options(settings, directory);
        let kinds: Vec<TypeId> = kinds.into_iter().collect::<Option<_>>()?;
        let first = *kinds.first()?;
        if !usable {
            return None;
        }
        let weights: Vec<f64> = self.types.values().copied().collect();
        // One set of options is no draw.
        let options = if by_group.len() == 1 { by_group.pop() } else { None };
        Some(Mix {
            kinds,
            kind: AliasTable::new(&weights),
            accounts: directory.synthetic_accounts(name, self.accounts.min(MAX_COUNT)),
            launch: Launch {
                kind: first,
                min_count,
                max_count: self.count,
                zone,
                subnet,
                public_address: self.public_address,
                handle: None,
                end: if self.lifetime.is_some() { End::Drawn } else { End::Never },
                options,
                stops: self.stops.as_ref().map(|_| StopsId(number)),
                sender: Sender::Arrivals(number),
                first_instance: 0,
            },
            by_group,
        })
    }

    /// Returns the zone and subnet asked for. The subnet must lie in the zone.
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
