//! Jobs of the workload archives: the first columns of SWF, which GWF took over.

use super::{ForeignInstance, Record};
use plimsoll_base::input::Problem;
use plimsoll_base::units::Resources;

const JOB: usize = 0;
const SUBMIT: usize = 1;
const WAIT: usize = 2;
const RUN: usize = 3;
const PROCESSORS: usize = 4;
const MEMORY: usize = 6;
const REQUESTED_PROCESSORS: usize = 7;
const REQUESTED_MEMORY: usize = 9;
const STATUS: usize = 10;
const USER: usize = 11;

/// Facts of a job that a row of intervals has no column for, in either format.
const LOST: [(usize, &str); 2] =
    [(WAIT, "the time it waited in the original queue"), (STATUS, "its status at the end")];

/// Memory that a row states \[KB\].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemoryOf {
    /// Of each processor, as in SWF.
    Processor,
    /// Of the job, as in GWF.
    Job,
}

/// Reads a job as an instance that is asked for when it was submitted and lives as long as it ran. −1 is unknown.
/// `lost` are the facts that only its format has.
pub fn read(
    row: &Record,
    memory_of: MemoryOf,
    lost: &[(usize, &'static str)],
) -> Result<ForeignInstance, Problem> {
    let start = row.time(SUBMIT)?;
    let end = if row.is_unknown(RUN)? { None } else { Some(row.later(start, RUN)?) };
    let processors = first_known(row, REQUESTED_PROCESSORS, PROCESSORS)?;
    let memory = first_known(row, REQUESTED_MEMORY, MEMORY)?;
    let mut lost = [row.stated(&LOST)?, row.stated(lost)?].concat();
    if row.is_unknown(memory)? {
        lost.push("that its memory is unknown");
    }
    let copies = match memory_of {
        MemoryOf::Processor => u64::from(row.amount(processors, 1, 1)?),
        MemoryOf::Job => 1,
    };
    let mib = (u64::from(row.amount(memory, 1, 1)?) * copies).div_ceil(1024);
    let mib = u32::try_from(mib).map_err(|_| row.wrong(memory, "is too large", "less"))?;
    Ok(ForeignInstance {
        start,
        end,
        shape: Resources::new(row.amount(processors, 1000, 1)?, mib),
        name: row.text(JOB)?.to_string(),
        account: if row.is_unknown(USER)? { String::new() } else { row.text(USER)?.to_string() },
        lost,
        ..ForeignInstance::default()
    })
}

/// Returns the first of two cells, or the second where the first is unknown.
fn first_known(row: &Record, first: usize, second: usize) -> Result<usize, Problem> {
    Ok(if row.is_unknown(first)? { second } else { first })
}
