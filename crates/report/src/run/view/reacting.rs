//! Tables and sentences of demand that reacts: did groups keep up with their load, and at which cost; did jobs start at once.

use super::words::number;
use crate::format::amount;
use crate::run::demand_figures::{JobFigures, ScalingFigures};
use crate::run::measures::MicroUsd;
use crate::run::summary::Summary;
use crate::table::{ReportTable, TableCell};
use crate::text::name;
use plimsoll_base::units::figures::{decimal, dollars, percent};

/// Returns the Auto Scaling groups, by name.
pub fn groups(summary: &Summary) -> ReportTable {
    let header = ["group", "running", "peak", "used", "unserved", "refused", "cost", "fixed fleet"];
    let row = |(name, group): (&String, &ScalingFigures)| {
        vec![
            TableCell::text(name),
            TableCell::Number(group.in_service_mean, decimal(group.in_service_mean, 1)),
            TableCell::count(group.in_service_peak),
            TableCell::optional(group.utilisation_mean, percent),
            TableCell::optional(group.unserved_ratio, percent),
            TableCell::count(group.launches_refused),
            usd(group.cost_usd),
            group.fixed_fleet_usd.filter(|fixed| fixed.0 > 0).map_or(TableCell::Empty, usd),
        ]
    };
    ReportTable::new("Auto Scaling groups", header, summary.autoscaling_groups.iter().map(row).collect())
        .with_caption(
            "Instances in service on average and at most; load by their capacity; load that was not served; instances refused; what \
             their account costs, and what as many as the peak of the load takes would have cost all the time."
                .to_string(),
        )
}

/// Returns the jobs, by name.
pub fn jobs(summary: &Summary) -> ReportTable {
    let header = ["job", "arrived", "at once", "mean wait", "p99", "longest", "waiting at the end"];
    let seconds = |seconds: f64| TableCell::Number(seconds, amount(seconds, "s"));
    let row = |(name, job): (&String, &JobFigures)| {
        vec![
            TableCell::text(name),
            TableCell::count(job.arrived),
            TableCell::optional(job.started_at_once_ratio, percent),
            seconds(job.wait_s.mean),
            seconds(job.wait_s.p99),
            seconds(job.wait_s.max),
            TableCell::count(job.waiting_at_end),
        ]
    };
    ReportTable::new("Jobs", header, summary.jobs.iter().map(row).collect())
}

/// Returns a sentence for each group with a load and each job; `None` where there is none.
pub fn sentence(summary: &Summary) -> Option<String> {
    let groups = summary.autoscaling_groups.iter().filter_map(|(name, group)| of_group(name, group));
    let jobs = summary.jobs.iter().filter_map(|(name, job)| of_job(name, job));
    let sentences: Vec<String> = groups.chain(jobs).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn of_group(group_name: &str, group: &ScalingFigures) -> Option<String> {
    let (unserved, name) = (group.unserved_ratio?, name(group_name));
    let served = match unserved {
        0.0 if group.waiting_unit_s > 0.0 => {
            format!(
                "{name} has {} unit-seconds of its load waiting at the end",
                amount(group.waiting_unit_s, "")
            )
        }
        0.0 => format!("{name} served all of its load"),
        unserved => format!("{name} left {} of its load unserved", percent(unserved)),
    };
    let cost = dollars(group.cost_usd.cents());
    Some(match group.fixed_fleet_usd.filter(|fixed| fixed.0 > 0) {
        Some(fixed) => {
            format!("{served}, for {cost}; a fixed fleet for the peak costs {}.", dollars(fixed.cents()))
        }
        None => format!("{served}, for {cost}."),
    })
}

fn of_job(job_name: &str, job: &JobFigures) -> Option<String> {
    let (at_once, name) = (job.started_at_once_ratio?, name(job_name));
    let wait = match job.wait_s.p99 {
        p99 if p99 > 0.0 => format!("; 99 % waited at most {}", amount(p99, "s")),
        _ => String::new(),
    };
    let jobs = number(job.arrived, "job", "jobs");
    Some(format!("Of {jobs} named {name}, {} started at once{wait}.", percent(at_once)))
}

fn usd(sum: MicroUsd) -> TableCell {
    TableCell::Number(sum.cents() as f64 / 100.0, dollars(sum.cents()))
}
