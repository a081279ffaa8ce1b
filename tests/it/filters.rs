//! Filters keep what they say and nothing else; what they do not understand, they refuse.
//!
//! Expected sets are computed from the catalogue's files. Full text has its own stories (`text`), and so have trees of
//! `and`, `or` and `not` (`trees`).

mod text;
mod trees;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::ask::{all, answer_with, at, data, data_with, plain, refused, refused_with, set, these};
use crate::expect::{Catalogue, Entry, area_of, catalogue, codes, overlaps};

/// The codes that a list at the root gives with a filter, which goes as a literal and must be bounded by 100.
fn kept(field: &str, key: &str, filter: &str) -> BTreeSet<String> {
    let told = data(&format!("{{ list: {field}(filter: {{ {filter} }}, first: 100) {{ totalCount nodes {{ {key} }} }} }}"));
    let codes = set(at(&told, "list.nodes"), key);
    assert_eq!(at(&told, "list.totalCount"), codes.len(), "{field} {filter}");
    codes
}

/// The codes of the entries for which something holds.
fn those(entries: &[Entry], key: &str, holds: impl Fn(&Entry) -> bool) -> BTreeSet<String> {
    entries.iter().filter(|entry| holds(entry)).map(|entry| entry.text(key).to_owned()).collect()
}

/// The codes of the entries that name one of some things in a list.
fn naming(entries: &[Entry], key: &str, field: &str, wanted: &[&str]) -> BTreeSet<String> {
    those(entries, key, |entry| wanted.iter().any(|wanted| entry.names(field, wanted)))
}

