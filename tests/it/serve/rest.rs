//! Answers of the REST interface.

use serde_json::{Value, json};

use super::actions::{CLOUD, with_server};

#[test]
fn an_instance_goes_through_its_life() {
    with_server(CLOUD, None, |asker| {
        let body =
            json!({ "imageId": "ami-1", "instanceType": "m5.large", "keyName": "mine", "maxCount": 2 });
        let (status, launched) = asker.rest("POST", "/api/v1/instances", body);
        assert_eq!((status, &launched["instances"][1]["state"]), (200, &json!("pending")));
        let id = launched["instances"][0]["instanceId"].as_str().unwrap().to_string();
        let call = |asker: &mut super::actions::Asker<'_>, name: &str| {
            asker.rest("POST", &format!("/api/v1/instances/{id}/{name}"), Value::Null)
        };
        assert_eq!(call(asker, "stop").0, 400, "it is pending");
        asker.advance("40s");
        let (_, change) = call(asker, "stop");
        assert_eq!(
            change,
            json!({ "instanceId": id, "previousState": "running", "currentState": "stopping" })
        );
        asker.advance("20s");
        let modify = json!({ "instanceType": "m5.xlarge" });
        let (_, modified) = asker.rest("PUT", &format!("/api/v1/instances/{id}"), modify.clone());
        assert_eq!(modified, json!({ "instanceId": id, "modifications": modify }));
        assert_eq!(call(asker, "start").0, 200);
        let (_, page) =
            asker.rest("GET", "/api/v1/instances?states=pending,running&pageSize=1&page=2", Value::Null);
        let expected = json!({ "page": 2, "pageSize": 1, "total": 2, "totalPages": 2 });
        assert_eq!((page["instances"].as_array().unwrap().len(), &page["pagination"]), (1, &expected));
        let (_, named) = asker.rest("GET", &format!("/api/v1/instances?instanceIds={id}"), Value::Null);
        assert_eq!(named["instances"][0]["instanceType"], "m5.xlarge");
        assert_eq!(call(asker, "terminate").0, 200);
        asker.advance("15s");
        let (_, error) = call(asker, "start");
        assert_eq!(error["error"]["code"], "InvalidStateTransition");
    });
}

#[test]
fn volumes_and_security_groups_are_made_and_attached() {
    with_server(CLOUD, None, |asker| {
        let launch = json!({ "imageId": "ami-1", "instanceType": "m5.large", "subnetId": "web" });
        let (_, launched) = asker.rest("POST", "/api/v1/instances", launch);
        let instance = launched["instances"][0]["instanceId"].clone();
        asker.advance("40s");
        let create = json!({ "availabilityZone": "a", "volumeType": "gp3", "size": 10 });
        let (_, volume) = asker.rest("POST", "/api/v1/volumes", create);
        assert_eq!((&volume["state"], &volume["size"]), (&json!("available"), &json!(10)));
        let path = format!("/api/v1/volumes/{}", volume["volumeId"].as_str().unwrap());
        let attach = json!({ "instanceId": instance, "device": "/dev/sdf" });
        let (_, attached) = asker.rest("POST", &format!("{path}/attach"), attach.clone());
        assert_eq!((&attached["state"], &attached["instanceId"]), (&json!("attached"), &instance));
        assert_eq!(asker.rest("POST", &format!("{path}/attach"), attach).0, 400);
        assert_eq!(asker.rest("POST", &format!("{path}/detach"), Value::Null).1["state"], "available");
        let group = json!({ "groupName": "web", "vpcId": "default" });
        let (_, group) = asker.rest("POST", "/api/v1/security-groups", group);
        let path = format!("/api/v1/security-groups/{}/rules", group["securityGroupId"].as_str().unwrap());
        let rule = json!({ "type": "ingress", "protocol": "tcp", "fromPort": 80, "toPort": 80, "source": "10.0.0.0/8" });
        let (status, added) = asker.rest("POST", &path, rule.clone());
        assert_eq!((status, &added["securityGroupId"]), (200, &group["securityGroupId"]));
        assert!(added["ruleId"].as_str().unwrap().starts_with("sgr-"));
        assert_eq!(asker.rest("POST", &path, rule).1["error"]["code"], "InvalidPermission.Duplicate");
    });
}

#[test]
fn errors_have_the_names_and_statuses_of_the_interface() {
    with_server(CLOUD, None, |asker| {
        let launch = |more: Value| {
            let mut body = json!({ "imageId": "ami-1", "instanceType": "m5.large" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let full = launch(json!({ "minCount": 100 }));
        asker.account = "small".to_string();
        let too_many = launch(json!({ "minCount": 3, "subnetId": "web" }));
        for (method, path, body, status, code) in [
            ("POST", "/api/v1/instances", too_many, 403, "ResourceLimitExceeded"),
            ("POST", "/api/v1/instances", json!({}), 400, "InvalidParameterValue"),
            ("POST", "/api/v1/instances", launch(json!({ "colour": "red" })), 400, "InvalidParameterValue"),
            ("POST", "/api/v1/instances/i-0123456789abcdef0/stop", Value::Null, 404, "InstanceNotFound"),
            ("POST", "/api/v1/instances/x/stop", Value::Null, 400, "InvalidInstanceID.Malformed"),
            ("POST", "/api/v1/volumes/vol-00123456789abcdef/detach", Value::Null, 404, "VolumeNotFound"),
            ("GET", "/api/v1/instances?page=0", Value::Null, 400, "InvalidParameterValue"),
            ("GET", "/api/v1/instances?colour=red", Value::Null, 400, "UnknownParameter"),
            ("DELETE", "/api/v1/instances", Value::Null, 405, "MethodNotAllowed"),
            ("GET", "/api/v1/hosts", Value::Null, 404, "NotFound"),
        ] {
            let (found, body) = asker.rest(method, path, body);
            assert_eq!(
                (found, body["error"]["code"].as_str()),
                (status, Some(code)),
                "{method} {path} {body}"
            );
        }
        asker.account = "large".to_string();
        let (status, body) = asker.rest("POST", "/api/v1/instances", full);
        assert_eq!((status, &body["error"]["code"]), (503, &json!("InsufficientCapacity")));
    });
}
