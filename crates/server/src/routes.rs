//! Paths: what each takes from a connection, as a command for the owner of the simulation, and what it replies.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get, post};
use plimsoll_base::input::InputError;
use plimsoll_base::units::{InstanceId, parse_duration};
use plimsoll_model::workload::directory::DEFAULT_ACCOUNT;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::command::{CloudRequest, Command, HttpReply};
use crate::handles::wrong_id;
use crate::ids::{IdKind, ResourceIds};
use crate::rest::{self, RestRequest};

/// The longest body of a request \[bytes\]: 16 KB of user data in base64, and a thousand of everything else.
const LONGEST_BODY: usize = 1 << 20;

/// Time for the body of a request.
const LONGEST_UPLOAD: Duration = Duration::from_secs(30);

/// The longest access key id \[characters\] (`AccessKey`, "AccessKeyId" of IAM, botocore 1.44.8: 128).
const LONGEST_ACCESS_KEY: usize = 128;

/// Command with the way back for its reply.
pub type Envelope = (Command, oneshot::Sender<HttpReply>);

/// Function that explains an instance, where the run has had it.
pub type Explain = Arc<dyn Fn(InstanceId) -> Result<Option<Value>, InputError> + Send + Sync>;

/// State that all connections share.
#[derive(Clone)]
struct Shared {
    commands: mpsc::Sender<Envelope>,
    /// Explainer, which explains one instance at a time: that makes the whole run again.
    explainer: Option<Arc<Mutex<Explainer>>>,
}

/// Explains instances by their ids.
pub struct Explainer {
    ids: ResourceIds,
    explain: Explain,
}

impl Explainer {
    /// Returns the explainer of a run with these ids.
    pub fn new(ids: ResourceIds, explain: Explain) -> Explainer {
        Explainer { ids, explain }
    }

    fn explain(&self, text: &str) -> HttpReply {
        let unknown = || HttpReply::to_rest(Err(wrong_id(IdKind::Instance, text)));
        let Some(id) = self.ids.read(IdKind::Instance, text).map(InstanceId) else { return unknown() };
        match (self.explain)(id) {
            Ok(Some(explanation)) => HttpReply::json(200, &explanation),
            Ok(None) => unknown(),
            Err(error) => HttpReply::problem(500, "InternalError", &error.to_string()),
        }
    }
}

/// Returns the explainer, unless it is at work. It has no state of its own that a panic could leave wrong.
fn idle(explainer: &Mutex<Explainer>) -> Option<MutexGuard<'_, Explainer>> {
    match explainer.try_lock() {
        Ok(explainer) => Some(explainer),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Returns the paths of a server, whose handlers send commands to the owner of the simulation.
pub fn routes(commands: mpsc::Sender<Envelope>, explainer: Option<Explainer>) -> Router {
    let shared = Shared { commands, explainer: explainer.map(|explainer| Arc::new(Mutex::new(explainer))) };
    Router::new()
        .route("/", post(action).get(|| page(HTML, include_str!("page/page.html"))))
        .route("/_plimsoll/page.css", get(|| page(CSS, include_str!("page/page.css"))))
        .route("/_plimsoll/page.js", get(|| page(JAVASCRIPT, include_str!("page/page.js"))))
        .route("/_plimsoll/live", get(live))
        .route("/_plimsoll/instances", get(instances))
        .route("/_plimsoll/clock", get(read_clock).post(advance_clock))
        .route("/_plimsoll/summary", get(summary))
        .route("/_plimsoll/explain/{instance}", get(explain))
        .route("/_plimsoll/fault", post(fault))
        .route("/_plimsoll/fork", post(fork))
        .route("/metrics", get(metrics))
        .route(rest::DOCUMENT, get(document))
        .route(&format!("{}/{{*path}}", rest::ROOT), any(rest_request))
        .fallback(unknown)
        .layer(middleware::from_fn(whole_body))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn(of_this_origin))
        .with_state(shared)
}

type Connection = State<Shared>;

/// Sends a command to the owner and waits for its reply.
async fn ask(shared: &Shared, command: Command) -> Response {
    let (reply_to, reply) = oneshot::channel();
    let sent = shared.commands.send((command, reply_to)).await;
    let reply = match sent {
        Ok(()) => reply.await.ok(),
        Err(_) => None,
    };
    respond(reply.unwrap_or_else(|| HttpReply::problem(503, "ServiceUnavailable", "The server has stopped")))
}

