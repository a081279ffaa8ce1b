//! The outside tests, one binary: the real server with the real catalogue, asked as its users would.

mod app;
mod commands;
mod http2;
mod limits;
mod readme;
mod tidy;
mod transport;
