//! Calls about resources that are no instances: volumes, snapshots, images, security groups, addresses, interfaces, groups,
//! hosts, reservations. One closed enum, with the names of the trace, which the cloud resolves.

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

use super::handles::{
    AddressHandle, Handle, HostHandle, ImageHandle, InterfaceHandle, PlacementGroupHandle, ReservationHandle,
    SecurityGroupHandle, SnapshotHandle, VolumeHandle,
};
use crate::network::security::{Direction, Packet, Ports, Protocol};
use crate::operation::Operation;
use crate::placement::config::GroupStrategy;
use crate::placement::reservations::ReservationChange;
use crate::placement::tenancies::{HostTerms, HostTermsChange};
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::units::{SubnetId, Time, TypeId, ZoneId};

/// A call about a resource that is no instance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ResourceCall {
    /// Make a volume.
    CreateVolume {
        /// Its name.
        volume: VolumeHandle,
        /// Its zone.
        zone: ZoneId,
        /// Properties.
        spec: VolumeSpec,
        /// Snapshot that it is filled with.
        snapshot: Option<SnapshotHandle>,
        /// Several instances may have it at once.
        multi_attach: bool,
    },
    /// Attach a volume.
    AttachVolume {
        /// The volume.
        volume: VolumeHandle,
        /// The instance; the first of the name.
        instance: Handle,
        /// The device it becomes there, such as `/dev/sdf`.
        device: String,
    },
    /// Detach a volume, from the instance named or else from its only one.
    DetachVolume(VolumeHandle, Option<Handle>),
    /// Delete a volume.
    DeleteVolume(VolumeHandle),
    /// Change a volume; what the specification leaves out stays.
    ModifyVolume(VolumeHandle, VolumeSpec),
    /// Make a snapshot of a volume.
    CreateSnapshot(SnapshotHandle, VolumeHandle),
    /// Delete a snapshot.
    DeleteSnapshot(SnapshotHandle),
    /// Move a snapshot to the archive tier.
    ArchiveSnapshot(SnapshotHandle),
    /// Move a snapshot back from the archive tier, for good.
    RestoreSnapshot(SnapshotHandle),
    /// Register an image.
    RegisterImage {
        /// Its name.
        image: ImageHandle,
        /// Snapshot that its root volume is filled with.
        snapshot: Option<SnapshotHandle>,
        /// Size of its root volume \[GiB\]; none: the snapshot's.
        size_gib: Option<u32>,
        /// True if every account may launch it.
        public: bool,
    },
    /// Deregister an image.
    DeregisterImage(ImageHandle),
    /// Make a security group in the account's VPC of this name.
    CreateSecurityGroup(SecurityGroupHandle, String),
    /// Delete a security group.
    DeleteSecurityGroup(SecurityGroupHandle),
    /// Add a rule.
    Authorize(SecurityGroupHandle, RuleRequest),
    /// Remove a rule.
    Revoke(SecurityGroupHandle, RuleRequest),
    /// Send traffic.
    Probe {
        /// Sender.
        from: ProbeEnd,
        /// Receiver.
        to: ProbeEnd,
        /// Packet that is sent.
        packet: Packet,
    },
    /// Allocate an elastic address.
    AllocateAddress(AddressHandle),
    /// Associate an elastic address with the first instance of a name; with `true` even if another has it.
    AssociateAddress(AddressHandle, Handle, bool),
    /// Disassociate an elastic address.
    DisassociateAddress(AddressHandle),
    /// Release an elastic address.
    ReleaseAddress(AddressHandle),
    /// Make a network interface.
    CreateInterface(InterfaceHandle, SubnetId),
    /// Attach a network interface to the first instance of a name.
    AttachInterface(InterfaceHandle, Handle),
    /// Detach a network interface.
    DetachInterface(InterfaceHandle),
    /// Delete a network interface.
    DeleteInterface(InterfaceHandle),
    /// Add so many private addresses and prefixes to the first interface of an instance.
    AssignAddresses(Handle, AddressCount),
    /// Remove so many private addresses and prefixes from it, the latest first.
    UnassignAddresses(Handle, AddressCount),
    /// Make a placement group.
    CreatePlacementGroup {
        /// Its name.
        group: PlacementGroupHandle,
        /// Its rule.
        strategy: GroupStrategy,
        /// Partitions a zone, where the rule knows any; none: 7.
        partitions: Option<u16>,
    },
    /// Delete a placement group.
    DeletePlacementGroup(PlacementGroupHandle),
    /// Allocate dedicated hosts of a zone on these terms, one for each name: all or none.
    AllocateHosts(Box<[HostHandle]>, ZoneId, HostTerms),
    /// Change the terms of a dedicated host.
    ModifyHost(HostHandle, HostTermsChange),
    /// Release a dedicated host.
    ReleaseHost(HostHandle),
    /// Make a capacity reservation.
    CreateReservation {
        /// Its name.
        reservation: ReservationHandle,
        /// Their type.
        kind: TypeId,
        /// Their zone.
        zone: ZoneId,
        /// Number of hosts.
        count: u32,
        /// Any launch that matches may use it, not only those that name it.
        open: bool,
        /// End date; none: when it is cancelled.
        until: Option<Time>,
    },
    /// Change a capacity reservation.
    ModifyReservation(ReservationHandle, ReservationChange),
    /// Cancel a capacity reservation.
    CancelReservation(ReservationHandle),
    /// Add so many private addresses and prefixes to a network interface.
    AssignInterfaceAddresses(InterfaceHandle, AddressCount),
    /// Remove so many private addresses and prefixes from it, the latest first.
    UnassignInterfaceAddresses(InterfaceHandle, AddressCount),
}

