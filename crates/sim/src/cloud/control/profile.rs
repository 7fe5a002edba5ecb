//! Profiles of calls for the control plane, taken when the call is made.

use crate::cloud::api::targets::{self, awaited};
use crate::cloud::instances::reference::Reference;
use crate::cloud::instances::volumes;
use crate::cloud::world::World;
use plimsoll_base::units::{AccountId, ImageId};
use plimsoll_model::control_plane::config::IndexAttribute;
use plimsoll_model::control_plane::plane::jobs::ImageSize;
use plimsoll_model::control_plane::plane::path::{JobPath, RecordKey, Route};
use plimsoll_model::control_plane::plane::requests::Profile;
use plimsoll_model::control_plane::throttle::ApiClass;
use plimsoll_model::workload::call::{Action, Call, Filter, Launch, Query, Sender, Targets};

/// Returns the profile of a call.
pub fn profile(world: &World, call: &Call) -> Profile {
    let account = call.account;
    let operation = call.action.operation();
    let (mut record, mut scans, mut is_paged) = (RecordKey::None, false, true);
    match &call.action {
        Action::Launch(launch) => record = RecordKey::InstanceType(launch.kind),
        Action::Describe(query) => {
            is_paged = is_narrow(query);
            match &query.targets {
                Some(targets) => record = record_of(world, account, targets),
                None => {
                    let fingerprint = if query.filters.is_empty() { 0 } else { fingerprint(query) };
                    record = RecordKey::Query { account, query: fingerprint };
                    scans = is_scan(world, query);
                }
            }
        }
        action => {
            if let Some(targets) = action.targets() {
                record = record_of(world, account, targets);
            }
        }
    }
    let has_volumes = matches!(&call.action, Action::Launch(launch)
        if launch.options.as_ref().is_some_and(|options| !options.volumes.is_empty()));
    Profile {
        operation,
        account,
        class: ApiClass::of(operation, is_paged),
        resources: count_resources(world, &call.action),
        path: JobPath::Call { route: Route::of(operation), record, scans, has_volumes },
        is_of_service: is_of_service(world, &call.action),
    }
}

/// Returns whether a call is a launch for a group or a pool.
fn is_of_service(world: &World, action: &Action) -> bool {
    let Action::Launch(Launch { sender: Sender::Open(number), .. }) = action else { return false };
    let reactions = world.reactions.as_ref().expect("demand reacts");
    reactions.open.get(number).is_some_and(|open| open.first.sender.has_owner())
}

/// Returns the record that a call about these instances needs: that of the first, which stands for all.
fn record_of(world: &World, account: AccountId, targets: &Targets) -> RecordKey {
    let instance = match *targets {
        Targets::Drawn { draw, count: 1 } => world.instances.sample_one(account, draw),
        Targets::Drawn { draw, .. } => return RecordKey::Query { account, query: draw | 1 },
        Targets::Awaited(number) => awaited(world, number).first().copied(),
        _ => {
            let first = targets.handles().first().map(|handle| targets::first(world, account, *handle));
            first.and_then(Result::ok).map(|slot| world.instances.reference(slot))
        }
    };
    let Some(Reference { slot, id, .. }) = instance else { return RecordKey::None };
    RecordKey::Instance { id: id.0, slot: slot.0 }
}

/// Returns the number of instances that a call is about, where buckets of resources may count them; a handle of none counts
/// as one.
fn count_resources(world: &World, action: &Action) -> u32 {
    match action {
        Action::Launch(launch) => launch.max_count,
        Action::Start(targets) | Action::Stop(targets, _) | Action::Terminate(targets) => match targets {
            Targets::Drawn { count, .. } => *count,
            targets => targets
                .handles()
                .iter()
                .map(|name| world.api.handles.instances.of(*name).len().max(1) as u32)
                .sum(),
        },
        _ => 1,
    }
}

/// Returns whether no index helps to answer a query: without filters one by account does, with filters one by any of
/// them.
fn is_scan(world: &World, query: &Query) -> bool {
    let indexes = &world.control.as_ref().expect("there is a control plane").indexes;
    match query.filters.as_slice() {
        [] => !indexes.contains(&IndexAttribute::Account),
        filters => !filters.iter().any(|filter| indexes.contains(&index_of(filter))),
    }
}

/// Returns whether a query asks for less than everything at once.
fn is_narrow(query: &Query) -> bool {
    query.targets.is_some() || query.page_size.is_some() || !query.filters.is_empty()
}

/// Returns the index that serves a filter.
fn index_of(filter: &Filter) -> IndexAttribute {
    match filter {
        Filter::State(_) => IndexAttribute::State,
        Filter::Type(_) => IndexAttribute::Type,
        Filter::Zone(_) => IndexAttribute::Zone,
        Filter::Subnet(_) => IndexAttribute::Subnet,
        Filter::Tag(..) => IndexAttribute::Tag,
    }
}

/// Returns a number for the filters of a query, never 0 (FNV-1a over their text).
fn fingerprint(query: &Query) -> u64 {
    let text = format!("{:?}", query.filters);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash | 1
}

/// Stands for the image of a launch that names none.
const UNNAMED_IMAGE: ImageId = ImageId(u32::MAX);

/// Returns the image that the host has to download for a launch.
pub fn image_of(world: &World, account: AccountId, launch: &Launch) -> Option<ImageSize> {
    let control = world.control.as_ref()?;
    let named = launch.options.as_ref().and_then(|options| options.image);
    let id = named.and_then(|image| volumes::find_image(world, account, image).ok());
    let gib = id.and_then(|id| world.storage.image(id)).map(|image| image.size_gib).filter(|gib| *gib > 0);
    let gib = gib.unwrap_or(control.plane.default_image_gib());
    Some(ImageSize { id: id.unwrap_or(UNNAMED_IMAGE), gib })
}
