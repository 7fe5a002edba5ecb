//! The host with the least cost, by classes: hosts of the same capacity with the same amounts free cost
//! the same, so a strategy ranks classes, which are thousands, instead of hosts, which are millions.
//!
//! A move of a host touches two classes; the order of classes changes only when one is new, and the
//! masks in it only when a hidden class gets a member. A class that empties stays in the masks until a search
//! finds it, since it may fill again before that. Within a class the least host id wins; classes of
//! equal cost are compared by it too, so the choice is that of the plain scan.
//!
//! If every host has amounts of its own (fractional requests), there are as many classes as hosts and the
//! order is a search tree over them: logarithmic for requests with a bit of their own, and beyond that a walk
//! over the classes that thresholds cannot rule out (`shapes`). Where the cost depends on the request, each request has an order, a
//! *view*; a tree of classes with bounds (`kd_tree`) takes over from views that would be too many or would change too often.

mod filling;
mod search;
mod view;

use std::collections::VecDeque;

use self::filling::Filling;
use self::search::LeastOfClasses;
use self::view::View;
use super::HostFilter;
use super::class_table::{ClassTable, Key, Marks};
use super::cost::Cost;
use super::kd_tree::KdTree;
use super::lazy_heap::LazyHeap;
use super::ranking::{Candidate, Ranking, RankingInputs};
use super::shapes::{ShapeId, Shapes};
use super::tree::TreePosition;
use crate::fleet::host::{Host, Sku, SkuId};
use crate::fleet::layout::Layouts;
use crate::fleet::topology::Parts;
use plimsoll_base::units::{Footprint, HostId, NumaNodes, Resources};

/// Requests that have a view each where the cost depends on them in whatever way; if there are more, the tree is searched.
const VIEWS_AT_MOST: usize = if cfg!(test) { 100 } else { 256 };
/// Requests beyond which so few have a view that the tree takes over although its bounds are not close.
const TREE_ALONE_BEYOND: usize = 4 * VIEWS_AT_MOST;
/// New classes after which the tree takes over from a view for each request: a new class takes its place in each of them, which
/// pays only while most classes come back.
const NEW_WITH_VIEWS: usize = if cfg!(test) { 300 } else { 1 << 15 };
/// Not in any class.
pub const NO_CLASS: u32 = u32::MAX;
/// Empty classes are kept, since they tend to fill again, until they are more than this and more than
/// the others.
const EMPTY_KEPT_AT_LEAST: usize = if cfg!(test) { 8 } else { 1 << 14 };

#[derive(Clone, Debug)]
struct Class {
    key: Key,
    /// Hosts in it.
    members: u32,
    /// True if its mask is in the views, as whenever it has members.
    is_shown: bool,
    /// Requests that its members can take.
    mask: u64,
    /// True if it is in the queue of empty classes.
    is_queued: bool,
    /// True if it was dropped; its id will be used again.
    is_forgotten: bool,
    hosts: LazyHeap,
}

impl Class {
    /// Returns the mask that stands in the views.
    fn shown_mask(&self) -> u64 {
        if self.is_shown { self.mask } else { 0 }
    }

    /// Returns its lowest host that is let through. It has members.
    #[inline]
    fn least(&mut self, id: u32, hosts: &[Host], skus: &[Sku], filter: HostFilter<'_>) -> Option<HostId> {
        let is_member = move |host: HostId| hosts[host.index()].index_mark == id;
        match filter {
            None => Some(self.hosts.least(is_member).expect("a class with members has a least")),
            Some(allowed) if skus[self.key.sku.0 as usize].is_barred(allowed.barred) => None,
            Some(allowed) => self.hosts.least_where(is_member, allowed.rule),
        }
    }
}

/// Hosts of equal capacity that have the same free.
#[derive(Clone, Copy, Debug)]
pub struct EqualHosts<'a> {
    /// Capacity.
    pub sku: SkuId,
    /// Free amounts of each.
    pub free: Resources,
    /// Free amounts of the parts of each, where they are divided.
    pub parts: Option<&'a Parts>,
    /// Number of hosts.
    pub hosts: u32,
}

