//! Normalisation factors: the share of a family's reservation that a size uses (EC2 user guide, "How Reserved
//! Instance discounts are applied", instance size flexibility).

use plimsoll_base::catalogue::built_in;

/// Families whose reservations apply to the size they name only. Those of high memory (`u7i`, such as
/// `u7i-12tb`) are further ones.
const INFLEXIBLE: [&str; 13] =
    ["g4ad", "g4dn", "g5", "g5g", "g6", "g6e", "g6f", "gr6", "gr6f", "hpc7a", "inf1", "inf2", "p5"];

/// The quarters of EC2's factor by the name of the size, so that `nano`, 0.25, is whole.
const NAMED: [(&str, u64); 6] =
    [("nano", 1), ("micro", 2), ("small", 4), ("medium", 8), ("large", 16), ("xlarge", 32)];

/// Returns the family and factor \[quarters\] of a type, as far as its family is flexible in size.
pub(super) fn family_and_factor(name: &str) -> Option<(&str, u64)> {
    let (family, size) = name.split_once('.')?;
    let flexible = !INFLEXIBLE.contains(&family) && !family.starts_with("u7i");
    let factor = match size {
        "metal" => largest_virtual_size(family),
        _ => factor_of_size(size),
    };
    factor.filter(|_| flexible).map(|factor| (family, factor))
}

/// Returns the factor of a size: `large`, `4xlarge`, `metal-24xl`.
fn factor_of_size(size: &str) -> Option<u64> {
    if let Some((_, factor)) = NAMED.iter().find(|(named, _)| *named == size) {
        return Some(*factor);
    }
    let multiple = size.strip_suffix("xlarge").or_else(|| size.strip_prefix("metal-")?.strip_suffix("xl"))?;
    multiple.parse::<u64>().ok().filter(|multiple| (2..=10_000).contains(multiple)).map(|times| times * 32)
}

/// Returns the factor of a bare-metal size: that of the largest virtual size of its family.
fn largest_virtual_size(family: &str) -> Option<u64> {
    let of_family = built_in().iter().filter(|entry| entry.family() == family);
    of_family.filter_map(|entry| factor_of_size(entry.name.split_once('.')?.1)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_those_of_ec2s_table() {
        for (name, quarters) in [
            ("t3.nano", 1),
            ("t3.micro", 2),
            ("t3.small", 4),
            ("m1.medium", 8),
            ("m5.large", 16),
            ("m5.xlarge", 32),
            ("m5.2xlarge", 64),
            ("c5.9xlarge", 72 * 4),
            ("x1.32xlarge", 256 * 4),
            ("m7i.metal-24xl", 192 * 4),
            ("m5.metal", 192 * 4),
            ("i3.metal", 128 * 4),
        ] {
            let family = name.split_once('.').unwrap().0;
            assert_eq!(family_and_factor(name), Some((family, quarters)), "{name}");
        }
        for inflexible in ["g5.xlarge", "u7i-12tb.224xlarge", "unit", "own.size", "mac2.metal", "m5.1xlarge"]
        {
            assert_eq!(family_and_factor(inflexible), None, "{inflexible}");
        }
    }
}
