//! Text from outside, wherever it is shown: no terminal obeys it, no page takes it for markup, no spreadsheet for a
//! formula, and no message is longer than a screen.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::command_line::plimsoll;

/// A name that clears the screen, renames the window, turns text round, and breaks lines, cells and pages.
const EVIL: &str = "=x|<b>*y*</b>\u{1b}]0;z\u{7}\u{1b}[2J\u{9b}31m\u{202e}\nw`v`,\"u";

/// The same as the label of a variant, which has no `=`, quote or bracket.
const LABEL: &str = "<b>*y*</b> <!-- a\nw | `v`\u{1b}\u{7}\u{9b}31m\u{202e}";

const SCENARIO: &str = "name = 'min'
duration = '1h'
[[zones]]
name = 'z'
[[zones.hosts]]
count = 1
vcpu = 8
memory_gib = 32
[workload]
trace = 't.csv'
";

fn workplace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.toml"), SCENARIO).unwrap();
    // A cell of a trace breaks no line: that is refused.
    let account = EVIL.replace('"', "\"\"").replace('\n', " ");
    let row = |start: u32| format!("{start},,m5.xlarge,\"{account}\"\n");
    let rows: String = (0..4).map(row).collect();
    fs::write(folder.path().join("t.csv"), format!("start_s,end_s,type,account\n{rows}")).unwrap();
    folder
}

