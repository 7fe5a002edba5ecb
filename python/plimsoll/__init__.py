"""Runs plimsoll, and reads its results.

The program does all the work, in a process of its own: it uses every processor while Python goes on, and a result is the
folder that the command line writes, byte for byte. A strategy may be a function of Python, which the program asks (`plimsoll.rules`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plimsoll.rules import AskedRule, Host, LooksFurther, Request, Rule, answer_all, name_of

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Comparison", "Host", "PlimsollError", "Request", "Result", "Rule", "Sweep", "binary", "compare", "run", "sweep"]

Settings = Mapping[str, Any]

# Rows that are in memory at a time while an Arrow file is written.
ROWS_OF_BATCH = 1 << 17


class PlimsollError(Exception):
    """Wrong input, or work that could not be done. The text is what the terminal shows."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def binary() -> Path:
    """Returns the program: that of the variable PLIMSOLL, of this installation, or in the path."""
    if named := os.environ.get("PLIMSOLL"):
        return Path(named)
    name = "plimsoll.exe" if os.name == "nt" else "plimsoll"
    for folder in (sysconfig.get_path("scripts"), Path(sys.executable).parent):
        if (installed := Path(folder) / name).exists():
            return installed
    if found := shutil.which("plimsoll"):
        return Path(found)
    raise PlimsollError("found no program `plimsoll`; set PLIMSOLL to its path", 2)


class TemporaryFolder:
    """A folder that is removed with the last reference to this, or when the interpreter ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="plimsoll-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


# Folders of which a path was handed out: they last until the interpreter ends, since a path holds no reference.
HANDED_OUT: set[TemporaryFolder] = set()


class ResultFolder:
    """A result folder. One that was made for want of an `output` is removed with the last reference to the result, or when the
    interpreter ends if `folder` or `tables` have handed out a path into it; what else was read of it stays."""

    def __init__(self, folder: str | os.PathLike[str], temporary: TemporaryFolder | None = None) -> None:
        self._folder = Path(folder)
        self._temporary = temporary

    @property
    def folder(self) -> Path:
        """The path of the folder."""
        if self._temporary is not None:
            HANDED_OUT.add(self._temporary)
        return self._folder

    def __repr__(self) -> str:
        return f"{type(self).__name__}(folder={self._folder!r})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, ResultFolder) and self._folder == other._folder

    def __hash__(self) -> int:
        return hash(self._folder)


class Result(ResultFolder):
    """The result folder of a run."""

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of summary.json."""
        return figures(self._folder / "summary.json")

    @property
    def digest(self) -> str:
        """The hash over all that happened: equal digests mean equal runs."""
        return str(self.summary["digest"])

    @property
    def tables(self) -> dict[str, Path]:
        """The Parquet files of a run with `tables=True`, by name."""
        return tables_in(self.folder)

    def arrow(self, table: str) -> pyarrow.Table:
        """Returns a table as Arrow, mapped from a file: polars and DuckDB take it without a copy. Needs pyarrow.

        The first call makes the file beside the Parquet one, `instances.arrow` of `instances.parquet`, a batch of rows after the other;
        from then on a table of any length takes no memory of the process until it is read.
        """
        tables = tables_in(self._folder)
        try:
            path = tables[table]
        except KeyError:
            known = ", ".join(tables) or "none; run with tables=True"
            raise PlimsollError(f"found no table `{table}`; known: {known}", 2) from None
        return mapped(path)


class Comparison(ResultFolder):
    """The result folder of a comparison."""

    @property
    def data(self) -> dict[str, Any]:
        """The variants and their differences, of comparison.json."""
        return figures(self._folder / "comparison.json")


class Sweep(ResultFolder):
    """The result folder of a sweep."""

    def arrow(self) -> pyarrow.Table:
        """Returns its table, a row a run, as `Result.arrow` does. Needs pyarrow."""
        return mapped(self._folder / "sweep.parquet")


