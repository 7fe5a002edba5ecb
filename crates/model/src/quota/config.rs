//! `[quotas]` of a scenario: what an account may have at most, and every reason why it cannot be so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Limits, Quota};
use crate::quota::FamilyGroup;
use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::Duration;

/// Adds the limits to a table, so that whatever has a default can be set for an account too.
macro_rules! with_limits {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub $field: $kind,)*
            /// vCPUs of pending and running on-demand instances by group of families \[vCPU\].
            #[serde(default, skip_serializing_if = "VcpuQuotaConfig::is_empty")]
            pub vcpus: VcpuQuotaConfig,
            /// vCPUs of pending and running spot instances by group of families \[vCPU\].
            #[serde(default, skip_serializing_if = "VcpuQuotaConfig::is_empty")]
            pub spot_vcpus: VcpuQuotaConfig,
            /// Pending and running instances, on demand and spot together \[instances\].
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub instances: Option<u32>,
            /// Elastic addresses, in use or idle \[addresses\].
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub elastic_addresses: Option<u32>,
            /// Volumes, attached or not \[volumes\].
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub volumes: Option<u32>,
            /// Snapshots \[snapshots\].
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub snapshots: Option<u32>,
            /// Security groups in all its VPCs, the default ones among them \[groups\].
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub security_groups: Option<u32>,
            /// Dedicated hosts \[hosts\].
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub dedicated_hosts: Option<u32>,
            /// Capacity reservations \[reservations\].
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub capacity_reservations: Option<u32>,
        }

        impl $name {
            /// Returns the limits the table sets.
            fn limits(&self) -> impl Iterator<Item = (Quota, u32)> {
                let counts = [
                    (Quota::Instances, self.instances),
                    (Quota::ElasticAddresses, self.elastic_addresses),
                    (Quota::Volumes, self.volumes),
                    (Quota::Snapshots, self.snapshots),
                    (Quota::SecurityGroups, self.security_groups),
                    (Quota::DedicatedHosts, self.dedicated_hosts),
                    (Quota::CapacityReservations, self.capacity_reservations),
                ];
                let vcpus = self.vcpus.limits().map(|(group, limit)| (Quota::Vcpus(group), limit));
                let spot = self.spot_vcpus.limits().map(|(group, limit)| (Quota::SpotVcpus(group), limit));
                let all = counts.into_iter().chain(vcpus).chain(spot);
                all.filter_map(|(quota, limit)| Some((quota, limit?)))
            }
        }
    };
}

with_limits! {
/// Quotas of an account. A limit left out is that of the preset, or none.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaConfig {
    /// The limits to begin with; default none.
    #[serde(default, skip_serializing_if = "QuotaPreset::is_none")]
    pub preset: QuotaPreset,
    /// Time for which an instance and its vCPUs keep counting after it has stopped or terminated; default 0s.
    #[serde(default, skip_serializing_if = "no_time")]
    pub lag: Duration,
    /// Accounts with limits of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountQuotaConfig>,
}
}

with_limits! {
/// The limits of one account. One left out is that of every account.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountQuotaConfig {
    /// Name of the account, as the demand has it.
    pub account: String,
}
}

/// A named set of limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QuotaPreset {
    /// Absence of limits.
    #[default]
    None,
    /// Limits of a new account of EC2 in one Region, before any was raised.
    Default,
}

impl QuotaPreset {
    fn is_none(&self) -> bool {
        *self == QuotaPreset::None
    }

    /// Returns its limits. EC2 has none of running instances, volumes and capacity reservations by their number.
    fn limits(self) -> Limits {
        match self {
            QuotaPreset::None => Limits::NONE,
            QuotaPreset::Default => {
                let vcpus = FamilyGroup::ALL.into_iter().flat_map(|group| {
                    let limit = if group == FamilyGroup::Standard { DEFAULT_STANDARD_VCPUS } else { 0 };
                    [(Quota::Vcpus(group), limit), (Quota::SpotVcpus(group), limit)]
                });
                Limits::NONE.with(vcpus.chain(DEFAULT_COUNTS))
            }
        }
    }
}

/// vCPUs of standard families, on demand and on the spot market each; of all other groups none (EC2 instance types
/// guide, "Amazon EC2 instance type quotas", as of 2026-10).
const DEFAULT_STANDARD_VCPUS: u32 = 5;

/// Limits of a new account on other things.
const DEFAULT_COUNTS: [(Quota, u32); 4] = [
    // VPC user guide, "Amazon VPC quotas": Elastic IP addresses per Region.
    (Quota::ElasticAddresses, 5),
    // EBS user guide, "Quotas for Amazon EBS": snapshots per Region.
    (Quota::Snapshots, 100_000),
    // VPC user guide, "Amazon VPC quotas": VPC security groups per Region.
    (Quota::SecurityGroups, 2500),
    // EC2 instance types guide, "Amazon EC2 instance type quotas": running dedicated hosts, of most families.
    (Quota::DedicatedHosts, 0),
];

