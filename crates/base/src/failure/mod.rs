//! The closed register of failures: the error codes of refused requests, and the limits that they name.
//!
//! Names, classes and HTTP statuses are those of the EC2 API reference, "Error codes": a client error
//! comes with a status of the 400 series, a server error with one of the 500 series, and throttling
//! is a server error although the client goes too fast. Traffic that no rule allows has the code of EC2's
//! Reachability Analyzer ("explanation codes"). Beside them stand short names, as REST interfaces to such clouds have them.

mod limit;

pub use limit::{LimitHit, LimitKind};

use serde::{Deserialize, Serialize};

use crate::units::Enum;

/// Side that has to change something, the caller or the service. Client libraries repeat a request by
/// themselves only after a server error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorSide {
    /// The request is at fault.
    Client,
    /// The service is at fault.
    Server,
}

/// Row of the register.
pub struct FailureEntry {
    /// Failure.
    pub failure: Failure,
    /// EC2's error code.
    pub ec2_name: &'static str,
    /// Short name, as REST interfaces have it.
    pub rest_name: &'static str,
    /// Side at fault.
    pub class: ErrorSide,
    /// HTTP status of the response.
    pub http_status: u16,
    /// Meaning, one line.
    pub meaning: &'static str,
}

/// Makes the enum and the register of one list, so that the two cannot drift apart.
macro_rules! failures {
    ($($name:ident = $number:literal, $ec2:literal, $rest:literal, $class:ident $status:literal, $meaning:literal;)*) => {
        /// Why a request was refused. The number goes into the digest: add at the end, never renumber.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Failure {
            $(#[doc = $meaning] $name = $number,)*
        }

        const ALL: [Failure; REGISTER.len()] = [$(Failure::$name,)*];

        /// The register, in the order of the numbers.
        pub const REGISTER: &[FailureEntry] = &[
            $(FailureEntry {
                failure: Failure::$name,
                ec2_name: $ec2,
                rest_name: $rest,
                class: ErrorSide::$class,
                http_status: $status,
                meaning: $meaning,
            },)*
        ];
    };
}

