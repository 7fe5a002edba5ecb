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
    /// True if another class of the group costs the same.
    pub is_tied: bool,
}

impl View {
    /// Returns an order without classes, for so many groups of hosts.
    pub fn new(groups: u32) -> View {
        View { orders: vec![Tree::default(); groups as usize], ranks: Vec::new(), sketches: Vec::new() }
    }

    /// Gives a new class its place in the order of its group.
    pub fn insert(&mut self, class: u32, mask: u64, group: u32, cost: Cost) {
        if self.ranks.len() <= class as usize {
            self.ranks.resize(class as usize + 1, None);
            self.sketches.resize(class as usize + 1, Sketch::default());
        }
        let sketch = cost.sketch();
        self.sketches[class as usize] = sketch;
        let (ranks, order) = (&mut self.ranks, &mut self.orders[group as usize]);
        let (mut ties, mut moves) = (Vec::new(), Vec::new());
        // A new class is compared with both its neighbours, so a tie cannot be missed.
        let compare = |other: u32| {
            if let Some(decided) = self.sketches[other as usize].decides(sketch) {
                return decided;
            }
            let rank = ranks[other as usize].as_ref().expect(RANKED);
            let by_cost = rank.cost.cmp(&cost);
            if by_cost == Ordering::Equal {
                ties.push(other);
            }
            by_cost.then(other.cmp(&class))
        };
        order.insert(class, mask, compare, |moved, leaf| moves.push((moved, leaf)));
        ranks[class as usize] =
            Some(Rank { group, cost, leaf: Leaf::default(), slot: 0, is_tied: !ties.is_empty() });
        for tied in ties {
            ranks[tied as usize].as_mut().expect("it was compared").is_tied = true;
        }
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

    /// Returns the place of a class that is in the order.
    #[inline]
    pub fn rank(&self, class: u32) -> &Rank {
        self.ranks[class as usize].as_ref().expect(RANKED)
    }
}
