#!/usr/bin/env bash
# Finding: evalys reads a file of the Parallel Workloads Archive's format (SWF) without its first job.
#
# Guess before the run: comments begin with `;` and every other line is a job: four jobs, of which a cancelled one
# is perhaps told apart.
#
# Seen with evalys 4.0.7, pandas 2.3.3 and matplotlib 3.9.4: the first line that is no comment is taken for a heading and left
# out, whatever it holds, so that the first job is missing without a word; `from_csv` expects the heading that evalys' own
# `to_csv` writes, which the format does not have. The cancelled job (status 5) is left out too. Utilisation is computed from
# the rest: the machine seems idle until 100 s, while it is full from 0 s on. Put a line of headings above the jobs for evalys, and
# take it away for every other reader.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet evalys==4.0.7 pandas==2.3.3 matplotlib==3.9.4
cat >"$folder/jobs.swf" <<'SWF'
; Computer: none
; MaxProcs: 4
1 0 0 100 4 -1 -1 4 200 -1 1 1 1 1 1 -1 -1 -1
2 10 90 100 2 -1 -1 2 200 -1 1 1 1 1 1 -1 -1 -1
3 20 80 100 2 -1 -1 2 200 -1 1 1 1 1 1 -1 -1 -1
4 30 80 -1 -1 -1 -1 2 200 -1 5 1 1 1 1 -1 -1 -1
SWF
sed '/^1 /i job submit wait run procs cpu mem req est reqmem status uid gid exe queue part prev think' "$folder/jobs.swf" >"$folder/headed.swf"
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys

from evalys.workload import Workload

plain, headed = (Workload.from_csv(f"{sys.argv[1]}/{name}.swf") for name in ("jobs", "headed"))
print("jobs read of 1 to 4:", list(plain.df.jobID), "; with a heading that the format has not:", list(headed.df.jobID))
print("processors in use from", plain.utilisation.index[0], "s on; with the heading from", headed.utilisation.index[0], "s on")
assert list(plain.df.jobID) == [2, 3], plain.df
assert list(headed.df.jobID) == [1, 2, 3], headed.df
assert (plain.utilisation.index[0], headed.utilisation.index[0]) == (100, 0)
print("as found")
PYTHON
