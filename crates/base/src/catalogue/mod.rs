//! Instance types: the EC2 catalogue, the additions of a scenario, and the request and price of each type.
//!
//! [`built_in`] is the catalogue as data, [`TypeFilter`] searches it, [`TypeTable`] holds the types and
//! bare shapes that one run uses, by [`TypeId`](crate::units::TypeId).

mod entry;
mod filter;
mod table;
mod volume_type;

pub use entry::{CatalogueEntry, built_in, families, find};
pub use filter::{TypeFilter, matches_name, select};
pub use table::{
    BareShape, InstanceType, InstanceTypeConfig, InterfaceLimits, ShapePrice, TypeTable, distinct_models,
};
pub use volume_type::{Performance, SNAPSHOT_MICRO_USD_PER_GIB_MONTH, VolumeType};
