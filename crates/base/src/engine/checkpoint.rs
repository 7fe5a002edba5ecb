//! The state of a run as bytes: saving and restoring the state of its parts.
//!
//! A part is restored in place: it is built from the scenario first, as in any run, and then takes over the saved
//! state. Settings are therefore those of the scenario that continues, and the history is that of the
//! run that was saved. [`persist!`](crate::persist) states for each field which of the two it is.
//!
//! Numbers take as few bytes as they need (postcard). The seal at the end detects changed
//! bytes: a reader guards against mistakes, not against malice.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use postcard::{de_flavors, ser_flavors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::input::{InputError, Problem};

/// Bytes that are written and read at a time.
const BUFFER: usize = 1 << 17;

/// Part with state that a checkpoint holds.
pub trait Persist {
    /// Writes the state.
    fn save(&self, out: &mut Writer<'_>);
    /// Restores the state. After an error the part must not be used.
    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError>;
}

/// Implements [`Persist`](crate::engine::checkpoint::Persist) from lists of fields. A new field does not compile until
/// it is in one of them.
///
/// - `values` are written and read as they are;
/// - `nested` are parts with settings of their own, restored in place;
/// - `derived` are settings of the scenario, or follow from other fields.
#[macro_export]
macro_rules! persist {
    ($part:ty {
        $(values: [$($value:ident),* $(,)?] $(,)?)?
        $(nested: [$($inner:ident),* $(,)?] $(,)?)?
        $(derived: [$($derived:ident),* $(,)?] $(,)?)?
    }) => {
        impl $crate::engine::checkpoint::Persist for $part {
            #[allow(unused_variables)]
            fn save(&self, out: &mut $crate::engine::checkpoint::Writer<'_>) {
                let Self { $($($value,)*)? $($($inner,)*)? $($($derived: _,)*)? } = self;
                $($(out.put($value);)*)?
                $($($crate::engine::checkpoint::Persist::save($inner, out);)*)?
            }

            #[allow(unused_variables)]
            fn restore(
                &mut self,
                from: &mut $crate::engine::checkpoint::Reader<'_>,
            ) -> Result<(), $crate::engine::checkpoint::RestoreError> {
                let Self { $($($value,)*)? $($($inner,)*)? $($($derived: _,)*)? } = self;
                $($(*$value = from.get()?;)*)?
                $($($crate::engine::checkpoint::Persist::restore($inner, from)?;)*)?
                Ok(())
            }
        }
    };
}

/// Error of a state that cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The bytes are damaged.
    #[error("its contents cannot be understood")]
    Corrupt,
    /// The scenario has fewer of something than the state.
    #[error("it holds {found} {what} where the scenario has {expected}")]
    Fewer {
        /// Kind of the items.
        what: &'static str,
        /// Number in the state.
        found: usize,
        /// Number in the scenario.
        expected: usize,
    },
    /// An input that it needs is gone or has changed.
    #[error("{0}")]
    Input(InputError),
}

impl From<Problem> for RestoreError {
    fn from(problem: Problem) -> RestoreError {
        RestoreError::Input(problem.into())
    }
}

impl From<InputError> for RestoreError {
    fn from(error: InputError) -> RestoreError {
        RestoreError::Input(error)
    }
}

/// Writer of the state of a run, in order.
pub struct Writer<'a> {
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
    hash: Sha256,
    /// The first error; later writes are ignored.
    failed: Option<io::Error>,
}

impl<'a> Writer<'a> {
    /// Writes to a file, which need not be buffered.
    pub fn new(out: &'a mut dyn Write) -> Writer<'a> {
        Writer { out, buffer: Vec::with_capacity(BUFFER), hash: Sha256::new(), failed: None }
    }

    /// Writes a value. Panics on a type that cannot be written.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        postcard::serialize_with_flavor(value, Sink(self)).expect("every value of a state can be written");
    }

    /// Writes the number of items that follow.
    pub fn put_length(&mut self, length: usize) {
        self.put(&(length as u64));
    }

