#!/usr/bin/env bash
# Finding: statsforecast's conformal interval of 99 % holds the next value 62 times of a hundred, its interval of 80 % 54 times.
#
# Guess before the run: conformal intervals hold what they say for values that are independent and alike; from two errors no interval of
# 99 % can be had (99 are needed), so it is refused or infinite, as in crepes.
#
# Seen on 2026-11-30 with statsforecast 2.1.1 and crepes 0.9.1, for the next of sixty independent normal values, forecast by their mean, in
# a thousand series: with two windows, the default and the least number, intervals of 80, 90 and 99 % hold 54, 58 and 62 % of the
# values, as none of them is wider than the larger of two errors; with ten windows 71, 80 and 89 %. Nothing is warned of. The tutorial
# promises guaranteed coverage. crepes makes the interval infinite and says why. Who buys for the upper end of 99 %
# is short in 19 of a hundred series where one in two hundred was meant; `level=99` needs 99 windows at least, or a model's own interval.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet statsforecast==2.1.1 crepes==0.9.1 numpy==2.4.6 pandas==2.3.3 scikit-learn==1.9.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy
import pandas
from crepes import ConformalRegressor
from statsforecast import StatsForecast
from statsforecast.models import HistoricAverage
from statsforecast.utils import ConformalIntervals

SERIES, LENGTH = 1000, 60
load = numpy.random.default_rng(1).normal(100, 10, (SERIES, LENGTH + 1))
past, coming = load[:, :LENGTH], load[:, LENGTH]
table = pandas.DataFrame({
    "unique_id": numpy.repeat(numpy.arange(SERIES), LENGTH),
    "ds": numpy.tile(numpy.arange(LENGTH), SERIES),
    "y": past.ravel(),
})
expected = {
    # windows: share of values inside of intervals of 80, 90 and 99 %, share above that of 99 %
    2: ([0.54, 0.58, 0.62], 0.19),
    10: ([0.71, 0.80, 0.89], 0.07),
}
assert ConformalIntervals().n_windows == 2, "the default has changed"
for windows, (shares, above) in expected.items():
    model = HistoricAverage(prediction_intervals=ConformalIntervals(h=1, n_windows=windows))
    intervals = StatsForecast(models=[model], freq=1).forecast(df=table, h=1, level=[80, 90, 99])
    inside = []
    for level in 80, 90, 99:
        low, high = (intervals[f"HistoricAverage-{end}-{level}"].to_numpy() for end in ("lo", "hi"))
        assert numpy.isfinite(low).all() and numpy.isfinite(high).all(), "no longer finite"
        inside.append(round(float(((low <= coming) & (coming <= high)).mean()), 2))
    short = round(float((coming > high).mean()), 2)
    print(f"{windows:2} windows: intervals of 80, 90 and 99 % hold {inside}; above the last {short}")
    assert numpy.allclose(inside + [short], shares + [above], atol=0.02), "no longer as written above"
interval = ConformalRegressor().fit(numpy.array([1.0, 2.0])).predict_int(numpy.array([0.0]), confidence=0.99)
print(f"crepes, from errors of 1 and 2: {interval.tolist()}")
assert numpy.isinf(interval).all(), "crepes has changed"
PYTHON
