//! What threads share its values through, by one name each: the types of the standard library, of tokio and of others,
//! as they are.
//!
//! Under the feature `interleavings` tests get others in their place, whose every step a scheduler chooses (`chosen`).
//! So what is published in steps while others look runs there as it is written, in thousands of orders: whoever writes
//! such a thing takes its cells from here, and adds a story to a file `interleavings.rs` beside it.
//! Nothing but tests is ever built with them.

#[cfg(all(test, feature = "interleavings"))]
pub(crate) mod chosen;

#[cfg(not(all(test, feature = "interleavings")))]
mod usual {
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
    pub(crate) use std::sync::{Mutex, MutexGuard};

    pub(crate) use arc_swap::ArcSwap;
    pub(crate) use quick_cache::sync::Cache;
    pub(crate) use tokio::time::timeout;
}

#[cfg(not(all(test, feature = "interleavings")))]
pub(crate) use usual::{ArcSwap, AtomicBool, AtomicI64, AtomicU64, Cache, Mutex, MutexGuard, timeout};

#[cfg(all(test, feature = "interleavings"))]
pub(crate) use chosen::{ArcSwap, AtomicBool, AtomicI64, AtomicU64, Cache, Mutex, MutexGuard, timeout};
