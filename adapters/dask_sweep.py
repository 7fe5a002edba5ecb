#!/usr/bin/env python3
"""Carries out a plimsoll sweep on Dask: on this machine, or on whatever a Dask scheduler commands.

Every run of the plan is a task of its own that runs `plimsoll sweep exec`. A task that is lost with its worker is
done again elsewhere; a run that is finished already is not. All workers see PARTS, the sweep file and what it names
under the same paths (a shared folder), and have the same version of plimsoll. The result has the same bytes as that
of `plimsoll sweep SWEEP`.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from pathlib import Path

from distributed import Client, LocalCluster, as_completed

RETRIES = 3
"""How often a task that failed is tried again; one that is lost with its worker is no failure of its own."""


def main():
    options = parse_arguments()
    with open(options.sweep, "rb") as file:
        name = tomllib.load(file)["name"]
    output = options.output or Path("results/runs") / name
    parts = (options.parts or output.with_name(f"{name}-parts")).resolve()
    plan = plan_sweep(options.plimsoll, options.sweep.resolve(), parts)
    with connect(options) as client:
        carry_out(client, options.plimsoll, plan, parts)
    merge = [options.plimsoll, "merge", str(parts), "-o", str(output)]
    sys.exit(subprocess.run(merge).returncode)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweep", metavar="SWEEP", type=Path, help="the sweep file")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help="result folder [results/runs/NAME]")
    parser.add_argument("--parts", metavar="DIR", type=Path, help="folder of runs, seen by all [beside the result]")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="such as tcp://10.0.0.1:8786 [one of its own, here]")
    parser.add_argument("--workers", metavar="N", type=int, help="workers of its own [one for each processor]")
    parser.add_argument("--plimsoll", metavar="PROGRAM", default="plimsoll", help="the program, on every worker")
    return parser.parse_args()


def plan_sweep(plimsoll, sweep, parts):
    """Writes the plan beside the parts and tells its place. Wrong input ends here, before anything runs."""
    parts.parent.mkdir(parents=True, exist_ok=True)
    plan = parts.with_name(f"{parts.name}.plan.json")
    planned = subprocess.run([plimsoll, "sweep", "plan", str(sweep), "-o", str(plan)], stdout=sys.stderr)
    if planned.returncode:
        sys.exit(planned.returncode)
    return plan


def connect(options):
    """A client of the scheduler that was named, or of one that lives as long as this process."""
    if options.scheduler:
        return Client(options.scheduler)
    cluster = LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
    return Client(cluster)


def carry_out(client, plimsoll, plan, parts):
    """Does every run of the plan, and tells how far it is."""
    total = count_runs(plan)
    indices = range(total)
    keys = [f"plimsoll-run-{index}" for index in indices]
    # pure=False: a task has an effect, so that none may be taken for done because one like it was.
    tasks = client.map(
        execute, [plimsoll] * total, [str(plan)] * total, indices, [str(parts)] * total,
        key=keys, pure=False, retries=RETRIES,
    )
    for done, task in enumerate(as_completed(tasks), start=1):
        task.result()
        if sys.stderr.isatty():
            print(f"\r{done} of {total} runs", end="\n" if done == total else "", file=sys.stderr)


def count_runs(plan):
    return len(json.loads(plan.read_text())["runs"])


def execute(plimsoll, plan, index, parts):
    """One run, on a worker. What the program says goes with the error, so that the client shows it."""
    command = [plimsoll, "sweep", "exec", plan, "--index", str(index), "-o", parts]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"run {index} ended with code {done.returncode}:\n{done.stderr}")


if __name__ == "__main__":
    main()
