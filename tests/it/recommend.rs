//! `plimsoll recommend`: the settings that cost least, against every choice tried one by one.

use std::fs;
use std::path::Path;

use plimsoll::experiment::{Figures, trial};
use plimsoll::scenario::{Overrides, Scenario};
use serde_json::Value;
use tempfile::TempDir;

use crate::command_line::plimsoll;

/// A fleet of two kinds of hosts for a trace of instances of three shapes, which come and go for a day.
fn fleet(more: &str) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let shapes = [(2, 8), (4, 8), (8, 32)];
    let row = |number: usize| {
        let (vcpu, memory_gib) = shapes[number * 7 % 5 % 3];
        let start = number * 613 % 40_000;
        format!("{start},{},{vcpu},{memory_gib}\n", start + 20_000 + number * 997 % 30_000)
    };
    let mut starts: Vec<usize> = (0..120).collect();
    starts.sort_by_key(|number| number * 613 % 40_000);
    let trace: String = starts.into_iter().map(row).collect();
    fs::write(place.path().join("trace.csv"), format!("start_s,end_s,vcpu,memory_gib\n{trace}")).unwrap();
    let text = format!(
        "# Two kinds of hosts.\nname = 'fleet'\nduration = '24h'\n[[zones]]\nname = 'a'\n\
         [[zones.hosts]]\nsku = 'small'\ncount = 40   # too many\nvcpu = 16\nmemory_gib = 64\n\
         [[zones.hosts]]\nsku = 'large'\ncount = 20\nvcpu = 48\nmemory_gib = 128\n\
         [workload]\ntrace = 'trace.csv'\n{more}"
    );
    fs::write(place.path().join("scenario.toml"), text).unwrap();
    place
}

const SMALL: &str = "zones.0.hosts.0.count";
const LARGE: &str = "zones.0.hosts.1.count";

/// Returns what `recommend` tells a program, and its exit code.
fn recommended(place: &Path, words: &[&str]) -> (Value, i32) {
    let all: Vec<&str> = ["recommend", "scenario.toml", "--json"].iter().chain(words).copied().collect();
    let output = plimsoll(place, &all).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    (json, output.status.code().unwrap())
}

fn refusal(place: &Path, words: &[&str]) -> String {
    let all: Vec<&str> = ["recommend", "scenario.toml"].iter().chain(words).copied().collect();
    let output = plimsoll(place, &all).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
    assert!(!place.join("results").exists(), "{words:?}: {text}");
    text
}

/// Runs the scenario with some settings changed.
fn figures(place: &Path, set: &[String]) -> Figures {
    let overrides = Overrides { set: set.to_vec(), seed: None, ..Overrides::default() };
    trial::run(&Scenario::read(&place.join("scenario.toml"), &overrides).unwrap()).unwrap()
}

fn refuses_nothing(figures: &Figures) -> bool {
    figures.get("launch.failed") == Some(0.0)
}

/// Returns the number of points that were tried, and of those that there are.
fn effort(answer: &Value) -> (usize, usize) {
    let points = answer["points"].as_u64().unwrap() as usize;
    (answer["tried"].as_array().unwrap().len(), points)
}

