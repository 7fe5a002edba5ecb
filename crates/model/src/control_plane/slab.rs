//! Things by numbers that are used again once they are gone: so memory is that of what is in flight, however much has
//! passed.

use serde::{Deserialize, Serialize};

use plimsoll_base::engine::memory::prefetch_all;

/// The number of a thing in a slab.
pub trait Number: Copy {
    /// Returns the number of this value.
    fn new(value: u32) -> Self;

    /// Returns its value, counted from 0.
    fn get(self) -> u32;
}

/// Lets a type around a `u32` number the things of a slab.
macro_rules! number {
    ($name:ident) => {
        impl $crate::control_plane::slab::Number for $name {
            #[inline]
            fn new(value: u32) -> $name {
                $name(value)
            }

            #[inline]
            fn get(self) -> u32 {
                self.0
            }
        }
    };
}

pub(super) use number;

/// Things, each by its number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slab<N, T> {
    things: Vec<Option<T>>,
    free: Vec<N>,
}

impl<N, T> Default for Slab<N, T> {
    fn default() -> Slab<N, T> {
        Slab { things: Vec::new(), free: Vec::new() }
    }
}

#[inline]
fn index(number: impl Number) -> usize {
    number.get() as usize
}

impl<N: Number, T> Slab<N, T> {
    /// Adds a thing. It gets the number that was freed last, so that its memory is near.
    #[inline]
    pub fn add(&mut self, thing: T) -> N {
        match self.free.pop() {
            Some(number) => {
                let place = &mut self.things[index(number)];
                assert!(place.is_none(), "a number is free once its thing is removed");
                *place = Some(thing);
                number
            }
            None => {
                let value = u32::try_from(self.things.len()).expect("fewer than 2³² at once");
                self.things.push(Some(thing));
                N::new(value)
            }
        }
    }

    /// Removes a value.
    #[inline]
    pub fn remove(&mut self, number: N) {
        self.things[index(number)] = None;
        self.free.push(number);
    }

    /// Returns the value of a number, if there is one.
    #[inline]
    pub fn get(&self, number: N) -> Option<&T> {
        self.things[index(number)].as_ref()
    }

    /// Prefetches the value of a number.
    #[inline]
    pub fn prefetch(&self, number: N) {
        prefetch_all(&self.things[index(number)]);
    }

    /// Returns the values with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (N, &T)> {
        (0..).map(N::new).zip(&self.things).filter_map(|(number, thing)| Some((number, thing.as_ref()?)))
    }
}

impl<N: Number, T> std::ops::Index<N> for Slab<N, T> {
    type Output = T;

    #[inline]
    fn index(&self, number: N) -> &T {
        self.things[index(number)].as_ref().expect("it is there")
    }
}

impl<N: Number, T> std::ops::IndexMut<N> for Slab<N, T> {
    #[inline]
    fn index_mut(&mut self, number: N) -> &mut T {
        self.things[index(number)].as_mut().expect("it is there")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::control_plane::job::JobId;
    use plimsoll_base::engine::random::{Purpose, Seed};

    #[test]
    fn it_holds_what_a_plain_map_holds() {
        let mut random = Seed(4).stream(Purpose::Mix, 0);
        let (mut slab, mut plain) = (Slab::<JobId, u32>::default(), BTreeMap::new());
        for thing in 0..5_000 {
            if random.below(2) == 0 {
                let number = slab.add(thing);
                assert_eq!(plain.insert(number, thing), None, "a number is given twice");
            } else if let Some((&number, &thing)) = plain.iter().nth(random.below(10) as usize) {
                assert_eq!(slab[number], thing);
                slab.remove(number);
                plain.remove(&number);
                assert_eq!(slab.get(number), None);
            }
            assert!(slab.iter().map(|(number, thing)| (number, *thing)).eq(plain.clone()));
        }
        let most = plain.keys().last().expect("many are there").get();
        assert!(most < 1_000, "numbers are used again: {most}");
    }
}
