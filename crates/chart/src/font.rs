//! Font of the pictures: DejaVu Sans, built into the program, so that text needs no font of the system.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, OutlineCurve, ScaleFont};

/// From the top of the tallest to the bottom of the deepest letter, in ems (the `hhea` table of the font). `ab_glyph` takes
/// this height for the size of a font; browsers and everything else take the em.
const EXTENT: f64 = (1901.0 + 483.0) / 2048.0;

/// Returns the file of the font in one weight.
#[inline(never)] // Else the program holds a copy of each file for every place that asks.
pub fn data(bold: bool) -> &'static [u8] {
    if bold { dejavu::sans::bold() } else { dejavu::sans::regular() }
}

/// Returns the font in one weight.
fn face(bold: bool) -> &'static FontRef<'static> {
    static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| parsed(data(false)));
    static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| parsed(data(true)));
    if bold { &BOLD } else { &REGULAR }
}

fn parsed(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the font is whole")
}

/// Returns the width of a line of text \[px\]. For text in SVG browsers use fonts of their own, hardly any of which is
/// wider than this one.
pub fn width(text: &str, size: f64) -> f64 {
    // Whole pixels of a font so many times as large are fractions of a pixel of this one.
    const FINE: f64 = 16.0;
    let (_, width) = advances(text, size * FINE, false);
    f64::from(width as i32) / FINE
}

/// Returns the distance of each letter from the beginning of a line of text, and the width of the line \[px\].
fn advances(text: &str, size: f64, bold: bool) -> (Vec<f32>, f32) {
    let font = face(bold).as_scaled((size * EXTENT) as f32);
    let (mut at, mut previous) = (0.0, None);
    let mut begins = Vec::new();
    for letter in text.chars() {
        let glyph = font.glyph_id(letter);
        at += previous.map_or(0.0, |previous| font.kern(previous, glyph));
        begins.push(at);
        at += font.h_advance(glyph);
        previous = Some(glyph);
    }
    (begins, at)
}

/// Letter of a line of text.
pub struct Glyph {
    /// Letter.
    pub letter: char,
    /// Number of its glyph in the font.
    pub number: u16,
    /// Distance from the beginning of the line \[px\].
    pub begin: f32,
    /// Width \[thousandths of the font's size\].
    pub advance: f32,
}

/// Returns the letters of a line of text, and the width of the line \[px\].
pub fn glyphs(text: &str, size: f64, bold: bool) -> (Vec<Glyph>, f32) {
    let font = face(bold);
    let (begins, width) = advances(text, size, bold);
    let thousandth = 1000.0 / units_per_em(font);
    let glyph = |(letter, begin): (char, f32)| {
        let id = font.glyph_id(letter);
        Glyph { letter, number: id.0, begin, advance: font.h_advance_unscaled(id) * thousandth }
    };
    (text.chars().zip(begins).map(glyph).collect(), width)
}

/// Measures of a font \[thousandths of its size\].
pub struct FontMeasures {
    /// From the base line to the top of the tallest letter.
    pub ascent: f32,
    /// From the base line to the bottom of the deepest letter, negative.
    pub descent: f32,
    /// Least x and y, greatest x and y of a letter between ascent and descent.
    pub bounds: [f32; 4],
}

/// Returns the measures of the font in one weight.
pub fn measures(bold: bool) -> FontMeasures {
    let font = face(bold);
    let thousandth = 1000.0 / units_per_em(font);
    let (ascent, descent) = (font.ascent_unscaled() * thousandth, font.descent_unscaled() * thousandth);
    FontMeasures { ascent, descent, bounds: [-1000.0, descent, 2000.0, ascent] }
}

fn units_per_em(font: &FontRef<'_>) -> f32 {
    font.units_per_em().expect("the font has a size")
}

/// Returns the outline of a line of text \[px\]: the curves of its letters, from the beginning of the base line, y
/// downwards; and the width of the line.
pub fn outline(text: &str, size: f64, bold: bool) -> (Vec<OutlineCurve>, f32) {
    let font = face(bold);
    let scale = size as f32 / units_per_em(font);
    let (begins, width) = advances(text, size, bold);
    let mut curves = Vec::new();
    for (letter, begin) in text.chars().zip(begins) {
        let place = |point: ab_glyph::Point| ab_glyph::point(begin + point.x * scale, -point.y * scale);
        let outline = font.outline(font.glyph_id(letter));
        curves.extend(outline.into_iter().flat_map(|outline| outline.curves).map(|curve| match curve {
            OutlineCurve::Line(a, b) => OutlineCurve::Line(place(a), place(b)),
            OutlineCurve::Quad(a, b, c) => OutlineCurve::Quad(place(a), place(b), place(c)),
            OutlineCurve::Cubic(a, b, c, d) => OutlineCurve::Cubic(place(a), place(b), place(c), place(d)),
        }));
    }
    (curves, width)
}

/// Returns a text, cut short in the middle with an ellipsis where it is wider than `most` \[px\].
pub fn fitted(text: &str, size: f64, most: f64) -> String {
    // Names may be of any length; what no line could hold need not be measured.
    const LONGEST: usize = 400;
    let within = text.chars().count() <= LONGEST && width(text, size) <= most;
    if within {
        return text.to_string();
    }
    // What tells names apart is at both of their ends.
    let letters: Vec<char> = text.chars().collect();
    let mut kept = letters.len().min(LONGEST);
    loop {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let first: String = letters[..head].iter().collect();
        let last: String = letters[letters.len() - tail..].iter().collect();
        let shorter = format!("{first}…{last}");
        if kept == 0 || width(&shorter, size) <= most {
            return shorter;
        }
        kept -= (kept / 8).max(1);
    }
}
