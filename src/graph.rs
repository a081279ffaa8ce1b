//! The memory image of what people write: an immutable [`Snapshot`], read through a [`View`].
//!
//! Pure and synchronous: built from [`Material`] that the store hands over, it knows the domain alone.
//!
//! | file | what |
//! |---|---|
//! | [`view`] | the only way in: what a viewer may see, as nodes, edges, listings |
//! | [`told`] | of which practices that not everyone may read an answer tells something |
//! | [`snapshot`], [`build`] | the tables, and how entries become nodes and codes become edges |
//! | [`party`], [`group`], [`document`], [`flow`], [`practice`], [`meeting`] | nodes and filters of one concept |
//! | [`code`] | codes that clients name, or what they may have meant |
//! | [`index`], [`order`], [`page`], [`seal`], [`search`] | the machinery: positions, sort keys, pages, cursors, full text |

pub mod build;
pub mod code;
pub mod contact;
pub mod document;
pub mod figures;
pub mod flow;
pub mod group;
pub mod index;
pub mod material;
pub mod meeting;
pub mod order;
pub mod page;
pub mod party;
pub mod practice;
pub mod seal;
pub mod search;
pub mod snapshot;
pub mod told;
pub mod view;

pub use crate::domain::viewer::Viewer;
pub use build::{Broken, Building};
pub use material::Material;
pub use snapshot::Snapshot;
pub use view::View;
