//! Dispatch: hands a call to the flow that answers it.

use crate::cloud::api::instance_action::{self, InstanceAction};
use crate::cloud::api::{describe, launch, resource_calls};
use crate::cloud::reaction::attempts;
use crate::cloud::world::World;
use plimsoll_base::units::Time;
use plimsoll_model::workload::call::{Action, Call, Sender};

#[inline(always)] // every launch
pub fn call(world: &mut World, now: Time, call: &Call) {
    let account = call.account;
    let (targets, action) = match &call.action {
        Action::Launch(launch) => {
            return match world.reactions {
                Some(_) if launch.sender != Sender::Client => attempts::launch(world, now, account, launch),
                _ => launch::launch(world, now, account, launch),
            };
        }
        Action::Describe(query) => return describe::describe(world, now, account, query),
        Action::Resource(resource) => return resource_calls::call(world, now, account, resource),
        Action::Start(targets) => (targets, InstanceAction::Start),
        Action::Stop(targets, false) => (targets, InstanceAction::Stop),
        Action::Stop(targets, true) => (targets, InstanceAction::Hibernate),
        Action::Reboot(targets) => (targets, InstanceAction::Reboot),
        Action::Terminate(targets) => (targets, InstanceAction::Terminate),
        Action::Modify(targets, change) => (targets, InstanceAction::Modify(change)),
        Action::CreateTags(targets, tags) => (targets, InstanceAction::AddTags(tags)),
        Action::DeleteTags(targets, keys) => (targets, InstanceAction::RemoveTags(keys)),
    };
    instance_action::on_targets(world, now, account, targets, action);
}
