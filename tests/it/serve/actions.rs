//! Answers of the actions, asked of the owner of a simulation without a network.

use plimsoll::cloud::Cloud;
use plimsoll::cloud::observe::Silent;
use plimsoll::server::clock::ClockMode;
use plimsoll::server::command::{CloudRequest, Command, HttpReply};
use plimsoll::server::model::CloudModel;
use plimsoll::server::owner::SimulationOwner;
use plimsoll::server::rest::RestRequest;
use plimsoll::units::{Duration, parse_duration};
use serde_json::Value;

use crate::support::{CHECKED, Experiment};

/// Two zones, of which the first has a subnet of eleven addresses; the account `small` may run four vCPUs.
pub const CLOUD: &str = "
lifecycle = { boot = '40s', stop = '20s', terminate = '15s' }
network.subnets = [{ name = 'web', zone = 'a', cidr = '10.0.0.0/28' }, \
{ name = 'batch', zone = 'b', cidr = '10.0.1.0/28' }]
quotas.accounts = [{ account = 'small', vcpus = { standard = 4 } }]
[[zones]]
name = 'a'
hosts = [{ count = 8, vcpu = 4, memory_gib = 16 }]
[[zones]]
name = 'b'
hosts = [{ count = 1, vcpu = 4, memory_gib = 16 }]
[workload]
";

/// Runs a conversation with a server of a scenario.
pub fn with_server(text: &str, clock: Option<Duration>, talk: impl FnOnce(&mut Asker<'_>)) {
    let experiment = Experiment::new(text);
    let file = experiment.folder().join("scenario.toml");
    std::fs::write(&file, experiment.toml()).unwrap();
    let scenario = plimsoll::scenario::Scenario::read_for_clients(&file, &Default::default()).unwrap();
    let session = Cloud::for_clients(&scenario, CHECKED).unwrap().open(&mut Silent).unwrap();
    let mut observer = Silent;
    let model = CloudModel::new(&scenario, session, &mut observer, "us-east-1");
    let summarise = |_: &plimsoll::cloud::outcome::Outcome| Value::Null;
    let mut asker = Asker {
        owner: SimulationOwner::new(model, ClockMode::Stepped, clock, &summarise),
        account: "default".to_string(),
    };
    talk(&mut asker);
    asker.owner.close().unwrap();
}

/// Client of a server.
pub struct Asker<'a> {
    owner: SimulationOwner<'a, ()>,
    pub account: String,
}

impl Asker<'_> {
    fn command(&mut self, command: Command) -> Option<HttpReply> {
        self.owner.take(command, ()).unwrap();
        self.owner.ready().unwrap().pop().map(|((), reply)| reply)
    }

    /// Returns status and body of a request to the REST interface.
    pub fn rest(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = RestRequest { method: method.into(), path: path.into(), query: query.into(), body };
        let reply = self.command(Command::Request(self.account.clone(), CloudRequest::Rest(request)));
        let reply = reply.expect("an answer");
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    /// Returns status and body of an action.
    pub fn ask(&mut self, form: &str) -> (u16, String) {
        let request = CloudRequest::Action(format!("{form}&Version=2016-11-15"));
        let reply = self.command(Command::Request(self.account.clone(), request)).expect("an answer");
        (reply.status, String::from_utf8(reply.body).unwrap())
    }

    /// Returns the body of an action that succeeds.
    pub fn get(&mut self, form: &str) -> String {
        let (status, body) = self.ask(form);
        assert_eq!(status, 200, "{form}: {body}");
        body
    }

    /// Returns the bodies of actions whose answers come while the clock is advanced, in the order of their answers.
    pub fn get_later(&mut self, forms: &[&str], by: &str) -> Vec<String> {
        for form in forms {
            let request = CloudRequest::Action(format!("{form}&Version=2016-11-15"));
            let at_once = self.command(Command::Request(self.account.clone(), request));
            assert!(at_once.is_none(), "{form}: it has to wait");
        }
        self.owner.take(Command::Advance(parse_duration(by).unwrap()), ()).unwrap();
        let replies = self.owner.ready().unwrap();
        assert_eq!(replies.len(), forms.len() + 1, "the last is that of the clock");
        let body = |((), reply): ((), HttpReply)| {
            let body = String::from_utf8(reply.body).unwrap();
            assert_eq!(reply.status, 200, "{body}");
            body
        };
        replies.into_iter().take(forms.len()).map(body).collect()
    }

    /// Returns status and code of an action that is refused.
    pub fn refused(&mut self, form: &str) -> (u16, String) {
        let (status, body) = self.ask(form);
        (status, texts(&body, "Code").pop().unwrap_or_else(|| panic!("{form}: {body}")))
    }

    /// Returns status and body of a fault that is injected or repaired.
    pub fn fault(&mut self, body: &str) -> (u16, Value) {
        let request = CloudRequest::Fault(body.to_string());
        let reply = self.command(Command::Request(self.account.clone(), request)).expect("an answer");
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    /// Returns status and body of the figures of now.
    pub fn summary(&mut self) -> (u16, Value) {
        let reply = self.command(Command::Summary).expect("an answer");
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    /// Returns what the live page asks for: figures of now, and the instances that have a text.
    pub fn live(&mut self, wanted: &str) -> (Value, Value) {
        let mut of = |command| {
            let reply = self.command(command).expect("an answer");
            serde_json::from_slice::<Value>(&reply.body).unwrap()
        };
        (of(Command::Live), of(Command::Instances(wanted.to_string())))
    }

    /// Returns the simulated time \[s\].
    pub fn now_s(&mut self) -> f64 {
        let reply = self.command(Command::ReadClock).expect("an answer");
        serde_json::from_slice::<Value>(&reply.body).unwrap()["now_s"].as_f64().unwrap()
    }

    pub fn advance(&mut self, by: &str) {
        self.command(Command::Advance(parse_duration(by).unwrap())).expect("an answer");
    }

    /// Launches instances and returns their ids.
    fn launch(&mut self, more: &str) -> Vec<String> {
        texts(&self.get(&launch(more)), "instanceId")
    }

    pub fn states(&mut self) -> Vec<String> {
        let body = self.get("Action=DescribeInstances");
        body.split("<instanceState>").skip(1).map(|rest| texts(rest, "name").remove(0)).collect()
    }
}

pub fn launch(more: &str) -> String {
    format!("Action=RunInstances&InstanceType=m5.large&ImageId=ami-1&MinCount=1&MaxCount=1{more}")
}

/// Returns the texts of all elements of a name.
pub fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().to_string()).collect()
}

