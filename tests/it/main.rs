//! Everything that is tested from outside the parts: one binary, so that it links once.

mod lifecycle;
mod plain;
mod real_traces;
mod reference;
mod rules;
mod support;
mod swarm;
mod theory;
