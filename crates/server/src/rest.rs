//! REST under `/api/v1`: instances, volumes and security groups as JSON.
//!
//! The register has every endpoint; the OpenAPI document is made of it and of the types of the bodies, so that it says what the
//! code does.

mod bodies;
mod instances;
mod security_groups;
mod volumes;

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api_error::ApiError;
use crate::model::{ActionStep, Caller, CloudModel};

/// Beginning of every path.
pub const ROOT: &str = "/api/v1";

/// Path of the OpenAPI document.
pub const DOCUMENT: &str = "/api/v1/openapi.json";

/// Request as HTTP brings it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RestRequest {
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Query, without its question mark.
    pub query: String,
    /// Body.
    pub body: String,
}

/// Parts of a request to an endpoint.
struct Asked<'a> {
    /// Id in the path; empty where it has none.
    id: &'a str,
    query: BTreeMap<String, String>,
    body: &'a str,
}

impl Asked<'_> {
    /// Reads the body.
    fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_str(self.body)
            .map_err(|error| ApiError::client("InvalidParameterValue", format!("The body is wrong: {error}")))
    }

    /// Reads a whole number of the query.
    fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let read = |text: &String| text.parse().map_err(|_| ApiError::invalid(name, text, "a whole number"));
        self.query.get(name).map(read).transpose()
    }

    /// Returns the items of a list of the query, separated by commas.
    fn list(&self, name: &str) -> Vec<&str> {
        let text = self.query.get(name).map(String::as_str).unwrap_or_default();
        text.split(',').filter(|item| !item.is_empty()).collect()
    }
}

/// Step of a request that answers in JSON.
type JsonStep = Result<ActionStep<Value>, ApiError>;

/// Row of the register.
struct Endpoint {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    /// Parameters of the query, with what they mean.
    query: &'static [(&'static str, &'static str)],
    body: Option<fn(&mut SchemaGenerator) -> Schema>,
    answer: fn(&mut SchemaGenerator) -> Schema,
    begin: fn(&mut CloudModel<'_>, Caller, &Asked<'_>) -> JsonStep,
}

/// Returns the schema of a type.
fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Every endpoint, by family.
const REGISTER: [&[Endpoint]; 3] = [&instances::ENDPOINTS, &volumes::ENDPOINTS, &security_groups::ENDPOINTS];

fn all() -> impl Iterator<Item = &'static Endpoint> {
    REGISTER.into_iter().flatten()
}

/// Returns the step of a request.
///
/// # Errors
///
/// There is no such endpoint, or the request is wrong in itself.
pub fn begin(model: &mut CloudModel<'_>, caller: Caller, request: &RestRequest) -> JsonStep {
    let at_path: Vec<(&Endpoint, &str)> =
        all().filter_map(|endpoint| Some((endpoint, matched(endpoint.path, &request.path)?))).collect();
    if at_path.is_empty() {
        return Err(ApiError {
            status: 404,
            ..ApiError::client("NotFound", "There is nothing at this path")
        });
    }
    let Some((endpoint, id)) = at_path.into_iter().find(|(endpoint, _)| endpoint.method == request.method)
    else {
        let message = format!("{} is no method of this path", request.method);
        return Err(ApiError { status: 405, ..ApiError::client("MethodNotAllowed", message) });
    };
    let query = form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    let asked = Asked { id, query, body: &request.body };
    if let Some(unknown) =
        asked.query.keys().find(|name| !endpoint.query.iter().any(|(known, _)| known == name))
    {
        let message = format!("{unknown} is no parameter of this path");
        return Err(ApiError::client("UnknownParameter", message));
    }
    (endpoint.begin)(model, caller, &asked)
}

/// Returns the id that a path has in the place of the pattern's braces, empty where that has none; `None` where it is another path.
fn matched<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, rest)) = pattern.split_once('{') else { return (pattern == path).then_some("") };
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// Returns code and HTTP status of an error: those of the design for what it names, EC2's code for the rest.
pub fn error_of(error: &ApiError) -> (&'static str, u16) {
    let Some(entry) = error.failure.map(|failure| failure.entry()) else { return (error.code, error.status) };
    match entry.rest_name {
        name @ ("InstanceNotFound" | "VolumeNotFound") => (name, 404),
        name @ "InvalidStateTransition" => (name, 400),
        name @ "InsufficientCapacity" => (name, 503),
        name @ "ResourceLimitExceeded" => (name, 403),
        _ => (entry.ec2_name, entry.http_status),
    }
}

/// Returns the OpenAPI document.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let error = json!({
        "description": "refusal",
        "content": { "application/json": { "schema": of::<bodies::ErrorBody>(&mut generator) } },
    });
    let mut paths = Map::new();
    for endpoint in all() {
        let answer = (endpoint.answer)(&mut generator);
        let mut operation = json!({
            "summary": endpoint.summary,
            "operationId": format!("{} {}", endpoint.method, endpoint.path),
            "parameters": parameters(endpoint),
            "responses": {
                "200": {
                    "description": "success",
                    "content": { "application/json": { "schema": answer } },
                },
                "4XX": error,
                "500": error,
                "503": error,
            },
        });
        if let Some(body) = endpoint.body {
            operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": body(&mut generator) } } });
        }
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "plimsoll", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": { "schemas": generator.take_definitions(true) },
    })
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let id = endpoint.path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name);
    let in_path = id
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = endpoint.query.iter().map(
        |(name, meaning)| json!({ "name": name, "in": "query", "description": meaning, "schema": { "type": "string" } }),
    );
    in_path.into_iter().chain(in_query).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_matched_with_their_id() {
        assert_eq!(matched("/api/v1/instances", "/api/v1/instances"), Some(""));
        assert_eq!(matched("/api/v1/instances/{instanceId}", "/api/v1/instances/i-1"), Some("i-1"));
        assert_eq!(
            matched("/api/v1/instances/{instanceId}/start", "/api/v1/instances/i-1/start"),
            Some("i-1")
        );
        for path in
            ["/api/v1/instances/", "/api/v1/instances/i-1/stop", "/api/v1/instances/a/b/start", "/api"]
        {
            assert_eq!(matched("/api/v1/instances/{instanceId}/start", path), None, "{path}");
        }
    }

    #[test]
    fn the_document_has_every_endpoint_and_every_schema_that_it_names() {
        let document = document();
        for endpoint in all() {
            assert!(document["paths"][endpoint.path][endpoint.method.to_lowercase()].is_object());
        }
        let text = document.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
