//! `plimsoll serve`: the session that clients call, the answers of its actions, and the process.

mod actions;
mod process;
mod session;
