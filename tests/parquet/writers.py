"""Parquet as five libraries write it: one table in every type and codec a user meets, read to the digest of its CSV.

    python writers.py PLIMSOLL

Each file is replayed by `plimsoll run`. A file either gives the digest of the CSV, or is refused in a sentence that
says what to do; timestamps give the digest once an origin is stated. No file may be read as other times.
"""

import datetime
import decimal
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import fastparquet
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq

PLIMSOLL = str(Path(sys.argv[1]).resolve())

# Times in tenths of a second, so that whole seconds, decimals, floats and durations all hold them exactly.
START = [0, 125, 36_000]
END = [864_000, None, 72_000]
TYPE = ["m5.large", "r5.xlarge", "c5.4xlarge"]
MIDNIGHT = datetime.datetime(2026, 3, 1)

SCENARIO = """
name = "writers"
duration = "2d"
[[zones]]
name = "a"
[[zones.hosts]]
count = 2
vcpu = 32
memory_gib = 128
[network]
[[network.subnets]]
name = "a"
zone = "a"
cidr = "10.0.0.0/24"
[workload]
trace = "trace.csv"
"""


def each(convert, times):
    return [None if time is None else convert(time) for time in times]


def seconds(times):
    return each(lambda time: time / 10, times)


def decimals(times):
    return each(lambda time: decimal.Decimal(time) / 10, times)


def durations(times):
    return each(lambda time: datetime.timedelta(seconds=time / 10), times)


def moments(times):
    return each(lambda time: MIDNIGHT + datetime.timedelta(seconds=time / 10), times)


def arrow(folder, name, start=None, end=None, kind=None, others=None, **options):
    """A file of pyarrow; columns are floats and plain text where not given."""
    columns = {
        "start_s": pa.array(seconds(START)) if start is None else start,
        "end_s": pa.array(seconds(END), pa.float64()) if end is None else end,
        "type": pa.array(TYPE) if kind is None else kind,
    }
    pq.write_table(pa.table(columns | (others or {})), folder / f"{name}.parquet", **options)


def by_pyarrow(folder):
    arrow(folder, "pyarrow")
    for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
        arrow(folder, f"pyarrow-{codec}", compression=codec)
    arrow(folder, "pyarrow-dictionary", kind=pa.array(TYPE).dictionary_encode())
    arrow(folder, "pyarrow-large-string", kind=pa.array(TYPE, pa.large_string()))
    for bits in [9, 18, 38]:
        start, end = (pa.array(decimals(times), pa.decimal128(bits, 3)) for times in (START, END))
        arrow(folder, f"pyarrow-decimal-{bits}", start, end)
        if bits <= 18:
            arrow(folder, f"pyarrow-decimal-{bits}-as-integer", start, end, store_decimal_as_integer=True)
    for unit in ["ms", "us", "ns"]:
        start, end = (pa.array(durations(times), pa.duration(unit)) for times in (START, END))
        arrow(folder, f"pyarrow-duration-{unit}", start, end)
        start, end = (pa.array(moments(times), pa.timestamp(unit)) for times in (START, END))
        arrow(folder, f"origin-pyarrow-timestamp-{unit}", start, end)
        start, end = (pa.array(moments(times), pa.timestamp(unit, tz="UTC")) for times in (START, END))
        arrow(folder, f"origin-pyarrow-timestamp-{unit}-utc", start, end)
    start, end = (pa.array(moments(times), pa.timestamp("ns")) for times in (START, END))
    arrow(folder, "origin-pyarrow-int96", start, end, use_deprecated_int96_timestamps=True)
    arrow(folder, "pyarrow-pages-v2", data_page_version="2.0", version="2.6")
    split = {"start_s": "BYTE_STREAM_SPLIT", "end_s": "BYTE_STREAM_SPLIT", "type": "PLAIN"}
    arrow(folder, "pyarrow-split-bytes", use_dictionary=False, column_encoding=split)
    delta = {"type": "DELTA_BYTE_ARRAY"}
    arrow(folder, "pyarrow-delta", use_dictionary=["start_s"], column_encoding=delta)
    arrow(folder, "pyarrow-boolean", others={"public_address": pa.array([False, None, False])})
    arrow(folder, "pyarrow-all-null", others={"group": pa.nulls(3), "subnet": pa.nulls(3, pa.string())})
    arrow(folder, "pyarrow-nan", end=pa.array([86_400.0, float("nan"), 7_200.0]))
    arrow(folder, "refused-pyarrow-infinite", end=pa.array([86_400.0, float("inf"), 7_200.0]))
    arrow(folder, "refused-pyarrow-brotli", compression="brotli")
    times = pa.array([datetime.time(0), datetime.time(0, 0, 12, 500_000), datetime.time(1)], pa.time64("us"))
    arrow(folder, "refused-pyarrow-time-of-day", times)
    arrow(folder, "refused-pyarrow-list", others={"group": pa.array([["x"], None, []])})


def by_pandas(folder):
    table = pandas.DataFrame({"start_s": seconds(START), "end_s": seconds(END), "type": TYPE})
    table.to_parquet(folder / "pandas.parquet")
    table.assign(type=pandas.Categorical(TYPE)).to_parquet(folder / "pandas-categorical.parquet")
    spans = {"start_s": pandas.to_timedelta(table.start_s, "s"), "end_s": pandas.to_timedelta(table.end_s, "s")}
    table.assign(**spans).to_parquet(folder / "pandas-timedelta.parquet")
    dates = {"start_s": pandas.to_datetime(moments(START)), "end_s": pandas.to_datetime(moments(END))}
    table.assign(**dates).to_parquet(folder / "origin-pandas-datetime.parquet")
    # An index that is not that of the rows is a column of its own.
    table.iloc[[0, 1, 2]].set_index(pandas.Index([7, 8, 9])).to_parquet(folder / "pandas-no-index.parquet", index=False)


