//! Table of the stages with servers: names, configurations, random streams, service times and figures follow from it.

use serde::{Deserialize, Serialize};

use crate::control_plane::config::{ControlPlaneConfig, StationConfig};
use crate::control_plane::stage::StageName;

/// Stage with servers, other than a server of the database.
pub struct StageSpec {
    /// Name in results and outages.
    pub name: StageName,
    /// Table of the scenario that is a [`StationConfig`] as it stands, if it has one.
    pub table: Option<&'static str>,
    /// Position on the path.
    pub side: Side,
    /// Number that keys the random stream of its service times.
    pub stream: u64,
    /// Its servers, queue and service times.
    pub station: fn(&ControlPlaneConfig) -> StationConfig,
}

/// Position of a stage on the path of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Between the client and the database.
    Front,
    /// Behind the queue.
    Back,
}

/// All stages with servers other than those of the database, by [`StageId`] and in the order of the path.
pub const STAGES: &[StageSpec] = &[
    StageSpec {
        name: StageName::Gateway,
        table: Some("gateway"),
        side: Side::Front,
        stream: 0,
        station: |config| config.gateway.station(),
    },
    StageSpec {
        name: StageName::Validation,
        table: Some("validation"),
        side: Side::Front,
        stream: 1,
        station: |config| config.validation.clone(),
    },
    StageSpec {
        name: StageName::Cache,
        table: None,
        side: Side::Front,
        stream: 2,
        station: |config| StationConfig { service: config.cache.service.clone(), ..StationConfig::default() },
    },
    StageSpec {
        name: StageName::Workers,
        table: None,
        side: Side::Back,
        stream: 3,
        station: |config| StationConfig {
            servers: config.workers.count,
            service: config.workers.service.clone(),
            ..StationConfig::default()
        },
    },
    StageSpec {
        name: StageName::Hypervisor,
        table: Some("hypervisor"),
        side: Side::Back,
        stream: 4,
        station: |config| config.hypervisor.clone(),
    },
    StageSpec {
        name: StageName::Storage,
        table: Some("storage"),
        side: Side::Back,
        stream: 5,
        station: |config| config.storage.clone(),
    },
];

/// Number that keys the random stream of the primary; those of the replicas follow.
const FIRST_NODE_STREAM: u64 = 6;

/// Number of a stage with servers: its position in [`STAGES`]; behind them the primary and the replicas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageId(pub u8);

impl StageId {
    pub const GATEWAY: StageId = StageId(0);
    pub const VALIDATION: StageId = StageId(1);
    pub const CACHE: StageId = StageId(2);
    pub const WORKERS: StageId = StageId(3);
    pub const HYPERVISOR: StageId = StageId(4);
    pub const STORAGE: StageId = StageId(5);

    /// Returns the stage of a database server: 0 for the primary, then the replicas.
    pub const fn node(node: u8) -> StageId {
        StageId(STAGES.len() as u8 + node)
    }

    /// Returns the stage of a name. Panics on one without servers.
    pub fn of(name: StageName) -> StageId {
        match name {
            StageName::Primary => StageId::node(0),
            StageName::Replica(number) => StageId::node(number),
            name => {
                let position = STAGES.iter().position(|stage| stage.name == name);
                StageId(position.unwrap_or_else(|| panic!("{name} has no servers")) as u8)
            }
        }
    }

    /// Returns the position among all stages with servers.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Returns the names of all stages with servers, which may be in an outage, in the order of the path.
pub fn stations(replicas: u32) -> Vec<StageName> {
    let of = |side| STAGES.iter().filter(move |stage| stage.side == side).map(|stage| stage.name);
    let replicas = (1..=replicas).map(|number| StageName::Replica(number.min(255) as u8));
    of(Side::Front).chain([StageName::Primary]).chain(replicas).chain(of(Side::Back)).collect()
}

/// Returns the name, the configuration and the number of the random stream of every stage with servers, by [`StageId`].
pub fn configurations(config: &ControlPlaneConfig) -> Vec<(StageName, StationConfig, u64)> {
    let primary = StationConfig { servers: config.database.servers, ..StationConfig::default() };
    let replica = StationConfig { servers: config.database.replica_servers, ..StationConfig::default() };
    let replicas = (1..=config.database.replicas).map(|number| {
        let stream = FIRST_NODE_STREAM + u64::from(number);
        (StageName::Replica(number as u8), replica.clone(), stream)
    });
    let stages = STAGES.iter().map(|stage| (stage.name, (stage.station)(config), stage.stream));
    stages.chain([(StageName::Primary, primary, FIRST_NODE_STREAM)]).chain(replicas).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_the_position_of_its_stage() {
        for (id, name) in [
            (StageId::GATEWAY, StageName::Gateway),
            (StageId::VALIDATION, StageName::Validation),
            (StageId::CACHE, StageName::Cache),
            (StageId::WORKERS, StageName::Workers),
            (StageId::HYPERVISOR, StageName::Hypervisor),
            (StageId::STORAGE, StageName::Storage),
        ] {
            assert_eq!((STAGES[id.index()].name, StageId::of(name)), (name, id));
        }
        let streams = STAGES.iter().map(|stage| stage.stream);
        let streams: std::collections::BTreeSet<u64> = streams.collect();
        assert_eq!(streams.len(), STAGES.len(), "each stage draws from a stream of its own");
        assert_eq!((StageId::of(StageName::Primary), StageId::of(StageName::Replica(2))).1, StageId::node(2));
    }

    #[test]
    fn stages_are_named_in_the_order_of_the_path() {
        let names: Vec<String> = stations(2).iter().map(StageName::to_string).collect();
        let expected = [
            "gateway",
            "validation",
            "cache",
            "primary",
            "replica-1",
            "replica-2",
            "workers",
            "hypervisor",
            "storage",
        ];
        assert_eq!(names, expected);
    }
}
