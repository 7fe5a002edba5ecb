//! Sentences of a recommendation: question, answer, and how sure the answer is.

use crate::demand::{certain_demand, shown_without_a_miss};
use crate::format::{amount, level};
use crate::warned::Gathered;
use plimsoll_base::units::figures::grouped;
use plimsoll_experiment::Recommendation;
use plimsoll_experiment::recommendation::{DecisionPoint, DecisionVariable, Evaluation, Optimum};

/// Returns the question.
pub fn question(recommendation: &Recommendation) -> String {
    let checked = &recommendation.checked;
    let variable = |variable: &DecisionVariable| {
        let last = variable.count() - 1;
        match variable.is_numeric() {
            true => format!("{} ({} to {})", variable.name(), variable.label(0), variable.label(last)),
            false => format!(
                "{} ({})",
                variable.name(),
                listed(&(0..=last).map(|at| variable.label(at)).collect::<Vec<_>>(), "or")
            ),
        }
    };
    let variables: Vec<String> = checked.variables.iter().map(variable).collect();
    let targets: Vec<String> = checked.targets.iter().map(|target| target.to_string()).collect();
    let so_that =
        if targets.is_empty() { String::new() } else { format!(", so that {}", listed(&targets, "and")) };
    format!("Which {} cost least by {}{so_that}?", listed(&variables, "and"), checked.plan.cost)
}

/// Returns the answer, with the runs that meet each target.
pub fn answer(recommendation: &Recommendation) -> String {
    let least_cost = &recommendation.optima[0];
    let runs = run_by_run(recommendation).unwrap_or_default();
    let Some(robust) = &recommendation.least_regret else {
        return format!("{}{runs}", of_cost(recommendation, least_cost));
    };
    let middle =
        format!("If {}: {}", recommendation.checked.futures[0].name, of_cost(recommendation, least_cost));
    let Some((point, regret)) = &robust.best else {
        return format!("{middle} No point that was tried holds in every future that has an optimum.");
    };
    format!(
        "{} regrets least: in no future does it cost more than {} above the best for that future{}.{runs} {middle}",
        named(recommendation, point),
        amount(*regret, recommendation.checked.plan.cost.unit()),
        proof(robust),
    )
}

/// Returns a sentence on how many runs of the recommended point meet each target by themselves, where they are random: what holds on
/// average need not hold in each.
fn run_by_run(recommendation: &Recommendation) -> Option<String> {
    let found = recommendation.of_recommended();
    let targets = &recommendation.checked.targets;
    if targets.is_empty() || found.iter().all(|evaluation| evaluation.certain) {
        return None;
    }
    let runs: usize = found.iter().map(|evaluation| evaluation.runs).sum();
    let met = |target: usize| found.iter().map(|evaluation| evaluation.met[target]).sum::<usize>();
    if (0..targets.len()).all(|target| met(target) == runs) {
        let subject = if targets.len() == 1 { "the target holds" } else { "all targets hold" };
        return Some(format!(" In each of its {} runs {subject}.", grouped(runs as u64)));
    }
    let of_target = |(number, target)| format!("{target} in {}", grouped(met(number) as u64));
    let counts: Vec<String> = targets.iter().enumerate().map(of_target).collect();
    Some(format!(
        " That is on average; by themselves its {} runs meet {}.",
        grouped(runs as u64),
        listed(&counts, "and")
    ))
}

fn of_cost(recommendation: &Recommendation, optimum: &Optimum) -> String {
    let cost = |cost: f64| amount(cost, recommendation.checked.plan.cost.unit());
    match &optimum.best {
        Some((point, least)) => {
            format!("{} costs {}{}.", named(recommendation, point), cost(*least), proof(optimum))
        }
        None if optimum.is_proven => {
            "With no choice do all targets hold, not even with the most of everything.".to_string()
        }
        None if optimum.spent => {
            "The budget was spent before a point was found with which all targets hold.".to_string()
        }
        None => "No point that was tried meets all targets.".to_string(),
    }
}

fn proof(optimum: &Optimum) -> &'static str {
    match (optimum.is_proven, optimum.spent) {
        (true, _) => ", and nothing does better, as long as more of a setting never hurts",
        (false, true) => ", the best until the budget was spent",
        (false, false) => ", and no neighbour of it does better",
    }
}

/// Returns a point by its settings: `a = 3, b = spread`.
fn named(recommendation: &Recommendation, point: &DecisionPoint) -> String {
    let pairs = recommendation.checked.variables.iter().zip(&point.0);
    let settings: Vec<String> = pairs
        .map(|(variable, position)| format!("{} = {}", variable.name(), variable.label(*position)))
        .collect();
    settings.join(", ")
}

