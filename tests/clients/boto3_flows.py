"""boto3 against `plimsoll serve`: every flow that the server has, with the waiters and paginators of boto3's own package.

usage: boto3_flows.py PLIMSOLL
"""

import csv
import datetime
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from server import Server

SCENARIO = """
name = "clients"
lifecycle = { boot = "40s", stop = "20s", terminate = "15s" }
quotas.accounts = [{ account = "small", vcpus = { standard = 4 } }]

[[zones]]
name = "us-east-1a"
hosts = [{ count = 8, vcpu = 4, memory_gib = 16, tenancy = "any" }]

[[zones]]
name = "us-east-1b"
hosts = [{ count = 1, vcpu = 4, memory_gib = 16 }]

[[network.subnets]]
name = "web"
zone = "us-east-1a"
cidr = "10.0.0.0/28"

[[network.subnets]]
name = "batch"
zone = "us-east-1b"
cidr = "10.0.1.0/24"

[workload]
"""

THROTTLED = """
name = "throttled"
control_plane.preset = "zero"
control_plane.throttle = { enabled = true, requests = { launch = { bucket = 2, per_s = 0.001 } } }
zones = [{ name = "us-east-1a", hosts = [{ count = 8, vcpu = 4, memory_gib = 16 }] }]
[workload]
"""

# Error code and HTTP status of launches that the two refuse, by what is short.
REFUSALS = {
    "fleet": ["InsufficientInstanceCapacity", 500],
    "subnet": ["InsufficientFreeAddressesInSubnet", 400],
    "quota": ["VcpuLimitExceeded", 400],
    "throttle": ["RequestLimitExceeded", 503],
}


def client(server, account="team"):
    """A client of a server, which does not retry."""
    return boto3.client(
        "ec2",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="any",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )


def refused(code, status, call, **arguments):
    """Asserts that a call is refused with a code and an HTTP status."""
    try:
        call(**arguments)
    except ClientError as error:
        told = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert told == (code, status), (told, error)
        assert error.response["ResponseMetadata"]["RequestId"]
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} was expected of {arguments}")


def waiter(ec2, name):
    """A waiter that does not sleep: the clock of the server jumps instead."""
    found = ec2.get_waiter(name)
    found.config.delay = 0
    return found


LAUNCH = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}


def life(ec2):
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "first & <last>"}]}]
    launched = ec2.run_instances(**LAUNCH | {"MaxCount": 2}, KeyName="mine", TagSpecifications=tags)
    ids = [instance["InstanceId"] for instance in launched["Instances"]]
    assert len(ids) == 2 and launched["ReservationId"].startswith("r-")
    assert [instance["AmiLaunchIndex"] for instance in launched["Instances"]] == [0, 1]
    waiter(ec2, "instance_exists").wait(InstanceIds=ids)
    waiter(ec2, "instance_running").wait(InstanceIds=ids)
    waiter(ec2, "instance_status_ok").wait(InstanceIds=ids)
    waiter(ec2, "system_status_ok").wait(InstanceIds=ids)
    [reservation] = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    first = reservation["Instances"][0]
    assert first["Tags"] == [{"Key": "Name", "Value": "first & <last>"}] and first["KeyName"] == "mine"
    assert first["PrivateIpAddress"].startswith("10.0.") and first["State"] == {"Code": 16, "Name": "running"}
    assert first["LaunchTime"].isoformat().startswith("2026-01-01T00:00")
    ec2.reboot_instances(InstanceIds=ids)
    [change, _] = ec2.stop_instances(InstanceIds=ids)["StoppingInstances"]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "stopping")
    waiter(ec2, "instance_stopped").wait(InstanceIds=ids)
    ec2.modify_instance_attribute(InstanceId=ids[0], InstanceType={"Value": "m5.xlarge"})
    ec2.start_instances(InstanceIds=ids)
    waiter(ec2, "instance_running").wait(InstanceIds=ids)
    assert ec2.describe_instance_attribute(InstanceId=ids[0], Attribute="instanceType")["InstanceType"] == {
        "Value": "m5.xlarge"
    }
    ec2.create_tags(Resources=ids, Tags=[{"Key": "team", "Value": "a"}])
    ec2.delete_tags(Resources=ids[1:], Tags=[{"Key": "team"}])
    tagged = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["team"]}])["Tags"]
    assert [(tag["ResourceId"], tag["Value"]) for tag in tagged] == [(ids[0], "a")]
    ec2.modify_instance_attribute(InstanceId=ids[0], DisableApiTermination={"Value": True})
    refused("OperationNotPermitted", 400, ec2.terminate_instances, InstanceIds=ids[:1])
    ec2.modify_instance_attribute(InstanceId=ids[0], DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=ids)
    waiter(ec2, "instance_terminated").wait(InstanceIds=ids)


