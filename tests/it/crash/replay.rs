//! All that a power cut could leave, at every call of a recorded run; so many of these states are drawn and looked at.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;

use super::chance::Chance;
use super::disk::{Contents, Disk, Keep};
use super::look::{Duty, look};
use super::promise::Promise;
use super::record::{Call, Step};
use super::world::scratch;

/// A run, with what was promised in it.
pub struct Run {
    pub name: &'static str,
    pub first: Contents,
    pub steps: Vec<Step>,
    pub promises: Vec<Promise>,
    /// The files that must be sound wherever they are there, and what holds of each then.
    pub databases: Vec<(&'static str, Vec<String>)>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// States that differ in their bytes or in what must be there.
    pub states: usize,
    pub looked_at: usize,
    /// The first few that were wrong.
    pub faults: Vec<String>,
}

/// A state: after so many calls, with so much of what was not synced.
#[derive(Debug, Clone, Copy)]
struct State {
    after: usize,
    names: Keep,
    bytes: Keep,
}

/// Faults that are told.
const SHOWN: usize = 3;

impl Run {
    /// Looks at so many states, as many as there are at most.
    pub fn look(&self, most: usize) -> Found {
        let states = self.states(most);
        let chosen = self.choose(states.clone(), most);
        let found = Mutex::new(Found { states: states.len(), ..Found::default() });
        let walk = Mutex::new(self.walk(chosen));
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
                scope.spawn(|| self.look_at_all(&walk, &found));
            }
        });
        found.into_inner().expect("whole")
    }

    /// States that differ: after each call with all, with nothing, with names or bytes alone of what was not synced; and
    /// so many more that are drawn.
    fn states(&self, most: usize) -> Vec<State> {
        let mut all = Vec::new();
        for after in 0..=self.steps.len() {
            for names in [Keep::All, Keep::None] {
                all.extend([Keep::All, Keep::None].map(|bytes| State { after, names, bytes }));
            }
        }
        let mut chance = Chance::new(12);
        for _ in 0..most.saturating_mul(2) {
            let (names, bytes) = (chance.next(), chance.next());
            let names = if names % 3 == 0 { Keep::All } else { Keep::Drawn(names) };
            all.push(State { after: chance.below(self.steps.len() + 1), names, bytes: Keep::Drawn(bytes) });
        }
        let (mut seen, mut states) = (HashSet::new(), Vec::new());
        for (state, contents) in self.walk(all) {
            let mut hasher = blake3::Hasher::new();
            for (name, bytes) in &contents {
                hasher.update(name.as_bytes()).update(&bytes.len().to_le_bytes()).update(bytes);
            }
            for (n, _) in self.promised(state.after) {
                hasher.update(&n.to_le_bytes());
            }
            if seen.insert(hasher.finalize()) {
                states.push(state);
            }
        }
        states
    }

    /// So many of them: half of those where a sync or a change of names is near, as most faults are there; and of all.
    fn choose(&self, mut states: Vec<State>, most: usize) -> Vec<State> {
        let edges: BTreeSet<usize> =
            self.steps.iter().enumerate().filter(|(_, step)| !matches!(step.call, Call::Write { .. })).flat_map(|(n, _)| [n, n + 1]).collect();
        Chance::new(34).shuffle(&mut states);
        let (near, far): (Vec<_>, Vec<_>) = states.into_iter().partition(|state| edges.contains(&state.after));
        let from_near = near.len().min((most / 2).max(most.saturating_sub(far.len())));
        near.into_iter().take(from_near).chain(far).take(most).collect()
    }

    /// Goes through the calls once, and makes each state on the way.
    fn walk(&self, mut states: Vec<State>) -> impl Iterator<Item = (State, Contents)> {
        states.sort_by_key(|state| state.after);
        let (mut disk, mut done) = (Disk::of(&self.first), 0);
        states.into_iter().map(move |state| {
            for step in &self.steps[done..state.after] {
                disk.apply(step);
            }
            done = state.after;
            (state, disk.after_a_cut(state.names, state.bytes))
        })
    }

    /// What was acknowledged before the next call was begun, and not about to end when the last one was.
    fn promised(&self, after: usize) -> impl Iterator<Item = (usize, &Promise)> {
        let next = self.steps[after..].iter().map(|step| step.at).min();
        let last = after.checked_sub(1).map(|last| self.steps[last].at);
        self.promises.iter().enumerate().filter(move |(_, promise)| {
            let is_given = next.is_none_or(|next| promise.from <= next);
            let is_over = promise.until.is_some_and(|until| last.is_some_and(|last| until <= last));
            // With no call behind it, what is to end is not done yet; but it may be over at the end of the run.
            is_given && !is_over && (next.is_some() || promise.until.is_none())
        })
    }

    fn duties(&self, after: usize) -> Vec<Duty> {
        let of = |(database, whole): &(&str, Vec<String>)| {
            let promised = self.promised(after).filter(|(_, promise)| promise.database == *database).map(|(_, promise)| promise.holds.clone());
            Duty { database: (*database).to_owned(), whole: whole.clone(), promised: promised.collect() }
        };
        self.databases.iter().map(of).collect()
    }

    /// Looks at what comes, until nothing does.
    fn look_at_all(&self, walk: &Mutex<impl Iterator<Item = (State, Contents)>>, found: &Mutex<Found>) {
        let folder = scratch();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        loop {
            let next = walk.lock().expect("whole").next();
            let Some((state, contents)) = next else { return };
            let looked = runtime.block_on(look(folder.path(), &contents, &self.duties(state.after)));
            let mut found = found.lock().expect("whole");
            found.looked_at += 1;
            if let Err(fault) = looked
                && found.faults.len() < SHOWN
            {
                let files: Vec<String> = contents.iter().map(|(name, bytes)| format!("{name} {}", bytes.len())).collect();
                found.faults.push(format!("{}, {state:?}, which leaves {}: {fault}", self.name, files.join(", ")));
            }
        }
    }
}
