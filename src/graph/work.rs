//! What one operation does: counted as it is done, held to what it may do, and ended when nobody waits for it any more.
//!
//! The graph has no clock, so it does not know when time is over: who has one says so by [`Stop`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells an operation that nobody waits for it any more; one switch, however often it is cloned.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on whatever looks at it ends as soon as it can; there is no way back.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether nobody waits any more.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
