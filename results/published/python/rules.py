"""Rules in Python beside the same rules as expressions: questions, their rate, and the time of both. Usage: rules.py SCENARIO [PATH=VALUE…]"""

import sys
import time
from collections.abc import Callable
from fractions import Fraction

import plimsoll
from plimsoll import Host, Request


def best_fit(request: Request, host: Host) -> tuple[Fraction, ...]:
    return host.free.vcpu, host.free.memory


def spread(request: Request, host: Host) -> Fraction:
    return host.count


def dot_product(request: Request, host: Host) -> Fraction:
    return -(host.request_share.vcpu * host.free_share.vcpu + host.request_share.memory * host.free_share.memory)


def nearest(request: Request, host: Host) -> tuple[Fraction, ...]:
    return abs(host.free.vcpu - request.vcpu), host.free.memory


def by_rack(request: Request, host: Host) -> tuple[Fraction, ...]:
    return host.count, host.rack


def outlived(request: Request, host: Host) -> tuple[Fraction, ...]:
    return max(request.left - host.exit.left, Fraction(0)), host.free.vcpu, host.free.memory


RULES: list[tuple[Callable[[Request, Host], Fraction | tuple[Fraction, ...]], list[str]]] = [
    (best_fit, ["free.vcpu", "free.memory"]),
    (spread, ["count"]),
    (dot_product, ["-(request_share.vcpu * free_share.vcpu + request_share.memory * free_share.memory)"]),
    (nearest, ["abs(free.vcpu - request.vcpu)", "free.memory"]),
    (by_rack, ["count", "rack"]),
    (outlived, ["max(request.left - exit.left, 0)", "free.vcpu", "free.memory"]),
]


def main(scenario: str, *settings: str) -> None:
    options = [word for setting in settings for word in ("--set", setting)]
    print("| rule | launches | questions | in the function | run | the same as an expression |\n|---|--:|--:|--:|--:|--:|")
    for rule, minimize in RULES:
        calls, inside = 0, 0.0

        def counted(request: Request, host: Host) -> Fraction | tuple[Fraction, ...]:
            nonlocal calls, inside
            began = time.perf_counter()
            value = rule(request, host)
            inside += time.perf_counter() - began
            calls += 1
            return value

        asked = plimsoll.run(scenario, strategy=counted, options=options)
        stated = plimsoll.run(scenario, strategy={"name": "expression", "minimize": minimize}, options=options)
        assert asked.digest == stated.digest, f"{rule.__name__} differs from {minimize}"
        run_s, stated_s = (one.summary["engine"]["wall_s"] for one in (asked, stated))
        print(f"| `{rule.__name__}` | {asked.summary['launch']['requested']:,} | {calls:,} | {inside:.2f} s | {run_s:.2f} s | {stated_s:.2f} s |",
              flush=True)


main(*sys.argv[1:])
