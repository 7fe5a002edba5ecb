//! Files that an extension takes, as ARCHITECTURE promises: a worked example of each kind is looked up by its names in the
//! sources, tests and comments left out.

use std::fs;
use std::path::{Path, PathBuf};

/// An extension that is there, as an example of its kind.
struct Example {
    kind: &'static str,
    /// Names by which the code knows it.
    names: &'static [&'static str],
    /// Part of the path of the files that count; a name may mean something else elsewhere.
    within: &'static str,
    /// The files that it takes.
    files: &'static [&'static str],
}

const EXAMPLES: [Example; 7] = [
    Example {
        kind: "a strategy",
        names: &["dot_product", "DotProduct", "dot-product"],
        within: "",
        files: &["placement/strategies/dot_product.rs", "placement/strategies/mod.rs"],
    },
    Example {
        kind: "a metric",
        names: &["headroom.first_exhaustion", "first_exhaustion"],
        within: "",
        files: &["sim/src/summary/metrics.rs"],
    },
    Example {
        kind: "a trace format",
        names: &["huawei_lt", "huawei-lt"],
        within: "",
        files: &["trace/import/huawei_lt.rs", "trace/import/mod.rs"],
    },
    Example {
        kind: "a stage",
        names: &["Validation", "validation", "ValidationConfig"],
        within: "control_plane",
        files: &[
            "control_plane/config.rs",
            "control_plane/stage.rs",
            "plane/flow.rs",
            "plane/path.rs",
            "plane/stages.rs",
        ],
    },
    Example {
        kind: "a report of a run",
        names: &["subnets::begin", "subnets::FILE"],
        within: "report/src/run/",
        files: &["report/src/run/data.rs", "report/src/run/mod.rs"],
    },
    Example {
        kind: "a chart of a run",
        names: &["host_fill::plot", "host_fill::plots"],
        within: "report/src/run/charts",
        files: &["run/charts/mod.rs"],
    },
    Example {
        kind: "an observation that two reports consume",
        names: &["HeadroomSampled"],
        within: "",
        files: &[
            "report/src/run/headroom.rs",
            "report/src/run/survival.rs",
            "observe/headroom.rs",
            "observe/observation.rs",
        ],
    },
];

/// Returns the code of every source file that is no test, by its path from the root: comments and unit tests left out.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = vec![root.join("src")];
    open.extend(fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path().join("src")));
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        let is_test = name.contains("/tests/") || name.ends_with("/tests.rs") || name.ends_with("testing.rs");
        if name.ends_with(".rs") && !is_test {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            found.push((name, code.join("\n")));
        }
    }
    assert!(found.len() > 300, "hardly a source file was found: {}", found.len());
    found
}

/// Returns whether a text has a name as a whole word.
fn has(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

#[test]
fn an_extension_takes_the_files_that_are_promised() {
    let sources = sources();
    for Example { kind, names, within, files } in &EXAMPLES {
        let mentions = |code: &str| names.iter().any(|name| has(code, name));
        let mut found: Vec<&str> = sources
            .iter()
            .filter(|(name, code)| name.contains(within) && mentions(code))
            .map(|(name, _)| name.as_str())
            .collect();
        found.sort_unstable();
        let is_promised = |name: &&str| files.iter().any(|file| name.ends_with(file));
        let others: Vec<&&str> = found.iter().filter(|name| !is_promised(name)).collect();
        assert!(others.is_empty(), "{kind} ({names:?}) takes {others:?} beside {files:?}");
        assert_eq!(found.len(), files.len(), "{kind} ({names:?}) takes {found:?}, not {files:?}");
    }
}

#[test]
fn a_name_is_a_whole_word() {
    assert!(has("a dot-product b", "dot-product") && has("x::HeadroomSampled(", "HeadroomSampled"));
    assert!(!has("FirstHeadroomSampled", "HeadroomSampled") && !has("validations", "validation"));
}