def run(
    scenario: str | os.PathLike[str],
    *,
    strategy: str | Mapping[str, Any] | Rule | None = None,
    hosts: str | os.PathLike[str] | None = None,
    set: Settings | None = None,
    seed: int | None = None,
    output: str | os.PathLike[str] | None = None,
    tables: bool = False,
    report: bool = False,
    progress: bool = False,
    options: Sequence[str] = (),
) -> Result:
    """Runs a scenario, or with `hosts` a trace on the hosts of a file.

    `strategy` is the name of a strategy, a table of its name and parameters, or a function that gives a host a number for a request
    (`plimsoll.rules`): the least is taken. An error of the function ends the run, and is raised here.

    `set` changes keys of the scenario by their dotted path. Without `output` the result is in a temporary folder, which goes with the
    returned object. `progress`
    lets the program draw on standard error. `options` are more words of the command line.
    """
    if strategy is not None and "placement.strategy" in (set or {}):
        raise ValueError("found `strategy` and `placement.strategy` in `set`, expected one of them")
    rules = [AskedRule(name_of(strategy), strategy)] if callable(strategy) else []
    own = {} if strategy is None or rules else {"placement.strategy": strategy}
    words = ["run", os.fspath(scenario), *settings(set), *settings(own), *options]
    words += [] if hosts is None else ["--hosts", os.fspath(hosts)]
    words += [] if seed is None else ["--seed", str(seed)]
    words += (["--tables"] if tables else []) + ([] if report else ["--no-report"])
    if rules:
        return Result(*call_with_rules(lambda: [*words, *settings({"placement.strategy": table(rules[0])})], rules, output, progress))
    return Result(*call(words, output, progress))


def compare(
    scenario: str | os.PathLike[str],
    *,
    strategies: Sequence[str | Rule] = (),
    variants: Mapping[str, Settings] | None = None,
    replications: int = 10,
    set: Settings | None = None,
    output: str | os.PathLike[str] | None = None,
    progress: bool = False,
    options: Sequence[str] = (),
) -> Comparison:
    """Compares strategies, or variants by their settings, under the same demand.

    A strategy is a name, or a function that gives a host a number for a request (`plimsoll.rules`), and has the name of the function.
    """
    words = ["compare", os.fspath(scenario), "--replications", str(replications), *settings(set), *options]
    others = [word for name, changed in (variants or {}).items() for word in variant(name, changed)]
    rules = {name_of(one): AskedRule(name_of(one), one) for one in strategies if not isinstance(one, str)}
    if not rules:
        named = ["--strategies", ",".join(map(str, strategies))] if strategies else []
        return Comparison(*call([*words, *named, *others], output, progress))
    names = [one if isinstance(one, str) else name_of(one) for one in strategies]
    check_names(names)

    def with_rules() -> list[str]:
        each = [variant(name, {"placement.strategy": table(rules[name]) if name in rules else name}) for name in names]
        return [*words, *(word for two in each for word in two), *others]

    return Comparison(*call_with_rules(with_rules, list(rules.values()), output, progress))


def sweep(
    file: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    progress: bool = False,
    options: Sequence[str] = (),
) -> Sweep:
    """Runs a sweep; with the same `output` it carries on where it was stopped."""
    return Sweep(*call(["sweep", os.fspath(file), *options], output, progress))


def tables_in(folder: Path) -> dict[str, Path]:
    """Returns the Parquet files of a result folder, by name."""
    return {path.stem: path for path in sorted(folder.glob("**/*.parquet"))}


def figures(file: Path) -> dict[str, Any]:
    """Returns what a file of figures holds."""
    read: dict[str, Any] = json.loads(file.read_text())
    return read


def mapped(parquet: Path) -> pyarrow.Table:
    """Maps the Arrow file beside a Parquet file, which is made where it is missing or older."""
    import pyarrow

    arrow = parquet.with_suffix(".arrow")
    if not arrow.exists() or arrow.stat().st_mtime_ns < parquet.stat().st_mtime_ns:
        write_arrow(parquet, arrow)
    return pyarrow.ipc.open_file(pyarrow.memory_map(os.fspath(arrow))).read_all()


def write_arrow(parquet: Path, arrow: Path) -> None:
    """Writes a Parquet file as an Arrow file, which appears whole. Texts are views, the form that polars has them in."""
    import pyarrow
    import pyarrow.parquet

    rows = pyarrow.parquet.ParquetFile(parquet, memory_map=True)
    text, view = pyarrow.string(), pyarrow.string_view()
    schema = pyarrow.schema([field.with_type(view) if field.type == text else field for field in rows.schema_arrow])
    part = arrow.with_name(f"{arrow.name}.{os.getpid()}.part")
    try:
        with pyarrow.OSFile(os.fspath(part), "wb") as file, pyarrow.ipc.new_file(file, schema) as out:
            for batch in rows.iter_batches(batch_size=ROWS_OF_BATCH):
                out.write_batch(batch.cast(schema))
        part.replace(arrow)
    finally:
        part.unlink(missing_ok=True)


