"""Rules in Python: the runs of the strategies whose rules they are, errors that come back, and what is told to them."""

import inspect
import json
import math
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

import plimsoll
from plimsoll import Host, Request
from plimsoll.rules import Amounts, Exit, Gpu, Numa

SCENARIO = """
name = "groups-and-devices"
seed = 7
duration = "12h"
[[zones]]
name = "a"
hosts = [
  { count = 12, vcpu = 48, memory_gib = 160, numa_nodes = 2, hosts_per_rack = 3 },
  { count = 4, vcpu = 96, memory_gib = 384, gpu = 4, gpu_division = "devices", hosts_per_rack = 2 },
]
[placement]
strategy = "first-fit"
groups = [{ name = "apart", strategy = "spread" }, { name = "near", strategy = "cluster" }]
[placement.prediction]
log_error = 0.5
[[workload.arrivals]]
process = { kind = "poisson", per_hour = 60.0 }
types = { "m5.large" = 2, "c5.2xlarge" = 1, "r5.xlarge" = 1, "g4dn.xlarge" = 1 }
count = 2
lifetime = { kind = "exponential", mean = "90m" }
[[workload.arrivals]]
process = { kind = "poisson", per_hour = 2.0 }
types = { "m5.large" = 1 }
group = "apart"
lifetime = { kind = "exponential", mean = "2h" }
[[workload.arrivals]]
process = { kind = "poisson", per_hour = 2.0 }
types = { "c5.2xlarge" = 1 }
group = "near"
lifetime = { kind = "exponential", mean = "2h" }
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(SCENARIO)
    return path


def best_fit(request: Request, host: Host) -> tuple[Fraction, Fraction]:
    return host.free.vcpu, host.free.memory


def fewest(request: Request, host: Host) -> Fraction:
    return host.count


def dot_product(request: Request, host: Host) -> Fraction:
    names = ("vcpu", "memory", "gpu", "storage", "network")
    return -sum((getattr(host.request_share, name) * getattr(host.free_share, name) for name in names), Fraction(0))


def by_rack(request: Request, host: Host) -> tuple[Fraction, Fraction]:
    return host.rack, -host.free_share.memory


def by_end(request: Request, host: Host) -> tuple[Fraction, Fraction]:
    return -host.exit.left, host.free.vcpu


def outlived(request: Request, host: Host) -> tuple[Fraction, Fraction]:
    return max(request.left - host.exit.left, Fraction(0)), host.free.vcpu


def by_parts(request: Request, host: Host) -> tuple[Fraction | float, ...]:
    unused = host.gpu.unused if host.gpu.devices else math.nan
    return host.numa.most_vcpu, host.gpu.largest, unused if request.gpu else 0


def stated(*minimize: str) -> dict[str, object]:
    return {"name": "expression", "minimize": list(minimize)}


@pytest.mark.parametrize(
    ("rule", "strategy"),
    [
        (best_fit, "best-fit"),
        (fewest, "spread"),
        (dot_product, "dot-product"),
        (by_rack, stated("rack", "-free_share.memory")),
        (by_end, stated("-exit.left", "free.vcpu")),
        (outlived, stated("max(request.left - exit.left, 0)", "free.vcpu")),
        (
            lambda request, host: abs(host.free.vcpu - 3 * request.vcpu) / 7 + host.used.memory / 3,
            stated("abs(free.vcpu - 3 * request.vcpu) / 7 + used.memory / 3"),
        ),
        (
            lambda request, host: (host.numa.most_vcpu, host.gpu.largest, host.gpu.unused, request.nodes, host.numa.nodes),
            stated("numa.most_vcpu", "gpu.largest", "gpu.unused", "request.nodes", "numa.nodes"),
        ),
    ],
)
def test_a_rule_runs_like_the_strategy_that_it_states(rule: plimsoll.Rule, strategy: object, scenario: Path) -> None:
    asked = plimsoll.run(scenario, strategy=rule, options=["--verify-placement"])
    named = plimsoll.run(scenario, strategy=strategy)  # type: ignore[arg-type]
    assert asked.summary["strategy"] == "callable"
    assert asked.summary["launch"]["succeeded"] > 1000
    assert (asked.digest, asked.summary["launch"]) == (named.digest, named.summary["launch"])
    assert plimsoll.run(scenario, strategy=rule).digest == asked.digest


def test_a_comparison_takes_rules_beside_names(scenario: Path) -> None:
    compared = plimsoll.compare(scenario, strategies=["best-fit", best_fit, fewest], replications=3)
    digests = {variant["label"]: variant["digests"] for variant in compared.data["variants"]}
    assert list(digests) == ["best-fit", "best_fit", "fewest"]
    assert digests["best-fit"] == digests["best_fit"] and not {*digests["best-fit"]} & {*digests["fewest"]}
    alone = plimsoll.compare(scenario, strategies=[fewest], replications=2, variants={"more": {"duration": "6h", "seed": 9}})
    assert [variant["label"] for variant in alone.data["variants"]] == ["fewest", "more"]
    assert alone.data["variants"][1]["set"][-2:] == ['duration="6h"', "seed=9"]


def test_an_error_of_a_rule_ends_the_run_and_is_raised(scenario: Path, tmp_path: Path) -> None:
    calls = 0

    def breaks(request: Request, host: Host) -> float:
        nonlocal calls
        calls += 1
        return 1 / (30 - calls)

    before = sorted(tmp_path.iterdir())
    for run in (
        lambda: plimsoll.run(scenario, strategy=breaks, output=tmp_path / "out"),
        lambda: plimsoll.compare(scenario, strategies=["best-fit", breaks], output=tmp_path / "out"),
    ):
        calls = 0
        with pytest.raises(ZeroDivisionError) as caught:
            run()
        assert calls == 30, "it is not asked again"
        assert "1 / (30 - calls)" in "".join(traceback.format_exception(caught.value))
        if sys.version_info >= (3, 11):
            (note,) = caught.value.__notes__
            assert "rule `breaks` was asked about a host of 48 vCPU, 160 GiB with" in note, note
        assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, TypeError, "gave None for a host of 48 vCPU, 160 GiB with 48 vCPU, 160 GiB free and any request; expected a number"),
        ("1", TypeError, "gave '1'"),
        ([1, 2], TypeError, r"gave \[1, 2\]"),
        ((1, "2"), TypeError, r"gave \(1, '2'\)"),
        ((), ValueError, r"gave \(\)"),
        (math.nan, ValueError, "gave nan .* `math.inf`"),
        ((1, -math.inf), ValueError, r"gave \(1, -inf\)"),
        (10**400, ValueError, "within double precision"),
    ],
)
def test_a_value_that_is_no_number_is_an_error(value: object, kind: type[Exception], expected: str, scenario: Path, tmp_path: Path) -> None:
    with pytest.raises(kind, match=expected):
        plimsoll.run(scenario, strategy=lambda request, host: value, output=tmp_path / "out")  # type: ignore[arg-type, return-value]
    assert [path.name for path in tmp_path.iterdir()] == ["own.toml"]


def test_a_rule_gives_as_many_numbers_each_time(scenario: Path) -> None:
    def uneven(request: Request, host: Host) -> Fraction | tuple[Fraction, Fraction]:
        return (request.vcpu, host.free.vcpu) if request.gpu else request.vcpu

    with pytest.raises(ValueError, match="rule `uneven` gave .* and a request for 4 vCPU, 16 GiB, 1 GPU; expected 1 as for the first"):
        plimsoll.run(scenario, strategy=uneven)


def test_infinity_excludes_a_host(scenario: Path) -> None:
    def three_at_most(request: Request, host: Host) -> float:
        return math.inf if host.count >= 3 else 0

    result = plimsoll.run(scenario, strategy=three_at_most, options=["--verify-placement"])
    assert 0 < result.summary["fleet"]["instances_running_peak"] <= 3 * 16
    assert result.summary["launch"]["failed"] > 100
    assert "strategy-hosts" in (result.folder / "failures.csv").read_text()


def test_a_run_begins_anew_for_a_rule_that_looks_further(scenario: Path) -> None:
    seen: list[str] = []

    def looks_further(request: Request, host: Host) -> Fraction:
        if not seen:
            seen.append("host")
        try:
            return host.count if host.free.vcpu < 10 else Fraction(0)
        except BaseException:  # even a rule that goes on after it
            seen.append("anew")
            return Fraction(5)

    result = plimsoll.run(scenario, strategy=looks_further)
    assert seen == ["host", "anew"]
    expected = plimsoll.run(scenario, strategy=stated("if(free.vcpu < 10, count, 0)"))
    assert result.digest == expected.digest


def test_a_kind_of_host_is_asked_about_once(scenario: Path) -> None:
    asked: list[tuple[Fraction, ...]] = []

    def notes(request: Request, host: Host) -> Fraction:
        kinds = [host.capacity.vcpu, host.free.vcpu, host.free.memory, host.free.gpu, host.free.storage, host.gpu.largest]
        asked.append((*kinds, host.numa.most_vcpu, host.numa.most_memory, host.numa.least_vcpu, host.numa.least_memory))
        return host.free.vcpu

    result = plimsoll.run(scenario, strategy=notes)
    assert len(asked) == len(set(asked)) < result.summary["launch"]["requested"]


def test_a_rule_that_has_failed_leaves_no_checkpoint(scenario: Path, tmp_path: Path) -> None:
    def breaks(request: Request, host: Host) -> float:
        raise ZeroDivisionError

    checkpoints = tmp_path / "checkpoints"
    with pytest.raises(ZeroDivisionError):
        plimsoll.run(scenario, strategy=breaks, options=["--checkpoint-at", "5h", "--checkpoint-dir", os.fspath(checkpoints)])
    assert not checkpoints.exists() or not list(checkpoints.iterdir())


def test_a_run_goes_on_from_a_checkpoint(scenario: Path, tmp_path: Path) -> None:
    def run(options: list[str]) -> str:
        return plimsoll.run(scenario, strategy=fewest, options=options).digest

    whole = run(["--checkpoint-at", "5h", "--checkpoint-dir", os.fspath(tmp_path / "checkpoints")])
    (file,) = (tmp_path / "checkpoints").iterdir()
    assert run(["--from-checkpoint", os.fspath(file)]) == whole


def test_what_cannot_be_is_refused_with_the_way_out(scenario: Path) -> None:
    def wrong(call: Callable[[], object]) -> str:
        with pytest.raises((ValueError, plimsoll.PlimsollError)) as caught:
            call()
        return str(caught.value)

    told = wrong(lambda: plimsoll.run(scenario, strategy=best_fit, set={"placement.strategy": "spread"}))
    assert "expected one of them" in told
    assert "called `best_fit`" in wrong(lambda: plimsoll.compare(scenario, strategies=[best_fit, best_fit]))
    assert "strategy `all`" in wrong(lambda: plimsoll.compare(scenario, strategies=["all", best_fit]))
    assert "did you mean `best-fit`" in wrong(lambda: plimsoll.compare(scenario, strategies=["best-fir", best_fit]))
    assert "`duraton`" in wrong(lambda: plimsoll.run(scenario, strategy=best_fit, set={"duraton": "1d"}))
    table = {"name": "callable", "rule": "best_fit"}
    assert "plimsoll.run(scenario, strategy=rule)" in wrong(lambda: plimsoll.run(scenario, strategy=table))
    assert "--json" in wrong(lambda: plimsoll.run(scenario, strategy=best_fit, options=["--json"]))
    assert not plimsoll.run(scenario, strategy=best_fit, options=["--dry-run"]).folder.exists()
    best_fit_by_name = lambda request, host: host.free.vcpu  # noqa: E731
    best_fit_by_name.__name__ = "a,b"
    assert "without commas" in wrong(lambda: plimsoll.run(scenario, strategy=best_fit_by_name))


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_ends_a_rule_and_leaves_nothing(scenario: Path, tmp_path: Path) -> None:
    code = f"""
