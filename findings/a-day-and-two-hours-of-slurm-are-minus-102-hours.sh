#!/usr/bin/env bash
# Finding: pandas reads a day and two hours of Slurm's accounting, `1-02:03:04`, as minus 102 hours, and says nothing.
#
# Guess before the run: `to_timedelta` reads texts of many forms; it either reads Slurm's `[days-]hours:minutes:seconds` or refuses it.
#
# Seen on 2026-11-30 with pandas 3.1.1, DuckDB 2.0.1 and slurm2sql 0.9.9, which is made for `sacct`: all three read the jobs of less than a
# day. Of longer ones slurm2sql reads the days, DuckDB refuses them, and pandas takes the hyphen, wherever it stands, for a sign and
# joins what is around it: `1-02:03:04` becomes −(102 h 3 min 4 s), `10-00:00:00` −1,000 h. `errors="raise"` is in force and finds no error.
# The sum of a day of jobs still looks like a time, as the short ones are right; only where it falls below zero does it show. A limit
# of `2-00:00:00` is −200 h, so that every job ran over its limit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 duckdb==2.0.1 slurm2sql==0.9.9
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import duckdb
import pandas
from slurm2sql import slurmtime

HOUR = 3600
expected = {
    # text: seconds by (slurm2sql, pandas, DuckDB)
    "00:10:00": (600, 600, 600),
    "23:59:59": (24 * HOUR - 1, 24 * HOUR - 1, 24 * HOUR - 1),
    "1-02:03:04": (26 * HOUR + 184, -(102 * HOUR + 184), None),
    "2-00:00:00": (48 * HOUR, -200 * HOUR, None),
    "10-00:00:00": (240 * HOUR, -1000 * HOUR, None),
}
column = pandas.to_timedelta(pandas.Series(list(expected), name="Elapsed"))


def by_duckdb(text):
    [(interval,)] = duckdb.execute("SELECT try_cast(? AS INTERVAL)", [text]).fetchall()
    return None if interval is None else int(interval.total_seconds())


for text, by_pandas in zip(expected, column):
    seen = int(slurmtime(text)), int(by_pandas.total_seconds()), by_duckdb(text)
    print(f"{text:11}  slurm2sql {seen[0]} s, pandas {seen[1]} s, DuckDB {seen[2]}")
    assert seen == expected[text], "no longer as written above"

# An honest day: a thousand short jobs and one long one.
jobs = ["00:10:00"] * 1000 + ["1-02:03:04"]
total = pandas.to_timedelta(pandas.Series(jobs)).sum().total_seconds() / HOUR
true = sum(map(slurmtime, jobs)) / HOUR
print(f"a thousand of ten minutes and one of a day and two hours: {true:.1f} h, by pandas {total:.1f} h")
assert round(true, 1) == 192.7 and round(total, 1) == 64.6, "no longer as written above"
PYTHON
