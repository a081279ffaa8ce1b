//! The schema: the partnership's nouns as the API shows them, one file a concept.
//!
//! Resolvers read one request's [`View`] synchronously; what is unbounded comes through its `Loaders`.
//! [`Api`] is the way in: it looks at a document before it runs ([`limit`]) and dresses every error ([`error`]).
//!
//! | file | what |
//! |---|---|
//! | `party`, `group`, `document`, `flow`, `practice`, `meeting`, `figure` | objects, filters and orders of one concept |
//! | `viewer` | who asks, his keys, how much he may ask |
//! | `figures`, `matrix`, `series`, `measure` | figures by group, from where to where, through time with what may come, and what there is |
//! | `query`, `node` | the root, and what can be fetched by id |
//! | `mutation`, `contribution`, `contact`, `audience`, `history`, `task`, `revocation` | what parties write, who may read it, what happened to it, what waits |
//! | `views`, `reads` | what this request sees, and what of it is noted |
//! | `object`, `resolve`, `page`, `scalar`, `word` | the machinery: `object!`, how objects are resolved, connections, scalars, enums |
//! | `validate` | whether a document would be run, without running it |
//! | [`export`] | the list of an operation, page by page, for files |
//! | `loaders` | reads from the database, batched within one request |
//! | `omitted` | variables that were not given where an argument has a default |
//! | [`api`], [`limit`], [`error`] | execution, what is refused, what an error says |

pub mod api;
mod audience;
mod contact;
mod contribution;
mod document;
pub mod error;
pub mod export;
mod figure;
mod figures;
mod flow;
mod group;
mod history;
pub mod limit;
mod loaders;
mod matrix;
mod measure;
mod meeting;
mod mutation;
mod node;
mod object;
mod omitted;
mod page;
mod party;
mod practice;
mod query;
mod reads;
mod resolve;
mod revocation;
mod scalar;
mod series;
mod task;
mod validate;
mod viewer;
mod views;
mod word;
mod written;

use async_graphql::Context;

use crate::graph::View;

pub use api::{Api, Call, Outcome, Prepared};
pub use validate::Validator;
pub use viewer::RateLimit;
pub use written::{write, write_list};

/// What this request sees. [`Api::execute`] puts it there for every request, and nothing else runs the schema.
fn view<'a>(ctx: &Context<'a>) -> &'a View {
    ctx.data_unchecked::<views::Views>().current()
}