#[test]
fn two_kinds_of_hosts_cost_what_every_pair_of_them_says_they_do() {
    let place = fleet("[placement]\nstrategy = 'best-fit'\n");
    let (answer, code) = recommended(
        place.path(),
        &[
            "--vary",
            &format!("{SMALL}=0..40"),
            "--vary",
            &format!("{LARGE}=0..20"),
            "--minimize",
            &format!("310*{SMALL}+800*{LARGE}"),
            "--until",
            "launch.failed <= 0",
        ],
    );
    let mut least = u64::MAX;
    for small in 0..=40 {
        for large in u64::from(small == 0)..=20 {
            let cost = 310 * small + 800 * large;
            let set = [format!("{SMALL}={small}"), format!("{LARGE}={large}")];
            if cost < least && refuses_nothing(&figures(place.path(), &set)) {
                least = cost;
            }
        }
    }
    assert_eq!((answer["optima"][0]["cost"].as_f64(), code), (Some(least as f64), 0), "{answer:#}");
    assert_eq!(answer["optima"][0]["proven"], true);
    let (tried, points) = effort(&answer);
    assert_eq!(points, 41 * 21);
    assert!(tried * 10 <= points, "{tried} of {points}");
    // The scenario in the folder is the recommended one, with what was written beside it, and runs.
    let result = place.path().join("results/runs/fleet-recommendation");
    let text = fs::read_to_string(result.join("scenario.toml")).unwrap();
    let [small, large] = [0, 1].map(|at| answer["recommended"][at].as_str().unwrap().to_string());
    assert!(text.starts_with("# Two kinds of hosts.\n"), "{text}");
    assert!(text.contains(&format!("count = {small}   # too many\n")), "{text}");
    let run = ["run", "results/runs/fleet-recommendation/scenario.toml", "--json"];
    let run: Value = serde_json::from_slice(&plimsoll(place.path(), &run).output().unwrap().stdout).unwrap();
    assert_eq!(run["launch"]["failed"], 0);
    assert_eq!(run["fleet"]["hosts"], small.parse::<u64>().unwrap() + large.parse::<u64>().unwrap());
    for file in ["tried.csv", "recommendation.json", "report.html", "charts/recommendation.svg"] {
        assert!(result.join(file).exists(), "{file}");
    }
}

/// Returns the recommendation of as few large hosts as refuse nothing, without small ones.
fn few_large(place: &Path, most: u64, more: &[&str]) -> (Value, i32) {
    let (small, large) = (format!("{SMALL}=0"), format!("{LARGE}=1..{most}"));
    let words = ["--set", &small, "--vary", &large, "--minimize", LARGE, "--until", "launch.failed <= 0"];
    recommended(place, &[&words, more].concat())
}

/// Returns the fewest of up to 60 large hosts that refuse nothing, by trying one number after the other.
fn fewest_large(place: &Path, setting: &str) -> Option<u64> {
    let set = |large: u64| [format!("{SMALL}=0"), format!("{LARGE}={large}"), setting.to_string()];
    (1..=60).find(|large| refuses_nothing(&figures(place, &set(*large))))
}

#[test]
fn a_strategy_is_chosen_with_the_hosts_that_it_needs() {
    let place = fleet("");
    let strategies = ["spread", "first-fit", "best-fit", "dot-product"];
    let vary = format!("placement.strategy={}", strategies.join(","));
    let (answer, code) = few_large(place.path(), 60, &["--vary", &vary]);
    let needs = |strategy| fewest_large(place.path(), &format!("placement.strategy={strategy}"));
    let least = strategies.into_iter().filter_map(needs).min().unwrap();
    assert_eq!((answer["optima"][0]["cost"].as_f64(), code), (Some(least as f64), 0), "{answer:#}");
    let (tried, points) = effort(&answer);
    assert!(tried * 10 <= points, "{tried} of {points}");
}

/// A savings plan on the trace's instances.
const PLAN: &str = "[[billing.savings_plans]]\ndiscount = 0.3\nusd_per_hour = 1.0\n";

/// Returns the bills of every commitment from 0.1 to 30 dollars an hour, by a tenth.
fn bills(place: &Path, set: &[&str]) -> Vec<f64> {
    let bill = |tenths: u32| {
        let plan = format!("billing.savings_plans.0.usd_per_hour={}", f64::from(tenths) / 10.0);
        let set: Vec<String> = set.iter().map(ToString::to_string).chain([plan]).collect();
        figures(place, &set).get("billing.total").unwrap()
    };
    (1..=300).map(bill).collect()
}

fn least(costs: &[f64]) -> f64 {
    costs.iter().copied().min_by(f64::total_cmp).unwrap()
}

