//! `philly`: jobs of Microsoft's Philly clusters of 2017, the file `cluster_job_log` (JSON;
//! <https://github.com/msr-fiddle/philly-traces>, read November 2026).

use std::path::Path;

use serde::Deserialize;

use super::{ForeignInstance, Format, ImportTally, PublishedForm};
use crate::workload::trace::columns::Column;
use crate::workload::trace::write::TraceWriter;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::table::clock::unix_time;
use plimsoll_base::units::{Resources, Time};

/// The format.
///
/// An attempt of a job on a server is an instance of its GPUs, from its start to its end; one without an end still ran. CPU and
/// memory were not published: the instances ask for GPUs alone. Dates are Pacific time, taken as they are and counted from the
/// earliest. The account is the virtual cluster.
pub const FORMAT: Format = Format {
    name: "philly",
    description: "folder with cluster_job_log of Microsoft's Philly clusters, 2017: attempts of training jobs, GPUs alone",
    licence: "CC BY 4.0; cite Jeon et al., ATC 2019",
    source: PublishedForm::Folder { layout: None, is: |folder| folder.join(LOG).exists(), write },
    output: &[
        Column::Start,
        Column::End,
        Column::Instance,
        Column::Account,
        Column::Vcpu,
        Column::Memory,
        Column::Gpu,
    ],
    hosts: None,
};

/// Name of the file.
const LOG: &str = "cluster_job_log";

#[derive(Deserialize)]
struct Job {
    vc: String,
    jobid: String,
    attempts: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    start_time: Option<String>,
    end_time: Option<String>,
    detail: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    gpus: Vec<String>,
}

fn write(folder: &Path, writer: &mut TraceWriter) -> Result<ImportTally, InputError> {
    let path = folder.join(LOG);
    let text = std::fs::read(&path)
        .map_err(|error| Problem::new(Place::file(&path), format!("cannot be read: {error}")))?;
    let jobs: Vec<Job> = serde_json::from_slice(&text).map_err(|error| {
        let place = Place::file(&path).at_line(error.line() as u64).at_column(error.column() as u64);
        Problem::new(place, format!("is no log of jobs: {error}"))
    })?;
    let (mut tally, mut attempts) = (ImportTally::default(), Vec::new());
    for job in &jobs {
        tally.rows_read += 1;
        let before = attempts.len();
        for (number, attempt) in job.attempts.iter().enumerate() {
            attempts.extend(instances(&path, job, number, attempt)?);
        }
        match attempts.len() - before {
            0 => *tally.left_out.entry("have no attempt with a start and GPUs").or_insert(0) += 1,
            rows => tally.rows_added += rows as u64 - 1,
        }
    }
    tally.lost.insert("its CPU and memory, which are not published", attempts.len() as u64);
    tally.lost.insert("the time it waited in the original queue", attempts.len() as u64);
    attempts.sort_by_key(|attempt: &ForeignInstance| attempt.start);
    let first = attempts.first().map_or(Time::ZERO, |attempt| attempt.start);
    for attempt in &attempts {
        writer.write(&attempt.cells(first))?;
    }
    Ok(tally)
}

/// Returns an instance for each server of an attempt; none for one without a start, or that ended before it.
fn instances(
    path: &Path,
    job: &Job,
    number: usize,
    attempt: &Attempt,
) -> Result<Vec<ForeignInstance>, Problem> {
    let time = |text: &Option<String>| match text.as_deref().filter(|text| *text != "None") {
        None => Ok(None),
        Some(text) => unix_time(text).map(Some).ok_or_else(|| {
            let found = format!("found `{text}` in job `{}`, expected a date and time", job.jobid);
            Problem::new(Place::file(path), found)
        }),
    };
    let (start, end) = (time(&attempt.start_time)?, time(&attempt.end_time)?);
    let Some(start) = start.filter(|start| end.is_none_or(|end| end >= *start)) else {
        return Ok(Vec::new());
    };
    let servers = attempt.detail.iter().filter(|server| !server.gpus.is_empty());
    Ok(servers
        .map(|server| ForeignInstance {
            start,
            end,
            shape: Resources([0, 0, server.gpus.len() as u32 * 1000, 0, 0]),
            name: format!("{}/{number}", job.jobid),
            account: job.vc.clone(),
            ..ForeignInstance::default()
        })
        .collect())
}
