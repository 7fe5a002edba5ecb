"""What botocore's clients do after each answer, attempt by attempt.

    pip install botocore==VERSION
    python measure.py legacy|standard|adaptive NAME > FILE

`measure` runs it for every client of `measured.csv`, each with its pinned version.

The client is botocore's own; only its connection, its clock and its dice are replaced: the connection gives the answers of
`script.json`, sleeping moves the clock, and a draw is the next of a row that the table has too.
"""

import csv
import json
import random
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
START_S = 1000.0
ATTEMPT_S = 0.125
ANSWERS = {
    "answered": (200, None),
    "throttled": (503, "RequestLimitExceeded"),
    "full": (500, "InsufficientInstanceCapacity"),
    "unavailable": (503, "ServiceUnavailable"),
    "at-fault": (400, "VcpuLimitExceeded"),
}


class Clock:
    now = START_S
    slept = 0.0
    waited = 0.0

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.slept += seconds

    def wait(self, seconds):
        # A real clock goes on by itself; this one must not stand still where a float is too coarse for the rest of a wait.
        seconds = max(seconds, 1e-9)
        self.now += seconds
        self.waited += seconds


CLOCK = Clock()


class Condition(type(threading.Condition())):
    def wait(self, timeout=None):
        CLOCK.wait(timeout)
        return False


class Dice:
    """Draws that a float and 64 bits hold alike: multiples of 2**-20, of which the table has the number."""

    def __init__(self):
        self.last = None
        self.state = 1

    def __call__(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        self.last = (self.state >> 44) / 2**20
        return self.last


DICE = Dice()
random.random = DICE
time.time = CLOCK.time
time.sleep = CLOCK.sleep
threading.Condition = Condition

import botocore.awsrequest  # noqa: E402
import botocore.httpsession  # noqa: E402
import botocore.retries.quota  # noqa: E402
import botocore.session  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError  # noqa: E402

QUOTAS = []
made = botocore.retries.quota.RetryQuota.__init__


def make_quota(self, *args, **kwargs):
    made(self, *args, **kwargs)
    QUOTAS.append(self)


botocore.retries.quota.RetryQuota.__init__ = make_quota


class Raw:
    def __init__(self, text):
        self.text = text

    def stream(self, *args, **kwargs):
        yield self.text


class Connection:
    """Gives the answers of a call, and notes each attempt."""

    def __init__(self):
        self.answers, self.attempts = [], []

    def send(self, request):
        answer = self.answers[min(len(self.attempts), len(self.answers) - 1)]
        # What came before this attempt: sleeping is the delay of the last one, waiting that of the limiter.
        if self.attempts:
            self.attempts[-1]["delay_s"] = CLOCK.slept
            self.attempts[-1]["draw"] = DICE.last
        DICE.last = None
        self.attempts.append({"answer": answer, "wait_s": CLOCK.waited, "sent_s": CLOCK.now - START_S, "draw": None, "delay_s": None})
        CLOCK.slept = CLOCK.waited = 0.0
        CLOCK.now += ATTEMPT_S
        if answer == "timed-out":
            raise ReadTimeoutError(endpoint_url=request.url)
        status, code = ANSWERS[answer]
        if code is None:
            text = b'<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><regionInfo/></DescribeRegionsResponse>'
        else:
            text = f"<Response><Errors><Error><Code>{code}</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>".encode()
        return botocore.awsrequest.AWSResponse(request.url, status, {}, Raw(text))


def calls():
    """Yields script, pause and answers of each call."""
    state = 7
    for script in json.loads((HERE / "script.json").read_text())["scripts"]:
        for i in range(script["calls"]):
            if "weights" in script:
                answers = []
                for _ in range(5):
                    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                    left = (state >> 33) % sum(script["weights"].values())
                    for answer, weight in script["weights"].items():
                        if left < weight:
                            answers.append(answer)
                            break
                        left -= weight
            else:
                answers = script["answers"] if i < script.get("first", script["calls"]) else script["then"]
            yield script["name"], script["pause_ms"] / 1000, answers


def short(seconds):
    return f"{seconds:.9f}".rstrip("0").rstrip(".")


def main(mode, name):
    rows, script_before, number = [], None, 0
    for script, pause, answers in calls():
        if script != script_before:
            # Each script begins with a client of its own, at the same time.
            CLOCK.now, CLOCK.slept, CLOCK.waited, DICE.state = START_S, 0.0, 0.0, 1
            QUOTAS.clear()
            session = botocore.session.Session()
            session.set_credentials("a", "b")
            client = session.create_client("ec2", region_name="us-east-1", config=Config(retries={"mode": mode}))
            connection = Connection()
            client._endpoint.http_session.send = connection.send
            script_before, number = script, 0
        number += 1
        CLOCK.now += pause
        connection.answers, connection.attempts = answers, []
        CLOCK.slept = CLOCK.waited = 0.0
        called = CLOCK.now - START_S
        try:
            client.describe_regions()
        except (ClientError, BotoCoreError):
            pass
        assert CLOCK.slept == 0.0, "it slept before it gave up"
        left = QUOTAS[0].available_capacity if QUOTAS else None
        for attempt, row in enumerate(connection.attempts, 1):
            last = attempt == len(connection.attempts)
            rows.append([name, script, number, attempt, short(called) if attempt == 1 else "", row["answer"], short(row["wait_s"]),
                         "" if last else int(row["draw"] * 2**20), "" if last else short(row["delay_s"]),
                         left if last and left is not None else ""])
    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)


main(*sys.argv[1:])
