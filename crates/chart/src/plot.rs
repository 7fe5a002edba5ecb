//! Contents of a chart in units of its data: two axes and the layers between them. [`crate::layout`] arranges them.

use crate::axis::Axis;
use crate::scene::Ink;
use crate::thin::Datum;

/// A chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Plot {
    /// Name of its file and its place in a page.
    pub name: String,
    /// Title, in a few words.
    pub title: String,
    /// Explanation of how to read it, in a sentence.
    pub caption: String,
    /// The axis along the bottom.
    pub x: Axis,
    /// The axis along the left side.
    pub y: Axis,
    /// Layers, back to front.
    pub layers: Vec<Layer>,
    /// Notes.
    pub notes: Vec<Note>,
}

/// A thing shown.
#[derive(Clone, PartialEq, Debug)]
pub struct Layer {
    /// Its name in the legend; without one it is not there.
    pub name: String,
    /// Its colour.
    pub ink: Ink,
    /// Its data.
    pub data: Data,
}

/// The data of a layer.
#[derive(Clone, PartialEq, Debug)]
pub enum Data {
    /// A line through points, in order of their first coordinate. Gaps are not a number.
    Line(Vec<Datum>),
    /// A line that keeps its value until the next point.
    Steps(Vec<Datum>),
    /// All below a line: a part of a stack.
    Area {
        /// Its upper edge.
        top: Vec<Datum>,
        /// Amount that it adds to those below it, at each point.
        own: Vec<f64>,
    },
    /// Rectangles.
    Blocks(Vec<Block>),
    /// Lines that run anywhere.
    Paths(Vec<Vec<Datum>>),
    /// Points, joined to nothing.
    Dots(Vec<Datum>),
    /// Values with the range they are sure to a degree to lie in, along the bottom axis.
    Intervals(Vec<Interval>),
}

/// A rectangle.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// From and to, along the bottom axis.
    pub x: (f64, f64),
    /// From and to, along the left axis.
    pub y: (f64, f64),
    /// Text that it shows when pointed at.
    pub words: String,
    /// A colour of its own, in the place of the layer's.
    pub ink: Option<Ink>,
}

/// An estimate.
#[derive(Clone, PartialEq, Debug)]
pub struct Interval {
    /// Its place on the left axis.
    pub at: f64,
    /// Its least value.
    pub low: f64,
    /// Most likely value.
    pub middle: f64,
    /// Its greatest value.
    pub high: f64,
    /// Text that it shows when pointed at.
    pub words: String,
}

/// A line across the chart, which the legend says something of.
#[derive(Clone, PartialEq, Debug)]
pub struct Note {
    /// Position.
    pub at: At,
    /// Text; empty where the line needs none.
    pub words: String,
    /// Its colour.
    pub ink: Ink,
}

/// Position of a note.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum At {
    /// At a value of the bottom axis.
    X(f64),
    /// At a value of the left axis.
    Y(f64),
}

impl Layer {
    /// A line of the series with this number.
    pub fn line(name: impl Into<String>, series: usize, points: Vec<Datum>) -> Layer {
        Layer { name: name.into(), ink: Ink::Series(series), data: Data::Line(points) }
    }

    /// A line that keeps its value until the next point.
    pub fn steps(name: impl Into<String>, series: usize, points: Vec<Datum>) -> Layer {
        Layer { name: name.into(), ink: Ink::Series(series), data: Data::Steps(points) }
    }

    /// The greatest value of the left axis that it reaches.
    pub fn most(&self) -> f64 {
        self.values().fold(0.0, f64::max)
    }

    /// The values of the left axis that it has.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        let numbers: Vec<f64> = match &self.data {
            Data::Line(points)
            | Data::Steps(points)
            | Data::Dots(points)
            | Data::Area { top: points, .. } => points.iter().map(|point| point.1).collect(),
            Data::Paths(paths) => paths.iter().flatten().map(|point| point.1).collect(),
            Data::Blocks(blocks) => blocks.iter().map(|block| block.y.1).collect(),
            Data::Intervals(intervals) => intervals.iter().map(|interval| interval.at).collect(),
        };
        numbers.into_iter()
    }
}

/// Layers upon each other, the first at the bottom: names with their values at the same points. The topmost is drawn
/// first, so that none shows through between two.
pub fn stack(parts: Vec<(String, Ink, Vec<Datum>)>) -> Vec<Layer> {
    let mut sums: Vec<f64> = Vec::new();
    let mut layers = Vec::new();
    for (name, ink, values) in parts {
        sums.resize(values.len(), 0.0);
        for (sum, (_, value)) in sums.iter_mut().zip(&values) {
            *sum += value;
        }
        let top = values.iter().zip(&sums).map(|((x, _), sum)| (*x, *sum)).collect();
        let own = values.into_iter().map(|(_, value)| value).collect();
        layers.push(Layer { name, ink, data: Data::Area { top, own } });
    }
    layers.reverse();
    layers
}

/// The greatest value that any layer reaches.
pub fn most(layers: &[Layer]) -> f64 {
    layers.iter().map(Layer::most).fold(0.0, f64::max)
}
