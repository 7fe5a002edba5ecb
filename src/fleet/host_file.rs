//! Host files: CSV with one host a row, in order; every quantity exact or refused with its place.

use std::io::Read;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::config::{ListedHost, MAX_HOSTS};
use super::hardware::{Architecture, Hardware};
use crate::input::{Place, Problem, did_you_mean};
use crate::units::{QUANTITIES, RESOURCES, Resources, parse_resource};

/// The most problems of one file that are told: a file of the wrong form has one in every row.
const MAX_PROBLEMS: usize = 20;

/// Columns that are no quantity. Nothing depends on the name of the hardware, `sku`.
const RACK: &str = "rack";
const SKU: &str = "sku";
/// Columns of the types that hosts run, each a list separated by `|`, and of their architecture.
const FAMILIES: &str = "families";
const TYPES: &str = "types";
const ARCHITECTURE: &str = "architecture";

/// Reads every host of a file, less the `reserve` of each.
pub fn read(source: impl Read, path: &Path, reserve: &Resources) -> Result<Vec<ListedHost>, Vec<Problem>> {
    let mut reader = ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(source);
    let header = reader.headers().map_err(|error| vec![unreadable(path, &error)])?.clone();
    let columns = Columns::find(&header, path)?;
    let mut hosts = Vec::new();
    let mut problems = Vec::new();
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                let place = Place::file(path).at_line(line);
                match columns.host(&record, &place, reserve) {
                    Ok(host) => hosts.push(host),
                    Err(problem) => problems.push(problem),
                }
            }
            Err(error) => problems.push(unreadable(path, &error)),
        }
        if problems.len() >= MAX_PROBLEMS {
            break;
        }
        if hosts.len() > MAX_HOSTS as usize {
            problems.push(Problem::new(Place::file(path), format!("found more than {MAX_HOSTS} hosts")));
            break;
        }
    }
    if hosts.is_empty() && problems.is_empty() {
        problems.push(
            Problem::new(Place::file(path), "found a header and no hosts, expected at least one row")
                .with_help("write one row per host below the header"),
        );
    }
    if problems.is_empty() { Ok(hosts) } else { Err(problems) }
}

/// Where each thing stands in a row.
struct Columns {
    quantities: [Option<usize>; RESOURCES],
    rack: Option<usize>,
    /// Families, types and architecture.
    hardware: [Option<usize>; 3],
}

