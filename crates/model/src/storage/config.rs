//! `[storage]` and `[[images]]` of a scenario: their keys, and their validation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::DeviceName;
use super::image::{BlockDevice, ImageState};
use super::provisioned::Provisioned;
use super::snapshot::ChangeRate;
use plimsoll_base::catalogue::VolumeType;
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::units::{Decimal, Duration, ZoneId};

/// `[storage]`: times of operations on volumes, snapshots and images, and capacities of the zones.
/// An operation that takes no time is done at once.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// From an accepted `create-volume` to `available`; default 0s. A volume made by a launch is there at once:
    /// `lifecycle.boot` covers it.
    pub create: Duration,
    /// From an accepted `attach-volume` to `attached`; default 0s.
    pub attach: Duration,
    /// From an accepted `detach-volume`, or the end of the instance, to `available`; default 0s.
    pub detach: Duration,
    /// From an accepted `delete-volume`, or the end of the instance, until the space is free; default 0s.
    pub delete: Duration,
    /// From an accepted `modify-volume` to `optimizing`; default 0s.
    pub modify: Duration,
    /// From `optimizing` to `completed`; default 0s.
    pub optimize: Duration,
    /// Rate at which a snapshot is copied \[MiB/s\]. Left out: it is complete at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_mibps: Option<u32>,
    /// Least time from a snapshot of a volume that is still pending to the next one; default none. EC2's is 15s
    /// (`SnapshotCreationPerVolumeRateExceeded`).
    #[serde(default, skip_serializing_if = "is_none")]
    pub snapshot_spacing: Duration,
    /// Share of a volume's size that was ever written: what its first snapshot keeps, and the most any does;
    /// default 1.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub written_share: Decimal,
    /// Share of a volume's size whose blocks change in a day: what a later snapshot keeps, by the time since the
    /// one before. Left out: all that was written counts as changed, and each snapshot is billed whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_share_per_day: Option<Decimal>,
    /// From an accepted `register-image` to `available`; default 0s.
    pub image: Duration,
    /// Capacities of the zones' backends. A zone without an entry has no limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backends: Vec<BackendConfig>,
}

/// The storage backend of one zone.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendConfig {
    /// Name of its zone.
    pub zone: String,
    /// Space for volumes \[GiB\]. Left out: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_gib: Option<u64>,
    /// IOPS all its volumes have together \[IOPS\]. Left out: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u64>,
    /// Throughput all its volumes have together \[MiB/s\]. Left out: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput_mibps: Option<u64>,
}

/// An image that is there from the start.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageConfig {
    /// Name, unique among the images of its account.
    pub name: String,
    /// Name of the account that owns it, which keeps it private. Left out: the cloud's own, and public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Names of other accounts that may launch from a private image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<String>,
    /// Size that a host fetches before it starts an instance \[GiB\]; default 8.
    #[serde(default = "eight_gib")]
    pub size_gib: u32,
    /// Its state; default `available`. It does not change in the run, except that its owner may deregister it.
    #[serde(default)]
    pub state: ImageState,
    /// The volumes of its instances, the root first. None: they have no volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub block_devices: Vec<BlockDeviceConfig>,
}

/// A volume of an image's instances.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockDeviceConfig {
    /// Its name on the instance: `"/dev/sda1"` for the root, `"/dev/sdf"` to `"/dev/sdp"` for data.
    pub device: String,
    /// Its size \[GiB\].
    pub size_gib: u32,
    /// Its type; default `gp3`.
    #[serde(default, rename = "type")]
    pub kind: VolumeType,
    /// Provisioned IOPS \[IOPS\]: for io1 and io2 needed, for gp3 3,000 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u32>,
    /// Provisioned throughput \[MiB/s\]: for gp3 125 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput_mibps: Option<u32>,
    /// True if it is deleted when the instance ends; default true.
    #[serde(default = "yes")]
    pub delete_on_termination: bool,
}