#[test]
fn a_commitment_is_that_of_the_least_bill() {
    let place = fleet(PLAN);
    let words = ["--vary", "billing.savings_plans.0.usd_per_hour=0..30:0.1", "--minimize", "billing.total"];
    let (answer, code) = recommended(place.path(), &words);
    let bills = bills(place.path(), &[]);
    let least = least(&bills);
    assert_eq!((answer["optima"][0]["cost"].as_f64(), code), (Some(least), 0), "{answer:#}");
    assert!(least < bills[0] && least < bills[299], "a commitment pays, and too large a one does not");
    assert_eq!(answer["optima"][0]["proven"], false);
    let (tried, points) = effort(&answer);
    assert!(tried * 10 <= points, "{tried} of {points}");
    // A plan without a commitment is refused by the scenario: it is told, and ends nothing.
    let none = answer["tried"].as_array().unwrap().iter().find(|tried| tried["settings"][0] == "0").unwrap();
    assert!(none["refused"].as_str().unwrap().contains("found 0, expected more than 0"), "{none:#}");
    assert!(answer["notes"].to_string().contains("Settings that make no scenario"), "{}", answer["notes"]);
}

#[test]
fn regret_is_least_over_the_ends_of_what_is_assumed() {
    let place = fleet(PLAN);
    let price = "billing.shape.usd_per_vcpu_hour";
    let words = [
        "--vary",
        "billing.savings_plans.0.usd_per_hour=0..30:0.1",
        "--minimize",
        "billing.total",
        "--assume",
        &format!("{price}=0.02..0.08"),
    ];
    let (answer, code) = recommended(place.path(), &words);
    assert_eq!(code, 0, "{answer:#}");
    let worlds: Vec<Vec<f64>> = ["0.05", "0.02", "0.08"]
        .iter()
        .map(|value| bills(place.path(), &[&format!("{price}={value}")]))
        .collect();
    let optima: Vec<f64> = worlds.iter().map(|bills| least(bills)).collect();
    for (number, optimum) in optima.iter().enumerate() {
        assert_eq!(answer["optima"][number]["cost"].as_f64(), Some(*optimum), "future {number}");
    }
    let regret = |at: usize| {
        worlds.iter().zip(&optima).map(|(bills, optimum)| bills[at] - optimum).fold(0.0, f64::max)
    };
    let regrets: Vec<f64> = (0..300).map(regret).collect();
    assert_eq!(
        answer["least_regret"]["cost"].as_f64(),
        Some(least(&regrets)),
        "{:#}",
        answer["least_regret"]
    );
    assert_ne!(answer["least_regret"]["settings"], answer["optima"][0]["settings"]);
    assert_eq!(answer["recommended"], answer["least_regret"]["settings"]);
}

#[test]
fn the_fleet_of_least_regret_does_in_every_future() {
    // Hosts of less memory are needed in greater number; each costs the same, whatever comes.
    let place = fleet("[placement]\nstrategy = 'best-fit'\n");
    let memory = "zones.0.hosts.1.memory_gib";
    let (answer, code) = few_large(place.path(), 60, &["--assume", &format!("{memory}=96..160")]);
    assert_eq!(code, 0, "{answer:#}");
    let needs = |gib: u32| fewest_large(place.path(), &format!("{memory}={gib}")).unwrap();
    let [middle, low, high] = [128, 96, 160].map(needs);
    assert!(high <= middle && middle < low, "{low} {middle} {high}");
    let cost = |optimum: &Value| optimum["cost"].as_f64().unwrap() as u64;
    assert_eq!([0, 1, 2].map(|future| cost(&answer["optima"][future])), [middle, low, high]);
    assert_eq!(answer["recommended"][0], low.to_string());
    assert_eq!(cost(&answer["least_regret"]), low - high, "it is regretted where the least would have done");
}

#[test]
fn where_nothing_holds_or_the_budget_is_spent_it_says_so() {
    let place = fleet("");
    let (answer, code) = few_large(place.path(), 3, &[]);
    assert_eq!((&answer["recommended"], code), (&Value::Null, 1));
    let told = answer["answer_in_words"].as_str().unwrap();
    assert!(told.contains("not even with the most of everything"), "{told}");
    let (answer, code) = few_large(place.path(), 60, &["--budget", "3", "-o", "small"]);
    assert_eq!((&answer["optima"][0]["budget_spent"], code), (&Value::Bool(true), 0), "{answer:#}");
    assert_eq!(answer["runs"], 3);
}

