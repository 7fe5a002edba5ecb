//! The text of an expression: words, then a tree by precedence (Pratt, "Top down operator precedence", POPL 1973).
//!
//! From the loosest: `< <= > >= == !=`, `+ -`, `* /`, `-` as a sign, `^` with a whole number.

use std::fmt;

use super::{Amount, Expression};
use plimsoll_base::input::did_you_mean;

/// Most characters of an expression.
const LONGEST: usize = 4_096;
/// Most parentheses, functions and signs inside each other.
const DEEPEST: u32 = 64;
/// Greatest exponent of `^`.
const MOST_EXPONENT: u64 = 9;
/// Greatest degree of an expression as a fraction: it bounds the digits of exact numbers.
const MOST_DEGREE: u64 = 256;
/// Most digits of a number.
const MOST_DIGITS: usize = 15;

/// ExpressionNode of an expression.
#[derive(Clone, PartialEq, Debug)]
pub enum ExpressionNode {
    /// Number.
    Constant(Amount),
    /// Name, by its position in the expression's list.
    Name(usize),
    /// Operation on one value.
    Unary(Unary, Box<ExpressionNode>),
    /// Operation on two values.
    Binary(Binary, Box<[ExpressionNode; 2]>),
    /// Condition, value where it is not 0, value where it is.
    If(Box<[ExpressionNode; 3]>),
}

/// Operation on one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unary {
    /// Change of sign.
    Negative,
    /// Value without sign.
    Abs,
    /// Greatest whole number that is not above.
    Floor,
    /// Exponential.
    Exp,
    /// Natural logarithm.
    Ln,
    /// Power with an exponent from 1 on.
    Power(u8),
}

/// Operation on two values. Comparisons give 1 where they hold and 0 where not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binary {
    /// Sum.
    Add,
    /// Difference.
    Subtract,
    /// Product.
    Multiply,
    /// Quotient.
    Divide,
    /// The lesser.
    Min,
    /// The greater.
    Max,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    Different,
}

/// Functions, with their arguments and meaning.
pub const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("abs", "abs(x)", "x without its sign"),
    ("exp", "exp(x)", "e to the power x"),
    ("floor", "floor(x)", "greatest whole number that is not above x"),
    ("if", "if(c, x, y)", "x where c is not 0, else y; a comparison is 1 where it holds, else 0"),
    ("ln", "ln(x)", "natural logarithm of x, which is above 0"),
    ("max", "max(x, y, …)", "the greatest"),
    ("min", "min(x, y, …)", "the least"),
];

/// Operators from the one that binds most loosely, with their meaning.
pub const OPERATORS: &[(&str, &str)] = &[
    ("< <= > >= == !=", "comparison: 1 where it holds, else 0"),
    ("+ -", "sum, difference"),
    ("* /", "product, quotient; no value where the divisor is 0"),
    ("-x", "change of sign"),
    ("x^n", "power with a whole number n from 1 to 9"),
];

/// Mistake in the text of an expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1 \[characters\].
    pub column: usize,
    /// Text of what was found and expected.
    pub message: String,
    /// Way to mend it.
    pub help: Option<String>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, column {} of the expression: {}", self.line, self.column, self.message)
    }
}

/// Mistake at an offset \[characters\].
struct Mistake {
    at: usize,
    message: String,
    help: Option<String>,
}

impl Mistake {
    fn new(at: usize, message: impl Into<String>) -> Mistake {
        Mistake { at, message: message.into(), help: None }
    }
}

/// Reads an expression over names.
pub fn parse(text: &str, names: &[&str]) -> Result<Expression, SyntaxError> {
    let characters: Vec<char> = text.chars().collect();
    read(&characters, names).map_err(|Mistake { at, message, help }| {
        let before = &characters[..at.min(characters.len())];
        let line = 1 + before.iter().filter(|c| **c == '\n').count();
        let column = 1 + before.iter().rev().take_while(|c| **c != '\n').count();
        SyntaxError { line, column, message, help }
    })
}

fn read(text: &[char], names: &[&str]) -> Result<Expression, Mistake> {
    if text.len() > LONGEST {
        let message = format!("found {} characters, expected at most {LONGEST}", text.len());
        return Err(Mistake::new(LONGEST, message));
    }
    let words = words(text)?;
    let mut parser = Parser { words: &words, next: 0, end: text.len(), depth: 0, names, used: Vec::new() };
    let root = parser.expression(0)?;
    if let Some((at, word)) = words.get(parser.next) {
        return Err(Mistake::new(*at, format!("found {word}, expected an operator or the end")));
    }
    let degree = root.degree();
    if degree > MOST_DEGREE {
        let message = format!("found products and powers of degree {degree}, expected at most {MOST_DEGREE}");
        return Err(Mistake::new(0, message));
    }
    let is_rational = root.is_rational();
    Ok(Expression { root, names: parser.used, is_rational })
}

/// Word of the text.
#[derive(Clone, PartialEq, Debug)]
enum Word {
    Number(Amount),
    Name(String),
    Sign(&'static str),
}

impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Word::Number(_) => out.write_str("a number"),
            Word::Name(name) => write!(out, "`{name}`"),
            Word::Sign(sign) => write!(out, "`{sign}`"),
        }
    }
}