/// Properties of a new volume.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct VolumeSpec {
    /// Type; none: gp3.
    pub kind: Option<VolumeType>,
    /// Size \[GiB\]; none: the snapshot's.
    pub size_gib: Option<u32>,
    /// Provisioned \[IOPS\]; none: the type's least.
    pub iops: Option<u32>,
    /// Provisioned throughput \[MiB/s\]; none: the type's least.
    pub throughput_mibps: Option<u32>,
}

/// A rule as a call names it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RuleRequest {
    /// Ingress or egress.
    pub direction: Direction,
    /// The protocol.
    pub protocol: Protocol,
    /// The ports, or ICMP type and code, as the call names them.
    pub ports: Option<Ports>,
    /// Other end.
    pub peer: PeerRequest,
}

/// Other end of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PeerRequest {
    /// Addresses.
    Network(ipnet::Ipv4Net),
    /// Members of a security group.
    Group(SecurityGroupHandle),
}

/// An end of a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ProbeEnd {
    /// The first instance of a name.
    Instance(Handle),
    /// An address outside.
    Address(Ipv4Addr),
}

/// Private addresses and prefixes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AddressCount {
    /// Single addresses.
    pub addresses: u32,
    /// Prefixes (/28).
    pub prefixes: u32,
}

impl ResourceCall {
    /// Returns the operation it is.
    pub fn operation(&self) -> Operation {
        match self {
            ResourceCall::CreateVolume { .. } => Operation::CreateVolume,
            ResourceCall::AttachVolume { .. } => Operation::AttachVolume,
            ResourceCall::DetachVolume(..) => Operation::DetachVolume,
            ResourceCall::DeleteVolume(_) => Operation::DeleteVolume,
            ResourceCall::ModifyVolume(..) => Operation::ModifyVolume,
            ResourceCall::CreateSnapshot(..) => Operation::CreateSnapshot,
            ResourceCall::DeleteSnapshot(_) => Operation::DeleteSnapshot,
            ResourceCall::ArchiveSnapshot(_) => Operation::ArchiveSnapshot,
            ResourceCall::RestoreSnapshot(_) => Operation::RestoreSnapshot,
            ResourceCall::RegisterImage { .. } => Operation::RegisterImage,
            ResourceCall::DeregisterImage(_) => Operation::DeregisterImage,
            ResourceCall::CreateSecurityGroup(..) => Operation::CreateSecurityGroup,
            ResourceCall::DeleteSecurityGroup(_) => Operation::DeleteSecurityGroup,
            ResourceCall::Authorize(_, rule) => match rule.direction {
                Direction::Ingress => Operation::AuthorizeIngress,
                Direction::Egress => Operation::AuthorizeEgress,
            },
            ResourceCall::Revoke(_, rule) => match rule.direction {
                Direction::Ingress => Operation::RevokeIngress,
                Direction::Egress => Operation::RevokeEgress,
            },
            ResourceCall::Probe { .. } => Operation::Probe,
            ResourceCall::AllocateAddress(_) => Operation::AllocateAddress,
            ResourceCall::AssociateAddress(..) => Operation::AssociateAddress,
            ResourceCall::DisassociateAddress(_) => Operation::DisassociateAddress,
            ResourceCall::ReleaseAddress(_) => Operation::ReleaseAddress,
            ResourceCall::CreateInterface(..) => Operation::CreateInterface,
            ResourceCall::AttachInterface(..) => Operation::AttachInterface,
            ResourceCall::DetachInterface(_) => Operation::DetachInterface,
            ResourceCall::DeleteInterface(_) => Operation::DeleteInterface,
            ResourceCall::AssignAddresses(..) | ResourceCall::AssignInterfaceAddresses(..) => {
                Operation::AssignAddresses
            }
            ResourceCall::UnassignAddresses(..) | ResourceCall::UnassignInterfaceAddresses(..) => {
                Operation::UnassignAddresses
            }
            ResourceCall::CreatePlacementGroup { .. } => Operation::CreatePlacementGroup,
            ResourceCall::DeletePlacementGroup(_) => Operation::DeletePlacementGroup,
            ResourceCall::AllocateHosts(..) => Operation::AllocateHost,
            ResourceCall::ModifyHost(..) => Operation::ModifyHost,
            ResourceCall::ReleaseHost(_) => Operation::ReleaseHost,
            ResourceCall::CreateReservation { .. } => Operation::CreateReservation,
            ResourceCall::ModifyReservation(..) => Operation::ModifyReservation,
            ResourceCall::CancelReservation(_) => Operation::CancelReservation,
        }
    }
}
