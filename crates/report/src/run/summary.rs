//! `summary.json`: every figure of a run and its verdicts on the objectives, written and read.
//!
//! The register of metrics (`plimsoll list metrics`) says what each figure means. Only the part is read that terminal, page
//! and charts show by itself; a figure that a file lacks, as one of an earlier version may, is 0, empty or `None`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::demand_figures::{JobFigures, ScalingFigures};
use super::measures::{LatencyFigures, MicroUsd};
use crate::ReportFile;
use crate::load::json;
use plimsoll_base::input::InputError;
use plimsoll_base::units::Calendar;
use plimsoll_experiment::{Figures, objective};
use plimsoll_sim::summary::{self, Run};

/// Name of the file.
pub const FILE: &str = "summary.json";

/// Returns the figures of a run with its verdicts on the objectives of the scenario, as the file has them.
pub fn value(run: &Run<'_>) -> Value {
    let mut summary = summary::value(run);
    let judged = objective::judge(run.scenario, &Figures::from_summary(&summary));
    summary["objectives"] = objective::value(&judged);
    summary
}

/// Returns the file.
pub fn files(run: &Run<'_>) -> Vec<ReportFile> {
    vec![ReportFile::json(FILE, &value(run))]
}

/// Figures of a run that reports show by themselves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of every random draw.
    pub seed: u64,
    /// Name of the placement strategy.
    pub strategy: String,
    /// Hash over everything that happened, in hexadecimal.
    pub digest: String,
    /// Date and time at which the run begins, ISO 8601; `None` where the scenario names none.
    pub start: Option<String>,
    /// Reasons why the figures may mislead, in sentences.
    pub warnings: Vec<String>,
    /// Verdicts on the objectives, in the order of the scenario.
    pub objectives: Vec<Objective>,
    /// Simulated time \[s\].
    pub horizon_s: f64,
    /// Simulated time left out of every statistic \[s\].
    pub warmup_s: f64,
    /// First refusal for each reason, in the order of time.
    pub first_failures: Vec<FirstRefusal>,
    /// First shortage; `None` where nothing did.
    pub first_shortage: Option<ShortageFigures>,
    /// Launches \[instances\].
    pub launch: RequestFigures,
    /// Calls by operation.
    pub operations: BTreeMap<String, RequestFigures>,
    /// Instances of a start in steady state.
    pub steady_state: SteadyState,
    /// Hosts and their use.
    pub fleet: FleetFigures,
    /// Use and launches by zone; empty where there is one.
    pub by_zone: Vec<PartFigures>,
    /// Use by kind of hosts; empty where there is one.
    pub by_sku: Vec<PartFigures>,
    /// Launches by instance type.
    pub by_type: Vec<TypeFigures>,
    /// Room for more over the run.
    pub headroom: HeadroomFigures,
    /// Addresses and probes.
    pub network: NetworkFigures,
    /// Volumes.
    pub storage: StorageFigures,
    /// Faults of hosts and their effects on instances.
    pub faults: FaultFigures,
    /// Instances taken back by the spot market.
    pub spot_interruptions: u64,
    /// Money.
    pub billing: BillingFigures,
    /// Stages of the control plane, by name.
    pub stages: BTreeMap<String, StageFigures>,
    /// Calls on their way through the control plane.
    pub control_plane: ControlPlane,
    /// Auto Scaling groups, by name.
    pub autoscaling_groups: BTreeMap<String, ScalingFigures>,
    /// Jobs, by name.
    pub jobs: BTreeMap<String, JobFigures>,
    /// Percentiles of durations, by what took them.
    pub latency_s: BTreeMap<String, LatencyFigures>,
    /// Calls that a fault of the service refused.
    pub availability: ServiceAvailability,
    /// The simulation itself.
    pub engine: Engine,
    /// The whole file: figures by their path.
    #[serde(skip)]
    pub figures: Value,
}

impl Summary {
    /// Returns the summary of a finished run.
    pub fn of(run: &Run<'_>) -> Summary {
        Summary::parse(value(run)).expect("a summary of this version has the form of this version")
    }

