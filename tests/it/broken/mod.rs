//! Kinds of mistake that once broke the program, each held as a whole: what a scenario may say wrongly, time that
//! seems to run backwards, figures that differ between an unbroken run and one that goes on.

mod kills;
mod limits;
mod mistakes;
mod resealed;
mod resumed;
mod signals;
mod streams;
mod text;
mod time;
