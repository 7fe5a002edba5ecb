//! Every command, in every phase, ends soon after the first polite signal, and takes away what it had begun.
#![cfg(unix)]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

/// Work for a minute and more: 10,000 launches a second.
const ENDLESS: &str = "name = 'endless'
duration = '3000d'
zones = [{ name = 'z', hosts = [{ count = 100, vcpu = 64, memory_gib = 256 }] }]
workload.arrivals = [{ process = { kind = 'poisson', per_hour = 3600 }, types = { 'm5.large' = 1 }, \
lifetime = { kind = 'exponential', mean = '30m' } }]
";

/// Longest time that a command may take to end, on a machine that has much else to do: the work would take far longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A step between two looks.
const STEP: Duration = Duration::from_millis(20);

fn workplace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("s.toml", ENDLESS);
    write(
        "sw.toml",
        "name = 'w'\nscenario = 's.toml'\nseeds = 2\n[[axes]]\npath = 'zones.0.hosts.0.count'\nvalues = [90, 100]\n",
    );
    let fifo = std::ffi::CString::new(folder.path().join("fifo.csv").to_str().unwrap()).unwrap();
    // SAFETY: the path is a text that ends with a zero and lives through the call.
    assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) }, 0);
    folder
}

/// Writes rows into the pipe of the folder until its reader has ended: what reads it can't be done before the signal comes,
/// however fast the machine is.
fn write_without_end(
    folder: &Path,
    header: &'static str,
    row: impl Fn(u64) -> String + Send + 'static,
) -> JoinHandle<()> {
    let pipe = folder.join("fifo.csv");
    std::thread::spawn(move || {
        let mut pipe = BufWriter::new(File::options().write(true).open(pipe).unwrap());
        let mut written = writeln!(pipe, "{header}");
        for number in 0_u64.. {
            if written.is_err() {
                break; // The reader has ended.
            }
            written = writeln!(pipe, "{}", row(number));
        }
    })
}

fn begin(folder: &Path, command: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(folder)
        .args(command.split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends a signal when a command has been at work for a while. It must end by itself, with exit code 2 and a word.
fn check(folder: &Path, command: &str, signal: i32, after: Duration) {
    let before = names(folder);
    let mut child = begin(folder, command);
    std::thread::sleep(after);
    if let Some(status) = child.try_wait().unwrap() {
        let mut errors = String::new();
        std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut errors).unwrap();
        panic!("{command} ended before it was told to: {status}: {errors}");
    }
    let process = i32::try_from(child.id()).unwrap();
    // SAFETY: sends a signal to a child that has not been waited for, so its number is its own.
    assert_eq!(unsafe { libc::kill(process, signal) }, 0);
    let mut waited = Duration::ZERO;
    while child.try_wait().unwrap().is_none() {
        if waited > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command} goes on {waited:?} after signal {signal}");
        }
        std::thread::sleep(STEP);
        waited += STEP;
    }
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{command}: {errors}");
    assert!(errors.contains("interrupted"), "{command}: {errors}");
    let left: Vec<String> = names(folder).into_iter().filter(|name| !before.contains(name)).collect();
    // What a sweep has finished is kept for the same command.
    let unexpected: Vec<&String> =
        left.iter().filter(|name| !name.ends_with(".unfinished") && *name != "p").collect();
    assert!(unexpected.is_empty(), "{command} leaves {unexpected:?}");
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn simulations_end_at_the_first_signal() {
    let folder = workplace();
    let begun = Duration::from_millis(700);
    for (number, command) in [
        "run s.toml -q -o o",
        "run s.toml -q -o o --tables --checkpoint-at 2000d --checkpoint-dir .",
        "compare s.toml -q -o o --strategies first-fit,spread -R 2",
        "size s.toml -q -o o --vary zones.0.hosts.0.count --until fleet.hosts_used_mean>=0.1 -R 2",
        "sweep sw.toml -q -o o",
        "sweep sw.toml --shard 1/2 -q -o p",
    ]
    .into_iter()
    .enumerate()
    {
        check(folder.path(), command, [libc::SIGINT, libc::SIGTERM][number % 2], begun);
    }
}

#[test]
fn reading_and_writing_of_long_files_end_at_the_first_signal() {
    let folder = workplace();
    let begun = Duration::from_millis(300);
    check(folder.path(), "trace generate s.toml -o g.csv.gz", libc::SIGINT, begun);
    for (number, command) in [
        "trace import --format azure-v1 fifo.csv -o i.csv.gz",
        "trace import --format azure-v1 fifo.csv -o i.parquet",
    ]
    .into_iter()
    .enumerate()
    {
        let writer = write_without_end(
            folder.path(),
            "bin_time_s,batch,vcpu,mem_gib,dur_min_s,dur_max_s,censored",
            |row| format!("{},{row},2,4,300,600,0", row * 300),
        );
        check(folder.path(), command, [libc::SIGINT, libc::SIGTERM][number % 2], begun);
        writer.join().unwrap();
    }
    for command in [
        "trace describe fifo.csv",
        // The trace is read for its hash before the run.
        "run s.toml -q -o o --set workload.trace=fifo.csv --set workload.arrivals=[] --set duration=30d",
    ] {
        let writer = write_without_end(folder.path(), "start_s,end_s,vcpu,memory_gib", |row| {
            format!("{row},{},2,4", row + 600)
        });
        check(folder.path(), command, libc::SIGINT, begun);
        writer.join().unwrap();
    }
}

#[test]
fn waiting_for_a_pipe_without_a_writer_ends_at_the_first_signal() {
    let folder = workplace();
    for command in [
        "trace describe fifo.csv",
        "trace import --format azure-v1 fifo.csv -o i.csv",
        "run s.toml -q -o o --set workload.trace=fifo.csv",
        "run fifo.csv -q -o o",
        "sweep fifo.csv -q -o o",
        "sweep exec fifo.csv --index 0",
    ] {
        check(folder.path(), command, libc::SIGTERM, Duration::from_millis(200));
    }
}
