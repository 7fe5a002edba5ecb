//! The command line: parse, run, exit code. Everything is in [`plimsoll::cli`].

fn main() -> std::process::ExitCode {
    plimsoll::cli::main()
}
