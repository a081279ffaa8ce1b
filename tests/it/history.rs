//! A history of calls and answers, and whether a store that does one thing after the other could have given it.
//!
//! Each entry goes through steps, one after the other: its *rank* counts them. What the database says at its end of the
//! order of steps is the truth (a step that nobody was told of may be in it, one that was refused may not). Against it
//! each history is checked, in time that grows with its length:
//!
//! - **writes are strictly serialisable**: every acknowledged step is in the truth at the revision it was told, and none
//!   stands there behind one that was called after it had been answered;
//! - **each answer shows one state**: there is a revision at which all that it tells holds at once, none later than the
//!   answer, and none that its node had left behind by then; what callers with keys are told is not older than a bound;
//! - **sessions read their writes** (`at-least-revision`);
//! - **there are no long forks**: of two answers, one has seen whatever the other has.

use std::collections::BTreeMap;

/// Microseconds since the history began.
pub type Time = u64;

/// What was called and answered.
#[derive(Debug, Clone)]
pub struct Record {
    /// Who called.
    #[expect(dead_code, reason = "it is shown where a history is wrong")]
    pub session: usize,
    /// Which life of which node answered.
    pub node: (usize, usize),
    pub begun: Time,
    pub ended: Time,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// The step of an entry to that rank; `revision` where it was acknowledged. `title` is what it says, where it says something.
    Step { entry: usize, rank: usize, title: Option<String>, answer: Answer },
    /// All entries at once: the rank of each. Of one that is not seen it is known that its rank is not one that everyone sees.
    Read { at_least: Option<u64>, is_member: bool, ranks: Vec<Option<usize>>, titles: Vec<Option<String>> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Done(u64),
    Refused,
    /// Nobody knows.
    Unknown,
}

/// What the database says at the end: which entry took its next step at which revision, in order.
pub type Truth = Vec<(u64, usize)>;

/// Ranks of an entry go round, the first of a round says something new. In a round of one nothing is ever seen by everyone;
/// in a round of four the third is.
pub const ROUND: usize = 4;
const PUBLISHED: usize = 2;

/// What a history held.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub acknowledged: usize,
    pub refused: usize,
    pub unknown: usize,
    /// Those of unknown steps that came to pass.
    pub came_to_pass: usize,
    pub reads: usize,
}

/// The revision of each rank of each entry.
struct Order<'a> {
    rounds: &'a [usize],
    of: Vec<Vec<u64>>,
    /// When at the earliest a step was called, and when it was answered at the latest, by entry and rank.
    times: BTreeMap<(usize, usize), (Time, Time)>,
    revisions: Vec<u64>,
}

/// Checks a history of entries with rounds of so many ranks; `stale` is how old an answer to a caller with a key may be.
pub fn check(records: &[Record], truth: &Truth, rounds: &[usize], stale: Time) -> Result<Held, String> {
    let mut order =
        Order { rounds, of: vec![Vec::new(); rounds.len()], times: BTreeMap::new(), revisions: truth.iter().map(|(revision, _)| *revision).collect() };
    for (revision, entry) in truth {
        order.of[*entry].push(*revision);
    }
    if !truth.is_sorted_by(|a, b| a.0 < b.0) {
        return Err("one revision for two steps".into());
    }
    let mut held = Held::default();
    order.steps(records, &mut held)?;
    order.is_in_real_time(truth)?;
    order.reads(records, stale, &mut held)?;
    no_forks(records)?;
    titles(records, rounds)?;
    Ok(held)
}

