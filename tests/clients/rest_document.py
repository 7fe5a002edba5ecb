"""The OpenAPI document of `plimsoll serve`: valid, and kept by every answer that a property-based tester gets.

usage: rest_document.py PLIMSOLL [SECONDS]

SECONDS is how long the tester goes on; left out, it tries 20 examples of each operation.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from openapi_spec_validator import validate
from server import Server

SCENARIO = """
name = "rest"
lifecycle = { boot = "40s", stop = "20s", terminate = "15s" }
zones = [{ name = "us-east-1a", hosts = [{ count = 8, vcpu = 4, memory_gib = 16 }] }]
[workload]
"""

CHECKS = "not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance"


def main():
    server = Server(sys.argv[1], SCENARIO)
    url = f"{server.url}/api/v1/openapi.json"
    document = json.load(urllib.request.urlopen(url))
    validate(document)
    tester = Path(sys.executable).with_name("schemathesis")
    extent = ["--max-time", sys.argv[2]] if len(sys.argv) > 2 else ["--max-examples", "20"]
    subprocess.run(
        [tester, "run", url, "--url", server.url, "--checks", CHECKS, *extent, "--seed", "1"],
        check=True,
        cwd=server.folder.name,
    )
    server.stop()
    print(f"OpenAPI {document['openapi']}: {len(document['paths'])} paths")


main()
