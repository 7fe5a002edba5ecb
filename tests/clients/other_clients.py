"""Further public clients against `plimsoll serve`, each from its own package: the AWS CLI, the AWS SDK for JavaScript, Ansible.

usage: other_clients.py PLIMSOLL AWS

AWS is the AWS CLI, which needs another botocore than boto3 does and so an environment of its own; JavaScript needs npm.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path

import boto3_flows
from server import Server

HERE = Path(__file__).parent
TOOLS = Path(sys.executable).parent

# The package of all of Ansible's collections; a part of it is used.
COLLECTIONS = "ansible==12.3.0"


def run(*words, cwd=None, expect=0, **environment):
    """Runs a command, and returns what it prints."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stderr if expect else done.stdout


def aws_cli(command, server, throttled):
    def aws(*words, expect=0, url=server.url, account="cli"):
        keys = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
        settings = {"AWS_ENDPOINT_URL": url, "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": ""}
        return run(command, "ec2", *words, "--output", "json", expect=expect, **keys, **settings)

    def launch(*words, kind="m5.large", **how):
        image = "ami-0123456789abcdef0"
        return aws("run-instances", "--image-id", image, "--instance-type", kind, *words, **how)

    launched = json.loads(launch("--count", "2", "--tag-specifications", "ResourceType=volume,Tags=[{Key=a,Value=b}]"))
    ids = [instance["InstanceId"] for instance in launched["Instances"]]
    aws("wait", "instance-running", "--instance-ids", *ids)
    states = "Reservations[].Instances[].State.Name"
    assert json.loads(aws("describe-instances", "--instance-ids", *ids, "--query", states)) == ["running"] * 2
    aws("terminate-instances", "--instance-ids", *ids)
    aws("wait", "instance-terminated", "--instance-ids", *ids)
    for code, refused in {
        "InsufficientInstanceCapacity": launch(kind="m5.24xlarge", expect=255),
        "InsufficientFreeAddressesInSubnet": launch("--subnet-id", "web", "--count", "12", expect=255),
        "VcpuLimitExceeded": launch(kind="m5.2xlarge", account="small", expect=255),
        "RequestLimitExceeded": [launch(url=throttled.url), launch(url=throttled.url)]
        and launch(url=throttled.url, expect=255),
    }.items():
        assert f"({code})" in refused, refused


def javascript(server, throttled):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(HERE / "javascript", folder, dirs_exist_ok=True)
        run("npm", "install", "--silent", "--no-audit", "--no-fund", cwd=folder)
        seen = json.loads(run("node", "flow.mjs", server.url, throttled.url, cwd=folder))
    assert seen == {
        "states": ["SUCCESS"] * 3,
        "pages": 3,
        "ended": ["terminated"] * 3,
        "refusals": boto3_flows.REFUSALS,
    }, seen


def ansible(server, _throttled):
    with tempfile.TemporaryDirectory() as folder:
        run(TOOLS / "pip", "download", "--quiet", "--no-deps", "--dest", folder, COLLECTIONS)
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as collections:
            names = collections.namelist()
            collections.extractall(folder, [name for name in names if name.startswith("ansible_collections/amazon/aws/")])
        [subnet] = [
            subnet["SubnetId"]
            for subnet in boto3_flows.client(server).describe_subnets()["Subnets"]
            if subnet["AvailabilityZone"] == "us-east-1a"
        ]
        words = {"url": server.url, "subnet": subnet, "ansible_python_interpreter": sys.executable}
        settings = {"ANSIBLE_COLLECTIONS_PATH": folder, "ANSIBLE_LOCALHOST_WARNING": "false", "HOME": folder}
        run(TOOLS / "ansible-playbook", "-e", json.dumps(words), HERE / "ansible" / "play.yml", **settings)


def main(plimsoll, aws):
    for name, flow in {"AWS CLI": partial(aws_cli, aws), "JavaScript": javascript, "Ansible": ansible}.items():
        # These waiters sleep between looks; the first one finds what they wait for.
        server = partial(Server, plimsoll, jump="1m")
        with server(boto3_flows.SCENARIO) as usual, server(boto3_flows.THROTTLED) as throttled:
            flow(usual, throttled)
        print(f"{name}: ok", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
