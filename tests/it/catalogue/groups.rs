//! Working groups, meetings and documents.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{citations, compare, find, sorted};
use crate::ask::{all, at, data, list, set, texts, these};
use crate::expect::{Catalogue, catalogue};

/// The day of the tests: all memberships of the catalogue are in force.
const TODAY: &str = "2025-10-09";

#[test]
fn every_group_is_told_as_the_file_has_it() {
    let selection = "code name kind summary establishedOn parent { code } citations { text url }";
    compare("workingGroups", "code", selection, &catalogue().groups, |group| {
        let parent = group.maybe("parent");
        json!({
            "code": group.text("code"), "name": group.text("name"), "kind": group.text("kind"), "summary": group.text("summary"),
            "establishedOn": group.maybe("established_on"), "citations": citations(group),
            "parent": if parent.is_null() { parent } else { json!({ "code": parent }) },
        })
    });
}

#[test]
fn a_group_and_its_areas_states_flows_meetings_and_practices_know_each_other() {
    let files = catalogue();
    let selection = "code focusStates { iso3 } thematicAreas { numeral } flows(filter: { shape: ROUTE }, first: 100) { nodes { code } } activities(first: 100) { nodes { reference } }
        meetings(first: 100) { nodes { code } } goodPractices(first: 100) { nodes { slug } }";
    let groups = all("workingGroups", "", selection);
    for group in &groups {
        let code = group["code"].as_str().expect("a code");
        let entry = find(&files.groups, "code", code);
        assert_eq!(set(&group["focusStates"], "iso3"), entry.set("focus_states"), "{code}");
        assert_eq!(texts(&group["thematicAreas"], "numeral"), entry.list("areas"), "{code}");
        let codes = |entries: &[crate::expect::Entry], key: &str| -> BTreeSet<String> {
            entries.iter().filter(|entry| entry.names("working_groups", code)).map(|entry| entry.text(key).to_owned()).collect()
        };
        assert_eq!(set(at(group, "flows.nodes"), "code"), codes(&files.routes, "code"), "{code}");
        assert_eq!(set(at(group, "meetings.nodes"), "code"), codes(&files.meetings, "code"), "{code}");
        assert_eq!(set(at(group, "goodPractices.nodes"), "slug"), codes(&files.practices, "slug"), "{code}");
        let activities = files.activities(|activity| files.works_on(entry, activity.text("reference")));
        assert_eq!(texts(at(group, "activities.nodes"), "reference"), activities, "{code}: own, of its areas, and of its flows");
    }
    // The same from the other end.
    let back = |field: &str, key: &str, other: &str| {
        for node in all(field, "", &format!("{key} workingGroups {{ code }}")) {
            let named: BTreeSet<String> = set(&node["workingGroups"], "code");
            let expected = groups.iter().filter(|group| list(at(group, other)).iter().any(|there| there[key] == node[key]));
            assert_eq!(named, these(expected.map(|group| group["code"].as_str().unwrap_or_default())), "{field} {}", node[key]);
        }
    };
    back("activities", "reference", "activities.nodes");
    back("meetings", "code", "meetings.nodes");
    back("goodPractices", "slug", "goodPractices.nodes");
}

/// Party, role, since, until and note of the members of a group.
fn members(files: &Catalogue, code: &str, day: &str) -> Vec<Value> {
    let group = find(&files.groups, "code", code);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (party, role) in files.places(code, day) {
        if seen.insert(party.clone()) {
            let member = group.tables("members").into_iter().find(|member| member.text("party") == party && member.text("role") == role);
            let field = |key: &str| member.as_ref().map_or(Value::Null, |member| member.maybe(key));
            found.push(json!({ "node": { "code": party }, "role": role, "since": field("since"), "until": field("until"), "note": field("note") }));
        }
    }
    found.sort_by_key(|member| at(member, "node.code").to_string());
    found
}

#[test]
fn what_links_a_party_to_a_group_stands_on_the_edge() {
    let files = catalogue();
    for group in all("workingGroups", "", "code members(first: 100) { totalCount edges { node { code } role since until note } nodes { code } }") {
        let code = group["code"].as_str().expect("a code");
        let mut found = list(at(&group, "members.edges")).to_vec();
        found.sort_by_key(|member| at(member, "node.code").to_string());
        assert_eq!(found, members(files, code, TODAY), "{code}");
    }
    for field in ["states", "organisations"] {
        for party in all(field, "", "code workingGroups(first: 100) { edges { node { code } role since until note } }") {
            let expected: Vec<Value> = files
                .groups
                .iter()
                .flat_map(|group| {
                    let mut places = members(files, group.text("code"), TODAY);
                    places.retain(|place| at(place, "node.code") == &party["code"]);
                    for place in &mut places {
                        place["node"]["code"] = group.text("code").into();
                    }
                    places
                })
                .collect();
            let mut found = list(at(&party, "workingGroups.edges")).to_vec();
            found.sort_by_key(|place| files.groups.iter().position(|group| at(place, "node.code") == group.text("code")));
            assert_eq!(found, expected, "{}", party["code"]);
        }
    }
}