#[test]
fn an_instance_goes_through_its_life() {
    with_server(CLOUD, None, |asker| {
        let id = asker.launch("").remove(0);
        assert!(id.starts_with("i-0") && id.len() == 19, "{id}");
        assert_eq!(asker.states(), ["pending"]);
        asker.advance("40s");
        assert_eq!(asker.states(), ["running"]);
        let stopping = asker.get(&format!("Action=StopInstances&InstanceId.1={id}"));
        assert_eq!(texts(&stopping, "name"), ["stopping", "running"]);
        asker.advance("20s");
        assert_eq!(asker.states(), ["stopped"]);
        assert!(asker.get("Action=DescribeInstances").contains("<stateReason>"));
        asker.get(&format!("Action=StartInstances&InstanceId.1={id}"));
        asker.advance("40s");
        asker.get(&format!("Action=RebootInstances&InstanceId.1={id}"));
        let ending = asker.get(&format!("Action=TerminateInstances&InstanceId.1={id}"));
        assert_eq!(texts(&ending, "name"), ["shutting-down", "running"]);
        asker.advance("15s");
        assert_eq!(asker.states(), ["terminated"]);
        asker.advance("1h");
        assert_eq!(asker.states(), Vec::<String>::new());
        let gone = asker.refused(&format!("Action=DescribeInstances&InstanceId.1={id}"));
        assert_eq!(gone, (400, "InvalidInstanceID.NotFound".to_string()));
    });
}

#[test]
fn refusals_are_those_of_the_model() {
    with_server(CLOUD, None, |asker| {
        let refused = |asker: &mut Asker<'_>, more: &str| asker.refused(&launch(more));
        // The host of zone b has room for two.
        asker.launch("&Placement.AvailabilityZone=b");
        asker.launch("&Placement.AvailabilityZone=b");
        let full = refused(asker, "&Placement.AvailabilityZone=b");
        assert_eq!(full, (500, "InsufficientInstanceCapacity".to_string()));
        // The subnet of zone a has eleven addresses, its hosts room for sixteen.
        for _ in 0..11 {
            asker.launch("&SubnetId=web");
        }
        let (status, body) = asker.ask(&launch("&SubnetId=web"));
        assert_eq!(
            (status, texts(&body, "Code")),
            (400, vec!["InsufficientFreeAddressesInSubnet".to_string()])
        );
        assert!(body.contains("left 0 [addresses]"), "{body}");
    });
    with_server(CLOUD, None, |asker| {
        asker.account = "small".to_string();
        asker.launch("");
        asker.launch("");
        assert_eq!(asker.refused(&launch("")), (400, "VcpuLimitExceeded".to_string()));
        asker.account = "other".to_string();
        asker.launch("");
    });
}

#[test]
fn what_a_request_gets_wrong_is_told() {
    with_server(CLOUD, None, |asker| {
        let id = asker.launch("").remove(0);
        for (form, expected) in [
            ("Action=RunInstances&MinCount=1&MaxCount=1", "MissingParameter"),
            ("Action=RunInstances&ImageId=ami-1&MinCount=2&MaxCount=1", "InvalidParameterValue"),
            (
                "Action=RunInstances&ImageId=ami-1&MinCount=1&MaxCount=1&InstanceType=m5.lrge",
                "InvalidParameterValue",
            ),
            (
                "Action=RunInstances&ImageId=ami-1&MinCount=1&MaxCount=1&SubnetId=subnet-1",
                "InvalidSubnetID.NotFound",
            ),
            ("Action=RunInstances&ImageId=ami-1&MinCount=1&MaxCount=1&Cheap=1", "UnknownParameter"),
            ("Action=StopInstances", "InvalidParameterCombination"),
            ("Action=StopInstances&InstanceId.1=i-12", "InvalidInstanceID.Malformed"),
            ("Action=StopInstances&InstanceId.1=i-0123456789abcdef0", "InvalidInstanceID.NotFound"),
            (&format!("Action=StartInstances&InstanceId.1={id}"), "IncorrectInstanceState"),
            ("Action=DescribeInstances&MaxResults=4", "InvalidParameterValue"),
            ("Action=DescribeInstances&NextToken=x", "InvalidNextToken"),
            (
                &format!("Action=DescribeInstances&MaxResults=5&InstanceId.1={id}"),
                "InvalidParameterCombination",
            ),
            ("Action=DescribeInstances&Filter.1.Name=colour&Filter.1.Value.1=red", "InvalidParameterValue"),
            ("Action=CreateTags&ResourceId.1=i-0&Tag.1.Key=", "MissingParameter"),
            ("Action=CreateFleet", "InvalidAction"),
            ("Action=", "MissingAction"),
        ] {
            assert_eq!(asker.refused(form).1, expected, "{form}");
        }
        let (status, code) = asker.refused(&launch("&DryRun=true"));
        assert_eq!((status, code.as_str()), (412, "DryRunOperation"));
        assert_eq!(asker.states().len(), 1, "a rehearsal launches nothing");
        asker.account = "another".to_string();
        let foreign = asker.refused(&format!("Action=TerminateInstances&InstanceId.1={id}"));
        assert_eq!(foreign.1, "InvalidInstanceID.NotFound");
    });
}

