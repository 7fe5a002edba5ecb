"""moto's own tests of EC2 against `plimsoll serve`: a table of what passes, by file, and why the rest does not.

usage: moto_suite.py PLIMSOLL TESTS [PAGE [WORDS]]

`moto_verdicts.json` tells of tests that fail, by their name or that of their file, whether what they ask for is not modelled, or moto
differs from EC2, with the words of the documentation.

TESTS is the folder `tests` of moto's source distribution, whose release is installed beside pytest and pytest-timeout. PAGE is the
Markdown file to write. WORDS choose files, such as `tags hosts`.

Each file has a server of its own, and a limit of time, after which what is left of it counts as timed out.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from importlib import metadata
from pathlib import Path

from server import Server

# The most seconds of a file, and of a test.
FILE_LIMIT_S, TEST_LIMIT_S = 400, 20

# The zones and images that moto's tests take for granted. A launch without a zone goes to the one with the most room, the first.
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c", "us-west-1a", "eu-west-1a"]
IMAGES = ["ami-12c6146b", "ami-03cf127a", "ami-fa7cdd89", "ami-f4cf1d8d"]
SCENARIO = """
name = "moto"
lifecycle = { boot = "1s", stop = "1s", terminate = "1s" }
[workload]
""" + "".join(
    f"""
[[images]]
name = "{image}"
block_devices = [{{ device = "/dev/sda1", size_gib = 8 }}]
"""
    for image in IMAGES
) + "".join(
    f"""
[[zones]]
name = "{zone}"

[[zones.hosts]]
count = {500 if number else 1000}
vcpu = 192
memory_gib = 2048
local_storage_gib = 60000
gpu = 16
tenancy = "any"

