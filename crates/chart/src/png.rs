//! A scene as PNG, twice as fine as its pixels: drawn four times as fine, since the drawing library has no soft edges
//! for everything, and averaged.

use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{RGBColor, ShapeStyle, TextStyle};

use crate::font::font_and_rise;
use crate::palette::{DASHES, SERIES, Theme};
use crate::scene::{Anchor, Ink, Mark, Point, Scene};

/// Pixels of the picture to a pixel of the scene.
const FINE: usize = 2;

/// Pixels drawn to a pixel of the picture, in each direction.
const SOFT: usize = 2;

/// Bytes of a pixel.
const RGB: usize = 3;

/// The picture's bytes.
pub fn file(scene: &Scene, theme: &Theme) -> Vec<u8> {
    let (width, height) = (scene.width.ceil() as usize * FINE, scene.height.ceil() as usize * FINE);
    let drawn = draw(scene, theme, (width * SOFT, height * SOFT));
    encode(&soften(&drawn, width, height), width, height)
}

fn encode(pixels: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("memory takes every picture of the size it is said to have");
    bytes
}

/// The mean of each square of pixels.
fn soften(drawn: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(width * height * RGB);
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        for colour in 0..RGB {
            let mut sum = 0;
            for (down, right) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let pixel = (y * SOFT + down) * width * SOFT + x * SOFT + right;
                sum += u32::from(drawn[pixel * RGB + colour]);
            }
            pixels.push(((sum + 2) / 4) as u8);
        }
    }
    pixels
}

fn draw(scene: &Scene, theme: &Theme, (width, height): (usize, usize)) -> Vec<u8> {
    let [red, green, blue] = theme.colour(Ink::Paper);
    let mut pixels = [red, green, blue].repeat(width * height);
    let mut pen = Pen {
        canvas: BitMapBackend::with_buffer(&mut pixels, (width as u32, height as u32)),
        theme,
        scale: (FINE * SOFT) as f64,
    };
    for mark in [&scene.behind, &scene.ticks, &scene.data, &scene.notes].into_iter().flatten() {
        pen.mark(mark);
    }
    drop(pen);
    pixels
}

/// Draws marks.
struct Pen<'a> {
    canvas: BitMapBackend<'a>,
    theme: &'a Theme,
    /// Pixels of the canvas to one of the scene.
    scale: f64,
}

/// Why nothing that is drawn can fail.
const MEMORY: &str = "a picture in memory takes every mark";

impl Pen<'_> {
    fn colour(&self, ink: Ink) -> RGBColor {
        let [red, green, blue] = self.theme.colour(ink);
        RGBColor(red, green, blue)
    }

    fn at(&self, (x, y): Point) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Line { points, ink, width } => self.line(points, *ink, *width),
            Mark::Area { points, ink } => {
                let corners: Vec<(i32, i32)> = points.iter().map(|point| self.at(*point)).collect();
                self.canvas.fill_polygon(corners, &self.colour(*ink)).expect(MEMORY);
            }
            Mark::Block { at, size, ink } => {
                let (from, to) = (self.at(*at), self.at((at.0 + size.0, at.1 + size.1)));
                if to.0 > from.0 && to.1 > from.1 {
                    let to = (to.0 - 1, to.1 - 1);
                    self.canvas.draw_rect(from, to, &self.colour(*ink), true).expect(MEMORY);
                }
            }
            Mark::Dot { at, radius, ink } => {
                let radius = (radius * self.scale).round() as u32;
                self.canvas.draw_circle(self.at(*at), radius, &self.colour(*ink), true).expect(MEMORY);
            }
            Mark::Text { at, text, anchor, size, bold, ink } => {
                self.text(*at, text, *anchor, (*size, *bold), *ink);
            }
        }
    }

    fn line(&mut self, points: &[Point], ink: Ink, width: f64) {
        let color = self.colour(ink);
        let stroke_width = (width * self.scale).round().max(1.0) as u32;
        let style = ShapeStyle { color: color.into(), filled: true, stroke_width };
        for dash in dashed(points, ink) {
            let path: Vec<(i32, i32)> = dash.iter().map(|point| self.at(*point)).collect();
            // Piece by piece with a disc at each joint: the library would mitre them, and where a line turns back on
            // itself such a corner reaches far beyond the peak.
            for piece in path.windows(2) {
                self.canvas.draw_path(piece.iter().copied(), &style).expect(MEMORY);
            }
            for joint in path.iter().take(path.len().saturating_sub(1)).skip(1) {
                self.canvas.draw_circle(*joint, stroke_width / 2, &color, true).expect(MEMORY);
            }
        }
    }

    fn text(&mut self, at: Point, text: &str, anchor: Anchor, (size, bold): (f64, bool), ink: Ink) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let colour = self.colour(ink);
        let (font, rise) = font_and_rise(size * self.scale, bold);
        let style = TextStyle::from(font).pos(Pos::new(horizontal, VPos::Top)).color(&colour);
        let (x, y) = self.at(at);
        self.canvas.draw_text(text, &style, (x, y - rise.round() as i32)).expect(MEMORY);
    }
}

/// The dashes of a line, each a line of its own.
fn dashed(points: &[Point], ink: Ink) -> Vec<Vec<Point>> {
    let lengths = match ink {
        Ink::Series(number) => DASHES[number % SERIES],
        _ => &[],
    };
    let (Some(first), false) = (points.first(), lengths.is_empty()) else { return vec![points.to_vec()] };
    let mut dashes = Vec::new();
    let mut dash = vec![*first];
    let (mut number, mut left) = (0, lengths[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = libm::hypot(to.0 - from.0, to.1 - from.1);
            if length <= left {
                left -= length;
                dash.push(to);
                break;
            }
            let share = left / length;
            from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            dash.push(from);
            let finished = std::mem::replace(&mut dash, vec![from]);
            if number % 2 == 0 {
                dashes.push(finished);
            }
            number = (number + 1) % lengths.len();
            left = lengths[number];
        }
    }
    if number % 2 == 0 {
        dashes.push(dash);
    }
    dashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_into_its_dashes() {
        // The second series: 7 on, 3 off.
        let dashes = dashed(&[(0.0, 0.0), (0.0, 8.0), (0.0, 20.0)], Ink::Series(1));
        let ends: Vec<(f64, f64)> = dashes.iter().map(|dash| (dash[0].1, dash[dash.len() - 1].1)).collect();
        assert_eq!(ends, [(0.0, 7.0), (10.0, 17.0)]);
        assert_eq!(dashed(&[(0.0, 0.0), (0.0, 8.0)], Ink::Grid).len(), 1);
    }
}