#[test]
fn a_group_is_led_by_its_chairs_and_co_chairs() {
    let files = catalogue();
    for group in all(
        "workingGroups",
        "",
        "code chairs { code } focus: members(roles: [FOCUS], first: 100) { edges { role node { code } } } none: members(roles: []) { totalCount }",
    ) {
        let code = group["code"].as_str().expect("a code");
        let entry = find(&files.groups, "code", code);
        let leading = files.places(code, TODAY).into_iter().filter(|(_, role)| role != "FOCUS").map(|(party, _)| party);
        assert_eq!(set(&group["chairs"], "code"), these(leading), "{code}");
        assert_eq!(set(at(&group, "focus.edges"), "node.code"), entry.set("focus_states"), "{code}: a chair may be looked at too");
        assert!(list(at(&group, "focus.edges")).iter().all(|edge| edge["role"] == "FOCUS"), "{code}");
        assert_eq!(at(&group, "none.totalCount"), 0, "{code}: no role is none");
    }
}

#[test]
fn a_group_knows_who_belonged_to_it_on_a_day() {
    let chairs = |code: &str, day: &str| {
        let told = data(&format!(
            r#"{{ workingGroup(code: "{code}") {{ chairs(asOf: "{day}") {{ code }} members(asOf: "{day}", roles: [CHAIR, CO_CHAIR]) {{ totalCount nodes {{ code }} }} }} }}"#
        ));
        let chairs = sorted(at(&told, "workingGroup.chairs"), "code");
        assert_eq!(chairs, sorted(at(&told, "workingGroup.members.nodes"), "code"));
        chairs
    };
    assert!(chairs("TWG-LAW", "2023-10-03").is_empty());
    assert_eq!(chairs("TWG-LAW", "2023-10-04"), ["BGR", "IRQ"]);
    assert!(chairs("LEGAL-PATHWAYS", "2025-06-18").is_empty());
    assert_eq!(chairs("LEGAL-PATHWAYS", "2025-06-19"), ["HUN", "PAK"]);
    // Unknown since counts as always, unknown until as still.
    assert_eq!(chairs("SILK-ROUTES", "1991-01-01"), ["AFG", "TUR"]);
    assert_eq!(chairs("SILK-ROUTES", "2999-12-31"), ["AFG", "TUR"]);
    let told = data(
        r#"{ state(iso3: "HUN") { before: workingGroups(asOf: "2025-06-18") { totalCount } since: workingGroups(asOf: "2025-06-19") { nodes { code } } } }"#,
    );
    assert_eq!(told["state"], json!({ "before": { "totalCount": 0 }, "since": { "nodes": [{ "code": "LEGAL-PATHWAYS" }] } }));
}

#[test]
fn every_meeting_is_told_as_the_file_has_it() {
    let codes = |codes: Vec<&str>, key: &str| -> Value {
        let mut codes = codes;
        codes.sort_unstable();
        codes.into_iter().map(|code| json!({ key: code })).collect()
    };
    let selection = "code name kind startsOn endsOn place note online hosts { code } workingGroups { code } thematicAreas { numeral } citations { text url }
        activities(first: 100) { nodes { reference } } documents { code } participants { totalCount }";
    compare("meetings", "code", selection, &catalogue().meetings, |meeting| {
        let in_order = catalogue().activities(|activity| meeting.names("activities", activity.text("reference")));
        let adopted =
            catalogue().documents.iter().filter(|document| document.text("meeting") == meeting.text("code")).map(|document| document.text("code")).collect();
        json!({
            "code": meeting.text("code"), "name": meeting.text("name"), "kind": meeting.text("kind"), "place": meeting.maybe("place"), "note": meeting.maybe("note"),
            "startsOn": meeting.maybe("starts_on"), "endsOn": meeting.maybe("ends_on"), "online": meeting.value("online") == true,
            "hosts": codes(meeting.list("hosts"), "code"), "workingGroups": codes(meeting.list("working_groups"), "code"),
            "thematicAreas": meeting.list("areas").into_iter().map(|area| json!({ "numeral": area })).collect::<Value>(),
            "activities": { "nodes": in_order.into_iter().map(|reference| json!({ "reference": reference })).collect::<Value>() },
            "documents": codes(adopted, "code"), "citations": citations(meeting), "participants": { "totalCount": 0 },
        })
    });
}

#[test]
fn every_document_is_told_as_the_file_has_it() {
    let selection = "code kind title summary adoptedOn meeting { code } citations { text url } provisions { totalCount }";
    compare("documents", "code", selection, &catalogue().documents, |document| {
        let meeting = document.maybe("meeting");
        let provisions = catalogue().provisions.iter().filter(|provision| provision.text("document") == document.text("code")).count();
        json!({
            "code": document.text("code"), "kind": document.text("kind"), "title": document.text("title"), "summary": document.text("summary"),
            "adoptedOn": document.maybe("adopted_on"), "citations": citations(document), "provisions": { "totalCount": provisions },
            "meeting": if meeting.is_null() { meeting } else { json!({ "code": meeting }) },
        })
    });
}

#[test]
fn a_date_is_as_exact_as_the_files_know_it() {
    let told = data(
        r#"{ year: meeting(code: "FOC-2009") { startsOn endsOn } month: document(code: "FACT-SHEET-2020") { adoptedOn } day: meeting(code: "MC-1") { startsOn endsOn }
             unknown: meeting(code: "PREP-5-3") { startsOn endsOn } group: workingGroup(code: "COLEP") { establishedOn } }"#,
    );
    let expected = json!({
        "year": { "startsOn": "2009", "endsOn": "2009" }, "month": { "adoptedOn": "2020-03" }, "day": { "startsOn": "1991-10-30", "endsOn": "1991-10-31" },
        "unknown": { "startsOn": null, "endsOn": null }, "group": { "establishedOn": "2022" },
    });
    assert_eq!(told, expected);
}
