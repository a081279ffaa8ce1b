//! Whose a figure is, as every row of a file says it.

use std::sync::Arc;

use async_graphql::{Name, Value};

use crate::domain::figure::Source;

use super::rewrite::{PROVENANCE, SOURCE, UNIT};

/// Source, licence, unit and citation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cited {
    /// The code of the source.
    pub source: Arc<str>,
    /// What one of the figures is: persons, permits, US dollars.
    pub unit: Arc<str>,
    /// Under which terms it was published, as far as stated.
    pub licence: Option<Arc<str>>,
    /// A sentence that names publisher, title, edition, place, and the day on which it was fetched.
    pub citation: Arc<str>,
}

impl Cited {
    /// Of a source, and of that edition of it.
    pub(in crate::graphql) fn of(source: &Source, edition: Option<&str>, unit: &str) -> Self {
        let retrieved = source.retrieved_on.map(|day| day.to_string());
        Self::new(&source.code, unit, &source.publisher, &source.name, edition, source.url.as_deref(), retrieved.as_deref(), source.licence.as_deref())
    }

    fn new(
        code: &str,
        unit: &str,
        publisher: &str,
        name: &str,
        edition: Option<&str>,
        url: Option<&str>,
        retrieved: Option<&str>,
        licence: Option<&str>,
    ) -> Self {
        let mut citation = format!("{publisher}: {name}");
        if let Some(edition) = edition {
            citation.extend([", edition ", edition]);
        }
        citation.push('.');
        for (before, text) in [("", url), ("Retrieved ", retrieved), ("Licence: ", licence)] {
            if let Some(text) = text {
                citation.extend([" ", before, text.trim_end_matches('.'), "."]);
            }
        }
        Self { source: code.into(), unit: unit.into(), licence: licence.map(Into::into), citation: citation.into() }
    }

    /// Of what [`add`](super::rewrite::add) selected on an object; takes it out, as it was not asked for.
    pub(super) fn taken_from(object: &mut async_graphql::indexmap::IndexMap<Name, Value>) -> Option<Self> {
        let unit = object.shift_remove(UNIT);
        let provenance = object.shift_remove(PROVENANCE);
        let Some(Value::Object(source)) = object.shift_remove(SOURCE) else { return None };
        let provenance = match &provenance {
            Some(Value::Object(provenance)) => Some(provenance),
            _ => None,
        };
        let of_figure = |name: &str| provenance.and_then(|provenance| text(provenance.get(name)));
        Some(Self::new(
            text(source.get("code")).unwrap_or_default(),
            text(unit.as_ref()).unwrap_or_default(),
            text(source.get("publisher")).unwrap_or_default(),
            text(source.get("name")).unwrap_or_default(),
            of_figure("edition"),
            text(source.get("url")),
            of_figure("retrievedOn").or(text(source.get("retrievedOn"))),
            text(source.get("licence")),
        ))
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::String(text) => Some(text),
        _ => None,
    }
}
