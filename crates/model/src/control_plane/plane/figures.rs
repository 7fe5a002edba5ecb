//! Figures of each stage, and of the plane as a whole.

use serde::{Deserialize, Serialize};

use super::Plane;
use super::stage::Stage;
use super::stages::{STAGES, Side, StageId};
use crate::control_plane::breaker::Breaker;
use crate::control_plane::cache::CacheCounts;
use crate::control_plane::image_cache::ImageCounts;
use crate::control_plane::message_queue::QueueCounts;
use crate::control_plane::replicas::ReadCounts;
use crate::control_plane::stage::StageName;
use crate::control_plane::station::StationUse;
use crate::operation::Operation;
use plimsoll_base::metrics::{Durations, QueueHistory};
use plimsoll_base::units::{Duration, EnumMap, Time};

/// Figures of calls in the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Calls that clients made.
    pub calls: u64,
    /// Calls that were answered: with what they asked for, or that they are accepted.
    pub answered: u64,
    /// Calls that the control plane refused for good.
    pub refused: u64,
    /// Requests that clients sent: for each call and each page of a listing one, and again those that were repeated.
    pub attempts: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Attempts that were throttled.
    pub throttled: u64,
    /// Attempts that the gateway refused because too many were inside.
    pub shed: u64,
    /// Attempts that timed out.
    pub timed_out: u64,
    /// Calls that were not tried again because their client's retry quota was used up.
    pub out_of_quota: u64,
    /// Time for which clients' own rate limiters held attempts back.
    pub held_back: Duration,
    /// Orphaned work: finished after its client had given up.
    pub orphaned: u64,
    /// Duplicate work: finished after its call had already taken effect.
    pub duplicates: u64,
}

/// Figures of a stage in the window.
#[derive(Clone, Debug)]
pub struct StageUse {
    /// Stage.
    pub name: StageName,
    /// Counts and sums over time.
    pub usage: StationUse,
    /// Waiting times of jobs whose service has begun.
    pub waits: Durations,
    /// Service times.
    pub services: Durations,
}

/// A stage at a moment, with what it counted since the window began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageSample {
    /// Stage.
    pub name: StageName,
    /// Jobs that wait.
    pub waiting: u32,
    /// Jobs in service.
    pub in_service: u32,
    /// Jobs that servers hold, in service or beyond it.
    pub held: u32,
    /// Jobs that servers can hold at once; `None` for any number.
    pub places: Option<u32>,
    /// Jobs that came.
    pub arrivals: u64,
    /// Services that ended.
    pub completed: u64,
    /// Jobs that were refused.
    pub refused: u64,
    /// Jobs that gave up waiting.
    pub timed_out: u64,
    /// Sum of the waits of those whose service has begun.
    pub waited: Duration,
}

/// Figures of the control plane over a run, warm-up left out.
#[derive(Clone, Debug)]
pub struct ControlPlaneUse {
    /// Calls and attempts.
    pub counts: Counts,
    /// Every stage, in the order of the path.
    pub stages: Vec<StageUse>,
    /// From a call's intended arrival to its answer, by operation.
    pub answers: Vec<(Operation, Durations)>,
    /// The cache of records; `None` where there is none.
    pub records: Option<CacheCounts>,
    /// The cache of instance types; `None` where there is none.
    pub types: Option<CacheCounts>,
    /// Reads of replicas.
    pub reads: ReadCounts,
    /// Messages.
    pub queue: QueueCounts,
    /// Number of times that breakers opened.
    pub breakers_opened: u64,
    /// Calls that they refused.
    pub breakers_refused: u64,
    /// Images on hosts.
    pub images: ImageCounts,
    /// Stages whose queues grew through the second half of the run.
    pub unstable: Vec<StageName>,
}

/// Counts, answer times and queue lengths of the window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Results {
    pub counts: Counts,
    /// Times from the intended arrival of a call to its answer.
    pub answers: EnumMap<Operation, Durations>,
    pub history: QueueHistory,
}

/// Figures of a stage at a moment.
struct View<'a> {
    name: StageName,
    usage: StationUse,
    waits: Option<&'a Durations>,
    services: Option<&'a Durations>,
}

