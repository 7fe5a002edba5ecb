//! Failures of single hosts: without memory, all in one process; or with age, each by its own timer.

use super::config::HostFaultConfig;
use crate::draw::{exponential, to_duration};
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::units::{Duration, HostId};

/// Counts the lives of a host: a timer of an earlier life is void.
pub type Life = u32;

/// The law of the failures.
#[derive(Debug)]
pub enum Failures {
    /// No host fails by itself.
    None,
    /// Exponential times: the failures of all hosts together are a Poisson process, and each is any host's with
    /// the same probability.
    Memoryless {
        /// Mean time between two failures of any hosts \[ns\].
        mean_gap_ns: f64,
        /// Number of hosts.
        hosts: u32,
        /// Stream of the failures of all hosts.
        stream: Box<Stream>,
    },
    /// Weibull times from the beginning of each life.
    Ageing {
        /// The time that a share of 1/e outlives \[ns\].
        scale_ns: f64,
        /// 1 ÷ shape.
        power: f64,
        /// The lives each host has begun.
        lives: Vec<Life>,
        /// Seed from which each host's stream is made.
        seed: Seed,
    },
}

/// Writes and restores the draws; the law is the scenario's.
impl Persist for Failures {
    fn save(&self, out: &mut Writer<'_>) {
        match self {
            Failures::None => {}
            Failures::Memoryless { mean_gap_ns: _, hosts: _, stream } => stream.save(out),
            Failures::Ageing { scale_ns: _, power: _, lives, seed: _ } => out.put(lives),
        }
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        match self {
            Failures::None => {}
            Failures::Memoryless { stream, .. } => stream.restore(from)?,
            Failures::Ageing { lives, .. } => *lives = from.get()?,
        }
        Ok(())
    }
}

impl Failures {
    /// Returns the law of a scenario for so many hosts.
    pub fn new(config: &HostFaultConfig, hosts: u32, seed: Seed) -> Failures {
        let Some(mean) = config.mean_time_between_failures else { return Failures::None };
        let mean_ns = mean.0 as f64;
        match config.weibull_shape {
            None => Failures::Memoryless {
                mean_gap_ns: mean_ns / f64::from(hosts),
                hosts,
                stream: Box::new(seed.stream(Purpose::HostFault, 0)),
            },
            Some(shape) => Failures::Ageing {
                scale_ns: mean_ns / libm::tgamma(1.0 + 1.0 / shape),
                power: 1.0 / shape,
                lives: vec![0; hosts as usize],
                seed,
            },
        }
    }

    /// Returns the time to the first failure of any host, where they have no memory.
    pub fn next_of_all(&mut self) -> Option<Duration> {
        match self {
            Failures::Memoryless { mean_gap_ns, stream, .. } => {
                Some(to_duration(*mean_gap_ns * exponential(stream)))
            }
            _ => None,
        }
    }

    /// Returns the host that fails now, in service or not, and the time to the next failure of any.
    pub fn draw(&mut self) -> (HostId, Duration) {
        let Failures::Memoryless { hosts, stream, .. } = self else {
            panic!("only hosts without memory fail in one process");
        };
        let host = HostId(stream.below(u64::from(*hosts)) as u32);
        (host, self.next_of_all().expect("they have no memory"))
    }

    /// Begins a life of a host, where it ages: its number and length.
    pub fn new_life(&mut self, host: HostId) -> Option<(Life, Duration)> {
        let Failures::Ageing { scale_ns, power, lives, seed } = self else { return None };
        let life = &mut lives[host.index()];
        let position = u64::from(*life);
        let mut stream = seed.stream(Purpose::HostFault, 1 + u64::from(host.0)).from_draw(position);
        *life += 1;
        Some((*life, to_duration(*scale_ns * libm::pow(exponential(&mut stream), *power))))
    }

    /// Returns true if a host lives this life.
    pub fn is_in(&self, host: HostId, life: Life) -> bool {
        matches!(self, Failures::Ageing { lives, .. } if lives[host.index()] == life)
    }
}
