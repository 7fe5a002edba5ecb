//! Spot instances and the requests for them.

use super::actions::{launch, texts, with_server};

/// Hosts for four instances of `m5.large`, whose spot price is that of the default market: less than that on demand.
const SPOT: &str = "
lifecycle = { boot = '40s', stop = '20s', terminate = '15s' }
zones = [{ name = 'a', hosts = [{ count = 2, vcpu = 4, memory_gib = 16 }] }]
[workload]
";

const REQUEST: &str = "Action=RequestSpotInstances&LaunchSpecification.ImageId=ami-1\
                       &LaunchSpecification.InstanceType=m5.large";

fn wrong(code: &str) -> (u16, String) {
    (400, code.to_string())
}

#[test]
fn a_request_is_fulfilled_by_an_instance_and_ends_with_it() {
    with_server(SPOT, None, |asker| {
        let tag = "&TagSpecification.1.ResourceType=spot-instances-request&TagSpecification.1.Tag.1.Key=use";
        let group = texts(&asker.get("Action=DescribeSecurityGroups"), "groupId").remove(0);
        let more = format!("&LaunchSpecification.SecurityGroupId.1={group}{tag}");
        let made = asker.get(&format!("{REQUEST}&InstanceCount=2&SpotPrice=0.09{more}"));
        assert_eq!(texts(&made, "groupId"), [group.as_str(); 2]);
        let ids = texts(&made, "spotInstanceRequestId");
        assert!(ids.len() == 2 && ids[0].starts_with("sir-0"), "{made}");
        assert_eq!(texts(&made, "spotPrice"), ["0.090000"; 2]);
        assert_eq!(
            (texts(&made, "state"), texts(&made, "key")),
            (vec!["active".to_string(); 2], vec!["use".to_string(); 2])
        );
        let instances = texts(&made, "instanceId");
        let of_request = format!(
            "Action=DescribeInstances&Filter.1.Name=spot-instance-request-id&Filter.1.Value.1={}",
            ids[0]
        );
        let shown = asker.get(&of_request);
        assert_eq!(texts(&shown, "instanceId"), [instances[0].as_str()]);
        assert_eq!(
            (texts(&shown, "instanceLifecycle"), texts(&shown, "spotInstanceRequestId")),
            (vec!["spot".to_string()], vec![ids[0].clone()])
        );
        // The market options of a launch make a request too, a launch on demand does not.
        let market = "&InstanceMarketOptions.MarketType=spot&InstanceMarketOptions.SpotOptions.MaxPrice=0.09";
        asker.get(&launch(market));
        asker.get(&launch(""));
        let all = asker.get("Action=DescribeSpotInstanceRequests");
        assert_eq!(texts(&all, "spotInstanceRequestId").len(), 3);
        let filter = "Action=DescribeSpotInstanceRequests&Filter.1.Name";
        assert_eq!(texts(&asker.get(&format!("{filter}=tag:use&Filter.1.Value.1=")), "state").len(), 2);
        let cancelled =
            asker.get(&format!("Action=CancelSpotInstanceRequests&SpotInstanceRequestId.1={}", ids[1]));
        assert_eq!(texts(&cancelled, "state"), ["cancelled"]);
        asker.get(&format!("Action=TerminateInstances&InstanceId.1={}", instances[0]));
        asker.advance("1m");
        for (id, state, code) in [
            (&ids[0], "closed", "instance-terminated-by-user"),
            (&ids[1], "cancelled", "request-canceled-and-instance-running"),
        ] {
            let shown =
                asker.get(&format!("Action=DescribeSpotInstanceRequests&SpotInstanceRequestId.1={id}"));
            assert_eq!(
                (texts(&shown, "state"), texts(&shown, "code")),
                (vec![state.to_string()], vec![code.to_string()])
            );
        }
        let of_market = format!("{filter}=state&Filter.1.Value.1=active");
        assert_eq!(texts(&asker.get(&of_market), "spotInstanceRequestId").len(), 1);
    });
}

#[test]
fn requests_are_refused_as_launches_are() {
    with_server(SPOT, None, |asker| {
        assert_eq!(asker.refused(&format!("{REQUEST}&SpotPrice=0.0011")), wrong("SpotMaxPriceTooLow"));
        for (more, code) in [
            ("&SpotPrice=0.001", "InvalidParameterValue"),
            ("&SpotPrice=much", "InvalidParameterValue"),
            ("&SpotPrice=-1", "InvalidParameterValue"),
            ("&Type=sometimes", "InvalidParameterValue"),
            ("&InstanceInterruptionBehavior=explode", "InvalidParameterValue"),
            ("&InstanceCount=0", "InvalidParameterValue"),
            ("&LaunchSpecification.Placement.Tenancy=host", "InvalidParameterCombination"),
            ("&ValidUntil=2030-01-01T00:00:00Z", "UnknownParameter"),
        ] {
            assert_eq!(asker.refused(&format!("{REQUEST}{more}")), wrong(code), "{more}");
        }
        // As many as there is room for, and then none.
        let made = asker
            .get(&format!("{REQUEST}&InstanceCount=9&Type=persistent&InstanceInterruptionBehavior=stop"));
        assert_eq!(
            (texts(&made, "type"), texts(&made, "instanceInterruptionBehavior")),
            (vec!["persistent".to_string(); 4], vec!["stop".to_string(); 4])
        );
        assert_eq!(asker.refused(REQUEST), (500, "InsufficientInstanceCapacity".to_string()));
        let id = texts(&made, "spotInstanceRequestId").remove(0);
        for action in ["DescribeSpotInstanceRequests", "CancelSpotInstanceRequests"] {
            let of = |id: &str| format!("Action={action}&SpotInstanceRequestId.1={id}");
            assert_eq!(asker.refused(&of("sir-1")), wrong("InvalidSpotInstanceRequestID.Malformed"));
            assert_eq!(asker.refused(&of("sir-0123abcd")), wrong("InvalidSpotInstanceRequestID.NotFound"));
            asker.account = "other".to_string();
            assert_eq!(asker.refused(&of(&id)), wrong("InvalidSpotInstanceRequestID.NotFound"));
            asker.account = "default".to_string();
        }
        asker.get(&format!("Action=CreateTags&ResourceId.1={id}&Tag.1.Key=a&Tag.1.Value=b"));
        assert_eq!(texts(&asker.get("Action=DescribeTags"), "resourceType"), ["spot-instances-request"]);
    });
}