impl Plane {
    /// Returns every stage in the order of the path.
    fn views(&self, now: Time) -> Vec<View<'_>> {
        let with_servers = |id: StageId| self.stages[id.index()].view(now);
        let of = |side| {
            let stages = (0..).map(StageId).zip(STAGES).filter(move |(_, stage)| stage.side == side);
            stages
                .map(|(id, _)| if id == StageId::WORKERS { self.view_workers(now) } else { with_servers(id) })
        };
        let mut views: Vec<View<'_>> = of(Side::Front).collect();
        for (number, node) in (0..).zip(&self.database.nodes) {
            let name = match number {
                0 => StageName::PrimaryPool,
                number => StageName::ReplicaPool(number),
            };
            let usage = node.pool.usage(now);
            views.push(View { name, usage, waits: Some(&node.waits), services: Some(&node.holds) });
            views.push(with_servers(StageId::node(number)));
        }
        views.push(self.view_queue(now));
        views.extend(of(Side::Back));
        views.push(self.view_images());
        views
    }

    /// Returns the queue as a stage: a message waits until it is received, and again after each delivery that failed.
    fn view_queue(&self, now: Time) -> View<'_> {
        let queue = &self.messages.queue;
        let counts = queue.counts();
        let usage = StationUse {
            length: self.stages[StageId::GATEWAY.index()].station.usage(now).length,
            waiting: queue.visible() + queue.delayed(),
            in_service: queue.in_flight(),
            arrivals: counts.sent,
            started: counts.deliveries,
            completed: counts.finished,
            refused: counts.refused,
            timed_out: counts.dead_letters,
            waited: self.messages.waited,
            queue_ns: queue.backlog().integral(now),
            queue_peak: queue.backlog().peak(),
            ..StationUse::default()
        };
        View { name: StageName::Queue, usage, waits: Some(&self.messages.waits), services: None }
    }

    /// Returns the workers: one that has done its own part holds its message, and its slot, until hypervisor and storage have
    /// done theirs.
    fn view_workers(&self, now: Time) -> View<'_> {
        let mut view = self.stages[StageId::WORKERS.index()].view(now);
        let slots = self.messages.queue.slots();
        view.usage.places = slots.limit().map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        view.usage.held =
            u32::try_from(slots.used()).expect("a slot is of a message, of which there are fewer than 2³²");
        view.usage.occupied_ns = slots.integral(now);
        view
    }

    fn view_images(&self) -> View<'_> {
        let mut usage = StationUse { served: self.images.downloaded, ..StationUse::default() };
        for link in &self.images.racks {
            let counts = link.counts();
            usage.in_service += link.transfers();
            usage.arrivals += counts.joined;
            usage.started += counts.joined;
            usage.completed += counts.finished;
        }
        View { name: StageName::Images, usage, waits: None, services: Some(&self.images.downloads) }
    }

    /// Returns every stage at this moment.
    pub fn sample(&self, now: Time) -> Vec<StageSample> {
        let sample = |View { name, usage, .. }: View<'_>| StageSample {
            name,
            waiting: usage.waiting,
            in_service: usage.in_service,
            held: usage.held,
            places: usage.places,
            arrivals: usage.arrivals,
            completed: usage.completed,
            refused: usage.refused,
            timed_out: usage.timed_out,
            waited: Duration(u64::try_from(usage.waited).unwrap_or(u64::MAX)),
        };
        self.views(now).into_iter().map(sample).collect()
    }

    /// Notes the lengths of the queues.
    pub fn note_queues(&mut self, now: Time) {
        let mut history = std::mem::take(&mut self.results.history);
        history.note(now, || self.views(now).iter().map(|stage| stage.usage.queue_ns).collect());
        self.results.history = history;
    }

    /// Begins a window with the jobs in flight.
    pub fn begin_window(&mut self, now: Time) {
        self.stages.iter_mut().for_each(|stage| stage.begin_window(now));
        self.database.begin_window(now);
        if let Some(throttle) = &mut self.throttle {
            throttle.begin_window();
        }
        self.messages.begin_window(now);
        self.breakers.iter_mut().flatten().for_each(Breaker::begin_window);
        self.images.begin_window();
        self.results = Results::default();
    }

    /// Returns the times from the intended arrivals of calls to their answers, by operation.
    pub fn answers(&self) -> impl Iterator<Item = (Operation, &Durations)> {
        self.results.answers.iter().filter(|(_, answers)| answers.count() > 0)
    }

    /// Returns the figures at the end of a run.
    pub fn finish(&self, now: Time) -> ControlPlaneUse {
        let stages: Vec<StageUse> = self.views(now).into_iter().map(StageUse::from).collect();
        let breakers = || self.breakers.iter().flatten().map(Breaker::counts);
        let grew = |(i, stage): &(usize, &StageUse)| {
            self.results.history.grew(*i, now, stage.usage.queue_ns, stage.usage.waiting.into())
        };
        let unstable = stages.iter().enumerate().filter(grew).map(|(_, stage)| stage.name).collect();
        ControlPlaneUse {
            counts: self.results.counts,
            answers: self.answers().map(|(operation, answers)| (operation, answers.clone())).collect(),
            records: self.database.caches.as_ref().map(|caches| caches.records.counts()),
            types: self.database.caches.as_ref().map(|caches| caches.types.counts()),
            reads: self.database.replicas.counts(),
            queue: self.messages.queue.counts(),
            breakers_opened: breakers().map(|counts| counts.opened).sum(),
            breakers_refused: breakers().map(|counts| counts.refused).sum(),
            images: self.images.kept.counts(),
            stages,
            unstable,
        }
    }
}

impl Stage {
    /// Returns its figures; jobs refused in an outage count as refused.
    fn view(&self, now: Time) -> View<'_> {
        let mut usage = self.station.usage(now);
        usage.arrivals += self.turned_away;
        usage.refused += self.turned_away;
        View { name: self.name, usage, waits: Some(&self.waits), services: Some(&self.services) }
    }
}

impl From<View<'_>> for StageUse {
    fn from(View { name, usage, waits, services }: View<'_>) -> StageUse {
        let copied = |durations: Option<&Durations>| durations.cloned().unwrap_or_default();
        StageUse { name, usage, waits: copied(waits), services: copied(services) }
    }
}
