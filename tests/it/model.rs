//! The idea of many nodes over one log, as a model that is small enough to be walked through: one who writes, a log that
//! may go back, looks that come late or never, two nodes that follow, what they keep, a replica, a key that ends, restarts.
//!
//! `stateright` walks its states (`MODEL_STATES`: CI 100,000, at night 1,000,000), half of them in their order from the
//! beginning, half by long walks; the invariants are those of ARCHITECTURE.md. A rule that is left out is found: that is a
//! test, too. Walks of the model are then taken by real followers over a real database (`model/walk.rs`).

mod walk;

use stateright::{Checker, HasDiscoveries, Model, Property, UniformChooser};

use crate::app::knob;
use crate::place::say;

pub const NODES: usize = 2;
/// So many writes, returns to an earlier state, restarts, and looks that fail there are at most.
const WRITES: u8 = 4;
const RETURNS: u8 = 2;
const RESTARTS: u8 = 1;
const FAILURES: u8 = 2;

/// A write; none is ever made twice.
pub type Write = u8;

/// What nodes do to stay right: a test leaves each out.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own, that is kept or not")]
pub struct Rules {
    /// What was read is compared with a line of the log, not with a number alone.
    pub compares_lines: bool,
    /// What is kept is of an era.
    pub keeps_by_era: bool,
    /// Figures that were read, also ahead of the graph, are compared with what the graph comes to, and forgotten where they are
    /// of another history.
    pub compares_ahead: bool,
    /// A replica is asked whether it is up with the node.
    pub asks_replica: bool,
    /// A node that hears nothing answers nobody with a key.
    pub falls_silent: bool,
    /// Whoever wants a revision waits for it.
    pub waits: bool,
    /// A look sees what was committed, and no more.
    pub reads_committed: bool,
}

pub const RULES: Rules =
    Rules { compares_lines: true, keeps_by_era: true, compares_ahead: true, asks_replica: true, falls_silent: true, waits: true, reads_committed: true };

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Begin,
    Commit,
    Abort,
    /// The database goes back by so many writes.
    GoBack(u8),
    /// A node begins to look (a note, or its clock); what it has read is taken in by `Take`, or never.
    Look(u8),
    Take(u8),
    Fail(u8),
    Restart(u8),
    ReplicaFollows,
    /// A stranger asks a node: what is kept, or what is made now and kept.
    Stranger(u8),
    /// Whoever wrote last asks a node, for at least that revision.
    Writer(u8),
    Figures(u8),
    EndKey,
    LookAtKeys(u8),
    /// So long passes that a node which did not hear anything is silent.
    Silence(u8),
    /// The holder of the key asks.
    Holder(u8),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Node {
    pub era: u8,
    pub graph: Vec<Write>,
    /// What a look has read, and whether the line was still there.
    reading: Option<(Vec<Write>, bool)>,
    kept: Option<(u8, u8, Vec<Write>)>,
    figures: Option<(u8, Vec<Write>)>,
    is_silent: bool,
    /// Whether it takes the key for good, and whether it did not hear for too long since the key ended.
    knows_key: bool,
    is_late: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub log: Vec<Write>,
    open: Option<Write>,
    next: Write,
    /// What stood before each write; of those that never were committed, nothing.
    before: Vec<Option<Write>>,
    replica: Vec<Write>,
    pub nodes: [Node; NODES],
    key: bool,
    /// What was acknowledged last, and its revision; not what went when the database went back.
    acknowledged: Option<(u8, Write)>,
    returns: u8,
    restarts: u8,
    failures: u8,
    fault: Option<Fault>,
}

/// What must never be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Fault {
    Uncommitted,
    Mixed,
    WentBack,
    KeptIsOlder,
    OwnWriteUnread,
    FiguresAreOlder,
    EndedKeyIsGood,
}

/// Where the last write of a list is to be found, counted from 1.
fn length(list: &[Write]) -> u8 {
    u8::try_from(list.len()).expect("a few")
}

impl World {
    fn new() -> Self {
        let node = Node { graph: vec![0], knows_key: true, ..Node::default() };
        Self {
            log: vec![0],
            open: None,
            next: 1,
            before: vec![Some(0)],
            replica: vec![0],
            nodes: [node.clone(), node],
            key: true,
            acknowledged: None,
            returns: 0,
            restarts: 0,
            failures: 0,
            fault: None,
        }
    }

    fn blame(&mut self, is_right: bool, fault: Fault) {
        if !is_right && self.fault.is_none() {
            self.fault = Some(fault);
        }
    }

    /// Whether a list is one that the log was at some time.
    fn was(&self, list: &[Write]) -> bool {
        list.first() == Some(&0) && list.windows(2).all(|two| self.before[usize::from(two[1])] == Some(two[0]))
    }
}

/// A model under some rules.
#[derive(Debug, Clone, Copy)]
pub struct Nodes(pub Rules);

