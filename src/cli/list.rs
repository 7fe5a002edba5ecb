//! `plimsoll list`: every register, one line each.

use clap::{Args, Subcommand};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};

use super::examples::EXAMPLES;
use super::output;
use crate::catalogue::{self, CatalogueEntry, TypeFilter};
use crate::expression::{FUNCTIONS, OPERATORS};
use crate::failure::{self, ErrorSide, LimitKind};
use crate::input::{InputError, Place, Problem};
use crate::inventory::SOURCES;
use crate::placement::expression_names::{ExpressionName, NAMES};
use crate::placement::register::{self, Parameter};
use crate::report::terminal::ruled;
use crate::scenario::branching::MUTABLE_KEYS;
use crate::summary::metrics::{Better, METRICS};
use crate::units::figures::decimal;
use crate::workload::trace::import::FORMATS;

/// List a register: strategies, instance types, trace formats, metrics, errors, limits, or the settings that may
/// differ after a checkpoint.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  plimsoll list strategies
  plimsoll list types 'm5.*'
  plimsoll list types --arch arm64 --min-vcpu 64 --priced
  plimsoll list errors")]
pub struct ListArgs {
    #[command(subcommand)]
    what: What,
}

/// Names to list.
#[derive(Args, Debug)]
struct Pattern {
    /// Part of the name, or a pattern of the whole name with `*` and `?`
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
}

impl Pattern {
    fn matches(&self, name: &str) -> bool {
        self.pattern.as_deref().is_none_or(|pattern| catalogue::matches_name(pattern, name))
    }
}

#[derive(Subcommand, Debug)]
enum What {
    /// Placement strategies, for `[placement] strategy`
    Strategies,
    /// Names, functions and operators of the strategy `expression`
    Expression,
    /// Instance types of the built-in EC2 catalogue (us-east-1, Linux, on demand)
    Types(TypeFilter),
    /// Trace formats that `plimsoll trace import` reads
    Traces,
    /// Inventories that `plimsoll import inventory` reads, and how their files are made
    Inventories,
    /// Scenarios that come with the program, for `plimsoll run --example`
    Scenarios,
    /// Metrics of summary.json
    Metrics(Pattern),
    /// Errors that requests can get
    Errors,
    /// Settings that may differ when a run starts from a checkpoint
    Branching,
    /// Limits that requests can reach, as failures.csv names them
    Limits,
}

/// Prints the register.
pub fn main(args: &ListArgs) -> Result<(), InputError> {
    let mut table = match &args.what {
        What::Strategies => strategies(),
        What::Expression => expression(),
        What::Types(filter) => types(filter)?,
        What::Traces => traces(),
        What::Inventories => inventories(),
        What::Scenarios => scenarios(),
        What::Metrics(pattern) => metrics(pattern)?,
        What::Errors => errors(),
        What::Branching => branching(),
        What::Limits => limits(),
    };
    table.set_width(output::width()).set_content_arrangement(ContentArrangement::Dynamic);
    output::print(&format!("{}\n", table.trim_fmt()))
}

/// Returns a table with a rule under its header; `right` columns hold numbers.
fn table<const N: usize>(header: [&str; N], right: &[usize]) -> Table {
    let mut table = ruled(header);
    // Names never break across lines, so that they can be found and copied.
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
    }
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn strategies() -> Table {
    let mut table = table(["strategy", "takes, of the hosts that fit"], &[]);
    for entry in register::REGISTER {
        let mut rule = entry.rule.to_string();
        for Parameter { name, meaning, kind } in entry.parameters {
            rule += &format!("; {name} = {} ({}): {meaning}", kind.default_text(), kind.range_text());
        }
        table.add_row([entry.name, &rule]);
    }
    table
}

fn expression() -> Table {
    let mut table = table(["name", "unit", "meaning"], &[]);
    for ExpressionName { name, unit, meaning, .. } in &NAMES {
        table.add_row([name, unit, meaning]);
    }
    for (_, form, meaning) in FUNCTIONS {
        table.add_row([form, &"function", meaning]);
    }
    for (form, meaning) in OPERATORS {
        table.add_row([form, &"operator", meaning]);
    }
    table
}

