#!/usr/bin/env bash
# Finding: one of LINE's solvers gives fifty servers behind one queue the delay of fifty queues with a server each.
#
# Guess before the run: requests wait less the larger a fleet is whose servers are all busy 90 % of the time (Erlang's C), and each
# solver that calls the open model supported says so, exactly or by Seidmann's approximation, which this one's source names.
#
# Seen on 2026-11-30 with line-solver 3.0.8.0, for 1, 2, 10 and 50 servers and a second's mean service: mean value analysis (`MVA`) and the
# matrix-analytic solver (`MAM`) give Erlang's 10, 5.26, 1.67 and 1.07 s. The normalizing constants (`NC`) give 10 s each time, which
# is not Seidmann's value either (1.18 s of fifty). `NC.supports` says yes, nothing warns, utilization is right, and with the method
# `ca` the value is labelled exact. Where customers go round in a closed circle it is right. What is lost is the gain of a shared
# queue, for which one pools a fleet: 45 requests a second in 1.1 s take 50 servers, by this solver 495.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet line-solver==3.0.8.0
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import contextlib
import io
import math

from line_solver import (
    MAM, MVA, NC, ClosedClass, Delay, Exp, Network, OpenClass, Queue, SchedStrategy, Sink, Source,
)

BUSY = 0.9


def fleet(servers, requests_per_second=None):
    model = Network("fleet")
    source, queue, sink = Source(model, "clients"), Queue(model, "servers", SchedStrategy.FCFS), Sink(model, "done")
    queue.setNumberOfServers(servers)
    requests = OpenClass(model, "requests")
    source.setArrival(requests, Exp(requests_per_second or BUSY * servers))
    queue.setService(requests, Exp(1))
    model.link(Network.serialRouting(source, queue, sink))
    return model


def circle(servers):
    model = Network("circle")
    think, queue = Delay(model, "think"), Queue(model, "servers", SchedStrategy.FCFS)
    queue.setNumberOfServers(servers)
    clients = ClosedClass(model, "clients", 10, think)
    think.setService(clients, Exp(0.5))
    queue.setService(clients, Exp(1))
    model.link(Network.serialRouting(think, queue))
    return model


def at_servers(solver, column="RespT"):
    table = solver.avg_table()
    return round(float(table[table["Station"] == "servers"][column].iloc[0]), 4)


def erlang(servers):
    """Mean response [s] of a request by Erlang's C."""
    load = BUSY * servers
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    waits = blocked / (1 - BUSY * (1 - blocked))
    return round(1 + waits / (servers - load), 4)


for servers in 1, 2, 10, 50:
    by = {solver.__name__: at_servers(solver(fleet(servers), verbose=False)) for solver in (MVA, MAM, NC)}
    exact = at_servers(NC(fleet(servers), method="ca", verbose=False))
    used = at_servers(NC(fleet(servers), verbose=False), "Util")
    print(f"{servers:2} servers: Erlang {erlang(servers)} s, {by}, NC's ca {exact}, busy {used}")
    assert NC.supports(fleet(servers))
    assert math.isclose(by["SolverMVA"], erlang(servers), rel_tol=1e-3), "MVA has changed"
    assert math.isclose(by["SolverMAM"], erlang(servers), rel_tol=1e-3), "MAM has changed"
    assert (by["SolverNC"], exact, used) == (10, 10, 0.9), "NC has changed"
label = io.StringIO()
with contextlib.redirect_stdout(label):
    NC(fleet(50), method="ca").avg_table()
assert "type: exact" in label.getvalue(), "the label has changed"
by_mva = [at_servers(MVA(fleet(servers, 45), verbose=False)) for servers in (49, 50)]
by_nc = [at_servers(NC(fleet(servers, 45), verbose=False)) for servers in (494, 495)]
print(f"45 requests a second: MVA of 49 and 50 servers {by_mva} s, NC of 494 and 495 {by_nc} s")
assert by_mva[0] > 1.1 >= by_mva[1] and by_nc[0] > 1.1 >= by_nc[1], "the size has changed"
closed = [at_servers(solver(circle(4), verbose=False)) for solver in (MVA, NC)]
print(f"ten clients in a circle, 4 servers: MVA and NC {closed}")
assert closed[0] == closed[1], "the closed model has changed"
PYTHON
