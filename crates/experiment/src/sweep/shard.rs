//! A share of the runs of a sweep, for one of several machines.

use std::fmt;
use std::str::FromStr;

/// The `number`-th of `of` shares, from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// Returns the numbers of its runs among `count`: every `of`-th, so that shards of a grid are about equally long.
    pub fn runs(self, count: usize) -> impl Iterator<Item = usize> {
        (self.number - 1..count).step_by(self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(number, of)| {
            Some((number.trim().parse::<usize>().ok()?, of.trim().parse::<usize>().ok()?))
        });
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Shard { number, of }),
            Some((_, 0)) => Err("there are no shards of 0, expected I/N such as 1/4".to_string()),
            Some((number, of)) => Err(format!("there is no shard {number}, expected one from 1 to {of}")),
            None => Err("expected I/N, such as 1/4 for the first of four".to_string()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_together_are_all_runs_once() {
        for (count, of) in [(10, 3), (2, 5), (0, 1), (7, 7)] {
            let shards = (1..=of).map(|number| format!("{number}/{of}").parse::<Shard>().unwrap());
            let mut runs: Vec<usize> = shards.flat_map(|shard| shard.runs(count)).collect();
            runs.sort_unstable();
            assert_eq!(runs, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_shard_out_of_range_is_refused_with_the_range() {
        for (text, expected) in [
            ("0/4", "there is no shard 0, expected one from 1 to 4"),
            ("5/4", "there is no shard 5, expected one from 1 to 4"),
            ("1/0", "there are no shards of 0"),
            ("two", "expected I/N"),
            ("-1/4", "expected I/N"),
        ] {
            assert!(text.parse::<Shard>().unwrap_err().starts_with(expected), "{text}");
        }
    }
}