fn types(filter: &TypeFilter) -> Result<Table, InputError> {
    let entries = catalogue::select(filter);
    if entries.is_empty() {
        let problem = Problem::new(Place::key("list types"), "no instance type meets every condition");
        let wanted = filter.name.as_deref().or(filter.family.as_deref());
        let names = catalogue::built_in().iter().map(|entry| entry.name.as_str());
        let near = wanted.and_then(|wanted| crate::input::did_you_mean(wanted, names));
        let help =
            near.unwrap_or_else(|| "leave a condition out; `plimsoll list types` shows all".to_string());
        return Err(problem.with_help(help).into());
    }
    let header = ["type", "vCPU", "memory GiB", "GPU", "storage GB", "network Mbit/s", "arch", "USD/h"];
    let mut table = table(header, &[1, 2, 3, 4, 5, 7]);
    for entry in entries {
        table.add_row(type_row(entry));
    }
    Ok(table)
}

fn type_row(entry: &CatalogueEntry) -> [String; 8] {
    let unless_none = |amount: u32, text: String| if amount == 0 { String::new() } else { text };
    let price = entry.on_demand_usd_per_hour.as_ref().map_or("by shape", |price| price.as_str());
    [
        entry.name.clone(),
        entry.vcpu.to_string(),
        (f64::from(entry.memory_mib) / 1024.0).to_string(),
        unless_none(entry.gpu_milli, (f64::from(entry.gpu_milli) / 1000.0).to_string()),
        unless_none(entry.local_storage_gb, decimal(f64::from(entry.local_storage_gb), 0)),
        decimal(f64::from(entry.network_baseline_mbps), 0),
        entry.arch.replace('|', " "),
        price.to_string(),
    ]
}

fn traces() -> Table {
    let mut table = table(["format", "what", "licence"], &[]);
    for format in FORMATS {
        table.add_row([format.name, format.description, format.licence]);
    }
    table
}

fn inventories() -> Table {
    let mut table = table(["source", "what", "made by"], &[]);
    for source in SOURCES {
        table.add_row([source.name, source.description, source.made_by]);
    }
    table
}

fn scenarios() -> Table {
    let mut table = table(["scenario", "what it is about"], &[]);
    for example in EXAMPLES {
        table.add_row([example.name, &example.about()]);
    }
    table
}

fn metrics(pattern: &Pattern) -> Result<Table, InputError> {
    let mut table = table(["metric", "better", "meaning [unit]"], &[]);
    if METRICS.iter().all(|metric| !pattern.matches(metric.path)) {
        let wanted = pattern.pattern.as_deref().unwrap_or_default();
        let mut problem =
            Problem::new(Place::key("list metrics"), format!("no metric is called like `{wanted}`"));
        problem.help = crate::input::did_you_mean(wanted, METRICS.iter().map(|metric| metric.path));
        return Err(problem.into());
    }
    for metric in METRICS.iter().filter(|metric| pattern.matches(metric.path)) {
        let better = match metric.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => "",
        };
        let unit = if metric.unit.is_empty() { String::new() } else { format!(" [{}]", metric.unit) };
        table.add_row([metric.path, better, &(metric.meaning.to_string() + &unit)]);
    }
    Ok(table)
}

fn errors() -> Table {
    let mut table = table(["error code", "fault of", "HTTP", "meaning [name in REST interfaces]"], &[2]);
    for entry in failure::REGISTER {
        let class = match entry.class {
            ErrorSide::Client => "client",
            ErrorSide::Server => "server",
        };
        table.add_row([
            entry.ec2_name,
            class,
            &entry.http_status.to_string(),
            &format!("{} [{}]", entry.meaning, entry.rest_name),
        ]);
    }
    table
}

fn branching() -> Table {
    let mut table = table(["key", "may have", "what that means"], &[]);
    for key in MUTABLE_KEYS {
        table.add_row([key.key, key.mutability.name(), key.meaning]);
    }
    table
}

fn limits() -> Table {
    let mut table = table(["limit", "meaning [unit]"], &[]);
    for bound in LimitKind::ALL {
        table.add_row([bound.name(), &format!("{} [{}]", bound.meaning(), bound.unit())]);
    }
    table
}
