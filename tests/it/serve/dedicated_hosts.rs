//! Dedicated hosts, as clients ask for them.

use super::actions::{Asker, launch, texts, with_server};

/// Two zones with two hosts each, which take two instances of `m5.large`; the account `small` may have one dedicated host.
const HOSTS: &str = "
lifecycle = { boot = '40s', stop = '20s', terminate = '15s' }
quotas.accounts = [{ account = 'small', dedicated_hosts = 1 }]
zones = [
  { name = 'a', hosts = [{ count = 2, vcpu = 4, memory_gib = 16, tenancy = 'any' }] },
  { name = 'b', hosts = [{ count = 2, vcpu = 4, memory_gib = 16, tenancy = 'any' }] },
]
[workload]
";

fn allocate(more: &str) -> String {
    format!("Action=AllocateHosts&AvailabilityZone=a&Quantity=1{more}")
}

fn code(code: &str) -> (u16, String) {
    (400, code.to_string())
}

#[test]
fn a_host_is_allocated_filled_and_released() {
    with_server(HOSTS, None, |asker| {
        let tag = "&TagSpecification.1.ResourceType=dedicated-host&TagSpecification.1.Tag.1.Key=use";
        let made = asker.get(&allocate(&format!("&InstanceType=m5.large&ClientToken=t{tag}")));
        let [set] = texts(&made, "hostIdSet").try_into().unwrap();
        let id = texts(&set, "item").remove(0);
        assert!(id.starts_with("h-0") && id.len() == 19, "{id}");
        let again = asker.get(&allocate(&format!("&InstanceType=m5.large&ClientToken=t{tag}")));
        assert_eq!(texts(&again, "hostIdSet"), [set], "it is the same request");
        let on_host = format!("&Placement.HostId={id}");
        let first = asker.get(&launch(&on_host));
        let instance = texts(&first, "instanceId").remove(0);
        assert_eq!(
            (texts(&first, "hostId"), texts(&first, "tenancy")),
            (vec![id.clone()], vec!["host".to_string()])
        );
        let shown = asker.get(&format!("Action=DescribeHosts&HostId.1={id}"));
        for (name, value) in [
            ("hostId", id.as_str()),
            ("state", "available"),
            ("availabilityZone", "a"),
            ("autoPlacement", "off"),
            ("allowsMultipleInstanceTypes", "off"),
            ("totalVCpus", "4"),
            ("availableVCpus", "2"),
            ("instanceId", instance.as_str()),
            ("key", "use"),
            ("allocationTime", "2026-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(texts(&shown, name), [value], "{name}");
        }
        asker.get(&launch(&format!("{on_host}&Placement.Tenancy=host")));
        assert_eq!(asker.refused(&launch(&on_host)), code("InsufficientCapacityOnHost"), "it is full");
        assert_eq!(
            asker.refused(&launch("&Placement.Tenancy=host")).0,
            500,
            "it takes only launches that name it"
        );
        let of_host = format!("Action=DescribeInstances&Filter.1.Name=host-id&Filter.1.Value.1={id}");
        assert_eq!(texts(&asker.get(&of_host), "instanceId").len(), 2);
        let kept = asker.get(&format!("Action=ReleaseHosts&HostId.1={id}"));
        assert_eq!(
            (texts(&kept, "code"), texts(&kept, "resourceId")),
            (vec!["Client.InvalidHost.Occupied".to_string()], vec![id.clone()])
        );
        for instance in texts(&asker.get(&of_host), "instanceId") {
            asker.get(&format!("Action=TerminateInstances&InstanceId.1={instance}"));
        }
        asker.advance("1m");
        let released = asker.get(&format!("Action=ReleaseHosts&HostId.1={id}"));
        assert_eq!(texts(&texts(&released, "successful")[0], "item"), [id.as_str()]);
        for gone in ["ModifyHosts&AutoPlacement=on", "ReleaseHosts"] {
            assert_eq!(
                asker.refused(&format!("Action={gone}&HostId.1={id}")),
                code("InvalidHostID.NotFound")
            );
        }
        assert_eq!(asker.refused(&launch(&on_host)), code("InvalidHostID.NotFound"));
        let named = format!("Action=DescribeHosts&HostId.1={id}");
        let shown = asker.get(&named);
        for (name, value) in [
            ("hostId", id.as_str()),
            ("state", "released"),
            ("key", "use"),
            ("releaseTime", "2026-01-01T00:01:00.000Z"),
        ] {
            assert_eq!(texts(&shown, name), [value], "{name}");
        }
        assert_eq!(texts(&shown, "instanceId").len(), 0);
        let next = asker.get(&allocate("&InstanceType=m5.large"));
        let next = texts(&texts(&next, "hostIdSet")[0], "item").remove(0);
        assert_ne!(next, id, "it is the same host, and another dedicated host");
        let shown = asker.get("Action=DescribeHosts&Filter.1.Name=state&Filter.1.Value.1=available");
        assert_eq!(texts(&shown, "hostId"), [next.as_str()]);
        assert_eq!(texts(&asker.get(&named), "state"), ["released"]);
        let tags = "Action=DescribeTags";
        assert_eq!(texts(&asker.get(tags), "resourceId"), [id.as_str()]);
        asker.advance("1h");
        assert_eq!(texts(&asker.get(tags), "resourceId").len(), 0, "it is no longer shown");
        assert_eq!(asker.refused(&named), code("InvalidHostID.NotFound"));
        assert_eq!(texts(&asker.get("Action=DescribeHosts"), "hostId"), [next]);
    });
}

#[test]
fn hosts_are_refused_as_the_model_refuses_them() {
    with_server(HOSTS, None, |asker| {
        let allocated = |asker: &mut Asker<'_>, more: &str| {
            texts(&texts(&asker.get(&allocate(more)), "hostIdSet")[0], "item").remove(0)
        };
        let family = allocated(asker, "&InstanceFamily=m5&AutoPlacement=on");
        let other = allocated(asker, "&InstanceType=c5.large");
        assert_eq!(
            asker.refused(&allocate("&InstanceType=m5.large")),
            (500, "InsufficientHostCapacity".to_string())
        );
        asker.get(&launch("&Placement.Tenancy=host"));
        let filter = "Action=DescribeHosts&Filter.1.Name=auto-placement&Filter.1.Value.1=on";
        let shown = asker.get(filter);
        assert_eq!(
            (texts(&shown, "hostId"), texts(&shown, "availableVCpus")),
            (vec![family.clone()], vec!["2".to_string()])
        );
        assert_eq!(texts(&shown, "instanceFamily"), ["m5"]);
        assert_eq!(asker.refused(&launch(&format!("&Placement.HostId={other}"))).1, "Unsupported");
        let shared = format!("&Placement.HostId={family}&Placement.Tenancy=dedicated");
        assert_eq!(asker.refused(&launch(&shared)), code("InvalidParameterCombination"));
        for (more, expected) in [
            ("", "MissingParameter"),
            ("&InstanceType=m5.large&InstanceFamily=m5", "InvalidParameterCombination"),
            ("&InstanceType=x9.huge", "InvalidParameterValue"),
            ("&InstanceType=m5.large&AutoPlacement=maybe", "InvalidParameterValue"),
            ("&InstanceType=m5.large&HostRecovery=maybe", "InvalidParameterValue"),
            ("&InstanceType=m5.large&HostMaintenance=on", "InvalidParameterValue"),
        ] {
            assert_eq!(asker.refused(&allocate(more)), code(expected), "{more}");
        }
        let none = allocate("&InstanceType=m5.large").replace("Quantity=1", "Quantity=0");
        assert_eq!(asker.refused(&none), code("InvalidQuantity"));
        assert_eq!(asker.refused("Action=DescribeHosts&HostId.1=h-1"), code("InvalidHostID.Malformed"));
        asker.account = "small".to_string();
        assert_eq!(
            texts(&asker.get("Action=DescribeHosts"), "hostId").len(),
            0,
            "hosts of others are not shown"
        );
        assert_eq!(
            asker.refused(&format!("Action=ReleaseHosts&HostId.1={other}")),
            code("InvalidHostID.NotFound")
        );
        assert_eq!(
            asker.refused(&launch(&format!("&Placement.HostId={other}"))),
            code("InvalidHostID.NotFound")
        );
        let in_b = allocate("&InstanceType=m5.large").replace("Zone=a", "Zone=b");
        asker.get(&in_b);
        assert_eq!(asker.refused(&in_b), code("HostLimitExceeded"));
    });
}

