//! Charts as files of a result folder.

use sha2::{Digest, Sha256};

use crate::ReportFile;
use plimsoll_chart::plot::Plot;
use plimsoll_chart::{layout, palette, pdf, png, svg};

/// Pattern of the files in a result folder.
pub const FILES: &str = "charts/*.svg";

/// Returns a plot as a file of a result folder, in the light or dark colours of the reader's system.
pub fn svg_file(plot: &Plot) -> ReportFile {
    let scene = layout::lay_out(plot, layout::STANDALONE);
    let bytes = svg::file(&scene, &plot.title, &plot.caption).into_bytes();
    ReportFile { name: format!("charts/{}.svg", plot.name), bytes }
}

/// Returns a plot as two pictures of a result folder, light and dark.
pub fn png_files(plot: &Plot) -> [ReportFile; 2] {
    let scene = layout::lay_out(plot, layout::STANDALONE);
    [&palette::LIGHT, &palette::DARK].map(|theme| ReportFile {
        name: format!("charts/{}{}.png", plot.name, theme.suffix),
        bytes: png::file(&scene, theme),
    })
}

/// Returns a plot as a page of a result folder, dark on white as papers are.
pub fn pdf_file(plot: &Plot) -> ReportFile {
    let scene = layout::lay_out(plot, layout::STANDALONE);
    let bytes = pdf::file(&scene, &plot.title, &palette::LIGHT);
    ReportFile { name: format!("charts/{}.pdf", plot.name), bytes }
}

/// Most letters of the name of a file that come from data: file systems take 255, and the kind of the chart needs some.
const LONGEST: usize = 120;

/// Returns the name of a file for a name in words. Different words have different names.
pub fn file_name(words: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let of = |c: char| if plain(c) { c.to_string() } else { format!("~{:x}", c as u32) };
    let name: String = words.chars().map(of).collect();
    if name.len() <= LONGEST {
        return name;
    }
    // The hash stands for the part that is cut off.
    let hash: String = Sha256::digest(words).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}~~{hash}", &name[..LONGEST - 2 - hash.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_a_file_of_its_own() {
        let long = "<script>&\"'".repeat(1000);
        let longer = format!("{long}!");
        let words = ["a", "A b", "a/b", "../a", "ä", &long, &longer];
        let files: Vec<String> = words.iter().map(|words| file_name(words)).collect();
        for (i, file) in files.iter().enumerate() {
            assert!(file.len() <= 120 && !file.contains(['/', '.']), "{file}");
            assert!(!files[..i].contains(file), "{file}");
        }
    }
}
