//! Spot instances and the requests for them.

use super::actions::{Asker, launch, texts, with_server};

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
fn what_no_wait_can_mend_is_refused() {
    with_server(SPOT, None, |asker| {
        for (more, code) in [
            ("&SpotPrice=0.001", "InvalidParameterValue"),
            ("&SpotPrice=much", "InvalidParameterValue"),
            ("&SpotPrice=-1", "InvalidParameterValue"),
            ("&Type=sometimes", "InvalidParameterValue"),
            ("&InstanceInterruptionBehavior=explode", "InvalidParameterValue"),
            ("&InstanceCount=0", "InvalidParameterValue"),
            ("&InstanceInterruptionBehavior=stop", "InvalidParameterCombination"),
            ("&Type=one-time&InstanceInterruptionBehavior=hibernate", "InvalidParameterCombination"),
            ("&LaunchSpecification.Placement.Tenancy=host", "InvalidParameterCombination"),
            ("&ValidUntil=2001-01-01T00:00:00Z", "InvalidParameterValue"),
            ("&ValidUntil=soon", "InvalidParameterValue"),
            ("&ValidFrom=2030-01-01T00:00:00Z", "UnknownParameter"),
        ] {
            assert_eq!(asker.refused(&format!("{REQUEST}{more}")), wrong(code), "{more}");
        }
        assert_eq!(asker.refused(&format!("{REQUEST}&InstanceCount=1001")), wrong("InvalidParameterValue"));
        let persistent = "&InstanceMarketOptions.MarketType=spot\
                          &InstanceMarketOptions.SpotOptions.SpotInstanceType=persistent";
        assert_eq!(asker.refused(&launch(persistent)), wrong("InvalidParameterCombination"));
        let made = asker
            .get(&format!("{REQUEST}&InstanceCount=4&Type=persistent&InstanceInterruptionBehavior=stop"));
        assert_eq!(
            (texts(&made, "type"), texts(&made, "instanceInterruptionBehavior")),
            (vec!["persistent".to_string(); 4], vec!["stop".to_string(); 4])
        );
        let market = "&InstanceMarketOptions.MarketType=spot";
        assert_eq!(asker.refused(&launch(market)), (500, "InsufficientInstanceCapacity".to_string()));
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

/// State and status code of the request of an id.
fn state_of(asker: &mut Asker<'_>, id: &str) -> (String, String) {
    let shown = asker.get(&format!("Action=DescribeSpotInstanceRequests&SpotInstanceRequestId.1={id}"));
    (texts(&shown, "state").remove(0), texts(&shown, "code").remove(0))
}

fn open(code: &str) -> (String, String) {
    ("open".to_string(), code.to_string())
}

#[test]
fn a_request_that_finds_no_room_stays_open_until_there_is_some() {
    with_server(SPOT, None, |asker| {
        let tag = "&TagSpecification.1.ResourceType=spot-instances-request&TagSpecification.1.Tag.1.Key=use";
        let made = asker.get(&format!("{REQUEST}&InstanceCount=6{tag}"));
        let (ids, instances) = (texts(&made, "spotInstanceRequestId"), texts(&made, "instanceId"));
        assert_eq!((ids.len(), instances.len(), texts(&made, "key").len()), (6, 4, 6));
        let states = texts(&made, "state");
        assert_eq!(
            (&states[3..5], texts(&made, "groupName").len()),
            (&["active".to_string(), "open".to_string()][..], 6)
        );
        assert_eq!(texts(&made, "validUntil"), ["2026-01-08T00:00:00.000Z"; 2]);
        let waiting = &ids[4];
        assert_eq!(state_of(asker, waiting), open("capacity-not-available"));
        let filtered =
            "Action=DescribeSpotInstanceRequests&Filter.1.Name=status-code&Filter.1.Value.1=capacity-*";
        assert_eq!(texts(&asker.get(filtered), "spotInstanceRequestId"), ids[4..]);
        asker.advance("1h");
        assert_eq!(state_of(asker, waiting), open("capacity-not-available"));
        assert_eq!(asker.summary().0, 200, "figures of now do not end what waits");
        asker.get(&format!("Action=TerminateInstances&InstanceId.1={}", instances[0]));
        asker.advance("6m");
        assert_eq!(
            state_of(asker, waiting),
            ("active".to_string(), "fulfilled".to_string()),
            "the first one"
        );
        assert_eq!(state_of(asker, &ids[5]), open("capacity-not-available"));
        let of_request = format!(
            "Action=DescribeInstances&Filter.1.Name=spot-instance-request-id&Filter.1.Value.1={waiting}"
        );
        let shown = asker.get(&of_request);
        assert_eq!(
            (texts(&shown, "imageId"), texts(&shown, "spotInstanceRequestId")),
            (vec!["ami-1".to_string()], vec![waiting.clone()])
        );
        let tags = asker
            .get("Action=DescribeTags&Filter.1.Name=resource-type&Filter.1.Value.1=spot-instances-request");
        assert_eq!(texts(&tags, "resourceId").len(), 6);
        asker.account = "other".to_string();
        assert_eq!(
            texts(&asker.get("Action=DescribeSpotInstanceRequests"), "spotInstanceRequestId").len(),
            0
        );
        let cancel = format!("Action=CancelSpotInstanceRequests&SpotInstanceRequestId.1={}", ids[5]);
        assert_eq!(asker.refused(&cancel), wrong("InvalidSpotInstanceRequestID.NotFound"));
        asker.account = "default".to_string();
        assert_eq!(texts(&asker.get(&cancel), "state"), ["cancelled"]);
        assert_eq!(
            state_of(asker, &ids[5]),
            ("cancelled".to_string(), "canceled-before-fulfillment".to_string())
        );
        asker.get(&format!("Action=TerminateInstances&InstanceId.1={}", instances[1]));
        asker.advance("10m");
        assert_eq!(texts(&asker.get(filtered), "spotInstanceRequestId").len(), 0, "nothing waits any more");
        assert_eq!(asker.states().iter().filter(|state| *state == "running").count(), 3);
        asker.advance("4h");
        let gone = format!("Action=DescribeSpotInstanceRequests&SpotInstanceRequestId.1={}", ids[5]);
        assert_eq!(
            asker.refused(&gone),
            wrong("InvalidSpotInstanceRequestID.NotFound"),
            "deleted four hours later"
        );
    });
}

#[test]
fn a_request_waits_for_its_price() {
    let prices = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("serve-spot-prices.csv");
    std::fs::write(&prices, "time_s,type,zone,usd_per_hour\n0,m5.large,a,0.09\n3600,m5.large,a,0.02\n")
        .unwrap();
    let market = format!("billing.spot.price = {{ kind = 'file', file = '{}' }}", prices.display());
    with_server(&format!("{market}\n{SPOT}"), None, |asker| {
        let made = asker.get(&format!("{REQUEST}&SpotPrice=0.05"));
        let id = texts(&made, "spotInstanceRequestId").remove(0);
        assert_eq!(
            (texts(&made, "state"), texts(&made, "code"), texts(&made, "spotPrice")),
            (vec!["open".to_string()], vec!["price-too-low".to_string()], vec!["0.050000".to_string()])
        );
        asker.advance("59m");
        assert_eq!(state_of(asker, &id), open("price-too-low"));
        asker.advance("6m");
        assert_eq!(state_of(asker, &id).1, "fulfilled");
    });
}

#[test]
fn a_request_is_valid_for_a_week() {
    with_server(SPOT, None, |asker| {
        let made = asker.get(&format!("{REQUEST}&SpotPrice=0.0011"));
        let id = texts(&made, "spotInstanceRequestId").remove(0);
        asker.advance("167h");
        assert_eq!(state_of(asker, &id), open("price-too-low"));
        asker.advance("70m");
        assert_eq!(state_of(asker, &id), ("closed".to_string(), "schedule-expired".to_string()));
        asker.get(&format!("Action=CancelSpotInstanceRequests&SpotInstanceRequestId.1={id}"));
        assert_eq!(state_of(asker, &id).0, "closed", "it has ended");
    });
}

/// The same cloud behind a gateway that takes ten seconds for a call.
fn behind_a_slow_gateway() -> String {
    let control =
        "control_plane = { preset = 'zero', gateway.service = { kind = 'constant', value = '10s' } }";
    format!("{control}\n{}", SPOT.replace("terminate = '15s'", "terminate = '1m'"))
}

#[test]
fn a_request_is_valid_as_long_as_it_says() {
    with_server(SPOT, None, |asker| {
        asker.get(&format!("{REQUEST}&InstanceCount=4"));
        let made = asker.get(&format!("{REQUEST}&ValidUntil=2026-01-01T02:00:00Z"));
        assert_eq!(texts(&made, "validUntil"), ["2026-01-01T02:00:00.000Z"]);
        let id = texts(&made, "spotInstanceRequestId").remove(0);
        let kept = asker.get(&format!("{REQUEST}&Type=persistent"));
        assert_eq!(texts(&kept, "validUntil").len(), 0, "a persistent one is valid until it is cancelled");
        asker.advance("118m");
        assert_eq!(state_of(asker, &id), open("capacity-not-available"));
        asker.advance("7m");
        assert_eq!(state_of(asker, &id), ("closed".to_string(), "schedule-expired".to_string()));
        asker.advance("200h");
        let kept = texts(&kept, "spotInstanceRequestId").remove(0);
        assert_eq!(state_of(asker, &kept), open("capacity-not-available"));
    });
}

#[test]
fn a_request_that_is_fulfilled_while_another_is_answered_keeps_its_labels() {
    with_server(&behind_a_slow_gateway(), None, |asker| {
        let tag = "&TagSpecification.1.ResourceType=spot-instances-request&TagSpecification.1.Tag.1.Key=use";
        let request = format!("{REQUEST}{tag}");
        let four = asker.get_later(&[&format!("{REQUEST}&InstanceCount=4")], "2m").remove(0);
        let instances = texts(&four, "instanceId");
        assert_eq!(instances.len(), 4, "{four}");
        let first = asker.get_later(&[&request], "20s").remove(0);
        let id = texts(&first, "spotInstanceRequestId").remove(0);
        assert_eq!(
            (texts(&first, "state"), texts(&first, "createTime")),
            (vec!["open".to_string()], vec!["2026-01-01T00:02:10.000Z".to_string()])
        );
        asker.get_later(&[&format!("Action=TerminateInstances&InstanceId.1={}", instances[0])], "2m");
        // It is 4:20; the first request is tried again at 7:10, and another call takes effect at 7:15.
        asker.advance("165s");
        let second = asker.get_later(&[&request], "1m").remove(0);
        assert_eq!(texts(&second, "state"), ["open"]);
        assert_eq!(state_of(asker, &id), ("active".to_string(), "fulfilled".to_string()));
        let shown = asker.get(&format!("Action=DescribeSpotInstanceRequests&SpotInstanceRequestId.1={id}"));
        for name in ["createTime", "imageId", "key"] {
            assert_eq!(texts(&shown, name), texts(&first, name), "{name}");
        }
    });
}

#[test]
fn a_request_may_be_fulfilled_before_its_answer_is_taken() {
    with_server(&behind_a_slow_gateway(), None, |asker| {
        let four = asker.get_later(&[&format!("{REQUEST}&InstanceCount=4")], "2m").remove(0);
        let ends = format!("Action=TerminateInstances&InstanceId.1={}", texts(&four, "instanceId")[0]);
        let made = asker.get_later(&[&ends, REQUEST], "1h").remove(1);
        assert_eq!(
            (texts(&made, "state"), texts(&made, "instanceId").len(), texts(&made, "createTime")),
            (vec!["active".to_string()], 1, vec!["2026-01-01T00:02:10.000Z".to_string()]),
            "{made}"
        );
        let id = texts(&made, "spotInstanceRequestId").remove(0);
        assert_eq!(state_of(asker, &id), ("active".to_string(), "fulfilled".to_string()));
    });
}
