//! Spot instances: their price by type and zone over time, their interruptions, and their bill.
//!
//! A price is piecewise constant; each billed second costs the price in force when it begins (EC2 user
//! guide, "Billing and purchase options": the spot price in effect, by the second), and never more than the
//! highest price of its request, by default the on-demand price (EC2 API reference,
//! `SpotMarketOptions`, "MaxPrice").

mod config;
mod path;

pub use config::{SpotConfig, SpotPriceConfig};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::exact::share;
use super::reader::WHOLE;
use super::seconds::Billed;
use config::Source;
use path::{Path, Piece, Quote};
use plimsoll_base::catalogue::TypeTable;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::units::{Duration, Money, Time, TypeId, ZoneId};

/// From the notice of an interruption to the interruption (EC2 user guide, "Spot Instance interruption
/// notices").
pub const INTERRUPTION_NOTICE: Duration = Duration::from_seconds(120);

/// Running for less than this until EC2 interrupts it, an instance costs nothing (EC2 user guide, "Billing
/// for interrupted Spot Instances", Linux).
pub const FREE_IF_INTERRUPTED_WITHIN: Duration = super::HOUR;

/// The spot prices of a run. Those of a type in a zone are made when they are first asked for.
#[derive(Clone, Debug)]
pub struct SpotPrices {
    source: Source,
    /// Time by which a rebalance recommendation comes before the notice of an interruption by the price.
    recommendation_ahead: Duration,
    seed: Seed,
    paths: BTreeMap<(TypeId, ZoneId), Path>,
    /// Results of earlier searches for a price above another.
    searches: BTreeMap<(TypeId, ZoneId, Money), Search>,
}

/// From `from` on, and before `reached`, the price is never above that of the search.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Search {
    from: Time,
    reached: Time,
}

/// Prices that were drawn stay as they were; others are the scenario's.
impl Persist for SpotPrices {
    fn save(&self, out: &mut Writer<'_>) {
        let SpotPrices { source: _, recommendation_ahead: _, seed: _, paths, searches } = self;
        let drawn: Vec<_> = paths.iter().filter_map(|(market, path)| Some((market, path.drawn()?))).collect();
        out.put_length(drawn.len());
        for (market, (stream, shares)) in drawn {
            out.put(&(market, shares));
            stream.save(out);
        }
        out.put(searches);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        for _ in 0..from.get_length()? {
            let (market, shares) = from.get()?;
            let mut stream = self.seed.stream(Purpose::SpotPrice, 0);
            stream.restore(from)?;
            let Source::MeanReverting(law) = self.source else { return Err(RestoreError::Corrupt) };
            self.paths.insert(market, Path::Steps { law, stream: Box::new(stream), shares });
        }
        self.searches = from.get()?;
        Ok(())
    }
}

impl SpotPrices {
    pub(super) fn new(source: Source, recommendation_ahead: Duration, seed: Seed) -> SpotPrices {
        SpotPrices { source, recommendation_ahead, seed, paths: BTreeMap::new(), searches: BTreeMap::new() }
    }

    /// Returns the time by which a rebalance recommendation comes before the notice of an interruption by the price.
    pub fn recommendation_ahead(&self) -> Duration {
        self.recommendation_ahead
    }

    /// Returns the time of the first price of a file; `None` where prices are not of a file, or it has none.
    pub fn first_listed(&self) -> Option<Time> {
        let Source::File(prices) = &self.source else { return None };
        prices.values().filter_map(|prices| Some(prices.first()?.0)).min()
    }

    /// Returns the price in force \[money per second\].
    pub fn price(&mut self, types: &TypeTable, kind: TypeId, zone: ZoneId, at: Time) -> Money {
        self.piece(types, kind, zone, at).0
    }

