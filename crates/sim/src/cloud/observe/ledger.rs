//! Ledger of a run: counts, integrals, durations, the digest.

use serde::{Deserialize, Serialize};

use crate::cloud::observe::shortage::FirstShortage;
use crate::cloud::observe::tally::{Disruptions, FirstFailure, LaunchLatency, Tally};
use plimsoll_base::engine::digest::Digest;
use plimsoll_base::failure::Failure;
use plimsoll_base::metrics::{Durations, Gauges, PeakRatio};
use plimsoll_base::units::{AccountId, Duration, EnumMap, HostId, InstanceId, Time, TypeId};
use plimsoll_model::fleet::totals::{TOTALS, Total, Totals};
use plimsoll_model::operation::Operation;

/// Totals over the instances, as positions in [`Ledger::instances`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum InstanceTotal {
    /// Instances running \[instances\].
    Running,
    /// Instances stopped \[instances\].
    Stopped,
}

/// Number of such totals.
pub const INSTANCE_TOTALS: usize = 2;

/// Totals in use, each with the total that it is a share of: vCPU, memory, GPU.
pub const SHARES: [(Total, Total); 3] =
    [(Total::VcpuUsed, Total::Vcpu), (Total::MemoryUsed, Total::Memory), (Total::GpuUsed, Total::Gpu)];

/// Totals whose peaks are reported.
const PEAKS: [Total; 8] = [
    Total::Hosts,
    Total::Vcpu,
    Total::Memory,
    Total::Gpu,
    Total::HostsUsed,
    Total::VcpuUsed,
    Total::MemoryUsed,
    Total::GpuUsed,
];

/// Host of digest events that concern no host.
pub const NO_HOST: HostId = HostId(u32::MAX);

/// Event as the digest records it. The numbers enter the digest: add at the end, never renumber.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum DigestEvent {
    /// An instance existed when the run began.
    Resident = 1,
    /// A request was refused.
    Refused = 2,
    /// An instance was launched.
    Launched = 3,
    /// A stopped instance got a host again.
    Started = 4,
    /// An instance stopped.
    Stopped = 5,
    /// An instance rebooted.
    Rebooted = 6,
    /// An instance ended.
    Terminated = 7,
    /// A call asked for the state of an instance.
    Described = 8,
    /// An instance changed its type.
    Modified = 9,
    /// A call about something that is no instance succeeded; the id says which operation of which account.
    Granted = 10,
    /// A host failed.
    HostFailed = 11,
    /// An instance is on another host now.
    Moved = 12,
    /// A launch waits for room.
    LaunchWaits = 13,
    /// A launch was refused and makes another request.
    LaunchRepeats = 14,
    /// The room of an instance was taken by a launch of higher priority.
    Preempted = 15,
    /// A spot instance gets the notice of an interruption for capacity.
    SpotNotice = 16,
}

/// Cost of the running instances over time, without minimums. Not a gauge: four million large
/// instances together already cost more than 64 bits of 10⁻¹² USD/h hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Accrual {
    /// Price of all running instances \[10⁻¹² USD/h\].
    rate: u128,
    /// Sum over the window's time up to `reached` \[10⁻¹² USD/h · ns\].
    sum: u128,
    reached: Time,
}

impl Accrual {
    /// Sets the price of all running instances \[10⁻¹² USD/h\].
    pub fn set_rate(&mut self, rate: u128) {
        self.rate = rate;
    }

    /// Adds the price of an instance that begins to run \[10⁻¹² USD/h\].
    #[inline]
    pub fn add(&mut self, pico_usd_per_hour: u128) {
        self.rate += pico_usd_per_hour;
    }

    /// Takes off the price of an instance that no longer runs \[10⁻¹² USD/h\].
    #[inline]
    pub fn remove(&mut self, pico_usd_per_hour: u128) {
        self.rate -= pico_usd_per_hour;
    }

    /// Returns the price of all running instances \[10⁻¹² USD/h\].
    pub fn rate(&self) -> u128 {
        self.rate
    }

    #[inline]
    fn advance(&mut self, now: Time) {
        let length = u128::from(now.since(self.reached).0);
        if length > 0 {
            let cost = self.rate.checked_mul(length).and_then(|cost| self.sum.checked_add(cost));
            self.sum = cost.expect("what instances cost is below 9·10¹³ USD");
            self.reached = now;
        }
    }

    fn begin_window(&mut self) {
        self.sum = 0;
    }

    /// Returns the cost in the window so far \[micro-USD\].
    pub fn micro_usd(&self) -> i128 {
        const NS_PER_HOUR: u128 = 3_600_000_000_000;
        (self.sum / NS_PER_HOUR / 1_000_000) as i128
    }
}

/// Answers to calls of `describe`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Described {
    /// Instances found.
    pub instances: u64,
    /// Pages filled.
    pub pages: u64,
}

