"""Runs plimsoll, and reads its results.

The program does all the work, in a process of its own: it uses every processor while Python goes on, and a result is the
folder that the command line writes, byte for byte.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Comparison", "PlimsollError", "Result", "Sweep", "binary", "compare", "run", "sweep"]

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


@dataclass(frozen=True)
class Result:
    """The result folder of a run."""

    folder: Path

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of summary.json."""
        return figures(self.folder / "summary.json")

    @property
    def digest(self) -> str:
        """The hash over all that happened: equal digests mean equal runs."""
        return str(self.summary["digest"])

    @property
    def tables(self) -> dict[str, Path]:
        """The Parquet files of a run with `tables=True`, by name."""
        return {path.stem: path for path in sorted(self.folder.glob("**/*.parquet"))}

    def arrow(self, table: str) -> pyarrow.Table:
        """Returns a table as Arrow, mapped from a file: polars and DuckDB take it without a copy. Needs pyarrow.

        The first call makes the file beside the Parquet one, `instances.arrow` of `instances.parquet`, a batch of rows after the other;
        from then on a table of any length takes no memory of the process until it is read.
        """
        try:
            path = self.tables[table]
        except KeyError:
            known = ", ".join(self.tables) or "none; run with tables=True"
            raise PlimsollError(f"found no table `{table}`; known: {known}", 2) from None
        return mapped(path)


@dataclass(frozen=True)
class Comparison:
    """The result folder of a comparison."""

    folder: Path

    @property
    def data(self) -> dict[str, Any]:
        """The variants and their differences, of comparison.json."""
        return figures(self.folder / "comparison.json")


@dataclass(frozen=True)
class Sweep:
    """The result folder of a sweep."""

    folder: Path

    def arrow(self) -> pyarrow.Table:
        """Returns its table, a row a run, as `Result.arrow` does. Needs pyarrow."""
        return mapped(self.folder / "sweep.parquet")


def run(
    scenario: str | os.PathLike[str],
    *,
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

    `set` changes keys of the scenario by their dotted path. Without `output` the result is in a temporary folder. `progress`
    lets the program draw on standard error. `options` are more words of the command line.
    """
    words = ["run", os.fspath(scenario), *settings(set), *options]
    words += [] if hosts is None else ["--hosts", os.fspath(hosts)]
    words += [] if seed is None else ["--seed", str(seed)]
    words += (["--tables"] if tables else []) + ([] if report else ["--no-report"])
    return Result(call(words, output, progress))


def compare(
    scenario: str | os.PathLike[str],
    *,
    strategies: Sequence[str] = (),
    variants: Mapping[str, Settings] | None = None,
    replications: int = 10,
    set: Settings | None = None,
    output: str | os.PathLike[str] | None = None,
    progress: bool = False,
    options: Sequence[str] = (),
) -> Comparison:
    """Compares strategies, or variants by their settings, under the same demand."""
    words = ["compare", os.fspath(scenario), "--replications", str(replications), *settings(set), *options]
    words += ["--strategies", ",".join(strategies)] if strategies else []
    for name, changed in (variants or {}).items():
        pairs = [f"{path}={toml(value)}" for path, value in changed.items()]
        words += ["--variant", ":".join([name, *pairs])]
    return Comparison(call(words, output, progress))


def sweep(
    file: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    progress: bool = False,
    options: Sequence[str] = (),
) -> Sweep:
    """Runs a sweep; with the same `output` it carries on where it was stopped."""
    return Sweep(call(["sweep", os.fspath(file), *options], output, progress))


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


def call(words: Sequence[str], output: str | os.PathLike[str] | None, progress: bool) -> Path:
    """Runs the program, and returns the folder that it wrote. An interrupt is handed on, and waited for."""
    folder = Path(output) if output is not None else Path(tempfile.mkdtemp(prefix="plimsoll-")) / "result"
    command = [os.fspath(binary()), *words, "-o", os.fspath(folder), *([] if progress else ["--quiet"])]
    stderr = None if progress else subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, text=True) as program:
        try:
            _, told = program.communicate()
        except KeyboardInterrupt:
            program.send_signal(signal.SIGINT)
            program.wait()
            raise
    if program.returncode != 0:
        raise PlimsollError((told or "").removeprefix("error: ").strip(), program.returncode)
    return folder
