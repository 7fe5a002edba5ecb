//! A value for every member of an enum, such as one count for each failure.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// Enum with its members, numbered from 0.
pub trait Enum: Copy + 'static {
    /// Every member, in order.
    const ALL: &'static [Self];

    /// Returns the position in [`Enum::ALL`].
    fn position(self) -> usize;
}

/// A value of type `T` for each member of the enum `K`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnumMap<K, T> {
    values: Vec<T>,
    of: PhantomData<K>,
}

impl<K: Enum, T: Default> Default for EnumMap<K, T> {
    fn default() -> EnumMap<K, T> {
        EnumMap { values: K::ALL.iter().map(|_| T::default()).collect(), of: PhantomData }
    }
}

impl<K: Enum, T: Serialize> Serialize for EnumMap<K, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.values.serialize(serializer)
    }
}

impl<'de, K: Enum, T: Deserialize<'de>> Deserialize<'de> for EnumMap<K, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EnumMap<K, T>, D::Error> {
        let values = Vec::deserialize(deserializer)?;
        match values.len() == K::ALL.len() {
            true => Ok(EnumMap { values, of: PhantomData }),
            false => Err(serde::de::Error::invalid_length(values.len(), &"a value for each member")),
        }
    }
}

impl<K: Enum, T> EnumMap<K, T> {
    /// Returns the members with their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        K::ALL.iter().copied().zip(&self.values)
    }
}

impl<K: Enum, T> Index<K> for EnumMap<K, T> {
    type Output = T;

    #[inline]
    fn index(&self, key: K) -> &T {
        &self.values[key.position()]
    }
}

impl<K: Enum, T> IndexMut<K> for EnumMap<K, T> {
    #[inline]
    fn index_mut(&mut self, key: K) -> &mut T {
        &mut self.values[key.position()]
    }
}
