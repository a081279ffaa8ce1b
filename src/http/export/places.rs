//! The places at which files are made: so many at once, and of those only some for one client, so that nobody keeps all
//! others from theirs.
//!
//! Who has a place is counted here and not at his bucket of points: buckets may be forgotten, places that are held may not.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;

use crate::http::rate::Who;
use crate::http::refusal::{Refusal, code};
use crate::http::settings::Settings;

/// Seconds after which someone who has as many files under way as he may can try again.
const AGAIN: u64 = 5;

/// The places of one server.
pub struct Places {
    all: usize,
    each: usize,
    /// An entry for each place that is held: as few as there are places.
    held: Arc<Mutex<Vec<Who>>>,
}

/// A place that is held until it is dropped.
pub struct Place {
    who: Who,
    held: Arc<Mutex<Vec<Who>>>,
}

impl Places {
    /// As many as the settings say.
    pub fn new(settings: &Settings) -> Self {
        Self { all: settings.exports, each: settings.exports_each, held: Arc::default() }
    }

    /// A place for one client.
    ///
    /// # Errors
    /// Where he has as many as one may have, or all are held.
    pub fn take(&self, who: &Who) -> Result<Place, Refusal> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.iter().filter(|other| *other == who).count() >= self.each {
            let message = format!("{} files are being made for you, as many as one client may have at once; try again when one is done.", self.each);
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, code::THROTTLED, message).retry_after(AGAIN));
        }
        if held.len() >= self.all {
            let message = format!("{} files are being made, as many as may be at once; try again.", self.all);
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, message));
        }
        held.push(who.clone());
        drop(held);
        Ok(Place { who: who.clone(), held: Arc::clone(&self.held) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = held.iter().position(|other| *other == self.who) {
            held.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_some_of_the_places_and_all_clients_have_all() {
        let places = Places::new(&Settings { exports: 5, exports_each: 2, ..Settings::default() });
        let (one, other, member) = (Who::Stranger(1), Who::Stranger(2), Who::Member("desk".into()));
        let take = |who: &Who| places.take(who).map_err(|refusal| refusal.code());
        let mut held = [take(&one), take(&one), take(&other), take(&member)].map(Result::unwrap).into_iter().collect::<Vec<_>>();
        assert_eq!(take(&one).err(), Some(code::THROTTLED), "he has two");
        held.push(take(&other).unwrap());
        assert_eq!(take(&member).err(), Some(code::OVERLOADED), "he has one, and all are held");
        held.swap_remove(0);
        let again = take(&member).unwrap();
        assert_eq!(take(&one).err(), Some(code::OVERLOADED));
        drop((held, again));
        assert!(places.held.lock().unwrap().is_empty());
        assert!(take(&one).is_ok());
    }
}
