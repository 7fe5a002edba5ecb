//! Classes in cells of similar free amounts, for costs that depend on the request when there are more distinct
//! requests than can have an order each. A cell knows the most that is free in it, and more free never
//! costs more, so a cell is opened only when its best conceivable class would win.

use std::collections::HashMap;

use super::class_table::Key;
use plimsoll_base::units::{RESOURCES, Resources};

/// Not in any cell.
const NOWHERE: (u32, u32) = (u32::MAX, u32::MAX);

/// Classes of one SKU with about the same shares free.
#[derive(Clone, Debug)]
struct Cell {
    classes: Vec<u32>,
    /// At least what any of them has free, resource by resource.
    most: Key,
}

/// The cells.
#[derive(Clone, Debug, Default)]
pub struct CellGrid {
    cells: Vec<Cell>,
    /// By SKU and the step of each resource.
    by_steps: HashMap<(u16, [u8; RESOURCES]), u32>,
    /// By class: its cell and its place in it.
    places: Vec<(u32, u32)>,
}

impl CellGrid {
    /// Adds a class that is not in the grid. `capacity` is that of its SKU.
    pub fn add(&mut self, class: u32, key: Key, capacity: &Resources) {
        let steps = std::array::from_fn(|i| step(key.free.0[i], capacity.0[i]));
        let cells = &mut self.cells;
        let cell = *self.by_steps.entry((key.sku.0, steps)).or_insert_with(|| {
            cells.push(Cell { classes: Vec::new(), most: key });
            (cells.len() - 1) as u32
        });
        let record = &mut self.cells[cell as usize];
        if record.classes.is_empty() {
            record.most = key;
        }
        for (most, free) in record.most.free.0.iter_mut().zip(key.free.0) {
            *most = (*most).max(free);
        }
        if self.places.len() <= class as usize {
            self.places.resize(class as usize + 1, NOWHERE);
        }
        self.places[class as usize] = (cell, record.classes.len() as u32);
        record.classes.push(class);
    }

    /// Takes a class out.
    pub fn remove(&mut self, class: u32) {
        let (cell, at) = std::mem::replace(&mut self.places[class as usize], NOWHERE);
        let classes = &mut self.cells[cell as usize].classes;
        classes.swap_remove(at as usize);
        if let Some(moved) = classes.get(at as usize) {
            self.places[*moved as usize].1 = at;
        }
    }

    /// Opens the cells that could hold a class for the request, best first, and every other that could
    /// still hold a better one or an equal.
    pub fn search(&self, request: &Resources, search: &mut impl Search) {
        let could_hold = |cell: &&Cell| !cell.classes.is_empty() && cell.most.free.covers(request);
        let mut open: Vec<_> =
            self.cells.iter().filter(could_hold).map(|cell| (search.cost(cell.most), cell)).collect();
        // The best cell comes first, so that few others are opened; their order does not matter.
        if let Some(best) = (0..open.len()).min_by(|a, b| open[*a].0.cmp(&open[*b].0)) {
            open.swap(0, best);
        }
        for (bound, cell) in &open {
            if search.may_win(bound) {
                cell.classes.iter().for_each(|class| search.look(*class));
            }
        }
    }
}

/// Query of a search.
pub trait Search {
    /// Cost of a class: less is better.
    type Cost: Ord;
    /// Returns the cost of a class.
    fn cost(&self, key: Key) -> Self::Cost;
    /// Returns true unless a candidate of lower cost was found already.
    fn may_win(&self, cost: &Self::Cost) -> bool;
    /// Examines a class.
    fn look(&mut self, class: u32);
}

/// Returns the step of a share that is free: a quarter of an octave; zero is a step of its own.
fn step(free: u32, capacity: u32) -> u8 {
    if free == 0 || capacity == 0 || capacity == u32::MAX {
        return 0;
    }
    let share = (u64::from(free) * (1 << 20) / u64::from(capacity)).max(1);
    let octave = share.ilog2();
    let quarter = if octave < 2 { 0 } else { (share >> (octave - 2)) & 3 };
    1 + (octave * 4) as u8 + quarter as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::host::SkuId;
    use crate::fleet::index::class_table::Marks;
    use plimsoll_base::engine::random::{Purpose, Seed};
    use std::collections::BTreeMap;

    /// More free costs less, weighted by the request.
    struct Worth<'a> {
        request: Resources,
        plain: &'a BTreeMap<u32, Key>,
        best: Option<(u64, u32)>,
        looked: usize,
    }

    impl Search for Worth<'_> {
        type Cost = u64;

        fn cost(&self, key: Key) -> u64 {
            let worth = |i: usize| u64::from(self.request.0[i]) * u64::from(key.free.0[i]);
            u64::MAX - worth(Resources::VCPU) - worth(Resources::MEMORY)
        }

        fn may_win(&self, cost: &u64) -> bool {
            self.best.is_none_or(|(least, _)| *cost <= least)
        }

        fn look(&mut self, class: u32) {
            self.looked += 1;
            if self.plain[&class].free.covers(&self.request) {
                let found = (self.cost(self.plain[&class]), class);
                self.best = Some(self.best.map_or(found, |best| best.min(found)));
            }
        }
    }

    #[test]
    fn the_search_finds_what_a_look_at_all_finds() {
        let capacity = Resources([64_000, 262_144, 8_000, 0, u32::MAX]);
        let mut random = Seed(4).stream(Purpose::Mix, 0);
        let (mut grid, mut plain) = (CellGrid::default(), BTreeMap::<u32, Key>::new());
        let (mut looked, mut in_all) = (0, 0);
        for turn in 0..4_000u32 {
            let class = random.below(600) as u32;
            if plain.remove(&class).is_some() {
                grid.remove(class);
            } else {
                let mut free = Resources::new(random.below(64_001) as u32, random.below(262_145) as u32);
                free.0[Resources::GPU] = random.below(3) as u32 * 4_000;
                free.0[Resources::NETWORK] = u32::MAX;
                let key = Key { free, sku: SkuId(0), marks: Marks::default() };
                plain.insert(class, key);
                grid.add(class, key, &capacity);
            }
            if turn % 4 > 0 {
                continue;
            }
            let request = Resources::new(random.below(30_000) as u32, random.below(90_000) as u32);
            let mut worth = Worth { request, plain: &plain, best: None, looked: 0 };
            grid.search(&request, &mut worth);
            let (best, cost) = (worth.best, |key| worth.cost(key));
            looked += worth.looked;
            let fitting = plain.iter().filter(|(_, key)| key.free.covers(&request));
            assert_eq!(best, fitting.map(|(class, key)| (cost(*key), *class)).min(), "turn {turn}");
            in_all += plain.len();
        }
        assert!(looked * 5 < in_all, "{looked} of {in_all} were examined");
    }
}
