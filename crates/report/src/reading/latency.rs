//! `latency/*.hlog`: whole distributions of durations, from HdrHistogram interval logs.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use super::broken;
use plimsoll_base::input::{InputError, Place, Problem};

/// How long something took.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// What.
    pub name: String,
    /// Durations \[ns\].
    pub histogram: Histogram<u64>,
}

/// Reads every log of a folder, by name; none where there is no folder.
pub fn read(folder: &Path) -> Result<Vec<Distribution>, InputError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "hlog"));
    paths.sort();
    let mut read = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(&path)
            .map_err(|error| Problem::new(Place::file(&path), format!("cannot be read: {error}")))?;
        let histogram = parse(&bytes).ok_or_else(|| broken(&path, "no HdrHistogram interval log"))?;
        read.push(Distribution { name, histogram });
    }
    Ok(read)
}

/// All intervals of a log together; `None` where it is no log.
pub fn parse(bytes: &[u8]) -> Option<Histogram<u64>> {
    let mut all: Option<Histogram<u64>> = None;
    for entry in IntervalLogIterator::new(bytes) {
        if let LogEntry::Interval(interval) = entry.ok()? {
            let packed = STANDARD.decode(interval.encoded_histogram()).ok()?;
            let histogram = Deserializer::new().deserialize::<u64, _>(&mut &packed[..]).ok()?;
            // One that was read does not grow; a new one does.
            let empty = || Histogram::new(histogram.sigfig()).expect("this precision was read");
            all.get_or_insert_with(empty).add(&histogram).ok()?;
        }
    }
    all
}
