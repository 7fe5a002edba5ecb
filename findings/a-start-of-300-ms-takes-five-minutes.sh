#!/usr/bin/env bash
# Finding: of two start times, 2 s and 300 ms, one library of AWS writes a metric with a mean of 0.151 s, another one with a mean of 151 s;
# both write the same format.
#
# Guess before the run: a call that gives the unit beside the value keeps them together: the values are converted to one unit, or written
# apart, or the second unit is refused, so that the mean is 1.15 s or there is none.
#
# Seen on 2026-11-30 with aws-lambda-powertools 3.37.0 and aws-embedded-metrics 3.5.0 for Python, aws-embedded-metrics 4.2.1 and
# @aws-lambda-powertools/metrics 2.36.0 for Node.js. In CloudWatch's embedded metric format a metric has one unit for all values of a
# record. Only the last of the four refuses the second unit. Powertools' `add_metric` for Python keeps the unit of the last call (2 ms and
# 300 ms), `put_metric` of aws-embedded-metrics that of the first call (2 s and 300 s), in both of its languages, and none says a word; a
# unit that is no unit they refuse. The other way round, 300 ms first, the two answers change places. Which unit a day's values have
# hangs on which part of a program measured first. Who fits start times to such a metric has instances that
# are up at once or after minutes, off by a factor of a thousand between two libraries of one maker.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet aws-lambda-powertools==3.37.0 aws-embedded-metrics==3.5.0
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @aws-lambda-powertools/metrics@2.36.0 aws-embedded-metrics@4.2.1
cat >write.cjs <<'JAVASCRIPT'
const { Metrics } = require("@aws-lambda-powertools/metrics");
const { MetricsContext } = require("aws-embedded-metrics/lib/logger/MetricsContext");
const { LogSerializer } = require("aws-embedded-metrics/lib/serializers/LogSerializer");

const context = MetricsContext.empty();
const metrics = new Metrics({ namespace: "fleet", serviceName: "start" });
let refused = "";
for (const [value, unit] of JSON.parse(process.argv[2])) {
  context.putMetric("StartTime", value, unit);
  try {
    metrics.addMetric("StartTime", unit, value);
  } catch (error) {
    refused = error.message;
  }
}
console.log(JSON.stringify([JSON.parse(new LogSerializer().serialize(context)[0]), refused]));
JAVASCRIPT
"$folder/venv/bin/python" -W error - <<'PYTHON'
import json
import subprocess

from aws_embedded_metrics.logger.metrics_context import MetricsContext
from aws_embedded_metrics.serializers.log_serializer import LogSerializer
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnitError

SECONDS = {"Seconds": 1, "Milliseconds": 1e-3}


def mean(record):
    """The mean [s] of the metric, read as the format has it: one unit for all its values."""
    [directive] = record["_aws"]["CloudWatchMetrics"]
    [metric] = directive["Metrics"]
    values = record["StartTime"]
    return round(SECONDS[metric["Unit"]] * sum(values) / len(values), 6)


def by_powertools(starts):
    metrics = EphemeralMetrics(namespace="fleet", service="start")
    for value, unit in starts:
        metrics.add_metric("StartTime", unit, value)
    return metrics.serialize_metric_set()


def by_embedded_metrics(starts):
    context = MetricsContext.empty()
    for value, unit in starts:
        context.put_metric("StartTime", value, unit)
    [record] = LogSerializer.serialize(context)
    return json.loads(record)


expected = {
    # order: mean [s] by Powertools, by aws-embedded-metrics
    ((2, "Seconds"), (300, "Milliseconds")): (0.151, 151),
    ((300, "Milliseconds"), (2, "Seconds")): (151, 0.151),
}
for starts, means in expected.items():
    true = sum(value * SECONDS[unit] for value, unit in starts) / len(starts)
    by_node = subprocess.run(["node", "write.cjs", json.dumps(starts)], check=True, capture_output=True, text=True).stdout
    by_node, refused = json.loads(by_node)
    seen = mean(by_powertools(starts)), mean(by_embedded_metrics(starts))
    print(f"{starts}: mean {true} s, by Powertools {seen[0]} s, by aws-embedded-metrics {seen[1]} s, in Node.js {mean(by_node)} s")
    print(f"  Powertools for Node.js refuses: {refused}")
    assert seen == means and mean(by_node) == means[1], "no longer as written above"
    assert "already been added with unit" in refused, "Powertools for Node.js has changed"

# What is no unit is refused.
try:
    by_powertools([(1, "Fortnights")])
except MetricUnitError:
    pass
else:
    raise AssertionError("Powertools has changed")
PYTHON
