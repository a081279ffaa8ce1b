//! The checker finds what is made wrong on purpose, and takes what is right.

use super::{Answer, Record, Truth, What, check};

const STALE: u64 = 1_000;

/// A small world that does things one after the other, so that its history is right.
struct World {
    records: Vec<Record>,
    truth: Truth,
    ranks: Vec<Option<usize>>,
    time: u64,
    seed: u64,
}

impl World {
    fn new(seed: u64, steps: usize) -> Self {
        let mut world = Self { records: Vec::new(), truth: Vec::new(), ranks: vec![None; 3], time: 0, seed: seed.wrapping_mul(2) + 1 };
        for entry in 0..3 {
            world.step(entry);
        }
        for _ in 0..steps {
            match world.draw(3) {
                0 => {
                    let entry = world.draw(3);
                    world.step(entry);
                }
                n => world.read(n == 1),
            }
        }
        world
    }

    fn draw(&mut self, most: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        usize::try_from(self.seed >> 33).expect("31 bits") % most
    }

    fn record(&mut self, what: What) {
        let node = (self.draw(3), 0);
        let (session, took) = (self.draw(4), self.draw(50) as u64);
        self.records.push(Record { session, node, begun: self.time, ended: self.time + 1 + took, what });
        // Calls overlap by a little.
        self.time += 2 + took / 2;
    }

    fn step(&mut self, entry: usize) {
        let rank = self.ranks[entry].map_or(0, |rank| rank + 1);
        let revision = self.truth.len() as u64 + 10;
        self.truth.push((revision, entry));
        self.ranks[entry] = Some(rank);
        let title = rank.is_multiple_of(super::ROUND).then(|| format!("{entry} {rank}"));
        let answer = if self.draw(8) == 0 { Answer::Unknown } else { Answer::Done(revision) };
        self.record(What::Step { entry, rank, title, answer });
        self.time += 60;
    }

    fn read(&mut self, is_member: bool) {
        let ranks: Vec<Option<usize>> = self.ranks.iter().map(|rank| rank.filter(|rank| is_member || rank % super::ROUND == super::PUBLISHED)).collect();
        let titles = ranks.iter().enumerate().map(|(entry, rank)| rank.map(|rank| format!("{entry} {}", rank / super::ROUND * super::ROUND))).collect();
        let last = self.truth.last().map(|(revision, _)| *revision);
        self.record(What::Read { at_least: last.filter(|_| is_member), is_member, ranks, titles });
    }

    fn check(&self) -> Result<super::Held, String> {
        check(&self.records, &self.truth, &[super::ROUND; 3], STALE)
    }

    /// The places of records that are so.
    fn places(&self, is_so: impl Fn(&What) -> bool) -> Vec<usize> {
        (0..self.records.len()).filter(|at| is_so(&self.records[*at].what)).collect()
    }
}

fn is_member_read(what: &What) -> bool {
    matches!(what, What::Read { is_member: true, .. })
}

#[test]
fn what_was_done_one_after_the_other_is_taken() {
    for seed in 0..200 {
        let world = World::new(seed, 60);
        world.check().unwrap_or_else(|fault| panic!("{seed}: {fault}"));
    }
}

fn lost(world: &mut World, acknowledged: &[usize]) -> bool {
    let (_, entry) = world.truth[world.truth.len() - 1];
    let Some(at) = acknowledged.iter().rev().copied().find(|at| matches!(&world.records[*at].what, What::Step { entry: of, .. } if *of == entry)) else {
        return false;
    };
    let What::Step { rank, .. } = world.records[at].what else { return false };
    let is_last = world.ranks[entry] == Some(rank);
    world.truth.pop();
    is_last
}

fn out_of_order(world: &mut World) -> bool {
    let is_told = |revision: u64| world.records.iter().any(|record| matches!(&record.what, What::Step { answer, .. } if *answer == Answer::Done(revision)));
    let may = |at: &usize| {
        let (one, other) = (world.truth[*at], world.truth[at + 1]);
        one.1 != other.1 && is_told(one.0) && is_told(other.0)
    };
    let Some(two) = (3..world.truth.len() - 1).find(may) else { return false };
    let (a, b) = (world.truth[two], world.truth[two + 1]);
    (world.truth[two].1, world.truth[two + 1].1) = (b.1, a.1);
    for record in &mut world.records {
        if let What::Step { answer: Answer::Done(revision), .. } = &mut record.what {
            *revision = if *revision == a.0 {
                b.0
            } else if *revision == b.0 {
                a.0
            } else {
                *revision
            };
        }
    }
    true
}

