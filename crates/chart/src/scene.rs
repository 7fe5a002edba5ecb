//! A drawing without a format: marks in pixels, coloured by what they mean. SVG and PNG are made of it.

/// A point \[px\], from the top left corner.
pub type Point = (f64, f64);

/// Meaning of a colour, which a theme maps to a colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    /// Words that are read.
    Text,
    /// Words that are looked up: ticks, units, notes.
    Muted,
    /// Lines behind the data.
    Grid,
    /// Background.
    Paper,
    /// Number of the series, from 0; see [`crate::palette`].
    Series(usize),
    /// A step of a scale from little (1) to much ([`crate::palette::SHADES`]).
    Shade(usize),
}

/// End of a text that stands at its position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// Begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// Ends there.
    End,
}

/// Something drawn.
#[derive(Clone, PartialEq, Debug)]
pub enum Mark {
    /// A line through points.
    Line {
        /// Corners.
        points: Vec<Point>,
        /// In what colour; one of a series has the dashes of it.
        ink: Ink,
        /// Width \[px\].
        width: f64,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<Point>,
        /// In what colour.
        ink: Ink,
    },
    /// A filled rectangle.
    Block {
        /// Top left corner.
        at: Point,
        /// Width and height \[px\].
        size: Point,
        /// In what colour.
        ink: Ink,
    },
    /// A disc.
    Dot {
        /// Its middle.
        at: Point,
        /// Its radius \[px\].
        radius: f64,
        /// In what colour.
        ink: Ink,
    },
    /// A line of text.
    Text {
        /// A point of its base line.
        at: Point,
        /// Words.
        text: String,
        /// End that stands at the position.
        anchor: Anchor,
        /// Height of the font \[px\].
        size: f64,
        /// True if it is a heading.
        bold: bool,
        /// In what colour.
        ink: Ink,
    },
}

/// The rectangle that the data are drawn in \[px\].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Frame {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Frame {
    /// Right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Bottom edge.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// A drawing, back to front.
#[derive(Clone, PartialEq, Debug)]
pub struct Scene {
    /// Width \[px\].
    pub width: f64,
    /// Height \[px\].
    pub height: f64,
    /// Frame of the data.
    pub frame: Frame,
    /// Title, legend, grid, ticks of the upright axis.
    pub behind: Vec<Mark>,
    /// The ticks of the other axis: a page that zooms draws its own.
    pub ticks: Vec<Mark>,
    /// The data, in pixels of the scene; what leaves the frame is cut off.
    pub data: Vec<Mark>,
    /// Words in front of the data.
    pub notes: Vec<Mark>,
}
