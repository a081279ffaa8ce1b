//! Good practices: as their files tell them, and which of them are related, and why.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{citations, compare, find};
use crate::ask::{all, at, data, list, refused, set, texts, these};
use crate::expect::{Entry, catalogue};

#[test]
fn every_practice_is_told_as_its_file_has_it() {
    let day = format!("{}T00:00:00", catalogue().edition.text("edition"));
    let selection = "slug title summary languages owner { code } targetGroups evidence startedOn endedOn citations { text url }";
    compare("goodPractices", "slug", selection, &catalogue().practices, |practice| {
        let owner = if practice.value("attributed") == false { Value::Null } else { json!({ "code": practice.text("owner") }) };
        json!({
            "slug": practice.text("slug"), "title": practice.text("title"), "summary": practice.text("summary"), "languages": ["EN"], "owner": owner,
            "targetGroups": practice.list("target_groups"), "evidence": practice.text("evidence"),
            "startedOn": practice.maybe("started_on"), "endedOn": practice.maybe("ended_on"), "citations": citations(practice),
        })
    });
    for practice in all("goodPractices", "", "slug publishedAt updatedAt") {
        for instant in ["publishedAt", "updatedAt"] {
            let told = practice[instant].as_str().unwrap_or_default();
            assert!(told.starts_with(&day) && told.ends_with('Z'), "{}: {instant} is {told}", practice["slug"]);
        }
    }
}

#[test]
fn every_practice_names_its_states_partners_activities_flows_and_groups() {
    let files = catalogue();
    let selection =
        "slug states { iso3 } partners { code } activities(first: 100) { nodes { reference } } flows(first: 100) { nodes { code } } workingGroups { code }";
    for practice in all("goodPractices", "", selection) {
        let slug = practice["slug"].as_str().expect("a slug");
        let entry = find(&files.practices, "slug", slug);
        assert_eq!(set(&practice["states"], "iso3"), entry.set("states"), "{slug}");
        assert_eq!(set(&practice["partners"], "code"), entry.set("partners"), "{slug}");
        assert_eq!(set(at(&practice, "flows.nodes"), "code"), entry.set("flows"), "{slug}");
        assert_eq!(set(&practice["workingGroups"], "code"), entry.set("working_groups"), "{slug}");
        let in_order = files.activities(|activity| entry.names("activities", activity.text("reference")));
        assert_eq!(texts(at(&practice, "activities.nodes"), "reference"), in_order, "{slug}");
    }
}

