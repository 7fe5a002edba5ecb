//! What the rows of both forms share: the header's vocabulary, times, shapes, and names.

use std::collections::HashMap;

use crate::input::{InputError, Problem, did_you_mean};
use crate::units::{
    AccountId, Duration, QUANTITIES, Resources, SubnetId, Time, TypeId, Unreadable, ZoneId, parse_resource,
    parse_seconds,
};
use crate::workload::directory::{DEFAULT_ACCOUNT, Directory};
use crate::workload::table::Table;

/// The header of a form.
pub struct Vocabulary {
    /// Columns a trace must have.
    pub required: &'static [&'static str],
    /// Columns it may have besides.
    pub optional: &'static [&'static str],
    /// Columns of the contract that nothing models yet: they must be empty.
    pub unmodelled: &'static [&'static str],
}

impl Vocabulary {
    /// Every problem of a header.
    pub fn check(&self, table: &Table) -> Vec<Problem> {
        let known = || self.required.iter().chain(self.optional).chain(self.unmodelled).copied();
        let mut problems = Vec::new();
        for name in self.required.iter().filter(|name| table.column(name).is_none()) {
            let found = format!("found no column `{name}` in `{}`, expected it", table.header().join(","));
            problems.push(Problem::new(table.header_place().at_key(name), found));
        }
        for name in table.header().iter().filter(|name| known().all(|known| known != *name)) {
            let problem = Problem::new(
                table.header_place().at_key(name),
                "found an unknown column, expected one of the form's",
            );
            problems.push(match did_you_mean(name, known()) {
                Some(help) => problem.with_help(help),
                None => problem,
            });
        }
        problems
    }

    /// The positions of the columns that must be empty.
    pub fn unmodelled_in(&self, table: &Table) -> Vec<usize> {
        self.unmodelled.iter().filter_map(|name| table.column(name)).collect()
    }
}

/// The first cell that must be empty and is not.
pub fn check_unmodelled(table: &Table, columns: &[usize]) -> Result<(), Problem> {
    match columns.iter().find(|column| !table.cell(**column).is_empty()) {
        None => Ok(()),
        Some(&column) => {
            let name = &table.header()[column];
            Err(table.wrong(column, format!("this version does not model (`{name}`)"), "an empty cell"))
        }
    }
}

/// Collects the problems of one row.
#[derive(Default)]
pub struct Row(Vec<Problem>);

impl Row {
    /// The value, or its default once its problem is noted.
    #[inline]
    pub fn take<T: Default>(&mut self, result: Result<T, Problem>) -> T {
        result.unwrap_or_else(|problem| {
            self.0.push(problem);
            T::default()
        })
    }

    /// Notes a problem.
    pub fn add(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Every problem of the row, if it has one.
    #[inline]
    pub fn finish(self) -> Result<(), InputError> {
        if self.0.is_empty() { Ok(()) } else { Err(InputError(self.0)) }
    }
}

/// A time \[s, exact to the nanosecond\].
#[inline]
pub fn time(table: &Table, column: usize) -> Result<Time, Problem> {
    match plain_seconds(table.cell(column)) {
        Some(ns) => Ok(Time(ns)),
        None => table.parse(column, "seconds, 0 or more, to the nanosecond", |text| {
            let Duration(ns) = parse_seconds(text)?;
            // The topmost value stands for "never".
            if ns == Time::NEVER.0 { Err(Unreadable::TooLarge) } else { Ok(Time(ns)) }
        }),
    }
}

/// The usual digits, with at most nine before and after the point; anything else is left to the careful
/// reader, ten times slower.
#[inline]
fn plain_seconds(text: &[u8]) -> Option<u64> {
    let mut ns = 0;
    let mut digits = 0;
    let mut places = None;
    for &byte in text {
        match (byte, places) {
            (b'0'..=b'9', _) => {
                ns = ns * 10 + u64::from(byte - b'0');
                digits += 1;
                places = places.map(|places: u32| places + 1);
            }
            (b'.', None) => places = Some(0),
            _ => return None,
        }
        if digits > 18 {
            return None;
        }
    }
    let missing = 9u32.checked_sub(places.unwrap_or(0))?;
    if digits == 0 { None } else { ns.checked_mul(10u64.pow(missing)) }
}

/// Checks that rows come in time order.
#[derive(Clone, Copy, Default, Debug)]
pub struct InOrder(Time);

impl InOrder {
    /// The time of the last row.
    pub fn latest(self) -> Time {
        self.0
    }

    /// Takes the time of the next row, found in `column`.
    #[inline]
    pub fn check(&mut self, table: &Table, column: usize, time: Time) -> Result<(), Problem> {
        if time < self.0 {
            let reason = format!("is before the row above ({} s)", self.0.as_seconds());
            let problem = table.wrong(column, reason, "rows in time order");
            return Err(problem.with_help(format!("sort the file by `{}`", table.header()[column])));
        }
        self.0 = time;
        Ok(())
    }
}

/// Reads what rows ask for: a named type or a bare shape. The ids of what came before are remembered by the
/// text of the cells, so that a repeated shape costs one look-up.
#[derive(Debug)]
pub struct Kinds {
    cells: Vec<usize>,
    reading: Reading,
    known: HashMap<Vec<u8>, TypeId>,
    key: Vec<u8>,
}

#[derive(Debug)]
enum Reading {
    Nothing,
    Named,
    /// Per cell: its resource and the small units to the one.
    Shape(Vec<(usize, u64)>),
}

impl Kinds {
    /// By the header. There may be no column at all where `required` is not set.
    pub fn new(table: &Table, required: bool) -> Result<Kinds, Problem> {
        let columns = QUANTITIES.iter().enumerate().filter_map(|(resource, quantity)| {
            Some((table.column(quantity.key)?, resource, quantity.units_per_one))
        });
        let shape: Vec<(usize, usize, u64)> = columns.collect();
        let problem = |found: &str| Err(Problem::new(table.header_place(), found));
        let (cells, reading) = match (table.column("type"), shape.is_empty()) {
            (Some(_), false) => {
                return problem("found both `type` and a shape, expected `type` or `vcpu,memory_gib`");
            }
            (Some(column), true) => (vec![column], Reading::Named),
            (None, true) if required => {
                return problem("found no shape, expected `type` or `vcpu,memory_gib`");
            }
            (None, true) => (Vec::new(), Reading::Nothing),
            (None, false) if table.column("vcpu").is_none() || table.column("memory_gib").is_none() => {
                return problem("found a part of a shape, expected both `vcpu` and `memory_gib`");
            }
            (None, false) => {
                let cells = shape.iter().map(|&(column, ..)| column).collect();
                (cells, Reading::Shape(shape.iter().map(|&(_, resource, units)| (resource, units)).collect()))
            }
        };
        Ok(Kinds { cells, reading, known: HashMap::new(), key: Vec::new() })
    }

