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
        assert_eq!(texts(&asker.get("Action=DescribeHosts"), "hostId").len(), 0);
        for gone in ["DescribeHosts", "ReleaseHosts"] {
            assert_eq!(
                asker.refused(&format!("Action={gone}&HostId.1={id}")),
                code("InvalidHostID.NotFound")
            );
        }
        assert_eq!(asker.refused(&launch(&on_host)), code("InvalidHostID.NotFound"));
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
            ("&InstanceType=m5.large&HostRecovery=on", "InvalidParameterValue"),
        ] {
            assert_eq!(asker.refused(&allocate(more)), code(expected), "{more}");
        }
        let many = allocate("&InstanceType=m5.large").replace("Quantity=1", "Quantity=2");
        assert_eq!(asker.refused(&many), code("UnsupportedOperation"));
        assert_eq!(asker.refused(&many.replace("Quantity=2", "Quantity=0")), code("InvalidQuantity"));
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
