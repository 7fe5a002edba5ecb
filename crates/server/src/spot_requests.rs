//! Spot requests by their ids: each stands for an instance, or waits for one.

use plimsoll_base::units::{AccountId, InstanceId};
use plimsoll_sim::cloud::session::view::InstanceView;
use plimsoll_sim::cloud::session::{SpotRequest, SpotRequestNumber};

use crate::api_error::ApiError;
use crate::handles::wrong_id;
use crate::ids::IdKind;
use crate::labels::{LaunchLabels, LaunchRecord, SpotLabels};
use crate::model::{Caller, CloudModel, WAITED};

/// Request for a spot instance, as clients see it.
pub struct ShownRequest<'a> {
    /// Number by which its id is made.
    pub number: u64,
    /// Account.
    pub account: AccountId,
    /// Labels of its launch.
    pub labels: &'a LaunchLabels,
    /// Labels about the market.
    pub spot: &'a SpotLabels,
    /// Instance, or what is asked for.
    pub fulfilment: Fulfilment<'a>,
}

/// Instance of a request, or what a request without one asks for.
pub enum Fulfilment<'a> {
    /// Instance, and the launch that it came of.
    Instance(InstanceView<'a>, &'a LaunchRecord),
    /// Request without an instance, by its number.
    Waiting(SpotRequestNumber, &'a SpotRequest),
}

/// Returns the request of a number, if it is one of the caller.
pub fn request_of<'a>(model: &'a CloudModel<'_>, caller: Caller, number: u64) -> Option<ShownRequest<'a>> {
    let waited = (number & WAITED != 0).then_some(SpotRequestNumber(number & !WAITED));
    let instance = match waited {
        Some(waited) => model.labels.fulfilled_by(waited),
        None => Some(InstanceId(number)),
    };
    let (account, labels, fulfilment) = match (instance, waited) {
        (Some(id), _) => {
            let launch = model.labels.launch_of(id)?;
            if launch.request.map(|request| request.number) != waited {
                return None;
            }
            let view = model.session.instance(id)?;
            (view.account, &*launch.labels, Fulfilment::Instance(view, launch))
        }
        (None, waited) => {
            let waited = waited?;
            let request = model.session.spot_request(waited)?;
            (request.account, model.labels.of_request(waited)?, Fulfilment::Waiting(waited, request))
        }
    };
    let spot = labels.spot.as_ref().filter(|_| account == caller.account)?;
    Some(ShownRequest { number, account, labels, spot, fulfilment })
}

/// Returns the request of an id.
pub fn named<'a>(model: &'a CloudModel<'_>, caller: Caller, id: &str) -> Result<ShownRequest<'a>, ApiError> {
    let number = model.ids.read(IdKind::SpotRequest, id);
    let found = number.and_then(|number| request_of(model, caller, number));
    found.ok_or_else(|| wrong_id(IdKind::SpotRequest, id))
}
