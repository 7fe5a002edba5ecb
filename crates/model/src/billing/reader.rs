//! Reads the values of one table of `[billing]` and collects their problems.

use plimsoll_base::input::{Place, Problem};
use plimsoll_base::units::{Decimal, Duration, Money, Unreadable};

/// The most a price may be \[USD\].
const MAX_USD: i128 = 1_000_000;

/// A whole in the unit that shares are kept in \[10⁻⁹\].
pub(super) const WHOLE: u32 = 1_000_000_000;

/// Reads an amount of at most a million USD with at most twelve decimals. It is a whole number of units when divided
/// by the seconds of an hour.
pub fn usd(value: &Decimal) -> Result<Money, Unreadable> {
    // A price of an hour comes as that of a second.
    let per_second = value.usd_per_hour()?;
    let most = Money(MAX_USD * Money::UNITS_PER_USD / 3600);
    if per_second > most { Err(Unreadable::TooLarge) } else { Ok(Money(per_second.0 * 3600)) }
}

/// The table at a dotted path.
pub(super) struct Reader<'a> {
    pub path: String,
    pub problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    /// Reads an amount of USD, exact; 0 after a problem is noted.
    pub fn usd(&mut self, key: &str, value: &Decimal) -> Money {
        let reason = match usd(value) {
            Ok(money) => return money,
            Err(reason) => reason,
        };
        let help = match reason {
            Unreadable::TooFine => "give at most twelve decimals".to_string(),
            _ => format!("give 0 to {MAX_USD} USD"),
        };
        self.problem(key, format!("found {}, which {reason}", value.as_str()), &help);
        Money::ZERO
    }

    /// Reads a share of `least` to `most` \[10⁻⁹\]; `least` after a problem is noted.
    pub fn share(&mut self, key: &str, value: &Decimal, least: u32, most: u32) -> u32 {
        let reason = match value.resource(u64::from(WHOLE)) {
            Ok(share) if (least..=most).contains(&share) => return share,
            Ok(_) => "out of range".to_string(),
            Err(reason) => reason.to_string().replacen("is ", "", 1),
        };
        let whole = f64::from(WHOLE);
        let range = format!("{} to {}", f64::from(least) / whole, f64::from(most) / whole);
        let message = format!("found {}, which is {reason}, expected a share of {range}", value.as_str());
        self.problem(key, message, "write 30 % as 0.3, with at most nine decimals");
        least
    }

    /// Reads a time that falls on a clock hour \[h since the start of the run\].
    pub fn clock_hour(&mut self, key: &str, value: Duration) -> u64 {
        let hour = super::HOUR;
        if !value.0.is_multiple_of(hour.0) {
            let message = format!("found {value}, expected whole hours");
            self.problem(key, message, "commitments are paid and used by the clock hour");
        }
        value.0 / hour.0
    }

    /// Notes a problem with a key of the table, with its help.
    pub fn problem(&mut self, key: &str, message: String, help: &str) {
        self.problems.push(Problem::new(self.place(key), message).with_help(help));
    }

    /// Notes a problem with the name in a key, with the nearest known ones where there are any.
    pub fn unknown(&mut self, key: &str, message: String, help: Option<String>) {
        self.problems.push(Problem { place: self.place(key), message, help });
    }

    fn place(&self, key: &str) -> Place {
        Place::key(&format!("{}.{key}", self.path))
    }
}
