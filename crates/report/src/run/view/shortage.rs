//! Sentence on what ran out first: the resource, its zone and host groups, the time, with what was asked and what was free.

use super::words::moment;
use crate::run::summary::{ShortageFigures, Summary};
use crate::text::name;
use plimsoll_base::failure::{self, Failure};
use plimsoll_base::units::figures::{grouped, readable};

/// Units of resources that are counted one by one.
const COUNTED: [&str; 2] = ["addresses", "instances"];

/// Returns the sentences; `None` where nothing ran out.
pub fn sentence(summary: &Summary) -> Option<String> {
    match &summary.first_shortage {
        Some(first) => Some(format!(
            "Ran out first: {}, after {}.{}",
            place(first),
            moment(summary, first.at_s),
            amounts(first),
        )),
        // The summary is of an earlier version, or nothing ran out after the warm-up.
        None => {
            summary.first_failures.iter().filter(|first| first.at_s >= summary.warmup_s).find_map(|first| {
                let what = failure_of(&first.code)?.shortage()?;
                Some(format!("Ran out first: {what}, after {}.", moment(summary, first.at_s)))
            })
        }
    }
}

fn failure_of(code: &str) -> Option<Failure> {
    failure::REGISTER.iter().find(|entry| entry.ec2_name == code).map(|entry| entry.failure)
}

/// Returns the resource with its zone and host groups: `memory in us-east-1c, host group gen3`.
fn place(first: &ShortageFigures) -> String {
    let zone = match (&first.zone, first.zones) {
        (Some(zone), _) => format!(" in {}", name(zone)),
        (None, 2) => " in both zones".to_string(),
        (None, zones @ 3..) => format!(" in all {} zones", grouped(zones)),
        (None, _) => String::new(),
    };
    let groups: Vec<String> = first.host_groups.iter().map(|group| name(group)).collect();
    let groups = match &groups[..] {
        [] => String::new(),
        [one] => format!(", host group {one}"),
        [most @ .., last] => format!(", host groups {} and {last}", most.join(", ")),
    };
    format!("{}{zone}{groups}", first.resource)
}

/// Returns a sentence on instances that were asked for all or none.
fn together(first: &ShortageFigures, all: u64, room_for: u64) -> String {
    let (all, room_for) = (grouped(all), grouped(room_for));
    let what = first.kind.as_deref().map_or_else(|| "instances".to_string(), name);
    match first.zones {
        2.. => {
            format!(" {all} of {what} were asked for at once; no zone had enough for more than {room_for}.")
        }
        _ => format!(" {all} of {what} were asked for at once; there was enough for {room_for}."),
    }
}

/// Returns a sentence on what was asked and what was free; empty where no amount decided.
fn amounts(first: &ShortageFigures) -> String {
    if let (Some(all), Some(room_for)) = (first.asked_together, first.room_for) {
        return together(first, all, room_for);
    }
    let (Some(asked), Some(free)) = (first.asked, first.free) else { return String::new() };
    let unit = first.unit.as_deref().unwrap_or_default();
    let who = first.kind.as_deref().map_or_else(|| "A request".to_string(), name);
    // What is counted is named already.
    let unit = if COUNTED.contains(&unit) { String::new() } else { format!(" {unit}") };
    let amount = |value: f64| format!("{}{unit}", readable(value));
    let (Some(most_free), Some(hosts)) = (first.most_free, first.hosts) else {
        return format!(" {who} asked for {}; {} left.", amount(asked), amount(free));
    };
    let hosts = match hosts {
        1 => "the only host".to_string(),
        2 => "both hosts".to_string(),
        hosts => format!("all {} hosts", grouped(hosts)),
    };
    if most_free < asked {
        return format!(
            " {who} asked for {}; no host had more than {} free, {hosts} together {}.",
            amount(asked),
            amount(most_free),
            amount(free),
        );
    }
    format!(
        " {who} asked for {}; {} had too little of it free, the others too little of something else; {hosts} together \
         had {}.",
        amount(asked),
        super::words::number(first.hosts_short.unwrap_or(0), "host", "hosts"),
        amount(free),
    )
}
