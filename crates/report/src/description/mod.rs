//! Description of a fleet as it stands, for a program and for a person.

pub mod terminal;

mod data;

pub use data::DescriptionData;
