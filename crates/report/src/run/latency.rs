//! `latency.csv`, `latency/*.hlog` and `latency/*.hgrm`: durations, as percentiles and as whole distributions;
//! of one run, or of several together, whose histograms add up exactly.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, IntervalLogWriterBuilder, LogEntry};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use crate::ReportFile;
use crate::load::broken;
use plimsoll_base::input::{InputError, Place, Problem};
use plimsoll_base::units::NS_PER_S;
use plimsoll_base::units::figures::seconds;
use plimsoll_sim::summary::Run;
use plimsoll_sim::summary::percentiles::FIGURES;

/// Name of the table.
pub const FILE: &str = "latency.csv";

/// Steps from one half of the distribution's rest to the next in a percentile file: what HdrHistogram's own tools take.
const STEPS_TO_A_HALF: u32 = 5;

/// Returns `latency.csv`.
pub fn table(run: &Run<'_>) -> Vec<ReportFile> {
    vec![table_of(named(run))]
}

/// Returns an interval log per name: a single interval from the end of the warm-up to the end of the run, with
/// values in nanoseconds. Time 0 of the run is the epoch, so that the bytes are the same each time.
pub fn histograms(run: &Run<'_>) -> Vec<ReportFile> {
    let outcome = run.outcome;
    let begin = Duration::from_nanos(outcome.warmup_end.0);
    let length = Duration::from_nanos(outcome.horizon.since(outcome.warmup_end).0);
    named(run).map(|(name, histogram)| log(name, histogram, begin, length)).collect()
}

/// Returns a percentile file per name.
pub fn percentiles(run: &Run<'_>) -> Vec<ReportFile> {
    named(run).map(|(name, histogram)| percentile_file(name, histogram)).collect()
}

/// Returns the same files of several results together. Every duration of every run counts once, as if one run had had them
/// all: histograms of one precision add up without loss.
pub fn merged(results: &[PathBuf]) -> Result<Vec<ReportFile>, InputError> {
    let mut all: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
    for result in results {
        let read = read(&result.join("latency"))?;
        if read.is_empty() {
            let problem = Problem::new(Place::file(result), "has no histograms (latency/*.hlog)");
            return Err(problem
                .with_help("name result folders of `plimsoll run` in which something took place")
                .into());
        }
        for DurationDistribution { name, histogram } in read {
            match all.get_mut(&name) {
                Some(sum) => sum.add(histogram).expect("a histogram grows to whatever is added"),
                None => _ = all.insert(name, histogram),
            }
        }
    }
    let of = || all.iter().map(|(name, histogram)| (name.as_str(), histogram));
    let mut files = vec![table_of(of())];
    // Each run has its own times; the sum has none.
    files.extend(of().map(|(name, histogram)| log(name, histogram, Duration::ZERO, Duration::ZERO)));
    files.extend(of().map(|(name, histogram)| percentile_file(name, histogram)));
    Ok(files)
}

fn named<'a>(run: &Run<'a>) -> impl Iterator<Item = (&'a str, &'a Histogram<u64>)> {
    run.outcome.latency.iter().map(|latency| (latency.name.as_str(), &latency.histogram))
}

fn table_of<'a>(of: impl Iterator<Item = (&'a str, &'a Histogram<u64>)>) -> ReportFile {
    let names: Vec<String> = FIGURES.iter().map(|figure| format!("{}_s", figure.name)).collect();
    let mut text = format!("what,count,{}\n", names.join(","));
    for (name, histogram) in of {
        let figures: Vec<String> = FIGURES.iter().map(|figure| seconds((figure.ns)(histogram))).collect();
        let _ = writeln!(text, "{name},{},{}", histogram.len(), figures.join(","));
    }
    ReportFile { name: FILE.to_string(), bytes: text.into_bytes() }
}

fn log(name: &str, histogram: &Histogram<u64>, begin: Duration, length: Duration) -> ReportFile {
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    // No tag: the Java tool cannot read a log of nothing but tagged lines.
    IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.2]")
        .with_start_time(UNIX_EPOCH)
        .with_max_value_divisor(NS_PER_S as f64)
        .begin_log_with(&mut bytes, &mut serializer)
        .expect("memory takes every line")
        .write_histogram(histogram, begin, length, None)
        .expect("a histogram of our own can be serialised");
    ReportFile { name: format!("latency/{name}.hlog"), bytes }
}

/// Returns the percentiles as HdrHistogram's `outputPercentileDistribution` writes them, in seconds: what its plotters read.
fn percentile_file(name: &str, histogram: &Histogram<u64>) -> ReportFile {
    let in_seconds = |ns: f64| ns / NS_PER_S as f64;
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut counted = 0;
    for step in histogram.iter_quantiles(STEPS_TO_A_HALF) {
        counted += step.count_since_last_iteration();
        let (value, quantile) = (in_seconds(step.value_iterated_to() as f64), step.quantile_iterated_to());
        let _ = write!(text, "{value:>12.9} {quantile:>14.12} {counted:>10}");
        // The last one would be infinite.
        let _ =
            if quantile < 1.0 { writeln!(text, " {:>14.2}", 1.0 / (1.0 - quantile)) } else { writeln!(text) };
    }
    let (mean, deviation) = (in_seconds(histogram.mean()), in_seconds(histogram.stdev()));
    let _ = writeln!(text, "#[Mean    = {mean:>12.9}, StdDeviation   = {deviation:>12.9}]");
    let (most, count) = (in_seconds(histogram.max() as f64), histogram.len());
    let _ = writeln!(text, "#[Max     = {most:>12.9}, Total count    = {count:>12}]");
    ReportFile { name: format!("latency/{name}.hgrm"), bytes: text.into_bytes() }
}

