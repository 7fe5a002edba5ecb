#!/usr/bin/env bash
# Finding: 1,119 requests a second take 118 GPUs by the sizing of vllm-sr-sim; its simulation of a fleet serves them with one, at a 99th
# percentile of 96 ms to the first token, and has 10,849 requests at once in the 128 places of that GPU.
#
# Guess before the run: a simulation that by its words matches the model of the sizing, and keeps to the number of places, has a queue
# that grows to the end on one GPU as soon as the load is more than `throughput` says, 11.2 requests a second.
#
# Seen on 2026-11-30 with vllm-sr-sim 0.1.0.dev20260713123629, the newest of its releases, which all are of that kind: requests alike, at
# even distances, of 1,600 tokens in and 400 out, on an A100 with a context of 8,192. Each takes 11.4 s in one of 128 places. `Fleet` frees
# the place after a 128th of that, as if one request had the GPU to itself, and has 128 places all the same, so that one GPU does what
# 128 do; at ten and a hundred times its throughput nobody waits. By the times in the requests' records 10,849 are served at once. The
# source has this for "consistency with the M/G/c analytical model"; the optimizer's own check, another simulation beside `Fleet`, holds
# a place for the whole time. Who compares routers, or one fleet of pools with another, by the
# package's commands for that, which run `Fleet`, finds that one GPU is enough for almost any load and all routers are alike.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet vllm-sr-sim==0.1.0.dev20260713123629 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
from fleet_sim import A100_80GB, Fleet, FleetConfig, PoolConfig, Request
from fleet_sim.optimizer.analytical import min_gpus_analytical

CONTEXT, IN, OUT, REQUESTS = 8192, 1600, 400, 20000
places = A100_80GB.n_slots(CONTEXT)
service = A100_80GB.service_time(IN, OUT, CONTEXT)
throughput = A100_80GB.throughput(CONTEXT, IN, OUT)
print(f"{places} places, {service:.1f} s for a request: {throughput:.2f} requests a second by the package")
assert (places, round(service, 2), round(throughput, 2)) == (128, 11.44, 11.19), "the GPU has changed"


def simulate(rate):
    """P99 of the wait and to the first token in ms, requests in service at once by their records, and GPUs by the sizing."""
    arrivals = [(number / rate, Request(req_id=number, arrival_time=number / rate, l_in=IN, l_out=OUT)) for number in range(REQUESTS)]
    pool = PoolConfig("pool", A100_80GB, n_gpus=1, max_ctx=CONTEXT)
    result = Fleet(FleetConfig([pool], "LengthRouter", {"threshold": CONTEXT})).run(arrivals)
    assert len(result.completed) == REQUESTS, "requests are missing"
    most = now = 0
    changes = [(request.start_time, 1) for request in result.completed] + [(request.physical_end_time, -1) for request in result.completed]
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    gpus = min_gpus_analytical(rate, throughput, 0.5, cv2=0.01, n_slots=places)
    return round(result.p99_queue_wait_ms()), round(result.p99_ttft_ms()), most, gpus


for times, expected in ((0.5, (0, 33, 19, 2)), (10, (0, 39, 441, 12)), (100, (0, 96, 10849, 118))):
    wait, first, most, gpus = seen = simulate(times * throughput)
    print(
        f"{times * throughput:4.0f} requests a second on one GPU: 99 % wait {wait} ms at most and have the first token after {first} ms,",
        f"{most} in service at once; by the sizing {gpus} GPUs"
    )
    assert seen == expected, "the simulation has changed"
PYTHON
