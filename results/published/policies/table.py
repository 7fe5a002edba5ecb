"""Table of a sweep over strategies: a part for each setting of the other axes, a row for each strategy.

Means over seeds, with the half width of a 95 % interval (Student's t) where there are several; the difference in empty hosts is
paired with best-fit by seed.
"""

import csv
import statistics
import sys

# Quantiles 0.975 of Student's t by degrees of freedom.
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
FIGURES = [
    ("refused %", "refused", 3),
    ("GPU in use, peak %", "fleet.gpu_used_ratio_peak", 2),
    ("empty hosts %", "fleet.hosts_empty_ratio_mean", 2),
    ("host-h ÷ lower bound", "bound", 4),
    ("stranded vCPU %", "fleet.stranded_vcpu_ratio_mean", 2),
    ("stranded memory %", "fleet.stranded_memory_ratio_mean", 2),
    ("FGD GPU %", "headroom.fgd_gpu_ratio", 2),
]


def figure(row, name):
    number = lambda path: float(row[path]) if row.get(path) else None
    if name == "refused":
        return 100 * (1 - number("launch.success_ratio"))
    if name == "bound":
        return number("fleet.hosts_used_mean") / number("fleet.hosts_lower_bound_mean")
    value = number(name)
    return None if value is None else 100 * value


def shown(values, digits):
    if not values or any(value is None for value in values):
        return ""
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) < 2 or statistics.stdev(values) == 0:
        return mean
    half = T[len(values) - 1] * statistics.stdev(values) / len(values) ** 0.5
    return f"{mean} ± {half:.{digits}f}"


def main(path):
    rows = list(csv.DictReader(open(path)))
    names = list(rows[0])
    axes = [name for name in names[: names.index("seed")] if name not in ("run", "scenario")]
    strategy, others = axes[0], axes[1:]
    settings = list(dict.fromkeys(tuple(row[axis] for axis in others) for row in rows))
    for setting in settings:
        part = [row for row in rows if tuple(row[axis] for axis in others) == setting]
        print("## " + ", ".join(f"{axis} = {value}" for axis, value in zip(others, setting)) + "\n")
        columns = [f for f in FIGURES if any(figure(row, f[1]) not in (None, 0.0) for row in part)]
        print("| strategy | " + " | ".join(title for title, *_ in columns) + " | empty hosts − best-fit, points |")
        print("|---|" + "--:|" * (len(columns) + 1))
        empty = lambda name: {
            row["seed"]: figure(row, "fleet.hosts_empty_ratio_mean") for row in part if row[strategy] == name
        }
        base = empty("best-fit")
        for name in dict.fromkeys(row[strategy] for row in part):
            of_name = [row for row in part if row[strategy] == name]
            cells = [shown([figure(row, key) for row in of_name], digits) for _, key, digits in columns]
            pairs = [value - base[seed] for seed, value in empty(name).items()]
            print(f"| {name} | " + " | ".join(cells) + f" | {shown(pairs, 3)} |")
        print()


main(sys.argv[1])
