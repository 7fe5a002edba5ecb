//! Register of the metrics in `summary.json` and `plimsoll list metrics`.

use serde_json::{Map, Value, json};

use super::breakdown;
use super::control_plane::{self, figure as plane, hit_ratio};
use super::{Run, percentiles, pools};
use crate::cloud::outcome::{HeadroomUse, LimitedResource, PoolUse, SampleSpan, Tally};
use plimsoll_base::failure::Failure;
use plimsoll_base::metrics::forecast::Exhaustion;
use plimsoll_base::units::{Time, TypeId, format_micro_usd};
use plimsoll_model::network::security::Direction;
use plimsoll_model::operation::Operation;

/// Direction in which a metric is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// Greater values are better.
    Higher,
    /// Smaller values are better.
    Lower,
    /// Neither direction is better by itself.
    Neither,
}

impl Better {
    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => "neither",
        }
    }
}

/// A metric, or a table of equal ones.
pub struct Metric {
    /// Path in `summary.json`.
    pub path: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Direction that is good.
    pub better: Better,
    /// Meaning, in one line.
    pub meaning: &'static str,
    /// Function that makes the value of a run.
    pub value: fn(&Run<'_>) -> Value,
}

/// Builds a row, so that the register below reads as a table.
const fn metric(
    path: &'static str,
    unit: &'static str,
    better: Better,
    meaning: &'static str,
    value: fn(&Run<'_>) -> Value,
) -> Metric {
    Metric { path, unit, better, meaning, value }
}

/// The share of calls that no fault of the service refused.
const AVAILABILITY_RATIO: &str = "availability.ratio";

/// Every metric. A part that a scenario does not use has zeros and empty lists.
#[rustfmt::skip]
pub const METRICS: &[Metric] = {
    use Better::{Higher, Lower, Neither};
    &[
        metric("horizon_s", "s", Neither, "simulated time", |r| json!(r.outcome.horizon.as_seconds())),
        metric("warmup_s", "s", Neither, "simulated time left out of every statistic", |r| json!(r.outcome.warmup_end.as_seconds())),
        metric("first_failures", "", Neither, "first refusal for each error code, in order of time, warm-up included", first_failures),

        metric("launch.requested", "instances", Neither, "instances requested", |r| json!(r.outcome.launch.requested)),
        metric("launch.succeeded", "instances", Higher, "instances launched", |r| json!(r.outcome.launch.succeeded)),
        metric("launch.failed", "instances", Lower, "instances refused", |r| json!(r.outcome.launch.failed())),
        metric("launch.success_ratio", "0 to 1", Higher, "launched ÷ requested; 1 if none was requested", |r| json!(r.outcome.launch.success_ratio())),
        metric("launch.failed_by_code", "instances", Lower, "instances refused, by error code", |r| by_code(&r.outcome.launch)),
        metric("launch.attempts", "attempts", Neither, "attempts of launches: one for each, and those after a refusal; one attempt makes a request for each of its choices until one succeeds", |r| json!(r.outcome.launch_course.attempts)),
        metric("launch.by_attempt", "instances", Neither, "instances launched at the first attempt, the second …, by its number", by_attempt),
        metric("launch.by_choice.first", "instances", Higher, "instances launched as they were asked for", |r| json!(r.outcome.launch_course.first_choice)),
        metric("launch.by_choice.other_type", "instances", Lower, "instances launched as another type, after a refusal", |r| json!(r.outcome.launch_course.other_type)),
        metric("launch.by_choice.other_zone", "instances", Lower, "instances launched in another zone, after a refusal", |r| json!(r.outcome.launch_course.other_zone)),
        metric("launch.conflicts", "choices", Lower, "choices of schedulers that see the fleet out of date, of hosts that had no room any more, warm-up included", |r| json!(r.outcome.placement_conflicts.unwrap_or(0))),
        metric("launch.waited", "instances", Lower, "instances launched after a wait for room", |r| json!(r.outcome.launch_course.waited)),
        metric("launch.waiting_at_end", "instances", Lower, "instances whose launch still waits for room at the end", |r| json!(r.outcome.launch_course.waiting_at_end)),
        metric("launch.waiting_mean", "instances", Lower, "mean number of instances whose launches wait for room", |r| json!(r.outcome.launch_course.waiting_mean)),
        metric("launch.waiting_peak", "instances", Lower, "most instances whose launches waited for room at once", |r| json!(r.outcome.launch_course.waiting_peak)),
        metric("launch.retrying_at_end", "instances", Lower, "instances whose launch was refused and will be tried again at the end", |r| json!(r.outcome.launch_course.retrying_at_end)),
        metric("launch.preempted", "instances", Lower, "instances whose room a launch of higher priority took", |r| json!(r.outcome.launch_course.preempted)),
        metric("launch.requeued", "instances", Neither, "instances launched again after that", |r| json!(r.outcome.launch_course.requeued)),
        metric("autoscaling_groups", "instances", Neither, "by Auto Scaling group: numbers of instances desired and in service (desired_mean, desired_peak, in_service_mean, in_service_peak); load_peak_units; utilisation_mean, load ÷ capacity in service; unserved_unit_s, load above capacity, and its share of the load unserved_ratio; above_target_s, time with utilisation above the target; launches_refused, replaced, replaced_ahead of an interruption, rebalanced; with load that queues waiting_unit_s at the end, waiting_unit_s_peak and wait_s_mean; spot_in_service_mean; of its warm pool warm_ready_mean, warm_starts, instances taken from it, and reused, those given back; activities, changes of the desired number by cause; cost_usd of its account, and fixed_fleet_usd of a fleet for the greatest load", pools::groups),
        metric("jobs", "jobs", Neither, "by source of jobs: arrived; started_at_once, those that found an instance ready, and their share started_at_once_ratio; lost with their instance; waiting_at_end; wait_s from the arrival until the instance runs: count, mean, p50, p90, p99, p999, max", pools::jobs),
        metric("pools", "instances", Neither, "by pool: size; mean numbers of instances that were ready, coming up and with a job (ready_mean, coming_mean, busy_mean, busy_peak); jobs that waited (waiting_mean, waiting_peak); cost_usd of its account", pools::pools),
        metric("operations", "calls", Neither, "by operation: requested, succeeded, failed, failed_by_code; for calls on instances also answers: the same counts, one an instance; for describe also the instances found and the pages they filled", operations),

        metric("workload.trace_blocks", "", Neither, "days, weeks or accounts that the trace was drawn from; null where it was replayed as it is", |r| json!(r.outcome.trace_blocks)),
        metric("steady_state.expected", "instances", Neither, "instances drawn from the equilibrium for the start", |r| json!(r.outcome.residents.expected)),
        metric("steady_state.moved_in", "instances", Higher, "of these, instances that found room", |r| json!(r.outcome.residents.placed)),

        metric("fleet.hosts", "hosts", Neither, "hosts; of elastic groups the most open at once", |r| json!(r.outcome.fleet.hosts)),
        metric("fleet.hosts_mean", "hosts", Neither, "mean number of open hosts", |r| json!(r.outcome.fleet.hosts_mean)),
        metric("fleet.hosts_peak_at_s", "s", Neither, "time at which most hosts were open; null without elastic groups", |r| at_s(r.outcome.fleet.hosts_peak_at)),
        metric("fleet.vcpu", "vCPU", Neither, "vCPU that all hosts can sell", |r| json!(r.outcome.fleet.vcpu_milli as f64 / 1000.0)),
        metric("fleet.memory_gib", "GiB", Neither, "memory that all hosts can sell", |r| json!(r.outcome.fleet.memory_mib as f64 / 1024.0)),
        metric("fleet.gpu", "GPU", Neither, "GPUs that all hosts can sell", |r| json!(r.outcome.fleet.gpu_milli as f64 / 1000.0)),
        metric("fleet.hosts_used_peak", "hosts", Lower, "most hosts with an instance", |r| json!(r.outcome.fleet.hosts_used_peak)),
        metric("fleet.hosts_used_mean", "hosts", Lower, "mean number of hosts with an instance", |r| json!(r.outcome.fleet.hosts_used_mean)),
        metric("fleet.hosts_lower_bound_peak", "hosts", Neither, "fewest hosts of any packing at the peak: resources in use ÷ those of the largest host", |r| json!(r.outcome.fleet.hosts_lower_bound_peak)),
        metric("fleet.hosts_lower_bound_mean", "hosts", Neither, "mean of that lower bound", |r| json!(r.outcome.fleet.hosts_lower_bound_mean)),
        metric("fleet.hosts_empty_ratio_mean", "0 to 1", Higher, "mean share of open hosts without an instance", |r| json!(r.outcome.fleet.hosts_empty_ratio_mean)),
        metric("fleet.host_seconds_used", "host-s", Lower, "time integral of the number of hosts with an instance", |r| json!(r.outcome.fleet.host_seconds_used)),
        metric("fleet.vcpu_used_ratio_mean", "0 to 1", Neither, "mean share of vCPU in use", |r| json!(r.outcome.fleet.vcpu_used_ratio_mean)),
        metric("fleet.vcpu_used_ratio_peak", "0 to 1", Neither, "peak share of vCPU in use", |r| json!(r.outcome.fleet.vcpu_used_ratio_peak)),
        metric("fleet.memory_used_ratio_mean", "0 to 1", Neither, "mean share of memory in use", |r| json!(r.outcome.fleet.memory_used_ratio_mean)),
        metric("fleet.memory_used_ratio_peak", "0 to 1", Neither, "peak share of memory in use", |r| json!(r.outcome.fleet.memory_used_ratio_peak)),
        metric("fleet.gpu_used_ratio_mean", "0 to 1", Neither, "mean share of GPU in use; 0 without GPUs", |r| json!(r.outcome.fleet.gpu_used_ratio_mean)),
        metric("fleet.gpu_used_ratio_peak", "0 to 1", Neither, "peak share of GPU in use; 0 without GPUs", |r| json!(r.outcome.fleet.gpu_used_ratio_peak)),
        metric("fleet.packing_density_vcpu_mean", "0 to 1", Higher, "mean of vCPU in use ÷ vCPU of hosts with an instance", |r| json!(r.outcome.fleet.packing_density_vcpu_mean)),
        metric("fleet.packing_density_memory_mean", "0 to 1", Higher, "mean of memory in use ÷ memory of hosts with an instance", |r| json!(r.outcome.fleet.packing_density_memory_mean)),
        metric("fleet.stranded_vcpu_ratio_mean", "0 to 1", Lower, "mean share of vCPU that is free on hosts with too little memory for the smallest request", |r| json!(r.outcome.fleet.stranded_vcpu_ratio_mean)),
        metric("fleet.stranded_memory_ratio_mean", "0 to 1", Lower, "mean share of memory that is free on hosts with too little vCPU for the smallest request", |r| json!(r.outcome.fleet.stranded_memory_ratio_mean)),
        metric("fleet.instances_running_mean", "instances", Neither, "mean number of running instances", |r| json!(r.outcome.fleet.instances_running_mean)),
        metric("fleet.instances_running_peak", "instances", Neither, "most instances running at once", |r| json!(r.outcome.fleet.instances_running_peak)),

        metric("by_zone", "", Neither, "by zone, of several: launched and refused instances, the latter in the zone that refused them; hosts, hosts_used_mean and _peak; vcpu, memory_gib, gpu to sell, each with the share in use: _used_ratio_mean and _peak, of the samples, and with [headroom] full_at_s, when the first of them is full if it goes on as it did (null: not within eight times the run)", breakdown::zones),
        metric("by_sku", "", Neither, "by kind of hosts (the sku of their host group), of several: the same without launches", breakdown::kinds),

        metric("headroom.instances", "instances", Higher, "more instances of the live mix that would have fitted: least, mean, most and last of all samples; null without [headroom], like all of headroom", |r| span(r, |h| &h.instances)),
        metric("headroom.ratio", "of running", Higher, "the same ÷ running instances", |r| span(r, |h| &h.ratio)),
        metric("headroom.stranded_vcpu_ratio", "0 to 1", Lower, "free vCPU ÷ all vCPU once the live mix has grown until an instance does not fit", |r| span(r, |h| &h.stranded_vcpu_ratio)),
        metric("headroom.stranded_memory_ratio", "0 to 1", Lower, "free memory ÷ all memory once the live mix has grown until an instance does not fit", |r| span(r, |h| &h.stranded_memory_ratio)),
        metric("headroom.unusable_vcpu_ratio", "0 to 1", Lower, "free vCPU that instances of a type drawn from the live mix cannot use, beside as many as fit on each host, ÷ all vCPU", |r| span(r, |h| &h.unusable.vcpu)),
        metric("headroom.unusable_memory_ratio", "0 to 1", Lower, "free memory that instances of a type drawn from the live mix cannot use, beside as many as fit on each host, ÷ all memory", |r| span(r, |h| &h.unusable.memory)),
        metric("headroom.unusable_gpu_ratio", "0 to 1", Lower, "free GPU that instances of a type drawn from the live mix cannot use, beside as many as fit on each host, ÷ all GPU", |r| span(r, |h| &h.unusable.gpu)),
        metric("headroom.fgd_vcpu_ratio", "0 to 1", Lower, "free vCPU on hosts where an instance drawn from the live mix does not fit, or needs none of it, ÷ all vCPU (the fragment of FGD, Weng et al. 2023)", |r| span(r, |h| &h.fgd.vcpu)),
        metric("headroom.fgd_memory_ratio", "0 to 1", Lower, "free memory on hosts where an instance drawn from the live mix does not fit, or needs none of it, ÷ all memory (the fragment of FGD, Weng et al. 2023)", |r| span(r, |h| &h.fgd.memory)),
        metric("headroom.fgd_gpu_ratio", "0 to 1", Lower, "free GPU on hosts where an instance drawn from the live mix does not fit, or needs none of it, ÷ all GPU (the fragment of FGD, Weng et al. 2023)", |r| span(r, |h| &h.fgd.gpu)),
        metric("headroom.hosts_compacted", "hosts", Neither, "hosts that best-fit decreasing needs for the running instances", |r| span(r, |h| &h.hosts_compacted)),
        metric("headroom.hosts_lower_bound", "hosts", Neither, "hosts that any packing of the running instances needs", |r| span(r, |h| &h.hosts_lower_bound)),
        metric("headroom.loss_unplaced", "instances", Lower, "with headroom.survive: instances that the worst loss of one host, rack or zone would leave without room", |r| span(r, |h| &h.loss_unplaced)),
        metric("headroom.loss_violations", "domains", Lower, "with headroom.survive: hosts, racks or zones whose loss would leave instances without room", |r| span(r, |h| &h.loss_violations)),
        metric("headroom.allocable", "instances", Neither, "by type: instances of that type alone that would have fitted", allocable),
        metric("headroom.exhaustion", "s", Neither, "by resource with a limit and zone: when it runs out if it goes on as in the run (at_s: the median of drawn futures), the 80 % band (earliest_s, latest_s), when it is 80 and 90 % full, the form of the past (growth, season), and how the forecast did on the last quarter of the run, which it had not seen; null: not within eight times the run", exhaustion),
        metric("headroom.first_exhaustion", "s", Neither, "the same of what runs out first; null where nothing does", first_exhaustion),

        metric("network.subnets", "addresses", Neither, "by subnet: name, addresses, used_mean, used_peak, exhausted_at_s; where prefixes were requested also fragmentation_mean and _peak: share (0 to 1) of free addresses that can be part of none", subnets),
        metric("network.public.addresses", "addresses", Neither, "public addresses; null: no limit", |r| json!(r.outcome.network.public.addresses)),
        metric("network.public.used_mean", "addresses", Neither, "mean of public addresses in use", |r| json!(r.outcome.network.public.used_mean)),
        metric("network.public.used_peak", "addresses", Neither, "most public addresses in use", |r| json!(r.outcome.network.public.used_peak)),
        metric("network.public.exhausted_at_s", "s", Higher, "time at which a request first found no public address; null: never", |r| at_s(r.outcome.network.public.exhausted_at)),

        metric("network.elastic.allocated_mean", "addresses", Neither, "mean of allocated elastic addresses", |r| json!(r.outcome.network.elastic.allocated.used_mean)),
        metric("network.elastic.allocated_peak", "addresses", Neither, "most allocated elastic addresses", |r| json!(r.outcome.network.elastic.allocated.used_peak)),
        metric("network.elastic.associated_mean", "addresses", Neither, "mean of associated elastic addresses", |r| json!(r.outcome.network.elastic.associated.used_mean)),
        metric("network.elastic.associated_peak", "addresses", Neither, "most associated elastic addresses", |r| json!(r.outcome.network.elastic.associated.used_peak)),
        metric("network.elastic.idle_mean", "addresses", Lower, "mean of elastic addresses that are allocated and not associated", |r| json!(r.outcome.network.elastic.idle.used_mean)),
        metric("network.elastic.idle_peak", "addresses", Lower, "most elastic addresses that are allocated and not associated", |r| json!(r.outcome.network.elastic.idle.used_peak)),
        metric("network.probes", "probes", Neither, "allowed, refused, unreachable; by_rule: allowed by each rule (its number); by_flow: allowed as part of a tracked connection; refused_by direction", probes),

        metric("storage.backends", "", Neither, "by zone: capacity_gib, iops and throughput_mibps of the volumes' backend (null: no limit); for each, such as capacity, also capacity_used_mean_gib, capacity_used_peak_gib and capacity_exhausted_at_s", backends),

        metric("faults.host_failures", "hosts", Lower, "hosts that failed", |r| json!(r.outcome.disruptions.host_failures)),
        metric("faults.migrations", "instances", Neither, "instances moved to another host without interruption", |r| json!(r.outcome.disruptions.migrations)),
        metric("faults.recoveries", "instances", Neither, "instances restarted on another host", |r| json!(r.outcome.disruptions.recoveries)),
        metric("faults.instances_lost", "instances", Lower, "instances stopped or terminated because of their host", |r| json!(r.outcome.disruptions.instances_lost)),
        metric("spot.interruptions_by_cause", "instances", Lower, "spot interruptions: price, because the spot price rose above the maximum; capacity, because a launch on demand needed the room", |r| json!({
            "price": r.outcome.disruptions.spot_interruptions - r.outcome.disruptions.spot_reclaimed,
            "capacity": r.outcome.disruptions.spot_reclaimed,
        })),
        metric("spot_interruptions", "instances", Lower, "instances reclaimed by the spot market", |r| json!(r.outcome.disruptions.spot_interruptions)),

        metric("billing.total", "USD", Neither, "amount that all accounts pay: the sum of the rows of billing.csv", |r| usd(r.outcome.bill.total)),
        metric("billing.by_kind", "USD", Neither, "by kind: instance, volume, snapshot, address, host, reservation, commitment, upfront, dedicated-fee", |r| r.outcome.bill.by_kind.iter().map(|(kind, sum)| (kind.name().to_string(), usd(*sum))).collect()),
        metric("billing.by_purchase", "USD", Neither, "by purchase option: on-demand, reserved, spot, savings-plan", |r| r.outcome.bill.by_purchase.iter().map(|(purchase, sum)| (purchase.name().to_string(), usd(*sum))).collect()),
        metric("billing.by_account", "USD", Neither, "by account", by_account),
        metric("billing.by_month", "USD", Neither, "by calendar month", |r| r.outcome.bill.by_month.iter().map(|(month, sum)| (month.to_string(), usd(*sum))).collect()),
        metric("billing.priced_by_shape", "", Neither, "types and shapes without a price of their own, billed by [billing.shape]", priced_by_shape),
        metric("billing.dedicated_by_surcharge", "", Neither, "types whose dedicated instances have no price of their own, billed by a surcharge on the on-demand price", dedicated_by_surcharge),

        metric("stages", "", Neither, "by stage of the control plane: arrivals, completed, refused, timed_out [jobs]; wait_s_mean of jobs whose service began, service_s_mean; busy_ratio, the share of servers at work, and occupied_ratio, the share held by jobs until a later stage is done (0 to 1; null: no limit); queue_length_mean, _peak and _last, wait_s_total", control_plane::stages),

        metric("control_plane.calls", "calls", Neither, "calls of clients; null without a control plane, like all of control_plane", |r| plane(r, |p| json!(p.counts.calls))),
        metric("control_plane.answered", "calls", Higher, "calls that succeeded or were accepted", |r| plane(r, |p| json!(p.counts.answered))),
        metric("control_plane.refused", "calls", Lower, "calls that the control plane refused at the last attempt", |r| plane(r, |p| json!(p.counts.refused))),
        metric("control_plane.attempts", "requests", Neither, "requests sent by clients: one for each call and each page of a listing, plus retries", |r| plane(r, |p| json!(p.counts.attempts))),
        metric("control_plane.retries", "attempts", Lower, "attempts after the first", |r| plane(r, |p| json!(p.counts.retries))),
        metric("control_plane.throttled", "attempts", Lower, "attempts above the rate limit of their account", |r| plane(r, |p| json!(p.counts.throttled))),
        metric("control_plane.shed", "attempts", Lower, "attempts that the gateway rejected because too many were in flight", |r| plane(r, |p| json!(p.counts.shed))),
        metric("control_plane.timed_out", "attempts", Lower, "attempts whose client timed out", |r| plane(r, |p| json!(p.counts.timed_out))),
        metric("control_plane.out_of_quota", "calls", Lower, "calls that were not tried again because the retry quota of their client was used up", |r| plane(r, |p| json!(p.counts.out_of_quota))),
        metric("control_plane.held_back_s", "s", Lower, "time for which rate limiters of clients held attempts back, summed over all", |r| plane(r, |p| json!(p.counts.held_back.as_seconds()))),
        metric("control_plane.waiters", "waiters", Neither, "waiters of clients: begun; polls, their calls of describe; succeeded; failed, because an instance ended or a call was refused; gave_up; waiting_at_end; null where clients do not wait", control_plane::waiters),
        metric("control_plane.orphaned", "jobs", Lower, "jobs finished after their client had timed out", |r| plane(r, |p| json!(p.counts.orphaned))),
        metric("control_plane.duplicates", "jobs", Lower, "jobs finished after their call had already taken effect", |r| plane(r, |p| json!(p.counts.duplicates))),
        metric("control_plane.cache.hit_ratio", "0 to 1", Higher, "cache hits ÷ lookups of instance records; null without lookups", |r| plane(r, |p| p.records.map_or(Value::Null, |c| hit_ratio(c.hits, c.misses)))),
        metric("control_plane.cache.type_hit_ratio", "0 to 1", Higher, "cache hits ÷ lookups of instance types; null without lookups", |r| plane(r, |p| p.types.map_or(Value::Null, |c| hit_ratio(c.hits, c.misses)))),
        metric("control_plane.cache.stale", "lookups", Lower, "lookups that found an earlier version; null without a cache", |r| plane(r, |p| json!(p.records.map(|c| c.stale)))),
        metric("control_plane.cache.stampedes", "lookups", Lower, "lookups that missed while another read of the same record was under way; null without a cache", |r| plane(r, |p| json!(p.records.map(|c| c.stampedes)))),
        metric("control_plane.database.stale_reads", "reads", Lower, "replica reads that found an earlier version", |r| plane(r, |p| json!(p.reads.stale))),
        metric("control_plane.database.not_found_after_launch", "reads", Lower, "replica reads that did not find a launched instance yet", |r| plane(r, |p| json!(p.reads.not_yet))),
        metric("control_plane.queue.redelivered", "deliveries", Lower, "deliveries after the first of a message", |r| plane(r, |p| json!(p.queue.redelivered))),
        metric("control_plane.queue.dead_letters", "messages", Lower, "messages given up after their last delivery", |r| plane(r, |p| json!(p.queue.dead_letters))),
        metric("control_plane.breaker.opened", "times", Lower, "times that a circuit breaker opened", |r| plane(r, |p| json!(p.breakers_opened))),
        metric("control_plane.breaker.refused", "calls", Neither, "calls to hypervisor and storage that open breakers rejected", |r| plane(r, |p| json!(p.breakers_refused))),
        metric("control_plane.images.hit_ratio", "0 to 1", Higher, "images found on the host ÷ lookups; null without lookups", |r| plane(r, |p| hit_ratio(p.images.hits, p.images.misses))),
        metric("control_plane.unstable", "", Neither, "stages whose queue grew through the second half of the run: they cannot keep up", |r| plane(r, |p| p.unstable.iter().map(|name| json!(name.to_string())).collect())),

        metric("latency_s", "s", Lower, "by operation, from the call to its effect; with a control plane api.OPERATION, to the answer, and stage.NAME.wait and .service: count, mean, p50, p90, p99, p999, max", latencies),

        metric("availability.calls", "calls", Neither, "calls of every operation, ends of lifetimes included", |r| json!(served(r).0)),
        metric("availability.failed", "calls", Lower, "calls refused by a fault of the service: server errors, insufficient capacity included, throttling excluded", |r| json!(served(r).1)),
        metric(AVAILABILITY_RATIO, "0 to 1", Higher, "share of calls that no fault of the service refused; 1 without calls", |r| json!(availability(r))),
        metric("availability.error_budget_left_ratio", "of the budget", Higher, "with an objective on availability.ratio: share of the allowed failures that is left, negative if overspent; null without an objective, or if it allows none", error_budget_left),

        metric("engine.events", "events", Neither, "events dispatched, warm-up included", |r| json!(r.outcome.events)),
        metric("engine.lifecycle_events", "events", Neither, "successful launches and terminates, warm-up included", |r| json!(r.outcome.lifecycle_events)),
        metric("engine.wall_s", "s", Lower, "time of the simulation, without loading and writing", |r| json!(r.execution.simulation_s)),
        metric("engine.events_per_s", "1/s", Higher, "events ÷ time of the simulation", |r| json!(r.execution.per_second(r.outcome.events))),
        metric("engine.lifecycle_events_per_s", "1/s", Higher, "lifecycle events ÷ time of the simulation", |r| json!(r.execution.per_second(r.outcome.lifecycle_events))),
        metric("engine.peak_memory_bytes", "bytes", Lower, "most memory held; null where the system does not tell", |r| json!(r.execution.peak_memory_bytes)),
        metric("engine.threads", "threads", Neither, "threads that the simulation could use", |r| json!(r.execution.threads)),
    ]
};

fn usd(micro_usd: i128) -> Value {
    Value::from(format_micro_usd(micro_usd))
}

fn at_s(time: Option<Time>) -> Value {
    json!(time.map(Time::as_seconds))
}

fn by_attempt(run: &Run<'_>) -> Value {
    let counts = run.outcome.launch_course.by_attempt.iter();
    counts.map(|(attempt, instances)| (attempt.to_string(), json!(instances))).collect()
}

fn by_code(tally: &Tally) -> Value {
    tally.failures().map(|(failure, count)| (failure.ec2_name().to_string(), json!(count))).collect()
}

fn first_failures(run: &Run<'_>) -> Value {
    (run.outcome.first_failures.iter())
        .map(|first| {
            let code = Failure::ec2_name(first.failure);
            json!({ "code": code, "operation": first.operation.name(), "at_s": first.at.as_seconds() })
        })
        .collect()
}

fn operations(run: &Run<'_>) -> Value {
    let table: Map<String, Value> = (run.outcome.operations.iter())
        .map(|(operation, tally)| {
            let mut figures = counts(tally);
            let answers = run.outcome.answers.iter().find(|(answered, _)| answered == operation);
            figures.extend(answers.map(|(_, tally)| ("answers".to_string(), Value::Object(counts(tally)))));
            if *operation == Operation::Describe {
                figures.insert("instances".to_string(), json!(run.outcome.described_instances));
                figures.insert("pages".to_string(), json!(run.outcome.described_pages));
            }
            (operation.name().to_string(), Value::Object(figures))
        })
        .collect();
    Value::Object(table)
}

fn counts(tally: &Tally) -> Map<String, Value> {
    Map::from_iter([
        ("requested".to_string(), json!(tally.requested)),
        ("succeeded".to_string(), json!(tally.succeeded)),
        ("failed".to_string(), json!(tally.failed())),
        ("failed_by_code".to_string(), by_code(tally)),
    ])
}

fn probes(run: &Run<'_>) -> Value {
    let decisions = &run.outcome.probes;
    let by_rule: Map<String, Value> =
        decisions.by_rule.iter().map(|(rule, count)| (rule.0.to_string(), json!(count))).collect();
    let mut refused_by: Map<String, Value> = Map::new();
    for side in [Direction::Ingress, Direction::Egress] {
        let of_side = decisions.refused.iter().filter(|((direction, _), _)| *direction == side);
        let count: u64 = of_side.map(|(_, count)| count).sum();
        refused_by.insert(side.name().to_string(), json!(count));
    }
    json!({
        "allowed": decisions.by_rule.values().sum::<u64>() + decisions.by_flow,
        "refused": decisions.refused.values().sum::<u64>(),
        "unreachable": decisions.unreachable,
        "by_rule": by_rule,
        "by_flow": decisions.by_flow,
        "refused_by": refused_by,
    })
}

fn backends(run: &Run<'_>) -> Value {
    (run.outcome.backends.iter())
        .map(|(zone, backend)| {
            let mut row = Map::from_iter([("zone".to_string(), json!(zone))]);
            for (name, unit, level) in [
                ("capacity", "_gib", &backend.capacity_gib),
                ("iops", "", &backend.iops),
                ("throughput", "_mibps", &backend.throughput_mibps),
            ] {
                row.insert(format!("{name}{unit}"), json!(level.limit));
                row.insert(format!("{name}_used_mean{unit}"), json!(level.used_mean));
                row.insert(format!("{name}_used_peak{unit}"), json!(level.used_peak));
                row.insert(format!("{name}_exhausted_at_s"), at_s(level.exhausted_at));
            }
            Value::Object(row)
        })
        .collect()
}

fn by_account(run: &Run<'_>) -> Value {
    let accounts = run.outcome.directory.accounts();
    let sums = run.outcome.bill.by_account.iter();
    sums.map(|(account, sum)| (accounts[account.index()].clone(), usd(*sum))).collect()
}

fn span(run: &Run<'_>, of: fn(&HeadroomUse) -> &SampleSpan) -> Value {
    run.outcome.headroom.as_ref().map_or(Value::Null, |headroom| span_value(of(headroom)))
}

fn span_value(span: &SampleSpan) -> Value {
    match span.mean() {
        Some(mean) => json!({ "least": span.least, "mean": mean, "most": span.most, "last": span.last }),
        None => Value::Null,
    }
}

fn allocable(run: &Run<'_>) -> Value {
    let types = &run.outcome.directory.types;
    let spans = run.outcome.headroom.iter().flat_map(|headroom| &headroom.allocable);
    spans.map(|(kind, span)| (types.get(*kind).name.clone(), span_value(span))).collect()
}

fn exhaustion(run: &Run<'_>) -> Value {
    let rows = run.outcome.headroom.iter().flat_map(|headroom| &headroom.exhaustion);
    rows.map(|(what, found)| exhaustion_value(run, what, found)).collect()
}

fn first_exhaustion(run: &Run<'_>) -> Value {
    let rows = run.outcome.headroom.iter().flat_map(|headroom| &headroom.exhaustion);
    let at = |found: &Exhaustion| found.at_s.unwrap_or(f64::INFINITY);
    let first = rows.filter(|(_, found)| found.at_s.is_some()).min_by(|a, b| at(&a.1).total_cmp(&at(&b.1)));
    first.map_or(Value::Null, |(what, found)| exhaustion_value(run, what, found))
}

fn exhaustion_value(run: &Run<'_>, what: &LimitedResource, found: &Exhaustion) -> Value {
    let zone = what.zone.map(|zone| run.outcome.directory.zones()[zone.index()].to_string());
    let hosts = what.host_kind.map(|kind| run.scenario.host_kinds().names[usize::from(kind)].clone());
    let name = match (&zone, &hosts) {
        (Some(zone), _) => format!("{} in {zone}", what.name),
        (None, Some(hosts)) => format!("{} of {hosts}", what.name),
        (None, None) => what.name.clone(),
    };
    json!({
        "what": name,
        "resource": what.name,
        "zone": zone,
        "host_group": hosts,
        "at_s": found.at_s,
        "earliest_s": found.earliest_s,
        "latest_s": found.latest_s,
        "at_80_percent_s": found.marks_s[0],
        "at_90_percent_s": found.marks_s[1],
        "form": found.form,
        "held_back_error_ratio": found.held_back_error_ratio,
        "held_back_in_band_ratio": found.held_back_in_band_ratio,
    })
}

fn subnets(run: &Run<'_>) -> Value {
    let row = |(name, pool): &(String, PoolUse)| {
        let mut row = json!({
            "name": name,
            "addresses": pool.addresses,
            "used_mean": pool.used_mean,
            "used_peak": pool.used_peak,
            "exhausted_at_s": at_s(pool.exhausted_at),
        });
        if let Some(fragmentation) = pool.fragmentation {
            row["fragmentation_mean"] = json!(fragmentation.mean);
            row["fragmentation_peak"] = json!(fragmentation.peak);
        }
        row
    };
    run.outcome.network.subnets.iter().map(row).collect()
}

fn priced_by_shape(run: &Run<'_>) -> Value {
    names(run, &run.outcome.bill.priced_by_shape)
}

fn dedicated_by_surcharge(run: &Run<'_>) -> Value {
    names(run, &run.outcome.bill.dedicated_by_surcharge)
}

fn names(run: &Run<'_>, kinds: &[TypeId]) -> Value {
    let types = &run.outcome.directory.types;
    kinds.iter().map(|kind| types.get(*kind).name.as_str()).collect()
}

/// Returns the calls, and those that a fault of the service refused.
fn served(run: &Run<'_>) -> (u64, u64) {
    let tallies = || run.outcome.operations.iter().map(|(_, tally)| tally);
    (tallies().map(|tally| tally.requested).sum(), tallies().map(Tally::failed_by_service).sum())
}

fn availability(run: &Run<'_>) -> f64 {
    match served(run) {
        (0, _) => 1.0,
        (calls, failed) => (calls - failed) as f64 / calls as f64,
    }
}

/// Returns the share of the allowed failures that is left, by the strictest objective.
fn error_budget_left(run: &Run<'_>) -> Value {
    let targets = run.scenario.objectives.iter().filter(|objective| objective.metric == AVAILABILITY_RATIO);
    let budget = targets.filter_map(|objective| objective.at_least).map(|least| 1.0 - least);
    match budget.fold(f64::INFINITY, f64::min) {
        budget if budget.is_finite() && budget > 0.0 => {
            json!(1.0 - (1.0 - availability(run)) / budget)
        }
        _ => Value::Null,
    }
}

fn latencies(run: &Run<'_>) -> Value {
    let table: Map<String, Value> = (run.outcome.latency.iter())
        .map(|latency| {
            let histogram = &latency.histogram;
            let mut figures = Map::from_iter([("count".to_string(), json!(histogram.len()))]);
            for figure in &percentiles::FIGURES {
                let seconds = Time((figure.ns)(histogram)).as_seconds();
                figures.insert(figure.name.to_string(), json!(seconds));
            }
            (latency.name.clone(), Value::Object(figures))
        })
        .collect();
    Value::Object(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_unique_and_none_lies_below_another() {
        for (i, metric) in METRICS.iter().enumerate() {
            for other in &METRICS[..i] {
                let below = |a: &str, b: &str| a == b || a.starts_with(&format!("{b}."));
                assert!(
                    !below(metric.path, other.path) && !below(other.path, metric.path),
                    "{}",
                    metric.path
                );
            }
        }
    }
}
