"""The module against the program: the same figures, the same errors, nothing left behind."""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import plimsoll

SCENARIO = """
name = "small"
duration = "1d"
[[zones]]
name = "a"
hosts = [{ count = 3, vcpu = 8, memory_gib = 32 }]
[[workload.arrivals]]
process = { kind = "poisson", per_hour = 5.0 }
lifetime = { kind = "exponential", mean = "2h" }
types = { "m5.large" = 1 }
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO)
    return path


def test_a_run_is_that_of_the_command_line(scenario: Path, tmp_path: Path) -> None:
    words = ["run", scenario, "--seed", "7", "--set", "placement.strategy=best-fit", "--json", "--no-report", "-o", tmp_path / "r"]
    direct = json.loads(subprocess.check_output([plimsoll.binary(), *words]))
    result = plimsoll.run(scenario, seed=7, set={"placement.strategy": "best-fit"}, tables=True)
    assert (result.digest, result.summary["launch"]) == (direct["digest"], direct["launch"])
    other = plimsoll.run(scenario, seed=7, set={"zones.0.hosts": [{"count": 1, "vcpu": 2.5, "memory_gib": 32}]})
    assert other.digest != result.digest


def leftovers(place: Path) -> list[str]:
    return sorted(path.name for path in place.glob("plimsoll-*"))


def test_a_result_without_an_output_goes_with_its_last_reference(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    result = plimsoll.run(scenario)
    summary, other = result.summary, plimsoll.compare(scenario, strategies=["first-fit", "spread"], replications=2)
    assert len(leftovers(place)) == 2
    assert other.data["schema"] and result == result and result != other
    del result, other
    gc.collect()
    assert leftovers(place) == [] and summary["launch"]["requested"] > 0
    # What has failed leaves nothing either.
    with pytest.raises(plimsoll.PlimsollError):
        plimsoll.run(scenario, set={"zones.0.hosts.0.count": -1})
    gc.collect()
    assert leftovers(place) == []
    # A folder that is named is the caller's.
    plimsoll.run(scenario, output=place / "mine")
    gc.collect()
    assert (place / "mine" / "summary.json").exists()


def test_what_a_result_has_handed_out_outlives_it(scenario: Path, tmp_path: Path) -> None:
    program = """
import gc, sys
import plimsoll
file = plimsoll.run(sys.argv[1], tables=True).tables["instances"]
folder = plimsoll.run(sys.argv[1]).folder
gc.collect()
assert file.stat().st_size > 0 and (folder / "summary.json").exists()
"""
    place = tmp_path / "temporary"
    place.mkdir()
    environment = os.environ | {"TMPDIR": str(place), "PLIMSOLL": str(plimsoll.binary())}
    subprocess.run([sys.executable, "-c", program, str(scenario)], check=True, env=environment)
    assert leftovers(place) == [], "the end of the interpreter removes them"


def test_an_arrow_table_outlives_its_result(scenario: Path) -> None:
    pytest.importorskip("pyarrow")
    table = plimsoll.run(scenario, tables=True).arrow("instances")
    gc.collect()
    assert len(table.to_pylist()) == table.num_rows > 0


def test_tables_are_arrow(scenario: Path) -> None:
    polars = pytest.importorskip("polars")
    result = plimsoll.run(scenario, tables=True)
    table = result.arrow("instances")
    assert table.num_rows == result.summary["launch"]["succeeded"]
    frame = polars.from_arrow(table)
    assert frame.height == table.num_rows
    # The columns of the frame are the bytes of the file that is mapped, not copies.
    newest = polars.CompatLevel.newest()
    for name in table.column_names:
        (chunk,) = table[name].chunks
        taken = frame[name].to_arrow(compat_level=newest)
        assert taken.to_pylist() == chunk.to_pylist(), name
        assert taken.buffers()[1].address == chunk.buffers()[1].address, name
    older = result.folder / "tables" / "instances.arrow"
    older.unlink()  # what is mapped stays as it is
    older.touch()
    os.utime(older, (0, 0))
    assert result.arrow("instances").equals(table), "an older file is made anew"
    assert not list(result.folder.glob("**/*.part"))
    with pytest.raises(plimsoll.PlimsollError, match="found no table `nothing`; known: .*instances"):
        result.arrow("nothing")


def test_a_comparison_has_its_variants(scenario: Path) -> None:
    compared = plimsoll.compare(scenario, strategies=["first-fit", "spread"], replications=2)
    assert "first-fit" in json.dumps(compared.data) and "spread" in json.dumps(compared.data)
    more = {"more": {"zones.0.hosts.0.count": 5}}
    assert "more" in json.dumps(plimsoll.compare(scenario, variants=more, replications=2).data)


def test_wrong_input_is_an_exception_with_the_text_of_the_terminal(scenario: Path) -> None:
    with pytest.raises(plimsoll.PlimsollError) as caught:
        plimsoll.run(scenario, set={"placement.strategy": "best-fir"})
    assert caught.value.exit_code == 2
    assert "best-fir" in str(caught.value) and "did you mean `best-fit`" in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_ends_the_run_and_leaves_nothing(scenario: Path, tmp_path: Path) -> None:
    endless = {"duration": "200000d", "workload.arrivals.0.process.per_hour": 5000.0}
    places = [os.fspath(scenario), os.fspath(tmp_path / "out")]
    code = f"import plimsoll; plimsoll.run({places[0]!r}, set={endless!r}, output={places[1]!r})"
    program = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    while not any(path.name != "small.toml" for path in tmp_path.iterdir()):
        time.sleep(0.05)  # until the run has begun its folder
    program.send_signal(signal.SIGINT)
    _, told = program.communicate(timeout=60)
    assert program.returncode != 0 and "KeyboardInterrupt" in told, told
    assert not (tmp_path / "out").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"small.toml"}


def test_values_are_written_as_toml() -> None:
    assert plimsoll.toml({"a b": [1, 2.5, True, "x\"y"]}) == '{ "a b" = [1, 2.5, true, "x\\"y"] }'
    with pytest.raises(TypeError):
        plimsoll.toml(object())
