"""Types of the module, as a checker sees them: those of its own code, and those that its users meet."""

import subprocess
import sys
from pathlib import Path

import pytest

import plimsoll

RIGHT = """
from pathlib import Path
import plimsoll

result: plimsoll.Result = plimsoll.run("a.toml", seed=7, set={"placement.strategy": "best-fit"}, tables=True)
digest: str = result.digest
files: dict[str, Path] = result.tables
compared: plimsoll.Comparison = plimsoll.compare("a.toml", strategies=["spread"], variants={"more": {"duration": "2d"}})

def fullest(request: plimsoll.Request, host: plimsoll.Host) -> tuple[plimsoll.rules.Number, ...]:
    return host.free.vcpu - request.vcpu, 2 * host.count

rule: plimsoll.Rule = fullest
plimsoll.run("a.toml", strategy=fullest)
plimsoll.run("a.toml", strategy={"name": "best-of-k", "k": 3})
plimsoll.compare("a.toml", strategies=["spread", fullest, lambda request, host: host.free_share.memory])
swept: plimsoll.Sweep = plimsoll.sweep("a.toml", output=Path("out"))
"""

WRONG = {
    'plimsoll.run("a.toml", seed="7")': "arg-type",
    'plimsoll.run("a.toml", 7)': "call-arg",
    "plimsoll.run(None)": "arg-type",
    'plimsoll.run("a.toml").digst': "attr-defined",
    'plimsoll.compare("a.toml", replications=None)': "arg-type",
    "plimsoll.binary() + 1": "operator",
    'plimsoll.run("a.toml", strategy=lambda request: 1)': "arg-type",
    'plimsoll.run("a.toml", strategy=lambda request, host: host.fre.vcpu)': "attr-defined",
    'plimsoll.run("a.toml", strategy=lambda request, host: "least")': "arg-type",
}


def checked(*words: str) -> str:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-incremental", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_the_module_is_typed_throughout() -> None:
    assert (Path(plimsoll.__file__).parent / "py.typed").exists()
    assert checked("--ignore-missing-imports", "--package", "plimsoll") == ""


def test_a_checker_sees_the_types_of_the_installed_module(tmp_path: Path) -> None:
    path = tmp_path / "uses.py"
    path.write_text(RIGHT)
    assert checked(str(path)) == ""
    path.write_text("import plimsoll\n" + "\n".join(WRONG) + "\n")
    told = checked(str(path)).splitlines()
    for number, (code, kind) in enumerate(WRONG.items(), start=2):
        assert any(f"uses.py:{number}:" in line and f"[{kind}]" in line for line in told), (code, told)
