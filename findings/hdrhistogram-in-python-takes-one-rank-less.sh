#!/usr/bin/env bash
# Finding: the 91st percentile of 1 to 10 is 9 in HdrHistogram for Python and 10 in HdrHistogram for JavaScript.
#
# Guess before the run: ports of one histogram, with logs that all of them read, give the same value for the same percentile.
#
# Seen with PyPI's hdrhistogram 0.10.8 and npm's hdr-histogram-js 3.0.1: Python takes the value of rank ⌊p·n/100 + ½⌋, the
# nearest whole rank, JavaScript that of rank ⌈p·n/100⌉, the first one that at least p % of the values do not exceed. Where
# p·n/100 has a fraction below a half they differ by one value. In a tail of few values one rank is far: with 109 fast
# answers of 1 ms and one of 1 s, p99.3 is 1 ms in one language and 1 s in the other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet hdrhistogram==0.10.8
(cd "$folder" && npm install --silent --no-fund --no-audit hdr-histogram-js@3.0.1 >/dev/null)
ours=$("$folder/venv/bin/python" - <<'PYTHON'
from hdrh.histogram import HdrHistogram


def percentile(values, p):
    histogram = HdrHistogram(1, 3_600_000, 3)
    for value in values:
        histogram.record_value(value)
    return histogram.get_value_at_percentile(p)


print(percentile(range(1, 11), 91), percentile([1] * 109 + [1000], 99.3))
PYTHON
)
theirs=$(cd "$folder" && node -e '
const { build } = require("hdr-histogram-js");
const percentile = (values, p) => {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 3600000, numberOfSignificantValueDigits: 3 });
  values.forEach((value) => histogram.recordValue(value));
  return histogram.getValueAtPercentile(p);
};
const ten = Array.from({ length: 10 }, (_, i) => i + 1);
console.log(percentile(ten, 91), percentile([...Array(109).fill(1), 1000], 99.3));
')
echo "Python: $ours"
echo "JavaScript: $theirs"
[ "$ours" = "9 1" ]
[ "$theirs" = "10 1000" ]
echo "as found"
