#!/usr/bin/env bash
# Finding: the waiter `GroupInService` of the JavaScript SDK ends at once, with success, for an Auto Scaling group that is not there, and for
# one of which ten instances are wanted and none runs.
#
# Guess before the run: it waits until as many instances are in service as are desired, and fails, or waits on, for a name that no group
# has; and boto3's `instance_status_ok` waits until each instance that it was given is.
#
# Seen on 2026-11-30 with @aws-sdk/client-auto-scaling 3.1169.0 on Node.js (answers are made in the client, as EC2 Auto Scaling makes them: a
# name without a group is left out), and with boto3 and botocore 1.44.8 against moto 5.2.5. The waiter asks whether any group of the answer
# has fewer instances in service than its `MinSize`; none has in an empty answer, nor where the minimum is 0. With a minimum of
# 2, it ends at 2 of 10, whose health it does not ask. boto3's looks at the instances that it is told of, and those are the running ones:
# of two, of which one is stopped, it says at its first look that they are ok. A rollout that waits this way counts capacity that
# has not come, or never will for a name with a slip of the pen; a model of such clients has them go on at once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'moto[ec2]==5.2.5' boto3==1.44.8 botocore==1.44.8
(cd "$folder" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit @aws-sdk/client-auto-scaling@3.1169.0)
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export NODE_NO_WARNINGS=1
export AWS_CONFIG_FILE="$folder/none" AWS_SHARED_CREDENTIALS_FILE="$folder/none"
unset AWS_RETRY_MODE AWS_MAX_ATTEMPTS AWS_PROFILE
cat >"$folder/wait.mjs" <<'JAVASCRIPT'
import { waitUntilGroupInService } from "@aws-sdk/client-auto-scaling";

let now = 1e12;
Date.now = () => now;
globalThis.setTimeout = (wake, ms) => { now += ms; queueMicrotask(wake); return 0; };

const instances = (number, LifecycleState, HealthStatus = "Healthy") =>
  Array.from({ length: number }, () => ({ LifecycleState, HealthStatus }));

// How a wait of ten minutes at most ends, and at which look.
async function wait(...AutoScalingGroups) {
  let looks = 0;
  const send = async () => { looks += 1; return { AutoScalingGroups }; };
  try {
    const { state } = await waitUntilGroupInService({ client: { send }, maxWaitTime: 600 }, { AutoScalingGroupNames: ["web"] });
    return `${state} at look ${looks}`;
  } catch (error) {
    return error.name;
  }
}

const group = (MinSize, ...Instances) => ({ AutoScalingGroupName: "web", MinSize, DesiredCapacity: 10, Instances: Instances.flat() });
console.log(JSON.stringify({
  "no such group": await wait(),
  "0 of 10, minimum 0": await wait(group(0)),
  "1 of 10, minimum 2": await wait(group(2, instances(1, "InService"), instances(9, "Pending"))),
  "2 of 10, minimum 2": await wait(group(2, instances(2, "InService"), instances(8, "Pending"))),
  "2 of 10, both unhealthy": await wait(group(2, instances(2, "InService", "Unhealthy"), instances(8, "Pending"))),
}));
JAVASCRIPT
javascript=$(cd "$folder" && node wait.mjs)
"$folder/venv/bin/python" - "$javascript" <<'PYTHON'
import json
import sys
import time
from unittest import mock

import boto3
from moto import mock_aws

groups = json.loads(sys.argv[1])
for case, end in groups.items():
    print(f"JavaScript, {case}: {end}")
once = "SUCCESS at look 1"
assert groups == {
    "no such group": once,
    "0 of 10, minimum 0": once,
    "1 of 10, minimum 2": "TimeoutError",
    "2 of 10, minimum 2": once,
    "2 of 10, both unhealthy": once,
}, "the behaviour has changed"

naps = []
with mock_aws(), mock.patch.object(time, "sleep", naps.append):
    ec2 = boto3.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    launched = ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=2, MaxCount=2)["Instances"]
    both = [instance["InstanceId"] for instance in launched]
    ec2.stop_instances(InstanceIds=both[:1])
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=both)
    described = ec2.describe_instances(InstanceIds=both)["Reservations"][0]["Instances"]
states = sorted(instance["State"]["Name"] for instance in described)
print(f"Python: {states} are ok after {sum(naps)} s")
assert (states, naps) == (["running", "stopped"], []), "the behaviour has changed"
PYTHON
