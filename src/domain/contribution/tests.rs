//! Every ordering of the steps, by everyone who might try them: what is shown was agreed to, and seen by four eyes.

use std::collections::HashSet;

use super::UserErrorCode::{ConsentMissing, Forbidden, SamePerson, VersionConflict, WrongStatus};
use super::*;

const OWNER: &str = "UZB";

fn member(party: &str, role: Role, subject: &str) -> Member {
    Member { party: party.into(), role, subject: subject.into(), expires_at: None }
}

fn actors() -> Vec<Member> {
    vec![
        member(OWNER, Role::FocalPoint, "tashkent-1"),
        member(OWNER, Role::FocalPoint, "tashkent-2"),
        member("TUR", Role::FocalPoint, "ankara"),
        member("ICMPD", Role::Secretariat, "desk-1"),
        // One who writes for a party and reviews for the secretariat, with one subject.
        member("ICMPD", Role::Secretariat, "tashkent-1"),
    ]
}

fn named() -> Audience {
    Audience { parties: vec!["TUR".into()], ..Audience::of(AudienceLevel::NamedParties) }
}

fn steps() -> Vec<Step> {
    let audiences = || [Audience::of(AudienceLevel::Owner), named(), Audience::of(AudienceLevel::Public)];
    let mut all = vec![Step::Revise, Step::Translate, Step::RequestChanges, Step::Publish, Step::Withdraw];
    all.extend(audiences().map(Step::Submit));
    all.extend(audiences().map(Step::ChangeAudience));
    all
}

/// A dossier, with what a bystander wrote down of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Watched {
    dossier: Dossier,
    /// What the owner agreed to since the last withdrawal.
    agreed: Vec<(u32, Audience)>,
    wrote: BTreeSet<String>,
}

impl Watched {
    fn watch(&mut self, step: &Step, by: &Member, before: &Dossier) {
        let now = &self.dossier;
        match step {
            Step::Submit(audience) => self.agreed.push((now.version, audience.clone())),
            Step::ChangeAudience(audience) => {
                let version = before.consent.as_ref().map_or(before.version, |consent| consent.version);
                self.agreed.push((version, audience.clone()));
                self.agreed.extend(before.published.as_ref().map(|published| (published.version, audience.clone())));
            }
            Step::Withdraw => self.agreed.clear(),
            Step::Publish => {
                assert_eq!(by.role, Role::Secretariat);
                assert!(!self.wrote.contains(&by.subject), "two eyes are not four: {self:?}");
            }
            Step::RequestChanges => assert_eq!(by.role, Role::Secretariat),
            Step::Revise | Step::Translate => assert_eq!(now.version, before.version + 1),
        }
        if !matches!(step, Step::Publish | Step::RequestChanges) {
            assert_eq!(by.party, OWNER, "only the owner takes this step");
            self.wrote.insert(by.subject.clone());
        }
    }

    fn check(&self, step: &Step, before: &Dossier) {
        let Dossier { published, status, consent, .. } = &self.dossier;
        if let Some(published) = published {
            let agreed = self.agreed.iter().any(|(version, audience)| *version == published.version && published.audience.is_within(audience));
            assert!(agreed, "shown without consent: {self:?}");
            let is_new = before.published.as_ref().is_none_or(|old| old.version != published.version || !published.audience.is_within(&old.audience));
            assert!(!is_new || *step == Step::Publish, "shown without a review: {self:?}");
        }
        let faces = self.dossier.faces();
        let count = |sees: fn(&Sight) -> bool| faces.iter().filter(|face| sees(&face.sight)).count();
        assert_eq!(count(|sight| sight.owner), 1, "{self:?}");
        assert!(count(|sight| sight.secretariat) <= 1 && count(|sight| sight.audience) <= 1, "{self:?}");
        assert!(*status != GoodPracticeStatus::Withdrawn || faces.len() == 1);
        assert!(*status != GoodPracticeStatus::Withdrawn || (published.is_none() && consent.is_none()));
        assert!(*status != GoodPracticeStatus::Published || published.is_some());
        assert!(*status != GoodPracticeStatus::Submitted || consent.is_some());
    }
}

#[test]
fn every_ordering_of_six_steps_follows_the_rules_or_is_refused() {
    let at = Timestamp::UNIX_EPOCH;
    let first = Watched { dossier: Dossier::begun(OWNER, "tashkent-1", at), agreed: Vec::new(), wrote: BTreeSet::from(["tashkent-1".to_owned()]) };
    let (mut now, mut seen, mut published, mut refused) = (vec![first], HashSet::new(), 0, HashSet::new());
    for _ in 0..6 {
        let mut next = Vec::new();
        for watched in &now {
            for by in actors() {
                for step in steps() {
                    for saw in [watched.dossier.version, watched.dossier.version.wrapping_sub(1)] {
                        let mut then = watched.clone();
                        if let Err(why) = then.dossier.step(step.clone(), &by, saw, at) {
                            assert_eq!(then, *watched, "a refusal changes nothing");
                            assert_eq!(why.code == VersionConflict, why.current_version.is_some());
                            refused.insert(why.code);
                            continue;
                        }
                        assert_eq!(saw, watched.dossier.version, "who saw another version decides nothing");
                        then.watch(&step, &by, &watched.dossier);
                        then.check(&step, &watched.dossier);
                        published += usize::from(then.dossier.published.is_some());
                        if seen.insert(format!("{then:?}")) {
                            next.push(then);
                        }
                    }
                }
            }
        }
        now = next;
    }
    assert!(published > 1_000 && seen.len() > 1_000, "it went nowhere: {published} {}", seen.len());
    assert_eq!(refused, HashSet::from([ConsentMissing, Forbidden, SamePerson, VersionConflict, WrongStatus]));
}

#[test]
fn what_the_catalogue_published_is_its_owners_to_revise_and_withdraw() {
    let at = Timestamp::UNIX_EPOCH;
    let mut dossier = Dossier::of_the_catalogue(OWNER, 1, at, at);
    let owner = member(OWNER, Role::FocalPoint, "tashkent-1");
    assert_eq!(dossier.step(Step::Revise, &owner, 1, at), Ok(EventKind::Revised));
    assert_eq!(dossier.published.as_ref().map(|published| published.version), Some(1), "readers keep what they had");
    assert_eq!(dossier.step(Step::Withdraw, &owner, 2, at), Ok(EventKind::Withdrawn));
    assert_eq!(dossier.published, None);
}
