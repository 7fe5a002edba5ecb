#!/usr/bin/env bash
# Finding: forty of a hundred machines hold a job all the time; by SimPN's report the pool has a utilization of 100 %, and of 200 % if the first
# half is left out as warm-up.
#
# Guess before the run: the utilization of a pool is the time of its machines at work by the time that all have, 40 %, with or without a
# warm-up; a job that goes on through warm-up and end counts with what lies between.
#
# Seen on 2026-11-30 with simpn 1.10.0, `ProcessReporter`, for 100 h, beside a second pool of one machine with a job of 15 min each hour, for
# which 25 % is right. The report takes the mean of the machines that have had a job, and knows none of the others, as it
# hears of jobs alone: with ten, forty and a hundred jobs the pool is at 100 % each time. What is left of jobs at the end is added from
# their start on, also where that is before the warm-up, which has been taken off the time; jobs that end are cut at the warm-up.
# Jobs that are short and many give each machine its turn, so that both are right where one tries them out. Neither class nor README
# has a word on it, and the chart of the package shows the same numbers. Long jobs on a large pool are what a cluster has: who takes
# machines away, or buys some, by this has none to spare at 10 % of use.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet simpn==1.10.0
"$folder/venv/bin/python" - <<'PYTHON'
from itertools import chain, repeat

from simpn import prototypes
from simpn.reporters import ProcessReporter
from simpn.simulator import SimProblem, SimToken

MACHINES, HOURS = 100, 100


def utilization(jobs, warmup):
    """Of a hundred machines, of which so many have a job from 0 h on for good, and of one with a job of 15 min each hour."""
    model, reporter = SimProblem(), ProcessReporter(warmup)

    def pool(name, size, gaps, hours):
        waiting, done, machines = (model.add_var(f"{name}{part}") for part in (" waiting", " done", ""))
        for number in range(size):
            machines.put(f"{name} {number}")
        prototypes.BPMNStartEvent(model, [], [waiting], f"{name} job", lambda: next(gaps))
        prototypes.BPMNTask(
            model, [waiting, machines], [done, machines], f"{name} work", lambda job, machine: [SimToken((job, machine), delay=hours)]
        )
        prototypes.BPMNEndEvent(model, [done], [], f"{name} end")

    # After the jobs that are meant the next one comes after the end.
    pool("machine", MACHINES, chain(repeat(0, jobs), repeat(1000)), 1000)
    pool("front", 1, repeat(1), 0.25)
    model.simulate(HOURS, reporter)
    resources = reporter.get_results()["resources"]
    return tuple(round(resources[name]["utilization"], 2) for name in ("machine", "front"))


for jobs in 10, 40, 100:
    seen = utilization(jobs, 0), utilization(jobs, HOURS / 2)
    (whole, front), (half, front_half) = seen
    print(f"{jobs} jobs on {MACHINES} machines: utilization {whole}, after a warm-up {half}; of the other pool {front}, {front_half}")
    assert seen == ((1.0, 0.25), (2.0, 0.25)), "the report has changed"
PYTHON