/// Returns `a, b and c`.
fn listed(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// Returns the notes: how much was tried, how the answer was found, how sure the runs are.
pub fn notes(recommendation: &Recommendation) -> Vec<String> {
    let notes = [
        Some(effort(recommendation)),
        Some(method(recommendation)),
        hurt(recommendation),
        refused(recommendation),
        left_out(recommendation),
        Some(sureness(recommendation)),
        alike(recommendation),
    ];
    warned(recommendation).into_iter().chain(notes.into_iter().flatten()).collect()
}

/// Returns what the runs warned of, and whether those of the recommended point did.
fn warned(recommendation: &Recommendation) -> Vec<String> {
    let runs = recommendation.tried.iter().flat_map(|tried| &tried.evaluation.warnings);
    let mut sentences = Gathered::of(runs.map(Vec::as_slice)).sentences();
    let chosen = recommendation.of_recommended();
    let is_clean = chosen.iter().all(|evaluation| evaluation.warnings.iter().all(Vec::is_empty));
    if !sentences.is_empty() && !chosen.is_empty() && is_clean {
        sentences.push("No run of the recommended settings warned of anything.".to_string());
    }
    sentences
}

/// Returns a sentence on what the recommended point shows whose runs all have one value.
fn alike(recommendation: &Recommendation) -> Option<String> {
    let found = recommendation.of_recommended();
    let has_no_miss = |evaluation: &&Evaluation| evaluation.met.iter().all(|met| *met == evaluation.runs);
    let alike = found.into_iter().filter(|evaluation| evaluation.is_alike()).filter(has_no_miss);
    let runs = alike.map(|evaluation| evaluation.runs).min()?;
    Some(format!(
        "At the answer all {} runs meet the targets, with one value of a metric. {}",
        grouped(runs as u64),
        shown_without_a_miss(runs, recommendation.checked.plan.confidence)
    ))
}

fn effort(recommendation: &Recommendation) -> String {
    let checked = &recommendation.checked;
    let points = checked.space().points();
    let futures = checked.futures.len() as u64;
    let of = match futures {
        1 => grouped(points),
        _ => format!("{} in {} futures", grouped(points), grouped(futures)),
    };
    let spent = recommendation.optima.iter().chain(&recommendation.least_regret).any(|optimum| optimum.spent);
    let budget = if spent { ", all of --budget: allow more for a better answer" } else { "" };
    format!(
        "{} points were run, of {of}; {} runs{budget}.",
        grouped(recommendation.tried.len() as u64),
        grouped(recommendation.runs as u64)
    )
}

fn method(recommendation: &Recommendation) -> String {
    if recommendation.checked.is_exact() {
        return "The cost is known before a run and rises with every number, so that a point with which a target is missed \
                rules out all with no more of anything, and one that holds all that cost as much (branch and bound)."
            .to_string();
    }
    "The cost is known only after a run, or more of a number costs nothing, so that nothing is ruled out unseen: the search \
     goes from the best of four points to better neighbours, with ever smaller steps (pattern search). Another start may \
     find a better one."
        .to_string()
}

fn hurt(recommendation: &Recommendation) -> Option<String> {
    let hurt = recommendation.hurt.as_ref()?;
    Some(format!(
        "More of a setting does hurt here: all targets hold at {}, and not at {}. A cheaper point may have been ruled out: run \
         a sweep around the answer.",
        named(recommendation, &hurt.holds),
        named(recommendation, &hurt.misses)
    ))
}

/// Returns a sentence on points that are no scenarios.
fn refused(recommendation: &Recommendation) -> Option<String> {
    let mut refused = recommendation.tried.iter().filter_map(|tried| tried.evaluation.refused.as_ref());
    let first = refused.next()?;
    let more = match refused.count() {
        0 => String::new(),
        more => format!(", and {} more", grouped(more as u64)),
    };
    let first = first.to_string();
    let first = first.lines().next().unwrap_or_default();
    Some(format!("Settings that make no scenario count as missing the targets: {first}{more}."))
}

/// Returns a sentence on futures in which nothing that was tried holds.
fn left_out(recommendation: &Recommendation) -> Option<String> {
    recommendation.least_regret.as_ref()?;
    let without = recommendation.optima.iter().zip(&recommendation.checked.futures);
    let names: Vec<String> = without
        .filter(|(optimum, _)| optimum.best.is_none())
        .map(|(_, future)| future.name.clone())
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "Regret leaves out the futures in which nothing that was tried meets all targets: {}.",
            names.join("; ")
        )
    })
}

fn sureness(recommendation: &Recommendation) -> String {
    let checked = &recommendation.checked;
    if recommendation.tried.iter().all(|tried| tried.evaluation.certain) {
        return format!(
            "{}, and nothing else is random: one run of each point is exact for this demand; it says nothing of another.",
            certain_demand(&checked.scenario)
        );
    }
    format!(
        "A target holds where the runs show it with {} confidence, if they are about normal, over all targets of a point together. All points have the \
         same seeds, and so the same demand (common random numbers); costs are means over the first {} of them.",
        level(checked.plan.confidence),
        grouped(checked.plan.replications as u64)
    )
}
