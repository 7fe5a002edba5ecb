//! The plane as a checkpoint holds it, and what must always be true of it.

use super::jobs::Task;
use super::path::Step;
use super::requests::Client;
use super::{Caches, Plane};
use plimsoll_base::persist;
use plimsoll_base::units::Time;

persist! { Caches {
    nested: [records, types],
} }

// Between two events nothing moves, nothing is wished for, and every alarm is set.
persist! { Plane {
    values: [jobs, requests, booting, records, in_flight, instance_count, counts, answers, history],
    nested: [clients, throttle, stages, caches, nodes, replicas, messages, breakers, images],
    derived: [rules, run_queue, effects, timers, outages],
} }

impl Plane {
    /// Panics unless nobody is lost: at every stage who came has gone or is inside, and every job is somewhere.
    pub fn assert_conserved(&self, now: Time) {
        assert!(
            self.run_queue.is_empty() && self.effects.is_empty() && self.timers.is_empty(),
            "work was left lying"
        );
        let mut in_flight = 0;
        for stage in &self.stages {
            stage.station.assert_conserved(now);
            in_flight += u64::from(stage.station.waiting() + stage.station.in_service());
        }
        for node in &self.nodes {
            node.pool.assert_conserved(now);
        }
        self.messages.queue.assert_conserved(now);
        self.assert_jobs(in_flight);
        self.assert_requests();
    }

    /// Every job is at one stage, or waits for what its step says.
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
        let in_use: u32 = self.nodes.iter().map(|node| node.pool.in_use()).sum();
        assert_eq!(connected, in_use, "connections are held by nobody");
        assert_eq!(attempts, self.in_flight, "attempts are miscounted");
        let queue = &self.messages.queue;
        assert_eq!(awaiting, queue.visible() + queue.delayed() + queue.in_flight(), "messages about nothing");
    }

    /// Every request has as many jobs as say so, and one is forgotten when nobody needs it.
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