fn respond(reply: HttpReply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).expect("replies have statuses of HTTP");
    let content_type = header::HeaderValue::from_static(reply.content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

async fn action(State(shared): Connection, headers: HeaderMap, form: Bytes) -> Response {
    match text(form) {
        Ok(form) => ask(&shared, Command::Request(account(&headers), CloudRequest::Action(form))).await,
        Err(refusal) => refusal,
    }
}

/// Returns the text of a body, or the refusal of one that is none.
fn text(body: Bytes) -> Result<String, Response> {
    let refusal = |_| respond(HttpReply::problem(400, "MalformedRequest", "The body is no text in UTF-8"));
    String::from_utf8(body.into()).map_err(refusal)
}

async fn rest_request(
    State(shared): Connection,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = match text(body) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let request = RestRequest {
        method: method.to_string(),
        path: uri.path().to_string(),
        query: uri.query().unwrap_or_default().to_string(),
        body,
    };
    ask(&shared, Command::Request(account(&headers), CloudRequest::Rest(request))).await
}

async fn document() -> Response {
    respond(HttpReply::json(200, &rest::document()))
}

async fn metrics(State(shared): Connection) -> Response {
    ask(&shared, Command::Metrics).await
}

/// Returns the account of a request: that of its access key id, else the default one.
fn account(headers: &HeaderMap) -> String {
    access_key(headers).unwrap_or(DEFAULT_ACCOUNT).to_string()
}

/// Returns the access key id of a signed request (Signature Version 4: `Credential=KEY/DATE/REGION/ec2/aws4_request`). The
/// signature itself is not checked.
fn access_key(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let credential = authorization.split("Credential=").nth(1)?;
    let key = credential.split(['/', ',', ' ']).next()?;
    (!key.is_empty() && key.len() <= LONGEST_ACCESS_KEY).then_some(key)
}

/// Types of the files of the live page.
const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Policy of the live page: nothing but what this server sends.
const POLICY: &str = "default-src 'self'; img-src data:; frame-ancestors 'none'";

/// Returns a file of the live page.
async fn page(content_type: &'static str, text: &'static str) -> Response {
    let mut response = respond(HttpReply { status: 200, content_type, body: text.into() });
    let policy = header::HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

async fn live(State(shared): Connection) -> Response {
    ask(&shared, Command::Live).await
}

/// Query of the instances that the live page shows.
#[derive(Deserialize)]
struct InstanceQuery {
    /// Text that they have; empty for all.
    #[serde(default, rename = "match")]
    wanted: String,
}

async fn instances(State(shared): Connection, Query(query): Query<InstanceQuery>) -> Response {
    ask(&shared, Command::Instances(query.wanted)).await
}

/// Refuses what a page of another origin sends through a browser: there is no authentication that could.
async fn of_this_origin(request: Request, next: Next) -> Response {
    if is_of_other_origin(request.headers()) {
        let message = "Pages of other origins have no access to this server";
        return respond(HttpReply::problem(403, "CrossOrigin", message));
    }
    next.run(request).await
}

/// Reads the body before anything else, unless it is too long or too slow.
async fn whole_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // With what it says of the limit.
    let mut read = Request::new(body);
    read.extensions_mut().clone_from(&parts.extensions);
    let refusal = match tokio::time::timeout(LONGEST_UPLOAD, Bytes::from_request(read, &())).await {
        Ok(Ok(bytes)) => return next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("The body is longer than {LONGEST_BODY} bytes");
            HttpReply::problem(413, "RequestTooLarge", &message)
        }
        Ok(Err(_)) => HttpReply::problem(400, "MalformedRequest", "The body breaks off or is malformed"),
        Err(_) => HttpReply::problem(408, "RequestTimeout", "The body did not come in time"),
    };
    respond(refusal)
}

fn is_of_other_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host_of = |origin: &'_ str| origin.split_once("://").map(|(_, host)| host.to_string());
    headers.contains_key(header::ORIGIN)
        && text(header::ORIGIN).and_then(host_of).as_deref() != text(header::HOST)
}

