//! A scene as SVG: in a file of its own, or inside a page that has the style sheet.

use std::fmt::Write as _;

use crate::palette::{DASHES, LIGHT, SERIES, class, style_sheet};
use crate::scene::{Anchor, Ink, Mark, Point, Scene};

/// Source of the colours of marks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    /// Attributes of the marks, over which the style sheet goes where it is understood: viewers outside browsers know no
    /// custom properties.
    Attributes,
    /// Style sheet alone.
    StyleSheet,
}

/// Writes SVG as a file of its own, light or dark like the reader's system.
pub fn file(scene: &Scene, title: &str, caption: &str) -> String {
    let Scene { width, height, .. } = scene;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n\
         <style>\n{}</style>\n<rect class=\"fill paper\"{} width=\"100%\" height=\"100%\"/>\n{}</svg>\n",
        escape(title),
        escape(caption),
        style_sheet(),
        fill(Ink::Paper, Colours::Attributes),
        groups(scene, Colours::Attributes),
    )
}

/// Writes SVG as a part of a page, in the classes `plot` and `size`. The page describes its content beside it.
pub fn inline(scene: &Scene, size: &str) -> String {
    let Scene { width, height, frame, .. } = scene;
    format!(
        "<svg class=\"plot {size}\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\" \
         data-frame=\"{} {} {} {}\">{}</svg>",
        px(frame.left),
        px(frame.top),
        px(frame.width),
        px(frame.height),
        groups(scene, Colours::StyleSheet),
    )
}

/// Writes marks in groups that a script can find. The data are in a viewport of their own, which clips them to the frame, but for
/// half the width of a line.
fn groups(scene: &Scene, colours: Colours) -> String {
    let frame = scene.frame;
    format!(
        "<g class=\"behind\">\n{}</g>\n<g class=\"ticks\">\n{}</g>\n\
         <svg x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" viewBox=\"{left} {top} {width} {height}\">\
         <g class=\"data\">\n{}</g></svg>\n<g class=\"notes\">\n{}</g>\n",
        marks(&scene.behind, colours),
        marks(&scene.ticks, colours),
        marks(&scene.data, colours),
        marks(&scene.notes, colours),
        left = px(frame.left - 4.0),
        top = px(frame.top - 4.0),
        width = px(frame.width + 8.0),
        height = px(frame.height + 8.0),
    )
}

fn marks(marks: &[Mark], colours: Colours) -> String {
    let mut text = String::new();
    for mark in marks {
        write_mark(mark, colours, &mut text);
    }
    text
}

/// Returns the attribute that fills with an ink; empty where the style sheet does.
fn fill(ink: Ink, colours: Colours) -> String {
    let [red, green, blue] = LIGHT.colour(ink);
    match colours {
        Colours::Attributes => format!(" fill=\"#{red:02x}{green:02x}{blue:02x}\""),
        Colours::StyleSheet => String::new(),
    }
}

/// Returns the attributes of a line of an ink; empty where the style sheet has them.
fn stroke(ink: Ink, colours: Colours) -> String {
    if colours == Colours::StyleSheet {
        return String::new();
    }
    let [red, green, blue] = LIGHT.colour(ink);
    let dashes: &[f64] = if let Ink::Series(number) = ink { DASHES[number % SERIES] } else { &[] };
    let dashes = match dashes {
        [] => String::new(),
        lengths => {
            let lengths: Vec<String> = lengths.iter().map(f64::to_string).collect();
            format!(" stroke-dasharray=\"{}\"", lengths.join(" "))
        }
    };
    format!(" fill=\"none\" stroke=\"#{red:02x}{green:02x}{blue:02x}\"{dashes}")
}

