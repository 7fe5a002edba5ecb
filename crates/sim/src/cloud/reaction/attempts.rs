//! Attempts of open launches: requests, and what follows from a refusal.
//!
//! A launch goes to the cloud as one request after the other until it succeeds, and is counted once, with its outcome. What
//! it asks for next, and when, is the rule of its sender ([`OnRefusal`](plimsoll_model::workload::launch_policy)); whether it
//! waits for room is that of the cloud.

use crate::cloud::api::launch;
use crate::cloud::api::launch_batch;
use crate::cloud::api::launch_options::Idempotency;
use crate::cloud::api::refused::Refused;
use crate::cloud::api::shortage;
use crate::cloud::control::polling;
use crate::cloud::observe::explain::{LaunchStep, StepOutcome};
use crate::cloud::observe::ledger::{DigestEvent, NO_HOST};
use crate::cloud::reaction::open_launch::OpenLaunch;
use crate::cloud::reaction::room::zone_of;
use crate::cloud::reaction::state::Notice;
use crate::cloud::reaction::{preemption, reclaim};
use crate::cloud::simulation::event::{Event, LaunchTimer, Rank};
use crate::cloud::world::World;
use plimsoll_base::engine::random::{Purpose, Seed};
use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Duration, HostId, InstanceId, Time, ZoneId};
use plimsoll_model::operation::Operation;
use plimsoll_model::placement::request::Constraint;
use plimsoll_model::workload::call::{Call, Launch, Sender};
use plimsoll_model::workload::launch_policy::OnRefusal;

/// Handles the request of a launch: the first, or a later one that has come through the control plane.
pub fn launch(world: &mut World, now: Time, account: AccountId, launch: &Launch) {
    let number = match launch.sender {
        Sender::Open(number) => number,
        _ => open(world, now, account, launch, None),
    };
    request(world, now, number);
}

/// Handles the refusal of a launch that never came through the control plane.
pub fn refused_on_the_way(
    world: &mut World,
    now: Time,
    call: &Call,
    launch: &Launch,
    lifetimes: Box<[Duration]>,
    failure: Failure,
) {
    let number = match launch.sender {
        Sender::Open(number) => number,
        _ => {
            world.recorder.call_age = now.since(call.at);
            let number = open(world, now, call.account, launch, Some(lifetimes));
            world.recorder.call_age = Duration::ZERO;
            number
        }
    };
    after_refusal(world, now, number, Refused::launch(launch, failure.into(), launch.zone));
}

/// Opens a launch that has just been called for.
fn open(
    world: &mut World,
    now: Time,
    account: AccountId,
    launch: &Launch,
    lifetimes: Option<Box<[Duration]>>,
) -> u32 {
    let called = Time(now.0 - world.recorder.call_age.0);
    let lifetimes = lifetimes.unwrap_or_else(|| launch::drawn_lifetimes(world, launch));
    let reactions = world.reactions_mut();
    reactions.count(|tally| tally.attempts += 1);
    reactions.add(OpenLaunch::new(now, called, account, launch.clone(), lifetimes))
}

/// Makes the next request of an open launch. It joins the line where others wait before it.
pub fn request(world: &mut World, now: Time, number: u32) {
    let asked = asked(world, now, number);
    if !world.reactions_mut().line.is_empty() {
        let reason = Failure::InsufficientInstanceCapacity.into();
        reclaim::reclaim(world, now, &asked);
        join(world, now, number, zone_of(world, &asked), reason);
        return;
    }
    let Err(refused) = attempt(world, now, number, &asked, None) else { return };
    let is_full = refused.reason.failure == Failure::InsufficientInstanceCapacity;
    if is_full {
        reclaim::reclaim(world, now, &asked);
    }
    let waits = is_full && !world.reactions_mut().rules.when_full.is_refuse();
    if waits && could_ever_fit(world, &asked) {
        let zone = zone_of(world, &asked);
        join(world, now, number, zone, refused.reason);
    } else {
        after_refusal(world, now, number, refused);
    }
}

/// Returns what the next request of an open launch asks for.
pub fn asked(world: &World, now: Time, number: u32) -> Launch {
    let reactions = world.reactions.as_ref().expect("demand reacts");
    let open = &reactions.open[&number];
    let rule = reactions.policies.of(open.first.sender).on_refusal.as_ref();
    open.request(now, rule).into_owned()
}

