//! Classes in a k-d tree of their free amounts (Bentley, CACM 18(9), 1975), for costs that depend on the request when distinct
//! requests, or classes that are new, are too many for an order each. A node knows the least and the most that is free below it,
//! which bounds what a class there can cost, so a search enters a node only if a class at the bound would win.
//!
//! A full leaf is divided at its median, a leaf that empties goes, and a tree that has grown too deep is built again. The shape of
//! the tree decides how long a search takes, never its result.

use super::bound::Span;
use super::class_table::Key;
use crate::fleet::host::SkuId;
use plimsoll_base::units::{RESOURCES, Resources};

/// Classes of a leaf at which it is divided.
const LEAF_FULL: usize = 16;
/// Depth that a tree may have beside twice that of a balanced one.
const SPARE_DEPTH: u32 = 8;
/// No node.
const NONE: u32 = u32::MAX;

/// Trees of classes, one for each SKU.
#[derive(Clone, Debug, Default)]
pub struct KdTree {
    roots: Vec<Root>,
    nodes: Vec<Node>,
    /// Nodes that are free to be used again.
    unused: Vec<u32>,
    /// By class: its leaf; [`NONE`] where it is not in the tree.
    leaves: Vec<u32>,
}

/// Tree of the classes of one SKU.
#[derive(Clone, Debug)]
struct Root {
    node: u32,
    sku: SkuId,
    capacity: Resources,
    classes: usize,
    /// Classes added since it was built.
    added: usize,
}

#[derive(Clone, Debug)]
struct Node {
    /// Free amounts of the classes below it.
    free: Span,
    parent: u32,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Leaf(Vec<Entry>),
    /// The classes with less than `at` free of a resource are below the first child, the others below the second.
    Split {
        resource: usize,
        at: u32,
        children: [u32; 2],
    },
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    class: u32,
    key: Key,
}

impl KdTree {
    /// Adds a class that is not in the tree. `capacity` is that of its SKU.
    pub fn add(&mut self, class: u32, key: Key, capacity: &Resources) {
        let root = self.root_of(key.sku, capacity);
        let (mut node, mut depth) = (self.roots[root].node, 0);
        let leaf = loop {
            let Node { free, content, .. } = &mut self.nodes[node as usize];
            *free = free.with(&Span::of(key.free));
            match content {
                Content::Leaf(entries) => {
                    entries.push(Entry { class, key });
                    break node;
                }
                Content::Split { resource, at, children } => {
                    node = children[usize::from(key.free.0[*resource] >= *at)];
                    depth += 1;
                }
            }
        };
        self.note_leaf(class, leaf);
        self.roots[root].classes += 1;
        self.roots[root].added += 1;
        self.divide(leaf, capacity);
        let Root { classes, added, .. } = self.roots[root];
        if depth > 2 * (classes / LEAF_FULL + 1).ilog2() + SPARE_DEPTH && added > classes / 8 {
            self.build_again(root);
        }
    }

    /// Removes a class.
    pub fn remove(&mut self, class: u32) {
        let leaf = std::mem::replace(&mut self.leaves[class as usize], NONE);
        let Content::Leaf(entries) = &mut self.nodes[leaf as usize].content else {
            panic!("classes are in leaves")
        };
        let at = entries.iter().position(|entry| entry.class == class).expect("the class is in its leaf");
        let sku = entries.swap_remove(at).key.sku;
        let is_empty = entries.is_empty();
        let root = self.roots.iter_mut().find(|root| root.sku == sku).expect("a class has a tree");
        root.classes -= 1;
        let changed = if is_empty && self.nodes[leaf as usize].parent != NONE {
            self.remove_leaf(leaf, sku)
        } else {
            leaf
        };
        self.narrow(changed);
    }

    /// Looks at the classes that could be best for a request, or as good as the best.
    pub fn search(&self, request: &Resources, search: &mut impl Search) {
        let mut roots: Vec<_> = self
            .roots
            .iter()
            .filter(|root| root.classes > 0)
            .filter_map(|root| Some((self.bound(root.node, root.sku, request, search)?, root)))
            .collect();
        // The best comes first, so that few others are entered; their order does not matter.
        if let Some(best) = (0..roots.len()).min_by(|a, b| roots[*a].0.cmp(&roots[*b].0)) {
            roots.swap(0, best);
        }
        for (bound, root) in &roots {
            if search.may_win(bound) {
                self.search_below(root.node, root.sku, request, search);
            }
        }
    }

