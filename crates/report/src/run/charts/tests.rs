//! Charts of small runs written by hand.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{CHARTS, plots};
use crate::charts::{png_files, svg_file};
use crate::run::RunData;
use plimsoll_chart::layout::{PHONE, lay_out};
use plimsoll_chart::plot::{Data, Plot};
use plimsoll_chart::svg;

/// Returns a name that is too long for any line.
pub fn endless() -> String {
    "<script>&\"'".repeat(1000)
}

pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}
/// Returns a run of ten minutes that has left these files beside the required ones.
fn run_with(summary: &Value, files: &[(&str, &str)]) -> RunData {
    let summary = summary.to_string();
    let all: Vec<(&str, &str)> =
        [("summary.json", summary.as_str()), ("manifest.json", "{}")].iter().chain(files).copied().collect();
    RunData::open(folder(&all).path()).unwrap()
}

const SERIES: &str = "time_s,hosts,hosts_used,vcpu,vcpu_used,vcpu_of_used_hosts,vcpu_stranded,memory_gib,\
    memory_used_gib,memory_of_used_hosts_gib,memory_stranded_gib,gpu,gpu_used,instances_running,instances_stopped,\
    launches_requested,launches_succeeded,public_addresses_used,accrued_usd\n\
    0,4,0,16,0,0,0,64,0,0,0,0,0,0,0,0,0,0,0\n\
    300,4,2,16,5,8,1,64,12,32,0,0,0,3,1,4,3,2,1.25\n\
    600,4,3,16,9,12,0,64,30,48,6,0,0,6,0,8,6,3,3.5\n";

const STAGES: &str = "time_s,stage,waiting,in_service,arrivals,completed,refused,timed_out\n\
    0,gateway,0,0,0,0,0,0\n0,workers,0,0,0,0,0,0\n\
    60,gateway,6,2,100,92,0,0\n60,workers,0,1,92,91,0,0\n\
    120,gateway,30,2,300,208,30,30\n120,workers,0,0,208,208,0,0\n";

const AVAILABILITY: &str = "time_s,calls,failed\n0,100,0\n60,200,60\n120,0,0\n180,50,1\n";

/// Returns a run with something of everything.
pub fn whole_run() -> RunData {
    let summary = json!({
        "horizon_s": 600.0,
        "network": {
            "public": { "addresses": 8, "used_peak": 3, "exhausted_at_s": null },
            "subnets": [
                { "name": "web", "addresses": 5, "used_peak": 5, "exhausted_at_s": 250.0 },
                { "name": "apps", "addresses": 11, "used_peak": 9, "exhausted_at_s": 590.0 },
            ],
        },
    });
    let refused = "time_s,operation,account,type,zone,error_code,count,limit,asked,left,unit\n\
        250,launch,default,m5.large,a,InsufficientFreeAddressesInSubnet,1,subnet-addresses,1,0,addresses\n\
        590,launch,default,m5.large,a,InsufficientInstanceCapacity,1,host-room,2000,0,milli-vCPU\n";
    let billing = "account,kind,type,purchase,month,quantity,unit,usd\n\
        default,instance,m5.large,on-demand,2026-01,10,instance-seconds,2.5\n\
        default,address,,on-demand,2026-01,3,address-seconds,0.25\n\
        default,instance,m5.large,on-demand,2026-02,1,instance-seconds,1\n";
    let files = [
        ("timeseries.csv", SERIES),
        ("host_fill.csv", "time_s,hosts_empty,hosts_0_50,hosts_50_100\n0,4,0,0\n300,2,1,1\n600,1,1,2\n"),
        (
            "subnets.csv",
            "time_s,subnet,addresses_used\n0,web,0\n0,apps,0\n300,web,5\n300,apps,4\n600,web,4\n600,apps,9\n",
        ),
        ("failures.csv", refused),
        ("billing.csv", billing),
        ("control_plane.csv", STAGES),
        ("availability.csv", AVAILABILITY),
    ];
    run_with(&summary, &files)
}

