//! Reading of scenarios: correct ones exactly, and every problem of others with its place, all at once.

use std::path::Path;

use super::*;

/// The smallest scenario.
const SMALL: &str = r#"name = "small"
duration = "1d"
[[zones]]
name = "a"
[[zones.hosts]]
count = 2
vcpu = 4
memory_gib = 8
[[workload.arrivals]]
process = { kind = "poisson", per_hour = 1.0 }
lifetime = { kind = "exponential", mean = "1h" }
types = { "m5.large" = 1 }
"#;

fn parse(text: &str, set: &[&str]) -> Result<Scenario, String> {
    let overrides = Overrides {
        set: set.iter().map(|one| one.to_string()).collect(),
        seed: None,
        ..Overrides::default()
    };
    Scenario::parse(Path::new("dir/a.toml"), text, &overrides).map_err(|error| error.to_string())
}

#[test]
fn what_is_left_out_has_its_default() {
    let scenario = parse(SMALL, &[]).unwrap();
    assert_eq!(scenario.seed, 42);
    assert_eq!(scenario.placement.strategy.name, "spread");
    assert_eq!(scenario.warmup, Duration::ZERO);
    assert_eq!(scenario.sampling_interval().to_string(), "5m");
    assert_eq!(scenario.resolved()["zones"][0]["hosts"][0]["vcpu"], 4);
    assert_eq!(scenario.hash().len(), 64);
}

#[test]
fn set_changes_and_creates() {
    let set = [
        "zones.0.hosts.0.count=7",
        "placement.strategy=best-fit",
        "lifecycle.boot = \"5s\"",
        "zones.1={name='b',hosts=[{count=1,vcpu=2,memory_gib=4}]}",
    ];
    let scenario = parse(SMALL, &set).unwrap();
    assert_eq!(scenario.zones[0].hosts[0].count, Some(7));
    assert_eq!(scenario.placement.strategy.name, "best-fit");
    assert_eq!(scenario.lifecycle.boot, step_time::StepTime::Fixed(Duration::from_seconds(5)));
    assert_eq!(scenario.zones[1].name, "b");
}

#[test]
fn files_are_relative_to_the_scenario_and_those_of_set_to_the_current_folder() {
    let text = SMALL.replace("count = 2\nvcpu = 4\nmemory_gib = 8", "file = \"no-such.csv\"");
    let message = parse(&text, &[]).unwrap_err();
    assert!(
        message.starts_with("dir/a.toml:6:8: `zones.0.hosts.0.file`: cannot read `dir/no-such.csv`"),
        "{message}"
    );
    let message = parse(&text, &["zones.0.hosts.0.file=none.csv"]).unwrap_err();
    assert!(
        message.starts_with("`--set zones.0.hosts.0.file=none.csv`: cannot read `none.csv`"),
        "{message}"
    );
}

