//! Money: billed time by account and type, and the bill it makes. Exact inside, rounded where shown.

mod invoice;
mod meter;
mod seconds;
mod usage;

pub use invoice::{Bill, BillRow, Kind, Purchase};
pub use meter::{Meter, MeterRow};
pub use seconds::{MINIMUM, billed_seconds, billed_seconds_past_minimum};
pub use usage::{Item, Usage};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::ShapePrice;

/// `[billing]` of a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BillingConfig {
    /// What bare shapes cost, and types without a price.
    pub shape: ShapePrice,
}