/// Signs, the longer before those that they begin with.
const SIGNS: [&str; 15] = ["<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "^", "(", ")", ",", "="];

/// Returns the words, each with its offset.
fn words(text: &[char]) -> Result<Vec<(usize, Word)>, Mistake> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = text.get(at) {
        let run = |belongs: fn(&char) -> bool| text[at..].iter().take_while(|c| belongs(c)).count();
        if c.is_whitespace() {
            at += 1;
        } else if c.is_ascii_digit() || *c == '.' {
            let length = run(|c| c.is_ascii_digit() || *c == '.');
            let digits: String = text[at..at + length].iter().collect();
            words.push((at, Word::Number(number(&digits).map_err(|message| Mistake::new(at, message))?)));
            at += length;
        } else if c.is_ascii_alphabetic() {
            let length = run(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
            words.push((at, Word::Name(text[at..at + length].iter().collect())));
            at += length;
        } else {
            let begins = |sign: &&&str| text[at..].iter().copied().take(sign.len()).eq(sign.chars());
            let Some(sign) = SIGNS.iter().find(begins) else {
                return Err(Mistake::new(
                    at,
                    format!("found `{c}`, expected a number, a name or an operator"),
                ));
            };
            words.push((at, Word::Sign(sign)));
            at += sign.len();
        }
    }
    Ok(words)
}

/// Reads a decimal number.
fn number(digits: &str) -> Result<Amount, String> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    let units = all.parse::<u64>().ok().filter(|_| all.len() <= MOST_DIGITS && !digits.ends_with('.'));
    let units = units
        .ok_or_else(|| format!("found `{digits}`, expected a number of at most {MOST_DIGITS} digits"))?;
    Ok(Amount { units, per: 10_u64.pow(part.len() as u32) })
}

struct Parser<'a> {
    words: &'a [(usize, Word)],
    next: usize,
    /// Length of the text \[characters\].
    end: usize,
    depth: u32,
    names: &'a [&'a str],
    /// Names used so far, by their position in `names`.
    used: Vec<usize>,
}

/// Strength with which each operator binds what is on its left and right.
fn binds(sign: &str) -> Option<u8> {
    match sign {
        "<" | "<=" | ">" | ">=" | "==" | "!=" => Some(1),
        "+" | "-" => Some(2),
        "*" | "/" => Some(3),
        "^" => Some(5),
        _ => None,
    }
}

/// Strength of `-` as a sign.
const SIGN_BINDS: u8 = 4;

