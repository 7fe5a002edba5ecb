"""EC2's documentation of today beside the one that the rules were taken from.

    python compare.py            says what has changed since KNOWN was written
    python compare.py --update   writes KNOWN anew

`docs/model/ec2-rules.md` cites the service model of EC2 that botocore carries. This takes the texts that it cites from
the botocore that is installed, and the list of instance types, and tells which of them are not what they were when the
rules were last read. It fails only where it cannot read the model: a change of EC2 is news, not a fault.
"""

import gzip
import hashlib
import json
import sys
from pathlib import Path

import botocore

KNOWN = Path(__file__).with_name("known.json")
CATALOGUE = Path(__file__).parents[2] / "crates/base/src/catalogue/data/ec2_us_east_1_linux.csv"

# Operations and shapes whose documentation is cited, or whose limits are data of the model.
OPERATIONS = """
    AllocateHosts AssociateAddress AttachVolume CreateCapacityReservation CreateFleet CreatePlacementGroup
    CreateSnapshot CreateTags CreateVolume DeletePlacementGroup DescribeHosts DescribeInstances
    DescribeSpotInstanceRequests DisassociateAddress ModifyHosts ModifyInstanceAttribute ModifyVolume RebootInstances
    ReleaseAddress ReleaseHosts RequestSpotInstances RunInstances StartInstances StopInstances TerminateInstances
""".split()
SHAPES = """
    AllocateHostsRequest CreateCapacityReservationRequest CreatePlacementGroupRequest CreateVolumeRequest
    ModifyHostsRequest ModifyVolumeRequest RequestSpotInstancesRequest RunInstancesRequest SpotMarketOptions
    SpotPlacement StopInstancesRequest
""".split()


def model():
    folder = Path(botocore.__file__).parent / "data/ec2/2016-11-15"
    packed = folder / "service-2.json.gz"
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads((folder / "service-2.json").read_text())


def digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def texts(service):
    """A digest for each text: of an operation, and of each member of a shape."""
    found = {}
    for name in OPERATIONS:
        found[name] = digest(service["operations"][name].get("documentation", ""))
    for name in SHAPES:
        for member, value in service["shapes"][name]["members"].items():
            found[f"{name}.{member}"] = digest(value.get("documentation", ""))
    return found


def catalogue():
    rows = CATALOGUE.read_text().splitlines()
    column = rows[0].split(",").index("name")
    return {row.split(",")[column] for row in rows[1:]}


def tell(title, names):
    if names:
        print(f"{title} ({len(names)}): {', '.join(sorted(names))}")


def main():
    service = model()
    now = {"botocore": botocore.__version__, "texts": texts(service)}
    types = set(service["shapes"]["InstanceType"]["enum"])
    if "--update" in sys.argv[1:]:
        KNOWN.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
    known = json.loads(KNOWN.read_text())
    print(f"rules of botocore {known['botocore']}, documentation of botocore {now['botocore']}")
    before, after = known["texts"], now["texts"]
    tell("texts that have changed", [name for name in before.keys() & after.keys() if before[name] != after[name]])
    tell("new", after.keys() - before.keys())
    tell("gone", before.keys() - after.keys())
    tell("instance types that the catalogue lacks", types - catalogue())
    print(f"{sum(before.get(name) == text for name, text in after.items())} of {len(after)} texts are as they were")


main()
