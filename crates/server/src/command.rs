//! Commands that connections send to the owner of the simulation, and the replies to them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::exposition;
use crate::rest::{self, RestRequest};
use crate::xml;
use plimsoll_base::units::Duration;

/// Request of a client to the cloud, as the journal keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloudRequest {
    /// Action of EC2's Query protocol: a form with its parameters.
    Action(String),
    /// Request to the REST interface.
    Rest(RestRequest),
    /// Fault that is injected or repaired: a body of JSON.
    Fault(String),
}

/// Command of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Request to the cloud by an account, which is named by its access key id.
    Request(String, CloudRequest),
    /// Question for the simulated time.
    ReadClock,
    /// Advance of a stepped clock.
    Advance(Duration),
    /// Question for the figures of the run so far.
    Summary,
    /// Question for the figures of now.
    Metrics,
    /// Question for the figures of now that the live page shows.
    Live,
    /// Question for the newest instances that have a text.
    Instances(String),
    /// Checkpoint of the run as it is now.
    Fork,
}

/// Reply to a command, as HTTP carries it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpReply {
    /// Status.
    pub status: u16,
    /// Type of the body.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
}

const XML: &str = "text/xml;charset=UTF-8";
const JSON: &str = "application/json";

impl HttpReply {
    /// Returns the reply to an action of EC2's Query protocol.
    pub fn to_action(action: &str, request_id: &str, outcome: Result<Vec<u8>, ApiError>) -> HttpReply {
        match outcome {
            Ok(body) => {
                HttpReply { status: 200, content_type: XML, body: xml::response(action, request_id, &body) }
            }
            Err(error) => {
                HttpReply { status: error.status, content_type: XML, body: xml::error(&error, request_id) }
            }
        }
    }

    /// Returns the reply to a request of the REST interface.
    pub fn to_rest(outcome: Result<Value, ApiError>) -> HttpReply {
        match outcome {
            Ok(body) => HttpReply::json(200, &body),
            Err(error) => {
                let (code, status) = rest::error_of(&error);
                HttpReply::problem(status, code, &error.message)
            }
        }
    }

    /// Returns the reply to a request about the run itself.
    pub fn to_control(outcome: Result<Value, ApiError>) -> HttpReply {
        match outcome {
            Ok(body) => HttpReply::json(200, &body),
            Err(error) => HttpReply::problem(error.status, error.code, &error.message),
        }
    }

    /// Returns figures for Prometheus.
    pub fn metrics(text: String) -> HttpReply {
        HttpReply { status: 200, content_type: exposition::CONTENT_TYPE, body: text.into_bytes() }
    }

    /// Returns a reply in JSON.
    pub fn json(status: u16, value: &impl Serialize) -> HttpReply {
        let mut body = serde_json::to_vec(value).expect("it is plain data");
        body.push(b'\n');
        HttpReply { status, content_type: JSON, body }
    }

    /// Returns a reply in JSON that says what is wrong.
    pub fn problem(status: u16, code: &str, message: &str) -> HttpReply {
        HttpReply::json(status, &json!({ "error": { "code": code, "message": message } }))
    }
}
