//! A party that left, and one that has yet to come, take no part: the day decides, and on its first and its last day a
//! party takes part.

use jiff::Timestamp;
use serde_json::{Value, json};
use silkroutes::app::embedded_catalogue;
use silkroutes::domain::entry::Entry;
use silkroutes::store::{ImportOptions, Store};

use super::{Stage, content};
use crate::app::{TestApp, then};
use crate::place::Place;

/// A place with the catalogue, in which Kabul takes part from October 1st to October 9th. It has a place in the group
/// SILK-ROUTES, of which no end is written.
fn place() -> Place {
    let place = Place::new();
    let mut catalogue = embedded_catalogue().expect("no faults");
    for entry in &mut catalogue.entries {
        if let Entry::State(state) = entry
            && state.iso3 == "AFG"
        {
            let participation = state.participation.as_mut().expect("it takes part");
            participation.since = Some("2025-10-01".parse().expect("a day"));
            participation.until = Some("2025-10-09".parse().expect("a day"));
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    runtime.block_on(async {
        let store = Store::open(&place.url()).await.expect("a database");
        store.import(&catalogue, ImportOptions::default(), &|_, _| {}).await.expect("taken");
        store.close().await;
    });
    place
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

/// The first and the last second of the first day, of the last day, and those around them.
const CLOCKS: [(fn() -> Timestamp, bool); 6] = [
    (|| at(1_759_276_799), false),
    (|| at(1_759_276_800), true),
    (|| at(1_759_363_199), true),
    (|| at(1_759_968_000), true),
    (|| at(1_760_054_399), true),
    (|| at(1_760_054_400), false),
];

#[test]
fn whoever_left_or_has_yet_to_come_takes_no_part() {
    let stage = Stage::on(TestApp::in_place(place(), then, |_| {}));
    let audiences = [
        json!({ "level": "NAMED_PARTIES", "parties": ["AFG"] }),
        json!({ "level": "GROUP", "workingGroups": ["SILK-ROUTES"] }),
        json!({ "level": "PARTICIPANTS" }),
        json!({ "level": "PUBLIC" }),
    ];
    let practices = audiences.map(|audience| stage.published(&audience));
    let own = stage.done(&stage.kabul, "draftGoodPractice", &json!({ "content": content("Of Kabul") }));
    for (key, office) in [(&stage.tashkent, "Tashkent"), (&stage.kabul, "Kabul")] {
        let saved = stage
            .app
            .query_as(key, &format!(r#"mutation {{ saveContactPoint(input: {{ office: "{office}", function: READMISSION }}) {{ errors {{ code }} }} }}"#));
        assert_eq!(saved["data"]["saveContactPoint"]["errors"], json!([]), "{saved}");
    }
    for (n, (clock, takes_part)) in CLOCKS.into_iter().enumerate() {
        let url = stage.app.database_url();
        let app = TestApp::at(clock, |settings| settings.database = url.into());
        let asked = |query: &str| app.query_as(&stage.kabul, query)["data"].clone();
        for (practice, is_public) in practices.iter().zip([false, false, false, true]) {
            let seen = asked(&format!("{{ node(id: {}) {{ ... on GoodPractice {{ title }} }} }}", practice["id"]));
            assert_eq!(seen["node"] != Value::Null, takes_part || is_public, "clock {n}: {practice}");
        }
        let me = asked("{ contactPoints { totalCount nodes { office } } viewer { role workingGroups { code } } }");
        let offices = if takes_part { json!([{ "office": "Kabul" }, { "office": "Tashkent" }]) } else { json!([{ "office": "Kabul" }]) };
        assert_eq!(me["contactPoints"]["nodes"], offices, "clock {n}: its own office it keeps");
        assert_eq!(me["viewer"]["workingGroups"] == json!([]), !takes_part, "clock {n}");
        let counted = asked(r#"{ states(filter: { iso3: ["AFG"], participation: [PARTICIPATING, OBSERVER] }) { totalCount } }"#);
        assert_eq!(counted["states"]["totalCount"], i32::from(takes_part), "clock {n}");
        let mine = asked(&format!("{{ node(id: {}) {{ ... on GoodPractice {{ title body }} }} }}", own["id"]));
        assert_eq!(mine["node"]["title"], "Of Kabul", "clock {n}: what it owns it keeps");
        let draft =
            app.query_as(&stage.tashkent, r#"mutation { draftGoodPractice(input: { content: { title: "t", summary: "s" } }) { goodPractice { id } } }"#);
        let submit = format!(
            r#"mutation {{ done: submitGoodPractice(input: {{ id: {}, ifVersion: 1, audience: {{ level: NAMED_PARTIES, parties: ["AFG"] }} }}) {{ errors {{ code }} }} }}"#,
            draft["data"]["draftGoodPractice"]["goodPractice"]["id"]
        );
        let named = app.query_as(&stage.tashkent, &submit)["data"]["done"]["errors"].clone();
        assert_eq!(named == json!([]), takes_part, "clock {n}: whom it may be shared with: {named}");
    }
    let late = TestApp::at(CLOCKS[5].0, |settings| settings.database = stage.app.database_url().into());
    let withdrawn = late
        .query_as(&stage.kabul, &format!("mutation {{ withdrawGoodPractice(input: {{ id: {}, ifVersion: 1 }}) {{ goodPractice {{ status }} }} }}", own["id"]));
    assert_eq!(withdrawn["data"]["withdrawGoodPractice"]["goodPractice"]["status"], "WITHDRAWN", "and takes it back");
}
