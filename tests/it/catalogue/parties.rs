//! States, organisations and areas.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{citations, compare, sorted};
use crate::ask::{all, at, data, list, set, texts};
use crate::expect::{Catalogue, Entry, catalogue};

fn participation(entry: &Entry) -> Value {
    match entry.text("participation") {
        "" => Value::Null,
        status => json!({
            "status": status,
            "since": entry.maybe("participation_since"),
            "until": entry.maybe("participation_until"),
            "note": entry.maybe("participation_note"),
        }),
    }
}

const PARTICIPATION: &str = "participation { status since until note }";

#[test]
fn every_state_is_told_as_the_table_has_it() {
    let degrees = |text: &str| text.parse::<f64>().expect("degrees");
    let selection = format!("code iso2 iso3 m49 name ru: name(language: RU) tr: name(language: TR) region centroid {{ latitude longitude }} {PARTICIPATION}");
    compare("states", "iso3", &selection, &catalogue().states, |state| {
        let centroid = match state.text("latitude") {
            "" => Value::Null,
            latitude => json!({ "latitude": degrees(latitude), "longitude": degrees(state.text("longitude")) }),
        };
        json!({
            "code": state.text("iso3"), "iso2": state.text("iso2"), "iso3": state.text("iso3"), "m49": state.text("m49"),
            "name": state.text("name_en"), "ru": state.text("name_ru"), "tr": state.text("name_tr"),
            "region": state.text("region"), "centroid": centroid, "participation": participation(state),
        })
    });
}

#[test]
fn every_organisation_is_told_as_the_table_has_it() {
    let selection = format!("code name kind state {{ iso3 }} role citations {{ text url }} {PARTICIPATION}");
    compare("organisations", "code", &selection, &catalogue().organisations, |organisation| {
        let state = organisation.maybe("state");
        json!({
            "code": organisation.text("code"), "name": organisation.text("name"), "kind": organisation.text("kind"),
            "state": if state.is_null() { state } else { json!({ "iso3": state }) },
            "role": organisation.maybe("role"), "participation": participation(organisation),
            "citations": [{ "text": organisation.text("citation_text"), "url": organisation.text("citation_url") }],
        })
    });
    // The same shape of citation as everywhere.
    assert_eq!(citations(&catalogue().groups[0])[0].as_object().map(serde_json::Map::len), Some(2));
}

#[test]
fn fifty_eight_states_take_part_and_three_digits_stay_three_digits() {
    let told = data(r#"{ states(filter: { participation: [PARTICIPATING, OBSERVER] }) { totalCount } state(iso3: "AFG") { m49 } }"#);
    assert_eq!(told, json!({ "states": { "totalCount": 58 }, "state": { "m49": "004" } }));
}

#[test]
fn where_sources_disagree_on_participation_the_note_says_so() {
    let told = data(
        r#"{ state(iso3: "BGD") { participation { status note } } none: state(iso3: "AFG") { participation { note } } beyond: state(iso3: "AGO") { participation { status } } }"#,
    );
    assert_eq!(at(&told, "state.participation.status"), "PARTICIPATING");
    assert!(at(&told, "state.participation.note").as_str().is_some_and(|note| note.contains("October 2013") && note.contains("observer")));
    assert_eq!((at(&told, "none.participation.note"), at(&told, "beyond.participation")), (&Value::Null, &Value::Null));
}

#[test]
fn a_name_comes_in_the_language_asked_for_else_in_english() {
    let told = data(
        r#"{ state(iso3: "TUR") { en: name ru: name(language: RU) tr: name(language: TR) fr: name(language: FR) de: name(language: DE) fa: name(language: FA)
                                  ar: name(language: AR) ur: name(language: UR) ps: name(language: PS) bn: name(language: BN) }
             organisation(code: "UBB") { name(language: RU) }
             workingGroup(code: "COLEP") { name(language: TR) }
             flow(code: "EAST-MED") { name(language: FA) }
             goodPractice(slug: "prottasha-reintegration-bangladesh") { title(language: BN) summary(language: BN) languages } }"#,
    );
    let turkiye = &told["state"];
    assert_eq!((&turkiye["ru"], &turkiye["tr"]), (&json!("Турция"), &json!("Türkiye")));
    for language in ["en", "fr", "de", "fa", "ar", "ur", "ps", "bn"] {
        assert_eq!(turkiye[language], "Türkiye", "{language}");
    }
    assert_eq!(at(&told, "organisation.name"), "Babeș-Bolyai University");
    assert_eq!(at(&told, "workingGroup.name"), "Community of Law Enforcement Practitioners");
    assert_eq!(at(&told, "flow.name"), "Eastern Mediterranean route");
    let practice = catalogue().practices.iter().find(|practice| practice.text("slug") == "prottasha-reintegration-bangladesh").expect("there");
    assert_eq!(told["goodPractice"], json!({ "title": practice.text("title"), "summary": practice.text("summary"), "languages": ["EN"] }));
}

#[test]
fn an_area_of_the_statistics_is_no_state() {
    let states: BTreeSet<String> = set(&all("states", "", "iso3").into(), "iso3");
    for area in &catalogue().areas {
        assert!(!states.contains(area.text("iso3")), "{}", area.text("iso3"));
    }
    let told = data(
        r#"{ area: state(iso3: "HKG") { name } small: state(iso3: "afg") { name } none: state(iso3: "XXX") { name } organisation(code: "AFG") { name } }"#,
    );
    assert!(told.as_object().expect("fields").values().all(Value::is_null), "{told}");
}