#[rustfmt::skip]
failures! {
    InsufficientInstanceCapacity = 1, "InsufficientInstanceCapacity", "InsufficientCapacity", Server 500, "no host has room for the instance";
    InsufficientFreeAddressesInSubnet = 2, "InsufficientFreeAddressesInSubnet", "InsufficientCapacity", Client 400, "the subnet has no free private address";
    InsufficientAddressCapacity = 3, "InsufficientAddressCapacity", "InsufficientCapacity", Server 500, "the public pool has no free address";
    InvalidInstanceIdNotFound = 4, "InvalidInstanceID.NotFound", "InstanceNotFound", Client 400, "no such instance in the account";
    IncorrectInstanceState = 5, "IncorrectInstanceState", "InvalidStateTransition", Client 400, "the instance's state does not allow the operation";
    InvalidParameterValue = 6, "InvalidParameterValue", "InternalError", Client 400, "a parameter has an impossible value";
    Unsupported = 7, "Unsupported", "InternalError", Client 400, "not possible for this type or place";
    VcpuLimitExceeded = 8, "VcpuLimitExceeded", "ResourceLimitExceeded", Client 400, "more vCPUs than the account may run";
    InstanceLimitExceeded = 9, "InstanceLimitExceeded", "ResourceLimitExceeded", Client 400, "more instances than the account may run";
    RequestLimitExceeded = 10, "RequestLimitExceeded", "ResourceLimitExceeded", Server 503, "the account calls faster than its rate limit";
    IncorrectState = 11, "IncorrectState", "InvalidStateTransition", Client 400, "the resource's state does not allow the operation";
    ServiceUnavailable = 12, "ServiceUnavailable", "InternalError", Server 503, "the service cannot answer now";
    InternalError = 13, "InternalError", "InternalError", Server 500, "the service failed";
    MissingParameter = 14, "MissingParameter", "InternalError", Client 400, "a required parameter is missing";
    InvalidParameterCombination = 15, "InvalidParameterCombination", "InternalError", Client 400, "parameters that exclude each other";
    OperationNotPermitted = 16, "OperationNotPermitted", "InvalidStateTransition", Client 400, "termination protection forbids it, or the volume is the root of an instance that is not stopped";
    IdempotentParameterMismatch = 17, "IdempotentParameterMismatch", "InternalError", Client 400, "the token was used with other parameters";
    TagLimitExceeded = 18, "TagLimitExceeded", "ResourceLimitExceeded", Client 400, "more tags than a resource may have";
    FilterLimitExceeded = 19, "FilterLimitExceeded", "ResourceLimitExceeded", Client 400, "more filters than a call may have";
    AuthFailure = 20, "AuthFailure", "InternalError", Client 403, "the account may not use the resource";
    UnsupportedHibernation = 21, "UnsupportedHibernationConfiguration", "InternalError", Client 400, "the instance is not enabled for hibernation, or does not meet what that asks for";
    InvalidAmiIdNotFound = 22, "InvalidAMIID.NotFound", "InstanceNotFound", Client 400, "no such image";
    InvalidAmiIdUnavailable = 23, "InvalidAMIID.Unavailable", "InvalidStateTransition", Client 400, "the image is not available";
    InvalidVolumeNotFound = 24, "InvalidVolume.NotFound", "VolumeNotFound", Client 400, "no such volume in the account";
    InvalidVolumeZoneMismatch = 25, "InvalidVolume.ZoneMismatch", "InternalError", Client 400, "volume and instance are in different zones";
    VolumeInUse = 26, "VolumeInUse", "InvalidStateTransition", Client 400, "the volume is attached to an instance";
    VolumeLimitExceeded = 27, "VolumeLimitExceeded", "ResourceLimitExceeded", Client 400, "more volumes than the account may have";
    InsufficientVolumeCapacity = 28, "InsufficientVolumeCapacity", "InsufficientCapacity", Server 500, "the zone's storage backend is full";
    AttachmentLimitExceeded = 29, "AttachmentLimitExceeded", "ResourceLimitExceeded", Client 400, "more attachments than the instance may have";
    InvalidAttachmentNotFound = 30, "InvalidAttachment.NotFound", "VolumeNotFound", Client 400, "the resource is not attached there";
    UnknownVolumeType = 31, "UnknownVolumeType", "InternalError", Client 400, "no such volume type";
    VolumeModificationRateExceeded = 32, "VolumeModificationRateExceeded", "ResourceLimitExceeded", Client 400, "the volume was modified as often as it may be in 24 hours";
    IncorrectModificationState = 33, "IncorrectModificationState", "InvalidStateTransition", Client 400, "the volume is still being modified";
    InvalidSnapshotNotFound = 34, "InvalidSnapshot.NotFound", "VolumeNotFound", Client 400, "no such snapshot in the account";
    InvalidSnapshotInUse = 35, "InvalidSnapshot.InUse", "InvalidStateTransition", Client 400, "an image uses the snapshot";
    SnapshotLimitExceeded = 36, "SnapshotLimitExceeded", "ResourceLimitExceeded", Client 400, "more snapshots than the account may have";
    InsufficientCidrBlocks = 37, "InsufficientCidrBlocks", "InsufficientCapacity", Client 400, "the subnet has no free contiguous block for the prefix";
    AddressLimitExceeded = 38, "AddressLimitExceeded", "ResourceLimitExceeded", Client 400, "more elastic addresses than the account may have";
    InvalidAllocationIdNotFound = 39, "InvalidAllocationID.NotFound", "InternalError", Client 400, "no such elastic address in the account";
    InvalidAssociationIdNotFound = 40, "InvalidAssociationID.NotFound", "InternalError", Client 400, "the elastic address is not associated";
    ResourceAlreadyAssociated = 41, "Resource.AlreadyAssociated", "InvalidStateTransition", Client 400, "the elastic address is associated already";
    InvalidIpAddressInUse = 42, "InvalidIPAddress.InUse", "InvalidStateTransition", Client 400, "the address is in use";
    PrivateIpAddressLimitExceeded = 43, "PrivateIpAddressLimitExceeded", "ResourceLimitExceeded", Client 400, "more addresses than an interface of the type may have";
    InvalidNetworkInterfaceIdNotFound = 44, "InvalidNetworkInterfaceID.NotFound", "InternalError", Client 400, "no such network interface in the account";
    InvalidNetworkInterfaceInUse = 45, "InvalidNetworkInterface.InUse", "InvalidStateTransition", Client 400, "the network interface is attached";
    InvalidGroupNotFound = 46, "InvalidGroup.NotFound", "InternalError", Client 400, "no such security group in the account";
    InvalidGroupDuplicate = 47, "InvalidGroup.Duplicate", "InternalError", Client 400, "a security group of that name exists already";
    DependencyViolation = 48, "DependencyViolation", "InvalidStateTransition", Client 400, "something else still uses the resource";
    InvalidPermissionDuplicate = 49, "InvalidPermission.Duplicate", "InternalError", Client 400, "the rule exists already";
    InvalidPermissionMalformed = 50, "InvalidPermission.Malformed", "InternalError", Client 400, "the rule is malformed";
    InvalidPermissionNotFound = 51, "InvalidPermission.NotFound", "InternalError", Client 400, "no such rule in the group";
    RulesPerSecurityGroupLimitExceeded = 52, "RulesPerSecurityGroupLimitExceeded", "ResourceLimitExceeded", Client 400, "more rules than a security group may have";
    SecurityGroupLimitExceeded = 53, "SecurityGroupLimitExceeded", "ResourceLimitExceeded", Client 400, "more security groups than the account may have";
    SecurityGroupsPerInstanceLimitExceeded = 54, "SecurityGroupsPerInstanceLimitExceeded", "ResourceLimitExceeded", Client 400, "more security groups than an interface may have";
    EniSgRulesMismatch = 55, "ENI_SG_RULES_MISMATCH", "InternalError", Client 403, "no rule of the security groups allows the traffic";
    InvalidPlacementGroupUnknown = 56, "InvalidPlacementGroup.Unknown", "InternalError", Client 400, "no such placement group in the account";
    InvalidPlacementGroupDuplicate = 57, "InvalidPlacementGroup.Duplicate", "InternalError", Client 400, "a placement group of that name exists already";
    InvalidPlacementGroupInUse = 58, "InvalidPlacementGroup.InUse", "InvalidStateTransition", Client 400, "the placement group has instances, or is bound to another zone by them";
    PlacementGroupLimitExceeded = 59, "PlacementGroupLimitExceeded", "ResourceLimitExceeded", Client 400, "more than a placement group may hold, or more placement groups than the account may have";
    InvalidHostIdNotFound = 60, "InvalidHostID.NotFound", "InternalError", Client 400, "no such dedicated host in the account";
    HostLimitExceeded = 61, "HostLimitExceeded", "ResourceLimitExceeded", Client 400, "more dedicated hosts than the account may have";
    InsufficientHostCapacity = 62, "InsufficientHostCapacity", "InsufficientCapacity", Server 500, "no host can be dedicated, or the dedicated host is full";
    InvalidCapacityReservationIdNotFound = 63, "InvalidCapacityReservationId.NotFound", "InternalError", Client 400, "no such capacity reservation in the account";
    ReservationCapacityExceeded = 64, "ReservationCapacityExceeded", "InsufficientCapacity", Client 400, "the capacity reservation has no free instance";
    SpotMaxPriceTooLow = 65, "SpotMaxPriceTooLow", "InsufficientCapacity", Client 400, "the request's highest price is below the spot price";
    MaxSpotInstanceCountExceeded = 66, "MaxSpotInstanceCountExceeded", "ResourceLimitExceeded", Client 400, "more spot vCPUs than the account may run";
    NoRouteToDestination = 67, "NO_ROUTE_TO_DESTINATION", "InternalError", Client 403, "the ends of the traffic are in different VPCs";
    InvalidVpcIdNotFound = 68, "InvalidVpcID.NotFound", "InternalError", Client 400, "no such VPC in the account";
    InvalidAmiNameDuplicate = 69, "InvalidAMIName.Duplicate", "InternalError", Client 400, "an image of that name exists already";
    RequestTimeout = 70, "RequestTimeout", "InternalError", Client 408, "the client waited too long for an answer and has given up";
    ConcurrentSnapshotLimitExceeded = 71, "ConcurrentSnapshotLimitExceeded", "ResourceLimitExceeded", Client 400, "as many snapshots of the volume are pending as are allowed";
    InvalidAttachmentIdNotFound = 72, "InvalidAttachmentID.NotFound", "InternalError", Client 400, "the network interface is not attached";
    SnapshotCreationPerVolumeRateExceeded = 73, "SnapshotCreationPerVolumeRateExceeded", "ResourceLimitExceeded", Client 400, "a snapshot of the volume follows a pending one too soon";
    UnsupportedOperation = 74, "UnsupportedOperation", "InvalidStateTransition", Client 400, "the spot instance has a one-time request, and cannot be stopped";
    InvalidInstanceId = 75, "InvalidInstanceID", "InvalidStateTransition", Client 400, "the instance is still pending";
}