impl Default for StorageConfig {
    fn default() -> StorageConfig {
        StorageConfig {
            create: Duration::ZERO,
            attach: Duration::ZERO,
            detach: Duration::ZERO,
            delete: Duration::ZERO,
            modify: Duration::ZERO,
            optimize: Duration::ZERO,
            snapshot_mibps: None,
            snapshot_spacing: Duration::ZERO,
            written_share: whole(),
            changed_share_per_day: None,
            image: Duration::ZERO,
            backends: Vec::new(),
        }
    }
}

fn is_none(time: &Duration) -> bool {
    *time == Duration::ZERO
}

fn whole() -> Decimal {
    Decimal::from("1")
}

fn is_whole(share: &Decimal) -> bool {
    *share == whole()
}

/// `[storage]`, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Resolved {
    /// The zone of each backend.
    pub backend_zones: Vec<ZoneId>,
    pub change_rate: ChangeRate,
}

/// A share in its unit \[10⁻⁹\].
const WHOLE: u32 = 1_000_000_000;

/// Reads a share of 0 to 1; 0 after a problem is noted.
fn share(key: &str, value: &Decimal, problems: &mut Vec<Problem>) -> u32 {
    let message = match value.resource(u64::from(WHOLE)) {
        Ok(share) if share <= WHOLE => return share,
        Ok(_) => format!("found {}, expected a share of 0 to 1", value.as_str()),
        Err(reason) => format!("found {}, which {reason}, expected a share of 0 to 1", value.as_str()),
    };
    let problem = Problem::new(Place::key(&format!("storage.{key}")), message);
    problems.push(problem.with_help("write 3 % as 0.03, with at most nine decimals"));
    0
}

fn eight_gib() -> u32 {
    8
}

fn yes() -> bool {
    true
}

impl StorageConfig {
    /// Returns everything that is wrong with it, given the names of the zones in file order.
    pub fn validate(&self, zones: &[&str]) -> Vec<Problem> {
        self.resolve(zones).err().unwrap_or_default()
    }

    /// Returns the zone of each backend and how snapshots grow, or everything that is wrong.
    pub(super) fn resolve(&self, zones: &[&str]) -> Result<Resolved, Vec<Problem>> {
        let mut problems = Vec::new();
        if self.snapshot_mibps == Some(0) {
            let problem =
                Problem::new(Place::key("storage.snapshot_mibps"), "found 0, expected at least 1 MiB/s");
            problems.push(problem.with_help("leave it out for snapshots that take no time"));
        }
        let changed = self.changed_share_per_day.as_ref();
        let change_rate = ChangeRate {
            written: share("written_share", &self.written_share, &mut problems),
            changed_per_day: changed.map(|changed| share("changed_share_per_day", changed, &mut problems)),
        };
        let backend_zones = self.resolve_backends(zones, &mut problems);
        if problems.is_empty() { Ok(Resolved { backend_zones, change_rate }) } else { Err(problems) }
    }

    fn resolve_backends(&self, zones: &[&str], problems: &mut Vec<Problem>) -> Vec<ZoneId> {
        let mut resolved = Vec::new();
        for (i, backend) in self.backends.iter().enumerate() {
            let name = backend.zone.as_str();
            let place = Place::key(&format!("storage.backends.{i}.zone"));
            if let Some(first) = self.backends[..i].iter().position(|earlier| earlier.zone == name) {
                let message = format!("`{name}` has a backend already, `storage.backends.{first}`");
                problems.push(Problem::new(place, message).with_help("give each zone one backend"));
                continue;
            }
            match zones.iter().position(|zone| *zone == name) {
                Some(zone) => {
                    resolved.push(ZoneId(u16::try_from(zone).expect("a scenario has fewer than 2¹⁶ zones")))
                }
                None => {
                    let message = format!("found `{name}`, expected the name of a zone");
                    let mut unknown = Problem::new(place, message);
                    unknown.help = did_you_mean(name, zones.iter().copied());
                    problems.push(unknown);
                }
            }
        }
        resolved
    }
}

/// Returns everything that is wrong with the images of a scenario.
pub fn validate_images(images: &[ImageConfig]) -> Vec<Problem> {
    resolve_images(images).err().unwrap_or_default()
}