/// Launches what is asked for, or returns the refusal and changes nothing. Does not use the excluded host.
pub fn attempt(
    world: &mut World,
    now: Time,
    number: u32,
    asked: &Launch,
    excluded: Option<HostId>,
) -> Result<(), Refused> {
    let open = world.reactions_mut().open.get_mut(&number).expect("what is tried is open");
    // Its instances live as long as was drawn for it: the demand knows only the lifetimes of the launch that it returned last.
    let lifetimes = std::mem::take(&mut open.lifetimes);
    let of_call = world.api.delayed_lifetimes.replace(lifetimes);
    let outcome = attempt_with_lifetimes(world, now, number, asked, excluded);
    let lifetimes = std::mem::replace(&mut world.api.delayed_lifetimes, of_call);
    if let Some(open) = world.reactions_mut().open.get_mut(&number) {
        open.lifetimes = lifetimes.expect("they were put there above");
    }
    outcome
}

fn attempt_with_lifetimes(
    world: &mut World,
    now: Time,
    number: u32,
    asked: &Launch,
    excluded: Option<HostId>,
) -> Result<(), Refused> {
    let open = &world.reactions_mut().open[&number];
    let (account, called, is_requeued) = (open.account, open.called, open.is_requeued);
    let mut context = launch::context(world, now, account, asked);
    if let Some(host) = excluded {
        assert!(asked.options.is_none(), "only a plain launch passes others");
        let constraint = context.request.constraint.unwrap_or_default();
        context.request.constraint = Some(Constraint { excluded: Some(host), ..constraint });
    }
    let refused = match launch::allocate(world, &mut context) {
        Ok(Idempotency::New) => None,
        Ok(Idempotency::Repeated) => {
            world.reactions_mut().close(now, number);
            world.recorder.ledger.count_call(Operation::Launch, None);
            return Ok(());
        }
        Err(refused) if world.api.batch.is_empty() => return Err(refused),
        // Some fit, and at least as many as the launch asks for at least.
        Err(refused) => Some(refused),
    };
    let open = world.reactions_mut().close(now, number);
    if excluded.is_some() {
        // Which host it is not on is no attribute of the instance.
        context.request.constraint = launch::context(world, now, account, asked).request.constraint;
    }
    note_success(world, &open, asked);
    let launched = world.api.batch.len() as u32;
    note_step(world, now, (&open, asked), StepOutcome::Launched(launched));
    let age = std::mem::replace(&mut world.recorder.call_age, now.since(called));
    if is_requeued {
        world.recorder.ledger.lifecycle_events += world.api.batch.len() as u64;
    } else {
        launch::count(world, &context, refused);
    }
    settled(world, &open.first, world.api.batch.len() as u32);
    if let Some(launched) = &mut world.reactions_mut().launched {
        launched.clear();
    }
    launch::begin_all(world, &context);
    begin_waiting(world, now, &open);
    world.recorder.call_age = age;
    Ok(())
}

/// Lets the client of a launch wait for its instances, where clients do.
fn begin_waiting(world: &mut World, now: Time, open: &OpenLaunch) {
    let Some(launched) = world.reactions_mut().launched.as_mut().map(std::mem::take) else { return };
    if world.control.is_some() && !open.first.sender.has_owner() {
        polling::begin(world, now, open.account, launched);
    }
}

/// Counts the instances of the batch by attempt, choice and wait.
fn note_success(world: &mut World, open: &OpenLaunch, asked: &Launch) {
    let instances = world.api.batch.len() as u32;
    let zone = world.api.batch[0].zone;
    let choice = open.chosen(asked.kind, zone, zone_of(world, &open.first));
    let (attempt, is_requeued) = (open.attempt, open.is_requeued);
    let reactions = world.reactions_mut();
    let priority = reactions.policies.of(open.first.sender).priority;
    let waits = !reactions.rules.when_full.is_refuse();
    let wait = open.waited;
    reactions.end_claims(open.first.first_instance);
    reactions.count(|tally| {
        if is_requeued {
            return tally.requeued(instances, priority, wait);
        }
        tally.launched(instances, attempt, choice);
        if waits {
            tally.waited(instances, priority, wait);
        }
    });
}

/// Lets an open launch wait for room.
fn join(world: &mut World, now: Time, number: u32, zone: Option<ZoneId>, reason: FailureReason) {
    explain(world, now, number, StepOutcome::Waits(reason));
    let reactions = world.reactions_mut();
    reactions.join_line(now, number, zone, reason);
    let open = &reactions.open[&number];
    let first = InstanceId(open.first.first_instance);
    if let Some(longest) = reactions.rules.longest_wait {
        set_timer(world, now.after(longest), LaunchTimer::LongestWait, number);
    }
    world.recorder.ledger.digest(now, DigestEvent::LaunchWaits, first, NO_HOST);
}

