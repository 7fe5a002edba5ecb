//! Reserved instances and savings plans: the hourly payments to which an account is committed, and the usage
//! that they cover.
//!
//! Both are one rule. In each clock hour a commitment has a capacity; a second of usage takes its weight
//! of it, in an order of preference, until it is used up; the price of the hour is due in any case.
//!
//! The order of preference does not depend on the order in the scenario: zonal reserved instances, regional ones,
//! EC2 Instance savings plans, Compute savings plans; within each the account's own usage, then that of its
//! organisation; usage of instances before unused capacity reservations, which only regional reserved
//! instances and savings plans cover (EC2 user guide, "Capacity Reservation pricing and billing"); then the
//! smallest size of reserved instances, the greatest saving of savings plans (Savings Plans user guide,
//! "Understanding how Savings Plans apply to your usage").

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exact::{multiply_divide, share};
use super::normalization::family_and_factor;
use super::prices::Prices;
use super::reader::{Reader, WHOLE};
use super::{BilledPurchase, BilledTenancy, HOUR, Item, UsageType};
use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::input::{Problem, did_you_mean};
use plimsoll_base::units::{AccountId, Decimal, Duration, Money, TypeId, ZoneId};

/// Reserved instances of one account and type.
///
/// A regional reservation (no `zone`) covers every zone and, if the family is flexible in size, every size of the
/// family, smallest first; a zonal one covers its type in its zone, and comes before the regional ones.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReservedConfig {
    /// Name of the account that pays and uses it; default `default`.
    #[serde(default = "default_account")]
    pub account: String,
    /// Name of the instance type.
    #[serde(rename = "type")]
    pub instance_type: String,
    /// Name of its zone. Left out: regional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Tenancy of the instances it covers, `shared` or `dedicated`; default `shared`. One of dedicated
    /// tenancy covers the size it names only.
    #[serde(default, skip_serializing_if = "BilledTenancy::is_shared")]
    pub tenancy: BilledTenancy,
    /// Number of equal ones; default 1.
    #[serde(default = "one")]
    pub count: u32,
    /// Price of each hour of the term of one of them, used or not \[USD/h\].
    pub usd_per_hour: Decimal,
    /// Price of one of them when the term begins \[USD\]; default 0.
    #[serde(default = "nothing")]
    pub upfront_usd: Decimal,
    /// Start of the term, since the start of the run, in whole hours; default 0s.
    #[serde(default)]
    pub from: Duration,
    /// End of the term. Left out: not during the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
}

/// Sort of a savings plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SavingsPlanType {
    /// For one family; applies before Compute savings plans.
    #[serde(rename = "ec2-instance")]
    Ec2Instance,
    /// For every type with a discount.
    Compute,
}

/// Accounts that share the discounts of their commitments, each owner's usage first.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationConfig {
    /// Names of its accounts.
    pub accounts: Vec<String>,
}

/// A savings plan of one account, for what reserved instances have left. Covers instances on demand of every
/// tenancy, unused capacity reservations, and dedicated hosts by the `sku` of their host group.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavingsPlanConfig {
    /// Name of the account that pays and uses it; default `default`.
    #[serde(default = "default_account")]
    pub account: String,
    /// The commitment: what each hour of the term costs, used or not \[USD/h\].
    pub usd_per_hour: Decimal,
    /// Discount from the on-demand price on every type that `rates` does not name, as a share. Left out:
    /// such types are not covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Decimal>,
    /// Discounts by instance type or family, `{ "m5" = 0.28, "c5.large" = 0.3 }`; the type goes before
    /// its family.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rates: BTreeMap<String, Decimal>,
    /// Its sort, `ec2-instance` or `compute`. Left out: `ec2-instance` where `rates` name one family and there
    /// is no `discount`, otherwise `compute`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub plan_type: Option<SavingsPlanType>,
    /// Start of the term, since the start of the run, in whole hours; default 0s.
    #[serde(default)]
    pub from: Duration,
    /// End of the term. Left out: not during the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
}

fn default_account() -> String {
    "default".to_string()
}

fn one() -> u32 {
    1
}

fn nothing() -> Decimal {
    Decimal::from("0")
}

