#!/usr/bin/env bash
# Finding: slurm-job-analyzer says that a job with eight busy GPUs and one with eight sleeping ones each used 50 % of them, and that 30 of
# the eight were idle.
#
# Guess before the run: a report with "a GPU efficiency verdict for every job" takes for each job the snapshots of its own nodes in its own
# time, as a snapshot has node and second and a job its nodes: 100 %, efficient, none idle; 0 %, idle waste, eight idle.
#
# Seen on 2026-11-30 with slurm-job-analyzer 0.1.1, of two jobs of ten hours on a node each, a snapshot of each GPU every ten minutes. All
# snapshots of the file make one mean, which each job is given, and all that are idle, divided by the number of GPUs, are its idle GPUs: 480
# of sixteen, 30. With one snapshot a GPU it is none. Of 160 GPU-hours 80 were wasted; the report says no job wastes any. Memory
# is N/A for both, of which one used 40 of its 512 GiB: Slurm has `MaxRSS` in the lines of steps, and these are left out. And a file as
# the README's own command writes it (`--parsable2`, bars) has no GPU job, as the reader splits at tabs; no word of that either. README and
# sources have "per-job efficiency verdicts" and no reservation. Who takes GPUs back from those that do not use them, or plans for
# fewer, gets one number for a whole cluster, as many times as there are jobs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet slurm-job-analyzer==0.1.1
cd "$folder"
cat >bars.txt <<'SACCT'
JobID|JobName|Partition|State|Elapsed|AllocCPUS|AllocTRES|ReqMem|MaxRSS|NodeList
101|train|gpu|COMPLETED|10:00:00|64|cpu=64,gres/gpu=8,mem=512G,node=1|512G||node1
101.batch|batch||COMPLETED|10:00:00|64|cpu=64,gres/gpu=8,mem=512G,node=1||40G|node1
102|notebook|gpu|COMPLETED|10:00:00|64|cpu=64,gres/gpu=8,mem=512G,node=1|512G||node2
102.batch|batch||COMPLETED|10:00:00|64|cpu=64,gres/gpu=8,mem=512G,node=1||500G|node2
SACCT
tr '|' '\t' <bars.txt >tabs.txt

snapshots() {
    echo timestamp_s,node,gpu_index,utilization_pct,temperature_c,power_w,memory_used_mib,memory_total_mib
    for second in "$@"; do
        for gpu in 0 1 2 3 4 5 6 7; do
            echo "$second,node1,$gpu,100,70,600,70000,81920"
            echo "$second,node2,$gpu,0,30,60,0,81920"
        done
    done
}

# job_id, alloc_gpus, gpu_hours, avg_util_pct, idle_gpus, mem_efficiency, verdict of each job of an export.
report() {
    "$folder/venv/bin/slurm-analyze" gpu-waste --input "$1" --gpu-log gpus.csv --out report.csv >/dev/null
    cut --delimiter=, --fields=1,3,5,6,8,9,10 report.csv | tr -d '\r' | sed 1d | tr '\n' ' '
}

expect() {
    echo "$1: ${2:-no job}"
    [ "$2" = "$3" ] || { echo "the behaviour has changed, expected $3" && exit 1; }
}

# shellcheck disable=SC2046
snapshots $(seq 0 600 35400) >gpus.csv
expect "sixty snapshots of each GPU" "$(report tabs.txt)" "101,8,80.0,50.0,30,N/A,UNDERUTILIZED 102,8,80.0,50.0,30,N/A,UNDERUTILIZED "
expect "as sacct writes it" "$(report bars.txt)" ""
snapshots 0 >gpus.csv
expect "one snapshot of each GPU" "$(report tabs.txt)" "101,8,80.0,50.0,0,N/A,UNDERUTILIZED 102,8,80.0,50.0,0,N/A,UNDERUTILIZED "
