//! Standard output and standard error may be closed or full: the exit code still says how the command ended.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::command_line::workplace;

fn program(folder: &Path, command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    program.current_dir(folder).args(command.split_whitespace());
    program
}

/// A pipe whose reader has gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// The exit codes of a command with a standard error, and with a standard output, that takes nothing.
fn codes(folder: &Path, command: &str) -> [Option<i32>; 4] {
    let code = |set: &dyn Fn(&mut Command) -> &mut Command| {
        let mut program = program(folder, command);
        program.stdout(Stdio::null()).stderr(Stdio::null());
        set(&mut program);
        program.status().unwrap().code()
    };
    [
        code(&|program| program.stderr(closed())),
        code(&|program| program.stderr(full())),
        code(&|program| program.stdout(closed())),
        code(&|program| program.stdout(full())),
    ]
}

#[test]
fn wrong_input_is_exit_code_2_also_where_no_error_can_be_printed() {
    let place = workplace();
    for command in [
        "run nope.toml",
        "run scenario.toml --set duration=x --set warmup=y --set placement.strategy=z",
        "compare scenario.toml",
        "sweep nope.toml",
        "merge nope",
        "size nope.toml --vary a --until b>=1",
        "report nope",
        "check nope --baseline b.toml",
        "trace describe nope.csv",
        "list nope",
        "nope",
    ] {
        assert_eq!(codes(place.path(), command), [Some(2); 4], "{command}");
    }
}

#[test]
fn work_that_is_done_is_exit_code_0_unless_its_output_is_lost() {
    let place = workplace();
    for command in [
        "run scenario.toml -o o",
        "compare scenario.toml -o c --strategies first-fit,spread -R 2",
        "report o",
        "check o --baseline b.toml --update",
        "list strategies",
        "schema",
        "man",
        "completions bash",
        "trace generate scenario.toml -o t.csv",
        "trace describe t.csv",
    ] {
        // A reader that has seen enough is no error; a disk that is full is one.
        assert_eq!(codes(place.path(), command), [Some(0), Some(0), Some(0), Some(2)], "{command}");
    }
}
