//! Every operation from text to the exact call; `mistakes` has every wrong cell.

mod mistakes;

use super::register::entry;
use super::*;
use crate::lifecycle::State;
use crate::network::security::{Direction, Packet, Ports, Protocol};
use crate::placement::config::GroupStrategy;
use crate::placement::reservations::{ReservationChange, ReservationEnd};
use crate::placement::tenancies::{HostTerms, HostTermsChange, Takes};
use crate::workload::block_device::BlockDeviceMapping;
use crate::workload::call::*;
use crate::workload::directory::SubnetName;
use crate::workload::handles::*;
use crate::workload::resource_call::*;
use crate::workload::trace::reading::TraceReading;
use plimsoll_base::catalogue::{ShapePrice, TypeTable, VolumeType};
use plimsoll_base::units::{SubnetId, TypeId, ZoneId};
use std::sync::{Arc, LazyLock};

/// Returns a directory of zone `a`, zone `b`, and subnet `web` in the latter.
fn directory() -> Directory {
    // The catalogue takes a while to read, and there are thousands of rows.
    static NAMES: LazyLock<Directory> = LazyLock::new(new_directory);
    NAMES.clone()
}

fn new_directory() -> Directory {
    let subnet = SubnetName { name: "web".to_string(), zone: ZoneId(1) };
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    Directory::new(types, vec!["a".to_string(), "b".to_string()], vec![subnet])
}

/// Returns a trace of rows written as `op column=value …`, one row a second. Values have no spaces and no commas
/// but where they are quoted.
fn trace(rows: &[&str]) -> String {
    let mut columns = vec!["time_s", "op", "instance"];
    let cells: Vec<Vec<(&str, &str)>> = rows
        .iter()
        .map(|row| row.split(' ').skip(1).map(|cell| cell.split_once('=').unwrap()).collect())
        .collect();
    for (column, _) in cells.iter().flatten() {
        if !columns.contains(column) {
            columns.push(column);
        }
    }
    let mut text = columns.join(",") + "\n";
    for (time, (row, cells)) in rows.iter().zip(&cells).enumerate() {
        let op = row.split(' ').next().unwrap();
        text += &format!("{time},{op}");
        for column in &columns[2..] {
            let value = cells.iter().find(|(name, _)| name == column).map_or("", |(_, value)| value);
            text += &format!(",\"{value}\"");
        }
        text.push('\n');
    }
    text
}

fn read(rows: &[&str], directory: &mut Directory) -> Result<Vec<Action>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, trace(rows)).unwrap();
    let shown = folder.path().display().to_string() + "/";
    let told = |error: InputError| error.to_string().replace(&shown, "");
    let mut reader =
        OperationReader::new(Table::open(&path).unwrap(), &TraceReading::default()).map_err(told)?;
    let mut actions = Vec::new();
    while let Some(call) = reader.next(directory).map_err(told)? {
        actions.push(call.action);
    }
    Ok(actions)
}

fn problems(row: &str) -> String {
    read(&[row], &mut directory()).expect_err(row)
}

fn one(handle: u32) -> Targets {
    Targets::One(Handle(handle))
}

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.to_string(), value: value.to_string() }
}

/// Returns the launch of an instance without a name or an end.
fn launch(kind: TypeId) -> Launch {
    Launch::of_trace(kind, End::Never)
}

fn boxed(call: ResourceCall) -> Action {
    Action::Resource(Box::new(call))
}

