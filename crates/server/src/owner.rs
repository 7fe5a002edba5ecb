//! The owner of the simulation: takes commands one after the other, and replies when the cloud has answered.

use std::collections::BTreeMap;

use plimsoll_base::input::InputError;
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::workload::call::Action;
use plimsoll_sim::cloud::outcome::Outcome;
use plimsoll_sim::cloud::session::CallNumber;
use serde_json::{Value, json};

use crate::actions;
use crate::api_error::ApiError;
use crate::clock::{ClockMode, RunningClock};
use crate::command::{Command, HttpReply};
use crate::model::{ActionStep, CallOutcome, Caller, CloudModel, Finish};
use crate::query::Params;
use crate::tokens::{ActionTokens, TokenUse};

/// Receiver of a reply.
pub type ReplyTo = Box<dyn FnOnce(HttpReply) + Send>;

/// Function that makes figures of an outcome.
pub type Summarise<'a> = &'a dyn Fn(&Outcome) -> Value;

/// Step in which a stepped clock goes to the answer of a call, where it may.
const STEP: Duration = Duration(10_000_000);

/// SimulationOwner of the simulation.
pub struct SimulationOwner<'a> {
    model: CloudModel<'a>,
    clock: RunningClock,
    /// Time by which a stepped clock jumps at each request of a waiter.
    auto_advance: Option<Duration>,
    summarise: Summarise<'a>,
    /// Requests by the number of their first call.
    waiting: BTreeMap<CallNumber, Waiting>,
    /// Number of the first call of the request that a call is a part of.
    first_calls: BTreeMap<CallNumber, CallNumber>,
    tokens: ActionTokens,
}

/// Request that waits for the answers to its calls.
struct Waiting {
    action: &'static str,
    request_id: String,
    /// Calls that are not answered yet.
    left: usize,
    outcomes: BTreeMap<CallNumber, CallOutcome>,
    /// Token under which its answer is remembered.
    token: Option<TokenUse>,
    finish: Finish<Vec<u8>>,
    reply_to: ReplyTo,
}

