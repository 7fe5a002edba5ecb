#!/usr/bin/env bash
# Finding: Lapis grows a pool in which one node of twenty has work to its limit, and wants no node any more where twenty are full and
# eighty jobs wait: its autoscaler runs backwards.
#
# Guess before the run: COBalD's linear controller takes nodes away below a utilisation of a half and adds some above an allocation of a half;
# a pool of Lapis, the simulator of that project, reports the share of its nodes that jobs have taken as both.
#
# Seen on 2026-11-30 with lapis-sim 0.4.2, usim 0.4.4 and cobald 0.12.3. With one job of a minute it has twenty nodes of at most twenty after
# a minute and keeps them, at a utilisation of 1.0, and wants 1,501 after 1,500 s; while the job runs it is 0.95. With a hundred jobs, each with
# the cores and memory of a node, it is 0.0 as soon as twenty run, and the nodes that are wanted fall from 62 to none within two minutes. When the
# twenty jobs end, 18 nodes are shut down while eighty jobs wait; now it is 1.0, and the nodes are started once more. `Drone` divides by
# the node's size what is free of it, not what is taken; COBalD's interface says "assigned for usage" and "actively used", Lapis' package
# nothing else. What is logged as `cobald_status` is turned round too. Who compares a static pool with one that scales pays for twenty nodes
# through a quiet night and sees nodes go at the peak, and who reads the log finds a cluster without work in full use.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lapis-sim==0.4.2 usim==0.4.4 cobald==0.12.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import io
import logging

from lapis.controller import SimulatedLinearController
from lapis.job_io.swf import swf_job_reader
from lapis.pool import Pool
from lapis.pool_io.machines import machines_pool_reader
from lapis.scheduler import CondorJobScheduler
from lapis.simulator import Simulator
from usim import time

CORES, NODES, KIB_OF_A_CORE = 8, 20, 1953125  # sixteen billion bytes, a node's memory, for eight cores
logging.getLogger("implementation").setLevel(logging.CRITICAL)


def simulate(jobs, until):
    """Jobs of a whole node by submission and run time; nodes wanted, nodes there, jobs on them and utilisation by time."""
    asked = f"{CORES} 0 {KIB_OF_A_CORE} {CORES}"
    trace = "".join(
        f"{number} {submit} 0 {run} {asked} {run} {KIB_OF_A_CORE} 1 1 1 1 1 1 -1 -1\n" for number, (submit, run) in enumerate(jobs, 1)
    )
    nodes = f"cluster_name number_of_nodes CPUs_per_node RAM_per_node_in_KB\npool {NODES} {CORES} 16000000\n"
    simulator, looks = Simulator(seed=1), {}
    simulator.create_job_generator(io.StringIO(trace), swf_job_reader)
    simulator.create_scheduler(CondorJobScheduler)
    simulator.create_pools(io.StringIO(nodes), machines_pool_reader, Pool, SimulatedLinearController)
    pool, regulate = simulator.pools[0], simulator.controllers[0].regulate

    def look(interval):
        running = sum(drone.jobs for drone in pool._drones)
        looks[int(time.now)] = int(pool.demand), int(pool.supply), running, round(pool.utilisation, 2)
        regulate(interval)

    simulator.controllers[0].regulate = look
    simulator.run(until=until)
    return looks


# The second job, long after the first, keeps the simulation going.
quiet, full = simulate([(0, 60), (9000, 60)], 1501), simulate([(0, 600)] * 100, 1000)
for name, looks, times in ("quiet", quiet, (60, 100, 500, 1500)), ("full", full, (62, 125, 660, 664, 700)):
    for second in times:
        print(f"{name} at {second:4} s:", "wants {} nodes, has {}, with {} jobs; utilisation {}".format(*looks[second]))
assert [quiet[second] for second in (60, 100, 500, 1500)] == [
    (61, 20, 0, 1.0), (101, 20, 1, 0.95), (501, 20, 0, 1.0), (1501, 20, 0, 1.0)
], "the quiet pool has changed"
assert [full[second] for second in (62, 125, 660, 664, 700)] == [
    (61, 20, 20, 0.0), (0, 20, 20, 0.0), (0, 20, 20, 0.0), (3, 2, 0, 1.0), (39, 20, 0, 1.0)
], "the full pool has changed"
PYTHON
