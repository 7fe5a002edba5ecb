//! pending
#![allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tenancy {
    #[default]
    Shared,
    Dedicated,
    Host,
}
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BlockDevice {
    pub device: String,
    pub size_gib: Option<u32>,
    pub kind: Option<crate::catalogue::VolumeType>,
    pub iops: Option<u32>,
    pub throughput_mibps: Option<u32>,
    pub delete_on_termination: bool,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Ingress,
    Egress,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ports(pub u16, pub u16);
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protocol(pub u8);
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupStrategy {
    Cluster,
    Spread,
    Partition,
}
