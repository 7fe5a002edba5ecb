//! Content of a chart in units of its data: two axes and the layers between them. [`crate::layout`] decides its appearance.

use crate::axis::Axis;
use crate::downsample::Datum;
use crate::scene::Ink;

/// Chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Plot {
    /// Name of its file and of its element in a page.
    pub name: String,
    /// Title.
    pub title: String,
    /// Sentence on how to read it.
    pub caption: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Layers, back to front.
    pub layers: Vec<Layer>,
    /// Annotations.
    pub notes: Vec<Note>,
}

/// Layer of a chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Layer {
    /// Name in the legend; a layer without one is left out there.
    pub name: String,
    /// Colour.
    pub ink: Ink,
    /// Data.
    pub data: Data,
}

/// Data of a layer.
#[derive(Clone, PartialEq, Debug)]
pub enum Data {
    /// Line through points, in order of their first coordinate. NaN is a gap.
    Line(Vec<Datum>),
    /// Line that keeps its value until the next point.
    Steps(Vec<Datum>),
    /// Area below a line: a part of a stack.
    Area {
        /// Upper edge.
        top: Vec<Datum>,
        /// Own value at each point, without the parts below.
        own: Vec<f64>,
    },
    /// Rectangles.
    Blocks(Vec<Block>),
    /// Lines that may run in any direction.
    Paths(Vec<Vec<Datum>>),
    /// Points that are not joined.
    Dots(Vec<Datum>),
    /// Estimates with their intervals, along the horizontal axis.
    Intervals(Vec<IntervalMark>),
}

/// Rectangle.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// Ends along the horizontal axis.
    pub x: (f64, f64),
    /// Ends along the vertical axis.
    pub y: (f64, f64),
    /// Text that a pointer shows.
    pub tooltip: String,
    /// Colour of its own instead of the layer's.
    pub ink: Option<Ink>,
}

/// Estimate.
#[derive(Clone, PartialEq, Debug)]
pub struct IntervalMark {
    /// Position on the vertical axis.
    pub at: f64,
    /// Lower end.
    pub low: f64,
    /// Estimate itself.
    pub middle: f64,
    /// Upper end.
    pub high: f64,
    /// Text that a pointer shows.
    pub tooltip: String,
}

/// Line across the chart, with a label in the legend.
#[derive(Clone, PartialEq, Debug)]
pub struct Note {
    /// Position.
    pub at: At,
    /// Label; empty for a line without one.
    pub label: String,
    /// Colour.
    pub ink: Ink,
}

/// Position of a note.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum At {
    /// At a value of the horizontal axis.
    X(f64),
    /// At a value of the vertical axis.
    Y(f64),
}

impl Plot {
    /// Returns a chart of layers between two axes, x and y, without caption and notes.
    pub fn new(
        name: impl Into<String>,
        title: impl Into<String>,
        (x, y): (Axis, Axis),
        layers: Vec<Layer>,
    ) -> Plot {
        let (name, title) = (name.into(), title.into());
        Plot { name, title, caption: String::new(), x, y, layers, notes: Vec::new() }
    }

    /// Sets the caption.
    pub fn with_caption(self, caption: impl Into<String>) -> Plot {
        Plot { caption: caption.into(), ..self }
    }
}

impl Layer {
    /// Returns a line of the series with this number.
    pub fn line(name: impl Into<String>, series: usize, points: Vec<Datum>) -> Layer {
        Layer { name: name.into(), ink: Ink::Series(series), data: Data::Line(points) }
    }

    /// Returns a line of the series with this number that keeps its value until the next point.
    pub fn steps(name: impl Into<String>, series: usize, points: Vec<Datum>) -> Layer {
        Layer { name: name.into(), ink: Ink::Series(series), data: Data::Steps(points) }
    }

    /// Returns the greatest value on the vertical axis.
    pub fn most(&self) -> f64 {
        self.values().fold(0.0, f64::max)
    }

    /// Values on the vertical axis.
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

/// Stacks layers upon each other, the first at the bottom: names with their values at the same points. The topmost is drawn
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

/// Returns the greatest value on the vertical axis of any layer.
pub fn most(layers: &[Layer]) -> f64 {
    layers.iter().map(Layer::most).fold(0.0, f64::max)
}
