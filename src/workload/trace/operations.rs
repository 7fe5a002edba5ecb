//! The operations form: one row per call.

use std::collections::HashMap;
use std::convert::Infallible;

use super::rows::{self, InOrder, Kinds, Row, Vocabulary, Whereabouts};
use crate::input::{InputError, Problem, did_you_mean};
use crate::operation::Operation;
use crate::units::Time;
use crate::workload::call::{Action, Call, End, Handle, Launch, Modification, Query, Targets};
use crate::workload::directory::Directory;
use crate::workload::table::Table;

const VOCABULARY: Vocabulary = Vocabulary {
    required: &["time_s", "op", "instance"],
    optional: &[
        "type",
        "vcpu",
        "memory_gib",
        "gpu",
        "local_storage_gib",
        "network_gbps",
        "account",
        "zone",
        "subnet",
        "count",
        "min_count",
    ],
    unmodelled: &["image", "volume", "device", "size_gib", "group", "tenancy"],
};

/// Calls of the contract that nothing models yet.
const UNMODELLED: [&str; 8] = [
    "create-volume",
    "attach-volume",
    "detach-volume",
    "delete-volume",
    "create-snapshot",
    "create-security-group",
    "authorize-ingress",
    "authorize-egress",
];

/// Reads calls. A cell that the row's operation does not take is not read.
#[derive(Debug)]
pub struct OperationReader {
    table: Table,
    time: usize,
    op: usize,
    instance: usize,
    count: Option<usize>,
    min_count: Option<usize>,
    kinds: Kinds,
    whereabouts: Whereabouts,
    unmodelled: Vec<usize>,
    order: InOrder,
    names: HashMap<String, Handle>,
}

impl OperationReader {
    /// Checks the header and tells everything wrong with it.
    pub fn new(table: Table) -> Result<OperationReader, InputError> {
        let mut problems = VOCABULARY.check(&table);
        let kinds = Kinds::new(&table, false).map_err(|problem| problems.push(problem)).ok();
        let columns = (table.column("time_s"), table.column("op"), table.column("instance"));
        let ((Some(time), Some(op), Some(instance)), Some(kinds), true) =
            (columns, kinds, problems.is_empty())
        else {
            return Err(InputError(problems));
        };
        Ok(OperationReader {
            time,
            op,
            instance,
            count: table.column("count"),
            min_count: table.column("min_count"),
            kinds,
            whereabouts: Whereabouts::new(&table),
            unmodelled: VOCABULARY.unmodelled_in(&table),
            table,
            order: InOrder::default(),
            names: HashMap::new(),
        })
    }

    /// The next call, `None` after the last row.
    pub fn next(&mut self, directory: &mut Directory) -> Result<Option<Call>, InputError> {
        if !self.table.advance()? {
            return Ok(None);
        }
        let mut row = Row::default();
        let at = row.take(rows::time(&self.table, self.time));
        row.take(self.order.check(&self.table, self.time, at));
        row.take(rows::check_unmodelled(&self.table, &self.unmodelled));
        let account = row.take(self.whereabouts.account(&self.table, directory));
        let operation = row.take(self.operation().map(Some));
        let action = operation.and_then(|operation| self.action(operation, &mut row, directory));
        row.finish()?;
        let action = action.expect("a row without problems has an action");
        Ok(Some(Call { at, account, action }))
    }

    /// The time of the last row read.
    pub fn last_event(&self) -> Time {
        self.order.latest()
    }

    fn operation(&self) -> Result<Operation, Problem> {
        let word = self.table.text(self.op)?;
        if let Some(operation) = Operation::named(word) {
            return Ok(operation);
        }
        let names = || Operation::ALL.iter().map(|operation| operation.name());
        if UNMODELLED.contains(&word) {
            let problem =
                self.table.wrong(self.op, "this version does not model", "an operation on instances");
            let known: Vec<&str> = names().collect();
            return Err(problem.with_help(format!("modelled: {}", known.join(", "))));
        }
        let problem = self.table.wrong(self.op, "is unknown", "an operation");
        Err(match did_you_mean(word, names().chain(UNMODELLED)) {
            Some(help) => problem.with_help(help),
            None => problem,
        })
    }

