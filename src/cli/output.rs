//! Standard output and standard error that survive a closed pipe, and files that survive a full disk.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::disk;
use crate::input::{InputError, Place, Problem};
use crate::quote;

/// Refuses an output that would take the place of a file that the command reads.
pub fn refuse_inputs<'a>(
    option: &str,
    output: &Path,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Problem> {
    if !inputs.into_iter().any(|input| disk::is_same_place(input, output)) {
        return Ok(());
    }
    let message = format!("found `{}`, which the command reads", output.display());
    Err(Problem::new(Place::key(option), message).with_help("name another file: what is read would be lost"))
}

/// Writes text for a person to standard output. A reader that has seen enough (`| head`) is no error.
pub fn print(text: &str) -> Result<(), InputError> {
    write_out(&quote::lines(text))
}

/// Writes a value for a program to standard output.
pub fn print_json(value: &impl Serialize) -> Result<(), InputError> {
    let text = serde_json::to_string_pretty(value).expect("what is printed is plain data");
    write_out(&format!("{}\n", quote::json(&text)))
}

fn write_out(text: &str) -> Result<(), InputError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::new(Place::key("standard output"), format!("cannot be written: {error}")).into())
        }
        _ => Ok(()),
    }
}

/// Writes to standard error. Errors of writing are ignored: there is no other place to report them.
pub fn tell(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(quote::lines(text).as_bytes()).and_then(|()| out.flush());
}

/// Makes a write beyond the limit on file sizes an error, which is reported and cleaned up after, instead of a
/// signal that ends the program on the spot.
pub fn survive_full_disks() {
    // SAFETY: setting a signal to be ignored touches no memory of ours and runs before any thread starts.
    #[cfg(unix)]
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// Characters in a line where there is no terminal, for text in a file.
const DEFAULT_WIDTH: u16 = 100;

/// Returns the number of characters in a line of standard output.
pub fn width() -> u16 {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = told.or_else(|| terminal_width(1)).unwrap_or(DEFAULT_WIDTH);
    width.clamp(80, 140)
}

/// Returns the number of characters in a line of standard error, however few.
pub fn error_width() -> u16 {
    terminal_width(2).unwrap_or(DEFAULT_WIDTH)
}

/// Asks the terminal behind standard output, 1, or standard error, 2, if there is one.
#[cfg(unix)]
fn terminal_width(file: i32) -> Option<u16> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one `winsize`, and `size` is one that outlives the call.
    let answer = unsafe { libc::ioctl(file, libc::TIOCGWINSZ, &raw mut size) };
    (answer == 0 && size.ws_col > 0).then_some(size.ws_col)
}

#[cfg(not(unix))]
fn terminal_width(_file: i32) -> Option<u16> {
    None
}
