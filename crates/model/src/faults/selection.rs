//! Hosts that a maintenance or an outage takes: those of a zone, of some of its racks, or some of them.

use std::ops::Range;

use super::config::{HostRange, MaintenanceConfig, OutageConfig, SHARE_PARTS};
use crate::fleet::Fleet;
use plimsoll_base::engine::random::Stream;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{HostId, ZoneId};

/// Hosts in ascending order, as few unbroken runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection(Vec<Range<u32>>);

impl Selection {
    /// Returns an unbroken run.
    pub fn run(hosts: Range<u32>) -> Selection {
        Selection(vec![hosts])
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of hosts.
    pub fn len(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// Returns the hosts.
    pub fn iter(&self) -> impl Iterator<Item = HostId> + '_ {
        self.0.iter().cloned().flatten().map(HostId)
    }

    fn push(&mut self, host: u32) {
        match self.0.last_mut() {
            Some(run) if run.end == host => run.end += 1,
            _ => self.0.push(host..host + 1),
        }
    }
}

impl FromIterator<u32> for Selection {
    fn from_iter<I: IntoIterator<Item = u32>>(hosts: I) -> Selection {
        let mut selection = Selection::default();
        hosts.into_iter().for_each(|host| selection.push(host));
        selection
    }
}

/// Selection of hosts of a zone in a scenario, with its own validation.
pub struct Naming<'a> {
    zone: &'a str,
    racks: Option<HostRange>,
    hosts: Option<HostRange>,
    /// In parts of [`SHARE_PARTS`].
    share: Option<u32>,
}

impl<'a> From<&'a MaintenanceConfig> for Naming<'a> {
    fn from(config: &'a MaintenanceConfig) -> Naming<'a> {
        let share = config.share.as_ref();
        let share = share.map(|share| share.resource(SHARE_PARTS.into()).expect("the share is validated"));
        Naming { zone: &config.zone, racks: config.racks, hosts: config.hosts, share }
    }
}

impl<'a> From<&'a OutageConfig> for Naming<'a> {
    fn from(config: &'a OutageConfig) -> Naming<'a> {
        Naming { zone: &config.zone, racks: config.racks, hosts: config.hosts, share: None }
    }
}

impl Naming<'_> {
    /// Returns the named hosts, or a problem if the zone has fewer. `key` is the path of the table that names them,
    /// `zones` are the names of the zones, and `stream` draws a share.
    pub fn select(
        &self,
        key: &str,
        zones: &[&str],
        fleet: &Fleet,
        stream: Stream,
    ) -> Result<Selection, Problem> {
        let position = zones.iter().position(|zone| *zone == self.zone).expect("the zone is validated");
        let zone = fleet.zones()[ZoneId(position as u16).index()].hosts.clone();
        if let Some(run) = self.racks {
            let racks = rack_count(zone.clone(), fleet);
            let wanted = within(run, racks, &format!("{key}.racks"), "racks")?;
            return Ok(on_racks(zone, wanted, fleet));
        }
        if let Some(run) = self.hosts {
            let wanted = within(run, zone.len() as u32, &format!("{key}.hosts"), "hosts")?;
            return Ok(Selection::run(zone.start + wanted.start..zone.start + wanted.end));
        }
        Ok(match self.share {
            Some(share) => sample(zone, share, stream),
            None => Selection::run(zone),
        })
    }
}

/// Returns the number of the racks of a zone, by its hosts.
fn rack_count(zone: Range<u32>, fleet: &Fleet) -> u32 {
    racks_of(zone, fleet).map(|(_, rack)| rack + 1).max().unwrap_or(0)
}

/// Returns the hosts of a zone that are on some of its racks, counted from 0.
pub fn on_racks(zone: Range<u32>, wanted: Range<u32>, fleet: &Fleet) -> Selection {
    racks_of(zone, fleet).filter(|(_, rack)| wanted.contains(rack)).map(|(host, _)| host).collect()
}

/// Returns the hosts of a zone with the numbers of their racks in the zone.
fn racks_of(zone: Range<u32>, fleet: &Fleet) -> impl Iterator<Item = (u32, u32)> + '_ {
    let rack = |host: u32| fleet.rack_of(HostId(host)).0;
    let first = rack(zone.start);
    zone.map(move |host| (host, rack(host) - first))
}

/// Returns the run as numbers below `count`.
fn within(run: HostRange, count: u32, key: &str, what: &str) -> Result<Range<u32>, Problem> {
    match run.first.checked_add(run.count) {
        Some(end) if end <= count => Ok(run.first..end),
        _ => {
            let HostRange { first, count: found } = run;
            let message =
                format!("found {found} {what} from number {first} on, expected some of the zone's {count}");
            Err(Problem::new(Place::key(key), message).with_help(format!("{what} are counted from 0")))
        }
    }
}

