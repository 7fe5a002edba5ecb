"""moto's own tests of EC2 against `plimsoll serve`: a table of what passes, by file, and why the rest does not.

usage: moto_suite.py PLIMSOLL TESTS [TABLE]

TESTS is the folder `tests` of a checkout of moto, whose release is installed beside pytest; TABLE is the file to write.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from server import Server

# The region and images that moto's tests take for granted.
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c", "us-west-1a", "eu-west-1a"]
SCENARIO = """
name = "moto"
lifecycle = { boot = "0s", stop = "0s", terminate = "0s" }
[workload]
""" + "".join(
    f"""
[[zones]]
name = "{zone}"
hosts = [{{ count = 500, vcpu = 192, memory_gib = 2048, local_storage_gib = 60000, gpu = 16 }}]

[[network.subnets]]
name = "{zone}"
zone = "{zone}"
cidr = "172.31.{16 * number}.0/20"
"""
    for number, zone in enumerate(ZONES)
)

# Each test has an account of its own, since this server has no reset; what is not modelled says so by its code.
PLUGIN = '''
import itertools, json, os
import boto3
from moto.core import models

NUMBERS = itertools.count()
NOT_MODELLED = (
    "(InvalidAction)", "'InvalidAction' ==", "(UnknownParameter)", "'UnknownParameter' ==", "Modelled are", "is not modelled",
    "only the first interface", "GetParameter", "DescribeKey", "CreateKey operation", "TagResources", "CreateRole", "CreateStack", "CreateInstanceProfile"
)

# The credentials are ours, and of each test its own.
models.MockAWS._mock_env_variables = models.MockAWS._unmock_env_variables = lambda mock: None

def pytest_runtest_setup(item):
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"] = f"MOTO{next(NUMBERS):016}", "any"
    boto3.DEFAULT_SESSION = None

def pytest_runtest_logreport(report):
    if report.when == "call" or report.failed:
        text = str(report.longrepr or "")
        why = next((sign for sign in NOT_MODELLED if sign.lower() in text.lower()), "")
        last = text.strip().splitlines()[-1:] if report.failed else []
        errors = [line for line in text.splitlines() if line.startswith("E  ")][:1]
        line = {"test": report.nodeid, "outcome": report.outcome, "why": why, "error": (errors or last or [""])[0][:300]}
        with open(os.environ["MOTO_OUTCOMES"], "a") as file:
            file.write(json.dumps(line) + chr(10))
'''


def main(plimsoll, tests, table=None):
    tests = Path(tests).resolve()
    with tempfile.TemporaryDirectory() as folder, Server(plimsoll, SCENARIO, clock="scaled=100") as server:
        Path(folder, "served_account.py").write_text(PLUGIN)
        outcomes = Path(folder, "outcomes.jsonl")
        environment = os.environ | {
            "TEST_SERVER_MODE": "true",
            "TEST_SERVER_MODE_ENDPOINT": server.url,
            "MOTO_OUTCOMES": str(outcomes),
            "PYTHONPATH": folder,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        words = ["-q", "-p", "served_account", "-p", "no:cacheprovider", "--timeout", "60", "--tb=short", "--continue-on-collection-errors", "test_ec2"]
        subprocess.run([sys.executable, "-m", "pytest", *words], cwd=tests, env=environment, stdout=subprocess.DEVNULL)
        found = [json.loads(line) for line in outcomes.read_text().splitlines()]
    by_file = defaultdict(Counter)
    others = []
    for one in found:
        file = one["test"].split("::")[0].removeprefix("test_ec2/")
        kind = one["outcome"] if one["outcome"] != "failed" else "not modelled" if one["why"] else "other"
        by_file[file][kind] += 1
        if kind == "other":
            others.append(f"{one['test']}: {one['error']}")
    kinds = ["passed", "not modelled", "other", "skipped"]
    lines = ["file," + ",".join(kinds)]
    lines += [f"{file}," + ",".join(str(by_file[file][kind]) for kind in kinds) for file in sorted(by_file)]
    total = sum(by_file.values(), Counter())
    lines.append("all," + ",".join(str(total[kind]) for kind in kinds))
    text = "\n".join(lines) + "\n"
    print(text)
    print("\n".join(others))
    if table:
        Path(table).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
