//! Whole numbers of small units written as the shortest exact decimals: 1,500 MiB as `1.46484375` GiB.

/// Appends `value ÷ units_per_one`. The quotient must be a finite decimal: `units_per_one` has no prime
/// factor but 2 and 5.
pub fn write_scaled(out: &mut Vec<u8>, value: u64, units_per_one: u64) {
    write_whole(out, value / units_per_one);
    let mut rest = u128::from(value % units_per_one);
    if rest == 0 {
        return;
    }
    out.push(b'.');
    let mut digits = 0;
    while rest != 0 {
        rest *= 10;
        out.push(b'0' + (rest / u128::from(units_per_one)) as u8);
        rest %= u128::from(units_per_one);
        digits += 1;
        assert!(digits <= 64, "{value}/{units_per_one} is not a finite decimal");
    }
}

/// Appends a whole number.
pub fn write_whole(out: &mut Vec<u8>, mut value: u64) {
    let start = out.len();
    loop {
        out.push(b'0' + (value % 10) as u8);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out[start..].reverse();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse_scaled;

    #[test]
    fn every_quotient_is_exact_and_as_short_as_can_be() {
        let text = |value, units| {
            let mut out = Vec::new();
            write_scaled(&mut out, value, units);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(1500, 1024), "1.46484375");
        assert_eq!(text(1, 1024), "0.0009765625");
        assert_eq!(text(2_000, 1000), "2");
        assert_eq!(text(1_000_000_001, 1_000_000_000), "1.000000001");
        assert_eq!(text(u64::MAX, 1_000_000_000), "18446744073.709551615");
        for value in 0..5000 {
            assert_eq!(parse_scaled(&text(value, 1024), 1024), Ok(u128::from(value)));
        }
    }
}