def pages(ec2):
    for _ in range(11):
        ec2.run_instances(**LAUNCH, SubnetId="web")
    paginator = ec2.get_paginator("describe_instances")
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    pages = list(paginator.paginate(Filters=alive, PaginationConfig={"PageSize": 5}))
    found = [instance for page in pages for one in page["Reservations"] for instance in one["Instances"]]
    assert (len(pages), len(found), len({instance["InstanceId"] for instance in found})) == (3, 11, 11)
    message = refused("InsufficientFreeAddressesInSubnet", 400, ec2.run_instances, **LAUNCH, SubnetId="web")
    assert "left 0 [addresses]" in message, message
    types = ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 100})
    names = [kind["InstanceType"] for page in types for kind in page["InstanceTypes"]]
    assert len(names) == len(set(names)) > 500
    statuses = ec2.get_paginator("describe_instance_status").paginate(
        IncludeAllInstances=True, PaginationConfig={"PageSize": 5}
    )
    assert sum(len(page["InstanceStatuses"]) for page in statuses) == 15, "four have ended within the hour"
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"] for instance in found])
    waiter(ec2, "instance_terminated").wait(InstanceIds=[instance["InstanceId"] for instance in found])


def refusals(ec2, small):
    zone = {"Placement": {"AvailabilityZone": "us-east-1b"}}
    ids = [ec2.run_instances(**LAUNCH, **zone)["Instances"][0]["InstanceId"] for _ in range(2)]
    refused("InsufficientInstanceCapacity", 500, ec2.run_instances, **LAUNCH, **zone)
    ec2.terminate_instances(InstanceIds=ids[:1])
    waiter(ec2, "instance_terminated").wait(InstanceIds=ids[:1])
    ec2.run_instances(**LAUNCH, **zone)
    small.run_instances(**LAUNCH | {"MinCount": 2, "MaxCount": 2})
    refused("VcpuLimitExceeded", 400, small.run_instances, **LAUNCH)
    refused("InvalidInstanceID.NotFound", 400, small.terminate_instances, InstanceIds=ids[1:])
    refused("InvalidInstanceID.Malformed", 400, ec2.stop_instances, InstanceIds=["i-1"])
    refused("IncorrectInstanceState", 400, ec2.start_instances, InstanceIds=ids[1:])
    refused("DryRunOperation", 412, ec2.run_instances, **LAUNCH, DryRun=True)
    refused("InvalidAction", 400, ec2.create_launch_template, LaunchTemplateName="abc", LaunchTemplateData={})


def places(ec2):
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in zones] == ["us-east-1a", "us-east-1b"]
    assert ec2.describe_regions()["Regions"][0]["RegionName"] == "us-east-1"
    [web] = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1a"]}])["Subnets"]
    [vpc] = ec2.describe_vpcs(VpcIds=[web["VpcId"]])["Vpcs"]
    assert vpc["State"] == "available" and web["AvailableIpAddressCount"] == 11
    [kind] = ec2.describe_instance_types(InstanceTypes=["m5.large"])["InstanceTypes"]
    assert (kind["VCpuInfo"]["DefaultVCpus"], kind["MemoryInfo"]["SizeInMiB"]) == (2, 8192)
    offers = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["m5.large"]}]
    )["InstanceTypeOfferings"]
    assert [offer["Location"] for offer in offers] == ["us-east-1a", "us-east-1b"]


