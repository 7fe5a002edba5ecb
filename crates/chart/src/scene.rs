//! A drawing without a format: marks in pixels, coloured by what they mean. SVG and PNG are made of it.

/// A point \[px\], from the top left corner.
pub type Point = (f64, f64);

/// What a colour means; a theme says which it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    /// Words that are read.
    Text,
    /// Words that are looked up: ticks, units, notes.
    Muted,
    /// Lines behind the data.
    Grid,
    /// What everything stands on.
    Paper,
    /// One of the things compared, from 0; see [`crate::palette`].
    Series(usize),
    /// A step of a scale from little (1) to much ([`crate::palette::SHADES`]).
    Shade(usize),
}

/// Which end of a text its position is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// Something drawn.
#[derive(Clone, PartialEq, Debug)]
pub enum Mark {
    /// A line through points.
    Line {
        /// Where.
        points: Vec<Point>,
        /// In what colour; one of a series has the dashes of it.
        ink: Ink,
        /// How wide \[px\].
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
        /// What it says.
        text: String,
        /// Which point that is.
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
    /// Where the data are.
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
