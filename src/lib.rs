//! Silkroutes: the Silk Routes Partnership for Migration as a graph that can be queried.
//!
//! The map of the house; ARCHITECTURE.md walks through it.
//!
//! | slab | what it holds | may name |
//! |---|---|---|
//! | [`domain`] | words and rules of the partnership, pure | nothing of ours |
//! | [`graph`] | the memory image: snapshot, view, pages, search; pure | `domain` |
//! | [`store`] | the database: the only place with SQL | `graph`, `domain` |
//! | [`graphql`] | the schema: the same nouns, one file a concept | `store`, `graph`, `domain` |
//! | [`http`] | the transport around the schema | all above |
//! | [`app`] | wires everything; starts and stops it | all above |
//!
//! [`config`] and [`telemetry`] are leaves that only `app` and the command line read; `sync` has the types that threads
//! share values through.

pub mod app;
pub mod config;
pub mod domain;
pub mod graph;
pub mod graphql;
pub mod http;
pub mod store;
mod sync;
pub mod telemetry;
