//! When something was last heard of the database.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::sync::AtomicU64;

/// A time that only goes on.
#[derive(Debug)]
pub struct Heard {
    begun: Instant,
    /// Milliseconds since.
    last: AtomicU64,
}

impl Heard {
    /// Heard this moment.
    #[must_use]
    pub fn now() -> Self {
        Self { begun: Instant::now(), last: AtomicU64::new(0) }
    }

    /// Heard again.
    pub fn note(&self) {
        self.last.fetch_max(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// For how long nothing was heard.
    pub fn silence(&self) -> Duration {
        self.begun.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }
}