/// Takes a launch out of the line with a refusal.
pub fn leave_line(world: &mut World, now: Time, number: u32, refused: Refused) {
    world.reactions_mut().leave_line(now, number);
    after_refusal(world, now, number, refused);
}

/// Returns whether some host of the zones of a launch is large enough, were it empty.
fn could_ever_fit(world: &World, asked: &Launch) -> bool {
    let fleet = &world.hosts.fleet;
    let (info, zone) = (world.types.of(asked.kind), zone_of(world, asked));
    let barred = info.constraint.map_or(0, |constraint| constraint.barred);
    let groups = fleet.groups().iter().filter(|group| group.count > 0);
    let mut groups = groups.filter(|group| zone.is_none_or(|zone| zone == group.zone));
    groups.any(|group| {
        let hosts = group.first.0..group.first.0 + group.count;
        hosts
            .map(|host| &fleet.skus()[fleet.hosts()[host as usize].sku.0 as usize])
            .any(|sku| sku.capacity.covers(&info.amounts) && !sku.is_barred(barred))
    })
}

/// Decides what follows from the refusal of an open launch that does not wait: another attempt of its client's SDK; then its next
/// choice, its next attempt, or the end.
fn after_refusal(world: &mut World, now: Time, number: u32, refused: Refused) {
    let failure = refused.reason.failure;
    if world.control.as_mut().is_some_and(|control| control.tries_again(now, number, failure)) {
        explain(world, now, number, StepOutcome::SentAgain(refused.reason));
        let first = InstanceId(world.reactions_mut().open[&number].first.first_instance);
        return world.recorder.ledger.digest(now, DigestEvent::LaunchRepeats, first, NO_HOST);
    }
    let reactions = world.reactions.as_ref().expect("demand reacts");
    let open = &reactions.open[&number];
    let first = InstanceId(open.first.first_instance);
    let next = match &reactions.policies.of(open.first.sender).on_refusal {
        Some(rule) => next_by_rule(now, reactions.seed, open, rule, failure),
        None => AfterRefusal::End,
    };
    match next {
        AfterRefusal::End => return refuse(world, now, number, refused),
        AfterRefusal::NextChoice => {
            explain(world, now, number, StepOutcome::NextChoice(refused.reason));
            let reactions = world.reactions_mut();
            reactions.open.get_mut(&number).expect("the launch is open").choice += 1;
            reactions.due.push(number);
        }
        AfterRefusal::NextAttempt(delay) => {
            explain(world, now, number, StepOutcome::NextAttempt(refused.reason, now.after(delay)));
            let open = world.reactions_mut().open.get_mut(&number).expect("the launch is open");
            (open.attempt, open.choice, open.delay) = (open.attempt + 1, 0, delay);
            set_timer(world, now.after(delay), LaunchTimer::Retry, number);
        }
    }
    world.recorder.ledger.digest(now, DigestEvent::LaunchRepeats, first, NO_HOST);
}

/// Sequel of a refusal.
enum AfterRefusal {
    End,
    NextChoice,
    NextAttempt(Duration),
}

/// Returns what follows from the refusal of an open launch by the rule of its sender.
fn next_by_rule(
    now: Time,
    seed: Seed,
    open: &OpenLaunch,
    rule: &OnRefusal,
    failure: Failure,
) -> AfterRefusal {
    let has_choice = rule.choice(&open.first, open.choice + 1).is_some();
    // A zone that does not offer a type today will not do so tomorrow; another choice may.
    if has_choice && (rule.is_worth_another(failure) || failure == Failure::Unsupported) {
        return AfterRefusal::NextChoice;
    }
    let draw = seed.stream(Purpose::LaunchRetry, open.first.first_instance);
    let draw = draw.from_draw(u64::from(open.attempt)).bits();
    let delay = rule.backoff.delay(open.attempt, open.delay, draw).filter(|_| rule.is_worth_another(failure));
    let gives_up = |delay| rule.give_up_after.is_some_and(|most| now.after(delay) > open.begun.after(most));
    delay.filter(|delay| !gives_up(*delay)).map_or(AfterRefusal::End, AfterRefusal::NextAttempt)
}

