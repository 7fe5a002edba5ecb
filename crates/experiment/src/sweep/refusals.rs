//! Problems of scenarios in a sweep, reported at the path or the value of an axis that causes them, once
//! for all runs that they are in.

use super::config::SweepConfig;
use super::design::DesignPoint;
use plimsoll_base::input::{InputError, Place, Problem};

/// Most problems that are reported.
const MOST_REPORTED: usize = 50;

/// Problems of points, to be reported together.
pub(super) struct Refusals<'a> {
    config: &'a SweepConfig,
    found: Vec<Refusal>,
}

/// Problem of one or more points.
struct Refusal {
    /// Axis that causes it, with the values that do; `None` where the scenario as a whole does.
    axis: Option<(usize, Vec<usize>)>,
    problem: Problem,
    /// The first run of the first point it is in.
    run: usize,
    /// Values of the axes there.
    settings: String,
    points: usize,
}

impl<'a> Refusals<'a> {
    pub fn new(config: &'a SweepConfig) -> Refusals<'a> {
        Refusals { config, found: Vec::new() }
    }

    /// Adds the problems of a point that begins at `run`; `set` holds the assignments of its axes.
    pub fn add(&mut self, run: usize, point: &DesignPoint, set: &[String], error: InputError) {
        let settings: Vec<String> = self
            .config
            .axes
            .iter()
            .zip(point)
            .map(|(axis, value)| format!("{} = {value}", axis.path))
            .collect();
        for problem in error.0 {
            let key = problem.place.key.as_deref().unwrap_or_default();
            let about = set.iter().position(|assignment| key == format!("--set {assignment}"));
            let axis = about.filter(|_| problem.place.file.is_none());
            let value = axis.and_then(|axis| {
                self.config.axes[axis].values.as_ref()?.iter().position(|value| *value == point[axis])
            });
            self.note(axis, value, problem, run, &settings);
        }
    }

    fn note(
        &mut self,
        axis: Option<usize>,
        value: Option<usize>,
        problem: Problem,
        run: usize,
        settings: &[String],
    ) {
        let same = |known: &&mut Refusal| {
            let place = known.problem.place == problem.place || axis.is_some();
            known.axis.as_ref().map(|(axis, _)| *axis) == axis
                && known.problem.message == problem.message
                && place
        };
        if let Some(known) = self.found.iter_mut().find(same) {
            known.points += 1;
            if let (Some((_, values)), Some(value)) = (&mut known.axis, value)
                && !values.contains(&value)
            {
                values.push(value);
            }
            return;
        }
        if self.found.len() < MOST_REPORTED {
            let settings = axis.map_or_else(|| settings.join(", "), |axis| settings[axis].clone());
            let axis = axis.map(|axis| (axis, Vec::from_iter(value)));
            self.found.push(Refusal { axis, problem, run, settings, points: 1 });
        }
    }

    /// Returns all of them; those about an axis name its key in the sweep file.
    pub fn problems(self) -> Vec<Problem> {
        let config = self.config;
        self.found.into_iter().map(|refusal| refusal.problem(config)).collect()
    }
}

impl Refusal {
    fn problem(self, config: &SweepConfig) -> Problem {
        let Refusal { axis, mut problem, run, settings, points } = self;
        let others = if points > 1 { format!(" and at {} other points", points - 1) } else { String::new() };
        problem.message = match &axis {
            Some(_) => format!("{settings}: {} (from run {run} on{others})", problem.message),
            None => format!("{} (with {settings}: from run {run} on{others})", problem.message),
        };
        if let Some((axis, values)) = axis {
            let known = config.axes[axis].values.as_ref().map_or(0, Vec::len);
            problem.place = Place::key(&match values[..] {
                // Every value is refused with the same message, so the path is the cause.
                [value] if known > 1 => format!("axes.{axis}.values.{value}"),
                _ => format!("axes.{axis}.path"),
            });
        }
        problem
    }
}
