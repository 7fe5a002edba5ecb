//! What the control plane has to know of a call, seen when it is made.

use super::super::Cloud;
use super::super::reference::Reference;
use plimsoll_base::units::AccountId;
use plimsoll_model::control_plane::config::Index;
use plimsoll_model::control_plane::plane::path::{JobPath, RecordKey, Route};
use plimsoll_model::control_plane::plane::requests::Profile;
use plimsoll_model::control_plane::throttle::Class;
use plimsoll_model::workload::call::{Action, Call, Filter, Query, Targets};

impl Cloud {
    /// Returns what the plane has to know of a call.
    pub(super) fn profile(&self, call: &Call) -> Profile {
        let account = call.account;
        let operation = call.action.operation();
        let (mut record, mut scans, mut is_paged) = (RecordKey::None, false, true);
        match &call.action {
            Action::Launch(launch) => record = RecordKey::InstanceType(launch.kind),
            Action::Describe(query) => {
                is_paged = is_narrow(query);
                match &query.targets {
                    Some(targets) => record = self.record(account, targets),
                    None => {
                        let fingerprint = if query.filters.is_empty() { 0 } else { fingerprint(query) };
                        record = RecordKey::Query { account, query: fingerprint };
                        scans = self.scans(query);
                    }
                }
            }
            action => {
                if let Some(targets) = action.targets() {
                    record = self.record(account, targets);
                }
            }
        }
        let has_volumes = matches!(&call.action, Action::Launch(launch)
            if launch.options.as_ref().is_some_and(|options| !options.volumes.is_empty()));
        Profile {
            operation,
            account,
            class: Class::of(operation, is_paged),
            resources: self.resources(&call.action),
            path: JobPath::Call { route: Route::of(operation), record, scans, has_volumes },
        }
    }

    /// Returns what a call about these instances is about: the one it means, or the first of a batch, which stands for all.
    fn record(&self, account: AccountId, targets: &Targets) -> RecordKey {
        let instance = match *targets {
            Targets::Drawn { draw, count: 1 } => self.instances.drawn_one(account, draw),
            Targets::Drawn { draw, .. } => return RecordKey::Query { account, query: draw | 1 },
            _ => {
                let first = targets.handles().first().map(|handle| self.first_named(account, *handle));
                first.and_then(Result::ok).map(|slot| self.instances.reference(slot))
            }
        };
        let Some(Reference { slot, id, .. }) = instance else { return RecordKey::None };
        RecordKey::Instance { id: id.0, slot: slot.0 }
    }

    /// Instances that a call is about, where buckets of resources may count them; a name that stands for none counts
    /// as one.
    fn resources(&self, action: &Action) -> u32 {
        match action {
            Action::Launch(launch) => launch.max_count,
            Action::Start(targets) | Action::Stop(targets, _) | Action::Terminate(targets) => match targets {
                Targets::Drawn { count, .. } => *count,
                targets => targets.handles().iter().map(|name| self.named(*name).len().max(1) as u32).sum(),
            },
            _ => 1,
        }
    }

    /// Returns whether no index helps to find what a query about an account asks for: without filters one by account does,
    /// with filters one by any of them.
    fn scans(&self, query: &Query) -> bool {
        let indexes = &self.control.as_ref().expect("there is a control plane").indexes;
        match query.filters.as_slice() {
            [] => !indexes.contains(&Index::Account),
            filters => !filters.iter().any(|filter| indexes.contains(&index_of(filter))),
        }
    }
}

/// Returns whether a query asks for less than everything at once.
fn is_narrow(query: &Query) -> bool {
    query.targets.is_some() || query.page_size.is_some() || !query.filters.is_empty()
}

fn index_of(filter: &Filter) -> Index {
    match filter {
        Filter::State(_) => Index::State,
        Filter::Type(_) => Index::Type,
        Filter::Zone(_) => Index::Zone,
        Filter::Subnet(_) => Index::Subnet,
        Filter::Tag(..) => Index::Tag,
    }
}

/// A number for the filters of a query, never 0 (FNV-1a over their text).
fn fingerprint(query: &Query) -> u64 {
    let text = format!("{:?}", query.filters);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash | 1
}