/// The index of one cell: a zone, or one partition of it.
#[derive(Clone, Debug)]
pub struct ClassIndex {
    inputs: RankingInputs,
    /// Groups of hosts that are searched apart, at least 1.
    groups: u32,
    /// Times until a request has ended that the cost tells apart, in ascending order \[h\]; one where it does not.
    lefts: Vec<u32>,
    classes: Vec<Class>,
    /// By class: no host in it has a lower id. Searches of classes that cost the same read these, which are close together.
    lowest: Vec<HostId>,
    /// Free amounts of the parts, by class, up to the last one whose hosts are divided.
    parts: Vec<Option<Parts>>,
    by_key: ClassTable,
    /// Ids of dropped classes.
    unused: Vec<u32>,
    /// Classes that emptied, oldest first; some have filled again since.
    emptied: VecDeque<u32>,
    /// Classes made so far.
    made: usize,
    /// View for all requests, or one for each request if the cost depends on it, and for each of the times that it tells apart.
    views: Vec<View>,
    /// Tree of the classes that have hosts, for requests that have no view.
    tree: Option<KdTree>,
    /// True once the tree has taken over from the views.
    is_by_tree: bool,
    /// Host that is kept apart while many instances are placed one after the other.
    filling: Filling,
    /// Classes that searches of the tree have looked at.
    #[cfg(test)]
    looked_at: usize,
}

impl ClassIndex {
    /// Returns an index without hosts, for so many groups of them, and for a cost that tells these times of a request apart.
    pub fn new(inputs: RankingInputs, groups: u32, lefts: Vec<u32>) -> ClassIndex {
        assert!(
            lefts.len() == 1 || matches!(inputs, RankingInputs::Free | RankingInputs::FreeAndAnyRequest),
            "a cost in whatever way depends on the time that a request has left"
        );
        assert!(groups == 1 || inputs == RankingInputs::Free, "groups are searched by what is free alone");
        assert!(!matches!(inputs, RankingInputs::Instances(_)), "a cost by instances is indexed by count");
        let views = match inputs {
            RankingInputs::Free => lefts.len(),
            RankingInputs::FreeAndNodes => 2,
            RankingInputs::FreeAndRequest
            | RankingInputs::FreeAndAnyRequest
            | RankingInputs::Instances(_) => 0,
        };
        ClassIndex {
            inputs,
            groups,
            lefts,
            classes: Vec::new(),
            lowest: Vec::new(),
            parts: Vec::new(),
            by_key: ClassTable::default(),
            unused: Vec::new(),
            emptied: VecDeque::new(),
            made: 0,
            views: vec![View::new(groups); views],
            tree: None,
            is_by_tree: false,
            filling: Filling::Off,
            #[cfg(test)]
            looked_at: 0,
        }
    }

    /// Returns the number of classes that searches of the tree have looked at.
    #[cfg(test)]
    pub fn looked_at(&self) -> usize {
        self.looked_at
    }

    /// Returns the number of classes kept, empty ones included.
    pub fn classes(&self) -> usize {
        self.classes.len() - self.unused.len()
    }

