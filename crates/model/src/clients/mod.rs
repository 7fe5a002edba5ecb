//! Clients of AWS's SDKs: what they do after an answer, as measured from the packages themselves.
//!
//! - `sdk` is the table of their rules, a row for each; `sdk_client` applies a row to one client object.
//! - `rate_limiter` is the limiter of the adaptive ones; `waiter` what their waiters do.
//! - `measured` has the answers of real packages, attempt by attempt, and the scripts that wrote them down.

pub mod rate_limiter;
pub mod sdk;
pub mod sdk_client;
pub mod waiter;
