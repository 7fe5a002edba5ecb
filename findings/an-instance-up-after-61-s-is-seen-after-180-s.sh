#!/usr/bin/env bash
# Finding: the waiter of the JavaScript SDK looks at an instance two minutes apart from its fifth look on; Python's every 15 s.
#
# Guess before the run: both SDKs take their waiters from one model (`InstanceRunning`: 15 s, 40 attempts), so both ask
# every 15 s, or JavaScript a little later for its jitter.
#
# Seen with @aws-sdk/client-ec2 3.1169.0 on Node.js and boto3 and botocore 1.44.8, without a network (answers are made in the
# client; clocks are turned by the script): Python looks after 0, 15, 30 … s. JavaScript keeps the 15 s as its least delay and
# adds 120 s as its greatest; delays are drawn between 15 s and 15, 30, 60 s for the first four, whatever is drawn, and then
# are 120 s exactly, without jitter. With the luckiest draws the looks are after 0, 15, 30, 45, 60 and 180 s: an instance that
# runs after 61 s is seen after 180 s, by Python after 75 s. A model of clients that gives all SDKs one waiter counts
# too many describes of the one, and of the other too little wait.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet boto3==1.44.8 botocore==1.44.8
(cd "$folder" && npm init -y >/dev/null && npm install --silent @aws-sdk/client-ec2@3.1169.0)
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE="$folder/none" AWS_SHARED_CREDENTIALS_FILE="$folder/none"
unset AWS_RETRY_MODE AWS_MAX_ATTEMPTS AWS_PROFILE
cat >"$folder/looks.mjs" <<'JAVASCRIPT'
import { waitUntilInstanceRunning } from "@aws-sdk/client-ec2";

let now = 0;
Date.now = () => now;
globalThis.setTimeout = (wake, ms) => { now += ms; queueMicrotask(wake); return 0; };

// Times of the looks [s] at an instance that runs after a while, all draws being equal.
async function looks(draw, runsAfter) {
  now = 1e12;
  Math.random = () => draw;
  const start = now, at = [];
  const send = async () => {
    at.push((now - start) / 1000);
    const Name = now - start < 1000 * runsAfter ? "pending" : "running";
    return { Reservations: [{ Instances: [{ State: { Name } }] }] };
  };
  await waitUntilInstanceRunning({ client: { send }, maxWaitTime: 600 }, { InstanceIds: ["i-00000000000000000"] });
  return at.map(Math.round);
}
console.log(JSON.stringify({ luckiest: await looks(0, 61), middle: await looks(0.5, 400) }));
JAVASCRIPT
javascript=$(cd "$folder" && node looks.mjs)
echo "JavaScript: $javascript"
"$folder/venv/bin/python" - "$javascript" <<'PYTHON'
import json
import sys
import time
from unittest import mock

import boto3

now, looks = [0], []
client = boto3.client("ec2")


def describe(**_):
    looks.append(now[0])
    name = "pending" if now[0] < 61 else "running"
    return {"Reservations": [{"Instances": [{"State": {"Name": name}}]}]}


def sleep(seconds):
    now[0] += seconds


client.describe_instances = describe
with mock.patch.object(time, "sleep", sleep):
    client.get_waiter("instance_running").wait(InstanceIds=["i-00000000000000000"])
print(f"Python: {looks}")
assert looks == [0, 15, 30, 45, 60, 75], looks
javascript = json.loads(sys.argv[1])
assert javascript["luckiest"] == [0, 15, 30, 45, 60, 180], javascript
middle = javascript["middle"]
assert [b - a for a, b in zip(middle[4:], middle[5:])] == [120, 120, 120], middle
print("as found")
PYTHON
