#!/usr/bin/env bash
# Finding: six servers are enough for a load of 5.6, by pyworkforce's and pyqueueing's own formulas; asked for the number that is needed, both
# say seven, as neither looks at six.
#
# Guess before the run: a function that looks for the least number of servers of an M/M/c queue begins with the smallest that is more than
# the load, and returns it if enough requests are served in time; both have Erlang's formula, and so the same number.
#
# Seen on 2026-11-30 with pyworkforce 0.5.4 and pyqueueing 0.1.1. Of requests that may wait ten times as long as one takes, six servers serve
# 98.5 % in time, where 95 % are wanted, by both libraries and by Erlang's recursion. pyqueueing looks from ⌈load⌉ + 1 on, pyworkforce
# from the load + 1 rounded, which is one too high where its fraction is a half or more. Of 500 loads from 0.05 to 49.95 pyqueueing says
# one more than needed for 350, and pyworkforce for 100; where half a service's time is waited at most, for 1 and 0, as one needs more
# than the smallest number then. In calls and staff, which both have as examples, waits are short. "Minimum number of servers c satisfying
# the constraint" is what pyqueueing says of the result, "required positions for a target service level" pyworkforce (0.5.1, the newest for
# Python 3.11, says the same numbers, and "needed to ensure the required service level"). A batch service whose jobs
# may wait an hour and take six minutes is bought a seventh machine for six, and a second GPU where one is busy 60 % of the time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# The newest pyworkforce is for Python 3.12 to 3.14; what is called here runs on 3.11 as well.
"$folder/venv/bin/pip" install --quiet --no-deps --ignore-requires-python pyworkforce==0.5.4
"$folder/venv/bin/pip" install --quiet pyqueueing==0.1.1 joblib==1.6.0 numpy==2.4.6 ortools==9.15.6755 pandas==3.1.1
"$folder/venv/bin/python" - <<'PYTHON'
from math import exp

from pyqueueing import MMC, ErlangC as Pyqueueing
from pyworkforce.queuing import ErlangC as Pyworkforce


def share(load, servers, wait):
    """Of those who come, the share that waits no longer than so many services, by Erlang's recursion."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return 1 - servers * blocked / (servers - load * (1 - blocked)) * exp(-(servers - load) * wait)


def least(load, wanted, wait):
    servers = int(load) + 1
    while share(load, servers, wait) < wanted:
        servers += 1
    return servers


def by_libraries(load, wanted, wait):
    return (
        Pyworkforce(transactions=load, aht=1, asa=wait, interval=1).required_positions(service_level=wanted)["raw_positions"],
        Pyqueueing(arrival_rate=load, service_rate=1).required_servers(target_service_level=(wait, wanted)),
    )


load, wanted, wait = 5.6, 0.95, 10
own = [round(value, 4) for value in (
    Pyworkforce(transactions=load, aht=1, asa=wait, interval=1).service_level(6), MMC(load, 1, 6).wait_time_cdf(wait), share(load, 6, wait)
)]
print(f"load {load}, six servers: share that waits {wait} services at most {own}")
print(f"least number for {wanted}: {least(load, wanted, wait)}; pyworkforce and pyqueueing {by_libraries(load, wanted, wait)}")
assert own == [0.9849] * 3 and least(load, wanted, wait) == 6, "the formulas have changed"
assert by_libraries(load, wanted, wait) == (7, 7), "the number has changed"
alone = least(0.6, wanted, wait), *by_libraries(0.6, wanted, wait)
print(f"load 0.6: least number {alone[0]}; pyworkforce and pyqueueing {alone[1:]}")
assert alone == (1, 2, 2), "the number has changed"

loads = [number / 10 + 0.05 for number in range(500)]
for wait, expected in ((0.5, (0, 1)), (10, (100, 350))):
    more = [[number - least(load, wanted, wait) for number in by_libraries(load, wanted, wait)] for load in loads]
    counts = tuple(column.count(1) for column in zip(*more))
    print(f"waits of {wait:4} services: one more than needed for {counts} of {len(loads)} loads")
    assert counts == expected and {number for pair in more for number in pair} <= {0, 1}, "the counts have changed"
PYTHON
