//! All runs of a sweep as one tidy table: a row a run, a column an axis, the seed, and a column a figure. The same
//! runs make the same bytes, wherever and in whatever order they were done.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;

use toml::Value;

use plimsoll_base::columnar::{ColumnForm, ColumnValue, Field, ParquetWriter};
use plimsoll_base::quote;
use plimsoll_experiment::metric;
use plimsoll_experiment::sweep::plan::PlannedRun;
use plimsoll_experiment::sweep::{FinishedRun, Plan};

/// The table, its rows in the order of the plan.
pub struct RunTable<'a> {
    plan: &'a Plan,
    finished: &'a [FinishedRun],
    /// Paths of the figures that any run has, in the order of the register.
    figures: Vec<&'a str>,
}

impl<'a> RunTable<'a> {
    /// Returns the table of a plan whose runs came to `finished`, in order.
    pub fn new(plan: &'a Plan, finished: &'a [FinishedRun]) -> RunTable<'a> {
        assert_eq!(plan.runs.len(), finished.len(), "a result for each run");
        let paths: BTreeSet<&str> =
            finished.iter().flat_map(|run| run.figures.keys().map(String::as_str)).collect();
        let mut figures: Vec<&str> = paths.into_iter().collect();
        figures.sort_by_key(|path| metric::rank(path));
        RunTable { plan, finished, figures }
    }

    /// Returns `runs.csv`. A figure that a run does not have is an empty cell.
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let write = |writer: &mut csv::Writer<Vec<u8>>, cells: Vec<String>| {
            let cells = cells.iter().map(|cell| quote::cell(cell).into_owned());
            writer.write_record(cells).expect("memory takes every row");
        };
        write(&mut writer, self.fields().into_iter().map(|field| field.name.to_string()).collect());
        for (number, (run, finished)) in self.plan.runs.iter().zip(self.finished).enumerate() {
            write(&mut writer, self.row(number, run, finished).map(shown).collect());
        }
        writer.into_inner().expect("memory takes every row")
    }

    /// Returns `runs.parquet`.
    pub fn parquet(&self) -> Vec<u8> {
        self.in_columns().expect("memory takes every row")
    }

    fn in_columns(&self) -> io::Result<Vec<u8>> {
        let fields = self.fields();
        let mut writer = ParquetWriter::begin(Vec::new(), "runs", &fields)?;
        for (number, (run, finished)) in self.plan.runs.iter().zip(self.finished).enumerate() {
            let cells = self.row(number, run, finished).zip(&fields);
            writer.write(cells.map(|(cell, field)| in_form(cell, field.form)))?;
        }
        writer.into_inner()
    }

    fn fields(&self) -> Vec<Field<'a>> {
        let field = |name, form, optional| Field { name, form, optional };
        let seeds = if self.plan.runs.iter().all(|run| i64::try_from(run.seed).is_ok()) {
            ColumnForm::Integer
        } else {
            ColumnForm::Text
        };
        let mut fields =
            vec![field("run", ColumnForm::Integer, false), field("scenario", ColumnForm::Text, false)];
        fields.extend(
            self.plan.axes.iter().enumerate().map(|(i, path)| field(path.as_str(), self.form(i), false)),
        );
        fields.extend([field("seed", seeds, false), field("digest", ColumnForm::Text, false)]);
        fields.extend(self.figures.iter().map(|path| field(*path, ColumnForm::Double, true)));
        fields
    }

    /// Returns the form that all values of an axis have.
    fn form(&self, axis: usize) -> ColumnForm {
        let mut values = self.plan.runs.iter().map(|run| &run.values[axis]);
        if values.clone().all(Value::is_integer) {
            ColumnForm::Integer
        } else if values.clone().all(|value| value.is_integer() || value.is_float()) {
            ColumnForm::Double
        } else if values.all(Value::is_bool) {
            ColumnForm::Boolean
        } else {
            ColumnForm::Text
        }
    }

    fn row(
        &self,
        number: usize,
        run: &'a PlannedRun,
        finished: &'a FinishedRun,
    ) -> impl Iterator<Item = ColumnValue<'a>> {
        let text = |text: &'a str| ColumnValue::Text(Cow::Borrowed(text));
        let figure = |path: &&'a str| {
            finished.figures.get(*path).map_or(ColumnValue::None, |value| ColumnValue::Double(*value))
        };
        [ColumnValue::Integer(number as i128), text(&self.plan.scenario_name)]
            .into_iter()
            .chain(run.values.iter().map(of_value))
            .chain([ColumnValue::Integer(i128::from(run.seed)), text(&finished.digest)])
            .chain(self.figures.iter().map(figure))
    }
}

fn of_value(value: &Value) -> ColumnValue<'_> {
    match value {
        Value::Integer(number) => ColumnValue::Integer(i128::from(*number)),
        Value::Float(number) => ColumnValue::Double(*number),
        Value::Boolean(truth) => ColumnValue::Boolean(*truth),
        Value::String(text) => ColumnValue::Text(Cow::Borrowed(text)),
        other => ColumnValue::Text(Cow::Owned(other.to_string())),
    }
}

fn shown(cell: ColumnValue) -> String {
    match cell {
        ColumnValue::None => String::new(),
        ColumnValue::Integer(number) => number.to_string(),
        ColumnValue::Double(number) => number.to_string(),
        ColumnValue::Boolean(truth) => truth.to_string(),
        ColumnValue::Text(text) => text.into_owned(),
    }
}

/// Returns the cell in a column whose values are not all alike.
fn in_form(cell: ColumnValue<'_>, form: ColumnForm) -> ColumnValue<'_> {
    match (cell, form) {
        (ColumnValue::Integer(number), ColumnForm::Double) => ColumnValue::Double(number as f64),
        (
            cell @ (ColumnValue::Integer(_) | ColumnValue::Double(_) | ColumnValue::Boolean(_)),
            ColumnForm::Text,
        ) => ColumnValue::Text(Cow::Owned(shown(cell))),
        (cell, _) => cell,
    }
}
