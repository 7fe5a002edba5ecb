//! `plimsoll selftest`: values that are known exactly, compared with those of this build.

use clap::Args;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use super::{Conclusion, output};
use crate::input::{InputError, Place, Problem, did_you_mean};
use crate::report::terminal::ruled;
use crate::selftest::{Check, Finding, REGISTER};

/// Run checks whose answer is known exactly or by a closed form, and print expected, got and verdict.
///
/// They need nothing but the program. Exit code 1 means that one failed: do not trust this build.
#[derive(Args, Debug)]
#[command(after_help = format!("Examples:\n  plimsoll selftest\n  plimsoll selftest erlang-b\n\nChecks:\n{}", checks()))]
pub struct SelftestArgs {
    /// Checks to run [default: all]
    #[arg(value_name = "CHECK")]
    checks: Vec<String>,
    /// Print failures only
    #[arg(short, long)]
    quiet: bool,
    /// Print the findings as JSON on standard output, and nothing else there
    #[arg(long)]
    json: bool,
}

/// Returns the checks, a line each.
fn checks() -> String {
    let lines = REGISTER.iter().map(|check| format!("  {:<10} {}", check.name, check.knows));
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs the checks and prints their findings.
pub fn main(args: &SelftestArgs) -> Result<Conclusion, InputError> {
    let findings: Vec<(&Check, Finding)> = (chosen(&args.checks)?.into_iter())
        .flat_map(|check| (check.run)().into_iter().map(move |finding| (check, finding)))
        .collect();
    if args.json {
        let all: Vec<Value> = findings.iter().map(|(check, finding)| value(check, finding)).collect();
        output::print_json(&all)?;
    } else {
        output::print(&tell(&findings, args.quiet, output::width()))?;
    }
    let holds = findings.iter().all(|(_, finding)| finding.holds);
    Ok(if holds { Conclusion::Done } else { Conclusion::CheckFailed })
}

fn chosen(names: &[String]) -> Result<Vec<&'static Check>, InputError> {
    if names.is_empty() {
        return Ok(REGISTER.iter().collect());
    }
    let find = |name: &String| {
        REGISTER.iter().find(|check| check.name == name).ok_or_else(|| {
            let mut problem = Problem::new(Place::key("CHECK"), format!("no check is called `{name}`"));
            problem.help = did_you_mean(name, REGISTER.iter().map(|check| check.name));
            InputError::from(problem)
        })
    };
    names.iter().map(find).collect()
}

fn value(check: &Check, finding: &Finding) -> Value {
    let Finding { what, expected, got, holds } = finding;
    json!({ "check": check.name, "what": what, "expected": expected, "got": got, "holds": holds })
}

/// Returns the findings as a table, and a sentence.
fn tell(findings: &[(&Check, Finding)], only_failed: bool, width: u16) -> String {
    let failed = findings.iter().filter(|(_, finding)| !finding.holds).count();
    let mut table: Table = ruled(["check", "what", "expected", "got", "verdict"]);
    for (check, finding) in findings.iter().filter(|(_, finding)| !only_failed || !finding.holds) {
        let verdict = if finding.holds { "holds" } else { "FAILED" };
        table.add_row([check.name, &finding.what, &finding.expected, &finding.got, verdict]);
    }
    table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    let sentence = match failed {
        0 => format!("All {} findings hold.", findings.len()),
        some => format!("{some} of {} findings FAILED: do not trust this build.", findings.len()),
    };
    match (only_failed, failed) {
        (true, 0) => String::new(),
        _ => format!("{}\n\n{sentence}\n", table.trim_fmt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(holds: bool) -> (&'static Check, Finding) {
        let (what, expected, got) = ("two and two".to_string(), "4".to_string(), "5".to_string());
        (&REGISTER[0], Finding { what, expected, got, holds })
    }

    #[test]
    fn a_failure_is_told_whether_quiet_or_not() {
        let some = [finding(true), finding(false)];
        assert!(tell(&some, false, 100).contains("1 of 2 findings FAILED"));
        let quiet = tell(&some, true, 100);
        assert!(quiet.contains("FAILED") && !quiet.contains("holds"), "{quiet}");
        assert!(tell(&some[..1], false, 100).contains("All 1 findings hold."));
        assert_eq!(tell(&some[..1], true, 100), "");
    }
}
