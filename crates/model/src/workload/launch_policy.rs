//! Policy of the sender of a launch about room that is short: priority, preemption, and other attempts after a refusal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Launch;
use super::directory::Directory;
use super::settings::Settings;
use crate::backoff::{Backoff, Jitter};
use plimsoll_base::failure::{self, Failure};
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::{Decimal, Duration, EnumMap, TypeId, ZoneId};

/// `[workload.on_refusal]` and `[workload.arrivals.on_refusal]`: other attempts of a launch that is refused.
///
/// An attempt is a request for the first choice, what the launch asked for, and after its refusal one for each other choice
/// in turn: its type in any zone, then each other type.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OnRefusalConfig {
    /// Attempts in all, the first included; default 1.
    pub attempts: u32,
    /// Delay before the second attempt; default 1s.
    pub first_delay: Duration,
    /// Factor from a delay to the next, 1 or more, with at most three decimals; default 2.
    pub multiplier: Decimal,
    /// The longest delay; default 5m.
    pub longest_delay: Duration,
    /// Random change of a delay.
    pub jitter: Jitter,
    /// Time after which no other attempt begins, counted from the first; default never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub give_up_after: Option<Duration>,
    /// Other instance types, in the order in which they are tried; default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Zones of the other choices.
    pub zones: OtherZones,
    /// Error codes after which another attempt may succeed; default those of capacity and of the service
    /// (`plimsoll list errors`). After any other the launch is refused for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<String>>,
}

/// Zones that a launch may go to instead of the one that it names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OtherZones {
    /// None.
    #[default]
    Named,
    /// Any.
    Any,
}

impl Default for OnRefusalConfig {
    fn default() -> OnRefusalConfig {
        OnRefusalConfig {
            attempts: 1,
            first_delay: Duration::from_seconds(1),
            multiplier: "2".into(),
            longest_delay: Duration::from_seconds(300),
            jitter: Jitter::default(),
            give_up_after: None,
            types: Vec::new(),
            zones: OtherZones::default(),
            codes: None,
        }
    }
}

/// Thousandths in one.
const PER_ONE: u64 = 1000;

/// Failures after which another attempt may succeed, where the scenario names none: short capacity, and a service that
/// cannot answer. Quotas are not among them: an account frees its own.
const WORTH_ANOTHER: [Failure; 8] = [
    Failure::InsufficientInstanceCapacity,
    Failure::InsufficientHostCapacity,
    Failure::InsufficientFreeAddressesInSubnet,
    Failure::InsufficientAddressCapacity,
    Failure::InsufficientVolumeCapacity,
    Failure::RequestLimitExceeded,
    Failure::ServiceUnavailable,
    Failure::InternalError,
];

impl OnRefusalConfig {
    /// Returns the rule, or everything that is wrong with it. `key` is the dotted path of the table; `own` are the types that
    /// the launches ask for in the first place.
    pub fn compile(
        &self,
        key: &str,
        own: &[&str],
        directory: &mut Directory,
    ) -> Result<OnRefusal, Vec<Problem>> {
        let mut settings = Settings::at(key);
        if self.attempts == 0 {
            settings.wrong("attempts", 0, "1 or more, the first included");
        }
        let multiplier = self.multiplier.resource(PER_ONE).ok().filter(|milli| u64::from(*milli) >= PER_ONE);
        if multiplier.is_none() {
            settings.wrong("multiplier", self.multiplier.as_str(), "1 or more, with at most three decimals");
        }
        if self.attempts > 1 && self.first_delay == Duration::ZERO {
            settings.wrong("first_delay", self.first_delay, "some time between two attempts");
        }
        if self.longest_delay < self.first_delay {
            let expected = format!("at least `first_delay`, {}", self.first_delay);
            settings.wrong("longest_delay", self.longest_delay, &expected);
        }
        let kinds = self.other_types(&mut settings, own, directory);
        let codes = self.codes(&mut settings);
        settings.finish(|| OnRefusal {
            backoff: Backoff {
                attempts: self.attempts,
                first: self.first_delay,
                longest: self.longest_delay,
                multiplier_milli: multiplier.expect("it was checked"),
                jitter: self.jitter,
            },
            give_up_after: self.give_up_after,
            kinds: unweighted(kinds),
            zones: if self.zones == OtherZones::Any { OtherPlaces::Anywhere } else { OtherPlaces::AsNamed },
            codes,
        })
    }

    fn other_types(&self, settings: &mut Settings, own: &[&str], directory: &mut Directory) -> Vec<TypeId> {
        let mut kinds = Vec::new();
        for (i, name) in self.types.iter().enumerate() {
            let field = format!("types.{i}");
            if self.types[..i].contains(name) || own == [name.as_str()] {
                let expected =
                    "each type once, and not the one that is asked for first: a launch tries none twice";
                settings.wrong(&field, format!("`{name}` again"), expected);
                continue;
            }
            let path = settings.path(&field);
            match directory.named_type(name, || Place::key(&path)) {
                Ok(kind) => kinds.push(kind),
                Err(problem) => settings.add(problem),
            }
        }
        kinds
    }