/// Returns a share of the hosts, rounded up, every set of so many equally likely (Knuth, "The Art of Computer
/// Programming", volume 2, algorithm 3.4.2 S).
fn sample(hosts: Range<u32>, share: u32, mut stream: Stream) -> Selection {
    let count = hosts.len() as u64;
    let mut wanted = (count * u64::from(share)).div_ceil(u64::from(SHARE_PARTS));
    let end = hosts.end;
    hosts
        .filter(|host| {
            let takes = stream.below(u64::from(end - host)) < wanted;
            wanted -= u64::from(takes);
            takes
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::host::GroupTenancy;
    use crate::fleet::host_group::{HostGroup, Hosts, ListedHost};
    use plimsoll_base::engine::random::{Purpose, Seed};
    use plimsoll_base::units::Resources;

    fn stream(seed: u64) -> Stream {
        Seed(seed).stream(Purpose::Maintenance, 0)
    }

    fn select(naming: &Naming<'_>) -> Result<Vec<u32>, String> {
        let sellable = Resources::new(1_000, 1_024);
        let fixed = |count| HostGroup {
            hosts: Hosts::Fixed { count, sellable },
            hosts_per_rack: 2,
            max_instances: None,
            tenancy: GroupTenancy::Any,
            hardware: Default::default(),
            sockets: 0,
            numa_nodes: 1,
            has_gpu_devices: false,
            service_window: Default::default(),
        };
        let listed = ["x", "y", "x"].map(|rack| ListedHost {
            name: None,
            sellable,
            rack: Some(rack.to_string()),
            hardware: None,
            numa_nodes: None,
            gpu_model: None,
            line: 0,
        });
        let listed = HostGroup {
            hosts: Hosts::Listed(listed.to_vec()),
            hosts_per_rack: 2,
            max_instances: None,
            tenancy: GroupTenancy::Any,
            hardware: Default::default(),
            sockets: 0,
            numa_nodes: 1,
            has_gpu_devices: false,
            service_window: Default::default(),
        };
        // Hosts 0 to 4 on racks 0 to 2; then 5, 6 on a rack and 7, 8, 9 on two.
        let fleet = Fleet::new(&[vec![fixed(5)], vec![fixed(2), listed]]).unwrap();
        let selection = naming.select("faults.outages.0", &["a", "b"], &fleet, stream(1));
        selection
            .map(|hosts| hosts.iter().map(|host| host.0).collect())
            .map_err(|problem| problem.to_string())
    }

    const ZONE_B: Naming<'static> = Naming { zone: "b", racks: None, hosts: None, share: None };

    #[test]
    fn racks_and_hosts_are_counted_within_their_zone() {
        assert_eq!(select(&ZONE_B), Ok(vec![5, 6, 7, 8, 9]));
        let racks = |first, count| Naming { racks: Some(HostRange { first, count }), ..ZONE_B };
        assert_eq!(select(&racks(0, 1)), Ok(vec![5, 6]));
        assert_eq!(select(&racks(1, 1)), Ok(vec![7, 9]));
        assert_eq!(select(&racks(0, 3)), Ok(vec![5, 6, 7, 8, 9]));
        let hosts = |first, count| Naming { hosts: Some(HostRange { first, count }), ..ZONE_B };
        assert_eq!(select(&hosts(3, 2)), Ok(vec![8, 9]));
        let problem = "`faults.outages.0.racks`: found 2 racks from number 2 on, expected some of the zone's 3\n  \
                       help: racks are counted from 0";
        assert_eq!(select(&racks(2, 2)), Err(problem.to_string()));
        assert!(select(&hosts(u32::MAX, 2)).unwrap_err().contains("expected some of the zone's 5"));
    }

    #[test]
    fn a_share_is_exact_and_drawn_evenly() {
        let mut times = [0u32; 10];
        for seed in 0..10_000 {
            let drawn: Vec<u32> = sample(5..15, 250_000, stream(seed)).iter().map(|host| host.0).collect();
            assert_eq!(drawn.len(), 3, "a quarter of ten, rounded up");
            drawn.iter().for_each(|host| times[*host as usize - 5] += 1);
        }
        // A binomial count of mean 3,000 and deviation 46.
        assert!(times.iter().all(|count| (2_770..3_230).contains(count)), "{times:?}");
        assert_eq!(sample(5..15, SHARE_PARTS, stream(0)), Selection::run(5..15));
    }
}