def check_names(names: Sequence[str]) -> None:
    """Refuses strategies beside functions that cannot be told apart, or that have to be named."""
    if "all" in names:
        raise ValueError("found the strategy `all` beside a function, expected the names of the strategies")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"found two strategies called `{twice}`, expected names of their own; set `__name__` of the function")


def variant(name: str, changed: Settings) -> list[str]:
    """Returns a variant of a comparison as words of the command line."""
    return ["--variant", ":".join([name, ",".join(f"{path}={toml(value)}" for path, value in changed.items())])]


def table(rule: AskedRule) -> dict[str, Any]:
    """Returns the table of a strategy that asks a rule."""
    return {"name": "callable", "rule": rule.name, "looks_at": sorted(rule.looks_at)}


def settings(changed: Settings | None) -> list[str]:
    """Returns settings as words of the command line."""
    return [word for path, value in (changed or {}).items() for word in ("--set", f"{path}={toml(value)}")]


def toml(value: Any) -> str:
    """Returns a value as TOML in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(os.fspath(value), ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    raise TypeError(f"{value!r} has no form in TOML")


def call(words: Sequence[str], output: str | os.PathLike[str] | None, progress: bool) -> tuple[Path, TemporaryFolder | None]:
    """Runs the program, and returns the folder that it wrote, with what it lasts as long as. An interrupt is handed on, and waited for."""
    folder, temporary = folder_of(output)
    command = command_of(words, folder, progress)
    stderr = None if progress else subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, text=True) as program:
        try:
            _, told = program.communicate()
        except KeyboardInterrupt:
            program.send_signal(signal.SIGINT)
            program.wait()
            raise
    return finished(program.returncode, told, folder), temporary


def call_with_rules(
    words: Callable[[], Sequence[str]],
    rules: Sequence[AskedRule],
    output: str | os.PathLike[str] | None,
    progress: bool,
) -> tuple[Path, TemporaryFolder | None]:
    """Runs the program and answers for rules. It begins anew with other words when a rule reads what it was not told so far."""
    names = ",".join(check_rule(rule.name) for rule in rules)
    folder, temporary = folder_of(output)
    while True:
        command = command_of([*words(), "--callables", names], folder, progress)
        try:
            return call_once_with_rules(command, folder, rules, progress), temporary
        except LooksFurther as further:
            assert any(further.word in rule.looks_at for rule in rules)


def check_rule(name: str) -> str:
    """Refuses the name of a function that the command line would take apart."""
    if not name or set(name) & set(",:=[]{}'\"\\"):
        raise ValueError(
            f"found a function called {name!r}, expected a name without commas, colons, brackets and quotes; set `__name__` of the function"
        )
    return name


def call_once_with_rules(command: Sequence[str], folder: Path, rules: Sequence[AskedRule], progress: bool) -> Path:
    """Runs the program and answers for rules until the end, or until an error of a rule, which ends it."""
    with tempfile.TemporaryFile() as file:  # a pipe that is read at the end could be full before
        stderr = None if progress else file
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr) as program:
            assert program.stdin is not None and program.stdout is not None
            try:
                answer_all(rules, program.stdout, program.stdin)
                program.wait()
            except BaseException:
                end(program)
                raise
        file.seek(0)
        return finished(program.returncode, file.read().decode(errors="replace"), folder)


def end(program: subprocess.Popen[bytes]) -> None:
    """Ends a program that asks, and waits until it has removed what it did not finish."""
    assert program.stdin is not None and program.stdout is not None
    if os.name != "nt":
        program.send_signal(signal.SIGINT)
    for pipe in (program.stdin, program.stdout):
        with contextlib.suppress(BrokenPipeError):
            pipe.close()
    program.wait()


def folder_of(output: str | os.PathLike[str] | None) -> tuple[Path, TemporaryFolder | None]:
    """Returns the result folder: the one that is named, or one in a temporary folder, which lasts as long as what is returned beside it."""
    if output is not None:
        return Path(output), None
    temporary = TemporaryFolder()
    return temporary.path / "result", temporary


def command_of(words: Sequence[str], folder: Path, progress: bool) -> list[str]:
    """Returns the command line that writes a result folder."""
    return [os.fspath(binary()), *words, "-o", os.fspath(folder), *([] if progress else ["--quiet"])]


def finished(exit_code: int, told: str | None, folder: Path) -> Path:
    """Returns the folder of a program that has succeeded, or raises what it told."""
    if exit_code != 0:
        raise PlimsollError((told or "").removeprefix("error: ").strip(), exit_code)
    return folder
