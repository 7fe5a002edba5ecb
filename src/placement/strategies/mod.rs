//! One strategy a file. Each states its rule for people and for the machine; `register` lists them.

pub mod best_fit;
pub mod best_fit_l1;
pub mod best_fit_l2;
pub mod best_fit_linf;
pub mod cluster;
pub mod dot_product;
pub mod first_fit;
pub mod next_fit;
pub mod partition;
pub mod power_of_two;
pub mod random;
mod ratios;
pub mod spread;
pub mod worst_fit;
pub mod worst_fit_l1;
pub mod worst_fit_l2;
pub mod worst_fit_linf;
