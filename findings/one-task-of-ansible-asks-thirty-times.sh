#!/usr/bin/env bash
# Finding: one task of Ansible that launches one instance asks a full cloud thirty times, for up to some minutes.
#
# Guess before the run: the module calls boto3, which makes three attempts in its default mode, so a cloud that has no room is asked
# three times and the task fails within a second.
#
# Seen with ansible-core 2.19.14, the collection amazon.aws 10.1.2 and boto3 and botocore 1.44.8, against a local stand-in that answers
# `InsufficientInstanceCapacity` with EC2's status 500: the module tries a failed launch ten times with growing, jittered delays
# of its own, and each of these is three attempts of botocore: 30 requests of `RunInstances`, over one to four minutes as the
# delays are drawn. The play says "retry_attempts: 2". A wave of playbooks against a full zone is ten times the load that the SDK's
# rules alone let expect, in bursts of three; and who counts refusals at the service counts thirty for one that was meant.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ansible-core==2.19.14 boto3==1.44.8 botocore==1.44.8
"$folder/venv/bin/pip" download --quiet --no-deps --dest "$folder" ansible==12.3.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import collections
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.parse
import zipfile

folder = pathlib.Path(sys.argv[1])
[wheel] = folder.glob("ansible-*.whl")
with zipfile.ZipFile(wheel) as package:
    names = [name for name in package.namelist() if name.startswith("ansible_collections/amazon/aws/")]
    package.extractall(folder, names)
    manifest = json.loads(package.read("ansible_collections/amazon/aws/MANIFEST.json"))
assert manifest["collection_info"]["version"] == "10.1.2"

asked = collections.Counter()
FULL = (
    "<Response><Errors><Error><Code>InsufficientInstanceCapacity</Code><Message>No room</Message></Error></Errors>"
    "<RequestID>request</RequestID></Response>"
)


class FullCloud(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        action = dict(urllib.parse.parse_qsl(body))["Action"]
        asked[action] += 1
        nothing = f"<{action}Response><reservationSet/></{action}Response>"
        status, answer = (500, FULL) if action == "RunInstances" else (200, nothing)
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FullCloud)
threading.Thread(target=server.serve_forever, daemon=True).start()
task = {
    "endpoint_url": f"http://127.0.0.1:{server.server_port}",
    "region": "us-east-1",
    "access_key": "any",
    "secret_key": "any",
    "name": "web",
    "image_id": "ami-0123456789abcdef0",
    "instance_type": "m5.large",
    "vpc_subnet_id": "subnet-0123456789abcdef0",
    "state": "present",
}
play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [{"amazon.aws.ec2_instance": task}]}]
(folder / "play.yml").write_text(json.dumps(play))
began = time.monotonic()
done = subprocess.run(
    [folder / "venv/bin/ansible-playbook", "-e", f"ansible_python_interpreter={sys.executable}", folder / "play.yml"],
    env=os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(folder), "HOME": str(folder)},
    capture_output=True,
    text=True,
)
print(f"{asked['RunInstances']} requests in {time.monotonic() - began:.0f} s")
assert done.returncode == 2 and "InsufficientInstanceCapacity" in done.stdout, done.stdout + done.stderr
assert asked["RunInstances"] == 30, "the behaviour has changed"
PYTHON
