//! Colours of charts, from Okabe and Ito ("Color Universal Design", 2008), which people with any kind of colour vision can
//! distinguish. Each series has dashes of its own too, so that a chart printed in grey can be read.

use crate::scene::Ink;

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// Number of series that can be distinguished in one chart.
pub const SERIES: usize = 8;

/// Number of steps of a sequential scale.
pub const SHADES: usize = 9;

/// Set of colours.
#[derive(Debug)]
pub struct Theme {
    /// Suffix of the name of a file.
    pub suffix: &'static str,
    text: Rgb,
    muted: Rgb,
    grid: Rgb,
    paper: Rgb,
    series: [Rgb; SERIES],
    /// Least, middle and greatest colour of the sequential scale, which is linear between them.
    shades: [Rgb; 3],
}

/// Dark text on a light background.
pub const LIGHT: Theme = Theme {
    suffix: "",
    text: [0x1b, 0x1f, 0x24],
    muted: [0x5c, 0x65, 0x70],
    grid: [0xe4, 0xe7, 0xeb],
    paper: [0xff, 0xff, 0xff],
    series: [
        [0x00, 0x72, 0xb2],
        [0xd5, 0x5e, 0x00],
        [0x00, 0x9e, 0x73],
        [0xe6, 0x9f, 0x00],
        [0xcc, 0x79, 0xa7],
        [0x56, 0xb4, 0xe9],
        [0x8b, 0x93, 0x9c],
        [0x3a, 0x40, 0x47],
    ],
    shades: [[0xe3, 0xee, 0xf6], [0x56, 0xa0, 0xcb], [0x06, 0x2f, 0x55]],
};

/// Light text on a dark background: the same hues, lighter.
pub const DARK: Theme = Theme {
    suffix: "-dark",
    text: [0xe8, 0xea, 0xed],
    muted: [0xa2, 0xab, 0xb5],
    grid: [0x31, 0x38, 0x41],
    paper: [0x14, 0x18, 0x1d],
    series: [
        [0x4a, 0xa8, 0xe0],
        [0xf0, 0x86, 0x44],
        [0x34, 0xc2, 0x98],
        [0xf2, 0xb9, 0x3b],
        [0xdf, 0xa0, 0xc4],
        [0x35, 0x73, 0x9c],
        [0x7d, 0x86, 0x90],
        [0xc9, 0xce, 0xd4],
    ],
    shades: [[0x1d, 0x2b, 0x38], [0x2c, 0x7f, 0xb0], [0xc8, 0xe8, 0xfb]],
};

/// Lengths of dash and gap in turn \[px\]; an empty list is a solid line.
pub const DASHES: [&[f64]; SERIES] = [
    &[],
    &[7.0, 3.0],
    &[2.0, 2.5],
    &[9.0, 3.0, 2.0, 3.0],
    &[4.0, 2.0],
    &[12.0, 4.0],
    &[1.0, 3.0],
    &[5.0, 5.0],
];

impl Theme {
    /// Returns the colour of an ink.
    pub fn colour(&self, ink: Ink) -> Rgb {
        match ink {
            Ink::Text => self.text,
            Ink::Muted => self.muted,
            Ink::Grid => self.grid,
            Ink::Paper => self.paper,
            Ink::Series(number) => self.series[number % SERIES],
            Ink::Shade(step) => self.shade(step),
        }
    }

    fn shade(&self, step: usize) -> Rgb {
        let at = (step.clamp(1, SHADES) - 1) as f64 / (SHADES - 1) as f64 * 2.0;
        let [least, middle, most] = self.shades;
        let (from, to, share) = if at < 1.0 { (least, middle, at) } else { (middle, most, at - 1.0) };
        let mix = |i: usize| (f64::from(from[i]) + (f64::from(to[i]) - f64::from(from[i])) * share).round();
        [0, 1, 2].map(|i| mix(i) as u8)
    }
}

/// Returns the class of an ink in a style sheet.
pub fn class(ink: Ink) -> String {
    match ink {
        Ink::Text => "text".to_string(),
        Ink::Muted => "muted".to_string(),
        Ink::Grid => "grid".to_string(),
        Ink::Paper => "paper".to_string(),
        Ink::Series(number) => format!("s{}", number % SERIES),
        Ink::Shade(step) => format!("h{step}"),
    }
}

/// Returns every ink.
fn inks() -> impl Iterator<Item = Ink> {
    [Ink::Text, Ink::Muted, Ink::Grid, Ink::Paper]
        .into_iter()
        .chain((0..SERIES).map(Ink::Series))
        .chain((1..=SHADES).map(Ink::Shade))
}

/// Returns the style sheet of the charts: a custom property for each ink in both themes, and the classes that use them.
pub fn style_sheet() -> String {
    let properties = |theme: &Theme| {
        let one = |ink| {
            let [red, green, blue] = theme.colour(ink);
            format!("--{}:#{red:02x}{green:02x}{blue:02x};", class(ink))
        };
        inks().map(one).collect::<String>()
    };
    let mut sheet = format!(
        ":root{{color-scheme:light dark;{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n\
         @media print{{:root{{{}}}}}\n",
        properties(&LIGHT),
        properties(&DARK),
        properties(&LIGHT),
    );
    for ink in inks() {
        let class = class(ink);
        sheet.push_str(&format!(".plot .{class}{{--ink:var(--{class})}}"));
    }
    sheet.push('\n');
    for (number, dashes) in DASHES.iter().enumerate().filter(|(_, dashes)| !dashes.is_empty()) {
        let lengths: Vec<String> = dashes.iter().map(f64::to_string).collect();
        sheet.push_str(&format!(".plot .line.s{number}{{stroke-dasharray:{}}}", lengths.join(" ")));
    }
    sheet.push_str(
        "\n.plot .line{fill:none;stroke:var(--ink);stroke-linejoin:round;vector-effect:non-scaling-stroke}\
         .plot .fill{fill:var(--ink)}\
         .plot text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;\
         font-variant-numeric:tabular-nums;fill:var(--ink)}\n",
    );
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the relative luminance of a colour (WCAG 2.1).
    fn luminance(colour: Rgb) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { libm::pow((part + 0.055) / 1.055, 2.4) }
        };
        0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
    }

    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        if a > b { a / b } else { b / a }
    }

    #[test]
    fn words_stand_out_and_shades_run_one_way() {
        for theme in [&LIGHT, &DARK] {
            assert!(contrast(theme.text, theme.paper) >= 7.0);
            assert!(contrast(theme.muted, theme.paper) >= 4.5);
            assert!(theme.series.iter().all(|colour| contrast(*colour, theme.paper) >= 2.0));
            let steps: Vec<f64> =
                (1..=SHADES).map(|step| contrast(theme.colour(Ink::Shade(step)), theme.paper)).collect();
            assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        }
    }

    #[test]
    fn no_two_series_share_their_dashes() {
        for (i, dashes) in DASHES.iter().enumerate() {
            assert!(!DASHES[..i].contains(dashes));
        }
    }
}
