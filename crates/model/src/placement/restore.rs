//! State of placement in a checkpoint: groups, tenancies, the distinct requests, and the state of the strategy. The index
//! is built anew from the hosts; its choices do not depend on its history.

use super::exits::Exits;
use super::placer::Placer;
use super::request::Request;
use super::tenancies::Tenancies;
use crate::fleet::Fleet;
use plimsoll_base::engine::checkpoint::{Persist, Reader, RestoreError, Writer};
use plimsoll_base::persist;
use plimsoll_base::units::HostId;

persist! { Tenancies {
    values: [owners, owned, terms, on_hosts, whole],
    derived: [families, vacant],
} }

impl Placer {
    /// Writes everything down but the index.
    pub fn save(&self, out: &mut Writer<'_>) {
        let Placer { groups, selector, index, tenancies, views, adapts: _, verify: _ } = self;
        out.put(groups);
        tenancies.save(out);
        out.put(&tenancies.is_used());
        out.put(index.requests());
        out.put(&index.saved_exits());
        out.put_apart(&**selector);
        out.put(&views.as_ref().map(|views| views.count() as u64));
        if let Some(views) = views {
            out.put_apart(&**views);
        }
    }

    /// Restores everything and makes the index of the hosts of a fleet, which was restored before. A
    /// strategy other than that of the state begins anew, and has to be given the instances of each host.
    pub fn restore(
        &mut self,
        from: &mut Reader<'_>,
        fleet: &mut Fleet,
        is_same_strategy: bool,
    ) -> Result<(), RestoreError> {
        self.groups = from.get()?;
        self.tenancies.restore(from)?;
        if from.get()? {
            self.tenancies.begin(fleet);
        }
        let requests: Vec<_> = from.get()?;
        let exits: Option<Exits> = from.get()?;
        if is_same_strategy {
            self.index.restore_exits(exits, fleet);
        }
        from.get_apart(is_same_strategy.then_some(&mut *self.selector))?;
        let saved: Option<u64> = from.get()?;
        if let Some(count) = saved {
            let same = self.views.as_mut().filter(|views| views.count() as u64 == count);
            from.get_apart(same.map(|views| &mut **views))?;
        }
        if self.adapts {
            self.index.rerank(self.selector.ranking());
        }
        self.index.begin_anew(&requests, fleet);
        self.index_hosts(fleet);
        if let Some(views) = &mut self.views {
            if saved != Some(views.count() as u64) {
                views.see_all(fleet);
            }
            views.index_hosts(&requests, &*self.selector);
        }
        Ok(())
    }

    /// Gives a strategy that begins anew an instance of a request on a host.
    pub fn tell_strategy(&mut self, request: &Request, host: HostId, fleet: &mut Fleet) {
        self.selector.added(request, host, self.index.partition(host, fleet));
        self.selector.placed(request, host, fleet);
        if let Some(exits) = self.index.exits() {
            exits.add(host, request.exit, request.amounts.vcpu_milli());
        }
        // Its group or its last use may have changed.
        self.reindex(host, request.zone, fleet);
    }
}