/// Each case: what stands in the scenario instead of what, and what the message must say.
#[test]
fn what_is_wrong_is_told_with_place_expectation_and_way_out() {
    let cases = [
        (
            "count = 2",
            "count = 0",
            "dir/a.toml:6:9: `zones.0.hosts.0.count`: found 0 hosts, expected at least 1 in one group of the zone",
        ),
        (
            "count = 2",
            "count = -1",
            "`zones.0.hosts.0.count`: found integer `-1`, expected a whole number from 0 to 4294967295",
        ),
        (
            "count = 2",
            "count = \"2\"",
            "`zones.0.hosts.0.count`: found string \"2\", expected a whole number",
        ),
        (
            "count = 2",
            "count = 5000000000",
            "found integer `5000000000`, expected a whole number from 0 to 4294967295",
        ),
        (
            "count = 2",
            "count = 99999999999999999999999999999999999999999",
            "dir/a.toml:6:9: `zones.0.hosts.0.count`: integer number overflowed",
        ),
        ("count = 2", "count = 200000000", "found 200000000 hosts, expected at most 100000000"),
        (
            "count = 2",
            "cuont = 2",
            "dir/a.toml:6:1: `zones.0.hosts.0.cuont`: unknown key `cuont`\n  help: did you mean `count`",
        ),
        (
            "count = 2",
            "",
            "`zones.0.hosts.0`: found none, expected exactly one of `count`, `elastic` and `file`",
        ),
        ("count = 2", "count = 2\nelastic = true", "found `count` and `elastic`, expected exactly one"),
        ("count = 2", "count = 2\nmax_hosts = 5", "expected it only beside `elastic = true`"),
        ("vcpu = 4", "vcpu = -4", "`zones.0.hosts.0.vcpu`: -4 is negative"),
        ("vcpu = 4", "vcpu = nan", "`zones.0.hosts.0.vcpu`: NaN is not finite"),
        ("vcpu = 4", "vcpu = inf", "`zones.0.hosts.0.vcpu`: inf is not finite"),
        ("vcpu = 4", "vcpu = 1e30", "is too large"),
        (
            "vcpu = 4",
            "vcpu = 1e999",
            "dir/a.toml:7:8: `zones.0.hosts.0.vcpu`: floating-point number overflowed",
        ),
        (
            "vcpu = 4",
            "vcpu = 0.0001",
            "is finer than the smallest unit; expected 0 or more, in steps of 0.001 vCPU",
        ),
        ("vcpu = 4", "vcpu = 0", "`zones.0.hosts.0.vcpu`: found 0, expected more than 0"),
        ("vcpu = 4", "", "found no `vcpu`"),
        (
            "vcpu = 4",
            "vcpu = 4\nreserved_vcpu = 4",
            "`zones.0.hosts.0.reserved_vcpu`: found a reserve that leaves nothing to sell",
        ),
        ("name = \"a\"", "", "dir/a.toml:3:1: `zones.0.name`: found nothing, expected the zone's name"),
        ("[[zones]]", "[zones]", "`zones`: found a table, expected a list"),
        (
            "name = \"small\"",
            "name = \"../x\"",
            "dir/a.toml:1:8: `name`: found \"../x\", expected a name that can be a folder's",
        ),
        (
            "duration = \"1d\"",
            "duration = 90",
            "`duration`: found integer `90`, expected a duration with a unit such as \"90s\"",
        ),
        ("duration = \"1d\"", "duration = \"90\"", "expected a duration with a unit such as \"90s\""),
        (
            "duration = \"1d\"",
            "duration = \"0s\"",
            "dir/a.toml:2:12: `duration`: found 0s, expected some time to simulate",
        ),
        (
            "duration = \"1d\"",
            "duration = \"1d\"\nwarmup = \"2d\"",
            "`warmup`: found 2d, expected less than the duration of 1d",
        ),
        (
            "duration = \"1d\"",
            "duration = \"1d",
            "dir/a.toml:2:15: not TOML: invalid basic string, expected `\"`",
        ),
        (
            "duration = \"1d\"",
            "duration = \"1d\"\n[output]\nsample_every = \"0s\"",
            "`output.sample_every`: found 0s",
        ),
        (
            "[[zones]]",
            "[placement]\nstrategy = \"best-fitt\"\n[[zones]]",
            "dir/a.toml:4:12: `placement.strategy`: unknown strategy `best-fitt`\n  help: did you mean `best-fit`",
        ),
        (
            "[[zones]]",
            "[control_plane]\npreset = \"zer\"\n[[zones]]",
            "dir/a.toml:4:10: `control_plane.preset`: unknown name `zer`\n  help: did you mean `zero`",
        ),
        (
            "[[zones]]",
            "[control_plane]\npreset = \"zero\"\nworkers.cuont = 3\n[[zones]]",
            "dir/a.toml:5:9: `control_plane.workers.cuont`: unknown key `cuont`\n  help: did you mean `count`",
        ),
        (
            "[[zones]]",
            "[control_plane]\npreset = \"zero\"\ngateway.servers = \"many\"\n[[zones]]",
            "dir/a.toml:5:19: `control_plane.gateway.servers`: found string \"many\", expected a whole number",
        ),
        (
            "[[zones]]",
            "[control_plane.workers]\ncount = 8\n[[zones]]",
            "`control_plane.workers`: the preset `instant` models no stage",
        ),
        (
            "[[zones]]",
            "[[instance_types]]\nname = \"x\"\nvcpu = -1\nmemory_gib = 1\n[[zones]]",
            "dir/a.toml:5:8: `instance_types.0.vcpu`: ",
        ),
        ("per_hour = 1.0", "per_hour = -1.0", "dir/a.toml:10:"),
        ("per_hour = 1.0", "per_hour = inf", "dir/a.toml:10:"),
        (
            "poisson",
            "poison",
            "dir/a.toml:10:20: `workload.arrivals.0.process.kind`: unknown name `poison`\n  help: did you mean `poisson`",
        ),
        (
            "per_hour",
            "perhour",
            "`workload.arrivals.0.process.perhour`: unknown key `perhour`\n  help: did you mean `per_hour`",
        ),
        (
            "mean = \"1h\"",
            "mean = 5",
            "`workload.arrivals.0.lifetime.mean`: found integer `5`, expected a duration with a unit",
        ),
        (
            "types = ",
            "purchase = \"sport\"\ntypes = ",
            "`workload.arrivals.0.purchase`: unknown name `sport`",
        ),
        (
            "m5.large",
            "m5.lrge",
            "found `m5.lrge`, expected an instance type\n  help: did you mean `m5.large`",
        ),
        ("m5.large\" = 1", "m5.large\" = -1", "dir/a.toml:12:"),
        (
            "types = ",
            "zone = \"b\"\ntypes = ",
            "dir/a.toml:12:8: `workload.arrivals.0.zone`: found `b`, expected a zone of the scenario",
        ),
        (
            "[[workload.arrivals]]",
            "[network]\nsubnets = [{ name = \"s\", zone = \"c\", cidr = \"10.0.0.0/24\" }]\n[[workload.arrivals]]",
            "dir/a.toml:10:33: `network.subnets.0.zone`: found `c`, expected the name of a zone",
        ),
        (
            "[[workload.arrivals]]",
            "[network]\nsubnets = [{ name = \"s\", zone = \"a\", cidr = \"10.0.0.0/30\" }]\n[[workload.arrivals]]",
            "too small for a subnet, expected /16 to /28",
        ),
        (
            "[[workload.arrivals]]",
            "[network]\nsubnets = [{ name = \"s\", zone = \"a\", cidr = \"10.0.0.0/24\" }, { name = \"t\", zone = \"a\", cidr = \"10.0.0.128/25\" }]\n[[workload.arrivals]]",
            "overlap",
        ),
        ("duration = \"1d\"", "", "a.toml: `duration`: found nothing, expected the time to simulate"),
    ];
    for (right, wrong, expected) in cases {
        let message = parse(&SMALL.replace(right, wrong), &[]).unwrap_err();
        assert!(message.contains(expected), "{wrong:?} gave: {message}\nexpected: {expected}");
        assert_eq!(message.matches("a.toml:").count(), 1, "one problem is told once: {message}");
    }
}