    /// Reads the summary of a result folder.
    ///
    /// # Errors
    ///
    /// A file that is missing, or holds something else than plimsoll writes.
    pub fn read(folder: &Path) -> Result<Summary, InputError> {
        let value = json(folder, FILE)?;
        Summary::parse(value)
            .map_err(|error| crate::load::broken(&folder.join(FILE), &error.to_string()).into())
    }

    fn parse(figures: Value) -> serde_json::Result<Summary> {
        let summary = Summary::deserialize(&figures)?;
        Ok(Summary { figures, ..summary })
    }

    /// Returns the figure at a path such as `fleet.hosts`, whatever its form.
    pub fn figure(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.figures, |value, step| value.get(step))
    }

    /// Returns the calendar of the run; `None` where the scenario names no date.
    pub fn calendar(&self) -> Option<Calendar> {
        self.start.as_deref().and_then(Calendar::starting)
    }

    /// Returns whether a control plane was modelled.
    pub fn has_control_plane(&self) -> bool {
        self.control_plane.calls.is_some()
    }

    /// Returns whether no instances were asked for, but other calls were made.
    pub fn is_about_calls(&self) -> bool {
        self.launch.requested == 0 && self.calls().0 > 0
    }

    /// Returns the calls of all operations: asked for, refused.
    pub fn calls(&self) -> (u64, u64) {
        let sum = |of: fn(&RequestFigures) -> u64| self.operations.values().map(of).sum();
        (sum(|tally| tally.requested), sum(|tally| tally.failed))
    }
}

/// Objective with its verdict.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Objective {
    /// Path of the metric.
    pub metric: String,
    /// Least value wanted, in the unit of the metric.
    pub at_least: Option<f64>,
    /// Greatest value wanted, in the unit of the metric.
    pub at_most: Option<f64>,
    /// Value of the run.
    pub value: Option<f64>,
    /// True if the value meets the objective.
    pub met: bool,
    /// Reason why there is no value, where one is required.
    pub missing: Option<String>,
}

/// First refusal for a reason.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FirstRefusal {
    /// Error code.
    pub code: String,
    /// Simulated time \[s\].
    pub at_s: f64,
}

/// First shortage of anything that is counted. Amounts are in `unit`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShortageFigures {
    /// Simulated time \[s\].
    pub at_s: f64,
    /// Type of the instance.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Zone; `None` where several were tried, or none.
    pub zone: Option<String>,
    /// Number of zones that were tried.
    pub zones: u64,
    /// Names of the host groups that could have taken the instance; empty where all are alike.
    pub host_groups: Vec<String>,
    /// Name of what ran out.
    pub resource: String,
    /// Amount asked for.
    pub asked: Option<f64>,
    /// Amount free, on all hosts together.
    pub free: Option<f64>,
    /// Greatest amount free on one host; `None` where it is not about hosts.
    pub most_free: Option<f64>,
    /// Unit of the amounts.
    pub unit: Option<String>,
    /// Hosts that could have taken the instance but for room.
    pub hosts: Option<u64>,
    /// Number of them with too little.
    pub hosts_short: Option<u64>,
    /// Instances that were asked for all or none, where there was enough for some.
    pub asked_together: Option<u64>,
    /// Number of them for which there was enough.
    pub room_for: Option<u64>,
}

/// Requests by how they ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RequestFigures {
    /// Number requested.
    pub requested: u64,
    /// Number granted.
    pub succeeded: u64,
    /// Number refused.
    pub failed: u64,
    /// Number refused, by error code.
    pub failed_by_code: BTreeMap<String, u64>,
}

/// Instances of a start in steady state.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SteadyState {
    /// Instances drawn from the equilibrium.
    pub expected: u64,
    /// Instances that found a host and an address.
    pub moved_in: u64,
}

