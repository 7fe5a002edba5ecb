//! The owner of the simulation: takes commands one after the other, and replies when the cloud has answered.

use std::collections::BTreeMap;
use std::time::Duration as WallDuration;

use plimsoll_base::input::InputError;
use plimsoll_base::units::{Duration, Time};
use plimsoll_model::workload::call::Action;
use plimsoll_sim::cloud::outcome::Outcome;
use plimsoll_sim::cloud::session::CallNumber;
use serde_json::{Value, json};

use crate::actions::{self, ActionEntry};
use crate::api_error::ApiError;
use crate::clock::{ClockMode, RunningClock};
use crate::command::{CloudRequest, Command, HttpReply};
use crate::exposition;
use crate::faults;
use crate::journal::{JournalEntry, RequestJournal};
use crate::live;
use crate::model::{ActionStep, CallOutcome, CallOutcomes, Caller, CloudModel};
use crate::query::Params;
use crate::rest::{self, RestRequest};
use crate::tokens::TokenUse;

/// Function that makes figures of an outcome.
pub type Summarise<'a> = &'a dyn Fn(&Outcome) -> Value;

/// Step in which a stepped clock goes to the answer of a call, where it may.
const STEP: Duration = Duration(10_000_000);

/// Time that a client waits for an answer before it gives the request up (`Config`, "read_timeout" of botocore 1.44.8).
const PATIENCE: Duration = Duration::from_seconds(60);

/// Longest advance of a clock by one request.
const LONGEST_ADVANCE: Duration = Duration::from_seconds(366 * 86_400);

/// Owner of the simulation. `R` is the way back to a client that waits for a reply.
pub struct SimulationOwner<'a, R> {
    model: CloudModel<'a>,
    clock: RunningClock,
    /// Time by which a stepped clock jumps at each request of a waiter.
    auto_advance: Option<Duration>,
    summarise: Summarise<'a>,
    journal: Option<RequestJournal>,
    can_fork: bool,
    /// Requests by the number of their first call.
    waiting: BTreeMap<CallNumber, Waiting<R>>,
    /// Number of the first call of the request that a call is a part of.
    first_calls: BTreeMap<CallNumber, CallNumber>,
    /// Replies that leave when their requests are in the journal.
    ready: Vec<(R, HttpReply)>,
}

