//! Figures of now in Prometheus' text format (prometheus.io, "Exposition formats", version 0.0.4).

use std::fmt::Write;

use plimsoll_base::metrics::Durations;
use plimsoll_model::control_plane::plane::figures::StageSample;
use plimsoll_sim::cloud::observe::Sample;

use crate::model::CloudModel;

/// Upper ends of the buckets of histograms \[s\].
const BUCKETS_S: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// Type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Text of the families of metrics.
#[derive(Default)]
struct Exposition(String);

impl Exposition {
    /// Begins a family.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Writes a sample of a family.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    /// Writes the samples of a histogram of a family, in seconds.
    fn histogram(&mut self, name: &str, label: (&str, &str), durations: &Durations) {
        let histogram = durations.histogram();
        let bucket = format!("{name}_bucket");
        // One pass over the recorded values, which come in order.
        let mut values = histogram.iter_recorded().peekable();
        let mut count = 0;
        for le in BUCKETS_S {
            let last = histogram.highest_equivalent((le * 1e9) as u64);
            while let Some(value) = values.next_if(|value| value.value_iterated_to() <= last) {
                count += value.count_at_value();
            }
            self.sample(&bucket, &[label, ("le", &le.to_string())], count);
        }
        self.sample(&bucket, &[label, ("le", "+Inf")], histogram.len());
        self.sample(&format!("{name}_sum"), &[label], histogram.mean() * histogram.len() as f64 / 1e9);
        self.sample(&format!("{name}_count"), &[label], histogram.len());
    }

    /// Writes a family of one gauge.
    fn gauge(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }
}

/// Returns the figures of the cloud.
pub fn exposition(model: &CloudModel<'_>) -> String {
    let sample = model.session.sample();
    let mut text = Exposition::default();
    text.gauge(
        "plimsoll_simulated_time_seconds",
        "Simulated time since the beginning.",
        model.now().as_seconds(),
    );
    fleet(&mut text, &sample);
    headroom(&mut text, model);
    addresses(&mut text, model, &sample);
    calls(&mut text, model);
    latencies(&mut text, model);
    stages(&mut text, &sample);
    text.family(
        "plimsoll_launched_instances_total",
        "counter",
        "Instances launched since the end of the warm-up.",
    );
    text.sample("plimsoll_launched_instances_total", &[], sample.launches_succeeded);
    text.family(
        "plimsoll_requested_instances_total",
        "counter",
        "Instances asked for since the end of the warm-up.",
    );
    text.sample("plimsoll_requested_instances_total", &[], sample.launches_requested);
    text.family(
        "plimsoll_instance_cost_usd_total",
        "counter",
        "Cost of what ran, as it accrued, without minimums.",
    );
    let cost_usd = sample.accrued_micro_usd as f64 / 1e6;
    text.sample("plimsoll_instance_cost_usd_total", &[], cost_usd);
    text.gauge(
        "plimsoll_instance_cost_usd_per_hour",
        "Cost of an hour of what runs.",
        model.session.pico_usd_per_hour() as f64 / 1e12,
    );
    text.0
}

fn fleet(text: &mut Exposition, sample: &Sample) {
    text.gauge("plimsoll_hosts", "Hosts that are open.", sample.hosts);
    text.gauge("plimsoll_used_hosts", "Hosts with at least one instance.", sample.hosts_used);
    let thousandth = |milli: u64| milli as f64 / 1000.0;
    text.gauge("plimsoll_vcpus", "vCPUs that can be sold.", thousandth(sample.vcpu_milli));
    text.gauge("plimsoll_used_vcpus", "vCPUs in use.", thousandth(sample.vcpu_used_milli));
    let bytes = |mib: u64| mib << 20;
    text.gauge("plimsoll_memory_bytes", "Memory that can be sold.", bytes(sample.memory_mib));
    text.gauge("plimsoll_used_memory_bytes", "Memory in use.", bytes(sample.memory_used_mib));
    text.family("plimsoll_instances", "gauge", "Instances by state.");
    text.sample("plimsoll_instances", &[("state", "running")], sample.instances_running);
    text.sample("plimsoll_instances", &[("state", "stopped")], sample.instances_stopped);
    text.gauge(
        "plimsoll_waiting_instances",
        "Instances whose launches wait for room.",
        sample.launches_waiting,
    );
    text.gauge("plimsoll_volume_bytes", "Size of all volumes.", sample.volume_gib_used << 30);
}

/// Writes what the fleet could still take of each type that was asked for.
fn headroom(text: &mut Exposition, model: &CloudModel<'_>) {
    text.family(
        "plimsoll_headroom_instances",
        "gauge",
        "Instances of a type that would still fit in a zone, if nothing else came.",
    );
    for (zone, kind, count) in model.session.headroom() {
        let labels = [("zone", model.zone_name(zone)), ("type", model.type_name(kind))];
        text.sample("plimsoll_headroom_instances", &labels, count);
    }
}

