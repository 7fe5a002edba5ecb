//! The direction of the modules: each uses only those declared above it in the `lib.rs` of its crate. The compiler holds the
//! direction of the crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The crates whose `lib.rs` declares an order of modules.
const LAYERED: [&str; 7] = ["base", "model", "sim", "chart", "experiment", "report", "server"];

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

/// The files of a crate by module path, tests left out.
fn modules(sources: &Path) -> BTreeMap<Vec<String>, PathBuf> {
    let mut found = BTreeMap::new();
    let mut open = vec![sources.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let inside = path.strip_prefix(sources).unwrap().with_extension("");
        let mut steps: Vec<String> = inside.iter().map(|step| step.to_str().unwrap().to_string()).collect();
        if steps.last().is_some_and(|last| last == "mod") {
            steps.pop();
        }
        if !["lib", "main"].contains(&steps[0].as_str()) && !steps.iter().any(|step| step == "tests") {
            found.insert(steps, path);
        }
    }
    found
}

/// The paths of a tree of imports: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().expect("a path");
        return vec![path.trim().to_string()];
    };
    let group = group.trim_end().strip_suffix('}').expect("a group that ends");
    let mut depth = 0;
    let items = group.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let items = items.filter(|item| !item.trim().is_empty());
    items.flat_map(|item| expanded(item).into_iter().map(|rest| format!("{}{rest}", head.trim()))).collect()
}

/// The paths that a file imports, or names in its code, within its crate.
fn imported(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut paths = Vec::new();
    for statement in code.join(" ").split(';') {
        let import = statement.split_once("use ").map(|(_, tree)| tree.trim());
        let is_path =
            |text: &str| ["super::", "self::", "crate::"].iter().any(|start| text.starts_with(start));
        if let Some(tree) = import.filter(|tree| is_path(tree)) {
            paths.extend(expanded(tree));
            continue;
        }
        let words = statement.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        paths.extend(words.filter(|word| is_path(word)).map(String::from));
    }
    paths
}

/// The module that a path of a file leads to: the longest beginning of it that is one.
fn target(file: &[String], path: &str, modules: &BTreeMap<Vec<String>, PathBuf>) -> Option<Vec<String>> {
    let mut at = file.to_vec();
    for step in path.split("::").map(str::trim) {
        match step {
            "crate" => at.clear(),
            "super" => _ = at.pop(),
            "self" => {}
            step => at.push(step.to_string()),
        }
    }
    while !at.is_empty() && !modules.contains_key(&at) {
        at.pop();
    }
    (!at.is_empty()).then_some(at)
}

/// Every file that a file leads to, over however many imports.
fn reached(
    from: &Vec<String>,
    imports: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
) -> BTreeSet<Vec<String>> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        open.extend(imports[file].iter().filter(|next| seen.insert((*next).clone())));
    }
    seen
}

#[test]
fn files_of_a_module_import_each_other_in_no_loop() {
    let mut loops = Vec::new();
    for name in LAYERED {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates").join(name).join("src");
        let modules = modules(&sources);
        let imports = modules.iter().map(|(file, path)| {
            let text = fs::read_to_string(path).unwrap();
            let targets = imported(&text).into_iter().filter_map(|path| target(file, &path, &modules));
            // What stands in the file above is a part of each file below it.
            (file.clone(), targets.filter(|target| !file.starts_with(target)).collect::<BTreeSet<_>>())
        });
        let imports: BTreeMap<_, _> = imports.collect();
        for file in imports.keys().filter(|file| reached(file, &imports).contains(*file)) {
            loops.push(format!("{name}/{}", file.join("/")));
        }
    }
    assert!(loops.is_empty(), "these files import each other in loops: {loops:#?}");
}

#[test]
fn imports_are_found_however_they_are_written() {
    let text = "use super::{a, b::{self, C}};\nuse std::fmt;\n// use super::no;\nfn f() { crate::d::e(self::g) }\n\
                #[cfg(test)]\nmod tests { use super::h; }";
    assert_eq!(imported(text), ["super::a", "super::b::self", "super::b::C", "crate::d::e", "self::g"]);
}

/// The public types that a file declares, unless they are public within a module alone.
fn public_types(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let declared = line.trim_start().strip_prefix("pub ")?;
        let mut words = declared.split(|c: char| !c.is_alphanumeric() && c != '_');
        let is_type = matches!(words.next()?, "struct" | "enum" | "trait" | "type" | "union");
        // A macro declares a type of a name that is filled in.
        is_type.then(|| words.next())?.filter(|name| !name.is_empty())
    })
}

/// A name stands for one thing, wherever it is read.
#[test]
fn no_two_public_types_have_one_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![root.join("src")];
    open.extend(LAYERED.iter().map(|name| root.join("crates").join(name).join("src")));
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for name in public_types(&fs::read_to_string(&path).unwrap()) {
                places.entry(name.to_string()).or_default().push(path.clone());
            }
        }
    }
    assert!(places.len() > 300, "hardly a type was found: {}", places.len());
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "names of two types: {places:#?}");
}

#[test]
fn public_types_are_found_however_they_are_written() {
    let text = "pub struct A<T>(T);\n    pub enum B {\npub(crate) struct C;\nstruct D;\npub fn e() {}\npub type F = u8;";
    assert_eq!(public_types(text).collect::<Vec<_>>(), ["A", "B", "F"]);
}
