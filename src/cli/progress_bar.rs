//! The progress bar of runs and experiments.

use indicatif::{ProgressBar, ProgressStyle};

use crate::units::Duration;
use crate::units::figures::span;

/// Length of a run below which it has no bar \[s\].
pub const PATIENCE_S: f64 = 1.0;

/// Steps of the bar: more than a terminal has columns.
pub const STEPS: u64 = 1000;

/// Returns the time that is left when so much of the work, 0 to 1, took so long \[s\].
pub fn left(done: f64, took_s: f64) -> String {
    let left_s = (took_s / done.max(f64::MIN_POSITIVE) - took_s).min(1e9);
    span(Duration::from_seconds(left_s.ceil() as u64))
}

/// Returns a bar where the end is known, else a spinner.
pub fn new_bar(end_is_known: bool) -> ProgressBar {
    let template = if end_is_known { "[{bar:30}] {msg}" } else { "{spinner} {msg}" };
    let style = ProgressStyle::with_template(template).expect("the template is a constant");
    ProgressBar::new(STEPS).with_style(style.progress_chars("=> "))
}