/// Counts, integrals, durations and the digest of a run. Counts begin when [`Ledger::begin_window`] ends the warm-up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Launches \[instances\].
    pub launch: Tally,
    /// Calls.
    pub operations: EnumMap<Operation, Tally>,
    /// Answers of calls on instances, one an instance.
    pub answers: EnumMap<Operation, Tally>,
    /// Events that no call asked for.
    pub disruptions: Disruptions,
    /// Answers to calls of `describe`.
    pub described: Described,
    /// First failure for each reason, warm-up included.
    pub first_failures: EnumMap<Failure, Option<FirstFailure>>,
    /// First shortage of anything in the window.
    pub first_shortage: Option<Box<FirstShortage>>,
    /// Durations from the call to its effect.
    pub durations: EnumMap<Operation, Durations>,
    /// Durations of the launches since the last sample; `None` where all launches take equally long.
    pub recent_launches: Option<Durations>,
    /// Digest over everything that happened, warm-up included.
    pub digest: Digest,
    /// Successful launches and terminations since the start \[instances\].
    pub lifecycle_events: u64,
    /// Totals over the instances, by [`InstanceTotal`].
    pub instances: [u64; INSTANCE_TOTALS],
    /// Integrals and peaks of these totals.
    pub instance_gauges: Gauges<INSTANCE_TOTALS>,
    /// Cost of the running instances.
    pub accrual: Accrual,
    /// Integrals and peaks of the fleet's totals.
    pub fleet_gauges: Gauges<TOTALS>,
    /// Time at which the number of hosts had its peak.
    pub hosts_peak_at: Time,
    /// Peak shares of vCPU, memory and GPU in use, in the order of [`SHARES`].
    pub peak_shares: [PeakRatio; SHARES.len()],
    /// True if the warm-up is over.
    pub in_window: bool,
}

impl Ledger {
    /// Advances the integrals to `now`; the fleet's totals have had these values since the last call.
    #[inline]
    pub fn advance(&mut self, now: Time, fleet: &Totals) {
        self.fleet_gauges.advance(now, &fleet.0);
        self.instance_gauges.advance(now, &self.instances);
        self.accrual.advance(now);
    }

    /// Updates the peaks of the fleet after more of it came into use while its capacity stayed the same.
    #[inline]
    pub fn note_fleet_used(&mut self, fleet: &Totals) {
        for total in [Total::HostsUsed, Total::VcpuUsed, Total::MemoryUsed, Total::GpuUsed] {
            self.fleet_gauges.note_one(total as usize, fleet[total]);
        }
    }

    /// Updates the peaks of all the fleet's totals.
    pub fn note_fleet(&mut self, fleet: &Totals) {
        if fleet[Total::Hosts] > self.fleet_gauges.peak(Total::Hosts as usize) {
            self.hosts_peak_at = self.fleet_gauges.reached();
        }
        self.fleet_gauges.note(&fleet.0);
    }

    /// Updates the peak shares after an instance came or a host went. In a fleet whose hosts neither come nor
    /// go, a share peaks together with its use, and one call at the end is enough.
    #[inline]
    pub fn note_shares(&mut self, fleet: &Totals) {
        for (peak, (used, all)) in self.peak_shares.iter_mut().zip(SHARES) {
            peak.note(fleet[used], fleet[all]);
        }
    }

    /// Updates the peak shares from the peaks of use, in a fleet whose hosts neither come nor go. In any other fleet this
    /// changes nothing.
    pub fn note_shares_of_peaks(&mut self) {
        for (peak, (used, all)) in self.peak_shares.iter_mut().zip(SHARES) {
            peak.note(self.fleet_gauges.peak(used as usize), self.fleet_gauges.peak(all as usize));
        }
    }

    /// Updates the peaks of the totals over the instances.
    #[inline]
    pub fn note_instances(&mut self) {
        self.instance_gauges.note(&self.instances);
    }

    /// Ends the warm-up at `now`; the integrals must have been advanced to that time.
    pub fn begin_window(&mut self, now: Time, fleet: &Totals) {
        self.fleet_gauges.begin_window(now, &fleet.0);
        self.instance_gauges.begin_window(now, &self.instances);
        self.accrual.begin_window();
        self.hosts_peak_at = now;
        self.peak_shares = Default::default();
        self.note_shares(fleet);
        self.first_shortage = None;
        self.in_window = true;
    }

    /// Panics if a reported peak is lower than the present value; checks the shares too if hosts
    /// come and go.
    pub fn assert_noted(&self, fleet: &Totals, hosts_vary: bool) {
        if !self.in_window {
            return; // The window begins with what there is then.
        }
        for total in PEAKS {
            let peak = self.fleet_gauges.peak(total as usize);
            assert!(peak >= fleet[total], "a peak took no note: {total:?}, {peak} below {}", fleet[total]);
        }
        for (peak, (used, all)) in self.peak_shares.iter().zip(SHARES).filter(|_| hosts_vary) {
            let mut noted = *peak;
            noted.note(fleet[used], fleet[all]);
            assert!(
                noted.value() <= peak.value(),
                "a share took no note: {used:?}, {noted:?} above {peak:?}"
            );
        }
    }

