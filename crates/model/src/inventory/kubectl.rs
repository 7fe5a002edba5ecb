//! `kubectl`: nodes and pods of a Kubernetes cluster (API v1; requests of a pod as the scheduler sums them, Kubernetes 1.35
//! documentation "Sidecar Containers" and "Resource Management for Pods and Containers", read November 2026).

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::json::{self, items, text};
use super::{Absence, Inventory, InventoryHost, InventoryInstance, InventorySource};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{RESOURCES, Resources, Rounding, parse_rounded};

/// The source.
///
/// A node sells what is allocatable. A pod asks for what its containers request together, or an init container if that is
/// more, and the overhead of its runtime class. The account is the namespace.
pub const SOURCE: InventorySource = InventorySource {
    name: "kubectl",
    description: "nodes and pods of Kubernetes, as JSON",
    made_by: "kubectl get nodes,pods -A -o json",
    read,
};

const ZONE: &str = "topology.kubernetes.io/zone";
const TYPE: &str = "node.kubernetes.io/instance-type";

/// Resources of Kubernetes by those of a host, with the units of a host in one of theirs, as a ratio.
const QUANTITIES: [(&str, usize, u128, u128); 4] = [
    ("cpu", Resources::VCPU, 1000, 1),
    ("memory", Resources::MEMORY, 1, 1 << 20),
    ("nvidia.com/gpu", Resources::GPU, 1000, 1),
    ("ephemeral-storage", Resources::STORAGE, 1, 1 << 20),
];

/// Suffixes of quantities (`Quantity` of Kubernetes' API machinery) as powers.
const SUFFIXES: [(&str, u128, u128); 15] = [
    ("Ki", 1 << 10, 1),
    ("Mi", 1 << 20, 1),
    ("Gi", 1 << 30, 1),
    ("Ti", 1 << 40, 1),
    ("Pi", 1 << 50, 1),
    ("Ei", 1 << 60, 1),
    ("n", 1, 1_000_000_000),
    ("u", 1, 1_000_000),
    ("m", 1, 1000),
    ("k", 1000, 1),
    ("M", 1_000_000, 1),
    ("G", 1_000_000_000, 1),
    ("T", 1_000_000_000_000, 1),
    ("P", 1_000_000_000_000_000, 1),
    ("E", 1_000_000_000_000_000_000, 1),
];

fn read(paths: &[PathBuf]) -> Result<Inventory, InputError> {
    let mut inventory = Inventory::default();
    for path in paths {
        let document = json::read(path)?;
        let single = [document.clone()];
        let list = if document["items"].is_array() { items(&document["items"]) } else { &single };
        for item in list {
            match text(&item["kind"]).as_str() {
                "Node" => inventory.hosts.push(node(path, item)?),
                "Pod" => inventory.instances.push(pod(path, item)?),
                other => {
                    let found = match other.is_empty() {
                        true => format!("found {}, expected nodes and pods", json::keys(item)),
                        false => format!("found a `{other}`, expected nodes and pods"),
                    };
                    let problem = Problem::new(Place::file(path), found);
                    return Err(problem.with_help(format!("make the file by `{}`", SOURCE.made_by)).into());
                }
            }
        }
    }
    Ok(inventory)
}

fn node(path: &Path, item: &Value) -> Result<InventoryHost, Problem> {
    let labels = &item["metadata"]["labels"];
    let name = text(&item["metadata"]["name"]);
    Ok(InventoryHost {
        capacity: amounts(path, &name, &item["status"]["allocatable"], Whole::Down)?,
        zone: text(&labels[ZONE]),
        sku: text(&labels[TYPE]),
        is_closed: item["spec"]["unschedulable"] == Value::Bool(true),
        name,
        ..InventoryHost::default()
    })
}

fn pod(path: &Path, item: &Value) -> Result<InventoryInstance, Problem> {
    let (metadata, spec) = (&item["metadata"], &item["spec"]);
    let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
    let name = format!("{namespace}/{name}");
    let has_ended = matches!(text(&item["status"]["phase"]).as_str(), "Succeeded" | "Failed");
    let shape = request(path, &name, spec)?;
    Ok(InventoryInstance {
        name,
        host: text(&spec["nodeName"]),
        shape,
        account: namespace,
        absence: has_ended.then_some(Absence::Ended),
        ..InventoryInstance::default()
    })
}

