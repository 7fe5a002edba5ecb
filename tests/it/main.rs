//! Everything that is tested from outside the parts: one binary, so that it links once.

mod architecture;
mod bugs;
mod command_line;
mod determinism;
mod input_errors;
mod readme;
mod result_folder;
mod traces;
