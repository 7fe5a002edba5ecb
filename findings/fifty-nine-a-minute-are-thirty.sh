#!/usr/bin/env bash
# Finding: 59 requests a minute are 30 by throttled-py's token bucket, and 60 are 60; 119 are 60, and 120 are 120.
#
# Guess before the run: a token bucket that is filled with 59 tokens a minute lets 59 requests a minute pass once its burst is used up, however
# often it is asked; algorithms of one package differ in bursts, not in the rate that lasts.
#
# Seen on 2026-12-01 with throttled-py 3.5.0, whose clock was turned by the script, asked ten times a second for forty minutes of which the
# second half counts: the token bucket, which it takes where none is named, and the leaking bucket round down what has come since
# the last request that passed, in whole seconds, and forget the rest: at 0.98 a second none after one second, one after two. So 31
# to 59 a minute are 30, 61 to 119 are 60, 121 to 179 are 120. GCRA and the fixed window grant what is asked for, the sliding window
# one less. Its script for Redis rounds in the same way. README and docstrings have nothing of this, only tokens per second. Limits
# that a cloud sets on calls are seldom whole numbers a second: who plans by them how long ten thousand launches take,
# or how many clients a service bears, is off by two at worst, and a limit that is raised from 60 to 119 changes nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet throttled-py==3.5.0
"$folder/venv/bin/python" - <<'PYTHON'
import time

clock = 1_000_000.0
time.time = time.monotonic = lambda: clock

from throttled import Throttled, store

ALGORITHMS = ("token_bucket", "leaking_bucket", "gcra", "fixed_window", "sliding_window")


def granted(algorithm, per_minute, minutes=20, asked=10):
    """Requests that pass each minute, after as many minutes in which the burst is used up."""
    global clock
    start = clock = 1_000_000.0
    limiter, passed = Throttled(key="calls", using=algorithm, quota=f"{per_minute}/m", store=store.MemoryStore()), 0
    for number in range(2 * minutes * 60 * asked):
        clock = start + number / asked
        passes = not limiter.limit().limited
        passed += passes and clock >= start + minutes * 60
    return passed / minutes


for per_minute, buckets in {45: 30, 59: 30, 60: 60, 119: 60, 120: 120}.items():
    seen = {algorithm: granted(algorithm, per_minute) for algorithm in ALGORITHMS}
    print(f"{per_minute:3} a minute:", ", ".join(f"{algorithm} {passed:g}" for algorithm, passed in seen.items()))
    assert list(seen.values()) == [buckets, buckets, per_minute, per_minute, per_minute - 1], "the rates have changed"
steps = {per_minute: granted("token_bucket", per_minute) for per_minute in (30, 31, 61, 121, 179)}
print("by the token bucket", ", ".join(f"{per_minute} a minute are {passed:g}" for per_minute, passed in steps.items()))
assert steps == {30: 30, 31: 30, 61: 60, 121: 120, 179: 120}, "the token bucket has changed"
PYTHON
