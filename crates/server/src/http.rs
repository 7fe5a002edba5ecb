//! HTTP: connections, which turn requests into commands for the owner of the simulation and wait for its replies.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration as WallDuration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{any, get, post};
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::{Duration, parse_duration};
use plimsoll_model::workload::directory::DEFAULT_ACCOUNT;
use plimsoll_sim::cloud::Cloud;
use plimsoll_sim::cloud::observe::Observer;
use plimsoll_sim::cloud::outcome::Outcome;
use plimsoll_sim::scenario::Scenario;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::clock::ClockMode;
use crate::command::{CloudRequest, Command, HttpReply};
use crate::journal::{self, ANY_REGION, RequestJournal};
use crate::model::CloudModel;
use crate::owner::{SimulationOwner, Summarise};
use crate::rest::{self, RestRequest};

/// Settings of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerConfig {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Clock.
    pub clock: ClockMode,
    /// Time by which a stepped clock jumps at each request of a waiter.
    pub auto_advance: Option<Duration>,
    /// Name of the region.
    pub region: String,
    /// Folder of the journal; `None`: the run is in memory alone.
    pub journal: Option<PathBuf>,
}

/// The longest body of a request \[bytes\]: 16 KB of user data in base64, and a thousand of everything else.
const LONGEST_BODY: usize = 1 << 20;

/// The longest access key id \[characters\] (`AccessKey`, "AccessKeyId" of IAM, botocore 1.44.8: 128).
const LONGEST_ACCESS_KEY: usize = 128;

/// Commands that wait for the owner before connections have to.
const QUEUE: usize = 1024;

/// Commands that the owner takes before it replies to them.
const MOST_AT_ONCE: usize = 256;

/// Time without a command after which the owner looks at the clock and for a signal.
const IDLE: WallDuration = WallDuration::from_millis(50);

/// The same while requests wait for the control plane.
const AWAITED: WallDuration = WallDuration::from_millis(2);

/// Time that connections have to send what is ready when the server stops.
const LAST_REPLIES: WallDuration = WallDuration::from_millis(200);

/// Command with the way back for its reply.
type Envelope = (Command, oneshot::Sender<HttpReply>);

/// Serves a cloud until `is_over`, and returns the outcome of the run. Tells `listening` the address once clients can connect.
///
/// # Errors
///
/// The address cannot be listened on, or the trace of the scenario is wrong.
pub fn serve(
    scenario: &Scenario,
    cloud: Cloud,
    config: &ServerConfig,
    observer: &mut dyn Observer,
    summarise: Summarise<'_>,
    listening: impl FnOnce(SocketAddr),
    is_over: impl Fn() -> bool,
) -> Result<Outcome, InputError> {
    let runtime = runtime().map_err(|error| problem(config.listen, &error))?;
    let listener =
        runtime.block_on(TcpListener::bind(config.listen)).map_err(|error| problem(config.listen, &error))?;
    let address = listener.local_addr().map_err(|error| problem(config.listen, &error))?;
    let session = cloud.open(observer)?;
    let model = CloudModel::new(scenario, session, observer, &config.region);
    let mut owner = SimulationOwner::new(model, config.clock, config.auto_advance, summarise);
    if let Some(folder) = &config.journal {
        let (journal, entries) = RequestJournal::open(folder, scenario, &config.region)?;
        owner.repeat(entries)?;
        owner.keep_journal(journal);
    }
    let (commands, mut queue) = mpsc::channel::<Envelope>(QUEUE);
    runtime.spawn(async move { axum::serve(listener, router(commands)).await });
    listening(address);
    while !is_over() {
        let patience = if owner.is_awaited() { AWAITED } else { IDLE };
        let next = runtime.block_on(async { tokio::time::timeout(patience, queue.recv()).await });
        owner.tick()?;
        let first = next.ok().flatten();
        let others = std::iter::from_fn(|| queue.try_recv().ok());
        for (command, reply_to) in first.into_iter().chain(others).take(MOST_AT_ONCE) {
            owner.take(command, reply_to)?;
        }
        send(owner.ready()?);
    }
    drop(queue);
    let outcome = owner.close()?;
    runtime.shutdown_timeout(LAST_REPLIES);
    Ok(outcome)
}

