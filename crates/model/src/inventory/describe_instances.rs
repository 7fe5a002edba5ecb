//! `describe-instances`: instances of EC2, as the command line of AWS lists them (API version 2016-11-15), or as CSV, and its dedicated
//! hosts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::json::{self, amount, items, text};
use super::{Absence, DedicatedTerms, Inventory, InventoryHost, InventoryInstance, InventorySource, table};
use crate::fleet::hardware::Hardware;
use crate::workload::trace::columns::Column;
use plimsoll_base::catalogue::{self, CatalogueEntry};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::Resources;

/// The source.
///
/// EC2 tells on which host an instance is only where that is a dedicated host of its account: there it is a resident. The others have a
/// zone, and a run launches them at its start, in the order of their launch. The account is the owner of the reservation.
pub const SOURCE: InventorySource = InventorySource {
    name: "describe-instances",
    description: "instances and dedicated hosts of EC2, as JSON, or as CSV with columns as in the console",
    made_by: "aws ec2 describe-instances --output json; aws ec2 describe-hosts --output json",
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
        if let Some(hosts) = document["Hosts"].as_array() {
            let hosts = hosts.iter().filter(|host| !text(&host["State"]).starts_with("released"));
            inventory
                .hosts
                .extend(hosts.map(|host| dedicated_host(path, host)).collect::<Result<Vec<_>, _>>()?);
            continue;
        }
        let Some(reservations) = document["Reservations"].as_array() else {
            let found = format!("found {}, expected `Reservations` or `Hosts` of EC2", json::keys(&document));
            let problem = Problem::new(Place::file(path), found);
            return Err(problem.with_help(format!("make the files by `{}`", SOURCE.made_by)).into());
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
    assume_hosts(&mut inventory);
    assume_accounts(&mut inventory);
    Ok(inventory)
}

/// Reads a dedicated host. EC2 tells its vCPUs and what it takes, and not its memory, which is that of its family for each vCPU.
fn dedicated_host(path: &Path, host: &Value) -> Result<InventoryHost, Problem> {
    let name = text(&host["HostId"]);
    if name.is_empty() {
        return Err(Problem::new(Place::file(path), "found a host without `HostId`, expected one"));
    }
    let properties = &host["HostProperties"];
    let vcpu = amount(path, &name, &properties["TotalVCpus"], 1000)?;
    let kind = text(&properties["InstanceType"]);
    let family = match text(&properties["InstanceFamily"]) {
        family if family.is_empty() => family_of(&kind).to_string(),
        family => family,
    };
    let memory = largest_of(&family)
        .map_or(0, |entry| u64::from(vcpu) * u64::from(entry.memory_mib) / (u64::from(entry.vcpu) * 1000));
    let takes = |name: String| BTreeSet::from_iter((!name.is_empty()).then_some(name));
    let hardware = match kind.is_empty() {
        true => Hardware { families: takes(family.clone()), ..Hardware::default() },
        false => Hardware { types: takes(kind), ..Hardware::default() },
    };
    Ok(InventoryHost {
        name,
        capacity: Resources::new(vcpu, u32::try_from(memory).unwrap_or(u32::MAX - 1)),
        zone: text(&host["AvailabilityZone"]),
        sku: family,
        hardware,
        is_closed: text(&host["State"]) != "available",
        dedicated: Some(DedicatedTerms {
            account: text(&host["OwnerId"]),
            auto_placement: host["AutoPlacement"] == "on",
            recovery: host["HostRecovery"] == "on",
        }),
        ..InventoryHost::default()
    })
}

/// Adds the dedicated hosts that only instances name, each as large as the largest type of the family of its first instance.
fn assume_hosts(inventory: &mut Inventory) {
    let mut known: BTreeSet<String> = inventory.hosts.iter().map(|host| host.name.clone()).collect();
    for machine in inventory.instances.iter().filter(|machine| machine.absence.is_none()) {
        let family = family_of(&machine.kind);
        let Some(entry) = largest_of(family).filter(|_| !machine.host.is_empty()) else { continue };
        if known.insert(machine.host.clone()) {
            inventory.hosts.push(InventoryHost {
                name: machine.host.clone(),
                capacity: Resources::new(entry.vcpu * 1000, entry.memory_mib),
                zone: machine.zone.clone(),
                sku: family.to_string(),
                dedicated: Some(DedicatedTerms {
                    account: machine.account.clone(),
                    ..DedicatedTerms::default()
                }),
                is_assumed: true,
                ..InventoryHost::default()
            });
        }
    }
}

/// Gives the dedicated hosts that name no account that of their first instance.
fn assume_accounts(inventory: &mut Inventory) {
    let running = || inventory.instances.iter().filter(|machine| machine.absence.is_none());
    for host in &mut inventory.hosts {
        let Some(terms) = host.dedicated.as_mut().filter(|terms| terms.account.is_empty()) else { continue };
        if let Some(machine) = running().find(|machine| machine.host == host.name) {
            terms.account.clone_from(&machine.account);
        }
    }
}

/// Returns the family of a type: what stands before the dot.
fn family_of(kind: &str) -> &str {
    kind.split_once('.').map_or("", |(family, _)| family)
}

/// Returns the largest type of a family, of bare metal only where the family has no other.
fn largest_of(family: &str) -> Option<&'static CatalogueEntry> {
    let of_family = catalogue::built_in().iter().filter(|entry| entry.family() == family);
    of_family.max_by_key(|entry| (!entry.bare_metal, entry.vcpu, entry.memory_mib))
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
    let placement = &instance["Placement"];
    let host = text(&placement["HostId"]);
    let mut options = Vec::new();
    let tenancy = text(&placement["Tenancy"]);
    if !host.is_empty() || tenancy == "host" {
        options.push((Column::Tenancy, "host".to_string()));
    } else if tenancy == "dedicated" {
        options.push((Column::Tenancy, tenancy));
    }
    if instance["InstanceLifecycle"] == "spot" {
        options.push((Column::Purchase, "spot".to_string()));
    }
    Ok(InventoryInstance {
        name,
        host,
        kind: text(&instance["InstanceType"]),
        account: owner.to_string(),
        zone: text(&placement["AvailabilityZone"]),
        absence,
        options,
        ..InventoryInstance::default()
    })
}
