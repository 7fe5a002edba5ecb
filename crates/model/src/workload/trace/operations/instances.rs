//! Calls about instances.

use std::sync::Arc;

use super::super::columns::Column;
use super::super::columns::SEPARATOR;
use super::super::options;
use super::super::row::{TraceRow, whole_number};
use crate::lifecycle::State;
use crate::workload::call::{Action, End, Filter, Launch, Modification, Query, Sender, Targets};
use crate::workload::handles::HandleBook;

/// The most instances of one call.
const MAX_COUNT: u32 = 1_000_000;

/// Reads `launch`. Used for another launch, a name stands for that one from then on.
pub fn launch(row: &mut TraceRow) -> Option<Action> {
    let max_count = count(row, Column::Count).unwrap_or(1);
    let min_count = count(row, Column::MinCount).unwrap_or(max_count);
    if min_count > max_count {
        row.wrong(Column::MinCount, "is more than `count`");
    }
    let options = options::shared(row);
    options::refuse_what_residents_say(row, options.as_deref());
    Some(Action::Launch(Launch {
        kind: row.kind(),
        min_count,
        max_count,
        zone: row.zone(),
        subnet: row.subnet(),
        public_address: row.flag(Column::PublicAddress),
        handle: row.handle(Column::Instance, HandleBook::instance),
        end: End::Never,
        options,
        stops: None,
        sender: Sender::Trace,
        first_instance: 0,
    }))
}

/// Returns a number of instances.
pub fn count(row: &mut TraceRow, column: Column) -> Option<u32> {
    row.parse(column, |text| match whole_number(text) {
        Ok(number) if (1..=MAX_COUNT).contains(&number) => Ok(number),
        _ => Err("cannot be a number of instances"),
    })
}

/// Reads `start`.
pub fn start(row: &mut TraceRow) -> Option<Action> {
    targets(row).map(Action::Start)
}

/// Reads `stop`.
pub fn stop(row: &mut TraceRow) -> Option<Action> {
    targets(row).map(|targets| Action::Stop(targets, false))
}

/// Reads `hibernate`.
pub fn hibernate(row: &mut TraceRow) -> Option<Action> {
    targets(row).map(|targets| Action::Stop(targets, true))
}

/// Reads `reboot`.
pub fn reboot(row: &mut TraceRow) -> Option<Action> {
    targets(row).map(Action::Reboot)
}

/// Reads `terminate`.
pub fn terminate(row: &mut TraceRow) -> Option<Action> {
    targets(row).map(Action::Terminate)
}

/// Reads `create-tags`.
pub fn create_tags(row: &mut TraceRow) -> Option<Action> {
    let tags = row.parse_items(Column::Tags, options::tag).into();
    targets(row).map(|targets| Action::CreateTags(targets, tags))
}

/// Reads `delete-tags`.
pub fn delete_tags(row: &mut TraceRow) -> Option<Action> {
    let keys = row.items(Column::TagKeys).into_iter().map(str::to_string).collect();
    targets(row).map(|targets| Action::DeleteTags(targets, keys))
}

/// Reads `modify`.
pub fn modify(row: &mut TraceRow) -> Option<Action> {
    let groups = row.handles(Column::SecurityGroups, HandleBook::security_group);
    let change = Modification {
        kind: row.kind_if_any(),
        protected: row.flag(Column::Protection),
        security_groups: (!groups.is_empty()).then_some(groups),
    };
    if row.is_sound() && change == Modification::default() {
        let found = "found nothing to change, expected a type or shape, `protection` or `security_groups`";
        row.add_to_row(found);
    }
    targets(row).map(|targets| Action::Modify(targets, Arc::new(change)))
}

/// Reads `describe`.
pub fn describe(row: &mut TraceRow) -> Option<Action> {
    let targets = targets(row);
    let filters = row.items(Column::Filters).into_iter().filter_map(|text| filter(row, text)).collect();
    let page_size = row.number(Column::PageSize);
    Some(Action::Describe(Query { targets, filters, page_size }))
}

/// Returns the instances named; `None` where nothing is named, which is noted already where something must be.
fn targets(row: &mut TraceRow) -> Option<Targets> {
    let handles = row.handles(Column::Instance, HandleBook::instance);
    match handles[..] {
        [] => None,
        [handle] => Some(Targets::One(handle)),
        _ => Some(Targets::Batch(handles.into_boxed_slice())),
    }
}

/// Returns a filter written as `name=value`; states may be several, `state=running,stopped`.
fn filter(row: &mut TraceRow, text: &str) -> Option<Filter> {
    let place = {
        let (table, cell) = (row.table, row.position(Column::Filters)?);
        move || table.place(cell)
    };
    let (name, value) = match text.split_once('=') {
        Some((name, value)) if !value.is_empty() || name.starts_with("tag:") => (name, Some(value)),
        None if text.starts_with("tag:") => (text, None),
        _ => return unknown(row, text),
    };
    let found = match (name, value) {
        ("state", Some(states)) => return states_of(row, states),
        ("type", Some(name)) => row.directory().named_type(name, place).map(Filter::Type),
        ("zone", Some(name)) => row.directory().zone(name, place).map(Filter::Zone),
        ("subnet", Some(name)) => row.directory().subnet(name, place).map(Filter::Subnet),
        ("tag-key", Some(key)) => Ok(Filter::Tag(key.to_string(), None)),
        (name, value) => match name.strip_prefix("tag:").filter(|key| !key.is_empty()) {
            Some(key) => Ok(Filter::Tag(key.to_string(), value.map(str::to_string))),
            None => return unknown(row, text),
        },
    };
    row.take(found.map(Some))
}

fn states_of(row: &mut TraceRow, names: &str) -> Option<Filter> {
    let mut states = Vec::new();
    for name in names.split(',') {
        let Some(state) = State::ALL.into_iter().find(|state| state.name() == name) else {
            let all: Vec<&str> = State::ALL.iter().map(|state| state.name()).collect();
            row.wrong(Column::Filters, format_args!("has the state `{name}`, none of {}", all.join(", ")));
            return None;
        };
        states.push(state);
    }
    Some(Filter::State(states))
}

fn unknown(row: &mut TraceRow, text: &str) -> Option<Filter> {
    if !text.is_empty() {
        row.wrong(
            Column::Filters,
            format_args!("has `{text}`, no filter (`{SEPARATOR}` stands between two)"),
        );
    }
    None
}
