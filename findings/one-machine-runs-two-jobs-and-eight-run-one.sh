#!/usr/bin/env bash
# Finding: in greensim two jobs are on one machine at the same time, and eight waiting jobs of one core take turns, one by one, on the eight
# that a job of eight cores has given back.
#
# Guess before the run: `Resource` is "limited commodities that processes need exclusive access to", so that a machine is with one job at a
# time; and when eight cores come free at once, the eight jobs that wait for one each start, as in SimPy, and end after 20 s.
#
# Seen on 2026-12-01 with greensim 2.3.1 and SimPy 4.1.2. One machine and two workers that do five jobs of 10 s each, one after another: SimPy
# ends after 100 s, greensim after 60, as from 10 s on both work. What a worker gives back is free until the one that waits wakes up
# at the same moment; the worker's own next `take` comes before that, and who wakes takes without another look. Meanwhile
# `num_instances_free` is -1, and the total is still 1, as it is the sum with what is held. Eight jobs behind one of eight cores: SimPy ends after
# 20 s, greensim after 90, seven cores idle for 80 of them: a `release` wakes one waiting process, however much it releases, and who takes
# wakes none. The docstring says that "this top process" is resumed, and not that the others go on waiting beside free cores. So the same
# resource is too fast where jobs are alike and come back, and too slow where large and small ones are mixed, and a capacity found
# with it is right for neither.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# greensim wants a greenlet of 2018, which has no wheel for newer Pythons.
"$folder/venv/bin/pip" install --quiet --no-deps greensim==2.3.1 greenlet==3.5.6 simpy==4.1.2
"$folder/venv/bin/python" - <<'PYTHON'
import greensim
import simpy

SECONDS = 10


def workers_by_greensim():
    world, machine = greensim.Simulator(), greensim.Resource(1)
    at_work, most, least_free = 0, 0, 1

    def worker():
        nonlocal at_work, most, least_free
        for _ in range(5):
            with machine.using():
                at_work += 1
                most, least_free = max(most, at_work), min(least_free, machine.num_instances_free)
                assert machine.num_instances_total == 1
                greensim.advance(SECONDS)
                at_work -= 1

    for _ in range(2):
        world.add(worker)
    world.run()
    return world.now(), most, least_free


def workers_by_simpy():
    world = simpy.Environment()
    machine = simpy.Resource(world, capacity=1)
    most, least_free = 0, 1

    def worker():
        nonlocal most, least_free
        for _ in range(5):
            with machine.request() as turn:
                yield turn
                most, least_free = max(most, machine.count), min(least_free, machine.capacity - machine.count)
                yield world.timeout(SECONDS)

    for _ in range(2):
        world.process(worker())
    world.run()
    return world.now, most, least_free


def cores_by_greensim():
    world, cores, starts = greensim.Simulator(), greensim.Resource(8), []

    def job(needed):
        with cores.using(needed):
            starts.append(greensim.now())
            greensim.advance(SECONDS)

    for needed in [8] + [1] * 8:
        world.add(job, needed)
    world.run()
    return world.now(), starts


def cores_by_simpy():
    world = simpy.Environment()
    cores, starts = simpy.Container(world, capacity=8, init=8), []

    def job(needed):
        yield cores.get(needed)
        starts.append(world.now)
        yield world.timeout(SECONDS)
        yield cores.put(needed)

    for needed in [8] + [1] * 8:
        world.process(job(needed))
    world.run()
    return world.now, starts


for name, run in {"SimPy": workers_by_simpy, "greensim": workers_by_greensim}.items():
    end, most, least_free = run()
    print(f"{name}: ten jobs of 10 s on one machine end after {end:g} s, {most} at once at most, {least_free} machines free at least")
    assert (end, most, least_free) == ((100, 1, 0) if name == "SimPy" else (60, 2, -1)), f"{name} has changed"
for name, run in {"SimPy": cores_by_simpy, "greensim": cores_by_greensim}.items():
    end, starts = run()
    print(f"{name}: a job of eight cores and eight of one start at {[f'{start:g}' for start in starts]} and end after {end:g} s")
    expected = (20, [0] + [10] * 8) if name == "SimPy" else (90, [10 * turn for turn in range(9)])
    assert (end, starts) == expected, f"{name} has changed"
PYTHON
