"""Published traces, counted by DuckDB as published and as imported: `counts.py PLIMSOLL [DATA]`.

A format whose files are not in DATA (default ../shared/data beside the project) is skipped, loudly. Of the others, the query of
the published files says how many instances there are, how many never end, what they ask for in all, for how long, and how many are
there at once at the most; the canonical trace and `plimsoll trace describe` have to say the same.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

PLIMSOLL = str(Path(sys.argv[1]).resolve())
DATA = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).parents[3] / "shared" / "data")

# Instances as published: start and end in seconds, vCPU, GiB and GPU. `{}` is the folder.
INTERVALS = {
    "azure-v1": (
        ["azure-v1/azure_v1_dev.csv.gz", "azure-v1/azure_v1_test.csv.gz"],
        """SELECT bin_time_s - min(bin_time_s) OVER () AS start_s,
                  CASE censored WHEN 0 THEN start_s + dur_min_s + (dur_max_s - dur_min_s) / 2 END AS end_s,
                  vcpu, mem_gib AS memory_gib, 0 AS gpu FROM '{}'""",
    ),
    "huawei-lt": (
        ["huawei-east-1/Huawei-East-1-lt.csv.gz"],
        """SELECT "at" AS start_s, "at" + lt AS end_s, cpu AS vcpu, mem AS memory_gib, 0 AS gpu FROM '{}'""",
    ),
    "openb": (
        ["openb/openb_pod_list_default.csv"],
        """SELECT creation_time AS start_s, deletion_time AS end_s, cpu_milli / 1000 AS vcpu, memory_mib / 1024 AS memory_gib,
                  num_gpu * gpu_milli / 1000 AS gpu FROM '{}'""",
    ),
}

COUNTS = """
    SELECT count(*) AS instances, count(*) FILTER (end_s IS NULL) AS never_ending, count(DISTINCT (vcpu, memory_gib, gpu)) AS shapes,
           sum(vcpu) AS vcpu, sum(memory_gib) AS memory_gib, sum(gpu) AS gpu, min(start_s) AS first_s,
           max(start_s) AS last_arrival_s, avg(end_s - start_s) AS mean_s FROM instances"""

# What leaves at a time has left before others come.
PEAKS = """
    WITH changes AS (
        SELECT start_s AS time_s, 1 AS came, vcpu, memory_gib, gpu FROM instances
        UNION ALL SELECT end_s, -1, -vcpu, -memory_gib, -gpu FROM instances WHERE end_s IS NOT NULL),
    together AS (SELECT time_s, came < 0 AS leaves, sum(came) AS came, sum(vcpu) AS vcpu, sum(memory_gib) AS memory_gib, sum(gpu) AS gpu
                 FROM changes GROUP BY time_s, leaves),
    levels AS (SELECT sum(came) OVER w AS came, sum(vcpu) OVER w AS vcpu, sum(memory_gib) OVER w AS memory_gib, sum(gpu) OVER w AS gpu
               FROM together WINDOW w AS (ORDER BY time_s, leaves DESC))
    SELECT max(came) AS peak_instances, max(vcpu) AS peak_vcpu, max(memory_gib) AS peak_memory_gib, max(gpu) AS peak_gpu FROM levels"""


def asked(database, query):
    """Returns the one row of a query, by column."""
    answer = database.execute(query)
    return dict(zip([column[0] for column in answer.description], answer.fetchone(), strict=True))


def plimsoll(*words):
    return subprocess.run([PLIMSOLL, *map(str, words)], check=True, capture_output=True, text=True).stdout


def agree(what, left, right):
    for name, value in left.items():
        other = right[name]
        assert abs(float(value) - float(other)) <= 1e-9 * abs(float(value)), f"{what}: {name} is {value}, and {other}"


def imported(source, work, form, *more):
    out = work / "canonical.csv"
    plimsoll("trace", "import", "--format", form, source, "-o", out, *more)
    return out


def intervals(form, source, query, work):
    database = duckdb.connect()
    database.execute(f"CREATE TABLE instances AS {query.format(source)}")
    published = asked(database, COUNTS) | asked(database, PEAKS)
    out = imported(source, work, form)
    gpu = "gpu" if form == "openb" else "0 AS gpu"
    database.execute(f"CREATE OR REPLACE TABLE instances AS SELECT start_s, end_s, vcpu, memory_gib, {gpu} FROM '{out}'")
    agree(f"{form}: {source.name}, as imported", published, asked(database, COUNTS) | asked(database, PEAKS))
    told = json.loads(plimsoll("trace", "describe", out, "--json"))
    described = {name: value for name, value in published.items() if name in told and name not in ("shapes",)}
    assert len(described) == 8, sorted(described)
    agree(f"{form}: {source.name}, as described", described, told)
    print(f"{form}: {source.name}: {published['instances']:,} instances, {published['peak_instances']:,.0f} at once")


def topology(folder, work):
    """The requests of huawei-topology, which are operations, and its hosts."""
    lists = f"read_csv('{folder}/VM_data_C*.csv', filename = true)"
    published = duckdb.execute(f"""
        SELECT count(*), sum(flavor_vcpus), sum(flavor_ram), count(*) FILTER (numa = 2), count(strategy),
               count(DISTINCT (filename, strategy, "group")) FILTER (strategy IS NOT NULL),
               count(*) FILTER (strategy = 'fault_domain'), sum(domain + 1) FILTER (strategy = 'fault_domain') FROM {lists}""").fetchone()
    hosts_out = work / "hosts.csv"
    out = imported(folder, work, "huawei-topology", "--hosts", folder, "--hosts-out", hosts_out)
    canonical = duckdb.execute(f"""
        SELECT count(*) FILTER (op = 'launch'), sum(vcpu), sum(memory_gib), count(*) FILTER (numa = 2),
               count("group") FILTER (op = 'launch'), count(*) FILTER (op = 'create-placement-group'), count("partition"),
               sum("partition") FROM '{out}'""").fetchone()
    assert published == canonical, f"{published}, and {canonical}"
    told = json.loads(plimsoll("trace", "describe", out, "--json"))
    described = (told["instances"], told["instances_in_groups"], told["placement_groups"])
    assert (published[0], published[4], published[5]) == described, described
    # What 1,710 servers have free is dealt to the hosts in order.
    dealt = duckdb.execute(f"""
        WITH free AS (SELECT row_number() OVER () - 1 AS number, CPU1 + CPU2 AS vcpu, RAM1 + RAM2 AS memory_gib
                      FROM read_csv('{folder}/PM_res.csv')),
             hosts AS (SELECT row_number() OVER () - 1 AS number, rack_id FROM read_csv('{folder}/topology_provider.csv.gz'))
        SELECT count(*), count(DISTINCT rack_id), sum(vcpu), sum(memory_gib) FROM hosts JOIN free
        ON hosts.number % (SELECT count(*) FROM free) = free.number""").fetchone()
    written = duckdb.execute(f"SELECT count(*), count(DISTINCT rack), sum(vcpu), sum(memory_gib) FROM '{hosts_out}'").fetchone()
    assert dealt == written, f"{dealt}, and {written}"
    print(f"huawei-topology: {published[0]:,} requests in {published[5]:,} groups, {dealt[0]:,} hosts in {dealt[1]:,} racks")


def main():
    skipped = []
    with tempfile.TemporaryDirectory() as work:
        for form, (names, query) in INTERVALS.items():
            for name in names:
                if (DATA / name).exists():
                    intervals(form, DATA / name, query, Path(work))
                else:
                    skipped.append(name)
        if (DATA / "huawei-topology").exists():
            topology(DATA / "huawei-topology", Path(work))
        else:
            skipped.append("huawei-topology")
    for name in skipped:
        print(f"SKIPPED: {DATA / name} is not there", file=sys.stderr)


main()
