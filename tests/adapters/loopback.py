"""The adapters of a sweep, on loopback: nothing lost, nothing twice, and the bytes of the sweep of one place.

    python tests/adapters/loopback.py PLIMSOLL

Two Dask workers share 120 runs, and one of them is killed with SIGKILL mid-way. What Slurm and Kubernetes would run is
run here as they would, one share after the other. Needs adapters/requirements.txt.
"""

import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from distributed import Client

TOP = Path(__file__).resolve().parents[2]
FILES = ["runs.csv", "runs.parquet", "sweep.json"]
RUNS = 120
PATIENCE_S = 120
"""Nothing here takes so long: a test that waits longer has failed."""

SCENARIO = """
name = "small"
duration = "2d"
[[zones]]
name = "a"
[[zones.hosts]]
count = 20
vcpu = 64
memory_gib = 256
[[workload.arrivals]]
process = { kind = "poisson", per_hour = 120.0 }
lifetime = { kind = "exponential", mean = "3h" }
types = { "m5.large" = 3, "m5.2xlarge" = 1 }
"""

SWEEP = """
name = "both"
scenario = "scenario.toml"
seeds = 20
[[axes]]
path = "placement.strategy"
values = ["first-fit", "random"]
[[axes]]
path = "zones.0.hosts.0.count"
values = [10, 14, 18]
"""


def main():
    plimsoll = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "scenario.toml").write_text(SCENARIO)
        (place / "sweep.toml").write_text(SWEEP)
        subprocess.run([plimsoll, "sweep", "sweep.toml", "-q", "-o", "local"], cwd=place, check=True)
        for test in [dask_with_a_worker_killed, dask_on_this_machine, slurm, kubernetes]:
            began = time.monotonic()
            result = test(plimsoll, place)
            check(place / "local", place / result)
            print(f"{test.__name__}: the bytes of the local sweep ({time.monotonic() - began:.1f} s)")


def check(local, merged):
    for name in FILES:
        assert (local / name).read_bytes() == (merged / name).read_bytes(), f"{merged / name} differs"
    with open(merged / "runs.csv") as file:
        runs = [int(row["run"]) for row in csv.DictReader(file)]
    assert runs == list(range(RUNS)), "each run once, in order"


def dask_with_a_worker_killed(plimsoll, place):
    scheduler_file = place / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    loopback = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(scheduler_file)]
    scheduler = spawn(dask + ["scheduler", "--port", "0"] + loopback, place)
    processes = [scheduler]
    try:
        wait_until(scheduler_file.exists, "the scheduler")
        # Without a nanny a worker that was killed is not started again.
        worker = dask + ["worker", "--nthreads", "1", "--no-nanny"] + loopback
        processes += [spawn(worker, place) for _ in range(2)]
        address = yaml.safe_load(scheduler_file.read_text())["address"]
        wait_for_workers(address, 2)
        client = spawn(adapter(plimsoll, "by-dask") + ["--scheduler", address], place)
        processes.append(client)
        parts = place / "both-parts" / "runs"
        wait_until(lambda: count(parts) >= RUNS // 4, "the first quarter of the runs")
        processes[1].send_signal(signal.SIGKILL)
        assert processes[1].wait() == -signal.SIGKILL
        assert count(parts) < RUNS and client.poll() is None, "the kill came when all was done"
        assert client.wait(PATIENCE_S) == 0, "the sweep failed"
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
    # Drafts of what was killed may stand beside them.
    assert count(parts) == RUNS, f"{count(parts)} runs are kept"
    return "by-dask"


def dask_on_this_machine(plimsoll, place):
    """The one command, with what the first test has left: nothing is done again."""
    parts = place / "both-parts" / "runs"
    written = {run: run.stat().st_mtime_ns for run in parts.glob("*.json")}
    subprocess.run(adapter(plimsoll, "again") + ["--workers", "2"], cwd=place, check=True, stdout=subprocess.DEVNULL)
    assert written == {run: run.stat().st_mtime_ns for run in parts.glob("*.json")}, "a run was done twice"
    return "again"


def slurm(plimsoll, place):
    """The script, submitting to a stand-in that runs each element here as Slurm would."""
    stand_in = place / "bin" / "sbatch"
    stand_in.parent.mkdir()
    stand_in.write_text(SBATCH)
    stand_in.chmod(0o755)
    path = f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PLIMSOLL": plimsoll}
    script = [TOP / "adapters" / "slurm.sh", "sweep.toml", "4", "by-slurm", "slurm-parts"]
    subprocess.run(script, cwd=place, env=environment, check=True, stdout=subprocess.DEVNULL)
    return "by-slurm"


SBATCH = """#!/usr/bin/env bash
set -euo pipefail
[ "$1" = --parsable ] || { eval "${@: -1}"; exit; }
last=${2#--array=1-}
shift 2
for element in $(seq "$last"); do SLURM_ARRAY_TASK_ID=$element "$@" >&2; done
echo 17
"""


def kubernetes(plimsoll, place):
    """The command of the container, for each index."""
    job = yaml.safe_load((TOP / "adapters" / "kubernetes.yaml").read_text())["spec"]
    container = job["template"]["spec"]["containers"][0]
    settings = {entry["name"]: entry["value"] for entry in container["env"]}
    assert int(settings["SHARDS"]) == job["completions"], "as many shares as pods"
    settings |= {"SWEEP": "sweep.toml", "PARTS": "pods", "PATH": f"{place / 'path'}{os.pathsep}{os.environ['PATH']}"}
    (place / "path").mkdir()
    (place / "path" / "plimsoll").symlink_to(plimsoll)
    for index in range(job["completions"]):
        environment = {**os.environ, **settings, "JOB_COMPLETION_INDEX": str(index)}
        subprocess.run(container["command"], cwd=place, env=environment, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([plimsoll, "merge", "pods", "-q", "-o", "by-pods"], cwd=place, check=True)
    return "by-pods"


def adapter(plimsoll, result):
    script = str(TOP / "adapters" / "dask_sweep.py")
    return [sys.executable, script, "sweep.toml", "-o", result, "--parts", "both-parts", "--plimsoll", plimsoll]


def spawn(command, place):
    return subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def count(runs):
    return len(list(runs.glob("*.json")))


def wait_until(holds, what):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.01)


def wait_for_workers(address, workers):
    with Client(address) as client:
        client.wait_for_workers(workers, timeout=PATIENCE_S)


if __name__ == "__main__":
    main()
