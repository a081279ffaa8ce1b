//! The second pass: whether every code that is mentioned exists, and no entry is part of itself.

use std::collections::BTreeMap;

use super::desk::{Desk, Lost, Mention, Passage, Place, Shelf, Wanted};
use super::folder;
use super::form::{a, quoted};
use crate::domain::document::{DECLARATION_2013, ProvisionKind};
use crate::domain::entry::Kind;
use crate::domain::suggest;
use crate::domain::word::Words;

/// So many mentions in vain of one code are one mistake, made where the code should be.
const MANY: usize = 3;

/// What is to be said of a mention.
enum Answer {
    /// Nothing: what it names exists, or may exist where it could not be read.
    Fine,
    /// It names something that is not what is wanted.
    Wrong(String),
    /// It names nothing that was read.
    Unknown(String),
}

/// Notes every mention that names nothing, or not what is wanted, and every circle.
pub(super) fn resolve(desk: &mut Desk<'_>) {
    let mentions = std::mem::take(&mut desk.mentions);
    let mut unknown = Vec::new();
    let mut wrong = Vec::new();
    for mention in mentions {
        match answer(desk, &mention.wanted, &mention.code) {
            Answer::Fine => {}
            Answer::Wrong(message) => wrong.push((mention, message)),
            Answer::Unknown(message) => unknown.push((mention, message)),
        }
    }
    excuse(desk, &mut unknown);
    blame(desk, unknown);
    blame(desk, wrong);
    circles(desk);
}

impl Wanted {
    /// What it is, as part of a sentence.
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Party => "party (state or organisation)",
            Self::Point | Self::LegPoint(_) => "state or area",
            Self::WorkingGroup => "working group",
            Self::Document => "document",
            Self::Route => "route",
            Self::Meeting => "meeting",
            Self::Source => "source",
            Self::Activity => "activity",
            Self::ThematicArea => "thematic area",
            Self::Goal(_) => "priority goal",
            Self::Provision(_) => "provision",
        }
    }

    /// The kinds that may have such a code.
    const fn kinds(&self) -> &'static [Kind] {
        match self {
            Self::State => &[Kind::State],
            Self::Party => &[Kind::State, Kind::Organisation],
            Self::Point | Self::LegPoint(_) => &[Kind::State, Kind::Area],
            Self::WorkingGroup => &[Kind::WorkingGroup],
            Self::Document => &[Kind::Document],
            Self::Route => &[Kind::Route],
            Self::Meeting => &[Kind::Meeting],
            Self::Source => &[Kind::Source],
            Self::Activity | Self::ThematicArea | Self::Goal(_) | Self::Provision(_) => &[Kind::Provision],
        }
    }

    /// The kind of provision and the document that it must be of (none: any).
    fn provision(&self) -> Option<(Option<ProvisionKind>, Option<&str>)> {
        match self {
            Self::Activity => Some((Some(ProvisionKind::Activity), Some(DECLARATION_2013))),
            Self::ThematicArea => Some((Some(ProvisionKind::ThematicArea), Some(DECLARATION_2013))),
            Self::Goal(document) => Some((Some(ProvisionKind::PriorityGoal), document.as_deref())),
            Self::Provision(document) => Some((None, document.as_deref())),
            _ => None,
        }
    }
}

impl Shelf {
    fn has(&self, code: &str) -> bool {
        self.missing || self.codes.contains(code) || self.broken.iter().any(|text| has_word(text, code))
    }
}

fn answer(desk: &Desk<'_>, wanted: &Wanted, code: &str) -> Answer {
    match (wanted, wanted.provision()) {
        (Wanted::LegPoint(points), _) => leg_point(desk, points, code),
        (_, Some((kind, document))) => provision(desk, wanted, kind, document, code),
        _ => entry(desk, wanted, code),
    }
}

