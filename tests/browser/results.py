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

KINDS = ["run", "comparison", "sweep", "sizing", "recommendation", "check"]
# Runs of other sorts: of several zones with dates, warm-up and an outage; with elastic hosts and objectives.
RUNS = ["region", "elastic"]

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


REGION = """
name = "region"
start = 2026-03-01
duration = "21d"
warmup = "2d"
placement.strategy = "best-fit"
[[zones]]
name = "us-east-1a"
hosts = [
    { count = 2, vcpu = 64, memory_gib = 256, sku = "gen2" },
    { count = 3, vcpu = 96, memory_gib = 384, sku = "gen3" },
]
[[zones]]
name = "us-east-1b"
hosts = [{ count = 4, vcpu = 96, memory_gib = 384, sku = "gen3" }]
[faults]
hosts = { detection = "20s" }
outages = [{ at = "9d", zone = "us-east-1b", hosts = { count = 2 }, length = "2d" }]
maintenance = [{ at = "14d", zone = "us-east-1a", hosts = { count = 1 }, length = "1d", notice = "1h" }]
[workload.profile]
growth_per_month = 0.3
[[workload.arrivals]]
process = { kind = "diurnal", per_hour = 9.0, peak_to_mean = 1.5, peak_at = "14h" }
lifetime = { kind = "lognormal", median = "6h", mean = "12h" }
types = { "m5.large" = 6, "c5.2xlarge" = 2, "r5.4xlarge" = 3, "m5.4xlarge" = 1 }
"""

ELASTIC = """
name = "elastic"
duration = "5d"
[[zones]]
name = "a"
hosts = [{ elastic = true, vcpu = 32, memory_gib = 128 }]
[lifecycle]
boot = "25s"
[[workload.arrivals]]
process = { kind = "diurnal", per_hour = 20.0, peak_to_mean = 1.8, peak_at = "14h" }
lifetime = { kind = "exponential", mean = "5h" }
types = { "m5.large" = 3, "m5.2xlarge" = 1 }
[[objectives]]
metric = "fleet.hosts_used_peak"
at_most = 10
[[objectives]]
metric = "launch.success_ratio"
at_least = 0.9999
"""


def write_region(place):
    (place / "region.toml").write_text(REGION, encoding="utf-8")


def write_elastic(place):
    (place / "elastic.toml").write_text(ELASTIC, encoding="utf-8")


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
    plimsoll(place, "check", "worse", "--baseline", "baseline.toml", "--quiet", "-o", "check", code=1)
    write_region(place)
    plimsoll(place, "run", "region.toml", "--quiet", "-o", "region")
    write_elastic(place)
    plimsoll(place, "run", "elastic.toml", "--quiet", "-o", "elastic")
    label = "<script>alert(1)</script>'\"'&lt;\u202e\u05d0"
    variants = [f"{label}:zones.0.hosts.0.count=2", "first:", f"{LONG}:zones.0.hosts.0.count=3"]
    words = [word for variant in variants for word in ("--variant", variant)]
    plimsoll(place, "compare", "hostile.toml", "--quiet", "-R", "2", "-o", "comparison", *words)
    plimsoll(place, "sweep", "sweep.toml", "--quiet", "-o", "sweep")
    target = ["--vary", "zones.0.hosts.0.count", "--until", "launch.success_ratio >= 0.2"]
    plimsoll(place, "size", "hostile.toml", "--quiet", "-R", "2", "-o", "sizing", *target)
    chosen = ["--vary", "zones.0.hosts.0.count=1..60", "--minimize", "zones.0.hosts.0.count", "--until", target[3]]
    chosen += ["--assume", "zones.0.hosts.0.memory_gib=8..16", "-o", "recommendation"]
    plimsoll(place, "recommend", "hostile.toml", "--quiet", "-R", "2", *chosen)
    folders = {kind: Path(place) / kind for kind in [*KINDS, *RUNS]}
    forge(folders["run"], "summary.json", "hostile", "first-fit")
    forge(folders["check"], "check.json", "hostile")
    forge(folders["comparison"], "comparison.json", "hostile", "first")
    forge(folders["sweep"], "sweep.json", "hostile")
    forge(folders["sizing"], "sizing.json", "hostile")
    forge(folders["recommendation"], "recommendation.json", "hostile")
    return folders
