#!/usr/bin/env bash
# Finding: a backlog of a hundred jobs of 10 s is cleared in 100 s by Ciw's processor sharing with room for ten, and in 1,000 s if it is there
# a nanosecond later: at the moment 0 ninety jobs are done in no time.
#
# Guess before the run: jobs that share one processor, ten at a time, take 1,000 s in all, whenever they come; those that wait for room are
# served when ten others have left, so that jobs are there for 550 s on average.
#
# Seen on 2026-11-30 with Ciw 3.2.7: that is so where the hundred come at 1 ns or at 5 s, and at 0 s in a node of the usual kind with one
# server. With `PSNode` at 0 s the ninety that find no room leave at once, as a job that has no end of service yet has the end
# `False`, which is 0, and thus is due. Their records have the type `service` as the others' have, a service time of 0 and
# `False` for their starts and ends, which count as 0 in a mean: jobs stay 10 s on average, not 550 s. No warning; the number of
# records is right. Models often start at 0 with what is there: the jobs of a stopped queue, of a trace whose times are taken
# from its first row, or residents. How long a backlog takes to clear is then an answer for a tenth of the backlog.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ciw==3.2.7
"$folder/venv/bin/python" -W error - <<'PYTHON'
import statistics

import ciw

JOBS, ROOM, LASTS = 100, 10, 10
NEVER = float("inf")


def clear(comes, servers, node):
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([comes] + [0] * (JOBS - 1) + [NEVER])],
        service_distributions=[ciw.dists.Deterministic(LASTS)],
        number_of_servers=[servers],
    )
    simulation = ciw.Simulation(network, node_class=node)
    simulation.simulate_until_max_time(10_000)
    records = simulation.get_all_records()
    assert [record.record_type for record in records] == ["service"] * JOBS
    stays = statistics.mean(record.exit_date - record.arrival_date for record in records)
    done = sum(record.exit_date is not False for record in records)
    last = max(record.exit_date for record in records) - comes
    print(f"{node.__name__}, {servers:3} at a time, from {comes} s on: cleared after {last:.0f} s, mean stay {stays:.1f} s, {done} have an end")
    return round(last, 6), round(stays, 6), done


# Ten at a time share the processor, so that they leave together after 100 s.
whole = 1_000, 550, JOBS
assert clear(5, ROOM, ciw.PSNode) == whole, "processor sharing has changed"
assert clear(1e-9, ROOM, ciw.PSNode) == whole, "processor sharing has changed"
assert clear(0, ROOM, ciw.PSNode) == (100, 10, ROOM), "processor sharing at 0 has changed"
assert clear(0, JOBS, ciw.PSNode) == (1_000, 1_000, JOBS), "processor sharing with room for all has changed"
assert clear(0, 1, ciw.Node) == (1_000, 505, JOBS), "the usual node has changed"
PYTHON
