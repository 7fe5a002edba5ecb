//! Words on a demand that is the same with every seed.

use plimsoll_sim::scenario::Scenario;

/// Returns the kind of a demand that no seed changes, as the beginning of a sentence.
pub fn certain_demand(scenario: &Scenario) -> &'static str {
    match scenario.workload.trace {
        Some(_) => "The demand is a trace, which no seed changes",
        None => "The demand is loads of Auto Scaling groups, which no seed changes",
    }
}
