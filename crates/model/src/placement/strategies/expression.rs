//! `expression`: the host with the least value of expressions that the scenario states.

use std::sync::Arc;

use crate::expression::{Expression, Sign};
use crate::fleet::host::Sku;
use crate::fleet::index::bound::{Bound, Span, VALUES_BOUNDED};
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, ClassMarks, CountOrder, Ranking, RankingInputs};
use crate::placement::entry::{Parameter, ParameterKind, StrategyEntry};
use crate::placement::expression_names::{NAMES, NameSubject};
use crate::placement::request::Request;
use crate::placement::strategy::{Candidates, Selector, Strategy};
use plimsoll_base::persist;
use plimsoll_base::units::{Footprint, HostId};

pub const ENTRY: StrategyEntry = StrategyEntry {
    name: "expression",
    rule: "least value of the expressions, the first one first; none where all hosts lack a value",
    parameters: &[Parameter {
        name: "minimize",
        meaning: "expression, or list of them (`plimsoll list expression`)",
        kind: ParameterKind::Expressions { default: &["free.vcpu", "free.memory"] },
    }],
    build: |parameters, _| {
        let expressions = parameters.expressions("minimize").to_vec();
        let always_has_value = expressions.iter().all(|expression| expression.always_has_value());
        let by_expressions = ByExpressions::new(expressions);
        let groups = by_expressions.marks.groups();
        let by_value = Strategy { groups, ..Strategy::ranked(by_expressions) };
        match always_has_value {
            true => by_value,
            false => Strategy { selector: Box::new(LeastValue), ..by_value },
        }
    },
};

/// Returns the strategy of a built-in rule that is stated as expressions, which always have a value.
pub(super) fn minimizing(rules: &[&str]) -> Strategy {
    Strategy::ranked(ByExpressions::of(rules))
}

/// Returns the inputs of a cost by classes from the parts of a decision that it uses.
pub(super) fn inputs_of(uses: impl Fn(NameSubject) -> bool) -> RankingInputs {
    if uses(NameSubject::Request) { RankingInputs::FreeAndAnyRequest } else { RankingInputs::Free }
}

/// Returns the marks of classes that such a cost needs.
pub(super) fn marks_of(uses: impl Fn(NameSubject) -> bool) -> ClassMarks {
    ClassMarks {
        instances: uses(NameSubject::Instances),
        rack: uses(NameSubject::Rack),
        left: uses(NameSubject::Ends),
        request_left: uses(NameSubject::RequestEnd),
    }
}

/// Ranking by the values of expressions.
pub(super) struct ByExpressions {
    expressions: Vec<Arc<Expression>>,
    inputs: RankingInputs,
    marks: ClassMarks,
    /// Order by the number of instances, where the only expression is that or its negative.
    count: Option<CountOrder>,
}

impl ByExpressions {
    /// Returns the ranking of a built-in rule that is stated as expressions.
    pub(super) fn of(rules: &[&str]) -> ByExpressions {
        let names: Vec<&str> = NAMES.iter().map(|entry| entry.name).collect();
        let read =
            |rule: &&str| Arc::new(Expression::parse(rule, &names).unwrap_or_else(|error| panic!("{error}")));
        ByExpressions::new(rules.iter().map(read).collect())
    }

    fn new(expressions: Vec<Arc<Expression>>) -> ByExpressions {
        let names = || expressions.iter().flat_map(|expression| expression.names()).map(|name| &NAMES[*name]);
        let uses = |subject: NameSubject| names().any(|name| name.subject == subject);
        let count = match &*expressions {
            [only] if uses(NameSubject::Instances) => only.is_name_alone().map(|sign| match sign {
                Sign::Positive => CountOrder::Fewest,
                Sign::Negative => CountOrder::Most,
            }),
            _ => None,
        };
        let (inputs, marks) = match count {
            Some(order) => (RankingInputs::Instances(order), ClassMarks::default()),
            None => (inputs_of(uses), marks_of(uses)),
        };
        ByExpressions { inputs, marks, count, expressions }
    }
}

impl Ranking for ByExpressions {
    fn inputs(&self) -> RankingInputs {
        self.inputs
    }

    fn marks(&self) -> ClassMarks {
        self.marks
    }

    fn cost(&self, candidate: Candidate<'_>, request: &Footprint) -> Cost {
        let value =
            |expression: &Arc<Expression>| expression.value(|name| (NAMES[name].amount)(&candidate, request));
        match self.count {
            Some(order) => order.cost(candidate),
            None => Cost::Values(self.expressions.iter().map(value).collect()),
        }
    }

    fn bound(&self, sku: &Sku, free: &Span, request: &Footprint) -> Bound {
        if self.count.is_some() {
            return Bound::Unknown;
        }
        let mut bounds = [f64::NEG_INFINITY; VALUES_BOUNDED];
        for (bound, expression) in bounds.iter_mut().zip(&self.expressions) {
            *bound = expression.least_value(|name| NAMES[name].interval(sku, free, request));
        }
        Bound::Values(bounds)
    }

    fn has_close_bounds(&self, sku: &Sku) -> bool {
        self.expressions[0].names().iter().all(|name| NAMES[*name].follows_free(sku))
    }
}

/// Takes the host with the least cost; none where no host has a value.
#[derive(Clone)]
pub(super) struct LeastValue;

persist! { LeastValue {} }

impl Selector for LeastValue {
    fn select(&mut self, hosts: &mut dyn Candidates, _request: &Request) -> Option<HostId> {
        // What has no value comes last.
        hosts.least(0).filter(|id| hosts.cost(*id).exists())
    }

    fn may_refuse(&self) -> bool {
        true
    }

    fn boxed_clone(&self) -> Box<dyn Selector> {
        Box::new(self.clone())
    }
}
