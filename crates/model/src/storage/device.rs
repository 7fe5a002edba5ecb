//! Names of block devices as EC2 takes them for Linux instances.

use serde::{Deserialize, Serialize};
use std::fmt;

use plimsoll_base::failure::{Failure, FailureReason};

/// The longest name after `/dev/`: `xvdaz`, `sda15` \[bytes\].
const LONGEST: usize = 5;

/// Device name of a volume on an instance: `/dev/sdf`, `/dev/sda1`, `/dev/xvdba`. One name is used once on
/// an instance; `/dev/sdf` and `/dev/xvdf` are two names, as for EC2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct DeviceName([u8; LONGEST]);

impl DeviceName {
    /// Reads a name (EC2 user guide, "Device names for volumes", available on Linux HVM): `/dev/sd[a-z]`,
    /// the same with a number from 1 to 15, `/dev/xvd[a-z]` and `/dev/xvd[a-d][a-z]`. Which of them EC2
    /// recommends is not asked: `/dev/sd[f-p]` for data, `/dev/sda1` or `/dev/xvda` for the root.
    pub fn parse(name: &str) -> Result<DeviceName, FailureReason> {
        let short = name.strip_prefix("/dev/").filter(|short| is_device(short.as_bytes()));
        let short = short.ok_or(Failure::InvalidParameterValue)?;
        let mut bytes = [0; LONGEST];
        bytes[..short.len()].copy_from_slice(short.as_bytes());
        Ok(DeviceName(bytes))
    }
}

fn is_device(short: &[u8]) -> bool {
    matches!(
        short,
        [b's', b'd', b'a'..=b'z']
            | [b's', b'd', b'a'..=b'z', b'1'..=b'9']
            | [b's', b'd', b'a'..=b'z', b'1', b'0'..=b'5']
            | [b'x', b'v', b'd', b'a'..=b'z']
            | [b'x', b'v', b'd', b'a'..=b'd', b'a'..=b'z']
    )
}

impl fmt::Display for DeviceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        write!(out, "/dev/{}", str::from_utf8(short).expect("only ASCII is taken in"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_ec2_takes() {
        for name in ["/dev/sda1", "/dev/sdf", "/dev/sdp", "/dev/sdz15", "/dev/xvda", "/dev/xvdba"] {
            assert_eq!(DeviceName::parse(name).unwrap().to_string(), name);
        }
        for name in ["", "sdf", "/dev/", "/dev/sd", "/dev/sdF", "/dev/sda0", "/dev/sda16", "/dev/sda123"]
            .into_iter()
            .chain(["/dev/xvdea", "/dev/xvdf1", "/dev/nvme1n1", "/dev/hda", "/dev/sdf ", "/dev/sdé"])
        {
            assert_eq!(DeviceName::parse(name), Err(Failure::InvalidParameterValue.into()), "{name}");
        }
    }
}