    /// Returns the hosts in it, class by class; `None` while a host is apart from the classes. Marks may divide equal hosts into
    /// several classes.
    pub fn hosts(&self) -> Option<impl Iterator<Item = EqualHosts<'_>>> {
        let all = (0..).zip(&self.classes).filter(|(_, class)| class.members > 0).map(|(id, class)| {
            let (Key { sku, free, .. }, hosts) = (class.key, class.members);
            EqualHosts { sku, free, parts: parts_of(&self.parts, id), hosts }
        });
        matches!(self.filling, Filling::Off).then_some(all)
    }

    /// Takes a host in, or notes that what it has free changed.
    #[inline]
    pub fn update(
        &mut self,
        host: (HostId, Marks),
        hosts: &mut [Host],
        layouts: Layouts<'_>,
        shapes: &Shapes,
        ranking: &dyn Ranking,
    ) {
        match self.filling {
            Filling::Off => self.classify(host, hosts, layouts, shapes, ranking),
            Filling::On(apart) => self.keep_apart(apart, host, hosts, layouts, shapes, ranking),
        }
    }

    /// Puts a host into its class.
    #[inline]
    fn classify(
        &mut self,
        (id, marks): (HostId, Marks),
        hosts: &mut [Host],
        layouts: Layouts<'_>,
        shapes: &Shapes,
        ranking: &dyn Ranking,
    ) {
        let host = hosts[id.index()];
        let key = Key { free: host.free, sku: host.sku, marks };
        let parts = layouts.parts(id, &host);
        let class = match self.find(&key, parts) {
            Some(class) => class,
            None => self.create(key, parts, layouts.skus, shapes, ranking),
        };
        if host.index_mark == class {
            return;
        }
        hosts[id.index()].index_mark = class;
        let record = &mut self.classes[class as usize];
        record.members += 1;
        record.hosts.push(id, record.members, |other| hosts[other.index()].index_mark == class);
        let lowest = &mut self.lowest[class as usize];
        *lowest = id.min(*lowest);
        if record.members == 1
            && let Some(tree) = &mut self.tree
        {
            tree.add(class, key, &layouts.skus[key.sku.0 as usize].capacity);
        }
        if !record.is_shown {
            record.is_shown = true;
            let mask = record.mask;
            self.views.iter_mut().for_each(|view| view.exchange_mask(class, 0, mask));
        }
        // Last, because it may drop classes that are empty, as the new one was until now.
        if host.index_mark != NO_CLASS {
            self.leave(host.index_mark);
        }
    }

    /// Returns the class of a key, and of parts where hosts are divided.
    #[inline]
    fn find(&self, key: &Key, parts: Option<&Parts>) -> Option<u32> {
        match parts {
            None => self.by_key.find(hash_of(key, None), |class| self.classes[class as usize].key == *key),
            Some(parts) => self.find_divided(key, parts),
        }
    }

    #[cold]
    fn find_divided(&self, key: &Key, parts: &Parts) -> Option<u32> {
        let is_it =
            |class| self.classes[class as usize].key == *key && parts_of(&self.parts, class) == Some(parts);
        self.by_key.find(hash_of(key, Some(parts)), is_it)
    }

    /// Takes a host out.
    pub fn remove(&mut self, id: HostId, hosts: &mut [Host]) {
        if matches!(self.filling, Filling::On(Some((apart, _))) if apart == id) {
            self.filling = Filling::On(None);
        }
        let class = std::mem::replace(&mut hosts[id.index()].index_mark, NO_CLASS);
        if class != NO_CLASS {
            self.leave(class);
        }
    }

    /// Returns the host that costs least of those that fit a request, which has ended in so many hours, and are let through.
    #[inline]
    pub fn least(
        &mut self,
        request: (ShapeId, u32),
        hosts: &[Host],
        skus: &[Sku],
        shapes: &Shapes,
        by: (&dyn Ranking, HostFilter<'_>),
    ) -> Option<HostId> {
        let of_classes = self.least_of_classes(request, hosts, skus, shapes, by);
        let Filling::On(Some(apart)) = self.filling else { return of_classes };
        self.least_with_apart(of_classes, apart, (request, shapes), (hosts, skus), by)
    }

    #[inline]
    fn least_of_classes(
        &mut self,
        (shape, left_h): (ShapeId, u32),
        hosts: &[Host],
        skus: &[Sku],
        shapes: &Shapes,
        by: (&dyn Ranking, HostFilter<'_>),
    ) -> Option<HostId> {
        let (ranking, filter) = by;
        let has_view = match self.inputs {
            RankingInputs::FreeAndRequest => !self.is_by_tree,
            RankingInputs::FreeAndAnyRequest => self.has_view((shape, left_h), skus, shapes, ranking),
            RankingInputs::Free | RankingInputs::FreeAndNodes | RankingInputs::Instances(_) => true,
        };
        if !has_view {
            return self.least_without_view((shapes.request(shape), left_h), hosts, skus, (ranking, filter));
        }
        if self.groups > 1 {
            return self.least_of(0..self.groups as usize, shape, (hosts, skus), shapes, filter);
        }
        let view = self.view_of((shape, left_h), shapes);
        let first = self.views[view].orders[0].first(shapes.need(shape));
        self.least_in_order((view, 0, first), shape, (hosts, skus), shapes, filter)
    }

    /// Returns the host that costs least of those of some groups that fit and are let through.
    pub fn least_of(
        &mut self,
        groups: impl IntoIterator<Item = usize>,
        shape: ShapeId,
        (hosts, skus): (&[Host], &[Sku]),
        shapes: &Shapes,
        filter: HostFilter<'_>,
    ) -> Option<HostId> {
        let need = shapes.need(shape);
        let class_of = |id: HostId| hosts[id.index()].index_mark;
        let mut best: Option<HostId> = None;
        for group in groups {
            let view = &self.views[0];
            let first = view.orders[group].first(need);
            let may_win = |class: u32, best: HostId| view.rank(class).cost <= view.rank(class_of(best)).cost;
            // The first of the order may be empty; those behind it cost no less.
            let is_worth = first
                .is_some_and(|first| best.is_none_or(|best| may_win(view.orders[group].key(first), best)));
            if !is_worth {
                continue;
            }
            let found = self.least_in_order((0, group, first), shape, (hosts, skus), shapes, filter);
            let view = &self.views[0];
            let order = |id: HostId| (&view.rank(class_of(id)).cost, id);
            best = best.into_iter().chain(found).min_by(|a, b| order(*a).cmp(&order(*b)));
        }
        best
    }

    /// Returns the view for a request, where there are views.
    #[inline]
    fn view_of(&self, (shape, left_h): (ShapeId, u32), shapes: &Shapes) -> usize {
        match self.inputs {
            RankingInputs::Free => self.time_of(left_h),
            RankingInputs::FreeAndNodes => usize::from(shapes.request(shape).numa == NumaNodes::Two),
            RankingInputs::FreeAndRequest | RankingInputs::Instances(_) => shape.0 as usize,
            RankingInputs::FreeAndAnyRequest => shape.0 as usize * self.lefts.len() + self.time_of(left_h),
        }
    }

    /// Returns the place of a time that a request has left among those that are told apart.
    #[inline]
    fn time_of(&self, left_h: u32) -> usize {
        match self.lefts.len() {
            1 => 0,
            _ => self.lefts.partition_point(|left| *left < left_h),
        }
    }

    /// Returns the request that a view is for, where each has one, and the time that it has left.
    fn request_of<'a>(&self, view: usize, shapes: &'a Shapes) -> (&'a Footprint, u32) {
        let lefts = self.lefts.len();
        (shapes.request(ShapeId((view / lefts) as u32)), self.lefts[view % lefts])
    }

    /// Returns the host that costs least from a position on in the order of a group.
    #[inline]
    fn least_in_order(
        &mut self,
        (view, group, first): (usize, usize, Option<TreePosition>),
        shape: ShapeId,
        (hosts, skus): (&[Host], &[Sku]),
        shapes: &Shapes,
        filter: HostFilter<'_>,
    ) -> Option<HostId> {
        let (need, request) = (shapes.need(shape), shapes.request(shape));
        let mut position = first;
        let mut best: Option<(u64, HostId)> = None;
        while let Some(found) = position {
            let ranked = &self.views[view];
            let class = ranked.orders[group].key(found);
            let tie = ranked.tie(class);
            if best.is_some_and(|(number, _)| number != tie.number) {
                break;
            }
            // Of equal cost, a class is looked at only where it may have a lower host.
            if best.is_none_or(|(_, id)| self.lowest[class as usize] < id) {
                let record = &mut self.classes[class as usize];
                if record.members == 0 {
                    self.hide(class);
                } else if (shapes.is_exact()
                    || has_room(record.key, parts_of(&self.parts, class), skus, request))
                    && let Some(least) = record.least(class, hosts, skus, filter)
                {
                    best = Some((tie.number, best.map_or(least, |(_, id)| id.min(least))));
                    if !tie.is_shared {
                        break;
                    }
                    if filter.is_none() {
                        self.lowest[class as usize] = least;
                    }
                }
            }
            position = self.views[view].orders[group].next(found, need);
        }
        best.map(|(_, id)| id)
    }

    /// Takes a class that emptied out of the masks.
    fn hide(&mut self, class: u32) {
        let record = &mut self.classes[class as usize];
        record.is_shown = false;
        let mask = record.mask;
        self.views.iter_mut().for_each(|view| view.exchange_mask(class, mask, 0));
    }

    /// Finds the best host without an order for this request.
    fn least_without_view(
        &mut self,
        (request, left_h): (&Footprint, u32),
        hosts: &[Host],
        skus: &[Sku],
        by: (&dyn Ranking, HostFilter<'_>),
    ) -> Option<HostId> {
        let (ranking, filter) = by;
        let (classes, parts) = (&mut self.classes, self.parts.as_slice());
        let tree = self.tree.as_ref().expect("a request without a view has the tree");
        let (looked_at, best) = (0, None);
        let mut least =
            LeastOfClasses { classes, parts, request, left_h, hosts, skus, ranking, filter, looked_at, best };
        tree.search(&request.amounts, &mut least);
        #[cfg(test)]
        {
            self.looked_at += least.looked_at;
        }
        least.best.map(|(_, host)| host)
    }

    /// Makes the view of a request, and of those before it, where there are not too many; else the tree. Returns true if it has a
    /// view. A tree without close bounds serves only the requests beyond those that have views, until these are few among all.
    #[inline]
    fn has_view(
        &mut self,
        request: (ShapeId, u32),
        skus: &[Sku],
        shapes: &Shapes,
        ranking: &dyn Ranking,
    ) -> bool {
        let position = self.view_of(request, shapes);
        if self.is_by_tree || position < self.views.len() {
            return !self.is_by_tree;
        }
        let views = shapes.len() * self.lefts.len();
        let are_many = views > VIEWS_AT_MOST && has_close_bounds(ranking, skus);
        if are_many || views > TREE_ALONE_BEYOND {
            self.exchange_views_for_tree(skus);
        } else if position < VIEWS_AT_MOST {
            self.add_views(views.min(VIEWS_AT_MOST), skus, shapes, ranking);
            return true;
        } else if self.tree.is_none() {
            self.make_tree(skus);
        }
        // It has none, and finds the tree.
        false
    }

    /// Makes views until there are so many.
    #[cold]
    fn add_views(&mut self, count: usize, skus: &[Sku], shapes: &Shapes, ranking: &dyn Ranking) {
        for number in self.views.len()..count {
            let mut view = View::new(self.groups);
            let request = self.request_of(number, shapes);
            for (id, class) in self.classes.iter().enumerate().filter(|(_, class)| !class.is_forgotten) {
                let parts = parts_of(&self.parts, id as u32);
                rank_class(&mut view, id as u32, (class, parts), request, skus, ranking);
            }
            self.views.push(view);
        }
    }

    /// Forgets the order of classes for each request, after the cost changed in whatever way. It is made again when it is searched.
    pub fn forget_views(&mut self) {
        assert!(self.inputs == RankingInputs::FreeAndAnyRequest, "views of other costs stay");
        self.views.clear();
    }

    /// Recomputes every mask, and the views of new requests, after the bits of requests changed their meaning.
    pub fn shapes_changed(&mut self, skus: &[Sku], shapes: &Shapes, ranking: &dyn Ranking) {
        for (id, class) in self.classes.iter_mut().enumerate() {
            class.mask = mask_of(class.key, parts_of(&self.parts, id as u32), skus, shapes);
            let mask = class.shown_mask();
            self.views.iter_mut().for_each(|view| view.set_mask(id as u32, mask));
        }
        if self.inputs != RankingInputs::FreeAndRequest || self.is_by_tree {
            return;
        }
        if shapes.is_exact() {
            self.add_views(shapes.len(), skus, shapes, ranking);
        } else {
            self.exchange_views_for_tree(skus);
        }
    }

    /// Replaces the orders by a tree: there are too many requests for an order each, or too many new classes.
    fn exchange_views_for_tree(&mut self, skus: &[Sku]) {
        self.views.clear();
        self.is_by_tree = true;
        if self.tree.is_none() {
            self.make_tree(skus);
        }
    }

    #[cold]
    fn make_tree(&mut self, skus: &[Sku]) {
        let mut tree = KdTree::default();
        for (id, class) in self.classes.iter().enumerate().filter(|(_, class)| class.members > 0) {
            tree.add(id as u32, class.key, &skus[class.key.sku.0 as usize].capacity);
        }
        self.tree = Some(tree);
    }

    /// Returns the host that a request would likely get, for prefetching.
    #[inline]
    pub fn likely(&self, shape: ShapeId, shapes: &Shapes) -> Option<HostId> {
        // Of several groups it is not known which one is searched first.
        let view = self.views.get(self.view_of((shape, 0), shapes)).filter(|_| self.groups == 1)?;
        let position = view.orders[0].first(shapes.need(shape))?;
        self.classes[view.orders[0].key(position) as usize].hosts.top()
    }

    #[cold]
    fn create(
        &mut self,
        key: Key,
        parts: Option<&Parts>,
        skus: &[Sku],
        shapes: &Shapes,
        ranking: &dyn Ranking,
    ) -> u32 {
        self.made += 1;
        let is_of_request =
            matches!(self.inputs, RankingInputs::FreeAndRequest | RankingInputs::FreeAndAnyRequest);
        let are_too_many = is_of_request && self.made > NEW_WITH_VIEWS && !self.is_by_tree;
        if are_too_many && has_close_bounds(ranking, skus) {
            self.exchange_views_for_tree(skus);
        }
        let class = Class {
            key,
            members: 0,
            is_shown: false,
            mask: mask_of(key, parts, skus, shapes),
            is_queued: false,
            is_forgotten: false,
            hosts: LazyHeap::default(),
        };
        let id = match self.unused.pop() {
            Some(id) => {
                self.classes[id as usize] = class;
                self.lowest[id as usize] = HostId(u32::MAX);
                id
            }
            None => {
                self.classes.push(class);
                self.lowest.push(HostId(u32::MAX));
                (self.classes.len() - 1) as u32
            }
        };
        self.keep_parts(id, parts);
        self.by_key.add(id, hash_of(&key, parts));
        let any = Footprint::default();
        let two_nodes = Footprint { numa: NumaNodes::Two, ..any };
        for number in 0..self.views.len() {
            let request = match self.inputs {
                RankingInputs::FreeAndRequest | RankingInputs::FreeAndAnyRequest => {
                    self.request_of(number, shapes)
                }
                RankingInputs::FreeAndNodes if number == 1 => (&two_nodes, 0),
                RankingInputs::FreeAndNodes | RankingInputs::Instances(_) => (&any, 0),
                RankingInputs::Free => (&any, self.lefts[number]),
            };
            let class = (&self.classes[id as usize], parts);
            rank_class(&mut self.views[number], id, class, request, skus, ranking);
        }
        id
    }

    /// Keeps the parts of a class. A class that is not divided forgets those of an earlier one with its id.
    fn keep_parts(&mut self, class: u32, parts: Option<&Parts>) {
        if parts.is_some() && self.parts.len() <= class as usize {
            self.parts.resize(class as usize + 1, None);
        }
        if let Some(kept) = self.parts.get_mut(class as usize) {
            *kept = parts.copied();
        }
    }

    #[inline]
    fn leave(&mut self, class: u32) {
        let record = &mut self.classes[class as usize];
        record.members -= 1;
        if record.members > 0 {
            return;
        }
        if let Some(tree) = &mut self.tree {
            tree.remove(class);
        }
        if !std::mem::replace(&mut record.is_queued, true) {
            self.emptied.push_back(class);
        }
        if self.emptied.len() > EMPTY_KEPT_AT_LEAST && self.emptied.len() > self.classes() / 2 {
            self.forget_oldest_empty();
        }
    }

    /// Drops half of the classes that emptied, unless they filled again.
    #[cold]
    fn forget_oldest_empty(&mut self) {
        for _ in 0..self.emptied.len() / 2 {
            let class = self.emptied.pop_front().expect("counted");
            let record = &mut self.classes[class as usize];
            record.is_queued = false;
            if record.members > 0 {
                continue;
            }
            record.hosts.clear();
            record.is_forgotten = true;
            self.views.iter_mut().for_each(|view| view.remove(class));
            self.unused.push(class);
        }
        self.by_key.retain(|class| !self.classes[class as usize].is_forgotten);
    }
}

/// Returns true if a search by bounds looks at few classes, whichever hosts are searched.
fn has_close_bounds(ranking: &dyn Ranking, skus: &[Sku]) -> bool {
    skus.iter().all(|sku| ranking.has_close_bounds(sku))
}

/// Puts a class into a view: of all requests, or of one if it fits.
fn rank_class(
    view: &mut View,
    id: u32,
    (class, parts): (&Class, Option<&Parts>),
    request: (&Footprint, u32),
    skus: &[Sku],
    ranking: &dyn Ranking,
) {
    if class.key.free.covers(&request.0.amounts) {
        let mask = class.shown_mask();
        let group = class.key.marks.group;
        view.insert(id, mask, group, cost_of(class.key, parts, skus, ranking, request));
    }
}

fn cost_of(
    key: Key,
    parts: Option<&Parts>,
    skus: &[Sku],
    ranking: &dyn Ranking,
    (request, request_left_h): (&Footprint, u32),
) -> Cost {
    let sku = &skus[key.sku.0 as usize];
    let Marks { instances, rack, left_h, .. } = key.marks;
    ranking.cost(Candidate { sku, free: &key.free, parts, instances, rack, left_h, request_left_h }, request)
}

/// Returns the parts of a class, where its hosts are divided.
#[inline]
fn parts_of(parts: &[Option<Parts>], class: u32) -> Option<&Parts> {
    parts.get(class as usize)?.as_ref()
}

#[inline]
fn hash_of(key: &Key, parts: Option<&Parts>) -> usize {
    key.hash() ^ parts.map_or(0, Parts::hash)
}

/// Returns the mask of the requests that the hosts of a class have room for.
fn mask_of(key: Key, parts: Option<&Parts>, skus: &[Sku], shapes: &Shapes) -> u64 {
    match parts {
        None => shapes.mask(&key.free),
        Some(parts) => shapes.mask_of_parts(&key.free, &skus[key.sku.0 as usize].topology, parts),
    }
}

/// Returns true if the hosts of a class have room for a request.
#[inline]
fn has_room(key: Key, parts: Option<&Parts>, skus: &[Sku], request: &Footprint) -> bool {
    let parts_have = |parts: &Parts| parts.have_room(&skus[key.sku.0 as usize].topology, request);
    key.free.covers(&request.amounts) && parts.is_none_or(parts_have)
}
