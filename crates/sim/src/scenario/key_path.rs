//! Key paths as people write them: `zones.0.hosts.0.count`, `types."t3.micro"`.

use std::fmt;

/// A step down the tree of a scenario.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list, from 0.
    Item(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) if key.contains(['.', '=', ' ', '"']) => write!(out, "\"{key}\""),
            Step::Key(key) => out.write_str(key),
            Step::Item(number) => number.fmt(out),
        }
    }
}

/// Returns the steps as one dotted path.
pub(super) fn show(steps: &[Step]) -> String {
    steps.iter().map(Step::to_string).collect::<Vec<_>>().join(".")
}

/// Returns the offset of the first `wanted` outside quotes \[bytes\].
pub(super) fn find_outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match quote {
            None if c == wanted => return Some(i),
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// Splits a dotted path; quotes keep dots inside a step and are taken off.
pub(super) fn parse(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while let Some(dot) = find_outside_quotes(rest, '.') {
        steps.push(unquote(&rest[..dot]));
        rest = &rest[dot + 1..];
    }
    steps.push(unquote(rest));
    steps
}

fn unquote(step: &str) -> String {
    let step = step.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = step.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.to_string();
        }
    }
    step.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_dots_together() {
        assert_eq!(parse("a.0.b"), ["a", "0", "b"]);
        assert_eq!(parse("types.\"t3.micro\""), ["types", "t3.micro"]);
        assert_eq!(parse("'a.b'.c"), ["a.b", "c"]);
        assert_eq!(find_outside_quotes("\"a=b\"=c", '='), Some(5));
        assert_eq!(show(&[Step::Key("t3.micro".into()), Step::Item(0)]), "\"t3.micro\".0");
    }
}