def by_fastparquet(folder):
    table = pandas.DataFrame({"start_s": seconds(START), "end_s": seconds(END), "type": TYPE})
    fastparquet.write(str(folder / "fastparquet.parquet"), table)
    fastparquet.write(str(folder / "fastparquet-gzip.parquet"), table, compression="GZIP")
    categorical = table.assign(type=pandas.Categorical(TYPE))
    fastparquet.write(str(folder / "fastparquet-categorical.parquet"), categorical)
    dates = {"start_s": pandas.to_datetime(moments(START)), "end_s": pandas.to_datetime(moments(END))}
    fastparquet.write(str(folder / "origin-fastparquet-datetime.parquet"), table.assign(**dates))


def by_polars(folder):
    table = polars.DataFrame({"start_s": seconds(START), "end_s": seconds(END), "type": TYPE})
    for codec in ["zstd", "snappy", "gzip", "lz4", "uncompressed"]:
        table.write_parquet(folder / f"polars-{codec}.parquet", compression=codec)
    table.with_columns(polars.col("type").cast(polars.Categorical)).write_parquet(folder / "polars-categorical.parquet")
    both = polars.col("start_s", "end_s")
    table.with_columns(both.cast(polars.Decimal(12, 3))).write_parquet(folder / "polars-decimal.parquet")
    spans = table.with_columns(start_s=polars.Series(durations(START)), end_s=polars.Series(durations(END)))
    spans.write_parquet(folder / "polars-duration.parquet")
    dates = table.with_columns(start_s=polars.Series(moments(START)), end_s=polars.Series(moments(END)))
    dates.write_parquet(folder / "origin-polars-datetime.parquet")


def by_duckdb(folder):
    rows = ", ".join(
        f"({start}::DOUBLE, {'NULL' if end is None else end}::DOUBLE, '{kind}')"
        for start, end, kind in zip(seconds(START), seconds(END), TYPE)
    )
    database = duckdb.connect()
    database.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES {rows}) v(start_s, end_s, type)")
    casts = "start_s::{0} AS start_s, end_s::{0} AS end_s, type"
    kinds = {
        "duckdb": "*",
        "duckdb-decimal": casts.format("DECIMAL(12,3)"),
        "duckdb-decimal-38": casts.format("DECIMAL(38,3)"),
        "duckdb-enum": "start_s, end_s, type::ENUM('m5.large', 'r5.xlarge', 'c5.4xlarge') AS type",
        "origin-duckdb-timestamp": "TIMESTAMP '2026-03-01' + to_milliseconds((start_s * 1000)::BIGINT) AS start_s, "
        "TIMESTAMP '2026-03-01' + to_milliseconds((end_s * 1000)::BIGINT) AS end_s, type",
        "refused-duckdb-interval": "to_milliseconds((start_s * 1000)::BIGINT) AS start_s, end_s, type",
    }
    for name, columns in kinds.items():
        database.execute(f"COPY (SELECT {columns} FROM t) TO '{folder / name}.parquet'")
    for codec in ["zstd", "gzip", "lz4_raw", "uncompressed"]:
        database.execute(f"COPY t TO '{folder / f'duckdb-{codec}'}.parquet' (COMPRESSION {codec})")
    database.execute(f"COPY t TO '{folder / 'duckdb-v2'}.parquet' (PARQUET_VERSION v2)")


def run(folder, trace, *options):
    command = [PLIMSOLL, "run", "writers.toml", "--json", "--no-report", "--set", f"workload.trace={trace}", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    digest = json.loads(done.stdout)["digest"] if done.returncode == 0 else None
    return done.returncode, digest, done.stderr


def wrong(folder, path, expected):
    """The complaint about one file; none where it was read as it should be."""
    code, digest, message = run(folder, path.name)
    if path.stem.startswith(("refused-", "origin-")):
        if code != 2 or "help: " not in message or len(message.splitlines()) > 4:
            return f"not refused in a sentence with a way out: exit code {code}, {message}"
    if path.stem.startswith("refused-"):
        return None
    if path.stem.startswith("origin-"):
        code, digest, message = run(folder, path.name, "--set", "workload.trace_origin=first")
    return None if digest == expected else f"exit code {code}, digest {digest}, expected {expected}: {message}"


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "writers.toml").write_text(SCENARIO)
        rows = "".join(
            f"{start / 10},{'' if end is None else end / 10},{kind}\n" for start, end, kind in zip(START, END, TYPE)
        )
        (folder / "trace.csv").write_text(f"start_s,end_s,type\n{rows}")
        code, expected, message = run(folder, "trace.csv")
        assert code == 0, message
        for write in [by_pyarrow, by_pandas, by_fastparquet, by_polars, by_duckdb]:
            write(folder)
        files = sorted(folder.glob("*.parquet"))
        assert len(files) >= 45, f"only {len(files)} files were written"
        complaints = [(path.stem, complaint) for path in files if (complaint := wrong(folder, path, expected))]
        for stem, complaint in complaints:
            print(f"{stem}: {complaint}")
        print(f"{len(files) - len(complaints)} of {len(files)} Parquet files by five writers as expected")
        sys.exit(1 if complaints else 0)


main()