#[test]
fn arrivals_that_are_wrong_are_not_missed_as_well() {
    let wrong = "[workload]\nstart = \"steady-state\"\n[[workload.arrivals]]";
    let text = SMALL.replace("[[workload.arrivals]]", wrong).replace("\"poisson\"", "\"poison\"");
    let message = parse(&text, &[]).unwrap_err();
    assert!(message.contains("did you mean `poisson`"), "{message}");
    assert_eq!(message.matches("a.toml:").count(), 1, "{message}");
}

#[test]
fn what_does_not_go_with_a_preset_is_told_with_its_place_there() {
    let set = ["control_plane.preset=design", "control_plane.database.pool.max=3"];
    let error = parse(SMALL, &set).unwrap_err();
    assert_eq!(
        error,
        "preset design:21:7: `control_plane.database.pool.min`: found 5, expected at most `pool.max`"
    );
    // A law with another kind says everything.
    let law = "control_plane.gateway.service={ kind = 'constant', value = '2ms' }";
    let scenario = parse(SMALL, &["control_plane.preset=aws-like", law]).unwrap();
    assert_eq!(scenario.resolved()["control_plane"]["gateway"]["service"]["value"], "2ms");
    let mean = "control_plane.gateway.service.mean=200ms";
    let scenario = parse(SMALL, &["control_plane.preset=aws-like", mean]).unwrap();
    assert_eq!(scenario.resolved()["control_plane"]["gateway"]["service"]["median"], "90ms");
}

