//! The shipped catalogue is whole, and reads as its files say.

use std::collections::{BTreeMap, BTreeSet};

use super::{edit, faults, files, read};
use crate::domain::date::PartialDate;
use crate::domain::document::{Document, Provision, ProvisionKind};
use crate::domain::entry::{Entry, Kind};
use crate::domain::figure::{Observation, Subject, ValueAvailability};
use crate::domain::flow::Route;
use crate::domain::group::{WorkingGroup, WorkingGroupRole};
use crate::domain::meeting::Meeting;
use crate::domain::party::{ParticipationStatus, State};
use crate::domain::practice::GoodPractice;
use crate::domain::text::Language;

/// The shipped entries, concept by concept.
#[derive(Default)]
struct Shipped {
    states: Vec<State>,
    groups: Vec<WorkingGroup>,
    documents: Vec<Document>,
    provisions: Vec<Provision>,
    routes: Vec<Route>,
    meetings: Vec<Meeting>,
    practices: Vec<GoodPractice>,
    kinds: Vec<Kind>,
    observations: Vec<Observation>,
}

fn shipped() -> Shipped {
    let catalogue = read(files()).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(catalogue.edition.to_string(), "2026-11-24");
    let mut shipped = Shipped { observations: catalogue.observations, ..Shipped::default() };
    for entry in catalogue.entries {
        shipped.kinds.push(entry.kind());
        match entry {
            Entry::State(state) => shipped.states.push(state),
            Entry::WorkingGroup(group) => shipped.groups.push(group),
            Entry::Document(document) => shipped.documents.push(document),
            Entry::Provision(provision) => shipped.provisions.push(provision),
            Entry::Route(route) => shipped.routes.push(route),
            Entry::Meeting(meeting) => shipped.meetings.push(meeting),
            Entry::GoodPractice(practice) => shipped.practices.push(practice),
            Entry::Area(_) | Entry::Organisation(_) | Entry::Source(_) | Entry::ContactPoint(_) => {}
        }
    }
    shipped
}

fn date(text: &str) -> PartialDate {
    text.parse().expect("a date")
}