fn addresses(text: &mut Exposition, model: &CloudModel<'_>, sample: &Sample) {
    text.family("plimsoll_subnet_addresses", "gauge", "Private addresses of a subnet.");
    for subnet in model.session.network().subnets() {
        text.sample("plimsoll_subnet_addresses", &[("subnet", &subnet.name)], subnet.addresses);
    }
    text.family("plimsoll_used_subnet_addresses", "gauge", "Private addresses of a subnet in use.");
    for (subnet, used) in model.session.network().subnets().iter().zip(&sample.subnet_addresses_used) {
        text.sample("plimsoll_used_subnet_addresses", &[("subnet", &subnet.name)], used);
    }
    text.gauge("plimsoll_used_public_addresses", "Public addresses in use.", sample.public_addresses_used);
    text.gauge("plimsoll_elastic_addresses", "Elastic addresses allocated.", sample.elastic_addresses);
}

fn calls(text: &mut Exposition, model: &CloudModel<'_>) {
    text.family("plimsoll_calls_total", "counter", "Calls since the end of the warm-up, by operation.");
    for (operation, tally) in model.session.operations() {
        text.sample("plimsoll_calls_total", &[("operation", operation.name())], tally.requested);
    }
    text.family(
        "plimsoll_refused_calls_total",
        "counter",
        "Calls that were refused, by operation and EC2's code.",
    );
    for (operation, tally) in model.session.operations() {
        for (failure, count) in tally.failures() {
            let labels = [("operation", operation.name()), ("code", failure.ec2_name())];
            text.sample("plimsoll_refused_calls_total", &labels, count);
        }
    }
}

fn latencies(text: &mut Exposition, model: &CloudModel<'_>) {
    text.family(
        "plimsoll_effect_seconds",
        "histogram",
        "Simulated time from a call until what it asked for is there, since the end of the warm-up.",
    );
    for (operation, durations) in model.session.effect_times() {
        text.histogram("plimsoll_effect_seconds", ("operation", operation.name()), durations);
    }
    text.family(
        "plimsoll_answer_seconds",
        "histogram",
        "Simulated time from a call until the control plane answers it, since the end of the warm-up.",
    );
    for (operation, durations) in model.session.answer_times() {
        text.histogram("plimsoll_answer_seconds", ("operation", operation.name()), durations);
    }
}

/// Figure of a stage of the control plane: name, kind, help, and the value.
type StageFigure = (&'static str, &'static str, &'static str, fn(&StageSample) -> u64);

const STAGE_FIGURES: [StageFigure; 5] = [
    ("plimsoll_stage_waiting_jobs", "gauge", "Jobs that wait at a stage.", |stage| stage.waiting.into()),
    ("plimsoll_stage_served_jobs", "gauge", "Jobs in service at a stage.", |stage| stage.in_service.into()),
    ("plimsoll_stage_arrivals_total", "counter", "Jobs that came to a stage.", |stage| stage.arrivals),
    ("plimsoll_stage_refused_total", "counter", "Jobs that a stage refused.", |stage| stage.refused),
    ("plimsoll_stage_timed_out_total", "counter", "Jobs that gave up waiting at a stage.", |stage| {
        stage.timed_out
    }),
];

fn stages(text: &mut Exposition, sample: &Sample) {
    for (name, kind, help, value) in STAGE_FIGURES {
        text.family(name, kind, help);
        for stage in &sample.stages {
            text.sample(name, &[("stage", &stage.name.to_string())], value(stage));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::units::Duration;

    #[test]
    fn a_histogram_counts_up_to_the_ends_of_its_buckets() {
        let mut durations = Durations::default();
        for ms in [0, 4, 5, 300, 700_000] {
            durations.record(Duration(ms * 1_000_000));
        }
        let mut text = Exposition::default();
        text.histogram("m", ("a", "x"), &durations);
        let line = |start: &str| {
            let found = text.0.lines().find_map(|line| line.strip_prefix(start));
            found.unwrap_or_else(|| panic!("{start}: {}", text.0)).trim().to_string()
        };
        let counts = ["0.005", "0.25", "0.5", "600", "+Inf"]
            .map(|le| line(&format!("m_bucket{{a=\"x\",le=\"{le}\"}}")));
        assert_eq!(counts, ["3", "3", "4", "4", "5"]);
        assert_eq!(line("m_count{a=\"x\"}"), "5");
        let sum: f64 = line("m_sum{a=\"x\"}").parse().unwrap();
        assert!((sum - 700.309).abs() < 1.0, "{sum}");
    }

    #[test]
    fn buckets_are_those_of_a_count_from_zero_each() {
        let mut durations = Durations::default();
        for step in 0..2000u64 {
            durations.record(Duration(step * step * 300_007));
        }
        let mut text = Exposition::default();
        text.histogram("m", ("a", "x"), &durations);
        let histogram = durations.histogram();
        for le in BUCKETS_S {
            let count = histogram.count_between(0, (le * 1e9) as u64);
            assert!(text.0.contains(&format!("m_bucket{{a=\"x\",le=\"{le}\"}} {count}\n")), "{le} {count}");
        }
    }

    #[test]
    fn labels_are_escaped() {
        let mut text = Exposition::default();
        text.sample("m", &[("a", "x\"y\\z\n")], 1);
        assert_eq!(text.0, "m{a=\"x\\\"y\\\\z\\n\"} 1\n");
    }
}