/// Returns the block devices of each image, or everything that is wrong.
pub(super) fn resolve_images(images: &[ImageConfig]) -> Result<Vec<Vec<BlockDevice>>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut resolved = Vec::new();
    for (i, image) in images.iter().enumerate() {
        let place = |key: &str| Place::key(&format!("images.{i}.{key}"));
        if image.name.is_empty() {
            let problem = Problem::new(place("name"), "found an empty name");
            problems.push(problem.with_help("name the image, such as \"base\""));
        }
        let same = |other: &ImageConfig| other.name == image.name && other.account == image.account;
        if let Some(first) = images[..i].iter().position(same) {
            let message = format!("`{}` is already the name of `images.{first}`", image.name);
            problems.push(
                Problem::new(place("name"), message).with_help("names are unique among an account's images"),
            );
        }
        if image.account.is_none() && !image.shared_with.is_empty() {
            let problem = Problem::new(place("shared_with"), "found accounts, but the image is public");
            problems.push(problem.with_help("name the owner in `account`, or leave `shared_with` out"));
        }
        resolved.push(resolve_devices(i, image, &mut problems));
    }
    if problems.is_empty() { Ok(resolved) } else { Err(problems) }
}

fn resolve_devices(i: usize, image: &ImageConfig, problems: &mut Vec<Problem>) -> Vec<BlockDevice> {
    let mut devices: Vec<BlockDevice> = Vec::new();
    for (j, config) in image.block_devices.iter().enumerate() {
        let place = |key: &str| Place::key(&format!("images.{i}.block_devices.{j}{key}"));
        let (size_gib, iops, throughput_mibps) =
            (Some(config.size_gib), config.iops, config.throughput_mibps);
        if let Err(reason) = Provisioned::new(config.kind, size_gib, iops, throughput_mibps, None) {
            let (key, message) = volume_problem(config.kind, reason);
            problems.push(Problem::new(place(key), message));
        }
        if j == 0 && !config.kind.can_be_root() {
            let message =
                format!("found {}, expected a type that a root volume can have", config.kind.name());
            problems.push(
                Problem::new(place(".type"), message).with_help("the first device is the root: try \"gp3\""),
            );
        }
        let Ok(device) = DeviceName::parse(&config.device) else {
            let message = format!("found `{}`, expected the name of a block device", config.device);
            let help = "use \"/dev/sda1\" for the root and \"/dev/sdf\" to \"/dev/sdp\" for data";
            problems.push(Problem::new(place(".device"), message).with_help(help));
            continue;
        };
        if devices.iter().any(|earlier| earlier.device == device) {
            let message = format!("`{device}` stands twice in the image");
            problems.push(
                Problem::new(place(".device"), message).with_help("give each volume a name of its own"),
            );
        }
        let BlockDeviceConfig { kind, delete_on_termination, .. } = *config;
        devices.push(BlockDevice {
            device,
            kind,
            size_gib,
            iops,
            throughput_mibps,
            delete_on_termination,
            snapshot: None,
        });
    }
    devices
}

