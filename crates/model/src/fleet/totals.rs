//! Totals over the fleet, kept up to date move by move, so that no sample ever walks the hosts.
//!
//! A host counts while it takes instances or still has some: one that is unhealthy or in maintenance is no
//! capacity once it is empty, and until then what is used never exceeds what there is.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use plimsoll_base::units::Resources;

/// Total over the fleet. The numbers are positions in [`Totals`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Total {
    /// Hosts that take instances or still have some \[hosts\].
    Hosts,
    /// Hosts with at least one instance \[hosts\].
    HostsUsed,
    /// Sellable capacity of those hosts \[milli-vCPU\].
    Vcpu,
    /// Sold \[milli-vCPU\].
    VcpuUsed,
    /// Sellable capacity of hosts with at least one instance \[milli-vCPU\].
    VcpuNonempty,
    /// Free where memory is too short for the smallest request \[milli-vCPU\].
    VcpuStranded,
    /// Sellable capacity of those hosts \[MiB\].
    Memory,
    /// Sold \[MiB\].
    MemoryUsed,
    /// Sellable capacity of hosts with at least one instance \[MiB\].
    MemoryNonempty,
    /// Free where vCPU is too short for the smallest request \[MiB\].
    MemoryStranded,
    /// Sellable capacity of those hosts \[milli-GPU\].
    Gpu,
    /// Sold \[milli-GPU\].
    GpuUsed,
}

/// Number of totals.
pub const TOTALS: usize = 12;

/// The totals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals(pub [u64; TOTALS]);

impl Index<Total> for Totals {
    type Output = u64;
    #[inline]
    fn index(&self, total: Total) -> &u64 {
        &self.0[total as usize]
    }
}

impl IndexMut<Total> for Totals {
    #[inline]
    fn index_mut(&mut self, total: Total) -> &mut u64 {
        &mut self.0[total as usize]
    }
}

impl Totals {
    /// Adds the totals of other hosts.
    pub fn add(&mut self, other: &Totals) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, amount)| *sum += amount);
    }

    pub(super) fn host_opened(&mut self, capacity: &Resources) {
        self[Total::Hosts] += 1;
        self[Total::Vcpu] += u64::from(capacity.vcpu_milli());
        self[Total::Memory] += u64::from(capacity.memory_mib());
        self[Total::Gpu] += u64::from(capacity.0[Resources::GPU]);
    }

    pub(super) fn host_closed(&mut self, capacity: &Resources) {
        self[Total::Hosts] -= 1;
        self[Total::Vcpu] -= u64::from(capacity.vcpu_milli());
        self[Total::Memory] -= u64::from(capacity.memory_mib());
        self[Total::Gpu] -= u64::from(capacity.0[Resources::GPU]);
    }

    pub(super) fn host_filled(&mut self, capacity: &Resources) {
        self[Total::HostsUsed] += 1;
        self[Total::VcpuNonempty] += u64::from(capacity.vcpu_milli());
        self[Total::MemoryNonempty] += u64::from(capacity.memory_mib());
    }

    pub(super) fn host_emptied(&mut self, capacity: &Resources) {
        self[Total::HostsUsed] -= 1;
        self[Total::VcpuNonempty] -= u64::from(capacity.vcpu_milli());
        self[Total::MemoryNonempty] -= u64::from(capacity.memory_mib());
    }

    pub(super) fn taken(&mut self, amounts: &Resources) {
        self[Total::VcpuUsed] += u64::from(amounts.vcpu_milli());
        self[Total::MemoryUsed] += u64::from(amounts.memory_mib());
        self[Total::GpuUsed] += u64::from(amounts.0[Resources::GPU]);
    }

    pub(super) fn given(&mut self, amounts: &Resources) {
        self[Total::VcpuUsed] -= u64::from(amounts.vcpu_milli());
        self[Total::MemoryUsed] -= u64::from(amounts.memory_mib());
        self[Total::GpuUsed] -= u64::from(amounts.0[Resources::GPU]);
    }

    /// Replaces the stranded amounts of one host by their new values.
    pub(super) fn stranded_changed(&mut self, before: (u64, u64), after: (u64, u64)) {
        self[Total::VcpuStranded] = self[Total::VcpuStranded] + after.0 - before.0;
        self[Total::MemoryStranded] = self[Total::MemoryStranded] + after.1 - before.1;
    }
}
