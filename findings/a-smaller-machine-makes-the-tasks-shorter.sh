#!/usr/bin/env bash
# Finding: told that a server has 24 cores instead of 96, spar makes the tasks of its trace four times shorter and leaves them the cores that
# they ask for; told of half the memory, it halves those cores.
#
# Guess before the run: `--machine-conf`, which by the help rescales request and usage to the size of a server, has a quarter of the cores for
# a quarter of a server, and half the memory for half of it; how long tasks and instances run does not change.
#
# Seen on 2026-12-01 with spar 0.0.7, which makes traces to order from an hour of Alibaba's cluster that it brings (here six minutes): that
# is so of the instances. Of the tasks, whose lines are name, duration, CPU, memory and number of instances, also where spar makes
# them up itself, it takes the duration for the CPU and the CPU for the memory, and memory stays. `--machine-conf 24 50`, an example of the
# help, has tasks of 15 s, 59 s before, whose instances run for 53 s as before; they ask for half the CPU, not a quarter, and all of the
# memory. `--heter-factor 2`, to spread requests about their average, doubles the CPU of every task, as it parts them at the average of
# memory, 1.002, and a core is 100. Nothing is said of it. Who replays these tasks on smaller servers has an eighth
# of the work where a quarter was meant, and finds room that the instances of the same trace do not have.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-deps spar==0.0.7 click==8.5.1 crayons==0.4.0 colorama==0.4.6 numpy==2.4.6
mkdir "$folder/trace"
samples=$(dirname "$(find "$folder/venv" -name sample_tasks.csv)")
for file in sample_tasks.csv sample_instances.csv; do awk -F, '$1 >= 360 { exit } { print }' "$samples/$file" >"$folder/trace/$file"; done

# Lines are: moment, job, name, [number,] duration, CPU, memory[, number of instances].
measure() {
    mkdir "$folder/out"
    "$folder/venv/bin/spar" "$folder/out" --trace-dir "$folder/trace" "$@" >"$folder/log" 2>&1
    for file in batch_task.csv batch_instace.csv; do
        awk -F, -v "first=$([ "$file" = batch_task.csv ] && echo 4 || echo 5)" '
            { duration += $first; cpu += $(first + 1); memory += $(first + 2); work += $first * $(first + 1) * (first == 4 ? $7 : 1) }
            END { printf "%d %.1f %.1f %.3f %.3g", NR, duration / NR, cpu / NR, memory / NR, work }' "$folder/out/$file"
        [ "$file" != batch_task.csv ] || printf " | "
    done
    rm -r "$folder/out"
}

echo "tasks | instances, of each: number, mean of seconds, CPU and memory, sum of CPU times seconds"
expect() {
    local seen
    seen=$(measure "${@:2}")
    echo "${*:2}: $seen"
    [ "$seen" = "$1" ] || { echo "the behaviour has changed, expected $1" && exit 1; }
}

expect "6006 58.8 73.0 0.317 4.39e+09 | 295658 53.2 59.1 0.158 1.19e+09" --machine-conf 96 100
expect "6006 14.7 73.0 0.317 1.1e+09 | 295658 53.2 14.8 0.158 2.98e+08" --machine-conf 24 100
expect "6006 58.8 36.5 0.317 2.2e+09 | 295658 53.2 59.1 0.079 1.19e+09" --machine-conf 96 50
expect "6006 14.7 36.5 0.317 5.49e+08 | 295658 53.2 14.8 0.079 2.98e+08" --machine-conf 24 50
expect "6006 102.1 146.0 0.317 1.6e+10 | 295658 88.9 91.1 0.127 3.86e+09" --heter-factor 2
