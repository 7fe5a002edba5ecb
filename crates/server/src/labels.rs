//! Labels: what clients say about resources that has no effect in the model, and is shown to them again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use plimsoll_base::units::{AccountId, Duration, InstanceId, Time};
use plimsoll_model::workload::call::Tag;
use plimsoll_sim::cloud::session::SpotRequestNumber;

/// Labels of the instances of one launch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LaunchLabels {
    /// Id of the image, as the client named it.
    pub image_id: String,
    /// Name of the key pair.
    pub key_name: Option<String>,
    /// Client token.
    pub client_token: Option<String>,
    /// User data, in base64 as it came.
    pub user_data: Option<String>,
    /// Shutdown behaviour.
    pub shutdown_behaviour: Option<String>,
    /// Tags of the volumes that came with the instances.
    pub volume_tags: BTreeMap<String, String>,
    /// Labels of a launch on the spot market.
    pub spot: Option<SpotLabels>,
    /// Tags of the spot requests.
    pub request_tags: Vec<Tag>,
}

/// Labels of a launch on the spot market.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpotLabels {
    /// Type of the request, `one-time` or `persistent`.
    pub kind: &'static str,
    /// Most that an hour may cost \[USD\], as EC2 writes it.
    pub max_price: Option<String>,
    /// Behaviour at an interruption, EC2's word.
    pub interruption: &'static str,
}

/// Launch that clients see as a reservation.
#[derive(Clone, Debug)]
pub struct LaunchRecord {
    /// First of its instances, by which the reservation is numbered.
    pub first: InstanceId,
    /// Labels.
    pub labels: Arc<LaunchLabels>,
    /// True if a client stopped or terminated the instance last; false once it is started again.
    pub is_ended_by_client: bool,
    /// True if a client cancelled the spot request of the instance.
    pub is_request_cancelled: bool,
    /// Its spot request, if that has waited; another has the number of the instance.
    pub request: Option<WaitedRequest>,
}

/// Spot request that has waited for its instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitedRequest {
    /// Number.
    pub number: SpotRequestNumber,
    /// Time of the call.
    pub called: Time,
}

/// Labels of a resource that is no instance.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResourceLabels {
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
    /// Description.
    pub description: String,
    /// Time at which a client made it, where that is shown and the model does not keep it.
    pub made: Option<Time>,
}

/// Launches kept before those of ended instances are dropped.
const KEPT: usize = 4096;

/// Labels of all resources.
#[derive(Debug, Default)]
pub struct Labels {
    launches: BTreeMap<InstanceId, LaunchRecord>,
    in_order: VecDeque<InstanceId>,
    /// Labels of spot requests that wait, or have ended without an instance.
    waiting: BTreeMap<SpotRequestNumber, Arc<LaunchLabels>>,
    /// Spot requests that wait or have waited, with account and id, in the order in which they are looked at.
    in_turn: VecDeque<(SpotRequestNumber, AccountId, String)>,
    /// Instances of the spot requests that have waited.
    fulfilled: BTreeMap<SpotRequestNumber, InstanceId>,
    /// Resources other than instances that have labels, by account and id as clients write it.
    resources: BTreeMap<(AccountId, String), ResourceLabels>,
    /// Resources that are gone and still shown, with the time from which they are not.
    leaving: VecDeque<(Time, AccountId, String)>,
}

impl Labels {
    /// Notes the instances of a launch, of which `is_shown` says if clients still see them.
    pub fn note_launch(
        &mut self,
        instances: &[InstanceId],
        labels: &Arc<LaunchLabels>,
        is_shown: impl Fn(InstanceId) -> bool,
    ) {
        let Some(first) = instances.first().copied() else { return };
        for id in instances {
            let labels = Arc::clone(labels);
            let (is_ended_by_client, is_request_cancelled, request) = (false, false, None);
            let launch = LaunchRecord { first, labels, is_ended_by_client, is_request_cancelled, request };
            self.launches.insert(*id, launch);
            self.in_order.push_back(*id);
        }
        // Each launch looks at twice as many old instances as it brings, so that ended ones leave in their turn.
        for _ in 0..2 * instances.len() {
            if self.in_order.len() <= KEPT {
                return;
            }
            let oldest = self.in_order.pop_front().expect("there are more than are kept");
            if is_shown(oldest) {
                self.in_order.push_back(oldest);
            } else if let Some(request) = self.launches.remove(&oldest).and_then(|launch| launch.request) {
                self.fulfilled.remove(&request.number);
            }
        }
    }

    /// Notes a spot request of an account that waits, by number and id, and forgets others of which `is_shown` says that clients see them
    /// no longer, and their tags.
    pub fn note_request(
        &mut self,
        (number, account, id): (SpotRequestNumber, AccountId, &str),
        labels: &Arc<LaunchLabels>,
        is_shown: impl Fn(SpotRequestNumber) -> bool,
    ) {
        // Each request looks at two others, which have their turn again if they are still shown: so ended ones leave, however long those
        // before them stay open.
        for _ in 0..2 {
            let Some((other, of, other_id)) = self.in_turn.pop_front() else { break };
            if !self.waiting.contains_key(&other) {
                // It is fulfilled, and its labels are those of its instance.
            } else if is_shown(other) {
                self.in_turn.push_back((other, of, other_id));
            } else {
                self.waiting.remove(&other);
                self.forget(of, &other_id);
            }
        }
        self.waiting.insert(number, Arc::clone(labels));
        self.in_turn.push_back((number, account, id.to_string()));
    }

