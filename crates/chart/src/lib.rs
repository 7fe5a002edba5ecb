//! Charts: a [`plot`] says what is shown in units of its data, [`layout`] turns it into a [`scene`] of marks in pixels, and
//! [`svg`], [`png`] and [`pdf`] are the formats of a scene.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

pub mod downsample;

pub mod scene;

pub mod palette;

pub mod axis;

pub mod plot;

pub mod contour;

pub mod font;

pub mod layout;

pub mod svg;

pub mod png;

pub mod pdf;
