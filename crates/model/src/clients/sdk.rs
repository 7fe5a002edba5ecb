//! Register of the SDKs, with the rules of their clients.
//!
//! Measured against answers of a stub and read in the source of the versions that the rows name, on 2026-11-30; `measured` has the
//! tables. The Rust row is from its source alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::waiter::WaiterRules;
use crate::backoff::{Backoff, Jitter};
use plimsoll_base::failure::Failure;
use plimsoll_base::units::Duration;

/// SDK, with its retry mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Sdk {
    /// Python, botocore up to 1.43 by default: five attempts, without a retry quota.
    #[serde(rename = "botocore-legacy")]
    BotocoreLegacy,
    /// Python, botocore up to 1.43 in the mode `standard`.
    #[serde(rename = "botocore-1.43-standard")]
    Botocore143Standard,
    /// Python, botocore from 1.44 on by default.
    #[serde(rename = "botocore-standard")]
    BotocoreStandard,
    /// Python, botocore from 1.44 on in the mode `adaptive`: with a rate limiter.
    #[serde(rename = "botocore-adaptive")]
    BotocoreAdaptive,
    /// JavaScript SDK v3 by default.
    #[serde(rename = "js-v3-standard")]
    JsV3Standard,
    /// JavaScript SDK v3 in the mode `adaptive`: with a rate limiter.
    #[serde(rename = "js-v3-adaptive")]
    JsV3Adaptive,
    /// Rust SDK by default.
    #[serde(rename = "rust-standard")]
    RustStandard,
}

/// Sort of a failed answer, as the clients tell them apart. Every other failure is final.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum RetrySort {
    /// Throttling: by its error code.
    Throttled,
    /// Fault of the service: HTTP status 500, 502, 503 or 504. `InsufficientInstanceCapacity` has 500.
    Fault,
    /// No answer within the client's time-out.
    TimedOut,
}

impl RetrySort {
    /// Returns the sort of a failure; `None` for one that no client tries again.
    pub fn of(failure: Failure) -> Option<RetrySort> {
        match (failure, failure.entry().http_status) {
            (Failure::RequestLimitExceeded, _) => Some(RetrySort::Throttled),
            (Failure::RequestTimeout, _) => Some(RetrySort::TimedOut),
            (_, 500 | 502 | 503 | 504) => Some(RetrySort::Fault),
            _ => None,
        }
    }
}

/// Rules of the clients of an SDK.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SdkRules {
    /// SDK.
    pub sdk: Sdk,
    /// Package and version that they are of.
    pub version: &'static str,
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Delay before the second attempt, by [`RetrySort`]; it doubles with each further one, and is drawn from 0 up to that.
    pub first: [Duration; 3],
    /// Longest delay.
    pub longest: Duration,
    /// Delays are whole multiples of this, rounded down.
    pub step: Duration,
    /// Cost of a retry by [`RetrySort`] \[tokens of the retry quota\]; `None` without a quota.
    pub costs: Option<[u32; 3]>,
    /// Rate limiter of the mode `adaptive`.
    pub limiter: Option<LimiterStart>,
    /// Longest wait for an answer; `None` for no limit.
    pub timeout: Option<Duration>,
    /// Rules of its waiters.
    pub waiter: WaiterRules,
}

/// Time from which on a rate limiter collects tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimiterStart {
    /// Since the client was made, at one a second until its first answer.
    WithClient,
    /// Since its first answer.
    FirstAnswer,
}

/// Tokens of a retry quota that is full.
pub const FULL_QUOTA: u32 = 500;

/// Tokens that a success at the first attempt gives back.
pub const FIRST_ATTEMPT_REFUND: u32 = 1;

const NS: Duration = Duration(1);
const MS: Duration = Duration(1_000_000);
const SECOND: Duration = Duration::from_seconds(1);
const LONGEST: Duration = Duration::from_seconds(20);
const AFTER_FAULT: Duration = Duration(50_000_000);

/// Rules of botocore's mode `standard` since 1.44.0, from which most others differ in little.
const STANDARD: SdkRules = SdkRules {
    sdk: Sdk::BotocoreStandard,
    version: "botocore 1.44.8",
    attempts: 3,
    first: [SECOND, AFTER_FAULT, AFTER_FAULT],
    longest: LONGEST,
    step: NS,
    costs: Some([5, 14, 14]),
    limiter: None,
    timeout: Some(Duration::from_seconds(60)),
    waiter: WaiterRules::BOTOCORE,
};

/// The register.
pub const SDKS: [SdkRules; 7] = [
    SdkRules {
        sdk: Sdk::BotocoreLegacy,
        version: "botocore 1.43.117",
        attempts: 5,
        first: [SECOND; 3],
        longest: Duration(u64::MAX),
        costs: None,
        ..STANDARD
    },
    SdkRules {
        sdk: Sdk::Botocore143Standard,
        version: "botocore 1.43.117",
        first: [SECOND; 3],
        costs: Some([5, 5, 10]),
        ..STANDARD
    },
    STANDARD,
    SdkRules { sdk: Sdk::BotocoreAdaptive, limiter: Some(LimiterStart::WithClient), ..STANDARD },
    SdkRules {
        sdk: Sdk::JsV3Standard,
        version: "@aws-sdk/client-ec2 3.1169.0",
        step: MS,
        timeout: None,
        waiter: WaiterRules::SMITHY,
        ..STANDARD
    },
    SdkRules {
        sdk: Sdk::JsV3Adaptive,
        version: "@aws-sdk/client-ec2 3.1169.0",
        step: MS,
        timeout: None,
        waiter: WaiterRules::SMITHY,
        limiter: Some(LimiterStart::FirstAnswer),
        ..STANDARD
    },
    SdkRules {
        sdk: Sdk::RustStandard,
        version: "aws-smithy-runtime 1.16.2",
        first: [SECOND; 3],
        costs: Some([5, 10, 10]),
        timeout: None,
        waiter: WaiterRules::SMITHY,
        ..STANDARD
    },
];

impl Sdk {
    /// Returns the rules of its clients.
    pub fn rules(self) -> &'static SdkRules {
        SDKS.iter().find(|rules| rules.sdk == self).expect("the register has every SDK")
    }
}

impl SdkRules {
    /// Returns the delay after the `attempt`-th attempt (from 1) failed, or `None` where it was the last of `attempts`.
    /// `draw` is 64 random bits.
    pub fn delay(&self, attempts: u32, attempt: u32, sort: RetrySort, draw: u64) -> Option<Duration> {
        let backoff = Backoff {
            attempts,
            first: self.first[sort as usize],
            longest: self.longest,
            multiplier_milli: 2_000,
            jitter: Jitter::Full,
        };
        let delay = backoff.delay(attempt, Duration::ZERO, draw)?;
        Some(Duration(delay.0 / self.step.0 * self.step.0))
    }
}
