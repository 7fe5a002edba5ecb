//! Random streams: one for each purpose and entity, so that an extra draw in one shifts no other.
//!
//! ChaCha8 is frozen and portable: the same seed gives the same numbers on every machine and in every
//! version. Streams of one seed share its key and differ in their nonce, so they never overlap.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use super::checkpoint::{Persist, Reader, RestoreError, Writer};

/// Purpose of a stream. The number is part of every result: add at the end, never renumber.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Purpose {
    /// Times between arrivals; the entity is the arrival process.
    Arrival = 1,
    /// Type, account and subnet of an arrival; the entity is the arrival process.
    Mix = 2,
    /// Lifetimes; the entity is the arrival process.
    Lifetime = 3,
    /// Running and stopped times; the entity is the instance's number in the demand.
    StopStart = 4,
    /// The equilibrium a run starts from; the entity is the arrival process.
    SteadyState = 5,
    /// Choices of a placement strategy; the entity is 0.
    Placement = 6,
    /// Times of host faults; the entity is 0 for the faults of all hosts in one process, 1 + the host's id
    /// for those of one host.
    HostFault = 7,
    /// Hosts of a maintenance; the entity is its position in the scenario.
    Maintenance = 8,
    /// Spot prices; the entity is the instance type and zone.
    SpotPrice = 9,
    /// Placement group of an arrival; the entity is twice the arrival process, and one more for those there at the
    /// start.
    Group = 10,
    /// Copies of a row of a trace, and their delays; the entity is the row, counted over all replays.
    TraceCopy = 11,
    /// Requests of an arrival process that the intensity of the demand keeps; the entity is the process and its layer.
    ArrivalThinning = 12,
    /// Blocks of a trace that are drawn again; the entity is the replay, and for accounts the account as well.
    TraceResample = 13,
    /// Ends of instances that have none in a trace; the entity is the row, counted over all replays.
    OpenEnd = 14,
    /// Times between synthetic calls; the entity is the source of calls.
    CallArrival = 20,
    /// Operation and account of a synthetic call; the entity is the source of calls.
    CallMix = 21,
    /// Targets of a synthetic call; the entity is the source of calls.
    CallTarget = 22,
    /// Synthetic calls that the intensity of the demand keeps; the entity is the source of calls and its layer.
    CallThinning = 23,
    /// Service times of the control plane; the entity is the stage.
    Service = 30,
    /// Delays of clients that try again; the entity is 0.
    Retry = 31,
    /// Delays before other attempts of a launch that was refused; the entity is its first instance's number in the demand.
    LaunchRetry = 32,
    /// Time that an instance takes to boot; the entity is its number in the demand.
    Boot = 33,
    /// Time that an instance takes to stop; the entity is its number in the demand.
    Stop = 34,
    /// Time that an instance takes to shut down; the entity is its number in the demand.
    Terminate = 35,
    /// Times between jobs; the entity is the source of jobs.
    JobArrival = 36,
    /// Times that jobs need; the entity is the source of jobs.
    JobLifetime = 37,
    /// Jobs that the intensity of the demand keeps; the entity is the source of jobs and its layer.
    JobThinning = 38,
    /// Noise of the load of an Auto Scaling group; the entity is the group.
    Load = 39,
    /// Delays between the polls of a client's waiter; the entity is the waiter.
    WaiterPoll = 40,
    /// Error of the predicted lifetime of an instance; the entity is its number in the demand.
    Prediction = 41,
    /// Futures of a forecast; the entity is the number of the level.
    Forecast = 60,
    /// Points of a sweep, not of a run; the entity is twice the axis for where its values lie, and one more for
    /// their order.
    Design = 64,
}

/// The seed of a run, from which streams are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seed(pub u64);

/// Bits of the entity in the number of a stream.
const ENTITY_BITS: u32 = 56;

impl Seed {
    /// Returns the stream of a purpose and entity, from its beginning. `entity` is below 2⁵⁶.
    pub fn stream(self, purpose: Purpose, entity: u64) -> Stream {
        assert!(entity >> ENTITY_BITS == 0, "entity {entity} does not fit in 56 bits");
        let mut generator = ChaCha8Rng::seed_from_u64(self.0);
        generator.set_stream(u64::from(purpose as u8) << ENTITY_BITS | entity);
        Stream(generator)
    }
}

/// A stream of random numbers.
#[derive(Debug)]
pub struct Stream(ChaCha8Rng);

impl Clone for Stream {
    fn clone(&self) -> Stream {
        // The generator has no `Clone`, against accidental repetition of numbers. Here repetition is wanted: the
        // reference implementation of a test draws the same numbers as the fast one.
        Stream(ChaCha8Rng::deserialize_state(&self.0.serialize_state()))
    }
}

/// Writes and restores the key of the stream and its position. A run with another seed draws on from there under its own.
impl Persist for Stream {
    fn save(&self, out: &mut Writer<'_>) {
        out.put(self.0.serialize_state().as_slice());
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let state: Vec<u8> = from.get()?;
        let state = state.as_slice().try_into().map_err(|_| RestoreError::Corrupt)?;
        self.0 = ChaCha8Rng::deserialize_state(state);
        if let Some(seed) = from.new_seed() {
            let (stream, position) = (self.0.get_stream(), self.0.get_word_pos());
            self.0 = ChaCha8Rng::seed_from_u64(seed);
            self.0.set_stream(stream);
            self.0.set_word_pos(position);
        }
        Ok(())
    }
}

impl Stream {
    /// Returns the same stream from its `position`-th draw of 64 bits on, counted from its beginning.
    pub fn from_draw(mut self, position: u64) -> Stream {
        self.0.set_word_pos(u128::from(position) * 2);
        self
    }

    /// Draws 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Draws uniformly from (0, 1], a multiple of 2⁻⁵³: never 0, so that its logarithm is finite.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Draws uniformly from 0..`bound`, without bias (Lemire 2019, "Fast random integer generation in an
    /// interval", section 4). `bound` must not be 0.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a draw from nothing");
        let mut product = u128::from(self.bits()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.bits()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_bits() {
        let mut stream = Seed(42).stream(Purpose::Arrival, 0);
        let first: Vec<u64> = (0..3).map(|_| stream.bits()).collect();
        let mut other = Seed(42).stream(Purpose::Arrival, 1);
        assert_ne!(first[0], other.bits());
        assert_eq!(first, KNOWN, "the generator changed: every result of every seed changes with it");
    }

    const KNOWN: [u64; 3] = [10778380846689891090, 2204091386601894679, 5126070752156005463];

    #[test]
    fn below_is_uniform_and_in_range() {
        let mut stream = Seed(7).stream(Purpose::Placement, 0);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        for count in counts {
            assert!((9_600..10_400).contains(&count), "{counts:?}");
        }
    }

    #[test]
    fn unit_is_never_zero() {
        let mut stream = Seed(1).stream(Purpose::Lifetime, 3);
        assert!((0..10_000).map(|_| stream.unit()).all(|u| u > 0.0 && u <= 1.0));
    }
}
