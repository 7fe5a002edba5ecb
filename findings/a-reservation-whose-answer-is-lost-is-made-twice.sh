#!/usr/bin/env bash
# Finding: where an answer is lost, an SDK that tries again launches one instance, but reserves capacity twice and allocates two hosts.
#
# Guess before the run: each of the five calls that take capacity has a `ClientToken`, for idempotency by the words of the SDK's own model,
# and the SDK makes one up where the caller gives none; so a second attempt finds what the first one made.
#
# Seen on 2026-11-30 with boto3 and botocore 1.44.8 and @aws-sdk/client-ec2 3.1169.0 on Node.js, against a local stand-in that does what it
# is asked, heeds tokens, and hangs up instead of its first answer to each call: both SDKs ask a second time, whatever the call. For
# `RunInstances` and `CreateFleet` they make up a token, the same for both attempts: one thing is made. For `AllocateHosts`,
# `CreateCapacityReservation` and `RequestSpotInstances` they send none, as their model marks the field for some calls only: two
# are made, the caller is told of the second, and the first stays until it is found. A token of the caller's own makes it one. Who models
# lost answers on launches alone leaves out the calls whose second copy is not seen among the instances.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet boto3==1.44.8 botocore==1.44.8
(cd "$folder" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit @aws-sdk/client-ec2@3.1169.0)
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export NODE_NO_WARNINGS=1
export AWS_CONFIG_FILE="$folder/none" AWS_SHARED_CREDENTIALS_FILE="$folder/none"
unset AWS_RETRY_MODE AWS_MAX_ATTEMPTS AWS_PROFILE
cat >"$folder/calls.json" <<'JSON'
{
  "RunInstances": {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1},
  "CreateFleet": {
    "Type": "instant",
    "LaunchTemplateConfigs": [{"LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "1"}}],
    "TargetCapacitySpecification": {"TotalTargetCapacity": 1}
  },
  "AllocateHosts": {"AvailabilityZone": "us-east-1a", "InstanceType": "m5.large", "Quantity": 1},
  "CreateCapacityReservation": {
    "AvailabilityZone": "us-east-1a", "InstanceCount": 1, "InstancePlatform": "Linux/UNIX", "InstanceType": "m5.large"
  },
  "RequestSpotInstances": {"InstanceCount": 1}
}
JSON
cat >"$folder/ask.mjs" <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import * as sdk from "@aws-sdk/client-ec2";

const client = new sdk.EC2Client({ region: "us-east-1", endpoint: process.argv[2] });
for (const [action, asked] of Object.entries(JSON.parse(readFileSync("calls.json")))) {
  await client.send(new sdk[`${action}Command`](asked));
}
client.destroy();
JAVASCRIPT
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import collections
import contextlib
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import urllib.parse

import boto3
from botocore import xform_name

folder = pathlib.Path(sys.argv[1])
calls = json.loads((folder / "calls.json").read_text())


@contextlib.contextmanager
def stand_in():
    """A cloud that hangs up on the first request of each action, after it has done what was asked; its address and what it made."""
    asked, made = collections.Counter(), collections.defaultdict(list)

    class Cloud(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            fields = dict(urllib.parse.parse_qsl(body))
            action, token = fields["Action"], fields.get("ClientToken")
            asked[action] += 1
            if token is None or token not in made[action]:
                made[action].append(token)
            if asked[action] == 1:
                self.close_connection = True
                return
            answer = f"<{action}Response><requestId>any</requestId></{action}Response>"
            self.send_response(200)
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked, made
    server.shutdown()


def by_python(address, **more):
    client = boto3.client("ec2", endpoint_url=address)
    for action, fields in calls.items():
        getattr(client, xform_name(action))(**fields, **more)


def by_javascript(address):
    subprocess.run(["node", "ask.mjs", address], cwd=folder, check=True)


seen = {}
for name, ask in {
    "Python": by_python,
    "JavaScript": by_javascript,
    "Python, own token": lambda address: by_python(address, ClientToken="one-of-mine"),
}.items():
    with stand_in() as (address, asked, made):
        ask(address)
    assert asked == dict.fromkeys(calls, 2), asked
    seen[name] = {action: len(things) for action, things in made.items()}
    print(f"{name:17}  " + ", ".join(f"{action} {count}" for action, count in seen[name].items()))
once = {"RunInstances": 1, "CreateFleet": 1}
twice = {"AllocateHosts": 2, "CreateCapacityReservation": 2, "RequestSpotInstances": 2}
assert seen["Python"] == seen["JavaScript"] == once | twice, "the behaviour has changed"
assert set(seen["Python, own token"].values()) == {1}, "the behaviour has changed"
PYTHON
