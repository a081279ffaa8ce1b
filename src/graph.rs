//! The memory image of what people write: an immutable snapshot, read through a [`View`](view::View).
pub mod material;