/// Returns rows about instances and the actions that they are read as, each by a reader of its own.
fn instance_rows(large: TypeId) -> Vec<(&'static str, Action)> {
    let several = Targets::Batch(Box::new([Handle(0), Handle(1), Handle(0)]));
    let modified = |change| Action::Modify(one(0), Arc::new(change));
    let query = |query| Action::Describe(query);
    vec![
        ("launch type=m5.large", Action::Launch(launch(large))),
        (
            "launch instance=x type=m5.large count=3 min_count=2 zone=b subnet=web public_address=false",
            Action::Launch(Launch {
                min_count: 2,
                max_count: 3,
                zone: Some(ZoneId(1)),
                subnet: Some(SubnetId(0)),
                public_address: Some(false),
                handle: Some(Handle(0)),
                ..launch(large)
            }),
        ),
        ("start instance=x", Action::Start(one(0))),
        ("start instance=x|y|x", Action::Start(several.clone())),
        ("stop instance=x|y|x", Action::Stop(several.clone(), false)),
        ("hibernate instance=x|y|x", Action::Stop(several.clone(), true)),
        ("reboot instance=x|y|x", Action::Reboot(several.clone())),
        ("terminate instance=x|y|x", Action::Terminate(several.clone())),
        ("describe", query(Query::default())),
        (
            "describe instance=x|y page_size=5",
            query(Query {
                targets: Some(Targets::Batch(Box::new([Handle(0), Handle(1)]))),
                filters: Vec::new(),
                page_size: Some(5),
            }),
        ),
        (
            "describe filters=state=running,stopped|type=m5.large|zone=b|subnet=web|tag:team=web|tag:env=|tag:a|tag-key=b",
            query(Query {
                filters: vec![
                    Filter::State(vec![State::Running, State::Stopped]),
                    Filter::Type(large),
                    Filter::Zone(ZoneId(1)),
                    Filter::Subnet(SubnetId(0)),
                    Filter::Tag("team".to_string(), Some("web".to_string())),
                    Filter::Tag("env".to_string(), Some(String::new())),
                    Filter::Tag("a".to_string(), None),
                    Filter::Tag("b".to_string(), None),
                ],
                ..Query::default()
            }),
        ),
        (
            "modify instance=x type=m5.large",
            modified(Modification { kind: Some(large), ..Default::default() }),
        ),
        (
            "modify instance=x protection=false security_groups=s|t",
            modified(Modification {
                kind: None,
                protected: Some(false),
                security_groups: Some(vec![SecurityGroupHandle(0), SecurityGroupHandle(1)]),
            }),
        ),
        (
            "create-tags instance=x tags=team=web|note=a=b|empty=",
            Action::CreateTags(one(0), Arc::new([tag("team", "web"), tag("note", "a=b"), tag("empty", "")])),
        ),
        (
            "delete-tags instance=x tag_keys=team|note",
            Action::DeleteTags(one(0), Arc::new(["team".to_string(), "note".to_string()])),
        ),
    ]
}

