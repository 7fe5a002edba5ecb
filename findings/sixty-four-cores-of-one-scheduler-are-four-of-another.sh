#!/usr/bin/env bash
# Finding: one job of PSI/J, of 64 cores and 64 GiB in all, asks Slurm for 64 cores and 256 GiB, PBS Pro for four cores and 256 GiB, and LSF
# for four slots.
#
# Guess before the run: the library is there so that one description of a job goes to any scheduler; it asks each of them for the same
# cores, GPUs and memory, and what an executor cannot pass on it refuses, as it does with numbers that contradict each other.
#
# Seen on 2026-11-30 with psij-python 0.9.11, whose executors were given stand-ins for `sbatch`, `qsub` and `bsub` that keep what is
# submitted. The job has four nodes, a process on each, 16 cores and two GPUs for each process, and a memory of 64 GiB, which
# `ResourceSpecV1` calls the total of the job. Slurm's template writes that total after `--mem`, which is memory per node by Slurm's manual,
# PBS Pro's after `mem=` of each of four chunks: four times as much in both. The templates of PBS Pro and LSF know nothing of
# `cpu_cores_per_process`, so that a process gets one core instead of 16; PBS Pro's knows nothing of GPUs either. Nothing is logged.
# On one node the memory is right, where one tries it out. Traces of two sites that ran the same program show demands that differ by a
# factor of 16 in cores; the memory asked for grows with the nodes over which a job is spread, and with it what a simulated cluster seems to need.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psij-python==0.9.11
mkdir "$folder/bin"
cat >"$folder/bin/sbatch" <<'STANDIN'
#!/usr/bin/env bash
cp "$1" "$KEPT"
echo "Submitted batch job 1"
STANDIN
cat >"$folder/bin/qsub" <<'STANDIN'
#!/usr/bin/env bash
cp "$1" "$KEPT"
echo "1.server"
STANDIN
cat >"$folder/bin/bsub" <<'STANDIN'
#!/usr/bin/env bash
cp "$1" "$KEPT"
echo "Job <1> is submitted to default queue."
STANDIN
chmod +x "$folder/bin/"*
export HOME=$folder PATH="$folder/bin:$PATH" KEPT="$folder/kept"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import logging
import os
import pathlib
import re

from psij import InvalidJobException, Job, JobExecutor, JobSpec, ResourceSpecV1

GIB = 2**30
logged = []


class Submitting(logging.Handler):
    """What is logged where jobs are submitted, not where their states are asked for."""

    def emit(self, record):
        if record.threadName == "MainThread":
            logged.append(record.getMessage())


logging.getLogger("psij").addHandler(Submitting(logging.WARNING))


def directives(executor, nodes):
    """What one job asks a scheduler for."""
    resources = ResourceSpecV1(
        node_count=nodes, processes_per_node=1, cpu_cores_per_process=16, gpu_cores_per_process=2, memory=64 * GIB
    )
    JobExecutor.get_instance(executor).submit(Job(JobSpec(executable="/bin/true", resources=resources)))
    return re.findall(r"^#(?:SBATCH|PBS|BSUB) (.*)", pathlib.Path(os.environ["KEPT"]).read_text(), re.MULTILINE)


def number(lines, pattern):
    found = re.findall(pattern, "\n".join(lines))
    return int(found[0]) if found else 0


expected = {
    # nodes: of Slurm (cores, GPUs, GiB), of PBS Pro the same, slots of LSF
    4: ((64, 8, 256), (4, 0, 256), 4),
    1: ((16, 2, 64), (1, 0, 64), 1),
}
for nodes, asked in expected.items():
    lines = directives("slurm", nodes)
    tasks, per_node = number(lines, r"--ntasks=(\d+)"), number(lines, r"--mem=(\d+)K")
    slurm = tasks * number(lines, r"--cpus-per-task=(\d+)"), tasks * number(lines, r"--gpus-per-task=(\d+)"), nodes * per_node // 2**20
    lines = directives("pbs", nodes)
    chunks = number(lines, r"select=(\d+)")
    pbs = tuple(chunks * number(lines, pattern) for pattern in (r"ncpus=(\d+)", r"gpus=(\d+)", r":mem=(\d+)"))
    pbs = *pbs[:2], pbs[2] // GIB
    [select] = (line for line in lines if "select" in line)
    lines = directives("lsf", nodes)
    slots = number(lines, r"-n (\d+)")
    print(f"{nodes} nodes, {16 * nodes} cores, {2 * nodes} GPUs and 64 GiB in all")
    print(f"  (cores, GPUs, GiB) of Slurm {slurm}, of PBS Pro {pbs}; slots of LSF {slots}")
    print(f"  PBS Pro: {select}; LSF: {lines}")
    assert (slurm, pbs, slots) == asked, "no longer as written above"
    assert not any("16" in line for line in lines), "LSF's template knows cores per process"
assert not logged, "something is logged now"
try:
    ResourceSpecV1(node_count=4, processes_per_node=1, process_count=5)
except InvalidJobException as error:
    print(f"refused: {error}")
else:
    raise AssertionError("contradictions are no longer refused")
PYTHON