    fn search_below<S: Search>(&self, node: u32, sku: SkuId, request: &Resources, search: &mut S) {
        match &self.nodes[node as usize].content {
            Content::Leaf(entries) => {
                for entry in entries {
                    let free = entry.key.free;
                    if free.covers(request) && search.may_win(&search.bound(sku, &Span::of(free))) {
                        search.look(entry.class);
                    }
                }
            }
            Content::Split { children, .. } => {
                let bounds = children.map(|child| self.bound(child, sku, request, search));
                let first = usize::from(matches!(&bounds, [Some(first), Some(second)] if second < first));
                for i in [first, 1 - first] {
                    if bounds[i].as_ref().is_some_and(|bound| search.may_win(bound)) {
                        self.search_below(children[i], sku, request, search);
                    }
                }
            }
        }
    }

    /// Returns a bound of what a class below a node that covers a request costs; `None` where none does.
    fn bound<S: Search>(&self, node: u32, sku: SkuId, request: &Resources, search: &S) -> Option<S::Bound> {
        let free = &self.nodes[node as usize].free;
        free.most.covers(request).then(|| search.bound(sku, &free.covering(request)))
    }

    /// Returns the number of the tree of a SKU, which it may make.
    fn root_of(&mut self, sku: SkuId, capacity: &Resources) -> usize {
        if let Some(root) = self.roots.iter().position(|root| root.sku == sku) {
            return root;
        }
        let node = self.new_node(NONE, Content::Leaf(Vec::new()));
        self.roots.push(Root { node, sku, capacity: *capacity, classes: 0, added: 0 });
        self.roots.len() - 1
    }

