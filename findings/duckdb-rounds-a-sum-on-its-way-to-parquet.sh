#!/usr/bin/env bash
# Finding: DuckDB's exact sum of whole numbers is a rounded one in the Parquet file that it writes.
#
# Guess before the run: `sum` of a BIGINT column is a whole number in DuckDB, so `COPY` writes a whole number.
#
# Seen with DuckDB 2.0.1 and pyarrow 26.0.1: the sum is a HUGEINT, exact to 128 bits in the database; Parquet has no such
# integer, and `COPY … TO 'x.parquet'` writes the column as DOUBLE without a word. From 2⁵³ on (nine petabytes, or 104 days in
# nanoseconds) last digits are lost: 9,007,199,254,740,993 comes back as …992. A cast to BIGINT or DECIMAL(38,0) keeps them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import pyarrow.parquet as pq

database = duckdb.connect()
database.execute("CREATE TABLE disks AS SELECT * FROM (VALUES (9007199254740992::BIGINT), (1)) rows(bytes)")
[(exact, kind)] = database.execute("SELECT sum(bytes), typeof(sum(bytes)) FROM disks").fetchall()
written = {}
for name, column in [("sum", "sum(bytes)"), ("bigint", "sum(bytes)::BIGINT"), ("decimal", "sum(bytes)::DECIMAL(38,0)")]:
    database.execute(f"COPY (SELECT {column} AS bytes FROM disks) TO '{name}.parquet'")
    table = pq.read_table(f"{name}.parquet")
    written[name] = (str(table.schema.field("bytes").type), int(table["bytes"][0].as_py()))
print(f"in the database: {exact} ({kind})")
for name, (kind_written, value) in written.items():
    print(f"in {name}.parquet: {value} ({kind_written})")
assert (exact, kind) == (9007199254740993, "HUGEINT")
assert written["sum"] == ("double", 9007199254740992)
assert written["bigint"] == ("int64", 9007199254740993)
assert written["decimal"][1] == 9007199254740993
print("as found")
PYTHON
