#!/usr/bin/env bash
# Finding: boto3 asks a cloud that is full three times within a tenth of a second; the client's nineteenth launch asks once.
#
# Guess before the run: `InsufficientInstanceCapacity` is an answer, not a fault, so a client passes it on at once; and if
# it does try again, it does so for every call alike.
#
# Seen with boto3 and botocore 1.44.8 in their default retry mode, no network involved (the answer is made in the client's
# own `before-send` hook): the refusal has HTTP status 500 and counts as transient, so each call makes three attempts,
# 50 ms and 100 ms apart at most. A retry costs 14 of the client's 500 tokens, nothing gives any back while calls fail: 17
# calls of three attempts and one of two use them up, and from the nineteenth on the same client makes one attempt a call.
# `VcpuLimitExceeded`, with status 400, is asked once from the start. Who counts refused launches at the service counts
# three for each of the first seventeen a client meant.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet boto3==1.44.8 botocore==1.44.8
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE="$folder/none" AWS_SHARED_CREDENTIALS_FILE="$folder/none"
unset AWS_RETRY_MODE AWS_MAX_ATTEMPTS AWS_PROFILE
"$folder/venv/bin/python" - <<'PYTHON'
import io
import time

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

ANSWER = "<Response><Errors><Error><Code>{}</Code><Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>"


class Body(io.BytesIO):
    def stream(self, **_):
        yield self.read()


def attempts(code, status, calls):
    """Attempts of each of so many calls of one client, and the time that the first call took."""
    client, sent = boto3.client("ec2"), []

    def answer(request, **_):
        sent.append(time.monotonic())
        return AWSResponse(request.url, status, {"content-type": "text/xml"}, Body(ANSWER.format(code).encode()))

    client.meta.events.register("before-send.ec2.RunInstances", answer)
    counts, first = [], None
    for _ in range(calls):
        sent.clear()
        try:
            client.run_instances(ImageId="ami-00000000", MinCount=1, MaxCount=1)
        except ClientError as error:
            assert error.response["Error"]["Code"] == code, error
        counts.append(len(sent))
        first = sent[-1] - sent[0] if first is None else first
    return counts, first


full, seconds = attempts("InsufficientInstanceCapacity", 500, 40)
quota, _ = attempts("VcpuLimitExceeded", 400, 2)
print(f"a full cloud: attempts by call {full}, the first call's within {seconds:.3f} s")
print(f"a quota: attempts by call {quota}")
assert full == [3] * 17 + [2] + [1] * 22, full
assert seconds < 0.5, seconds
assert quota == [1, 1], quota
print("as found")
PYTHON