fn entry(desk: &Desk<'_>, wanted: &Wanted, code: &str) -> Answer {
    let shelves = || wanted.kinds().iter().filter_map(|kind| desk.shelf_of(*kind));
    if shelves().any(|shelf| shelf.has(code)) {
        return Answer::Fine;
    }
    let noun = wanted.noun();
    let other = [Kind::State, Kind::Area, Kind::Organisation]
        .into_iter()
        .find(|kind| !wanted.kinds().contains(kind) && desk.shelf_of(*kind).is_some_and(|shelf| shelf.codes.contains(code)));
    match other {
        Some(Kind::Area) => Answer::Wrong(format!("{code} is an area that is no state: {} is wanted.", a(noun))),
        Some(Kind::Organisation) => Answer::Wrong(format!("{code} is an organisation: {} is wanted.", a(noun))),
        Some(_) => Answer::Wrong(format!("{code} is a state: {} is wanted.", a(noun))),
        None => {
            let near = suggest::did_you_mean(code, shelves().flat_map(|shelf| &shelf.codes).map(String::as_str));
            Answer::Unknown(format!("there is no {noun} {}.{near}", quoted(code)))
        }
    }
}

/// A role on a route belongs to a point that its legs touch. Where a leg's own point is unknown, that is the fault.
fn leg_point(desk: &Desk<'_>, points: &[String], code: &str) -> Answer {
    let exists = |code: &str| !matches!(entry(desk, &Wanted::Point, code), Answer::Wrong(_) | Answer::Unknown(_));
    if points.iter().any(|point| point == code) {
        return Answer::Fine;
    }
    if points.iter().all(|point| exists(point)) && exists(code) {
        return Answer::Wrong(format!("{code} is on no leg of this route: its legs touch {}.", points.join(", ")));
    }
    entry(desk, &Wanted::Point, code)
}

fn provision(desk: &Desk<'_>, wanted: &Wanted, kind: Option<ProvisionKind>, document: Option<&str>, code: &str) -> Answer {
    let documents = desk.shelf_of(Kind::Document);
    // A passage whose document cannot be told is one of any document.
    let known = |document: &str| documents.is_some_and(|shelf| shelf.has(document));
    let of_document = |passage: &&Passage| match (passage.document.as_deref(), document) {
        (Some(own), Some(wanted)) => own == wanted || !known(own) || !known(wanted),
        _ => true,
    };
    let of_kind = |passage: &Passage| kind.is_none_or(|kind| passage.kind.is_none_or(|own| own == kind));
    let passages: Vec<&Passage> = desk.passages.iter().filter(of_document).collect();
    let find = |code: &str| -> Vec<&Passage> { passages.iter().copied().filter(|passage| passage.reference == code).collect() };
    let found = find(code);
    if found.iter().any(|passage| of_kind(passage)) {
        // Practices, meetings and groups serve an activity as a whole; its parts only say what it consists of. The
        // number must say so too: with a wrong parent alone, that is the fault, and not each mention.
        let part_of = |whole: &&str| code.strip_prefix(*whole).is_some_and(|rest| rest.starts_with('.'));
        let whole = found.iter().find_map(|passage| passage.parent.as_deref()).filter(part_of);
        let whole = whole.filter(|whole| *wanted == Wanted::Activity && find(whole).iter().any(|whole| whole.kind == kind));
        return match whole {
            Some(whole) => Answer::Wrong(format!("{code} is a part of the activity {whole}: name that.")),
            None => Answer::Fine,
        };
    }
    let noun = wanted.noun();
    if let Some(other) = found.iter().find_map(|passage| passage.kind) {
        return Answer::Wrong(format!("{code} is a passage of kind {}: {} is wanted.", other.name(), a(noun)));
    }
    if desk.shelf_of(Kind::Provision).is_some_and(|shelf| shelf.missing || shelf.broken.iter().any(|text| has_word(text, code))) {
        return Answer::Fine;
    }
    let near = passages.iter().filter(|passage| of_kind(passage)).map(|passage| passage.reference.as_str());
    let near = suggest::did_you_mean(code, near);
    Answer::Unknown(format!("there is no {noun} {} in {}.{near}", quoted(code), document.unwrap_or("any document")))
}

