//! Reserved instances and savings plans: what an account has promised to pay by the hour, and what usage
//! that covers.
//!
//! Both are one rule. In each clock hour a commitment has a capacity; a second of usage takes its weight
//! of it, in an order of preference, until it is used up; the price of the hour is due in any case.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exact::{multiply_divide, share};
use super::normalization::family_and_factor;
use super::reader::{Reader, WHOLE};
use super::{HOUR, Purchase, UsageType};
use crate::catalogue::TypeTable;
use crate::input::{Problem, did_you_mean};
use crate::units::{AccountId, Decimal, Duration, Money, TypeId, ZoneId};

/// Reserved instances of one account and type.
///
/// A regional reservation (no `zone`) covers every zone and, where EC2 has it so, every size of the
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
    /// How many; default 1.
    #[serde(default = "one")]
    pub count: u32,
    /// Price of each hour of the term of one of them, used or not \[USD/h\].
    pub usd_per_hour: Decimal,
    /// Price of one of them when the term begins \[USD\]; default 0.
    #[serde(default = "nothing")]
    pub upfront_usd: Decimal,
    /// When the term begins, since the start of the run, in whole hours; default 0s.
    #[serde(default)]
    pub from: Duration,
    /// When it ends. Left out: not during the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
}

/// A savings plan of one account, for what reservations have left, in file order where it has several.
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
    /// When the term begins, since the start of the run, in whole hours; default 0s.
    #[serde(default)]
    pub from: Duration,
    /// When it ends. Left out: not during the run.
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

/// One commitment of an account.
#[derive(Clone, Debug)]
pub(super) struct Commitment {
    pub account: AccountId,
    pub purchase: Purchase,
    /// What its unused part is called on the bill.
    pub usage_type: UsageType,
    /// How many hours of usage an hour of it is: the reservation's count, 1 for a plan.
    pub count: u32,
    /// Due each hour.
    pub per_hour: Money,
    /// Due in the first hour.
    pub upfront: Money,
    /// What an hour covers, in units of weight · s.
    pub capacity: u128,
    /// The clock hours of its term, since the start of the run.
    pub hours: Range<u64>,
    covers: Covers,
}

/// Which usage a commitment covers.
#[derive(Clone, Debug)]
enum Covers {
    /// A type, in one zone or in all.
    Type(TypeId, Option<ZoneId>),
    /// All sizes of a family.
    Family(String),
    /// Types with a discount, by name of type or family and for all others \[10⁻⁹\].
    Discounted { rates: BTreeMap<String, u32>, others: Option<u32> },
}

/// What a second of usage takes of a commitment, and its place in the order of preference, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Weight {
    pub preference: u128,
    pub weight: u128,
}

impl Commitment {
    /// What a second of a type in a zone takes; `None` where it is not covered.
    pub fn weight(&self, kind: TypeId, zone: ZoneId, types: &TypeTable) -> Option<Weight> {
        let equal = Weight { preference: 0, weight: 1 };
        let name = types.get(kind).name.as_str();
        match &self.covers {
            Covers::Type(of, within) => {
                (*of == kind && within.is_none_or(|within| within == zone)).then_some(equal)
            }
            Covers::Family(family) => {
                let (of, factor) = family_and_factor(name)?;
                let factor = u128::from(factor);
                (of == family).then_some(Weight { preference: factor, weight: factor })
            }
            Covers::Discounted { rates, others } => {
                let family = || name.split_once('.').and_then(|(family, _)| rates.get(family));
                let discount = *rates.get(name).or_else(family).or(others.as_ref())?;
                let paid = u128::from(WHOLE - discount);
                // The one place where a plan's price is rounded, down to a unit of money.
                let rate = share(types.get(kind).price_per_second, paid, u128::from(WHOLE));
                // What costs nothing needs no plan. Least paid of the price first, then the lower rate
                // (Savings Plans user guide, "How Savings Plans apply to your AWS usage").
                let weight = u128::try_from(rate.0).expect("prices are not negative");
                (weight > 0).then_some(Weight { preference: paid, weight })
            }
        }
    }

    /// The time that so much of its capacity is, of hours of a plan or of reserved instances \[ns\].
    pub fn unused_ns(&self, left: u128) -> u128 {
        multiply_divide(left, u128::from(self.count) * u128::from(HOUR.0), self.capacity)
    }

    /// The price of so much of its capacity, rounded down to a unit of money.
    pub fn price_of(&self, used: u128) -> Money {
        share(self.per_hour, used, self.capacity)
    }
}

/// The accounts' commitments: zonal reservations, then regional ones, then savings plans, each as listed.
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
    let zonal = |commitment: &Commitment| matches!(commitment.covers, Covers::Type(_, Some(_)));
    commitments.sort_by_key(|commitment| !zonal(commitment));
    for (i, config) in plans.iter().enumerate() {
        let mut reader = Reader { path: format!("billing.savings_plans.{i}"), problems: &mut problems };
        let usage_type = UsageType::SavingsPlan(u32::try_from(i).expect("fewer than 2³² plans"));
        commitments.extend(config.resolve(&mut reader, usage_type, account(&config.account)));
    }
    if problems.is_empty() { Ok(commitments) } else { Err(problems) }
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
        let (covers, factor) = match (zone, family_and_factor(name)) {
            (None, Some((family, factor))) => (Covers::Family(family.to_string()), factor),
            (zone, _) => (Covers::Type(kind, zone.flatten()), 1),
        };
        let purchase = Purchase::Reserved;
        let usage_type = UsageType::Instance(kind);
        let capacity = u128::from(self.count) * u128::from(factor) * 3600;
        Some(Commitment {
            account,
            purchase,
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
            purchase: Purchase::SavingsPlan,
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

/// The clock hours of a term.
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

/// The zone of a name, or `None` after telling a problem.
fn zone_named(reader: &mut Reader<'_>, key: &str, name: &str, zones: &[&str]) -> Option<ZoneId> {
    let position = zones.iter().position(|zone| *zone == name);
    if position.is_none() {
        let message = format!("found `{name}`, expected the name of a zone");
        reader.unknown(key, message, did_you_mean(name, zones.iter().copied()));
    }
    position.map(|position| ZoneId(u16::try_from(position).expect("a scenario has fewer than 2¹⁶ zones")))
}
