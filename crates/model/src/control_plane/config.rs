//! `[control_plane]` of a scenario: the stages between a call and its effect.
//!
//! A limit left out is no limit, and a time left out is zero: so a table has only the keys that it models.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::count::Count;
use super::presets::Preset;
use crate::backoff::Jitter;
use crate::clients::sdk::Sdk;
use crate::workload::distribution::Distribution;
use plimsoll_base::units::{Decimal, Duration};

/// Stages between a call and its effect.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControlPlaneConfig {
    /// The values to begin with; default `instant`. Every other key overrides the preset's.
    pub preset: Preset,
    /// Time-outs and retries of clients.
    #[serde(skip_serializing_if = "is_default")]
    pub clients: ClientConfig,
    /// Rates at which accounts may call.
    #[serde(skip_serializing_if = "is_default")]
    pub throttle: ThrottleConfig,
    /// Station that takes calls in.
    #[serde(skip_serializing_if = "is_default")]
    pub gateway: GatewayConfig,
    /// Station that checks calls that write.
    #[serde(skip_serializing_if = "is_default")]
    pub validation: StationConfig,
    /// Cache of answers of the database.
    #[serde(skip_serializing_if = "is_default")]
    pub cache: CacheConfig,
    /// Database of records.
    #[serde(skip_serializing_if = "is_default")]
    pub database: DatabaseConfig,
    /// Message queue in which accepted calls wait for a worker.
    #[serde(skip_serializing_if = "is_default")]
    pub queue: QueueConfig,
    /// Workers that carry accepted calls out.
    #[serde(skip_serializing_if = "is_default")]
    pub workers: WorkerConfig,
    /// Station that serves the work on instances.
    #[serde(skip_serializing_if = "is_default")]
    pub hypervisor: StationConfig,
    /// Station that serves the work on volumes, snapshots and images.
    #[serde(skip_serializing_if = "is_default")]
    pub storage: StationConfig,
    /// Circuit breakers around `hypervisor` and `storage`, one each.
    #[serde(skip_serializing_if = "is_default")]
    pub breaker: BreakerConfig,
    /// Delivery of images to hosts.
    #[serde(skip_serializing_if = "is_default")]
    pub images: ImageDeliveryConfig,
    /// Times in which a stage does not work as it should.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<StageOutageConfig>,
}

fn is_default<T: Default + PartialEq>(table: &T) -> bool {
    *table == T::default()
}

fn no_time() -> Distribution {
    Distribution::Constant { value: Duration::ZERO }
}

fn takes_no_time(distribution: &Distribution) -> bool {
    *distribution == no_time()
}

/// Time-out and retries of clients: those of an SDK, or a loop written by hand, whose delay before attempt n+1 is
/// `first_delay` · `multiplier`ⁿ⁻¹, at most `longest_delay`, then changed by the jitter.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// SDK that they use: its attempts, delays, retry quota and rate limiter hold in place of `attempts`, `first_delay`,
    /// `longest_delay`, `multiplier` and `jitter`, and a launch that is refused with a server error is tried again too. Groups and
    /// pools are services of the cloud and use none. Left out: a loop written by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdk: Option<Sdk>,
    /// Attempts in all of a client of an SDK, its setting of that name; left out: as the SDK has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Clients of each account, which make its calls in turn, each with a retry quota and a rate limiter of its own; left
    /// out: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_account: Option<u32>,
    /// State of its instances that the client of a launch waits for, with the waiter of its SDK; left out: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<AwaitedState>,
    /// Longest time that an attempt waits for its answer; left out: no limit, or as the SDK has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Attempts in all, the first included; default 1.
    pub attempts: u32,
    /// Delay before the second attempt; default 1s.
    pub first_delay: Duration,
    /// The longest delay; default 10s.
    pub longest_delay: Duration,
    /// Factor from a delay to the next, 1 or more, in steps of 0.001; default 2.
    pub multiplier: Decimal,
    /// Random change of a delay; default `full`.
    pub jitter: Jitter,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            sdk: None,
            max_attempts: None,
            per_account: None,
            wait_for: None,
            timeout: None,
            attempts: 1,
            first_delay: Duration::from_seconds(1),
            longest_delay: Duration::from_seconds(10),
            multiplier: Decimal::from("2"),
            jitter: Jitter::default(),
        }
    }
}

