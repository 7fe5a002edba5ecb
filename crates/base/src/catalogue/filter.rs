//! A search over the catalogue, as `plimsoll list types` offers it.

use clap::Args;

use super::entry::{CatalogueEntry, built_in};
use crate::units::parse_resource;

/// Filter of the catalogue; every condition given must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default, Args)]
pub struct TypeFilter {
    /// Part of the name, or a pattern of the whole name with `*` and `?` (such as `m5.*`)
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Family, by EC2's own naming: m5, c7g, u-3tb1 …
    #[arg(long)]
    pub family: Option<String>,
    /// Processor architecture: x86_64, arm64 …
    #[arg(long)]
    pub arch: Option<String>,
    /// At least so many vCPUs
    #[arg(long, value_name = "N")]
    pub min_vcpu: Option<u32>,
    /// At most so many vCPUs
    #[arg(long, value_name = "N")]
    pub max_vcpu: Option<u32>,
    /// At least so much memory, in GiB
    #[arg(long = "min-memory-gib", value_name = "GIB", value_parser = memory_mib)]
    pub min_memory_mib: Option<u32>,
    /// At most so much memory, in GiB
    #[arg(long = "max-memory-gib", value_name = "GIB", value_parser = memory_mib)]
    pub max_memory_mib: Option<u32>,
    /// Only types with GPUs
    #[arg(long)]
    pub gpu: bool,
    /// Only types EC2 recommends for new work
    #[arg(long)]
    pub current_generation: bool,
    /// Only types with a published price
    #[arg(long)]
    pub priced: bool,
}

/// Reads GiB as MiB.
fn memory_mib(text: &str) -> Result<u32, String> {
    parse_resource(text, 1024).map_err(|reason| format!("it {reason}; give GiB, such as 16 or 0.5"))
}

impl TypeFilter {
    /// Returns true if every condition holds for `entry`.
    pub fn matches(&self, entry: &CatalogueEntry) -> bool {
        self.name.as_deref().is_none_or(|name| matches_name(name, &entry.name))
            && self.family.as_deref().is_none_or(|family| family == entry.family())
            && self.arch.as_deref().is_none_or(|arch| entry.arch.split('|').any(|one| one == arch))
            && self.min_vcpu.is_none_or(|least| entry.vcpu >= least)
            && self.max_vcpu.is_none_or(|most| entry.vcpu <= most)
            && self.min_memory_mib.is_none_or(|least| entry.memory_mib >= least)
            && self.max_memory_mib.is_none_or(|most| entry.memory_mib <= most)
            && (!self.gpu || entry.gpu_milli > 0)
            && (!self.current_generation || entry.current_generation)
            && (!self.priced || entry.on_demand_usd_per_hour.is_some())
    }
}

/// Returns the entries that a filter keeps, by family, then from small to large.
pub fn select(filter: &TypeFilter) -> Vec<&'static CatalogueEntry> {
    let mut kept: Vec<&CatalogueEntry> = built_in().iter().filter(|entry| filter.matches(entry)).collect();
    kept.sort_by_key(|entry| (entry.family(), entry.vcpu, entry.memory_mib, entry.name.as_str()));
    kept
}

/// Returns true if a name matches: a pattern with `*` or `?` must match the whole name, plain text may be any part of it.
pub fn matches_name(wanted: &str, name: &str) -> bool {
    if wanted.contains(['*', '?']) { glob(wanted.as_bytes(), name.as_bytes()) } else { name.contains(wanted) }
}

/// Returns true if `pattern` matches all of `text`: `*` stands for anything, `?` for one character.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    // On a mismatch only the latest star has to take more: an earlier one taking more could only
    // move the latest one's start further, which it reaches by itself.
    let (mut p, mut t) = (0, 0);
    let mut latest_star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                latest_star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match &mut latest_star {
                Some((star, taken)) => {
                    *taken += 1;
                    (p, t) = (*star + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(filter: &TypeFilter) -> Vec<&'static str> {
        select(filter).into_iter().map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn a_family_comes_from_small_to_large() {
        let filter = TypeFilter { family: Some("t3".to_string()), ..TypeFilter::default() };
        let sizes = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"];
        assert_eq!(names(&filter), sizes.map(|size| format!("t3.{size}")));
    }

    #[test]
    fn every_condition_must_hold() {
        let filter = TypeFilter {
            arch: Some("arm64".to_string()),
            gpu: true,
            max_vcpu: Some(8),
            min_memory_mib: Some(16 * 1024),
            ..TypeFilter::default()
        };
        assert_eq!(names(&filter), ["g5g.2xlarge"]);
        assert_eq!(select(&TypeFilter::default()).len(), built_in().len());
        let all = select(&TypeFilter { current_generation: true, priced: true, ..TypeFilter::default() });
        assert!(all.iter().all(|entry| entry.current_generation && entry.on_demand_usd_per_hour.is_some()));
    }

    #[test]
    fn names_match_by_part_or_by_pattern() {
        for (wanted, name, yes) in [
            ("5.la", "m5.large", true),
            ("m5.*", "m5.large", true),
            ("m5.*", "m5d.large", false),
            ("?5.large", "m5.large", true),
            ("*5*l*", "m5.xlarge", true),
            ("*.metal", "m5.metal-x", false),
            ("*a*a", "banana", true),
            ("*", "", true),
            ("?", "", false),
        ] {
            assert_eq!(matches_name(wanted, name), yes, "{wanted} {name}");
        }
    }
}