async fn unknown() -> Response {
    respond(HttpReply::problem(404, "NotFound", "There is nothing at this path"))
}

async fn read_clock(State(shared): Connection) -> Response {
    ask(&shared, Command::ReadClock).await
}

/// Explains an instance on a thread of its own: the run goes on meanwhile.
async fn explain(State(shared): Connection, Path(instance): Path<String>) -> Response {
    let Some(explainer) = shared.explainer else {
        let message = "An explanation makes the run again: start the server with --journal";
        return respond(HttpReply::problem(409, "NoJournal", message));
    };
    let explained = tokio::task::spawn_blocking(move || match idle(&explainer) {
        Some(explainer) => explainer.explain(&instance),
        None => HttpReply::problem(503, "ServiceUnavailable", "Another explanation is in the making"),
    });
    let failed = |_| HttpReply::problem(500, "InternalError", "The run could not be made again");
    respond(explained.await.unwrap_or_else(failed))
}

async fn fault(State(shared): Connection, headers: HeaderMap, body: Bytes) -> Response {
    match text(body) {
        Ok(body) => ask(&shared, Command::Request(account(&headers), CloudRequest::Fault(body))).await,
        Err(refusal) => refusal,
    }
}

async fn fork(State(shared): Connection) -> Response {
    ask(&shared, Command::Fork).await
}

async fn summary(State(shared): Connection) -> Response {
    ask(&shared, Command::Summary).await
}

/// Body that advances the clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    /// Duration with its unit, such as `15s`.
    advance: String,
}

async fn advance_clock(State(shared): Connection, body: Bytes) -> Response {
    let read = serde_json::from_slice::<AdvanceBody>(&body).map_err(|error| error.to_string());
    let by = read.and_then(|body| parse_duration(&body.advance).map_err(|error| error.to_string()));
    match by {
        Ok(by) => ask(&shared, Command::Advance(by)).await,
        Err(error) => {
            let message = format!("expected {{\"advance\": \"15s\"}}: {error}");
            respond(HttpReply::problem(400, "InvalidParameterValue", &message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_sends_only_what_pages_of_this_server_ask_for() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "127.0.0.1:8780".parse().unwrap());
        assert!(!is_of_other_origin(&headers), "a client that is no browser");
        for (origin, is_other) in [
            ("http://127.0.0.1:8780", false),
            ("http://127.0.0.1:8781", true),
            ("https://example.com", true),
            ("null", true),
        ] {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            assert_eq!(is_of_other_origin(&headers), is_other, "{origin}");
        }
    }

    #[test]
    fn an_explanation_that_panicked_leaves_the_next_one_free() {
        let explain: Explain = Arc::new(|id| match id.0 {
            0 => panic!("a bug"),
            _ => Ok(None),
        });
        let explainer = Arc::new(Mutex::new(Explainer::new(ResourceIds::new(1), explain)));
        let busy = idle(&explainer).unwrap();
        assert!(idle(&explainer).is_none(), "one at a time");
        drop(busy);
        let text = ResourceIds::new(1).show(IdKind::Instance, 0);
        let other = Arc::clone(&explainer);
        assert!(std::thread::spawn(move || other.lock().unwrap().explain(&text)).join().is_err());
        assert!(explainer.is_poisoned());
        let explain = |text: &str| idle(&explainer).expect("nothing is at work").explain(text).status;
        assert_eq!(explain(&ResourceIds::new(1).show(IdKind::Instance, 1)), 404);
        assert_eq!((explain("i-0123abcd"), explain("i-x")), (404, 400));
    }

    #[test]
    fn the_account_is_that_of_the_access_key() {
        let mut headers = HeaderMap::new();
        assert_eq!(access_key(&headers), None);
        let signed = "AWS4-HMAC-SHA256 Credential=team-a/20261130/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
        headers.insert(header::AUTHORIZATION, signed.parse().unwrap());
        assert_eq!(access_key(&headers), Some("team-a"));
        for wrong in ["Basic x", "Credential=", "Credential=/x", &format!("Credential={}/", "k".repeat(129))]
        {
            headers.insert(header::AUTHORIZATION, wrong.parse().unwrap());
            assert_eq!(access_key(&headers), None, "{wrong}");
        }
    }
}