    /// Returns the first time from `from` on, and before `horizon`, at which the price is above `max_price`
    /// \[money per second\]; that of the request, or the on-demand price where it names none. Then an
    /// instance gets its notice, and [`INTERRUPTION_NOTICE`] later it is interrupted. A launch at a time that
    /// is itself the answer is not fulfilled.
    pub fn next_change_above(
        &mut self,
        types: &TypeTable,
        (kind, zone): (TypeId, ZoneId),
        from: Time,
        max_price: Option<Money>,
        horizon: Time,
    ) -> Option<Time> {
        let max_price = max_price.unwrap_or(types.get(kind).price_per_second);
        // Instances of one market ask for the same path again and again: each continues at the position of the
        // last one, so that all together walk it once.
        let key = (kind, zone, max_price);
        let known = self.searches.get(&key).filter(|known| (known.from..=known.reached).contains(&from));
        let mut search = known.copied().unwrap_or(Search { from, reached: from });
        let mut found = None;
        while search.reached < horizon && found.is_none() {
            let (price, until) = self.piece(types, kind, zone, search.reached);
            if price > max_price {
                found = Some(search.reached);
            } else {
                search.reached = until;
            }
        }
        self.searches.insert(key, search);
        found
    }

    /// Returns the first time from `from` on, and before `horizon`, at which the price is not above `max_price`, as in
    /// [`SpotPrices::next_change_above`].
    pub fn next_change_not_above(
        &mut self,
        types: &TypeTable,
        (kind, zone): (TypeId, ZoneId),
        from: Time,
        max_price: Option<Money>,
        horizon: Time,
    ) -> Option<Time> {
        let max_price = max_price.unwrap_or(types.get(kind).price_per_second);
        let mut reached = from;
        while reached < horizon {
            let (price, until) = self.piece(types, kind, zone, reached);
            if price <= max_price {
                return Some(reached);
            }
            reached = until;
        }
        None
    }

    /// Returns the cost of billed seconds with the highest price of their request.
    pub(super) fn amount(
        &mut self,
        types: &TypeTable,
        (kind, zone): (TypeId, ZoneId),
        max_price: Option<Money>,
        billed: Billed,
    ) -> Money {
        let most = max_price.unwrap_or(types.get(kind).price_per_second);
        let mut amount = Money::ZERO;
        let mut rest = billed;
        while rest.seconds > 0 {
            let (price, until) = self.piece(types, kind, zone, rest.start);
            let price = price.min(most);
            let (piece, later) = rest.split(until);
            amount +=
                Money(price.0.checked_mul(i128::from(piece.seconds)).expect("money overflows 128 bits"));
            rest = later;
        }
        amount
    }

    /// Returns the price at a time, and until when it is sure to stay.
    fn piece(&mut self, types: &TypeTable, kind: TypeId, zone: ZoneId, at: Time) -> (Money, Time) {
        let instance_type = types.get(kind);
        let (source, seed) = (&self.source, self.seed);
        let path =
            self.paths.entry((kind, zone)).or_insert_with(|| source.path(&instance_type.name, zone, seed));
        let Piece { quote, until } = path.piece(at);
        let price = match quote {
            Quote::PerSecond(price) => price,
            // Rounded here once, down to a unit of money.
            Quote::ShareOfOnDemand(of) => {
                share(instance_type.price_per_second, u128::from(of), u128::from(WHOLE))
            }
        };
        (price, until)
    }
}

/// Returns the number that the stream of a type in a zone is keyed by: the type's name, not its number, which
/// depends on what else the scenario uses.
fn entity(name: &str, zone: ZoneId) -> u64 {
    // FNV-1a, the upper 40 of its 64 bits: two of 1,500 types share a path once in a million catalogues.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash >> 24 << 16 | u64::from(zone.0)
}

impl Source {
    fn path(&self, name: &str, zone: ZoneId, seed: Seed) -> Path {
        match self {
            Source::Constant(share) => Path::constant(*share),
            Source::MeanReverting(law) => {
                Path::mean_reverting(*law, seed.stream(Purpose::SpotPrice, entity(name, zone)))
            }
            Source::File(prices) => {
                Path::listed(prices.get(&(name.to_string(), zone)).cloned().unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests;
