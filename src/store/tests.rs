//! Stories of the store: a catalogue comes in, comes in again, and meets what was changed meanwhile.

mod all;
mod chain;
mod copying;
mod disk;
mod figures;
mod file;
mod follow;
mod import;
mod kept;
mod opening;
mod pages;
mod pieces;
/// What these tests share with those from outside.
#[path = "../../tests/it/place.rs"]
mod place;
mod swallowed;
mod texts;

use jiff::civil::{Date, date};
use sea_orm::ConnectionTrait;

use super::sql::{Sql, rows};
use super::{ImportOptions, ImportReport, Store, StoreError};
use crate::domain::catalogue::Catalogue;
use crate::domain::document::{DECLARATION_2013, Document, DocumentKind, Provision, ProvisionKind};
use crate::domain::entry::{Entry, Stored};
use crate::domain::figure::{Measure, Observation, ObservationStatus, Source, Subject, ValueAvailability};
use crate::domain::flow::{Leg, Route, TransportMode};
use crate::domain::party::{Region, State};
use crate::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use crate::domain::text::{Language, Localized};
use crate::graph::material::{Material, PracticeFace};
use place::Place;

/// A database in a place that goes when it does.
struct Db {
    place: Place,
    store: Store,
}

impl Db {
    async fn new() -> Self {
        let place = Place::new();
        let store = Store::open_with_clock(&place.url(), || "2026-12-01T12:00:00Z".parse().unwrap()).await.unwrap();
        Self { place, store }
    }

    /// With the catalogue in it.
    async fn filled() -> Self {
        let db = Self::new().await;
        db.load(&catalogue()).await;
        db
    }

    async fn load(&self, catalogue: &Catalogue) -> ImportReport {
        self.store.import(catalogue, ImportOptions::default(), &|_, _| {}).await.unwrap()
    }

    async fn prune(&self, catalogue: &Catalogue) -> ImportReport {
        self.store.import(catalogue, ImportOptions { prune: true, dry_run: false }, &|_, _| {}).await.unwrap()
    }

    /// What nobody but a test does.
    async fn sql(&self, sql: &str) {
        let turn = self.store.write.turn().await.unwrap();
        turn.database.execute_unprepared(sql).await.unwrap();
    }

    /// The same where the engines do not share the words.
    async fn sql_of(&self, sqlite: &str, postgres: &str) {
        self.sql(if place::server().is_some() { postgres } else { sqlite }).await;
    }

    /// All that is in the tables, to tell whether anything changed.
    async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (table, columns) in [
            ("entry", "id, kind, code, content, digest, origin, version, revision, published_at, updated_at"),
            ("practice_body", "entry_id, language, ordinal, body"),
            ("official_text", "entry_id, language, ordinal, text"),
            ("figure_file", "id, source, edition, name, sha256, retrieved_on"),
            ("figure_set", "id, source, measure, edition, is_cited, is_newest, facts, first_day, last_day"),
            ("breakdown", "id, sex, age_group, dimensions"),
            ("place", "id, code"),
            ("series", "id, hash, set_id, breakdown_id, subject, points"),
            ("figure_block", "set_id, breakdown_id, kind, period, facts, cells, series"),
            ("corridor", "code, origin, destination"),
            ("change", "revision, entry_id, kind, at"),
            ("meta", "key, value"),
        ] {
            let mut sql = Sql::new(&format!("SELECT '{table}'"));
            for column in columns.split(", ") {
                sql.text(" || ' ' || ");
                match column {
                    "points" | "cells" | "series" => sql.hex(column),
                    _ => sql.text(&format!("coalesce(CAST({column} AS text), '-')")),
                };
            }
            sql.text(&format!(" FROM {table} ORDER BY 1"));
            all.extend(rows(&self.store.read, sql).await.unwrap().iter().map(|row| row.try_get_by_index::<String>(0).unwrap()));
        }
        all
    }

    async fn count(&self, table: &str) -> i64 {
        rows(&self.store.read, Sql::new(&format!("SELECT count(*) FROM {table}"))).await.unwrap()[0].try_get_by_index(0).unwrap()
    }

    /// All that a graph is made of.
    async fn material(&self) -> Result<Material, StoreError> {
        material(&self.store).await
    }

    /// How many figures there are.
    async fn figures(&self) -> i64 {
        rows(&self.store.read, Sql::new("SELECT CAST(coalesce(sum(facts), 0) AS bigint) FROM figure_set")).await.unwrap()[0].try_get_by_index(0).unwrap()
    }

    async fn is_sound(&self) {
        assert_eq!(self.store.check().await.unwrap(), []);
    }
}

