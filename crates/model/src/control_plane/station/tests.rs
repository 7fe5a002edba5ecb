use proptest::prelude::*;

use super::*;
use crate::control_plane::testing::{assert_comes_back, at, cases};

const JOB: [JobId; 4] = [JobId(0), JobId(1), JobId(2), JobId(3)];

#[test]
fn figures_of_a_day_by_hand() {
    // One server, one place: job 0 is served 0–10 s, job 1 waits 2–10 s and is served until 13 s, job 2 is refused.
    let mut station = Station::new(Some(1), Some(1));
    assert_eq!(station.arrive(at(0), JOB[0]), Admission::Served);
    assert_eq!(station.arrive(at(2), JOB[1]), Admission::Queued(Ticket(0)));
    assert_eq!(station.arrive(at(3), JOB[2]), Admission::Refused);
    let next = Next { job: JOB[1], waited: Duration::from_seconds(8) };
    assert_eq!(station.complete(at(10), at(0)), Some(next));
    assert_eq!(station.complete(at(13), at(10)), None);
    station.assert_conserved(at(20));
    let usage = station.usage(at(20));
    assert_eq!((usage.arrivals, usage.started, usage.completed, usage.refused), (3, 2, 2, 1));
    assert_eq!((usage.wait_s_mean(), usage.service_s_mean()), (Some(4.0), Some(6.5)));
    assert_eq!((usage.busy_ratio(), usage.queue_length_mean()), (Some(0.65), Some(0.4)));
    assert_eq!((usage.queue_peak, usage.waiting, usage.in_service), (1, 0, 0));
}

#[test]
fn whoever_passes_is_served_in_no_time() {
    let (mut passing, mut serving) = (Station::new(None, Some(3)), Station::new(None, Some(3)));
    for (i, job) in (0..).zip(JOB) {
        passing.pass();
        assert_eq!(serving.arrive(at(i), job), Admission::Served);
        assert_eq!(serving.complete(at(i), at(i)), None);
    }
    assert_eq!(passing.usage(at(9)), serving.usage(at(9)));
    passing.assert_conserved(at(9));
    assert!(!Station::new(Some(1), None).is_unlimited(), "a job might wait for the server");
    passing.hold();
    assert!(!passing.is_unlimited(), "no job passes an outage");
}

#[test]
fn nothing_has_no_means() {
    let usage = Station::new(None, None).usage(Time::ZERO);
    assert_eq!((usage.wait_s_mean(), usage.service_s_mean()), (None, None));
    assert_eq!((usage.busy_ratio(), usage.queue_length_mean()), (None, None));
}

#[test]
fn who_gives_up_leaves_no_gap_in_the_line() {
    let mut station = Station::new(Some(1), Some(2));
    station.arrive(at(0), JOB[0]);
    let Admission::Queued(first) = station.arrive(at(1), JOB[1]) else { panic!("the server is busy") };
    let Admission::Queued(second) = station.arrive(at(2), JOB[2]) else { panic!("the server is busy") };
    assert!(station.abandon(at(3), second));
    assert!(!station.abandon(at(3), second), "no job gives up twice");
    assert_eq!(station.arrive(at(4), JOB[3]), Admission::Queued(Ticket(2)), "its place is free again");
    assert!(station.abandon(at(5), first));
    assert_eq!(station.complete(at(6), at(0)).map(|next| next.job), Some(JOB[3]));
    assert!(!station.abandon(at(7), Ticket(2)), "it is in service");
    assert_eq!(station.usage(at(7)).timed_out, 2);
    station.assert_conserved(at(7));
}

#[test]
fn a_held_station_serves_nobody_new() {
    let mut station = Station::new(None, None);
    station.arrive(at(0), JOB[0]);
    station.hold();
    assert!(matches!(station.arrive(at(1), JOB[1]), Admission::Queued(_)));
    assert_eq!(station.complete(at(2), at(0)), None);
    assert_eq!(station.release(at(5)).map(|next| next.job).collect::<Vec<_>>(), [JOB[1]]);
    assert_eq!(station.usage(at(5)).waited, 4 * u128::from(NS_PER_S));
}

#[test]
fn figures_are_those_of_the_window() {
    let mut station = Station::new(Some(1), None);
    station.arrive(at(0), JOB[0]);
    station.arrive(at(0), JOB[1]);
    station.begin_window(at(10));
    station.complete(at(14), at(0));
    let usage = station.usage(at(20));
    // It waited 14 s, of which 4 s lie in the window.
    assert_eq!((usage.arrivals, usage.completed, usage.wait_s_mean()), (0, 1, Some(14.0)));
    assert_eq!((usage.queue_length_mean(), usage.busy_ratio()), (Some(0.4), Some(1.0)));
    station.assert_conserved(at(20));
}

