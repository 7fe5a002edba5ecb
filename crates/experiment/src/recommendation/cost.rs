//! Cost of a point: a sum over settings, known before a run, and over metrics, known after it.

use std::fmt;
use std::str::FromStr;

use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};

use super::optimum::DecisionPoint;
use super::variable::DecisionVariable;
use crate::figures::Figures;
use crate::metric;

/// The option that names the cost, for problems with it.
pub const OPTION: &str = "--minimize";

/// Sum of settings and metrics, each times a number: `1200*zones.0.hosts.0.count + billing.total`.
#[derive(Clone, PartialEq, Debug)]
pub struct CostFunction {
    terms: Vec<Term>,
}

/// Part of a cost.
#[derive(Clone, PartialEq, Debug)]
struct Term {
    factor: f64,
    /// Name of a variable, or path of a metric.
    name: String,
}

impl FromStr for CostFunction {
    type Err = String;

    fn from_str(text: &str) -> Result<CostFunction, String> {
        let terms = text.split('+').map(Term::parse).collect::<Option<Vec<Term>>>();
        let terms = terms.ok_or(
            "expected a sum of settings and metrics, such as 1200*zones.0.hosts.0.count + billing.total",
        )?;
        Ok(CostFunction { terms })
    }
}

impl Term {
    fn parse(text: &str) -> Option<Term> {
        let text = text.trim();
        // A pattern may hold a `*` too, but a number stands before this one.
        let product =
            text.split_once('*').and_then(|(factor, name)| Some((factor.trim().parse().ok()?, name.trim())));
        let (factor, name): (f64, &str) = product.unwrap_or((1.0, text));
        let is_usable = factor.is_finite() && !name.is_empty() && name.parse::<f64>().is_err();
        is_usable.then(|| Term { factor, name: name.to_string() })
    }
}

impl fmt::Display for CostFunction {
    /// Writes the sum as [`CostFunction::from_str`] reads it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Term { factor, name }) in self.terms.iter().enumerate() {
            let plus = if number == 0 { "" } else { " + " };
            match *factor == 1.0 {
                true => write!(out, "{plus}{name}")?,
                false => write!(out, "{plus}{factor}*{name}")?,
            }
        }
        Ok(())
    }
}

impl CostFunction {
    /// Refuses names that are neither variables nor metrics, and variables that are no numbers.
    pub fn check(&self, variables: &[DecisionVariable]) -> Result<(), InputError> {
        let mut problems = Vec::new();
        let place = Place::key(OPTION);
        for Term { name, .. } in &self.terms {
            match variables.iter().find(|variable| variable.name() == name) {
                Some(variable) if !variable.has_numbers_only() => {
                    let message = format!("`{name}` has values that are no numbers and cost nothing");
                    let problem = Problem::new(place.clone(), message);
                    problems.push(problem.with_help("leave it out of the cost"));
                }
                Some(_) => {}
                None if metric::check(name, &place).is_ok() => {}
                None => {
                    let message = format!("`{name}` is neither a setting of --vary nor a metric");
                    let known = variables.iter().map(DecisionVariable::name);
                    let near = did_you_mean(name, known.chain(metric::register().map(|metric| metric.path)));
                    let help = "name a setting as it stands in --vary, or a metric (`plimsoll list metrics`)";
                    problems.push(
                        Problem::new(place.clone(), message).with_help(near.as_deref().unwrap_or(help)),
                    );
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(InputError(problems)) }
    }

    /// Returns what one more of a variable costs, if the cost rises by as much at every step.
    pub fn of_a_step(&self, variable: &DecisionVariable) -> f64 {
        let step = match variable.is_numeric() && variable.count() > 1 {
            true => variable.sum(1).zip(variable.sum(0)).map_or(0.0, |(second, first)| second - first),
            false => 0.0,
        };
        self.factors(variable.name()).map(|factor| factor * step).sum()
    }

    /// Returns whether all of the cost is known before a run.
    pub fn is_known(&self, variables: &[DecisionVariable]) -> bool {
        self.metrics(variables).next().is_none()
    }

    /// Returns the part of the cost that is known before a run.
    pub fn known(&self, variables: &[DecisionVariable], point: &DecisionPoint) -> f64 {
        let of = |(variable, position): (&DecisionVariable, &u64)| -> f64 {
            self.factors(variable.name()).map(|factor| factor * variable.sum(*position).unwrap_or(0.0)).sum()
        };
        variables.iter().zip(&point.0).map(of).sum()
    }

    /// Returns the part of the cost that a run tells.
    ///
    /// # Errors
    ///
    /// A metric without a value in this run.
    pub fn measured(&self, variables: &[DecisionVariable], figures: &Figures) -> Result<f64, InputError> {
        let place = Place::key(OPTION);
        let mut sum = 0.0;
        for Term { factor, name } in self.metrics(variables) {
            sum += factor * figures.find(name, &place)?;
        }
        Ok(sum)
    }

    /// Returns the unit of the cost, if it is that of a single metric.
    pub fn unit(&self) -> &str {
        match &self.terms[..] {
            [Term { factor: 1.0, name }] => metric::unit(name),
            _ => "",
        }
    }

    fn factors<'a>(&'a self, name: &'a str) -> impl Iterator<Item = f64> + 'a {
        self.terms.iter().filter(move |term| term.name == name).map(|term| term.factor)
    }

    fn metrics<'a>(&'a self, variables: &'a [DecisionVariable]) -> impl Iterator<Item = &'a Term> {
        let is_metric = |term: &&Term| variables.iter().all(|variable| variable.name() != term.name);
        self.terms.iter().filter(is_metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_read_as_people_write_it() {
        let shown = |text: &str| text.parse::<CostFunction>().map(|cost| cost.to_string());
        for (text, expected) in [
            ("billing.total", "billing.total"),
            ("1200*zones.0.hosts.0.count+billing.total", "1200*zones.0.hosts.0.count + billing.total"),
            ("2.5 * zones.*.hosts.0.count", "2.5*zones.*.hosts.0.count"),
            ("zones.*.hosts.0.count + 1e3*launch.failed", "zones.*.hosts.0.count + 1000*launch.failed"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(expected));
        }
        for wrong in ["", "3", "a +", "2*", "inf*a", "a + 3"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}
