#!/usr/bin/env bash
# Finding: asked for the 99th percentile of 1 to 100, quantile-python says 51; of a thousand lognormal latencies it says 1.4 ms where it is
# 8.9 ms.
#
# Guess before the run: an estimator that is told to keep the 99th percentile within 0.1 % of the ranks has it within a value or two of a
# thousand; and a hundred values, which are fewer than its buffer of 512 holds, it knows exactly.
#
# Seen on 2026-11-30 with quantile-python 1.1, and with quantile-estimator 0.1.3, which does the same for the same targets (50 % within 5 %,
# 90 % within 1 %, 99 % within 0.1 %): of 1 to 100 the former says 27, 45 and 51, of a thousand lognormal values it names the 29th, 60th and
# 65th percentile; the latter is at most 6 ranks of a hundred off in the middle and one in the tail. Where a batch goes into the
# sorted list, `_replace_batch` puts a value that belongs at the end there twice, so that up to 512 values become nearly twice
# as many, and `query` counts ranks up to the number of values: the 99th of 100 is then about the 50th. Later batches go in once in
# the middle, so that of 100,000 values in mixed order it comes near (percentile 98.4), while values that rise, as waits do when a
# queue grows, are doubled to the end: the median again. Of a constant latency it is right, and nothing is raised. A fleet that is scaled
# by the 99th percentile of each minute is scaled by the median, where a minute has up to 512 answers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet quantile-python==1.1 quantile-estimator==0.1.3
"$folder/venv/bin/python" -W error - <<'PYTHON'
import bisect
import random

import quantile
import quantile_estimator

TARGETS = (0.5, 0.05), (0.9, 0.01), (0.99, 0.001)


def estimates(package, values):
    estimator = package.Estimator(*TARGETS)
    for value in values:
        estimator.observe(value)
    return [estimator.query(target) for target, _ in TARGETS]


def ranks(values, estimated):
    """Which percentile each estimate is."""
    ordered = sorted(values)
    return [round(100 * bisect.bisect_right(ordered, value) / len(ordered), 1) for value in estimated]


def compare(name, values):
    seen = {package.__name__: estimates(package, values) for package in (quantile, quantile_estimator)}
    percentiles = {package: ranks(values, estimated) for package, estimated in seen.items()}
    ordered = sorted(values)
    true = [round(ordered[round(target * len(ordered)) - 1], 2) for target, _ in TARGETS]
    print(f"{name}: true {true}")
    for package in seen:
        print(f"  {package:18} {[round(value, 2) for value in seen[package]]}, which are percentiles {percentiles[package]}")
    for percentile, target, error in zip(percentiles["quantile_estimator"], (50, 90, 99), (6, 1.5, 1)):
        assert abs(percentile - target) <= error, "quantile-estimator has changed"
    return seen["quantile"], percentiles["quantile"]


drawn = random.Random(1)
hundred, _ = compare("1 to 100", range(1, 101))
assert hundred == [27, 45, 51], hundred
lognormal, percentiles = compare("1,000 lognormal latencies", [drawn.lognormvariate(0, 1) for _ in range(1000)])
assert percentiles[2] < 70 and lognormal[2] < 2, "the lognormal values have changed"
rising, percentiles = compare("100,000 that rise", range(100_000))
assert 49 < percentiles[2] < 51, "rising values have changed"
mixed, percentiles = compare("100,000 in mixed order", [drawn.random() for _ in range(100_000)])
assert 97 < percentiles[2] < 99, "mixed values have changed"
constant = estimates(quantile, 1000 * [5])
print(f"1,000 times 5: {constant}")
assert constant == [5, 5, 5], "constant values have changed"
PYTHON
