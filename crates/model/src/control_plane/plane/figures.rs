//! What came of the calls: the figures of each stage, and of the plane as a whole.

use serde::{Deserialize, Serialize};

use super::Plane;
use super::stage::{Stage, StageId};
use crate::control_plane::breaker::Breaker;
use crate::control_plane::cache::CacheCounts;
use crate::control_plane::image_cache::ImageCounts;
use crate::control_plane::message_queue::QueueCounts;
use crate::control_plane::replicas::ReadCounts;
use crate::control_plane::stage::StageName;
use crate::control_plane::station::StationUse;
use crate::operation::Operation;
use plimsoll_base::metrics::Durations;
use plimsoll_base::units::{Duration, Time};

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
    /// Attempts that came too fast.
    pub throttled: u64,
    /// Attempts that the gateway refused because too many were inside.
    pub shed: u64,
    /// Attempts that clients waited for no longer.
    pub timed_out: u64,
    /// Work that came to its end when its client had given up.
    pub orphaned: u64,
    /// Work that came to its end when its call had had its effect.
    pub duplicates: u64,
}

/// What happened at a stage in the window.
#[derive(Clone, Debug)]
pub struct StageUse {
    /// Which.
    pub name: StageName,
    /// Counts and sums over time.
    pub usage: StationUse,
    /// How long those waited whose service has begun.
    pub waits: Durations,
    /// How long services take.
    pub services: Durations,
}

/// A stage at a moment, with what it counted since the window began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageSample {
    /// Which.
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

/// What came of the calls of a run, warm-up left out.
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
    /// What is known of instance types; `None` where there is no cache.
    pub types: Option<CacheCounts>,
    /// What reads of replicas found.
    pub reads: ReadCounts,
    /// Messages.
    pub queue: QueueCounts,
    /// How often breakers opened.
    pub breakers_opened: u64,
    /// What they refused.
    pub breakers_refused: u64,
    /// Images on hosts.
    pub images: ImageCounts,
    /// Stages whose queues grew through the second half of the run.
    pub unstable: Vec<StageName>,
}

/// A stage's queue over time, as it stood when samples were taken: enough of them to see whether it grows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct History {
    /// When, and the time integral of the number waiting at each stage \[ns\].
    samples: Vec<(Time, Vec<u128>)>,
    /// How often every other sample was forgotten: of so many powers of two one is kept.
    halvings: u32,
    /// Samples since the last that was kept.
    skipped: u32,
}

/// Samples of the queues that are kept at the most.
const MAX_SAMPLES: usize = 256;

/// A queue has grown if it is so many times longer at the end than a quarter of the run before.
const GROWTH: f64 = 1.25;

/// A queue shorter than this is none to speak of.
const SHORT: f64 = 8.0;

impl History {
    fn note(&mut self, now: Time, integrals: impl FnOnce() -> Vec<u128>) {
        self.skipped += 1;
        if self.skipped < 1 << self.halvings {
            return;
        }
        self.skipped = 0;
        if self.samples.len() == MAX_SAMPLES {
            let mut number = 0;
            self.samples.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.halvings += 1;
        }
        self.samples.push((now, integrals()));
    }

    fn begin_window(&mut self) {
        *self = History::default();
    }

    /// Returns whether the queue of a stage grew through the second half: over its two quarters on average, and to its end.
    fn grew(&self, stage: usize, now: Time, integral: u128, waiting: u32) -> bool {
        let Some((first, _)) = self.samples.first() else { return false };
        let length = now.since(*first).0;
        let at = |quarter: u64| {
            let wanted = Time(first.0 + length / 4 * quarter);
            self.samples.iter().find(|(at, _)| *at >= wanted).map(|(at, sums)| (*at, sums[stage]))
        };
        let (Some(half), Some(three)) = (at(2), at(3)) else { return false };
        let mean = |from: (Time, u128), to: (Time, u128)| {
            let length = to.0.since(from.0).0.max(1);
            (to.1 - from.1) as f64 / length as f64
        };
        let (third, fourth) = (mean(half, three), mean(three, (now, integral)));
        let end = f64::from(waiting);
        fourth > SHORT && fourth > GROWTH * third && end > fourth
    }
}

/// What happens at a stage, as it stands.
struct View<'a> {
    name: StageName,
    usage: StationUse,
    waits: Option<&'a Durations>,
    services: Option<&'a Durations>,
}

impl Plane {
    /// Every stage in the order of the path.
    fn views(&self, now: Time) -> Vec<View<'_>> {
        let with_servers = |id: StageId| self.stages[id.index()].view(now);
        let mut views = vec![
            with_servers(StageId::GATEWAY),
            with_servers(StageId::VALIDATION),
            with_servers(StageId::CACHE),
        ];
        for (number, node) in (0..).zip(&self.nodes) {
            let name = match number {
                0 => StageName::PrimaryPool,
                number => StageName::ReplicaPool(number),
            };
            let usage = node.pool.usage(now);
            views.push(View { name, usage, waits: Some(&node.waits), services: Some(&node.holds) });
            views.push(with_servers(StageId::node(number)));
        }
        views.push(self.view_queue(now));
        views.push(self.view_workers(now));
        views.extend([StageId::HYPERVISOR, StageId::STORAGE].map(with_servers));
        views.push(self.view_images());
        views
    }

    /// The queue as a stage: a message waits until it is received, and again after each delivery that failed.
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

    /// The workers: one that has done its own part holds its message, and its slot, until hypervisor and storage have
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

    /// Every stage at this moment.
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

    /// Notes how long the queues are.
    pub fn note_queues(&mut self, now: Time) {
        let mut history = std::mem::take(&mut self.history);
        history.note(now, || self.views(now).iter().map(|stage| stage.usage.queue_ns).collect());
        self.history = history;
    }

    /// Statistics begin anew with those who are inside.
    pub fn begin_window(&mut self, now: Time) {
        self.counts = Counts::default();
        self.answers = Default::default();
        self.stages.iter_mut().for_each(|stage| stage.begin_window(now));
        self.nodes.iter_mut().for_each(|node| node.begin_window(now));
        if let Some(caches) = &mut self.caches {
            caches.records.begin_window();
            caches.types.begin_window();
        }
        if let Some(throttle) = &mut self.throttle {
            throttle.begin_window();
        }
        self.replicas.begin_window();
        self.messages.begin_window(now);
        self.breakers.iter_mut().flatten().for_each(Breaker::begin_window);
        self.images.begin_window();
        self.history.begin_window();
    }

    /// Returns what came of the calls, seen from the end of the run.
    pub fn finish(&self, now: Time) -> ControlPlaneUse {
        let stages: Vec<StageUse> = self.views(now).into_iter().map(StageUse::from).collect();
        let breakers = || self.breakers.iter().flatten().map(Breaker::counts);
        let grew = |(i, stage): &(usize, &StageUse)| {
            self.history.grew(*i, now, stage.usage.queue_ns, stage.usage.waiting)
        };
        let unstable = stages.iter().enumerate().filter(grew).map(|(_, stage)| stage.name).collect();
        let answers = self.answers.iter().filter(|(_, answers)| answers.count() > 0);
        ControlPlaneUse {
            counts: self.counts,
            answers: answers.map(|(operation, answers)| (operation, answers.clone())).collect(),
            records: self.caches.as_ref().map(|caches| caches.records.counts()),
            types: self.caches.as_ref().map(|caches| caches.types.counts()),
            reads: self.replicas.counts(),
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
    /// Returns what happens here; those turned away in an outage count as refused.
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
