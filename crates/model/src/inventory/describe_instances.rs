//! `describe-instances`: instances of EC2, as the command line of AWS lists them (API version 2016-11-15), or as CSV.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::json::{self, items, text};
use super::{Absence, Inventory, InventoryInstance, InventorySource, table};
use crate::workload::trace::columns::Column;
use plimsoll_base::input::{InputError, Place, Problem};

/// The source.
///
/// EC2 does not tell on which host an instance is: the instances have a zone, and a run launches them at its start, in the order
/// of their launch. The account is the owner of the reservation.
pub const SOURCE: InventorySource = InventorySource {
    name: "describe-instances",
    description: "instances of EC2, as JSON, or as CSV with columns as in the console",
    made_by: "aws ec2 describe-instances --output json",
    read,
};

fn read(paths: &[PathBuf]) -> Result<Inventory, InputError> {
    let mut found: Vec<(String, InventoryInstance)> = Vec::new();
    let mut inventory = Inventory::default();
    for path in paths {
        if path.extension().is_none_or(|extension| extension != "json") {
            let listed = table::read_file(path)?;
            inventory.instances.extend(listed.instances);
            continue;
        }
        let document = json::read(path)?;
        let Some(reservations) = document["Reservations"].as_array() else {
            let problem = Problem::new(Place::file(path), "found no `Reservations`, expected those of EC2");
            return Err(problem.with_help(format!("make the file by `{}`", SOURCE.made_by)).into());
        };
        for reservation in reservations {
            let owner = text(&reservation["OwnerId"]);
            for instance in items(&reservation["Instances"]) {
                found.push((text(&instance["LaunchTime"]), machine(path, instance, &owner)?));
            }
        }
    }
    // ISO dates of one offset are in the order of their text.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    inventory.instances.extend(found.into_iter().map(|(_, machine)| machine));
    Ok(inventory)
}

fn machine(path: &Path, instance: &Value, owner: &str) -> Result<InventoryInstance, Problem> {
    let name = text(&instance["InstanceId"]);
    if name.is_empty() {
        return Err(Problem::new(Place::file(path), "found an instance without `InstanceId`, expected one"));
    }
    let absence = match text(&instance["State"]["Name"]).as_str() {
        "running" | "pending" | "" => None,
        "stopped" | "stopping" => Some(Absence::PoweredOff),
        _ => Some(Absence::Ended),
    };
    Ok(InventoryInstance {
        name,
        kind: text(&instance["InstanceType"]),
        account: owner.to_string(),
        zone: text(&instance["Placement"]["AvailabilityZone"]),
        absence,
        options: match instance["InstanceLifecycle"] == "spot" {
            true => vec![(Column::Purchase, "spot".to_string())],
            false => Vec::new(),
        },
        ..InventoryInstance::default()
    })
}
