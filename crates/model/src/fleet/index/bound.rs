//! Lower bounds of what classes of hosts with similar free amounts cost, by which a search passes over them.

use std::cmp::Ordering;

use super::cost::Cost;
use plimsoll_base::units::{RESOURCES, Resources};

/// Free amounts from `least` to `most`, resource by resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// No less is free.
    pub least: Resources,
    /// No more is free.
    pub most: Resources,
}

impl Span {
    /// The span of no amounts.
    pub const NONE: Span = Span { least: Resources([u32::MAX; RESOURCES]), most: Resources::ZERO };

    /// Returns the span of these amounts alone.
    pub fn of(free: Resources) -> Span {
        Span { least: free, most: free }
    }

    /// Returns the span of the amounts of both.
    pub fn with(&self, other: &Span) -> Span {
        let (a, b) = (self, other);
        Span {
            least: Resources(std::array::from_fn(|i| a.least.0[i].min(b.least.0[i]))),
            most: Resources(std::array::from_fn(|i| a.most.0[i].max(b.most.0[i]))),
        }
    }

    /// Returns the span of those of its amounts that cover a request, which the most of them do.
    pub fn covering(&self, request: &Resources) -> Span {
        let least = Resources(std::array::from_fn(|i| self.least.0[i].max(request.0[i])));
        Span { least, most: self.most }
    }
}

/// Values of a cost that a bound knows.
pub const VALUES_BOUNDED: usize = 2;

/// Lower bound of the costs of some hosts for a request. The order of bounds is the one in which they are worth a look.
#[derive(Clone, PartialEq, Debug)]
pub enum Bound {
    /// Nothing is known of the costs.
    Unknown,
    /// No cost is below this one.
    Cost(Cost),
    /// For costs that are values of expressions: numbers that the first values are not below. Minus infinity is no bound.
    Values([f64; VALUES_BOUNDED]),
}

impl Bound {
    /// Returns true if every cost that it bounds is surely above this one.
    pub fn is_above(&self, cost: &Cost) -> bool {
        match (self, cost) {
            (Bound::Unknown, _) => false,
            (Bound::Cost(bound), cost) => bound > cost,
            (Bound::Values(bounds), Cost::Values(values)) => {
                let mut undecided = bounds.iter().zip(values).map(|(bound, value)| value.compare_to(*bound));
                // Where the first value is at least the bound and that is what this cost has, the next decides.
                let decided = undecided.find(|order| *order != Some(Ordering::Equal));
                decided == Some(Some(Ordering::Less)) && cost.exists()
            }
            (Bound::Values(_), _) => panic!("a strategy mixes two kinds of cost"),
        }
    }
}

impl Eq for Bound {}

impl Ord for Bound {
    fn cmp(&self, other: &Bound) -> Ordering {
        match (self, other) {
            (Bound::Cost(a), Bound::Cost(b)) => a.cmp(b),
            (Bound::Values(a), Bound::Values(b)) => {
                let orders = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
                orders.fold(Ordering::Equal, Ordering::then)
            }
            (Bound::Unknown, Bound::Unknown) => Ordering::Equal,
            (Bound::Unknown, _) => Ordering::Less,
            (_, Bound::Unknown) => Ordering::Greater,
            _ => panic!("a strategy mixes two kinds of bound"),
        }
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Bound) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Amount, Expression};
    use std::sync::Arc;

    /// Returns the cost of expressions over `a`, which is 3.
    fn cost(minimize: &[&str]) -> Cost {
        let read = |text: &&str| Arc::new(Expression::parse(text, &["a"]).expect("it is one"));
        Cost::Values(minimize.iter().map(|text| read(text).value(|_| Amount::whole(3u32))).collect())
    }

    #[test]
    fn a_bound_is_above_only_what_is_surely_less() {
        let least = f64::NEG_INFINITY;
        let third = 1.0f64 / 3.0;
        for (minimize, bounds, is_above) in [
            (&["a"][..], [2.5, least], false),
            (&["a"], [3.0, least], false),
            (&["a"], [3.000_001, least], true),
            // The double next to a third is below it, that after it above; both are nearer than errors tell.
            (&["1 / a"], [third, least], false),
            (&["1 / a"], [third.next_up(), least], false),
            (&["1 / a"], [third + 1e-12, least], true),
            // What double precision does not tell is compared as fractions.
            (&["floor(a * (1 / 3)) + 1 / a"], [1.0 + third - 1e-12, least], false),
            (&["floor(a * (1 / 3)) + 1 / a"], [1.0 + third + 1e-12, least], true),
            (&["floor(a * (1 / 3)) + 1 / a"], [least, least], false),
            // The second decides where the first are equal.
            (&["a", "a + 1"], [3.0, 4.0], false),
            (&["a", "a + 1"], [3.0, 4.5], true),
            (&["a", "a + 1"], [2.0, 4.5], false),
            (&["a", "a + 1", "-a"], [3.0, 4.0], false),
            (&["exp(a)"], [20.0, least], false),
            (&["exp(a)"], [20.1, least], true),
            // Whatever has a value is better than what has none.
            (&["1 / (a - 3)"], [7.0, least], false),
            (&["a", "ln(a - 3)"], [7.0, least], false),
        ] {
            assert_eq!(Bound::Values(bounds).is_above(&cost(minimize)), is_above, "{minimize:?}, {bounds:?}");
        }
        assert!(!Bound::Unknown.is_above(&Cost::Pair(u64::MAX, 0)));
        assert!(!Bound::Cost(Cost::Pair(1, 2)).is_above(&Cost::Pair(1, 2)));
        assert!(Bound::Cost(Cost::Pair(1, 2)).is_above(&Cost::Pair(1, 1)));
    }

    #[test]
    fn a_span_is_narrowed_to_what_covers_a_request() {
        let [small, great] = [Resources::new(1, 9), Resources::new(7, 4)];
        let both = Span::NONE.with(&Span::of(small)).with(&Span::of(great));
        assert_eq!((both.least, both.most), (Resources::new(1, 4), Resources::new(7, 9)));
        assert_eq!(both.covering(&Resources::new(3, 2)).least, Resources::new(3, 4));
        assert_eq!(both.covering(&Resources::new(3, 2)).most, both.most);
    }
}
