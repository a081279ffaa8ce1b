//! The outside tests, one binary: the real server with the real catalogue, asked as its users would.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs, reason = "a test that fails should say so at the line where it does")]

mod app;
mod ask;
mod auth;
mod catalogue;
mod commands;
mod connections;
mod contract;
mod contribution;
mod copying;
mod crash;
mod crowd;
mod deploy;
mod errors;
mod expect;
mod export;
mod faults;
mod filters;
mod history;
mod hostile;
mod http2;
mod import;
mod kept;
mod kills;
mod limits;
mod model;
mod nodes;
mod overload;
mod persisted;
mod place;
mod price;
mod queries;
mod readme;
mod sdl;
mod suppression;
mod tidy;
mod transport;
mod twins;
mod waiting;