/// Returns what the scheduler counts for a pod: its containers and sidecars together, or the most that an init container needs
/// beside the sidecars begun before it, and the overhead.
fn request(path: &Path, name: &str, spec: &Value) -> Result<Resources, Problem> {
    let of = |container: &Value| amounts(path, name, &container["resources"]["requests"], Whole::Up);
    let mut running = Resources::ZERO;
    let mut most_at_init = Resources::ZERO;
    for container in items(&spec["initContainers"]) {
        let own = of(container)?;
        if container["restartPolicy"] == "Always" {
            running = sum(&running, &own);
            most_at_init = most(&most_at_init, &running);
        } else {
            most_at_init = most(&most_at_init, &sum(&running, &own));
        }
    }
    for container in items(&spec["containers"]) {
        running = sum(&running, &of(container)?);
    }
    Ok(sum(&most(&running, &most_at_init), &amounts(path, name, &spec["overhead"], Whole::Up)?))
}

fn sum(a: &Resources, b: &Resources) -> Resources {
    Resources(std::array::from_fn::<u32, RESOURCES, _>(|i| a.0[i].saturating_add(b.0[i])))
}

fn most(a: &Resources, b: &Resources) -> Resources {
    Resources(std::array::from_fn::<u32, RESOURCES, _>(|i| a.0[i].max(b.0[i])))
}

/// Direction in which an amount becomes a whole number of units.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Up,
    Down,
}

fn amounts(path: &Path, name: &str, list: &Value, whole: Whole) -> Result<Resources, Problem> {
    let mut amounts = Resources::ZERO;
    for (key, resource, over, under) in QUANTITIES {
        let written = text(&list[key]);
        if written.is_empty() {
            continue;
        }
        let amount = quantity(&written, over, under, whole).and_then(|amount| u32::try_from(amount).ok());
        amounts.0[resource] = amount.filter(|amount| *amount < u32::MAX).ok_or_else(|| {
            let found =
                format!("found `{written}` as the `{key}` of `{name}`, expected a quantity of Kubernetes");
            Problem::new(Place::file(path), found)
        })?;
    }
    Ok(amounts)
}

/// Reads a quantity as a whole number of units, `over ÷ under` of which make one.
fn quantity(written: &str, over: u128, under: u128, whole: Whole) -> Option<u128> {
    let suffix = SUFFIXES.iter().find(|(suffix, ..)| written.ends_with(suffix));
    let (number, times, by) = match suffix {
        Some((suffix, times, by)) => (&written[..written.len() - suffix.len()], *times, *by),
        None => (written, 1, 1),
    };
    // Thousandths of a thousandth are finer than any quantity.
    let fine = parse_rounded(number, 1_000_000, Rounding::Nearest).ok()?;
    let scaled = fine.checked_mul(times)?.checked_mul(over)?;
    let unit = 1_000_000 * by * under;
    Some(if whole == Whole::Up { scaled.div_ceil(unit) } else { scaled / unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_every_notation() {
        let memory = |text| quantity(text, 1, 1 << 20, Whole::Up);
        for (text, mib) in [
            ("1Gi", 1024),
            ("1.5Gi", 1536),
            ("1024Ki", 1),
            ("1025Ki", 2),
            ("1048576", 1),
            ("1e6", 1),
            ("128974848", 123),
            ("129M", 124),
            ("128974848000m", 123),
        ] {
            assert_eq!(memory(text), Some(mib), "{text}");
        }
        let cpu = |text, whole| quantity(text, 1000, 1, whole);
        assert_eq!(cpu("0.5", Whole::Up), Some(500));
        assert_eq!((cpu("100m", Whole::Up), cpu("1500000n", Whole::Up)), (Some(100), Some(2)));
        assert_eq!((cpu("1500000n", Whole::Down), cpu("3920m", Whole::Down)), (Some(1), Some(3920)));
        assert_eq!((cpu("x", Whole::Up), cpu("-1", Whole::Up)), (None, None));
    }

    #[test]
    fn a_pod_asks_for_the_most_it_ever_needs() {
        let spec = serde_json::json!({
            "initContainers": [
                { "resources": { "requests": { "cpu": "2", "memory": "1Gi" } } },
                { "restartPolicy": "Always", "resources": { "requests": { "cpu": "100m" } } },
                { "resources": { "requests": { "cpu": "1" } } }
            ],
            "containers": [
                { "resources": { "requests": { "cpu": "500m", "memory": "3Gi", "nvidia.com/gpu": "1" } } },
                { "resources": {} }
            ],
            "overhead": { "cpu": "50m" }
        });
        let found = request(Path::new("p.json"), "a/b", &spec).unwrap();
        assert_eq!(found, Resources([2050, 3 * 1024, 1000, 0, 0]));
    }
}
