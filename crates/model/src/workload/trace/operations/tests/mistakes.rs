//! Every wrong cell, and the message about it.

use super::*;

#[test]
fn a_cell_that_its_operation_does_not_take_is_an_error() {
    for operation in Operation::ALL {
        let taken: Vec<Column> = entry(operation).columns().collect();
        let given = [Column::Time, Column::Op, Column::Account];
        for column in OPTIONAL.iter().copied().flatten().filter(|column| !taken.contains(column)) {
            if given.contains(column) {
                continue;
            }
            let row = format!("{} {}=1", operation.name(), column.name());
            // A shape has columns that go together; any other problem is reported beside it.
            let row = if SHAPE.contains(column) && *column != Column::Type {
                row + " vcpu=1 memory_gib=1"
            } else {
                row
            };
            let problem = problems(&row);
            let expected =
                format!("`{}`: found `1`, which `{}` does not take", column.name(), operation.name());
            assert!(problem.contains(&expected), "{row}: {problem}");
        }
    }
    let problem = problems("detach-volume volume=v device=/dev/sdf");
    assert!(
        problem.ends_with("expected an empty cell\n  help: `detach-volume` takes `volume`, `instance`"),
        "{problem}"
    );
}

#[test]
fn a_cell_that_its_operation_needs_may_not_be_empty() {
    for operation in Operation::ALL {
        for column in entry(operation).needs {
            let problem = problems(operation.name());
            let expected = format!("`{}`: found nothing, expected {}", column.name(), column.holds());
            assert!(problem.contains(&expected), "{operation:?}: {problem}");
            assert!(problem.contains(&format!("help: `{}` needs it", operation.name())), "{problem}");
        }
    }
}