#[test]
fn a_repeated_launch_with_its_token_is_the_first_one() {
    with_server(CLOUD, None, |asker| {
        let first = asker.launch("&ClientToken=t");
        assert_eq!(asker.launch("&ClientToken=t"), first);
        assert_eq!(asker.states().len(), 1);
        let other = asker.refused(&launch("&ClientToken=t&Placement.AvailabilityZone=b"));
        assert_eq!(other.1, "IdempotentParameterMismatch");
    });
}

#[test]
fn listings_are_filtered_and_paged() {
    with_server(&CLOUD.replace("network.subnets", "# network.subnets"), None, |asker| {
        let all: Vec<String> = (0..12)
            .map(|number| {
                let tag = format!("&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=n&TagSpecification.1.Tag.1.Value={}", number % 3);
                asker.launch(&tag).remove(0)
            })
            .collect();
        let mut paged = Vec::new();
        let mut more = String::new();
        loop {
            let body = asker.get(&format!("Action=DescribeInstances&MaxResults=5{more}"));
            let page = texts(&body, "instanceId");
            assert!(page.len() <= 5);
            paged.extend(page);
            let Some(token) = texts(&body, "nextToken").pop() else { break };
            more = format!("&NextToken={token}");
        }
        assert_eq!(paged, all);
        let tagged = asker.get("Action=DescribeInstances&Filter.1.Name=tag:n&Filter.1.Value.1=2");
        let expected: Vec<&String> = all.iter().skip(2).step_by(3).collect();
        assert_eq!(texts(&tagged, "instanceId").iter().collect::<Vec<_>>(), expected);
        asker.get(&format!("Action=DeleteTags&ResourceId.1={}&Tag.1.Key=n", all[2]));
        asker.get(&format!("Action=CreateTags&ResourceId.1={}&Tag.1.Key=n&Tag.1.Value=2", all[0]));
        let tags = asker.get("Action=DescribeTags&Filter.1.Name=value&Filter.1.Value.1=2");
        assert_eq!(texts(&tags, "resourceId").len(), 4);
        let none = asker.get("Action=DescribeInstanceStatus");
        assert_eq!(texts(&none, "instanceId").len(), 0, "only running ones are described");
        let statuses = asker.get("Action=DescribeInstanceStatus&IncludeAllInstances=true");
        assert_eq!(texts(&statuses, "instanceId").len(), 12);
    });
}

#[test]
fn attributes_are_changed_and_shown() {
    with_server(CLOUD, None, |asker| {
        let id = asker.launch("&UserData=aGVsbG8%3D").remove(0);
        let attribute = |asker: &mut Asker<'_>, name: &str| {
            let form = format!("Action=DescribeInstanceAttribute&InstanceId={id}&Attribute={name}");
            texts(&asker.get(&form), "value").remove(0)
        };
        assert_eq!(attribute(asker, "userData"), "aGVsbG8=");
        let modify = format!("Action=ModifyInstanceAttribute&InstanceId={id}");
        asker.get(&format!("{modify}&DisableApiTermination.Value=true"));
        assert_eq!(attribute(asker, "disableApiTermination"), "true");
        let kept = asker.refused(&format!("Action=TerminateInstances&InstanceId.1={id}"));
        assert_eq!(kept.1, "OperationNotPermitted");
        assert_eq!(
            asker.refused(&format!("{modify}&InstanceType.Value=m5.xlarge")).1,
            "IncorrectInstanceState"
        );
        asker.advance("40s");
        asker.get(&format!("Action=StopInstances&InstanceId.1={id}"));
        asker.advance("20s");
        asker.get(&format!("{modify}&InstanceType.Value=m5.xlarge"));
        assert_eq!(attribute(asker, "instanceType"), "m5.xlarge");
    });
}

#[test]
fn places_and_types_are_those_of_the_scenario() {
    with_server(CLOUD, None, |asker| {
        let zones = asker.get("Action=DescribeAvailabilityZones");
        assert_eq!(texts(&zones, "zoneName"), ["a", "b"]);
        assert_eq!(texts(&asker.get("Action=DescribeRegions"), "regionName"), ["us-east-1"]);
        let subnet = asker.get("Action=DescribeSubnets&Filter.1.Name=availability-zone&Filter.1.Value.1=a");
        assert_eq!(texts(&subnet, "availableIpAddressCount"), ["11"]);
        let subnet_id = texts(&subnet, "subnetId").remove(0);
        asker.launch(&format!("&SubnetId={subnet_id}"));
        let subnet = asker.get(&format!("Action=DescribeSubnets&SubnetId.1={subnet_id}"));
        assert_eq!(texts(&subnet, "availableIpAddressCount"), ["10"]);
        assert_eq!(texts(&asker.get("Action=DescribeVpcs"), "vpcId"), texts(&subnet, "vpcId"));
        let types = asker.get("Action=DescribeInstanceTypes&InstanceType.1=m5.large");
        assert_eq!(texts(&types, "sizeInMiB"), ["8192"]);
        assert_eq!(asker.refused("Action=DescribeInstanceTypes&InstanceType.1=x").1, "InvalidInstanceType");
        let offers = "Action=DescribeInstanceTypeOfferings&LocationType=availability-zone\
                      &Filter.1.Name=instance-type&Filter.1.Value.1=m5.large";
        assert_eq!(texts(&asker.get(offers), "location"), ["a", "b"]);
    });
}