    fn new_node(&mut self, parent: u32, content: Content) -> u32 {
        let node = Node { free: Span::NONE, parent, content };
        match self.unused.pop() {
            Some(id) => {
                self.nodes[id as usize] = node;
                id
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
        }
    }

    fn note_leaf(&mut self, class: u32, leaf: u32) {
        if self.leaves.len() <= class as usize {
            self.leaves.resize(class as usize + 1, NONE);
        }
        self.leaves[class as usize] = leaf;
    }

    /// Divides a leaf that is full.
    fn divide(&mut self, leaf: u32, capacity: &Resources) {
        let Content::Leaf(entries) = &self.nodes[leaf as usize].content else { panic!("it is a leaf") };
        // Classes that are told apart by marks alone stay together, and are not tried again each time.
        let is_full = entries.len() >= LEAF_FULL && entries.len().is_power_of_two();
        if is_full {
            let entries = entries.clone();
            self.fill(leaf, entries, capacity);
        }
    }

    /// Lets a node hold these classes, itself or in leaves below it.
    fn fill(&mut self, node: u32, mut entries: Vec<Entry>, capacity: &Resources) {
        self.nodes[node as usize].free = span_of(&entries);
        let cut = if entries.len() >= LEAF_FULL { cut(&mut entries, capacity) } else { None };
        let Some((resource, at, half)) = cut else {
            entries.iter().for_each(|entry| self.note_leaf(entry.class, node));
            self.nodes[node as usize].content = Content::Leaf(entries);
            return;
        };
        let upper = entries.split_off(half);
        let children = [(); 2].map(|()| self.new_node(node, Content::Leaf(Vec::new())));
        self.nodes[node as usize].content = Content::Split { resource, at, children };
        self.fill(children[0], entries, capacity);
        self.fill(children[1], upper, capacity);
    }

    /// Removes a leaf that is empty and is not a whole tree. Its sibling takes the place of its parent. Returns the node above that, or
    /// the sibling where there is none.
    fn remove_leaf(&mut self, leaf: u32, sku: SkuId) -> u32 {
        let parent = self.nodes[leaf as usize].parent;
        let Content::Split { children: [first, second], .. } = self.nodes[parent as usize].content else {
            panic!("a parent has children")
        };
        let sibling = if first == leaf { second } else { first };
        let above = self.nodes[parent as usize].parent;
        self.nodes[sibling as usize].parent = above;
        self.unused.extend([leaf, parent]);
        if above == NONE {
            let root = self.roots.iter_mut().find(|root| root.sku == sku).expect("a class has a tree");
            root.node = sibling;
            return sibling;
        }
        let Content::Split { children, .. } = &mut self.nodes[above as usize].content else {
            panic!("a parent has children")
        };
        children[usize::from(children[1] == parent)] = sibling;
        above
    }

    /// Computes the span of a node again, and of those above it as far as it changes.
    fn narrow(&mut self, from: u32) {
        let mut node = from;
        while node != NONE {
            let free = match &self.nodes[node as usize].content {
                Content::Leaf(entries) => span_of(entries),
                Content::Split { children: [first, second], .. } => {
                    self.nodes[*first as usize].free.with(&self.nodes[*second as usize].free)
                }
            };
            let record = &mut self.nodes[node as usize];
            if std::mem::replace(&mut record.free, free) == free {
                return;
            }
            node = record.parent;
        }
    }

    /// Builds the tree of a SKU again, balanced.
    fn build_again(&mut self, root: usize) {
        let Root { node, capacity, .. } = self.roots[root];
        let (mut entries, mut below) = (Vec::with_capacity(self.roots[root].classes), vec![node]);
        while let Some(id) = below.pop() {
            match std::mem::replace(&mut self.nodes[id as usize].content, Content::Leaf(Vec::new())) {
                Content::Leaf(of_leaf) => entries.extend(of_leaf),
                Content::Split { children, .. } => below.extend(children),
            }
            if id != node {
                self.unused.push(id);
            }
        }
        self.roots[root].added = 0;
        self.fill(node, entries, &capacity);
    }
}

/// Returns the span of the free amounts of some classes.
fn span_of(entries: &[Entry]) -> Span {
    entries.iter().fold(Span::NONE, |span, entry| span.with(&Span::of(entry.key.free)))
}

/// Orders classes by the resource whose free shares differ most, and returns that resource, the amount that divides them about
/// in half, and the number of classes below it. `None` where all have the same free.
fn cut(entries: &mut [Entry], capacity: &Resources) -> Option<(usize, u32, usize)> {
    let spread = |resource: usize| {
        let amounts = || entries.iter().map(|entry| entry.key.free.0[resource]);
        let (least, most) = (amounts().min().unwrap_or(0), amounts().max().unwrap_or(0));
        (u64::from(most - least) << u32::BITS) / u64::from(capacity.0[resource].max(1))
    };
    let resource = (0..RESOURCES).max_by_key(|resource| spread(*resource))?;
    entries.sort_unstable_by_key(|entry| (entry.key.free.0[resource], entry.class));
    let amount = |i: usize| entries[i].key.free.0[resource];
    let below = |at: u32| entries.partition_point(|entry| entry.key.free.0[resource] < at);
    let middle = amount(entries.len() / 2);
    let at = if middle > amount(0) { middle } else { amount(below(middle + 1).min(entries.len() - 1)) };
    (at > amount(0)).then(|| (resource, at, below(at)))
}

/// Query of a search.
pub trait Search {
    /// Lower bound of costs: what is least is entered first.
    type Bound: Ord;
    /// Returns a bound of the costs of the classes of a SKU whose free amounts are in a span that covers the request.
    fn bound(&self, sku: SkuId, free: &Span) -> Self::Bound;
    /// Returns true unless a candidate that costs less than the bound was found already.
    fn may_win(&self, bound: &Self::Bound) -> bool;
    /// Examines a class.
    fn look(&mut self, class: u32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::index::class_table::Marks;
    use plimsoll_base::engine::random::{Purpose, Seed, Stream};
    use std::collections::BTreeMap;

    const CAPACITY: Resources = Resources([64_000, 262_144, 8_000, 0, u32::MAX]);

    /// Cost of a class by its free amounts and the request, and a bound of it over a span.
    struct Rule {
        cost: fn(&Resources, &Resources) -> i64,
        bound: fn(&Span, &Resources) -> i64,
        /// True where the bound comes close to the cost.
        is_close: bool,
    }

    const RULES: [Rule; 3] = [
        // More free costs less, weighted by the request.
        Rule { cost: worth, bound: |free, request| worth(&free.most, request), is_close: true },
        // What is left is even and little.
        Rule { cost: unevenness, bound: least_unevenness, is_close: true },
        // Nothing is known.
        Rule { cost: unevenness, bound: |_, _| i64::MIN, is_close: false },
    ];

    fn worth(free: &Resources, request: &Resources) -> i64 {
        let worth = |i: usize| i64::from(request.0[i]) * i64::from(free.0[i]);
        -worth(Resources::VCPU) - worth(Resources::MEMORY)
    }

    fn unevenness(free: &Resources, request: &Resources) -> i64 {
        least_unevenness(&Span::of(*free), request)
    }

    fn least_unevenness(free: &Span, request: &Resources) -> i64 {
        let vcpu = |amounts: &Resources| 4 * i64::from(amounts.vcpu_milli());
        let memory = |amounts: &Resources| i64::from(amounts.memory_mib());
        let even = vcpu(request) - memory(request);
        let (least, most) = (vcpu(&free.least) - memory(&free.most), vcpu(&free.most) - memory(&free.least));
        vcpu(&free.least) + memory(&free.least) + 2 * (least - even).max(even - most).max(0)
    }

    struct Query<'a> {
        rule: &'a Rule,
        request: Resources,
        plain: &'a BTreeMap<u32, Key>,
        best: Vec<u32>,
        least: i64,
        looked: usize,
    }

    impl Search for Query<'_> {
        type Bound = i64;