/// A loss system to which so many Erlang are offered for some hours, with an hour of service.
fn loss_system(offered: u32, hours: u32, more: &str) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let text = format!(
        "name = 'loss'\nduration = '{hours}h'\nwarmup = '50h'\n\
        [[zones]]\nname = 'a'\n[[zones.hosts]]\ncount = 2\nvcpu = 1\nmemory_gib = 1\n\
        [[instance_types]]\nname = 'unit'\nvcpu = 1\nmemory_gib = 1\non_demand_usd_per_hour = 0.1\n\
        [[workload.arrivals]]\nprocess = {{ kind = 'poisson', per_hour = {offered} }}\n\
        lifetime = {{ kind = 'exponential', mean = '1h' }}\ntypes = {{ unit = 1 }}\n{more}"
    );
    fs::write(place.path().join("scenario.toml"), text).unwrap();
    place
}

#[test]
fn drawn_demand_is_shown_to_hold_by_several_runs() {
    let objective = "[[objectives]]\nmetric = 'launch.success_ratio'\nat_least = 0.98\n";
    let place = loss_system(10, 1050, objective);
    let smallest = (1..).find(|places| plimsoll::queueing::erlang_b(*places, 10.0) <= 0.02).unwrap();
    let words = ["--vary", &format!("{SMALL}=1..60"), "--minimize", SMALL];
    let (answer, code) = recommended(place.path(), &words);
    assert_eq!((&answer["recommended"][0], code), (&Value::from(smallest.to_string()), 0), "{answer:#}");
    assert!(answer["tried"][0]["digests"].as_array().unwrap().len() >= 10);
}

/// Returns what was found of the recommended settings, and its number of runs.
fn of_recommended(answer: &Value) -> (&Value, u64) {
    let tried = answer["tried"].as_array().unwrap().iter();
    let found = { tried }.find(|tried| tried["settings"] == answer["recommended"]).unwrap();
    (found, found["digests"].as_array().unwrap().len() as u64)
}

#[test]
fn the_answer_says_in_how_many_of_its_runs_each_target_holds() {
    let place = loss_system(4, 250, "");
    let until = ["--until", "launch.failed <= 10", "--until", "fleet.hosts <= 30"];
    let vary = format!("{SMALL}=1..25");
    let words = [&["--vary", &vary, "--minimize", SMALL, "-R", "10"], &until[..]].concat();
    let (answer, code) = recommended(place.path(), &words);
    assert_eq!(code, 0, "{answer:#}");
    let (found, runs) = of_recommended(&answer);
    let hosts = &answer["recommended"][0].as_str().unwrap();
    let failed = |seed: u64| {
        let set = vec![format!("{SMALL}={hosts}"), format!("seed={seed}")];
        figures(place.path(), &set).get("launch.failed").unwrap()
    };
    let seed = answer["seed"].as_u64().unwrap();
    let met = (seed..seed + runs).filter(|seed| failed(*seed) <= 10.0).count() as u64;
    assert!(met < runs, "an average over runs of which some miss: {found:#}");
    assert_eq!([0, 1].map(|target| found["targets"][target]["runs_met"].as_u64()), [Some(met), Some(runs)]);
    let told = answer["answer_in_words"].as_str().unwrap();
    let counts = format!("launch.failed <= 10 in {met} and fleet.hosts <= 30 in {runs}");
    assert!(told.contains(&format!("by themselves its {runs} runs meet {counts}")), "{told}");
    let csv = fs::read_to_string(place.path().join("results/runs/loss-recommendation/tried.csv")).unwrap();
    assert!(csv.lines().next().unwrap().contains("launch.failed runs_met"), "{csv}");
}

