//! Text of a scenario with settings changed: everything else, comments among it, stays as it was written.

use std::path::Path;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{FILE_KEYS, Overrides, Scenario, key_path};
use plimsoll_base::disk;
use plimsoll_base::input::{InputError, Place, Problem};

/// Returns the text of the scenario at `path` with overrides in it, for a file in `folder`, from which the files that it names
/// are found.
///
/// # Errors
///
/// Errors of [`Scenario::read`], as only a sound scenario is edited, and a seed that TOML has no number for.
pub fn edited_text(path: &Path, overrides: &Overrides, folder: &Path) -> Result<String, InputError> {
    Scenario::read(path, overrides)?;
    let cannot = |error: String| InputError::from(Problem::new(Place::file(path), error));
    let text = std::fs::read_to_string(path).map_err(|error| cannot(format!("cannot be read: {error}")))?;
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| cannot(error.to_string()))?;
    let scenario_folder = path.parent().unwrap_or(Path::new(""));
    relocate_table(document.as_table_mut(), &|file| found_from(folder, &scenario_folder.join(file)));
    for assignment in &overrides.set {
        let equals = key_path::find_outside_quotes(assignment, '=').expect("the scenario was read with it");
        let steps = key_path::parse(assignment[..equals].trim());
        let mut value = value_of(assignment[equals + 1..].trim());
        let file_key = steps.last().is_some_and(|last| FILE_KEYS.contains(&last.as_str()));
        if let Some(file) = value.as_str().filter(|_| file_key) {
            value = found_from(folder, Path::new(file)).into();
        }
        put_in_table(document.as_table_mut(), &steps, value);
    }
    if let Some(seed) = overrides.seed {
        let seed = i64::try_from(seed).map_err(|_| {
            let message = format!(
                "found {seed}, expected at most {}, the greatest number of a scenario file",
                i64::MAX
            );
            InputError::from(Problem::new(Place::key("--seed"), message))
        })?;
        put_in_table(document.as_table_mut(), &["seed".to_string()], seed.into());
    }
    Ok(document.to_string())
}

/// Returns a file as a text in `folder` names it; standard input stays what it is.
fn found_from(folder: &Path, file: &Path) -> String {
    match file.as_os_str() == "-" {
        true => "-".to_string(),
        false => disk::relative(folder, file).to_string_lossy().into_owned(),
    }
}

/// Reads a value of TOML; a bare word that is no value is a string.
fn value_of(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| text.into())
}

/// Changes every file that a table names, at any depth.
fn relocate_table(table: &mut dyn TableLike, relocated: &dyn Fn(&str) -> String) {
    for (key, item) in table.iter_mut() {
        if let (true, Some(file)) = (FILE_KEYS.contains(&key.get()), item.as_str()) {
            replace(item, relocated(file).into());
        } else {
            relocate_item(item, relocated);
        }
    }
}

fn relocate_item(item: &mut Item, relocated: &dyn Fn(&str) -> String) {
    match item {
        Item::Table(table) => relocate_table(table, relocated),
        Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|table| relocate_table(table, relocated)),
        Item::Value(value) => relocate_value(value, relocated),
        Item::None => {}
    }
}

fn relocate_value(value: &mut Value, relocated: &dyn Fn(&str) -> String) {
    match value {
        Value::InlineTable(table) => relocate_table(table, relocated),
        Value::Array(items) => items.iter_mut().for_each(|item| relocate_value(item, relocated)),
        _ => {}
    }
}

/// Puts a value in the place of an item, with the space and the comment around it.
fn replace(item: &mut Item, mut value: Value) {
    if let Some(old) = item.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
}

/// Puts a value at `steps` below a table; tables and lists on the way are made where there are none.
fn put_in_table(table: &mut dyn TableLike, steps: &[String], value: Value) {
    let (step, rest) = steps.split_first().expect("a path has a step");
    let item = table.entry(step).or_insert(Item::None);
    put_in_item(item, rest, value);
}

fn put_in_item(item: &mut Item, steps: &[String], value: Value) {
    let Some(next) = steps.first() else { return replace(item, value) };
    if item.is_none() {
        // The first item of a list that is not there begins it: no table has a key `0`.
        *item = if next == "0" { begin_list(steps.len() > 1) } else { Item::Table(implicit_table()) };
    }
    match item {
        Item::Table(table) => put_in_table(table, steps, value),
        Item::ArrayOfTables(tables) => put_in_tables(tables, steps, value),
        Item::Value(held) => put_in_value(held, steps, value),
        Item::None => unreachable!("it was made"),
    }
}