/// Hosts and their use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FleetFigures {
    /// Hosts; of elastic groups the most open at once.
    pub hosts: u64,
    /// Mean number of open hosts.
    pub hosts_mean: f64,
    /// Time at which most hosts were open \[s\]; `None` without elastic groups.
    pub hosts_peak_at_s: Option<f64>,
    /// Hosts that any packing needs at the peak.
    pub hosts_lower_bound_peak: u64,
    /// vCPU to sell.
    pub vcpu: f64,
    /// Memory to sell \[GiB\].
    pub memory_gib: f64,
    /// GPUs to sell.
    pub gpu: f64,
    /// Mean number of hosts with an instance.
    pub hosts_used_mean: f64,
    /// Greatest number of hosts with an instance.
    pub hosts_used_peak: u64,
    /// Mean share of vCPU in use.
    pub vcpu_used_ratio_mean: f64,
    /// Greatest share of vCPU in use.
    pub vcpu_used_ratio_peak: f64,
    /// Mean share of memory in use.
    pub memory_used_ratio_mean: f64,
    /// Greatest share of memory in use.
    pub memory_used_ratio_peak: f64,
    /// Mean share of GPU in use.
    pub gpu_used_ratio_mean: f64,
    /// Greatest share of GPU in use.
    pub gpu_used_ratio_peak: f64,
    /// Mean share of vCPU in use on hosts with an instance.
    pub packing_density_vcpu_mean: f64,
    /// Mean share of memory in use on hosts with an instance.
    pub packing_density_memory_mean: f64,
    /// Mean share of vCPU free beside too little memory.
    pub stranded_vcpu_ratio_mean: f64,
    /// Mean share of memory free beside too little vCPU.
    pub stranded_memory_ratio_mean: f64,
    /// Mean number of running instances.
    pub instances_running_mean: f64,
    /// Greatest number of running instances.
    pub instances_running_peak: u64,
}

/// Use of the hosts of a zone, or of a kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is named by its figure in summary.json")]
pub struct PartFigures {
    pub name: String,
    pub launched: Option<u64>,
    pub refused: Option<u64>,
    pub hosts: u64,
    pub hosts_used_mean: f64,
    pub hosts_used_peak: u64,
    pub vcpu: f64,
    pub vcpu_used_ratio_mean: f64,
    pub vcpu_used_ratio_peak: f64,
    pub memory_gib: f64,
    pub memory_used_ratio_mean: f64,
    pub memory_used_ratio_peak: f64,
    pub gpu: f64,
    pub gpu_used_ratio_mean: f64,
    pub gpu_used_ratio_peak: f64,
    pub full_at_s: Option<f64>,
}

/// Launches of an instance type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is named by its figure in summary.json")]
pub struct TypeFigures {
    pub name: String,
    pub launched: u64,
    pub refused: u64,
    pub running_mean: f64,
    pub running_peak: u64,
}

/// Room for more over the run; a figure is `None` where no sample had one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct HeadroomFigures {
    /// Instances of the live mix that would have fitted.
    pub instances: Option<SpanFigures>,
    /// vCPU still free then, of all.
    pub stranded_vcpu_ratio: Option<SpanFigures>,
    /// Memory still free then, of all.
    pub stranded_memory_ratio: Option<SpanFigures>,
    /// vCPU free that the live mix cannot use, of all.
    pub unusable_vcpu_ratio: Option<SpanFigures>,
    /// Memory free that the live mix cannot use, of all.
    pub unusable_memory_ratio: Option<SpanFigures>,
    /// GPU free that the live mix cannot use, of all.
    pub unusable_gpu_ratio: Option<SpanFigures>,
    /// vCPU fragments of FGD, of all.
    pub fgd_vcpu_ratio: Option<SpanFigures>,
    /// Memory fragments of FGD, of all.
    pub fgd_memory_ratio: Option<SpanFigures>,
    /// GPU fragments of FGD, of all.
    pub fgd_gpu_ratio: Option<SpanFigures>,
    /// Hosts that a repacking needs.
    pub hosts_compacted: Option<SpanFigures>,
    /// Hosts that any packing needs.
    pub hosts_lower_bound: Option<SpanFigures>,
    /// Forecasts of the resources that have a limit.
    pub exhaustion: Vec<ExhaustionForecast>,
}

/// Values of a figure over several samples.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SpanFigures {
    /// Least.
    pub least: f64,
    /// Mean.
    pub mean: f64,
    /// Last.
    pub last: f64,
}

