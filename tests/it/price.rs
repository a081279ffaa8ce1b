//! What a point of cost buys: a search that climbs looks for the document that takes most CPU for each, over all fields,
//! arguments, filters and orders that are served.
//!
//! Documents are drawn and then changed (asked more often, deeper, wider, with longer filters, in another order, with no
//! rows), and a change is kept where CPU per point grew. Nothing is known of where the cost lies, so that what is added to
//! the schema is searched as well. `PRICE_SECONDS` searches for longer, `PRICE_SEED` elsewhere, `PRICE_PRACTICES` in so
//! many made practices instead of the catalogue, and `PRICE_WORST=FILE` keeps what was found; in a build that is not for
//! debugging the bounds are those of docs/API-DESIGN.md.

mod document;
mod draw;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::Variables;
use rustix::time::{ClockId, clock_gettime};
use silkroutes::graph::{Stop, Viewer};
use silkroutes::graphql::limit::Limits;
use silkroutes::graphql::{Api, Call, RateLimit, write};
use silkroutes::store::{Follower, ImportOptions, Store};

use crate::app::knob;
use crate::place::{Place, say};
use crate::sdl::served;

use document::{Field, Sent, drawn};
use draw::Draw;

#[path = "../../benches/load/data.rs"]
#[expect(clippy::cast_precision_loss, reason = "figures that are made up are small")]
mod data;

/// CPU of an accepted operation is at most so many times what its points take in an honest question,
const FACTOR: f64 = 20.0;
/// where it is more than this: reading a document takes a while whatever it asks.
const FREE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 250 } else { 25 });
/// No operation, accepted or refused, takes more on the catalogue,
const MOST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 4_000 } else { 250 });
/// and on a million practices.
const MOST_OF_MANY: Duration = Duration::from_secs(if cfg!(debug_assertions) { 16 } else { 1 });

/// The question that a point is measured by.
const HONEST: &str = "{goodPractices(first:50){nodes{slug title states{code} activities{nodes{reference}}}}}";

/// The server without its network, on one thread.
struct Server {
    runtime: tokio::runtime::Runtime,
    store: Arc<Store>,
    follower: Arc<Follower>,
    api: Api,
    asked: usize,
    _place: Place,
}

/// What an operation came to.
#[derive(Clone, Copy, Debug)]
struct Taken {
    cpu: Duration,
    /// None where it was refused.
    points: Option<u64>,
}