#[test]
fn a_trace_of_unknown_length_is_not_sampled_by_the_nanosecond() {
    let message =
        parse(&SMALL.replace("duration = \"1d\"", "[output]\nsample_every = \"1ns\""), &[]).unwrap_err();
    assert!(message.contains("`output.sample_every`: found 1ns, expected at least 1s where"), "{message}");
}

#[test]
fn every_problem_is_told_in_the_order_of_the_file() {
    let text = r#"
name = 5
sede = 1
[[zones]]
name = "a"
[[zones.hosts]]
count = 0
vcpu = 4
memory_gib = "8"
[[zones]]
nmae = "b"
[[zones.hosts]]
count = 1
vcpu = nan
memory_gib = 8
[[workload.arrivals]]
process = { kind = "poisson", per_hour = "1" }
types = { "m5.lrge" = 1 }
"#;
    let message = parse(text, &["zones.0.hosts.0.sku=5"]).unwrap_err();
    let starts = [
        "`--set zones.0.hosts.0.sku=5`: found integer `5`, expected a string",
        "dir/a.toml:2:8: `name`: found integer `5`, expected a string",
        "dir/a.toml:3:1: `sede`: unknown key `sede`\n  help: did you mean `seed`",
        "dir/a.toml:7:9: `zones.0.hosts.0.count`: found 0 hosts, expected at least 1 in one group of the zone",
        "dir/a.toml:9:14: `zones.0.hosts.0.memory_gib`: found string \"8\", expected a number",
        "dir/a.toml:11:1: `zones.1.nmae`: unknown key `nmae`\n  help: did you mean `name`?\n",
        "dir/a.toml:14:8: `zones.1.hosts.0.vcpu`: NaN is not finite",
        "dir/a.toml:17:42: `workload.arrivals.0.process.per_hour`: found string \"1\", expected a number",
    ];
    let mut rest = message.as_str();
    for start in starts {
        let found = rest.find(start).unwrap_or_else(|| panic!("no {start:?} in {rest}"));
        rest = &rest[found + start.len()..];
    }
}

#[test]
fn a_set_begins_a_list_that_is_not_there() {
    let set = [
        "network.subnets.0={ name = \"s\", zone = \"a\", cidr = \"10.0.0.0/24\" }",
        "instance_types.0.name=x",
        "instance_types.0.vcpu=1",
        "instance_types.0.memory_gib=1",
        "workload.arrivals.0.types.x=1",
    ];
    let scenario = parse(SMALL, &set).unwrap();
    assert_eq!(scenario.network.subnets[0].name, "s");
    assert_eq!(scenario.instance_types[0].name, "x");
    let message = parse(SMALL, &["instance_types.1.name=x"]).unwrap_err();
    assert!(message.contains("found a table, expected a list"), "{message}");
}

