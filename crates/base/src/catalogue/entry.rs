//! The EC2 catalogue of us-east-1, embedded as data; source and licence are in `data/README.md`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::sync::OnceLock;

use crate::units::{Decimal, Resources};

/// Instance type as EC2 describes it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// Name, such as `m5.large`.
    pub name: String,
    /// True if EC2 recommends it for new work.
    pub current_generation: bool,
    /// True if the instance is a whole machine.
    pub bare_metal: bool,
    /// True if its processor share works by credits.
    pub burstable: bool,
    /// Processor architectures, separated by `|`.
    pub arch: String,
    /// Virtual processors \[vCPU\].
    pub vcpu: u32,
    /// Memory \[MiB\].
    pub memory_mib: u32,
    /// GPUs \[milli-GPU\]; other accelerators do not count.
    pub gpu_milli: u32,
    /// Name of the GPU, or empty.
    pub gpu_name: String,
    /// Disks of the machine itself, which vanish with the instance \[10⁹ bytes\].
    pub local_storage_gb: u32,
    /// Network bandwidth it can always have \[Mbit/s\].
    pub network_baseline_mbps: u32,
    /// Network bandwidth it can have for a while \[Mbit/s\].
    pub network_peak_mbps: u32,
    /// Network interfaces it can have.
    pub max_enis: u32,
    /// Private IPv4 addresses of one interface.
    pub ipv4_per_eni: u32,
    /// Bandwidth to volumes it can always have \[Mbit/s\]; 0 where it is not optimised for them.
    pub ebs_baseline_mbps: u32,
    /// Bandwidth to volumes it can have for a while \[Mbit/s\].
    pub ebs_max_mbps: u32,
    /// Operations on volumes it can always have \[1/s\].
    pub ebs_baseline_iops: u32,
    /// Operations on volumes it can have for a while \[1/s\].
    pub ebs_max_iops: u32,
    /// Volumes it can have attached.
    pub ebs_max_attachments: u32,
    /// True if it is sold on the spot market.
    pub spot: bool,
    /// Ids of the zones that offer it.
    #[serde(deserialize_with = "separated_by_bars")]
    pub zones: Vec<String>,
    /// On-demand price of Linux \[USD/h\], where one is published.
    pub on_demand_usd_per_hour: Option<Decimal>,
}

impl CatalogueEntry {
    /// Returns the family, by EC2's own naming: `m5` of `m5.large`.
    pub fn family(&self) -> &str {
        self.name.split_once('.').map_or(self.name.as_str(), |(family, _)| family)
    }

    /// Returns what an instance takes from its host: its vCPUs, memory, GPUs, local disks (whole MiB, rounded
    /// up) and the bandwidth it can always have. Peak bandwidth is shared and reserves nothing.
    pub fn request(&self) -> Resources {
        let storage_mib = (u64::from(self.local_storage_gb) * 1_000_000_000).div_ceil(1 << 20);
        Resources([
            self.vcpu * 1000,
            self.memory_mib,
            self.gpu_milli,
            u32::try_from(storage_mib).expect("the largest disks of the catalogue are 336 TB"),
            self.network_baseline_mbps,
        ])
    }
}

/// Reads `a|b|c`.
fn separated_by_bars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.split('|').any(|part| part.is_empty()) && !text.is_empty() {
        return Err(D::Error::custom(format!("an empty part in `{text}`")));
    }
    Ok(text.split('|').filter(|part| !part.is_empty()).map(str::to_string).collect())
}

/// Returns the whole catalogue, by name in ascending order.
pub fn built_in() -> &'static [CatalogueEntry] {
    static ENTRIES: OnceLock<Vec<CatalogueEntry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let data = include_bytes!("data/ec2_us_east_1_linux.csv");
        csv::Reader::from_reader(&data[..])
            .deserialize()
            .map(|row| row.unwrap_or_else(|error| panic!("the embedded catalogue is broken: {error}")))
            .collect()
    })
}

/// Returns the entry of a name.
pub fn find(name: &str) -> Option<&'static CatalogueEntry> {
    let entries = built_in();
    let position = entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
    Some(&entries[position])
}

/// Returns every family once, in ascending order.
pub fn families() -> Vec<&'static str> {
    let mut families: Vec<&str> = built_in().iter().map(CatalogueEntry::family).collect();
    families.sort_unstable();
    families.dedup();
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_whole_sorted_and_usable() {
        let entries = built_in();
        assert_eq!(entries.len(), 1395);
        for pair in entries.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
        }
        for entry in entries {
            assert!(entry.vcpu > 0 && entry.memory_mib > 0, "{}", entry.name);
            assert!(entry.network_baseline_mbps <= entry.network_peak_mbps, "{}", entry.name);
            assert!(entry.request().vcpu_milli() == entry.vcpu * 1000, "{}", entry.name);
            if let Some(price) = &entry.on_demand_usd_per_hour {
                assert!(price.usd_per_hour().unwrap().0 > 0, "{}", entry.name);
            }
        }
        assert_eq!(entries.iter().filter(|entry| entry.on_demand_usd_per_hour.is_none()).count(), 55);
    }

    #[test]
    fn a_known_type_reads_as_ec2_describes_it() {
        let entry = find("m5d.large").unwrap();
        assert_eq!(entry.family(), "m5d");
        assert_eq!((entry.vcpu, entry.memory_mib, entry.local_storage_gb), (2, 8192, 75));
        assert_eq!(entry.on_demand_usd_per_hour, Some(Decimal::from("0.113")));
        // 75·10⁹ ÷ 2²⁰ = 71,525.6 MiB.
        assert_eq!(entry.request(), Resources([2000, 8192, 0, 71_526, 750]));
        assert_eq!(find("g6f.large").unwrap().request().0[Resources::GPU], 125);
        assert_eq!(find("m5.huge"), None);
    }

    #[test]
    fn families_follow_the_dot_not_the_first_letter() {
        let families = families();
        for family in ["m5", "m7i-flex", "mac-m4", "u-3tb1", "c1"] {
            assert!(families.contains(&family), "{family}");
        }
        assert!(families.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
