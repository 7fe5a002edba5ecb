//! Layout of a chart: positions of title, legend, axes, data and notes, from top to bottom.

use crate::axis::{Axis, Scale};
use crate::downsample::{Datum, downsample};
use crate::font::{fitted, width};
use crate::plot::{At, Data, Layer, Note, Plot};
use crate::scene::{Anchor, Frame, Ink, Mark, Point, Scene};

/// Size of a chart.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Size {
    /// Width \[px\].
    pub width: f64,
    /// Height \[px\].
    pub height: f64,
    /// True if the title is part of the picture: a page has its own.
    pub titled: bool,
}

/// Size of a picture of its own.
pub const STANDALONE: Size = Size { width: 800.0, height: 400.0, titled: true };
/// Size in a page on a screen.
pub const SCREEN: Size = Size { width: 800.0, height: 320.0, titled: false };
/// Size in a page on a phone.
pub const PHONE: Size = Size { width: 380.0, height: 280.0, titled: false };

const TITLE_SIZE: f64 = 17.0;
const TEXT_SIZE: f64 = 12.0;
const LINE_HEIGHT: f64 = 18.0;
/// Distance from the edge of the picture to everything in it.
const MARGIN: f64 = 8.0;
/// Least height of the data: where the legend is long, the picture grows.
const LEAST_HEIGHT: f64 = 150.0;
/// Approximate distance of ticks on the vertical axis.
const TICK_HEIGHT: f64 = 45.0;
/// Height of a row of a chart whose vertical axis holds names.
const ROW_HEIGHT: f64 = 22.0;
/// Width of the line of a note.
const RULE_WIDTH: f64 = 1.25;
/// Distance from a swatch to its name.
const SWATCH: f64 = 22.0;

/// Lays out a chart in a size.
pub fn lay_out(plot: &Plot, size: Size) -> Scene {
    let mut behind = Vec::new();
    let mut y = MARGIN;
    if size.titled {
        let title = fitted(&plot.title, TITLE_SIZE * 1.1, size.width - 2.0 * MARGIN);
        behind.push(text((MARGIN, y + TITLE_SIZE), &title, Anchor::Start, Ink::Text, TITLE_SIZE, true));
        y += TITLE_SIZE + 15.0;
    }
    y = legend(plot, size, y, &mut behind);
    behind.push(words((MARGIN, y + TEXT_SIZE), &plot.y.label, Anchor::Start, Ink::Muted));
    y += LINE_HEIGHT + 6.0;
    let below = 2.0 * LINE_HEIGHT + 6.0;
    let height = match &plot.y.scale {
        Scale::Names(names) => names.len().max(1) as f64 * ROW_HEIGHT,
        _ => (size.height - y - below).max(LEAST_HEIGHT),
    };
    let (left, names) = left_words(plot, size, height);
    let frame = Frame { left, top: y, width: size.width - left - 2.0 * MARGIN, height };
    let place = Placing { plot, frame };
    upright_axis(&place, &names, &mut behind);
    let ticks = flat_axis(&place, &mut behind);
    let is_empty = plot.layers.iter().all(is_empty);
    let mut notes = Vec::new();
    if is_empty {
        let middle = (frame.left + frame.width / 2.0, frame.top + frame.height / 2.0);
        notes.push(words(middle, "nothing to show", Anchor::Middle, Ink::Muted));
    }
    let mut data = Vec::new();
    for layer in &plot.layers {
        place.draw(layer, &mut data);
    }
    place.rules(&mut data);
    Scene { width: size.width, height: frame.bottom() + below, frame, behind, ticks, data, notes }
}

fn is_empty(layer: &Layer) -> bool {
    match &layer.data {
        Data::Line(points) | Data::Steps(points) | Data::Dots(points) | Data::Area { top: points, .. } => {
            points.is_empty()
        }
        Data::Paths(paths) => paths.is_empty(),
        Data::Blocks(blocks) => blocks.is_empty(),
        Data::Intervals(intervals) => intervals.is_empty(),
    }
}

