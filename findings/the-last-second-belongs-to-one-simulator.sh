#!/usr/bin/env bash
# Finding: what happens at the very end of a run has happened in salabim and not in SimPy: one of 24 hourly samples is missing.
#
# Guess before the run: a run until 24 h of something that happens every hour, from 1 h on, has it 24 times.
#
# Seen with SimPy 4.1.2 and salabim 26.0.9: `run(until=24)` of SimPy stops before the events of that moment and counts 23, `run(till=24)`
# of salabim after them and counts 24. Times on a grid (hourly samples, billing hours, traces in whole minutes) meet the horizon
# always, so that totals, last samples and whoever leaves at the end differ by one between models that say the same. Both
# clocks then stand at 24.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet simpy==4.1.2 salabim==26.0.9 greenlet==3.5.6
"$folder/venv/bin/python" - <<'PYTHON'
import salabim
import simpy

world, by_simpy = simpy.Environment(), []


def sample():
    while True:
        yield world.timeout(1)
        by_simpy.append(world.now)


world.process(sample())
world.run(until=24)

salabim.yieldless(False)
other, by_salabim = salabim.Environment(trace=False), []


class Sample(salabim.Component):
    def process(self):
        while True:
            yield self.hold(1)
            by_salabim.append(other.now())


Sample()
other.run(till=24)
print(f"SimPy: {len(by_simpy)} samples, clock at {world.now}; salabim: {len(by_salabim)}, clock at {other.now()}")
assert (len(by_simpy), world.now) == (23, 24), "SimPy has changed"
assert (len(by_salabim), other.now()) == (24, 24), "salabim has changed"
PYTHON