#[test]
fn a_clock_that_advances_by_itself_serves_waiters() {
    with_server(CLOUD, Some(Duration::from_seconds(15)), |asker| {
        asker.launch("");
        let seen: Vec<String> = (0..4).map(|_| asker.states().remove(0)).collect();
        assert_eq!(seen, ["pending", "pending", "running", "running"]);
    });
    let modelled = format!("control_plane.preset = 'aws-like'\n{CLOUD}");
    with_server(&modelled, Some(Duration::from_seconds(15)), |asker| {
        assert_eq!(asker.launch("").len(), 1, "time passes as far as the answer needs");
    });
}

#[test]
fn a_volume_goes_through_its_life() {
    with_server(CLOUD, None, |asker| {
        let create = "Action=CreateVolume&AvailabilityZone=a&Size=100&VolumeType=gp3&ClientToken=t";
        let volume = texts(&asker.get(create), "volumeId").remove(0);
        assert_eq!(
            texts(&asker.get(create), "volumeId"),
            std::slice::from_ref(&volume),
            "the token makes it one call"
        );
        let mismatch = asker.refused(&create.replace("100", "200"));
        assert_eq!(mismatch.1, "IdempotentParameterMismatch");
        let instance = asker.launch("&SubnetId=web&BlockDeviceMapping.1.DeviceName=/dev/sdb&BlockDeviceMapping.1.Ebs.VolumeSize=8").remove(0);
        asker.advance("40s");
        let attach = format!("Action=AttachVolume&VolumeId={volume}&InstanceId={instance}&Device=/dev/sdf");
        assert_eq!(texts(&asker.get(&attach), "status"), ["attached"]);
        assert_eq!(asker.refused(&attach).1, "VolumeInUse");
        let body = asker.get(&format!("Action=DescribeInstances&InstanceId.1={instance}"));
        assert_eq!(texts(&body, "deviceName"), ["/dev/sdf", "/dev/sdb"]);
        let filter = format!(
            "Action=DescribeVolumes&Filter.1.Name=attachment.instance-id&Filter.1.Value.1={instance}"
        );
        assert_eq!(texts(&asker.get(&filter), "size"), ["100", "8"]);
        assert_eq!(asker.refused(&format!("Action=DeleteVolume&VolumeId={volume}")).1, "VolumeInUse");
        let grown = asker.get(&format!("Action=ModifyVolume&VolumeId={volume}&Size=150"));
        assert_eq!(texts(&grown, "targetSize"), ["150"]);
        let detached = asker.get(&format!("Action=DetachVolume&VolumeId={volume}"));
        assert_eq!(texts(&detached, "instanceId"), [instance]);
        let snapshot = texts(
            &asker.get(&format!("Action=CreateSnapshot&VolumeId={volume}&Description=d")),
            "snapshotId",
        )
        .remove(0);
        let shown = asker.get(&format!("Action=DescribeSnapshots&SnapshotId.1={snapshot}&Owner.1=self"));
        assert_eq!(
            (texts(&shown, "status"), texts(&shown, "description")),
            (vec!["completed".into()], vec!["d".into()])
        );
        asker.get(&format!(
            "Action=CreateTags&ResourceId.1={volume}&ResourceId.2={snapshot}&Tag.1.Key=k&Tag.1.Value=v"
        ));
        let tagged = asker.get("Action=DescribeVolumes&Filter.1.Name=tag:k&Filter.1.Value.1=v");
        assert_eq!(texts(&tagged, "volumeId"), std::slice::from_ref(&volume));
        assert_eq!(texts(&asker.get("Action=DescribeTags"), "resourceType"), ["snapshot", "volume"]);
        asker.get(&format!("Action=DeleteVolume&VolumeId={volume}"));
        let gone = asker.refused(&format!("Action=DescribeVolumes&VolumeId.1={volume}"));
        assert_eq!(gone.1, "InvalidVolume.NotFound");
        let image = format!(
            "Action=RegisterImage&Name=base&BlockDeviceMapping.1.DeviceName=/dev/sda1&BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}"
        );
        let image_id = texts(&asker.get(&image), "imageId").remove(0);
        assert_eq!(asker.refused(&image).1, "InvalidAMIName.Duplicate");
        assert_eq!(
            asker.refused(&format!("Action=DeleteSnapshot&SnapshotId={snapshot}")).1,
            "InvalidSnapshot.InUse"
        );
        let of_image =
            "Action=RunInstances&InstanceType=m5.large&MinCount=1&MaxCount=1&SubnetId=web&ImageId=";
        assert!(asker.get(&format!("{of_image}{image_id}")).contains(&image_id));
        assert_eq!(asker.refused(&format!("{of_image}ami-0123abcd")).1, "InvalidAMIID.NotFound");
        assert_eq!(asker.refused(&format!("{of_image}ami-1")).1, "InvalidAMIID.Malformed");
        asker.account = "other".to_string();
        assert_eq!(asker.refused(&format!("{of_image}{image_id}")).1, "AuthFailure");
        let foreign = asker.refused(&format!("Action=DeleteSnapshot&SnapshotId={snapshot}"));
        assert_eq!(foreign.1, "InvalidSnapshot.NotFound");
        for (form, expected) in [
            ("Action=CreateVolume&AvailabilityZone=a&Size=1&VolumeType=gp9", "UnknownVolumeType"),
            ("Action=CreateVolume&AvailabilityZone=a&Size=99999999&VolumeType=gp3", "InvalidParameterValue"),
            ("Action=DeleteVolume&VolumeId=vol-1", "InvalidVolumeID.Malformed"),
            ("Action=DeleteVolume&VolumeId=vol-00000000000000000", "InvalidVolume.NotFound"),
        ] {
            assert_eq!(asker.refused(form).1, expected, "{form}");
        }
    });
}