impl Order<'_> {
    fn steps(&mut self, records: &[Record], held: &mut Held) -> Result<(), String> {
        for record in records {
            let What::Step { entry, rank, answer, .. } = &record.what else { continue };
            let at = self.of[*entry].get(*rank).copied();
            let ended = if *answer == Answer::Unknown { Time::MAX } else { record.ended };
            match answer {
                Answer::Done(revision) => {
                    held.acknowledged += 1;
                    if at != Some(*revision) {
                        return Err(format!("an acknowledged step is lost or elsewhere ({at:?}): {record:?}"));
                    }
                }
                Answer::Unknown => held.unknown += 1,
                Answer::Refused => held.refused += 1,
            }
            if *answer != Answer::Refused && at.is_some() {
                // Several may have tried what one did; of those that were not answered nobody knows which it was.
                let known = self.times.entry((*entry, *rank)).or_insert((record.begun, ended));
                *known = match answer {
                    Answer::Done(_) if known.1 != Time::MAX && *known != (record.begun, ended) => {
                        return Err(format!("two were told that they did the same step: {record:?}"));
                    }
                    Answer::Done(_) => (record.begun, ended),
                    _ if known.1 == Time::MAX => (known.0.min(record.begun), Time::MAX),
                    _ => *known,
                };
            }
        }
        for (entry, revisions) in self.of.iter().enumerate() {
            for rank in 0..revisions.len() {
                let Some(times) = self.times.get(&(entry, rank)) else {
                    return Err(format!("entry {entry} took step {rank}, which nobody called or which was refused"));
                };
                held.came_to_pass += usize::from(times.1 == Time::MAX);
            }
        }
        Ok(())
    }

    /// No step stands behind one that was called after it had been answered.
    fn is_in_real_time(&self, truth: &Truth) -> Result<(), String> {
        let mut ranks: Vec<usize> = self.of.iter().map(Vec::len).collect();
        let mut first_answer = Time::MAX;
        for (revision, entry) in truth.iter().rev() {
            ranks[*entry] -= 1;
            let (begun, ended) = self.times[&(*entry, ranks[*entry])];
            if first_answer < begun {
                return Err(format!("revision {revision} was called after a later one had been answered"));
            }
            first_answer = first_answer.min(ended);
        }
        Ok(())
    }

    /// Whether an entry is at a rank at a revision; of one that is not seen, whether it then is where not everyone sees it.
    fn is_at(&self, revision: u64, entry: usize, rank: Option<usize>) -> bool {
        let taken = self.of[entry].partition_point(|at| *at <= revision);
        match rank {
            Some(rank) => taken == rank + 1,
            None => taken == 0 || self.rounds[entry] < ROUND || (taken - 1) % ROUND != PUBLISHED,
        }
    }

    /// The revisions at which all that an answer tells holds; 0 is before the first.
    fn of_read<'a>(&'a self, ranks: &'a [Option<usize>]) -> Result<impl Iterator<Item = u64> + 'a, String> {
        let (mut low, mut high) = (0, u64::MAX);
        for (entry, rank) in ranks.iter().enumerate() {
            let Some(rank) = rank else { continue };
            let of = &self.of[entry];
            let Some(from) = of.get(*rank) else { return Err(format!("entry {entry} never was at rank {rank}")) };
            low = low.max(*from);
            high = high.min(of.get(rank + 1).map_or(u64::MAX, |next| next - 1));
        }
        let first = std::iter::once(low);
        let later = self.revisions[self.revisions.partition_point(|at| *at <= low)..].iter().copied();
        Ok(first.chain(later).take_while(move |at| *at <= high).filter(move |at| ranks.iter().enumerate().all(|(entry, rank)| self.is_at(*at, entry, *rank))))
    }

    fn reads(&self, records: &[Record], stale: Time, held: &mut Held) -> Result<(), String> {
        // What a node has shown by when: an answer that begins later shows no earlier revision.
        let mut shown: BTreeMap<(usize, usize), Vec<(Time, u64)>> = BTreeMap::new();
        let mut reads: Vec<&Record> = records.iter().filter(|record| matches!(record.what, What::Read { .. })).collect();
        reads.sort_by_key(|record| record.ended);
        let answered = self.answered();
        for record in reads {
            let What::Read { at_least, is_member, ranks, .. } = &record.what else { continue };
            held.reads += 1;
            let of_node = shown.entry(record.node).or_default();
            let before = of_node[..of_node.partition_point(|(ended, _)| *ended < record.begun)].last().map_or(0, |(_, revision)| *revision);
            let fresh = if *is_member { known_by(&answered, record.begun.saturating_sub(stale)) } else { 0 };
            let floor = before.max(at_least.unwrap_or(0));
            // A later revision of nothing new is the same state: what counts is the last that the answer may be of.
            let mut may_be = self.of_read(ranks)?.map(|at| (at, self.next(at) - 1)).filter(|(_, last)| *last >= floor.max(fresh));
            let Some((first, _)) = may_be.next() else {
                let some = self.of_read(ranks)?.last();
                return Err(format!(
                    "no revision at or behind {floor} (node: {before}, asked: {at_least:?}, fresh: {fresh}) is what was told; at best {some:?}: {record:?}"
                ));
            };
            if self.began(first) > record.ended {
                return Err(format!("an answer shows revision {first} before it was called: {record:?}"));
            }
            let last = of_node.last().map_or(0, |(_, revision)| *revision);
            of_node.push((record.ended, first.max(last)));
        }
        Ok(())
    }

    fn next(&self, revision: u64) -> u64 {
        self.revisions.get(self.revisions.partition_point(|at| *at <= revision)).copied().unwrap_or(u64::MAX)
    }

    /// When at the earliest the step of a revision was called.
    fn began(&self, revision: u64) -> Time {
        let found = self.of.iter().enumerate().find_map(|(entry, of)| Some((entry, of.binary_search(&revision).ok()?)));
        found.and_then(|key| self.times.get(&key)).map_or(0, |(begun, _)| *begun)
    }

    /// By when which revision had been answered, the latest so far.
    fn answered(&self) -> Vec<(Time, u64)> {
        let mut all: Vec<(Time, u64)> =
            self.times.iter().filter(|(_, times)| times.1 != Time::MAX).map(|((entry, rank), times)| (times.1, self.of[*entry][*rank])).collect();
        all.sort_unstable();
        let mut latest = 0;
        for (_, revision) in &mut all {
            latest = latest.max(*revision);
            *revision = latest;
        }
        all
    }
}

