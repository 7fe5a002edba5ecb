//! Everything that is tested from outside the parts: one binary, so that it links once.

mod addresses;
mod architecture;
mod attributes;
mod billing;
mod bugs;
mod command_line;
mod determinism;
mod input_errors;
mod lifecycle;
mod plain;
mod readme;
mod real_traces;
mod reference;
mod result_folder;
mod rules;
mod security;
mod storage;
mod support;
mod swarm;
mod swarm_operations;
mod tables;
mod theory;
mod traces;