/// State that a waiter waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AwaitedState {
    /// Running: a `describe` of the instances at once and then again and again.
    Running,
}

/// Rates at which accounts may call: token buckets of each account and API, full at first, refilled continuously (EC2
/// Developer Guide, "Request throttling for the Amazon EC2 API"). A request takes one token of its API's request bucket
/// and, if there is one, a token of the resource bucket for each instance; both or none. Every page of a
/// `describe` is a request.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ThrottleConfig {
    /// True if there are any limits; default false.
    pub enabled: bool,
    /// Requests.
    #[serde(skip_serializing_if = "is_default")]
    pub requests: RequestBuckets,
    /// Requests of single operations by name, such as `create-tags`, in place of `requests.write`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub writes: BTreeMap<String, BucketConfig>,
    /// Instances, by class.
    #[serde(skip_serializing_if = "is_default")]
    pub resources: ResourceBuckets,
}

/// The request bucket of each API. One left out does not limit.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequestBuckets {
    /// `describe` of named instances, with filters, or by pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub describe: Option<BucketConfig>,
    /// `describe` of a whole account at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub describe_unpaged: Option<BucketConfig>,
    /// `launch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch: Option<BucketConfig>,
    /// `start`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<BucketConfig>,
    /// `stop` and `hibernate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<BucketConfig>,
    /// `terminate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminate: Option<BucketConfig>,
    /// Every other operation that changes something: a bucket of this size for each, unless `writes` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<BucketConfig>,
}

/// The resource bucket of each API. One left out does not limit.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceBuckets {
    /// Instances to be launched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch: Option<BucketConfig>,
    /// Instances to be started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<BucketConfig>,
    /// Instances to be stopped or hibernated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<BucketConfig>,
    /// Instances to be terminated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminate: Option<BucketConfig>,
}

/// A token bucket.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketConfig {
    /// The most it holds \[tokens\].
    pub bucket: u32,
    /// Refill rate, in steps of 0.001 \[tokens/s\].
    pub per_s: Decimal,
}

/// Servers with a queue in front of them, first come first served.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StationConfig {
    /// Servers; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub servers: Count,
    /// Service time; default no time.
    #[serde(skip_serializing_if = "takes_no_time")]
    pub service: Distribution,
    /// Greatest number of waiting jobs, others are refused; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub queue_limit: Count,
    /// Longest wait; left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_timeout: Option<Duration>,
}

impl Default for StationConfig {
    fn default() -> StationConfig {
        StationConfig {
            servers: Count::UNLIMITED,
            service: no_time(),
            queue_limit: Count::UNLIMITED,
            queue_timeout: None,
        }
    }
}

/// Station that takes calls in and may refuse calls before its queue is full.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// Servers; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub servers: Count,
    /// Service time; default no time.
    #[serde(skip_serializing_if = "takes_no_time")]
    pub service: Distribution,
    /// Greatest number of waiting jobs, others are refused; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub queue_limit: Count,
    /// Longest wait; left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_timeout: Option<Duration>,
    /// Load shedding: number of attempts inside the control plane from which on others are refused; left out: no
    /// limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub shed_above: Count,
}

impl Default for GatewayConfig {
    fn default() -> GatewayConfig {
        let StationConfig { servers, service, queue_limit, queue_timeout } = StationConfig::default();
        GatewayConfig { servers, service, queue_limit, queue_timeout, shed_above: Count::UNLIMITED }
    }
}

impl GatewayConfig {
    /// Returns the station that it is.
    pub fn station(&self) -> StationConfig {
        let GatewayConfig { servers, service, queue_limit, queue_timeout, shed_above: _ } = self.clone();
        StationConfig { servers, service, queue_limit, queue_timeout }
    }
}

