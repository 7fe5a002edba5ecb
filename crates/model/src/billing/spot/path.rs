//! The price of one type in one zone over time: pieces that follow each other without a gap.

use super::WHOLE;
use plimsoll_base::engine::random::Stream;
use plimsoll_base::units::{Duration, Money, Time};

/// A stretch of time with one price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    pub quote: Quote,
    /// Start of the next one.
    pub until: Time,
}

/// Form of a price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quote {
    /// Money per second.
    PerSecond(Money),
    /// A share of the on-demand price \[10⁻⁹\].
    ShareOfOnDemand(u32),
}

/// A price of random steps that revert to a mean; all shares of the on-demand price
/// \[10⁻⁹\].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::billing) struct MeanReverting {
    pub mean: u32,
    /// Standard deviation of the push of a step.
    pub volatility: u32,
    /// Share of the way to the mean that a step makes.
    pub reversion: u32,
    pub floor: u32,
    pub ceiling: u32,
    /// Time from step to step.
    pub every: Duration,
}

/// The prices over time.
#[derive(Clone, Debug)]
pub(super) enum Path {
    Constant(u32),
    /// Shares drawn so far, one a step from time zero.
    Steps {
        law: MeanReverting,
        stream: Box<Stream>,
        shares: Vec<u32>,
    },
    /// Each price with its first moment, in order of time. Before the first, the price is the on-demand one.
    Listed(Vec<(Time, Money)>),
}

impl Path {
    pub fn constant(share: u32) -> Path {
        Path::Constant(share)
    }

    pub fn mean_reverting(law: MeanReverting, stream: Stream) -> Path {
        Path::Steps { law, stream: Box::new(stream), shares: vec![law.mean.clamp(law.floor, law.ceiling)] }
    }

    pub fn listed(prices: Vec<(Time, Money)>) -> Path {
        Path::Listed(prices)
    }

    /// Returns the stream and the shares so far, where chance decides.
    pub fn drawn(&self) -> Option<(&Stream, &[u32])> {
        match self {
            Path::Steps { stream, shares, .. } => Some((stream, shares)),
            _ => None,
        }
    }

    /// Returns the piece that a time lies in.
    pub fn piece(&mut self, at: Time) -> Piece {
        match self {
            Path::Constant(share) => Piece { quote: Quote::ShareOfOnDemand(*share), until: Time::NEVER },
            Path::Steps { law, stream, shares } => {
                let step = at.0 / law.every.0;
                let index = usize::try_from(step).expect("a step of the run");
                while shares.len() <= index {
                    let last = shares[shares.len() - 1];
                    shares.push(law.next(last, stream));
                }
                let until = Time(law.every.0.saturating_mul(step + 1));
                Piece { quote: Quote::ShareOfOnDemand(shares[index]), until }
            }
            Path::Listed(prices) => {
                let next = prices.partition_point(|(from, _)| *from <= at);
                let quote = match next.checked_sub(1) {
                    Some(current) => Quote::PerSecond(prices[current].1),
                    None => Quote::ShareOfOnDemand(WHOLE),
                };
                Piece { quote, until: prices.get(next).map_or(Time::NEVER, |(from, _)| *from) }
            }
        }
    }
}

impl MeanReverting {
    /// Returns the share after `share`: an Ornstein–Uhlenbeck process in steps, whole numbers but for the push.
    fn next(&self, share: u32, stream: &mut Stream) -> u32 {
        let [share, mean, reversion] = [share, self.mean, self.reversion].map(i64::from);
        let drift = (mean - share) * reversion / i64::from(WHOLE);
        let push = (normal(stream) * f64::from(self.volatility)) as i64;
        let next = (share + drift + push).clamp(i64::from(self.floor), i64::from(self.ceiling));
        u32::try_from(next).expect("between floor and ceiling")
    }
}

/// Returns a standard normal value from two draws (Box and Muller 1958).
fn normal(stream: &mut Stream) -> f64 {
    let radius = (-2.0 * libm::log(stream.unit())).sqrt();
    radius * libm::cos(std::f64::consts::TAU * stream.unit())
}