pub fn names(plots: &[Plot]) -> Vec<&str> {
    plots.iter().map(|plot| plot.name.as_str()).collect()
}

fn named<'a>(plots: &'a [Plot], name: &str) -> &'a Plot {
    plots.iter().find(|plot| plot.name == name).unwrap_or_else(|| panic!("no {name} in {:?}", names(plots)))
}

/// Returns the points of a layer, gaps as nothing.
fn points(plot: &Plot, layer: usize) -> Vec<(f64, Option<f64>)> {
    match &plot.layers[layer].data {
        Data::Line(points) | Data::Steps(points) => {
            points.iter().map(|(x, y)| (*x, Some(*y).filter(|y| !y.is_nan()))).collect()
        }
        other => panic!("no line: {other:?}"),
    }
}

#[test]
fn a_run_shows_what_it_has() {
    let all = plots(&whole_run());
    let expected = [
        "fleet",
        "failures",
        "availability-calls",
        "availability",
        "capacity-vcpu",
        "capacity-memory",
        "packing",
        "host-fill",
        "instances",
        "addresses",
        "stages-waiting",
        "stages-wait",
        "stages-refused",
        "stages-timed-out",
        "money",
        "bill",
    ];
    assert_eq!(names(&all), expected);
    assert!(plots(&run_with(&json!({ "horizon_s": 0.0 }), &[])).is_empty());
    let without_control_plane = run_with(&json!({ "horizon_s": 600.0 }), &[("timeseries.csv", SERIES)]);
    let of_stages = |name: &&str| name.starts_with("stages") || *name == "availability-calls";
    assert!(!names(&plots(&without_control_plane)).iter().any(of_stages));
}

#[test]
fn what_was_asked_for_stands_beside_the_capacity_where_something_was_refused() {
    let plain = plots(&run_with(&json!({ "horizon_s": 600.0 }), &[("timeseries.csv", SERIES)]));
    assert_eq!(named(&plain, "capacity-vcpu").layers.len(), 4);
    let unmet = [
        ("accrued_usd", ",vcpu_unmet,memory_unmet_gib"),
        ("0,0,0\n300", ""),
        ("1.25", ",0,0"),
        ("3.5", ",24,0"),
    ];
    let mut series = SERIES.replace("0,0,0,0,0,0,0,0,0\n300", "0,0,0,0,0,0,0,0,0,0,0\n300");
    for (cell, further) in unmet.into_iter().filter(|(_, further)| !further.is_empty()) {
        series = series.replace(cell, &format!("{cell}{further}"));
    }
    let short = plots(&run_with(&json!({ "horizon_s": 600.0 }), &[("timeseries.csv", &series)]));
    let vcpu = named(&short, "capacity-vcpu");
    assert_eq!(points(vcpu, 4), [(0.0, Some(0.0)), (300.0, Some(5.0)), (600.0, Some(33.0))]);
    assert!(
        vcpu.y.range.1 >= 33.0 && vcpu.caption.ends_with("had nothing been refused."),
        "{}",
        vcpu.caption
    );
    assert_eq!(named(&short, "capacity-memory").layers.len(), 4, "no memory was refused");
}

#[test]
fn waits_follow_littles_law() {
    let all = plots(&whole_run());
    // At the gateway 3 wait on average in the first minute, in which 92 are served and 2 begin to be; 18 in the second,
    // in which 116 are served and 30 give up.
    let wait = named(&all, "stages-wait");
    assert_eq!(wait.layers.len(), 1, "no job ever waits for a worker");
    assert_eq!(points(wait, 0), [(60.0, Some(3.0 * 60.0 / 94.0)), (120.0, Some(18.0 * 60.0 / 146.0))]);
    assert_eq!(
        points(named(&all, "stages-waiting"), 0),
        [(0.0, Some(0.0)), (60.0, Some(6.0)), (120.0, Some(30.0))]
    );
    assert_eq!(points(named(&all, "stages-refused"), 0), [(60.0, Some(0.0)), (120.0, Some(0.5))]);
}