    /// What the current row asks for.
    #[inline]
    pub fn read(&mut self, table: &Table, directory: &mut Directory) -> Result<TypeId, Problem> {
        self.key.clear();
        for &column in &self.cells {
            self.key.extend_from_slice(table.cell(column));
            // No byte of UTF-8, so that no two rows of cells run together into one key.
            self.key.push(0xff);
        }
        if let Some(&id) = self.known.get(self.key.as_slice()) {
            return Ok(id);
        }
        let id = self.look_up(table, directory)?;
        self.known.insert(self.key.clone(), id);
        Ok(id)
    }

    fn look_up(&self, table: &Table, directory: &mut Directory) -> Result<TypeId, Problem> {
        match &self.reading {
            Reading::Nothing => {
                let found = "found no column for it, expected `type` or `vcpu,memory_gib`";
                Err(Problem::new(table.row_place(), found))
            }
            Reading::Named => {
                let column = self.cells[0];
                let name =
                    table.parse(column, "an instance type", |text| Ok::<_, Unreadable>(text.to_string()))?;
                directory.named_type(&name, || table.place(column))
            }
            Reading::Shape(parts) => Ok(directory.types.shape(self.shape(table, parts)?)),
        }
    }

    fn shape(&self, table: &Table, parts: &[(usize, u64)]) -> Result<Resources, Problem> {
        let mut shape = Resources::ZERO;
        for (&column, &(resource, units)) in self.cells.iter().zip(parts) {
            let may_be_left_out = resource > Resources::MEMORY;
            if !(may_be_left_out && table.cell(column).is_empty()) {
                shape.0[resource] = quantity(table, column, units)?;
            }
        }
        if shape == Resources::ZERO {
            let found = "found a shape of nothing, expected some vCPU or memory";
            return Err(Problem::new(table.row_place(), found));
        }
        Ok(shape)
    }
}

/// A quantity of a resource in its small unit.
pub fn quantity(table: &Table, column: usize, units_per_one: u64) -> Result<u32, Problem> {
    let expected = format!("a number of 0 or more, a multiple of 1/{units_per_one}");
    table.parse(column, &expected, |text| parse_resource(text, units_per_one))
}

/// Reads who asks, and for where.
#[derive(Debug)]
pub struct Whereabouts {
    account: Option<usize>,
    zone: Option<usize>,
    subnet: Option<usize>,
}

impl Whereabouts {
    /// By the header.
    pub fn new(table: &Table) -> Whereabouts {
        let column = |name| table.column(name);
        Whereabouts { account: column("account"), zone: column("zone"), subnet: column("subnet") }
    }

    /// The account of the current row.
    #[inline]
    pub fn account(&self, table: &Table, directory: &mut Directory) -> Result<AccountId, Problem> {
        let name = named(table, self.account)?.map_or(DEFAULT_ACCOUNT, |(_, name)| name);
        Ok(directory.account(name))
    }

    /// The zone it names, if any.
    #[inline]
    pub fn zone(&self, table: &Table, directory: &mut Directory) -> Result<Option<ZoneId>, Problem> {
        let Some((column, name)) = named(table, self.zone)? else { return Ok(None) };
        directory.zone(name, || table.place(column)).map(Some)
    }

    /// The subnet it names, if any.
    #[inline]
    pub fn subnet(&self, table: &Table, directory: &mut Directory) -> Result<Option<SubnetId>, Problem> {
        let Some((column, name)) = named(table, self.subnet)? else { return Ok(None) };
        directory.subnet(name, || table.place(column)).map(Some)
    }
}

/// The text of a cell that is there and not empty, with its column.
#[inline]
pub fn named(table: &Table, column: Option<usize>) -> Result<Option<(usize, &str)>, Problem> {
    let Some(column) = column else { return Ok(None) };
    let name = table.text(column)?;
    Ok(if name.is_empty() { None } else { Some((column, name)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_reading_of_seconds_equals_the_careful_one() {
        for text in ["0", "12", "12.5", "0.000000001", "007", "3.", ".5", "999999999.999999999", "1234567890"]
        {
            let Duration(careful) = parse_seconds(text).unwrap();
            assert!(plain_seconds(text.as_bytes()).is_none_or(|ns| ns == careful), "{text}");
        }
        assert_eq!(plain_seconds(b"12.5"), Some(12_500_000_000));
        for text in ["", ".", "-1", "1e3", "1.2.3", " 1", "nan", "0.0000000001", "99999999999999999999"] {
            assert_eq!(plain_seconds(text.as_bytes()), None, "{text}");
        }
    }
}
