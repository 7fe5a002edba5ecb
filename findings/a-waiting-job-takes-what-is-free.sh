#!/usr/bin/env bash
# Finding: in Cimba a job of six places that waits for two holds the four it could get; two such jobs keep a cluster of eight in full use
# with no one at work.
#
# Guess before the run: a request for six of eight places is met or waits, as the package's pages have it, and takes nothing until it is met;
# so half a cluster stays free beside it, and an urgent request goes before it, as in salabim.
#
# Seen on 2026-11-30 with Cimba for Python 0.9.5 and salabim 26.0.9. Four of eight places are taken for 100 s, a job of six comes at 1 s: at
# 50 s salabim has four places free and Cimba none, and up to 99 s the mean use is 4 and 7.96. If an urgent job of six comes at 2 s, salabim
# starts it at 100 s and the other at 110 s. In Cimba it takes the four that come back at 100 s, the other keeps the four it has waited
# with, and neither has begun at 1,000 s, at a mean use of 7.996. A header of the C library below calls this greedy, the Python
# package says nothing of it. A cluster in which jobs start whole, moved to such a pool, shows more use than work, and can stand still.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cimba==0.9.5 salabim==26.0.9 greenlet==3.5.6
cat >"$folder/models.py" <<'PYTHON'
import cimba
import salabim

NEVER = -1.0


class Cluster(cimba.Model):
    places: cimba.Resource = cimba.Resource(capacity=8)
    urgent_places: cimba.Param[int] = 0
    large_began: cimba.Output[float]
    urgent_began: cimba.Output[float]
    free: cimba.Output[float]
    used: cimba.Output[float]

    @cimba.on_start
    def begin(self):
        self.large_began = -1.0
        self.urgent_began = -1.0

    @cimba.process
    def half(self):
        self.places.acquire(4)
        cimba.hold(100.0)
        self.places.release(4)

    @cimba.process
    def large(self):
        cimba.hold(1.0)
        self.places.acquire(6)
        self.large_began = cimba.now()
        cimba.hold(10.0)
        self.places.release(6)

    @cimba.process
    def urgent(self):
        cimba.hold(2.0)
        if self.urgent_places > 0:
            self.places.acquire(self.urgent_places, 1)
            self.urgent_began = cimba.now()
            cimba.hold(10.0)
            self.places.release(self.urgent_places)

    @cimba.process
    def probe(self):
        cimba.hold(50.0)
        self.free = self.places.available()

    @cimba.on_end
    def end(self):
        self.used = self.places.mean_in_use()


def by_cimba(urgent_places, lasts):
    model = Cluster()
    model.urgent_places = urgent_places
    window = cimba.Window(warmup=0, duration=lasts)
    seen = cimba.Experiment(model, replications=1, window=window, seed=1).run()[model]
    return [round(float(getattr(seen, name).values[0][0]), 3) for name in ("large_began", "urgent_began", "free", "used")]


def by_salabim(urgent_places, lasts):
    salabim.yieldless(False)
    world = salabim.Environment(trace=False)
    places, began, free = salabim.Resource("places", capacity=8), {}, []

    class Job(salabim.Component):
        def setup(self, label, comes, amount, stays, rank=0):
            self.label, self.comes, self.amount, self.stays, self.rank = label, comes, amount, stays, rank

        def process(self):
            yield self.hold(self.comes)
            yield self.request((places, self.amount, self.rank))
            began[self.label] = world.now()
            yield self.hold(self.stays)

    class Probe(salabim.Component):
        def process(self):
            yield self.hold(50)
            free.append(places.available_quantity())

    Job(label="half", comes=0, amount=4, stays=100)
    Job(label="large", comes=1, amount=6, stays=10)
    if urgent_places:
        # The lower priority goes first in salabim, the higher in Cimba.
        Job(label="urgent", comes=2, amount=urgent_places, stays=10, rank=-1)
    Probe()
    world.run(till=lasts)
    used = round(places.claimed_quantity.mean(), 3)
    return [float(began.get("large", NEVER)), float(began.get("urgent", NEVER)), float(free[0]), used]


print("urgent places, length: began (large, urgent), free at 50 s, mean use")
expected = {
    (0, 99): ([NEVER, NEVER, 4, 4], [NEVER, NEVER, 0, 7.96]),
    (0, 1_000): ([100, NEVER, 4, 0.46], [100, NEVER, 0, 0.856]),
    (6, 1_000): ([110, 100, 4, 0.52], [NEVER, NEVER, 0, 7.996]),
}
for case, (salabim_expected, cimba_expected) in expected.items():
    one, other = by_salabim(*case), by_cimba(*case)
    print(f"{case[0]}, {case[1]:4} s: salabim {one}, Cimba {other}")
    assert one == salabim_expected, "salabim has changed"
    assert other == cimba_expected, "Cimba has changed"
PYTHON
"$folder/venv/bin/python" "$folder/models.py"
