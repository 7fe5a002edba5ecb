//! Decisions about places, recorded for the subject of `--explain`.

use crate::cloud::allocation::allocator::{HostAllocation, HostAllocator, ReservationCriteria};
use crate::cloud::api::launch_context::LaunchContext;
use crate::cloud::instances::reference::Slot;
use crate::cloud::observe::explain::{Decision, Ending, Explanation, Occasion, Subject, ending};
use crate::cloud::world::World;
use plimsoll_base::failure::FailureReason;
use plimsoll_base::units::Time;
use plimsoll_model::placement::diagnosis::Diagnosis;
use plimsoll_model::placement::request::Request;

/// Marks the decisions of a launch whose allocations are undone.
#[cold]
pub fn undo_decisions(world: &mut World, context: &LaunchContext) {
    let Some(log) = &mut world.recorder.decisions else { return };
    let launch = context.launch;
    let numbers = launch.first_instance..launch.first_instance + u64::from(launch.max_count);
    let of_launch = |decision: &&mut Decision| decision.number.is_some_and(|of| numbers.contains(&of));
    for decision in log.explanation.decisions.iter_mut().filter(of_launch) {
        if let Ending::Placed(host) | Ending::Claimed(host, _) = decision.ending {
            decision.ending = Ending::Undone(host);
        }
    }
}

/// Diagnoses every host for an instance, if it is the subject of `--explain`.
pub fn diagnose_instance(world: &mut World, now: Time, slot: Slot, request: &Request) -> Option<Diagnosis> {
    let subject = world.recorder.decisions.as_ref()?.explanation.subject;
    let is_asked = subject == Subject::Instance(world.instances.get(slot).id);
    is_asked.then(|| diagnose(world, now, request, true))
}

/// Diagnoses every host for a request, as the strategy sees it when it chooses.
fn diagnose(world: &mut World, now: Time, request: &Request, may_open: bool) -> Diagnosis {
    let HostAllocator { placer, fleet, .. } = &mut world.hosts;
    placer.prepare(now, fleet);
    placer.diagnose(request, may_open, fleet)
}

/// Records the decision about an instance that starts or moves.
#[cold]
pub fn record_move(
    world: &mut World,
    at: Time,
    occasion: Occasion,
    (request, criteria): (Request, ReservationCriteria),
    diagnosis: Diagnosis,
    allocation: Result<HostAllocation, FailureReason>,
) {
    let (number, kind) = (None, criteria.kind);
    record(world, Decision { at, occasion, number, kind, request, diagnosis, ending: ending(allocation) });
}

/// Records a decision. Panics if the run and the plain scan of the fleet as it is came to different results.
fn record(world: &mut World, decision: Decision) {
    // A scheduler whose view is out of date may take another host than the one that is best now.
    if let Ending::Placed(host) = decision.ending
        && world.hosts.placer.conflicts().is_none()
    {
        let winner = decision.diagnosis.winner.as_ref().map(|winner| winner.host);
        assert_eq!(winner, Some(host), "the run and the plain scan take different hosts");
    }
    world.recorder.decisions.as_mut().expect("a subject was asked about").add(decision);
}

/// Returns the whole explanation. A number that no instance has had yet explains nothing.
pub fn take_explanation(world: &mut World) -> Option<Explanation> {
    let mut explanation = world.recorder.decisions.take()?.explanation;
    if matches!(explanation.subject, Subject::Instance(id) if id >= world.instances.next_id(0)) {
        explanation.decisions.clear();
    }
    Some(explanation)
}

/// Surveys every host for the next instance of a launch, if the subject of `--explain` is concerned.
#[cold]
pub fn diagnose_launch(world: &mut World, context: &LaunchContext, may_open: bool) -> Option<Diagnosis> {
    let id = world.instances.next_id(world.api.batch.len());
    let is_concerned = world.recorder.decisions.as_mut().is_some_and(|log| log.concerns(id, context));
    is_concerned.then(|| diagnose(world, context.now, &context.request, may_open))
}

/// Records the decision about an instance of a launch, which is the last of the batch if it was allocated.
#[cold]
pub fn record_launch(
    world: &mut World,
    context: &LaunchContext,
    diagnosis: Diagnosis,
    allocated: Result<(), FailureReason>,
) {
    let batch = &world.api.batch;
    let nth = batch.len() - usize::from(allocated.is_ok());
    let allocation = allocated.map(|()| {
        let last = batch.last().expect("it was allocated just now");
        last.on_host().allocation
    });
    record(
        world,
        Decision {
            at: context.now,
            occasion: Occasion::Launch,
            number: Some(context.launch.first_instance + nth as u64),
            kind: context.launch.kind,
            request: context.request,
            diagnosis,
            ending: ending(allocation),
        },
    );
}
