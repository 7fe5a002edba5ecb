//! Client tokens of actions that make resources other than instances: the same request with the same token gets the same answer.
//! Launches have theirs in the model, which knows them from traces too.

use std::collections::{BTreeMap, VecDeque};

use plimsoll_base::failure::{Failure, FailureReason};
use plimsoll_base::units::{AccountId, Duration, Time};

use crate::api_error::ApiError;

/// Time for which a token is remembered. EC2 promises "at least" a day (API reference, "Ensuring idempotency").
const REMEMBERED: Duration = Duration::from_seconds(24 * 3600);

/// Token of a request.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TokenUse {
    account: AccountId,
    action: &'static str,
    token: String,
    /// Parameters of the request.
    asked: String,
}

impl TokenUse {
    /// Returns the token of a request of an account, which asked for something by an action.
    pub fn new(account: AccountId, action: &'static str, token: &str, asked: String) -> TokenUse {
        TokenUse { account, action, token: token.to_string(), asked }
    }

    fn key(&self) -> (AccountId, &'static str, String) {
        (self.account, self.action, self.token.clone())
    }
}

/// Tokens of recent requests that succeeded, with their answers.
#[derive(Debug, Default)]
pub struct ActionTokens {
    seen: BTreeMap<(AccountId, &'static str, String), (String, Vec<u8>)>,
    in_order: VecDeque<(Time, (AccountId, &'static str, String))>,
}

impl ActionTokens {
    /// Returns the answer to an earlier request with the same token; refused where that asked for something else.
    pub fn recall(&mut self, now: Time, token: &TokenUse) -> Option<Result<Vec<u8>, ApiError>> {
        while let Some((used, _)) = self.in_order.front()
            && now.since(*used) >= REMEMBERED
        {
            let (_, key) = self.in_order.pop_front().expect("it has a first");
            self.seen.remove(&key);
        }
        let (asked, answer) = self.seen.get(&token.key())?;
        let mismatch = || ApiError::from(FailureReason::from(Failure::IdempotentParameterMismatch));
        Some(if *asked == token.asked { Ok(answer.clone()) } else { Err(mismatch()) })
    }

    /// Remembers the answer to a request that succeeded.
    pub fn remember(&mut self, now: Time, token: TokenUse, answer: &[u8]) {
        let key = token.key();
        self.seen.insert(key.clone(), (token.asked, answer.to_vec()));
        self.in_order.push_back((now, key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(asked: &str) -> TokenUse {
        TokenUse {
            account: AccountId(1),
            action: "CreateVolume",
            token: "t".to_string(),
            asked: asked.to_string(),
        }
    }

    #[test]
    fn a_token_is_remembered_for_a_day_with_what_it_asked_for() {
        let mut tokens = ActionTokens::default();
        assert_eq!(tokens.recall(Time::ZERO, &token("a")), None);
        tokens.remember(Time::ZERO, token("a"), b"answer");
        assert_eq!(tokens.recall(Time(1), &token("a")), Some(Ok(b"answer".to_vec())));
        let mismatch = tokens.recall(Time(1), &token("b")).unwrap().unwrap_err();
        assert_eq!(mismatch.code, "IdempotentParameterMismatch");
        assert_eq!(tokens.recall(Time::ZERO.after(REMEMBERED), &token("a")), None);
        assert!(tokens.seen.is_empty());
    }
}
