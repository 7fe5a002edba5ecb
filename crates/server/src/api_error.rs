//! Errors as clients see them: a code, an HTTP status and a sentence.

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::figures::{customary, readable};

/// Error that a client is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError {
    /// Code, EC2's.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Message for people.
    pub message: String,
    /// Failure of the model that it tells of; `None` for a request that never reached it.
    pub failure: Option<Failure>,
}

impl ApiError {
    /// Returns the error of a request that is wrong in itself.
    pub fn client(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { code, status: 400, message: message.into(), failure: None }
    }

    /// Returns the error of a parameter that is missing.
    pub fn missing(parameter: &str) -> ApiError {
        let message = format!("The request must contain the parameter {parameter}");
        ApiError::client("MissingParameter", message)
    }

    /// Returns the error of a parameter that has an impossible value.
    pub fn invalid(parameter: &str, value: &str, expected: &str) -> ApiError {
        let message = format!("Value ({value}) for parameter {parameter} is invalid. Expected {expected}.");
        ApiError::client("InvalidParameterValue", message)
    }

    /// Returns the error of a resource that was gone before the answer could show it.
    pub fn gone(what: &str) -> ApiError {
        let message = format!("The {what} was gone before the answer");
        ApiError { status: 500, ..ApiError::client("InternalError", message) }
    }

    /// Returns the error of ids of which there are no instances.
    pub fn no_instances(ids: &[&str]) -> ApiError {
        let unknown = Failure::InvalidInstanceIdNotFound;
        let ids = ids.join(", ");
        if !ids.contains(',') {
            return ApiError::not_found(unknown, "instance ID", &ids);
        }
        let message = format!("The instance IDs '{ids}' do not exist");
        ApiError { message, ..ApiError::from(FailureReason::from(unknown)) }
    }

    /// Returns the error of an id of which there is no resource, with the code of the model.
    pub fn not_found(failure: Failure, what: &str, id: &str) -> ApiError {
        ApiError {
            message: format!("The {what} '{id}' does not exist"),
            ..ApiError::from(FailureReason::from(failure))
        }
    }
}

impl From<FailureReason> for ApiError {
    fn from(reason: FailureReason) -> ApiError {
        let entry = reason.failure.entry();
        let mut message = entry.meaning.to_string();
        message[..1].make_ascii_uppercase();
        if let Some(limit) = reason.limit {
            let amount = |amount: u64| customary(amount as f64, limit.kind.unit());
            let ((asked, unit), (left, _)) = (amount(limit.asked), amount(limit.left));
            let (asked, left, kind) = (readable(asked), readable(left), limit.kind.meaning());
            message += &format!(": asked {asked} and left {left} [{unit}] of: {kind}");
        }
        ApiError {
            code: entry.ec2_name,
            status: entry.http_status,
            message: message + ".",
            failure: Some(reason.failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_base::failure::LimitKind;

    #[test]
    fn a_failure_keeps_code_and_status_and_tells_the_limit() {
        let reason = Failure::InsufficientInstanceCapacity.because(LimitKind::ZoneVcpu, 2000, 500);
        let error = ApiError::from(reason);
        assert_eq!((error.code, error.status), ("InsufficientInstanceCapacity", 500));
        assert_eq!(
            error.message,
            "No host has room for the instance: asked 2 and left 0.5 [vCPU] of: vCPU free in the zone."
        );
    }
}