impl Nodes {
    /// What a look reads: all, or what stands behind what the node has. And whether it is still the same log.
    fn read(self, world: &World, node: &Node) -> (Vec<Write>, bool) {
        let mut log = world.log.clone();
        if !self.0.reads_committed {
            log.extend(world.open);
        }
        let at = node.graph.len();
        let is_same = if self.0.compares_lines { log.get(at - 1) == node.graph.last() } else { log.len() >= at };
        if is_same {
            let behind = log.get(at..).unwrap_or_default();
            return ([&node.graph[..], behind].concat(), true);
        }
        (log, false)
    }

    fn take(self, world: &mut World, at: usize) {
        let node = &mut world.nodes[at];
        let Some((graph, is_same)) = node.reading.take() else { return };
        let before = std::mem::replace(&mut node.graph, graph.clone());
        if !is_same {
            node.era += 1;
        }
        let is_of_it = |figures: &[Write]| graph.starts_with(figures) || figures.starts_with(&graph);
        if self.0.compares_ahead && node.figures.as_ref().is_some_and(|(_, figures)| !is_of_it(figures)) {
            node.figures = None;
        }
        world.blame(graph.iter().all(|write| world.before[usize::from(*write)].is_some()), Fault::Uncommitted);
        world.blame(world.was(&graph), Fault::Mixed);
        world.blame(!is_same || graph.starts_with(&before), Fault::WentBack);
    }

    fn stranger(self, world: &mut World, at: usize) {
        let node = &mut world.nodes[at];
        let revision = length(&node.graph);
        let found = node.kept.as_ref().filter(|(era, of, _)| *of == revision && (*era == node.era || !self.0.keeps_by_era));
        match found.map(|(_, _, answer)| *answer == node.graph) {
            Some(is_right) => world.blame(is_right, Fault::KeptIsOlder),
            None => node.kept = Some((node.era, revision, node.graph.clone())),
        }
    }

    fn figures(self, world: &mut World, at: usize) {
        let node = &world.nodes[at];
        let revision = length(&node.graph);
        let figures = match &node.figures {
            Some((of, figures)) if *of == revision => figures.clone(),
            _ => {
                let is_up = world.replica.get(node.graph.len() - 1) == node.graph.last() || !self.0.asks_replica;
                let read = if is_up { world.replica.clone() } else { world.log.clone() };
                world.nodes[at].figures = Some((length(&read), read.clone()));
                read
            }
        };
        // As new as the graph, or of the state to which the database went back since.
        let node = &world.nodes[at];
        let has_left = !world.log.starts_with(&node.graph);
        let is_right = figures.starts_with(&node.graph) || has_left;
        world.blame(is_right, Fault::FiguresAreOlder);
    }

    fn writer(self, world: &mut World, at: usize) {
        let Some((revision, write)) = world.acknowledged else { return };
        let graph = &world.nodes[at].graph;
        let is_answered = !self.0.waits || length(graph) >= revision;
        // A node that has not seen yet that its database went back may be far along on the old way.
        let is_right = graph.contains(&write) || !world.log.starts_with(graph);
        world.blame(!is_answered || is_right, Fault::OwnWriteUnread);
    }

    fn holder(self, world: &mut World, at: usize) {
        let node = &world.nodes[at];
        let is_silent = node.is_silent && self.0.falls_silent;
        let is_wrong = node.knows_key && !is_silent && node.is_late;
        world.blame(!is_wrong, Fault::EndedKeyIsGood);
    }

    fn node_steps(world: &World, at: u8, steps: &mut Vec<Step>) {
        let node = &world.nodes[usize::from(at)];
        if node.reading.is_some() {
            steps.push(Step::Take(at));
            if world.failures < FAILURES {
                steps.push(Step::Fail(at));
            }
        } else {
            steps.push(Step::Look(at));
        }
        if world.restarts < RESTARTS {
            steps.push(Step::Restart(at));
        }
        steps.extend([Step::Stranger(at), Step::Figures(at)]);
        if world.acknowledged.is_some() {
            steps.push(Step::Writer(at));
        }
        if !world.key {
            steps.extend([Step::LookAtKeys(at), Step::Silence(at), Step::Holder(at)]);
        }
    }
}

