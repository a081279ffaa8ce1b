//! States, areas and organisations.

use super::desk::Wanted;
use super::folder::{Layout, Shape};
use super::form::{Form, NOTE, TITLE, quoted};
use super::record::Record;
use crate::domain::entry::Kind;
use crate::domain::party::{Area, Coordinates, Organisation, Participation, State};
use crate::domain::text::{Language, Localized};

/// `states.csv`.
pub(super) const STATES: Layout = Layout {
    file: "states.csv",
    kind: Some(Kind::State),
    key: "iso3",
    shape: Shape::Table {
        needed: &["iso3", "iso2", "m49", "name_en", "name_ru", "name_tr", "region"],
        optional: &["latitude", "longitude", "participation", "participation_since", "participation_until", "participation_note"],
    },
};

/// `areas.csv`.
pub(super) const AREAS: Layout = Layout {
    file: "areas.csv",
    kind: Some(Kind::Area),
    key: "iso3",
    shape: Shape::Table { needed: &["iso3", "iso2", "m49", "name_en", "name_ru", "name_tr"], optional: &[] },
};

/// `organisations.csv`.
pub(super) const ORGANISATIONS: Layout = Layout {
    file: "organisations.csv",
    kind: Some(Kind::Organisation),
    key: "code",
    shape: Shape::Table {
        needed: &["code", "name", "kind", "citation_text", "citation_url"],
        optional: &["state", "role", "participation", "participation_since", "participation_until", "participation_note"],
    },
};

/// States and organisations are parties: a party's code is one or the other.
const PARTY: &str = "party";
/// States and areas are the ends of flows.
const POINT: &str = "point";

/// One row of `states.csv`.
pub(super) fn state(record: &mut Record<'_, '_>) -> Option<State> {
    let iso3 = record.key("iso3", Form::Iso3, &[POINT, PARTY]);
    let (iso2, m49) = (record.unique("iso2", Form::Iso2), record.unique("m49", Form::M49));
    let name = names(record);
    let region = record.word("region");
    let centroid = centroid(record);
    let participation = participation(record);
    Some(State { iso3: iso3?, iso2: iso2?, m49: m49?, name: name?, region: region?, centroid, participation })
}

/// One row of `areas.csv`.
pub(super) fn area(record: &mut Record<'_, '_>) -> Option<Area> {
    let iso3 = record.key("iso3", Form::Iso3, &[POINT]);
    let (iso2, m49) = (record.unique("iso2", Form::Iso2), record.unique("m49", Form::M49));
    let name = names(record);
    Some(Area { iso3: iso3?, iso2: iso2?, m49: m49?, name: name? })
}

/// One row of `organisations.csv`.
pub(super) fn organisation(record: &mut Record<'_, '_>, language: Language) -> Option<Organisation> {
    let code = record.key("code", Form::Code, &[PARTY]);
    let name = record.text("name", TITLE);
    let kind = record.word("kind");
    let state = record.code_if_any("state", &Wanted::State);
    let role = record.text_if_any("role", NOTE);
    let citation = record.citation("citation_text", "citation_url");
    let participation = participation(record);
    let name = Localized::new((language, name?), []);
    Some(Organisation { code: code?, name, kind: kind?, state, role, citations: vec![citation?], participation })
}

fn names(record: &mut Record<'_, '_>) -> Option<Localized> {
    let (en, ru, tr) = (record.text("name_en", TITLE), record.text("name_ru", TITLE), record.text("name_tr", TITLE));
    Some(Localized::new((Language::En, en?), [(Language::Ru, ru?), (Language::Tr, tr?)]))
}

fn centroid(record: &mut Record<'_, '_>) -> Option<Coordinates> {
    let at = record.at("latitude").max(record.at("longitude"));
    let given = (record.has("latitude"), record.has("longitude"));
    let latitude = record.parsed_if_any("latitude", |text| degrees(text, 90.0));
    let longitude = record.parsed_if_any("longitude", |text| degrees(text, 180.0));
    let alone = "stands alone: latitude and longitude come together or not at all.";
    match given {
        (true, false) => record.fault(at, "latitude", alone),
        (false, true) => record.fault(at, "longitude", alone),
        _ => {}
    }
    Some(Coordinates { latitude: latitude?, longitude: longitude? })
}

fn degrees(text: &str, most: f64) -> Result<f64, String> {
    // Rust also reads "inf" and "1e1"; degrees are written out.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    let degrees = text.parse::<f64>().ok().filter(|degrees| plain && degrees.abs() <= most);
    degrees.ok_or_else(|| format!("{} will not do: decimal degrees from -{most} to {most} are wanted.", quoted(text)))
}

fn participation(record: &mut Record<'_, '_>) -> Option<Participation> {
    let given = record.has("participation");
    let status = record.word_if_any("participation");
    let (since, until) = record.period("participation_since", "participation_until");
    let note = record.text_if_any("participation_note", NOTE);
    if !given && (since.is_some() || until.is_some() || note.is_some()) {
        record.lack("participation", "its date or note says that there is one");
    }
    Some(Participation { status: status?, since, until, note })
}