fn words(at: Point, what: &str, anchor: Anchor, ink: Ink) -> Mark {
    text(at, what, anchor, ink, TEXT_SIZE, false)
}

fn text(at: Point, what: &str, anchor: Anchor, ink: Ink, size: f64, bold: bool) -> Mark {
    Mark::Text { at, text: what.to_string(), anchor, size, bold, ink }
}

fn line(points: Vec<Point>, ink: Ink, width: f64) -> Mark {
    Mark::Line { points, ink, width }
}

/// Entry of a legend.
enum Named<'a> {
    Layer(&'a Layer),
    Note(&'a Note),
}

impl Named<'_> {
    fn name(&self) -> &str {
        match self {
            Named::Layer(layer) => &layer.name,
            Named::Note(note) => &note.label,
        }
    }

    /// Draws a sample of its appearance, left of its name.
    fn swatch(&self, at: Point) -> Mark {
        match self {
            Named::Layer(layer) => swatch(layer, at),
            Named::Note(note) => rule(note, at),
        }
    }
}

/// Lays out the legend of the layers, where more than one has a name, and of the notes; returns its lower end. In a legend
/// no line of the chart can run through the text of a note.
fn legend(plot: &Plot, size: Size, top: f64, marks: &mut Vec<Mark>) -> f64 {
    let mut named: Vec<Named<'_>> =
        plot.layers.iter().filter(|layer| !layer.name.is_empty()).map(Named::Layer).collect();
    if named.len() < 2 {
        named.clear();
    }
    named.extend(plot.notes.iter().filter(|note| !note.label.is_empty()).map(Named::Note));
    if named.is_empty() {
        return top;
    }
    let (mut x, mut y) = (MARGIN, top);
    for thing in named {
        let name = fitted(thing.name(), TEXT_SIZE, size.width - 2.0 * MARGIN - SWATCH);
        let room = SWATCH + width(&name, TEXT_SIZE) + 14.0;
        if x > MARGIN && x + room - 14.0 > size.width - MARGIN {
            (x, y) = (MARGIN, y + LINE_HEIGHT);
        }
        marks.push(thing.swatch((x, y + TEXT_SIZE - 4.0)));
        marks.push(words((x + SWATCH, y + TEXT_SIZE), &name, Anchor::Start, Ink::Text));
        x += room;
    }
    y + LINE_HEIGHT + 6.0
}

/// Draws a sample of the line of a note.
fn rule(note: &Note, (x, y): Point) -> Mark {
    let points = match note.at {
        At::X(_) => vec![(x + 8.0, y - 7.0), (x + 8.0, y + 6.0)],
        At::Y(_) => vec![(x, y), (x + 16.0, y)],
    };
    line(points, note.ink, RULE_WIDTH)
}

/// Draws a sample of the appearance of a layer.
fn swatch(layer: &Layer, (x, y): Point) -> Mark {
    match layer.data {
        Data::Line(_) | Data::Steps(_) | Data::Paths(_) => line(vec![(x, y), (x + 16.0, y)], layer.ink, 2.0),
        Data::Dots(_) | Data::Intervals(_) => Mark::Dot { at: (x + 8.0, y), radius: 4.0, ink: layer.ink },
        Data::Area { .. } | Data::Blocks(_) => {
            Mark::Block { at: (x + 4.0, y - 5.0), size: (10.0, 10.0), ink: layer.ink }
        }
    }
}

