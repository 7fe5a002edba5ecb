//! The groups of instance families whose vCPUs share a quota (EC2 user guide, "On-Demand Instance quotas" and
//! "Spot Instance quotas").

use serde::{Deserialize, Serialize};

/// Families whose vCPUs are counted together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum FamilyGroup {
    /// Standard (A, C, D, H, I, M, R, T, Z), and whatever is no family of EC2's.
    Standard,
    /// F.
    F,
    /// G and VT.
    GAndVt,
    /// Inf.
    Inf,
    /// P.
    P,
    /// DL.
    Dl,
    /// Trn.
    Trn,
    /// High memory (u).
    HighMemory,
    /// HPC.
    Hpc,
    /// X.
    X,
}

impl FamilyGroup {
    /// Every group.
    pub const ALL: [FamilyGroup; 10] = {
        use FamilyGroup::*;
        [Standard, F, GAndVt, Inf, P, Dl, Trn, HighMemory, Hpc, X]
    };

    /// Returns the group of an instance type, by the letters its name begins with: `inf` of `inf2.xlarge`. Bare shapes
    /// and types that a scenario names in its own way are standard. `None` for Mac: they run on dedicated
    /// hosts only, whose quota counts hosts (EC2 user guide, "Amazon EC2 Mac instances").
    pub fn of(type_name: &str) -> Option<FamilyGroup> {
        use FamilyGroup::*;
        Some(match letters(type_name) {
            "mac" => return None,
            "f" => F,
            "g" | "gr" | "vt" => GAndVt,
            "inf" => Inf,
            "p" => P,
            "dl" => Dl,
            "trn" => Trn,
            "u" => HighMemory,
            "hpc" => Hpc,
            "x" => X,
            _ => Standard,
        })
    }
}

/// Returns the letters a name begins with.
fn letters(type_name: &str) -> &str {
    let end = type_name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(type_name.len());
    &type_name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::catalogue::families;
    use std::collections::BTreeSet;

    /// A family with new letters has to be put into a group by a person, not by the rule for what is unknown.
    #[test]
    fn every_family_of_the_catalogue_is_known() {
        let standard = ["a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"];
        let others = ["dl", "f", "g", "gr", "hpc", "inf", "mac", "p", "trn", "u", "vt", "x"];
        let known: BTreeSet<&str> = standard.into_iter().chain(others).collect();
        let found: BTreeSet<&str> = families().into_iter().map(letters).collect();
        assert_eq!(found, known);
        for family in families() {
            let is_standard = FamilyGroup::of(family) == Some(FamilyGroup::Standard);
            assert_eq!(is_standard, standard.contains(&letters(family)), "{family}");
        }
    }

    #[test]
    fn groups_follow_the_letters_not_the_first_one() {
        use FamilyGroup::*;
        let expected = [
            ("m5.large", Some(Standard)),
            ("is4gen.medium", Some(Standard)),
            ("inf2.xlarge", Some(Inf)),
            ("t3.micro", Some(Standard)),
            ("trn1.2xlarge", Some(Trn)),
            ("d3en.xlarge", Some(Standard)),
            ("dl2q.24xlarge", Some(Dl)),
            ("hpc7a.12xlarge", Some(Hpc)),
            ("gr6.4xlarge", Some(GAndVt)),
            ("vt1.3xlarge", Some(GAndVt)),
            ("u-6tb1.56xlarge", Some(HighMemory)),
            ("u7i-12tb.224xlarge", Some(HighMemory)),
            ("mac2-m2.metal", None),
            ("mac-m4.metal", None),
            ("2vcpu-3.5gib", Some(Standard)),
            ("unit", Some(Standard)),
        ];
        for (name, group) in expected {
            assert_eq!(FamilyGroup::of(name), group, "{name}");
        }
    }
}
