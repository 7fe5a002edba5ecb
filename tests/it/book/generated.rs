//! The reference, written from the registers and definitions of the program. The pages are committed; a test holds
//! them to what the program says, and writes them where `PLIMSOLL_UPDATE_DOCS` is set.

use std::path::Path;
use std::{env, fs};

use plimsoll::experiment::design::DEFAULT_METRICS;
use plimsoll::expression::{FUNCTIONS, OPERATORS};
use plimsoll::failure::{self, ErrorSide, LimitKind};
use plimsoll::operation::Operation;
use plimsoll::placement::expression_names::NAMES;
use plimsoll::placement::register::REGISTER;
use plimsoll::report::run::{self, charts};
use plimsoll::report::{comparison, sweep};
use plimsoll::scenario::Scenario;
use plimsoll::server;
use plimsoll::summary::metrics::{Better, METRICS};
use plimsoll::workload::trace::columns::Column;
use plimsoll::workload::trace::import::{FORMATS, PublishedForm};
use plimsoll::workload::trace::operations::register::entry;

use super::schema;
use crate::command_line::plimsoll;
use crate::markdown::TOP;

/// Command that writes the pages anew.
const UPDATE: &str = "PLIMSOLL_UPDATE_DOCS=1 cargo test --release --test it book::generated";

/// A page of the reference.
struct Page {
    file: &'static str,
    title: &'static str,
    body: fn() -> String,
}

#[rustfmt::skip]
const PAGES: [Page; 9] = [
    Page { file: "commands.md", title: "Commands", body: commands },
    Page { file: "scenario.md", title: "The scenario file", body: || schema::page(&serde_json::to_value(schemars::schema_for!(Scenario)).expect("a schema is plain data")) },
    Page { file: "strategies.md", title: "Placement strategies", body: strategies },
    Page { file: "traces.md", title: "Traces", body: traces },
    Page { file: "results.md", title: "Result folders", body: results },
    Page { file: "metrics.md", title: "Metrics", body: metrics },
    Page { file: "actions.md", title: "Actions of the server", body: actions },
    Page { file: "errors.md", title: "Errors", body: errors },
    Page { file: "limits.md", title: "Limits that refuse", body: limits },
];

impl Page {
    fn text(&self) -> String {
        let Page { title, .. } = self;
        let body = (self.body)();
        let body = body.trim_end();
        format!("<!-- Written from the code; to write it anew: {UPDATE} -->\n\n# {title}\n\n{body}\n")
    }
}

#[test]
fn the_reference_is_what_the_program_says() {
    for page in PAGES {
        let path = Path::new(TOP).join("docs/reference").join(page.file);
        let text = page.text();
        if env::var_os("PLIMSOLL_UPDATE_DOCS").is_some() {
            fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            continue;
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        if let Some(line) = first_difference(&committed, &text) {
            panic!("docs/reference/{} is stale from line {line} on; write it anew: {UPDATE}", page.file);
        }
    }
}

/// Number of the first line, from 1, in which two texts differ.
fn first_difference(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return None;
    }
    let equal = a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count();
    Some(equal + 1)
}

#[test]
fn stale_pages_are_told_by_their_line() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
    assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
}

/// A table, its cells made safe.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: [String; N]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(header.map(String::from));
    text += &format!("|{}\n", "---|".repeat(N));
    for row in rows {
        text += &line(row.map(|cell| safe(&cell)));
    }
    text
}

/// Text for a cell: on one line, without what would end the cell or be taken for markup outside of code.
fn safe(text: &str) -> String {
    let mut safe = String::new();
    for (i, part) in text.replace('\n', " ").replace('|', "\\|").split('`').enumerate() {
        if i > 0 {
            safe.push('`');
        }
        safe += &if i % 2 == 0 { part.replace('<', "&lt;") } else { part.to_string() };
    }
    safe
}

/// A name as code.
pub fn code(name: &str) -> String {
    format!("`{name}`")
}

