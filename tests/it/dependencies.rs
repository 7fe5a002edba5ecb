//! Dependencies: each is used where it is declared, and declared once, for the whole workspace.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Dependencies that no code names: they only switch features on, as the manifest says.
const FOR_FEATURES_ALONE: [&str; 3] = ["either", "once_cell", "rustix"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The packages of the workspace: their folders.
fn packages() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut packages: Vec<PathBuf> = crates.filter(|path| path.join("Cargo.toml").exists()).collect();
    packages.sort();
    packages.push(root());
    packages
}

fn manifest(package: &Path) -> toml::Table {
    fs::read_to_string(package.join("Cargo.toml")).unwrap().parse().unwrap()
}

/// All Rust code below the folders of a package.
fn code(package: &Path, folders: &[&str]) -> String {
    let mut code = String::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| package.join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            code += &fs::read_to_string(path).unwrap();
        }
    }
    code
}

/// Names of the crates in a table of dependencies.
fn names(manifest: &toml::Table, table: &str) -> BTreeSet<String> {
    let table = manifest.get(table).and_then(toml::Value::as_table);
    table.into_iter().flat_map(|table| table.keys().cloned()).collect()
}

fn is_named(code: &str, dependency: &str) -> bool {
    let name = dependency.replace('-', "_");
    [format!("{name}::"), format!("use {name};"), format!("{name} as"), format!("use {name} ")]
        .iter()
        .any(|use_of_it| code.contains(use_of_it.as_str()))
}

#[test]
fn every_dependency_is_used() {
    for package in packages() {
        let manifest = manifest(&package);
        let library = code(&package, &["src"]);
        let all = library.clone() + &code(&package, &["tests", "benches", "examples"]);
        for (table, code) in [("dependencies", &library), ("dev-dependencies", &all)] {
            for dependency in names(&manifest, table) {
                assert!(
                    is_named(code, &dependency) || FOR_FEATURES_ALONE.contains(&dependency.as_str()),
                    "{}: `{dependency}` stands in [{table}] and is used nowhere",
                    package.display()
                );
            }
        }
    }
}

#[test]
fn every_dependency_of_the_workspace_is_one_of_a_package() {
    let workspace = manifest(&root());
    let declared = names(workspace["workspace"].as_table().unwrap(), "dependencies");
    let used: BTreeSet<String> = packages()
        .iter()
        .map(|package| manifest(package))
        .flat_map(|manifest| {
            ["dependencies", "dev-dependencies"].map(|table| names(&manifest, table)).into_iter().flatten()
        })
        .collect();
    let idle: Vec<&String> = declared.difference(&used).collect();
    assert!(idle.is_empty(), "no package uses {idle:?}");
}
