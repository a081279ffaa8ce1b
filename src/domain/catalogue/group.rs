//! Working groups.

use super::desk::{Descent, Wanted};
use super::folder::{Layout, Shape};
use super::form::{Form, NOTE, SUMMARY, TITLE};
use super::record::Record;
use crate::domain::entry::Kind;
use crate::domain::group::{Membership, WorkingGroup, WorkingGroupRole};
use crate::domain::text::{Language, Localized};
use crate::domain::word::Words;

/// `working_groups.toml`.
pub(super) const WORKING_GROUPS: Layout =
    Layout { file: "working_groups.toml", kind: Some(Kind::WorkingGroup), key: "code", shape: Shape::Tree("working_group") };

/// One `[[working_group]]`.
pub(super) fn working_group(record: &mut Record<'_, '_>, language: Language) -> Option<WorkingGroup> {
    let code = record.key("code", Form::Code, &["working group"]);
    let name = record.text("name", TITLE);
    let kind = record.word("kind");
    let summary = record.text("summary", SUMMARY);
    let established_on = record.date_if_any("established_on");
    let established_note = record.text_if_any("established_note", NOTE);
    let at = record.at("parent");
    let parent = record.code_if_any("parent", &Wanted::WorkingGroup);
    let members = record.records("members", 0, label, membership);
    let focus_states = record.codes("focus_states", &Wanted::State, 0);
    let areas = record.codes("areas", &Wanted::ThematicArea, 0);
    let activities = record.codes("activities", &Wanted::Activity, 0);
    let citations = record.citations(1);
    if let (Some(child), Some(parent)) = (code.clone(), parent.clone()) {
        let place = record.place(at, "parent");
        record.desk().descents.push(Descent { place, family: String::new(), child, parent });
    }
    Some(WorkingGroup {
        code: code?,
        name: Localized::new((language, name?), []),
        kind: kind?,
        summary: summary?,
        established_on,
        established_note,
        parent,
        members,
        focus_states,
        areas,
        activities,
        citations,
    })
}

fn membership(record: &mut Record<'_, '_>) -> Option<Membership> {
    let party = record.code("party", &Wanted::Party);
    let at = record.at("role");
    let role = record.word("role");
    let (since, until) = record.period("since", "until");
    let note = record.text_if_any("note", NOTE);
    if role == Some(WorkingGroupRole::Focus) {
        record.fault(at, "role", "is not told here: list the states that the group looks at in focus_states.");
    }
    Some(Membership { party: party?, role: role?, since, until, note })
}

/// A party may hold a role twice, in different times.
fn label(member: &Membership) -> String {
    let since = member.since.map(|since| format!(" {since}")).unwrap_or_default();
    format!("{} {}{since}", member.party, member.role.name())
}
