#!/usr/bin/env bash
# Finding: cloudtrim says that a container with 8 CPUs wastes all of them but a hundredth if it uses a thousandth of one, and none of them if it
# does nothing at all.
#
# Guess before the run: "the request is more than twice the p95 usage" is `over`, so that a container at rest is the first of those from
# which something can be taken, down to the least request, 10m; only one without samples is left out, as `no-data`.
#
# Seen on 2026-12-01 with cloudtrim-cli 0.2.1, of a hundred samples each: 1m all the time is `over`, 8,000m -> 10m, $298.63 a month. 0m all the
# time is `ok`, 8,000m -> 8,000m, $0.00, and so is 0m in 95 samples and 7,900m in five; with six it is `tight`. The comparison is made
# only if the 95th percentile is more than 0, and what is left is `ok`, by the README "close enough to leave alone". It is memory alone
# that may still be called `over`. A container that sleeps (a standby, a job that has its hour, a notebook left open) has a rate of
# exactly 0 in Prometheus, and a moment without a sample of CPU counts as 0 there. README and help do not say so. Such a cluster
# passes `--fail-on-waste-pct 0`: a report made to find what could be given back leaves out what is used least, by all of its cost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cloudtrim-cli==0.2.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
CPU, MEMORY = 8000, 16384


def report(use, memory_use, *more):
    """What the command says of a container with such samples of CPU in thousandths."""
    samples = [{"cpu_m": cpu, "mem_mi": memory_use} for cpu in use]
    asked = {"cpu_request_m": CPU, "mem_request_mi": MEMORY}
    container = {"namespace": "all", "pod": "one", "container": "main", **asked, "samples": samples}
    snapshot = folder / "snapshot.json"
    snapshot.write_text(json.dumps({"cluster": "test", "captured_at": "2026-12-01T00:00:00Z", "containers": [container]}))
    command = [folder / "venv" / "bin" / "cloudtrim", "--from-file", snapshot, "--format", "json", *more]
    run = subprocess.run(command, capture_output=True, text=True)
    return json.loads(run.stdout), run.returncode


uses = {"1m": [1] * 100, "0m": [0] * 100, "0m, five times 7,900m": [0] * 95 + [7900] * 5, "0m, six times 7,900m": [0] * 94 + [7900] * 6}
seen = {}
for name, use in uses.items():
    data, code = report(use, 12000, "--fail-on-waste-pct", "0")
    (container,), summary = data["containers"], data["summary"]
    cpu, waste = container["cpu"], container["waste_monthly_usd"]
    seen[name] = container["verdict"], cpu["suggested_m"], round(waste), summary["no_data_count"], code
    suggested = f"CPU {cpu['request_m']:g}m -> {cpu['suggested_m']:g}m"
    print(f"{name}: {container['verdict']}, {suggested}, waste ${waste:.2f} a month, exit code {code}")
assert seen == {
    "1m": ("over", 10, 299, 0, 1),
    "0m": ("ok", CPU, 0, 0, 0),
    "0m, five times 7,900m": ("ok", CPU, 0, 0, 0),
    "0m, six times 7,900m": ("tight", 10270, 0, 0, 0),
}, "the verdicts have changed"
data, _ = report([0] * 100, 100)
cpu, memory = data["containers"][0]["cpu"], data["containers"][0]["mem"]
print(f"0m and 100Mi: CPU -> {cpu['suggested_m']:g}m, memory {memory['request_mi']:g}Mi -> {memory['suggested_mi']:g}Mi")
assert (cpu["waste_m"], memory["suggested_mi"]) == (0, 144), "the parts have changed"
PYTHON