#[test]
fn a_set_that_leads_nowhere_is_told() {
    let cases = [
        ("zones.0.hosts.0.count=-1", "`--set zones.0.hosts.0.count=-1`: found integer `-1`"),
        ("zones.5.name=x", "the list has 1 items, numbered from 0: there is no 5"),
        ("zones.first.name=x", "`first` is below a list, expected the number of an item from 0 to 1"),
        ("name.x=1", "`x` is below a string, which has no keys"),
        ("zones", "expected PATH=VALUE"),
        ("=5", "expected PATH=VALUE"),
        ("name=[1", "the value is not TOML"),
        ("strategy=best-fit", "`--set strategy=best-fit`: unknown key `strategy`"),
    ];
    for (set, expected) in cases {
        let message = parse(SMALL, &[set]).unwrap_err();
        assert!(message.contains(expected), "{set:?} gave: {message}");
    }
}

#[test]
fn a_missing_file_has_a_way_out() {
    let error = Scenario::read(Path::new("no/such.toml"), &Overrides::default()).unwrap_err().to_string();
    assert!(error.starts_with("no/such.toml: cannot be read: No such file"), "{error}");
    assert!(error.contains("help: name a scenario file"), "{error}");
}

#[test]
fn settings_of_the_line_without_a_line_are_refused() {
    let arrival = "types = { \"m5.large\" = 1 }";
    for (more, key) in [
        ("placement.longest_wait='1h'", "placement.longest_wait"),
        ("workload.arrivals.0.priority=3", "workload.arrivals.0.priority"),
        ("workload.arrivals.0.preempts=true", "workload.arrivals.0.preempts"),
    ] {
        assert!(SMALL.contains(arrival));
        let message = parse(SMALL, &[more]).unwrap_err();
        assert!(message.contains(key) && message.contains("expected a line to wait in"), "{message}");
        parse(SMALL, &[more, "placement.when_full='wait'"]).unwrap();
    }
    let message =
        parse(SMALL, &["workload.arrivals.0.notice='1m'", "placement.when_full='wait'"]).unwrap_err();
    assert!(message.contains("`preempts = true` with it"), "{message}");
    let message = parse(SMALL, &["placement.when_full='wiat'"]).unwrap_err();
    assert!(message.contains("did you mean `wait`"), "{message}");
}

#[test]
fn a_step_of_life_takes_a_duration_or_a_distribution() {
    let law = "lifecycle.boot={kind='lognormal',median='30s',mean='1m'}";
    assert!(matches!(parse(SMALL, &[law]).unwrap().lifecycle.boot, step_time::StepTime::Drawn(_)));
    for (set, expected) in [
        ("lifecycle.boot=30", "a duration such as"),
        ("lifecycle.boot={kind='uniform',min='2m',max='1m'}", "at least `min`"),
        ("lifecycle.stop={kind='unifrom',min='2m',max='1m'}", "uniform"),
    ] {
        let message = parse(SMALL, &[set]).unwrap_err();
        assert!(message.contains(expected) && message.contains("lifecycle."), "{message}");
    }
}

#[test]
fn pools_and_jobs_that_do_not_fit_are_refused() {
    let pools = "pools=[{name='runners',types=['m5.large'],size=2}]";
    let jobs = "workload.jobs=[{pool='runners',process={kind='poisson',per_hour=1},\
                lifetime={kind='constant',value='1m'}}]";
    parse(SMALL, &[pools, jobs]).unwrap();
    for (set, key, expected) in [
        (
            vec![pools, &jobs.replace("'runners'", "'runers'")],
            "workload.jobs.0.pool",
            "did you mean `runners`",
        ),
        (vec!["pools=[{name='r',types=[],size=2}]"], "pools.0.types", "at least one instance type"),
        (vec!["pools=[{name='r',types=['m5.lrge'],size=2}]"], "pools.0.types.0", "did you mean `m5.large`"),
        (
            vec!["pools=[{name='r',types=['m5.large','m5.large'],size=2}]"],
            "pools.0.types.1",
            "each type once",
        ),
        (vec!["pools=[{name='r',types=['m5.large'],size=0}]"], "pools.0.size", "1 to 1,000,000"),
        (vec!["pools=[{name='r',types=['m5.large'],size=1,zones=['x']}]"], "pools.0.zones.0", "`x`"),
        (
            vec!["pools=[{name='r',types=['m5.large'],size=1},{name='r',types=['m5.large'],size=1}]"],
            "pools.1.name",
            "a name of its own",
        ),
    ] {
        let message = parse(SMALL, &set).unwrap_err();
        assert!(message.contains(expected), "{key}: {message}");
    }
}

