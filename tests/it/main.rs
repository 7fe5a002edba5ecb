//! Everything that is tested from outside the parts: one binary, so that it links once.

mod architecture;
mod billing;
mod bugs;
mod command_line;
mod determinism;
mod faults;
mod groups;
mod input_errors;
mod lifecycle;
mod plain;
mod purchases;
mod quotas;
mod readme;
mod real_traces;
mod reference;
mod result_folder;
mod rules;
mod support;
mod swarm;
mod tables;
mod tenancy;
mod theory;
mod topology;
mod traces;
mod worlds;
