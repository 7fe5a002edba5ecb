//! `plimsoll completions` and `plimsoll man`, made from the definition of the commands.

use clap::Args;
use clap_complete::Shell;

use super::output;
use crate::input::{InputError, Place, Problem};

/// Print completions for a shell.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  plimsoll completions bash > /etc/bash_completion.d/plimsoll")]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Print the manual page.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  plimsoll man | man -l -")]
pub struct ManArgs {}

/// Prints the completions.
pub fn main(args: &CompletionsArgs) -> Result<(), InputError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "plimsoll", &mut text);
    output::print(&String::from_utf8_lossy(&text))
}

/// Prints the manual page, every subcommand after the other.
pub fn man(_: &ManArgs) -> Result<(), InputError> {
    let mut command = super::command();
    // Building gives the subcommands their full names, such as `plimsoll-run`.
    command.build();
    let mut text = Vec::new();
    render(command, &mut text)
        .map_err(|error| Problem::new(Place::default(), format!("no manual page can be made: {error}")))?;
    output::print(&String::from_utf8_lossy(&text))
}

/// Renders a command and, below it, its subcommands.
fn render(command: clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let subcommands: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    clap_mangen::Man::new(command).render(text)?;
    for subcommand in subcommands.into_iter().filter(|subcommand| subcommand.get_name() != "help") {
        render(subcommand, text)?;
    }
    Ok(())
}