impl Model for Nodes {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::new()]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        match world.open {
            Some(_) => steps.extend([Step::Commit, Step::Abort]),
            None if world.next <= WRITES => steps.push(Step::Begin),
            None => {}
        }
        if world.returns < RETURNS && world.open.is_none() {
            steps.extend((1..length(&world.log)).map(Step::GoBack));
        }
        if world.replica != world.log {
            steps.push(Step::ReplicaFollows);
        }
        if world.key {
            steps.push(Step::EndKey);
        }
        for at in 0..u8::try_from(NODES).expect("a few") {
            Self::node_steps(world, at, steps);
        }
    }

    fn next_state(&self, last: &World, step: Step) -> Option<World> {
        let mut world = last.clone();
        match step {
            Step::Begin => {
                world.open = Some(world.next);
                world.next += 1;
                world.before.push(None);
            }
            Step::Commit => {
                let write = world.open.take()?;
                world.before[usize::from(write)] = world.log.last().copied();
                world.log.push(write);
                world.acknowledged = Some((length(&world.log), write));
            }
            Step::Abort => world.open = None,
            Step::GoBack(by) => {
                world.log.truncate(world.log.len() - usize::from(by));
                world.returns += 1;
                let is_there = |write: Write| world.log.contains(&write);
                world.acknowledged = world.acknowledged.filter(|(_, write)| is_there(*write));
                // A replica goes back with it, or is made anew; it never has what the database has not.
                world.replica.clone_from(&world.log);
            }
            Step::Look(at) => {
                let read = self.read(&world, &world.nodes[usize::from(at)]);
                world.nodes[usize::from(at)].reading = Some(read);
            }
            Step::Take(at) => self.take(&mut world, usize::from(at)),
            Step::Fail(at) => {
                world.failures += 1;
                world.nodes[usize::from(at)].reading = None;
            }
            Step::Restart(at) => {
                world.restarts += 1;
                world.nodes[usize::from(at)] = Node { graph: world.log.clone(), knows_key: world.key, ..Node::default() };
            }
            Step::ReplicaFollows => world.replica = world.log.get(..=world.replica.len()).unwrap_or(&world.log).to_vec(),
            Step::Stranger(at) => self.stranger(&mut world, usize::from(at)),
            Step::Writer(at) => self.writer(&mut world, usize::from(at)),
            Step::Figures(at) => self.figures(&mut world, usize::from(at)),
            Step::EndKey => world.key = false,
            Step::LookAtKeys(at) => {
                let node = &mut world.nodes[usize::from(at)];
                (node.knows_key, node.is_silent, node.is_late) = (world.key, false, false);
            }
            Step::Silence(at) => {
                let node = &mut world.nodes[usize::from(at)];
                // What it knows is late from now on, where it has not heard of the end.
                (node.is_silent, node.is_late) = (true, node.knows_key);
            }
            Step::Holder(at) => self.holder(&mut world, usize::from(at)),
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing is shown before it is committed", |_, world: &World| world.fault != Some(Fault::Uncommitted)),
            Property::always("a graph is one state of the database", |_, world: &World| world.fault != Some(Fault::Mixed)),
            Property::always("within an era nothing goes back", |_, world: &World| world.fault != Some(Fault::WentBack)),
            Property::always("a kept answer is that of the graph", |_, world: &World| world.fault != Some(Fault::KeptIsOlder)),
            Property::always("whoever wrote reads it", |_, world: &World| world.fault != Some(Fault::OwnWriteUnread)),
            Property::always("a replica that is behind is not read", |_, world: &World| world.fault != Some(Fault::FiguresAreOlder)),
            Property::always("an ended key is not good beyond the silence", |_, world: &World| world.fault != Some(Fault::EndedKeyIsGood)),
        ]
    }
}

/// The invariants that do not hold under some rules, of so many states.
fn broken(rules: Rules, states: usize, seed: u64) -> Vec<&'static str> {
    let model = || Nodes(rules).checker().finish_when(HasDiscoveries::AnyFailures).target_state_count(states.div_ceil(2));
    let (wide, deep) = (model().spawn_bfs().join(), model().target_max_depth(60).spawn_simulation(seed, UniformChooser).join());
    let mut found: Vec<&'static str> = wide.discoveries().into_keys().chain(deep.discoveries().into_keys()).collect();
    say(&format!("{} states in order, to a depth of {}; {} by long walks; broken: {found:?}", wide.state_count(), wide.max_depth(), deep.state_count()));
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn in_every_state_of_the_model_its_invariants_hold() {
    let states = knob("MODEL_STATES").unwrap_or(20_000);
    assert_eq!(broken(RULES, states, 1), Vec::<&str>::new());
}

#[test]
fn each_rule_of_the_model_is_needed() {
    for (name, rules) in [
        ("compares_lines", Rules { compares_lines: false, ..RULES }),
        ("keeps_by_era", Rules { keeps_by_era: false, ..RULES }),
        ("compares_ahead", Rules { compares_ahead: false, ..RULES }),
        ("asks_replica", Rules { asks_replica: false, ..RULES }),
        ("falls_silent", Rules { falls_silent: false, ..RULES }),
        ("waits", Rules { waits: false, ..RULES }),
        ("reads_committed", Rules { reads_committed: false, ..RULES }),
    ] {
        assert!(!broken(rules, 1_200_000, 1).is_empty(), "without {name} nothing is broken");
    }
}
