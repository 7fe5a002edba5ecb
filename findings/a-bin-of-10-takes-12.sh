#!/usr/bin/env bash
# Finding: `binpacking` fills a bin of 10 with an item of 12 and says nothing; the number of bins looks like an answer.
#
# Guess before the run: packing into bins of constant volume either refuses an item that is larger than a bin, or leaves it out and
# says so.
#
# Seen with binpacking 2.0.1: of 5, 12 and 3 in bins of 10 it makes two bins, one of which holds 12. Neither an error nor a
# warning. Who counts hosts for a list of instances this way, some of them larger than the host, gets a number that no
# scheduler can keep to: here two hosts, one of which cannot run what was put there. The sums of the bins have to be looked at.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet binpacking==2.0.1
"$folder/venv/bin/python" -W error - <<'PYTHON'
import binpacking

bins = binpacking.to_constant_volume([5, 12, 3], 10)
print("bins of 10:", bins)
assert sorted(map(sum, bins)) == [8, 12], "no longer as written above"
PYTHON
