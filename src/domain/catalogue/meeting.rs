//! Meetings.

use super::desk::Wanted;
use super::folder::{Layout, Shape};
use super::form::{Form, NOTE, TITLE};
use super::record::Record;
use crate::domain::entry::Kind;
use crate::domain::meeting::Meeting;

/// `meetings.toml`.
pub(super) const MEETINGS: Layout = Layout { file: "meetings.toml", kind: Some(Kind::Meeting), key: "code", shape: Shape::Tree("meeting") };

/// One `[[meeting]]`.
pub(super) fn meeting(record: &mut Record<'_, '_>) -> Option<Meeting> {
    let code = record.key("code", Form::Code, &["meeting"]);
    let name = record.text("name", TITLE);
    let kind = record.word("kind");
    let (starts_on, ends_on) = record.period("starts_on", "ends_on");
    let place = record.text_if_any("place", TITLE);
    let place_state = record.code_if_any("place_state", &Wanted::State);
    let note = record.text_if_any("note", NOTE);
    let online = record.flag("online", false);
    let hosts = record.codes("hosts", &Wanted::Party, 0);
    let participants = record.codes("participants", &Wanted::Party, 0);
    let working_groups = record.codes("working_groups", &Wanted::WorkingGroup, 0);
    let areas = record.codes("areas", &Wanted::ThematicArea, 0);
    let activities = record.codes("activities", &Wanted::Activity, 0);
    let citations = record.citations(1);
    Some(Meeting {
        code: code?,
        name: name?,
        kind: kind?,
        starts_on,
        ends_on,
        place,
        place_state,
        note,
        online,
        hosts,
        participants,
        working_groups,
        areas,
        activities,
        citations,
    })
}
