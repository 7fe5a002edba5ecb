//! Unmet demand: what refused launches would hold now, had they been granted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use plimsoll_base::units::{Duration, Resources, Time};
use plimsoll_model::workload::call::{End, Launch};

/// vCPU and memory that refused instances would hold, each until its end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UnmetDemand {
    /// vCPU \[milli-vCPU\].
    vcpu_milli: u64,
    /// Memory \[MiB\].
    memory_mib: u64,
    /// Ends of those that end, with their vCPU and memory; the earliest first.
    ends: BinaryHeap<Reverse<(Time, u32, u32)>>,
}

impl UnmetDemand {
    /// Adds the last `missing` instances of a launch, of so much each, which are refused for good. `lifetimes` are those of the
    /// launch, where they are drawn. What a pool or an Auto Scaling group asks for is left out: it asks again.
    pub fn note(
        &mut self,
        now: Time,
        launch: &Launch,
        missing: u32,
        amounts: &Resources,
        lifetimes: &[Duration],
    ) {
        if launch.sender.has_owner() {
            return;
        }
        for number in launch.max_count - missing..launch.max_count {
            let end = match launch.end {
                End::Never => None,
                End::At(end) => Some(end),
                End::Drawn => Some(now.after(lifetimes[number as usize])),
            };
            if end.is_none_or(|end| end > now) {
                self.add(amounts, end);
            }
        }
    }

    /// Adds a refused instance that would have lived until `end`, or for ever.
    fn add(&mut self, amounts: &Resources, end: Option<Time>) {
        let (vcpu_milli, memory_mib) = (amounts.vcpu_milli(), amounts.memory_mib());
        self.vcpu_milli += u64::from(vcpu_milli);
        self.memory_mib += u64::from(memory_mib);
        self.ends.extend(end.map(|end| Reverse((end, vcpu_milli, memory_mib))));
    }

    /// Forgets those that would have ended by now.
    pub fn advance(&mut self, now: Time) {
        while let Some(Reverse((_, vcpu_milli, memory_mib))) =
            self.ends.peek().copied().filter(|Reverse((end, ..))| *end <= now)
        {
            self.ends.pop();
            self.vcpu_milli -= u64::from(vcpu_milli);
            self.memory_mib -= u64::from(memory_mib);
        }
    }

    /// Returns vCPU \[milli-vCPU\] and memory \[MiB\] at the time of the last [`UnmetDemand::advance`].
    pub fn totals(&self) -> (u64, u64) {
        (self.vcpu_milli, self.memory_mib)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_unmet_until_it_would_have_ended() {
        let mut unmet = UnmetDemand::default();
        for (vcpu, end) in [(1000, Some(30)), (2000, Some(10)), (4000, None), (8000, Some(30))] {
            unmet.add(&Resources::new(vcpu, vcpu / 100), end.map(Time));
        }
        let found = [0, 9, 10, 29, 30, 99].map(|now| {
            unmet.advance(Time(now));
            unmet.totals()
        });
        let expected = [15_000, 15_000, 13_000, 13_000, 4000, 4000].map(|vcpu| (vcpu, vcpu / 100));
        assert_eq!(found, expected);
    }
}