    /// Notes that a spot request that has waited is fulfilled by an instance, whose launch is noted. Returns its labels.
    pub fn note_fulfilled(
        &mut self,
        request: WaitedRequest,
        id: InstanceId,
        is_shown: impl Fn(InstanceId) -> bool,
    ) -> Option<Arc<LaunchLabels>> {
        let labels = self.waiting.remove(&request.number)?;
        self.note_launch(&[id], &labels, is_shown);
        self.launches.get_mut(&id)?.request = Some(request);
        self.fulfilled.insert(request.number, id);
        Some(labels)
    }

    /// Returns the labels of a spot request without an instance.
    pub fn of_request(&self, number: SpotRequestNumber) -> Option<&LaunchLabels> {
        self.waiting.get(&number).map(|labels| &**labels)
    }

    /// Returns the instance that has fulfilled a spot request which had waited.
    pub fn fulfilled_by(&self, number: SpotRequestNumber) -> Option<InstanceId> {
        self.fulfilled.get(&number).copied()
    }

    /// Notes that a client has stopped or terminated an instance, or has started it again.
    pub fn note_end(&mut self, id: InstanceId, is_ended: bool) {
        if let Some(launch) = self.launches.get_mut(&id) {
            launch.is_ended_by_client = is_ended;
        }
    }

    /// Notes that a client has cancelled the spot request of an instance.
    pub fn cancel_request(&mut self, id: InstanceId) {
        if let Some(launch) = self.launches.get_mut(&id) {
            launch.is_request_cancelled = true;
        }
    }

    /// Returns the labels of a resource that is no instance.
    pub fn of(&self, account: AccountId, id: &str) -> ResourceLabels {
        self.resources.get(&(account, id.to_string())).cloned().unwrap_or_default()
    }

    /// Returns the labels of a resource to change.
    pub fn of_mut(&mut self, account: AccountId, id: &str) -> &mut ResourceLabels {
        self.resources.entry((account, id.to_string())).or_default()
    }

    /// Sets the tags of a new resource. One without any costs nothing.
    pub fn set_tags(&mut self, account: AccountId, id: &str, tags: Vec<Tag>) {
        if !tags.is_empty() {
            self.of_mut(account, id).tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        }
    }

    /// Forgets the labels of a resource that is gone.
    pub fn forget(&mut self, account: AccountId, id: &str) {
        self.resources.remove(&(account, id.to_string()));
    }

    /// Notes that the labels of a resource that is gone are to be forgotten once it is no longer shown.
    pub fn forget_later(&mut self, now: Time, shown_for: Duration, account: AccountId, id: &str) {
        self.leaving.push_back((now.after(shown_for), account, id.to_string()));
    }

    /// Forgets the labels of resources that are no longer shown by now.
    pub fn forget_due(&mut self, now: Time) {
        while self.leaving.front().is_some_and(|(until, ..)| *until <= now) {
            let (_, account, id) = self.leaving.pop_front().expect("it has a first");
            self.forget(account, &id);
        }
    }

    /// Returns the resources of an account that have labels, by id.
    pub fn of_account(&self, account: AccountId) -> impl Iterator<Item = (&str, &ResourceLabels)> {
        let of_account = self.resources.range((account, String::new())..);
        let own = of_account.take_while(move |((of, _), _)| *of == account);
        own.map(|((_, id), labels)| (id.as_str(), labels))
    }

    /// Returns the launch of an instance; `None` where no client launched it.
    pub fn launch_of(&self, id: InstanceId) -> Option<&LaunchRecord> {
        self.launches.get(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_ended_instances_are_dropped_and_others_stay() {
        let mut labels = Labels::default();
        let of_launch = Arc::new(LaunchLabels::default());
        let is_shown = |id: InstanceId| id.0.is_multiple_of(100);
        for number in 0..5 * KEPT as u64 {
            labels.note_launch(&[InstanceId(number)], &of_launch, is_shown);
        }
        assert!(labels.launches.len() < 2 * KEPT, "{}", labels.launches.len());
        assert!((0..KEPT as u64).step_by(100).all(|number| labels.launch_of(InstanceId(number)).is_some()));
    }

    #[test]
    fn ended_requests_leave_with_their_tags_behind_open_ones() {
        let (mut labels, account) = (Labels::default(), AccountId(1));
        let of_launch = Arc::new(LaunchLabels::default());
        let is_shown = |number: SpotRequestNumber| number.0 < 3;
        for number in 0..1000 {
            let id = format!("sir-{number}");
            labels.note_request((SpotRequestNumber(number), account, &id), &of_launch, is_shown);
            labels.set_tags(account, &id, vec![Tag { key: "use".into(), value: String::new() }]);
        }
        assert!((0..3).all(|number| labels.of_request(SpotRequestNumber(number)).is_some()));
        let kept = [labels.waiting.len(), labels.in_turn.len(), labels.of_account(account).count()];
        assert!(kept.iter().all(|kept| (4..10).contains(kept)), "{kept:?}");
        let request = WaitedRequest { number: SpotRequestNumber(0), called: Time(7) };
        labels.note_fulfilled(request, InstanceId(5), |_| true).expect("its labels are there");
        assert_eq!(labels.launch_of(InstanceId(5)).unwrap().request, Some(request));
        assert_eq!(labels.of(account, "sir-0").tags.len(), 1);
    }

    #[test]
    fn labels_of_what_is_gone_leave_when_it_is_no_longer_shown() {
        let (mut labels, account) = (Labels::default(), AccountId(1));
        labels.of_mut(account, "h-1").description = "first".to_string();
        labels.forget_later(Time(5), Duration(10), account, "h-1");
        labels.forget_due(Time(14));
        assert_eq!(labels.of_account(account).count(), 1);
        labels.forget_due(Time(15));
        assert_eq!(labels.of_account(account).count(), 0);
    }
}
