//! `manifest.json`: description of a run, exact enough to repeat it. Its schema marks a folder as a result of plimsoll.

use std::path::Path;

use serde_json::{Value, json};

use crate::ReportFile;
use plimsoll_sim::summary::{Execution, Run};

/// Name of the file.
pub const FILE: &str = "manifest.json";

/// The schema of this version.
pub const SCHEMA: &str = "plimsoll/manifest/1";

/// Beginning of the schema of every version.
const SCHEMA_FAMILY: &str = "plimsoll/manifest/";

/// Returns whether a file is a manifest of plimsoll, of any version.
pub fn is_ours(path: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return false };
    let manifest: Value = serde_json::from_str(&text).unwrap_or_default();
    manifest["schema"].as_str().is_some_and(|schema| schema.starts_with(SCHEMA_FAMILY))
}

/// Returns the file of a run.
pub fn files(run: &Run<'_>) -> Vec<ReportFile> {
    let what = json!({
        "scenario": run.scenario.resolved(),
        "scenario_sha256": run.scenario.hash(),
        "seed": run.scenario.seed,
        "digest": format!("{:032x}", run.outcome.digest),
        "simulation_s": run.execution.simulation_s,
    });
    vec![ReportFile { name: FILE.to_string(), bytes: bytes(what, run.execution) }]
}

/// Returns a manifest: the fields of `what` was run, and those of every manifest: version, command, machine.
pub fn bytes(what: Value, execution: &Execution) -> Vec<u8> {
    let inputs: Vec<Value> = (execution.inputs.iter())
        .map(|(path, hash)| json!({ "file": path.to_string_lossy(), "sha256": hash }))
        .collect();
    let mut manifest = json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "scenario_file": execution.scenario_file.to_string_lossy(),
        "inputs": inputs,
        "command_line": execution.command_line,
        "machine": {
            "os": execution.machine.os,
            "arch": execution.machine.arch,
            "cpu": execution.machine.cpu,
            "cores": execution.machine.cores,
            "memory_bytes": execution.machine.memory_bytes,
        },
        "threads": execution.threads,
        "started": execution.started,
        "wall_s": execution.wall_s,
    });
    for (key, value) in what.as_object().expect("fields have names") {
        manifest[key] = value.clone();
    }
    let mut bytes = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain data");
    bytes.push(b'\n');
    bytes
}
