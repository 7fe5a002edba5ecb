//! Parts that the searches have in common: points, judgements of them, and the optimum.

use plimsoll_base::input::InputError;

/// A choice for each variable: the position of its value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DecisionPoint(pub Vec<u64>);

/// Space of the points.
#[derive(Clone, PartialEq, Debug)]
pub struct Space {
    /// Axes, one for each variable.
    pub axes: Vec<VariableAxis>,
}

/// Values of one variable.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum VariableAxis {
    /// Numbers in order.
    Numeric {
        /// Number of values, at least one.
        count: u64,
        /// Cost of one step.
        step_cost: f64,
    },
    /// Values without an order.
    Listed {
        /// Number of values, at least one.
        count: u64,
    },
}

impl VariableAxis {
    /// Returns the number of values.
    pub fn count(&self) -> u64 {
        match self {
            VariableAxis::Numeric { count, .. } | VariableAxis::Listed { count } => *count,
        }
    }

    /// Returns whether the values are numbers in order.
    pub fn is_numeric(&self) -> bool {
        matches!(self, VariableAxis::Numeric { .. })
    }
}

impl Space {
    /// Returns whether every step of every number costs something.
    pub fn is_priced(&self) -> bool {
        self.axes.iter().all(|axis| match axis {
            VariableAxis::Numeric { count, step_cost } => *step_cost > 0.0 || *count == 1,
            VariableAxis::Listed { .. } => true,
        })
    }

    /// Returns the number of points; the greatest that there is stands for what is greater.
    pub fn points(&self) -> u64 {
        self.axes.iter().fold(1, |product: u64, axis| product.saturating_mul(axis.count()))
    }

    /// Returns whether a point has no more of any number than another, and the same listed values.
    pub fn has_no_more(&self, point: &DecisionPoint, other: &DecisionPoint) -> bool {
        let mut pairs = self.axes.iter().zip(point.0.iter().zip(&other.0));
        pairs.all(|(axis, (own, others))| if axis.is_numeric() { own <= others } else { own == others })
    }

    /// Returns the point with the most of every number, and the listed values of another.
    pub fn greatest(&self, point: &DecisionPoint) -> DecisionPoint {
        let most =
            |(axis, own): (&VariableAxis, &u64)| if axis.is_numeric() { axis.count() - 1 } else { *own };
        DecisionPoint(self.axes.iter().zip(&point.0).map(most).collect())
    }

    /// Returns every combination of the listed values, as points with the numbers at the least.
    pub fn listed_combinations(&self) -> Vec<DecisionPoint> {
        let mut combinations = vec![Vec::new()];
        for axis in &self.axes {
            let positions = if axis.is_numeric() { 1 } else { axis.count() };
            let longer = |start: &Vec<u64>| {
                let start = start.clone();
                (0..positions).map(move |position| [start.clone(), vec![position]].concat())
            };
            combinations = combinations.iter().flat_map(longer).collect();
        }
        combinations.into_iter().map(DecisionPoint).collect()
    }
}

/// Judgement of a point.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PointJudgement {
    /// Cost, or regret.
    pub cost: f64,
    /// Distance from the targets, relative to each: 0 where all hold.
    pub shortfall: f64,
}

impl PointJudgement {
    /// Returns whether all targets hold.
    pub fn is_feasible(&self) -> bool {
        self.shortfall == 0.0
    }

    /// Returns whether this is better: what holds before what does not, then the nearer to the targets, then the cheaper.
    pub fn is_better_than(&self, other: &PointJudgement) -> bool {
        (self.shortfall, self.cost) < (other.shortfall, other.cost)
    }
}

/// Reason for which a search ends before it is done.
#[derive(Clone, PartialEq, Debug)]
pub enum SearchStop {
    /// No run is left of the budget.
    BudgetSpent,
    /// The scenario cannot run, or a person ends the search.
    Refused(InputError),
}

impl From<InputError> for SearchStop {
    fn from(error: InputError) -> SearchStop {
        SearchStop::Refused(error)
    }
}

/// Judge of points.
pub trait Judge {
    /// Returns the cost that is known before a run.
    fn known_cost(&self, point: &DecisionPoint) -> f64;
    /// Judges a point, by runs where it was not judged before.
    fn judge(&mut self, point: &DecisionPoint) -> Result<PointJudgement, SearchStop>;
    /// Returns whether all targets still hold at a point with which they did, with more runs where the first show little.
    fn confirm(&mut self, _point: &DecisionPoint) -> Result<bool, SearchStop> {
        Ok(true)
    }
}

/// End of a search.
#[derive(Clone, PartialEq, Debug)]
pub struct Optimum {
    /// Best point that was found with which all targets hold, and what it costs.
    pub best: Option<(DecisionPoint, f64)>,
    /// True if no other point can be better, as long as more of a setting never hurts.
    pub is_proven: bool,
    /// True if the budget ended the search.
    pub spent: bool,
}

impl Optimum {
    /// Returns the end of a search from how it stopped.
    ///
    /// # Errors
    ///
    /// The error that stopped it.
    pub(super) fn ended(
        best: Option<(DecisionPoint, f64)>,
        ended: Result<bool, SearchStop>,
    ) -> Result<Optimum, InputError> {
        match ended {
            Ok(is_proven) => Ok(Optimum { best, is_proven, spent: false }),
            Err(SearchStop::BudgetSpent) => Ok(Optimum { best, is_proven: false, spent: true }),
            Err(SearchStop::Refused(error)) => Err(error),
        }
    }
}