[[network.subnets]]
name = "{zone}"
zone = "{zone}"
cidr = "172.31.{16 * number}.0/20"
"""
    for number, zone in enumerate(ZONES)
)

# Each test has an account of its own, since this server has no reset.
PLUGIN = '''
import itertools, json, os
import boto3
from moto.core import models

NUMBERS = itertools.count()

# The credentials are ours, and of each test its own.
models.MockAWS._mock_env_variables = models.MockAWS._unmock_env_variables = lambda mock: None

def pytest_runtest_setup(item):
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"] = f"MOTO{next(NUMBERS):016}", "any"
    boto3.DEFAULT_SESSION = None

def pytest_collection_finish(session):
    with open(os.environ["MOTO_COLLECTED"], "w") as file:
        json.dump([item.nodeid for item in session.items], file)

def pytest_runtest_logreport(report):
    if report.when == "call" or report.failed or report.skipped:
        line = {"test": report.nodeid, "outcome": report.outcome, "text": str(report.longrepr or "")}
        with open(os.environ["MOTO_OUTCOMES"], "a") as file:
            file.write(json.dumps(line) + chr(10))
'''

# What a failure says that is for want of something not modelled: this server's own words, and the services that are no EC2.
NOT_MODELLED = [
    "(InvalidAction)",
    "(UnknownParameter)",
    "Modelled are",
    "is not modelled",
    "are modelled",
    "is modelled",
    "GetParameter",
    "DescribeKey operation",
    "CreateKey operation",
    "TagResources",
    "CreateRole",
    "CreateStack",
    "CreateInstanceProfile",
]
# The same codes in an assertion of the test.
NOT_MODELLED += [f"'{code}'{sign}" for code in ["InvalidAction", "UnknownParameter"] for sign in [" ==", ")", ","]]

KINDS = ["passed", "not modelled", "moto differs", "failed", "timed out", "skipped"]

VERDICTS = json.loads(Path(__file__).with_name("moto_verdicts.json").read_text())


def kind_of(outcome):
    """Why a test did not pass, or that it did."""
    if outcome["outcome"] != "failed":
        return outcome["outcome"]
    text = outcome["text"].lower()
    if "timeout" in text and "pytest_timeout" in text:
        return "timed out"
    return "not modelled" if any(sign.lower() in text for sign in NOT_MODELLED) else "failed"


def name_of(test):
    """The name of a test from its file on."""
    return test.rsplit("test_ec2/", 1)[-1]


def judged(outcome):
    """A test with its kind, and the error or the words of its verdict."""
    test, kind, words = name_of(outcome["test"]), kind_of(outcome), error_of(outcome["text"])
    if kind == "failed":
        name = test.split("[")[0]
        kind, words = VERDICTS.get(name) or VERDICTS.get(name.split("::")[0]) or (kind, words)
    return {"test": test, "kind": kind, "words": words}


def error_of(text):
    """The first line of a failure that tells the error."""
    lines = text.strip().splitlines()
    found = next((line for line in lines if line.startswith("E  ")), (lines or [""])[-1])
    return found.removeprefix("E").strip()[:300]


def run_file(plimsoll, tests, file):
    """Runs the tests of a file; yields a line for each."""
    with tempfile.TemporaryDirectory() as folder, Server(plimsoll, SCENARIO, clock="scaled=1000") as server:
        Path(folder, "served_account.py").write_text(PLUGIN)
        outcomes, collected = Path(folder, "outcomes.jsonl"), Path(folder, "collected.json")
        environment = os.environ | {
            "TEST_SERVER_MODE": "true",
            "TEST_SERVER_MODE_ENDPOINT": server.url,
            "MOTO_OUTCOMES": str(outcomes),
            "MOTO_COLLECTED": str(collected),
            "PYTHONPATH": f"{folder}:{tests.parent}",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        words = ["-q", "-p", "served_account", "-p", "no:cacheprovider", "--timeout", str(TEST_LIMIT_S), "--tb=short"]
        command = [sys.executable, "-m", "pytest", *words, f"test_ec2/{file}"]
        said = {"cwd": tests, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            subprocess.run(command, timeout=FILE_LIMIT_S, **said)
        except subprocess.TimeoutExpired:
            pass
        found = [json.loads(line) for line in outcomes.read_text().splitlines()] if outcomes.exists() else []
        asked = json.loads(collected.read_text()) if collected.exists() else []
    for one in found:
        yield judged(one)
    for test in set(asked) - {one["test"] for one in found}:
        words = f"after {FILE_LIMIT_S} s of its file"
        yield {"test": name_of(test), "kind": "timed out", "words": words}


def page(version, by_file):
    """The result as a page: the table, what moto has otherwise than EC2 and its words, and what fails."""
    head = [
        f"# moto {version}'s own tests of EC2 against plimsoll serve",
        "",
        "Made by `tests/clients/moto_suite.py`, by which a test passes, asks for what is *not modelled*, or asks for what *moto* has and EC2",
        "has not; those that *failed* are ours to mend or to explain.",
        "",
        "| file | " + " | ".join(KINDS) + " |",
        "|---|" + "--:|" * len(KINDS),
    ]
    count = lambda lines: Counter(line["kind"] for line in lines)  # noqa: E731
    row = lambda name, counts: f"| {name} | " + " | ".join(str(counts[kind]) for kind in KINDS) + " |"  # noqa: E731
    table = [row(file, count(lines)) for file, lines in by_file.items()]
    lines = [line for found in by_file.values() for line in found]
    table.append(row("all", count(lines)))
    parts = [*head, *table]
    for kind, title in [("moto differs", "Where moto differs from EC2"), ("failed", "What failed"), ("timed out", "Timed out")]:
        of_kind = [f"- `{line['test']}`: {line['words']}" for line in lines if line["kind"] == kind]
        if of_kind:
            parts += ["", f"## {title}", "", *of_kind]
    return "\n".join(parts) + "\n"


def main(plimsoll, tests, place=None, *words):
    tests, plimsoll = Path(tests).resolve(), Path(plimsoll).resolve()
    files = sorted(file.name for file in (tests / "test_ec2").glob("test_*.py"))
    by_file = {}
    for file in files:
        if words and not any(word in file for word in words):
            continue
        by_file[file] = sorted(run_file(plimsoll, tests, file), key=lambda one: one["test"])
        kinds = Counter(one["kind"] for one in by_file[file])
        print(file, ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind]), flush=True)
    text = page(metadata.version("moto"), by_file)
    if place:
        Path(place).write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
