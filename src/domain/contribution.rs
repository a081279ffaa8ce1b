//! How a practice travels from draft to the partnership: the steps, who may take them, and when.
//!
//! A *version* is what one edit made. The owner's *consent* is to one version and one audience; the secretariat
//! *publishes* what was consented to, and nothing else. What is published stays as it is until something else is, or
//! until its owner withdraws it. The rules are here, free of any database, so that a test can walk every ordering of
//! the steps; `store` keeps a [`Dossier`] and asks it.

mod disclosure;
mod face;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::audience::{Audience, AudienceLevel};
use super::subject;
use super::viewer::{Member, Role};
use super::word::words;

pub use disclosure::{Disclosed, Happened};
pub use face::{Face, Sight};

words! {
    /// Where a practice stands on its way.
    pub enum GoodPracticeStatus {
        /// Its owner works on it.
        Draft = "DRAFT",
        /// Its owner agrees to publish this version to this audience; the secretariat reviews it.
        Submitted = "SUBMITTED",
        /// The secretariat asks its owner for changes.
        ChangesRequested = "CHANGES_REQUESTED",
        /// Its audience reads it.
        Published = "PUBLISHED",
        /// Its owner took it back.
        Withdrawn = "WITHDRAWN",
    }

    /// What happened to an entry.
    pub enum EventKind {
        /// A draft was begun.
        Drafted = "DRAFTED",
        /// Its text was edited: a new version.
        Revised = "REVISED",
        /// It was told in a further language: a new version.
        Translated = "TRANSLATED",
        /// Its owner agreed to publish a version to an audience.
        Submitted = "SUBMITTED",
        /// The secretariat asked for changes.
        ChangesRequested = "CHANGES_REQUESTED",
        /// The secretariat published what was agreed to.
        Published = "PUBLISHED",
        /// Its owner took it back.
        Withdrawn = "WITHDRAWN",
        /// Its owner narrowed its audience, or agreed to a wider one.
        AudienceChanged = "AUDIENCE_CHANGED",
        /// Another party read it while not everyone could.
        ReadRestricted = "READ_RESTRICTED",
    }

    /// What waits for someone.
    pub enum TaskKind {
        /// A draft of one's own is not submitted yet.
        FinishDraft = "FINISH_DRAFT",
        /// The secretariat's remarks wait for an answer.
        AnswerRemarks = "ANSWER_REMARKS",
        /// A submission waits for a review by someone other than who wrote it.
        ReviewSubmission = "REVIEW_SUBMISSION",
    }

    /// Why the rules of the matter refuse something.
    pub enum UserErrorCode {
        /// A value does not hold.
        Invalid = "INVALID",
        /// There is no such thing, as far as the caller may know.
        NotFound = "NOT_FOUND",
        /// The caller may not do this.
        Forbidden = "FORBIDDEN",
        /// The entry was changed since the version that the caller saw.
        VersionConflict = "VERSION_CONFLICT",
        /// The entry does not stand where this can be done.
        WrongStatus = "WRONG_STATUS",
        /// Whoever wrote or submitted something may not publish it.
        SamePerson = "SAME_PERSON",
        /// The owner has not agreed to this.
        ConsentMissing = "CONSENT_MISSING",
        /// It is there already.
        Duplicate = "DUPLICATE",
        /// A text is longer than it may be.
        TooLong = "TOO_LONG",
        /// The key was used with another input.
        IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",
    }
}

/// What an owner agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The version.
    pub version: u32,
    /// Whom it may be shown to.
    pub audience: Audience,
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The version.
    pub version: u32,
    /// Who reads it.
    pub audience: Audience,
    /// Since when; a version that replaces another keeps the day of the first.
    pub first_at: Timestamp,
    /// When this version was published, or its audience last changed by a review.
    pub at: Timestamp,
}

/// Where one practice stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// Its owner, by code.
    pub owner: String,
    /// The latest version.
    pub version: u32,
    /// Where that stands.
    pub status: GoodPracticeStatus,
    /// Since when it stands there.
    pub since: Timestamp,
    /// What waits for the secretariat, or was sent back by it.
    pub consent: Option<Consent>,
    /// What others read.
    pub published: Option<Publication>,
    /// The subjects who drafted, edited or submitted it.
    pub hands: BTreeSet<String>,
}

/// Why a step is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// By which rule.
    pub code: UserErrorCode,
    /// What would be right.
    pub message: String,
    /// The field of the input that is at fault; none where it is the step itself.
    pub path: Option<&'static str>,
    /// What the version is, where another was named.
    pub current_version: Option<u32>,
}