/// Records what became of the request of an open launch, if it is the subject of `--explain`.
fn explain(world: &mut World, now: Time, number: u32, outcome: StepOutcome) {
    if world.recorder.decisions.is_some() {
        let asked = asked(world, now, number);
        let open = world.reactions_mut().open[&number].clone();
        note_step(world, now, (&open, &asked), outcome);
    }
}

fn note_step(world: &mut World, now: Time, (open, asked): (&OpenLaunch, &Launch), outcome: StepOutcome) {
    let zone = zone_of(world, asked);
    let Some(log) = &mut world.recorder.decisions else { return };
    let step = LaunchStep { at: now, attempt: open.attempt, kind: asked.kind, zone, outcome };
    log.add_step(open.first.first_instance, open.first.max_count, step);
}

/// Notes the first shortage, met by an open launch: with the zones of all choices of the type that was refused last.
#[cold]
fn note_shortage(world: &mut World, now: Time, open: &OpenLaunch, refused: &Refused) {
    let rule = world.reactions_mut().policies.of(open.first.sender).on_refusal.clone();
    let last = open.request(now, rule.as_ref()).into_owned();
    let choices = (0..=open.choice).filter_map(|choice| match &rule {
        Some(rule) => rule.choice(&open.first, choice),
        None => (choice == 0).then(|| open.first.clone()),
    });
    let mut tried: Vec<ZoneId> = Vec::new();
    for choice in choices.filter(|choice| choice.kind == last.kind) {
        if launch_batch::order_zones(world, &choice, None).is_ok() {
            tried.extend(&world.api.zone_order);
        }
    }
    tried.sort_unstable();
    tried.dedup();
    world.api.batch.clear();
    let mut context = launch::context(world, now, open.account, &last);
    if launch::apply_options(world, &mut context).is_ok() && !tried.is_empty() {
        shortage::note(world, &context, refused, &tried);
    }
}

/// Refuses an open launch for good, and counts it.
fn refuse(world: &mut World, now: Time, number: u32, refused: Refused) {
    explain(world, now, number, StepOutcome::Refused(refused.reason));
    let open = world.reactions_mut().close(now, number);
    if open.is_requeued {
        return; // It was counted when it was launched.
    }
    if shortage::is_first(world, &refused) {
        note_shortage(world, now, &open, &refused);
    }
    let OpenLaunch { account, first, lifetimes, .. } = open;
    let failure = Some(refused.reason.failure);
    world.recorder.ledger.count_call(Operation::Launch, failure);
    world.recorder.ledger.count_launch(first.max_count, failure, first.max_count);
    world.recorder.refuse(now, Operation::Launch, account, refused, first.max_count);
    let amounts = world.directory.types.get(first.kind).request;
    world.recorder.unmet.note(now, &first, first.max_count, &amounts, &lifetimes);
    world.api.handles.bind(first.handle, &[]);
    settled(world, &first, 0);
}

/// Tells the owner of a launch that it has come to its end.
fn settled(world: &mut World, first: &Launch, launched: u32) {
    if first.sender.has_owner() {
        let (zone, kind, is_spot) = (first.zone, first.kind, first.is_spot());
        // Of another type of less weight there may be more.
        let (asked, refused) = (first.max_count, first.max_count.saturating_sub(launched));
        let notice = Notice::Settled { zone, kind, is_spot, asked, refused };
        world.reactions_mut().notices.push((first.sender, notice));
    }
}

fn set_timer(world: &mut World, at: Time, timer: LaunchTimer, number: u32) {
    if at < Time::NEVER {
        world.timers.queue.push(at, Rank::Timer as u8, Event::OpenLaunch(timer, number));
    }
}

/// Handles a timer of an open launch; it is void once the launch is no longer open.
pub fn on_timer(world: &mut World, now: Time, timer: LaunchTimer, number: u32) {
    let reactions = world.reactions_mut();
    let Some(open) = reactions.open.get_mut(&number) else { return };
    match timer {
        LaunchTimer::Retry => {
            reactions.due.push(number);
            reactions.count(|tally| tally.attempts += 1);
        }
        LaunchTimer::LongestWait => {
            let longest = reactions.rules.longest_wait.expect("a timer was set for it");
            // It may have left the line and joined it again since.
            let Some(turn) = open.turn.filter(|turn| turn.since.after(longest) <= now) else { return };
            let launch = asked(world, now, number);
            leave_line(world, now, number, Refused::launch(&launch, turn.reason, turn.zone));
        }
        LaunchTimer::PreemptionDue => preemption::end_victims(world, now, number),
    }
}
