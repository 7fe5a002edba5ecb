//! The direction of the modules: each uses only those declared above it in the `lib.rs` of its crate. The compiler holds the
//! direction of the crates.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates whose `lib.rs` declares an order of modules.
const LAYERED: [&str; 3] = ["base", "model", "sim"];

/// Every Rust file of a module: `NAME.rs` and all below `NAME/`.
fn files(sources: &Path, module: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![sources.join(format!("{module}.rs")), sources.join(module)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.exists() {
            found.push(path);
        }
    }
    found
}

/// The modules that a file names as `crate::NAME` or `crate::{NAME, …}`, comments left out.
fn used(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let name =
        |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_string();
    let code = code.join("\n");
    let mut used = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            used.push(name(rest));
            continue;
        };
        let mut depth = 0;
        for item in group.split_inclusive(['{', '}', ',']) {
            if depth == 0 {
                used.push(name(item.trim()));
            }
            depth += item.matches('{').count() as i32 - item.matches('}').count() as i32;
            if depth < 0 {
                break;
            }
        }
    }
    used.retain(|name| !name.is_empty());
    used
}

#[test]
fn modules_use_only_modules_above_them() {
    for name in LAYERED {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates").join(name).join("src");
        let map = fs::read_to_string(sources.join("lib.rs")).unwrap();
        let order: Vec<&str> =
            map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
        assert!(order.len() > 2, "the lib.rs of {name} declares its modules as `pub mod NAME;`");
        let position = |name: &str| order.iter().position(|module| *module == name);
        for (i, module) in order.iter().enumerate() {
            for file in files(&sources, module) {
                for name in used(&fs::read_to_string(&file).unwrap()) {
                    if position(&name).is_some_and(|used| used > i) {
                        panic!("{} uses `{name}`, which lib.rs declares below `{module}`", file.display());
                    }
                }
            }
        }
    }
}

#[test]
fn uses_are_found_however_they_are_written() {
    let text = "use crate::{fleet, placement::register, units::{Time, ZoneId}};\n// crate::cli\nlet x = crate::scenario::Scenario;";
    assert_eq!(used(text), ["fleet", "placement", "units", "scenario"].map(String::from));
}
