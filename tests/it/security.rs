//! Security groups and the traffic that tries them: rules by calls, references, conversations, VPCs.

use plimsoll::cloud::outcome::Outcome;
use plimsoll::operation::Operation;

use crate::support::{Experiment, Notes, calls, operations};

/// Two VPCs, and a group `web` that lets https in from anywhere and ssh from the members of `admin`.
const CLOUD: &str = "
    duration = '10000s'
    placement.strategy = 'first-fit'
    zones = [{ name = 'z', hosts = [{ count = 4, vcpu = 8, memory_gib = 32 }] }]
    [network]
    [[network.subnets]]
    name = 's'
    zone = 'z'
    cidr = '10.0.0.0/24'
    [[network.subnets]]
    name = 'o'
    zone = 'z'
    cidr = '10.0.0.0/24'
    vpc = 'other'
    [[network.security_groups]]
    name = 'admin'
    [[network.security_groups]]
    name = 'web'
    ingress = [
        { protocol = 'tcp', ports = '443', source = '0.0.0.0/0' },
        { protocol = 'tcp', ports = '22', source = 'sg:admin' },
    ]";

/// Instances of every test: a server, an administrator, one in the default group, one in the other VPC.
const INSTANCES: &str = "0 launch instance=web type=t3.micro subnet=s security_groups=web
    0 launch instance=admin type=t3.micro subnet=s security_groups=admin
    0 launch instance=plain type=t3.micro subnet=s
    0 launch instance=far type=t3.micro subnet=o";

fn watch(rows: &str) -> (Outcome, Notes) {
    Experiment::replaying(&operations(&format!("{INSTANCES}\n{rows}")), CLOUD).watch()
}

/// When and why calls were refused.
fn refused(rows: &str) -> Vec<(u64, &'static str)> {
    watch(rows).1.reasons()
}

const NO_RULE: &str = "ENI_SG_RULES_MISMATCH";

#[test]
fn traffic_passes_where_a_rule_lets_it_and_every_probe_is_counted() {
    let rows = "1 probe from=192.0.2.1 to=web protocol=tcp ports=443
        2 probe from=192.0.2.1 to=web protocol=tcp ports=80
        3 probe from=plain to=web protocol=tcp ports=443
        4 probe from=web to=192.0.2.1 protocol=udp ports=53
        5 probe from=web to=far protocol=tcp ports=443
        6 probe from=absent to=web protocol=tcp ports=443
        7 probe from=192.0.2.1 to=192.0.2.2 protocol=tcp ports=443";
    let expected = [
        (2, NO_RULE),
        (5, "NO_ROUTE_TO_DESTINATION"),
        (6, "InvalidInstanceID.NotFound"),
        (7, "InvalidParameterValue"),
    ];
    assert_eq!(refused(rows), expected);
    let (requested, allowed, why) = calls(&watch(rows).0, Operation::Probe);
    assert_eq!((requested, allowed, why.len()), (7, 3, 4));
}

#[test]
fn members_of_the_default_group_reach_each_other_and_no_other_instance_reaches_them() {
    let rows = "0 launch instance=second type=t3.micro subnet=s
        1 probe from=second to=plain protocol=tcp ports=5432
        2 probe from=web to=plain protocol=tcp ports=5432";
    assert_eq!(refused(rows), [(2, NO_RULE)]);
}

#[test]
fn an_address_of_an_instance_is_that_instance() {
    // The administrator has the second address of the subnet.
    let rows = "1 probe from=admin to=web protocol=icmp ports=8/0
        1 probe from=10.0.0.5 to=web protocol=tcp ports=22
        2 probe from=10.0.0.99 to=web protocol=tcp ports=22
        3 terminate instance=admin
        4 probe from=10.0.0.5 to=web protocol=tcp ports=22";
    assert_eq!(refused(rows), [(1, NO_RULE), (2, NO_RULE), (4, NO_RULE)]);
}

#[test]
fn an_address_is_its_instance_also_when_no_call_has_asked_about_it_before() {
    let rows = "0 launch instance=second type=t3.micro subnet=s
        1 probe from=10.0.0.6 to=second protocol=tcp ports=5432
        2 probe from=10.0.0.4 to=second protocol=tcp ports=5432
        3 probe from=10.0.0.6 to=far protocol=tcp ports=5432";
    assert_eq!(refused(rows), [(2, NO_RULE), (3, NO_RULE)]);
}

#[test]
fn a_group_is_meant_that_is_in_the_vpc_of_the_instance() {
    let rows = "1 launch instance=x type=t3.micro subnet=o security_groups=default
        2 modify instance=far security_groups=default
        3 probe from=x to=far protocol=tcp ports=1";
    assert_eq!(refused(rows), []);
}

#[test]
fn a_conversation_goes_on_when_its_rule_is_revoked_and_a_new_one_does_not_begin() {
    let rows = "1 authorize-ingress security_group=web protocol=tcp ports=80 source=10.0.0.0/24
        2 probe from=plain to=web protocol=tcp ports=80 source_port=50000
        3 revoke-ingress security_group=web protocol=tcp ports=80 source=10.0.0.0/24
        4 probe from=plain to=web protocol=tcp ports=80 source_port=50000
        5 probe from=web to=plain protocol=tcp ports=50000 source_port=80
        6 probe from=plain to=web protocol=tcp ports=80 source_port=50001";
    assert_eq!(refused(rows), [(6, NO_RULE)]);
}