#[test]
fn several_hosts_are_allocated_with_one_call_or_none_is() {
    with_server(HOSTS, None, |asker| {
        let quantity = |quantity: &str| {
            let tag = "&TagSpecification.1.ResourceType=dedicated-host&TagSpecification.1.Tag.1.Key=use";
            allocate(&format!("&InstanceType=m5.large{tag}"))
                .replace("Quantity=1", &format!("Quantity={quantity}"))
        };
        for too_many in ["3", "1000"] {
            assert_eq!(asker.refused(&quantity(too_many)), (500, "InsufficientHostCapacity".to_string()));
        }
        for too_many in ["1001", "4000000000"] {
            assert_eq!(asker.refused(&quantity(too_many)), code("InvalidParameterValue"));
        }
        let made = texts(&texts(&asker.get(&quantity("2")), "hostIdSet")[0], "item");
        let shown = asker.get("Action=DescribeHosts");
        assert_eq!((texts(&shown, "hostId"), texts(&shown, "key").len()), (made, 2));
        assert_eq!(asker.refused(&quantity("1")), (500, "InsufficientHostCapacity".to_string()));
        asker.account = "small".to_string();
        let in_b = quantity("2").replace("Zone=a", "Zone=b");
        assert_eq!(asker.refused(&in_b), code("HostLimitExceeded"));
        asker.get(&in_b.replace("Quantity=2", "Quantity=1"));
    });
}

