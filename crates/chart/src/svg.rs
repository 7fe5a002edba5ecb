//! A scene as SVG: in a file of its own, or inside a page that has the style sheet.

use std::fmt::Write as _;

use crate::palette::{class, style_sheet};
use crate::scene::{Anchor, Mark, Point, Scene};

/// Writes SVG as a file of its own, light or dark like the reader's system.
pub fn file(scene: &Scene, title: &str, caption: &str) -> String {
    let Scene { width, height, .. } = scene;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n\
         <style>\n{}</style>\n<rect class=\"fill paper\" width=\"100%\" height=\"100%\"/>\n{}</svg>\n",
        escape(title),
        escape(caption),
        style_sheet(),
        groups(scene),
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
        groups(scene),
    )
}

/// Writes marks in groups that a script can find. The data are in a viewport of their own, which clips them to the frame, but for
/// half the width of a line.
fn groups(scene: &Scene) -> String {
    let frame = scene.frame;
    format!(
        "<g class=\"behind\">\n{}</g>\n<g class=\"ticks\">\n{}</g>\n\
         <svg x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" viewBox=\"{left} {top} {width} {height}\">\
         <g class=\"data\">\n{}</g></svg>\n<g class=\"notes\">\n{}</g>\n",
        marks(&scene.behind),
        marks(&scene.ticks),
        marks(&scene.data),
        marks(&scene.notes),
        left = px(frame.left - 4.0),
        top = px(frame.top - 4.0),
        width = px(frame.width + 8.0),
        height = px(frame.height + 8.0),
    )
}

fn marks(marks: &[Mark]) -> String {
    let mut text = String::new();
    for mark in marks {
        write_mark(mark, &mut text);
    }
    text
}

fn write_mark(mark: &Mark, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match mark {
        Mark::Line { points, ink, width } => {
            writeln!(
                out,
                "<path class=\"line {}\" stroke-width=\"{width}\" d=\"{}\"/>",
                class(*ink),
                path(points)
            )
        }
        Mark::Area { points, ink } => {
            writeln!(out, "<path class=\"fill {}\" d=\"{}Z\"/>", class(*ink), path(points))
        }
        Mark::Block { at, size, ink } => writeln!(
            out,
            "<rect class=\"fill {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            class(*ink),
            px(at.0),
            px(at.1),
            px(size.0.max(0.0)),
            px(size.1.max(0.0)),
        ),
        Mark::Dot { at, radius, ink } => {
            writeln!(
                out,
                "<circle class=\"fill {}\" cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>",
                class(*ink),
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
                "<text class=\"{}\" x=\"{}\" y=\"{}\" font-size=\"{size}\"{anchor}{weight}>{}</text>",
                class(*ink),
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

    #[test]
    fn lengths_are_short() {
        assert_eq!([px(1.0), px(1.25), px(-0.01), px(100.04)], ["1", "1.3", "0", "100"]);
    }
}