#[derive(Clone, Debug)]
enum Action {
    Arrive,
    /// The service at this position of those in service ends.
    Complete(usize),
    /// The holder of this ticket, of all that were given, gives up.
    Abandon(usize),
    Hold,
    Release,
    Servers(Option<u32>),
    Window,
}

fn actions() -> impl Strategy<Value = Vec<(u64, Action)>> {
    let action = prop_oneof![
        8 => Just(Action::Arrive),
        8 => any::<usize>().prop_map(Action::Complete),
        3 => any::<usize>().prop_map(Action::Abandon),
        1 => Just(Action::Hold),
        2 => Just(Action::Release),
        1 => prop::option::of(1..5u32).prop_map(Action::Servers),
        1 => Just(Action::Window),
    ];
    prop::collection::vec((0..4u64, action), 0..120)
}

/// A station in its simplest form: a list of waiting jobs, and one of those in service.
struct Plain {
    servers: Option<u32>,
    queue_limit: Option<u32>,
    held: bool,
    queue: Vec<(Ticket, JobId, Time)>,
    tickets: u64,
    in_service: Vec<(JobId, Time)>,
}

impl Plain {
    fn has_room(&self) -> bool {
        !self.held && self.servers.is_none_or(|servers| self.in_service.len() < servers as usize)
    }

    fn arrive(&mut self, now: Time, job: JobId) -> Admission {
        if self.has_room() && self.queue.is_empty() {
            self.in_service.push((job, now));
            return Admission::Served;
        }
        if self.queue_limit.is_some_and(|limit| self.queue.len() >= limit as usize) {
            return Admission::Refused;
        }
        self.tickets += 1;
        self.queue.push((Ticket(self.tickets - 1), job, now));
        Admission::Queued(Ticket(self.tickets - 1))
    }

    fn start_all(&mut self, now: Time) -> Vec<Next> {
        let mut started = Vec::new();
        while self.has_room() && !self.queue.is_empty() {
            let (_, job, since) = self.queue.remove(0);
            self.in_service.push((job, now));
            started.push(Next { job, waited: now.since(since) });
        }
        started
    }

    fn abandon(&mut self, ticket: Ticket) -> bool {
        let before = self.queue.len();
        self.queue.retain(|(held, ..)| *held != ticket);
        self.queue.len() < before
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_station_does_what_a_plain_one_does(
        servers in prop::option::of(1..4u32),
        queue_limit in prop::option::of(0..5u32),
        actions in actions(),
    ) {
        let mut station = Station::new(servers, queue_limit);
        let (queue, in_service) = (Vec::new(), Vec::new());
        let mut plain = Plain { servers, queue_limit, held: false, queue, tickets: 0, in_service };
        let mut now = Time::ZERO;
        for (job, (past, action)) in actions.into_iter().enumerate() {
            now = now.after(Duration(past));
            match action {
                Action::Arrive => {
                    let job = JobId(job as u32);
                    prop_assert_eq!(station.arrive(now, job), plain.arrive(now, job));
                }
                Action::Complete(which) if !plain.in_service.is_empty() => {
                    let (_, began) = plain.in_service.remove(which % plain.in_service.len());
                    let next = station.complete(now, began);
                    prop_assert_eq!(next.into_iter().collect::<Vec<_>>(), plain.start_all(now));
                }
                Action::Abandon(which) if plain.tickets > 0 => {
                    let ticket = Ticket(which as u64 % plain.tickets);
                    prop_assert_eq!(station.abandon(now, ticket), plain.abandon(ticket));
                }
                Action::Complete(_) | Action::Abandon(_) => {}
                Action::Hold => {
                    station.hold();
                    plain.held = true;
                }
                Action::Release => {
                    plain.held = false;
                    prop_assert_eq!(station.release(now).collect::<Vec<_>>(), plain.start_all(now));
                }
                Action::Servers(servers) => {
                    plain.servers = servers;
                    let started: Vec<Next> = station.set_servers(now, servers).collect();
                    prop_assert_eq!(started, plain.start_all(now));
                }
                Action::Window => station.begin_window(now),
            }
            station.assert_conserved(now);
            prop_assert_eq!(station.waiting() as usize, plain.queue.len());
            prop_assert_eq!(station.in_service() as usize, plain.in_service.len());
        }
        assert_comes_back(&station);
    }
}