fn resource_rows(large: TypeId) -> Vec<(&'static str, ResourceCall)> {
    use ResourceCall as R;
    let volume = VolumeHandle(0);
    let spec = VolumeSpec {
        kind: Some(VolumeType::Io2),
        size_gib: Some(64),
        iops: Some(9000),
        throughput_mibps: Some(500),
    };
    let https = RuleRequest {
        direction: Direction::Ingress,
        protocol: Protocol::Tcp,
        ports: Some(Ports::One(443)),
        peer: PeerRequest::Network("0.0.0.0/0".parse().unwrap()),
    };
    let inside =
        |peer| RuleRequest { direction: Direction::Egress, protocol: Protocol::All, ports: None, peer };
    let group = SecurityGroupHandle(0);
    let family = Takes::Family("m5".to_string());
    let (placement_group, host, reservation) = (PlacementGroupHandle(0), HostHandle(0), ReservationHandle(0));
    let placement =
        |strategy, partitions| R::CreatePlacementGroup { group: placement_group, strategy, partitions };
    let (address, interface) = (AddressHandle(0), InterfaceHandle(0));
    let addresses = |addresses, prefixes| AddressCount { addresses, prefixes };
    vec![
        (
            "create-volume volume=v zone=b",
            R::CreateVolume {
                volume,
                zone: ZoneId(1),
                spec: VolumeSpec::default(),
                snapshot: None,
                multi_attach: false,
            },
        ),
        (
            "create-volume volume=v zone=b size_gib=64 volume_type=io2 iops=9000 throughput_mibps=500 snapshot=s multi_attach=true",
            R::CreateVolume {
                volume,
                zone: ZoneId(1),
                spec,
                snapshot: Some(SnapshotHandle(0)),
                multi_attach: true,
            },
        ),
        (
            "attach-volume volume=v instance=x device=/dev/sdf",
            R::AttachVolume { volume, instance: Handle(0), device: "/dev/sdf".to_string() },
        ),
        ("detach-volume volume=v", R::DetachVolume(volume, None)),
        ("detach-volume volume=v instance=x", R::DetachVolume(volume, Some(Handle(0)))),
        ("delete-volume volume=v", R::DeleteVolume(volume)),
        (
            "modify-volume volume=v size_gib=64 volume_type=io2 iops=9000 throughput_mibps=500",
            R::ModifyVolume(volume, spec),
        ),
        ("create-snapshot snapshot=s volume=v", R::CreateSnapshot(SnapshotHandle(0), volume)),
        ("delete-snapshot snapshot=s", R::DeleteSnapshot(SnapshotHandle(0))),
        ("archive-snapshot snapshot=s", R::ArchiveSnapshot(SnapshotHandle(0))),
        ("restore-snapshot snapshot=s", R::RestoreSnapshot(SnapshotHandle(0))),
        (
            "register-image image=i snapshot=s",
            R::RegisterImage {
                image: ImageHandle(0),
                snapshot: Some(SnapshotHandle(0)),
                size_gib: None,
                public: false,
            },
        ),
        (
            "register-image image=i size_gib=8 public=true",
            R::RegisterImage { image: ImageHandle(0), snapshot: None, size_gib: Some(8), public: true },
        ),
        ("deregister-image image=i", R::DeregisterImage(ImageHandle(0))),
        ("create-security-group security_group=g", R::CreateSecurityGroup(group, "default".to_string())),
        ("create-security-group security_group=g vpc=v", R::CreateSecurityGroup(group, "v".to_string())),
        ("delete-security-group security_group=g", R::DeleteSecurityGroup(group)),
        (
            "authorize-ingress security_group=g protocol=tcp ports=443 source=0.0.0.0/0",
            R::Authorize(group, https.clone()),
        ),
        ("revoke-ingress security_group=g protocol=tcp ports=443 source=0.0.0.0/0", R::Revoke(group, https)),
        (
            "authorize-egress security_group=g protocol=all destination=sg:h",
            R::Authorize(group, inside(PeerRequest::Group(SecurityGroupHandle(1)))),
        ),
        (
            "revoke-egress security_group=g protocol=all destination=self",
            R::Revoke(group, inside(PeerRequest::Group(group))),
        ),
        (
            "probe from=x to=y protocol=tcp ports=443 source_port=40000",
            R::Probe {
                from: ProbeEnd::Instance(Handle(0)),
                to: ProbeEnd::Instance(Handle(1)),
                packet: Packet::Tcp { from: Some(40_000), to: 443 },
            },
        ),
        (
            "probe from=198.51.100.7 to=x protocol=icmp ports=8/0",
            R::Probe {
                from: ProbeEnd::Address("198.51.100.7".parse().unwrap()),
                to: ProbeEnd::Instance(Handle(0)),
                packet: Packet::Icmp { kind: 8, code: 0, id: None },
            },
        ),
        ("allocate-address address=e", R::AllocateAddress(address)),
        ("associate-address address=e instance=x", R::AssociateAddress(address, Handle(0), true)),
        (
            "associate-address address=e instance=x reassociate=false",
            R::AssociateAddress(address, Handle(0), false),
        ),
        ("disassociate-address address=e", R::DisassociateAddress(address)),
        ("release-address address=e", R::ReleaseAddress(address)),
        ("create-interface interface=n subnet=web", R::CreateInterface(interface, SubnetId(0))),
        ("attach-interface interface=n instance=x", R::AttachInterface(interface, Handle(0))),
        ("detach-interface interface=n", R::DetachInterface(interface)),
        ("delete-interface interface=n", R::DeleteInterface(interface)),
        (
            "assign-addresses instance=x addresses=2 prefixes=1",
            R::AssignAddresses(Handle(0), addresses(2, 1)),
        ),
        ("unassign-addresses instance=x prefixes=1", R::UnassignAddresses(Handle(0), addresses(0, 1))),
        ("assign-addresses interface=n addresses=2", R::AssignInterfaceAddresses(interface, addresses(2, 0))),
        (
            "unassign-addresses interface=n addresses=1",
            R::UnassignInterfaceAddresses(interface, addresses(1, 0)),
        ),
        ("create-placement-group group=p group_strategy=cluster", placement(GroupStrategy::Cluster, None)),
        ("create-placement-group group=p group_strategy=spread", placement(GroupStrategy::Spread, None)),
        (
            "create-placement-group group=p group_strategy=partition partitions=3",
            placement(GroupStrategy::Partition, Some(3)),
        ),
        ("delete-placement-group group=p", R::DeletePlacementGroup(placement_group)),
        ("allocate-host host=h zone=b", R::AllocateHosts([host].into(), ZoneId(1), HostTerms::default())),
        (
            "allocate-host host=h zone=b family=m5 auto_placement=true",
            R::AllocateHosts(
                [host].into(),
                ZoneId(1),
                HostTerms { takes: family.clone(), auto_placement: true, recovery: false },
            ),
        ),
        (
            "allocate-host host=h|g zone=b type=m5.large host_recovery=true",
            R::AllocateHosts(
                [host, HostHandle(1)].into(),
                ZoneId(1),
                HostTerms { takes: Takes::Type(large), auto_placement: false, recovery: true },
            ),
        ),
        (
            "modify-host host=h family=m5",
            R::ModifyHost(host, HostTermsChange { takes: Some(family), ..HostTermsChange::default() }),
        ),
        (
            "modify-host host=h auto_placement=false host_recovery=true",
            R::ModifyHost(
                host,
                HostTermsChange { takes: None, auto_placement: Some(false), recovery: Some(true) },
            ),
        ),
        ("release-host host=h", R::ReleaseHost(host)),
        (
            "create-capacity-reservation reservation=r type=m5.large zone=b",
            R::CreateReservation {
                reservation,
                kind: large,
                zone: ZoneId(1),
                count: 1,
                open: true,
                until: None,
            },
        ),
        (
            "create-capacity-reservation reservation=r type=m5.large zone=b count=7 open=false",
            R::CreateReservation {
                reservation,
                kind: large,
                zone: ZoneId(1),
                count: 7,
                open: false,
                until: None,
            },
        ),
        (
            "modify-capacity-reservation reservation=r count=9",
            R::ModifyReservation(reservation, ReservationChange { count: Some(9), ..Default::default() }),
        ),
        (
            "modify-capacity-reservation reservation=r expires_s=60 open=false",
            R::ModifyReservation(
                reservation,
                ReservationChange {
                    count: None,
                    is_open: Some(false),
                    end: Some(ReservationEnd::At(Time(60_000_000_000))),
                },
            ),
        ),
        ("cancel-capacity-reservation reservation=r", R::CancelReservation(reservation)),
    ]
}