#[test]
fn groups_that_cannot_be_are_refused() {
    let load = "load={units_per_instance=10,offered={kind='constant',units=5}}";
    let tracking = "policies=[{kind='target-tracking',target=0.5}]";
    let with = |rest: &str| format!("autoscaling_groups=[{{name='web',max=4,types=['m5.large'],{rest}}}]");
    parse(SMALL, &[&with(&format!("{load},{tracking}"))]).unwrap();
    for (set, key, expected) in [
        (with("min=5"), "autoscaling_groups.0.min", "at most `max`, 4"),
        (with("min=2,desired=1"), "autoscaling_groups.0.desired", "`min` to `max`, 2 to 4"),
        (with(tracking), "autoscaling_groups.0.policies.0.kind", "[autoscaling_groups.load] with it"),
        (with(&format!("{load},{}", tracking.replace("0.5", "0"))), "policies.0.target", "above 0"),
        (with(&load.replace("10", "0")), "load.units_per_instance", "above 0"),
        (with(&load.replace("units=5", "units=-5")), "load.offered.units", "0 to 10"),
        (with("zones=['x']"), "autoscaling_groups.0.zones.0", "`x`"),
        (with("policies=[{kind='scheduled',at='1h'}]"), "policies.0.desired", "`min`, `max` or `desired`"),
        (
            with(&format!("{load},policies=[{{kind='step',threshold=0.6,steps=[{{from=0.1,change=1}}]}}]")),
            "policies.0.steps",
            "begins at 0",
        ),
        (with("types=['m5.large']").replace(",types=['m5.large'],types", ",types"), "", ""),
        (
            "autoscaling_groups=[{name='web',max=4,types=['m5.lrge']}]".to_string(),
            "autoscaling_groups.0.types.0",
            "did you mean `m5.large`",
        ),
        (
            with("weighted").replace("types=['m5.large'],weighted", "types=[{name='m5.large',weight=0}]"),
            "autoscaling_groups.0.types.0.weight",
            "1 to 999",
        ),
        (
            with("weighted").replace("'m5.large'],weighted", "{name='m5.large',weight=2},'m5.xlarge']"),
            "autoscaling_groups.0.types.1",
            "a weight for each type, or for none",
        ),
        (
            with("weighted").replace("'m5.large'],weighted", "3]"),
            "autoscaling_groups.0.types",
            "the name of an instance type, or a table with its `name` and `weight`",
        ),
        (
            with("spot_share=0.5,warm_pool={size=2}"),
            "autoscaling_groups.0.warm_pool",
            "no `spot_share` beside it",
        ),
        (
            with("capacity_rebalance=true"),
            "autoscaling_groups.0.capacity_rebalance",
            "a `spot_share` beside it",
        ),
        (with("spot_share=1.5"), "autoscaling_groups.0.spot_share", "0 to 1"),
        (
            with("maintenance={min_healthy=0.4,max_healthy=1.5}"),
            "autoscaling_groups.0.maintenance.max_healthy",
            "at most 1 more than `min_healthy`",
        ),
    ] {
        let Err(message) = parse(SMALL, &[&set]) else {
            assert_eq!(key, "", "{set}");
            continue;
        };
        assert!(message.contains(expected), "{key}: {message}");
    }
}
