#!/usr/bin/env bash
# Finding: of the lifetimes 1, 2, 3 and 4 the median is 2 by lifelines and 3 by statsmodels, both from one Kaplan-Meier curve.
#
# Guess before the run: both estimate the same curve, which falls to exactly one half at 2, so both give 2, or both 2.5, the
# middle of the flat part, as text books do.
#
# Seen with lifelines 0.30.3 and statsmodels 0.15.0: the curves are equal (0.75, 0.5, 0.25, 0). lifelines takes the first time at
# which the curve is at one half or below, statsmodels the first at which it is below. Where the curve passes one half between
# two times they agree: of 1, 2 and 3 both say 2. Recorded lifetimes are often whole minutes or hours and their number is
# even, so that the curve does stop at one half; a median lifetime taken from the one library and compared with the other's is then
# off by a whole gap between lifetimes, however many instances a trace has.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lifelines==0.30.3 statsmodels==0.15.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from lifelines import KaplanMeierFitter
from statsmodels.duration.survfunc import SurvfuncRight


def medians(lifetimes):
    one = KaplanMeierFitter().fit(lifetimes)
    other = SurvfuncRight(lifetimes, [1] * len(lifetimes))
    curve = [float(share) for share in one.survival_function_["KM_estimate"][1:]]
    assert [round(share, 12) for share in curve] == [round(float(share), 12) for share in other.surv_prob]
    return float(one.median_survival_time_), float(other.quantile(0.5))


four, three = medians([1, 2, 3, 4]), medians([1, 2, 3])
# Half of the instances live for an hour, half for a day.
hours = medians([1] * 500 + [24] * 500)
print(f"lifetimes 1 2 3 4: lifelines {four[0]}, statsmodels {four[1]}")
print(f"lifetimes 1 2 3:   lifelines {three[0]}, statsmodels {three[1]}")
print(f"500 of an hour, 500 of a day: lifelines {hours[0]} h, statsmodels {hours[1]} h")
assert four == (2, 3) and three == (2, 2) and hours == (1, 24), "no longer as written above"
PYTHON
