//! Documents in Markdown, as far as tests look into them.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the project.
pub const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// The text of a file of the project.
pub fn text(file: &str) -> String {
    fs::read_to_string(Path::new(TOP).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every page of the book but its table of contents, by its path from the top of the project, in order.
pub fn pages_of_the_book() -> Vec<String> {
    let mut pages = Vec::new();
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(Path::new(TOP).join(&folder)).expect("a folder of the book") {
            let path = folder.join(entry.expect("a file of the book").file_name());
            if Path::new(TOP).join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.to_str().expect("a plain path").replace('\\', "/"));
            }
        }
    }
    pages.retain(|page| page != "docs/SUMMARY.md");
    pages.sort();
    pages
}

/// A piece of a document.
pub enum Piece {
    /// Between fences, with the language named there.
    Block(String, String),
    /// Anything else.
    Prose(String),
}

/// A document in its pieces.
pub fn pieces(document: &str) -> Vec<Piece> {
    let part = |(i, part): (usize, &str)| match part.split_once('\n') {
        Some((language, code)) if i % 2 == 1 => Piece::Block(language.to_string(), code.to_string()),
        _ => Piece::Prose(part.to_string()),
    };
    document.split("```").enumerate().map(part).collect()
}

/// The blocks of a language.
pub fn blocks(document: &str, language: &str) -> Vec<String> {
    let of_language = |piece| match piece {
        Piece::Block(found, code) if found == language => Some(code),
        _ => None,
    };
    pieces(document).into_iter().filter_map(of_language).collect()
}

/// Every command line of the program, in blocks and between backticks, up to a pipe, a redirection or the next command.
pub fn command_lines(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in pieces(document) {
        match piece {
            Piece::Block(_, code) => {
                let code = code.replace("\\\n", " ");
                let mut lines: Vec<String> = Vec::new();
                for line in code.lines().map(|line| line.trim().trim_start_matches("$ ")) {
                    // What a quote holds may go on in the next line.
                    let is_open = |last: &&mut String| {
                        last.starts_with("plimsoll ") && !last.matches('\'').count().is_multiple_of(2)
                    };
                    match lines.last_mut().filter(is_open) {
                        Some(last) => last.extend([" ", line]),
                        None => lines.push(line.to_string()),
                    }
                }
                found.extend(lines);
            }
            Piece::Prose(prose) => {
                found.extend(prose.split('`').skip(1).step_by(2).map(|code| code.replace('\n', " ")));
            }
        }
    }
    // What a command has printed may begin with its name too: a version does.
    found.retain(|line| {
        line.strip_prefix("plimsoll ").is_some_and(|rest| !rest.starts_with(char::is_numeric))
    });
    found.iter().map(|line| first_command(line).trim().to_string()).collect()
}

/// A line up to what stands outside quotes and ends a command.
fn first_command(line: &str) -> &str {
    let mut is_quoted = false;
    let end = line.find(|c| {
        is_quoted ^= c == '\'';
        !is_quoted && matches!(c, '|' | '>' | ';')
    });
    &line[..end.unwrap_or(line.len())]
}