#[test]
fn counts_that_begin_anew_leave_a_gap() {
    let warm = "time_s,stage,waiting,in_service,arrivals,completed,refused,timed_out\n\
        0,gateway,1,0,0,0,0,0\n60,gateway,1,0,9,9,9,0\n120,gateway,1,0,2,2,3,0\n180,gateway,1,0,4,4,9,0\n";
    let run = run_with(&json!({ "horizon_s": 180.0 }), &[("control_plane.csv", warm)]);
    let all = plots(&run);
    let refused = [(60.0, Some(9.0 / 60.0)), (120.0, None), (180.0, Some(0.1))];
    assert_eq!(points(named(&all, "stages-refused"), 0), refused);
    assert_eq!(points(named(&all, "stages-wait"), 0)[1], (120.0, None));
}

#[test]
fn each_minute_has_its_availability() {
    let all = plots(&whole_run());
    let calls = named(&all, "availability-calls");
    let expected =
        [(0.0, Some(100.0)), (60.0, Some(70.0)), (120.0, None), (180.0, Some(98.0)), (240.0, Some(98.0))];
    assert_eq!(points(calls, 0), expected);
    assert_eq!(calls.y.range, (65.0, 100.0));
    assert!(calls.caption.ends_with("at worst 70 %. Of all 350 calls 61 failed."), "{}", calls.caption);
    let nearly = "time_s,calls,failed\n0,10000,0\n60,10000,3\n";
    let run = run_with(&json!({ "horizon_s": 120.0 }), &[("availability.csv", nearly)]);
    assert_eq!(named(&plots(&run), "availability-calls").y.range, (99.9, 100.0));
}

#[test]
fn where_no_launch_was_asked_for_there_is_no_line() {
    let quiet = SERIES
        .replace("600,4,3,16,9,12,0,64,30,48,6,0,0,6,0,8,6", "600,4,3,16,9,12,0,64,30,48,6,0,0,6,0,4,3");
    let run = run_with(&json!({ "horizon_s": 600.0 }), &[("timeseries.csv", &quiet)]);
    assert_eq!(
        points(named(&plots(&run), "availability"), 0),
        [(0.0, Some(75.0)), (300.0, None), (600.0, None)]
    );
    let none = quiet.replace("0,3,1,4,3,2", "0,3,1,0,0,2").replace("0,6,0,4,3", "0,6,0,0,0");
    let run = run_with(&json!({ "horizon_s": 600.0 }), &[("timeseries.csv", &none)]);
    assert!(plots(&run).iter().all(|plot| plot.name != "availability"));
}

#[test]
fn no_stage_is_left_out_without_a_word() {
    let mut table = "time_s,stage,waiting,in_service,arrivals,completed,refused,timed_out\n".to_string();
    for second in [0, 60] {
        for stage in 0..11 {
            table.push_str(&format!("{second},stage-{stage},{},0,0,0,0,0\n", second * (stage + 1)));
        }
    }
    let run = run_with(&json!({ "horizon_s": 60.0 }), &[("control_plane.csv", &table)]);
    let all = plots(&run);
    let waiting = named(&all, "stages-waiting");
    assert_eq!(waiting.layers[0].name, "stage-10");
    assert!(waiting.caption.ends_with("The 8 greatest of 11."), "{}", waiting.caption);
}

/// The pictures, as a page has them on a phone: small, so that a change can be read.
#[test]
fn small_charts_look_as_they_did() {
    let all = plots(&whole_run());
    for name in ["addresses", "availability-calls", "bill", "failures", "host-fill", "stages-wait"] {
        insta::assert_snapshot!(name, svg::inline(&lay_out(named(&all, name), PHONE), "narrow"));
    }
}

