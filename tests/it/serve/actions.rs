//! Answers of the actions, asked of the owner of a simulation without a network.

use std::sync::{Arc, Mutex};

use plimsoll::cloud::Cloud;
use plimsoll::cloud::observe::Silent;
use plimsoll::server::clock::ClockMode;
use plimsoll::server::command::{Command, HttpReply};
use plimsoll::server::model::CloudModel;
use plimsoll::server::owner::SimulationOwner;
use plimsoll::units::{Duration, parse_duration};

use crate::support::{CHECKED, Experiment};

/// Two zones, of which the first has a subnet of eleven addresses; the account `small` may run four vCPUs.
const CLOUD: &str = "
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
fn with_server(text: &str, clock: Option<Duration>, talk: impl FnOnce(&mut Asker<'_>)) {
    let experiment = Experiment::new(text);
    let file = experiment.folder().join("scenario.toml");
    std::fs::write(&file, experiment.toml()).unwrap();
    let scenario = plimsoll::scenario::Scenario::read_for_clients(&file, &Default::default()).unwrap();
    let session = Cloud::for_clients(&scenario, CHECKED).unwrap().open(&mut Silent).unwrap();
    let mut observer = Silent;
    let model = CloudModel::new(&scenario, session, &mut observer, "us-east-1");
    let summarise = |_: &plimsoll::cloud::outcome::Outcome| serde_json::Value::Null;
    let mut asker = Asker {
        owner: SimulationOwner::new(model, ClockMode::Stepped, clock, &summarise),
        account: "default".to_string(),
    };
    talk(&mut asker);
    asker.owner.close();
}

/// Client of a server.
struct Asker<'a> {
    owner: SimulationOwner<'a>,
    account: String,
}

impl Asker<'_> {
    fn command(&mut self, command: Command) -> Option<HttpReply> {
        let reply = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&reply);
        self.owner.take(command, Box::new(move |reply| *slot.lock().unwrap() = Some(reply))).unwrap();
        reply.lock().unwrap().take()
    }

    /// Returns status and body of an action.
    fn ask(&mut self, form: &str) -> (u16, String) {
        let form = format!("{form}&Version=2016-11-15").into_bytes();
        let reply =
            self.command(Command::Action { access_key: self.account.clone(), form }).expect("an answer");
        (reply.status, String::from_utf8(reply.body).unwrap())
    }

    /// Returns the body of an action that succeeds.
    fn get(&mut self, form: &str) -> String {
        let (status, body) = self.ask(form);
        assert_eq!(status, 200, "{form}: {body}");
        body
    }

    /// Returns status and code of an action that is refused.
    fn refused(&mut self, form: &str) -> (u16, String) {
        let (status, body) = self.ask(form);
        (status, texts(&body, "Code").pop().unwrap_or_else(|| panic!("{form}: {body}")))
    }

    fn advance(&mut self, by: &str) {
        self.command(Command::Advance(parse_duration(by).unwrap())).expect("an answer");
    }

    /// Launches instances and returns their ids.
    fn launch(&mut self, more: &str) -> Vec<String> {
        texts(&self.get(&launch(more)), "instanceId")
    }

    fn states(&mut self) -> Vec<String> {
        let body = self.get("Action=DescribeInstances");
        body.split("<instanceState>").skip(1).map(|rest| texts(rest, "name").remove(0)).collect()
    }
}

fn launch(more: &str) -> String {
    format!("Action=RunInstances&InstanceType=m5.large&ImageId=ami-1&MinCount=1&MaxCount=1{more}")
}

/// Returns the texts of all elements of a name.
fn texts(xml: &str, name: &str) -> Vec<String> {
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
            ("Action=StopInstances", "MissingParameter"),
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