    /// Adds an event of an instance to the digest.
    #[inline]
    pub fn digest(&mut self, now: Time, what: DigestEvent, id: InstanceId, host: HostId) {
        self.digest.absorb([now.0, u64::from(what as u8) | (u64::from(host.0) << 32), id.0]);
    }

    /// Records the refusal of `count` instances, or of a call.
    pub fn refused(
        &mut self,
        now: Time,
        operation: Operation,
        failure: Failure,
        count: u32,
        account: AccountId,
        kind: Option<TypeId>,
    ) {
        let what = u64::from(DigestEvent::Refused as u8)
            | (u64::from(failure as u8) << 8)
            | (u64::from(operation as u8) << 16)
            | (u64::from(count) << 32);
        let kind = kind.map_or(u32::MAX, |kind| kind.0);
        self.digest.absorb([now.0, what, (u64::from(account.0) << 32) | u64::from(kind)]);
        self.first_failures[failure].get_or_insert(FirstFailure { failure, at: now, operation });
    }

    /// Counts a call and its outcome.
    #[inline]
    pub fn count_call(&mut self, operation: Operation, failure: Option<Failure>) {
        if self.in_window {
            count(&mut self.operations[operation], 1, failure, u64::from(failure.is_some()));
        }
    }

    /// Returns the calls of the window so far, and those that a fault of the service refused.
    pub fn served(&self) -> (u64, u64) {
        let tallies = || self.operations.iter().map(|(_, tally)| tally);
        (tallies().map(|tally| tally.requested).sum(), tallies().map(Tally::failed_by_service).sum())
    }

    /// Counts the answer for one instance of a call.
    #[inline]
    pub fn count_answer(&mut self, operation: Operation, failure: Option<Failure>) {
        if self.in_window {
            count(&mut self.answers[operation], 1, failure, u64::from(failure.is_some()));
        }
    }

    /// Counts an event that no call asked for.
    pub fn count_event(&mut self, which: impl Fn(&mut Disruptions) -> &mut u64) {
        if self.in_window {
            *which(&mut self.disruptions) += 1;
        }
    }

    /// Counts the instances and pages that a call of `describe` found.
    pub fn described(&mut self, instances: u64, pages: u64) {
        if self.in_window {
            self.described.instances += instances;
            self.described.pages += pages;
        }
    }

    /// Counts the instances of a launch: those requested, and those of them that were refused.
    #[inline]
    pub fn count_launch(&mut self, requested: u32, failure: Option<Failure>, refused: u32) {
        self.lifecycle_events += u64::from(requested - refused);
        if self.in_window {
            count(&mut self.launch, u64::from(requested), failure, u64::from(refused));
        }
    }

    /// Records the time from a call to its effect.
    #[inline]
    pub fn record_latency(&mut self, operation: Operation, duration: Duration) {
        if self.in_window {
            self.durations[operation].record(duration);
            if operation == Operation::Launch
                && let Some(recent) = &mut self.recent_launches
            {
                recent.record(duration);
            }
        }
    }

    /// Returns how long the launches since the last sample took; `None` where there was none, or all take equally long.
    pub fn take_recent_launches(&mut self) -> Option<LaunchLatency> {
        let recent = self.recent_launches.as_mut().filter(|recent| recent.count() > 0)?;
        let taken = std::mem::take(recent).histogram();
        let at = |quantile| Duration(taken.value_at_quantile(quantile));
        Some(LaunchLatency { median: at(0.5), p99: at(0.99) })
    }
}

#[inline]
fn count(tally: &mut Tally, requested: u64, failure: Option<Failure>, failed: u64) {
    tally.requested += requested;
    tally.succeeded += requested - failed;
    if let Some(failure) = failure {
        tally.failed_by[failure] += failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::units::NS_PER_S;

    #[test]
    fn the_cost_of_a_great_fleet_needs_more_than_64_bits() {
        let mut accrual = Accrual::default();
        let dollar_per_hour: u128 = 1_000_000_000_000;
        // Ten million at 4.608 USD/h: 4.608·10¹⁹ of 10⁻¹² USD/h, where 64 bits end at 1.8·10¹⁹.
        accrual.add(10_000_000 * 4_608 * dollar_per_hour / 1000);
        accrual.advance(Time(1800 * NS_PER_S));
        assert_eq!(accrual.micro_usd(), 23_040_000 * 1_000_000);
        accrual.begin_window();
        accrual.remove(10_000_000 * 4_608 * dollar_per_hour / 1000);
        accrual.advance(Time(3600 * NS_PER_S));
        assert_eq!(accrual.micro_usd(), 0);
    }
}
