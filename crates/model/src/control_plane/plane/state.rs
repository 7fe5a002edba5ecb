//! State of the plane in a checkpoint, and its invariants.

use super::Plane;
use super::jobs::Task;
use super::path::Step;
use super::requests::Client;
use plimsoll_base::persist;
use plimsoll_base::units::Time;

// Between two events the outbox is empty.
persist! { Plane {
    values: [jobs, requests, booting, in_flight, instance_count, results],
    nested: [clients, throttle, stages, database, messages, breakers, images],
    derived: [rules, outbox, outages],
} }

impl Plane {
    /// Panics unless every job is accounted for: at each stage arrivals are departures and jobs present.
    pub fn assert_conserved(&self, now: Time) {
        assert!(self.outbox.is_empty(), "work was left lying");
        let mut in_flight = 0;
        for stage in &self.stages {
            stage.station.assert_conserved(now);
            in_flight += u64::from(stage.station.waiting() + stage.station.in_service());
        }
        for node in &self.database.nodes {
            node.pool.assert_conserved(now);
        }
        self.messages.queue.assert_conserved(now);
        self.assert_jobs(in_flight);
        self.assert_requests();
    }

    /// Panics unless every job is at one stage or waits as its step states.
    fn assert_jobs(&self, at_stages: u64) {
        let (mut served, mut connected, mut attempts, mut awaiting) = (0, 0, 0, 0);
        for (_, job) in self.jobs.iter() {
            attempts += u32::from(matches!(job.task, Task::Attempt(_)));
            connected += u32::from(job.is_connected());
            match job.step {
                Step::InQueue => awaiting += 1,
                Step::AwaitCacheFill
                | Step::ConnectToRead
                | Step::ConnectToWrite
                | Step::Download
                | Step::Boot => {}
                Step::CacheResult | Step::CacheFill | Step::Enqueue | Step::Commit | Step::Finish => {
                    panic!("a job rests at a step that takes no time: {job:?}")
                }
                _ => served += 1,
            }
        }
        assert_eq!(served, at_stages, "jobs are at stages that do not know them");
        let in_use: u32 = self.database.nodes.iter().map(|node| node.pool.in_use()).sum();
        assert_eq!(connected, in_use, "connections are held by no job");
        assert_eq!(attempts, self.in_flight, "attempts are miscounted");
        let queue = &self.messages.queue;
        assert_eq!(awaiting, queue.visible() + queue.delayed() + queue.in_flight(), "messages about nothing");
    }

    /// Panics unless every request has the jobs it counts, and none is kept that is over.
    fn assert_requests(&self) {
        let mut jobs = std::collections::BTreeMap::new();
        for (_, job) in self.jobs.iter() {
            if let Task::Attempt(request) | Task::Delivery(request, _) = job.task {
                *jobs.entry(request).or_insert(0) += 1;
            }
        }
        for (id, request) in self.requests.iter() {
            assert_eq!(jobs.remove(&id).unwrap_or(0), request.jobs, "jobs of {request:?}");
            let is_waited_for = matches!(request.client, Client::Waits(_) | Client::BacksOff);
            assert!(request.jobs > 0 || is_waited_for, "a request that is over is kept: {request:?}");
        }
        assert!(jobs.is_empty(), "jobs work for requests that are gone");
    }
}
