//! Log of what a run decides, on standard error: the targets and levels that `RUST_LOG` names, such as
//! `RUST_LOG=plimsoll::launch=debug`. Nothing without it.

use std::io;

use tracing_subscriber::EnvFilter;

/// Begins the log. Its lines have the simulated time alone.
pub fn begin() {
    let filter = EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).without_time().with_writer(io::stderr).init();
}
