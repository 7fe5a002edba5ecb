//! Log of what a run decides, for programs that subscribe to `tracing`: launches, states of instances, hosts. It is compiled with
//! the feature `tracing` only, so that it costs nothing else.

/// Logs an event of a run at a simulated time, under a target such as `plimsoll::launch`. Fields are written as in
/// [`tracing::debug!`](https://docs.rs/tracing/0.1/tracing/macro.debug.html).
macro_rules! log_decision {
    ($target:literal, $now:expr, $($field:tt)*) => {
        #[cfg(feature = "tracing")]
        tracing::debug!(target: $target, at_s = $now.as_seconds(), $($field)*);
    };
}

pub(in crate::cloud) use log_decision;
