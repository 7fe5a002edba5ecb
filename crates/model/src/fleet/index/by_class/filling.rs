//! The host that fills while many instances are placed one after the other, kept apart from the classes.
//!
//! Residents of a steady state come by the million before the first event, and a strategy that packs gives most of them to the host
//! that took the last one. With its class it would move at each of them; apart, it moves once, when another host changes.

use super::{ClassIndex, NO_CLASS, cost_of, parts_of};
use crate::fleet::host::{Host, Sku};
use crate::fleet::index::class_table::{Key, Marks};
use crate::fleet::index::ranking::Ranking;
use crate::fleet::index::shapes::{ShapeId, Shapes};
use crate::fleet::index::{Allowed, HostFilter};
use crate::fleet::layout::Layouts;
use plimsoll_base::units::HostId;

/// State of a filling.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Filling {
    /// Every host is in its class.
    #[default]
    Off,
    /// The host that changed last is in no class, if one has changed. It is not divided into parts.
    On(Option<(HostId, Marks)>),
}

impl ClassIndex {
    /// Keeps the host that changed last apart from now on. Hosts that are searched by groups stay in their classes.
    pub fn begin_filling(&mut self) {
        if self.groups == 1 {
            self.filling = Filling::On(None);
        }
    }

    /// Puts the host that is apart into its class, and keeps none apart any more.
    pub fn end_filling(
        &mut self,
        hosts: &mut [Host],
        layouts: Layouts<'_>,
        shapes: &Shapes,
        ranking: &dyn Ranking,
    ) {
        if let Filling::On(Some(apart)) = std::mem::take(&mut self.filling) {
            self.classify(apart, hosts, layouts, shapes, ranking);
        }
    }

    /// Keeps a host apart in place of the one before it.
    pub(super) fn keep_apart(
        &mut self,
        before: Option<(HostId, Marks)>,
        (id, marks): (HostId, Marks),
        hosts: &mut [Host],
        layouts: Layouts<'_>,
        shapes: &Shapes,
        ranking: &dyn Ranking,
    ) {
        if let Some(before) = before.filter(|(other, _)| *other != id) {
            self.classify(before, hosts, layouts, shapes, ranking);
        }
        if layouts.parts(id, &hosts[id.index()]).is_some() {
            self.filling = Filling::On(None);
            return self.classify((id, marks), hosts, layouts, shapes, ranking);
        }
        self.filling = Filling::On(Some((id, marks)));
        let class = std::mem::replace(&mut hosts[id.index()].index_mark, NO_CLASS);
        if class != NO_CLASS {
            self.leave(class);
        }
    }

    /// Returns the host that is apart where it costs less than the least of the classes, else that.
    pub(super) fn least_with_apart(
        &self,
        of_classes: Option<HostId>,
        (id, marks): (HostId, Marks),
        ((shape, left_h), shapes): ((ShapeId, u32), &Shapes),
        (hosts, skus): (&[Host], &[Sku]),
        (ranking, filter): (&dyn Ranking, HostFilter<'_>),
    ) -> Option<HostId> {
        let request = (shapes.request(shape), left_h);
        let host = &hosts[id.index()];
        let is_let_through =
            |allowed: Allowed<'_>| !skus[host.sku.0 as usize].is_barred(allowed.barred) && allowed.allows(id);
        if !host.free.covers(&request.0.amounts) || !filter.is_none_or(is_let_through) {
            return of_classes;
        }
        let Some(least) = of_classes else { return Some(id) };
        let class = hosts[least.index()].index_mark;
        let cost = cost_of(Key { free: host.free, sku: host.sku, marks }, None, skus, ranking, request);
        let by_cost = match self.views.get(self.view_of((shape, left_h), shapes)) {
            Some(view) => cost.cmp(&view.rank(class).cost),
            None => {
                let (key, parts) = (self.classes[class as usize].key, parts_of(&self.parts, class));
                cost.cmp(&cost_of(key, parts, skus, ranking, request))
            }
        };
        Some(if by_cost.then(id.cmp(&least)).is_lt() { id } else { least })
    }
}
