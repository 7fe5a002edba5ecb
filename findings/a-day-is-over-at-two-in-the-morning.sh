#!/usr/bin/env bash
# Finding: collected at 2 h, as its README has it, a day of 24 jobs is one of two for slurm-usage, for good; if a job happens to run at 2 h, it is
# one of 24.
#
# Guess before the run: "once all jobs for a date reach final states, the date is marked complete and won't be re-queried", so that a day is
# looked at again as long as it may get jobs, above all while it is still going on; `--days 2` each night sees every day three times.
#
# Seen on 2026-12-01 with slurm-usage 3.1.0, `collect --days 2`, a stand-in for `sacct` that lists a job of ten minutes on 64 cores at each full
# hour: the look at 2 h stores the two jobs that there are, both done, and marks the date as complete. The next look, when `sacct` has 24
# for it, does not ask for that date any more, and adds nothing: the day has 21 of its 256 CPU hours in all reports to come. With the job
# of 1 h still running at the first look the date stays open, and all 24 are there after the next. Whether the date is past is not asked,
# and the default, `--days 1`, includes the present day too. There is no option to look again: the day's files and the tracker are to be
# deleted by hand, within the 30 days after which, by the README, Slurm forgets. A calm cluster is recorded by the first hours of its days
# and a busy one by whole days, so that a curve of use by days, made for planning, grows where it is crowded and not where jobs are added.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet slurm-usage==3.1.0
cd "$folder"
mkdir tools
cat >tools/sacct <<'SACCT'
#!/usr/bin/env python3
"""Lists the jobs of one day that have started by the hour $LOOK; the last of them runs until the minute $RUNS_FOR."""
import os
import sys

day, look, minutes = os.environ["DAY"], int(os.environ["LOOK"]), int(os.environ["RUNS_FOR"])
asked = sys.argv[sys.argv.index("-S") + 1]
[fields] = [argument.split("=")[1].split(",") for argument in sys.argv if argument.startswith("--format=")]
with open("asked", "a") as log:
    print(asked[:10], file=log)
for hour in range(look) if asked.startswith(day) else ():
    start = f"{day}T{hour:02}:00:00"
    runs = hour == look - 1 and minutes >= 60
    row = {"JobID": 100 + hour, "JobIDRaw": 100 + hour, "JobName": "hourly", "User": "someone", "UID": 1000, "Partition": "all"}
    row |= {"State": "RUNNING" if runs else "COMPLETED", "Submit": start, "Start": start, "NodeList": "node-1", "AllocCPUS": 64}
    row |= {"End": "Unknown" if runs else f"{day}T{hour:02}:10:00", "ElapsedRaw": 3600 if runs else 600, "TotalCPU": "10:40:00"}
    print("|".join(str(row.get(field, "")) for field in fields))
SACCT
chmod +x tools/sacct
PATH="$folder/tools:$PATH" "$folder/venv/bin/python" - <<'PYTHON'
import datetime
import json
import os
import pathlib
import subprocess

import polars

day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def collect(place, look, runs_for):
    """The jobs and CPU hours that are stored of the day, whether it is complete, and how often it was asked for."""
    log = pathlib.Path("asked")
    log.unlink(missing_ok=True)
    command = ["venv/bin/slurm-usage", "collect", "--days", "2", "--data-dir", place, "--no-summary"]
    environment = os.environ | {"DAY": day, "LOOK": str(look), "RUNS_FOR": str(runs_for), "COLUMNS": "150"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    jobs = polars.read_parquet(f"{place}/processed/{day}.parquet")
    complete = day in json.loads(pathlib.Path(place, ".date_completion_tracker.json").read_text())["completed_dates"]
    return len(jobs), round(jobs["cpu_hours_reserved"].sum()), complete, log.read_text().split().count(day)


for name, runs_for in {"calm": 10, "with a job that runs at the first look": 60}.items():
    seen = [collect(name[:4], 2, runs_for), collect(name[:4], 24, 10)]
    print(f"{name}:")
    for hour, (jobs, hours, complete, asked) in zip((2, 24), seen):
        print(f"    after the look at {hour} h {jobs} jobs, {hours} CPU hours; complete: {complete}; sacct was asked for the day {asked} times")
    if name == "calm":
        assert seen == [(2, 21, True, 1), (2, 21, True, 0)], "the days have changed"
    else:
        assert seen[0][0] == 2 and seen[0][2:] == (False, 1) and seen[1] == (24, 256, True, 1), "the days have changed"
PYTHON