impl Columns {
    /// Finds the columns by their names, in any order.
    fn find(header: &StringRecord, path: &Path) -> Result<Columns, Vec<Problem>> {
        let known: Vec<&str> =
            QUANTITIES.iter().map(|q| q.key).chain([RACK, SKU, FAMILIES, TYPES, ARCHITECTURE]).collect();
        let mut problems = Vec::new();
        for (i, name) in header.iter().enumerate() {
            let place = || Place::file(path).at_line(1).at_key(name);
            if !known.contains(&name) {
                let help = did_you_mean(name, known.iter().copied());
                let problem = Problem::new(place(), "no such column of a host file");
                problems.push(match help {
                    Some(help) => problem.with_help(help),
                    None => problem,
                });
            } else if header.iter().take(i).any(|earlier| earlier == name) {
                problems.push(Problem::new(place(), "found twice in the header, expected once"));
            }
        }
        let position = |name: &str| header.iter().position(|column| column == name);
        for needed in ["vcpu", "memory_gib"] {
            if position(needed).is_none() {
                let place = Place::file(path).at_line(1).at_key(needed);
                problems.push(
                    Problem::new(place, "found no such column, expected it in the header").with_help(
                        format!("a host file begins with a header; its columns are {}", known.join(", ")),
                    ),
                );
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut quantities = [None; RESOURCES];
        for (column, quantity) in quantities.iter_mut().zip(&QUANTITIES) {
            *column = position(quantity.key);
        }
        let hardware = [FAMILIES, TYPES, ARCHITECTURE].map(position);
        Ok(Columns { quantities, rack: position(RACK), hardware })
    }

    /// The host of one row.
    fn host(&self, row: &StringRecord, place: &Place, reserve: &Resources) -> Result<ListedHost, Problem> {
        let mut capacity = Resources::ZERO;
        capacity.0[Resources::NETWORK] = u32::MAX;
        for (i, quantity) in QUANTITIES.iter().enumerate() {
            let Some(text) = self.quantities[i].and_then(|column| row.get(column)) else { continue };
            let at_column = || place.clone().at_key(quantity.key);
            let needed = i == Resources::VCPU || i == Resources::MEMORY;
            if text.is_empty() && !needed {
                continue;
            }
            capacity.0[i] = parse_resource(text, quantity.units_per_one).map_err(|reason| {
                let smallest = quantity.smallest;
                Problem::new(
                    at_column(),
                    format!("`{text}` {reason}; expected 0 or more, in steps of {smallest}"),
                )
            })?;
            if needed && capacity.0[i] <= reserve.0[i] {
                return Err(Problem::new(
                    at_column(),
                    format!("found {text}, expected more than 0 and more than the group's reserve"),
                ));
            }
        }
        let rack = self.rack.and_then(|column| row.get(column)).filter(|text| !text.is_empty());
        let hardware = self.hardware(row, place)?;
        Ok(ListedHost { sellable: capacity.minus(reserve), rack: rack.map(str::to_string), hardware })
    }

    /// Reads the types that the host of a row runs; `None` where the row says nothing of it.
    fn hardware(&self, row: &StringRecord, place: &Place) -> Result<Option<Hardware>, Problem> {
        let cell = |i: usize| self.hardware[i].and_then(|column| row.get(column)).unwrap_or_default();
        let items = |i: usize| -> Vec<String> {
            cell(i).split('|').filter(|item| !item.is_empty()).map(str::to_string).collect()
        };
        let word = cell(2);
        let architecture = Architecture::ALL.into_iter().find(|architecture| architecture.name() == word);
        if architecture.is_none() && !word.is_empty() {
            let known = Architecture::ALL.map(Architecture::name);
            let message = format!("found `{word}`, expected one of {}", known.join(", "));
            return Err(Problem::new(place.clone().at_key(ARCHITECTURE), message));
        }
        let hardware = Hardware::new(&items(0), &items(1), architecture);
        Ok((hardware != Hardware::default()).then_some(hardware))
    }
}

/// A row or file that is no CSV, in our words.
fn unreadable(path: &Path, error: &csv::Error) -> Problem {
    let place = match error.position() {
        Some(position) => Place::file(path).at_line(position.line()),
        None => Place::file(path),
    };
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Problem::new(place, format!("found {len} values, expected {expected_len} as in the header"))
        }
        csv::ErrorKind::Utf8 { .. } => Problem::new(place, "found bytes that are no UTF-8 text"),
        _ => Problem::new(place, format!("cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Result<Vec<ListedHost>, String> {
        read(text.as_bytes(), Path::new("hosts.csv"), &Resources::new(500, 1024))
            .map_err(|problems| crate::input::InputError(problems).to_string())
    }

    #[test]
    fn rows_are_hosts_in_order() {
        let hosts = hosts("rack,memory_gib,vcpu,gpu,sku\nr1,8,4,,\n,16.5,8,0.5,big\n").unwrap();
        assert_eq!(hosts.len(), 2);
        assert_eq!(hosts[0].sellable, Resources([3500, 7 * 1024, 0, 0, u32::MAX]));
        assert_eq!(hosts[0].rack.as_deref(), Some("r1"));
        assert_eq!(hosts[1].sellable, Resources([7500, 15 * 1024 + 512, 500, 0, u32::MAX]));
        assert_eq!((hosts[1].rack.as_deref(), &hosts[1].hardware), (None, &None));
    }

    #[test]
    fn rows_say_what_their_hosts_run() {
        let text = "vcpu,memory_gib,families,types,architecture\n4,8,m5|c5,,\n4,8,,r5.large,arm64\n4,8,,,\n";
        let hosts = hosts(text).unwrap();
        let own = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
        let expected = [
            Some(Hardware::new(&own(&["c5", "m5"]), &[], None)),
            Some(Hardware::new(&[], &own(&["r5.large"]), Some(Architecture::Arm))),
            None,
        ];
        assert_eq!(hosts.iter().map(|host| host.hardware.clone()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let cases = [
            ("vcpu,memory_gib\n4,8\n-1,8\n", "hosts.csv:3: `vcpu`: `-1` is negative"),
            ("vcpu,memory_gib\nnan,8\n", "hosts.csv:2: `vcpu`: `nan` is not finite"),
            ("vcpu,memory_gib\ninf,8\n", "hosts.csv:2: `vcpu`: `inf` is not finite"),
            ("vcpu,memory_gib\n4,1e12\n", "hosts.csv:2: `memory_gib`: `1e12` is too large"),
            (
                "vcpu,memory_gib\n4,0.0001\n",
                "`0.0001` is finer than the smallest unit; expected 0 or more, in steps of 1 MiB",
            ),
            ("vcpu,memory_gib\nfour,8\n", "hosts.csv:2: `vcpu`: `four` is not a number"),
            ("vcpu,memory_gib\n0.5,8\n", "expected more than 0 and more than the group's reserve"),
            ("vcpu,memory_gib\n4\n", "hosts.csv:2: found 1 values, expected 2 as in the header"),
            ("vcpu,memory\n4,8\n", "did you mean `memory_gib`?"),
            ("vcpu,vcpu,memory_gib\n4,4,8\n", "hosts.csv:1: `vcpu`: found twice"),
            ("vcpu,memory_gib,architecture\n4,8,arm\n", "hosts.csv:2: `architecture`: found `arm`"),
            ("vcpu,memory_gib\n", "found a header and no hosts"),
            ("", "`vcpu`: found no such column"),
        ];
        for (text, expected) in cases {
            let message = hosts(text).unwrap_err();
            assert!(message.contains(expected), "{text:?} gave: {message}");
        }
    }
}
