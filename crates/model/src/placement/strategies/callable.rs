//! `callable`: the host with the least value of a rule outside the program. It is no entry of the register, since it runs only where such
//! rules are handed over.

use super::expression::{LeastValue, inputs_of, marks_of};
use crate::expression::Amount;
use crate::expression::value::Value;
use crate::fleet::index::cost::Cost;
use crate::fleet::index::ranking::{Candidate, ClassMarks, Ranking, RankingInputs};
use crate::placement::callables::CallableDoor;
use crate::placement::config::StrategyConfig;
use crate::placement::expression_names::{ExpressionName, NAMES, NameSubject};
use crate::placement::strategy::Strategy;
use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};
use plimsoll_base::units::Footprint;

/// Name in scenarios.
pub const NAME: &str = "callable";

/// Exact rule of selection.
pub const RULE: &str = "least value that a rule outside the program gives, the first number first; none where it gives infinity to all hosts";

/// Parts of a decision that a rule looks at only if it says so.
const OPTIONAL: [NameSubject; 5] = [
    NameSubject::Request,
    NameSubject::RequestEnd,
    NameSubject::Instances,
    NameSubject::Rack,
    NameSubject::Ends,
];

/// Builds the strategy of a configuration with this name.
pub fn build(config: &StrategyConfig) -> Result<Strategy, Vec<Problem>> {
    let Some(door) = &config.callables else { return Err(vec![has_no_rules()]) };
    let mut problems = Vec::new();
    let rule = rule_of(config, door).map_err(|problem| problems.push(problem)).ok();
    let looks_at = subjects_of(config).map_err(|problem| problems.push(problem)).unwrap_or_default();
    for name in config.parameters.keys().filter(|name| !PARAMETERS.contains(&name.as_str())) {
        let mut problem = Problem::new(
            Place::key(&format!("placement.strategy.{name}")),
            format!("strategy `{NAME}` has no parameter `{name}`"),
        );
        problem.help = did_you_mean(name, PARAMETERS);
        problems.push(problem);
    }
    let (Some(rule), true) = (rule, problems.is_empty()) else { return Err(problems) };
    let names = NAMES.iter().filter(|name| is_told(name, &looks_at)).collect();
    let by_callable = ByCallable { door: door.clone(), rule, names, looks_at };
    let groups = by_callable.marks().groups();
    Ok(Strategy { groups, selector: Box::new(LeastValue), ..Strategy::ranked(by_callable) })
}

const PARAMETERS: [&str; 2] = ["rule", "looks_at"];

fn has_no_rules() -> Problem {
    let message = format!(
        "found strategy `{NAME}`, whose rule is outside the program, and no program that answers for it"
    );
    Problem::new(Place::key("placement.strategy"), message).with_help(
        "run it from Python: `plimsoll.run(scenario, strategy=rule)`; a rule that stands in the scenario is an `expression`",
    )
}

fn rule_of(config: &StrategyConfig, door: &CallableDoor) -> Result<usize, Problem> {
    let place = || Place::key("placement.strategy.rule");
    let known = door.names();
    let Some(name) = config.parameters.get("rule").and_then(toml::Value::as_str) else {
        return Err(Problem::new(place(), format!("expected the name of a rule: {}", known.join(", "))));
    };
    known.iter().position(|other| other == name).ok_or_else(|| {
        let mut problem = Problem::new(place(), format!("unknown rule `{name}`"));
        problem.help = did_you_mean(name, known.iter().map(String::as_str));
        problem
    })
}

fn subjects_of(config: &StrategyConfig) -> Result<Vec<NameSubject>, Problem> {
    let Some(given) = config.parameters.get("looks_at") else { return Ok(Vec::new()) };
    let subject_of =
        |word: &toml::Value| OPTIONAL.into_iter().find(|subject| subject.word() == word.as_str());
    let subjects = given.as_array().and_then(|list| list.iter().map(subject_of).collect());
    subjects.ok_or_else(|| {
        let words: Vec<&str> = OPTIONAL.iter().filter_map(|subject| subject.word()).collect();
        let message = format!("found {given}, expected a list of {}", words.join(", "));
        Problem::new(Place::key("placement.strategy.looks_at"), message)
    })
}

/// Returns true if a rule that looks at these is told a name.
fn is_told(name: &ExpressionName, looks_at: &[NameSubject]) -> bool {
    name.subject.word().is_none() || looks_at.contains(&name.subject)
}

/// Ranking by a rule outside the program.
struct ByCallable {
    door: CallableDoor,
    /// Number of the rule.
    rule: usize,
    /// Names of what it is told, in their order.
    names: Vec<&'static ExpressionName>,
    looks_at: Vec<NameSubject>,
}

impl Ranking for ByCallable {
    fn inputs(&self) -> RankingInputs {
        inputs_of(|subject| self.looks_at.contains(&subject))
    }

    fn marks(&self) -> ClassMarks {
        marks_of(|subject| self.looks_at.contains(&subject))
    }

    fn cost(&self, candidate: Candidate<'_>, request: &Footprint) -> Cost {
        let amounts: Box<[Amount]> =
            self.names.iter().map(|name| (name.amount)(&candidate, request)).collect();
        match self.door.values(self.rule, amounts) {
            Some(values) => Cost::Values(values.iter().map(|value| Value::real(*value)).collect()),
            // The run is about to end.
            None => Cost::Values([Value::none()].into()),
        }
    }

    fn may_exclude_all(&self) -> bool {
        true
    }

    fn failure(&self) -> Option<&InputError> {
        self.door.failure()
    }
}