    /// Writes a part by itself, so that a reader may skip it.
    pub fn put_apart(&mut self, part: &(impl Persist + ?Sized)) {
        let mut bytes = Vec::new();
        let mut apart = Writer::new(&mut bytes);
        part.save(&mut apart);
        apart.flush();
        self.put(&bytes);
    }

    /// Writes bytes as they are.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.flush();
        }
    }

    /// Ends with the SHA-256 of everything before, or returns the first error.
    pub fn seal(mut self) -> io::Result<()> {
        self.flush();
        let seal = self.hash.finalize();
        match self.failed {
            Some(error) => Err(error),
            None => self.out.write_all(&seal).and_then(|()| self.out.flush()),
        }
    }

    fn flush(&mut self) {
        if self.failed.is_none() {
            self.hash.update(&self.buffer);
            self.failed = self.out.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }
}

/// A writer as postcard sees it.
struct Sink<'w, 'a>(&'w mut Writer<'a>);

impl ser_flavors::Flavor for Sink<'_, '_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if self.0.buffer.len() == BUFFER {
            self.0.flush();
        }
        self.0.buffer.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if self.0.buffer.len() + bytes.len() > BUFFER {
            self.0.flush();
        }
        self.0.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Bytes of the seal at the end.
pub const SEAL: usize = 32;

/// Reads everything, `length` bytes and the seal, and returns true if the seal is that of the bytes.
pub fn is_sealed(mut source: impl Read, length: u64) -> io::Result<bool> {
    let mut hash = Sha256::new();
    let hashed = io::copy(&mut source.by_ref().take(length), &mut hash)?;
    let mut seal = Vec::new();
    source.read_to_end(&mut seal)?;
    Ok(hashed == length && seal == hash.finalize().as_slice())
}

/// Reader of the state of a run, in order.
pub struct Reader<'a> {
    source: &'a mut dyn Read,
    /// Bytes that are still in the source.
    left: u64,
    buffer: Vec<u8>,
    /// The next of the buffer.
    next: usize,
    /// Bytes that do not lie in the buffer in one piece.
    long: Vec<u8>,
    new_seed: Option<u64>,
}

impl<'a> Reader<'a> {
    /// Reads so many bytes.
    pub fn new(source: &'a mut dyn Read, length: u64) -> Reader<'a> {
        Reader { source, left: length, buffer: Vec::new(), next: 0, long: Vec::new(), new_seed: None }
    }

    /// Lets the random streams that are read from now on continue under another seed.
    pub fn go_on_under(&mut self, seed: u64) {
        self.new_seed = Some(seed);
    }

    /// Returns the seed under which random streams continue, if it is not their own.
    pub fn new_seed(&self) -> Option<u64> {
        self.new_seed
    }

    /// Returns the bytes that are still to be read.
    pub fn left(&self) -> u64 {
        self.left + (self.buffer.len() - self.next) as u64
    }

    /// Reads a value.
    pub fn get<T: DeserializeOwned>(&mut self) -> Result<T, RestoreError> {
        let mut deserializer = postcard::Deserializer::from_flavor(Source(self));
        T::deserialize(&mut deserializer).map_err(|_| RestoreError::Corrupt)
    }

    /// Reads the number of items that follow: at least a byte each.
    pub fn get_length(&mut self) -> Result<usize, RestoreError> {
        let length: u64 = self.get()?;
        if length > self.left() {
            return Err(RestoreError::Corrupt);
        }
        usize::try_from(length).map_err(|_| RestoreError::Corrupt)
    }

    /// Reads a part that was written by itself; `None` skips it.
    pub fn get_apart(&mut self, part: Option<&mut (impl Persist + ?Sized)>) -> Result<(), RestoreError> {
        let bytes: Vec<u8> = self.get()?;
        match part {
            Some(part) => {
                let source: &mut dyn Read = &mut bytes.as_slice();
                let mut apart = Reader::new(source, bytes.len() as u64);
                apart.new_seed = self.new_seed;
                part.restore(&mut apart)
            }
            None => Ok(()),
        }
    }

    /// Reads bytes as they are, up to the end of what is in the buffer; none at the end.
    fn fill(&mut self) -> Option<()> {
        self.buffer.clear();
        self.next = 0;
        let wanted = self.left.min(BUFFER as u64);
        let read = (&mut *self.source).take(wanted).read_to_end(&mut self.buffer).ok()?;
        self.left -= read as u64;
        (read > 0 && read as u64 == wanted).then_some(())
    }

    /// Returns the next bytes in one piece.
    #[inline]
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let end = self.next.checked_add(count)?;
        if end <= self.buffer.len() {
            self.next = end;
            return Some(&self.buffer[end - count..end]);
        }
        self.take_long(count)
    }

