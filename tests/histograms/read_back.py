"""Reads every histogram log of result folders with the public HdrHistogram: `read_back.py RESULT...`.

It must come to the percentiles that latency.csv and the percentile files beside have.
"""

import csv
import math
import sys
from pathlib import Path

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

NS_PER_S = 1e9
PERCENTILES = {"p50_s": 50.0, "p90_s": 90.0, "p99_s": 99.0, "p999_s": 99.9}


def read(path):
    """All intervals of a log together, in nanoseconds."""
    whole = HdrHistogram(1, 2**62, 3)
    reader = HistogramLogReader(str(path), whole)
    intervals = 0
    while reader.add_next_interval_histogram() is not None:
        intervals += 1
    assert intervals == 1, f"{path}: {intervals} intervals"
    return whole


def agree(what, found, expected):
    assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9), f"{what}: {found}, expected {expected}"


def check_table(row, histogram):
    assert histogram.get_total_count() == int(row["count"]), row
    for column, percentile in PERCENTILES.items():
        agree(f"{row['what']} {column}", histogram.get_value_at_percentile(percentile) / NS_PER_S, float(row[column]))
    agree(f"{row['what']} max_s", histogram.get_max_value() / NS_PER_S, float(row["max_s"]))
    # The mean of buckets depends on where in a bucket a tool takes its values to be.
    assert math.isclose(histogram.get_mean_value() / NS_PER_S, float(row["mean_s"]), rel_tol=1e-3, abs_tol=1e-9), row


def check_percentiles(path, histogram):
    """Value, percentile, count at or below it; the value is the greatest of its bucket."""
    lines = [line.split() for line in path.read_text().splitlines()[2:] if not line.startswith("#")]
    assert lines and float(lines[-1][1]) == 1.0, path
    assert int(lines[-1][2]) == histogram.get_total_count(), path
    for value, quantile, *_ in lines[:-1]:
        found = histogram.get_value_at_percentile(100.0 * float(quantile)) / NS_PER_S
        assert math.isclose(found, float(value), rel_tol=1e-3, abs_tol=2e-9), f"{path}: {quantile}: {found}, {value}"


def main():
    logs = 0
    for result in map(Path, sys.argv[1:]):
        with open(result / "latency.csv", newline="") as table:
            rows = list(csv.DictReader(table))
        assert rows, f"{result}: nothing took place"
        for row in rows:
            log = result / "latency" / f"{row['what']}.hlog"
            histogram = read(log)
            check_table(row, histogram)
            check_percentiles(log.with_suffix(".hgrm"), histogram)
            logs += 1
    print(f"{logs} logs read back to the same percentiles")


main()