#[test]
fn the_answer_stands_with_all_runs_where_the_first_were_alike() {
    let place = loss_system(4, 1050, "");
    let until = ["--until", "launch.failed <= 0", "-R", "4", "--max-replications", "80"];
    let vary = format!("{SMALL}=1..60");
    let words = [&["--vary", &vary, "--minimize", SMALL], &until[..]].concat();
    let (answer, code) = recommended(place.path(), &words);
    assert_eq!(code, 0, "{answer:#}");
    let (found, runs) = of_recommended(&answer);
    assert_eq!((runs, &found["targets"][0]["runs_met"]), (80, &80.into()), "{found:#}");
    // Fewer runs were alike at a cheaper point too, which more of them ruled out.
    let tried = answer["tried"].as_array().unwrap();
    let hosts = |tried: &Value| tried["settings"][0].as_str().unwrap().parse::<u64>().unwrap();
    let cheaper = tried.iter().filter(|other| hosts(other) < hosts(found));
    assert!(cheaper.clone().count() > 0 && cheaper.clone().all(|other| other["feasible"] == false));
    assert!(answer["answer_in_words"].as_str().unwrap().contains("In each of its 80 runs the target holds."));
    assert!(answer["notes"].to_string().contains("at least 96.3 % of all runs"), "{answer:#}");
    // A budget that ends before is told.
    let budget = (answer["runs"].as_u64().unwrap() - 80).to_string();
    let less = [&words[..], &["--budget", &budget, "-o", "less"]].concat();
    let (spent, _) = recommended(place.path(), &less);
    assert_eq!(spent["optima"][0]["budget_spent"], true, "{spent:#}");
    assert_eq!(spent["optima"][0]["proven"], false);
}

#[test]
fn what_runs_warn_of_is_told_by_kind() {
    let place = loss_system(4, 250, "[headroom]\nevery = '10h'\nsurvive = 'host'\n");
    let until = ["--until", "launch.failed <= 1000", "-R", "4"];
    let vary = format!("{SMALL}=1..9");
    let words = [&["--vary", &vary, "--minimize", SMALL], &until[..]].concat();
    let (answer, _) = recommended(place.path(), &words);
    let notes: Vec<&str> =
        answer["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    let warned: Vec<&&str> = notes.iter().filter(|note| note.starts_with("Warning of ")).collect();
    assert_eq!(warned.len(), 1, "{notes:#?}");
    assert!(
        warned[0].contains("with the numbers of the first: at the end of the run the loss of one host"),
        "{warned:?}"
    );
    let page = fs::read_to_string(place.path().join("results/runs/loss-recommendation/report.html")).unwrap();
    assert!(page.contains("the loss of one host would leave"), "the page tells it too");
}

#[test]
fn what_cannot_be_asked_is_refused_before_anything_runs() {
    let place = fleet("");
    let until = ["--until", "launch.failed <= 0"];
    let told = |words: &[&str]| refusal(place.path(), &[words, &until].concat());
    let vary = format!("{LARGE}=1..3");
    for (words, expected) in [
        (&["--vary", "zones.0.hosts.7.count=1..3", "--minimize", "launch.failed"][..], "zones.0.hosts"),
        (&["--vary", "placement.strategy=spread,best-fitt", "--minimize", "launch.failed"], "best-fit"),
        (
            &["--vary", &vary, "--minimize", "zones.0.hosts.0.count"],
            "is neither a setting of --vary nor a metric",
        ),
        (&["--vary", &vary, "--minimize", "launch.faild"], "did you mean `launch.failed`"),
        (&["--vary", &vary, "--vary", &vary, "--minimize", LARGE], "is named twice"),
        (&["--vary", "placement.strategy=spread,best-fit", "--minimize", "placement.strategy"], "no numbers"),
        (
            &["--vary", &vary, "--minimize", LARGE, "--assume", &format!("{LARGE}=1..4")],
            "is not chosen as well",
        ),
        (
            &["--vary", &vary, "--minimize", LARGE, "--assume", "workload.scal=1..2"],
            "`--assume workload.scal=1`: unknown key `scal`",
        ),
        (&["--vary", &vary, "--minimize", LARGE, "--until", "launch.success_ratio >= 99"], "it is a share"),
    ] {
        let text = told(words);
        assert!(text.contains(expected), "{words:?}: {text}");
    }
    let text = refusal(place.path(), &["--vary", &vary, "--minimize", LARGE]);
    assert!(text.contains("found no target: the least of everything would cost least"), "{text}");
}
