//! Negative numbers as values of options: the parser of the command line takes a word such as `-5` for an option of its own, and advises
//! what helps with no option. Each goes to the option before it, which takes it or says its bounds.

use std::ffi::OsString;

use clap::Command;

/// Returns the words of a command line with every negative number attached to the option before it, as in `--seed=-5`.
pub fn attached(words: Vec<OsString>, root: &Command) -> Vec<OsString> {
    let mut command = root;
    let mut attached: Vec<OsString> = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    attached.extend(words.next());
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            attached.push(word);
            break;
        }
        command = command.find_subcommand(text).unwrap_or(command);
        match words.next_if(|next| takes_value(command, text) && is_negative(next)) {
            Some(value) => {
                let mut both = word;
                both.push("=");
                both.push(value);
                attached.push(both);
            }
            None => attached.push(word),
        }
    }
    attached.extend(words);
    attached
}

/// Returns whether a word begins as a negative number does.
fn is_negative(word: &OsString) -> bool {
    let number = word.to_str().and_then(|text| text.strip_prefix('-'));
    number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
}

/// Returns whether a word is an option of a command that takes a value, which is the next word.
fn takes_value(command: &Command, word: &str) -> bool {
    let mut options = command.get_arguments().filter(|option| option.get_action().takes_values());
    match (word.strip_prefix("--"), word.strip_prefix('-')) {
        (Some(long), _) => options.any(|option| {
            option.get_long() == Some(long)
                || option.get_all_aliases().is_some_and(|names| names.contains(&long))
        }),
        (None, Some(short)) => {
            options.any(|option| option.get_short().is_some_and(|letter| short.chars().eq([letter])))
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    #[test]
    fn a_negative_number_belongs_to_the_option_before_it() {
        let command = Command::new("p").subcommand(
            Command::new("run")
                .arg(Arg::new("seed").long("seed").alias("start").short('s'))
                .arg(Arg::new("quiet").long("quiet").action(ArgAction::SetTrue))
                .arg(Arg::new("file")),
        );
        let of = |words: &str| {
            let words = words.split(' ').map(OsString::from).collect();
            let attached = attached(words, &command).into_iter().map(|word| word.into_string().unwrap());
            attached.collect::<Vec<_>>().join(" ")
        };
        for (words, expected) in [
            ("p run --seed -5 a", "p run --seed=-5 a"),
            ("p run --start -5% a", "p run --start=-5% a"),
            ("p run -s -.5", "p run -s=-.5"),
            ("p run --seed 5 -5", "p run --seed 5 -5"),
            ("p run --quiet -5", "p run --quiet -5"),
            ("p run --seed --quiet", "p run --seed --quiet"),
            ("p run -- --seed -5", "p run -- --seed -5"),
            ("p --seed -5", "p --seed -5"),
        ] {
            assert_eq!(of(words), expected);
        }
    }
}
