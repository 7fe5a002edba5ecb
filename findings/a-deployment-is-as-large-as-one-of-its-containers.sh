#!/usr/bin/env bash
# Finding: kube-foresight finds a deployment of a server and a sidecar, each at half of what it asks for, rightly sized in one run and gives the
# sidecar 24 times its CPU in the next; which of the two it is, is drawn with each start of Python.
#
# Guess before the run: "CPU and memory are sized independently", and so is each container, as each has requests of its own in Kubernetes and
# each has its own series in Prometheus; at half of their requests both are left alone (below 30 % is too large, above 80 % too small).
# The same data give the same advice.
#
# Seen on 2026-12-01 with kube-foresight 0.3.1, `patch --mode prometheus` against a local stand-in for Prometheus, a deployment of two pods whose
# server uses 2 of 4 CPUs and 4 of 8 GiB, its sidecar 50 of 100m and 64 of 128 MiB: of 20 starts, with the seeds 0 to 19 for Python's hashes,
# ten write nothing and ten a patch that sets the sidecar to 2,400m and 4,915Mi. The samples of all containers of a deployment are put
# together, and their percentile is compared with the request of the first, of which a remark says that "all replicas share the same spec";
# the first is that of a `set` of names, whose order changes from start to start. Without a sidecar there is no patch in any of them. If
# the server uses a twentieth, 200m, it is cut to 240m in one start, and in the next the sidecar is raised to that and the server stays. The
# README knows containers only as a way to install it. Who applies such patches pays for sidecars of the size of servers, or finds that
# yesterday's saving is gone today, though nothing has changed but the process that looked.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kube-foresight==0.3.1
cd "$folder"
unset PYTHONHASHSEED
"$folder/venv/bin/python" - <<'PYTHON'
import collections
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
from urllib.parse import parse_qs, urlsplit

import yaml

MIB, SEEDS = 2**20, range(20)
SIDECAR = {"proxy": (0.1, 128 * MIB, 0.05, 64 * MIB)}
HALF = {"server": (4, 8192 * MIB, 2, 4096 * MIB)}
TWENTIETH = {"server": (4, 8192 * MIB, 0.2, 410 * MIB)}
containers = {}  # name: CPUs and bytes asked for, CPUs and bytes used


class Prometheus(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = urlsplit(self.path)
        query = parse_qs(asked.query).get("query", [""])[0]
        metric = re.search(r"(container_cpu|container_memory|requests|limits)", query)
        memory = "memory" in query
        result = []
        for pod in "web-7d5f8c6b9-aaaaa", "web-7d5f8c6b9-bbbbb":
            for name, (cpus, size, cpus_used, used) in containers.items():
                labels = {"namespace": "all", "pod": pod, "container": name}
                if asked.path.endswith("query_range"):
                    value = used if memory else cpus_used
                    result.append({"metric": labels, "values": [[1764547200 + 300 * step, str(value)] for step in range(2016)]})
                elif metric and metric[1] == "requests":
                    result.append({"metric": labels, "value": [1764547200, str(size if memory else cpus)]})
        answer = json.dumps({"status": "success", "data": {"resultType": "any", "result": result, "version": "any"}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Prometheus)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"


def advice(seed):
    """The requests of the patch that one start writes."""
    shutil.rmtree("patches", ignore_errors=True)
    command = ["venv/bin/kube-foresight", "patch", "-n", "all", "-m", "prometheus", "-p", address, "-o", "patches"]
    environment = os.environ | {"PYTHONHASHSEED": str(seed)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    asked = []
    for patch in sorted(pathlib.Path("patches").glob("*.yaml")):
        for container in yaml.safe_load(patch.read_text())["spec"]["template"]["spec"]["containers"]:
            requests = container["resources"]["requests"]
            asked.append(f"{container['name']} {requests['cpu']} {requests['memory']}")
    return ", ".join(asked) or "nothing"


def show(name, parts):
    containers.clear()
    containers.update(parts)
    seen = collections.Counter(advice(seed) for seed in SEEDS)
    print(f"{name}: {dict(seen)}")
    return seen


seen = show("both at half of their requests", HALF | SIDECAR)
assert set(seen) == {"nothing", "proxy 2400m 4915Mi"}, "the advice has changed"
seen = show("the server alone, at half", HALF)
assert seen == {"nothing": 20}, "a single container has changed"
seen = show("the server at a twentieth", TWENTIETH | SIDECAR)
assert set(seen) == {"server 240m 492Mi", "proxy 240m 492Mi"}, "the advice has changed"
PYTHON
