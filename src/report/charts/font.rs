//! The font of the pictures: DejaVu Sans, which comes with the program, so that text needs no font of the system.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

/// The name under which the font is known to the drawing library.
const NAME: &str = "DejaVu Sans";

/// The font at a height \[px\].
pub fn font(size: f64, bold: bool) -> FontDesc<'static> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        for (style, bytes) in
            [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())]
        {
            assert!(register_font(NAME, style, bytes).is_ok(), "the font is whole");
        }
    });
    FontDesc::new(FontFamily::Name(NAME), size, if bold { FontStyle::Bold } else { FontStyle::Normal })
}

/// How wide a line of text is \[px\]. Browsers take fonts of their own for text in SVG, which run narrower.
pub fn width(text: &str, size: f64) -> f64 {
    font(size, false).box_size(text).map_or(0.0, |(width, _)| f64::from(width))
}

/// The text, cut short with an ellipsis where it is wider than `most` \[px\].
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
