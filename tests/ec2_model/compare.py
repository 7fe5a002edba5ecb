"""EC2's documentation of today beside the one that the rules were taken from.

    python compare.py            says what has changed since KNOWN was written
    python compare.py --update   writes KNOWN anew

`docs/model/ec2-rules.md` cites the service model of EC2 that botocore carries. This takes the texts that it cites from
the botocore that is installed, and the list of instance types, and tells which of them are not what they were when the
rules were last read. What botocore does not carry, prices among it, it tells with its day and age. It fails only where
it cannot read the model or a date: a change of EC2 is news, not a fault.
"""

import gzip
import hashlib
import json
import re
import sys
from datetime import date
from pathlib import Path

import botocore

KNOWN = Path(__file__).with_name("known.json")
PROJECT = Path(__file__).parents[2]
CATALOGUE = PROJECT / "crates/base/src/catalogue/data/ec2_us_east_1_linux.csv"

# Data that botocore does not carry: the file that says of which day it is, and the words before the date.
DATED = {
    "on-demand prices of the catalogue": ("crates/base/src/catalogue/data/README.md", "Prices as of"),
    "prices of volumes, snapshots, addresses and hosts": ("crates/model/src/billing/price_list.rs", "estimates of"),
    "prices of dedicated instances": ("crates/model/src/billing/prices.rs", "price list of"),
    "limits of request rates": ("docs/model/ec2-rules.md", "as read on"),
    "families that hibernate": ("crates/sim/src/cloud/api/hibernation.rs", "seen"),
    "the table of rules": ("docs/model/ec2-rules.md", "as of"),
}

# Operations and shapes whose documentation is cited, or whose limits are data of the model.
OPERATIONS = """
    AllocateHosts AssignPrivateIpAddresses AssociateAddress AttachVolume CreateCapacityReservation CreateFleet
    CreatePlacementGroup CreateSnapshot CreateSubnetCidrReservation CreateTags CreateVolume DeletePlacementGroup DescribeHosts DescribeInstances
    DescribeSpotInstanceRequests DisassociateAddress ModifyHosts ModifyInstanceAttribute ModifyVolume RebootInstances
    ReleaseAddress ReleaseHosts RequestSpotInstances RunInstances StartInstances StopInstances TerminateInstances
""".split()
SHAPES = """
    AllocateHostsRequest AssignPrivateIpAddressesRequest CreateCapacityReservationRequest CreatePlacementGroupRequest
    CreateSubnetCidrReservationRequest CreateVolumeRequest HibernationOptionsRequest ModifyHostsRequest ModifyVolumeRequest RequestSpotInstancesRequest RunInstancesRequest SpotMarketOptions
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


def dates():
    """The day of each of the data, and its age."""
    for title, (file, words) in DATED.items():
        found = re.search(rf"{words}\s+(\d{{4}}-\d\d-\d\d)", (PROJECT / file).read_text())
        if not found:
            sys.exit(f"{file}: found no date after `{words}`, expected that of {title}")
        day = date.fromisoformat(found[1])
        yield f"{title}: of {day}, {(date.today() - day).days} days ago"


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
    for line in dates():
        print(line)
    print(f"{sum(before.get(name) == text for name, text in after.items())} of {len(after)} texts are as they were")


main()
