//! The register of strategies: everything that names one (scenario, help, tests, docs) walks [`REGISTER`].
//!
//! Each strategy has a file, which states its rule in words and in code. To add one: the file, and its two lines here.

mod balance_fit;
mod best_fit;
mod best_fit_l1;
mod best_fit_l2;
mod best_fit_linf;
mod best_of_k;
mod borg_hybrid;
pub mod callable;
mod cluster;
mod dot_product;
mod dvla;
mod expression;
mod fgd;
mod first_fit;
mod la_binary;
mod lava;
mod lexicographic;
mod move_to_front;
mod next_fit;
mod nilas;
mod partition;
mod power_of_two;
mod random;
mod ratios;
mod spread;
mod worst_fit;
mod worst_fit_l1;
mod worst_fit_l2;
mod worst_fit_linf;

use crate::placement::entry::StrategyEntry;

/// All strategies.
pub const REGISTER: &[&StrategyEntry] = &[
    &first_fit::ENTRY,
    &next_fit::ENTRY,
    &move_to_front::ENTRY,
    &spread::ENTRY,
    &cluster::ENTRY,
    &random::ENTRY,
    &best_fit::ENTRY,
    &worst_fit::ENTRY,
    &best_fit_l1::ENTRY,
    &best_fit_l2::ENTRY,
    &best_fit_linf::ENTRY,
    &worst_fit_l1::ENTRY,
    &worst_fit_l2::ENTRY,
    &worst_fit_linf::ENTRY,
    &dot_product::ENTRY,
    &balance_fit::ENTRY,
    &balance_fit::ENTRY_L1,
    &lexicographic::ENTRY,
    &borg_hybrid::ENTRY,
    &fgd::ENTRY,
    &la_binary::ENTRY,
    &nilas::ENTRY,
    &lava::ENTRY,
    &dvla::ENTRY,
    &power_of_two::ENTRY,
    &best_of_k::ENTRY,
    &partition::ENTRY,
    &expression::ENTRY,
];
