//! Looking at the fleet's headroom now and then, and what the looks of a run come to.

use serde::{Deserialize, Serialize};

use super::observe::{Detail, Observation};
use super::outcome::HeadroomUse;
use super::{Cloud, Kind};
use plimsoll_base::metrics::Trend;
use plimsoll_base::units::{Duration, Resources, Time, TypeId};
use plimsoll_model::fleet::totals::Total;
use plimsoll_model::headroom::{Census, Headroom, Share};

/// When to look, and what was seen since the warm-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Outlook {
    every: Duration,
    /// When the next look is due.
    next: Time,
    seen: HeadroomUse,
    /// What may run out by its name, and the share of it in use, in the order of [`Cloud::levels`].
    trends: Vec<(String, Trend)>,
}

impl Outlook {
    /// Looks from the start on.
    pub fn new(every: Duration) -> Outlook {
        Outlook { every, next: Time::ZERO, seen: HeadroomUse::default(), trends: Vec::new() }
    }

    fn trend_of(&mut self, name: String) -> &mut Trend {
        let known = self.trends.iter().position(|(known, _)| *known == name);
        let place = known.unwrap_or_else(|| {
            self.trends.push((name, Trend::default()));
            self.trends.len() - 1
        });
        &mut self.trends[place].1
    }

    fn note(&mut self, headroom: &Headroom) {
        let seen = &mut self.seen;
        if let Some(inflation) = &headroom.inflation {
            seen.instances.note(inflation.instances as f64);
            seen.ratio.note(inflation.ratio);
            seen.stranded_vcpu_ratio.note(inflation.stranded_vcpu_ratio);
            seen.stranded_memory_ratio.note(inflation.stranded_memory_ratio);
        }
        if let (Some(unusable), Some(fgd)) = (&headroom.unusable, &headroom.fgd) {
            seen.unusable.note(unusable);
            seen.fgd.note(fgd);
        }
        if let Some(hosts) = headroom.hosts_compacted {
            seen.hosts_compacted.note(hosts as f64);
        }
        seen.hosts_lower_bound.note(headroom.hosts_lower_bound as f64);
        for (kind, count) in &headroom.allocable {
            seen.allocable.entry(*kind).or_default().note(*count as f64);
        }
    }
}

impl Cloud {
    /// Looks at the headroom when it is time to: reports it, and notes it for the figures of the run.
    pub(super) fn look_if_due(&mut self, at: Time) {
        let Some(mut outlook) = self.outlook.take_if(|outlook| outlook.next <= at) else { return };
        let headroom = Headroom::of(&Census::of(&self.fleet), &self.live_mix());
        if self.ledger.in_window {
            outlook.note(&headroom);
            for (name, level) in self.levels() {
                outlook.trend_of(name).sample(at.as_seconds(), level);
            }
        }
        if self.outbox.wants(Detail::Series) {
            self.outbox.push(Observation::HeadroomSampled(at, headroom));
        }
        outlook.next = at.after(outlook.every);
        self.outlook = Some(outlook);
    }

    /// Every type asked for so far, with how many of each run.
    fn live_mix(&self) -> Vec<Share> {
        let asked = self.kinds.iter().zip(0..).filter_map(|(kind, id)| Some((TypeId(id), kind.as_ref()?)));
        let barred = |of: &Kind| of.constraint.map_or(0, |constraint| constraint.barred);
        asked
            .map(|(kind, of)| Share { kind, amounts: of.amounts, barred: barred(of), count: of.running })
            .collect()
    }

    /// Returns what has a limit, by name, and the share of it in use, 0 to 1.
    fn levels(&self) -> Vec<(String, f64)> {
        let totals = self.fleet.totals();
        let share = |used: u64, all: u64| if all == 0 { 0.0 } else { used as f64 / all as f64 };
        let has_gpu = self.fleet.skus().iter().any(|sku| sku.capacity.0[Resources::GPU] > 0);
        let mut levels = Vec::new();
        for (name, used, all) in [
            ("vcpu", Total::VcpuUsed, Total::Vcpu),
            ("memory", Total::MemoryUsed, Total::Memory),
            ("gpu", Total::GpuUsed, Total::Gpu),
        ] {
            if all != Total::Gpu || has_gpu {
                levels.push((name.to_string(), share(totals[used], totals[all])));
            }
        }
        for subnet in self.network.subnets() {
            levels.push((format!("subnet {}", subnet.name), share(subnet.usage.used(), subnet.addresses)));
        }
        if let Some(addresses) = self.network.public_addresses() {
            let used = self.network.public_usage().used();
            levels.push(("public addresses".to_string(), share(used, u64::from(addresses))));
        }
        for (zone, backend) in self.directory.zones().iter().zip(self.storage.backends()) {
            let capacity = backend.capacity_gib();
            if let Some(limit) = capacity.limit() {
                levels.push((format!("volumes of {zone}"), share(capacity.used(), limit)));
            }
        }
        levels
    }

    /// Returns what the looks of the run come to; `None` where there were none.
    pub(super) fn headroom_use(&self) -> Option<HeadroomUse> {
        let outlook = self.outlook.as_ref()?;
        let mut seen = outlook.seen.clone();
        let exhaustion = |(name, trend): &(String, Trend)| Some((name.clone(), trend.exhaustion(1.0)?));
        seen.exhaustion = outlook.trends.iter().filter_map(exhaustion).collect();
        Some(seen)
    }
}
