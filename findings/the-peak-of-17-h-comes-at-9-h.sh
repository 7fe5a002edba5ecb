#!/usr/bin/env bash
# Finding: sim-tools' arrivals by a table of the hours 8 to 19 have the peak of 17 h at 9 h and again at 21 h, and as many at night as by day.
#
# Guess before the run: the column `t` of the table says from when each mean holds, so that a table from 8 h to 19 h whose busy hour is 17 h
# gives arrivals from 8 h on, most of them at 17 h; at night it gives none, or raises an error.
#
# Seen on 2026-11-30 with sim-tools 1.3.0, `NSPPThinning`, and nhpp 0.0.3 for comparison, of 60 requests an hour and 600 at 17 h, twenty
# days: nhpp has the peak at 17 h and 1,260 requests a day; sim-tools has it at 9 h and at 21 h, and 2,520 a day. `sample` divides the clock
# by the width of a row and takes the rest by the number of rows; of `t`, which is required, the class reads the difference of the first
# two values, or nothing where the width is given. The order of the rows counts instead: with the busiest first the peaks are at 0 h and
# 12 h. The package's own check, `nspp_simulation`, counts by the same rest and shows the peak in the row of 17 h, where it was
# wanted; only that its first eight rows are doubled, as it runs for 20 hours, gives a hint. Who finds out by such arrivals how many
# instances each hour needs has the most of them eight hours early; a table that starts at 0 and covers the day is read as it is written.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile sim-tools==1.3.0 nhpp==0.0.3 numpy==2.4.6 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import collections

import nhpp
import numpy
import pandas
from sim_tools.time_dependent import NSPPThinning, nspp_simulation

DAYS, PEAK, OPENS, CLOSES = 20, 17, 8, 20
RATES = {hour: 600 if hour == PEAK else 60 for hour in range(OPENS, CLOSES)}


def by_sim_tools(rates, width=None):
    """Arrivals of each hour of the day, on average."""
    table = pandas.DataFrame({"t": list(rates), "mean_iat": [1 / rate for rate in rates.values()]})
    arrivals = NSPPThinning(table, interval_width=width, random_seed1=1, random_seed2=2)
    clock, counts = 0.0, collections.Counter()
    while (clock := clock + arrivals.sample(clock)) < 24 * DAYS:
        counts[int(clock % 24)] += 1
    return [counts[hour] / DAYS for hour in range(24)], table


def by_nhpp(rates):
    """As above. The table is a line that is as good as upright between two hours."""
    knots = {}
    for hour, rate in rates.items():
        knots |= {hour: rate, hour + 1 - 1e-6: rate}
    numpy.random.seed(1)
    counts = collections.Counter(int(time) for _ in range(DAYS) for time in nhpp.get_arrivals(knots))
    return [counts[hour] / DAYS for hour in range(24)]


def busy(counts):
    return [hour for hour, count in enumerate(counts) if count > 300]


def show(name, counts):
    night = sum(count for hour, count in enumerate(counts) if not OPENS <= hour < CLOSES)
    print(f"{name}: {sum(counts):.0f} requests a day, {night:.0f} outside of the table's hours, busy hours {busy(counts)}")
    return sum(counts), night


wanted = sum(RATES.values())
seen, table = by_sim_tools(RATES)
total, night = show("sim-tools", seen)
assert busy(seen) == [9, 21] and abs(total / wanted - 2) < 0.02 and abs(night / wanted - 1) < 0.02, "sim-tools has changed"
seen = by_nhpp(RATES)
total, night = show("nhpp", seen)
assert busy(seen) == [PEAK] and abs(total / wanted - 1) < 0.02 and night == 0, "nhpp has changed"
seen, _ = by_sim_tools(dict(sorted(RATES.items(), key=lambda row: -row[1])), width=1)
show("sim-tools, the busiest row first", seen)
assert busy(seen) == [0, 12], "the order of rows counts otherwise"
rows = nspp_simulation(table, n_reps=DAYS).mean()
print(f"its check, by rows: {dict(zip(RATES, rows.round()))}")
assert abs(rows[PEAK - OPENS] / 600 - 1) < 0.05, "the check has changed"
whole, _ = by_sim_tools({hour: RATES.get(hour, 1) for hour in range(24)})
show("sim-tools, a table of 24 hours", whole)
assert busy(whole) == [PEAK], "a table of the whole day has changed"
PYTHON
