#!/usr/bin/env bash
# Finding: by most-queue's formula for a queue with nine places, those who get in wait 4.0 s at twice the load that the server can do, 0.89 s at
# ten times and 0.09 s at a hundred times, and the server is busy 10,000 % of the time; by its own simulation they wait 8 to 9 s.
#
# Guess before the run: the wait grows with the load, to the nine services that are before the last place, as in any queue that refuses who
# finds it full; the utilization is at most 1; and the package's formula and its simulation, made to be laid side by side, agree.
#
# Seen on 2026-12-01 with most-queue 2.9, `MMnrCalc` and `QsSim` of M/M/1 with nine places, service of 1 s: at half the load and at 0.9 the formula
# has 0.99 and 3.5 s, the simulation 1.0 and 3.6; at 2, 5, 10 and 100 the formula has 4.0, 1.75, 0.89 and 0.09 s, the simulation 8.0 to
# 9.0. The formula has the mean queue right, and divides it by all who come, not by those who get in; by those it is what the simulation
# measures. `utilization` is the load that is offered, 2 to 100, in both, although the simulation's docstring says "between 0 and 1" and the
# same queue without a place, as `ErlangBCalc`, has 0.909 at ten times where `MMnrCalc(n=1, r=0)` has 10. (`r` is "including servers"; it
# is without them: `r=9` has eleven states.) The README's example of the two side by side has a hundred places, of which none is ever needed.
# Who asks how short a queue must be for a service under overload is told that more load shortens the wait.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet most-queue==2.9 numpy==2.4.6 scipy==1.17.1
cd "$folder"
TQDM_DISABLE=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io

from most_queue.sim.base import QsSim
from most_queue.theory.fifo.erlang import ErlangBCalc
from most_queue.theory.fifo.mmnr import MMnrCalc

PLACES = 9


def by_formula(load, places=PLACES):
    queue = MMnrCalc(n=1, r=places)
    queue.set_sources(l=load)
    queue.set_servers(mu=1.0)
    return queue.run(), queue.get_mean_queue_length()


def by_simulation(load):
    with contextlib.redirect_stdout(io.StringIO()):
        queue = QsSim(1, buffer=PLACES, verbose=False, seed=1)
        queue.set_sources(load, "M")
        queue.set_servers(1.0, "M")
        return queue.run(max(3000, round(30000 / max(load, 1))))


seen = {}
for load in 0.5, 0.9, 2, 5, 10, 100:
    (formula, length), simulation = by_formula(load), by_simulation(load)
    assert len(formula.p) == PLACES + 2, "another number of states"
    got_in = load * (1 - formula.p[-1])
    true = length / got_in
    seen[load] = round(formula.w[0], 2), round(true, 2), formula.utilization
    print(f"load {load}: formula {formula.w[0]:.2f} s, utilization {formula.utilization:g}; simulation {simulation.w[0]:.2f} s,")
    print(f"    utilization {simulation.utilization:g}; the formula's mean queue by those who get in {true:.2f} s, busy {1 - formula.p[0]:.3f}")
    assert abs(simulation.w[0] / true - 1) < 0.1 and simulation.utilization == formula.utilization, "the simulation has changed"
expected = {0.5: (0.99, 0.99), 0.9: (3.46, 3.65), 2: (4.0, 8.01), 5: (1.75, 8.75), 10: (0.89, 8.89), 100: (0.09, 8.99)}
assert seen == {load: (*waits, load) for load, waits in expected.items()}, "the formula has changed"
erlang = ErlangBCalc(n=1)
erlang.set_sources(l=10.0)
erlang.set_servers(mu=1.0)
without, _ = by_formula(10.0, 0)
print(f"load 10, no place: MMnrCalc utilization {without.utilization:g}, ErlangBCalc {erlang.run().utilization:.3f}")
assert (without.utilization, round(erlang.run().utilization, 3)) == (10, 0.909), "the formulas have changed"
PYTHON
