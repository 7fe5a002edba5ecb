#!/usr/bin/env bash
# A plimsoll sweep as a Slurm job array, and its merge when all elements are done:
#
#   adapters/slurm.sh SWEEP SHARDS [RESULT [PARTS]]
#
# Each element does one of SHARDS equal shares and keeps its runs in PARTS, a folder that all nodes see. An element
# that is requeued, or submitted again, does only what is missing. Options of sbatch (partition, time, memory) are read
# from the environment, as SBATCH_PARTITION and the like.
#SBATCH --job-name=plimsoll-sweep
#SBATCH --requeue
set -euo pipefail

if [ $# -lt 2 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
sweep=$1 shards=$2
name=$(basename "$sweep" .toml)
result=${3:-results/runs/$name}
parts=${4:-$result-parts}
plimsoll=${PLIMSOLL:-plimsoll}

if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
  # Not SLURM_ARRAY_TASK_COUNT: an element that is submitted again alone is still one of as many.
  exec "$plimsoll" sweep "$sweep" --shard "$SLURM_ARRAY_TASK_ID/$shards" --threads "${SLURM_CPUS_PER_TASK:-1}" -o "$parts"
fi
array=$(sbatch --parsable --array="1-$shards" "$0" "$sweep" "$shards" "$result" "$parts")
sbatch --dependency="afterok:${array%%;*}" --job-name=plimsoll-merge --wrap "'$plimsoll' merge '$parts' -o '$result'"