/// The most instances of one reservation.
const MAX_COUNT: u32 = 1_000_000;

/// Usage that commitments can cover.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) enum Coverable {
    /// Instances on demand of a type and tenancy in a zone.
    Instances(TypeId, BilledTenancy, ZoneId),
    /// Something held that [may be covered](Item::may_be_covered).
    Held(Item),
}

impl Coverable {
    /// Returns its entry on the bill.
    pub fn usage_type(self) -> UsageType {
        match self {
            Coverable::Instances(kind, tenancy, _) => UsageType::instances(kind, tenancy),
            Coverable::Held(item) => UsageType::Held(item),
        }
    }

    /// Returns type, tenancy and zone, for one whose usage takes an instance's capacity; a reservation has no zone here,
    /// as what covers it asks for none.
    fn instances(self) -> Option<(TypeId, BilledTenancy, Option<ZoneId>)> {
        match self {
            Coverable::Instances(kind, tenancy, zone) => Some((kind, tenancy, Some(zone))),
            Coverable::Held(Item::UnusedReservation(kind)) => Some((kind, BilledTenancy::Shared, None)),
            Coverable::Held(Item::UnusedDedicatedReservation(kind)) => {
                Some((kind, BilledTenancy::Dedicated, None))
            }
            Coverable::Held(_) => None,
        }
    }
}

/// Rank of a commitment, earliest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Turn {
    ZonalReserved,
    RegionalReserved,
    Ec2InstancePlan,
    ComputePlan,
}

/// A commitment of an account.
#[derive(Clone, Debug)]
pub(super) struct Commitment {
    pub account: AccountId,
    pub purchase: BilledPurchase,
    pub turn: Turn,
    /// Usage type of its unused part on the bill.
    pub usage_type: UsageType,
    /// Hours of usage that an hour of it covers: the reservation's count, 1 for a plan.
    pub count: u32,
    /// Due each hour.
    pub per_hour: Money,
    /// Due in the first hour.
    pub upfront: Money,
    /// Usage that an hour covers, in units of weight · s.
    pub capacity: u128,
    /// The clock hours of its term, since the start of the run.
    pub hours: Range<u64>,
    covers: Covers,
}

/// Usage that a commitment covers.
#[derive(Clone, Debug)]
enum Covers {
    /// A type of a tenancy, in one zone or in all.
    Type(TypeId, BilledTenancy, Option<ZoneId>),
    /// All sizes of a family, of shared tenancy.
    Family(String),
    /// Types with a discount, by name of type or family and for all others \[10⁻⁹\].
    Discounted { rates: BTreeMap<String, u32>, others: Option<u32> },
}

/// Share of a commitment that a second of usage takes, and its place in the order of preference, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Weight {
    is_unused_reservation: bool,
    preference: u128,
    pub weight: u128,
}

impl Commitment {
    /// Returns the share of it that a second of some usage takes; `None` where it is not covered.
    pub fn weight(&self, used: Coverable, prices: &Prices, types: &TypeTable) -> Option<Weight> {
        let is_unused_reservation = !matches!(used, Coverable::Instances(..))
            && !matches!(used, Coverable::Held(Item::DedicatedHost(_)));
        let weight = |preference, weight| Weight { is_unused_reservation, preference, weight };
        match &self.covers {
            Covers::Type(of, of_tenancy, within) => {
                let (kind, tenancy, zone) = used.instances()?;
                let matches = kind == *of && tenancy == *of_tenancy && (within.is_none() || zone == *within);
                matches.then_some(weight(0, 1))
            }
            Covers::Family(family) => {
                let (kind, tenancy, _) = used.instances()?;
                let (of, factor) = family_and_factor(&types.get(kind).name)?;
                let factor = u128::from(factor);
                (of == family && tenancy == BilledTenancy::Shared).then_some(weight(factor, factor))
            }
            Covers::Discounted { rates, others } => {
                let name = match used.instances() {
                    Some((kind, ..)) => types.get(kind).name.as_str(),
                    None => prices.sku_of(used.usage_type()),
                };
                let family = || name.split_once('.').and_then(|(family, _)| rates.get(family));
                let discount = *rates.get(name).or_else(family).or(others.as_ref())?;
                let paid = u128::from(WHOLE - discount);
                // The one place where a plan's price is rounded, down to a unit of money.
                let price = prices.of(used.usage_type(), types).per_second();
                let rate = u128::try_from(share(price, paid, u128::from(WHOLE)).0);
                // Free usage needs no plan. The lowest share of the price comes first, then the lower rate.
                let rate = rate.expect("prices are not negative");
                (rate > 0).then_some(weight(paid, rate))
            }
        }
    }