/// An entry whose code cannot be used is one fault; those that name it are none. Which code it should have had is
/// told by what was written instead; else by what several others name in vain, as what one alone names in vain is
/// rather misspelt there; else by what is like no code that is known.
fn excuse(desk: &mut Desk<'_>, unknown: &mut Vec<(Mention<'_>, String)>) {
    for kind in Kind::ALL.iter().map(|word| word.value) {
        for lost in std::mem::take(&mut desk.shelf(kind).lost) {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for (mention, _) in unknown.iter().filter(|(mention, _)| mention.wanted.kinds().contains(&kind)) {
                *counts.entry(&mention.code).or_default() += 1;
            }
            let often = || counts.iter().filter(|(_, count)| **count > 1).max_by_key(|(_, count)| **count);
            let often = || often().map(|(code, _)| *code);
            let known = || desk.shelf_of(kind).into_iter().flat_map(|shelf| &shelf.codes).map(String::as_str);
            let meant = match &lost {
                Lost::Malformed(written) => suggest::near(written, counts.keys().copied()).first().copied().or_else(often),
                Lost::Unwritten => often().or_else(|| counts.keys().copied().find(|code| suggest::near(code, known()).is_empty())),
                Lost::Repeated => often(),
            };
            let Some(meant) = meant.map(ToOwned::to_owned) else { continue };
            unknown.retain(|(mention, _)| mention.code != meant || !mention.wanted.kinds().contains(&kind));
        }
    }
}

/// Notes the mentions. Where many name the same code in vain, its entry was removed, renamed or changed: that is
/// said once, of the file where it should be.
fn blame<'a>(desk: &mut Desk<'a>, mentions: Vec<(Mention<'a>, String)>) {
    let mut groups: BTreeMap<(Kind, String), Vec<(Mention<'a>, String)>> = BTreeMap::new();
    for (mention, message) in mentions {
        match mention.wanted.kinds().first() {
            Some(kind) if !matches!(mention.wanted, Wanted::LegPoint(_)) => {
                groups.entry((*kind, mention.code.clone())).or_default().push((mention, message));
            }
            // What is on no leg of this route is this route's mistake.
            _ => desk.fault(mention.place, message),
        }
    }
    for ((kind, code), group) in groups {
        let parties = group.iter().all(|(mention, _)| mention.wanted == Wanted::Party);
        let kind = if parties { Kind::Organisation } else { kind };
        let layout = folder::layout_of(kind).filter(|_| group.len() >= MANY);
        match (layout, group.first()) {
            (Some(layout), Some((Mention { place: Place { file, entry, .. }, .. }, message))) => {
                let first = format!("{file}, {}", entry.as_deref().unwrap_or_default());
                let message = format!("is named {} times, first in {first}, but {message}", group.len());
                let field = Some(layout.key.to_owned());
                desk.fault(Place { file: layout.file, at: usize::MAX, entry: Some(code), field }, message);
            }
            _ => group.into_iter().for_each(|(mention, message)| desk.fault(mention.place, message)),
        }
    }
}

/// An entry that is, over whatever steps, part of itself: one fault a circle, at the entry that stands first.
fn circles(desk: &mut Desk<'_>) {
    let descents = std::mem::take(&mut desk.descents);
    let mut parents: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for descent in &descents {
        parents.entry((&descent.family, &descent.child)).or_insert(&descent.parent);
    }
    let mut reported: Vec<(&str, &str)> = Vec::new();
    for descent in &descents {
        let family = descent.family.as_str();
        let mut way = vec![descent.child.as_str()];
        while let Some(parent) = way.last().and_then(|last| parents.get(&(family, *last))) {
            if way.contains(parent) {
                break;
            }
            way.push(parent);
        }
        let closes = way.last().and_then(|last| parents.get(&(family, *last))) == Some(&descent.child.as_str());
        if closes && !reported.contains(&(family, &descent.child)) {
            reported.extend(way.iter().map(|code| (family, *code)));
            way.push(&descent.child);
            let message = format!("is part of itself ({}): one of these parents must be another.", way.join(" in "));
            desk.fault(descent.place.clone(), message);
        }
    }
}

/// Whether a code stands in a text, and not as part of a longer one.
fn has_word(text: &str, code: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    text.match_indices(code).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or(""), text.get(at + code.len()..).unwrap_or(""));
        !before.ends_with(part) && !after.starts_with(part)
    })
}
