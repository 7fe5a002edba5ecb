//! Types that hosts run: families, single types, an architecture. Hosts that run the same have one number,
//! and a type is barred from the numbers that do not run it: a bit for each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::names;
use std::collections::BTreeSet;

/// The most different sets of types that hosts of one fleet may run: a bit for each.
pub const MAX_SETS: usize = 64;

/// A processor architecture (`DescribeInstanceTypes`, "SupportedArchitectures").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Architecture {
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86,
    /// Graviton.
    #[serde(rename = "arm64")]
    Arm,
    /// Mac with Intel processors.
    #[serde(rename = "x86_64_mac")]
    X86Mac,
    /// Mac with Apple processors.
    #[serde(rename = "arm64_mac")]
    ArmMac,
}

names! { Architecture { X86 = "x86_64", Arm = "arm64", X86Mac = "x86_64_mac", ArmMac = "arm64_mac" } }

/// The types that something runs; the default is all of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Hardware {
    /// Families; with no types either, every family.
    pub families: BTreeSet<String>,
    /// Types beside those of the families.
    pub types: BTreeSet<String>,
    /// The architecture; none: any.
    pub architecture: Option<Architecture>,
    /// Model of the GPUs, if it is known.
    pub gpu_model: Option<String>,
}

/// Attributes of an instance type on which hardware depends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Model<'a> {
    /// Its name, such as `m5.large`.
    pub name: &'a str,
    /// Its architectures, separated by `|`; empty if unknown, which every hardware runs.
    pub architectures: &'a str,
    /// Models of GPU that it may have; none: any, and none.
    pub gpu_models: &'a [String],
}

impl Model<'_> {
    /// Returns the family: `m5` of `m5.large`; the whole name where it has no point.
    pub fn family(&self) -> &str {
        family_of(self.name)
    }
}

impl Hardware {
    /// Returns the hardware that the keys of a scenario name.
    pub fn new(families: &[String], types: &[String], architecture: Option<Architecture>) -> Hardware {
        Hardware {
            families: families.iter().cloned().collect(),
            types: types.iter().cloned().collect(),
            architecture,
            gpu_model: None,
        }
    }

    /// Returns true if it runs a type.
    pub fn runs(&self, model: &Model<'_>) -> bool {
        let suits = |architecture: Architecture| {
            let mut known = model.architectures.split('|').filter(|word| !word.is_empty()).peekable();
            known.peek().is_none() || known.any(|word| word == architecture.name())
        };
        let has_gpu = || self.gpu_model.as_ref().is_some_and(|own| model.gpu_models.contains(own));
        self.runs_family(model.family(), model.name)
            && self.architecture.is_none_or(suits)
            && (model.gpu_models.is_empty() || has_gpu())
    }

    /// Returns true if it runs some type of a family.
    pub fn runs_any_of(&self, family: &str) -> bool {
        self.runs_family(family, "") || self.types.iter().any(|name| family_of(name) == family)
    }

    fn runs_family(&self, family: &str, name: &str) -> bool {
        let is_open = self.families.is_empty() && self.types.is_empty();
        is_open || self.families.contains(family) || self.types.contains(name)
    }
}

/// Returns the family of a type by its name: `m5` of `m5.large`; the whole name where it has no point.
pub fn family_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}

/// The sets of types that the hosts of a fleet run, by number.
#[derive(Clone, Debug, Default)]
pub struct HardwareSets(Vec<Hardware>);

impl HardwareSets {
    /// Returns the number of a set, a new one if need be; `None` where there would be too many.
    pub fn number(&mut self, hardware: &Hardware) -> Option<u8> {
        let known = self.0.iter().position(|known| known == hardware);
        let number = known.unwrap_or_else(|| {
            self.0.push(hardware.clone());
            self.0.len() - 1
        });
        (number < MAX_SETS).then_some(number as u8)
    }

    /// Returns the set of a number.
    pub fn get(&self, number: u8) -> &Hardware {
        &self.0[usize::from(number)]
    }

    /// Returns the numbers that do not run a type, a bit for each.
    pub fn barring(&self, model: &Model<'_>) -> u64 {
        self.barring_where(|hardware| hardware.runs(model))
    }

    /// Returns the numbers of hardware that does not do, a bit for each.
    pub fn barring_where(&self, does: impl Fn(&Hardware) -> bool) -> u64 {
        let bars = |(number, hardware): (usize, &Hardware)| u64::from(!does(hardware)) << number;
        self.0.iter().enumerate().map(bars).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hardware(families: &[&str], types: &[&str], architecture: Option<Architecture>) -> Hardware {
        let own = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
        Hardware::new(&own(families), &own(types), architecture)
    }

    #[test]
    fn hardware_runs_its_families_types_and_architecture() {
        let large = Model { name: "m5.large", architectures: "x86_64", gpu_models: &[] };
        let arm = Model { name: "m7g.large", architectures: "arm64", gpu_models: &[] };
        let old = Model { name: "t2.micro", architectures: "i386|x86_64", gpu_models: &[] };
        let own = Model { name: "unit", architectures: "", gpu_models: &[] };
        for (hardware, runs) in [
            (Hardware::default(), [true, true, true, true]),
            (hardware(&["m5"], &[], None), [true, false, false, false]),
            (hardware(&["m5"], &["m7g.large"], None), [true, true, false, false]),
            (hardware(&["m5", "m7g"], &[], Some(Architecture::Arm)), [false, true, false, false]),
            (hardware(&[], &[], Some(Architecture::X86)), [true, false, true, true]),
            (hardware(&["unit"], &[], None), [false, false, false, true]),
        ] {
            assert_eq!([large, arm, old, own].map(|model| hardware.runs(&model)), runs, "{hardware:?}");
        }
        let mut sets = HardwareSets::default();
        let numbers = [Hardware::default(), hardware(&["m5"], &[], None), Hardware::default()];
        assert_eq!(numbers.map(|set| sets.number(&set)), [Some(0), Some(1), Some(0)]);
        assert_eq!((sets.barring(&large), sets.barring(&arm)), (0, 2));
        assert!(sets.get(1).runs_any_of("m5") && !sets.get(1).runs_any_of("c5"));
        assert!(hardware(&[], &["c5.large"], None).runs_any_of("c5"));
    }

    #[test]
    fn a_type_that_names_gpu_models_goes_to_hosts_of_these() {
        let models = ["T4".to_string(), "V100M32".to_string()];
        let picky = Model { name: "unit", architectures: "", gpu_models: &models };
        let of = |gpu_model: Option<&str>| Hardware {
            gpu_model: gpu_model.map(str::to_string),
            ..Hardware::default()
        };
        let runs = [None, Some("T4"), Some("P100")].map(|model| of(model).runs(&picky));
        assert_eq!(runs, [false, true, false]);
        let any = Model { gpu_models: &[], ..picky };
        assert!(of(Some("T4")).runs(&any) && of(None).runs(&any));
    }

    #[test]
    fn every_architecture_of_the_catalogue_has_its_word() {
        let known: Vec<&str> = Architecture::ALL.iter().map(|architecture| architecture.name()).collect();
        for entry in plimsoll_base::catalogue::built_in() {
            let mut words = entry.arch.split('|').filter(|word| *word != "i386");
            assert!(words.all(|word| known.contains(&word)), "{}: {}", entry.name, entry.arch);
        }
    }
}
