//! Actions of EC2's Query protocol: one register, and a file for each family.
//!
//! A row names every parameter that the action honours, and those that it takes and shows or ignores. Any other is refused, so
//! that no client believes in an effect that the model does not have.

pub mod addresses;
pub mod attributes;
pub mod dedicated_hosts;
pub mod descriptions;
pub mod instance_types;
pub mod interfaces;
pub mod key_pairs;
pub mod launch;
pub mod lifecycle;
pub mod placement_groups;
pub mod places;
pub mod reservations;
pub mod security_groups;
pub mod snapshots;
pub mod spot_requests;
pub mod tags;
pub mod volumes;

use crate::api_error::ApiError;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;

/// Elements of the answer to an action.
pub type XmlBody = Vec<u8>;

/// Step of an action that answers in XML.
pub type XmlStep = Result<ActionStep<XmlBody>, ApiError>;

/// Row of the register.
pub struct ActionEntry {
    /// Name, EC2's.
    pub name: &'static str,
    /// Parameters that have an effect, with `N` for numbers of lists.
    pub honoured: &'static [&'static str],
    /// Beginnings of parameters that have none in the model, though they may be shown again.
    pub without_effect: &'static [&'static str],
    /// Function that reads a request and says what is to be done.
    pub begin: fn(&mut CloudModel<'_>, Caller, &Params) -> XmlStep,
}

/// Parameters of every request.
const COMMON: [&str; 3] = ["Action", "Version", "DryRun"];

/// Every action, by family.
pub const REGISTER: &[&[ActionEntry]] = &[
    &[launch::RUN_INSTANCES],
    &lifecycle::ACTIONS,
    &descriptions::ACTIONS,
    &attributes::ACTIONS,
    &tags::ACTIONS,
    &volumes::ACTIONS,
    &snapshots::ACTIONS,
    &addresses::ACTIONS,
    &interfaces::ACTIONS,
    &security_groups::ACTIONS,
    &placement_groups::ACTIONS,
    &reservations::ACTIONS,
    &dedicated_hosts::ACTIONS,
    &spot_requests::ACTIONS,
    &instance_types::ACTIONS,
    &places::ACTIONS,
    &key_pairs::ACTIONS,
];

/// Actions that waiters repeat until a resource is in some state.
const POLLED: [&str; 6] = [
    "DescribeInstances",
    "DescribeInstanceStatus",
    "DescribeVolumes",
    "DescribeSnapshots",
    "DescribeImages",
    "DescribeSpotInstanceRequests",
];

impl ActionEntry {
    /// Returns whether waiters repeat the action until a resource is in some state.
    pub fn is_polled(&self) -> bool {
        POLLED.contains(&self.name)
    }
}

/// Returns every action, in the order of the register.
pub fn all() -> impl Iterator<Item = &'static ActionEntry> {
    REGISTER.iter().copied().flatten()
}

/// Returns the action that a request names.
///
/// # Errors
///
/// No action, one that is not modelled, or a parameter that the action does not have.
pub fn find(params: &Params) -> Result<&'static ActionEntry, ApiError> {
    let name = params.get("Action").unwrap_or_default();
    if name.is_empty() {
        return Err(ApiError::client("MissingAction", "The request does not contain an action"));
    }
    let entry = all().find(|entry| entry.name == name).ok_or_else(|| {
        let modelled: Vec<&str> = all().map(|entry| entry.name).collect();
        let message = format!("The action {name} is not modelled. Modelled are: {}", modelled.join(", "));
        ApiError::client("InvalidAction", message)
    })?;
    let is_known = |pattern: &String| {
        COMMON.contains(&pattern.as_str())
            || entry.honoured.contains(&pattern.as_str())
            || entry.without_effect.iter().any(|start| pattern.starts_with(start))
    };
    let unknown: Vec<String> = params.patterns().into_iter().filter(|pattern| !is_known(pattern)).collect();
    if !unknown.is_empty() {
        let message = format!("{name} does not model the parameter {}", unknown.join(", "));
        return Err(ApiError::client("UnknownParameter", message));
    }
    Ok(entry)
}

/// Brings the labels of resources into line with what the cloud has done by itself since the last request or answer.
pub fn follow(model: &mut CloudModel<'_>) {
    model.labels.forget_due(model.session.now());
    dedicated_hosts::follow_replaced(model);
    spot_requests::follow_fulfilled(model);
}

/// Returns the answer of actions that return nothing but their success.
fn success() -> XmlBody {
    crate::xml::Xml::fragment(|xml| xml.text("return", true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn found(form: &str) -> Result<&'static str, ApiError> {
        find(&Params::parse(form.as_bytes()).unwrap()).map(|entry| entry.name)
    }

    #[test]
    fn no_action_is_there_twice() {
        let names: BTreeSet<&str> = all().map(|entry| entry.name).collect();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn what_is_not_modelled_is_refused_with_what_is() {
        let error = found("Action=CreateFleet").unwrap_err();
        assert_eq!(error.code, "InvalidAction");
        assert!(error.message.contains("RunInstances, "), "{}", error.message);
        assert_eq!(found("Version=2016-11-15").unwrap_err().code, "MissingAction");
        let error = found("Action=StartInstances&InstanceId.1=i-0&Wait.7.For=x").unwrap_err();
        assert_eq!((error.code, error.message.contains("Wait.N.For")), ("UnknownParameter", true));
        assert_eq!(found("Action=StartInstances&InstanceId.12=i-0&Version=1"), Ok("StartInstances"));
    }
}
