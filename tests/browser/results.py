"""Results of every kind to make pages of, with names that want to be more than names."""

import json
import os
import subprocess
from pathlib import Path

PROGRAM = os.environ.get("PLIMSOLL", "target/release/plimsoll")

# Markup, quotes, an entity, and letters that run from right to left, forced and by nature.
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked=1'>\"'&lt;\u202e\u05d0\u05d1\u05d2"
# The same, ten thousand letters long.
LONG = "<b>" + "endless" * 1430

KINDS = ["run", "comparison", "sweep", "sizing", "check"]

SCENARIO = """
name = "hostile"
seed = 7
duration = "2d"
[[instance_types]]
name = {type}
vcpu = 2
memory_gib = 8
[[zones]]
name = {zone}
[[zones.hosts]]
count = 6
vcpu = 16
memory_gib = 64
[[network.subnets]]
name = {subnet}
zone = {zone}
cidr = "10.0.0.0/28"
[[network.subnets]]
name = {long}
zone = {zone}
cidr = "10.0.1.0/28"
[lifecycle]
boot = "25s"
[workload]
trace = "trace.csv"
[[workload.arrivals]]
name = {arrivals}
process = {{ kind = "diurnal", per_hour = 4.0, peak_to_mean = 1.8, peak_at = "9h" }}
lifetime = {{ kind = "exponential", mean = "8h" }}
types = {{ {type} = 1 }}
subnet = {subnet}
"""

SWEEP = """
name = "hostile"
scenario = "hostile.toml"
seeds = 2
[[axes]]
path = "placement.strategy"
values = ["first-fit", "spread"]
[[axes]]
path = "zones.0.hosts.0.count"
values = [1, 2, 3, 4]
[[axes]]
path = "workload.arrivals.0.process.per_hour"
values = [2.0, 4.0, 8.0]
"""


def quoted(text):
    """A string of TOML, which takes those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def plimsoll(place, *words, code=0):
    done = subprocess.run([PROGRAM, *words], cwd=place, capture_output=True, text=True)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def write_scenario(place):
    names = {"type": "type ", "zone": "zone ", "subnet": "subnet ", "arrivals": "arrivals "}
    names = {key: quoted(word + HOSTILE) for key, word in names.items()}
    (place / "hostile.toml").write_text(SCENARIO.format(long=quoted(LONG), **names), encoding="utf-8")
    account = '"' + ("account " + HOSTILE).replace('"', '""') + '"'
    rows = [f"{at},{at + 90000},2,8,{account}" for at in range(0, 100000, 5000)]
    trace = "\n".join(["start_s,end_s,vcpu,memory_gib,account", *rows]) + "\n"
    (place / "trace.csv").write_text(trace, encoding="utf-8")
    (place / "sweep.toml").write_text(SWEEP, encoding="utf-8")


def rename(value, old, new):
    """The value with one string in the place of another, wherever it stands."""
    if isinstance(value, dict):
        return {key: rename(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [rename(inner, old, new) for inner in value]
    return new if value == old else value


def forge(folder, file, *names):
    """Gives a result names that it cannot have, as a doctored one might, and draws it again."""
    path = folder / file
    told = json.loads(path.read_text(encoding="utf-8"))
    for name in names:
        told = rename(told, name, HOSTILE)
    path.write_text(json.dumps(told), encoding="utf-8")
    plimsoll(folder, "report", ".", "--quiet")


# What a run with a control plane leaves beside its other files.
STAGES = ["gateway", "database", "stage " + HOSTILE]


def add_control_plane(folder):
    rows = ["time_s,stage,waiting,in_service,arrivals,completed,refused,timed_out"]
    for minute in range(0, 2880, 10):
        for number, stage in enumerate(STAGES):
            waiting = max(0, (minute % 700) - 400) * (number + 1) // 10
            name = '"' + stage.replace('"', '""') + '"'
            counts = [minute * 60, minute * 55, minute * 3 * number, minute * 2 * number]
            rows.append(",".join(map(str, [minute * 60, name, waiting, 2, *counts])))
    (folder / "control_plane.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    minutes = [f"{minute * 60},100,{60 if 300 < minute < 320 else 0}" for minute in range(2880)]
    (folder / "availability.csv").write_text("\n".join(["time_s,calls,failed", *minutes]) + "\n")


def make(place):
    """A result of each kind: their folders by kind."""
    write_scenario(place)
    plimsoll(place, "run", "hostile.toml", "--quiet", "-o", "run")
    add_control_plane(place / "run")
    plimsoll(place, "check", "run", "--baseline", "baseline.toml", "--update", "--quiet")
    plimsoll(place, "run", "hostile.toml", "--quiet", "-o", "worse", "--set", "zones.0.hosts.0.count=2")
    told = plimsoll(place, "check", "worse", "--baseline", "baseline.toml", "--json", code=1)
    (place / "check").mkdir()
    (place / "check/check.json").write_text(told, encoding="utf-8")
    label = "<script>alert(1)</script>'\"'&lt;\u202e\u05d0"
    variants = [f"{label}:zones.0.hosts.0.count=2", "first:", f"{LONG}:zones.0.hosts.0.count=3"]
    words = [word for variant in variants for word in ("--variant", variant)]
    plimsoll(place, "compare", "hostile.toml", "--quiet", "-R", "2", "-o", "comparison", *words)
    plimsoll(place, "sweep", "sweep.toml", "--quiet", "-o", "sweep")
    target = ["--vary", "zones.0.hosts.0.count", "--until", "launch.success_ratio >= 0.2"]
    plimsoll(place, "size", "hostile.toml", "--quiet", "-R", "2", "-o", "sizing", *target)
    folders = {kind: Path(place) / kind for kind in KINDS}
    forge(folders["run"], "summary.json", "hostile", "first-fit")
    forge(folders["check"], "check.json", "hostile")
    forge(folders["comparison"], "comparison.json", "hostile", "first")
    forge(folders["sweep"], "sweep.json", "hostile")
    forge(folders["sizing"], "sizing.json", "hostile")
    return folders
