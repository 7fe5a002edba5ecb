//! `latency.csv` and `latency/*.hlog`: how long things took, as percentiles and as whole distributions.

use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::IntervalLogWriterBuilder;

use super::{ReportFile, Run};
use crate::summary::percentiles::FIGURES;
use crate::units::NS_PER_S;
use crate::units::figures::seconds;

/// `latency.csv`.
pub fn table(run: &Run<'_>) -> Vec<ReportFile> {
    let names: Vec<String> = FIGURES.iter().map(|figure| format!("{}_s", figure.name)).collect();
    let mut text = format!("what,count,{}\n", names.join(","));
    for latency in &run.outcome.latency {
        let histogram = &latency.histogram;
        let figures: Vec<String> = FIGURES.iter().map(|figure| seconds((figure.ns)(histogram))).collect();
        text.push_str(&format!("{},{},{}\n", latency.name, histogram.len(), figures.join(",")));
    }
    vec![ReportFile { name: "latency.csv".to_string(), bytes: text.into_bytes() }]
}

/// One interval log per name: a single interval from the end of the warm-up to the end of the run, with
/// values in nanoseconds. Time 0 of the run is the epoch, so that the bytes are the same each time.
pub fn histograms(run: &Run<'_>) -> Vec<ReportFile> {
    let outcome = run.outcome;
    let begin = Duration::from_nanos(outcome.warmup_end.0);
    let length = Duration::from_nanos(outcome.horizon.since(outcome.warmup_end).0);
    let log = |histogram: &Histogram<u64>| {
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
        bytes
    };
    let name = |what: &str| format!("latency/{what}.hlog");
    (outcome.latency.iter())
        .map(|latency| ReportFile { name: name(&latency.name), bytes: log(&latency.histogram) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::run::tests::with_run;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

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

    #[test]
    fn percentiles_are_in_seconds() {
        with_run(|run| {
            let text = String::from_utf8(table(run).remove(0).bytes).unwrap();
            let mut lines = text.lines();
            assert_eq!(lines.next(), Some("what,count,mean_s,p50_s,p90_s,p99_s,p999_s,max_s"));
            assert!(lines.next().unwrap().starts_with("launch,2,"), "{text}");
        });
    }

    /// RFC 4648, plain: the crate that reads logs leaves the decoding to its caller.
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
