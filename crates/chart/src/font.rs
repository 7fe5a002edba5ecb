//! Font of the pictures: DejaVu Sans, built into the program, so that text needs no font of the system.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

/// The name under which the font is known to the drawing library.
const NAME: &str = "DejaVu Sans";

/// From the top of the tallest to the bottom of the deepest letter, in sizes of the font (its `hhea` table). The
/// drawing library takes this for the size; everybody else, such as a browser, the em.
const EXTENT: f64 = (1901.0 + 483.0) / 2048.0;

/// The font at a size \[px\], and how far its base line lies below where the drawing library begins.
pub fn font_and_rise(size: f64, bold: bool) -> (FontDesc<'static>, f64) {
    (font(size, bold), size * EXTENT / 2.0)
}

fn font(size: f64, bold: bool) -> FontDesc<'static> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        for (style, bytes) in
            [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())]
        {
            assert!(register_font(NAME, style, bytes).is_ok(), "the font is whole");
        }
    });
    FontDesc::new(
        FontFamily::Name(NAME),
        size * EXTENT,
        if bold { FontStyle::Bold } else { FontStyle::Normal },
    )
}

/// Width of a line of text \[px\]. For text in SVG browsers use fonts of their own, hardly any of which is wider than this
/// one.
pub fn width(text: &str, size: f64) -> f64 {
    // Whole pixels of a font so many times as large are parts of a pixel of this one.
    const FINE: f64 = 16.0;
    font(size * FINE, false).box_size(text).map_or(0.0, |(width, _)| f64::from(width) / FINE)
}

/// Text, cut short with an ellipsis where it is wider than `most` \[px\].
pub fn fitted(text: &str, size: f64, most: f64) -> String {
    // Names may be of any length; what no line could hold need not be measured.
    const LONGEST: usize = 400;
    let within = text.chars().count() <= LONGEST && width(text, size) <= most;
    if within {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().take(LONGEST).collect();
    loop {
        let shorter: String = kept.iter().collect::<String>() + "…";
        if kept.is_empty() || width(&shorter, size) <= most {
            return shorter;
        }
        kept.truncate(kept.len() - (kept.len() / 8).max(1));
    }
}
