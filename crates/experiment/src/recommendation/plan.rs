//! Plan of a recommendation, and what it says of a scenario.

use std::path::PathBuf;

use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_sim::scenario::{Overrides, Scenario};

use super::assumption::{self, Assumption, Future};
use super::cost::CostFunction;
use super::optimum::{DecisionPoint, Space, VariableAxis};
use super::variable::{DecisionVariable, VariableRequest};
use crate::objective;
use crate::sizing::look::check_replications;
use crate::sizing::setting::{OPTION, under_option};
use crate::sizing::{Relation, Target, target};
use crate::trial::Variant;

/// Question: settings to choose, their cost, targets, and what is assumed.
#[derive(Clone, Debug)]
pub struct RecommendationPlan {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Overrides of the scenario beside the variables. The seed, if any, is the first of the replications.
    pub overrides: Overrides,
    /// Settings to choose; at least one.
    pub variables: Vec<VariableRequest>,
    /// Cost to minimize.
    pub cost: CostFunction,
    /// Targets; none: the scenario's own objectives.
    pub targets: Vec<Target>,
    /// Settings that lie in an interval.
    pub assumptions: Vec<Assumption>,
    /// Most runs.
    pub budget: usize,
    /// Replications of each point, at least one.
    pub replications: usize,
    /// Most replications of a point, where fewer do not decide.
    pub most_replications: usize,
    /// Confidence that all targets of a point are judged rightly, from 0.5 to below 1.
    pub confidence: f64,
}

/// Plan with what the scenario makes of it.
#[derive(Clone, Debug)]
pub struct CheckedPlan {
    /// Plan.
    pub plan: RecommendationPlan,
    /// The scenario as it stands.
    pub scenario: Scenario,
    /// Settings to choose.
    pub variables: Vec<DecisionVariable>,
    /// Targets, the plan's or the scenario's.
    pub targets: Vec<Target>,
    /// Futures, that of the middle first.
    pub futures: Vec<Future>,
}

impl RecommendationPlan {
    /// Checks the plan before anything runs, and reads the scenario as it stands.
    ///
    /// # Errors
    ///
    /// All at once: settings that are none, values that the scenario does not take, unknown metrics, targets that no run can
    /// have, limits the wrong way round.
    pub fn check(self) -> Result<CheckedPlan, InputError> {
        let scenario = Scenario::read(&self.scenario, &self.overrides)?;
        objective::check(&scenario)?;
        let mut problems = Vec::new();
        let reads = |assignment: &str| self.reads(OPTION, assignment);
        let mut variables = Vec::new();
        for request in &self.variables {
            if variables.iter().any(|known: &DecisionVariable| known.name() == request.pattern) {
                let message = format!("`{}` is named twice", request.pattern);
                problems.push(Problem::new(Place::key(OPTION), message).with_help("name each setting once"));
                continue;
            }
            match DecisionVariable::find(&scenario, request, &reads) {
                Ok(variable) => variables.push(variable),
                Err(error) => problems.extend(error.0),
            }
        }
        // A variable that is not there is no metric either: only the first is told.
        if variables.len() == self.variables.len() {
            problems.extend(self.cost.check(&variables).err().into_iter().flat_map(|error| error.0));
        }
        let targets = if self.targets.is_empty() { targets_of(&scenario) } else { self.targets.clone() };
        problems.extend(targets.iter().filter_map(|target| target.check().err()).flat_map(|error| error.0));
        problems.extend(self.problems_of_assumptions());
        if targets.is_empty() && self.cost.is_known(&variables) {
            let message = "found no target: the least of everything would cost least";
            let help =
                "state one (`--until 'launch.success_ratio >= 0.999'`), or [[objectives]] in the scenario";
            problems.push(Problem::new(Place::key(target::OPTION), message).with_help(help));
        }
        problems.extend(check_replications(self.replications, self.most_replications));
        if !problems.is_empty() {
            return Err(InputError(problems));
        }
        let futures = Future::all(&self.assumptions);
        let checked = CheckedPlan { plan: self, scenario, variables, targets, futures };
        // What is refused here is refused everywhere, or where the answer would be proven from.
        for point in [checked.own_point(), checked.space().greatest(&checked.own_point())] {
            checked.read(&point, &checked.futures[0])?;
        }
        Ok(checked)
    }