/// A read-through cache in front of the database. It holds the record of an instance, the answer to a `describe` of
/// several or of a whole account, and the data of an instance type for validation, each under its own key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// True if there is one; default false.
    pub enabled: bool,
    /// Greatest number of entries, of which the least recently used goes first; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub capacity: Count,
    /// Time to live of an entry; default 300s.
    pub ttl: Duration,
    /// Time to live of the entry of an instance type; default 3600s.
    pub type_ttl: Duration,
    /// True if a write removes the entry of its instance; default true.
    pub invalidate_on_write: bool,
    /// True if requests that miss a key whose read is under way wait for that read; default false.
    pub coalesce: bool,
    /// Service time of a lookup; default no time.
    #[serde(skip_serializing_if = "takes_no_time")]
    pub service: Distribution,
}

impl Default for CacheConfig {
    fn default() -> CacheConfig {
        CacheConfig {
            enabled: false,
            capacity: Count::UNLIMITED,
            ttl: Duration::from_seconds(300),
            type_ttl: Duration::from_seconds(3600),
            invalidate_on_write: true,
            coalesce: false,
            service: no_time(),
        }
    }
}

/// A primary, which takes every write, and replicas of it. Each has its own pool of connections.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// Queries that the primary serves at once; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub servers: Count,
    /// Service time of a read by an index; default no time.
    #[serde(skip_serializing_if = "takes_no_time")]
    pub read: Distribution,
    /// Service time of a write; default no time.
    #[serde(skip_serializing_if = "takes_no_time")]
    pub write: Distribution,
    /// Time that each existing instance adds to a read without an index; default no time.
    #[serde(skip_serializing_if = "lasts_no_time")]
    pub scan_per_row: Duration,
    /// Indexes of the instances, which a `describe` uses: `account` (for a whole account), `state`, `type`, `zone`,
    /// `subnet`, `tag`. Named instances are always found at once. Default: `account`.
    pub indexes: Vec<IndexAttribute>,
    /// Read replicas; default 0.
    pub replicas: u32,
    /// Queries that each replica serves at once; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub replica_servers: Count,
    /// Time that a write takes to reach each replica; default no time.
    #[serde(skip_serializing_if = "lasts_no_time")]
    pub lag: Duration,
    /// Servers that reads go to; default `replica`, which is the primary where there are none.
    pub read_from: ReadFrom,
    /// The connections to each of them.
    #[serde(skip_serializing_if = "is_default")]
    pub pool: PoolConfig,
}

fn lasts_no_time(duration: &Duration) -> bool {
    *duration == Duration::ZERO
}

impl Default for DatabaseConfig {
    fn default() -> DatabaseConfig {
        DatabaseConfig {
            servers: Count::UNLIMITED,
            read: no_time(),
            write: no_time(),
            scan_per_row: Duration::ZERO,
            indexes: vec![IndexAttribute::Account],
            replicas: 0,
            replica_servers: Count::UNLIMITED,
            lag: Duration::ZERO,
            read_from: ReadFrom::default(),
            pool: PoolConfig::default(),
        }
    }
}

/// Attribute by which an index finds instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IndexAttribute {
    /// Their account.
    Account,
    /// Their state.
    State,
    /// Their type.
    Type,
    /// Their zone.
    Zone,
    /// Their subnet.
    Subnet,
    /// A tag of theirs.
    Tag,
}

/// Servers that reads go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadFrom {
    /// To the replicas in turn, which may be behind.
    #[default]
    Replica,
    /// To the primary.
    Primary,
}

/// The connections to a database server.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PoolConfig {
    /// Connections that are always open; default 0.
    pub min: u32,
    /// Greatest number of open connections; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub max: Count,
    /// Time after which an idle connection beyond `min` is closed; left out: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Duration>,
    /// Longest time that a query waits for a connection; left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquire_timeout: Option<Duration>,
    /// Time to open a connection; default no time.
    #[serde(skip_serializing_if = "lasts_no_time")]
    pub connect: Duration,
}

