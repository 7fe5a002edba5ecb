//! Volume types, their limits and prices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A type of volume (EC2 user guide, "Amazon EBS volume types").
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeType {
    /// General purpose, the current generation.
    #[default]
    Gp3,
    /// General purpose, IOPS by size.
    Gp2,
    /// Provisioned IOPS.
    Io1,
    /// Provisioned IOPS, the current generation.
    Io2,
    /// Throughput optimised disks.
    St1,
    /// Cold disks.
    Sc1,
}

impl VolumeType {
    /// Every type.
    pub const ALL: [VolumeType; 6] = {
        use VolumeType::*;
        [Gp3, Gp2, Io1, Io2, St1, Sc1]
    };

    /// EC2's name.
    pub const fn name(self) -> &'static str {
        match self {
            VolumeType::Gp3 => "gp3",
            VolumeType::Gp2 => "gp2",
            VolumeType::Io1 => "io1",
            VolumeType::Io2 => "io2",
            VolumeType::St1 => "st1",
            VolumeType::Sc1 => "sc1",
        }
    }

    /// The type of a name, if it is one.
    pub fn named(name: &str) -> Option<VolumeType> {
        VolumeType::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