#[test]
fn every_operation_is_read_as_the_call_it_is() {
    let large = directory().types.named("m5.large").unwrap();
    let mut rows = instance_rows(large);
    rows.extend(resource_rows(large).into_iter().map(|(row, call)| (row, boxed(call))));
    for (row, expected) in &rows {
        let found = read(&[row], &mut directory()).unwrap_or_else(|problem| panic!("{row}: {problem}"));
        assert_eq!(found, std::slice::from_ref(expected), "{row}");
        assert_eq!(expected.operation().name(), row.split(' ').next().unwrap());
    }
    for operation in Operation::ALL {
        assert!(rows.iter().any(|(_, action)| action.operation() == operation), "no row of {operation:?}");
    }
}

#[test]
fn the_options_of_a_launch_are_read_and_shared() {
    let row = "launch type=m5.large image=i volumes=/dev/sdf:gp3:8:4000|/dev/sdg::16:keep security_groups=s|t \
               group=p partition=2 tenancy=dedicated reservation=r \
               reservation_preference=capacity-reservations-only purchase=spot max_usd_per_hour=0.0125 \
               interruption=stop \
               interfaces=1 addresses=2 prefixes=3 tags=team=web token=once user_data_bytes=1000 \
               protection=true hibernation=true";
    let device = |device: &str, kind, size, iops, kept: bool| BlockDeviceMapping {
        device: device.to_string(),
        kind,
        size_gib: Some(size),
        iops,
        throughput_mibps: None,
        delete_on_termination: !kept,
    };
    let expected = LaunchOptions {
        image: Some(ImageHandle(0)),
        volumes: vec![
            device("/dev/sdf", Some(VolumeType::Gp3), 8, Some(4000), false),
            device("/dev/sdg", None, 16, None, true),
        ],
        security_groups: vec![SecurityGroupHandle(0), SecurityGroupHandle(1)],
        group: Some(PlacementGroupHandle(0)),
        partition: Some(1),
        tenancy: LaunchTenancy::Dedicated,
        affinity: None,
        host: None,
        reservation: Some(ReservationHandle(0)),
        preference: Some(ReservationPreference::Only),
        spot: Some(Spot {
            interruption: Some(Interruption::Stop),
            max_pico_usd_per_hour: Some(12_500_000_000),
            ..Spot::default()
        }),
        interfaces: 1,
        addresses: 2,
        prefixes: 3,
        tags: vec![tag("team", "web")],
        token: Some("once".to_string()),
        user_data_bytes: 1000,
        protected: true,
        hibernation: true,
    };
    let plain = "launch type=m5.large tenancy=default purchase=on-demand interfaces=0 protection=false";
    let mut names = directory();
    let actions = read(&[row, row, "launch type=m5.large host=h", plain], &mut names).unwrap();
    let options: Vec<Option<Arc<LaunchOptions>>> = actions
        .into_iter()
        .map(|action| match action {
            Action::Launch(launch) => launch.options,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(options[0].as_deref(), Some(&expected));
    assert!(Arc::ptr_eq(options[0].as_ref().unwrap(), options[1].as_ref().unwrap()));
    let on_host = options[2].as_ref().unwrap();
    assert_eq!((on_host.tenancy, on_host.host), (LaunchTenancy::Host, Some(HostHandle(0))));
    assert_eq!(options[3], None, "what most launches do is no option");
    assert_eq!(
        (names.handles.images(), names.handles.security_groups()),
        (&["i".to_string()][..], &["s".to_string(), "t".to_string()][..])
    );
}

#[test]
fn names_are_numbered_by_kind_in_the_order_of_first_use() {
    let mut names = directory();
    // The scenario's come first.
    names.handles.security_group("default");
    let actions = read(
        &[
            "launch instance=x type=m5.large security_groups=web|default",
            "stop instance=never",
            "create-volume volume=x zone=a",
            "attach-volume volume=late instance=x device=xvdb",
            "probe from=other to=x protocol=tcp ports=1",
        ],
        &mut names,
    )
    .unwrap();
    let book = &names.handles;
    assert_eq!(book.instances(), ["x", "never", "other"]);
    assert_eq!(book.volumes(), ["x", "late"]);
    assert_eq!(book.security_groups(), ["default", "web"]);
    assert_eq!(actions[1], Action::Stop(one(1), false), "a name never launched has a handle of its own");
}

/// Returns the table of the documentation: a line for each operation, in order.
fn table() -> String {
    let mut lines = vec!["| operation | takes |".to_string(), "|---|---|".to_string()];
    for operation in Operation::ALL {
        let entry = entry(operation);
        let needs = entry.needs.iter().map(|column| format!("**`{}`**", column.name()));
        let may = entry.may.iter().flat_map(|columns| match *columns == SHAPE {
            true => vec!["*shape*".to_string()],
            false => columns.iter().map(|column| format!("`{}`", column.name())).collect(),
        });
        let takes: Vec<String> = needs.chain(may).collect();
        lines.push(format!("| `{}` | {} |", operation.name(), takes.join(", ")));
    }
    lines.join("\n")
}

#[test]
fn the_documentation_lists_what_every_operation_takes() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workloads/README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    assert!(text.contains(&table()), "workloads/README.md should have\n{}", table());
    let told = |column: &Column| text.contains(&format!("`{}`", column.name()));
    let missing: Vec<&str> = OPTIONAL
        .iter()
        .copied()
        .flatten()
        .filter(|column| !told(column))
        .map(|column| column.name())
        .collect();
    assert!(missing.is_empty(), "workloads/README.md says nothing of {missing:?}");
}

#[test]
fn the_example_calls_every_operation() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../workloads/traces/operations-example.csv");
    let types = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    let subnet = SubnetName { name: "a".to_string(), zone: ZoneId(0) };
    let mut names = Directory::new(types, vec!["use1-az1".to_string()], vec![subnet]);
    let mut reader = OperationReader::new(Table::open(&path).unwrap(), &TraceReading::default()).unwrap();
    let mut called = std::collections::BTreeSet::new();
    while let Some(call) = reader.next(&mut names).unwrap() {
        called.insert(call.action.operation());
    }
    assert_eq!(called.len(), Operation::ALL.len());
}