fn put_in_tables(tables: &mut ArrayOfTables, steps: &[String], value: Value) {
    let at = position(&steps[0]);
    if at == tables.len() {
        tables.push(Table::new());
    }
    put_in_table(tables.get_mut(at).expect("the scenario was read with it"), &steps[1..], value);
}

fn put_in_value(held: &mut Value, steps: &[String], value: Value) {
    match held {
        Value::InlineTable(table) => put_in_table(table, steps, value),
        Value::Array(items) => put_in_array(items, steps, value),
        _ => unreachable!("the scenario was read with it"),
    }
}

fn put_in_array(items: &mut Array, steps: &[String], value: Value) {
    let at = position(&steps[0]);
    if at == items.len() {
        items.push(InlineTable::new());
    }
    let held = items.get_mut(at).expect("the scenario was read with it");
    match &steps[1..] {
        [] => {
            let decor = held.decor().clone();
            *held = value;
            *held.decor_mut() = decor;
        }
        rest => put_in_value(held, rest, value),
    }
}

fn begin_list(of_tables: bool) -> Item {
    if of_tables { Item::ArrayOfTables(ArrayOfTables::new()) } else { Item::Value(Array::new().into()) }
}

/// Returns a table that has no line of its own as long as it holds only tables.
fn implicit_table() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

fn position(step: &str) -> usize {
    step.parse().expect("the scenario was read with it")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "start_s,end_s,vcpu,memory_gib\n0,,1,2\n";

    const TEXT: &str = "\
# A fleet.
name = \"fleet\"
duration = \"2h\"   # as long as it takes

[[zones]]
name = \"a\"
hosts = [
    { count = 4, vcpu = 4, memory_gib = 8 },   # old ones
    { count = 1, vcpu = 8, memory_gib = 16 },
]

[workload]
trace = \"traces/one.csv\"   # seen from here
";

    /// Writes the scenario and the files that it may name.
    fn written() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(root.path().join(name), text).unwrap();
        for folder in ["traces", "results/best", "out"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        write("fleet.toml", TEXT);
        write("traces/one.csv", TRACE);
        write("other.csv", TRACE);
        root
    }

    #[test]
    fn settings_are_changed_and_all_else_stays() {
        let root = written();
        let path = root.path().join("fleet.toml");
        let set = [
            "zones.0.hosts.1.count=12",
            "placement.strategy=spread",
            "duration=3h",
            "lifecycle.boot='20s'",
            "objectives.0.metric=launch.failed",
            "objectives.0.at_most=0",
            "instance_types.0.name=\"my.type\"",
            "instance_types.0.vcpu=2",
            "instance_types.0.memory_gib=4",
        ];
        let overrides =
            Overrides { set: set.map(str::to_string).to_vec(), seed: Some(7), ..Overrides::default() };
        let text = edited_text(&path, &overrides, &root.path().join("results/best")).unwrap();
        for kept in [
            "# A fleet.\n",
            "duration = \"3h\"   # as long as it takes\n",
            "memory_gib = 8 },   # old ones\n",
        ] {
            assert!(text.contains(kept), "{kept}\n{text}");
        }
        assert!(text.contains("trace = \"../../traces/one.csv\"   # seen from here\n"), "{text}");
        let edited =
            Scenario::parse(&root.path().join("results/best/scenario.toml"), &text, &Overrides::default());
        let (edited, meant) = (edited.unwrap(), Scenario::read(&path, &overrides).unwrap());
        let without_trace = |scenario: &Scenario| {
            let mut resolved = scenario.resolved();
            resolved["workload"]["trace"].take();
            resolved
        };
        assert_eq!(without_trace(&edited), without_trace(&meant));
    }

    #[test]
    fn files_of_the_command_line_are_seen_from_where_it_was_typed() {
        let root = written();
        let path = root.path().join("fleet.toml");
        let other = root.path().join("other.csv");
        let overrides = Overrides {
            set: vec![format!("workload.trace={}", other.display())],
            seed: None,
            ..Overrides::default()
        };
        let text = edited_text(&path, &overrides, &root.path().join("out")).unwrap();
        assert!(text.contains("trace = \"../other.csv\""), "{text}");
    }
}