fn known_by(answered: &[(Time, u64)], time: Time) -> u64 {
    answered[..answered.partition_point(|(ended, _)| *ended <= time)].last().map_or(0, |(_, revision)| *revision)
}

/// Of two answers to callers who see all, one has seen whatever the other has. (It follows from the order above; looked at
/// without it, as a fork is what a wrong order would be made of.)
fn no_forks(records: &[Record]) -> Result<(), String> {
    let mut all: Vec<(usize, Vec<usize>)> = records
        .iter()
        .filter_map(|record| match &record.what {
            What::Read { is_member: true, ranks, .. } => {
                let ranks: Option<Vec<usize>> = ranks.iter().copied().collect();
                ranks.map(|ranks| (ranks.iter().sum(), ranks))
            }
            _ => None,
        })
        .collect();
    all.sort_unstable();
    for two in all.windows(2) {
        if two[0].1.iter().zip(&two[1].1).any(|(one, other)| one > other) {
            return Err(format!("a long fork: {:?} and {:?}", two[0].1, two[1].1));
        }
    }
    Ok(())
}

/// What an entry says in a round is what whoever was acknowledged wrote, for everyone who reads it.
fn titles(records: &[Record], rounds: &[usize]) -> Result<(), String> {
    let mut written: BTreeMap<(usize, usize), (&str, bool)> = BTreeMap::new();
    for record in records {
        if let What::Step { entry, rank, title: Some(title), answer: Answer::Done(_) } = &record.what {
            written.insert((*entry, rank / rounds[*entry]), (title, true));
        }
    }
    for record in records {
        let What::Read { ranks, titles, .. } = &record.what else { continue };
        for (entry, (rank, title)) in ranks.iter().zip(titles).enumerate() {
            let (Some(rank), Some(title)) = (rank, title) else { continue };
            let (known, _) = *written.entry((entry, rank / rounds[entry])).or_insert((title, false));
            if known != title {
                return Err(format!("entry {entry} says {title:?} and {known:?} in one version: {record:?}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