import pathlib, time, plimsoll
def sleeps(request, host):
    pathlib.Path({os.fspath(tmp_path / "asked")!r}).touch()
    time.sleep(0.01)
    return host.exit.left + host.rack + host.count
plimsoll.run({os.fspath(scenario)!r}, strategy=sleeps, output={os.fspath(tmp_path / "out")!r})
"""
    program = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    while program.poll() is None and not (tmp_path / "asked").exists():
        time.sleep(0.05)
    time.sleep(1)
    program.send_signal(signal.SIGINT)
    _, told = program.communicate(timeout=60)
    assert program.returncode != 0 and "KeyboardInterrupt" in told, told
    assert {path.name for path in tmp_path.iterdir()} == {"own.toml", "asked"}


def test_a_rule_is_told_every_name_of_an_expression() -> None:
    command = [os.fspath(plimsoll.binary()), "run", "nothing.toml", "--callables", "own"]
    told = subprocess.run(command, input=b"", capture_output=True, check=False).stdout

    def names(of: type, prefix: str) -> set[str]:
        properties = [name for name, value in inspect.getmembers(of) if isinstance(value, property)]
        parts: dict[str, type] = {"numa": Numa, "gpu": Gpu, "exit": Exit}
        parts |= dict.fromkeys(["free", "capacity", "used", "free_share", "request_share"], Amounts)
        if of is Host:
            each = [names(parts[name], name + ".") if name in parts else {name} for name in properties]
            return set().union(*each)
        assert all((getattr(of, name).__doc__ or "").endswith((".", "beyond a week.", "without prediction.")) for name in properties)
        return {prefix + name for name in properties}

    assert names(Host, "") | names(Request, "request.") == {name for name, _ in json.loads(told)}
