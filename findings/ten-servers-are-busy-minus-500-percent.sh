#!/usr/bin/env bash
# Finding: ten servers that are busy 40 % of the time have a utilisation of -497 % by openqtsim's report, and one that is busy 80 % has 120 %;
# one that is busy 10 % and one that is busy 83 % have half a customer each.
#
# Guess before the run: of queues in which nothing is random the report has the utilisation that follows from the rates, and a mean number of
# customers that agrees with the mean time that it has beside it (Little's law).
#
# Seen on 2026-12-01 with openqtsim 0.5.1, `get_stats`. "System utilisation" takes the idle time of all servers together off the length of the
# run, which is right for one server, and below 0 as soon as ten are idle more than a tenth of the time; "probability nobody in the
# system" is 597 % then. "Server utilisation" divides the time waited, not the time served, by servers and length: 0 % where nobody waits,
# 120 % where four come at a time every five hours, for an hour each. The "average nr of customers" in system and queue are means of
# the lines of a log, one or two for each change, not means over time: of one customer an hour it is a half, whether each stays for
# six minutes or fifty. Times are right, and so is the log. README and docstrings have no word of it. Who sizes by this report
# adds servers to a queue in which one is enough, or has ten that do less than nothing; a target of 70 % says nothing of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openqtsim==0.5.1 simpy==4.1.2 pandas==2.3.3 numpy==2.4.6
MPLCONFIGDIR=$folder "$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import io
import re

import pandas
from openqtsim.arrival_process import ArrivalProcess
from openqtsim.queue import Queue
from openqtsim.service_process import ServiceProcess
from openqtsim.simulation import Simulation

CUSTOMERS = 1000


def report(servers, gap, service, together=1):
    """What is printed of customers who come at even distances, one or some together, and are served for one time."""
    numbers = range(CUSTOMERS + 1)
    arrivals = pandas.DataFrame({"IAT": [0.0 if number % together else gap for number in numbers]})
    each = [pandas.DataFrame({"ST": service, "s_id": server + 1}, index=numbers) for server in range(servers)]
    queue = Queue(ArrivalProcess("D", arrivals), ServiceProcess("D", pandas.concat(each)), c=servers)
    simulation = Simulation(queue)
    simulation.run(max_arr=CUSTOMERS)
    with contextlib.redirect_stdout(io.StringIO()) as text:
        simulation.get_stats()
    printed = {name: float(value) for name, value in re.findall(r"^(\w+): .*: (\S+)$", text.getvalue(), re.M)}
    log, _ = simulation.return_log()
    length = log["TSE"].max()
    return printed, log["ST"].sum() / servers / length, log["TCSS"].sum() / length


for case, expected in {
    (10, 1.0, 4.0): (40, -497, 0, 597, 3.5, 4.0, 4.0),
    (1, 5.0, 1.0, 4): (80, 80, 120, 20, 2.1, 2.0, 2.5),
    (1, 1.0, 0.1): (10, 10, 0, 90, 0.5, 0.1, 0.1),
    (1, 1.0, 5 / 6): (83, 83, 0, 17, 0.5, 0.8, 0.8),
}.items():
    printed, busy, inside = report(*case)
    shares = [round(100 * share) for share in (busy, printed["Rho_system"], printed["Rho_server"], printed["P_0"])]
    seen = *shares, round(printed["L_s"], 1), round(inside, 1), round(printed["W_s"], 1)
    print(
        "servers, gap, time[, together]", ", ".join(f"{number:g}" for number in case) + f": busy {shares[0]} %, by the report",
        f"system {shares[1]} %, server {shares[2]} %, nobody there {shares[3]} %;",
        f"{seen[4]} customers by the report, {seen[5]} by its log, {seen[6]} h each"
    )
    assert seen == expected, "the report has changed"
PYTHON