/// End of a request whose calls have been answered.
type FinishRequest = Box<dyn FnOnce(&mut CloudModel<'_>, CallOutcomes) -> HttpReply>;

/// Request that waits for the answers to its calls.
struct Waiting<R> {
    /// Calls that are not answered yet.
    left: usize,
    outcomes: BTreeMap<CallNumber, CallOutcome>,
    finish: FinishRequest,
    /// Way back to the client; `None` where the request is repeated from the journal.
    reply_to: Option<R>,
}

/// Request that has been begun.
enum Begun {
    /// Its reply.
    Replied(HttpReply),
    /// Its calls, and what their answers become.
    Calls(Vec<Action>, FinishRequest),
}

impl<'a, R> SimulationOwner<'a, R> {
    /// Returns the owner of a cloud, whose clock starts now.
    pub fn new(
        model: CloudModel<'a>,
        mode: ClockMode,
        auto_advance: Option<Duration>,
        summarise: Summarise<'a>,
    ) -> SimulationOwner<'a, R> {
        let clock = RunningClock::start(mode, model.now());
        SimulationOwner {
            model,
            clock,
            auto_advance,
            summarise,
            journal: None,
            can_fork: false,
            waiting: BTreeMap::new(),
            first_calls: BTreeMap::new(),
            ready: Vec::new(),
        }
    }

    /// Repeats what a journal holds. Its replies reach no client.
    ///
    /// # Errors
    ///
    /// The trace of the scenario is wrong, so that the run cannot go on.
    pub fn repeat(&mut self, entries: Vec<JournalEntry>) -> Result<(), InputError> {
        for entry in entries {
            self.advance(entry.at())?;
            if let Some((account, request)) = entry.into_request() {
                self.request(&account, &request, None)?;
            }
        }
        self.clock = RunningClock::start(self.clock.mode(), self.model.now());
        Ok(())
    }

    /// Keeps a journal from now on.
    pub fn keep_journal(&mut self, journal: RequestJournal) {
        self.journal = Some(journal);
    }

    /// Lets clients ask for checkpoints, which the observer of the run writes.
    pub fn allow_forks(&mut self) {
        self.can_fork = true;
    }

    /// Returns the replies that are ready, once every request so far is in the journal: one wait for the disk serves all of them.
    ///
    /// # Errors
    ///
    /// The disk is full or broken.
    pub fn ready(&mut self) -> Result<Vec<(R, HttpReply)>, InputError> {
        self.journal.as_mut().map_or(Ok(()), RequestJournal::sync)?;
        Ok(std::mem::take(&mut self.ready))
    }

    /// Returns the time until the run can give the next answer; `None` where no request waits.
    pub fn wait_for_answers(&self) -> Option<WallDuration> {
        if self.waiting.is_empty() {
            return None;
        }
        self.clock.wait_for(self.model.session.next_at(), self.model.now())
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

    /// Takes a command. Its reply is ready at once, or when a later call of this or of [`SimulationOwner::tick`] finds the answer.
    ///
    /// # Errors
    ///
    /// The trace of the scenario is wrong, so that the run cannot go on.
    pub fn take(&mut self, command: Command, reply_to: R) -> Result<(), InputError> {
        let reply = match command {
            Command::Request(account, request) => {
                self.advance_for_waiter(&request)?;
                let entry = JournalEntry::new(self.model.now(), Some((account, request)));
                self.note(&entry);
                let (account, request) = entry.into_request().expect("it is that of a request");
                let number = self.request(&account, &request, Some(reply_to))?;
                return number.map_or(Ok(()), |number| self.go_to_answer(number));
            }
            Command::ReadClock => self.clock_reply(),
            Command::Advance(by) => self.advance_clock(by)?,
            Command::Summary => self.summary(),
            Command::Metrics => HttpReply::metrics(exposition::exposition(&self.model)),
            Command::Live => HttpReply::json(200, &live::live(&self.model, self.clock.mode(), self.can_fork)),
            Command::Instances(wanted) => HttpReply::json(200, &live::instances(&self.model, &wanted)),
            Command::Fork => self.fork(),
        };
        self.ready.push((reply_to, reply));
        Ok(())
    }

    /// Ends the run. Requests that wait for an answer get none.
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub fn close(mut self) -> Result<Outcome, InputError> {
        self.note(&JournalEntry::new(self.model.now(), None));
        self.ready()?;
        Ok(self.model.close())
    }

    fn note(&mut self, entry: &JournalEntry) {
        if let Some(journal) = &mut self.journal {
            journal.note(entry);
        }
    }

    /// Lets time pass. A time at which answers are given is in the journal, so that they are given then when it is repeated.
    fn advance(&mut self, to: Time) -> Result<(), InputError> {
        self.model.advance(to)?;
        if self.answer() {
            self.note(&JournalEntry::new(self.model.now(), None));
        }
        Ok(())
    }

    fn advance_clock(&mut self, by: Duration) -> Result<HttpReply, InputError> {
        if self.clock.mode() != ClockMode::Stepped {
            let message = "The clock runs by itself; only a stepped one is advanced";
            return Ok(HttpReply::problem(409, "ClockRuns", message));
        }
        if by > LONGEST_ADVANCE {
            let message = format!("found {by}, expected at most {LONGEST_ADVANCE} at once");
            return Ok(HttpReply::problem(400, "InvalidParameterValue", &message));
        }
        self.advance(self.model.now().after(by))?;
        self.note(&JournalEntry::new(self.model.now(), None));
        Ok(self.clock_reply())
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
            Err(error) => HttpReply::problem(500, "InternalError", &error.to_string()),
        }
    }

    /// Writes a checkpoint of the run as it is now, from which others go on.
    fn fork(&mut self) -> HttpReply {
        if !self.can_fork {
            let message = "Nothing is recorded for checkpoints: start the server with --checkpoint-dir";
            return HttpReply::problem(409, "NoCheckpoints", message);
        }
        let now = self.model.now();
        match self.model.with_observer(|session, observer| session.checkpoint(observer)) {
            Ok(Some(file)) => {
                // The command line takes a folder only whose name is text.
                let file = file.to_string_lossy();
                HttpReply::json(200, &json!({ "checkpoint": file, "now_s": now.as_seconds() }))
            }
            Ok(None) => {
                let message = "The run is no longer recorded: a file of its result could not be written";
                HttpReply::problem(500, "InternalError", message)
            }
            Err(error) => HttpReply::problem(500, "InternalError", &error.to_string()),
        }
    }

    /// Lets a stepped clock jump at the request of a waiter, where it may.
    fn advance_for_waiter(&mut self, request: &CloudRequest) -> Result<(), InputError> {
        let Some(by) = self.auto_advance.filter(|_| self.clock.mode() == ClockMode::Stepped) else {
            return Ok(());
        };
        let is_polled = match request {
            CloudRequest::Action(form) => {
                let params = Params::parse(form.as_bytes());
                params.and_then(|params| actions::find(&params)).is_ok_and(ActionEntry::is_polled)
            }
            CloudRequest::Rest(RestRequest { method, .. }) => method == "GET",
            CloudRequest::Fault(_) => false,
        };
        if is_polled { self.advance(self.model.now().after(by)) } else { Ok(()) }
    }

    /// Carries out a request. Returns the number of its first call, if it makes any.
    fn request(
        &mut self,
        account: &str,
        request: &CloudRequest,
        reply_to: Option<R>,
    ) -> Result<Option<CallNumber>, InputError> {
        actions::follow(&mut self.model);
        let caller = self.model.caller(account);
        let begun = match request {
            CloudRequest::Action(form) => begin_action(&mut self.model, caller, form),
            CloudRequest::Rest(request) => begin_rest(&mut self.model, caller, request),
            CloudRequest::Fault(body) => {
                let done = faults::inject(&mut self.model, body)?;
                self.answer();
                Begun::Replied(HttpReply::to_control(done))
            }
        };
        match begun {
            Begun::Replied(reply) => {
                self.ready.extend(reply_to.map(|reply_to| (reply_to, reply)));
                Ok(None)
            }
            Begun::Calls(actions, finish) => {
                let (left, outcomes) = (actions.len(), BTreeMap::new());
                let waiting = Waiting { left, outcomes, finish, reply_to };
                self.call(caller, actions, waiting).map(Some)
            }
        }
    }

    /// Makes the calls of a request, and returns the number of the first.
    fn call(
        &mut self,
        caller: Caller,
        actions: Vec<Action>,
        waiting: Waiting<R>,
    ) -> Result<CallNumber, InputError> {
        let mut first = None;
        for action in actions {
            let number = self.model.submit(caller.account, action)?;
            self.first_calls.insert(number, *first.get_or_insert(number));
        }
        let first = first.expect("a request makes a call at least");
        self.waiting.insert(first, waiting);
        self.answer();
        Ok(first)
    }

    /// Lets a stepped clock that advances by itself go to the answer of a request: at most as far as it jumps at once, or as a client
    /// of the modelled cloud waits if that is longer.
    fn go_to_answer(&mut self, number: CallNumber) -> Result<(), InputError> {
        let Some(most) = self.auto_advance.filter(|_| self.clock.mode() == ClockMode::Stepped) else {
            return Ok(());
        };
        let last = self.model.now().after(most.max(PATIENCE));
        while self.waiting.contains_key(&number) && self.model.now() < last {
            self.advance(self.model.now().after(STEP).min(last))?;
        }
        Ok(())
    }

    /// Replies to the requests whose calls have all been answered. Returns whether any call was.
    fn answer(&mut self) -> bool {
        let outcomes = self.model.take_outcomes();
        let has_answers = !outcomes.is_empty();
        for (number, outcome) in outcomes {
            let first = self.first_calls.remove(&number).expect("every call is a request's");
            let waiting = self.waiting.get_mut(&first).expect("it waits for this call");
            waiting.outcomes.insert(number, outcome);
            waiting.left -= 1;
            if waiting.left == 0 {
                let Waiting { outcomes, finish, reply_to, .. } =
                    self.waiting.remove(&first).expect("it was found");
                // What has happened until this answer is known before labels are noted or dropped.
                actions::follow(&mut self.model);
                let reply = finish(&mut self.model, outcomes.into_values().collect());
                self.ready.extend(reply_to.map(|reply_to| (reply_to, reply)));
            }
        }
        has_answers
    }
}

