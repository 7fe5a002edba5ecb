//! Demand: traces and synthetic arrivals, as one stream of calls in time order.

pub mod call;