#[test]
fn the_same_result_gives_the_same_pictures() {
    let draw = || -> Vec<(String, Vec<u8>)> {
        let all = plots(&whole_run());
        let files = all.iter().take(1).flat_map(|plot| png_files(plot).into_iter().chain([svg_file(plot)]));
        files.map(|file| (file.name, file.bytes)).collect()
    };
    assert_eq!(draw(), draw());
}

/// Runs at the edges: one moment, and names that no line can hold.
/// Runs at the edges: one moment, and names that no line can hold.
pub fn odd_runs() -> Vec<Plot> {
    let one_moment: String = SERIES.lines().take(2).map(|line| format!("{line}\n")).collect();
    let stages = format!(
        "{}0,\"{}\",3,0,0,0,0,0\n",
        &STAGES[..STAGES.find('\n').unwrap() + 1],
        endless().replace('"', "\"\"")
    );
    let summary = json!({
        "horizon_s": 0.0,
        "network": { "subnets": (0..9).map(|i| json!({
            "name": format!("{}{i}", endless()), "addresses": 5, "used_peak": 5, "exhausted_at_s": 0.0,
        })).collect::<Vec<_>>() },
    });
    let files = [
        ("timeseries.csv", one_moment.as_str()),
        ("control_plane.csv", &stages),
        ("availability.csv", "time_s,calls,failed\n0,1,1\n"),
    ];
    plots(&run_with(&summary, &files))
}

#[test]
fn every_chart_has_a_name_of_its_own() {
    for (i, chart) in CHARTS.iter().enumerate() {
        assert!(CHARTS[..i].iter().all(|other| other.name != chart.name), "{}", chart.name);
    }
}

#[test]
fn warm_up_outages_and_maintenance_are_shaded_in_every_chart_over_time() {
    let manifest = json!({ "scenario": {
        "faults": {
            "outages": [{ "at": "200s", "zone": "a", "length": "100s" }],
            "maintenance": [{ "at": "9m", "zone": "b" }],
        },
        "control_plane": { "outages": [{ "start": "400s", "length": "10s", "stage": "workers" }] },
    } });
    let summary =
        json!({ "horizon_s": 600.0, "warmup_s": 60.0, "fleet": { "hosts": 4, "hosts_peak_at_s": 300.0 } });
    let files = [
        ("summary.json", summary.to_string()),
        ("manifest.json", manifest.to_string()),
        ("timeseries.csv", SERIES.to_string()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let all = plots(&RunData::open(folder(&files).path()).unwrap());
    assert!(names(&all).starts_with(&["hosts", "fleet"]), "{:?}", names(&all));
    for plot in &all {
        let shades: Vec<(&str, Vec<(f64, f64)>)> = (plot.layers.iter().take(3))
            .map(|layer| match &layer.data {
                Data::Blocks(blocks) => (layer.name.as_str(), blocks.iter().map(|block| block.x).collect()),
                other => panic!("no shade: {other:?}"),
            })
            .collect();
        let expected = [
            ("warm-up", vec![(0.0, 60.0)]),
            ("outage", vec![(200.0, 300.0), (400.0, 410.0)]),
            ("maintenance", vec![(540.0, 600.0)]),
        ];
        assert_eq!(shades, expected, "{}", plot.name);
        assert!(plot.caption.ends_with("Shaded: warm-up, outage, maintenance."), "{}", plot.caption);
    }
}

#[test]
fn an_incomplete_last_bar_is_marked() {
    let refused = "time_s,operation,error_code,count\n10,launch,Full,1\n95,launch,Full,1\n";
    let note = |horizon_s: f64| {
        let run = run_with(&json!({ "horizon_s": horizon_s }), &[("failures.csv", refused)]);
        named(&plots(&run), "failures").notes.first().map(|note| note.label.clone())
    };
    // Bars of a second: the last has half of one.
    assert_eq!(note(95.5).as_deref(), Some("the last bar counts 500 ms"));
    assert_eq!(note(96.0), None);
}
