//! The modelled cloud as a server holds it: the session, its ids and labels, and the calls that wait for their answers.

use std::collections::BTreeMap;

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::input::InputError;
use plimsoll_base::table::clock::unix_time;
use plimsoll_base::units::{AccountId, Calendar, InstanceId, SubnetId, Time, TypeId, ZoneId};
use plimsoll_model::workload::call::Action;
use plimsoll_sim::cloud::observe::Observer;
use plimsoll_sim::cloud::session::{CallNumber, Effects, Session, SpotRequestNumber};
use plimsoll_sim::scenario::Scenario;

use crate::api_error::ApiError;
use crate::ids::{IdKind, ResourceIds};
use crate::key_pairs::KeyPairs;
use crate::labels::Labels;
use crate::tokens::ActionTokens;

/// Bit of the numbers by which ids of spot requests are made: set for those that have waited, which are numbered by themselves; the
/// others have the number of their instance.
pub const WAITED: u64 = 1 << 63;

/// Returns the number by which the id of a spot request that has waited is made.
pub fn waiting_request(number: SpotRequestNumber) -> u64 {
    WAITED | number.0
}

/// Outcome of a call as the cloud answers it.
pub type CallOutcome = Result<Effects, FailureReason>;

/// Outcomes of the calls of a request, in the order in which it makes them.
pub type CallOutcomes = Vec<CallOutcome>;

