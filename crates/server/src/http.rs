//! HTTP: connections, which turn requests into commands for the owner of the simulation and wait for its replies.

use std::net::SocketAddr;
use std::time::Duration as WallDuration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
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
use crate::command::{Command, HttpReply};
use crate::model::CloudModel;
use crate::owner::{SimulationOwner, Summarise};

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
}

/// The longest body of a request \[bytes\]: 16 KB of user data in base64, and a thousand of everything else.
const LONGEST_BODY: usize = 1 << 20;

/// The longest access key id \[characters\] (`AccessKey`, "AccessKeyId" of IAM, botocore 1.44.8: 128).
const LONGEST_ACCESS_KEY: usize = 128;

/// Commands that wait for the owner before connections have to.
const QUEUE: usize = 1024;

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
    let (commands, mut queue) = mpsc::channel::<Envelope>(QUEUE);
    runtime.spawn(async move { axum::serve(listener, router(commands)).await });
    listening(address);
    let mut owner = SimulationOwner::new(model, config.clock, config.auto_advance, summarise);
    while !is_over() {
        let patience = if owner.is_awaited() { AWAITED } else { IDLE };
        let next = runtime.block_on(async { tokio::time::timeout(patience, queue.recv()).await });
        owner.tick()?;
        let mut next = next.ok().flatten();
        while let Some((command, reply_to)) = next {
            // A client that has gone away needs no reply.
            owner.take(command, Box::new(move |reply| drop(reply_to.send(reply))))?;
            next = queue.try_recv().ok();
        }
    }
    drop(queue);
    let outcome = owner.close();
    runtime.shutdown_timeout(LAST_REPLIES);
    Ok(outcome)
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
    let access_key = access_key(&headers).unwrap_or(DEFAULT_ACCOUNT).to_string();
    ask(&commands, Command::Action { access_key, form: form.to_vec() }).await
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
    "A cloud modelled by plimsoll: EC2's Query protocol at POST /, its clock at /_plimsoll/clock.\n"
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
