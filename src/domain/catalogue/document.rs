//! Documents and their provisions.

use super::desk::{Descent, Passage, Wanted};
use super::folder::{Layout, Shape};
use super::form::{Form, SUMMARY, TITLE};
use super::record::Record;
use crate::domain::document::{Document, Provision};
use crate::domain::entry::Kind;

/// `documents.toml`.
pub(super) const DOCUMENTS: Layout = Layout { file: "documents.toml", kind: Some(Kind::Document), key: "code", shape: Shape::Tree("document") };

/// `provisions.toml`.
pub(super) const PROVISIONS: Layout = Layout { file: "provisions.toml", kind: Some(Kind::Provision), key: "reference", shape: Shape::Tree("provision") };

/// One `[[document]]`.
pub(super) fn document(record: &mut Record<'_, '_>) -> Option<Document> {
    let code = record.key("code", Form::Code, &["document"]);
    let kind = record.word("kind");
    let title = record.text("title", TITLE);
    let summary = record.text("summary", SUMMARY);
    let adopted_on = record.date_if_any("adopted_on");
    let meeting = record.code_if_any("meeting", &Wanted::Meeting);
    let languages = record.words("languages", 0);
    let citations = record.citations(1);
    Some(Document { code: code?, kind: kind?, title: title?, summary: summary?, adopted_on, meeting, languages, citations })
}

/// One `[[provision]]`.
pub(super) fn provision(record: &mut Record<'_, '_>) -> Option<Provision> {
    let family = record.peek("document");
    record.scope(&family);
    let reference = record.key("reference", Form::Reference, &[&format!("reference {family}")]);
    let document = record.code("document", &Wanted::Document);
    let kind = record.word("kind");
    let parent_at = record.at("parent");
    let parent = record.code_if_any("parent", &Wanted::Provision(document.clone()));
    let ordinal_at = record.at("ordinal");
    let ordinal = record.ordinal("ordinal");
    if let Some(ordinal) = ordinal {
        record.claim(ordinal_at, "ordinal", &[&format!("ordinal {family}")], &ordinal.to_string());
    }
    let title = record.text("title", TITLE);
    let summary = record.text("summary", SUMMARY);
    let goals = record.codes("goals", &Wanted::Goal(document.clone()), 0);
    let keywords = record.texts("keywords", TITLE);
    if let Some(reference) = reference.clone() {
        let place = record.place(parent_at, "parent");
        let desk = record.desk();
        if let Some(parent) = parent.clone() {
            desk.descents.push(Descent { place, family, child: reference.clone(), parent });
        }
        desk.passages.push(Passage { document: document.clone(), reference, kind, parent: parent.clone() });
    }
    Some(Provision { document: document?, reference: reference?, kind: kind?, parent, ordinal: ordinal?, title: title?, summary: summary?, goals, keywords })
}