def volumes(ec2):
    instance = ec2.run_instances(**LAUNCH)["Instances"][0]["InstanceId"]
    waiter(ec2, "instance_running").wait(InstanceIds=[instance])
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "use", "Value": "data"}]}]
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=100, VolumeType="gp3", TagSpecifications=tags)
    volume = volume["VolumeId"]
    waiter(ec2, "volume_available").wait(VolumeIds=[volume])
    assert ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")["Device"] == "/dev/sdf"
    waiter(ec2, "volume_in_use").wait(VolumeIds=[volume])
    refused("VolumeInUse", 400, ec2.delete_volume, VolumeId=volume)
    assert ec2.modify_volume(VolumeId=volume, Size=150)["VolumeModification"]["TargetSize"] == 150
    ec2.detach_volume(VolumeId=volume, InstanceId=instance)
    waiter(ec2, "volume_available").wait(VolumeIds=[volume])
    snapshot = ec2.create_snapshot(VolumeId=volume, Description="a copy")["SnapshotId"]
    waiter(ec2, "snapshot_completed").wait(SnapshotIds=[snapshot])
    device = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}
    image = ec2.register_image(Name="base", BlockDeviceMappings=[device])["ImageId"]
    waiter(ec2, "image_available").wait(ImageIds=[image])
    refused("InvalidSnapshot.InUse", 400, ec2.delete_snapshot, SnapshotId=snapshot)
    refused("InvalidAMIID.NotFound", 400, ec2.run_instances, **LAUNCH)
    ec2.deregister_image(ImageId=image)
    ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.delete_volume(VolumeId=volume)
    waiter(ec2, "volume_deleted").wait(VolumeIds=[volume])
    for _ in range(7):
        ec2.create_volume(AvailabilityZone="us-east-1b", Size=1)
    pages = list(ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Volumes"]) for page in pages] == [5, 2]
    ec2.terminate_instances(InstanceIds=[instance])
    waiter(ec2, "instance_terminated").wait(InstanceIds=[instance])


def networks(ec2):
    instance = ec2.run_instances(**LAUNCH)["Instances"][0]["InstanceId"]
    waiter(ec2, "instance_running").wait(InstanceIds=[instance])
    address = ec2.allocate_address(Domain="vpc")
    association = ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)["AssociationId"]
    [shown] = ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"]
    assert (shown["InstanceId"], shown["PublicIp"]) == (instance, address["PublicIp"])
    refused("InvalidIPAddress.InUse", 400, ec2.release_address, AllocationId=address["AllocationId"])
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=address["AllocationId"])
    group = ec2.create_security_group(GroupName="web", Description="front")["GroupId"]
    ranges = [{"CidrIp": "10.0.0.0/8", "Description": "inside"}, {"CidrIp": "192.168.0.0/16"}]
    permission = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": ranges}]
    added = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission)
    assert len(added["SecurityGroupRules"]) == 2
    refused(
        "InvalidPermission.Duplicate", 400, ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=permission
    )
    ec2.modify_instance_attribute(InstanceId=instance, Groups=[group])
    refused("DependencyViolation", 400, ec2.delete_security_group, GroupId=group)
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=permission)
    ec2.terminate_instances(InstanceIds=[instance])
    waiter(ec2, "instance_terminated").wait(InstanceIds=[instance])
    ec2.delete_security_group(GroupId=group)
    waiter(ec2, "security_group_exists").wait(GroupNames=["default"])


