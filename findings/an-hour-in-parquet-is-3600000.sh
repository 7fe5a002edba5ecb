#!/usr/bin/env bash
# Finding: a duration that pyarrow writes to Parquet is an hour to pyarrow and polars, and 3,600,000 to DuckDB and fastparquet.
#
# Guess before the run: a column of type `duration[ms]` has a type in the Parquet schema that every reader sees.
#
# Seen with pyarrow 26.0.1, polars 2.1.0, DuckDB 2.0.1 and fastparquet 2026.9.0: Parquet has no type for durations. The
# column is a plain INT64 without annotation, and its unit stands in the file's metadata alone, in the key `ARROW:schema`,
# which readers of the Arrow family restore and others do not look at. Whoever takes the number for seconds makes 41 days of
# an hour; for nanoseconds, 4 milliseconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 fastparquet==2026.9.0 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import datetime

import duckdb
import fastparquet
import polars
import pyarrow as pa
import pyarrow.parquet as pq

hour = datetime.timedelta(hours=1)
pq.write_table(pa.table({"lifetime": pa.array([hour], pa.duration("ms"))}), "lifetimes.parquet")
column = pq.ParquetFile("lifetimes.parquet").schema.column(0)
seen = {
    "pyarrow": pq.read_table("lifetimes.parquet")["lifetime"][0].as_py(),
    "polars": polars.read_parquet("lifetimes.parquet")["lifetime"][0],
    "DuckDB": duckdb.sql("SELECT lifetime FROM 'lifetimes.parquet'").fetchall()[0][0],
    "fastparquet": fastparquet.ParquetFile("lifetimes.parquet").to_pandas()["lifetime"][0],
}
print(f"in the file: {column.physical_type}, annotation {column.logical_type}")
for reader, value in seen.items():
    print(f"{reader}: {value!r}")
assert (column.physical_type, str(column.logical_type)) == ("INT64", "None")
assert seen["pyarrow"] == seen["polars"] == hour
assert seen["DuckDB"] == seen["fastparquet"] == 3_600_000
print("as found")
PYTHON