    fn codes(&self, settings: &mut Settings) -> EnumMap<Failure, bool> {
        let mut codes = EnumMap::default();
        match &self.codes {
            None => WORTH_ANOTHER.into_iter().for_each(|failure| codes[failure] = true),
            Some(names) => {
                for (i, name) in names.iter().enumerate() {
                    match failure::REGISTER.iter().find(|entry| entry.ec2_name == name) {
                        Some(entry) => codes[entry.failure] = true,
                        None => {
                            let known = failure::REGISTER.iter().map(|entry| entry.ec2_name);
                            let expected = "an error code of `plimsoll list errors`";
                            let mut problem =
                                settings.problem(&format!("codes.{i}"), format!("`{name}`"), expected);
                            problem.help = did_you_mean(name, known);
                            settings.add(problem);
                        }
                    }
                }
            }
        }
        codes
    }
}

/// Rule of other attempts after a refusal.
#[derive(Clone, PartialEq, Debug)]
pub struct OnRefusal {
    /// Attempts and the delays between them.
    pub backoff: Backoff,
    /// Time from the first attempt after which no other begins.
    pub give_up_after: Option<Duration>,
    /// Other types, in the order in which they are tried, each with the number by which an instance of it counts.
    kinds: Vec<(TypeId, u32)>,
    /// Places of the other choices.
    zones: OtherPlaces,
    /// Failures after which another attempt may succeed.
    codes: EnumMap<Failure, bool>,
}

/// Places that a launch may go to instead of the one that it names.
#[derive(Clone, PartialEq, Eq, Debug)]
enum OtherPlaces {
    AsNamed,
    Anywhere,
    /// These zones, in order.
    Zones(Vec<ZoneId>),
}

/// Delay before the second attempt of a sender that never gives up, and the longest. An assumption.
const FOR_EVER: [Duration; 2] = [Duration::from_seconds(30), Duration::from_seconds(300)];

/// Returns types of which each instance counts once.
fn unweighted(kinds: Vec<TypeId>) -> Vec<(TypeId, u32)> {
    kinds.into_iter().map(|kind| (kind, 1)).collect()
}

impl OnRefusal {
    /// Returns the rule of a sender that never gives up: after any refusal it tries the other zones, then the other types,
    /// and then begins anew, after 30 s, 1, 2, 4 min and every 5 min.
    pub fn for_ever(kinds: Vec<TypeId>, zones: Vec<ZoneId>) -> OnRefusal {
        let [first, longest] = FOR_EVER;
        let backoff =
            Backoff { attempts: u32::MAX, first, longest, multiplier_milli: 2000, jitter: Jitter::None };
        OnRefusal { backoff, ..OnRefusal::once(unweighted(kinds), zones) }
    }

    /// Returns the rule of a sender that tries each choice once: the other zones, then the other types. These have the numbers by which
    /// an instance counts: a choice asks for as many instances as count for no less than those of the first.
    pub fn once(kinds: Vec<(TypeId, u32)>, zones: Vec<ZoneId>) -> OnRefusal {
        let zones = if zones.is_empty() { OtherPlaces::AsNamed } else { OtherPlaces::Zones(zones) };
        let [first, longest] = FOR_EVER;
        let backoff = Backoff { attempts: 1, first, longest, multiplier_milli: 1000, jitter: Jitter::None };
        let mut codes = EnumMap::default();
        failure::REGISTER.iter().for_each(|entry| codes[entry.failure] = true);
        OnRefusal { backoff, give_up_after: None, kinds, zones, codes }
    }

    /// Returns whether another attempt may succeed after a failure.
    pub fn is_worth_another(&self, failure: Failure) -> bool {
        self.codes[failure]
    }

    /// Returns what a launch asks for in a choice, counted from 0, the first; `None` after the last.
    pub fn choice(&self, first: &Launch, choice: u32) -> Option<Launch> {
        let names_zone = first.zone.is_some() || first.subnet.is_some();
        let at = |launch: &Launch, zone| Launch { zone, subnet: None, ..launch.clone() };
        let elsewhere = |launch: &Launch| match &self.zones {
            OtherPlaces::Anywhere if names_zone => vec![at(launch, None)],
            OtherPlaces::AsNamed | OtherPlaces::Anywhere => Vec::new(),
            OtherPlaces::Zones(zones) => {
                let others = zones.iter().filter(|zone| first.zone != Some(**zone));
                others.map(|zone| at(launch, Some(*zone))).collect()
            }
        };
        let weight = self.kinds.iter().find(|(kind, _)| *kind == first.kind).map_or(1, |(_, weight)| *weight);
        let others = self.kinds.iter().filter(|(kind, _)| *kind != first.kind).flat_map(|(kind, of_kind)| {
            let max_count = (first.max_count * weight).div_ceil(*of_kind);
            let other = Launch { kind: *kind, max_count, ..first.clone() };
            let (places, is_list) = (elsewhere(&other), matches!(self.zones, OtherPlaces::Zones(_)));
            // Any zone includes the one that was named.
            let named = (is_list || places.is_empty()).then_some(other);
            named.into_iter().chain(places)
        });
        [first.clone()].into_iter().chain(elsewhere(first)).chain(others).nth(choice as usize)
    }
}

/// Policy of the sender of a launch about room that is short.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LaunchPolicy {
    /// Priority among those that wait: higher first.
    pub priority: i32,
    /// Time between the notice of a preemption and the end of the instance; `None`: its launches preempt none.
    pub preemption_notice: Option<Duration>,
    /// Other attempts after a refusal; `None`: there are none.
    pub on_refusal: Option<OnRefusal>,
}

impl LaunchPolicy {
    /// Returns whether launches under it behave like any others.
    pub fn is_plain(&self) -> bool {
        *self == LaunchPolicy::default()
    }
}

#[cfg(test)]
mod tests;
