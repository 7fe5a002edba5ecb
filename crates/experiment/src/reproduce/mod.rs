//! Tables that others published, computed again with the fleet and the placement of this project.
//!
//! A [`Study`] names a publication, reads its data from a folder, and returns each published figure beside ours. A figure
//! that follows from the data alone must be equal in every printed digit; one that depends on draws that cannot be repeated
//! is compared within a tolerance. [`STUDIES`] is the register.

mod exact;
mod huawei;
mod openb_fgd;

use std::path::Path;

use plimsoll_base::input::{InputError, Place, Problem, did_you_mean};
use serde::Serialize;

/// Every study, by name.
pub const STUDIES: &[Study] = &[huawei::wait::STUDY, huawei::usage::STUDY, openb_fgd::STUDY];

/// A publication whose figures are computed again.
pub struct Study {
    /// Name on the command line.
    pub name: &'static str,
    /// Contents of its figures, one line.
    pub description: &'static str,
    /// Publication and licence, one line.
    pub source: &'static str,
    /// Files that it reads, relative to the folder of the data.
    pub files: &'static [&'static str],
    /// Function that computes the figures from the folder of the data, in the order of the publication.
    pub figures: fn(&Path) -> Result<Vec<PublishedFigure>, InputError>,
}

/// A published figure, and ours.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PublishedFigure {
    /// Table of the publication that it is in.
    pub table: String,
    /// Row or column of it.
    pub name: String,
    /// Figure as it is printed there.
    pub published: String,
    /// Figure that was computed, exact.
    pub ours: String,
    /// Greatest difference that is no failure; `None`: every printed digit is equal.
    #[serde(skip)]
    pub tolerance: Option<f64>,
}

impl PublishedFigure {
    /// Returns whether ours is the published figure, or within its tolerance.
    pub fn holds(&self) -> bool {
        match self.tolerance {
            None => self.ours == self.published,
            Some(most) => self.difference().is_some_and(|difference| difference.abs() <= most),
        }
    }

    /// Returns ours less the published figure, for showing; `None` where one is no number.
    pub fn difference(&self) -> Option<f64> {
        Some(self.ours.parse::<f64>().ok()? - self.published.parse::<f64>().ok()?)
    }
}

impl Study {
    /// Returns the study of a name.
    ///
    /// # Errors
    ///
    /// There must be one.
    pub fn named(name: &str) -> Result<&'static Study, Problem> {
        STUDIES.iter().find(|study| study.name == name).ok_or_else(|| {
            let problem =
                Problem::new(Place::key("NAME"), format!("found `{name}`, expected a published study"));
            match did_you_mean(name, STUDIES.iter().map(|study| study.name)) {
                Some(help) => problem.with_help(help),
                None => problem,
            }
        })
    }

    /// Computes the figures.
    ///
    /// # Errors
    ///
    /// Every file must be in the folder, and hold what it should.
    pub fn run(&self, data: &Path) -> Result<Vec<PublishedFigure>, InputError> {
        let missing = self.files.iter().filter(|file| !data.join(file).is_file());
        let problem = |file: &&str| {
            let message =
                format!("found no `{file}` in `{}`, expected the data of the study", data.display());
            Problem::new(Place::key("--data"), message).with_help(format!("it comes from {}", self.source))
        };
        let problems: Vec<Problem> = missing.map(problem).collect();
        if problems.is_empty() { (self.figures)(data) } else { Err(InputError(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_holds_to_every_printed_digit_or_within_its_tolerance() {
        let figure = |published: &str, ours: &str, tolerance| PublishedFigure {
            table: String::new(),
            name: String::new(),
            published: published.to_string(),
            ours: ours.to_string(),
            tolerance,
        };
        assert!(figure("1.25", "1.25", None).holds());
        assert!(!figure("1.25", "1.2500001", None).holds());
        assert!(figure("95.2", "96.1", Some(1.0)).holds());
        assert!(!figure("95.2", "96.3", Some(1.0)).holds());
        assert_eq!(figure("2", "1.5", None).difference(), Some(-0.5));
    }

    #[test]
    fn a_study_that_is_not_there_and_data_that_are_missing_are_told() {
        let problem = Study::named("huawei-wit").map(|study| study.name).unwrap_err().to_string();
        assert!(problem.contains("did you mean `huawei-wait`"), "{problem}");
        let folder = tempfile::tempdir().unwrap();
        let problem = STUDIES[0].run(folder.path()).unwrap_err().to_string();
        assert!(problem.contains("`--data`: found no `Huawei-East-1-lt.csv.gz`"), "{problem}");
    }
}
