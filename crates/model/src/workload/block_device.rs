//! The volumes that a launch asks for beside those of its image: `device:type:size_gib` in a trace, a table in
//! a scenario (`RunInstances`, "BlockDeviceMapping").

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::catalogue::VolumeType;

/// A volume that a launch makes.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockDeviceMapping {
    /// The device it becomes on the instance, such as `/dev/sdf`.
    pub device: String,
    /// Volume type; default gp3.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<VolumeType>,
    /// Size \[GiB\]; left out: that of the image's volume of the same device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_gib: Option<u32>,
    /// Provisioned \[IOPS\]; default: the least of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u32>,
    /// Provisioned throughput \[MiB/s\]; default: the least of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput_mibps: Option<u32>,
    /// True if it is deleted when the instance ends; default true.
    #[serde(default = "deleted")]
    pub delete_on_termination: bool,
}

/// Lists of them with every field, for a form that cannot leave one out.
pub mod in_full {
    use super::{BlockDeviceMapping, VolumeType};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Full = (String, Option<VolumeType>, Option<u32>, Option<u32>, Option<u32>, bool);

    /// Writes a list.
    pub fn serialize<S: Serializer>(list: &[BlockDeviceMapping], serializer: S) -> Result<S::Ok, S::Error> {
        let full = |BlockDeviceMapping {
                        device,
                        kind,
                        size_gib,
                        iops,
                        throughput_mibps,
                        delete_on_termination,
                    }|
         -> Full {
            (device, kind, size_gib, iops, throughput_mibps, delete_on_termination)
        };
        list.iter().cloned().map(full).collect::<Vec<_>>().serialize(serializer)
    }

    /// Reads a list.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<BlockDeviceMapping>, D::Error> {
        let list = Vec::<Full>::deserialize(deserializer)?;
        let device = |(device, kind, size_gib, iops, throughput_mibps, delete_on_termination)| {
            BlockDeviceMapping { device, kind, size_gib, iops, throughput_mibps, delete_on_termination }
        };
        Ok(list.into_iter().map(device).collect())
    }
}

/// Form of a block device in a trace.
pub const BLOCK_DEVICE_FORM: &str = "`device:type:size_gib[:iops[:throughput_mibps]][:keep]`";

/// The last part of the text of a volume that outlives its instance.
const KEEP: &str = "keep";

fn deleted() -> bool {
    true
}

impl FromStr for BlockDeviceMapping {
    type Err = String;

    fn from_str(text: &str) -> Result<BlockDeviceMapping, String> {
        let mut parts: Vec<&str> = text.split(':').map(str::trim).collect();
        let kept = parts.len() > 3 && parts.last() == Some(&KEEP);
        if kept {
            parts.pop();
        }
        if !(3..=5).contains(&parts.len()) || parts[0].is_empty() {
            return Err(format!("holds `{text}`, no block device"));
        }
        let number = |i: usize| match parts.get(i) {
            None | Some(&"") => Ok(None),
            Some(part) => part.parse().map(Some).map_err(|_| format!("holds `{part}`, no whole number")),
        };
        let kind = match parts[1] {
            "" => None,
            name => {
                Some(VolumeType::named(name).ok_or_else(|| format!("holds `{name}`, no type of volumes"))?)
            }
        };
        Ok(BlockDeviceMapping {
            device: parts[0].to_string(),
            kind,
            size_gib: number(2)?,
            iops: number(3)?,
            throughput_mibps: number(4)?,
            delete_on_termination: !kept,
        })
    }
}

impl fmt::Display for BlockDeviceMapping {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<u32>| number.map_or(String::new(), |number| number.to_string());
        write!(out, "{}:{}:{}", self.device, self.kind.map_or("", VolumeType::name), number(self.size_gib))?;
        if self.iops.is_some() || self.throughput_mibps.is_some() {
            write!(out, ":{}", number(self.iops))?;
        }
        if self.throughput_mibps.is_some() {
            write!(out, ":{}", number(self.throughput_mibps))?;
        }
        if self.delete_on_termination { Ok(()) } else { write!(out, ":{KEEP}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_the_same() {
        for text in [
            "/dev/sdf:gp3:100",
            "/dev/sdf::100",
            "/dev/sda1:gp2:",
            "xvdb:io2:64:9000",
            "xvdb:gp3:64:9000:500",
            "xvdb:gp3:64::500",
            "xvdb:st1:125:keep",
            "xvdb:gp3:64:3000:keep",
            "xvdb:gp3:64::500:keep",
        ] {
            assert_eq!(text.parse::<BlockDeviceMapping>().unwrap().to_string(), text);
        }
        let full: BlockDeviceMapping = "xvdb:gp3:64:9000:500:keep".parse().unwrap();
        let expected = BlockDeviceMapping {
            device: "xvdb".to_string(),
            kind: Some(VolumeType::Gp3),
            size_gib: Some(64),
            iops: Some(9000),
            throughput_mibps: Some(500),
            delete_on_termination: false,
        };
        assert_eq!(full, expected);
    }

    #[test]
    fn what_is_no_block_device_says_why() {
        for (text, expected) in [
            ("", "holds ``, no block device"),
            ("xvdb:gp3", "holds `xvdb:gp3`, no block device"),
            (":gp3:8", "no block device"),
            ("xvdb:gp3:8:1:2:3", "no block device"),
            ("xvdb:gp9:8", "holds `gp9`, no type of volumes"),
            ("xvdb:gp3:8.5", "holds `8.5`, no whole number"),
            ("xvdb:gp3:8:keep:keep", "holds `keep`, no whole number"),
        ] {
            let told = text.parse::<BlockDeviceMapping>().unwrap_err();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}
