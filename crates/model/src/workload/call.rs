//! A call of the demand: its time, account and action. Every source of demand yields calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::block_device::{self, BlockDeviceMapping};
use super::handles::{
    Handle, HostHandle, ImageHandle, PlacementGroupHandle, ReservationHandle, SecurityGroupHandle,
};
use super::resource_call::ResourceCall;
use crate::fleet::topology::Affinity;
use crate::lifecycle::State;
use crate::operation::Operation;
use plimsoll_base::names;
use plimsoll_base::units::{AccountId, Duration, SubnetId, Time, TypeId, ZoneId};

/// A call to the cloud's API, or the arrival of an instance of an interval trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// When it arrives.
    pub at: Time,
    /// Account that calls.
    pub account: AccountId,
    /// Action that is asked for.
    pub action: Action,
}

/// Action of a call. Parts that many calls have in common are shared, so that a call of a synthetic source allocates nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action {
    /// New instances.
    Launch(Launch),
    /// Run stopped instances again.
    Start(Targets),
    /// Stop running instances; with `true` they hibernate.
    Stop(Targets, bool),
    /// Reboot running instances.
    Reboot(Targets),
    /// Terminate instances.
    Terminate(Targets),
    /// Describe instances.
    Describe(Query),
    /// Change instances.
    Modify(Targets, Arc<Modification>),
    /// Add tags to instances, or put others in their place.
    CreateTags(Targets, Arc<[Tag]>),
    /// Remove the tags of these keys from instances.
    DeleteTags(Targets, Arc<[String]>),
    /// Calls about volumes, addresses and other resources that are no instances.
    Resource(Box<ResourceCall>),
}

impl Action {
    /// Returns the operation it is.
    #[inline]
    pub fn operation(&self) -> Operation {
        match self {
            Action::Launch(_) => Operation::Launch,
            Action::Start(_) => Operation::Start,
            Action::Stop(_, false) => Operation::Stop,
            Action::Stop(_, true) => Operation::Hibernate,
            Action::Reboot(_) => Operation::Reboot,
            Action::Terminate(_) => Operation::Terminate,
            Action::Describe(_) => Operation::Describe,
            Action::Modify(..) => Operation::Modify,
            Action::CreateTags(..) => Operation::CreateTags,
            Action::DeleteTags(..) => Operation::DeleteTags,
            Action::Resource(call) => call.operation(),
        }
    }

    /// Returns true if it is a packet between instances, which is no call of the API.
    #[inline]
    pub fn is_traffic(&self) -> bool {
        matches!(self, Action::Resource(call) if matches!(**call, ResourceCall::Probe { .. }))
    }

    /// Returns the instances it is about, where it is about instances that are there.
    #[inline]
    pub fn targets(&self) -> Option<&Targets> {
        match self {
            Action::Start(targets)
            | Action::Stop(targets, _)
            | Action::Reboot(targets)
            | Action::Terminate(targets)
            | Action::Modify(targets, _)
            | Action::CreateTags(targets, _)
            | Action::DeleteTags(targets, _) => Some(targets),
            Action::Describe(query) => query.targets.as_ref(),
            Action::Launch(_) | Action::Resource(_) => None,
        }
    }
}

impl From<ResourceCall> for Action {
    fn from(call: ResourceCall) -> Action {
        Action::Resource(Box::new(call))
    }
}

/// The instances a call is about. Every one gets its own answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Targets {
    /// Instances of one name.
    One(Handle),
    /// Instances of several names, in the order of the call.
    Batch(Box<[Handle]>),
    /// Some instances of the account that exist when the call is answered.
    Drawn {
        /// Draw, uniform over 64 bits.
        draw: u64,
        /// Number of different ones, 1 or more; all there are where they are fewer.
        count: u32,
    },
    /// Instances that a waiter of a client waits for, by its number.
    Awaited(u32),
}

impl Targets {
    /// Returns the names, in the order of the call; none where the instances are drawn.
    pub fn handles(&self) -> &[Handle] {
        match self {
            Targets::One(handle) => std::slice::from_ref(handle),
            Targets::Batch(handles) => handles,
            Targets::Drawn { .. } | Targets::Awaited(_) => &[],
        }
    }
}

/// Instances that a call of `describe` asks for, and the length of a page.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Query {
    /// Instances that it asks for; `None`: all of the account's.
    pub targets: Option<Targets>,
    /// Conditions, all of which must hold.
    pub filters: Vec<Filter>,
    /// Instances a page, one of [`Query::PAGE_SIZES`]; `None`: all at once.
    pub page_size: Option<u32>,
}

impl Query {
    /// Instances a page may hold (`DescribeInstances`, "MaxResults").
    pub const PAGE_SIZES: std::ops::RangeInclusive<u32> = 5..=1000;
}

/// A condition on instances (`DescribeInstances`, "Filter").
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Filter {
    /// In one of these states.
    State(Vec<State>),
    /// Of this type.
    Type(TypeId),
    /// In this zone.
    Zone(ZoneId),
    /// In this subnet.
    Subnet(SubnetId),
    /// With this tag; `None`: whatever its value.
    Tag(String, Option<String>),
}