#[test]
fn a_cell_that_cannot_be_read_says_why_and_what_else() {
    for (row, expected) in [
        (
            "lunch",
            "`op`: found `lunch`, which is unknown; expected an operation\n  help: did you mean `launch`",
        ),
        ("launch", "found no column for it, expected `type` or `vcpu,memory_gib`"),
        ("launch type=x9.huge", "`type`: found `x9.huge`, expected an instance type"),
        ("launch type=m5.large instance=x|y", "`instance`: found `x|y`, which is several names"),
        (
            "launch type=m5.large count=0",
            "`count`: found `0`, which cannot be a number of instances; expected a whole number from 1",
        ),
        ("launch type=m5.large count=1000001", "cannot be a number of instances"),
        (
            "launch type=m5.large count=2 min_count=3",
            "`min_count`: found `3`, which is more than `count`; expected 1 to `count`",
        ),
        (
            "launch type=m5.large public_address=yes",
            "`public_address`: found `yes`, which is unknown; expected `true` or `false`",
        ),
        (
            "launch type=m5.large volumes=/dev/sdf",
            "`volumes`: found `/dev/sdf`, which holds `/dev/sdf`, no block device; expected `device:type:",
        ),
        ("launch type=m5.large volumes=x:gp3:8||", "`volumes`: found `x:gp3:8||`, which has an empty item"),
        ("launch type=m5.large security_groups=|a", "`security_groups`: found `|a`, which has an empty item"),
        (
            "launch type=m5.large group=g partition=0",
            "`partition`: found `0`, which is 0, where the first is 1; expected a whole number from 1",
        ),
        (
            "launch type=m5.large partition=1",
            "`partition`: found `1`, which is a partition without a `group`",
        ),
        ("launch type=m5.large group=g partition=65536", "`partition`: found `65536`, which is too large"),
        (
            "launch type=m5.large tenancy=dedicatd",
            "`tenancy`: found `dedicatd`, which is unknown; expected `shared`, `dedicated` or `host`\n  help: did you mean `dedicated`?",
        ),
        (
            "launch type=m5.large tenancy=shared host=h",
            "`tenancy`: found `shared`, which does not go with a `host`",
        ),
        (
            "launch type=m5.large purchase=reserved",
            "`purchase`: found `reserved`, which is unknown; expected `on-demand` or `spot`",
        ),
        (
            "launch type=m5.large max_usd_per_hour=1",
            "`max_usd_per_hour`: found `1`, which is a price without `purchase` being `spot`",
        ),
        (
            "launch type=m5.large purchase=spot max_usd_per_hour=-1",
            "`max_usd_per_hour`: found `-1`, which is negative",
        ),
        (
            "launch type=m5.large purchase=spot max_usd_per_hour=99999999",
            "`max_usd_per_hour`: found `99999999`, which is too large",
        ),
        ("launch type=m5.large interfaces=+1", "`interfaces`: found `+1`, which is no whole number"),
        ("launch type=m5.large addresses=1.5", "`addresses`: found `1.5`, which is no whole number"),
        ("launch type=m5.large prefixes=x", "`prefixes`: found `x`, which is no whole number"),
        (
            "launch type=m5.large tags=a",
            "`tags`: found `a`, which has a tag without `=`; expected `key=value`",
        ),
        ("launch type=m5.large tags==a", "`tags`: found `=a`, which has a tag without a key"),
        (
            "launch type=m5.large user_data_bytes=4294967296",
            "`user_data_bytes`: found `4294967296`, which is too large",
        ),
        ("launch type=m5.large hibernation=1", "`hibernation`: found `1`, which is unknown"),
        ("launch type=m5.large zone=c", "`zone`: found `c`, expected a zone of the scenario"),
        ("launch type=m5.large subnet=wbe", "`subnet`: found `wbe`, expected a subnet of the scenario"),
        (
            "stop instance=a||b",
            "`instance`: found `a||b`, which has an empty item; expected the name of a launch",
        ),
        ("modify instance=x", "t.csv:2: found nothing to change, expected a type or shape, `protection`"),
        ("modify instance=x protection=on", "`protection`: found `on`, which is unknown"),
        (
            "describe filters=state=runing",
            "`filters`: found `state=runing`, which has the state `runing`, none of pending, running",
        ),
        ("describe filters=colour=red", "`filters`: found `colour=red`, which has `colour=red`, no filter"),
        ("describe filters=state", "which has `state`, no filter"),
        ("describe filters=tag:", "which has `tag:`, no filter"),
        ("describe filters=type=x9.huge", "`filters`: found `x9.huge`, expected an instance type"),
        ("describe filters=zone=c", "`filters`: found `c`, expected a zone of the scenario"),
        ("describe page_size=all", "`page_size`: found `all`, which is no whole number"),
        ("create-volume volume=v zone=c", "`zone`: found `c`, expected a zone"),
        (
            "create-volume volume=v zone=a volume_type=gp9",
            "`volume_type`: found `gp9`, which is unknown; expected a type of volumes\n  help: did you mean `gp2`",
        ),
        ("create-volume volume=v zone=a size_gib=8.5", "`size_gib`: found `8.5`, which is no whole number"),
        ("modify-volume volume=v", "found nothing to change, expected `size_gib`"),
        ("modify-volume volume=v iops=x", "`iops`: found `x`"),
        ("modify-volume volume=v throughput_mibps=x", "`throughput_mibps`: found `x`"),
        ("register-image image=i", "found no root volume, expected a `snapshot` or a `size_gib`"),
        ("register-image image=i size_gib=8 public=no", "`public`: found `no`, which is unknown"),
        (
            "authorize-ingress security_group=g protocol=tpc ports=1 source=self",
            "`protocol`: found `tpc`, expected `tcp`",
        ),
        (
            "authorize-ingress security_group=g protocol=tcp ports=http source=self",
            "`ports`: found `http`, expected a port",
        ),
        (
            "authorize-ingress security_group=g protocol=tcp ports=1 source=10.0.0.1",
            "`source`: found `10.0.0.1`, expected an IPv4 network, a security group or `self`\n  help: one address is the network",
        ),
        (
            "authorize-egress security_group=g protocol=tcp ports=1 destination=web",
            "`destination`: found `web`, expected an IPv4 network",
        ),
        (
            "probe from=x to=y protocol=tcp",
            "t.csv:2: found a packet that cannot be: a packet goes to one port",
        ),
        (
            "probe from=x to=y protocol=tcp ports=1 source_port=70000",
            "`source_port`: found `70000`, which is too large",
        ),
        ("associate-address address=e instance=x reassociate=maybe", "`reassociate`: found `maybe`"),
        ("create-interface interface=n subnet=wbe", "`subnet`: found `wbe`, expected a subnet"),
        (
            "assign-addresses addresses=1",
            "found no interface, expected an `instance`, for its first, or an `interface`",
        ),
        (
            "assign-addresses instance=x interface=n addresses=1",
            "`interface`: found `n`, which is given beside an `instance`",
        ),
        ("assign-addresses instance=x", "found no addresses, expected `addresses` or `prefixes` above 0"),
        (
            "create-placement-group group=p group_strategy=sprad",
            "`group_strategy`: found `sprad`, which is unknown; expected `cluster`, `spread` or `partition`\n  help: did you mean `spread`",
        ),
        (
            "create-placement-group group=p group_strategy=partition partitions=70000",
            "`partitions`: found `70000`, which is too large",
        ),
        ("create-capacity-reservation reservation=r zone=a", "found no column for it, expected `type`"),
        ("create-capacity-reservation reservation=r zone=a type=m5.large open=x", "`open`: found `x`"),
        ("create-capacity-reservation reservation=r zone=a type=m5.large count=0", "`count`: found `0`"),
    ] {
        let problem = problems(row);
        assert!(problem.contains(expected), "{row}: {problem}\nexpected {expected}");
        assert!(problem.starts_with("t.csv:2"), "{row}: {problem}");
    }
    let all = problems("create-volume volume=a|b zone=c size_gib=x iops=y device=z");
    assert_eq!(all.lines().filter(|line| line.starts_with("t.csv:2: ")).count(), 5, "{all}");
}