fn write_mark(mark: &Mark, colours: Colours, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match mark {
        Mark::Line { points, ink, width } => {
            writeln!(
                out,
                "<path class=\"line {}\"{} stroke-width=\"{width}\" d=\"{}\"/>",
                class(*ink),
                stroke(*ink, colours),
                path(points)
            )
        }
        Mark::Area { points, ink } => {
            let fill = fill(*ink, colours);
            writeln!(out, "<path class=\"fill {}\"{fill} d=\"{}Z\"/>", class(*ink), path(points))
        }
        Mark::Block { at, size, ink } => writeln!(
            out,
            "<rect class=\"fill {}\"{} x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            class(*ink),
            fill(*ink, colours),
            px(at.0),
            px(at.1),
            px(size.0.max(0.0)),
            px(size.1.max(0.0)),
        ),
        Mark::Dot { at, radius, ink } => {
            writeln!(
                out,
                "<circle class=\"fill {}\"{} cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>",
                class(*ink),
                fill(*ink, colours),
                px(at.0),
                px(at.1)
            )
        }
        Mark::Text { at, text, anchor, size, bold, ink } => {
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let weight = if *bold { " font-weight=\"600\"" } else { "" };
            writeln!(
                out,
                "<text class=\"{}\"{} x=\"{}\" y=\"{}\" font-size=\"{size}\"{anchor}{weight}>{}</text>",
                class(*ink),
                fill(*ink, colours),
                px(at.0),
                px(at.1),
                escape(text),
            )
        }
    };
}

/// Writes an absolute path through points.
fn path(points: &[Point]) -> String {
    let mut text = String::with_capacity(12 * points.len());
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(text, "{}{} {}", if i == 0 { 'M' } else { 'L' }, px(*x), px(*y));
    }
    text
}

/// Writes a length to a tenth of a pixel, which is finer than any screen.
fn px(length: f64) -> String {
    let tenths = (length * 10.0).round() / 10.0;
    // Minus nothing is nothing.
    format!("{}", if tenths == 0.0 { 0.0 } else { tenths })
}

/// Escapes text for XML; characters that XML does not allow are replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        assert_eq!(escape("<b a=\"x\">&\u{0}"), "&lt;b a=&quot;x&quot;&gt;&amp;\u{fffd}");
    }

    /// Viewers outside browsers draw in black what only a custom property gives a colour.
    #[test]
    fn every_mark_of_a_file_has_its_colour_as_an_attribute() {
        let marks = [
            Mark::Line { points: vec![(0.0, 0.0), (1.0, 1.0)], ink: Ink::Series(1), width: 2.0 },
            Mark::Area { points: vec![(0.0, 0.0), (1.0, 1.0)], ink: Ink::Shade(3) },
            Mark::Block { at: (0.0, 0.0), size: (1.0, 1.0), ink: Ink::Series(0) },
            Mark::Dot { at: (0.0, 0.0), radius: 1.0, ink: Ink::Grid },
            Mark::Text {
                at: (0.0, 0.0),
                text: "a".to_string(),
                anchor: Anchor::Start,
                size: 10.0,
                bold: false,
                ink: Ink::Muted,
            },
        ];
        for mark in &marks {
            let [mut plain, mut styled] = [String::new(), String::new()];
            write_mark(mark, Colours::Attributes, &mut plain);
            write_mark(mark, Colours::StyleSheet, &mut styled);
            let (Mark::Line { ink, .. }
            | Mark::Area { ink, .. }
            | Mark::Block { ink, .. }
            | Mark::Dot { ink, .. }
            | Mark::Text { ink, .. }) = mark;
            let [red, green, blue] = LIGHT.colour(*ink);
            assert!(plain.contains(&format!("=\"#{red:02x}{green:02x}{blue:02x}\"")), "{plain}");
            assert!(!styled.contains('#'), "{styled}");
        }
        let mut line = String::new();
        write_mark(&marks[0], Colours::Attributes, &mut line);
        assert!(line.contains(" fill=\"none\"") && line.contains(" stroke-dasharray=\"7 3\""), "{line}");
    }

    #[test]
    fn lengths_are_short() {
        assert_eq!([px(1.0), px(1.25), px(-0.01), px(100.04)], ["1", "1.3", "0", "100"]);
    }
}
