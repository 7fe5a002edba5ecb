//! Figures of now in Prometheus' text format (prometheus.io, "Exposition formats", version 0.0.4).

use std::fmt::Write;

use plimsoll_sim::cloud::observe::Sample;

use crate::model::CloudModel;

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
    addresses(&mut text, model, &sample);
    calls(&mut text, model);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut text = Exposition::default();
        text.sample("m", &[("a", "x\"y\\z\n")], 1);
        assert_eq!(text.0, "m{a=\"x\\\"y\\\\z\\n\"} 1\n");
    }
}
