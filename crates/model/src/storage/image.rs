//! An image: its states, its launch permissions, and the volumes it makes.
//!
//! ```text
//! register ─▶ pending ─registered─▶ available ─deregister─▶ deregistered
//! pending ─registration failed─▶ failed ─deregister─▶ deregistered
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::DeviceName;
use crate::transition::Transition;
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::names;
use plimsoll_base::units::{AccountId, ImageId, SnapshotId, Time};

/// An image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Image {
    /// Its number.
    pub id: ImageId,
    /// Its name, unique among the images of its owner.
    pub name: String,
    /// Owner; `None` for the cloud's own.
    pub account: Option<AccountId>,
    /// Launch permission.
    pub permission: LaunchPermission,
    /// Its size, which decides how long a host takes to fetch it \[GiB\].
    pub size_gib: u32,
    /// Its state.
    pub state: ImageState,
    /// The volumes of an instance, the root first. None: an instance has no volumes.
    pub block_devices: Vec<BlockDevice>,
    /// When its registration was accepted.
    pub registered: Time,
    /// When it was deregistered.
    pub deregistered: Option<Time>,
}

/// Accounts that may launch from an image beside its owner (EC2 user guide, "Shared AMI").
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LaunchPermission {
    /// Every account.
    Public,
    /// The accounts listed; none of them keeps it private.
    Accounts(Vec<AccountId>),
}

impl Image {
    /// Returns whether the account may launch from it (EC2 API reference, "Error codes": `AuthFailure` for "trying to
    /// use an AMI for which you do not have permissions", `InvalidAMIID.Unavailable` in other states).
    pub fn launchable(&self, account: AccountId) -> Result<(), FailureReason> {
        let permitted = match &self.permission {
            LaunchPermission::Public => true,
            LaunchPermission::Accounts(accounts) => accounts.contains(&account),
        };
        if !permitted && self.account != Some(account) {
            return Err(Failure::AuthFailure.into());
        }
        self.state.on(ImageTrigger::Launch).called(self.state).map(|_| ())
    }

    /// Returns the volumes of a launch: those of the image, with what the launch says instead by device name, and
    /// what it adds (`RunInstances`, "BlockDeviceMapping").
    pub fn devices_with(&self, overrides: &[BlockDevice]) -> Vec<BlockDevice> {
        let mut devices = self.block_devices.clone();
        for named in overrides {
            match devices.iter_mut().find(|device| device.device == named.device) {
                // An own snapshot or size may be left out, the image's stays then.
                Some(device) => {
                    let size_gib = named.size_gib.or(device.size_gib);
                    let snapshot = named.snapshot.or(device.snapshot);
                    *device = BlockDevice { size_gib, snapshot, ..*named };
                }
                None => devices.push(*named),
            }
        }
        devices
    }
}

/// A volume that a launch makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BlockDevice {
    /// The name it has on the instance.
    pub device: DeviceName,
    /// Its type.
    pub kind: VolumeType,
    /// Its size \[GiB\]; `None` for that of the snapshot.
    pub size_gib: Option<u32>,
    /// Provisioned IOPS \[IOPS\].
    pub iops: Option<u32>,
    /// Provisioned throughput \[MiB/s\].
    pub throughput_mibps: Option<u32>,
    /// Deletes it when the instance ends.
    pub delete_on_termination: bool,
    /// Snapshot that it is made from.
    pub snapshot: Option<SnapshotId>,
}

/// State of an image (`DescribeImages`, "state").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImageState {
    /// Being registered.
    Pending,
    /// Ready to launch from.
    #[default]
    Available,
    /// Deregistered for good.
    Deregistered,
    /// Its registration failed.
    Failed,
}

names! { ImageState {
    Pending = "pending",
    Available = "available",
    Deregistered = "deregistered",
    Failed = "failed",
} }

impl ImageState {
    /// Returns the state after `trigger`, or the refusal.
    pub const fn on(self, trigger: ImageTrigger) -> Transition<ImageState> {
        TRANSITIONS[trigger as usize][self as usize]
    }
}

