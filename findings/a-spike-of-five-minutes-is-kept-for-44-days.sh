#!/usr/bin/env bash
# Finding: by kube-resource-report a pod of 1 GiB needs 12 GiB for 44 days after five minutes at 10 GiB, and then 1.2 GiB from one look to the
# next: what forgets the spike is not its half-life of a day, but the 53 bits of a double.
#
# Guess before the run: a recommender whose samples lose half of their weight each day, after Kubernetes' Vertical Pod Autoscaler, lets a
# single old spike fade: after a week it has a hundredth of the weight it had, among 2,000 other samples, and is out of the recommendation.
#
# Seen on 2026-11-30 with kube-resource-report 21.2.1, whose `Recommender` was given a pod's use every five minutes (the clock is turned by
# the script), and its histogram. Memory is the 100th percentile, which does not depend on weights as long as they are not zero; so
# no half-life changes anything. The recommendation falls when the sum of the weights below the spike reaches the total in spite of it,
# that is when its share is lost in rounding: with 288 samples a day after 44 days, with one a day after 54, with a half-life of two days
# after 87. The autoscaler itself keeps the peak of each day and takes the 90th percentile of these. The module says that metrics "are
# weighted half after one day", the pages of the package nothing of it. Its slack, and what could be saved, leave out nine tenths of such a
# pod for six weeks; and a pod that does need its 10 GiB every seventh week is told to give them up just before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kube-resource-report==21.2.1
"$folder/venv/bin/python" - <<'PYTHON'
from unittest import mock

from kube_resource_report import recommender
from kube_resource_report.histogram import DecayingExponentialHistogram

GIB, DAY, MINUTES = 2**30, 86400, 300
FIRST = 1790000000


def recommendations(days, step):
    """Memory recommended by day, when it changes, for a pod that uses 1 GiB, and 10 GiB at the first look alone."""
    watched, seen = recommender.Recommender(), []
    for second in range(0, days * DAY, step):
        pod = {
            "application": "shop", "component": "api", "container_names": ["api"],
            "requests": {"cpu": 1, "memory": 12 * GIB}, "usage": {"cpu": 0.5, "memory": GIB if second else 10 * GIB},
        }
        with mock.patch.object(recommender.time, "time", lambda: FIRST + second):
            watched.update_pods({("default", "api-0"): pod})
        memory = round(pod["recommendation"]["memory"] / GIB, 2)
        if not seen or seen[-1][1] != memory:
            seen.append((round(second / DAY, 1), memory))
    return seen


def forgets(half_life, step):
    """The day on which the 100th percentile no longer holds a single large value."""
    histogram, second = DecayingExponentialHistogram(10 * 2**20, 1.05, half_life), 0
    histogram.add_sample(10 * GIB, 1, 0)
    while histogram.get_percentile(1) > 2 * GIB:
        second += step
        histogram.add_sample(GIB, 1, second)
    return round(second / DAY, 1)


seen = recommendations(60, MINUTES)
for day, memory in seen:
    print(f"from day {day} on: {memory} GiB")
assert recommender.MEMORY_HISTOGRAM_DECAY_HALF_LIFE == DAY, "the half-life has changed"
assert seen == [(0.0, 12.05), (44.7, 1.21)], "the recommendation has changed"
days = [forgets(half_life * DAY, step) for half_life, step in ((1, MINUTES), (1, DAY), (2, MINUTES))]
print(f"forgotten with 288 samples a day, with one, with a half-life of two days: after {days} days")
assert days == [44.3, 54.0, 86.6], "the histogram has changed"
PYTHON
