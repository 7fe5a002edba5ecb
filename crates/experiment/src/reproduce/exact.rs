//! Means of whole numbers as exact decimals, to be compared digit by digit.

/// Returns a mean of whole numbers as a decimal without trailing zeros.
///
/// # Panics
///
/// The count has no other factors than 2 and 5, so that the decimal ends.
pub fn mean(sum: u128, count: u64) -> String {
    assert!(count > 0, "a mean of nothing");
    let (whole, mut rest) = (sum / u128::from(count), sum % u128::from(count));
    let mut text = whole.to_string();
    if rest > 0 {
        text.push('.');
    }
    while rest > 0 {
        rest *= 10;
        text += &(rest / u128::from(count)).to_string();
        rest %= u128::from(count);
        assert!(text.len() < 80, "a mean over {count} that has no end");
    }
    text
}

/// Returns the mean without the lowest and the highest tenth of the numbers, as a decimal.
pub fn trimmed_mean(numbers: &[u64]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let dropped = sorted.len() / 10;
    let kept = &sorted[dropped..sorted.len() - dropped];
    mean(kept.iter().map(|number| u128::from(*number)).sum(), kept.len() as u64)
}

/// Returns the mean of all numbers, as a decimal.
pub fn mean_of(numbers: &[u64]) -> String {
    mean(numbers.iter().map(|number| u128::from(*number)).sum(), numbers.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_exact_decimals() {
        assert_eq!(mean(43_093_231, 800), "53866.53875");
        assert_eq!(mean(8, 4), "2");
        assert_eq!(mean(1, 1000), "0.001");
        assert_eq!(trimmed_mean(&[1000, 1, 2, 3, 4, 5, 6, 7, 8, 0]), "4.5");
        assert_eq!(mean_of(&[1, 2]), "1.5");
    }
}
