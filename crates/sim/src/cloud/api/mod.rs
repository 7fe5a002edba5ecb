//! The API: a file for each kind of call, and what calls have in common.

pub mod address_calls;
pub mod client_answers;
pub mod client_calls;
pub mod client_tokens;
pub mod describe;
pub mod dispatch;
pub mod ends;
pub mod handles;
pub mod instance_action;
pub mod launch;
pub mod launch_batch;
pub mod launch_context;
pub mod launch_options;
pub mod modify;
pub mod placement_calls;
pub mod refused;
pub mod released_hosts;
pub mod reservation_calls;
pub mod resource_calls;
pub mod security_groups;
pub mod shortage;
pub mod start;
pub mod state;
pub mod tags;
pub mod targets;
pub mod volume_calls;
