//! The order of classes by their cost, for all requests or for one.

use std::cmp::Ordering;

use crate::fleet::index::cost::{Cost, Sketch};
use crate::fleet::index::tree::{Leaf, Tree};

/// Reason why a rank is there.
const RANKED: &str = "a class in the order has a rank";

/// The classes in order of their cost, for all requests or for one.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Order of the classes of each group of hosts.
    pub orders: Vec<Tree<u32>>,
    /// By class: its place in the order of its group.
    ranks: Vec<Option<Rank>>,
    /// By class: the sketch of its cost. Comparisons on the way to the place of a new class read these, which are close together.
    sketches: Vec<Sketch>,
    /// By class: its tie, which searches read.
    ties: Vec<Tie>,
    /// Number of the latest tie.
    latest_tie: u64,
}

/// Classes of a group that cost the same: one, or several.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tie {
    /// Number, which no other classes have.
    pub number: u64,
    /// True if there have been several.
    pub is_shared: bool,
}

/// Place of a class in the order of its group.
#[derive(Clone, Debug)]
pub(super) struct Rank {
    /// Group.
    group: u32,
    /// Cost of its hosts.
    pub cost: Cost,
    leaf: Leaf,
    /// Last known position in the leaf.
    slot: usize,
}

impl View {
    /// Returns an order without classes, for so many groups of hosts.
    pub fn new(groups: u32) -> View {
        View {
            orders: vec![Tree::default(); groups as usize],
            ranks: Vec::new(),
            sketches: Vec::new(),
            ties: Vec::new(),
            latest_tie: 0,
        }
    }

    /// Gives a new class its place in the order of its group.
    pub fn insert(&mut self, class: u32, mask: u64, group: u32, cost: Cost) {
        if self.ranks.len() <= class as usize {
            self.ranks.resize(class as usize + 1, None);
            self.sketches.resize(class as usize + 1, Sketch::default());
            self.ties.resize(class as usize + 1, Tie::default());
        }
        let sketch = cost.sketch();
        self.sketches[class as usize] = sketch;
        let (ranks, order) = (&mut self.ranks, &mut self.orders[group as usize]);
        let (mut tied, mut moves) = (Vec::new(), Vec::new());
        // A new class is compared with both its neighbours, so a tie cannot be missed.
        let compare = |other: u32| {
            if let Some(decided) = self.sketches[other as usize].decides(sketch) {
                return decided;
            }
            // A tie that the class is known to belong to is not compared again: exact costs can be long fractions.
            let number = |class: &u32| self.ties[*class as usize].number;
            let is_known_tie = tied.first().is_some_and(|known| number(known) == number(&other));
            let cost_of = |class: u32| &ranks[class as usize].as_ref().expect(RANKED).cost;
            let by_cost = if is_known_tie { Ordering::Equal } else { cost_of(other).cmp(&cost) };
            if by_cost == Ordering::Equal {
                tied.push(other);
            }
            by_cost.then(other.cmp(&class))
        };
        order.insert(class, mask, compare, |moved, leaf| moves.push((moved, leaf)));
        ranks[class as usize] = Some(Rank { group, cost, leaf: Leaf::default(), slot: 0 });
        self.ties[class as usize] = match tied.first() {
            Some(other) => Tie { number: self.ties[*other as usize].number, is_shared: true },
            None => {
                self.latest_tie += 1;
                Tie { number: self.latest_tie, is_shared: false }
            }
        };
        tied.into_iter().for_each(|other: u32| self.ties[other as usize].is_shared = true);
        for (moved, leaf) in moves {
            ranks[moved as usize].as_mut().expect("what moves is in the order").leaf = leaf;
        }
    }

    /// Sets the requests that a class can take, where the class is in the order.
    pub fn set_mask(&mut self, class: u32, mask: u64) {
        if let Some(Some(rank)) = self.ranks.get(class as usize) {
            self.orders[rank.group as usize].set_mask(rank.leaf, class, mask);
        }
    }

    /// Replaces the requests that a class can take by others, where the class is in the order.
    #[inline]
    pub fn exchange_mask(&mut self, class: u32, before: u64, mask: u64) {
        if let Some(Some(rank)) = self.ranks.get_mut(class as usize) {
            let order = &mut self.orders[rank.group as usize];
            order.exchange_mask(rank.leaf, &mut rank.slot, class, before, mask);
        }
    }

    /// Takes a class out, where it is in the order.
    pub fn remove(&mut self, class: u32) {
        if let Some(rank) = self.ranks.get_mut(class as usize).and_then(Option::take) {
            self.orders[rank.group as usize].remove(rank.leaf, class);
        }
    }

    /// Returns the tie of a class that is in the order.
    #[inline]
    pub fn tie(&self, class: u32) -> Tie {
        self.ties[class as usize]
    }

    /// Returns the place of a class that is in the order.
    #[inline]
    pub fn rank(&self, class: u32) -> &Rank {
        self.ranks[class as usize].as_ref().expect(RANKED)
    }
}
