//! Instances: their table, their lifecycle, and the effects of each step of it.

pub mod by_host;
pub mod extras;
pub mod instance;
pub mod instances_by_id;
pub mod interfaces;
pub mod interruption;
pub mod lifecycle;
pub mod live_instances;
pub mod metering;
pub mod quota_claims;
pub mod recovery;
pub mod reference;
pub mod spot;
pub mod stop_cycle;
pub mod table;
pub mod teardown;
pub mod volumes;