impl Failure {
    /// Returns the position in the register, from 0.
    pub const fn index(self) -> usize {
        self as usize - 1
    }

    /// Returns the row of the register.
    pub fn entry(self) -> &'static FailureEntry {
        &REGISTER[self.index()]
    }

    /// Returns EC2's error code.
    pub fn ec2_name(self) -> &'static str {
        self.entry().ec2_name
    }

    /// Returns true for failures that count against the availability of the service: server errors, among them
    /// insufficient capacity, and answers that came too late. Throttling does not count, although its status is of the
    /// 500 series: the client calls faster than it may.
    pub fn is_fault_of_service(self) -> bool {
        match self {
            Failure::RequestLimitExceeded => false,
            Failure::RequestTimeout => true,
            _ => self.entry().class == ErrorSide::Server,
        }
    }

    /// Returns the name of what has run out where requests fail for this reason; `None` where nothing has.
    pub fn shortage(self) -> Option<&'static str> {
        match self {
            Failure::InsufficientInstanceCapacity => Some("room on the hosts"),
            Failure::InsufficientFreeAddressesInSubnet => Some("private addresses"),
            Failure::InsufficientAddressCapacity => Some("public addresses"),
            Failure::InsufficientVolumeCapacity => Some("room for volumes"),
            Failure::VcpuLimitExceeded | Failure::InstanceLimitExceeded => Some("an account's quota"),
            _ => None,
        }
    }

    /// Returns the failure with the limit that decided, what was asked for and what was left \[the limit's unit\].
    pub fn because(self, kind: LimitKind, asked: u64, left: u64) -> FailureReason {
        FailureReason { failure: self, limit: Some(LimitHit { kind, asked, left }) }
    }
}

/// Reason for which a request was refused, with the limit that decided where one did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FailureReason {
    /// Error code.
    pub failure: Failure,
    /// Limit that decided; `None` where the request is wrong in itself.
    pub limit: Option<LimitHit>,
}

impl From<Failure> for FailureReason {
    fn from(failure: Failure) -> FailureReason {
        FailureReason { failure, limit: None }
    }
}

impl Enum for Failure {
    const ALL: &'static [Failure] = &ALL;

    #[inline]
    fn position(self) -> usize {
        self.index()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_number() {
        for (i, entry) in REGISTER.iter().enumerate() {
            assert_eq!(entry.failure.index(), i, "{}", entry.ec2_name);
        }
    }

    #[test]
    fn the_class_follows_the_series_of_the_status() {
        for entry in REGISTER {
            let series = if entry.class == ErrorSide::Client { 4 } else { 5 };
            assert_eq!(entry.http_status / 100, series, "{}", entry.ec2_name);
        }
    }

    #[test]
    fn no_code_stands_twice() {
        let mut codes: Vec<&str> = REGISTER.iter().map(|entry| entry.ec2_name).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
