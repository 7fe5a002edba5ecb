#!/usr/bin/env bash
# Finding: asked for a cluster for EMR 6.10, spot-optimizer chooses an instance type that its own data mark as one that EMR does not offer; the
# answer is the same for every version, even for one that does not exist.
#
# Guess before the run: `emr_version`, "to ensure instance compatibility", leaves out the types that are not for EMR, or that need a later
# release; among those that are left the one with the fewest interruptions is chosen, or there is an error.
#
# Seen on 2026-12-01 with spot-optimizer 1.2.13 and a local stand-in for the file of AWS' Spot Instance Advisor with three types of the same
# size: one that EMR does not have, with the fewest interruptions, one that EMR has from 7.0.0 on, and one that it has from 5.30.0 on, with
# the most. The answer is the first in each case: without a version, for 7.1.0, for 6.10.0 and for 99.0.0. Of the family that needs 7.0.0 it
# is that type for 6.10.0. The file's two marks are read and stored, as `emr_compatible` and `emr_min_version`, and the query does not
# name them; the version gets no further than the text of the error for "no suitable instances". The README has "EMR version
# compatibility" in its first sentence. A capacity planned with it is of types with which the cluster cannot be started.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet spot-optimizer==1.2.13
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import http.server
import json
import os
import subprocess
import threading

SIZE = {"cores": 8, "ram_gb": 32}
TYPES = {
    "m9z.2xlarge": (SIZE | {"emr": False}, 0),
    "m7z.2xlarge": (SIZE | {"emr": True, "emr_min_version": "7.0.0"}, 1),
    "m5z.2xlarge": (SIZE | {"emr": True, "emr_min_version": "5.30.0"}, 2),
}
advice = {
    "global_rate": "<10%",
    "ranges": [{"index": 0, "label": "<5%", "dots": 0, "max": 5}],
    "instance_types": {name: kind for name, (kind, _) in TYPES.items()},
    "spot_advisor": {"us-west-2": {"Linux": {name: {"s": 70, "r": rate} for name, (_, rate) in TYPES.items()}}},
}


class Advisor(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = json.dumps(advice).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Advisor)
threading.Thread(target=server.serve_forever, daemon=True).start()
environment = os.environ | {
    "SPOT_OPTIMIZER_URL": f"http://127.0.0.1:{server.server_port}/spot-advisor-data.json",
    "SPOT_OPTIMIZER_DB_PATH": os.path.join(os.getcwd(), "advice.db"),
}


def choice(*asked):
    command = ["venv/bin/spot-optimizer", "--cores", "16", "--memory", "64", "--arm-instances", *asked]
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)["instances"]["type"]


seen = {}
for version in None, "7.1.0", "6.10.0", "99.0.0":
    seen[version] = choice(*([] if version is None else ["--emr-version", version]))
    kind = TYPES[seen[version]][0]
    print(f"EMR {version}: {seen[version]}, which is for EMR: {kind['emr']}")
assert set(seen.values()) == {"m9z.2xlarge"}, "the choice has changed"
family = choice("--emr-version", "6.10.0", "--instance-family", "m7z")
print(f"EMR 6.10.0, family m7z: {family}, which is for EMR from {TYPES[family][0]['emr_min_version']} on")
assert family == "m7z.2xlarge", "the choice has changed"
PYTHON