    /// Returns the time that so much of its capacity is, of hours of a plan or of reserved instances \[ns\].
    pub fn unused_ns(&self, left: u128) -> u128 {
        multiply_divide(left, u128::from(self.count) * u128::from(HOUR.0), self.capacity)
    }

    /// Returns the price of so much of its capacity, rounded down to a unit of money.
    pub fn price_of(&self, used: u128) -> Money {
        share(self.per_hour, used, self.capacity)
    }
}

/// Returns the accounts' commitments: reserved instances, then savings plans, each as listed.
pub(super) fn resolve(
    (reserved, plans): (&[ReservedConfig], &[SavingsPlanConfig]),
    zones: &[&str],
    accounts: &BTreeMap<String, AccountId>,
    types: &mut TypeTable,
) -> Result<Vec<Commitment>, Vec<Problem>> {
    let mut problems = Vec::new();
    let account = |name: &str| accounts.get(name).copied().unwrap_or_default();
    let mut commitments = Vec::new();
    for (i, config) in reserved.iter().enumerate() {
        let mut reader = Reader { path: format!("billing.reserved.{i}"), problems: &mut problems };
        commitments.extend(config.resolve(&mut reader, zones, account(&config.account), types));
    }
    for (i, config) in plans.iter().enumerate() {
        let mut reader = Reader { path: format!("billing.savings_plans.{i}"), problems: &mut problems };
        let usage_type = UsageType::SavingsPlan(u32::try_from(i).expect("fewer than 2³² plans"));
        commitments.extend(config.resolve(&mut reader, usage_type, account(&config.account)));
    }
    if problems.is_empty() { Ok(commitments) } else { Err(problems) }
}

/// Returns the accounts of each organisation; every account is in one at most.
pub(super) fn resolve_organisations(
    organisations: &[OrganisationConfig],
    accounts: &BTreeMap<String, AccountId>,
) -> Result<Vec<Vec<AccountId>>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut resolved = Vec::new();
    for (i, organisation) in organisations.iter().enumerate() {
        let mut reader = Reader { path: format!("billing.organisations.{i}"), problems: &mut problems };
        if organisation.accounts.is_empty() {
            reader.problem("accounts", "found no account".to_string(), "name those that share discounts");
        }
        for name in &organisation.accounts {
            if let Some(first) = seen.insert(name, i) {
                let message = format!("`{name}` is in `billing.organisations.{first}` already");
                reader.problem("accounts", message, "name each account once, in one organisation");
            }
        }
        let id = |name: &String| accounts.get(name).copied().unwrap_or_default();
        resolved.push(organisation.accounts.iter().map(id).collect());
    }
    if problems.is_empty() { Ok(resolved) } else { Err(problems) }
}

impl ReservedConfig {
    fn resolve(
        &self,
        reader: &mut Reader<'_>,
        zones: &[&str],
        account: AccountId,
        types: &mut TypeTable,
    ) -> Option<Commitment> {
        let name = self.instance_type.as_str();
        let kind = types.named(name);
        if kind.is_none() {
            let message = format!("found `{name}`, expected the name of an instance type");
            reader.unknown("type", message, types.suggest(name));
        }
        let zone = self.zone.as_deref().map(|name| zone_named(reader, "zone", name, zones));
        if !(1..=MAX_COUNT).contains(&self.count) {
            let message = format!("found {}, expected 1 to {MAX_COUNT}", self.count);
            reader.problem("count", message, "say how many instances are reserved");
        }
        let count = i128::from(self.count);
        let per_hour = Money(reader.usd("usd_per_hour", &self.usd_per_hour).0 * count);
        let upfront = Money(reader.usd("upfront_usd", &self.upfront_usd).0 * count);
        let hours = term(reader, self.from, self.until);
        let kind = kind?;
        // Size flexibility is for regional ones of shared tenancy (EC2 user guide, "How Reserved Instance
        // discounts are applied").
        let flexible =
            family_and_factor(name).filter(|_| zone.is_none() && self.tenancy == BilledTenancy::Shared);
        let (covers, factor) = match flexible {
            Some((family, factor)) => (Covers::Family(family.to_string()), factor),
            None => (Covers::Type(kind, self.tenancy, zone.flatten()), 1),
        };
        let turn = if zone.is_some() { Turn::ZonalReserved } else { Turn::RegionalReserved };
        let purchase = BilledPurchase::Reserved;
        let usage_type = UsageType::instances(kind, self.tenancy);
        let capacity = u128::from(self.count) * u128::from(factor) * 3600;
        Some(Commitment {
            account,
            purchase,
            turn,
            usage_type,
            count: self.count,
            per_hour,
            upfront,
            capacity,
            hours,
            covers,
        })
    }
}