/// Change of labels.
pub type Relabel<T> = Box<dyn FnOnce(&mut CloudModel<'_>) -> Result<T, ApiError>>;

/// End of an action whose calls have been answered.
pub type Finish<T> = Box<dyn FnOnce(&mut CloudModel<'_>, CallOutcomes) -> Result<T, ApiError>>;

/// Next step of an action that has been read.
pub enum ActionStep<T> {
    /// Answer from what there is.
    Done(T),
    /// Change of labels, of which the cloud knows nothing.
    Label(Relabel<T>),
    /// Calls of the cloud, and what their answers become.
    Calls(Vec<Action>, Finish<T>),
}

impl<T> ActionStep<T> {
    /// Returns the step that makes one call, and what its answer becomes.
    pub fn call(
        action: impl Into<Action>,
        finish: impl FnOnce(&mut CloudModel<'_>, CallOutcome) -> Result<T, ApiError> + 'static,
    ) -> ActionStep<T> {
        let only = |mut outcomes: CallOutcomes| outcomes.pop().expect("it makes a call");
        ActionStep::Calls(vec![action.into()], Box::new(move |model, outcomes| finish(model, only(outcomes))))
    }
}

/// Client that makes a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Account.
    pub account: AccountId,
}

/// Modelled cloud with what a server keeps beside it.
pub struct CloudModel<'a> {
    /// Scenario.
    pub scenario: &'a Scenario,
    /// Run.
    pub session: Session,
    /// Ids of resources.
    pub ids: ResourceIds,
    /// Labels of resources.
    pub labels: Labels,
    /// Key pairs.
    pub key_pairs: KeyPairs,
    /// Client tokens of requests.
    pub tokens: ActionTokens,
    /// Name of the region.
    pub region: String,
    calendar: Calendar,
    observer: &'a mut dyn Observer,
    /// Requests so far.
    requests: u64,
    /// Launches that were called for.
    launches: u64,
}

impl<'a> CloudModel<'a> {
    /// Returns the cloud of a session of a scenario.
    pub fn new(
        scenario: &'a Scenario,
        session: Session,
        observer: &'a mut dyn Observer,
        region: &str,
    ) -> CloudModel<'a> {
        CloudModel {
            scenario,
            session,
            ids: ResourceIds::new(scenario.seed),
            labels: Labels::default(),
            key_pairs: KeyPairs::default(),
            tokens: ActionTokens::default(),
            region: region.to_string(),
            calendar: scenario.billing_calendar(),
            observer,
            requests: 0,
            launches: 0,
        }
    }

    /// Returns the id of a new request.
    pub fn next_request_id(&mut self) -> String {
        self.requests += 1;
        self.ids.show(IdKind::Request, self.requests)
    }

    /// Returns the number of a new launch.
    pub fn next_launch(&mut self) -> u64 {
        self.launches += 1;
        self.launches
    }

    /// Returns the simulated time.
    pub fn now(&self) -> Time {
        self.session.now()
    }

    /// Lets time pass.
    ///
    /// # Errors
    ///
    /// The trace of the scenario is wrong.
    pub fn advance(&mut self, to: Time) -> Result<(), InputError> {
        self.session.advance(to, self.observer)
    }

    /// Makes a call.
    ///
    /// # Errors
    ///
    /// The trace of the scenario is wrong.
    pub fn submit(&mut self, account: AccountId, action: Action) -> Result<CallNumber, InputError> {
        self.session.submit(account, action, self.observer)
    }

    /// Does something with the session that its observer is told of.
    pub fn with_observer<T>(&mut self, act: impl FnOnce(&mut Session, &mut dyn Observer) -> T) -> T {
        act(&mut self.session, self.observer)
    }

    /// Takes the outcomes of the calls that were answered since they were last taken.
    pub fn take_outcomes(&mut self) -> BTreeMap<CallNumber, CallOutcome> {
        self.session.take_answers().into_iter().map(|answer| (answer.call, answer.outcome)).collect()
    }

    /// Ends the run.
    pub fn close(self) -> plimsoll_sim::cloud::outcome::Outcome {
        self.session.close(self.observer)
    }

    /// Returns the client that uses an access key.
    pub fn caller(&mut self, access_key: &str) -> Caller {
        Caller { account: self.session.directory_mut().account(access_key) }
    }

    /// Returns the 12 digits of an account.
    pub fn owner_id(&self, account: AccountId) -> String {
        self.ids.show(IdKind::Account, u64::from(account.0))
    }

    /// Returns a time as EC2 writes it: `2026-01-31T08:00:00.000Z`.
    pub fn date_time(&self, time: Time) -> String {
        let milliseconds = Time(time.0 / 1_000_000 * 1_000_000);
        let shown = Calendar::starting_at(0).expect("1970 is a date");
        let since_1970 = self.calendar.microseconds_since_1970(milliseconds);
        let text = shown.date_time(Time(u64::try_from(since_1970).unwrap_or(0) * 1000));
        let (whole, fraction) =
            text.trim_end_matches('Z').split_once('.').unwrap_or((text.trim_end_matches('Z'), ""));
        format!("{whole}.{fraction:0<3}Z")
    }

    /// Returns the time of the run of a date and time as EC2 reads it; `None` of another text, or before the start of the run.
    pub fn time_of(&self, date: &str) -> Option<Time> {
        let since_1970 = unix_time(date)?.0 / 1000;
        let start = self.calendar.microseconds_since_1970(Time::ZERO);
        let since_start = u64::try_from(i64::try_from(since_1970).ok()? - start).ok()?;
        since_start.checked_mul(1000).map(Time)
    }

    /// Returns the id of an instance.
    pub fn instance_id(&self, id: InstanceId) -> String {
        self.ids.show(IdKind::Instance, id.0)
    }

    /// Returns the id of the spot request of an instance.
    pub fn spot_request_id(&self, id: InstanceId) -> String {
        let waited = self.labels.launch_of(id).and_then(|launch| launch.request);
        self.ids.show(IdKind::SpotRequest, waited.map_or(id.0, |request| waiting_request(request.number)))
    }

    /// Returns the error of a call about instances; where one does not exist for the account, it names which.
    pub fn instance_error(&self, reason: FailureReason, texts: &[String], account: AccountId) -> ApiError {
        if reason.failure != Failure::InvalidInstanceIdNotFound {
            return ApiError::from(reason);
        }
        let is_known = |text: &&String| {
            let id = self.ids.read(IdKind::Instance, text).map(InstanceId);
            id.and_then(|id| self.session.instance(id)).is_some_and(|found| found.account == account)
        };
        let unknown: Vec<&str> = texts.iter().filter(|text| !is_known(text)).map(String::as_str).collect();
        ApiError::no_instances(&unknown)
    }

    /// Returns the type of a name.
    pub fn instance_type(&mut self, name: &str) -> Result<TypeId, ApiError> {
        let types = &mut self.session.directory_mut().types;
        types.named(name).ok_or_else(|| {
            let near = types.suggest(name).map(|near| format!(" {near}")).unwrap_or_default();
            let message = format!("Invalid value '{name}' for InstanceType.{near}");
            ApiError::client("InvalidParameterValue", message)
        })
    }

    /// Returns the name of a type.
    pub fn type_name(&self, kind: TypeId) -> &str {
        &self.session.directory().types.get(kind).name
    }

    /// Returns the zone of a name.
    pub fn zone(&self, name: &str) -> Result<ZoneId, ApiError> {
        let zones = self.session.directory().zones();
        let found = zones.iter().position(|zone| zone == name);
        found.map(|number| ZoneId(number as u16)).ok_or_else(|| {
            ApiError::invalid("AvailabilityZone", name, &format!("one of {}", zones.join(", ")))
        })
    }

    /// Returns the name of a zone.
    pub fn zone_name(&self, zone: ZoneId) -> &str {
        &self.session.directory().zones()[zone.index()]
    }

    /// Returns the subnet of an id, or of a name of the scenario.
    pub fn subnet(&self, text: &str) -> Result<SubnetId, ApiError> {
        let names = self.session.directory().subnets();
        let by_id = self.ids.read(IdKind::Subnet, text).filter(|number| *number < names.len() as u64);
        let found = by_id.or_else(|| Some(names.iter().position(|name| name == text)? as u64));
        found.map(|number| SubnetId(number as u32)).ok_or_else(|| {
            let message = format!("The subnet ID '{text}' does not exist");
            ApiError::client("InvalidSubnetID.NotFound", message)
        })
    }

    /// Returns the id of a subnet.
    pub fn subnet_id(&self, subnet: SubnetId) -> String {
        self.ids.show(IdKind::Subnet, u64::from(subnet.0))
    }

    /// Returns the id of a VPC by its number.
    pub fn vpc_id(&self, number: u32) -> String {
        self.ids.show(IdKind::Vpc, u64::from(number))
    }
}