/// Changes of a call of `modify`; `None` changes nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Modification {
    /// The type; only while stopped.
    pub kind: Option<TypeId>,
    /// Termination protection.
    pub protected: Option<bool>,
    /// The security groups of the first interface.
    pub security_groups: Option<Vec<SecurityGroupHandle>>,
}

/// A tag of a resource: a key and a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Tag {
    /// The key, unique on a resource.
    pub key: String,
    /// The value, perhaps empty.
    pub value: String,
}

/// A request for instances.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Launch {
    /// Their type or shape.
    pub kind: TypeId,
    /// Fewer than this: none is launched.
    pub min_count: u32,
    /// As many as fit, up to this. At least `min_count`.
    pub max_count: u32,
    /// The zone asked for, if any.
    pub zone: Option<ZoneId>,
    /// The subnet asked for, if any; it decides the zone when none is named.
    pub subnet: Option<SubnetId>,
    /// True if to assign a public address; `None` leaves it to the subnet.
    pub public_address: Option<bool>,
    /// Handle by which later calls of the trace name the instances; `None` when none can.
    pub handle: Option<Handle>,
    /// When the instances end.
    pub end: End,
    /// Options that most launches do not have; shared by the launches of a source.
    #[serde(with = "by_value")]
    pub options: Option<Arc<LaunchOptions>>,
    /// The arrival process whose stop/start behaviour they follow, if it has one.
    pub stops: Option<StopsId>,
    /// Sender.
    pub sender: Sender,
    /// Number of the first instance in the demand, counted over all requests whether they succeed or
    /// not: what per-instance random streams are keyed by, so that a refusal shifts no later draw.
    pub first_instance: u64,
}

impl Launch {
    /// Returns the launch of one instance by a trace, of a type and with an end, that says nothing else.
    pub fn of_trace(kind: TypeId, end: End) -> Launch {
        Launch {
            kind,
            min_count: 1,
            max_count: 1,
            zone: None,
            subnet: None,
            public_address: None,
            handle: None,
            end,
            options: None,
            stops: None,
            sender: Sender::Trace,
            first_instance: 0,
        }
    }

    /// Returns whether it is on the spot market.
    pub fn is_spot(&self) -> bool {
        self.options.as_ref().is_some_and(|options| options.spot.is_some())
    }

    /// Returns whether it is a request that stays open until there is room and the price allows it.
    pub fn stays_open(&self) -> bool {
        self.options.as_ref().and_then(|options| options.spot).is_some_and(|spot| spot.stays_open)
    }
}

/// Sender of a launch: what it does about a refusal, and whom its instances belong to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Sender {
    /// The trace.
    #[default]
    Trace,
    /// An arrival process, by its number in the scenario.
    Arrivals(u16),
    /// A pool of instances for jobs, by its number in the scenario.
    Pool(u16),
    /// An Auto Scaling group, by its number in the scenario.
    Group(u16),
    /// The warm pool of an Auto Scaling group, by the number of the group in the scenario.
    WarmPool(u16),
    /// An open launch, neither launched nor refused so far, by its number.
    Open(u32),
    /// A client from outside the scenario.
    Client,
}

impl Sender {
    /// Returns the number from which on its instances are counted. Those that no demand of the scenario asks for have ranges of
    /// their own, as random streams are keyed by the numbers: what a client or a group asks for shifts no draw of another.
    pub fn first_number(self) -> u64 {
        match self {
            Sender::Trace | Sender::Arrivals(_) | Sender::Open(_) => 0,
            Sender::Client => 1 << 54,
            Sender::Pool(_) | Sender::Group(_) | Sender::WarmPool(_) => 1 << 55,
        }
    }

    /// Returns whether its instances have an owner that is told of them, and asks again for those that are refused.
    pub fn has_owner(self) -> bool {
        matches!(self, Sender::Pool(_) | Sender::Group(_) | Sender::WarmPool(_))
    }
}

/// Options that several launches share, as the value that each has.
mod by_value {
    use super::{Arc, LaunchOptions};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        options: &Option<Arc<LaunchOptions>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        options.as_deref().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<LaunchOptions>>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(Arc::new))
    }
}

/// End of an instance without a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum End {
    /// None: it ends only by a call.
    Never,
    /// At a time of the trace.
    At(Time),
    /// A drawn time after it is running: see `Demand::lifetimes`.
    Drawn,
}

