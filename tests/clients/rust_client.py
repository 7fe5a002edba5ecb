"""The AWS SDK for Rust against `plimsoll serve`.

usage: rust_client.py PLIMSOLL FLOW

FLOW is the program of `rust`, beside this file: `cargo build --locked --manifest-path tests/clients/rust/Cargo.toml`.
"""

import json
import subprocess
import sys

import boto3_flows
from server import Server


def main(plimsoll, flow):
    # Waiters sleep between looks; the first one finds what they wait for.
    with (
        Server(plimsoll, boto3_flows.SCENARIO, jump="1m") as server,
        Server(plimsoll, boto3_flows.THROTTLED, jump="1m") as throttled,
    ):
        done = subprocess.run([flow, server.url, throttled.url], check=True, capture_output=True, text=True)
    seen = json.loads(done.stdout)
    assert seen == {
        "listed": 3,
        "ended": ["terminated"] * 3,
        "refusals": boto3_flows.REFUSALS,
    }, seen
    print("Rust: ok", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