impl<'a> SimulationOwner<'a> {
    /// Returns the owner of a cloud, whose clock starts now.
    pub fn new(
        model: CloudModel<'a>,
        mode: ClockMode,
        auto_advance: Option<Duration>,
        summarise: Summarise<'a>,
    ) -> SimulationOwner<'a> {
        let clock = RunningClock::start(mode, model.now());
        SimulationOwner {
            model,
            clock,
            auto_advance,
            summarise,
            waiting: BTreeMap::new(),
            first_calls: BTreeMap::new(),
            tokens: ActionTokens::default(),
        }
    }

    /// Returns whether a request waits for an answer.
    pub fn is_awaited(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Lets the clock come to where it should be, and gives the answers that are there by then.
    ///
    /// # Errors
    ///
    /// The trace of the scenario is wrong, so that the run cannot go on.
    pub fn tick(&mut self) -> Result<(), InputError> {
        let to = self.clock.time(self.model.now());
        self.advance(to)
    }

    /// Takes a command. The reply follows at once, or when a later call of this or of [`SimulationOwner::tick`] finds the answer.
    ///
    /// # Errors
    ///
    /// The trace of the scenario is wrong, so that the run cannot go on.
    pub fn take(&mut self, command: Command, reply_to: ReplyTo) -> Result<(), InputError> {
        match command {
            Command::Action { access_key, form } => self.act(&access_key, &form, reply_to)?,
            Command::ReadClock => reply_to(self.clock_reply()),
            Command::Advance(by) => {
                if self.clock.mode() != ClockMode::Stepped {
                    let message = "The clock runs by itself; only a stepped one is advanced";
                    reply_to(HttpReply::problem(409, "ClockRuns", message));
                    return Ok(());
                }
                self.advance(self.model.now().after(by))?;
                reply_to(self.clock_reply());
            }
            Command::Summary => reply_to(self.summary()),
        }
        Ok(())
    }

    /// Ends the run. Requests that wait for an answer get none.
    pub fn close(self) -> Outcome {
        self.model.close()
    }

    fn advance(&mut self, to: Time) -> Result<(), InputError> {
        self.model.advance(to)?;
        self.answer();
        Ok(())
    }

    fn clock_reply(&self) -> HttpReply {
        let now = self.model.now();
        HttpReply::json(
            200,
            &json!({
                "now_s": now.as_seconds(),
                "time": self.model.date_time(now),
                "clock": self.clock.mode().to_string(),
            }),
        )
    }

    fn summary(&self) -> HttpReply {
        match self.model.session.outcome_now(self.model.scenario) {
            Ok(outcome) => HttpReply::json(200, &(self.summarise)(&outcome)),
            Err(error) => HttpReply::problem(500, "InternalError", &format!("{error:?}")),
        }
    }

    /// Carries out an action.
    fn act(&mut self, access_key: &str, form: &[u8], reply_to: ReplyTo) -> Result<(), InputError> {
        let request_id = self.model.next_request_id();
        let read = Params::parse(form).and_then(|params| Ok((actions::find(&params)?, params)));
        let (entry, params) = match read {
            Ok(read) => read,
            Err(error) => {
                reply_to(HttpReply::to_action("", &request_id, Err(error)));
                return Ok(());
            }
        };
        if entry.is_polled()
            && self.clock.mode() == ClockMode::Stepped
            && let Some(by) = self.auto_advance
        {
            self.advance(self.model.now().after(by))?;
        }
        let caller = self.model.caller(access_key);
        let token = TokenUse::of(entry, caller, &params);
        let repeated = token.as_ref().and_then(|token| self.tokens.recall(self.model.now(), token));
        let step = match repeated {
            Some(answer) => answer.map(ActionStep::Done),
            None => (entry.begin)(&mut self.model, caller, &params).and_then(|step| dry(step, &params)),
        };
        let done = match step {
            Ok(ActionStep::Calls(actions, finish)) => {
                let (action, left) = (entry.name, actions.len());
                let outcomes = BTreeMap::new();
                let waiting = Waiting { action, request_id, left, outcomes, token, finish, reply_to };
                return self.call(caller, actions, waiting);
            }
            Ok(ActionStep::Label(change)) => change(&mut self.model),
            Ok(ActionStep::Done(body)) => Ok(body),
            Err(error) => Err(error),
        };
        reply_to(HttpReply::to_action(entry.name, &request_id, done));
        Ok(())
    }

    /// Makes the calls of a request.
    fn call(&mut self, caller: Caller, actions: Vec<Action>, waiting: Waiting) -> Result<(), InputError> {
        let mut first = None;
        for action in actions {
            let number = self.model.submit(caller.account, action)?;
            self.first_calls.insert(number, *first.get_or_insert(number));
        }
        let first = first.expect("a request makes a call at least");
        self.waiting.insert(first, waiting);
        self.answer();
        self.go_to_answer(first)
    }

    /// Lets a stepped clock that advances by itself go to the answer of a request, at most as far as it jumps at once.
    fn go_to_answer(&mut self, number: CallNumber) -> Result<(), InputError> {
        let Some(most) = self.auto_advance.filter(|_| self.clock.mode() == ClockMode::Stepped) else {
            return Ok(());
        };
        let last = self.model.now().after(most);
        while self.waiting.contains_key(&number) && self.model.now() < last {
            self.advance(self.model.now().after(STEP).min(last))?;
        }
        Ok(())
    }

    /// Replies to the requests whose calls have all been answered.
    fn answer(&mut self) {
        for (number, outcome) in self.model.take_outcomes() {
            let first = self.first_calls.remove(&number).expect("every call is a request's");
            let waiting = self.waiting.get_mut(&first).expect("it waits for this call");
            waiting.outcomes.insert(number, outcome);
            waiting.left -= 1;
            if waiting.left == 0 {
                let waiting = self.waiting.remove(&first).expect("it was found");
                self.finish(waiting);
            }
        }
    }

    fn finish(&mut self, waiting: Waiting) {
        let Waiting { action, request_id, outcomes, token, finish, reply_to, .. } = waiting;
        let body = finish(&mut self.model, outcomes.into_values().collect());
        if let (Some(token), Ok(body)) = (token, &body) {
            self.tokens.remember(self.model.now(), token, body);
        }
        reply_to(HttpReply::to_action(action, &request_id, body));
    }
}

/// Returns the step of a request, unless that is only a rehearsal (EC2 API reference, "Error codes": `DryRunOperation`).
fn dry(step: ActionStep<Vec<u8>>, params: &Params) -> Result<ActionStep<Vec<u8>>, ApiError> {
    if params.flag("DryRun")? != Some(true) {
        return Ok(step);
    }
    let message = "Request would have succeeded, but DryRun flag is set.";
    Err(ApiError { status: 412, ..ApiError::client("DryRunOperation", message) })
}