#[test]
fn a_group_is_deleted_when_no_interface_uses_it() {
    let rows = "1 delete-security-group security_group=admin
        2 create-security-group security_group=own
        3 create-security-group security_group=own
        4 create-security-group security_group=own vpc=nowhere
        5 modify instance=plain security_groups=own
        6 delete-security-group security_group=own
        7 modify instance=plain security_groups=default
        8 delete-security-group security_group=own
        9 delete-security-group security_group=own
        10 delete-security-group security_group=default
        11 launch instance=x type=t3.micro subnet=s security_groups=own";
    let expected = [
        (1, "DependencyViolation"),
        (3, "InvalidGroup.Duplicate"),
        (4, "InvalidVpcID.NotFound"),
        (6, "DependencyViolation"),
        (9, "InvalidGroup.NotFound"),
        (10, "InvalidParameterValue"),
        (11, "InvalidGroup.NotFound"),
    ];
    assert_eq!(refused(rows), expected);
}

#[test]
fn groups_and_rules_have_limits() {
    let rules: String = (0..61)
        .map(|i| format!("1 authorize-ingress security_group=admin protocol=tcp ports={i} source=self\n"))
        .collect();
    assert_eq!(refused(&rules), [(1, "RulesPerSecurityGroupLimitExceeded")]);
    let groups = "1 launch instance=x type=t3.micro subnet=s security_groups=web|admin|default
        2 launch instance=x type=t3.micro subnet=s security_groups=web|web";
    assert_eq!(refused(groups), [(2, "InvalidParameterValue")]);
    let more: String = (0..3).map(|i| format!("{i} create-security-group security_group=g{i}\n")).collect();
    let trace = operations(&more);
    // The default groups of both VPCs, `admin` and `web` count.
    let (_, notes) = Experiment::replaying(&trace, &format!("quotas.security_groups = 6\n{CLOUD}")).watch();
    assert_eq!(notes.refused(), [(2.0, "create-security-group", "SecurityGroupLimitExceeded", 1)]);
}

#[test]
fn a_launch_finds_its_groups_in_the_vpc_of_its_subnet() {
    let rows = "1 launch instance=x type=t3.micro subnet=o security_groups=web
        2 create-security-group security_group=own vpc=other
        3 launch instance=x type=t3.micro subnet=o security_groups=own
        4 launch instance=y type=t3.micro subnet=s security_groups=own
        5 launch instance=y type=t3.micro subnet=s security_groups=web account=b";
    assert_eq!(refused(rows), [(1, "InvalidParameterCombination"), (4, "InvalidParameterCombination")]);
}

#[test]
fn corrected_port_0_is_a_port() {
    let rows = "1 authorize-ingress security_group=web protocol=tcp ports=0 source=0.0.0.0/0
        2 probe from=192.0.2.1 to=web protocol=tcp ports=0
        3 probe from=192.0.2.1 to=web protocol=tcp ports=1
        4 authorize-ingress security_group=web protocol=tcp source=0.0.0.0/0
        5 authorize-ingress security_group=web protocol=all ports=0 source=0.0.0.0/0";
    let expected = [(3, NO_RULE), (4, "InvalidPermission.Malformed"), (5, "InvalidPermission.Malformed")];
    assert_eq!(refused(rows), expected);
}

#[test]
fn corrected_egress_has_a_destination_and_no_source() {
    let rows = "1 probe from=plain to=192.0.2.1 protocol=tcp ports=25
        2 revoke-egress security_group=default protocol=all destination=0.0.0.0/0
        3 probe from=plain to=192.0.2.1 protocol=tcp ports=25
        4 authorize-egress security_group=default protocol=tcp ports=25 destination=192.0.2.0/24
        5 probe from=plain to=192.0.2.1 protocol=tcp ports=25
        6 probe from=plain to=198.51.100.1 protocol=tcp ports=25
        7 probe from=192.0.2.1 to=plain protocol=tcp ports=25";
    assert_eq!(refused(rows), [(3, NO_RULE), (6, NO_RULE), (7, NO_RULE)]);
}

#[test]
fn corrected_a_reference_to_a_group_means_its_members() {
    let rows = "1 probe from=admin to=web protocol=tcp ports=22
        2 probe from=plain to=web protocol=tcp ports=22
        3 probe from=192.0.2.1 to=web protocol=tcp ports=22
        4 modify instance=plain security_groups=default|admin
        5 probe from=plain to=web protocol=tcp ports=22
        6 modify instance=plain security_groups=default
        7 probe from=plain to=web protocol=tcp ports=22";
    assert_eq!(refused(rows), [(2, NO_RULE), (3, NO_RULE), (7, NO_RULE)]);
}

#[test]
fn corrected_a_rule_is_itself_and_no_other() {
    // Of two rules that both let a packet pass, revoking one leaves the other.
    let rows = "1 authorize-ingress security_group=admin protocol=tcp ports=1-9 source=0.0.0.0/0
        2 authorize-ingress security_group=admin protocol=tcp ports=5 source=0.0.0.0/0
        3 authorize-ingress security_group=admin protocol=tcp ports=5 source=0.0.0.0/0
        4 revoke-ingress security_group=admin protocol=tcp ports=5 source=0.0.0.0/0
        5 probe from=192.0.2.1 to=admin protocol=tcp ports=5
        6 revoke-ingress security_group=admin protocol=tcp ports=5 source=0.0.0.0/0
        7 revoke-ingress security_group=admin protocol=tcp ports=1-9 source=0.0.0.0/0
        8 probe from=192.0.2.1 to=admin protocol=tcp ports=5";
    let expected = [(3, "InvalidPermission.Duplicate"), (6, "InvalidPermission.NotFound"), (8, NO_RULE)];
    assert_eq!(refused(rows), expected);
}