#[test]
fn the_whole_story_of_a_practice_comes_as_it_was_written() {
    let bodies = all("goodPractices", "", "slug body fr: body(language: FR)");
    assert_eq!(bodies.len(), catalogue().practices.len());
    for practice in bodies {
        let entry = find(&catalogue().practices, "slug", practice["slug"].as_str().expect("a slug"));
        assert_eq!(practice["body"].as_str().map(str::trim), Some(entry.text("body")), "{}", practice["slug"]);
        assert_eq!(practice["fr"], practice["body"], "{}: not told in French, so in English", practice["slug"]);
    }
    let one = data(r#"{ goodPractice(slug: "relec-law-enforcement-network") { body } none: goodPractice(slug: "RELEC-law-enforcement-network") { body } }"#);
    assert!(at(&one, "goodPractice.body").as_str().is_some_and(|body| body.contains("Taking it over (editors' view)")));
    assert_eq!(one["none"], Value::Null);
}

/// What two practices have in common in one field.
fn shared(one: &Entry, other: &Entry, key: &str) -> BTreeSet<String> {
    one.set(key).intersection(&other.set(key)).cloned().collect()
}

/// Slug, related slugs, and for each the score and what is shared.
fn relations(first: usize) -> Vec<(String, Vec<Value>)> {
    let mut found = Vec::new();
    for practices in catalogue().practices.chunks(10) {
        let field = |(number, practice): (usize, &Entry)| {
            format!(
                r#"p{number}: goodPractice(slug: "{}") {{ related(first: {first}) {{ score goodPractice {{ slug }} sharedActivities {{ reference }} sharedTargetGroups }} }}"#,
                practice.text("slug")
            )
        };
        let told = data(&format!("{{ {} }}", practices.iter().enumerate().map(field).collect::<Vec<_>>().join(" ")));
        for (number, practice) in practices.iter().enumerate() {
            found.push((practice.text("slug").to_owned(), list(&told[format!("p{number}")]["related"]).to_vec()));
        }
    }
    found
}

#[test]
fn related_practices_say_what_they_share_and_say_it_from_both_ends() {
    let files = catalogue();
    let all = relations(100);
    let mut pairs: BTreeSet<(String, String)> = BTreeSet::new();
    for (slug, related) in &all {
        let entry = find(&files.practices, "slug", slug);
        let scores: Vec<f64> = related.iter().map(|other| other["score"].as_f64().expect("a score")).collect();
        assert!(scores.is_sorted_by(|nearer, farther| nearer >= farther) && scores.iter().all(|score| *score > 0.0), "{slug}: {scores:?}");
        for other in related {
            let there = at(other, "goodPractice.slug").as_str().expect("a slug");
            let other_entry = find(&files.practices, "slug", there);
            assert_ne!(there, slug, "nothing is related to itself");
            assert_eq!(set(&other["sharedActivities"], "reference"), shared(entry, other_entry, "activities"), "{slug} and {there}");
            assert_eq!(set(&other["sharedTargetGroups"], ""), shared(entry, other_entry, "target_groups"), "{slug} and {there}");
            let common = ["activities", "target_groups", "states", "flows"].iter().any(|key| !shared(entry, other_entry, key).is_empty());
            assert!(common, "{slug} and {there} share nothing");
            assert!(pairs.insert((slug.clone(), there.to_owned())), "{slug} names {there} twice");
        }
    }
    for (one, other) in &pairs {
        assert!(pairs.contains(&(other.clone(), one.clone())), "{one} is related to {other}, and not the other way round");
    }
    let sharing = |one: &&Entry, other: &&Entry| one.text("slug") != other.text("slug") && !shared(one, other, "activities").is_empty();
    let expected = files.practices.iter().flat_map(|one| files.practices.iter().filter(move |other| sharing(&one, other)).map(move |other| (one, other)));
    for (one, other) in expected {
        assert!(
            pairs.contains(&(one.text("slug").to_owned(), other.text("slug").to_owned())),
            "{} and {} share an activity",
            one.text("slug"),
            other.text("slug")
        );
    }
}

#[test]
fn five_related_practices_come_unasked_and_they_are_the_nearest() {
    let told = data(
        r#"{ goodPractice(slug: "migrant-resource-centres-silk-routes") { bare: related { goodPractice { slug } } two: related(first: 2) { goodPractice { slug } } all: related(first: 59) { goodPractice { slug } } none: related(first: 0) { score } } }"#,
    );
    let slugs = |name: &str| texts(&told["goodPractice"][name], "goodPractice.slug");
    let all = slugs("all");
    assert_eq!((slugs("bare"), slugs("two")), (all[..5].to_vec(), all[..2].to_vec()));
    assert_eq!(at(&told, "goodPractice.none"), &json!([]));
    for wrong in ["-1", "101"] {
        refused(&format!(r#"{{ goodPractice(slug: "migrant-resource-centres-silk-routes") {{ related(first: {wrong}) {{ score }} }} }}"#), "BAD_USER_INPUT");
    }
}

#[test]
fn practices_of_a_list_keep_to_the_list() {
    let told = data(
        r#"{ activity(reference: "IV.j") { goodPractices(filter: { evidence: [EVALUATED, REPLICATED] }, first: 100) { nodes { slug } } }
             workingGroup(code: "TWG-RETURN") { goodPractices(filter: { states: ["BGD"] }, first: 100) { nodes { slug } } }
             state(iso3: "PAK") { goodPractices(roles: [OWNER], filter: { targetGroups: [REFUGEES] }, first: 100) { nodes { slug } } } }"#,
    );
    let slugs = |holds: &dyn Fn(&Entry) -> bool| these(catalogue().practices.iter().filter(|practice| holds(practice)).map(|practice| practice.text("slug")));
    let strong = ["EVALUATED", "REPLICATED"];
    assert_eq!(set(at(&told, "activity.goodPractices.nodes"), "slug"), slugs(&|p| p.names("activities", "IV.j") && strong.contains(&p.text("evidence"))));
    assert_eq!(set(at(&told, "workingGroup.goodPractices.nodes"), "slug"), slugs(&|p| p.names("working_groups", "TWG-RETURN") && p.names("states", "BGD")));
    assert_eq!(set(at(&told, "state.goodPractices.nodes"), "slug"), slugs(&|p| p.text("owner") == "PAK" && p.names("target_groups", "REFUGEES")));
}
