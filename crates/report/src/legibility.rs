//! Words of every chart, of every kind of result, neither touch nor leave the picture.

use serde_json::{Value, json};

use crate::check::CheckData;
use crate::comparison::ComparisonData;
use crate::run::charts::tests::{endless, folder, names, odd_runs, whole_run};
use crate::sweep::SweepData;
use crate::{check, comparison, run, sweep};
use plimsoll_chart::axis;
use plimsoll_chart::font::width;
use plimsoll_chart::layout::{PHONE, SCREEN, STANDALONE, Size, lay_out};
use plimsoll_chart::plot::Plot;
use plimsoll_chart::scene::{Anchor, Mark, Scene};

fn small_comparison() -> ComparisonData {
    let entry = |label: &str, verdict: &str, difference: f64| {
        json!({
            "label": label, "mean": 0.5, "verdict": verdict, "difference": difference,
            "interval": [difference - 0.125, difference + 0.125],
        })
    };
    let baseline = json!({ "label": "first-fit", "mean": 0.5 });
    let labels = ["best-fit".to_string(), "worst-fit".to_string(), endless()];
    let entries = [
        entry(&labels[0], "better", 0.25),
        entry(&labels[1], "worse", -0.5),
        entry(&labels[2], "no-difference-shown", 0.0),
    ];
    let variants: Vec<Value> = [baseline].into_iter().chain(entries).collect();
    let metric = json!({ "metric": "launch.success_ratio", "unit": "0 to 1", "better": "higher", "variants": variants });
    let told = json!({
        "scenario": "small", "seed": 1, "baseline": "first-fit", "replications": 3, "confidence": 0.95,
        "variants": [], "metrics": [metric], "notes": [],
    });
    let folder = folder(&[("comparison.json", &told.to_string()), ("manifest.json", "{}")]);
    ComparisonData::open(folder.path()).unwrap()
}

fn small_check() -> CheckData {
    let figure = |metric: &str, result: f64, fails: bool| {
        json!({
            "metric": metric, "unit": "hosts", "better": "lower", "baseline": 10.0, "result": result,
            "tolerance": 1.0, "standing": if fails { "worse" } else { "allowed" }, "fails": fails,
        })
    };
    let figures = [
        figure("fleet.hosts_used_mean", 12.0, true),
        figure("fleet.hosts_used_peak", 10.5, false),
        figure("fleet.hosts", 10.0, false),
    ];
    let told = json!({
        "scenario": "small", "fails": true, "same_digest": false, "same_scenario": true, "figures": figures,
        "not_held": [],
    });
    CheckData::open(folder(&[("check.json", &told.to_string())]).path()).unwrap()
}

/// Returns a sweep over these axes, as columns of the table of runs.
fn small_sweep(axes: &[&str], table: &str) -> SweepData {
    let axes: Vec<Value> = axes.iter().map(|path| json!({ "path": path })).collect();
    let told = json!({ "name": "sweep", "scenario": "small", "axes": axes, "seeds": [1] });
    let folder = folder(&[("sweep.json", &told.to_string()), ("runs.csv", table)]);
    SweepData::open(folder.path()).unwrap()
}

fn sweeps() -> Vec<Plot> {
    let header = "launch.success_ratio,fleet.hosts_used_peak";
    let rows = format!("s,{header}\nfirst-fit,0.5,10\n\"{}\",0.75,8\n", endless().replace('"', "\"\""));
    let lines = format!("s,n,{header}\na,1,0.5,10\na,2,0.75,12\nb,1,0.5,10\nb,2,0.5,9\n");
    let mut map = format!("s,n,m,{header}\n");
    for (n, m) in (1..5).flat_map(|n| (1..4).map(move |m| (n, m))) {
        map.push_str(&format!("a,{n},{m},{},{}\n", f64::from(n * m) / 12.0, n + m));
    }
    let scattered = format!("n,m,{header}\n1,1,0.25,1\n2,5,0.5,2\n3,2,0.75,3\n4,9,1,4\n");
    [
        small_sweep(&["s"], &rows),
        small_sweep(&["s", "n"], &lines),
        small_sweep(&["s", "n", "m"], &map),
        small_sweep(&["n", "m"], &scattered),
    ]
    .iter()
    .flat_map(sweep::charts::plots)
    .collect()
}

/// Returns the extent of a text: left, top, right, bottom.
fn extent(mark: &Mark) -> Option<([f64; 4], &str)> {
    let Mark::Text { at: (x, y), text, anchor, size, bold, .. } = mark else { return None };
    let wide = width(text, *size) * if *bold { 1.1 } else { 1.0 };
    let left = match anchor {
        Anchor::Start => *x,
        Anchor::Middle => x - wide / 2.0,
        Anchor::End => x - wide,
    };
    Some(([left, y - 0.73 * size, left + wide, y + 0.23 * size], text))
}

fn assert_legible(plot: &Plot, size: Size) {
    let scene: Scene = lay_out(plot, size);
    let marks = [&scene.behind, &scene.ticks, &scene.data, &scene.notes];
    let words: Vec<([f64; 4], &str)> = marks.into_iter().flatten().filter_map(extent).collect();
    let place = format!("{} {size:?}", plot.name);
    for (i, (a, text)) in words.iter().enumerate() {
        let inside = a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= scene.width && a[3] <= scene.height;
        assert!(inside, "{place}: {text:?} leaves the picture: {a:?}");
        for (b, other) in &words[..i] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "{place}: {text:?} touches {other:?}: {a:?} {b:?}");
        }
    }
    assert!(scene.frame.height >= 60.0 || matches!(plot.y.scale, axis::Scale::Names(_)), "{place}: flat");
}

#[test]
fn words_neither_touch_nor_leave_the_picture() {
    let mut all = run::charts::plots(&whole_run());
    all.extend(odd_runs());
    all.extend(comparison::charts::plots(&small_comparison()));
    all.extend(check::charts::plots(&small_check()));
    all.extend(sweeps());
    assert!(all.len() > 30, "{:?}", names(&all));
    for plot in &all {
        for size in [STANDALONE, SCREEN, PHONE] {
            assert_legible(plot, size);
        }
    }
}