impl Parser<'_> {
    fn at(&self) -> usize {
        self.words.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn peek(&self) -> Option<&Word> {
        self.words.get(self.next).map(|(_, word)| word)
    }

    fn found(&self) -> String {
        self.peek().map_or("the end".to_string(), Word::to_string)
    }

    fn is_next(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Word::Sign(found)) if *found == sign)
    }

    fn expect(&mut self, sign: &str) -> Result<(), Mistake> {
        if !self.is_next(sign) {
            return Err(Mistake::new(self.at(), format!("found {}, expected `{sign}`", self.found())));
        }
        self.next += 1;
        Ok(())
    }

    /// Reads as far as operators bind more strongly than `least`.
    fn expression(&mut self, least: u8) -> Result<ExpressionNode, Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Mistake::new(self.at(), format!("found more than {DEEPEST} levels, expected fewer")));
        }
        let mut left = self.operand()?;
        loop {
            let at = self.at();
            let Some(Word::Sign(sign)) = self.peek() else { break };
            let sign = *sign;
            if sign == "=" {
                return Err(Mistake::new(at, "found `=`, expected `==` to compare"));
            }
            let Some(strength) = binds(sign).filter(|strength| *strength > least) else { break };
            self.next += 1;
            left = match sign {
                "^" => self.power(left)?,
                _ => operation(sign, left, self.expression(strength)?),
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn power(&mut self, base: ExpressionNode) -> Result<ExpressionNode, Mistake> {
        let exponent = match self.peek() {
            Some(Word::Number(Amount { units: units @ 1..=MOST_EXPONENT, per: 1 })) => *units as u8,
            _ => {
                let message =
                    format!("found {}, expected a whole number from 1 to {MOST_EXPONENT}", self.found());
                return Err(Mistake::new(self.at(), message));
            }
        };
        self.next += 1;
        Ok(ExpressionNode::Unary(Unary::Power(exponent), Box::new(base)))
    }

    fn operand(&mut self) -> Result<ExpressionNode, Mistake> {
        let at = self.at();
        let word = self.peek().cloned();
        self.next += 1;
        match word {
            Some(Word::Number(amount)) => Ok(ExpressionNode::Constant(amount)),
            Some(Word::Sign("-")) => {
                Ok(ExpressionNode::Unary(Unary::Negative, Box::new(self.expression(SIGN_BINDS)?)))
            }
            Some(Word::Sign("(")) => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Word::Name(name)) if self.is_next("(") => self.call(&name, at),
            Some(Word::Name(name)) => self.name(&name, at),
            _ => {
                self.next -= 1;
                Err(Mistake::new(at, format!("found {}, expected a number, a name or `(`", self.found())))
            }
        }
    }

    fn name(&mut self, name: &str, at: usize) -> Result<ExpressionNode, Mistake> {
        let Some(position) = self.names.iter().position(|known| *known == name) else {
            let mut mistake = Mistake::new(at, format!("unknown name `{name}`"));
            mistake.help = did_you_mean(name, self.names.iter().copied());
            return Err(mistake);
        };
        let slot = self.used.iter().position(|used| *used == position).unwrap_or_else(|| {
            self.used.push(position);
            self.used.len() - 1
        });
        Ok(ExpressionNode::Name(slot))
    }

    fn call(&mut self, name: &str, at: usize) -> Result<ExpressionNode, Mistake> {
        let Some((_, form, _)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            let mut mistake = Mistake::new(at, format!("unknown function `{name}`"));
            mistake.help = did_you_mean(name, FUNCTIONS.iter().map(|(known, ..)| *known));
            return Err(mistake);
        };
        self.expect("(")?;
        let mut arguments = vec![self.expression(0)?];
        while self.is_next(",") {
            self.next += 1;
            arguments.push(self.expression(0)?);
        }
        self.expect(")")?;
        let count = arguments.len();
        let wrong = || Mistake::new(at, format!("found {count} arguments, expected `{form}`"));
        let fold = |operation: Binary, arguments: Vec<ExpressionNode>| {
            let join = |left, right| ExpressionNode::Binary(operation, Box::new([left, right]));
            arguments.into_iter().reduce(join).filter(|_| count > 1).ok_or_else(wrong)
        };
        let of_one = |operation: Unary, arguments: Vec<ExpressionNode>| {
            let [inner] = <[ExpressionNode; 1]>::try_from(arguments).map_err(|_| wrong())?;
            Ok(ExpressionNode::Unary(operation, Box::new(inner)))
        };
        match name {
            "min" => fold(Binary::Min, arguments),
            "max" => fold(Binary::Max, arguments),
            "abs" => of_one(Unary::Abs, arguments),
            "floor" => of_one(Unary::Floor, arguments),
            "exp" => of_one(Unary::Exp, arguments),
            "ln" => of_one(Unary::Ln, arguments),
            "if" => <[ExpressionNode; 3]>::try_from(arguments)
                .map(|all| ExpressionNode::If(Box::new(all)))
                .map_err(|_| wrong()),
            other => unreachable!("function `{other}` is listed and unknown"),
        }
    }
}

fn operation(sign: &str, left: ExpressionNode, right: ExpressionNode) -> ExpressionNode {
    let (operation, sides) = match sign {
        "+" => (Binary::Add, [left, right]),
        "-" => (Binary::Subtract, [left, right]),
        "*" => (Binary::Multiply, [left, right]),
        "/" => (Binary::Divide, [left, right]),
        "<" => (Binary::Less, [left, right]),
        ">" => (Binary::Less, [right, left]),
        "<=" => (Binary::AtMost, [left, right]),
        ">=" => (Binary::AtMost, [right, left]),
        "==" => (Binary::Equal, [left, right]),
        "!=" => (Binary::Different, [left, right]),
        other => unreachable!("operator `{other}` binds and is unknown"),
    };
    ExpressionNode::Binary(operation, Box::new(sides))
}

impl ExpressionNode {
    fn parts(&self) -> &[ExpressionNode] {
        match self {
            ExpressionNode::Constant(_) | ExpressionNode::Name(_) => &[],
            ExpressionNode::Unary(_, inner) => std::slice::from_ref(inner),
            ExpressionNode::Binary(_, sides) => &**sides,
            ExpressionNode::If(branches) => &**branches,
        }
    }

    fn is_rational(&self) -> bool {
        !matches!(self, ExpressionNode::Unary(Unary::Exp | Unary::Ln, _))
            && self.parts().iter().all(ExpressionNode::is_rational)
    }

    /// Returns true where every divisor is a number other than 0.
    pub fn divides_by_numbers_alone(&self) -> bool {
        let is_number =
            |node: &ExpressionNode| matches!(node, ExpressionNode::Constant(amount) if amount.units > 0);
        let is_safe = match self {
            ExpressionNode::Binary(Binary::Divide, sides) => is_number(&sides[1]),
            _ => true,
        };
        is_safe && self.parts().iter().all(ExpressionNode::divides_by_numbers_alone)
    }

    /// Returns a bound on the number of amounts that are multiplied in numerator or denominator of the exact value.
    fn degree(&self) -> u64 {
        let all = self.parts().iter().map(ExpressionNode::degree);
        match self {
            ExpressionNode::Constant(_) | ExpressionNode::Name(_) => 1,
            ExpressionNode::Unary(Unary::Power(exponent), _) => {
                all.sum::<u64>().saturating_mul(u64::from(*exponent))
            }
            ExpressionNode::Binary(Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, _) => {
                all.fold(0, u64::saturating_add)
            }
            _ => all.max().unwrap_or(0),
        }
    }
}
