//! `plimsoll serve`: the session that clients call, the answers of its actions and of its REST interface, the process and its
//! journal.

mod actions;
mod crowd;
mod dedicated_hosts;
mod faults;
mod figures;
mod journal;
mod process;
mod rest;
mod session;
mod spot_requests;
