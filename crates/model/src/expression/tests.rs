//! Expressions against exact arithmetic, and the place of every mistake.

use std::sync::Arc;

use num_bigint::BigInt;
use proptest::prelude::*;

use super::evaluation::evaluate;
use super::interval::NumberInterval;
use super::number::{Arithmetic, Fraction};
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

/// Text of any expression, with `exp` and `ln` or without.
fn texts(is_real: bool) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        proptest::sample::select(NAMES.to_vec()).prop_map(str::to_string),
        (0u32..30).prop_map(|number| number.to_string()),
        (1u32..100).prop_map(|number| format!("{}.{:02}", number / 10, number)),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let unary = if is_real { vec!["exp(", "ln(", "abs("] } else { vec!["-(", "abs(", "floor("] };
        let binary = ["+", "-", "*", "/", "<", "<=", "==", "!="].to_vec();
        prop_oneof![
            (proptest::sample::select(unary), inner.clone()).prop_map(|(f, x)| format!("{f}{x})")),
            (inner.clone(), 1u32..5).prop_map(|(x, n)| format!("({x})^{n}")),
            (inner.clone(), proptest::sample::select(binary), inner.clone())
                .prop_map(|(x, operator, y)| format!("({x} {operator} {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("min({x}, {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("max({x}, {y})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(c, x, y)| format!("if({c}, {x}, {y})")),
        ]
    })
}

/// An amount from one to another, and places between them, in thousandths of the way.
type Drawn = (u64, u64, u64, [u64; 4]);

fn drawn() -> impl Strategy<Value = [Drawn; 3]> {
    let width = prop_oneof![Just(0u64), 1u64..20, 1u64..200_000];
    let one = (0u64..200_000, width, proptest::sample::select(vec![1u64, 7, 1000, 1024, 64_000]));
    let amount = (one, [0u64..=1000, 0u64..=1000, 0u64..=1000, 0u64..=1000])
        .prop_map(|((least, width, per), at)| (least, least + width, per, at));
    [amount.clone(), amount.clone(), amount]
}

/// Checks that the value at every drawn point is in the interval. Returns true if there is one with a bound.
fn interval_holds(text: &str, drawn: &[Drawn; 3]) -> Result<bool, TestCaseError> {
    let Ok(expression) = Expression::parse(text, &NAMES).map(Arc::new) else { return Ok(false) };
    let named = |name: usize| drawn[expression.names[name]];
    let interval = |(least, most, per, _): Drawn| {
        NumberInterval::between(Amount { units: least, per }, Amount { units: most, per })
    };
    let bound = expression.least_value(|name| interval(drawn[name]));
    let Ok(value) = evaluate(&expression.root, &|name| interval(named(name))) else {
        prop_assert_eq!(bound, f64::NEG_INFINITY);
        return Ok(false);
    };
    prop_assert_eq!(bound, value.least());
    for point in 0..4 {
        let amount =
            |(least, most, per, at): Drawn| Amount { units: least + (most - least) * at[point] / 1000, per };
        let found = expression.value(|name| amount(drawn[name]));
        prop_assert_ne!(
            found.compare_to(bound),
            Some(std::cmp::Ordering::Less),
            "{}: {} {}",
            text,
            found,
            bound
        );
        let [above, below] = [bound, value.most()];
        let plain = evaluate(&expression.root, &|name| f64::of(amount(named(name))));
        if let Ok(double) = plain
            && !double.is_nan()
        {
            prop_assert!(above <= double && double <= below, "{}: {} in {:?}", text, double, value);
        }
        if !expression.is_rational {
            continue;
        }
        if let Ok(exact) = evaluate(&expression.root, &|name| Fraction::of(amount(named(name)))) {
            let is_in =
                |end: f64, order| !end.is_finite() || exact.compare(&Fraction::of_double(end)) != order;
            let is_between =
                is_in(above, std::cmp::Ordering::Less) && is_in(below, std::cmp::Ordering::Greater);
            prop_assert!(is_between, "{}: {:?} in {:?}", text, exact, value);
        }
    }
    Ok(bound.is_finite())
}

/// Most expressions have a bound in a box, and it is close in a small one.
#[test]
fn bounds_are_close() {
    let least = |text: &str, most: u64| {
        let amount = |units| Amount { units, per: 1000 };
        parse(text).least_value(|_| NumberInterval::between(amount(2_000), amount(most)))
    };
    for (text, at_2, to_3) in [
        ("a + b.c", 4.0, 4.0),
        ("a - b.c", 0.0, -1.0),
        ("abs(a - b.c - 1/2)", 0.5, 0.0),
        ("abs(a - b.c - 4)", 4.0, 3.0),
        ("-a * b.c", -4.0, -9.0),
        ("(a - 2.5)^2", 0.25, 0.0),
        ("a / b.c", 1.0, 2.0 / 3.0),
        ("floor(b.c / 4)", 0.0, 0.0),
        ("if(a < 1, 9, max(a, b.c))", 2.0, 2.0),
        ("if(a == 2, 9, 8)", 9.0, f64::NEG_INFINITY),
        ("1 / (a - 2)", f64::NEG_INFINITY, f64::NEG_INFINITY),
        ("exp(a) - ln(b.c)", libm::exp(2.0) - libm::log(2.0), libm::exp(2.0) - libm::log(3.0)),
    ] {
        for (most, expected) in [(2_000, at_2), (3_000, to_3)] {
            let found = least(text, most);
            let is_close = found <= expected && expected - found <= 1e-12;
            assert!(is_close || found == expected, "{text} to {most}: {found}, expected {expected}");
        }
    }
}

proptest! {
    #[test]
    fn a_value_is_in_its_interval(text in texts(false), drawn in drawn()) {
        interval_holds(&text, &drawn)?;
    }

    #[test]
    fn a_value_in_double_precision_is_in_its_interval(text in texts(true), drawn in drawn()) {
        interval_holds(&text, &drawn)?;
    }

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
