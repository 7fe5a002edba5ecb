#!/usr/bin/env bash
# Finding: by Apache Libcloud 118 of the 800 instance types of us-east-1 cost nothing, a host of 9 TiB among them; `r5.xlarge` is free between
# `r5.large` and `r5.2xlarge`.
#
# Guess before the run: a size has a price, perhaps an old one, or None where none is known, as the function says that looks it
# up; and within a family of EC2 the price goes by the number of vCPUs, so that one wrong price would be seen.
#
# Seen on 2026-11-30 with apache-libcloud 3.9.1, whose `list_sizes` of EC2 asks no service (moto 5.2.5 knows the same types): vCPUs and memory
# are moto's for 769 of 771 types. Prices of 0.0 stand in its file in each region, 2,754 of 15,589 for Linux, as for
# `c6g.2xlarge`, `.4xlarge` and `.12xlarge`, not for the sizes between. No size has None. Of the families m, c and r from the fifth
# generation on, one type in six is free and one in five is 3 to 10 % dearer or cheaper for a vCPU than the middle of its family
# (`m6i.large` 4.80 cents, `m6i.xlarge` 5.28). Who takes the cheapest type that fits gets a free one for any size up to 9 TiB, and
# a fleet of `m5` is cheaper the more of it is `m5.xlarge`. A check for None finds nothing; one for 0 leaves the prices that are a tenth off.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet apache-libcloud==3.9.1
"$folder/venv/bin/pip" install --quiet --no-deps moto==5.2.5
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON'
import collections
import gzip
import importlib.util
import json
import pathlib
import re
import statistics

from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider
from libcloud.pricing import get_pricing

sizes = {size.id: size for size in get_driver(Provider.EC2)("none", "none", region="us-east-1").list_sizes()}
free = {name for name, size in sizes.items() if size.price == 0}
largest = max(free, key=lambda name: sizes[name].ram)
print(f"us-east-1: {len(sizes)} types, {len(free)} free, the largest {largest} of {sizes[largest].ram // 2**20} TiB")
assert not [name for name, size in sizes.items() if size.price is None], "a price is not known"
assert (len(sizes), len(free)) == (800, 118) and sizes[largest].ram == 9 * 2**20, "the free types have changed"

everywhere = [price for regions in get_pricing("compute", "ec2_linux").values() for price in regions.values()]
print(f"all regions, Linux: {len(everywhere)} prices, {everywhere.count(0)} of them 0")
assert (len(everywhere), everywhere.count(0)) == (15_589, 2_754), "the file has changed"

families = collections.defaultdict(list)
for name, size in sizes.items():
    if re.match(r"[mcr][5-9][a-z]*\.", name):
        families[name.split(".")[0]].append((name, size.price / int(size.extra["vcpu"])))
counts = collections.Counter()
for family in families.values():
    middle = statistics.median(price for _, price in family if price)
    counts.update("free" if price == 0 else "as its family" if abs(price / middle - 1) < 0.01 else "off" for _, price in family)
print(f"families m, c and r from 5 on: {dict(counts)}")
assert counts == {"as its family": 308, "off": 96, "free": 83}, "the families have changed"

known = json.loads(gzip.open(pathlib.Path(importlib.util.find_spec("moto").origin).parent / "ec2/resources/instance_types.json.gz").read())
both = [(size, known[name]) for name, size in sizes.items() if name in known]
alike = [
    size.id for size, moto in both
    if (int(size.extra["vcpu"]), size.ram) == (moto["VCpuInfo"]["DefaultVCpus"], moto["MemoryInfo"]["SizeInMiB"])
]
print(f"vCPUs and memory as moto has them: {len(alike)} of {len(both)} types")
assert (len(alike), len(both)) == (769, 771), "the sizes have changed"
for name in "r5.large", "r5.xlarge", "r5.2xlarge", "m5.large", "m5.xlarge", "m6i.large", "m6i.xlarge":
    print(f"  {name:10} {sizes[name].price} USD an hour, {sizes[name].extra['vcpu']} vCPUs")
assert [sizes[f"r5.{size}"].price for size in ("large", "xlarge", "2xlarge")] == [0.134, 0, 0.504], "r5 has changed"
PYTHON