#[test]
fn states_are_kept_by_code_region_participation_group_and_name() {
    let files = catalogue();
    let states = |filter: &str| kept("states", "iso3", filter);
    let those = |holds: &dyn Fn(&Entry) -> bool| those(&files.states, "iso3", holds);
    assert_eq!(states(r#"iso3: ["TUR", "AFG", "TUR"]"#), these(["AFG", "TUR"]));
    assert_eq!(states("regions: [CENTRAL_ASIA, EFTA]"), those(&|state| ["CENTRAL_ASIA", "EFTA"].contains(&state.text("region"))));
    assert_eq!(states("participation: [OBSERVER]"), those(&|state| state.text("participation") == "OBSERVER"));
    assert_eq!(states("participation: [PARTICIPATING, OBSERVER]"), those(&|state| !state.text("participation").is_empty()));
    for group in &files.groups {
        let code = group.text("code");
        let members: BTreeSet<String> = files.places(code, "2025-10-09").into_iter().map(|(party, _)| party).collect();
        assert_eq!(states(&format!(r#"workingGroups: ["{code}"]"#)), members, "{code}");
    }
    assert_eq!(states("participation: [PARTICIPATING], regions: [OTHER]"), these(["GBR", "TUR"]), "both must hold");
    // In any language, without regard to case and accents.
    for part in ["stan", "STAN", "türk", "turk", "côte", "COTE", "Турция"] {
        let found = states(&format!(r#"nameContains: "{part}""#));
        let expected = those(&|state| ["name_en", "name_ru", "name_tr"].iter().any(|key| plain(state.text(key)).contains(&plain(part))));
        assert_eq!(found, expected, "{part}");
    }
    assert_eq!(states(r#"nameContains: "nowhere at all""#), BTreeSet::new());
}

#[test]
fn organisations_are_kept_by_code_kind_participation_and_name() {
    let files = catalogue();
    let organisations = |filter: &str| kept("organisations", "code", filter);
    let those = |holds: &dyn Fn(&Entry) -> bool| those(&files.organisations, "code", holds);
    assert_eq!(organisations(r#"codes: ["IOM", "ICMPD"]"#), these(["IOM", "ICMPD"]));
    assert_eq!(organisations("kinds: [UNITED_NATIONS, ACADEMIA]"), those(&|entry| ["UNITED_NATIONS", "ACADEMIA"].contains(&entry.text("kind"))));
    assert_eq!(organisations("participation: [PARTICIPATING]"), those(&|entry| entry.text("participation") == "PARTICIPATING"));
    assert_eq!(organisations("participation: [OBSERVER]"), BTreeSet::new());
    for part in ["migration", "babes-bolyai", "Zusammenarbeit"] {
        assert_eq!(organisations(&format!(r#"nameContains: "{part}""#)), those(&|entry| plain(entry.text("name")).contains(&plain(part))), "{part}");
    }
}

#[test]
fn groups_are_kept_by_code_kind_and_member() {
    let files = catalogue();
    let groups = |filter: &str| kept("workingGroups", "code", filter);
    assert_eq!(groups(r#"codes: ["COLEP"]"#), these(["COLEP"]));
    assert_eq!(groups("kinds: [REGIONAL, PRACTITIONERS]"), those(&files.groups, "code", |group| ["REGIONAL", "PRACTITIONERS"].contains(&group.text("kind"))));
    for party in ["BGR", "TUR", "PAK", "UKR", "IOM"] {
        let expected = those(&files.groups, "code", |group| files.places(group.text("code"), "2025-10-09").iter().any(|(member, _)| member == party));
        assert_eq!(groups(&format!(r#"members: ["{party}"]"#)), expected, "{party}");
    }
}

#[test]
fn activities_are_kept_by_reference_area_goal_keyword_group_and_what_is_missing() {
    let files = catalogue();
    let activities = |filter: &str| kept("activities", "reference", filter);
    let those = |holds: &dyn Fn(&Entry) -> bool| these(files.activities(holds));
    assert_eq!(activities(r#"references: ["IV.a.ii", "I.a"]"#), these(["IV.a.ii", "I.a"]));
    assert_eq!(activities(r#"thematicAreas: ["IV", "II"]"#), those(&|entry| ["IV", "II"].contains(&area_of(entry.text("reference")))));
    assert_eq!(activities(r#"goals: ["1.e"]"#), those(&|entry| entry.names("goals", "1.e")));
    assert_eq!(
        activities(r#"keywords: ["reintegration", "migrant smuggling"]"#),
        those(&|entry| entry.names("keywords", "reintegration") || entry.names("keywords", "migrant smuggling"))
    );
    for group in &files.groups {
        let code = group.text("code");
        assert_eq!(activities(&format!(r#"workingGroups: ["{code}"]"#)), those(&|entry| files.works_on(group, entry.text("reference"))), "{code}");
    }
    let served = |entry: &Entry| files.practices.iter().any(|practice| practice.names("activities", entry.text("reference")));
    assert_eq!(activities("withoutGoodPractices: true"), those(&|entry| !served(entry)));
    assert_eq!(activities("withoutGoodPractices: false"), those(&served), "false is a condition, not the lack of one");
}

#[test]
fn flows_are_kept_by_code_shape_kind_state_group_and_activity() {
    let files = catalogue();
    let flows = |filter: &str| kept("flows", "code", filter);
    let corridors = |holds: &dyn Fn(&str, &str) -> bool| {
        files.corridors().into_iter().filter(|(from, to)| holds(from, to)).map(|(from, to)| format!("{from}-{to}")).collect::<BTreeSet<_>>()
    };
    let with = |routes: BTreeSet<String>, corridors: BTreeSet<String>| routes.union(&corridors).cloned().collect::<BTreeSet<_>>();
    assert_eq!(flows(r#"codes: ["EAST-MED", "PAK-SAU"]"#), these(["EAST-MED", "PAK-SAU"]));
    assert_eq!(flows("shape: ROUTE"), codes(&files.routes, "code"));
    assert_eq!(flows("shape: CORRIDOR"), corridors(&|_, _| true));
    assert_eq!(flows("shape: ROUTE, kinds: [LABOUR, STUDENTS]"), naming(&files.routes, "code", "kinds", &["LABOUR", "STUDENTS"]));
    assert_eq!(flows(r#"shape: ROUTE, workingGroups: ["TWG-LAW"]"#), naming(&files.routes, "code", "working_groups", &["TWG-LAW"]));
    assert_eq!(flows(r#"shape: ROUTE, activities: ["VI.c", "I.i"]"#), naming(&files.routes, "code", "activities", &["VI.c", "I.i"]));
    for state in ["AFG", "PAK", "TUR", "RUS", "KAZ", "DEU", "NOR"] {
        let playing = |key: &str| those(&files.routes, "code", |route| Catalogue::role(route, key).contains(state));
        let (from, to) = (corridors(&|from, _| from == state), corridors(&|_, to| to == state));
        assert_eq!(flows(&format!(r#"origins: ["{state}"]"#)), with(playing("origins"), from.clone()), "{state}");
        assert_eq!(flows(&format!(r#"transits: ["{state}"]"#)), playing("transits"), "{state}");
        assert_eq!(flows(&format!(r#"destinations: ["{state}"]"#)), with(playing("destinations"), to.clone()), "{state}");
        let any = ["origins", "transits", "destinations"].map(playing).into_iter().flatten().collect();
        assert_eq!(flows(&format!(r#"states: ["{state}"]"#)), with(any, with(from, to)), "{state}");
    }
}

#[test]
fn meetings_are_kept_by_kind_time_group_host_and_activity() {
    let files = catalogue();
    let meetings = |filter: &str| kept("meetings", "code", filter);
    assert_eq!(
        meetings("kinds: [CONSULTATION, MINISTERIAL_CONFERENCE]"),
        those(&files.meetings, "code", |entry| ["CONSULTATION", "MINISTERIAL_CONFERENCE"].contains(&entry.text("kind")))
    );
    assert_eq!(meetings(r#"workingGroups: ["SILK-ROUTES", "COLEP"]"#), naming(&files.meetings, "code", "working_groups", &["SILK-ROUTES", "COLEP"]));
    assert_eq!(meetings(r#"hosts: ["BGR", "HUN"]"#), naming(&files.meetings, "code", "hosts", &["BGR", "HUN"]));
    assert_eq!(meetings(r#"activities: ["IV.j"]"#), naming(&files.meetings, "code", "activities", &["IV.j"]));
    for (from, to) in [
        ("2016", "2016"),
        ("2016-05", "2016-05"),
        ("2016-05-19", ""),
        ("2016-05-20", "2016-10-18"),
        ("", "2009-12-31"),
        ("", "2009-06"),
        ("2020-06", "2020-06"),
        ("2020-12-31", "2021-01-01"),
        ("1991-10-31", "1991-10-31"),
        ("2025-11-25", "2030"),
        ("2030", ""),
    ] {
        let bound = |key: &str, date: &str| if date.is_empty() { String::new() } else { format!(r#"{key}: "{date}""#) };
        let expected = those(&files.meetings, "code", |entry| overlaps(entry.text("starts_on"), entry.text("ends_on"), from, to));
        assert_eq!(meetings(&format!("{} {}", bound("from", from), bound("to", to))), expected, "{from} to {to}");
    }
    assert!(meetings(r#"from: "2020-06", to: "2020-06""#).contains("SOM-2020"), "some day of 2020 may be one of June");
}

#[test]
fn practices_are_kept_by_each_of_their_fields() {
    let files = catalogue();
    let practices = |filter: &str| kept("goodPractices", "slug", filter);
    for (filter, field, wanted) in [
        (r#"states: ["PAK", "BGD"]"#, "states", &["PAK", "BGD"][..]),
        (r#"partners: ["EC"]"#, "partners", &["EC"]),
        (r#"activities: ["IV.j", "I.e"]"#, "activities", &["IV.j", "I.e"]),
        (r#"activities: ["IV.a.ii"]"#, "activities", &["IV.a.ii"]),
        (r#"flows: ["AFG-NEIGHBOURS"]"#, "flows", &["AFG-NEIGHBOURS"]),
        (r#"workingGroups: ["TWG-RETURN", "COLEP"]"#, "working_groups", &["TWG-RETURN", "COLEP"]),
        ("targetGroups: [RETURNEES, DIASPORA]", "target_groups", &["RETURNEES", "DIASPORA"]),
    ] {
        assert_eq!(practices(filter), naming(&files.practices, "slug", field, wanted), "{filter}");
    }
    let those = |holds: &dyn Fn(&Entry) -> bool| those(&files.practices, "slug", holds);
    assert_eq!(practices(r#"owners: ["UNHCR", "TUR"]"#), those(&|entry| ["UNHCR", "TUR"].contains(&entry.text("owner"))));
    assert_eq!(practices(r#"thematicAreas: ["II", "V"]"#), those(&|entry| files.serves(entry, "II") || files.serves(entry, "V")));
    assert_eq!(practices(r#"goals: ["1.e"]"#), those(&|entry| files.serves(entry, "1.e")));
    assert_eq!(practices("evidence: [REPLICATED]"), those(&|entry| entry.text("evidence") == "REPLICATED"));
    assert_eq!((practices("languages: [RU, EN]").len(), practices("languages: [RU]").len()), (60, 0));
    let day = files.edition.text("edition");
    assert_eq!(practices(&format!(r#"publishedFrom: "{day}", publishedTo: "{day}""#)).len(), 60);
    assert_eq!((practices(r#"publishedTo: "2026-01-01""#).len(), practices(r#"publishedFrom: "2999-01-01""#).len()), (0, 0));
    for (filter, from, to) in [
        (r#"startedFrom: "2018", startedTo: "2018""#, "2018", "2018"),
        (r#"startedFrom: "2018-06""#, "2018-06", ""),
        (r#"startedTo: "2009-06-15""#, "", "2009-06-15"),
        (r#"startedFrom: "2016-11-30", startedTo: "2016-12-01""#, "2016-11-30", "2016-12-01"),
    ] {
        assert_eq!(practices(filter), those(&|entry| overlaps(entry.text("started_on"), entry.text("started_on"), from, to)), "{filter}");
    }
}

/// Every field of a filter that takes codes: list, field, a wrong code, and one that is near it.
const WRONG: [(&str, &str, &str, &str); 27] = [
    ("states", "iso3", "AFX", "AFG"),
    ("states", "iso3", "tur", "TUR"),
    ("states", "workingGroups", "SILK-ROUTE", "SILK-ROUTES"),
    ("organisations", "codes", "ICMPDD", "ICMPD"),
    ("workingGroups", "codes", "TWG-LAWS", "TWG-LAW"),
    ("workingGroups", "members", "TURK", "TUR"),
    ("activities", "references", "IV.aa", "IV.a"),
    ("activities", "references", "iv.a", "IV.a"),
    ("activities", "thematicAreas", "VII", "VI"),
    ("activities", "goals", "1.g", "1."),
    ("activities", "workingGroups", "BLACKSEA", "BLACK-SEA"),
    ("flows", "codes", "EAST-MEDD", "EAST-MED"),
    ("flows", "states", "IRX", "IR"),
    ("flows", "origins", "PAKI", "PAK"),
    ("flows", "transits", "KAT", "KAZ"),
    ("flows", "destinations", "RUSS", "RUS"),
    ("flows", "workingGroups", "LEGAL-PATHWAY", "LEGAL-PATHWAYS"),
    ("flows", "activities", "VI.aa", "VI.a"),
    ("goodPractices", "owners", "UNHCRR", "UNHCR"),
    ("goodPractices", "states", "PAKK", "PAK"),
    ("goodPractices", "partners", "IOOM", "IOM"),
    ("goodPractices", "activities", "IV.a.iv", "IV.a.i"),
    ("goodPractices", "goals", "1.dd", "1.d"),
    ("goodPractices", "flows", "AFG-NEIGHBORS", "AFG-NEIGHBOURS"),
    ("goodPractices", "workingGroups", "COLEPP", "COLEP"),
    ("meetings", "hosts", "BGRR", "BGR"),
    ("meetings", "activities", "IV.jj", "IV.j"),
];

#[test]
fn an_unknown_code_is_an_error_that_names_it_and_a_near_one() {
    for (list, field, wrong, near) in WRONG {
        for query in [
            format!(r#"{{ {list}(filter: {{ {field}: ["{wrong}"] }}) {{ totalCount }} }}"#),
            format!(r#"{{ {list}(filter: {{ {field}: ["{near}", "{wrong}"] }}) {{ totalCount }} }}"#),
        ] {
            // A near one that is itself only the beginning of a code is no code to ask with.
            if query.contains(&format!(r#""{near}""#)) && (near.ends_with('.') || near == "IR") {
                continue;
            }
            let error = refused(&query, "BAD_USER_INPUT");
            let message = error["message"].as_str().expect("a message");
            let without = message.replacen(wrong, "", 1);
            assert!(message.contains(wrong) && without.contains(near), "{list} {field}: {message}");
            assert_eq!(error["path"], json!([list]));
        }
    }
    for wrong in ["zzzzzzzzzz", "", " AFG", "AFG ", "ΑFG"] {
        refused_with("query($codes: [String!]) { states(filter: { iso3: $codes }) { totalCount } }", &json!({ "codes": [wrong] }), "BAD_USER_INPUT");
    }
}

#[test]
fn null_is_no_condition_and_what_is_left_out_is_not_asked() {
    let fields = [
        ("states", "iso3", "[String!]"),
        ("states", "regions", "[Region!]"),
        ("states", "nameContains", "String"),
        ("organisations", "kinds", "[OrganisationKind!]"),
        ("workingGroups", "members", "[String!]"),
        ("activities", "withoutGoodPractices", "Boolean"),
        ("activities", "text", "String"),
        ("flows", "shape", "FlowShape"),
        ("flows", "origins", "[String!]"),
        ("goodPractices", "text", "String"),
        ("goodPractices", "publishedFrom", "Date"),
        ("goodPractices", "startedFrom", "PartialDate"),
        ("goodPractices", "and", "[GoodPracticeFilter!]"),
        ("goodPractices", "or", "[GoodPracticeFilter!]"),
        ("goodPractices", "not", "GoodPracticeFilter"),
        ("meetings", "from", "PartialDate"),
        ("meetings", "kinds", "[MeetingKind!]"),
    ];
    for (list, field, ty) in fields {
        let error = refused(&format!("{{ {list}(filter: {{ {field}: null }}) {{ totalCount }} }}"), "BAD_USER_INPUT");
        assert!(error["locations"][0]["line"].is_u64(), "{error}");
        let query = format!("query($value: {ty}) {{ {list}(filter: {{ {field}: $value }}) {{ totalCount }} all: {list} {{ totalCount }} }}");
        refused_with(&query, &json!({ "value": null }), "BAD_USER_INPUT");
        let told = data_with(&query, &json!({}));
        assert_eq!(told[list], told["all"], "{list} {field}: a variable that is left out asks for nothing");
    }
}

#[test]
fn an_empty_list_matches_nothing() {
    let lists = crate::sdl::served();
    let mut seen = 0;
    for (list, part) in lists["Query"].fields.iter().filter(|(_, part)| part.is_connection() && !part.must_be_asked()) {
        let Some(filter) = part.arguments.get("filter") else { continue };
        for (field, _) in lists[filter.named()].fields.iter().filter(|(_, part)| part.is_list()) {
            let told = data(&format!("{{ {list}(filter: {{ {field}: [] }}) {{ totalCount nodes {{ id }} }} }}"));
            assert_eq!(told[list], json!({ "totalCount": 0, "nodes": [] }), "{list} {field}");
            seen += 1;
        }
    }
    assert!(seen >= 35, "{seen} fields were found");
}

#[test]
fn an_empty_filter_asks_for_nothing() {
    for list in ["states", "organisations", "workingGroups", "activities", "flows", "goodPractices", "meetings"] {
        let told = data(&format!("{{ {list}(filter: {{}}) {{ totalCount }} all: {list} {{ totalCount }} }}"));
        assert_eq!(told[list], told["all"], "{list}");
    }
}

#[test]
fn a_filter_has_a_length_at_which_it_ends() {
    let query = "query($codes: [String!]) { states(filter: { iso3: $codes }) { totalCount } }";
    let some = |count: usize| json!({ "codes": vec!["AFG"; count] });
    assert_eq!(at(&data_with(query, &some(500)), "states.totalCount"), 1);
    let refusal = answer_with(query, &some(501));
    assert!(at(&refusal, "errors.0.extensions.code").is_string(), "{refusal}");
    let nested = |depth: usize| (1..depth).fold(json!({ "states": ["AFG"] }), |inner, _| json!({ "not": inner }));
    let query = "query($filter: GoodPracticeFilter) { goodPractices(filter: $filter) { totalCount } }";
    assert!(answer_with(query, &json!({ "filter": nested(5) })).get("errors").is_none());
    let refusal = answer_with(query, &json!({ "filter": nested(33) }));
    assert!(at(&refusal, "errors.0.extensions.code").is_string(), "{refusal}");
}

#[test]
fn dates_that_are_none_are_refused() {
    for (list, field) in [("meetings", "from"), ("meetings", "to"), ("goodPractices", "startedFrom"), ("goodPractices", "publishedTo")] {
        for wrong in ["2016-13", "2016-02-30", "16", "2016-5", "yesterday", "", "2016-05-03T00:00:00Z", "2016/05", " 2016"] {
            refused(&format!(r#"{{ {list}(filter: {{ {field}: "{wrong}" }}) {{ totalCount }} }}"#), "BAD_USER_INPUT");
        }
    }
    for wrong in ["2016", "2016-05", "2016-02-30"] {
        refused(&format!(r#"{{ workingGroup(code: "COLEP") {{ chairs(asOf: "{wrong}") {{ code }} }} }}"#), "BAD_USER_INPUT");
    }
    let leap: Vec<Value> = all("meetings", r#"filter: { from: "2020-02-29", to: "2020-02-29" }"#, "code");
    assert!(leap.iter().all(|meeting| meeting["code"] == "SOM-2020"), "{leap:?}");
}
