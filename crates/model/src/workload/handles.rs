//! The handles that the names of a demand become: one numbering per kind of thing, in the order of first use.
//!
//! If the names that a scenario defines are entered before the demand is opened, they are numbered first, as the
//! scenario lists them. The cloud decides if a named resource exists.

use serde::{Deserialize, Serialize};

use super::names::Names;

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
        pub struct $name(pub u32);
    };
}

handle!(/// A name that a trace gives to the instances of a launch, numbered in the order of first use. It stands
    /// for those of the latest launch of that name. So it is with the names of everything else.
    Handle);
handle!(/// The name of a volume.
    VolumeHandle);
handle!(/// The name of a snapshot.
    SnapshotHandle);
handle!(/// The name of an image.
    ImageHandle);
handle!(/// The name of a security group.
    SecurityGroupHandle);
handle!(/// The name of an elastic address.
    AddressHandle);
handle!(/// The name of a network interface.
    InterfaceHandle);
handle!(/// The name of a placement group.
    PlacementGroupHandle);
handle!(/// The name of a dedicated host.
    HostHandle);
handle!(/// The name of a capacity reservation.
    ReservationHandle);

macro_rules! book {
    ($($kind:ident, $kinds:ident: $handle:ident, $thing:literal;)*) => {
        /// Every name met so far, by kind.
        #[derive(Clone, Default, Debug, Serialize, Deserialize)]
        pub struct HandleBook {
            $($kinds: Names,)*
        }

        impl HandleBook {
            $(
                #[doc = concat!("The handle of ", $thing, " by its name, a new one on first use.")]
                pub fn $kind(&mut self, name: &str) -> $handle {
                    $handle(self.$kinds.number(name))
                }

                #[doc = concat!("Every name of ", $thing, " so far, by handle.")]
                pub fn $kinds(&self) -> &[String] {
                    self.$kinds.list()
                }
            )*
        }
    };
}

book! {
    instance, instances: Handle, "the instances of a launch";
    volume, volumes: VolumeHandle, "a volume";
    snapshot, snapshots: SnapshotHandle, "a snapshot";
    image, images: ImageHandle, "an image";
    security_group, security_groups: SecurityGroupHandle, "a security group";
    address, addresses: AddressHandle, "an elastic address";
    interface, interfaces: InterfaceHandle, "a network interface";
    placement_group, placement_groups: PlacementGroupHandle, "a placement group";
    host, hosts: HostHandle, "a dedicated host";
    reservation, reservations: ReservationHandle, "a capacity reservation";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_numbering_of_its_own_in_the_order_of_first_use() {
        let mut handles = HandleBook::default();
        assert_eq!(handles.image("base"), ImageHandle(0));
        assert_eq!(handles.volume("data"), VolumeHandle(0));
        assert_eq!(handles.volume("base"), VolumeHandle(1));
        assert_eq!(handles.volume("data"), VolumeHandle(0));
        assert_eq!(handles.volumes(), ["data", "base"]);
        assert_eq!(handles.images(), ["base"]);
        assert!(handles.snapshots().is_empty());
    }
}