impl Refused {
    /// By that rule.
    pub fn new(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None, current_version: None }
    }

    /// As it was changed since the version that the caller saw.
    #[must_use]
    pub fn version_conflict(now: u32, saw: u32) -> Self {
        let message = format!("It was changed since: this is version {now}, not {saw}. Read it again, then decide again.");
        Self { path: Some("ifVersion"), current_version: Some(now), ..Self::new(UserErrorCode::VersionConflict, message) }
    }

    fn forbidden(what: &str) -> Self {
        Self::new(UserErrorCode::Forbidden, what)
    }

    fn wrong_status(what: &str) -> Self {
        Self::new(UserErrorCode::WrongStatus, what)
    }
}

/// A step, with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new text, which makes a version.
    Revise,
    /// The text in a further language, which makes a version.
    Translate,
    /// The owner's consent to the latest version, for an audience.
    Submit(Audience),
    /// The secretariat's remarks.
    RequestChanges,
    /// The secretariat's review is done.
    Publish,
    /// The owner takes it back.
    Withdraw,
    /// The owner names another audience.
    ChangeAudience(Audience),
}

impl Dossier {
    /// A draft that its owner begins.
    #[must_use]
    pub fn begun(owner: &str, subject: &str, at: Timestamp) -> Self {
        Self {
            owner: owner.to_owned(),
            version: 1,
            status: GoodPracticeStatus::Draft,
            since: at,
            consent: None,
            published: None,
            hands: BTreeSet::from([subject.to_owned()]),
        }
    }

    /// What the catalogue published: it was reviewed with the catalogue, and everyone reads it.
    #[must_use]
    pub fn of_the_catalogue(owner: &str, version: u32, published_at: Timestamp, updated_at: Timestamp) -> Self {
        let audience = Audience::of(AudienceLevel::Public);
        Self {
            owner: owner.to_owned(),
            version,
            status: GoodPracticeStatus::Published,
            since: updated_at,
            consent: None,
            published: Some(Publication { version, audience, first_at: published_at, at: updated_at }),
            hands: BTreeSet::new(),
        }
    }

    /// Takes a step for someone who saw that version.
    ///
    /// # Errors
    /// The first rule that refuses it; then nothing has changed.
    pub fn step(&mut self, step: Step, by: &Member, saw_version: u32, at: Timestamp) -> Result<EventKind, Refused> {
        self.check_right(&step, by)?;
        self.check_version(by, saw_version)?;
        let event = match step {
            Step::Revise => self.edit(EventKind::Revised),
            Step::Translate => self.edit(EventKind::Translated),
            Step::Submit(audience) => self.submit(audience, by)?,
            Step::RequestChanges => self.request_changes()?,
            Step::Publish => self.publish(by, at)?,
            Step::Withdraw => self.withdraw()?,
            Step::ChangeAudience(audience) => self.change_audience(audience, by)?,
        };
        if !matches!(event, EventKind::Published | EventKind::ChangesRequested) {
            self.hands.insert(by.subject.clone());
        }
        self.since = at;
        Ok(event)
    }

    /// Whether someone acts for its owner.
    #[must_use]
    pub fn is_owned_by(&self, by: &Member) -> bool {
        by.party == self.owner
    }

    fn check_right(&self, step: &Step, by: &Member) -> Result<(), Refused> {
        match step {
            Step::RequestChanges | Step::Publish if by.role == Role::Secretariat => Ok(()),
            Step::RequestChanges | Step::Publish => Err(Refused::forbidden("Only the secretariat reviews and publishes.")),
            _ if self.is_owned_by(by) => Ok(()),
            _ => Err(Refused::forbidden("Only the party that owns it may do this.")),
        }
    }

    /// Against the version that the caller can see: that its owner works on a newer one is nobody else's to know.
    fn check_version(&self, by: &Member, saw: u32) -> Result<(), Refused> {
        let shown = if self.is_owned_by(by) {
            self.version
        } else {
            let published = self.published.as_ref().map(|published| published.version);
            self.consent.as_ref().map(|consent| consent.version).or(published).unwrap_or(self.version)
        };
        if saw == shown {
            return Ok(());
        }
        Err(Refused::version_conflict(shown, saw))
    }

