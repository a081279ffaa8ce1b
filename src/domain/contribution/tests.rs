//! Every ordering of the steps, by everyone who might try them: what is shown was agreed to, and seen by four eyes; and
//! no text and no reason that its owner took back unsubmitted is ever read by anyone else.

use std::collections::HashSet;

use super::UserErrorCode::{ConsentMissing, Forbidden, SamePerson, VersionConflict, WrongStatus};
use super::*;

const OWNER: &str = "UZB";
/// The subject of a key that was made without one.
const NAMELESS: &str = "key:aaaaaaaaaaaaaaaa";

fn member(party: &str, role: Role, subject: &str) -> Member {
    Member { party: party.into(), role, subject: subject.into(), expires_at: None }
}

fn actors() -> Vec<Member> {
    vec![
        member(OWNER, Role::FocalPoint, "tashkent-1"),
        member(OWNER, Role::FocalPoint, "tashkent-2"),
        member("TUR", Role::FocalPoint, "ankara"),
        member("ICMPD", Role::Secretariat, "desk-1"),
        // An office of the secretariat that is called as one of the owner's is another office.
        member("ICMPD", Role::Secretariat, "tashkent-1"),
        // One who would review what his own party wrote, under another spelling of a name that wrote.
        member(OWNER, Role::Secretariat, "TASHKENT \u{2011}1"),
        member("ICMPD", Role::Secretariat, NAMELESS),
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
                assert!(by.subject != NAMELESS, "nobody in particular reviews");
                assert!(by.party != OWNER, "two eyes are not four, however they are called: {self:?}");
            }
            Step::RequestChanges => assert_eq!(by.role, Role::Secretariat),
            Step::Revise | Step::Translate => assert_eq!(now.version, before.version + 1),
        }
        if !matches!(step, Step::Publish | Step::RequestChanges) {
            assert_eq!(by.party, OWNER, "only the owner takes this step");
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
    let first = Watched { dossier: Dossier::begun(OWNER, "tashkent-1", at), agreed: Vec::new() };
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

/// A practice whose owner says something else in each version, and gives another reason for each withdrawal; with what a
/// bystander wrote down of who was given what.
#[derive(Debug, Clone)]
struct Told {
    dossier: Dossier,
    /// What happened, as the store notes it: the kind, the version, and a note.
    life: Vec<(EventKind, u32, Option<String>)>,
    /// The texts that were given to the secretariat, by version.
    given: BTreeSet<u32>,
    /// Which of the events it may know.
    known: Vec<bool>,
}

impl Told {
    fn step(&mut self, step: &Step, event: EventKind) {
        let version = self.dossier.version;
        let note = matches!(step, Step::Withdraw | Step::RequestChanges).then(|| format!("{step:?} {}", self.life.len()));
        self.life.push((event, version, note));
        self.known.push(!matches!(step, Step::Revise | Step::Translate) && (matches!(step, Step::Submit(_)) || self.given.contains(&version)));
        if matches!(step, Step::Submit(_)) && self.given.insert(version) {
            // Now it may know that the version was made, and nothing else of what came before.
            let made =
                self.life.iter().position(|(kind, of, _)| *of == version && matches!(kind, EventKind::Drafted | EventKind::Revised | EventKind::Translated));
            self.known[made.expect("it was made")] = true;
        }
    }

    fn check(&self) {
        let happened = || self.life.iter().map(|(kind, version, _)| (*kind, Some(*version)));
        let disclosed = Disclosed::of(1..=self.dossier.version, happened());
        let read: BTreeSet<u32> = (1..=self.dossier.version).filter(|version| disclosed.version(*version)).collect();
        assert_eq!(read, self.given, "texts of {self:?}");
        assert_eq!(disclosed.events(happened()), self.known, "events of {self:?}");
        for (kind, _, note) in &self.life {
            let reason = note.as_ref().filter(|_| Disclosed::note(*kind));
            assert!(reason.is_none_or(|reason| reason.starts_with("RequestChanges")), "an owner's reason is its own: {self:?}");
        }
        for face in self.dossier.faces().iter().filter(|face| face.sight.secretariat || face.sight.audience) {
            assert!(self.given.contains(&face.version), "a face shows what was never submitted: {self:?}");
        }
    }
}

#[test]
fn no_ordering_of_seven_steps_tells_what_was_never_submitted() {
    let at = Timestamp::UNIX_EPOCH;
    let dossier = Dossier::begun(OWNER, "tashkent-1", at);
    let mut now = vec![Told { dossier, life: vec![(EventKind::Drafted, 1, None)], given: BTreeSet::new(), known: vec![false] }];
    let (owner, desk) = (member(OWNER, Role::FocalPoint, "tashkent-1"), member("ICMPD", Role::Secretariat, "desk-1"));
    let of_owner = [Step::Revise, Step::Translate, Step::Withdraw, Step::Submit(Audience::of(AudienceLevel::Public)), Step::ChangeAudience(named())];
    let steps: Vec<(&Member, Step)> = of_owner.map(|step| (&owner, step)).into_iter().chain([(&desk, Step::RequestChanges), (&desk, Step::Publish)]).collect();
    let (mut walked, mut kept_back) = (0, 0);
    for _ in 0..7 {
        let mut next = Vec::new();
        for (told, (by, step)) in now.iter().flat_map(|told| steps.iter().map(move |step| (told, step))) {
            let mut then = told.clone();
            if let Ok(event) = then.dossier.step(step.clone(), by, told.dossier.version, at) {
                then.step(step, event);
                then.check();
                kept_back += usize::from(then.known.contains(&false) && !then.given.is_empty());
                next.push(then);
            }
        }
        walked += next.len();
        now = next;
    }
    assert!(walked > 10_000 && kept_back > 1_000, "it went nowhere: {walked} {kept_back}");
}

#[test]
fn what_the_catalogue_published_may_be_looked_back_at() {
    let life = [(EventKind::Revised, Some(2)), (EventKind::Withdrawn, Some(2)), (EventKind::Revised, Some(3)), (EventKind::Submitted, Some(3))];
    let disclosed = Disclosed::of(1..=3, life);
    assert_eq!([1, 2, 3].map(|version| disclosed.version(version)), [true, false, true]);
    assert_eq!(disclosed.events(life), [false, false, true, true]);
}

/// Keys of before name nobody: they go on, and decide nothing.
#[test]
fn nobody_in_particular_consents_or_reviews() {
    let at = Timestamp::UNIX_EPOCH;
    let (nobody, owner, desk) =
        (member(OWNER, Role::FocalPoint, NAMELESS), member(OWNER, Role::FocalPoint, "tashkent-1"), member("ICMPD", Role::Secretariat, "desk-1"));
    let forbidden = |done: Result<EventKind, Refused>| assert_eq!(done.unwrap_err().code, Forbidden);
    let mut dossier = Dossier::begun(OWNER, NAMELESS, at);
    assert_eq!(dossier.step(Step::Translate, &nobody, 1, at), Ok(EventKind::Translated));
    forbidden(dossier.step(Step::Submit(named()), &nobody, 2, at));
    assert_eq!(dossier.step(Step::Submit(Audience::of(AudienceLevel::Participants)), &owner, 2, at), Ok(EventKind::Submitted));
    forbidden(dossier.step(Step::ChangeAudience(Audience::of(AudienceLevel::Public)), &nobody, 2, at));
    forbidden(dossier.step(Step::Publish, &member("ICMPD", Role::Secretariat, NAMELESS), 2, at));
    assert_eq!(
        dossier.clone().step(Step::Publish, &member(OWNER, Role::Secretariat, "desk-1"), 2, at).unwrap_err().code,
        SamePerson,
        "nobody may be anybody of the party"
    );
    assert_eq!(dossier.step(Step::Publish, &desk, 2, at), Ok(EventKind::Published));
    assert_eq!(dossier.step(Step::ChangeAudience(named()), &nobody, 2, at), Ok(EventKind::AudienceChanged));
    assert_eq!(dossier.step(Step::Withdraw, &nobody, 2, at), Ok(EventKind::Withdrawn));
}
