//! Memory of a run, estimated before it begins: a bound from above, for how many may run at once, and one from below,
//! for what cannot run at all.

use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::figures::{decimal, grouped};
use plimsoll_model::fleet::config::resolve;
use plimsoll_model::fleet::host_group::{HostGroup, Hosts};
use plimsoll_model::workload::demand::Start;
use plimsoll_sim::scenario::Scenario;

/// Memory of a host's record, its place in the index, and the room in which both grow \[bytes\]; 133 to 161 were measured.
const PER_HOST: u64 = 144;

/// Least memory of a host \[bytes\].
const PER_HOST_LEAST: u64 = 96;

/// Memory of an instance's record, its timers and its resources \[bytes\].
const PER_INSTANCE: u64 = 128;

/// Least memory of an instance that may exist when the run begins, whether or not there is room for it \[bytes\].
const PER_RESIDENT_LEAST: u64 = 24;

/// Memory that any run takes \[bytes\]: the catalogue, the read-ahead of a trace.
const PER_RUN: u64 = 16 << 20;

/// The least vCPU of a common instance type \[milli-vCPU\].
const VCPU_OF_INSTANCE_MILLI: u64 = 2000;

/// Estimates the memory that a run of a scenario takes \[bytes\]: that of its hosts, full of instances of two vCPUs.
/// The estimate is on the high side, as measured on the scenarios with millions of hosts. An elastic group counts as empty.
pub fn estimated_bytes(scenario: &Scenario) -> Result<u64, InputError> {
    let of_group = |group: &HostGroup| {
        let vcpu_milli = match &group.hosts {
            Hosts::Fixed { count, sellable } => u64::from(*count) * u64::from(sellable.vcpu_milli()),
            Hosts::Listed(hosts) => hosts.iter().map(|host| u64::from(host.sellable.vcpu_milli())).sum(),
            Hosts::Elastic { .. } => 0,
        };
        group.most_hosts() * PER_HOST + vcpu_milli / VCPU_OF_INSTANCE_MILLI * PER_INSTANCE
    };
    Ok(PER_RUN + groups(scenario)?.iter().map(of_group).sum::<u64>())
}

/// Counts the hosts of a scenario, those of elastic groups at their maximum.
///
/// # Errors
/// Host files that cannot be read.
pub fn most_hosts(scenario: &Scenario) -> Result<u64, InputError> {
    Ok(groups(scenario)?.iter().map(HostGroup::most_hosts).sum())
}

fn groups(scenario: &Scenario) -> Result<Vec<HostGroup>, InputError> {
    let zones = resolve(&scenario.zones).map_err(|problems| scenario.locate(InputError(problems)))?;
    Ok(zones.into_iter().flatten().collect())
}

/// Refuses a scenario that cannot run in so much memory \[bytes\], at the key that asks for most of it.
pub fn check_fits(scenario: &Scenario, free: u64) -> Result<(), InputError> {
    let hosts: u64 = groups(scenario)?.iter().map(HostGroup::most_hosts).sum();
    let residents = match scenario.workload.start {
        Start::SteadyState => expected_residents(scenario)?,
        Start::Empty => 0,
    };
    let needs = [
        ("zones", hosts, "hosts", PER_HOST_LEAST),
        ("workload.start", residents, "instances when the run begins", PER_RESIDENT_LEAST),
    ];
    let bytes_of = |(_, count, _, each): &(&str, u64, &str, u64)| count.saturating_mul(*each);
    let least = needs.iter().map(bytes_of).fold(PER_RUN, u64::saturating_add);
    if least <= free {
        return Ok(());
    }
    let (key, count, what, _) = needs.iter().max_by_key(|need| bytes_of(need)).expect("there are needs");
    let found = format!("found {} {what}", grouped(*count));
    let gib = |bytes: u64| decimal(bytes as f64 / f64::from(1 << 30), 2);
    let message =
        format!("{found}; the run needs {} GiB of memory or more, {} are free", gib(least), gib(free));
    let problem = Problem::new(Place::key(key), message);
    let help = "ask for fewer, or run it where there is more memory";
    Err(scenario.locate(problem.with_help(help).into()))
}

/// Returns the number of instances expected at the beginning of a run that begins in equilibrium.
fn expected_residents(scenario: &Scenario) -> Result<u64, InputError> {
    let (_, demand) = scenario.demand()?;
    let expected = demand.sources().iter().map(|source| {
        let key = format!("workload.arrivals.{}", source.number());
        source.expected_residents(&key).map_err(|problem| scenario.locate(problem.into()))
    });
    Ok(expected.sum::<Result<f64, InputError>>()? as u64)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use plimsoll_sim::scenario::Overrides;

    fn scenario(text: &str) -> Scenario {
        let text = format!(
            "name = 's'\nduration = '1h'\n{text}\n[[workload.arrivals]]\n\
             process = {{ kind = 'poisson', per_hour = 1e9 }}\n\
             lifetime = {{ kind = 'exponential', mean = '50m' }}\ntypes = {{ 'm5.large' = 1 }}"
        );
        Scenario::parse(Path::new("s.toml"), &text, &Overrides::default()).unwrap()
    }

    #[test]
    fn what_cannot_run_is_refused_at_its_key_and_what_may_is_not() {
        let hosts = "[[zones]]\nname = 'z'\nhosts = [{ count = 100000000, vcpu = 8, memory_gib = 32 }]";
        let few = "[[zones]]\nname = 'z'\nhosts = [{ count = 4, vcpu = 8, memory_gib = 32 }]";
        for (text, bytes, expected) in [
            (hosts, 8 << 30, Some("s.toml:3:1: `zones`: found 100,000,000 hosts; the run needs 8.96 GiB")),
            (hosts, 10 << 30, None),
            (
                &format!("workload.start = 'steady-state'\n{few}"),
                16 << 30,
                Some("s.toml:3:18: `workload.start`: found 833,333,333 instances when the run begins"),
            ),
            (&format!("workload.start = 'steady-state'\n{few}"), 20 << 30, None),
            (few, 32 << 20, None),
        ] {
            let told = check_fits(&scenario(text), bytes).err().map(|error| error.to_string());
            match (told, expected) {
                (Some(told), Some(expected)) => assert!(told.starts_with(expected), "{told}"),
                (told, expected) => assert_eq!(told.as_deref(), expected),
            }
        }
        let scenario = scenario(hosts);
        let most = estimated_bytes(&scenario).unwrap();
        assert!(check_fits(&scenario, most).is_ok(), "the bounds are in order");
    }

    #[test]
    fn the_memory_of_a_run_is_about_that_of_its_fleet() {
        let of = |count: u32| {
            let zones =
                format!("[[zones]]\nname = 'z'\nhosts = [{{ count = {count}, vcpu = 4, memory_gib = 8 }}]");
            estimated_bytes(&scenario(&zones)).unwrap()
        };
        // Four hosts of 4 vCPU: eight instances.
        assert_eq!(of(4), PER_RUN + 4 * PER_HOST + 8 * PER_INSTANCE);
        assert!(of(1_000_000) > 200 << 20);
    }
}