    #[cold]
    fn take_long(&mut self, count: usize) -> Option<&[u8]> {
        if count as u64 > self.left() {
            return None;
        }
        self.long.clear();
        while self.long.len() < count {
            if self.next == self.buffer.len() {
                self.fill()?;
            }
            let end = self.buffer.len().min(self.next + count - self.long.len());
            self.long.extend_from_slice(&self.buffer[self.next..end]);
            self.next = end;
        }
        Some(&self.long)
    }
}

/// A reader as postcard sees it. Nothing is borrowed from it for long.
struct Source<'r, 'a>(&'r mut Reader<'a>);

impl<'de, 'r: 'de, 'a: 'de> de_flavors::Flavor<'de> for Source<'r, 'a> {
    type Remainder = ();
    type Source = ();

    #[inline]
    fn pop(&mut self) -> postcard::Result<u8> {
        self.0.take(1).map(|byte| byte[0]).ok_or(postcard::Error::DeserializeUnexpectedEnd)
    }

    fn try_take_n(&mut self, _count: usize) -> postcard::Result<&'de [u8]> {
        Err(postcard::Error::WontImplement)
    }

    #[inline]
    fn try_take_n_temp<'t>(&'t mut self, count: usize) -> postcard::Result<&'t [u8]>
    where
        'de: 't,
    {
        self.0.take(count).ok_or(postcard::Error::DeserializeUnexpectedEnd)
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

impl<T: Persist + ?Sized> Persist for Box<T> {
    fn save(&self, out: &mut Writer<'_>) {
        (**self).save(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        (**self).restore(from)
    }
}

/// The scenario decides whether there is one: what it has removed is skipped, what it adds is new.
impl<T: Persist> Persist for Option<T> {
    fn save(&self, out: &mut Writer<'_>) {
        out.put(&self.is_some());
        if let Some(part) = self {
            out.put_apart(part);
        }
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        if from.get()? { from.get_apart(self.as_mut()) } else { Ok(()) }
    }
}

/// A list that the scenario makes: what it adds at the end is new.
impl<T: Persist> Persist for Vec<T> {
    fn save(&self, out: &mut Writer<'_>) {
        self.as_slice().save(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        self.as_mut_slice().restore(from)
    }
}

impl<T: Persist, const N: usize> Persist for [T; N] {
    fn save(&self, out: &mut Writer<'_>) {
        self.iter().for_each(|part| part.save(out));
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        self.iter_mut().try_for_each(|part| part.restore(from))
    }
}

impl<T: Persist> Persist for [T] {
    fn save(&self, out: &mut Writer<'_>) {
        out.put_length(self.len());
        self.iter().for_each(|part| part.save(out));
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), RestoreError> {
        let (found, expected) = (from.get_length()?, self.len());
        let parts = self.get_mut(..found).ok_or(RestoreError::Fewer {
            what: "entries of a list",
            found,
            expected,
        })?;
        parts.iter_mut().try_for_each(|part| part.restore(from))
    }
}

thread_local! {
    /// True while a panic of this thread is caught and becomes an error.
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// Returns true if a panic on this thread is caught and reported as a problem of a checkpoint.
pub fn panic_is_caught() -> bool {
    CATCHES.get()
}

/// Runs `work` and turns a failed assertion, which means a damaged checkpoint, into an error.
pub fn caught<T>(work: impl FnOnce() -> Result<T, RestoreError>) -> Result<T, RestoreError> {
    let before = CATCHES.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    CATCHES.set(before);
    done.unwrap_or(Err(RestoreError::Corrupt))
}
