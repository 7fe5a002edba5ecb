//! The cloud: owns all parts and lets requests pass through them.

pub mod observe;
pub mod outcome;
