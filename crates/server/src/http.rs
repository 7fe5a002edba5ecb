//! HTTP: the threads of the connections, and the loop in which the owner of the simulation takes their commands.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration as WallDuration;

use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::Duration;
use plimsoll_sim::cloud::Cloud;
use plimsoll_sim::cloud::observe::Observer;
use plimsoll_sim::cloud::outcome::Outcome;
use plimsoll_sim::scenario::Scenario;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::clock::ClockMode;
use crate::command::HttpReply;
use crate::connections::{self, ConnectionLimits};
use crate::ids::ResourceIds;
use crate::journal::{self, ANY_REGION, RequestJournal};
use crate::model::CloudModel;
use crate::owner::{SimulationOwner, Summarise};
use crate::routes::{self, Envelope, Explain, Explainer};

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
    /// True if clients may ask for checkpoints, which the observer of the run writes.
    pub can_fork: bool,
}

/// Makers of reports about the run.
pub struct RunReports<'a> {
    /// Maker of the summary.
    pub summarise: Summarise<'a>,
    /// Maker of explanations; `None` without a journal.
    pub explain: Option<Explain>,
}

/// Commands that wait for the owner before connections have to.
const QUEUE: usize = 1024;

/// Commands that the owner takes before it replies to them.
const MOST_AT_ONCE: usize = 256;

/// Time without a command after which the owner looks at the clock and for a signal.
const IDLE: WallDuration = WallDuration::from_millis(50);

/// Least wait for which there is a timer that a command ends early; for a shorter one the thread sleeps.
const TIMED: WallDuration = WallDuration::from_millis(2);

/// Longest sleep, in which commands wait.
const LONGEST_SLEEP: WallDuration = WallDuration::from_micros(200);

/// Shortest sleep: about as long as the system needs to wake a thread.
const SHORTEST_SLEEP: WallDuration = WallDuration::from_micros(50);

/// Time that connections have to send what is ready when the server stops.
const LAST_REPLIES: WallDuration = WallDuration::from_millis(200);

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
    reports: RunReports<'_>,
    listening: impl FnOnce(SocketAddr),
    is_over: impl Fn() -> bool,
) -> Result<Outcome, InputError> {
    let runtime = runtime().map_err(|error| problem(config.listen, &error))?;
    let listener =
        runtime.block_on(TcpListener::bind(config.listen)).map_err(|error| problem(config.listen, &error))?;
    let address = listener.local_addr().map_err(|error| problem(config.listen, &error))?;
    let session = cloud.open(observer)?;
    let model = CloudModel::new(scenario, session, observer, &config.region);
    let mut owner = SimulationOwner::new(model, config.clock, config.auto_advance, reports.summarise);
    if config.can_fork {
        owner.allow_forks();
    }
    if let Some(folder) = &config.journal {
        let (journal, entries) = RequestJournal::open(folder, scenario, &config.region)?;
        owner.repeat(entries)?;
        owner.keep_journal(journal);
    }
    let (commands, mut queue) = mpsc::channel::<Envelope>(QUEUE);
    let explainer = reports.explain.map(|explain| Explainer::new(ResourceIds::new(scenario.seed), explain));
    let routes = routes::routes(commands, explainer);
    runtime.spawn(connections::accept(listener, routes, ConnectionLimits::default()));
    listening(address);
    while !is_over() {
        let first = next_command(&runtime, &mut queue, owner.wait_for_answers());
        owner.tick()?;
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

/// Waits for a command, and no longer than until the run gives an answer that a request waits for: the time of a call through the control
/// plane is that of the model, not that of a timer.
fn next_command(
    runtime: &Runtime,
    queue: &mut mpsc::Receiver<Envelope>,
    until_answer: Option<WallDuration>,
) -> Option<Envelope> {
    let patience = until_answer.unwrap_or(IDLE).min(IDLE);
    if patience >= TIMED {
        // It goes off up to a millisecond late.
        let patience = patience - WallDuration::from_millis(1);
        return runtime.block_on(async { tokio::time::timeout(patience, queue.recv()).await }).ok().flatten();
    }
    if let Ok(command) = queue.try_recv() {
        return Some(command);
    }
    std::thread::sleep(patience.clamp(SHORTEST_SLEEP, LONGEST_SLEEP));
    queue.try_recv().ok()
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
    let summarise = |_: &Outcome| Value::Null;
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
