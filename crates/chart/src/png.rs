//! A scene as PNG, twice as fine as its pixels.

use ab_glyph::OutlineCurve;
use tiny_skia::{
    Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};

use crate::font::outline;
use crate::palette::{DASHES, SERIES, Theme};
use crate::scene::{Anchor, Ink, Mark, Point, Scene};

/// Pixels of the picture to a pixel of the scene.
const FINE: f32 = 2.0;

/// Returns the bytes of the picture.
pub fn file(scene: &Scene, theme: &Theme) -> Vec<u8> {
    let [width, height] = [scene.width, scene.height].map(|length| length.ceil() as u32 * FINE as u32);
    let mut canvas = Pixmap::new(width, height).expect("a scene has a size");
    canvas.fill(color(theme, Ink::Paper));
    for mark in [&scene.behind, &scene.ticks, &scene.data, &scene.notes].into_iter().flatten() {
        draw(mark, theme, &mut canvas);
    }
    canvas.encode_png().expect("memory takes every picture")
}

fn color(theme: &Theme, ink: Ink) -> Color {
    let [red, green, blue] = theme.colour(ink);
    Color::from_rgba8(red, green, blue, 255)
}

fn draw(mark: &Mark, theme: &Theme, canvas: &mut Pixmap) {
    let fine = Transform::from_scale(FINE, FINE);
    let mut paint = Paint::default();
    let mut fill = |path: Option<Path>, ink| {
        paint.set_color(color(theme, ink));
        // A mark without extent has no path.
        if let Some(path) = path {
            canvas.fill_path(&path, &paint, FillRule::Winding, fine, None);
        }
    };
    match mark {
        Mark::Line { points, ink, width } => {
            let stroke = Stroke {
                width: *width as f32,
                line_join: LineJoin::Round,
                dash: dash(*ink),
                ..Stroke::default()
            };
            paint.set_color(color(theme, *ink));
            if let Some(path) = path(points, false) {
                canvas.stroke_path(&path, &paint, &stroke, fine, None);
            }
        }
        Mark::Area { points, ink } => fill(path(points, true), *ink),
        Mark::Block { at, size, ink } => {
            let rect = Rect::from_xywh(at.0 as f32, at.1 as f32, size.0 as f32, size.1 as f32);
            fill(rect.map(PathBuilder::from_rect), *ink);
        }
        Mark::Dot { at, radius, ink } => {
            fill(PathBuilder::from_circle(at.0 as f32, at.1 as f32, *radius as f32), *ink);
        }
        Mark::Text { at, text, anchor, size, bold, ink } => {
            fill(letters(*at, text, *anchor, *size, *bold), *ink)
        }
    }
}

/// Returns the dashes of a line of a series; none for a solid line.
fn dash(ink: Ink) -> Option<StrokeDash> {
    let Ink::Series(number) = ink else { return None };
    let lengths = DASHES[number % SERIES].iter().map(|length| *length as f32).collect();
    StrokeDash::new(lengths, 0.0)
}

fn path(points: &[Point], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (number, (x, y)) in points.iter().enumerate() {
        if number == 0 { path.move_to(*x as f32, *y as f32) } else { path.line_to(*x as f32, *y as f32) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn letters(at: Point, text: &str, anchor: Anchor, size: f64, bold: bool) -> Option<Path> {
    let (curves, width) = outline(text, size, bold);
    let (x, y) = (at.0 as f32 - anchor.share() as f32 * width, at.1 as f32);
    let mut path = PathBuilder::new();
    let mut end = None;
    for curve in curves {
        let begin = match curve {
            OutlineCurve::Line(a, _) | OutlineCurve::Quad(a, ..) | OutlineCurve::Cubic(a, ..) => a,
        };
        if end != Some(begin) {
            path.move_to(x + begin.x, y + begin.y);
        }
        end = Some(match curve {
            OutlineCurve::Line(_, b) => {
                path.line_to(x + b.x, y + b.y);
                b
            }
            OutlineCurve::Quad(_, b, c) => {
                path.quad_to(x + b.x, y + b.y, x + c.x, y + c.y);
                c
            }
            OutlineCurve::Cubic(_, b, c, d) => {
                path.cubic_to(x + b.x, y + b.y, x + c.x, y + c.y, x + d.x, y + d.y);
                d
            }
        });
    }
    path.finish()
}
