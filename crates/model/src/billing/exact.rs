//! Shares of money without loss: every division of a bill is made here, once a row, and rounds down to a
//! unit of [`Money`] (2.7·10⁻²² USD).

use plimsoll_base::units::Money;

/// Returns `money · quantity ÷ per`, rounded down; none of them below zero, `per` above.
pub(super) fn share(money: Money, quantity: u128, per: u128) -> Money {
    let units = u128::try_from(money.0).expect("prices are not negative");
    let amount = multiply_divide(quantity, units, per);
    Money(i128::try_from(amount).expect("money overflows 128 bits"))
}

/// Returns `a · b ÷ per`, rounded down. Whole multiples of `per` and common factors go first, so that the product
/// overflows only where the result nearly does.
pub(super) fn multiply_divide(a: u128, b: u128, per: u128) -> u128 {
    let (whole, rest) = (a / per, a % per);
    let common = greatest_common_divisor(b, per);
    let part = rest.checked_mul(b / common).map(|product| product / (per / common));
    whole
        .checked_mul(b)
        .zip(part)
        .and_then(|(whole, part)| whole.checked_add(part))
        .expect("a bill overflows")
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::engine::random::{Purpose, Seed};

    #[test]
    fn as_with_one_division_where_that_does_not_overflow() {
        let mut random = Seed(1).stream(Purpose::Placement, 0);
        for _ in 0..10_000 {
            let [a, b, per] = [1 << 50, 1 << 50, 1 << 40].map(|most| u128::from(random.below(most) + 1));
            assert_eq!(multiply_divide(a, b, per), a * b / per);
        }
        assert_eq!(multiply_divide(0, 7, 3), 0);
        assert_eq!(multiply_divide(7, 0, 3), 0);
    }

    #[test]
    fn what_people_hold_does_not_overflow() {
        // A million volumes of 16 TiB for ten years at 1 USD per GiB-month.
        let gib_ns = 1_000_000 * 16_384 * 315_360_000u128 * 1_000_000_000;
        let month_ns = 730 * 3_600_000_000_000u128;
        let amount = share(Money(Money::UNITS_PER_USD), gib_ns, month_ns);
        assert_eq!(amount.to_micro_usd(), 1_000_000 * 16_384 * 120 * 1_000_000);
    }
}
