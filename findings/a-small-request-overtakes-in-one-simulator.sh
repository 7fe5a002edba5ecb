#!/usr/bin/env bash
# Finding: a request for 8 of 8 holds up a later one for 1 in SimPy; in salabim the later one is served at once.
#
# Guess before the run: a resource with a queue is first in first out in both, so that four free places stay free until the
# request at the head can be met.
#
# Seen with SimPy 4.1.2 (`Container`) and salabim 26.0.9 (`Resource`): half of eight places is taken for a hundred seconds, a
# request for all eight comes, then one for a single place. SimPy serves neither before the first half is back. salabim goes through
# the whole queue and serves whichever request fits, so that the small one starts at 0 s; only with `honor_only_first=True` does it
# wait as in SimPy. A model of a scheduler that is moved from the one to the other changes its discipline from strict order
# to one in which large requests can wait for ever, with no line of the model changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet simpy==4.1.2 salabim==26.0.9 greenlet==3.5.6
"$folder/venv/bin/python" - <<'PYTHON'
import salabim
import simpy


def by_simpy():
    world, starts = simpy.Environment(), {}
    places = simpy.Container(world, capacity=8, init=8)

    def job(name, amount, lasts):
        yield places.get(amount)
        starts[name] = world.now
        yield world.timeout(lasts)
        yield places.put(amount)

    for name, amount, lasts in [("half", 4, 100), ("large", 8, 10), ("small", 1, 10)]:
        world.process(job(name, amount, lasts))
    world.run(until=1_000)
    return starts


def by_salabim(**rule):
    salabim.yieldless(False)
    world, starts = salabim.Environment(trace=False), {}
    places = salabim.Resource("places", capacity=8, **rule)

    class Job(salabim.Component):
        def setup(self, label, amount, lasts):
            self.label, self.amount, self.lasts = label, amount, lasts

        def process(self):
            yield self.request((places, self.amount))
            starts[self.label] = world.now()
            yield self.hold(self.lasts)

    for label, amount, lasts in [("half", 4, 100), ("large", 8, 10), ("small", 1, 10)]:
        Job(label=label, amount=amount, lasts=lasts)
    world.run(till=1_000)
    return starts


simpy_starts, salabim_starts, strict = by_simpy(), by_salabim(), by_salabim(honor_only_first=True)
print("SimPy", simpy_starts)
print("salabim", salabim_starts)
print("salabim, honor_only_first", strict)
assert simpy_starts == {"half": 0, "large": 100, "small": 110}, "SimPy has changed"
assert salabim_starts == {"half": 0, "small": 0, "large": 100}, "salabim has changed"
assert strict == simpy_starts, "salabim's strict queue has changed"
PYTHON