/// Distribution of the durations of something.
#[derive(Clone, Debug)]
pub struct DurationDistribution {
    /// Name of what took the time.
    pub name: String,
    /// Durations \[ns\].
    pub histogram: Histogram<u64>,
}

/// Reads every log of a folder, by name; none where there is no folder.
pub fn read(folder: &Path) -> Result<Vec<DurationDistribution>, InputError> {
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
        read.push(DurationDistribution { name, histogram });
    }
    Ok(read)
}

/// Returns all intervals of a log together; `None` where it is no log.
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

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_sim::summary::sample::with_run;

    #[test]
    fn a_log_reads_back_as_the_same_histogram() {
        with_run(|run| {
            let files = histograms(run);
            assert_eq!(files[0].name, "latency/launch.hlog");
            let mut read = Vec::new();
            for entry in IntervalLogIterator::new(&files[0].bytes) {
                if let LogEntry::Interval(interval) = entry.unwrap() {
                    assert_eq!(interval.tag(), None);
                    let bytes = base64_decode(interval.encoded_histogram());
                    read.push(Deserializer::new().deserialize::<u64, _>(&mut &bytes[..]).unwrap());
                }
            }
            assert_eq!(read, [run.outcome.latency[0].histogram.clone()]);
        });
    }

    /// Checks the layout of HdrHistogram's tool: value, percentile, number at or below it, and one in how many lies above.
    #[test]
    fn a_percentile_file_ends_with_all_values() {
        with_run(|run| {
            let file = percentiles(run).remove(0);
            assert_eq!(file.name, "latency/launch.hgrm");
            let text = String::from_utf8(file.bytes).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
            assert_eq!((lines[1], lines[2]), ("", " 0.000000000 0.000000000000          1           1.00"));
            let last = lines.iter().rev().find(|line| !line.starts_with('#')).unwrap();
            let words: Vec<&str> = last.split_whitespace().collect();
            assert!(words[0].starts_with("2.50") && words[1..] == ["1.000000000000", "2"], "{last}");
            assert!(lines[lines.len() - 1].ends_with("Total count    =            2]"), "{text}");
        });
    }

    #[test]
    fn histograms_of_runs_add_up_exactly() {
        let place = tempfile::tempdir().unwrap();
        let mut whole = Histogram::<u64>::new(3).unwrap();
        let results: Vec<PathBuf> = (0..3).map(|run| place.path().join(run.to_string())).collect();
        for (run, result) in results.iter().enumerate() {
            let mut part = Histogram::<u64>::new(3).unwrap();
            for i in 1..=200 {
                let ns = (i * i * 1_000_003 * (1 + 40 * run)) as u64;
                part.record(ns).unwrap();
                whole.record(ns).unwrap();
            }
            let file = log("launch", &part, Duration::ZERO, Duration::ZERO);
            std::fs::create_dir_all(result.join("latency")).unwrap();
            std::fs::write(result.join(file.name), file.bytes).unwrap();
        }
        let files = merged(&results).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, [FILE, "latency/launch.hlog", "latency/launch.hgrm"]);
        assert_eq!(parse(&files[1].bytes).unwrap(), whole);
        assert_eq!(files[2].bytes, percentile_file("launch", &whole).bytes);
        let told = merged(&[place.path().to_path_buf()]).expect_err("nothing to merge").to_string();
        assert!(told.contains("has no histograms"), "{told}");
    }

    #[test]
    fn percentiles_are_in_seconds() {
        with_run(|run| {
            let text = String::from_utf8(table(run).remove(0).bytes).unwrap();
            let mut lines = text.lines();
            assert_eq!(lines.next(), Some("what,count,mean_s,p50_s,p90_s,p99_s,p999_s,max_s"));
            assert!(lines.next().unwrap().starts_with("launch,2,"), "{text}");
        });
    }

    /// Decodes base64 (RFC 4648): the crate that reads logs leaves the decoding to its caller.
    fn base64_decode(text: &str) -> Vec<u8> {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (mut bits, mut held, mut bytes) = (0u32, 0, Vec::new());
        for byte in text.trim_end_matches('=').bytes() {
            let digit = ALPHABET.iter().position(|letter| *letter == byte).unwrap() as u32;
            (bits, held) = (bits << 6 | digit, held + 6);
            if held >= 8 {
                held -= 8;
                bytes.push((bits >> held) as u8);
            }
        }
        bytes
    }
}
