//! The data of the studies: VMs in the order of their arrival, and the rows at which episodes begin.

use std::fs;
use std::path::Path;

use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::{Dialect, Table};
use plimsoll_base::units::{Duration, Footprint, NS_PER_S, Resources, parse_resource, parse_seconds};
use plimsoll_model::placement::config::NumaRule;

/// VMs of the trace.
pub const VMS: &str = "Huawei-East-1-lt.csv.gz";

/// First rows of the episodes, an array of NumPy.
pub const STARTS: &str = "test_random_time_1000.npy";

/// Memory above which a VM takes two nodes.
const NUMA: NumaRule = NumaRule { split_above_mib: Some(10 * 1024) };

/// VM of the trace.
#[derive(Clone, Copy, Debug)]
pub struct Vm {
    /// Amounts and nodes that it takes.
    pub footprint: Footprint,
    /// Time of its arrival \[s\].
    pub arrival: u64,
    /// Time that it runs \[s\].
    pub lifetime: u64,
}

/// Data of the studies.
pub struct HuaweiData {
    /// VMs in the order of their arrival.
    pub vms: Vec<Vm>,
    /// First rows of the episodes.
    pub starts: Vec<usize>,
}

impl HuaweiData {
    /// Reads the files of a folder.
    pub fn read(folder: &Path) -> Result<HuaweiData, InputError> {
        let vms = read_vms(&folder.join(VMS))?;
        let path = folder.join(STARTS);
        let bytes = fs::read(&path).map_err(|error| Problem::new(Place::file(&path), error.to_string()))?;
        let starts = read_array(&bytes).ok_or_else(|| {
            Problem::new(
                Place::file(&path),
                "found no array, expected one dimension of `<i8` in version 1 of NumPy's format",
            )
        })?;
        if let Some(wrong) = starts.iter().find(|start| **start >= vms.len()) {
            let message = format!("found row {wrong}, expected one of {}", vms.len());
            return Err(Problem::new(Place::file(&path), message).into());
        }
        Ok(HuaweiData { vms, starts })
    }
}

fn read_vms(path: &Path) -> Result<Vec<Vm>, InputError> {
    let mut table = Table::open_as(path, Dialect::default())?;
    let columns = ["cpu", "mem", "at", "lt"].map(|name| (name, table.column(name)));
    let missing = columns.iter().filter(|(_, column)| column.is_none());
    let missing: Vec<Problem> = missing
        .map(|(name, _)| Problem::new(table.header_place().at_key(name), "found no such column, expected it"))
        .collect();
    let [Some(cpu), Some(mem), Some(at), Some(lt)] = columns.map(|(_, column)| column) else {
        return Err(InputError(missing));
    };
    let mut vms: Vec<Vm> = Vec::new();
    while table.advance()? {
        let amount = |column, units| {
            table.parse(column, "a number of 0 or more", |text: &str| parse_resource(text, units))
        };
        let amounts = Resources::new(amount(cpu, 1000)?, amount(mem, 1024)?);
        let seconds = |column| -> Result<u64, Problem> {
            let Duration(ns) = table.parse(column, "whole seconds", parse_seconds)?;
            if ns % NS_PER_S > 0 {
                return Err(table.wrong(column, "is no whole number", "whole seconds"));
            }
            Ok(ns / NS_PER_S)
        };
        let (arrival, lifetime) = (seconds(at)?, seconds(lt)?);
        if vms.last().is_some_and(|last| arrival < last.arrival) {
            return Err(table
                .wrong(at, "is before that of the row above", "rows in the order of time")
                .into());
        }
        let footprint = Footprint { amounts, numa: NUMA.nodes_of(&amounts) };
        vms.push(Vm { footprint, arrival, lifetime });
    }
    Ok(vms)
}

/// Returns the numbers of an array of NumPy, of one dimension and 64-bit whole numbers of 0 or more (numpy.lib.format,
/// NumPy 2.3: magic string, version, length of the header as `<u2` in version 1, header, values).
fn read_array(bytes: &[u8]) -> Option<Vec<usize>> {
    let rest = bytes.strip_prefix(b"\x93NUMPY\x01\x00")?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (header, values) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    let header = std::str::from_utf8(header).ok()?;
    let is_plain = header.contains("'descr': '<i8'") && header.contains("'fortran_order': False");
    let count: usize = header.split_once("'shape': (")?.1.split_once(",)")?.0.parse().ok()?;
    if !is_plain || values.len() != count.checked_mul(8)? {
        return None;
    }
    let number = |chunk: &[u8]| usize::try_from(i64::from_le_bytes(chunk.try_into().ok()?)).ok();
    values.chunks_exact(8).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_of_numpy_is_read() {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        let header = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n";
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(7_i64.to_le_bytes());
        bytes.extend(300_i64.to_le_bytes());
        assert_eq!(read_array(&bytes), Some(vec![7, 300]));
        assert_eq!(read_array(&bytes[..bytes.len() - 1]), None, "cut off");
        *bytes.last_mut().unwrap() = 0x80;
        assert_eq!(read_array(&bytes), None, "below zero");
        assert_eq!(read_array(b"PK"), None);
    }
}
