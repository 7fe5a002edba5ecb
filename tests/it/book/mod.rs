//! The book in `docs`: it is whole, its commands run and print what it shows, and what is written from the code of
//! the program is what the code says today.

mod commands;
#[cfg(feature = "serve")] // The reference is that of the program with all its commands.
mod generated;
mod links;
#[cfg(feature = "serve")]
mod schema;
