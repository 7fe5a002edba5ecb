//! Callables: rules outside the program, which the strategy `callable` asks what hosts cost. They are handed over with a
//! scenario; the model knows a name, amounts and values.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::expression::Amount;
use plimsoll_base::input::InputError;

/// Rules outside the program.
pub trait Callables: Send + Sync {
    /// Returns their names; the number of a rule is its position.
    fn names(&self) -> &[String];
    /// Returns the values of a host for a request under a rule: the first decides, then the next; the least is best. Infinity in one of
    /// them: the host is no candidate. None is NaN, and a rule gives the same number of them each time, the same for the same amounts.
    ///
    /// `amounts` are those of the names ([`NAMES`](super::expression_names::NAMES)) that the rule looks at, in their order.
    ///
    /// # Errors
    ///
    /// The rule has no answer. It is not asked again, and the run ends with this error.
    fn values(&self, rule: usize, amounts: &[Amount]) -> Result<Box<[f64]>, InputError>;
}

/// Door to callables. All copies ask the same ones, and know what was answered before.
#[derive(Clone)]
pub struct CallableDoor(Arc<Door>);

/// Values by the number of the rule and the amounts.
type Answers = HashMap<(usize, Box<[Amount]>), Box<[f64]>>;

struct Door {
    callables: Box<dyn Callables>,
    answers: Mutex<Answers>,
    /// The first error: no answer is known from then on.
    failure: OnceLock<InputError>,
}

/// Answers that are kept: those of more are asked for again. Of 30 names each, 60 MiB.
const ANSWERS_KEPT: usize = 1 << 17;

impl CallableDoor {
    /// Returns the door to some callables.
    pub fn new(callables: impl Callables + 'static) -> CallableDoor {
        let callables = Box::new(callables);
        CallableDoor(Arc::new(Door { callables, answers: Mutex::default(), failure: OnceLock::new() }))
    }

    /// Returns the names of the rules.
    pub fn names(&self) -> &[String] {
        self.0.callables.names()
    }

    /// Returns the values of a host for a request; `None` once a rule had no answer.
    pub fn values(&self, rule: usize, amounts: Box<[Amount]>) -> Option<Box<[f64]>> {
        let Door { callables, answers, failure } = &*self.0;
        if failure.get().is_some() {
            return None;
        }
        // Answers are put in whole, so they stay good after a panic of another thread.
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (rule, amounts);
        if let Some(values) = answers.get(&key) {
            return Some(values.clone());
        }
        match callables.values(rule, &key.1) {
            Ok(values) => {
                assert!(!values.iter().any(|value| value.is_nan()), "a rule gave NaN");
                if answers.len() >= ANSWERS_KEPT {
                    answers.clear();
                }
                answers.insert(key, values.clone());
                Some(values)
            }
            Err(error) => {
                failure.get_or_init(|| error);
                None
            }
        }
    }

    /// Returns the error of the first rule that had no answer.
    pub fn failure(&self) -> Option<&InputError> {
        self.0.failure.get()
    }
}

/// Doors are equal if they lead to the same callables.
impl PartialEq for CallableDoor {
    fn eq(&self, other: &CallableDoor) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for CallableDoor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("CallableDoor").field(&self.names()).finish()
    }
}