/// Returns the key that a refused volume has wrong, and what is wrong with it.
fn volume_problem(kind: VolumeType, reason: FailureReason) -> (&'static str, String) {
    use plimsoll_base::failure::LimitKind;
    let Some(limit) = reason.limit else {
        let (key, message) = match reason.failure {
            Failure::MissingParameter => (".iops", "has to be set"),
            _ => ("", "`iops` and `throughput_mibps` cannot be set as they are"),
        };
        return (key, format!("{message} for a volume of type {}", kind.name()));
    };
    let key = match limit.kind {
        LimitKind::VolumeSize => ".size_gib",
        LimitKind::VolumeIops => ".iops",
        _ => ".throughput_mibps",
    };
    let side = if limit.asked > limit.left { "most" } else { "least" };
    let meaning = limit.kind.meaning();
    (key, format!("found {}, expected at {side} {}: {meaning}, {}", limit.asked, limit.left, kind.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(problems: &[Problem]) -> String {
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }

    #[derive(Deserialize)]
    struct Images {
        images: Vec<ImageConfig>,
    }

    #[test]
    fn what_is_left_out_takes_no_time_and_has_no_limit() {
        let config: StorageConfig = toml::from_str("attach = '3s'").unwrap();
        assert_eq!(config.validate(&[]), []);
        assert_eq!((config.create, config.attach), (Duration::ZERO, Duration::from_seconds(3)));
        assert!(toml::from_str::<StorageConfig>("attach_s = 3").is_err());
    }

    #[test]
    fn every_problem_of_the_storage_is_told_at_once() {
        let text = "
            snapshot_mibps = 0
            written_share = 1.5
            changed_share_per_day = -1
            [[backends]]
            zone = 'use1-az1'
            [[backends]]
            zone = 'use1-az3'
            [[backends]]
            zone = 'use1-az1'
            iops = 0";
        let config: StorageConfig = toml::from_str(text).unwrap();
        let expected = "\
`storage.snapshot_mibps`: found 0, expected at least 1 MiB/s
  help: leave it out for snapshots that take no time
`storage.written_share`: found 1.5, expected a share of 0 to 1
  help: write 3 % as 0.03, with at most nine decimals
`storage.changed_share_per_day`: found -1, which is negative, expected a share of 0 to 1
  help: write 3 % as 0.03, with at most nine decimals
`storage.backends.1.zone`: found `use1-az3`, expected the name of a zone
  help: did you mean `use1-az1` or `use1-az2`?
`storage.backends.2.zone`: `use1-az1` has a backend already, `storage.backends.0`
  help: give each zone one backend";
        assert_eq!(told(&config.validate(&["use1-az1", "use1-az2"])), expected);
    }

    #[test]
    fn every_problem_of_the_images_is_told_at_once() {
        let text = "
            [[images]]
            name = 'base'
            block_devices = [
                { device = '/dev/sda1', size_gib = 8 },
                { device = '/dev/sda1', size_gib = 70000 },
                { device = 'sdf', size_gib = 100, type = 'io1' },
                { device = '/dev/sdf', size_gib = 100, type = 'gp2', iops = 300 },
                { device = '/dev/sdg', size_gib = 100, iops = 1 },
                { device = '/dev/sdh', size_gib = 100, throughput_mibps = 800 },
            ]
            [[images]]
            name = 'disk'
            block_devices = [{ device = '/dev/sda1', size_gib = 125, type = 'st1' }]
            [[images]]
            name = ''
            shared_with = ['b']
            [[images]]
            name = 'base'
            account = 'a'
            shared_with = ['b']
            [[images]]
            name = 'base'";
        let images: Images = toml::from_str(text).unwrap();
        let expected = "\
`images.0.block_devices.1.size_gib`: found 70000, expected at most 65536: size a volume of the type may have, gp3
`images.0.block_devices.1.device`: `/dev/sda1` stands twice in the image
  help: give each volume a name of its own
`images.0.block_devices.2.iops`: has to be set for a volume of type io1
`images.0.block_devices.2.device`: found `sdf`, expected the name of a block device
  help: use \"/dev/sda1\" for the root and \"/dev/sdf\" to \"/dev/sdp\" for data
`images.0.block_devices.3`: `iops` and `throughput_mibps` cannot be set as they are for a volume of type gp2
`images.0.block_devices.4.iops`: found 1, expected at least 3000: IOPS a volume of the type and size may have, gp3
`images.0.block_devices.5.throughput_mibps`: found 800, expected at most 750: throughput a volume of the type and IOPS may have, gp3
`images.1.block_devices.0.type`: found st1, expected a type that a root volume can have
  help: the first device is the root: try \"gp3\"
`images.2.name`: found an empty name
  help: name the image, such as \"base\"
`images.2.shared_with`: found accounts, but the image is public
  help: name the owner in `account`, or leave `shared_with` out
`images.4.name`: `base` is already the name of `images.0`
  help: names are unique among an account's images";
        assert_eq!(told(&validate_images(&images.images)), expected);
    }
}