/// A limit of vCPUs for each group of families (EC2 user guide, "On-Demand Instance quotas").
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VcpuQuotaConfig {
    /// Standard families (A, C, D, H, I, M, R, T, Z), bare shapes, and types of the scenario's own \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<u32>,
    /// F families \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f: Option<u32>,
    /// G and VT families \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub g_and_vt: Option<u32>,
    /// Inf families \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inf: Option<u32>,
    /// P families \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<u32>,
    /// DL families \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dl: Option<u32>,
    /// Trn families \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trn: Option<u32>,
    /// High memory families (u) \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_memory: Option<u32>,
    /// HPC families \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hpc: Option<u32>,
    /// X families \[vCPU\].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<u32>,
}

fn no_time(duration: &Duration) -> bool {
    *duration == Duration::ZERO
}

impl VcpuQuotaConfig {
    fn is_empty(&self) -> bool {
        self.limits().all(|(_, limit)| limit.is_none())
    }

    fn limits(&self) -> impl Iterator<Item = (FamilyGroup, Option<u32>)> {
        let limits = [
            self.standard,
            self.f,
            self.g_and_vt,
            self.inf,
            self.p,
            self.dl,
            self.trn,
            self.high_memory,
            self.hpc,
            self.x,
        ];
        FamilyGroup::ALL.into_iter().zip(limits)
    }
}

impl QuotaConfig {
    /// Returns everything that is wrong with it.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |place: String, message: String, help: &str| {
            problems.push(Problem::new(Place::key(&place), message).with_help(help));
        };
        for (i, entry) in self.accounts.iter().enumerate() {
            let name = &entry.account;
            let key = format!("quotas.accounts.{i}");
            if name.is_empty() {
                add(
                    format!("{key}.account"),
                    "found an empty name, expected that of an account".to_string(),
                    "calls that name no account are those of `default`",
                );
            }
            if let Some(first) = self.accounts[..i].iter().position(|earlier| earlier.account == *name) {
                add(
                    format!("{key}.account"),
                    format!("`{name}` has its limits in `quotas.accounts.{first}` already"),
                    "give each account one entry",
                );
            }
            if entry.limits().next().is_none() {
                add(
                    key,
                    "found no limit, expected at least one".to_string(),
                    "set one, such as `vcpus.standard = 256`, or leave the account out",
                );
            }
        }
        problems
    }

    /// Returns the limits of every account that has none of its own.
    pub(super) fn common(&self) -> Limits {
        self.preset.limits().with(self.limits())
    }

    /// Returns the accounts with limits of their own.
    pub(super) fn own(&self) -> impl Iterator<Item = (String, Limits)> {
        self.accounts.iter().map(|entry| (entry.account.clone(), self.common().with(entry.limits())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        let config: QuotaConfig = toml::from_str(text).unwrap();
        config.validate().iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn sound_quotas_have_no_problems() {
        let text = "
            lag = '5m'
            volumes = 5000
            vcpus.standard = 1152
            spot_vcpus = { standard = 640, p = 0 }
            [[accounts]]
            account = 'research'
            vcpus = { p = 768, high_memory = 0 }
            instances = 20";
        assert_eq!(problems(text), "");
        assert_eq!(problems(""), "");
        let read: QuotaConfig = toml::from_str(text).unwrap();
        let again: QuotaConfig = toml::from_str(&toml::to_string(&read).unwrap()).unwrap();
        assert_eq!(read, again);
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_place() {
        let text = "
            [[accounts]]
            account = 'a'
            volumes = 1
            [[accounts]]
            account = ''
            vcpus.f = 8
            [[accounts]]
            account = 'a'";
        let expected = "\
`quotas.accounts.1.account`: found an empty name, expected that of an account
  help: calls that name no account are those of `default`
`quotas.accounts.2.account`: `a` has its limits in `quotas.accounts.0` already
  help: give each account one entry
`quotas.accounts.2`: found no limit, expected at least one
  help: set one, such as `vcpus.standard = 256`, or leave the account out";
        assert_eq!(problems(text), expected);
    }

    #[test]
    fn a_new_account_has_the_limits_of_ec2() {
        let config: QuotaConfig = toml::from_str("preset = 'default'\nvcpus.p = 96").unwrap();
        let Limits(limits) = config.common();
        let of = |quota: Quota| limits[quota.index()];
        assert_eq!(of(Quota::Vcpus(FamilyGroup::Standard)), 5_000);
        assert_eq!(of(Quota::SpotVcpus(FamilyGroup::Standard)), 5_000);
        assert_eq!((of(Quota::Vcpus(FamilyGroup::P)), of(Quota::SpotVcpus(FamilyGroup::P))), (96_000, 0));
        assert_eq!((of(Quota::ElasticAddresses), of(Quota::Volumes)), (5, u64::MAX));
    }

    #[test]
    fn an_unknown_key_is_refused_in_every_table() {
        for text in ["volume = 1", "vcpus.m = 1", "[[accounts]]\naccount = 'a'\nvolume = 1"] {
            assert!(toml::from_str::<QuotaConfig>(text).unwrap_err().to_string().contains("unknown field"));
        }
    }
}