#[test]
fn the_terms_of_hosts_are_modified_one_by_one() {
    with_server(HOSTS, None, |asker| {
        let both = asker.get(&allocate("&InstanceFamily=m5").replace("Quantity=1", "Quantity=2"));
        let ids = texts(&texts(&both, "hostIdSet")[0], "item");
        asker.get(&launch(&format!("&Placement.HostId={}", ids[0])));
        let modify = |more: &str| format!("Action=ModifyHosts&HostId.1={}&HostId.2={}{more}", ids[0], ids[1]);
        let parts = |answer: &str| {
            let successful = texts(&texts(answer, "successful")[0], "item");
            (successful, texts(answer, "resourceId"), texts(answer, "code"))
        };
        let changed = asker.get(&modify("&InstanceType=m5.xlarge&AutoPlacement=on&HostRecovery=on"));
        let occupied = vec!["Client.InvalidHost.Occupied".to_string()];
        assert_eq!(parts(&changed), (vec![ids[1].clone()], vec![ids[0].clone()], occupied));
        let shown = asker.get("Action=DescribeHosts");
        for (name, values) in [
            ("autoPlacement", ["off", "on"]),
            ("hostRecovery", ["off", "on"]),
            ("allowsMultipleInstanceTypes", ["on", "off"]),
        ] {
            assert_eq!(texts(&shown, name), values, "{name}");
        }
        let other = asker.get(&modify("&InstanceType=c5.large"));
        assert_eq!(parts(&other).2, ["Client.InvalidParameterValue"; 2], "it is of another family");
        let fits = asker.get(&modify("&InstanceType=m5.large"));
        assert_eq!(parts(&fits).0.len(), 2);
        for (more, expected) in [
            ("", "MissingParameter"),
            ("&AutoPlacement=maybe", "InvalidParameterValue"),
            ("&InstanceType=m5.large&InstanceFamily=m5", "InvalidParameterCombination"),
            ("&HostMaintenance=on", "InvalidParameterValue"),
        ] {
            assert_eq!(asker.refused(&modify(more)), code(expected), "{more}");
        }
        assert_eq!(asker.refused("Action=ModifyHosts&AutoPlacement=on"), code("MissingParameter"));
        asker.account = "small".to_string();
        assert_eq!(asker.refused(&modify("&AutoPlacement=on")), code("InvalidHostID.NotFound"));
    });
}

#[test]
fn a_host_that_recovers_is_another_one_with_the_same_tags_and_instances() {
    let cloud = format!("faults.hosts = {{ detection = '30s', on_failure = 'stop' }}\n{HOSTS}");
    with_server(&cloud, None, |asker| {
        let tag = "&TagSpecification.1.ResourceType=dedicated-host&TagSpecification.1.Tag.1.Key=use";
        let made = asker.get(&allocate(&format!("&InstanceType=m5.large&HostRecovery=on{tag}")));
        let id = texts(&texts(&made, "hostIdSet")[0], "item").remove(0);
        let instance = asker.get(&launch(&format!("&Placement.HostId={id}")));
        let instance = texts(&instance, "instanceId").remove(0);
        asker.advance("1m");
        asker.fault(r#"{"fail": {"host": 0}}"#);
        asker.advance("10s");
        assert_eq!(texts(&asker.get("Action=DescribeHosts"), "hostId"), [id.as_str()], "nobody knows yet");
        asker.advance("70s");
        let shown = asker.get("Action=DescribeHosts");
        assert_eq!(texts(&shown, "state"), ["released-permanent-failure", "available"]);
        let ids = texts(&shown, "hostId");
        assert_eq!((ids[0].as_str(), texts(&shown, "key")), (id.as_str(), vec!["use".to_string(); 2]));
        assert_eq!(texts(&shown, "hostRecovery"), ["on", "on"]);
        assert_eq!(texts(&shown, "instanceId"), [instance.as_str()]);
        let running = asker.get(&format!("Action=DescribeInstances&InstanceId.1={instance}"));
        assert_eq!(
            (texts(&running, "hostId"), texts(&running, "name")[0].as_str()),
            (ids[1..].to_vec(), "running")
        );
        assert_eq!(
            asker.refused(&launch(&format!("&Placement.HostId={id}"))),
            code("InvalidHostID.NotFound")
        );
        asker.get(&launch(&format!("&Placement.HostId={}", ids[1])));
    });
}
