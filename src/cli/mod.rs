//! The command line: one file per subcommand. Only here are there clocks, threads and terminals.
//!
//! Exit codes: 0 done; 1 a check failed; 2 the input was wrong or the work could not be done. A bug is a
//! panic (101) that says how to replay it.

mod arguments;
mod callables;
mod check;
mod compare;
mod completions;
mod describe;
mod examples;
mod export;
mod file_kind;
mod import;
mod interrupt;
mod journal;
mod list;
mod live;
#[cfg(feature = "tracing")]
mod log;
mod machine;
mod merge;
mod moment;
mod negative;
mod new;
mod output;
mod panic;
mod progress;
mod progress_bar;
mod recommend;
mod report;
mod reproduce;
mod run;
mod schema;
mod selftest;
#[cfg(feature = "serve")]
mod serve;
mod size;
mod source;
mod sweep;
mod trace;
mod trials;
mod validate;
mod variants;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::disk;
use crate::input::InputError;
use crate::quote;

/// Exit code when the input was wrong or the work could not be done.
const EXIT_INPUT: u8 = 2;

/// Exit code when the work was done and a check failed.
const EXIT_CHECK: u8 = 1;

/// Rows and columns of a screen that holds everything that is printed about wrong input.
const SCREEN_ROWS: usize = 40;
const SCREEN_COLUMNS: usize = 120;

/// The most of a line about the command line that is shown \[characters\].
const LINE_MOST: usize = 600;

/// Conclusion of a command that could do its work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Conclusion {
    /// All is well.
    Done,
    /// A check failed; the command has said why.
    CheckFailed,
    /// Input was wrong; the command has said what.
    InputWrong,
}

impl From<()> for Conclusion {
    /// Returns the conclusion of a command that checks nothing.
    fn from((): ()) -> Conclusion {
        Conclusion::Done
    }
}

impl From<Conclusion> for ExitCode {
    fn from(conclusion: Conclusion) -> ExitCode {
        match conclusion {
            Conclusion::Done => ExitCode::SUCCESS,
            Conclusion::CheckFailed => ExitCode::from(EXIT_CHECK),
            Conclusion::InputWrong => ExitCode::from(EXIT_INPUT),
        }
    }
}

/// Replay real cloud demand against a modelled fleet: does it fit, where does it break, which placement
/// strategy is best, what does it cost.
///
/// Results depend on the scenario and its seed alone: the same digest on every machine, however many threads.
#[derive(Parser, Debug)]
#[command(name = "plimsoll", version, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  plimsoll run --example quickstart
  plimsoll new mine.toml
  plimsoll run SCENARIO --set placement.strategy=best-fit --seed 7 -o mine
  plimsoll run SCENARIO --json | jq .launch.success_ratio
  plimsoll compare SCENARIO --strategies first-fit,spread
  plimsoll list types 'm5.*'

Exit codes: 0 done, 1 a check failed, 2 the input was wrong or the work could
not be done.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    New(new::NewArgs),
    Validate(validate::ValidateArgs),
    Run(run::RunArgs),
    #[cfg(feature = "serve")]
    Serve(serve::ServeArgs),
    Compare(compare::CompareArgs),
    Check(check::CheckArgs),
    Sweep(sweep::SweepArgs),
    Merge(merge::MergeArgs),
    Size(size::SizeArgs),
    Recommend(recommend::RecommendArgs),
    Report(report::ReportArgs),
    Reproduce(reproduce::ReproduceArgs),
    Trace(trace::TraceArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Describe(describe::DescribeArgs),
    List(list::ListArgs),
    Schema(schema::SchemaArgs),
    Selftest(selftest::SelftestArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
}

/// Parses the command line, carries it out and returns the exit code.
pub fn main() -> ExitCode {
    panic::install_hook();
    output::survive_full_disks();
    interrupt::listen();
    #[cfg(feature = "tracing")]
    log::begin();
    let cli = match Cli::try_parse_from(negative::attached(std::env::args_os().collect(), &command())) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let result = match cli.command {
        Command::New(args) => new::main(&args).map(Conclusion::from),
        Command::Validate(args) => validate::main(&args),
        Command::Run(args) => run::main(&args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::main(&args).map(Conclusion::from),
        Command::Compare(args) => compare::main(&args),
        Command::Check(args) => check::main(&args),
        Command::Sweep(args) => sweep::main(&args).map(Conclusion::from),
        Command::Merge(args) => merge::main(&args).map(Conclusion::from),
        Command::Size(args) => size::main(&args),
        Command::Recommend(args) => recommend::main(&args),
        Command::Report(args) => report::main(&args).map(Conclusion::from),
        Command::Reproduce(args) => reproduce::main(&args),
        Command::Trace(args) => trace::main(&args).map(Conclusion::from),
        Command::Import(args) => import::main(&args).map(Conclusion::from),
        Command::Export(args) => export::main(&args).map(Conclusion::from),
        Command::Describe(args) => describe::main(&args).map(Conclusion::from),
        Command::List(args) => list::main(&args).map(Conclusion::from),
        Command::Selftest(args) => selftest::main(&args),
        Command::Schema(args) => schema::main(&args).map(Conclusion::from),
        Command::Completions(args) => completions::main(&args).map(Conclusion::from),
        Command::Man(args) => completions::man(&args).map(Conclusion::from),
    };
    for note in disk::take_notes() {
        output::tell(&format!("note: {note}\n"));
    }
    match result {
        Ok(conclusion) => conclusion.into(),
        Err(error) => {
            complain(&error);
            ExitCode::from(EXIT_INPUT)
        }
    }
}

/// Prints the error of the command line, which may quote any text, or the help that was asked for.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe is no error: the reader has stopped reading.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    text.lines().for_each(|line| output::tell(&format!("{}\n", quote::shortened(line, LINE_MOST))));
    ExitCode::from(EXIT_INPUT)
}

/// Prints the problems on standard error, as many as a screen takes, with the number of all at the end when there are
/// several.
fn complain(error: &InputError) {
    let mut text = String::new();
    let mut rows = 0;
    for (number, problem) in error.0.iter().enumerate() {
        let told = format!("error: {problem}\n");
        rows += told.lines().map(|line| line.chars().count().div_ceil(SCREEN_COLUMNS)).sum::<usize>();
        if rows > SCREEN_ROWS && number > 0 {
            text += &format!("… and {} more\n", error.0.len() - number);
            break;
        }
        text += &told;
    }
    output::tell(&text);
    if error.0.len() > 1 {
        output::tell(&format!("{} problems\n", error.0.len()));
    }
}

/// Returns the definition of every command, for help, completions and manual pages.
fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_of_the_commands_is_sound() {
        super::command().debug_assert();
    }

    /// Calls something with each command and the words that lead to it.
    fn walk(command: &clap::Command, path: &str, each: &mut dyn FnMut(&clap::Command, &str)) {
        each(command, path);
        for below in command.get_subcommands() {
            walk(below, &format!("{path} {}", below.get_name()), each);
        }
    }

    #[test]
    fn every_command_and_every_option_says_what_it_is() {
        let mut silent = Vec::new();
        walk(&super::command(), "plimsoll", &mut |command, path| {
            if command.get_about().is_none() {
                silent.push(path.to_string());
            }
            let without_help = command
                .get_arguments()
                .filter(|argument| argument.get_help().is_none_or(|help| help.to_string().trim().is_empty()));
            silent.extend(without_help.map(|argument| format!("{path} {argument}")));
        });
        assert_eq!(silent, [] as [String; 0]);
    }
}