#[test]
fn an_elastic_address_follows_its_calls() {
    with_server(CLOUD, None, |asker| {
        let id = asker.launch("").remove(0);
        asker.advance("40s");
        let allocation = texts(&asker.get("Action=AllocateAddress&Domain=vpc"), "allocationId").remove(0);
        let associate = format!("Action=AssociateAddress&AllocationId={allocation}&InstanceId={id}");
        let association = texts(&asker.get(&associate), "associationId").remove(0);
        let shown = asker.get("Action=DescribeAddresses");
        assert_eq!(
            (texts(&shown, "instanceId"), texts(&shown, "associationId")),
            (vec![id.clone()], vec![association.clone()])
        );
        let other = asker.launch("").remove(0);
        let early = format!("Action=AssociateAddress&AllocationId={allocation}&InstanceId={other}");
        assert_eq!(asker.refused(&early).1, "InvalidInstanceID");
        asker.advance("40s");
        let again = asker.refused(&format!(
            "Action=AssociateAddress&AllocationId={allocation}&InstanceId={other}&AllowReassociation=false"
        ));
        assert_eq!(again.1, "Resource.AlreadyAssociated");
        let release = format!("Action=ReleaseAddress&AllocationId={allocation}");
        assert_eq!(asker.refused(&release).1, "InvalidIPAddress.InUse");
        asker.get(&format!("Action=DisassociateAddress&AssociationId={association}"));
        asker.get(&release);
        assert_eq!(asker.refused(&release).1, "InvalidAllocationID.NotFound");
        assert!(texts(&asker.get("Action=DescribeAddresses"), "allocationId").is_empty());
    });
}

#[test]
fn security_groups_have_the_rules_that_calls_give_them() {
    with_server(CLOUD, None, |asker| {
        let create = "Action=CreateSecurityGroup&GroupName=web&GroupDescription=front";
        let group = texts(&asker.get(create), "groupId").remove(0);
        assert_eq!(asker.refused(create).1, "InvalidGroup.Duplicate");
        let rule = format!(
            "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=81\
             &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8&IpPermissions.1.IpRanges.2.CidrIp=192.168.0.0/16"
        );
        let authorize = format!("Action=AuthorizeSecurityGroupIngress&{rule}");
        assert_eq!(texts(&asker.get(&authorize), "securityGroupRuleId").len(), 2);
        assert_eq!(asker.refused(&authorize).1, "InvalidPermission.Duplicate");
        let partly = format!("{authorize}&IpPermissions.1.IpRanges.3.CidrIp=172.16.0.0/12");
        assert_eq!(asker.refused(&partly).1, "InvalidPermission.Duplicate");
        let from_itself = format!(
            "Action=AuthorizeSecurityGroupIngress&GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={group}"
        );
        asker.get(&from_itself);
        let rules = asker.get(&format!(
            "Action=DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1={group}"
        ));
        assert_eq!(
            texts(&rules, "isEgress"),
            ["false", "false", "false", "true"],
            "none of the refused ones is there"
        );
        asker.get(&format!("Action=RevokeSecurityGroupIngress&{rule}"));
        assert_eq!(
            asker.refused(&format!("Action=RevokeSecurityGroupIngress&{rule}")).1,
            "InvalidPermission.NotFound"
        );
        let shown = asker.get(&format!("Action=DescribeSecurityGroups&GroupId.1={group}"));
        assert_eq!(
            (texts(&shown, "groupName"), texts(&shown, "groupDescription")),
            (vec!["web".into()], vec!["front".into()])
        );
        let id = asker.launch(&format!("&SecurityGroupId.1={group}")).remove(0);
        let body = asker.get(&format!("Action=DescribeInstances&InstanceId.1={id}"));
        assert!(texts(&body, "groupId").contains(&group), "{body}");
        let delete = format!("Action=DeleteSecurityGroup&GroupId={group}");
        assert_eq!(asker.refused(&delete).1, "DependencyViolation");
        let all =
            asker.get("Action=DescribeSecurityGroups&Filter.1.Name=group-name&Filter.1.Value.1=default");
        let default = texts(&all, "groupId").remove(0);
        asker.get(&format!("Action=ModifyInstanceAttribute&InstanceId={id}&GroupId.1={default}"));
        asker.get(&delete);
        assert_eq!(asker.refused(&delete).1, "InvalidGroup.NotFound");
        let wrong = "Action=AuthorizeSecurityGroupIngress&GroupName=default&IpPermissions.1.IpProtocol=tcp\
                     &IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0";
        assert_eq!(asker.refused(wrong).1, "InvalidPermission.Malformed");
    });
}