def reserved(ec2):
    ec2.create_placement_group(GroupName="apart", Strategy="spread")
    [group] = ec2.describe_placement_groups(GroupNames=["apart"])["PlacementGroups"]
    assert group["Strategy"] == "spread" and group["State"] == "available"
    ec2.delete_placement_group(GroupName="apart")
    held = ec2.create_capacity_reservation(
        InstanceType="m5.large", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=2
    )["CapacityReservation"]
    assert (held["TotalInstanceCount"], held["State"], held["EndDateType"]) == (2, "active", "unlimited")
    of_id = {"CapacityReservationId": held["CapacityReservationId"]}
    end = datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc)
    assert ec2.modify_capacity_reservation(**of_id, InstanceCount=3, EndDateType="limited", EndDate=end)["Return"]
    [changed] = ec2.describe_capacity_reservations(CapacityReservationIds=[of_id["CapacityReservationId"]])["CapacityReservations"]
    assert (changed["TotalInstanceCount"], changed["AvailableInstanceCount"]) == (3, 3)
    assert (changed["EndDateType"], changed["EndDate"]) == ("limited", end)
    assert ec2.modify_capacity_reservation(**of_id, EndDateType="unlimited")["Return"]
    refused("InvalidParameterValue", 400, ec2.modify_capacity_reservation, **of_id, InstanceCount=2000)
    assert ec2.cancel_capacity_reservation(**of_id)["Return"]
    [ended] = ec2.describe_capacity_reservations(CapacityReservationIds=[of_id["CapacityReservationId"]])["CapacityReservations"]
    assert (ended["State"], ended["EndDateType"]) == ("cancelled", "unlimited")
    refused("InvalidCapacityReservationId.NotFound", 400, ec2.modify_capacity_reservation, **of_id, InstanceCount=1)


def dedicated(ec2):
    host = {"AvailabilityZone": "us-east-1a", "InstanceType": "m5.large", "Quantity": 1}
    [host_id] = ec2.allocate_hosts(**host)["HostIds"]
    on_host = {"Placement": {"Tenancy": "host", "HostId": host_id}}
    ids = [ec2.run_instances(**LAUNCH, **on_host)["Instances"][0]["InstanceId"] for _ in range(2)]
    refused("InsufficientCapacityOnHost", 400, ec2.run_instances, **LAUNCH, **on_host)
    [pages] = ec2.get_paginator("describe_hosts").paginate(PaginationConfig={"PageSize": 5})
    [shown] = pages["Hosts"]
    assert sorted(one["InstanceId"] for one in shown["Instances"]) == sorted(ids)
    assert (shown["State"], shown["HostProperties"]["InstanceType"]) == ("available", "m5.large")
    [kept] = ec2.release_hosts(HostIds=[host_id])["Unsuccessful"]
    assert (kept["ResourceId"], kept["Error"]["Code"]) == (host_id, "Client.InvalidHost.Occupied")
    ec2.terminate_instances(InstanceIds=ids)
    waiter(ec2, "instance_terminated").wait(InstanceIds=ids)
    assert ec2.release_hosts(HostIds=[host_id])["Successful"] == [host_id]
    [shown] = ec2.describe_hosts(HostIds=[host_id])["Hosts"]
    assert shown["State"] == "released" and shown["ReleaseTime"] >= shown["AllocationTime"]
    refused("InvalidHostID.NotFound", 400, ec2.modify_hosts, HostIds=[host_id], AutoPlacement="on")
    several = ec2.allocate_hosts(AvailabilityZone="us-east-1a", InstanceFamily="m5", Quantity=3)["HostIds"]
    assert len(set(several) | {host_id}) == 4
    changed = ec2.modify_hosts(HostIds=several, InstanceType="m5.large", AutoPlacement="on", HostRecovery="on")
    assert sorted(changed["Successful"]) == sorted(several) and not changed["Unsuccessful"]
    available = ec2.describe_hosts(Filters=[{"Name": "state", "Values": ["available"]}])["Hosts"]
    assert [(one["AutoPlacement"], one["HostRecovery"]) for one in available] == [("on", "on")] * 3
    ec2.release_hosts(HostIds=several)


