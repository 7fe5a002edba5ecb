#!/usr/bin/env bash
# Finding: of ten jobs that come at one moment, simulus and DESimpy serve number 0, 6, 8 and 0, 2, 6 first; a process that does nothing
# makes it 5, 7, 6 and 1, 5, 9.
#
# Guess before the run: what is due at one moment happens in the order in which it was scheduled, as in SimPy; and a resource that is
# first in first out, as simulus' is by default, serves jobs of one moment in their order.
#
# Seen on 2026-11-30 with simulus 1.2.1, DESimpy 0.48.0 and SimPy 4.1.2: SimPy keeps the order. The other two compare events by their time
# alone, in a heap, which keeps no order among equals. (simulus calls it arbitrary in a remark on mailboxes; its queues are "FIFO".)
# Every run repeats it, so that it looks meant, but it hangs on how many events the moment has: one more, which reads
# the clock and leaves, reorders all. Traces in whole seconds are full of such moments. There a probe that was put into
# a model to watch it decides which jobs a full cluster turns away, and two policies compared on one trace differ by more than their rules.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet simulus==1.2.1 desimpy==0.48.0 simpy==4.1.2
"$folder/venv/bin/python" - <<'PYTHON'
import desimpy
import simpy
import simulus

JOBS = 10


def by_simpy(watched):
    world, served = simpy.Environment(), []
    server = simpy.Resource(world, capacity=1)

    def job(number):
        yield world.timeout(5)
        with server.request() as place:
            yield place
            served.append(number)
            yield world.timeout(1)

    def probe():
        yield world.timeout(5)

    if watched:
        world.process(probe())
    for number in range(JOBS):
        world.process(job(number))
    world.run()
    return served


def by_simulus(watched):
    world, served = simulus.simulator(), []
    server = world.resource(capacity=1)

    def job(number):
        world.sleep(5)
        server.acquire()
        served.append(number)
        world.sleep(1)
        server.release()

    def probe():
        world.sleep(5)

    if watched:
        world.process(probe)
    for number in range(JOBS):
        world.process(job, number)
    world.run()
    return served


def by_desimpy(watched):
    world, served = desimpy.EventScheduler(), []
    if watched:
        world.timeout(5, lambda: None)
    for number in range(JOBS):
        world.timeout(5, lambda number=number: served.append(number))
    world.run_until_max_time(10)
    return served


seen = {}
for name, run in {"SimPy": by_simpy, "simulus": by_simulus, "DESimpy": by_desimpy}.items():
    seen[name] = run(watched=False), run(watched=True)
    assert seen[name] == (run(watched=False), run(watched=True)), "two runs differ"
    print(f"{name:8} served {seen[name][0]}, with a probe {seen[name][1]}")
in_order = list(range(JOBS))
assert seen["SimPy"] == (in_order, in_order), "SimPy has changed"
assert seen["simulus"] == ([0, 6, 8, 7, 2, 4, 1, 9, 5, 3], [5, 7, 6, 2, 1, 8, 3, 9, 0, 4]), "simulus has changed"
assert seen["DESimpy"] == ([0, 2, 6, 9, 8, 5, 7, 4, 1, 3], [1, 5, 9, 8, 7, 4, 6, 3, 0, 2]), "DESimpy has changed"
PYTHON
