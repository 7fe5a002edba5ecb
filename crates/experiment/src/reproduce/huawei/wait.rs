//! `huawei-wait`: sums of waits on a fixed fleet with a strict line, of the baselines of SPANE (arXiv 2504.14946, repository at
//! f1d7df9: `result/flex/result_baseline.txt`, and a comment in `baseline.py` for the means over all episodes of five hosts).
//!
//! VMs are placed strictly in the order of their rows. Before each, all that end by its arrival leave. If it fits it starts at its
//! arrival, or when the one before it started if that is later; else the clock jumps from end to end, all VMs of one end leaving
//! together, until it fits. An episode has 40 rows more than first fit places before a VM does not fit, tried before those leave
//! that end between the arrival of the row above and its own.

use rayon::prelude::*;

use super::Episode;
use super::data::{self, HuaweiData};
use super::episode::HOST;
use crate::reproduce::{PublishedFigure, Study, exact};
use plimsoll_base::engine::random::Seed;
use plimsoll_base::input::InputError;
use plimsoll_model::fleet::host_group::Hosts;
use plimsoll_model::placement::config::StrategyConfig;
use plimsoll_model::placement::register;
use std::path::Path;

/// The study.
pub const STUDY: Study = Study {
    name: "huawei-wait",
    description: "waits of VMs on 2 to 9 hosts with two NUMA nodes, first fit and balance fit, 1,000 episodes: 18 figures",
    source: "SPANE (arXiv 2504.14946, github.com/ChanTinPing/SPANE at f1d7df9), data CC BY-NC 4.0",
    files: &[data::VMS, data::STARTS],
    figures,
};

/// Strategies of the study, as it names them and as the register does.
const STRATEGIES: [(&str, &str); 2] = [("First Fit", "first-fit"), ("Balance Fit", "balance-fit")];

/// Trimmed means of the sums of waits \[s\] on so many hosts, by strategy.
const TRIMMED: [(u32, [&str; 2]); 8] = [
    (2, ["53866.53875", "38610.82625"]),
    (3, ["52483.255", "38832.1"]),
    (4, ["44461.2425", "37829.27625"]),
    (5, ["89822.5225", "86009.90875"]),
    (6, ["67176.55", "62643.88"]),
    (7, ["129369.66375", "118267.32125"]),
    (8, ["182132.76875", "176528.5075"]),
    (9, ["201328.98", "181041.9925"]),
];

/// Means over all episodes \[s\] on five hosts, by strategy.
const UNTRIMMED: (u32, [&str; 2]) = (5, ["362634.624", "336486.767"]);

/// Rows of an episode beside those that first fit places.
const MORE_ROWS: usize = 40;

fn figures(folder: &Path) -> Result<Vec<PublishedFigure>, InputError> {
    let data = HuaweiData::read(folder)?;
    let mut figures = Vec::new();
    for (hosts, published) in TRIMMED {
        let lengths: Vec<usize> = data.starts.par_iter().map(|start| length(&data, *start, hosts)).collect();
        for ((strategy, name), (column, published)) in
            STRATEGIES.into_iter().zip(published.iter().enumerate())
        {
            let episodes = data.starts.par_iter().zip(&lengths);
            let waits: Vec<u64> =
                episodes.map(|(start, rows)| waits(&data, *start..*start + rows, hosts, name)).collect();
            let figure = |table: &str, published: &str, ours: String| PublishedFigure {
                table: format!("{strategy}, {table} [s]"),
                name: format!("{hosts} hosts"),
                published: published.to_string(),
                ours,
                tolerance: None,
            };
            figures.push(figure("trimmed mean of the sums of waits", published, exact::trimmed_mean(&waits)));
            if UNTRIMMED.0 == hosts {
                let published = UNTRIMMED.1[column];
                figures.push(figure("mean of the sums of waits", published, exact::mean_of(&waits)));
            }
        }
    }
    Ok(figures)
}

fn begin<'a>(data: &'a HuaweiData, hosts: u32, strategy: &str) -> Episode<'a> {
    let strategy = register::build(&StrategyConfig::named(strategy), Seed(0)).expect("it is in the register");
    Episode::new(&data.vms, Hosts::Fixed { count: hosts, sellable: HOST }, strategy)
}

/// Returns the rows of the episode that begins at a row.
fn length(data: &HuaweiData, start: usize, hosts: u32) -> usize {
    let mut episode = begin(data, hosts, "first-fit");
    let mut row = start;
    while row < data.vms.len() && episode.choose(row).is_some() {
        let arrival = episode.vm(row).arrival;
        episode.release_until(arrival, |_, _, _, _| {});
        let host = episode.choose(row).expect("it fitted while there was less room");
        episode.place(row, host, arrival);
        row += 1;
    }
    (row - start + MORE_ROWS).min(data.vms.len() - start)
}

/// Returns the sum of the waits of an episode \[s\].
fn waits(data: &HuaweiData, rows: std::ops::Range<usize>, hosts: u32, strategy: &str) -> u64 {
    let mut episode = begin(data, hosts, strategy);
    let (mut clock, mut sum) = (0, 0);
    for row in rows {
        let arrival = episode.vm(row).arrival;
        episode.release_until(arrival, |_, _, _, _| {});
        clock = arrival.max(clock);
        let host = loop {
            if let Some(host) = episode.choose(row) {
                break host;
            }
            clock = episode.next_end().expect("a VM fits on an empty host");
            episode.release_until(clock, |_, _, _, _| {});
        };
        episode.place(row, host, clock);
        sum += clock - arrival;
    }
    sum
}
