//! A value for every member of a closed list, such as one count for each failure.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A closed list: its members, numbered from 0.
pub trait Closed: Copy + 'static {
    /// Every member, in order.
    const ALL: &'static [Self];

    /// Position in [`Closed::ALL`].
    fn position(self) -> usize;
}

/// A value of type `T` for each member of the closed list `K`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Each<K, T> {
    values: Vec<T>,
    of: PhantomData<K>,
}

impl<K: Closed, T: Default> Default for Each<K, T> {
    fn default() -> Each<K, T> {
        Each { values: K::ALL.iter().map(|_| T::default()).collect(), of: PhantomData }
    }
}

impl<K: Closed, T: Serialize> Serialize for Each<K, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.values.serialize(serializer)
    }
}

impl<'de, K: Closed, T: Deserialize<'de>> Deserialize<'de> for Each<K, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Each<K, T>, D::Error> {
        let values = Vec::deserialize(deserializer)?;
        match values.len() == K::ALL.len() {
            true => Ok(Each { values, of: PhantomData }),
            false => Err(serde::de::Error::invalid_length(values.len(), &"a value for each member")),
        }
    }
}

impl<K: Closed, T> Each<K, T> {
    /// The members with their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        K::ALL.iter().copied().zip(&self.values)
    }
}

impl<K: Closed, T> Index<K> for Each<K, T> {
    type Output = T;

    #[inline]
    fn index(&self, key: K) -> &T {
        &self.values[key.position()]
    }
}

impl<K: Closed, T> IndexMut<K> for Each<K, T> {
    #[inline]
    fn index_mut(&mut self, key: K) -> &mut T {
        &mut self.values[key.position()]
    }
}
