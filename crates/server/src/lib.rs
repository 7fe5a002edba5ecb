//! The server of plimsoll: a modelled cloud behind EC2's protocol, for clients that call it over HTTP.
//!
//! A single thread owns the simulation and takes commands from a channel, one after the other; the connections belong to others. A
//! command is a function of the state and its own text, so the same commands at the same simulated times give the same answers.
//!
//! **The order of the modules is the rule of direction**: a module uses only modules declared above it.

pub mod clock;

pub mod ids;

pub mod api_error;

pub mod xml;

pub mod query;

pub mod filters;

pub mod labels;

pub mod tokens;

pub mod key_pairs;

pub mod model;

pub mod handles;

pub mod render;

pub mod security_rules;

pub mod spot_requests;

pub mod actions;

pub mod rest;

pub mod faults;

pub mod exposition;

pub mod live;

pub mod command;

pub mod journal;

pub mod owner;

pub mod routes;

pub mod connections;

pub mod http;
