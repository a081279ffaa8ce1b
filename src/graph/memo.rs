//! What one request has worked out already: the same question is answered once, however often it is asked.
//!
//! A memo belongs to one view, so what it holds is what this viewer sees on this day; it ends with its request.

use std::any::{Any, TypeId};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// Answers by question. Questions of different types are of different kinds.
#[derive(Default)]
pub struct Memo(Mutex<FxHashMap<(TypeId, TypeId), Box<dyn Any + Send>>>);

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memo")
    }
}

impl Memo {
    /// The answer to a question: the one that is known, else the one that `make` gives. What cannot be answered is asked
    /// once, too: its error is a part of the answer.
    pub fn of<K, V>(&self, question: &K, make: impl FnOnce() -> V) -> V
    where
        K: Clone + Eq + Hash + Send + 'static,
        V: Clone + Send + 'static,
    {
        if let Some(known) = self.with(|answers: &mut FxHashMap<K, V>| answers.get(question).cloned()) {
            return known;
        }
        // Not while others wait: it may ask something itself.
        let answer = make();
        self.with(|answers: &mut FxHashMap<K, V>| answers.insert(question.clone(), answer.clone()));
        answer
    }

    fn with<K, V, R>(&self, ask: impl FnOnce(&mut FxHashMap<K, V>) -> R) -> R
    where
        K: Send + 'static,
        V: Send + 'static,
        FxHashMap<K, V>: Default,
    {
        // Whoever panicked while he held it left a whole map.
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry((TypeId::of::<K>(), TypeId::of::<V>())).or_insert_with(|| Box::new(FxHashMap::<K, V>::default()));
        match kind.downcast_mut() {
            Some(answers) => ask(answers),
            // It has the type that its place says.
            None => ask(&mut FxHashMap::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Twice(u32);
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Thrice(u32);

    #[test]
    fn what_was_asked_is_not_worked_out_again() {
        let (memo, mut made) = (Memo::default(), 0);
        for n in [1, 2, 1, 2, 1] {
            let answer: u32 = memo.of(&Twice(n), || {
                made += 1;
                // What is asked meanwhile is answered.
                memo.of(&Thrice(n), || 3 * n) - n
            });
            assert_eq!(answer, 2 * n);
        }
        assert_eq!(made, 2);
        assert_eq!(memo.of(&Thrice(1), || 0_u32), 3, "kinds of questions stand apart");
    }
}