/// Returns the room for the texts of the vertical axis, and these texts.
fn left_words(plot: &Plot, size: Size, height: f64) -> (f64, Vec<(f64, String)>) {
    let most = match plot.y.scale {
        Scale::Names(_) => size.width * 0.34,
        _ => size.width * 0.25,
    };
    let ticks = plot.y.ticks((height / TICK_HEIGHT) as usize);
    let ticks: Vec<(f64, String)> =
        ticks.into_iter().map(|(at, words)| (at, fitted(&words, TEXT_SIZE, most))).collect();
    let widest = ticks.iter().map(|(_, words)| width(words, TEXT_SIZE)).fold(0.0, f64::max);
    (MARGIN + widest + 8.0, ticks)
}

/// Draws the vertical axis: its texts, and a line at each across the chart.
fn upright_axis(place: &Placing<'_>, ticks: &[(f64, String)], marks: &mut Vec<Mark>) {
    let Frame { left, .. } = place.frame;
    let is_ruled = !matches!(place.plot.y.scale, Scale::Names(_));
    for (at, what) in ticks {
        let y = place.y(*at);
        if is_ruled {
            let ink = if *at == 0.0 { Ink::Muted } else { Ink::Grid };
            marks.push(line(vec![(left, y), (place.frame.right(), y)], ink, 1.0));
        }
        marks.push(words((left - 8.0, y + 4.0), what, Anchor::End, Ink::Muted));
    }
}

/// Draws the horizontal axis: its label, and its texts without those that would touch.
fn flat_axis(place: &Placing<'_>, behind: &mut Vec<Mark>) -> Vec<Mark> {
    let Frame { left, top, width: wide, .. } = place.frame;
    let (right, bottom) = (place.frame.right(), place.frame.bottom());
    let is_ruled = matches!(place.plot.y.scale, Scale::Names(_));
    let mut marks = Vec::new();
    let mut free_from = f64::NEG_INFINITY;
    for (at, what) in place.plot.x.ticks((wide / 90.0).max(2.0) as usize) {
        let what = fitted(&what, TEXT_SIZE, wide * 0.4);
        let (x, half) = (place.x(at), width(&what, TEXT_SIZE) / 2.0);
        if x - half < free_from || x < left - 1.0 || x > right + 1.0 {
            continue;
        }
        free_from = x + half + 10.0;
        if is_ruled {
            behind.push(line(vec![(x, top), (x, bottom)], Ink::Grid, 1.0));
        }
        let inside = x.min(right + 2.0 * MARGIN - half - 2.0);
        marks.push(words((inside, bottom + LINE_HEIGHT), &what, Anchor::Middle, Ink::Muted));
    }
    if !place.plot.x.label.is_empty() {
        let at = (right, bottom + 2.0 * LINE_HEIGHT);
        behind.push(words(at, &place.plot.x.label, Anchor::End, Ink::Muted));
    }
    marks
}

/// Chart with the rectangle of its data.
struct Placing<'a> {
    plot: &'a Plot,
    frame: Frame,
}

