//! Expressions against exact arithmetic, and the place of every mistake.

use std::sync::Arc;

use num_bigint::BigInt;
use proptest::prelude::*;

use super::{Amount, Expression, Sign};

const NAMES: [&str; 3] = ["a", "b.c", "d"];

fn parse(text: &str) -> Arc<Expression> {
    Arc::new(Expression::parse(text, &NAMES).unwrap_or_else(|error| panic!("{text}: {error}")))
}

/// Returns the value as text for a = 6, b.c = 2.5 and d = 0.
fn value(text: &str) -> String {
    let amounts = [Amount::whole(6u32), Amount { units: 2_500, per: 1_000 }, Amount::whole(0u32)];
    parse(text).value(|name| amounts[name]).to_string()
}

#[test]
fn values_follow_precedence() {
    for (text, expected) in [
        ("1 + 2 * 3", "7.000000"),
        ("(1 + 2) * 3", "9.000000"),
        ("10 - 4 - 3", "3.000000"),
        ("24 / 4 / 2", "3.000000"),
        ("-a^2 + 1", "-35.000000"),
        ("2 * -a", "-12.000000"),
        ("a * b.c", "15.000000"),
        ("a < 7", "1.000000"),
        ("a >= 7", "0.000000"),
        ("1 + a == 7", "1.000000"),
        ("a != 6", "0.000000"),
        ("if(a > b.c, 1, 1 / d)", "1.000000"),
        ("min(a, b.c, 3)", "2.500000"),
        ("max(a, -b.c)", "6.000000"),
        ("abs(1 - a)", "5.000000"),
        ("floor(-b.c)", "-3.000000"),
        ("floor(a / 3)", "2.000000"),
        ("0.125 + .5", "0.625000"),
        ("exp(d) + ln(exp(1))", "2.000000"),
        ("a / d", "no value"),
        ("ln(d)", "no value"),
        ("exp(1000)", "no value"),
        ("0 * ln(d - 1)", "no value"),
        ("1 / (1/3 + 1/6 - 1/2)", "no value"),
        ("if(1/3 + 1/6 == 1/2, 4, 5)", "4.000000"),
        ("floor(3 * (1/3))", "1.000000"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

/// 2⁵³ + 1 is no number in double precision; it rounds to 2⁵³.
#[test]
fn whole_numbers_beyond_double_precision_are_told_apart() {
    let product = parse("a * b.c");
    let value = |factors: [u64; 2]| product.value(|name| Amount::whole(factors[name]));
    assert!(value([321, 28_059_810_762_433]) > value([8192, 1_099_511_627_776]));
}

#[test]
fn mistakes_have_line_and_column() {
    let deep = "(".repeat(100);
    let long = "1".repeat(5_000);
    for (text, line, column, expected) in [
        ("", 1, 1, "found the end, expected a number, a name or `(`"),
        ("1 +", 1, 4, "found the end, expected a number, a name or `(`"),
        ("a $ b.c", 1, 3, "found `$`, expected a number, a name or an operator"),
        ("a\n + e.f", 2, 4, "unknown name `e.f`"),
        ("mim(a, 1)", 1, 1, "unknown function `mim`"),
        ("if(a, 1)", 1, 1, "found 2 arguments, expected `if(c, x, y)`"),
        ("max(a)", 1, 1, "found 1 arguments, expected `max(x, y, …)`"),
        ("abs(a, 1)", 1, 1, "found 2 arguments, expected `abs(x)`"),
        ("(a", 1, 3, "found the end, expected `)`"),
        ("a b.c", 1, 3, "found `b.c`, expected an operator or the end"),
        ("a = 6", 1, 3, "found `=`, expected `==` to compare"),
        ("a ^ b.c", 1, 5, "found `b.c`, expected a whole number from 1 to 9"),
        ("a ^ 0", 1, 5, "found a number, expected a whole number from 1 to 9"),
        ("1.2.3", 1, 1, "found `1.2.3`, expected a number of at most 15 digits"),
        ("3.", 1, 1, "found `3.`, expected a number of at most 15 digits"),
        ("1234567890123456", 1, 1, "expected a number of at most 15 digits"),
        ("((a^9)^9)^9", 1, 1, "found products and powers of degree 729, expected at most 256"),
        (&deep, 1, 65, "found more than 64 levels, expected fewer"),
        (&long, 1, 4_097, "found 5000 characters, expected at most 4096"),
    ] {
        let error = Expression::parse(text, &NAMES).expect_err(text);
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        assert!(error.message.contains(expected), "{text}: {error}");
    }
    let help = |text: &str| Expression::parse(text, &NAMES).expect_err(text).help.unwrap_or_default();
    assert_eq!(help("b.d"), "did you mean `b.c`?");
    assert_eq!(help("mim(a, 1)"), "did you mean `min`?");
}

#[test]
fn what_can_lack_a_value_is_known() {
    for (text, always) in [("a / 3 - b.c^2", true), ("a / 0", false), ("1 / a", false), ("exp(a)", false)] {
        assert_eq!(parse(text).always_has_value(), always, "{text}");
    }
    assert_eq!(parse("-(d)").is_name_alone(), Some(Sign::Negative));
    assert_eq!(parse("a").is_name_alone(), Some(Sign::Positive));
    assert_eq!(parse("a + 0").is_name_alone(), None);
    assert_eq!(parse("d + a + d").names(), [2, 0]);
}

/// A fraction of whole numbers, in plain arithmetic.
type Plain = (BigInt, BigInt);

/// Text of a sum of products of ratios, as the strategies have it, and its exact value.
fn sums() -> impl Strategy<Value = (String, Plain)> {
    let term = (1u32..9, 0u32..70_000, 1u32..50);
    proptest::collection::vec(term, 1..4).prop_map(|terms| {
        let start = ("0".to_string(), (BigInt::from(0), BigInt::from(1)));
        terms.into_iter().fold(start, |(text, (over, under)), (factor, a, b)| {
            let text = format!("{text} + {factor} * ({a} / {b})^2");
            let (term, of) = (BigInt::from(factor) * a * a, BigInt::from(b) * b);
            (text, (over * &of + term * &under, under * of))
        })
    })
}

proptest! {
    #[test]
    fn order_is_that_of_exact_fractions((text, plain) in sums(), (other_text, other) in sums()) {
        let (found, other_found) = (parse(&text).value(|_| Amount::whole(0u32)), parse(&other_text).value(|_| Amount::whole(0u32)));
        let expected = (&plain.0 * &other.1).cmp(&(&other.0 * &plain.1));
        prop_assert_eq!(found.cmp(&other_found), expected);
        // Written otherwise it is the same, which rounding would not find.
        let thirds = parse(&format!("({text}) / 3 + ({text}) / 7 + 11 * ({text}) / 21")).value(|_| Amount::whole(0u32));
        prop_assert_eq!(thirds.cmp(&found), std::cmp::Ordering::Equal);
        prop_assert_eq!(thirds.cmp(&other_found), expected);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[abcd.+*/^()<=,0-9 -]{0,40}") {
        if let Ok(expression) = Expression::parse(&text, &NAMES) {
            let value = Arc::new(expression).value(|name| Amount { units: 7 * name as u64, per: 3 });
            prop_assert!(value.cmp(&value.clone()).is_eq());
        }
    }
}