impl Server {
    fn new(practices: Option<usize>) -> Self {
        let place = Place::new();
        if let Some(practices) = practices {
            data::make(&place.file(), practices, 1);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (store, follower) = runtime.block_on(async {
            let store = Store::open(&place.url()).await.expect("a database");
            if practices.is_none() {
                let catalogue = silkroutes::app::embedded_catalogue().expect("a catalogue without faults");
                store.import(&catalogue, ImportOptions::default(), &|_, _| {}).await.expect("it is imported");
            }
            let follower = Follower::new(store.clone()).await.expect("a graph");
            (Arc::new(store), Arc::new(follower))
        });
        Self { runtime, store, follower, api: Api::new(Limits::default(), false), asked: 0, _place: place }
    }

    fn ask(&mut self, sent: &Sent) -> Taken {
        // A document is remembered by its text: each is a new one.
        self.asked += 1;
        let text = format!("{}#{}", sent.query, self.asked);
        let begun = cpu();
        let points = self.run(&text, Variables::from_json(sent.variables.clone()));
        Taken { cpu: cpu().saturating_sub(begun), points }
    }

    fn run(&self, text: &str, variables: Variables) -> Option<u64> {
        let prepared = self.api.prepare(text).ok()?;
        let charge = self.api.charge(&prepared, None, &variables).ok()?;
        let call = Call {
            prepared,
            operation: None,
            variables,
            charge,
            rate: RateLimit::new(1, 1, 0, jiff::Timestamp::UNIX_EPOCH),
            follower: Arc::clone(&self.follower),
            snapshot: self.follower.current(),
            viewer: Viewer::anonymous(),
            today: jiff::civil::date(2026, 11, 24),
            store: Arc::clone(&self.store),
            carry: None,
            stop: Stop::default(),
        };
        let outcome = self.runtime.block_on(self.api.execute(call));
        let mut written = Vec::new();
        write(&outcome.response.data, &mut written).expect("an answer");
        let is_refused = !outcome.executed;
        std::hint::black_box(written);
        (!is_refused).then_some(outcome.cost)
    }

    /// The least of some runs: what else the machine does only adds.
    fn again(&mut self, sent: &Sent, runs: usize) -> Taken {
        let all = (0..runs).map(|_| self.ask(sent)).collect::<Vec<_>>();
        all.into_iter().min_by_key(|taken| taken.cpu).expect("a run")
    }

    /// CPU of a point of an honest question.
    fn unit(&mut self) -> f64 {
        let sent = Sent { query: HONEST.to_owned(), variables: serde_json::json!({}) };
        let taken = self.again(&sent, 60);
        taken.cpu.as_secs_f64() / number(taken.points.expect("it is answered"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "points are far below where it begins")]
fn number(points: u64) -> f64 {
    points as f64
}

/// CPU of this thread, so that what others do at the same time is not in it.
fn cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("it runs forward")
}

/// Time that has passed.
#[expect(clippy::disallowed_methods, reason = "a search goes on for so long")]
fn now() -> Instant {
    Instant::now()
}

/// What is climbed: CPU per point. What is cheap counts for little, however few points it costs.
fn height(taken: Taken) -> f64 {
    let cpu = taken.cpu.as_secs_f64();
    let share = (cpu / FREE.as_secs_f64()).min(1.0);
    taken.points.map_or(0.0, |points| cpu / number(points.max(1)) * share)
}

/// Changes a document in one place.
fn change(draw: &mut Draw, roots: &[Field]) -> Vec<Field> {
    let mut roots = roots.to_vec();
    if draw.below(15) == 0 && roots.len() < 4 {
        roots.extend(drawn(draw, "Query", 3));
        return roots;
    }
    let at = draw.below(roots.len());
    let root = &mut roots[at];
    let Some(part) = served()["Query"].fields.get(&root.name) else { return roots };
    let mut n = draw.below(root.len());
    let Some((field, part)) = root.nth(part, &mut n) else { return roots };
    match draw.below(9) {
        0 => field.copies = [1, 2, 9, 30, 97][draw.below(5)],
        1 | 2 if !part.arguments.is_empty() => {
            let arguments: Vec<_> = part.arguments.iter().collect();
            let (name, wanted) = arguments[draw.below(arguments.len())];
            let value = draw.value(&field.name, name, wanted);
            // `first` and `last` are one question.
            let others = if matches!(name.as_str(), "first" | "last") { &["first", "last"][..] } else { &[name.as_str()][..] };
            field.arguments.retain(|(other, _)| !others.contains(&other.as_str()));
            if !matches!(name.as_str(), "after" | "before") {
                field.arguments.push((name.clone(), value));
            }
        }
        3 if part.arguments.contains_key("first") => {
            field.arguments.retain(|(name, _)| name != "first" && name != "last");
            field.arguments.push(("first".into(), document::Value::Word(["0", "100"][draw.below(2)].into())));
        }
        4 if part.arguments.contains_key("filter") => {
            let count = [1, 5, 20, 49][draw.below(4)];
            if let Some(filter) = draw.texts(part.arguments["filter"].named(), count) {
                field.arguments.retain(|(name, _)| name != "filter");
                field.arguments.push(("filter".into(), filter));
            }
        }
        5 | 6 => field.inside.extend(drawn(draw, part.named(), 2)),
        7 if !field.inside.is_empty() => {
            let one = draw.below(field.inside.len());
            let twin = field.inside[one].clone();
            if draw.below(2) == 0 { field.inside.push(twin) } else { drop(field.inside.remove(one)) }
        }
        _ => {
            field.is_spread ^= draw.below(2) == 0;
            field.is_variable ^= draw.below(2) == 0;
        }
    }
    roots
}

#[test]
fn no_document_takes_far_more_than_it_costs() {
    let practices = knob("PRICE_PRACTICES");
    let mut server = Server::new(practices);
    let (most, unit) = (if practices.is_some() { MOST_OF_MANY } else { MOST }, server.unit());
    let mut draw = Draw::new(knob("PRICE_SEED").unwrap_or(1) as u64);
    let until = now() + Duration::from_secs(knob("PRICE_SECONDS").unwrap_or(6) as u64);
    let (mut count, mut accepted) = (0, 0);
    let mut dearest: Option<(f64, Taken, Sent)> = None;
    let mut longest: Option<(Taken, Sent)> = None;
    while now() < until {
        // A hill: from a few documents the best, climbed until nothing more is found.
        let mut here: Vec<Field> = Vec::new();
        let (mut top, mut idle) = (0.0, 0);
        while idle < 60 && now() < until {
            let next = if top == 0.0 { drawn(&mut draw, "Query", 3).into_iter().collect() } else { change(&mut draw, &here) };
            let sent = document::write(&next);
            let mut taken = server.ask(&sent);
            (count, accepted) = (count + 1, accepted + usize::from(taken.points.is_some()));
            if height(taken) > top {
                // What was seen once may have been the machine.
                taken = Taken { cpu: server.ask(&sent).cpu.min(taken.cpu), ..taken };
            }
            if longest.as_ref().is_none_or(|(other, _)| taken.cpu > other.cpu) {
                longest = Some((taken, sent.clone()));
            }
            idle += 1;
            if height(taken) > top {
                (top, here, idle) = (height(taken), next, 0);
                if dearest.as_ref().is_none_or(|(other, ..)| top > *other) {
                    dearest = Some((top, taken, sent));
                }
            }
        }
    }
    let (_, _, dear) = dearest.expect("a document that is answered");
    let (_, long) = longest.expect("a document");
    for (what, sent) in [("dearest", &dear), ("longest", &long)] {
        let taken = server.again(sent, 3);
        let times = taken.points.map_or(0.0, |points| taken.cpu.as_secs_f64() / (number(points) * unit));
        say(&format!(
            "{what} of {count} documents ({accepted} accepted, {:.1} us for an honest point): {:.1} ms of CPU for {:?} points, {times:.1} times an honest point:\n{} {}",
            unit * 1e6,
            taken.cpu.as_secs_f64() * 1e3,
            taken.points,
            shortened(&sent.query),
            shortened(&sent.variables.to_string())
        ));
        assert!(taken.cpu <= most, "{what}: {:?} of CPU: {} {}", taken.cpu, sent.query, sent.variables);
        assert!(taken.cpu <= FREE || times <= FACTOR, "{what}: {times} times an honest point: {} {}", sent.query, sent.variables);
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 1_500 { format!("{}…", text.chars().take(1_500).collect::<String>()) } else { text.to_owned() }
}