/// Returns what a help prints, at a fixed width.
fn help(words: &[&str]) -> String {
    let output = plimsoll(Path::new(TOP), &[words, &["--help"]].concat()).env("COLUMNS", "100").output();
    String::from_utf8(output.expect("the program is there").stdout).expect("help is text")
}

/// The subcommands that a help lists.
fn subcommands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(String::from).collect()
}

fn commands() -> String {
    let top = help(&[]);
    let mut text = format!("What `--help` prints, command by command.\n\n```text\n{top}```\n");
    for name in subcommands(&top) {
        let of_command = help(&[&name]);
        text += &format!("\n## plimsoll {name}\n\n```text\n{of_command}```\n");
        // The steps of a command say little beyond its own help where it lists what it lists.
        for step in subcommands(&of_command).iter().filter(|_| name != "list") {
            text += &format!("\n### plimsoll {name} {step}\n\n```text\n{}```\n", help(&[&name, step]));
        }
    }
    text
}

fn actions() -> String {
    let mut text = "What `plimsoll serve` does of EC2's Query protocol. A parameter that an action does not honour is refused with \
        `UnknownParameter`, unless it is listed as without effect; `N` stands for the number of an item of a list. Every action takes \
        `DryRun` too.\n\n"
        .to_string();
    let name = |name: &&str| code(&if name.ends_with('.') { format!("{name}*") } else { name.to_string() });
    let names = |names: &[&str]| names.iter().map(name).collect::<Vec<_>>().join(", ");
    let rows = server::actions::all()
        .map(|entry| [code(entry.name), names(entry.honoured), names(entry.without_effect)]);
    text += &table(["action", "honours", "takes without effect"], rows);
    text
}

fn strategies() -> String {
    let mut text =
        "For `[placement] strategy` and `plimsoll compare --strategies`. Each takes one of the hosts that \
        fit; every tie goes to the lowest host id.\n\n"
            .to_string();
    let rows = REGISTER.iter().map(|entry| [code(entry.name), entry.rule.to_string()]);
    text += &table(["strategy", "takes, of the hosts that fit"], rows);
    text += "\n## Parameters\n\nGiven in a table: `strategy = { name = \"…\", parameter = … }`.\n\n";
    let of = |entry: &'static plimsoll::placement::register::StrategyEntry| {
        entry.parameters.iter().map(|parameter| {
            let (default, range) = (code(&parameter.kind.default_text()), parameter.kind.range_text());
            [code(entry.name), code(parameter.name), default, range, parameter.meaning.to_string()]
        })
    };
    let header = ["strategy", "parameter", "default", "range", "meaning"];
    text += &table(header, REGISTER.iter().flat_map(|entry| of(entry)));
    text += "\n## Expressions\n\nWhat the strategy `expression` minimizes (`plimsoll list expression`).\n\n";
    text += &table(
        ["name", "unit", "meaning"],
        NAMES.iter().map(|of| [code(of.name), of.unit.into(), of.meaning.into()]),
    );
    text += "\n";
    text += &table(
        ["function", "meaning"],
        FUNCTIONS.iter().map(|(_, form, meaning)| [code(form), meaning.to_string()]),
    );
    text += "\nOperators, from the one that binds most loosely:\n\n";
    text + &table(
        ["operator", "meaning"],
        OPERATORS.iter().map(|(form, meaning)| [code(form), meaning.to_string()]),
    )
}