/// Options of a launch beyond type and place.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LaunchOptions {
    /// The image; none: one that is always there and brings no volumes.
    pub image: Option<ImageHandle>,
    /// Volumes beside those of the image, or in their place where the device is the same.
    #[serde(with = "block_device::in_full")]
    pub volumes: Vec<BlockDeviceMapping>,
    /// Security groups of the first interface; none: the account's default one.
    pub security_groups: Vec<SecurityGroupHandle>,
    /// Placement group.
    pub group: Option<PlacementGroupHandle>,
    /// Partition of the placement group, from 0; none: the emptiest.
    pub partition: Option<u16>,
    /// Tenancy: accounts that may share the host.
    pub tenancy: LaunchTenancy,
    /// The dedicated host; none: any of the account's.
    pub host: Option<HostHandle>,
    /// Parts of its host that a resident is on; none: those that it would be placed on.
    pub affinity: Option<Affinity>,
    /// The capacity reservation to use.
    pub reservation: Option<ReservationHandle>,
    /// Capacity reservations that may be used; none: the one named, else any open one that matches.
    pub preference: Option<ReservationPreference>,
    /// On the spot market.
    pub spot: Option<Spot>,
    /// Network interfaces beside the first.
    pub interfaces: u32,
    /// Private addresses of the first interface beside its first.
    pub addresses: u32,
    /// Prefixes (/28) of the first interface.
    pub prefixes: u32,
    /// Tags of the instances.
    pub tags: Vec<Tag>,
    /// Calls of one account with the same token are one call (`RunInstances`, "ClientToken").
    pub token: Option<String>,
    /// Size of the user data \[bytes\].
    pub user_data_bytes: u32,
    /// True if termination is refused until protection is removed.
    pub protected: bool,
    /// True if the instances can hibernate.
    pub hibernation: bool,
}

impl LaunchOptions {
    /// Returns the options but for the host, and but for its tenancy where it is no dedicated host; `None` where these are none.
    pub fn without_host(&self, is_dedicated: bool) -> Option<Arc<LaunchOptions>> {
        let is_of_host = self.tenancy == LaunchTenancy::Host && !is_dedicated;
        let tenancy = if is_of_host { LaunchTenancy::Shared } else { self.tenancy };
        let left = LaunchOptions { host: None, affinity: None, tenancy, ..self.clone() };
        (left != LaunchOptions::default()).then(|| Arc::new(left))
    }
}

impl LaunchOptions {
    /// Returns the treatment of its spot instances when their capacity is taken back.
    pub fn interruption(&self) -> Interruption {
        let said = self.spot.and_then(|spot| spot.interruption);
        said.unwrap_or(if self.hibernation { Interruption::Hibernate } else { Interruption::Terminate })
    }

    /// Returns whether its instances are spot instances of one-time requests.
    pub fn is_one_time_spot(&self) -> bool {
        let persists = |spot: Spot| spot.is_persistent || self.interruption() != Interruption::Terminate;
        self.spot.is_some_and(|spot| !persists(spot))
    }
}

/// Tenancy of an instance (`RunInstances`, "Placement.Tenancy").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Tenancy")]
pub enum LaunchTenancy {
    /// Shared with every account; EC2's word `default` is taken too.
    #[default]
    #[serde(alias = "default")]
    Shared,
    /// With instances of the same account.
    Dedicated,
    /// A dedicated host of the account.
    Host,
}

names! { LaunchTenancy { Shared = "shared", Dedicated = "dedicated", Host = "host" } }

/// Capacity reservations that a launch may use (`CapacityReservationSpecification`,
/// "CapacityReservationPreference").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReservationPreference {
    /// Every open one that matches; where none has room, room on demand.
    Open,
    /// None, however many match.
    None,
    /// Every open one that matches, or the one named; a launch is refused where there is no room.
    #[serde(rename = "capacity-reservations-only")]
    Only,
}

names! { ReservationPreference { Open = "open", None = "none", Only = "capacity-reservations-only" } }

/// Treatment of a spot instance whose capacity is taken back (`SpotMarketOptions`,
/// "InstanceInterruptionBehavior"). One that stops or hibernates has a persistent request: it starts again by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interruption {
    /// Termination.
    Terminate,
    /// Stop.
    Stop,
    /// Hibernation.
    Hibernate,
}

names! { Interruption { Terminate = "terminate", Stop = "stop", Hibernate = "hibernate" } }

/// A launch on the spot market.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Spot {
    /// Treatment of an instance whose capacity is taken back; none: it hibernates if it was launched with
    /// hibernation, and otherwise ends.
    pub interruption: Option<Interruption>,
    /// The most it may cost \[10⁻¹² USD/h\]; none: the on-demand price.
    pub max_pico_usd_per_hour: Option<u64>,
    /// True if its request is said to be persistent, as a client may where its instance ends on interruption (`RequestSpotInstances`). The
    /// request of an instance that stops or hibernates is persistent in any case.
    pub is_persistent: bool,
    /// True for a request of a client that stays open until there is room and the price allows it (`RequestSpotInstances`).
    pub stays_open: bool,
    /// Time from which such a request is no longer valid, where it says so.
    pub valid_until: Option<Time>,
}

/// The stop/start behaviour of an arrival process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct StopsId(pub u16);

/// An instance that is already there when a run starts in steady state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resident {
    /// Age at the start of the run.
    pub age: Duration,
    /// Residual life.
    pub residual: Duration,
    /// The arrival process it came from.
    pub process: u16,
}