#[test]
fn placement_groups_and_reservations_bind_launches() {
    with_server(CLOUD, None, |asker| {
        let group = asker.get("Action=CreatePlacementGroup&GroupName=g&Strategy=spread");
        assert_eq!(texts(&group, "strategy"), ["spread"]);
        assert_eq!(
            asker.refused("Action=CreatePlacementGroup&GroupName=g&Strategy=spread").1,
            "InvalidPlacementGroup.Duplicate"
        );
        let id = asker.launch("&Placement.GroupName=g&SubnetId=web").remove(0);
        let found =
            asker.get("Action=DescribeInstances&Filter.1.Name=placement-group-name&Filter.1.Value.1=g");
        assert_eq!(texts(&found, "instanceId"), std::slice::from_ref(&id));
        assert_eq!(asker.refused("Action=DeletePlacementGroup&GroupName=g").1, "InvalidPlacementGroup.InUse");
        asker.get(&format!("Action=TerminateInstances&InstanceId.1={id}"));
        asker.advance("1m");
        asker.get("Action=DeletePlacementGroup&GroupName=g");
        assert_eq!(
            asker.refused("Action=DescribePlacementGroups&GroupName.1=g").1,
            "InvalidPlacementGroup.Unknown"
        );
        let create = "Action=CreateCapacityReservation&InstanceType=m5.large&AvailabilityZone=b&InstanceCount=2\
                      &InstancePlatform=Linux/UNIX&InstanceMatchCriteria=targeted";
        let held = texts(&asker.get(create), "capacityReservationId").remove(0);
        let full = asker.refused(&launch("&Placement.AvailabilityZone=b"));
        assert_eq!(full.1, "InsufficientInstanceCapacity", "the host of zone b is held");
        let target = format!(
            "&Placement.AvailabilityZone=b&CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId={held}"
        );
        asker.launch(&target);
        let shown = asker.get(&format!("Action=DescribeCapacityReservations&CapacityReservationId.1={held}"));
        assert_eq!(
            (texts(&shown, "totalInstanceCount"), texts(&shown, "availableInstanceCount")),
            (vec!["2".into()], vec!["1".into()])
        );
        asker.get(&format!("Action=CancelCapacityReservation&CapacityReservationId={held}"));
        asker.launch("&Placement.AvailabilityZone=b");
        let unknown = asker.refused("Action=CancelCapacityReservation&CapacityReservationId=cr-1");
        assert_eq!(unknown.1, "InvalidCapacityReservationId.Malformed");
    });
}

