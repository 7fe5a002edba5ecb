//! Every page is in the table of contents, and every link leads somewhere.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::markdown::{Piece, TOP, pages_of_the_book, pieces, text};

/// The places of the links in a page: what stands between the round brackets of `[…](…)`, outside of code.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in pieces(page) {
        let Piece::Prose(prose) = piece else { continue };
        // What stands between backticks is no link.
        let plain: String = prose.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for after in plain.split("](").skip(1) {
            found.push(after.split(')').next().expect("a split has a first part").to_string());
        }
    }
    found
}

/// The name that mdBook and GitHub give a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || ['-', '_', ' '].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}

/// The names of all headings of a page.
fn anchors(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in pieces(page) {
        let Piece::Prose(prose) = piece else { continue };
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        found.extend(headings.map(|line| anchor(line.trim_start_matches('#'))));
    }
    found
}

/// A path without `.` and `..`, from the top of the project.
fn plain(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(parts.pop(), "{}: leads out of the project", path.display()),
            Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts
}

/// The file that a link of a page leads to, from the top of the project.
fn target(page: &str, link: &str) -> PathBuf {
    let folder = Path::new(page).parent().expect("a page is in a folder");
    plain(&folder.join(link))
}

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    let more = ["docs/SUMMARY.md", "README.md", "notebooks/README.md"].map(String::from);
    for page in pages_of_the_book().into_iter().chain(more) {
        for link in links(&text(&page)) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let to = if file.is_empty() { PathBuf::from(&page) } else { target(&page, file) };
            assert!(Path::new(TOP).join(&to).exists(), "{page}: `{link}` leads to nothing");
            // A reader of the built book has its pages and nothing else.
            let of_book = page.starts_with("docs/");
            assert!(!of_book || to.starts_with("docs"), "{page}: `{link}` leads out of the book");
            if !place.is_empty() {
                let anchors = anchors(&text(to.to_str().expect("a plain path")));
                assert!(anchors.contains(&place.to_string()), "{page}: `{link}`: no such heading");
            }
            count += 1;
        }
    }
    assert!(count > 50, "only {count} links were found");
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let listed: Vec<String> = links(&text("docs/SUMMARY.md"))
        .iter()
        .map(|link| target("docs/SUMMARY.md", link).to_str().expect("a plain path").to_string())
        .collect();
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice: {listed:?}");
    let pages = pages_of_the_book();
    assert_eq!(once.into_iter().cloned().collect::<Vec<_>>(), pages);
}

#[test]
fn no_two_headings_of_a_page_have_the_same_name() {
    for page in pages_of_the_book() {
        let anchors = anchors(&text(&page));
        let once: BTreeSet<&String> = anchors.iter().collect();
        assert_eq!(once.len(), anchors.len(), "{page}: {anchors:?}");
    }
}

#[test]
fn anchors_are_those_of_the_renderers() {
    assert_eq!(anchor(" `[[zones.hosts]]`"), "zoneshosts");
    assert_eq!(anchor("What is left, and when?"), "what-is-left-and-when");
}