/// Begins an action of EC2's Query protocol.
fn begin_action(model: &mut CloudModel<'_>, caller: Caller, form: &str) -> Begun {
    let request_id = model.next_request_id();
    let read = Params::parse(form.as_bytes()).and_then(|params| Ok((actions::find(&params)?, params)));
    let (entry, params) = match read {
        Ok(read) => read,
        Err(error) => return Begun::Replied(HttpReply::to_action("", &request_id, Err(error))),
    };
    let action = entry.name;
    let token = token_of(entry, caller, &params);
    let now = model.now();
    let repeated = token.as_ref().and_then(|token| model.tokens.recall(now, token));
    let step = match repeated {
        Some(answer) => answer.map(ActionStep::Done),
        None => (entry.begin)(model, caller, &params).and_then(|step| dry(step, &params)),
    };
    let done = match step {
        Ok(ActionStep::Calls(calls, finish)) => {
            let finish = move |model: &mut CloudModel<'_>, outcomes: CallOutcomes| {
                let body = finish(model, outcomes);
                if let (Some(token), Ok(body)) = (token, &body) {
                    model.tokens.remember(model.now(), token, body);
                }
                HttpReply::to_action(action, &request_id, body)
            };
            return Begun::Calls(calls, Box::new(finish));
        }
        Ok(ActionStep::Label(change)) => change(model),
        Ok(ActionStep::Done(body)) => Ok(body),
        Err(error) => Err(error),
    };
    Begun::Replied(HttpReply::to_action(action, &request_id, done))
}

