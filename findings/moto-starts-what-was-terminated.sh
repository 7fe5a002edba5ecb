#!/usr/bin/env bash
# Finding: in moto a terminated EC2 instance starts again, five instances fit between a minimum of 5 and a maximum of 3, and
# one client token launches twice.
#
# Guess before the run: the states of an instance are what an emulator of EC2 is for, so a terminated one cannot be started
# (EC2: `IncorrectInstanceState`), a minimum above the maximum is refused, and a repeated token gives the first answer again.
#
# Seen with moto 5.2.5 and boto3 1.44.8: `StartInstances` takes a terminated instance from 48 (terminated) to 0 (pending),
# and it runs; `RunInstances` with MinCount=5 and MaxCount=3 launches five; the same ClientToken launches two different
# instances. A test of a scheduler against moto cannot find a start of what is gone, nor a retry that launches twice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'moto[ec2]==5.2.5' boto3==1.44.8 botocore==1.44.8
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1
"$folder/venv/bin/python" - <<'PYTHON'
import boto3
from moto import mock_aws

with mock_aws():
    ec2 = boto3.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]

    def launch(least, most, **more):
        asked = {"ImageId": image, "InstanceType": "m5.large", "MinCount": least, "MaxCount": most}
        return [instance["InstanceId"] for instance in ec2.run_instances(**asked, **more)["Instances"]]

    [gone] = launch(1, 1)
    ec2.terminate_instances(InstanceIds=[gone])
    started = ec2.start_instances(InstanceIds=[gone])["StartingInstances"][0]
    state = ec2.describe_instances(InstanceIds=[gone])["Reservations"][0]["Instances"][0]["State"]["Name"]
    between = len(launch(5, 3))
    twice = launch(1, 1, ClientToken="once") + launch(1, 1, ClientToken="once")

before, after = started["PreviousState"]["Name"], started["CurrentState"]["Name"]
print(f"start of a terminated instance: from {before} to {after}, then {state}")
print(f"minimum 5, maximum 3: {between} launched")
print(f"one token, two calls: {len(set(twice))} instances")
assert (before, after, state) == ("terminated", "pending", "running")
assert between == 5
assert len(set(twice)) == 2
print("as found")
PYTHON