    /// What the row asks for; `None` once its problem is noted.
    fn action(&mut self, operation: Operation, row: &mut Row, directory: &mut Directory) -> Option<Action> {
        match operation {
            Operation::Launch => Some(Action::Launch(self.launch(row, directory))),
            Operation::Start => self.known(row).map(|handle| Action::Start(Targets::One(handle))),
            Operation::Stop => self.known(row).map(|handle| Action::Stop(Targets::One(handle), false)),
            Operation::Hibernate => self.known(row).map(|handle| Action::Stop(Targets::One(handle), true)),
            Operation::Reboot => self.known(row).map(|handle| Action::Reboot(Targets::One(handle))),
            Operation::Terminate => self.known(row).map(|handle| Action::Terminate(Targets::One(handle))),
            Operation::Describe => {
                let handles = row.take(self.handle()).into_iter().collect();
                Some(Action::Describe(Box::new(Query { handles, ..Query::default() })))
            }
            Operation::Modify => {
                let kind = row.take(self.kinds.read(&self.table, directory));
                let change = Box::new(Modification { kind: Some(kind), ..Modification::default() });
                self.known(row).map(|handle| Action::Modify(Targets::One(handle), change))
            }
            _ => None,
        }
    }

    fn launch(&mut self, row: &mut Row, directory: &mut Directory) -> Launch {
        let kind = row.take(self.kinds.read(&self.table, directory));
        let zone = row.take(self.whereabouts.zone(&self.table, directory));
        let subnet = row.take(self.whereabouts.subnet(&self.table, directory));
        let max_count = row.take(self.number(self.count)).unwrap_or(1);
        let min_count = row.take(self.number(self.min_count)).unwrap_or(max_count);
        if let Some(column) = self.min_count
            && min_count > max_count
        {
            row.add(self.table.wrong(column, "is more than `count`", "1 to `count`"));
        }
        let handle = row.take(self.handle());
        Launch {
            kind,
            min_count,
            max_count,
            zone,
            subnet,
            public_address: None,
            handle,
            end: End::Never,
            options: None,
            stops: None,
            first_instance: 0,
        }
    }

    /// A count of a launch, `None` where the cell is empty.
    fn number(&self, column: Option<usize>) -> Result<Option<u32>, Problem> {
        const MOST: u32 = 1_000_000;
        let Some(column) = column.filter(|column| !self.table.cell(*column).is_empty()) else {
            return Ok(None);
        };
        self.table.parse(column, "a whole number from 1 to 1,000,000", |text| {
            match text.trim().parse::<u32>() {
                Ok(number) if (1..=MOST).contains(&number) => Ok(Some(number)),
                _ => Err("cannot be a number of instances"),
            }
        })
    }

    /// What the row's name stands for. A name that no launch has used gets a handle too: the cloud answers
    /// that there is no such instance. Used for another launch, a name stands for that one from then on.
    fn handle(&mut self) -> Result<Option<Handle>, Problem> {
        let Some((_, name)) = rows::named(&self.table, Some(self.instance))? else { return Ok(None) };
        if let Some(&handle) = self.names.get(name) {
            return Ok(Some(handle));
        }
        let handle = Handle(u32::try_from(self.names.len()).expect("fewer than 2³² names fit in memory"));
        self.names.insert(name.to_string(), handle);
        Ok(Some(handle))
    }

    /// The same, for operations that need a name.
    fn known(&mut self, row: &mut Row) -> Option<Handle> {
        let named = self.table.parse(self.instance, "the name of a launch", |_| Ok::<_, Infallible>(()));
        row.take(named);
        row.take(self.handle())
    }
}
