use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::control_plane::testing::{assert_comes_back, at, cases};

const RULES: QueueRules = QueueRules {
    queue_limit: Some(3),
    visibility_timeout: Some(Duration::from_seconds(30)),
    max_receives: Some(2),
    redelivery_delay: Duration::from_seconds(5),
    slots: Some(2),
};
const JOB: JobId = JobId(9);

/// Returns a queue with one message, received at 0 s.
fn received() -> (MessageQueue, MessageId) {
    let mut queue = MessageQueue::new(RULES);
    let id = queue.send(at(0), JOB).expect("there is room");
    let delivery = queue.receive(at(0)).expect("it is visible");
    let waited = Duration::ZERO;
    assert_eq!(delivery, Delivery { message: id, job: JOB, receive: 1, waited, expires: Some(at(30)) });
    (queue, id)
}

#[test]
fn messages_come_in_order_while_there_are_slots() {
    let mut queue = MessageQueue::new(RULES);
    let sent: Vec<_> = (0..4).map(|job| queue.send(at(job), JobId(job as u32))).collect();
    assert_eq!(sent[3], None, "the queue is full");
    let first = queue.receive(at(4)).expect("there is a slot");
    assert_eq!((first.job, first.waited), (JobId(0), Duration::from_seconds(4)));
    assert_eq!(queue.receive(at(4)).map(|delivery| delivery.job), Some(JobId(1)));
    assert_eq!(queue.receive(at(4)), None, "both slots are taken");
    assert_eq!(queue.finish(at(5), first.message), Some(JobId(0)));
    assert_eq!(queue.receive(at(5)).map(|delivery| delivery.job), Some(JobId(2)));
    queue.assert_conserved(at(5));
    let counts = QueueCounts { sent: 4, refused: 1, deliveries: 3, finished: 1, ..QueueCounts::default() };
    assert_eq!(queue.counts(), counts);
}

#[test]
fn a_slow_delivery_is_repeated_and_the_first_to_finish_counts() {
    let (mut queue, id) = received();
    assert_eq!(queue.expire(at(30), id), Expired::Visible);
    assert_eq!(queue.receive(at(31)).map(|delivery| delivery.receive), Some(2));
    assert_eq!(queue.finish(at(32), id), Some(JOB));
    assert_eq!(queue.finish(at(33), id), None, "its effect has been done");
    assert_eq!(queue.expire(at(61), id), Expired::Nothing);
    queue.assert_conserved(at(61));
    let counts = queue.counts();
    assert_eq!((counts.redelivered, counts.finished, counts.duplicates), (1, 1, 1));
}

#[test]
fn a_message_finished_while_visible_again_is_not_delivered() {
    let (mut queue, id) = received();
    queue.expire(at(30), id);
    assert_eq!(queue.finish(at(31), id), Some(JOB));
    assert_eq!(queue.receive(at(31)), None);
    assert_eq!((queue.visible(), queue.slots().used()), (0, 0));
    assert_eq!(queue.send(at(32), JOB), Some(id), "its slot is used again");
    queue.assert_conserved(at(32));
}

#[test]
fn after_too_many_receives_it_is_a_dead_letter() {
    let (mut queue, id) = received();
    assert_eq!(queue.fail(at(1), id), Failed::Delayed(at(6)));
    assert_eq!((queue.receive(at(2)), queue.delayed()), (None, 1));
    assert!(queue.appear(at(6), id) && !queue.appear(at(6), id));
    queue.receive(at(6)).expect("it is visible again");
    assert_eq!(queue.fail(at(7), id), Failed::Dead(JOB));
    assert_eq!(queue.counts().dead_letters, 1);

    let (mut queue, id) = received();
    queue.expire(at(30), id);
    queue.receive(at(30)).expect("it is visible again");
    assert_eq!(queue.expire(at(60), id), Expired::Dead(JOB));
    assert_eq!(queue.finish(at(61), id), None, "a dead letter cannot be finished");
    assert_eq!(queue.fail(at(62), id), Failed::Nothing);
    assert_eq!((queue.slots().used(), queue.counts().duplicates), (0, 2));
    queue.assert_conserved(at(62));
}

#[test]
fn a_failure_beside_another_delivery_leaves_it_its_chance() {
    let (mut queue, id) = received();
    queue.expire(at(30), id);
    queue.receive(at(30)).expect("it is visible again");
    assert_eq!(queue.fail(at(31), id), Failed::Nothing);
    assert_eq!(queue.finish(at(32), id), Some(JOB));
    queue.assert_conserved(at(32));
}

