//! Places that clients hold for a while, where files are made and writes wait: so many at once, of those only some for
//! one client, and half of them for all who prove nothing, so that nobody keeps all others from theirs.
//!
//! Who has a place is counted here and not at his bucket of points: buckets may be forgotten, places that are held may not.

use std::sync::{Arc, PoisonError};

use super::rate::Who;
use crate::sync::Mutex;

/// The places for one thing.
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

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// He holds as many as one client may.
    Own,
    /// All that he may have are held, by whomever.
    All,
}

impl Places {
    /// So many, and so many of them for each client.
    pub fn new(all: usize, each: usize) -> Self {
        Self { all, each, held: Arc::default() }
    }

    /// A place for one client.
    ///
    /// # Errors
    /// Where there is none for him.
    pub fn take(&self, who: &Who) -> Result<Place, Full> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.iter().filter(|other| *other == who).count() >= self.each {
            return Err(Full::Own);
        }
        let strangers = held.iter().filter(|other| matches!(other, Who::Stranger(_))).count();
        let is_kept = matches!(who, Who::Stranger(_)) && strangers >= self.all.div_ceil(2);
        if is_kept || held.len() >= self.all {
            return Err(Full::All);
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
    fn one_client_has_some_of_the_places_strangers_have_half_and_all_clients_have_all() {
        let places = Places::new(5, 2);
        let [one, other, third] = [1, 2, 3].map(Who::Stranger);
        let [desk, office] = ["desk", "office"].map(|subject| Who::Member(subject.into()));
        let take = |who: &Who| places.take(who);
        let mut held = [take(&one), take(&one), take(&other)].map(Result::unwrap).into_iter().collect::<Vec<_>>();
        assert_eq!(take(&one).err(), Some(Full::Own), "he has two");
        assert_eq!(take(&third).err(), Some(Full::All), "strangers have three of five");
        held.push(take(&desk).unwrap());
        held.push(take(&office).unwrap());
        assert_eq!(take(&desk).err(), Some(Full::All), "he has one, and all are held");
        held.swap_remove(0);
        let again = take(&desk).unwrap();
        assert_eq!((take(&office).err(), take(&one).err()), (Some(Full::All), Some(Full::All)));
        drop((held, again));
        assert!(places.held.lock().unwrap().is_empty());
        assert!(take(&one).is_ok());
        assert!(Places::new(1, 1).take(&one).is_ok(), "where there is one place, it is anyone's");
    }
}
