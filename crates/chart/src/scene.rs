//! A drawing without a format: marks in pixels with the roles of their colours. SVG and PNG are made of it.

/// Point \[px\], from the top left corner.
pub type Point = (f64, f64);

/// Role of a colour; a theme says which colour it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    /// Text.
    Text,
    /// Secondary text: ticks, units, notes.
    Muted,
    /// Grid lines behind the data.
    Grid,
    /// Background.
    Paper,
    /// Data series, numbered from 0; see [`crate::palette`].
    Series(usize),
    /// Step of a sequential scale, from little (1) to much ([`crate::palette::SHADES`]).
    Shade(usize),
}

/// Point of a text that its position gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// Beginning of the text.
    Start,
    /// Middle of the text.
    Middle,
    /// End of the text.
    End,
}

impl Anchor {
    /// Returns the part of the text's width that lies before the point.
    pub fn share(self) -> f64 {
        match self {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5,
            Anchor::End => 1.0,
        }
    }
}

/// Mark of a drawing.
#[derive(Clone, PartialEq, Debug)]
pub enum Mark {
    /// Line through points.
    Line {
        /// Points.
        points: Vec<Point>,
        /// Colour; a line of a series has its dashes.
        ink: Ink,
        /// Width \[px\].
        width: f64,
    },
    /// Filled polygon.
    Area {
        /// Corners.
        points: Vec<Point>,
        /// Colour.
        ink: Ink,
    },
    /// Filled rectangle.
    Block {
        /// Top left corner.
        at: Point,
        /// Width and height \[px\].
        size: Point,
        /// Colour.
        ink: Ink,
    },
    /// Disc.
    Dot {
        /// Centre.
        at: Point,
        /// Radius \[px\].
        radius: f64,
        /// Colour.
        ink: Ink,
    },
    /// Line of text.
    Text {
        /// Point of the base line.
        at: Point,
        /// Text.
        text: String,
        /// Place of that point along the text.
        anchor: Anchor,
        /// Height of the font \[px\].
        size: f64,
        /// True for a heading.
        bold: bool,
        /// Colour.
        ink: Ink,
    },
}

/// Rectangle of the data \[px\].
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
    /// Returns the right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Returns the bottom edge.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Drawing; its parts are in order from back to front.
#[derive(Clone, PartialEq, Debug)]
pub struct Scene {
    /// Width \[px\].
    pub width: f64,
    /// Height \[px\].
    pub height: f64,
    /// Rectangle of the data.
    pub frame: Frame,
    /// Title, legend, grid, ticks of the vertical axis.
    pub behind: Vec<Mark>,
    /// Ticks of the horizontal axis: a page that zooms draws its own.
    pub ticks: Vec<Mark>,
    /// Data, clipped to the frame.
    pub data: Vec<Mark>,
    /// Words in front of the data.
    pub notes: Vec<Mark>,
}
