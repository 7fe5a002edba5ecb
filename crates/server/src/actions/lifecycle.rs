//! Actions that change the state of instances.

use plimsoll_base::failure::Failure;
use plimsoll_model::workload::call::{Action, Targets};

use super::{ActionEntry, XmlStep};
use crate::api_error::ApiError;
use crate::model::{ActionStep, Caller, CloudModel};
use crate::query::Params;
use crate::render;
use crate::xml::Xml;

/// Rows of the family.
pub const ACTIONS: [ActionEntry; 4] = [
    ActionEntry {
        name: "StartInstances",
        honoured: &["InstanceId.N"],
        without_effect: &["AdditionalInfo"],
        begin: |model, caller, params| change(model, caller, params, false, Action::Start),
    },
    ActionEntry {
        name: "StopInstances",
        honoured: &["InstanceId.N", "Hibernate"],
        without_effect: &["Force"],
        begin: |model, caller, params| {
            let hibernates = params.flag("Hibernate")?.unwrap_or(false);
            change(model, caller, params, true, |targets| Action::Stop(targets, hibernates))
        },
    },
    ActionEntry { name: "RebootInstances", honoured: &["InstanceId.N"], without_effect: &[], begin: reboot },
    ActionEntry {
        name: "TerminateInstances",
        honoured: &["InstanceId.N"],
        without_effect: &["Force", "SkipOsShutdown"],
        begin: |model, caller, params| change(model, caller, params, true, Action::Terminate),
    },
];

/// Returns the step of an action that answers with the states before and after it, and perhaps ends the instances.
fn change(
    model: &mut CloudModel<'_>,
    caller: Caller,
    params: &Params,
    ends: bool,
    action: impl FnOnce(Targets) -> Action,
) -> XmlStep {
    let (targets, ids) = named(model, params)?;
    Ok(ActionStep::call(action(targets), move |model, outcome| {
        let effects = outcome.map_err(|reason| match (reason.failure, &ids[..]) {
            (Failure::OperationNotPermitted, [id]) => ApiError {
                message: format!(
                    "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
                ),
                ..ApiError::from(reason)
            },
            _ => model.instance_error(reason, &ids, caller.account),
        })?;
        effects.instances.iter().for_each(|change| model.labels.note_end(change.id, ends));
        Ok(Xml::fragment(|xml| render::changes(xml, model, &effects.instances)))
    }))
}

fn reboot(model: &mut CloudModel<'_>, caller: Caller, params: &Params) -> XmlStep {
    let (targets, ids) = named(model, params)?;
    Ok(ActionStep::call(Action::Reboot(targets), move |model, outcome| {
        outcome.map_err(|reason| model.instance_error(reason, &ids, caller.account))?;
        Ok(super::success())
    }))
}

/// Returns the instances that a request names, and their ids as it writes them.
pub fn named(model: &mut CloudModel<'_>, params: &Params) -> Result<(Targets, Vec<String>), ApiError> {
    let ids = params.list("InstanceId");
    let handles = model.instance_handles(&ids)?;
    Ok((Targets::Batch(handles), ids.into_iter().map(String::from).collect()))
}