/// Returns what a command prints, on both streams, of whatever outcome.
fn shown(folder: &Path, words: &[&str]) -> String {
    let output = plimsoll(folder, words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is shown is text");
    text(output.stdout) + &text(output.stderr)
}

/// Panics where a terminal would obey.
fn check_terminal(what: &str, text: &str) {
    let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    let found = text.lines().find(|line| line.chars().any(bad));
    assert!(found.is_none(), "{what}: {found:?}");
}

#[test]
fn no_terminal_obeys_what_is_shown() {
    let folder = workplace();
    let place = folder.path();
    let write = |name: &str, text: &str| fs::write(place.join(name), text).unwrap();
    let quoted = serde_json::to_string(EVIL).unwrap();
    write("key.toml", &format!("{SCENARIO}{quoted} = 1\n"));
    write("zone.toml", &SCENARIO.replace("'z'", &quoted));
    write(
        "type.toml",
        &format!("{SCENARIO}[[instance_types]]\nname = {quoted}\nvcpu = 1\nmemory_gib = -1\n"),
    );
    write("broken.toml", &format!("name = {EVIL}\n"));
    write("column.csv", &format!("start_s,end_s,type,\"{}\"\n0,,m5.large,1\n", EVIL.replace('"', "\"\"")));
    write("cell.csv", &format!("start_s,end_s,type\n0,,\"{}\"\n", EVIL.replace('"', "\"\"")));
    write("plan.json", &format!("{{\"schema\": {quoted}}}"));
    write(
        "sw.toml",
        &format!(
            "name = 'w'\nscenario = 's.toml'\n[[axes]]\npath = 'workload.trace'\nvalues = ['t.csv', {quoted}]\n"
        ),
    );
    write(
        "names.toml",
        &format!(
            "name = 'n'\nscenario = 'zone.toml'\n[[axes]]\npath = 'zones.0.name'\nvalues = ['z', {quoted}]\n"
        ),
    );
    let variant = format!("{LABEL}:seed=3");
    let file = EVIL.replace('/', "");
    for words in [
        &["run", "s.toml", "-o", "out"][..],
        &["run", "s.toml", "-o", "out", "--json"],
        &["run", "s.toml", "-o", "out", "--explain", "0"],
        &["run", "key.toml"],
        &["run", "zone.toml", "-o", "out"],
        &["run", "type.toml"],
        &["run", "broken.toml"],
        &["run", &file],
        &["run", "s.toml", "--set", &format!("{EVIL}=1")],
        &["run", "s.toml", "--set", &format!("placement.strategy={quoted}")],
        &["run", "s.toml", "--from-checkpoint", &file],
        &["run", "s.toml", "--set", "workload.trace=column.csv"],
        &["run", "s.toml", "--set", "workload.trace=cell.csv"],
        &["trace", "describe", "t.csv"],
        &["trace", "describe", "column.csv"],
        &["trace", "describe", "cell.csv"],
        &["trace", "describe", "t.csv", "--scenario", "zone.toml"],
        &["trace", "import", "--format", EVIL, "t.csv", "-o", "x.csv"],
        &["compare", "s.toml", "--variant", &variant, "--variant", "b:seed=4", "-o", "cmp"],
        &["compare", "s.toml", "--variant", &variant, "--variant", "b:seed=4", "-o", "cmp", "--json"],
        &["size", "s.toml", "--vary", EVIL, "--until", "launch.failed<=0"],
        &["size", "s.toml", "--vary", "zones.0.hosts.0.count", "--until", &format!("{EVIL}<=0")],
        &["sweep", "sw.toml"],
        &["sweep", "names.toml", "-o", "names"],
        &["sweep", "exec", "plan.json", "--index", "0"],
        &["merge", &file],
        &["report", &file],
        &["check", "out", "--baseline", &file],
        &["list", "types", EVIL],
        &[EVIL],
    ] {
        let text = shown(place, words);
        assert!(!text.is_empty(), "{words:?} says nothing");
        check_terminal(&format!("{words:?}"), &text);
    }
}

#[test]
fn no_cell_is_a_formula_and_the_charts_know_the_names() {
    let folder = workplace();
    let place = folder.path();
    let set = "network.subnets=[{ name = '+1+1', zone = 'z', cidr = '10.0.0.0/24' }]";
    assert!(shown(place, &["run", "s.toml", "-q", "-o", "out", "--set", set]).is_empty());
    assert!(
        shown(
            place,
            &["compare", "s.toml", "-q", "--variant", "@a:seed=3", "--variant", "+b:seed=4", "-o", "cmp"]
        )
        .is_empty()
    );
    fs::write(
        place.join("sw.toml"),
        "name = 'w'\nscenario = 's.toml'\n[[axes]]\npath = 'zones.0.name'\nvalues = ['=z', '@z']\n",
    )
    .unwrap();
    assert!(shown(place, &["sweep", "sw.toml", "-q", "-o", "w"]).is_empty());
    let mut guarded = 0;
    for file in ["out/billing.csv", "out/failures.csv", "out/subnets.csv", "cmp/comparison.csv", "w/runs.csv"]
    {
        let mut reader = csv::Reader::from_path(place.join(file)).unwrap();
        let header = reader.headers().unwrap().clone();
        for cell in reader
            .records()
            .flat_map(|row| row.unwrap().iter().map(String::from).collect::<Vec<_>>())
            .chain(header.iter().map(String::from))
        {
            let is_formula =
                cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
            assert!(!is_formula, "{file}: {cell:?}");
            guarded += u32::from(cell.starts_with('\''));
        }
    }
    assert!(guarded > 8, "{guarded} cells were guarded");
    // The page has the names as they are.
    let page = fs::read_to_string(place.join("out/report.html")).unwrap();
    assert!(
        page.contains("subnet +1+1") && !page.contains("subnet '+1+1"),
        "subnets are named as in the scenario"
    );
}

#[test]
fn no_name_is_markup_in_a_page_of_markdown() {
    let folder = workplace();
    let place = folder.path();
    shown(place, &["run", "s.toml", "-q", "--no-report", "-o", "out", "--explain", "0"]);
    let variant = format!("{LABEL}:seed=3");
    shown(
        place,
        &["compare", "s.toml", "-q", "--variant", &variant, "--variant", "<!--:seed=4", "-o", "cmp"],
    );
    for file in ["out/explain.md", "cmp/comparison.md"] {
        let page = fs::read_to_string(place.join(file)).unwrap();
        check_terminal(file, &page);
        for raw in ["<b>", "<!--", "*y*"] {
            let escaped = raw.replace('<', "\\<").replace('|', "\\|").replace('*', "\\*").replace('>', "\\>");
            let bare = page.replace(&escaped, "");
            // What made the page stands in a span of code, which has no markup.
            let bare: String = bare.lines().filter(|line| !line.starts_with("Made by ")).collect();
            assert!(!bare.contains(raw), "{file}: {raw} in {page}");
        }
        assert!(page.contains("\\<b\\>") || page.contains("\\<!--"), "{file}: the names are there: {page}");
    }
    let tables = fs::read_to_string(place.join("cmp/comparison.md")).unwrap();
    let mut columns = Vec::new();
    for line in tables.lines().filter(|line| line.starts_with('|')) {
        columns.push(line.replace("\\|", "").matches('|').count());
    }
    assert!(
        columns.len() > 6 && columns.windows(2).all(|pair| pair[0] == pair[1] || pair[1] < 9),
        "{columns:?}"
    );
}

#[test]
fn a_message_is_no_longer_than_a_screen() {
    let folder = workplace();
    let place = folder.path();
    let write = |name: &str, text: &str| fs::write(place.join(name), text).unwrap();
    let columns: String = (0..20_000).map(|number| format!(",c{number}")).collect();
    write("many.csv", &format!("start_s,end_s{columns}\n"));
    write("wide.csv", &format!("start_s,end_s,{}\n", "x".repeat(100_000)));
    let zones: String = (0..3_000).map(|_| "[[zones]]\nname = ''\n".to_string()).collect();
    write("zones.toml", &format!("name = 'n'\nduration = '1h'\n{zones}"));
    let keys: String = (0..3_000).map(|number| format!("key{number} = 1\n")).collect();
    write("keys.toml", &format!("{keys}{SCENARIO}"));
    let deep = format!("{}1{}", "[".repeat(3_000), "]".repeat(3_000));
    write("deep.toml", &format!("a = {deep}\n{SCENARIO}"));
    let long = "y".repeat(100_000);
    for words in [
        &["trace", "describe", "many.csv"][..],
        &["trace", "describe", "wide.csv"],
        &["run", "zones.toml"],
        &["run", "keys.toml"],
        &["run", "deep.toml"],
        &["run", "s.toml", "--set", &format!("{long}=1")],
        &["run", "s.toml", "--set", &format!("name='{long}'")],
        &["run", "s.toml", "--set", &format!("placement.strategy='{long}'")],
    ] {
        let text = shown(place, words);
        let rows: usize = text.lines().map(|line| line.chars().count().div_ceil(120)).sum();
        assert!((1..=50).contains(&rows), "{:?}: {rows} rows: {text}", &words[..2]);
    }
    assert!(shown(place, &["trace", "describe", "many.csv"]).contains("more\n20000 problems\n"));
    let deep = shown(place, &["run", "deep.toml"]);
    assert_eq!(deep.matches("error:").count(), 1, "{deep}");
}

#[test]
fn small_things_are_told_well() {
    let folder = workplace();
    let place = folder.path();
    let with_types = |types: &str| {
        SCENARIO.replace(
            "trace = 't.csv'",
            &format!("[[workload.arrivals]]\nprocess = {{ kind = 'poisson', per_hour = 1 }}\n{types}"),
        )
    };
    fs::write(
        place.join("price.toml"),
        with_types("types = { big = 1 }\n[[instance_types]]\nname = 'big'\nvcpu = 1\nmemory_gib = 1\non_demand_usd_per_hour = 1000000000"),
    )
    .unwrap();
    fs::write(place.join("weights.toml"), with_types("types = { 'm5.large' = 1e308, 'm5.xlarge' = 1e308 }"))
        .unwrap();
    fs::write(place.join("h.csv"), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]).unwrap();
    for (words, expected) in [
        (&["run", "s.toml", "--set", "workload.trace="][..], "workload.trace"),
        (&["compare", "s.toml"], "error: `--variant`: found nothing to compare"),
        (&["run", "weights.toml"], "found weights whose sum is no number, expected smaller ones"),
        (
            &["run", "s.toml", "--set", "zones.0.hosts=[{ file = 'h.csv' }]"],
            "found bytes that are not text, expected a header in UTF-8",
        ),
    ] {
        let text = shown(place, words);
        assert!(text.contains(expected), "{words:?}: {text}");
    }
    let text = shown(place, &["run", "price.toml"]);
    assert!(text.contains("which is too large") && text.matches("error:").count() == 1, "{text}");
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_is_made_somewhere() {
    let folder = workplace();
    std::os::unix::fs::symlink("there", folder.path().join("out")).unwrap();
    assert!(shown(folder.path(), &["run", "s.toml", "-q", "--no-report", "-o", "out"]).is_empty());
    assert!(fs::symlink_metadata(folder.path().join("out")).unwrap().is_symlink());
    assert!(folder.path().join("there/summary.json").exists());
}