#[test]
fn it_holds_what_it_should() {
    let shipped = shipped();
    assert!(shipped.kinds.is_sorted(), "kind by kind");
    let mut counts = BTreeMap::new();
    shipped.kinds.iter().for_each(|kind| *counts.entry(*kind).or_insert(0) += 1);
    let expected = [
        (Kind::State, 195),
        (Kind::Area, 54),
        (Kind::Organisation, 51),
        (Kind::WorkingGroup, 7),
        (Kind::Document, 13),
        (Kind::Provision, 86),
        (Kind::Route, 25),
        (Kind::Meeting, 39),
        (Kind::Source, 19),
        (Kind::GoodPractice, 60),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    let status = |status| shipped.states.iter().filter(move |state| state.participation.as_ref().is_some_and(|p| p.status == status));
    assert_eq!(status(ParticipationStatus::Participating).count(), 53);
    assert_eq!(status(ParticipationStatus::Observer).count(), 5);
    assert_eq!(shipped.routes.iter().map(|route| route.legs.len()).sum::<usize>(), 62);
    assert_eq!(shipped.practices.iter().map(|practice| practice.citations.len()).sum::<usize>(), 262);
    assert_eq!(shipped.observations.len(), 63);
}

#[test]
fn the_declaration_is_whole() {
    let provisions = shipped().provisions;
    let part = |p: &Provision| p.kind == ProvisionKind::Activity && p.reference.matches('.').count() == 2;
    let count = |kind| provisions.iter().filter(|p| p.kind == kind && !part(p)).count();
    assert_eq!(count(ProvisionKind::Recital), 18);
    assert_eq!(count(ProvisionKind::Commitment), 5);
    assert_eq!(count(ProvisionKind::PriorityGoal), 6);
    assert_eq!(count(ProvisionKind::Mandate), 5);
    assert_eq!(count(ProvisionKind::ThematicArea), 6);
    assert_eq!(count(ProvisionKind::Activity), 43);
    assert_eq!(provisions.iter().filter(|p| part(p)).count(), 3);
    assert!(provisions.iter().map(|p| p.ordinal).eq(1..=86), "in the order of the document");
}

#[test]
fn every_practice_is_told_at_length_and_every_activity_has_one() {
    let shipped = shipped();
    for practice in &shipped.practices {
        let body = practice.texts[0].body.as_deref().unwrap_or_default();
        let words = body.split_whitespace().count();
        assert!((120..=250).contains(&words), "{}: {words} words", practice.slug);
        assert!(practice.attributed && practice.texts.len() == 1 && practice.texts[0].language == Language::En);
    }
    let served: BTreeSet<&String> = shipped.practices.iter().flat_map(|practice| &practice.activities).collect();
    assert_eq!(served.len(), 43);
}

#[test]
fn it_reads_as_its_files_say() {
    let shipped = shipped();
    let group = shipped.groups.iter().find(|group| group.code == "SILK-ROUTES").expect("the group");
    assert_eq!(group.established_on, Some(date("2010-11-03")));
    let roles: Vec<_> = group.members.iter().map(|member| (member.party.as_str(), member.role)).collect();
    assert_eq!(roles, [("TUR", WorkingGroupRole::Chair), ("AFG", WorkingGroupRole::CoChair)]);

    let state = shipped.states.iter().find(|state| state.iso3 == "AFG").expect("the state");
    let names: Vec<_> = state.name.iter().collect();
    assert_eq!(names, [(Language::En, "Afghanistan"), (Language::Ru, "Афганистан"), (Language::Tr, "Afganistan")]);

    let strategy = shipped.documents.iter().find(|document| document.code == "STRATEGY-2014-2016").expect("it");
    assert_eq!(strategy.adopted_on, Some(date("2014")));
    assert_eq!(strategy.languages, [Language::En, Language::Ru, Language::Ar]);

    let practice = shipped.practices.iter().find(|p| p.slug == "prottasha-reintegration-bangladesh").expect("it");
    assert_eq!((practice.started_on, practice.ended_on), (Some(date("2017-04")), Some(date("2022"))));
    assert!(practice.texts[0].body.as_deref().is_some_and(|body| body.starts_with("**Context.** The European")));

    let undated = shipped.meetings.iter().filter(|meeting| meeting.starts_on.is_none()).count();
    assert_eq!(undated, 1);
}

#[test]
fn a_figure_knows_its_line() {
    let figures = shipped().observations;
    let first = &figures[0];
    assert_eq!(first.subject, Subject::Corridor("PAK".into(), "SAU".into()));
    assert_eq!((first.value, first.raw_value.as_deref()), (Some(514_725.0), Some("514725")));
    assert_eq!((first.file.as_deref(), first.line), (Some("flow_figures.csv"), Some(2)));
    assert_eq!(first.availability, ValueAvailability::Reported);
    assert_eq!((first.edition.as_str(), first.retrieved_on.map(|d| d.to_string())), ("2026-11-23", Some("2026-11-23".into())));
    let last = figures.last().expect("figures");
    assert_eq!((last.subject.clone(), last.line), (Subject::Route("EAST-LAND".into()), Some(16)));
}

#[test]
fn roles_of_points_follow_from_the_legs() {
    let routes = shipped().routes;
    let mut bare = files().clone();
    let flows = bare.get_mut("flows.toml").expect("the file");
    let kept = |line: &&str| !["origins", "transits", "destinations"].iter().any(|role| line.starts_with(role));
    *flows = flows.lines().filter(kept).collect::<Vec<_>>().join("\n");
    // Two go in a circle and must say where they start and end.
    assert_eq!(
        faults(&bare).iter().map(|fault| fault.split(" the legs").next().unwrap_or("")).collect::<Vec<_>>(),
        [
            "flows.toml: IRN-IRQ-ROUTE: origins: is missing:",
            "flows.toml: IRN-IRQ-ROUTE: destinations: is missing:",
            "flows.toml: GEO-DEU-SEASONAL: origins: is missing:",
            "flows.toml: GEO-DEU-SEASONAL: destinations: is missing:",
        ]
    );
    let ends = "origins = [\"IRN\", \"IRQ\"]\ndestinations = [\"IRN\", \"IRQ\"]";
    edit(&mut bare, "flows.toml", "code = \"IRN-IRQ-ROUTE\"", &format!("code = \"IRN-IRQ-ROUTE\"\n{ends}"));
    let ends = "origins = [\"GEO\"]\ndestinations = [\"DEU\"]";
    edit(&mut bare, "flows.toml", "code = \"GEO-DEU-SEASONAL\"", &format!("code = \"GEO-DEU-SEASONAL\"\n{ends}"));
    let derived = read(&bare).expect("no fault").entries;
    let derived: Vec<Route> = derived.into_iter().filter_map(|e| if let Entry::Route(route) = e { Some(route) } else { None }).collect();
    let roles = |route: &Route| {
        let set = |codes: &[String]| codes.iter().cloned().collect::<BTreeSet<_>>();
        (route.code.clone(), set(&route.origins), set(&route.transits), set(&route.destinations))
    };
    assert_eq!(derived.iter().map(roles).collect::<Vec<_>>(), routes.iter().map(roles).collect::<Vec<_>>());
}

#[test]
fn a_practice_may_be_told_in_further_languages() {
    let mut more = files().clone();
    let front = "+++\ntitle = \"Название\"\nsummary = \"Коротко.\"\n+++\n";
    more.insert("good_practices/prottasha-reintegration-bangladesh.ru.md".into(), front.into());
    let with_body = format!("{front}\nGövde.\n");
    more.insert("good_practices/prottasha-reintegration-bangladesh.tr.md".into(), with_body.replace('\n', "\r\n"));
    let entries = read(&more).expect("no fault").entries;
    let texts = entries.into_iter().find_map(|entry| match entry {
        Entry::GoodPractice(practice) if practice.slug == "prottasha-reintegration-bangladesh" => Some(practice.texts),
        _ => None,
    });
    let texts = texts.expect("the practice");
    assert_eq!(texts.iter().map(|text| text.language).collect::<Vec<_>>(), [Language::En, Language::Ru, Language::Tr]);
    assert_eq!((texts[1].title.as_str(), texts[1].body.as_deref()), ("Название", None));
    assert_eq!(texts[2].body.as_deref(), Some("Gövde."));
}

#[test]
fn what_other_editors_leave_behind_does_no_harm() {
    let plain = read(files()).expect("no fault");
    let foreign = files().iter().map(|(path, text)| (path.clone(), format!("\u{feff}{}", text.replace('\n', "\r\n"))));
    assert_eq!(read(&foreign.collect()).expect("no fault"), plain);
}