impl SavingsPlanConfig {
    fn resolve(
        &self,
        reader: &mut Reader<'_>,
        usage_type: UsageType,
        account: AccountId,
    ) -> Option<Commitment> {
        let per_hour = reader.usd("usd_per_hour", &self.usd_per_hour);
        if per_hour == Money::ZERO {
            let message = format!("found {}, expected more than 0", self.usd_per_hour.as_str());
            reader.problem(
                "usd_per_hour",
                message,
                "a plan without a commitment covers nothing: leave it out",
            );
        }
        let mut share = |key: &str, value| reader.share(key, value, 0, WHOLE - 1);
        let others = self.discount.as_ref().map(|discount| share("discount", discount));
        let rates: BTreeMap<String, u32> = (self.rates.iter())
            .map(|(name, discount)| (name.clone(), share(&format!("rates.\"{name}\""), discount)))
            .collect();
        if others.is_none() && rates.is_empty() {
            let message = "found neither `discount` nor `rates`: the plan covers nothing".to_string();
            reader.problem("discount", message, "add discount = 0.28, or rates = { \"m5\" = 0.28 }");
        }
        let hours = term(reader, self.from, self.until);
        let capacity = u128::try_from(per_hour.0).expect("prices are not negative");
        (capacity > 0).then_some(Commitment {
            account,
            purchase: BilledPurchase::SavingsPlan,
            turn: self.turn(),
            usage_type,
            count: 1,
            per_hour,
            upfront: Money::ZERO,
            capacity,
            hours,
            covers: Covers::Discounted { rates, others },
        })
    }
}

impl SavingsPlanConfig {
    fn turn(&self) -> Turn {
        let family =
            |name: &String| name.split_once('.').map_or(name.clone(), |(family, _)| family.to_string());
        let families: BTreeSet<String> = self.rates.keys().map(family).collect();
        match self.plan_type {
            Some(SavingsPlanType::Ec2Instance) => Turn::Ec2InstancePlan,
            Some(SavingsPlanType::Compute) => Turn::ComputePlan,
            None if self.discount.is_none() && families.len() == 1 => Turn::Ec2InstancePlan,
            None => Turn::ComputePlan,
        }
    }
}

/// Returns the clock hours of a term.
fn term(reader: &mut Reader<'_>, from: Duration, until: Option<Duration>) -> Range<u64> {
    let first = reader.clock_hour("from", from);
    let end = until.map_or(u64::MAX, |until| reader.clock_hour("until", until));
    if let Some(until) = until.filter(|until| *until <= from) {
        reader.problem(
            "until",
            format!("found {until}, expected more than `from`"),
            "leave it out for no end",
        );
    }
    first..end
}

/// Returns the zone of a name, or `None` after a problem is noted.
fn zone_named(reader: &mut Reader<'_>, key: &str, name: &str, zones: &[&str]) -> Option<ZoneId> {
    let position = zones.iter().position(|zone| *zone == name);
    if position.is_none() {
        let message = format!("found `{name}`, expected the name of a zone");
        reader.unknown(key, message, did_you_mean(name, zones.iter().copied()));
    }
    position.map(|position| ZoneId(u16::try_from(position).expect("a scenario has fewer than 2¹⁶ zones")))
}
