//! Two studies on VMs of Huawei East-1 with lifetimes, `Huawei-East-1-lt.csv` of SPANE (repository ChanTinPing/SPANE at
//! f1d7df9; data CC BY-NC 4.0, cite arXiv 2112.04785). Hosts have two NUMA nodes of 40 vCPU and 90 GB each; a VM of more than
//! 10 GB takes half of what it asks for from each of both, any other takes one. An episode begins at a row, and has as its clock
//! the arrivals of the rows.

mod data;
mod episode;
pub mod usage;
pub mod wait;

use episode::Episode;
