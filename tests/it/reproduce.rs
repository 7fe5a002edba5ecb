//! Published studies, whose every printed digit is computed again where the data are: one folder beside the repository, not all
//! of them free to pass on.

use std::path::{Path, PathBuf};

use plimsoll::experiment::reproduce::{PublishedFigure, STUDIES, Study};
use predicates::str::contains;
use serde_json::Value;

use crate::command_line::{plimsoll, printed, workplace};

/// Returns the folder of the data of a study; `None`, loudly, where it is not there.
fn data(name: &str) -> Option<PathBuf> {
    let folder = match name {
        "huawei-wait" | "huawei-usage" => "huawei-east-1",
        "openb-fgd" => "openb",
        other => panic!("say where the data of `{other}` are"),
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(folder);
    if !path.exists() {
        eprintln!("SKIPPED: {} is not there; {name} is not reproduced", path.display());
    }
    path.exists().then_some(path)
}

fn assert_reproduced(name: &str, figures: usize) {
    let Some(data) = data(name) else { return };
    let found = Study::named(name).unwrap().run(&data).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.len(), figures);
    let differ: Vec<&PublishedFigure> = found.iter().filter(|figure| !figure.holds()).collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

#[test]
fn the_waits_of_huawei_are_equal_in_every_printed_digit() {
    assert_reproduced("huawei-wait", 18);
}

#[test]
fn the_host_seconds_of_huawei_are_equal_in_every_printed_digit() {
    assert_reproduced("huawei-usage", 33);
}

#[test]
fn the_gpu_allocation_of_openb_is_within_a_point_and_in_order() {
    assert_reproduced("openb-fgd", 14);
}

#[test]
fn the_command_says_what_is_missing() {
    let workplace = workplace();
    let at = |name: &str| plimsoll(workplace.path(), &["reproduce", name, "--data", "."]).assert();
    at("huawei-wait").code(2).stderr(contains("`--data`: found no `Huawei-East-1-lt.csv.gz` in `.`"));
    at("huawei").code(2).stderr(contains("expected a published study"));
}

#[test]
fn figures_are_printed_as_json() {
    let Some(data) = data("huawei-wait") else { return };
    let data = data.to_str().expect("a path in UTF-8");
    let workplace = workplace();
    let text = printed(workplace.path(), &["reproduce", "huawei-wait", "--json", "--data", data]);
    let figures: Vec<Value> = serde_json::from_str(&text).unwrap();
    let first = &figures[0];
    assert_eq!(first["published"], first["ours"]);
    assert_eq!((first["published"].as_str(), first["name"].as_str()), (Some("53866.53875"), Some("2 hosts")));
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["name", "ours", "published", "table"]);
    assert!(STUDIES.len() >= 2);
}