#[test]
fn without_a_delay_it_is_visible_at_once() {
    let mut queue = MessageQueue::new(QueueRules { redelivery_delay: Duration::ZERO, ..RULES });
    let id = queue.send(at(0), JOB).expect("there is room");
    queue.receive(at(0)).expect("it is visible");
    assert_eq!((queue.fail(at(1), id), queue.visible()), (Failed::Visible, 1));
}

#[derive(Clone, Debug)]
enum Action {
    Send,
    Receive,
    Finish(usize),
    Fail(usize),
    Window,
}

proptest! {
    #![proptest_config(cases(400))]

    /// Every message is finished once or dies, whatever the workers do, and none is delivered too often.
    #[test]
    fn no_message_is_lost_or_finished_twice(
        queue_limit in prop::option::of(0..6u32),
        visibility in prop::option::of(1..20u64),
        max_receives in prop::option::of(1..4u32),
        delay in 0..6u64,
        slots in prop::option::of(1..4u32),
        actions in prop::collection::vec(
            (0..4u64, prop_oneof![
                3 => Just(Action::Send),
                4 => Just(Action::Receive),
                2 => any::<usize>().prop_map(Action::Finish),
                2 => any::<usize>().prop_map(Action::Fail),
                1 => Just(Action::Window),
            ]),
            0..150,
        ),
    ) {
        let mut queue = MessageQueue::new(QueueRules {
            queue_limit, visibility_timeout: visibility.map(Duration), max_receives,
            redelivery_delay: Duration(delay), slots,
        });
        let mut now = Time::ZERO;
        // Time-outs and delays to come, by time; deliveries that workers hold; receives and ends by job.
        let mut agenda: BTreeMap<(Time, u64), (bool, MessageId)> = BTreeMap::new();
        let mut held: Vec<(MessageId, JobId)> = Vec::new();
        let (mut receives, mut ended) = (BTreeMap::<JobId, u32>::new(), Vec::new());
        let (mut jobs, mut accepted, mut dead) = (0, 0, Vec::new());
        for (past, action) in actions {
            now = now.after(Duration(past));
            while let Some(entry) = agenda.first_entry().filter(|entry| entry.key().0 <= now) {
                let ((due, _), (is_timeout, id)) = entry.remove_entry();
                if !is_timeout {
                    queue.appear(due, id);
                } else if let Expired::Dead(job) = queue.expire(due, id) {
                    dead.push(job);
                }
                queue.assert_conserved(due);
            }
            let order = jobs * 1_000 + agenda.len() as u64;
            match action {
                Action::Send => {
                    jobs += 1;
                    accepted += u64::from(queue.send(now, JobId(jobs as u32)).is_some());
                }
                Action::Receive => if let Some(delivery) = queue.receive(now) {
                    let so_often = receives.entry(delivery.job).or_default();
                    *so_often += 1;
                    prop_assert_eq!(*so_often, delivery.receive);
                    prop_assert!(max_receives.is_none_or(|most| *so_often <= most));
                    held.push((delivery.message, delivery.job));
                    if let Some(expires) = delivery.expires {
                        agenda.insert((expires, order + 500 * 1_000_000), (true, delivery.message));
                    }
                },
                Action::Finish(which) if !held.is_empty() => {
                    let (id, job) = held.remove(which % held.len());
                    let is_over = ended.contains(&job) || dead.contains(&job);
                    prop_assert_eq!(queue.finish(now, id), (!is_over).then_some(job));
                    if !is_over { ended.push(job) }
                }
                Action::Fail(which) if !held.is_empty() => {
                    let (id, job) = held.remove(which % held.len());
                    match queue.fail(now, id) {
                        Failed::Delayed(due) => { agenda.insert((due, order), (false, id)); }
                        Failed::Dead(dead_job) => { prop_assert_eq!(dead_job, job); dead.push(job); }
                        Failed::Visible | Failed::Nothing => {}
                    }
                }
                Action::Finish(_) | Action::Fail(_) => {}
                Action::Window => queue.begin_window(now),
            }
            queue.assert_conserved(now);
            let inside = u64::from(queue.visible() + queue.delayed() + queue.in_flight());
            prop_assert_eq!(accepted, ended.len() as u64 + dead.len() as u64 + inside);
            prop_assert_eq!(queue.slots().used() as usize, held.len());
        }
        assert_comes_back(&queue);
    }
}