/// Makes a right history wrong; whether there was anything to make wrong.
fn spoilt(name: &str, world: &mut World) -> bool {
    let acknowledged = world.places(|what| matches!(what, What::Step { answer: Answer::Done(_), .. }));
    let reads = world.places(is_member_read);
    match name {
        // The last step of an entry never came to pass.
        "lost" => lost(world, &acknowledged),
        "refused and done" => {
            let Some(at) = acknowledged.last() else { return false };
            let What::Step { answer, .. } = &mut world.records[*at].what else { return false };
            *answer = Answer::Refused;
            true
        }
        "two of one revision" => {
            let Some(last) = world.truth.last().copied() else { return false };
            world.truth.push((last.0, (last.1 + 1) % 3));
            true
        }
        // Two steps of different entries, of which the second was called when the first had been answered, change places.
        "out of order" => out_of_order(world),
        // An entry is shown as it was, beside others as they are.
        "torn" | "stale" => {
            let is_torn = name == "torn";
            for at in reads.into_iter().rev() {
                let What::Read { ranks, at_least, .. } = &mut world.records[at].what else { continue };
                if let Some(rank) = ranks.iter_mut().flatten().find(|rank| **rank > 0) {
                    *rank -= 1;
                    if is_torn {
                        *at_least = None;
                    }
                    return true;
                }
            }
            false
        }
        "from the future" => {
            let Some(at) = reads.first() else { return false };
            let What::Read { ranks, titles, .. } = &mut world.records[*at].what else { return false };
            *titles = vec![None; 3];
            let is_other = *ranks != world.ranks;
            ranks.clone_from(&world.ranks);
            is_other
        }
        "never written" => {
            let Some(at) = reads.first() else { return false };
            let What::Read { titles, .. } = &mut world.records[*at].what else { return false };
            titles[0] = Some("never written".into());
            reads.len() > 1
        }
        _ => unreachable!("{name}"),
    }
}

#[test]
fn what_is_made_wrong_is_found() {
    for name in ["lost", "refused and done", "two of one revision", "out of order", "stale", "from the future"] {
        let mut made = 0;
        for seed in 0..200 {
            let mut world = World::new(seed, 60);
            if spoilt(name, &mut world) {
                made += 1;
                assert!(world.check().is_err(), "{name}, {seed} is not found");
            }
        }
        assert!(made > 50, "{name}: only {made} histories were made wrong");
    }
    // One that is older on one entry alone is wrong unless nothing else had happened since; a title, unless nobody else knows it.
    for name in ["torn", "never written"] {
        let found = (0..200).filter(|seed| {
            let mut world = World::new(*seed, 60);
            spoilt(name, &mut world) && world.check().is_err()
        });
        assert!(found.count() > 50, "{name}");
    }
}

#[test]
fn a_long_fork_a_node_that_goes_back_and_a_stranger_who_sees_what_is_withdrawn_are_found() {
    let step = |entry, rank, begun, revision| Record {
        session: 0,
        node: (0, 0),
        begun,
        ended: begun + 1,
        what: What::Step { entry, rank, title: None, answer: Answer::Done(revision) },
    };
    let read = |node, begun, is_member, ranks: [Option<usize>; 2]| Record {
        session: 1,
        node: (node, 0),
        begun,
        ended: begun + 1,
        what: What::Read { at_least: None, is_member, ranks: ranks.to_vec(), titles: vec![None; 2] },
    };
    let drafted = [step(0, 0, 0, 1), step(1, 0, 5, 2), step(0, 1, 10, 3), step(1, 1, 10, 4)];
    let truth = vec![(1, 0), (2, 1), (3, 0), (4, 1)];
    let with = |reads: &[Record]| check(&[&drafted[..], reads].concat(), &truth, &[super::ROUND; 2], STALE);
    let (one, other) = ([Some(1), Some(0)], [Some(0), Some(1)]);
    assert!(with(&[read(1, 10, true, one)]).is_ok());
    assert!(with(&[read(1, 10, true, one), read(2, 10, true, other)]).is_err(), "a fork");
    let (later, earlier) = ([Some(1), Some(1)], [Some(0), Some(0)]);
    assert!(with(&[read(1, 20, true, later), read(2, 30, true, earlier)]).is_ok(), "another node may be a little behind");
    assert!(with(&[read(1, 20, true, later), read(1, 30, true, earlier)]).is_err(), "the same may not go back");
    assert!(with(&[read(2, 20 + STALE, true, earlier)]).is_err(), "nor may any be behind for long");

    let published: Vec<Record> = (0..4).map(|rank| step(0, rank, rank as u64 * 10, rank as u64 + 1)).collect();
    let truth = (1..=4).map(|revision| (revision, 0)).collect::<Vec<_>>();
    let seen = |rank, node, begun| read(node, begun, false, [rank, None]);
    let with = |reads: &[Record]| check(&[&published[..], reads].concat(), &truth, &[super::ROUND; 2], STALE);
    assert!(with(&[seen(Some(2), 0, 21), seen(None, 0, 31)]).is_ok());
    assert!(with(&[seen(Some(2), 0, 21), seen(None, 0, 31), seen(Some(2), 0, 41)]).is_err(), "withdrawn, and seen again on the same node");
    assert!(with(&[seen(Some(2), 0, 5)]).is_err(), "before it was published");
}
