//! State that the API keeps between calls.

use crate::cloud::api::client_tokens::ClientTokens;
use crate::cloud::api::handles::Handles;
use crate::cloud::api::launch_context::Allocation;
use crate::cloud::instances::reference::Reference;
use crate::scenario::Scenario;
use crate::scenario::config::RepeatedCalls;
use plimsoll_base::units::{Duration, ZoneId};
use plimsoll_model::placement::config::CreatedGroupConfig;

/// Handles, client tokens, rules of calls, and buffers that calls reuse.
pub struct ApiState {
    /// Resources by the names that calls give them.
    pub handles: Handles,
    /// Launches that may be repeated.
    pub tokens: ClientTokens,
    /// Answer to calls for a state that the instance is in already.
    pub repeated_calls: RepeatedCalls,
    /// Rules of the placement groups that calls create.
    pub created_groups: CreatedGroupConfig,
    /// Lifetimes of the instances of the launch that takes effect now, where a control plane delayed it; otherwise the
    /// demand has them.
    pub delayed_lifetimes: Option<Box<[Duration]>>,
    /// Zones that the launch in progress must not use unless it names them, by zone; empty: it may use all.
    pub closed_zones: Vec<bool>,
    /// Buffer: instances of the launch in progress.
    pub batch: Vec<Allocation>,
    /// Buffer: zones of the launch in progress, in the order they are tried.
    pub zone_order: Vec<ZoneId>,
    /// Buffer: instances that the call in progress names.
    pub targets: Vec<Option<Reference>>,
}

impl ApiState {
    /// Returns the state before the first call.
    pub fn new(scenario: &Scenario) -> ApiState {
        ApiState {
            handles: Handles::default(),
            tokens: ClientTokens::default(),
            repeated_calls: scenario.lifecycle.repeated_calls,
            created_groups: scenario.placement.created_groups.clone(),
            delayed_lifetimes: None,
            closed_zones: Vec::new(),
            batch: Vec::new(),
            zone_order: Vec::new(),
            targets: Vec::new(),
        }
    }
}
