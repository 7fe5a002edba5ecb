//! The interval form: one row per instance, when it starts and when it ends.

use super::rows::{self, InOrder, Kinds, Row, Vocabulary, Whereabouts};
use crate::input::{InputError, Problem};
use crate::units::Time;
use crate::workload::call::{Action, Call, End, Launch};
use crate::workload::directory::Directory;
use crate::workload::table::Table;

const VOCABULARY: Vocabulary = Vocabulary {
    required: &["start_s", "end_s"],
    optional: &[
        "type",
        "vcpu",
        "memory_gib",
        "gpu",
        "local_storage_gib",
        "network_gbps",
        "instance",
        "account",
        "zone",
        "subnet",
    ],
    unmodelled: &["group", "tenancy"],
};

/// Reads intervals as launches that know their end.
#[derive(Debug)]
pub struct IntervalReader {
    table: Table,
    start: usize,
    end: usize,
    kinds: Kinds,
    whereabouts: Whereabouts,
    unmodelled: Vec<usize>,
    order: InOrder,
    last_event: Time,
}

impl IntervalReader {
    /// Checks the header and tells everything wrong with it.
    pub fn new(table: Table) -> Result<IntervalReader, InputError> {
        let mut problems = VOCABULARY.check(&table);
        let kinds = Kinds::new(&table, true).map_err(|problem| problems.push(problem)).ok();
        let (Some(start), Some(end), Some(kinds), true) =
            (table.column("start_s"), table.column("end_s"), kinds, problems.is_empty())
        else {
            return Err(InputError(problems));
        };
        let (whereabouts, unmodelled) = (Whereabouts::new(&table), VOCABULARY.unmodelled_in(&table));
        let (order, last_event) = (InOrder::default(), Time::ZERO);
        Ok(IntervalReader { table, start, end, kinds, whereabouts, unmodelled, order, last_event })
    }

    /// The next launch, `None` after the last row.
    #[inline]
    pub fn next(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        if !self.table.advance()? {
            return Ok(None);
        }
        let table = &self.table;
        let mut row = Row::default();
        let at = row.take(rows::time(table, self.start));
        let end = row.take(self.end(at));
        row.take(self.order.check(table, self.start, at));
        row.take(rows::check_unmodelled(table, &self.unmodelled));
        let kind = row.take(self.kinds.read(table, directory));
        let account = row.take(self.whereabouts.account(table, directory));
        let zone = row.take(self.whereabouts.zone(table, directory));
        let subnet = row.take(self.whereabouts.subnet(table, directory));
        row.finish()?;
        self.last_event = self.last_event.max(end.unwrap_or(at));
        let launch = Launch {
            kind,
            min_count: 1,
            max_count: 1,
            zone,
            subnet,
            public_address: None,
            handle: None,
            end: end.map_or(End::Never, End::At),
            options: None,
            stops: None,
            first_instance: 0,
        };
        Ok(Some(Call { at, account, action: Action::Launch(launch) }))
    }

    /// The end of the current row; `None` where it never ends.
    #[inline]
    fn end(&self, start: Time) -> Result<Option<Time>, Problem> {
        if self.table.cell(self.end).is_empty() {
            return Ok(None);
        }
        let end = rows::time(&self.table, self.end)?;
        if end < start {
            let reason = format!("is before its start ({} s)", start.as_seconds());
            return Err(self.table.wrong(self.end, reason, "`start_s` or later, or an empty cell"));
        }
        Ok(Some(end))
    }

    /// The greatest start or end of the rows read so far.
    pub fn last_event(&self) -> Time {
        self.last_event
    }
}