def inventory(ec2, plimsoll):
    """What runs, in the JSON of the AWS CLI, is imported: the same instances, and those of dedicated hosts on the same ones."""
    host = {"AvailabilityZone": "us-east-1a", "InstanceFamily": "m5", "AutoPlacement": "on"}
    hosts = ec2.allocate_hosts(**host, Quantity=2)["HostIds"]
    on_hosts = [("m5.large", hosts[0]), ("m5.large", hosts[0]), ("m5.xlarge", hosts[1])]
    launches = [{"InstanceType": kind, "Placement": {"Tenancy": "host", "HostId": at}} for kind, at in on_hosts]
    for launch in [*launches, {"InstanceType": "m5.xlarge"}]:
        ec2.run_instances(**LAUNCH | launch)
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    instances = ec2.describe_instances(Filters=alive)
    listed = [one for reservation in instances["Reservations"] for one in reservation["Instances"]]
    with tempfile.TemporaryDirectory() as folder:
        for name, answer in {"instances": instances, "hosts": ec2.describe_hosts()}.items():
            del answer["ResponseMetadata"]
            text = json.dumps(answer, default=lambda time: time.isoformat())
            Path(folder, f"{name}.json").write_text(text)
        run = lambda *words: subprocess.run(  # noqa: E731
            [plimsoll, *words, "--json"], cwd=folder, check=True, stdout=subprocess.PIPE
        ).stdout
        source = ["--from", "describe-instances", "instances.json", "hosts.json"]
        report = json.loads(run("import", "inventory", *source, "-o", "fleet"))
        assert (report["hosts"], report["residents"], report["launched_at_start"]) == (2, 3, 1)
        # DescribeInstances names no host of what is shared, whose size is assumed.
        [told] = report["told"]
        assert told.startswith("zones with assumed hosts"), told
        with Path(folder, "fleet", "trace.csv").open() as file:
            rows = {row["instance"]: (row["type"], row["host"]) for row in csv.DictReader(file)}
        at = lambda one: (one["InstanceType"], one["Placement"].get("HostId", ""))  # noqa: E731
        assert rows == {one["InstanceId"]: at(one) for one in listed}
        told = json.loads(run("describe", "fleet/scenario.toml"))
        held = {kind["name"]: (kind["instances"], kind["hosts"]) for kind in told["types"] if kind["instances"]}
        counts = Counter(one["InstanceType"] for one in listed)
        # Both m5.large are on one dedicated host; one m5.xlarge is on the other, one is not on a dedicated host.
        assert held == {"m5.large": (counts["m5.large"], 1), "m5.xlarge": (counts["m5.xlarge"], 2)}, held
        assert told["fleet"]["hosts_used"] == 3 and told["fleet"]["vcpu_used"] == 12
    ec2.terminate_instances(InstanceIds=[one["InstanceId"] for one in listed])
    waiter(ec2, "instance_terminated").wait(InstanceIds=[one["InstanceId"] for one in listed])
    assert sorted(ec2.release_hosts(HostIds=hosts)["Successful"]) == sorted(hosts)


def spot(ec2):
    specification = {key: LAUNCH[key] for key in ["ImageId", "InstanceType"]}
    [request] = ec2.request_spot_instances(LaunchSpecification=specification)["SpotInstanceRequests"]
    ids = [request["SpotInstanceRequestId"]]
    waiter(ec2, "spot_instance_request_fulfilled").wait(SpotInstanceRequestIds=ids)
    market = {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.09"}}
    [instance] = ec2.run_instances(**LAUNCH, InstanceMarketOptions=market)["Instances"]
    ids.append(instance["SpotInstanceRequestId"])
    shown = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=ids[1:])["SpotInstanceRequests"]
    assert (shown[0]["InstanceId"], shown[0]["SpotPrice"]) == (instance["InstanceId"], "0.090000")
    cheap = market | {"SpotOptions": {"MaxPrice": "0.0011"}}
    refused("SpotMaxPriceTooLow", 400, ec2.run_instances, **LAUNCH, InstanceMarketOptions=cheap)
    cancelled = ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=ids)["CancelledSpotInstanceRequests"]
    assert [one["State"] for one in cancelled] == ["cancelled", "cancelled"]
    instances = [request["InstanceId"], instance["InstanceId"]]
    ec2.terminate_instances(InstanceIds=instances)
    waiter(ec2, "instance_terminated").wait(InstanceIds=instances)


