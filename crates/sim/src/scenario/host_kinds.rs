//! Kinds of hosts of a scenario: its host groups by the name of their hardware.

use super::Scenario;
use plimsoll_model::fleet::config::HostGroupConfig;

/// Kinds of hosts, in the order of their first group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostKinds {
    /// Name of each: the `sku` of its groups, else their size or file.
    pub names: Vec<String>,
    /// Kind of each group, by its number in file order over all zones.
    pub of_group: Vec<u16>,
}

impl Scenario {
    /// Returns the kinds of hosts.
    pub fn host_kinds(&self) -> HostKinds {
        let mut kinds = HostKinds::default();
        for group in self.zones.iter().flat_map(|zone| &zone.hosts) {
            let name = name(group);
            let known = kinds.names.iter().position(|known| *known == name);
            let kind = known.unwrap_or_else(|| {
                kinds.names.push(name);
                kinds.names.len() - 1
            });
            kinds.of_group.push(kind as u16);
        }
        kinds
    }
}

fn name(group: &HostGroupConfig) -> String {
    if let Some(sku) = &group.sku {
        return sku.clone();
    }
    match (&group.file, &group.vcpu, &group.memory_gib) {
        (Some(file), _, _) => file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        (None, Some(vcpu), Some(memory)) => format!("{} vCPU, {} GiB", vcpu.as_str(), memory.as_str()),
        (None, _, _) => String::new(),
    }
}
