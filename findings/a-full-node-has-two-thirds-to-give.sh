#!/usr/bin/env bash
# Finding: a node that kubectl shows as full, 8 of 8 CPUs requested, has 2.5 requested by `topNodes` of Kubernetes' JavaScript client.
#
# Guess before the run: what is requested on a node is what its scheduler counts, that is of every pod that has been placed there and has not
# ended: the sum of its containers, or its largest init container where that is more, and its overhead. Both tools say 8.
#
# Seen on 2026-11-30 with @kubernetes/client-node 2.0.1 on Node.js and kubectl 1.20.2 of Debian 12, asking one local stand-in for the API:
# kubectl says 8, `topNodes` 2.5. It counts pods whose phase is `Running`: a pod of 4 CPUs that is placed and still pulls its image
# is `Pending`, and left out, for minutes where images are large. Of init containers (2 CPUs) and overhead (half a CPU) it knows nothing.
# The result names a `Capacity` and a `RequestTotal`, side by side. Who takes the difference for room has more the busier the node
# is with starting pods, so that whatever places by it fills up the nodes that have been filled last.
#
# Needs Debian 12 with `apt-get update` done. (The function is taken from its file, as the package as a whole wants a newer Node.js than 20.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq -o APT::Sandbox::User=root kubernetes-client=1.20.5+really1.20.2-1.1+deb12u1
dpkg-deb --extract ./kubernetes-client_*.deb unpacked
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @kubernetes/client-node@2.0.1
cat >top.mjs <<'JAVASCRIPT'
import { topNodes } from "./node_modules/@kubernetes/client-node/dist/top.js";

const ask = (path) => async () => (await fetch(process.argv[2] + path)).json();
const [node] = await topNodes({ listNode: ask("/api/v1/nodes"), listPodForAllNamespaces: ask("/api/v1/pods") });
console.log(JSON.stringify([Number(node.CPU.Capacity), Number(node.CPU.RequestTotal), Number(node.Memory.RequestTotal) / 2 ** 30]));
JAVASCRIPT
python3 - <<'PYTHON'
import http.server
import json
import os
import re
import subprocess
import threading
from urllib.parse import parse_qs, urlsplit

BORN = {"creationTimestamp": "2026-11-30T00:00:00Z"}
SIZE = {"cpu": "8", "memory": "32Gi"}


def pod(name, phase, asks, **more):
    main = {"name": "main", "image": "any", "resources": {"requests": asks}}
    spec = {"nodeName": "node-1", "containers": [main], **more}
    return {"metadata": {"name": name, "namespace": "default", **BORN}, "spec": spec, "status": {"phase": phase}}


first = {"name": "first", "image": "any", "resources": {"requests": {"cpu": "2"}}}
pods = [
    pod("web", "Running", {"cpu": "1", "memory": "1Gi"}),
    pod("pulls-its-image", "Pending", {"cpu": "4", "memory": "16Gi"}),
    pod("with-init-container", "Running", {"cpu": "1"}, initContainers=[first]),
    pod("in-a-sandbox", "Running", {"cpu": "500m"}, runtimeClassName="any", overhead={"cpu": "500m"}),
    pod("done", "Succeeded", {"cpu": "3"}),
]
node = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "node-1", **BORN}, "status": {"allocatable": SIZE, "capacity": SIZE}}
resource = {"name": "nodes", "singularName": "", "namespaced": False, "kind": "Node", "verbs": ["get", "list"]}


class Cluster(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = urlsplit(self.path)
        left_out = re.findall(r"status\.phase!=(\w+)", parse_qs(asked.query).get("fieldSelector", [""])[0])
        answers = {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
            "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource]},
            "/api/v1/nodes": {"kind": "NodeList", "apiVersion": "v1", "items": [node]},
            "/api/v1/nodes/node-1": node,
            "/api/v1/pods": {"kind": "PodList", "apiVersion": "v1", "items": [p for p in pods if p["status"]["phase"] not in left_out]},
        }
        none = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
        answer = json.dumps(answers.get(asked.path, none)).encode()
        self.send_response(200 if asked.path in answers else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"


def said(*command):
    environment = os.environ | {"HOME": os.getcwd(), "KUBECONFIG": "none"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


description = said("unpacked/usr/bin/kubectl", "--server", address, "describe", "node", "node-1")
[by_kubectl] = re.findall(r"^Allocated resources:.*?^  cpu +(\S+) \((\S+)\).*?^  memory +(\S+)", description, re.DOTALL | re.MULTILINE)
capacity, cpus, memory = json.loads(said("node", "top.mjs", address))
print(f"kubectl: {by_kubectl[0]} CPUs requested ({by_kubectl[1]}), {by_kubectl[2]} of memory")
print(f"client-node: {cpus} of {capacity} CPUs requested, {memory:g} GiB of memory")
assert by_kubectl == ("8", "100%", "17Gi"), "kubectl has changed"
assert (capacity, cpus, memory) == (8, 2.5, 1), "client-node has changed"
PYTHON
