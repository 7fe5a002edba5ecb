//! Idempotency: launches of one account with the same token are one launch.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

use crate::cloud::instances::reference::Reference;
use plimsoll_base::failure::Failure;
use plimsoll_base::units::{AccountId, Duration, Time};
use plimsoll_model::workload::call::Launch;

/// Time for which a token is remembered. EC2 promises "at least" a day (API reference, "Ensuring idempotency").
const REMEMBERED: Duration = Duration::from_seconds(24 * 3600);

/// Tokens of recent launches that succeeded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClientTokens {
    seen: BTreeMap<(AccountId, String), Seen>,
    /// Every token with the time it was used, oldest first.
    in_order: VecDeque<(Time, AccountId, String)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seen {
    launch: Launch,
    instances: Vec<Reference>,
}

impl ClientTokens {
    /// Returns the instances of an earlier launch with the same token, if there was one; refused where it asked
    /// for something else.
    pub fn recall(
        &mut self,
        now: Time,
        account: AccountId,
        token: &str,
        launch: &Launch,
    ) -> Result<Option<&[Reference]>, Failure> {
        while let Some((used, ..)) = self.in_order.front()
            && now.since(*used) >= REMEMBERED
        {
            let (_, account, token) = self.in_order.pop_front().expect("the queue is not empty");
            self.seen.remove(&(account, token));
        }
        match self.seen.get(&(account, token.to_string())) {
            None => Ok(None),
            Some(seen) if !asks_the_same(&seen.launch, launch) => Err(Failure::IdempotentParameterMismatch),
            Some(seen) => Ok(Some(&seen.instances)),
        }
    }

    /// Remembers the instances of a launch with a token. A refused launch is not remembered: the same
    /// token may try again.
    pub fn remember(
        &mut self,
        now: Time,
        account: AccountId,
        token: &str,
        launch: &Launch,
        instances: Vec<Reference>,
    ) {
        let seen = Seen { launch: launch.clone(), instances };
        self.seen.insert((account, token.to_string()), seen);
        self.in_order.push_back((now, account, token.to_string()));
    }
}

/// Returns whether two launches request the same, apart from the names of their instances.
fn asks_the_same(one: &Launch, other: &Launch) -> bool {
    let Launch { handle, first_instance, sender, .. } = *other;
    *other == Launch { handle, first_instance, sender, ..one.clone() }
}