impl Placing<'_> {
    fn x(&self, value: f64) -> f64 {
        self.frame.left + clamped(&self.plot.x, value) * self.frame.width
    }

    fn y(&self, value: f64) -> f64 {
        self.frame.bottom() - clamped(&self.plot.y, value) * self.frame.height
    }

    fn at(&self, datum: Datum) -> Point {
        (self.x(datum.0), self.y(datum.1))
    }

    /// Returns the greatest number of columns of a line: two a pixel, so that it can be enlarged twice.
    fn columns(&self) -> usize {
        (2.0 * self.frame.width) as usize
    }

    fn thinned(&self, points: &[Datum]) -> Vec<Datum> {
        downsample(points, self.columns() / 4).into_iter().map(|i| points[i]).collect()
    }

    fn draw(&self, layer: &Layer, marks: &mut Vec<Mark>) {
        let ink = layer.ink;
        match &layer.data {
            Data::Line(points) => self.line(&self.thinned(points), ink, marks),
            Data::Steps(points) => self.line(&steps(&self.thinned(points)), ink, marks),
            Data::Area { top, .. } => self.area(&self.thinned(top), ink, marks),
            Data::Blocks(blocks) => {
                for block in blocks {
                    let (left, right) = (self.x(block.x.0), self.x(block.x.1));
                    let (top, bottom) = (self.y(block.y.1), self.y(block.y.0));
                    // A hair of paper between neighbours where there is room for it.
                    let gap = if right - left > 6.0 { 1.0 } else { 0.0 };
                    let size = (right - left - gap, bottom - top);
                    marks.push(Mark::Block { at: (left, top), size, ink: block.ink.unwrap_or(ink) });
                }
            }
            Data::Paths(paths) => {
                let drawn = |path: &Vec<Datum>| path.iter().map(|datum| self.at(*datum)).collect();
                marks.extend(paths.iter().map(|path| line(drawn(path), ink, 1.0)));
            }
            Data::Dots(points) => {
                let dot = |datum| Mark::Dot { at: self.at(datum), radius: 3.5, ink };
                marks.extend(self.thinned(points).into_iter().map(dot));
            }
            Data::Intervals(intervals) => {
                for interval in intervals {
                    let y = self.y(interval.at);
                    let (low, high) = (self.x(interval.low), self.x(interval.high));
                    for points in [
                        vec![(low, y), (high, y)],
                        vec![(low, y - 4.0), (low, y + 4.0)],
                        vec![(high, y - 4.0), (high, y + 4.0)],
                    ] {
                        marks.push(line(points, ink, 1.5));
                    }
                    marks.push(Mark::Dot { at: (self.x(interval.middle), y), radius: 4.0, ink });
                }
            }
        }
    }

    /// Draws a line, broken at its gaps; a part of a single point is a dot.
    fn line(&self, points: &[Datum], ink: Ink, marks: &mut Vec<Mark>) {
        for part in points.split(|point| point.1.is_nan()).filter(|part| !part.is_empty()) {
            match part {
                [point] => marks.push(Mark::Dot { at: self.at(*point), radius: 3.0, ink }),
                part => marks.push(line(part.iter().map(|point| self.at(*point)).collect(), ink, 1.75)),
            }
        }
    }

    fn area(&self, top: &[Datum], ink: Ink, marks: &mut Vec<Mark>) {
        let (Some(first), Some(last)) = (top.first(), top.last()) else { return };
        if top.len() == 1 {
            let at = (self.x(first.0) - 3.0, self.y(first.1));
            marks.push(Mark::Block { at, size: (6.0, self.y(0.0) - at.1), ink });
            return;
        }
        let edge: Vec<Point> = top.iter().map(|point| self.at(*point)).collect();
        let mut points = edge.clone();
        points.push((self.x(last.0), self.y(0.0)));
        points.push((self.x(first.0), self.y(0.0)));
        marks.push(Mark::Area { points, ink });
        marks.push(line(edge, Ink::Paper, 0.75));
    }

    /// Draws the lines of the notes.
    fn rules(&self, marks: &mut Vec<Mark>) {
        let Frame { left, top, .. } = self.frame;
        let (right, bottom) = (self.frame.right(), self.frame.bottom());
        for note in &self.plot.notes {
            let points = match note.at {
                At::X(value) => vec![(self.x(value), top), (self.x(value), bottom)],
                At::Y(value) => vec![(left, self.y(value)), (right, self.y(value))],
            };
            marks.push(line(points, note.ink, RULE_WIDTH));
        }
    }
}

/// Returns the position on an axis; a value outside its range is at its end.
fn clamped(axis: &Axis, value: f64) -> f64 {
    axis.position(value).clamp(0.0, 1.0)
}

/// Returns the corners of a line that keeps its value until the next point.
fn steps(points: &[Datum]) -> Vec<Datum> {
    let mut corners = Vec::with_capacity(2 * points.len());
    for pair in points.windows(2) {
        corners.extend([pair[0], (pair[1].0, pair[0].1)]);
    }
    corners.extend(points.last());
    corners
}