/// Triggers of an image's transitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImageTrigger {
    /// A launch from it.
    Launch,
    /// `DeregisterImage`.
    Deregister,
    /// Registration is over.
    Registered,
    /// Registration did not succeed.
    Failed,
}

/// The table of legal transitions of images: a row for each trigger, a column for each state.
#[rustfmt::skip]
const TRANSITIONS: [[Transition<ImageState>; ImageState::ALL.len()]; 4] = {
    use ImageState::{Available, Deregistered, Failed};
    use Transition::{Never, Stay, To};
    const NO: Transition<ImageState> = Transition::Refused(Failure::InvalidAmiIdUnavailable);
    [
        //               pending        available         deregistered  failed
        /* launch     */ [NO,            Stay,             NO,           NO],
        /* deregister */ [NO,            To(Deregistered), NO,           To(Deregistered)],
        /* registered */ [To(Available), Never,            Never,        Never],
        /* failed     */ [To(Failed),    Never,            Never,        Never],
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transition;

    #[test]
    fn every_image_state_and_trigger() {
        use ImageTrigger::*;
        let triggers =
            [(Launch, "launch"), (Deregister, "deregister"), (Registered, "registered"), (Failed, "failed")];
        let expected = "\
launch: pending ! InvalidAMIID.Unavailable
launch: available
launch: deregistered ! InvalidAMIID.Unavailable
launch: failed ! InvalidAMIID.Unavailable
deregister: pending ! InvalidAMIID.Unavailable
deregister: available -> deregistered
deregister: deregistered ! InvalidAMIID.Unavailable
deregister: failed -> deregistered
registered: pending -> available
failed: pending -> failed";
        let states = ImageState::ALL.map(|state| (state, state.name()));
        assert_eq!(transition::print(&states, &triggers, ImageState::on, ImageState::name), expected);
    }

    fn device(name: &str, size_gib: Option<u32>) -> BlockDevice {
        BlockDevice {
            device: DeviceName::parse(name).unwrap(),
            kind: VolumeType::Gp3,
            size_gib,
            iops: None,
            throughput_mibps: None,
            delete_on_termination: true,
            snapshot: None,
        }
    }

    fn image(account: Option<AccountId>, permission: LaunchPermission) -> Image {
        Image {
            id: ImageId(0),
            name: "base".to_string(),
            account,
            permission,
            size_gib: 8,
            state: ImageState::Available,
            block_devices: vec![device("/dev/sda1", Some(8)), device("/dev/sdf", Some(100))],
            registered: Time::ZERO,
            deregistered: None,
        }
    }

    #[test]
    fn owner_and_those_it_is_shared_with_may_launch() {
        let (owner, friend, other) = (AccountId(1), AccountId(2), AccountId(3));
        let private = image(Some(owner), LaunchPermission::Accounts(vec![friend]));
        assert_eq!(private.launchable(owner), Ok(()));
        assert_eq!(private.launchable(friend), Ok(()));
        assert_eq!(private.launchable(other), Err(Failure::AuthFailure.into()));
        let public = image(None, LaunchPermission::Public);
        assert_eq!(public.launchable(other), Ok(()));
        let pending = Image { state: ImageState::Pending, ..private };
        assert_eq!(pending.launchable(owner), Err(Failure::InvalidAmiIdUnavailable.into()));
        assert_eq!(pending.launchable(other), Err(Failure::AuthFailure.into()));
    }

    #[test]
    fn a_launch_overrides_devices_by_name() {
        let image = image(None, LaunchPermission::Public);
        let faster = BlockDevice { kind: VolumeType::Io2, iops: Some(100), ..device("/dev/sda1", None) };
        let devices = image.devices_with(&[faster, device("/dev/sdg", Some(1))]);
        let shown: Vec<_> = (devices.iter())
            .map(|device| (device.device.to_string(), device.kind.name(), device.size_gib))
            .collect();
        let expected = [("/dev/sda1", "io2", 8), ("/dev/sdf", "gp3", 100), ("/dev/sdg", "gp3", 1)]
            .map(|(name, kind, size)| (name.to_string(), kind, Some(size)));
        assert_eq!(shown, expected);
    }
}
