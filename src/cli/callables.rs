//! Rules that the program which runs this one answers for, on standard input and output: callables of the Python package.
//!
//! First goes out a line of JSON, the names of what a rule may look at. Then, for each question: the number of the rule and that of the
//! amounts, 32 bits each, and of each amount its units and how many of them make one, 64 bits each. The answer is the number of
//! values, 32 bits, and each value in double precision. All are little-endian. Input that ends is no answer.

use std::io::{self, BufReader, IsTerminal, Read, Stdin, Write};
use std::sync::{Mutex, PoisonError};

use clap::Args;

use crate::expression::Amount;
use crate::input::{InputError, Place, Problem};
use crate::placement::callables::{CallableDoor, Callables};
use crate::placement::expression_names::NAMES;

/// The most values that a rule may give.
const VALUES_AT_MOST: u32 = 1000;

/// Option for rules outside the program.
#[derive(Args, Debug)]
pub struct CallableOptions {
    /// Names of the rules that the program which runs this one answers for, on standard input and output; for the Python package
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', hide = true, conflicts_with = "json")]
    callables: Vec<String>,
}

impl CallableOptions {
    /// Returns true if standard output goes to the program that answers, and to no person.
    pub fn take_standard_output(&self) -> bool {
        !self.callables.is_empty()
    }

    /// Returns the door to the rules, if there are some, after it has told what they may look at.
    ///
    /// # Errors
    /// No program answers.
    pub fn door(&self) -> Result<Option<CallableDoor>, InputError> {
        if self.callables.is_empty() {
            return Ok(None);
        }
        if io::stdin().is_terminal() || io::stdout().is_terminal() {
            let message = "found a terminal, expected a program that answers for rules";
            let help = "run it from Python: `plimsoll.run(scenario, strategy=rule)`";
            return Err(Problem::new(Place::key("--callables"), message).with_help(help).into());
        }
        let told = NAMES.iter().map(|name| (name.name, name.subject.word())).collect::<Vec<_>>();
        let told = serde_json::to_string(&told).expect("names are plain data");
        send(format!("{told}\n").as_bytes()).map_err(|error| no_answer(&self.callables[0], &error))?;
        let input = Mutex::new(BufReader::new(io::stdin()));
        Ok(Some(CallableDoor::new(Caller { names: self.callables.clone(), input })))
    }
}

/// The program that answers.
struct Caller {
    names: Vec<String>,
    /// Its answers, one at a time.
    input: Mutex<BufReader<Stdin>>,
}

impl Callables for Caller {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn values(&self, rule: usize, amounts: &[Amount]) -> Result<Box<[f64]>, InputError> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        send(&question(rule, amounts))
            .and_then(|()| answer(&mut *input))
            .map_err(|error| no_answer(&self.names[rule], &error))
    }
}

fn question(rule: usize, amounts: &[Amount]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + 16 * amounts.len());
    bytes.extend_from_slice(&(rule as u32).to_le_bytes());
    bytes.extend_from_slice(&(amounts.len() as u32).to_le_bytes());
    for amount in amounts {
        bytes.extend_from_slice(&amount.units.to_le_bytes());
        bytes.extend_from_slice(&amount.per.to_le_bytes());
    }
    bytes
}

fn send(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Reads the values of an answer.
fn answer(input: &mut impl Read) -> io::Result<Box<[f64]>> {
    let mut count = [0; 4];
    input.read_exact(&mut count)?;
    let count = u32::from_le_bytes(count);
    let wrong = |found: String| io::Error::new(io::ErrorKind::InvalidData, found);
    if count == 0 || count > VALUES_AT_MOST {
        return Err(wrong(format!("found {count} values, expected 1 to {VALUES_AT_MOST}")));
    }
    let mut values = Vec::new();
    for _ in 0..count {
        let mut value = [0; 8];
        input.read_exact(&mut value)?;
        values.push(f64::from_le_bytes(value));
    }
    match values.iter().any(|value| value.is_nan()) {
        true => Err(wrong("found NaN, expected a number".to_string())),
        false => Ok(values.into()),
    }
}

fn no_answer(rule: &str, error: &io::Error) -> InputError {
    let message = format!("found no answer of rule `{rule}`, expected the value of a host: {error}");
    Problem::new(Place::key("--callables"), message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: u32, values: &[f64]) -> Result<Vec<f64>, String> {
        let mut bytes = count.to_le_bytes().to_vec();
        values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        answer(&mut bytes.as_slice()).map(Vec::from).map_err(|error| error.to_string())
    }

    #[test]
    fn an_answer_is_numbers_and_ends_with_the_input() {
        assert_eq!(of(2, &[1.5, f64::INFINITY]), Ok(vec![1.5, f64::INFINITY]));
        assert_eq!(of(1, &[-0.0]), Ok(vec![0.0]));
        for (count, values, told) in [
            (0, &[][..], "found 0 values"),
            (u32::MAX, &[], "found 4294967295 values"),
            (1, &[f64::NAN], "found NaN"),
            (2, &[1.0], "fill whole buffer"),
        ] {
            let error = of(count, values).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_question_has_the_rule_and_each_amount() {
        let bytes = question(3, &[Amount { units: 7, per: 1000 }, Amount::whole(2u32)]);
        assert_eq!(bytes.len(), 8 + 2 * 16);
        assert_eq!((bytes[0], bytes[4], bytes[8], bytes[16..18].to_vec()), (3, 2, 7, vec![0xe8, 3]));
    }
}
