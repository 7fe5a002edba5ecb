//! Sizing: the smallest, or the largest, value of a setting with which a target holds.
//!
//! A [`SizingPlan`] says what is asked. The search doubles or halves the scenario's own value until the target holds at one
//! value and not at another, then halves what is between. Every value is run with the same seeds (common random numbers),
//! and with more of them while the runs do not decide. The [`curve`] of all values tried is kept, and shows whether the
//! response was monotone, as the halving assumes.

pub mod setting;
pub mod target;

pub mod curve;
pub mod look;
mod plan;
mod search;

pub use curve::{Curve, CurvePoint, Estimate, Reversal};
pub use look::{Fits, Look, LookRule};
pub use plan::{Seek, SettingBound, Sizing, SizingPlan, SizingResult};
pub use search::search;
pub use setting::{Coupling, SettingValue, VariedSetting};
pub use target::{Relation, Target, TargetStatus};