    /// A new version takes a pending submission back: what was agreed to was the version before.
    fn edit(&mut self, event: EventKind) -> EventKind {
        self.version += 1;
        self.status = GoodPracticeStatus::Draft;
        self.consent = None;
        event
    }

    fn submit(&mut self, audience: Audience, by: &Member) -> Result<EventKind, Refused> {
        use GoodPracticeStatus::{ChangesRequested, Draft, Published, Submitted, Withdrawn};
        match self.status {
            Draft | ChangesRequested | Withdrawn => {}
            Submitted => return Err(Refused::wrong_status("It is submitted already. To agree to another audience, change its audience.")),
            Published => return Err(Refused::wrong_status("This version is published already. Revise it first, or change its audience.")),
        }
        if audience.level == AudienceLevel::Owner {
            let message = "Say whom it may be shown to: without an audience there is no consent.";
            return Err(Refused { path: Some("audience"), ..Refused::new(UserErrorCode::ConsentMissing, message) });
        }
        check_name(by)?;
        self.consent = Some(Consent { version: self.version, audience });
        self.status = Submitted;
        Ok(EventKind::Submitted)
    }

    fn request_changes(&mut self) -> Result<EventKind, Refused> {
        if self.status != GoodPracticeStatus::Submitted {
            return Err(Refused::wrong_status("Only what is submitted can be sent back."));
        }
        self.status = GoodPracticeStatus::ChangesRequested;
        Ok(EventKind::ChangesRequested)
    }

    fn publish(&mut self, by: &Member, at: Timestamp) -> Result<EventKind, Refused> {
        if self.status != GoodPracticeStatus::Submitted {
            return Err(Refused::wrong_status("Only what its owner has submitted can be published."));
        }
        check_name(by)?;
        if subject::is_among(self.hands.iter().map(String::as_str), &self.owner, by) {
            let message = "Whoever drafted, edited or submitted it may not publish it: a second subject is needed, not the same in another spelling.";
            return Err(Refused::new(UserErrorCode::SamePerson, message));
        }
        let Some(Consent { version, audience }) = self.consent.take().filter(|consent| consent.version == self.version) else {
            return Err(Refused::new(UserErrorCode::ConsentMissing, "Its owner has not agreed to this version."));
        };
        let first_at = self.published.as_ref().map_or(at, |published| published.first_at);
        self.published = Some(Publication { version, audience, first_at, at });
        self.status = GoodPracticeStatus::Published;
        Ok(EventKind::Published)
    }

    fn withdraw(&mut self) -> Result<EventKind, Refused> {
        if self.status == GoodPracticeStatus::Withdrawn {
            return Err(Refused::wrong_status("It is withdrawn already."));
        }
        self.published = None;
        self.consent = None;
        self.status = GoodPracticeStatus::Withdrawn;
        Ok(EventKind::Withdrawn)
    }

    /// Narrows at once what is published; anything wider is a new consent, which waits for a review.
    fn change_audience(&mut self, audience: Audience, by: &Member) -> Result<EventKind, Refused> {
        let pending = self.status == GoodPracticeStatus::Submitted;
        if let Some(published) = &mut self.published
            && audience.is_within(&published.audience)
        {
            published.audience = audience.clone();
            // What waits must not bring back whom this shuts out.
            if let Some(consent) = &mut self.consent
                && !consent.audience.is_within(&audience)
            {
                consent.audience = audience;
            }
            return Ok(EventKind::AudienceChanged);
        }
        if audience.level == AudienceLevel::Owner {
            return Err(Refused::wrong_status("It is not published. To take a submission back, withdraw it."));
        }
        check_name(by)?;
        match (&self.published, &mut self.consent) {
            (_, Some(consent)) if pending => consent.audience = audience,
            (Some(published), _) if published.version == self.version => {
                self.consent = Some(Consent { version: self.version, audience });
                self.status = GoodPracticeStatus::Submitted;
            }
            (Some(_), _) => return Err(Refused::wrong_status("A newer version is in work: submit that with the wider audience.")),
            (None, _) => return Err(Refused::wrong_status("It has no audience yet: submitting it names one.")),
        }
        Ok(EventKind::AudienceChanged)
    }
}

/// Consent and review are of somebody: who that is must be known. To take back is anybody's.
fn check_name(by: &Member) -> Result<(), Refused> {
    if subject::has_name(&by.subject) {
        return Ok(());
    }
    Err(Refused::forbidden("Your key names no subject, so that nobody knows whose eyes these are: ask for one that does."))
}

#[cfg(test)]
mod tests;