#[test]
fn key_pairs_have_names_that_launches_may_use() {
    with_server(CLOUD, None, |asker| {
        // An account without key pairs may name any.
        asker.launch("&KeyName=anything");
        let tags = "&TagSpecification.1.ResourceType=key-pair&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
        let made = asker.get(&format!("Action=CreateKeyPair&KeyName=mine{tags}"));
        let id = texts(&made, "keyPairId").remove(0);
        assert!(id.starts_with("key-0") && made.contains("PRIVATE KEY"), "{made}");
        let duplicate = asker.refused("Action=CreateKeyPair&KeyName=mine");
        assert_eq!(duplicate, (400, "InvalidKeyPair.Duplicate".to_string()));
        asker.launch("&KeyName=mine");
        let unknown = asker.refused(&launch("&KeyName=anything"));
        assert_eq!(unknown, (400, "InvalidKeyPair.NotFound".to_string()));
        // ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me
        let material = "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUE9PSBtZQ%3D%3D";
        let imported = asker.get(&format!("Action=ImportKeyPair&KeyName=other&PublicKeyMaterial={material}"));
        assert!(!imported.contains("keyMaterial"), "{imported}");
        let wrong = asker.refused("Action=ImportKeyPair&KeyName=third&PublicKeyMaterial=bm8ga2V5");
        assert_eq!(wrong, (400, "InvalidKey.Format".to_string()));
        let shown = asker.get("Action=DescribeKeyPairs&IncludePublicKey=true");
        assert_eq!(texts(&shown, "keyName"), ["mine", "other"]);
        assert_eq!(texts(&shown, "keyType"), ["rsa", "ed25519"]);
        assert_eq!(texts(&shown, "publicKey"), ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me"]);
        let tagged = asker.get("Action=DescribeKeyPairs&Filter.1.Name=tag:a&Filter.1.Value.1=b");
        assert_eq!(texts(&tagged, "keyPairId"), [id.as_str()]);
        assert!(asker.get("Action=DescribeTags").contains("<resourceType>key-pair</resourceType>"));
        let gone = asker.refused("Action=DescribeKeyPairs&KeyName.1=unknown");
        assert_eq!(gone, (400, "InvalidKeyPair.NotFound".to_string()));
        asker.get(&format!("Action=DeleteKeyPair&KeyPairId={id}"));
        asker.get("Action=DeleteKeyPair&KeyName=other");
        asker.get("Action=DeleteKeyPair&KeyName=other");
        assert_eq!(texts(&asker.get("Action=DescribeKeyPairs"), "keyName"), Vec::<String>::new());
        asker.account = "another".to_string();
        asker.get("Action=CreateKeyPair&KeyName=mine");
    });
}

#[test]
fn network_interfaces_are_made_attached_and_deleted() {
    with_server(CLOUD, None, |asker| {
        let subnet = texts(&asker.get("Action=DescribeSubnets"), "subnetId").remove(0);
        let create = format!("Action=CreateNetworkInterface&SubnetId={subnet}");
        let made = asker.get(&format!("{create}&Description=second"));
        let id = texts(&made, "networkInterfaceId").remove(0);
        assert_eq!(
            (texts(&made, "status"), texts(&made, "subnetId")),
            (vec!["available".to_string()], vec![subnet])
        );
        asker.get(&format!("Action=CreateTags&ResourceId.1={id}&Tag.1.Key=a&Tag.1.Value=b"));
        let instance = asker.launch("&Placement.AvailabilityZone=a").remove(0);
        asker.advance("1m");
        let attach = format!(
            "Action=AttachNetworkInterface&NetworkInterfaceId={id}&InstanceId={instance}&DeviceIndex=1"
        );
        let attachment = texts(&asker.get(&attach), "attachmentId").remove(0);
        assert_eq!(asker.refused(&attach), (400, "InvalidNetworkInterface.InUse".to_string()));
        let filter = "Action=DescribeNetworkInterfaces&Filter.1.Name";
        let shown = asker.get(&format!("{filter}=attachment.instance-id&Filter.1.Value.1={instance}"));
        assert_eq!(texts(&shown, "networkInterfaceId"), [id.as_str()]);
        assert_eq!(texts(&shown, "description"), ["second"]);
        let set =
            |asker: &mut Asker<'_>| texts(&asker.get("Action=DescribeInstances"), "networkInterfaceSet");
        let [of_instance] = set(asker).try_into().unwrap();
        for (name, value) in [("networkInterfaceId", &id), ("attachmentId", &attachment)] {
            assert_eq!(texts(&of_instance, name), [value.as_str()]);
        }
        assert_eq!(
            texts(&asker.get(&format!("{filter}=status&Filter.1.Value.1=available")), "status").len(),
            0
        );
        let delete = format!("Action=DeleteNetworkInterface&NetworkInterfaceId={id}");
        assert_eq!(asker.refused(&delete), (400, "InvalidNetworkInterface.InUse".to_string()));
        let detach = format!("Action=DetachNetworkInterface&AttachmentId={attachment}");
        let not_found = (400, "InvalidAttachmentID.NotFound".to_string());
        asker.account = "other".to_string();
        assert_eq!(asker.refused(&detach), not_found, "that of another account");
        asker.account = "default".to_string();
        asker.get(&detach);
        assert_eq!(asker.refused(&detach), not_found, "it is detached");
        assert_eq!(set(asker), [""]);
        asker.get(&delete);
        assert_eq!(asker.refused(&detach), not_found, "there is no such interface any more");
        for (unknown, code) in [
            ("eni-attach-0123abcd", "InvalidAttachmentID.NotFound"),
            ("eni-attach-x", "InvalidNetworkInterfaceAttachmentId.Malformed"),
            (id.as_str(), "InvalidNetworkInterfaceAttachmentId.Malformed"),
        ] {
            let refused = asker.refused(&format!("Action=DetachNetworkInterface&AttachmentId={unknown}"));
            assert_eq!(refused, (400, code.to_string()), "{unknown}");
        }
        for (unknown, code) in [
            (id.as_str(), "InvalidNetworkInterfaceID.NotFound"),
            ("eni-x", "InvalidNetworkInterfaceId.Malformed"),
        ] {
            let describe = format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={unknown}");
            assert_eq!(asker.refused(&describe), (400, code.to_string()), "{unknown}");
        }
        assert_eq!(asker.refused(&delete), (400, "InvalidNetworkInterfaceID.NotFound".to_string()));
        let wrong = asker.refused("Action=DeleteNetworkInterface&NetworkInterfaceId=eni-1");
        assert_eq!(wrong, (400, "InvalidNetworkInterfaceId.Malformed".to_string()));
        // The subnet has eleven addresses, of which the instance has one.
        for _ in 0..10 {
            asker.get(&create);
        }
        let full = asker.refused(&create);
        assert_eq!(full, (400, "InsufficientFreeAddressesInSubnet".to_string()));
    });
}

#[test]
fn an_id_of_no_resource_is_unknown_and_a_text_that_is_none_is_malformed() {
    with_server(CLOUD, None, |asker| {
        for (form, unknown, malformed) in [
            ("StartInstances&InstanceId.1=i-", "InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"),
            ("DeleteVolume&VolumeId=vol-", "InvalidVolume.NotFound", "InvalidVolumeID.Malformed"),
            ("DeleteSnapshot&SnapshotId=snap-", "InvalidSnapshot.NotFound", "InvalidSnapshotID.Malformed"),
            ("DeleteSecurityGroup&GroupId=sg-", "InvalidGroup.NotFound", "InvalidGroupId.Malformed"),
        ] {
            for id in ["1234abcd", "1234567890abcdef0", "01234567890abcdef"] {
                assert_eq!(asker.refused(&format!("Action={form}{id}")), (400, unknown.to_string()));
            }
            for id in ["", "1234", "1234ABCD", "1234567890abcdef01"] {
                assert_eq!(
                    asker.refused(&format!("Action={form}{id}")),
                    (400, malformed.to_string()),
                    "{form}{id}"
                );
            }
        }
        let unknown = asker.refused("Action=DescribeAddresses&PublicIp.1=192.0.2.1");
        assert_eq!(unknown, (400, "InvalidAddress.NotFound".to_string()));
    });
}

#[test]
fn all_tags_of_a_resource_are_deleted_where_none_is_named() {
    with_server(CLOUD, None, |asker| {
        let instance = asker.launch("").remove(0);
        let made = asker.get("Action=CreateVolume&AvailabilityZone=a&Size=8");
        assert!(!made.contains("tagSet"), "without tags there is no set of them: {made}");
        let volume = texts(&made, "volumeId").remove(0);
        let both = format!("ResourceId.1={instance}&ResourceId.2={volume}");
        asker.get(&format!("Action=CreateTags&{both}&Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=b"));
        assert_eq!(texts(&asker.get("Action=DescribeTags"), "key").len(), 4);
        asker.get(&format!("Action=DeleteTags&{both}&Tag.1.Key=a"));
        assert_eq!(texts(&asker.get("Action=DescribeTags"), "key"), ["b", "b"]);
        asker.get(&format!("Action=DeleteTags&{both}"));
        assert_eq!(texts(&asker.get("Action=DescribeTags"), "key").len(), 0);
        asker.get(&format!("Action=DeleteTags&{both}"));
        assert_eq!(
            asker.refused(&format!("Action=CreateTags&{both}")),
            (400, "MissingParameter".to_string())
        );
    });
}

#[test]
fn refusals_have_the_words_of_ec2() {
    let images = "images = [{ name = 'base', block_devices = [{ device = '/dev/sda1', size_gib = 8 }] }]";
    with_server(&format!("{images}\n{CLOUD}"), None, |asker| {
        let run = "Action=RunInstances&InstanceType=m5.large&MinCount=1&MaxCount=1";
        let made = asker.get(&format!("{run}&ImageId=base&DisableApiTermination=true"));
        let id = texts(&made, "instanceId").remove(0);
        asker.advance("1m");
        let shown = asker.get("Action=DescribeVolumes");
        let volume = texts(&shown, "volumeId").remove(0);
        let unknown = "InstanceId.1=i-0123abcd&InstanceId.2=i-1123abcd";
        for (image, code) in [("ami-0123abcd", "InvalidAMIID.NotFound"), ("best", "InvalidAMIID.Malformed")] {
            assert_eq!(asker.refused(&format!("Action=DescribeImages&ImageId.1={image}")).1, code);
        }
        let tag = "&TagSpecification.1.ResourceType=instance";
        for (form, code, message) in [
            (
                format!("{run}&ImageId=ami-0123abcd"),
                "InvalidAMIID.NotFound",
                "The image id '[ami-0123abcd]' does not exist",
            ),
            (
                "Action=DescribeImages&ImageId.1=ami-0123abcd&ImageId.2=ami-1123abcd".to_string(),
                "InvalidAMIID.NotFound",
                "The image ids '[ami-0123abcd, ami-1123abcd]' do not exist",
            ),
            (
                "Action=DescribeImages&ImageId.1=ami-0123abcd&ImageId.2=best".to_string(),
                "InvalidAMIID.Malformed",
                "Invalid id: &quot;best&quot; (expecting &quot;ami-...&quot;)",
            ),
            (
                format!(
                    "{run}&ImageId=base&BlockDeviceMapping.1.DeviceName=/dev/sdf&BlockDeviceMapping.1.Ebs.VolumeType=gp3"
                ),
                "MissingParameter",
                "The request must contain the parameter size or snapshotId",
            ),
            (
                format!("{run}&ImageId=best"),
                "InvalidAMIID.Malformed",
                "Invalid id: &quot;best&quot; (expecting &quot;ami-...&quot;)",
            ),
            (
                format!("{run}&ImageId=base{tag}"),
                "InvalidParameterValue",
                "Tag specification must have at least one tag",
            ),
            (
                "Action=TerminateInstances".to_string(),
                "InvalidParameterCombination",
                "No instances specified",
            ),
            (
                format!("Action=StopInstances&{unknown}"),
                "InvalidInstanceID.NotFound",
                "The instance IDs 'i-0123abcd, i-1123abcd' do not exist",
            ),
            (
                format!("Action=TerminateInstances&InstanceId.1={id}"),
                "OperationNotPermitted",
                &format!(
                    "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
                ),
            ),
            (
                format!("Action=DeleteVolume&VolumeId={volume}"),
                "VolumeInUse",
                &format!("Volume {volume} is currently attached to {id}"),
            ),
            (
                format!("Action=DetachVolume&VolumeId={volume}&Device=/dev/sdf"),
                "InvalidAttachment.NotFound",
                &format!("The volume {volume} is not attached to instance {id} as device /dev/sdf"),
            ),
            (
                format!("{run}&ImageId=base&BlockDeviceMapping.1.DeviceName=/dev/sdf"),
                "MissingParameter",
                "The request must contain the parameter ebs",
            ),
            (
                "Action=CreateVolume&AvailabilityZone=a".to_string(),
                "MissingParameter",
                "The request must contain the parameter size/snapshot",
            ),
        ] {
            let (_, body) = asker.ask(&form);
            let told = texts(&body, "Message").remove(0).replace("&apos;", "'");
            assert_eq!((texts(&body, "Code").remove(0).as_str(), told.as_str()), (code, message), "{form}");
        }
        let attribute = |asker: &mut Asker<'_>, name: &str| {
            let form = format!("Action=DescribeInstanceAttribute&InstanceId={id}&Attribute={name}");
            texts(&asker.get(&form), name).remove(0)
        };
        assert_eq!(attribute(asker, "rootDeviceName"), "<value>/dev/sda1</value>");
        let modify = format!("Action=ModifyInstanceAttribute&InstanceId={id}&InstanceType.Value=m5.lrge");
        assert_eq!(asker.refused(&modify).1, "InvalidInstanceAttributeValue");
        assert_eq!(attribute(asker, "kernel"), "");
        let group = texts(&asker.get("Action=DescribeSecurityGroups"), "groupId").remove(0);
        assert_eq!(texts(&attribute(asker, "groupSet"), "groupId"), [group.as_str()], "the default one");
        assert!(made.contains("<groupName>default</groupName>"), "and the launch shows it: {made}");
        asker.get(&format!("Action=ModifyInstanceAttribute&InstanceId={id}&GroupId.1={group}"));
        assert_eq!(texts(&attribute(asker, "groupSet"), "groupId"), [group]);
    });
}

#[test]
fn an_account_tells_its_attributes() {
    with_server(CLOUD, None, |asker| {
        let all = asker.get("Action=DescribeAccountAttributes");
        assert_eq!(texts(&all, "attributeName"), ["supported-platforms", "default-vpc"]);
        assert!(texts(&all, "attributeValue")[1].starts_with("vpc-0"), "{all}");
        let one = asker.get("Action=DescribeAccountAttributes&AttributeName.1=supported-platforms");
        assert_eq!(texts(&one, "attributeValue"), ["VPC"]);
        let unknown = asker.refused("Action=DescribeAccountAttributes&AttributeName.1=max-dreams");
        assert_eq!(unknown, (400, "InvalidParameterValue".to_string()));
    });
}
