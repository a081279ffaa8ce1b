//! A practice as a party drafts it: of the usual length, with nothing that must be there but its owner and states.

use silkroutes::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use silkroutes::domain::text::Language;
use silkroutes::domain::viewer::{Member, Role};

/// The focal point of a party.
pub fn focal_point(party: &str) -> Member {
    Member { party: party.into(), role: Role::FocalPoint, subject: "bench".into(), expires_at: None }
}

/// What a party drafts.
pub fn practice(slug: String, owner: &str, states: &[&str]) -> Box<GoodPractice> {
    let text = PracticeText {
        language: Language::En,
        title: format!("A practice, {slug}"),
        summary: "Orchards for families. ".repeat(20),
        body: Some("Seedlings and training for those who return. ".repeat(60)),
    };
    Box::new(GoodPractice {
        slug,
        texts: vec![text],
        owner: owner.into(),
        attributed: true,
        states: states.iter().map(|&state| state.to_owned()).collect(),
        partners: Vec::new(),
        activities: Vec::new(),
        flows: Vec::new(),
        working_groups: Vec::new(),
        target_groups: Vec::new(),
        evidence: EvidenceLevel::Described,
        started_on: None,
        ended_on: None,
        citations: Vec::new(),
    })
}
