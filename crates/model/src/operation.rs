//! The vocabulary of the API: every operation that a trace can call, by its name in traces.

use serde::{Deserialize, Serialize};

use plimsoll_base::units::Enum;

/// Declares the enum and its names from one list.
macro_rules! operations {
    ($($operation:ident = $number:literal, $name:literal, $meaning:literal;)*) => {
        /// An operation of the API. The number goes into the digest: add at the end, never renumber.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Operation {
            $(#[doc = $meaning] $operation = $number,)*
        }

        plimsoll_base::names! { Operation { $($operation = $name),* } }

        impl Operation {
            /// Returns what it does, one line.
            pub const fn meaning(self) -> &'static str {
                match self { $(Operation::$operation => $meaning,)* }
            }
        }
    };
}

#[rustfmt::skip]
operations! {
    Launch = 1, "launch", "launch instances";
    Start = 2, "start", "start stopped instances";
    Stop = 3, "stop", "stop running instances";
    Reboot = 4, "reboot", "reboot running instances";
    Terminate = 5, "terminate", "terminate instances";
    Describe = 6, "describe", "describe the state of instances";
    Modify = 7, "modify", "change the type, termination protection or security groups of instances";
    Hibernate = 8, "hibernate", "stop running instances and keep their memory on the root volume";
    CreateVolume = 9, "create-volume", "make a volume, empty or from a snapshot";
    AttachVolume = 10, "attach-volume", "attach a volume to an instance";
    DetachVolume = 11, "detach-volume", "detach a volume from its instance";
    DeleteVolume = 12, "delete-volume", "delete a volume";
    ModifyVolume = 13, "modify-volume", "change size, type, IOPS or throughput of a volume";
    CreateSnapshot = 14, "create-snapshot", "make a snapshot of a volume";
    DeleteSnapshot = 15, "delete-snapshot", "delete a snapshot";
    RegisterImage = 16, "register-image", "register an image, of a snapshot or by its size";
    DeregisterImage = 17, "deregister-image", "deregister an image";
    CreateSecurityGroup = 18, "create-security-group", "make a security group";
    DeleteSecurityGroup = 19, "delete-security-group", "delete a security group";
    AuthorizeIngress = 20, "authorize-ingress", "add a rule for incoming traffic";
    AuthorizeEgress = 21, "authorize-egress", "add a rule for outgoing traffic";
    RevokeIngress = 22, "revoke-ingress", "remove a rule for incoming traffic";
    RevokeEgress = 23, "revoke-egress", "remove a rule for outgoing traffic";
    Probe = 24, "probe", "send traffic to or from an instance";
    AllocateAddress = 25, "allocate-address", "allocate an elastic address from the public pool";
    AssociateAddress = 26, "associate-address", "associate an elastic address with an instance";
    DisassociateAddress = 27, "disassociate-address", "disassociate an elastic address from its instance";
    ReleaseAddress = 28, "release-address", "release an elastic address to the pool";
    CreateInterface = 29, "create-interface", "make a network interface in a subnet";
    AttachInterface = 30, "attach-interface", "attach a network interface to an instance";
    DetachInterface = 31, "detach-interface", "detach a network interface from its instance";
    DeleteInterface = 32, "delete-interface", "delete a network interface";
    AssignAddresses = 33, "assign-addresses", "add private addresses or prefixes to an instance or an interface";
    UnassignAddresses = 34, "unassign-addresses", "remove private addresses or prefixes from an instance or an interface";
    CreatePlacementGroup = 35, "create-placement-group", "make a placement group";
    DeletePlacementGroup = 36, "delete-placement-group", "delete a placement group";
    AllocateHost = 37, "allocate-host", "allocate dedicated hosts to the account, all of those named or none";
    ReleaseHost = 38, "release-host", "release a dedicated host";
    CreateReservation = 39, "create-capacity-reservation", "reserve room for instances";
    CancelReservation = 40, "cancel-capacity-reservation", "cancel a capacity reservation";
    CreateTags = 41, "create-tags", "tag instances";
    DeleteTags = 42, "delete-tags", "remove tags from instances";
    ArchiveSnapshot = 43, "archive-snapshot", "move a snapshot to the archive tier";
    RestoreSnapshot = 44, "restore-snapshot", "move a snapshot back from the archive tier";
    ModifyHost = 45, "modify-host", "change the terms of a dedicated host";
    ModifyReservation = 46, "modify-capacity-reservation", "change size, end date or eligibility of a capacity reservation";
}

impl Enum for Operation {
    const ALL: &'static [Operation] = &Operation::ALL;

    #[inline]
    fn position(self) -> usize {
        self.index()
    }
}

impl Operation {
    /// Returns the position in [`Operation::ALL`], from 0.
    pub const fn index(self) -> usize {
        self as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_positions_and_words_agree() {
        for (i, &operation) in Operation::ALL.iter().enumerate() {
            assert_eq!(operation.index(), i);
            assert_eq!(Operation::named(operation.name()), Some(operation));
        }
        assert_eq!(Operation::named("Launch"), None);
    }
}