impl Default for PoolConfig {
    fn default() -> PoolConfig {
        PoolConfig {
            min: 0,
            max: Count::UNLIMITED,
            idle_timeout: None,
            acquire_timeout: None,
            connect: Duration::ZERO,
        }
    }
}

/// A message queue that delivers at least once.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QueueConfig {
    /// Greatest number of waiting messages, others are refused; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub queue_limit: Count,
    /// A message that a worker has not finished after this time is delivered again; left out: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility_timeout: Option<Duration>,
    /// Deliveries of a message before it becomes a dead letter; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub max_receives: Count,
    /// Delay before a message whose work has failed is delivered again; default 1s.
    pub redelivery_delay: Duration,
}

impl Default for QueueConfig {
    fn default() -> QueueConfig {
        QueueConfig {
            queue_limit: Count::UNLIMITED,
            visibility_timeout: None,
            max_receives: Count::UNLIMITED,
            redelivery_delay: Duration::from_seconds(1),
        }
    }
}

/// Workers that carry accepted calls out. A worker holds a message until the hypervisor or the storage has done its part.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerConfig {
    /// Number of workers; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub count: Count,
    /// Messages that each holds at once; default 1. It works on one at a time and waits for all.
    pub prefetch: u32,
    /// A worker's own work on a message; default no time.
    #[serde(skip_serializing_if = "takes_no_time")]
    pub service: Distribution,
}

impl Default for WorkerConfig {
    fn default() -> WorkerConfig {
        WorkerConfig { count: Count::UNLIMITED, prefetch: 1, service: no_time() }
    }
}

/// A circuit breaker: after so many failures in a row it refuses calls for a while, then lets one through to try.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// True if there are any; default false.
    pub enabled: bool,
    /// Failures in a row that open it; default 5.
    pub failures: u32,
    /// Time that it stays open before a trial call; default 60s.
    pub open_for: Duration,
}

impl Default for BreakerConfig {
    fn default() -> BreakerConfig {
        BreakerConfig { enabled: false, failures: 5, open_for: Duration::from_seconds(60) }
    }
}

/// Delivery of the image of a launch to its host. Downloads share the bandwidth of their host and of their rack
/// equally.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImageDeliveryConfig {
    /// Images that a host keeps, of which the least recently used goes first \[GiB\]; default 0: none.
    pub host_cache_gib: u32,
    /// Size of an image that does not state its own, or that a launch does not name \[GiB\]; default 0.
    pub default_gib: u32,
    /// Bandwidth of each host \[Mbit/s\]; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub host_mbps: Count,
    /// Bandwidth of each rack \[Mbit/s\]; left out: no limit.
    #[serde(skip_serializing_if = "Count::is_unlimited")]
    pub rack_mbps: Count,
}

impl Default for ImageDeliveryConfig {
    fn default() -> ImageDeliveryConfig {
        ImageDeliveryConfig {
            host_cache_gib: 0,
            default_gib: 0,
            host_mbps: Count::UNLIMITED,
            rack_mbps: Count::UNLIMITED,
        }
    }
}

/// Period in which a stage does not work as it should.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageOutageConfig {
    /// The stage, as results name it: `gateway`, `validation`, `cache`, `primary`, `replica-1` …, `workers`,
    /// `hypervisor`, `storage`.
    pub stage: String,
    /// Start, from the start of the run.
    pub start: Duration,
    /// Length.
    pub length: Duration,
    /// Behaviour of the stage meanwhile.
    pub kind: OutageKind,
    /// Factor on services that begin meanwhile, where `kind` is `slow`: more than 1, in steps of
    /// 0.001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Decimal>,
}

/// Behaviour of a stage in an outage. Services that have begun go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutageKind {
    /// Refuses every arrival.
    Refuse,
    /// Begins no service: every arrival waits.
    Hang,
    /// Services take longer.
    Slow,
}
