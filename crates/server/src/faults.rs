//! Faults that clients inject: hosts, racks, zones and stages of the control plane fail or are repaired.

use plimsoll_base::input::{InputError, Problem};
use plimsoll_base::units::{Decimal, Duration, HostId};
use plimsoll_model::control_plane::config::{OutageKind, StageOutageConfig};
use plimsoll_model::faults::{FaultScope, Selection};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::model::CloudModel;

/// Body of a request: what fails, or what is repaired.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultBody {
    fail: Option<Target>,
    repair: Option<Target>,
    /// Time after which what fails is repaired by itself.
    #[serde(rename = "for")]
    length: Option<Duration>,
}

/// Part of the cloud that a fault is about: a host, a rack of a zone, a zone, or a stage.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Target {
    host: Option<u32>,
    zone: Option<String>,
    rack: Option<u32>,
    stage: Option<String>,
    kind: Option<OutageKind>,
    factor: Option<Decimal>,
}

/// Form of a body, as errors show it.
const FORM: &str = r#"{"fail": {"zone": "a"}, "for": "30m"} or {"repair": {"zone": "a"}}, where {"host": 17}, {"zone": "a", "rack": 0} and {"stage": "primary", "kind": "hang"} stand for other parts"#;

/// Carries out a request, and returns what it was about.
///
/// # Errors
///
/// The trace of the scenario is wrong. The inner error is that of a request that is wrong.
pub fn inject(model: &mut CloudModel<'_>, body: &str) -> Result<Result<Value, ApiError>, InputError> {
    let change = match read(body) {
        Ok(change) => change,
        Err(error) => return Ok(Err(error)),
    };
    match &change.target.stage {
        Some(stage) => of_stage(model, &change, stage),
        None => of_hosts(model, &change),
    }
}

/// Change that a request asks for.
struct Change {
    target: Target,
    /// True where it fails.
    fails: bool,
    length: Option<Duration>,
}

fn wrong(message: impl std::fmt::Display) -> ApiError {
    ApiError::client("InvalidParameterValue", format!("{message}; expected {FORM}"))
}

fn read(body: &str) -> Result<Change, ApiError> {
    let FaultBody { fail, repair, length } = serde_json::from_str(body).map_err(wrong)?;
    let (target, fails) = match (fail, repair) {
        (Some(target), None) => (target, true),
        (None, Some(target)) => (target, false),
        _ => return Err(wrong("found both or neither of `fail` and `repair`")),
    };
    if length == Some(Duration::ZERO) || (length.is_some() && !fails) {
        return Err(wrong("`for` is the time that a failure lasts, above 0"));
    }
    if (target.stage.is_none() || !fails) && (target.kind.is_some() || target.factor.is_some()) {
        return Err(wrong("`kind` and `factor` say how a stage fails"));
    }
    let Target { host, zone, rack, stage, .. } = &target;
    let is_one = match (host, zone, stage) {
        (Some(_), None, None) | (None, None, Some(_)) => rack.is_none(),
        (None, Some(_), None) => true,
        _ => false,
    };
    if is_one {
        Ok(Change { target, fails, length })
    } else {
        Err(wrong("found no single part of the cloud"))
    }
}

fn of_hosts(model: &mut CloudModel<'_>, change: &Change) -> Result<Result<Value, ApiError>, InputError> {
    let hosts = match selected(model, &change.target) {
        Ok(hosts) => hosts,
        Err(error) => return Ok(Err(error)),
    };
    let config = &model.scenario.faults.hosts;
    model.with_observer(|session, observer| match change.fails {
        true => session.fail_hosts(config, &hosts, change.length, observer),
        false => session.repair_hosts(&hosts, observer),
    })?;
    Ok(Ok(json!({ "hosts": hosts.len(), "now_s": model.now().as_seconds() })))
}

fn selected(model: &CloudModel<'_>, target: &Target) -> Result<Selection, ApiError> {
    let scope = match (target.host, &target.zone, target.rack) {
        (Some(host), ..) => FaultScope::Host(HostId(host)),
        (None, Some(zone), Some(rack)) => FaultScope::Rack(model.zone(zone)?, rack),
        (None, zone, _) => FaultScope::Zone(model.zone(zone.as_deref().unwrap_or_default())?),
    };
    let hosts = scope.hosts(model.session.fleet());
    if hosts.is_empty() {
        return Err(wrong("there is no such host or rack"));
    }
    Ok(hosts)
}

/// Returns the outage of a stage; its start and length do not matter.
fn outage_of(stage: &str, kind: OutageKind) -> StageOutageConfig {
    let (start, length) = (Duration::ZERO, Duration::ZERO);
    StageOutageConfig { stage: stage.to_string(), start, length, kind, factor: None }
}

/// Returns whether there is a stage of this name that can fail.
pub fn can_fail(model: &CloudModel<'_>, stage: &str) -> bool {
    model.scenario.control_plane.check_injected(&outage_of(stage, OutageKind::Refuse)).is_empty()
}

fn of_stage(
    model: &mut CloudModel<'_>,
    change: &Change,
    stage: &str,
) -> Result<Result<Value, ApiError>, InputError> {
    let done = json!({ "stage": stage, "now_s": model.now().as_seconds() });
    if !change.fails {
        let is_known = model.with_observer(|session, observer| session.repair_stage(stage, observer))?;
        return Ok(if is_known { Ok(done) } else { Err(wrong(format!("there is no stage `{stage}`"))) });
    }
    let kind = change.target.kind.unwrap_or(OutageKind::Refuse);
    let outage = StageOutageConfig { factor: change.target.factor.clone(), ..outage_of(stage, kind) };
    let problems = model.scenario.control_plane.check_injected(&outage);
    if let Some(Problem { place, message, help }) = problems.into_iter().next() {
        let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
        return Ok(Err(wrong(format!("{place}: {message}{help}"))));
    }
    model.with_observer(|session, observer| session.fail_stage(&outage, change.length, observer))?;
    Ok(Ok(done))
}