        fn bound(&self, _sku: SkuId, free: &Span) -> i64 {
            assert!(free.least.covers(&self.request), "a bound over classes without room");
            (self.rule.bound)(free, &self.request)
        }

        fn may_win(&self, bound: &i64) -> bool {
            *bound <= self.least
        }

        fn look(&mut self, class: u32) {
            self.looked += 1;
            let cost = (self.rule.cost)(&self.plain[&class].free, &self.request);
            if cost < self.least {
                self.best.clear();
            }
            if cost <= self.least {
                self.least = cost;
                self.best.push(class);
            }
        }
    }

    /// The tree, and the same classes in a list.
    #[derive(Default)]
    struct Twins {
        tree: KdTree,
        plain: BTreeMap<u32, Key>,
        looked: usize,
        in_all: usize,
    }

    impl Twins {
        fn exchange(&mut self, class: u32, key: Key) {
            if self.plain.remove(&class).is_some() {
                self.tree.remove(class);
            } else {
                self.plain.insert(class, key);
                self.tree.add(class, key, &CAPACITY);
            }
        }

        /// Every class of the least cost is found, and no other is taken for one.
        fn compare(&mut self, request: Resources) {
            for rule in &RULES {
                let cost = |key: &Key| (rule.cost)(&key.free, &request);
                let (best, least, looked) = (Vec::new(), i64::MAX, 0);
                let mut query = Query { rule, request, plain: &self.plain, best, least, looked };
                self.tree.search(&request, &mut query);
                let fitting = || self.plain.iter().filter(|(_, key)| key.free.covers(&request));
                let least = fitting().map(|(_, key)| cost(key)).min();
                let of_least = fitting().filter(|(_, key)| Some(cost(key)) == least);
                let best: Vec<u32> = of_least.map(|(class, _)| *class).collect();
                query.best.sort_unstable();
                assert_eq!(query.best, best, "{request:?}");
                if rule.is_close {
                    self.looked += query.looked;
                    self.in_all += self.plain.len();
                }
            }
        }

        fn depth(&self, node: u32) -> u32 {
            match &self.tree.nodes[node as usize].content {
                Content::Leaf(_) => 0,
                Content::Split { children, .. } => {
                    1 + children.map(|child| self.depth(child)).into_iter().max().unwrap()
                }
            }
        }
    }

    fn drawn(random: &mut Stream, steps: u64) -> Key {
        let amount = |random: &mut Stream, most: u64| (random.below(steps + 1) * (most / steps)) as u32;
        let mut free = Resources::new(amount(random, 64_000), amount(random, 262_144));
        free.0[Resources::GPU] = random.below(3) as u32 * 4_000;
        free.0[Resources::NETWORK] = u32::MAX;
        let marks = Marks { instances: random.below(2) as u32, ..Marks::default() };
        Key { free, sku: SkuId(random.below(2) as u16), marks }
    }

    #[test]
    fn the_search_finds_what_a_look_at_all_finds() {
        // From few amounts, which many classes have in common, to one of its own for each.
        for steps in [1, 3, 40, 64_000] {
            let (mut random, mut twins) = (Seed(4).stream(Purpose::Mix, steps), Twins::default());
            for turn in 0..4_000 {
                let key = drawn(&mut random, steps);
                twins.exchange(random.below(600) as u32, key);
                if turn % 4 == 0 {
                    twins.compare(Resources::new(random.below(30_000) as u32, random.below(90_000) as u32));
                }
            }
            assert!(steps < 40 || twins.looked * 20 < twins.in_all, "{} of {}", twins.looked, twins.in_all);
        }
    }

    #[test]
    fn a_tree_stays_shallow_whatever_the_order() {
        let (mut random, mut twins) = (Seed(5).stream(Purpose::Mix, 0), Twins::default());
        for class in 0..6_000u32 {
            let free = Resources::new(64_000 - class * 10, 262_144 - class * 40);
            twins.exchange(class, Key { free, sku: SkuId(0), marks: Marks::default() });
            if class >= 1_000 {
                // The oldest goes, so that all classes move down together.
                let oldest = class - 1_000;
                twins.exchange(oldest, twins.plain[&oldest]);
            }
            if class % 50 == 0 {
                twins.compare(Resources::new(random.below(9_000) as u32, random.below(30_000) as u32));
                let depth = twins.depth(twins.tree.roots[0].node);
                assert!(depth <= 30, "{depth} levels for at most a thousand classes");
            }
        }
        let nodes = twins.tree.nodes.len();
        assert!(nodes < 1_000, "{nodes} nodes: those of classes that have gone are used again");
        for class in 5_000..6_000 {
            twins.exchange(class, twins.plain[&class]);
        }
        twins.compare(Resources::new(1, 1));
        assert!(twins.tree.leaves.iter().all(|leaf| *leaf == NONE));
    }
}