/// Sends replies. A client that has gone away needs none.
fn send(replies: Vec<(oneshot::Sender<HttpReply>, HttpReply)>) {
    for (reply_to, reply) in replies {
        drop(reply_to.send(reply));
    }
}

/// Returns the outcome of the run that a journal holds.
///
/// # Errors
///
/// The journal cannot be read or is that of another run, or the trace of the scenario is wrong.
pub fn replay(
    scenario: &Scenario,
    cloud: Cloud,
    folder: &Path,
    observer: &mut dyn Observer,
) -> Result<Outcome, InputError> {
    let entries = journal::entries(folder, scenario)?;
    let session = cloud.open(observer)?;
    let model = CloudModel::new(scenario, session, observer, ANY_REGION);
    let summarise = |_: &Outcome| serde_json::Value::Null;
    let mut owner = SimulationOwner::<()>::new(model, ClockMode::Stepped, None, &summarise);
    owner.repeat(entries)?;
    owner.close()
}

/// Returns the threads of the connections: one, since the owner of the simulation is the bottleneck.
fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_io().enable_time().build()
}

fn problem(listen: SocketAddr, error: &std::io::Error) -> InputError {
    let problem = Problem::new(Place::key("--listen"), format!("cannot listen on {listen}: {error}"));
    problem.with_help("name another address and port; port 0 takes any that is free").into()
}

fn router(commands: mpsc::Sender<Envelope>) -> Router {
    Router::new()
        .route("/", post(action).get(greeting))
        .route("/_plimsoll/clock", get(read_clock).post(advance_clock))
        .route("/_plimsoll/summary", get(summary))
        .route("/metrics", get(metrics))
        .route(rest::DOCUMENT, get(document))
        .route(&format!("{}/{{*path}}", rest::ROOT), any(rest_request))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(commands)
}

type Commands = State<mpsc::Sender<Envelope>>;

/// Sends a command to the owner and waits for its reply.
async fn ask(commands: &mpsc::Sender<Envelope>, command: Command) -> Response {
    let (reply_to, reply) = oneshot::channel();
    let sent = commands.send((command, reply_to)).await;
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

async fn action(State(commands): Commands, headers: HeaderMap, form: Bytes) -> Response {
    match text(form) {
        Ok(form) => ask(&commands, Command::Request(account(&headers), CloudRequest::Action(form))).await,
        Err(refusal) => refusal,
    }
}

/// Returns the text of a body, or the refusal of one that is none.
fn text(body: Bytes) -> Result<String, Response> {
    let refusal = |_| respond(HttpReply::problem(400, "MalformedRequest", "The body is no text in UTF-8"));
    String::from_utf8(body.into()).map_err(refusal)
}

async fn rest_request(
    State(commands): Commands,
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
    ask(&commands, Command::Request(account(&headers), CloudRequest::Rest(request))).await
}

async fn document() -> Response {
    respond(HttpReply::json(200, &rest::document()))
}

async fn metrics(State(commands): Commands) -> Response {
    ask(&commands, Command::Metrics).await
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

async fn greeting() -> &'static str {
    "A cloud modelled by plimsoll: EC2's Query protocol at POST /, REST at /api/v1 (openapi.json), /metrics, /_plimsoll/clock.\n"
}

async fn unknown() -> Response {
    respond(HttpReply::problem(404, "NotFound", "There is nothing at this path"))
}

async fn read_clock(State(commands): Commands) -> Response {
    ask(&commands, Command::ReadClock).await
}

async fn summary(State(commands): Commands) -> Response {
    ask(&commands, Command::Summary).await
}

/// Body that advances the clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    /// Duration with its unit, such as `15s`.
    advance: String,
}

async fn advance_clock(State(commands): Commands, body: Bytes) -> Response {
    let read = serde_json::from_slice::<AdvanceBody>(&body).map_err(|error| error.to_string());
    let by = read.and_then(|body| parse_duration(&body.advance).map_err(|error| error.to_string()));
    match by {
        Ok(by) => ask(&commands, Command::Advance(by)).await,
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