#[test]
fn a_party_answers_alike_as_itself_and_as_a_party() {
    let told = data(
        r#"{ state(iso3: "TUR") { id code name participation { status } goodPractices(first: 100) { nodes { slug } } meetings(first: 100) { nodes { code } } workingGroups { nodes { code } } }
             organisation(code: "IOM") { id code name participation { status } goodPractices(first: 100) { nodes { slug } } meetings(first: 100) { nodes { code } } workingGroups { nodes { code } } } }"#,
    );
    for party in ["state", "organisation"] {
        let id = &told[party]["id"];
        let again = data(&format!(
            "{{ node(id: {id}) {{ ... on Party {{ id code name participation {{ status }} goodPractices(first: 100) {{ nodes {{ slug }} }} meetings(first: 100) {{ nodes {{ code }} }} workingGroups {{ nodes {{ code }} }} }} }} }}"
        ));
        assert_eq!(again["node"], told[party]);
    }
}

#[test]
fn practices_stand_with_a_party_by_the_role_that_it_has_in_them() {
    let files = catalogue();
    let selection = "code any: goodPractices(first: 100) { nodes { slug } } owner: goodPractices(roles: [OWNER], first: 100) { nodes { slug } }
        practised: goodPractices(roles: [PRACTISED], first: 100) { nodes { slug } } partner: goodPractices(roles: [PARTNER], first: 100) { nodes { slug } }
        two: goodPractices(roles: [OWNER, PARTNER], first: 100) { totalCount nodes { slug } } none: goodPractices(roles: []) { totalCount }";
    for field in ["states", "organisations"] {
        for party in all(field, "", selection) {
            let code = party["code"].as_str().expect("a code");
            let slugs = |holds: &dyn Fn(&Entry) -> bool| -> Vec<String> {
                files.practices.iter().filter(|practice| holds(practice)).map(|practice| practice.text("slug").to_owned()).collect()
            };
            let owner = |practice: &Entry| practice.text("owner") == code && practice.value("attributed") != false;
            let practised = |practice: &Entry| practice.names("states", code);
            let partner = |practice: &Entry| practice.names("partners", code);
            for (role, expected) in [
                ("owner", slugs(&owner)),
                ("practised", slugs(&practised)),
                ("partner", slugs(&partner)),
                ("any", slugs(&|practice| owner(practice) || practised(practice) || partner(practice))),
                ("two", slugs(&|practice| owner(practice) || partner(practice))),
            ] {
                assert_eq!(sorted(&party[role]["nodes"], "slug"), expected, "{code} as {role}");
            }
            assert_eq!(party["none"]["totalCount"], 0, "{code}: no role is none");
        }
    }
}

#[test]
fn the_meetings_of_a_party_are_those_that_it_hosts() {
    let hosted = |code: &str| -> Vec<String> {
        let mut codes: Vec<String> =
            catalogue().meetings.iter().filter(|meeting| meeting.names("hosts", code)).map(|meeting| meeting.text("code").to_owned()).collect();
        codes.sort();
        codes
    };
    for field in ["states", "organisations"] {
        for party in all(field, "", "code meetings(first: 100) { nodes { code } }") {
            let code = party["code"].as_str().expect("a code");
            assert_eq!(sorted(&party["meetings"]["nodes"], "code"), hosted(code), "{code}");
        }
    }
    assert!(hosted("TUR").len() > 10 && hosted("SRB").is_empty(), "to meet in Belgrade is not to be hosted by Serbia");
}

#[test]
fn a_state_knows_its_flows_and_its_roles_in_them() {
    let files = catalogue();
    for state in all(
        "states",
        "filter: { regions: [SILK_ROUTES, CENTRAL_ASIA, EUROPEAN_UNION, OTHER] }",
        "iso3 flows(first: 100) { totalCount edges { roles node { code } } }",
    ) {
        let code = state["iso3"].as_str().expect("a code");
        let mut expected: Vec<(String, BTreeSet<String>)> = Vec::new();
        for route in &files.routes {
            let roles = [("origins", "ORIGIN"), ("transits", "TRANSIT"), ("destinations", "DESTINATION")];
            let roles: BTreeSet<String> =
                roles.into_iter().filter(|(key, _)| Catalogue::role(route, key).contains(code)).map(|(_, role)| role.to_owned()).collect();
            expected.extend((!roles.is_empty()).then(|| (route.text("code").to_owned(), roles)));
        }
        for (from, to) in files.corridors() {
            let role = if from == code { "ORIGIN" } else { "DESTINATION" };
            expected.extend((from == code || to == code).then(|| (format!("{from}-{to}"), BTreeSet::from([role.to_owned()]))));
        }
        expected.sort();
        let mut found: Vec<(String, BTreeSet<String>)> = Vec::new();
        for edge in list(at(&state, "flows.edges")) {
            found.push((at(edge, "node.code").as_str().expect("a code").to_owned(), set(&edge["roles"], "")));
        }
        found.sort();
        assert_eq!(found, expected, "{code}");
    }
    let told = data(
        r#"{ state(iso3: "DEU") { all: flows(first: 100) { nodes { code } } out: flows(roles: [ORIGIN], first: 100) { nodes { code } } in: flows(roles: [DESTINATION], first: 100) { nodes { code } } none: flows(roles: []) { totalCount } } }"#,
    );
    assert_eq!(texts(at(&told, "state.out.nodes"), "code"), ["RETURN-EU-SILK"]);
    assert_eq!(texts(at(&told, "state.in.nodes"), "code"), ["GEO-DEU-SEASONAL", "UZB-NEW-LABOUR"]);
    assert_eq!(at(&told, "state.none.totalCount"), 0);
}