fn traces() -> String {
    let mut text = "A trace is CSV, gzipped CSV or Parquet, with columns in any order and rows in order of time. Its \
        header decides its form: `start_s` and `end_s` for one row an instance, `time_s` and `op` for one row a \
        call.\n\n## Operations\n\n"
        .to_string();
    let rows = Operation::ALL.iter().map(|operation| {
        let entry = entry(*operation);
        let names = |columns: Vec<Column>| {
            columns.iter().map(|column| code(column.name())).collect::<Vec<_>>().join(", ")
        };
        let may: Vec<Column> = entry.columns().filter(|column| !entry.needs.contains(column)).collect();
        [code(operation.name()), operation.meaning().to_string(), names(entry.needs.to_vec()), names(may)]
    });
    text += &table(["operation", "does", "needs", "may have"], rows);
    text += "\n## Columns\n\n";
    let rows = Column::ALL.iter().map(|column| [code(column.name()), column.holds().to_string()]);
    text += &table(["column", "a cell holds"], rows);
    text += "\n## Formats\n\nWhat `plimsoll trace import --format NAME` reads.\n\n";
    let rows = FORMATS.iter().map(|format| {
        let from = match &format.source {
            PublishedForm::Table { layout, .. } => {
                format!(
                    "a file with {}",
                    layout.columns.iter().map(|c| code(c)).collect::<Vec<_>>().join(", ")
                )
            }
            PublishedForm::Folder { .. } => "a folder of files".to_string(),
        };
        let hosts = if format.hosts.is_some() { "yes" } else { "" };
        [code(format.name), format.description.into(), from, hosts.into(), format.licence.into()]
    });
    text + &table(["format", "what", "read from", "hosts too", "licence"], rows)
}

fn results() -> String {
    let mut text = "## Of a run\n\n`plimsoll run` writes:\n\n".to_string();
    let rows = run::REGISTER.iter().map(|report| [code(report.file), report.holds.to_string()]);
    text += &table(["file", "holds"], rows);
    text += &format!(
        "\nCharts, where there is anything to draw: {}.\n",
        charts::CHARTS.map(|chart| code(chart.name)).join(", ")
    );
    let parts = [("a comparison", "compare", &comparison::FILES), ("a sweep", "sweep", &sweep::FILES)];
    for (what, command, files) in parts {
        text += &format!("\n## Of {what}\n\n`plimsoll {command}` writes:\n\n");
        text += &table(["file", "holds"], files.iter().map(|(file, holds)| [code(file), holds.to_string()]));
    }
    text
}

fn metrics() -> String {
    let mut text =
        "The figures of `summary.json`, by their path there. `better` is the direction that `plimsoll \
        compare` and `plimsoll check` judge by; a figure without one is a fact. A path may lead to a table: \
        `operations.launch.failed` is a metric too.\n\n"
            .to_string();
    let rows = METRICS.iter().map(|metric| {
        let better = if metric.better == Better::Neither { "" } else { metric.better.name() };
        [code(metric.path), metric.unit.into(), better.into(), metric.meaning.into()]
    });
    text += &table(["metric", "unit", "better", "meaning"], rows);
    let default = DEFAULT_METRICS.map(code).join(", ");
    text + &format!("\n`plimsoll compare` looks at these where none are named: {default}.\n")
}

fn errors() -> String {
    let mut text =
        "How the simulated cloud says no to a request. Code, class and HTTP status are those that a client \
        of EC2 meets; REST interfaces to such clouds have shorter names. `failures.csv` has a \
        row for each refusal, with the [limit](limits.md) that decided.\n\n"
            .to_string();
    let rows = failure::REGISTER.iter().map(|entry| {
        let class = match entry.class {
            ErrorSide::Client => "client",
            ErrorSide::Server => "server",
        };
        let status = entry.http_status.to_string();
        [code(entry.ec2_name), entry.meaning.into(), class.into(), status, code(entry.rest_name)]
    });
    text += &table(["error code", "meaning", "fault of", "HTTP status", "name in REST interfaces"], rows);
    text + "\nWrong input is none of these: a scenario, trace or option that cannot be read ends the command with exit \
        code 2, and says where it is wrong and what was expected.\n"
}

fn limits() -> String {
    let mut text =
        "What can be too little for a request. `failures.csv` names it in the column `limit`, with what was \
        `asked` for and what was `left`, in this unit.\n\n"
            .to_string();
    let rows =
        LimitKind::ALL.iter().map(|bound| [code(bound.name()), bound.unit().into(), bound.meaning().into()]);
    text += &table(["limit", "unit", "meaning"], rows);
    text
}
