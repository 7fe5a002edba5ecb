#!/usr/bin/env bash
# Finding: a schedule of AWS for the 31st of each month has seven dates a year, and twelve by aws-cron-parser for Node.js: in April it runs
# on the 1st of May. A schedule for the 31st of April, which never comes, comes each year.
#
# Guess before the run: `cron(0 8 31 * ? *)` runs in the months that have a 31st, as in every cron; the last day of each month is `L`, which
# AWS has for that. A library made for AWS' expressions leaves out the months without it, or refuses the expression.
#
# Seen on 2026-12-01 with aws-cron-parser 1.1.12 on Node.js and aws-croniter 2.1.1, the runs of 2027: for the 31st aws-croniter has 7,
# aws-cron-parser 12, among them the 3rd of March for February, the 1st of May, July, October and December; for the 30th 11 and 12, for
# the days 29 to 31 29 and 30. For the 29th of February the one has none, as 2027 has no such day, and the other the 1st of March. `L` is the same
# in both. A day that the month does not have is handed to `Date.UTC`, which takes it on into the next. `prev` does not even undo
# `next`: from the 31st of March forward is the 1st of May, from the 2nd of May backward the 31st of March. A forecast that adds a fleet for the
# 31st counts its capacity, and its cost, on five days of the year on which nothing is started; and who checks a schedule for "the end of
# the month" with it sees the twelve dates that are wanted, and learns in April that there are seven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet aws-croniter==2.1.1
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit aws-cron-parser@1.1.12
cat >runs.js <<'JAVASCRIPT'
const parser = require("aws-cron-parser");

const answers = {};
for (const expression of process.argv.slice(2)) {
  const schedule = parser.parse(expression);
  const dates = [];
  for (let run = new Date("2026-12-31T23:59Z"); (run = parser.next(schedule, run)) && run.getUTCFullYear() === 2027;) {
    dates.push(run.toISOString().slice(5, 10));
  }
  answers[expression] = [dates, parser.prev(schedule, new Date("2027-05-02T00:00Z")).toISOString().slice(0, 10)];
}
console.log(JSON.stringify(answers));
JAVASCRIPT
"$folder/venv/bin/python" - <<'PYTHON'
import datetime
import json
import subprocess

from aws_croniter import AwsCroniter

FIRST = datetime.datetime(2026, 12, 31, 23, 59, tzinfo=datetime.timezone.utc)
expressions = ["0 8 31 * ? *", "0 8 30 * ? *", "0 8 29-31 * ? *", "0 8 29 2 ? *", "0 8 31 4 ? *", "0 8 L * ? *"]
answers = json.loads(subprocess.run(["node", "runs.js", *expressions], check=True, capture_output=True, text=True).stdout)
expected = [(7, 12), (11, 12), (29, 30), (0, 1), (0, 1), (12, 12)]
added = [["03-03", "05-01", "07-01", "10-01", "12-01"], ["03-02"], ["03-01"], ["03-01"], ["05-01"], []]
for expression, numbers, dates in zip(expressions, expected, added):
    runs = [run for run in AwsCroniter(expression).get_next(FIRST, 40) if run and run.year == 2027]
    by_python = [f"{run:%m-%d}" for run in runs]
    by_node, before = answers[expression]
    more = [date for date in by_node if date not in by_python]
    print(f"{expression}: aws-croniter {len(by_python)} runs in 2027, aws-cron-parser {len(by_node)}; more: {more};")
    print(f"    before the 2nd of May: {before}")
    assert set(by_python) <= set(by_node) and (len(by_python), len(by_node)) == numbers and more == dates, "the runs have changed"
assert answers["0 8 31 * ? *"][1] == "2027-03-31", "`prev` has changed"
PYTHON