/// Forecast of the time at which a limited resource runs out; `None` for never.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExhaustionForecast {
    /// Name of the resource, with its zone.
    pub what: String,
    /// Median of the drawn futures \[s\].
    pub at_s: Option<f64>,
    /// Earliest end of the 80 % band \[s\].
    pub earliest_s: Option<f64>,
    /// Latest end of the 80 % band \[s\].
    pub latest_s: Option<f64>,
    /// Median for 80 % of the limit \[s\].
    pub at_80_percent_s: Option<f64>,
    /// Median for 90 % of the limit \[s\].
    pub at_90_percent_s: Option<f64>,
    /// Mean deviation of the forecast from the last quarter of the run, as a share.
    pub held_back_error_ratio: f64,
}

/// Addresses and probes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NetworkFigures {
    /// Private addresses, by subnet.
    pub subnets: Vec<AddressPoolFigures>,
    /// Public addresses.
    pub public: AddressPoolFigures,
    /// Elastic addresses.
    pub elastic: ElasticAddressFigures,
    /// Probes by how they ended.
    pub probes: Probes,
}

/// Pool of addresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AddressPoolFigures {
    /// Name of the subnet; empty for the public pool.
    pub name: String,
    /// Addresses that can be handed out; `None`: no limit.
    pub addresses: Option<u64>,
    /// Mean number in use.
    pub used_mean: f64,
    /// Greatest number in use.
    pub used_peak: u64,
    /// Time at which a request first found no address left \[s\].
    pub exhausted_at_s: Option<f64>,
}

impl AddressPoolFigures {
    /// Returns the greatest share of the addresses in use, 0 to 1; 0 without a limit.
    pub fn peak_ratio(&self) -> f64 {
        self.addresses.filter(|all| *all > 0).map_or(0.0, |all| self.used_peak as f64 / all as f64)
    }
}

/// Elastic addresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ElasticAddressFigures {
    /// Mean number allocated.
    pub allocated_mean: f64,
    /// Greatest number allocated.
    pub allocated_peak: u64,
}

/// Probes by how they ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Probes {
    /// Probes allowed by a rule or as part of an established flow.
    pub allowed: u64,
    /// Probes allowed as part of an established flow.
    pub by_flow: u64,
    /// Probes refused by security groups.
    pub refused: u64,
    /// Probes without a route.
    pub unreachable: u64,
}

/// Volumes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StorageFigures {
    /// Backend of each zone.
    pub backends: Vec<BackendFigures>,
}

/// Backend of the volumes of a zone. A limit is `None` where there is none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is named by its figure in summary.json")]
pub struct BackendFigures {
    pub zone: String,
    pub capacity_gib: Option<u64>,
    pub capacity_used_mean_gib: f64,
    pub capacity_used_peak_gib: u64,
    pub capacity_exhausted_at_s: Option<f64>,
    pub iops: Option<u64>,
    pub iops_used_mean: f64,
    pub iops_used_peak: u64,
    pub iops_exhausted_at_s: Option<f64>,
    pub throughput_mibps: Option<u64>,
    pub throughput_used_mean_mibps: f64,
    pub throughput_used_peak_mibps: u64,
    pub throughput_exhausted_at_s: Option<f64>,
}

/// Faults of hosts and their effects on instances.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FaultFigures {
    /// Hosts that failed.
    pub host_failures: u64,
    /// Instances moved to another host without a break.
    pub migrations: u64,
    /// Instances started again on another host.
    pub recoveries: u64,
    /// Instances lost with their host.
    pub instances_lost: u64,
}

/// Money.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BillingFigures {
    /// All that accounts pay.
    pub total: MicroUsd,
    /// Amount for each kind of row.
    pub by_kind: BTreeMap<String, MicroUsd>,
    /// Amount for each account.
    pub by_account: BTreeMap<String, MicroUsd>,
    /// Types and shapes billed by `[billing.shape]`.
    pub priced_by_shape: Vec<String>,
    /// Types whose dedicated instances are billed by a surcharge.
    pub dedicated_by_surcharge: Vec<String>,
}

