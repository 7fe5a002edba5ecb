//! Host files: one host a row, in order; every quantity exact or refused with its place.

use std::collections::BTreeSet;
use std::path::Path;

use super::hardware::{Architecture, Hardware};
use super::host_group::{ListedHost, MAX_HOSTS};
use super::sale::Sale;
use super::topology::MAX_NODES;
use plimsoll_base::input::{Place, Problem, did_you_mean};
use plimsoll_base::table::{Dialect, Table};
use plimsoll_base::units::{QUANTITIES, RESOURCES, Resources, parse_resource};

/// Greatest number of problems reported of one file: a file of the wrong form has one in every row.
const MAX_PROBLEMS: usize = 20;

/// Columns that are no quantity. Nothing depends on the name of the hardware, `sku`.
const NAME: &str = "name";
const RACK: &str = "rack";
const SKU: &str = "sku";
/// Columns of the types that hosts run, each a list separated by `|`, and of their architecture.
const FAMILIES: &str = "families";
const TYPES: &str = "types";
const ARCHITECTURE: &str = "architecture";
/// Columns of the parts of a host.
const NUMA_NODES: &str = "numa_nodes";
const GPU_MODEL: &str = "gpu_model";

/// Reads every host of a file, with what it sells. Lines that begin with `#` are comments.
pub fn read(path: &Path, sale: &Sale) -> Result<Vec<ListedHost>, Vec<Problem>> {
    let mut table = Table::open_as(path, Dialect { comment: Some(b'#'), ..Dialect::default() })
        .map_err(|problem| vec![problem])?;
    let columns = Columns::find(&mut table)?;
    let mut hosts = Vec::new();
    let mut names = BTreeSet::new();
    let mut problems = Vec::new();
    while problems.len() < MAX_PROBLEMS {
        match table.advance() {
            Ok(false) => break,
            Ok(true) => match columns.host(&table, sale) {
                Ok(host) => {
                    if host.name.as_ref().is_some_and(|name| !names.insert(name.clone())) {
                        let column = columns.name.expect("the host has a name");
                        problems.push(table.wrong(
                            column,
                            "is the name of an earlier host",
                            "a name of its own",
                        ));
                    }
                    hosts.push(host);
                }
                Err(problem) => problems.push(problem),
            },
            Err(problem) => {
                problems.push(problem);
                break;
            }
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

/// Positions of the columns.
struct Columns {
    quantities: [Option<usize>; RESOURCES],
    name: Option<usize>,
    rack: Option<usize>,
    /// Families, types and architecture.
    hardware: [Option<usize>; 3],
    numa_nodes: Option<usize>,
    gpu_model: Option<usize>,
}

impl Columns {
    /// Finds the columns by their names, in any order.
    fn find(table: &mut Table) -> Result<Columns, Vec<Problem>> {
        let known: Vec<&str> = QUANTITIES
            .iter()
            .map(|q| q.key)
            .chain([NAME, RACK, SKU, FAMILIES, TYPES, ARCHITECTURE, NUMA_NODES, GPU_MODEL])
            .collect();
        table.rename_alike(known.iter().copied());
        let mut problems = Vec::new();
        for name in table.header().iter().filter(|name| !known.contains(&name.as_str())) {
            let mut problem =
                Problem::new(table.header_place().at_key(name), "no such column of a host file");
            problem.help = did_you_mean(name, known.iter().copied());
            problems.push(problem);
        }
        for needed in ["vcpu", "memory_gib"] {
            if table.column(needed).is_none() {
                let place = table.header_place().at_key(needed);
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
            *column = table.column(quantity.key);
        }
        let hardware = [FAMILIES, TYPES, ARCHITECTURE].map(|name| table.column(name));
        let needed = [quantities[Resources::VCPU], quantities[Resources::MEMORY]];
        table.allow_null_words((0..table.header().len()).filter(|column| !needed.contains(&Some(*column))));
        let [name, rack, numa_nodes, gpu_model] =
            [NAME, RACK, NUMA_NODES, GPU_MODEL].map(|name| table.column(name));
        Ok(Columns { quantities, name, rack, hardware, numa_nodes, gpu_model })
    }

    /// Returns the host of the row that `table` stands at.
    fn host(&self, table: &Table, sale: &Sale) -> Result<ListedHost, Problem> {
        let mut capacity = Resources::ZERO;
        capacity.0[Resources::NETWORK] = u32::MAX;
        for (i, quantity) in QUANTITIES.iter().enumerate() {
            let Some(column) = self.quantities[i] else { continue };
            let text = table.text(column)?.trim();
            let needed = i == Resources::VCPU || i == Resources::MEMORY;
            if text.is_empty() && !needed {
                continue;
            }
            capacity.0[i] = parse_resource(text, quantity.units_per_one).map_err(|reason| {
                let expected = format!("0 or more, in steps of {}", quantity.smallest);
                table.wrong(column, reason, &expected)
            })?;
            if needed && capacity.0[i] <= sale.reserve.0[i] {
                return Err(Problem::new(
                    table.place(column),
                    format!("found {text}, expected more than 0 and more than the group's reserve"),
                ));
            }
        }
        let text = |column| -> Result<Option<String>, Problem> {
            Ok(Some(cell(table, column)?).filter(|text| !text.is_empty()).map(str::to_string))
        };
        let numa_nodes = self.numa_nodes(table)?;
        let sellable =
            sale.sellable(&capacity, numa_nodes.unwrap_or(sale.nodes)).map_err(|(resource, message)| {
                let column = self.quantities[resource].expect("what is wrong was read");
                Problem::new(table.place(column), message)
            })?;
        Ok(ListedHost {
            name: text(self.name)?,
            sellable,
            rack: text(self.rack)?,
            hardware: self.hardware(table)?,
            gpu_model: text(self.gpu_model)?,
            numa_nodes,
            line: table.row_place().line.unwrap_or(0),
        })
    }

    /// Reads the NUMA nodes of the host of a row; `None` if the row does not give them.
    fn numa_nodes(&self, table: &Table) -> Result<Option<u8>, Problem> {
        let text = cell(table, self.numa_nodes)?;
        let (Some(column), false) = (self.numa_nodes, text.is_empty()) else { return Ok(None) };
        let number = text.parse::<u8>().ok().filter(|nodes| (1..=MAX_NODES).contains(&usize::from(*nodes)));
        let problem = || {
            let message = format!("found `{text}`, expected 1 to {MAX_NODES} NUMA nodes");
            Problem::new(table.place(column), message)
        };
        number.map(Some).ok_or_else(problem)
    }

    /// Reads the types that the host of a row runs; `None` if the row does not give them.
    fn hardware(&self, table: &Table) -> Result<Option<Hardware>, Problem> {
        let [families, types, architecture] = self.hardware;
        let items = |column| -> Result<Vec<String>, Problem> {
            let items = cell(table, column)?.split('|').filter(|item| !item.is_empty());
            Ok(items.map(str::to_string).collect())
        };
        let word = cell(table, architecture)?;
        let known = || Architecture::ALL.map(Architecture::name);
        let runs = Architecture::ALL.into_iter().find(|architecture| architecture.name() == word);
        if let (None, false, Some(column)) = (runs, word.is_empty(), architecture) {
            let message = format!("found `{word}`, expected one of {}", known().join(", "));
            return Err(Problem::new(table.place(column), message));
        }
        let hardware = Hardware::new(&items(families)?, &items(types)?, runs);
        Ok((hardware != Hardware::default()).then_some(hardware))
    }
}

/// Returns the text of a cell; empty where there is no such column.
fn cell(table: &Table, column: Option<usize>) -> Result<&str, Problem> {
    column.map_or(Ok(""), |column| table.text(column).map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Result<Vec<ListedHost>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts.csv");
        std::fs::write(&path, text).unwrap();
        let reserve = Resources::new(500, 1024);
        read(&path, &Sale { reserve, ..Sale::default() })
            .map_err(|problems| plimsoll_base::input::InputError(problems).to_string())
    }

    #[test]
    fn rows_are_hosts_in_order() {
        let hosts =
            hosts("rack,memory_gib,vcpu,gpu,sku\n# bought in May\nr1,8, 4,,\n,16.5,8,0.5,big\n").unwrap();
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
    fn rows_say_how_their_hosts_are_divided() {
        let hosts = hosts("vcpu,memory_gib,numa_nodes,gpu_model\n4.5,8,2,T4\n4,8,,\n").unwrap();
        let parts = |host: &ListedHost| (host.numa_nodes, host.gpu_model.clone());
        let expected = [(Some(2), Some("T4".to_string())), (None, None)];
        assert_eq!(hosts.iter().map(parts).collect::<Vec<_>>(), expected);
        assert_eq!(hosts[0].sellable.vcpu_milli(), 4_000);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let cases = [
            ("vcpu,memory_gib\n4,8\n-1,8\n", "hosts.csv:3: `vcpu`: found `-1`, which is negative"),
            ("vcpu,memory_gib\nnan,8\n", "hosts.csv:2: `vcpu`: found `nan`, which is not finite"),
            ("vcpu,memory_gib\ninf,8\n", "hosts.csv:2: `vcpu`: found `inf`, which is not finite"),
            ("vcpu,memory_gib\n4,1e12\n", "hosts.csv:2: `memory_gib`: found `1e12`, which is too large"),
            (
                "vcpu,memory_gib\n4,0.0001\n",
                "found `0.0001`, which is finer than the smallest unit; expected 0 or more, in steps of 1 MiB",
            ),
            ("vcpu,memory_gib\nfour,8\n", "hosts.csv:2: `vcpu`: found `four`, which is not a number"),
            ("vcpu,memory_gib\n0.5,8\n", "expected more than 0 and more than the group's reserve"),
            ("vcpu,memory_gib\n4\n", "hosts.csv:2: found 1 values, expected 2, as many as"),
            ("vcpu,memory\n4,8\n", "did you mean `memory_gib`?"),
            ("vcpu,vcpu,memory_gib\n4,4,8\n", "hosts.csv:1: `vcpu`: found the column twice"),
            ("vcpu,memory_gib,architecture\n4,8,arm\n", "hosts.csv:2: `architecture`: found `arm`"),
            ("vcpu,memory_gib,numa_nodes\n4,8,9\n", "hosts.csv:2: `numa_nodes`: found `9`, expected 1 to 8"),
            (
                "name,vcpu,memory_gib\na,4,8\nb,4,8\na,4,8\n",
                "hosts.csv:4: `name`: found `a`, which is the name of an earlier host",
            ),
            ("vcpu,memory_gib\n", "found a header and no hosts"),
            ("", "hosts.csv: found an empty file, expected a header"),
            ("vcpu,memory_gib,rack\n4,8,\"r1\n4,8,r2\n", "hosts.csv:2: found a quote that is never closed"),
        ];
        for (text, expected) in cases {
            let message = hosts(text).unwrap_err();
            assert!(message.contains(expected), "{text:?} gave: {message}");
        }
    }
}
