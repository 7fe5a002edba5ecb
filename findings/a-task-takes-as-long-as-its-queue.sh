#!/usr/bin/env bash
# Finding: a hundred tasks of a minute, run by Nextflow on ten places, are 33,000 s of work to WfCommons, and on a hundred places 6,000 s: to the
# runtime of a task it adds the time that the task waited.
#
# Guess before the run: the runtime of a task, from which WfCommons makes models of workflows and inputs for simulators, is how long it ran:
# `realtime`, which is in the trace beside `duration`. As with the same package's reader of Pegasus, it does not hang on how many
# places there were.
#
# Seen on 2026-12-01 with wfcommons 1.6, `NextflowLogsParser`, from a trace file with the columns that Nextflow writes by default and a small
# RO-Crate: of a task submitted at midnight that waited 9 minutes and ran one, with `duration` 10m and `realtime` 1m, `runtimeInSeconds` is
# 600. Nextflow describes `duration` as the time since the submission, and `realtime` as that of the execution; the parser reads the former
# alone, and takes the submission for the start. There is no warning, and its docstring, which tells how to have the trace written, does
# not say that a wait is part of it. A simulator that is given such an instance lets the tasks queue once more, for work that is 5.5 times what
# was done; and as the tasks are longer the smaller the cluster was, a plan made from the trace of a crowded one asks for far too much.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet wfcommons==1.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import json
import pathlib

from wfcommons.wfinstances import NextflowLogsParser

TASKS, MINUTE = 100, 60
COLUMNS = "task_id hash native_id name status exit submit duration realtime %cpu peak_rss peak_vmem rchar wchar".split()


def work(places):
    """The seconds of all tasks by WfCommons, and of the last one, of a run in which all are submitted at once."""
    folder = pathlib.Path(f"run-{places}")
    folder.mkdir()
    rows = [COLUMNS]
    start = {"@id": "./", "@type": "Dataset", "mainEntity": {"@id": "main.nf"}}
    graph = [start, {"@id": "main.nf", "@type": ["File"], "name": "main.nf"}]
    for number in range(TASKS):
        name, waited = f"COUNT ({number})", number // places
        submitted = "2026-12-01 00:00:00.000"
        usage = ["100.0%", "1 GB", "2 GB", "0", "0"]
        rows.append([str(number), "aa/bbbbbb", str(number), name, "COMPLETED", "0", submitted, f"{waited + 1}m", "1m", *usage])
        graph.append({"@id": f"#task/{number}", "@type": "CreateAction", "name": name, "object": [], "result": []})
    whole = {"@id": "#run", "@type": "CreateAction", "name": "Nextflow workflow run one"}
    ended = f"2026-12-01T00:{TASKS // places:02}:00"
    graph.append(whole | {"startTime": "2026-12-01T00:00:00", "endTime": ended})
    (folder / "execution_trace_1.txt").write_text("".join("\t".join(row) + "\n" for row in rows))
    (folder / "ro-crate-metadata.json").write_text(json.dumps({"@graph": graph}))
    workflow = NextflowLogsParser(folder, "25.10.0").build_workflow("one")
    workflow.write_json(folder / "instance.json")
    tasks = json.loads((folder / "instance.json").read_text())["workflow"]["execution"]["tasks"]
    assert len(tasks) == TASKS
    seconds = [task["runtimeInSeconds"] for task in tasks]
    return sum(seconds), max(seconds)


for places, expected in {100: (6000, 60), 10: (33000, 600)}.items():
    seen = work(places)
    print(f"{places} places: {TASKS * MINUTE} s of work were done; WfCommons has {seen[0]:g} s, its longest task {seen[1]:g} s")
    assert seen == expected, "WfCommons has changed"
PYTHON