/// Stage of the control plane. A figure is `None` where there was nothing to measure.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StageFigures {
    /// Jobs that came.
    pub arrivals: u64,
    /// Jobs that were served.
    pub completed: u64,
    /// Jobs turned away.
    pub refused: u64,
    /// Jobs that gave up waiting.
    pub timed_out: u64,
    /// Mean wait of jobs whose service began \[s\].
    pub wait_s_mean: Option<f64>,
    /// Mean service \[s\].
    pub service_s_mean: Option<f64>,
    /// Share of the servers busy with their own work.
    pub busy_ratio: Option<f64>,
    /// Share of the servers held by jobs.
    pub occupied_ratio: Option<f64>,
    /// Mean number of waiting jobs.
    pub queue_length_mean: Option<f64>,
    /// Greatest number of waiting jobs.
    pub queue_length_peak: Option<u64>,
    /// Number of waiting jobs at the end.
    pub queue_length_last: u64,
    /// Time that all jobs waited together \[s\].
    pub wait_s_total: f64,
}

/// Calls on their way through the control plane; `None` where none is modelled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ControlPlane {
    /// Calls of clients.
    pub calls: Option<u64>,
    /// Stages whose queue grew through the second half of the run.
    #[serde(deserialize_with = "or_default")]
    pub unstable: Vec<String>,
    /// Calls refused for good.
    pub refused: Option<u64>,
    /// Attempts after the first.
    pub retries: Option<u64>,
    /// Attempts that came too fast for their account.
    pub throttled: Option<u64>,
    /// Attempts shed by the gateway.
    pub shed: Option<u64>,
    /// Attempts whose client stopped waiting.
    pub timed_out: Option<u64>,
    /// Calls whose client had no retry tokens left.
    pub out_of_quota: Option<u64>,
    /// Jobs finished after their client had given up.
    pub orphaned: Option<u64>,
    /// Jobs finished after their call had taken effect.
    pub duplicates: Option<u64>,
    /// Cache of instance records.
    pub cache: CacheFigures,
    /// Read replicas.
    pub database: DatabaseFigures,
    /// Queue of the workers.
    pub queue: Queue,
    /// Circuit breakers.
    pub breaker: BreakerFigures,
}

/// Reads a list, or null as an empty one.
fn or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Cache of instance records.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CacheFigures {
    /// Lookups that found an earlier version.
    pub stale: Option<u64>,
}

/// Read replicas.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DatabaseFigures {
    /// Reads that found an earlier version.
    pub stale_reads: Option<u64>,
    /// Reads that did not find the instance yet.
    pub not_found_after_launch: Option<u64>,
}

/// Queue of the workers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Queue {
    /// Deliveries after the first of a message.
    pub redelivered: Option<u64>,
    /// Messages given up.
    pub dead_letters: Option<u64>,
}

/// Circuit breakers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BreakerFigures {
    /// Times that one opened.
    pub opened: Option<u64>,
}

/// Calls that a fault of the service refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ServiceAvailability {
    /// Calls refused by a fault of the service.
    pub failed: u64,
}

/// The simulation itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Engine {
    /// Events dispatched.
    pub events: u64,
    /// Time that the simulation took \[s\].
    pub wall_s: f64,
    /// Events per second of that time.
    pub events_per_s: f64,
    /// Launches and terminations per second of that time.
    pub lifecycle_events_per_s: f64,
    /// Most memory held \[bytes\], where the system reports it.
    pub peak_memory_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_sim::summary::sample::with_run;

    #[test]
    fn what_is_written_can_be_read() {
        with_run(|run| {
            let folder = tempfile::tempdir().unwrap();
            let file = files(run).remove(0);
            std::fs::write(folder.path().join(FILE), &file.bytes).unwrap();
            let read = Summary::read(folder.path()).unwrap();
            assert_eq!(read.figures, Summary::of(run).figures);
            assert_eq!(
                (read.launch.requested, read.launch.failed_by_code["InsufficientInstanceCapacity"]),
                (3, 1)
            );
            assert_eq!(read.network.subnets[0].addresses, Some(251));
            assert_eq!(read.latency_s["launch"].count, 2);
        });
    }

    #[test]
    fn dollars_are_read_exactly() {
        let read = |text: &str| serde_json::from_value::<MicroUsd>(Value::from(text)).map(|usd| usd.0).ok();
        assert_eq!(read("12.345678"), Some(12_345_678));
        assert_eq!(read("-0.500000"), Some(-500_000));
        assert_eq!(read("12"), None);
        assert_eq!([149, 5_000, -5_000, -5_001].map(|micro| MicroUsd(micro).cents()), [0, 1, 0, -1]);
    }
}