    fn problems_of_assumptions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (number, assumption) in self.assumptions.iter().enumerate() {
            let path = &assumption.path;
            let is_twice = self.assumptions[..number].iter().any(|earlier| earlier.path == *path);
            if is_twice || self.variables.iter().any(|variable| variable.pattern == *path) {
                let message =
                    format!("`{path}` is named twice, expected a setting that is not chosen as well");
                problems.push(Problem::new(Place::key(assumption::OPTION), message));
                continue;
            }
            let middle = assumption.low.midpoint(assumption.high);
            let tried = [assumption.low, assumption.high, middle];
            let refused = tried
                .into_iter()
                .find_map(|value| self.reads(assumption::OPTION, &format!("{path}={value}")).err());
            problems.extend(refused.into_iter().flat_map(|error| error.0));
        }
        if self.assumptions.len() > assumption::MOST {
            let message = format!("found {}, expected at most {}", self.assumptions.len(), assumption::MOST);
            let problem = Problem::new(Place::key(assumption::OPTION), message);
            problems.push(problem.with_help("every further one doubles the futures to search"));
        }
        problems
    }

    /// Tells whether the scenario can be read with an assignment that was typed as an option.
    fn reads(&self, option: &str, assignment: &str) -> Result<(), InputError> {
        let read = self.read(vec![assignment.to_string()]).map(|_| ());
        read.map_err(|error| under_option(error, option, assignment))
    }

    fn read(&self, assignments: Vec<String>) -> Result<Scenario, InputError> {
        let mut overrides = self.overrides.clone();
        let label = assignments.join(" ");
        overrides.set.extend(assignments);
        Variant { label, overrides }.read(&self.scenario)
    }
}

/// Returns the objectives of a scenario as targets.
fn targets_of(scenario: &Scenario) -> Vec<Target> {
    let mut targets = Vec::new();
    for objective in &scenario.objectives {
        let bounds = [(Relation::AtLeast, objective.at_least), (Relation::AtMost, objective.at_most)];
        targets.extend(bounds.into_iter().filter_map(|(relation, value)| {
            Some(Target { metric: objective.metric.clone(), relation, value: value? })
        }));
    }
    targets
}

impl CheckedPlan {
    /// Returns the space of the points.
    pub fn space(&self) -> Space {
        let axis = |variable: &DecisionVariable| match variable.is_numeric() {
            true => VariableAxis::Numeric {
                count: variable.count(),
                step_cost: self.plan.cost.of_a_step(variable),
            },
            false => VariableAxis::Listed { count: variable.count() },
        };
        Space { axes: self.variables.iter().map(axis).collect() }
    }

    /// Returns the point at which the scenario stands, or the nearest to it.
    pub fn own_point(&self) -> DecisionPoint {
        DecisionPoint(self.variables.iter().map(DecisionVariable::own).collect())
    }

    /// Returns whether an optimum can be proven: the cost is known before a run and rises with every number.
    pub fn is_exact(&self) -> bool {
        self.plan.cost.is_known(&self.variables) && self.space().is_priced()
    }

    /// Returns what the scenario is assigned at a point: `PATH=VALUE` each.
    pub fn assignments(&self, point: &DecisionPoint) -> Vec<String> {
        let pairs = self.variables.iter().zip(&point.0);
        pairs.flat_map(|(variable, position)| variable.assignments(*position)).collect()
    }

    /// Reads the scenario at a point, in a future.
    pub fn read(&self, point: &DecisionPoint, future: &Future) -> Result<Scenario, InputError> {
        self.plan.read([self.assignments(point), future.assignments.clone()].concat())
    }
}
