//! Clients of an SDK: those of each account, which make its calls in turn.

use super::requests::{ClientRequest, SdkClientId};
use crate::clients::sdk::SdkRules;
use crate::clients::sdk_client::{AfterFailure, SdkClient};
use crate::control_plane::config::ClientConfig;
use plimsoll_base::failure::Failure;
use plimsoll_base::persist;
use plimsoll_base::units::{AccountId, Duration, Time};

/// The clients of all accounts that have called.
#[derive(Clone, Debug)]
pub(super) struct SdkClients {
    pub rules: &'static SdkRules,
    /// Attempts in all of a call.
    attempts: u32,
    per_account: u32,
    /// By account: 1 + the number of the first of its clients; 0 for one that has not called.
    first: Vec<u32>,
    /// By account: the one among its clients that makes the next call.
    turns: Vec<u32>,
    clients: Vec<SdkClient>,
}

persist! { SdkClients {
    values: [first, turns, clients],
    derived: [rules, attempts, per_account],
} }

impl SdkClients {
    /// Returns the clients of a validated configuration; `None` where loops are written by hand.
    pub fn new(config: &ClientConfig) -> Option<SdkClients> {
        let rules = config.sdk?.rules();
        Some(SdkClients {
            rules,
            attempts: config.max_attempts.unwrap_or(rules.attempts),
            per_account: config.per_account.unwrap_or(1),
            first: Vec::new(),
            turns: Vec::new(),
            clients: Vec::new(),
        })
    }

    /// Returns the client that makes the next call of an account. They are made with its first call.
    pub fn next(&mut self, now: Time, account: AccountId) -> SdkClientId {
        if self.first.len() <= account.index() {
            self.first.resize(account.index() + 1, 0);
            self.turns.resize(account.index() + 1, 0);
        }
        if self.first[account.index()] == 0 {
            self.first[account.index()] =
                u32::try_from(self.clients.len() + 1).expect("fewer clients than 2³²");
            let client = SdkClient::new(self.rules, now);
            self.clients.extend(std::iter::repeat_n(client, self.per_account as usize));
        }
        let turn = &mut self.turns[account.index()];
        let client = self.first[account.index()] - 1 + *turn;
        *turn = (*turn + 1) % self.per_account;
        SdkClientId(client)
    }

    /// Lets an attempt go out, or returns the time after which to ask again.
    pub fn send(&mut self, now: Time, id: SdkClientId) -> Result<(), Duration> {
        self.clients[id.0 as usize].send(now)
    }

    /// Takes in that a request has succeeded.
    pub fn succeeded(&mut self, now: Time, (id, cost): (SdkClientId, Option<u32>)) {
        self.clients[id.0 as usize].succeeded(now, cost);
    }

    /// Takes in that an attempt of a request has failed.
    pub fn failed(
        &mut self,
        now: Time,
        request: &ClientRequest,
        id: SdkClientId,
        failure: Failure,
        draw: u64,
    ) -> AfterFailure {
        let client = &mut self.clients[id.0 as usize];
        client.failed(self.rules, now, (request.attempts, self.attempts), failure, draw)
    }
}