/// All that a graph is made of, practices among the entries.
async fn material(store: &Store) -> Result<Material, StoreError> {
    let mut material = super::material::read(&store.read).await?;
    let practices = super::practices::gather(&store.read, Vec::new(), |some| some, Vec::extend).await?;
    material.entries.extend(practices.into_iter().map(|PracticeFace { id, entry, face, .. }| {
        let entry = Entry::GoodPractice(entry);
        Stored { id, entry, version: face.version, published_at: face.published_at, updated_at: face.updated_at }
    }));
    material.entries.sort_by_key(|stored| stored.entry.kind());
    Ok(material)
}

fn state(iso3: &str) -> Entry {
    Entry::State(State {
        iso3: iso3.into(),
        iso2: iso3[..2].into(),
        m49: "000".into(),
        name: Localized::english(format!("State of {iso3}")),
        region: Region::Other,
        centroid: None,
        participation: None,
    })
}

fn provision(reference: &str, parent: Option<&str>, kind: ProvisionKind) -> Entry {
    Entry::Provision(Provision {
        document: DECLARATION_2013.into(),
        reference: reference.into(),
        kind,
        parent: parent.map(Into::into),
        ordinal: 1,
        title: format!("Title of {reference}"),
        summary: "A summary.".into(),
        goals: Vec::new(),
        keywords: Vec::new(),
    })
}

fn practice(slug: &str) -> GoodPractice {
    let text =
        |language, title: &str, body: Option<&str>| PracticeText { language, title: title.into(), summary: "A summary.".into(), body: body.map(Into::into) };
    GoodPractice {
        slug: slug.into(),
        texts: vec![text(Language::Tr, "Göç", Some("Türkçe metin")), text(Language::En, "Migration", Some("English text"))],
        owner: "TUR".into(),
        attributed: true,
        states: vec!["TUR".into()],
        partners: Vec::new(),
        activities: vec!["I.a".into()],
        flows: vec!["WEST".into()],
        working_groups: Vec::new(),
        target_groups: Vec::new(),
        evidence: EvidenceLevel::Described,
        started_on: None,
        ended_on: None,
        citations: Vec::new(),
    }
}

fn figure(subject: Subject, year: i16, value: Option<f64>) -> Observation {
    Observation {
        subject,
        measure: Measure::Detections,
        period_start: date(year, 1, 1),
        period_end: date(year, 12, 31),
        value,
        availability: ValueAvailability::Reported,
        status: ObservationStatus::Final,
        sex: None,
        age_group: None,
        dimensions: Vec::new(),
        source: "COUNTS".into(),
        edition: "2026-11-23".into(),
        retrieved_on: Some(date(2026, 11, 23)),
        file: Some("flow_figures.csv".into()),
        sha256: None,
        line: Some(2),
        raw_value: value.map(|value| value.to_string()),
    }
}

fn corridor(origin: &str, destination: &str) -> Subject {
    Subject::Corridor(origin.into(), destination.into())
}

const EDITION: Date = date(2026, 11, 23);

/// Two states, a document with two provisions, a route, a source, a practice in two languages, three figures.
fn catalogue() -> Catalogue {
    let document = Document {
        code: DECLARATION_2013.into(),
        kind: DocumentKind::Declaration,
        title: "Declaration".into(),
        summary: "A summary.".into(),
        adopted_on: None,
        meeting: None,
        languages: vec![Language::En],
        citations: Vec::new(),
    };
    let route = Route {
        code: "WEST".into(),
        name: Localized::english("The way west"),
        summary: "A summary.".into(),
        kinds: Vec::new(),
        legs: vec![Leg { ordinal: 1, from: "AFG".into(), to: "TUR".into(), modes: vec![TransportMode::Land] }],
        origins: Vec::new(),
        transits: Vec::new(),
        destinations: Vec::new(),
        working_groups: Vec::new(),
        activities: vec!["I.a".into()],
        citations: Vec::new(),
    };
    let source = Source { code: "COUNTS".into(), name: "Counts".into(), publisher: "Somebody".into(), url: None, licence: None, retrieved_on: None };
    Catalogue {
        edition: EDITION,
        entries: vec![
            state("AFG"),
            state("TUR"),
            Entry::Document(document),
            provision("I", None, ProvisionKind::ThematicArea),
            provision("I.a", Some("I"), ProvisionKind::Activity),
            Entry::Route(route),
            Entry::Source(source),
            Entry::GoodPractice(practice("one-window")),
        ],
        observations: vec![
            figure(corridor("AFG", "TUR"), 2023, Some(12.5)),
            figure(corridor("AFG", "TUR"), 2024, None),
            figure(Subject::Route("WEST".into()), 2024, Some(7.0)),
        ],
    }
}

/// The practice of a catalogue, to be edited.
fn edit(catalogue: &mut Catalogue, slug: &str, change: impl Fn(&mut GoodPractice)) {
    for entry in &mut catalogue.entries {
        if let Entry::GoodPractice(practice) = entry
            && practice.slug == slug
        {
            change(practice);
        }
    }
}