/// Begins a request to the REST interface.
fn begin_rest(model: &mut CloudModel<'_>, caller: Caller, request: &RestRequest) -> Begun {
    let done = match rest::begin(model, caller, request) {
        Ok(ActionStep::Calls(calls, finish)) => {
            let finish = |model: &mut CloudModel<'_>, outcomes: CallOutcomes| {
                HttpReply::to_rest(finish(model, outcomes))
            };
            return Begun::Calls(calls, Box::new(finish));
        }
        Ok(ActionStep::Label(change)) => change(model),
        Ok(ActionStep::Done(body)) => Ok(body),
        Err(error) => Err(error),
    };
    Begun::Replied(HttpReply::to_rest(done))
}

/// Parameter that holds a client token.
const TOKEN: &str = "ClientToken";

/// Returns the client token of an action, if it has one that the model does not know.
fn token_of(entry: &ActionEntry, caller: Caller, params: &Params) -> Option<TokenUse> {
    let is_kept = entry.honoured.contains(&TOKEN) && entry.name != "RunInstances";
    let token = params.get(TOKEN).filter(|token| is_kept && !token.is_empty())?;
    Some(TokenUse::new(caller.account, entry.name, token, format!("{params:?}")))
}

/// Returns the step of a request, unless that is only a rehearsal (EC2 API reference, "Error codes": `DryRunOperation`).
fn dry(step: ActionStep<Vec<u8>>, params: &Params) -> Result<ActionStep<Vec<u8>>, ApiError> {
    if params.flag("DryRun")? != Some(true) {
        return Ok(step);
    }
    let message = "Request would have succeeded, but DryRun flag is set.";
    Err(ApiError { status: 412, ..ApiError::client("DryRunOperation", message) })
}