def waiting_spot(ec2):
    """A request for a spot instance waits for room, which another instance leaves."""
    zone = {"Placement": {"AvailabilityZone": "us-east-1b"}}
    taken = [ec2.run_instances(**LAUNCH, **zone)["Instances"][0]["InstanceId"] for _ in range(2)]
    specification = {key: LAUNCH[key] for key in ["ImageId", "InstanceType"]} | zone
    made = ec2.request_spot_instances(LaunchSpecification=specification, InstanceCount=2)["SpotInstanceRequests"]
    assert [(one["State"], one["Status"]["Code"]) for one in made] == [("open", "capacity-not-available")] * 2
    first, second = (one["SpotInstanceRequestId"] for one in made)
    ec2.terminate_instances(InstanceIds=taken[:1])
    waiter(ec2, "spot_instance_request_fulfilled").wait(SpotInstanceRequestIds=[first])
    [shown] = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[first])["SpotInstanceRequests"]
    [cancelled] = ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[second])["CancelledSpotInstanceRequests"]
    assert cancelled["State"] == "cancelled"
    instances = [shown["InstanceId"], taken[1]]
    ec2.terminate_instances(InstanceIds=instances)
    waiter(ec2, "instance_terminated").wait(InstanceIds=instances)


def fault(server, **body):
    """Lets a part of the cloud fail, or repairs it."""
    request = urllib.request.Request(f"{server.url}/_plimsoll/fault", json.dumps(body).encode())
    return json.load(urllib.request.urlopen(request))


def outage(ec2, server):
    zone = {"Placement": {"AvailabilityZone": "us-east-1b"}}
    [instance] = ec2.run_instances(**LAUNCH | zone)["Instances"]
    ids = [instance["InstanceId"]]
    waiter(ec2, "instance_running").wait(InstanceIds=ids)
    assert fault(server, fail={"zone": "us-east-1b"})["hosts"] == 1
    waiter(ec2, "instance_stopped").wait(InstanceIds=ids)
    refused("InsufficientInstanceCapacity", 500, ec2.run_instances, **LAUNCH | zone)
    refused("InsufficientInstanceCapacity", 500, ec2.start_instances, InstanceIds=ids)
    fault(server, repair={"zone": "us-east-1b"})
    ec2.start_instances(InstanceIds=ids)
    waiter(ec2, "instance_running").wait(InstanceIds=ids)
    ec2.terminate_instances(InstanceIds=ids)
    waiter(ec2, "instance_terminated").wait(InstanceIds=ids)


def main():
    plimsoll = sys.argv[1]
    with Server(plimsoll, SCENARIO) as server:
        ec2 = client(server)
        for flow in [places, life, volumes, networks, reserved, pages, dedicated, spot, waiting_spot]:
            flow(ec2)
        inventory(client(server, "whole"), plimsoll)
        outage(ec2, server)
        refusals(ec2, client(server, "small"))
    with Server(plimsoll, THROTTLED) as throttled:
        ec2 = client(throttled)
        ec2.run_instances(**LAUNCH)
        ec2.run_instances(**LAUNCH)
        refused("RequestLimitExceeded", 503, ec2.run_instances, **LAUNCH)
    print(f"boto3 {boto3.__version__}: all flows")


if __name__ == "__main__":
    main()
