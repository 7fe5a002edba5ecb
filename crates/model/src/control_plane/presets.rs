//! The named sets of values that a control plane begins with. Each is a TOML file beside this one, with the source
//! of every number, or the word "assumed".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use plimsoll_base::names;

/// A named set of values of the control plane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// An accepted call takes effect at once: nothing is modelled.
    #[default]
    Instant,
    /// Every stage is modelled, takes no time and has no limit.
    Zero,
    /// Numbers of a textbook design: retries three times from 1 s to 10 s, lists cached for 300 s, records for an hour.
    Design,
    /// Times and limits of EC2, as far as they are known.
    AwsLike,
}

names! { Preset { Instant = "instant", Zero = "zero", Design = "design", AwsLike = "aws-like" } }

impl Preset {
    /// Returns its values: the text of `[control_plane]`, in TOML.
    pub const fn text(self) -> &'static str {
        match self {
            Preset::Instant => "",
            Preset::Zero => include_str!("presets/zero.toml"),
            Preset::Design => include_str!("presets/design.toml"),
            Preset::AwsLike => include_str!("presets/aws-like.toml"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::ControlPlaneConfig;
    use super::*;

    #[test]
    fn every_preset_is_possible() {
        for preset in Preset::ALL {
            let mut config: ControlPlaneConfig = toml::from_str(preset.text()).unwrap();
            config.preset = preset;
            assert_eq!(config.validate(None), [], "{}", preset.name());
            assert_eq!(Preset::named(preset.name()), Some(preset));
        }
    }

    #[test]
    fn every_number_of_a_preset_has_a_source() {
        for preset in Preset::ALL {
            let mut is_told = false;
            for line in preset.text().lines() {
                if let Some(comment) = line.strip_prefix('#') {
                    is_told |= comment.contains("source:") || comment.contains("assumed");
                } else if line.trim().is_empty() {
                    is_told = false;
                } else if line.contains('=') {
                    let here = line.split_once('#').is_some_and(|(_, comment)| {
                        comment.contains("source:") || comment.contains("assumed")
                    });
                    assert!(is_told || here, "{}: no source for `{line}`", preset.name());
                }
            }
        }
    }
}
