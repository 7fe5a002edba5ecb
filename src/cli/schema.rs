//! `plimsoll schema`: the JSON Schema of the scenario file.

use clap::Args;

use super::output;
use crate::input::InputError;
use crate::scenario::Scenario;

/// Print the JSON Schema of the scenario file, made from the code that reads it.
///
/// Editors that know schemas for TOML complete and check scenarios with it.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  plimsoll schema > scenario.schema.json")]
pub struct SchemaArgs {}

/// Does it.
pub fn main(_: &SchemaArgs) -> Result<(), InputError> {
    let schema = schemars::schema_for!(Scenario);
    output::print_json(&schema)
}
