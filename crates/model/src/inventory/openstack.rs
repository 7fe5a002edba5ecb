//! `openstack`: servers, hypervisors and flavors of Nova, inventories of Placement, as JSON of the APIs or of the command line
//! (Nova API 2.96, Placement API 1.39, python-openstackclient 8; read November 2026).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::json::{self, amount, first_text, items};
use super::{Absence, Inventory, InventoryHost, InventoryInstance, InventorySource};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::Resources;

/// The source.
///
/// A host sells what Placement's inventory says, total less reserved times the allocation ratio; without one, what the hypervisor
/// has. The account is the project.
pub const SOURCE: InventorySource = InventorySource {
    name: "openstack",
    description: "servers, hypervisors, flavors and inventories of OpenStack, as JSON",
    made_by: "openstack server list --all-projects --long -f json; openstack hypervisor list --long -f json; openstack \
              flavor list --all -f json",
    read,
};

const HOST: &[&str] = &["OS-EXT-SRV-ATTR:hypervisor_hostname", "OS-EXT-SRV-ATTR:host", "Host", "host"];
const HYPERVISOR: &[&str] = &["hypervisor_hostname", "Hypervisor Hostname"];
const FLAVOR: &[&str] = &["Flavor", "Flavor Name", "flavor"];

fn read(paths: &[PathBuf]) -> Result<Inventory, InputError> {
    let (mut inventory, mut flavors, mut sellable) = (Inventory::default(), BTreeMap::new(), BTreeMap::new());
    for path in paths {
        let document = json::read(path)?;
        let lists = ["servers", "hypervisors", "flavors", "resource_providers"];
        let listed = lists.iter().flat_map(|key| items(&document[*key]));
        let single = [&document];
        let objects: Vec<&Value> = match document.is_array() {
            true => items(&document).iter().collect(),
            false if lists.iter().any(|key| document[*key].is_array()) => listed.collect(),
            false => single.to_vec(),
        };
        for object in objects {
            if object["inventories"].is_object() {
                sellable
                    .insert(first_text(object, &["name", "uuid"]), placement(path, &object["inventories"])?);
            } else if !first_text(object, HYPERVISOR).is_empty() {
                inventory.hosts.push(hypervisor(path, object)?);
            } else if !object["vcpus"].is_null() || !object["VCPUs"].is_null() {
                let shape = flavor(path, object)?;
                for key in ["id", "ID", "name", "Name"] {
                    flavors.insert(first_text(object, &[key]), shape);
                }
            } else if !first_text(object, &["status", "Status"]).is_empty() {
                inventory.instances.push(server(path, object)?);
            } else {
                let found = format!(
                    "found an object with {}, expected a server (`status`), a hypervisor (`hypervisor_hostname`), a flavor \
                     (`vcpus`) or an inventory (`inventories`)",
                    json::keys(object)
                );
                let problem = Problem::new(Place::file(path), found);
                return Err(problem.with_help(format!("make the files by `{}`", SOURCE.made_by)).into());
            }
        }
    }
    for machine in inventory.instances.iter_mut().filter(|machine| machine.shape == Resources::ZERO) {
        if let Some(shape) = flavors.get(&machine.kind) {
            (machine.shape, machine.kind) = (*shape, String::new());
        }
    }
    for host in &mut inventory.hosts {
        if let Some(capacity) = sellable.remove(&host.name) {
            host.capacity = capacity;
        }
    }
    // Providers that Nova did not list are hosts by themselves.
    inventory.hosts.extend(sellable.into_iter().map(|(name, capacity)| InventoryHost {
        name,
        capacity,
        ..InventoryHost::default()
    }));
    Ok(inventory)
}

fn server(path: &Path, server: &Value) -> Result<InventoryInstance, Problem> {
    let name = first_text(server, &["id", "ID", "name", "Name"]);
    let absence = match first_text(server, &["status", "Status"]).as_str() {
        "SHUTOFF" | "SUSPENDED" | "SHELVED" | "SHELVED_OFFLOADED" => Some(Absence::PoweredOff),
        "ERROR" | "DELETED" | "SOFT_DELETED" => Some(Absence::Ended),
        _ => None,
    };
    let embedded = &server["flavor"];
    let shape = if embedded["vcpus"].is_null() { Resources::ZERO } else { flavor(path, embedded)? };
    let kind = match embedded.is_object() {
        true => first_text(embedded, &["original_name", "id"]),
        false => first_text(server, FLAVOR),
    };
    Ok(InventoryInstance {
        name,
        host: first_text(server, HOST),
        kind: if shape == Resources::ZERO { kind } else { String::new() },
        shape,
        account: first_text(server, &["tenant_id", "Project ID", "project_id"]),
        zone: first_text(server, &["OS-EXT-AZ:availability_zone", "Availability Zone"]),
        absence,
        ..InventoryInstance::default()
    })
}

fn flavor(path: &Path, flavor: &Value) -> Result<Resources, Problem> {
    let of = |keys: &[&str]| {
        keys.iter().map(|key| &flavor[*key]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
    };
    let (vcpu, memory) = (of(&["vcpus", "VCPUs"]), of(&["ram", "RAM"]));
    Ok(Resources::new(amount(path, "a flavor", vcpu, 1000)?, amount(path, "a flavor", memory, 1)?))
}

fn hypervisor(path: &Path, hypervisor: &Value) -> Result<InventoryHost, Problem> {
    let name = first_text(hypervisor, HYPERVISOR);
    let of = |keys: &[&str]| {
        keys.iter().map(|key| &hypervisor[*key]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
    };
    let capacity = Resources::new(
        amount(path, &name, of(&["vcpus", "vCPUs"]), 1000)?,
        amount(path, &name, of(&["memory_mb", "Memory MB"]), 1)?,
    );
    let is_closed = first_text(hypervisor, &["status", "Status"]) == "disabled";
    Ok(InventoryHost { name, capacity, is_closed, ..InventoryHost::default() })
}

/// Returns what a provider sells: (total − reserved) × allocation ratio, of each class.
fn placement(path: &Path, inventories: &Value) -> Result<Resources, Problem> {
    let sellable = |class: &str, units: u64| -> Result<u32, Problem> {
        let of = &inventories[class];
        let total =
            amount(path, class, &of["total"], 1)?.saturating_sub(amount(path, class, &of["reserved"], 1)?);
        let ratio = amount(path, class, of.get("allocation_ratio").unwrap_or(&Value::from(1)), 1000)?;
        let sold = u64::from(total) * u64::from(ratio) * units / 1000;
        u32::try_from(sold)
            .map_err(|_| Problem::new(Place::file(path), format!("found too much `{class}`, expected less")))
    };
    let gpu = sellable("PGPU", 1000)?.max(sellable("VGPU", 1000)?);
    Ok(Resources([sellable("VCPU", 1000)?, sellable("MEMORY_MB", 1)?, gpu, 0, 0]))
}
