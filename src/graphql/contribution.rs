//! What parties write of practices: inputs, payloads, and the way from the one to the other.
//!
//! Every mutation goes the same way ([`contribute`]): what the caller may not see is not there; what is wrong with the
//! input is told all at once; the rules are asked inside the transaction; the payload shows the graph as it is then.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Interface, SimpleObject};

use crate::domain::contribution::{Refused, Step, UserErrorCode};
use crate::domain::date::PartialDate;
use crate::domain::document::ProvisionKind;
use crate::domain::id::Id;
use crate::domain::practice::content::{BODY, Content, Faults, InputFault, Named, SUMMARY, TITLE, draft_slug};
use crate::domain::practice::{EvidenceLevel, PracticeText, TargetGroup};
use crate::domain::text::{self, Language};
use crate::domain::viewer::Member;
use crate::graph::View;
use crate::graph::practice::PracticeIx;
use crate::graph::snapshot::NodeRef;
use crate::store::{Act, Call, Outcome};

use super::audience::AudienceInput;
use super::error::Fault;
use super::mutation::{digest_of, writer};
use super::practice::GoodPractice;
use super::scalar::Url;
use super::view;

/// A refusal by the rules of the matter; `code` says which. Nothing was written.
#[derive(Debug, Clone, Interface)]
#[graphql(
    field(name = "code", ty = "&UserErrorCode", desc = "By which rule."),
    field(name = "message", ty = "&String", desc = "What is wrong, and what would be right."),
    field(name = "path", ty = "&Vec<String>", desc = "Where in the input, such as content, activities, 2; empty where it is the whole. A handful of parts.")
)]
pub enum UserError {
    /// A value, a right or a rule.
    InvalidInput(InvalidInput),
    /// The entry was changed since.
    VersionConflict(VersionConflict),
}

/// A refusal for what the input says, or for what may not be done.
#[derive(Debug, Clone, SimpleObject)]
pub struct InvalidInput {
    /// By which rule.
    code: UserErrorCode,
    /// What is wrong, and what would be right.
    message: String,
    /// Where in the input; empty where it is the whole. A handful of parts.
    path: Vec<String>,
}

/// A refusal as the entry was changed since the version that the caller saw.
#[derive(Debug, Clone, SimpleObject)]
pub struct VersionConflict {
    /// Always the word `VERSION_CONFLICT`.
    code: UserErrorCode,
    /// What is wrong, and what would be right.
    message: String,
    /// Where in the input: ifVersion. A single part, bounded to that.
    path: Vec<String>,
    /// The version that it is now.
    current_version: i32,
}

impl From<InputFault> for UserError {
    fn from(fault: InputFault) -> Self {
        let InputFault { code, message, path } = fault;
        Self::InvalidInput(InvalidInput { code, message, path })
    }
}

impl From<Refused> for UserError {
    fn from(refused: Refused) -> Self {
        let Refused { code, message, path, current_version } = refused;
        let path = path.into_iter().map(str::to_owned).collect();
        match current_version {
            Some(version) => Self::VersionConflict(VersionConflict { code, message, path, current_version: i32::try_from(version).unwrap_or(i32::MAX) }),
            None => Self::InvalidInput(InvalidInput { code, message, path }),
        }
    }
}

/// A refusal with a place.
pub fn refusal(code: UserErrorCode, path: &[&str], message: &str) -> UserError {
    UserError::InvalidInput(InvalidInput { code, message: message.to_owned(), path: path.iter().map(|&part| part.to_owned()).collect() })
}

/// Where a practice can be cited.
#[derive(Debug, Clone, InputObject)]
pub struct CitationInput {
    /// Who said it, where, and when; 2,000 characters at most.
    text: String,
    /// Where it can be read.
    url: Option<Url>,
}

/// What an entry says, in one language; the codes are those of the catalogue.
#[derive(Debug, Clone, InputObject)]
pub struct GoodPracticeContent {
    /// What it is called, in a line; 200 characters at most.
    title: String,
    /// Two or three sentences; 2,000 characters at most.
    summary: String,
    /// The whole story, in Markdown; 20,000 characters at most. Kept as written.
    body: Option<String>,
    /// Where it is practised (ISO 3166-1 alpha-3).
    #[graphql(default)]
    states: Vec<String>,
    /// Parties that take part (codes).
    #[graphql(default)]
    partners: Vec<String>,
    /// Activities that it serves (references): 'IV.a.ii'.
    #[graphql(default)]
    activities: Vec<String>,
    /// Flows that it bears on (codes).
    #[graphql(default)]
    flows: Vec<String>,
    /// Groups that it concerns (codes).
    #[graphql(default)]
    working_groups: Vec<String>,
    /// Whom it is for.
    #[graphql(default)]
    target_groups: Vec<TargetGroup>,
    /// What is known of how well it works.
    #[graphql(default_with = "EvidenceLevel::Described")]
    evidence: EvidenceLevel,
    /// When it began, as far as known.
    started_on: Option<PartialDate>,
    /// When it ended; null while it goes on.
    ended_on: Option<PartialDate>,
    /// Where that can be read.
    #[graphql(default)]
    citations: Vec<CitationInput>,
}

impl GoodPracticeContent {
    fn content(&self) -> Content {
        Content {
            title: self.title.clone(),
            summary: self.summary.clone(),
            body: self.body.clone().filter(|body| !body.trim().is_empty()),
            states: self.states.clone(),
            partners: self.partners.clone(),
            activities: self.activities.clone(),
            flows: self.flows.clone(),
            working_groups: self.working_groups.clone(),
            target_groups: self.target_groups.clone(),
            evidence: self.evidence,
            started_on: self.started_on,
            ended_on: self.ended_on,
            citations: self
                .citations
                .iter()
                .map(|citation| text::Citation { text: citation.text.clone(), url: citation.url.as_ref().map(|url| url.0.clone()) })
                .collect(),
        }
    }

    fn check(&self, view: &View, faults: &mut Faults) -> Content {
        let content = self.content();
        content.check(faults, |named, code| {
            let codes = [code.to_owned()];
            let unknown = match named {
                Named::State => view.states_of(&codes).err(),
                Named::Party => view.parties_of(&codes).err(),
                Named::Activity => view.provisions_of(ProvisionKind::Activity, &codes).err(),
                Named::Flow => view.flows_of(&codes).err(),
                Named::WorkingGroup => view.groups_of(&codes).err(),
            };
            unknown.map(|unknown| unknown.to_string())
        });
        content
    }
}

/// Defines the inputs of mutations on a practice that there is.
macro_rules! inputs {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* })+) => { $(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, InputObject)]
        pub struct $name {
            /// The caller's own key for this call, up to 200 characters: sent again with the same input within 24 hours, it is answered again and done once.
            idempotency_key: Option<ID>,
            /// The id of the practice.
            id: ID,
            /// The version that the caller saw; another one now is `VERSION_CONFLICT`.
            if_version: i32,
            $($(#[$meta])* $field: $type,)*
        }

        impl OnPractice for $name {
            fn key(&self) -> Option<&ID> { self.idempotency_key.as_ref() }
            fn id(&self) -> &ID { &self.id }
            fn saw(&self) -> u32 { u32::try_from(self.if_version).unwrap_or_default() }
        }
    )+ };
}

/// What the inputs have in common.
pub trait OnPractice: std::fmt::Debug {
    /// The caller's key.
    fn key(&self) -> Option<&ID>;
    /// The practice.
    fn id(&self) -> &ID;
    /// The version that the caller saw.
    fn saw(&self) -> u32;
}

/// What a new practice says. It is owned by the viewer's own party; its slug is chance alone. At its first publication it becomes words of the title that was consented to and chance (chance alone where its owner is not named or not everyone may read it), and never changes after.
#[derive(Debug, Clone, InputObject)]
pub struct DraftGoodPracticeInput {
    /// The caller's own key for this call, up to 200 characters: sent again with the same input within 24 hours, it is answered again and done once.
    idempotency_key: Option<ID>,
    /// The language that it is written in.
    #[graphql(default_with = "Language::En")]
    language: Language,
    /// What it says.
    content: GoodPracticeContent,
    /// False to share it without being named.
    #[graphql(default = true)]
    attributed: bool,
}

inputs! {
    /// What a practice says from now on, in the language that it was written in. What is left out of `content` is empty.
    ReviseGoodPracticeInput {
        /// What it says.
        content: GoodPracticeContent,
        /// Whether its owner is named; as before where this is left out.
        attributed: Option<bool>,
    }
    /// What a practice says in a further language, or from now on in one that it is told in.
    TranslateGoodPracticeInput {
        /// The language of this text.
        language: Language,
        /// Its title; 200 characters at most.
        title: String,
        /// Its summary; 2,000 characters at most.
        summary: String,
        /// Its whole story, in Markdown; 20,000 characters at most.
        body: Option<String>,
    }
    /// The owner's consent: this version, to this audience.
    SubmitGoodPracticeInput {
        /// Whom it may be shown to. Without a level it is the owner alone, to which nobody can consent.
        audience: AudienceInput,
    }
    /// What the secretariat asks for.
    RequestChangesToGoodPracticeInput {
        /// What should be changed, and why; 2,000 characters at most.
        remarks: String,
    }
    /// What is to be published: what its owner agreed to, to whom it agreed.
    PublishGoodPracticeInput {}
    /// What is taken back.
    WithdrawGoodPracticeInput {
        /// Why, for the owner's own history; 2,000 characters at most.
        reason: Option<String>,
    }
    /// Whom a practice is to be shown to.
    ChangeGoodPracticeAudienceInput {
        /// The new audience: narrower at once, wider after a review.
        audience: AudienceInput,
    }
}

/// Defines the payloads of mutations on practices.
macro_rules! payloads {
    ($($name:ident)+) => { $(
        /// The practice as it is now, or why nothing was done.
        #[derive(Debug, Clone, SimpleObject)]
        pub struct $name {
            /// The practice; null where `errors` is not empty.
            good_practice: Option<GoodPractice>,
            /// Everything that is wrong; empty where it was done. A few dozen at most.
            errors: Vec<UserError>,
        }

        impl From<Result<Option<GoodPractice>, Vec<UserError>>> for $name {
            fn from(done: Result<Option<GoodPractice>, Vec<UserError>>) -> Self {
                match done {
                    Ok(good_practice) => Self { good_practice, errors: Vec::new() },
                    Err(errors) => Self { good_practice: None, errors },
                }
            }
        }
    )+ };
}

payloads! {
    DraftGoodPracticePayload ReviseGoodPracticePayload TranslateGoodPracticePayload SubmitGoodPracticePayload
    RequestChangesToGoodPracticePayload PublishGoodPracticePayload WithdrawGoodPracticePayload ChangeGoodPracticeAudiencePayload
}

type Done = Result<Result<Option<GoodPractice>, Vec<UserError>>, Fault>;

fn not_there() -> Vec<UserError> {
    vec![refusal(UserErrorCode::NotFound, &["id"], "There is no practice with this id.")]
}

/// Whoever acts for a party.
pub fn member(view: &View) -> Result<Member, Vec<UserError>> {
    let forbidden =
        || vec![refusal(UserErrorCode::Forbidden, &[], "Only those who act for a party may do this: send the key of a focal point or of the secretariat.")];
    // A party that is not in the graph acts for nobody.
    match (view.viewer().member(), view.viewer_party()) {
        (Some(member), Some(_)) => Ok(member.clone()),
        _ => Err(forbidden()),
    }
}

/// Begins a practice.
pub async fn draft(ctx: &Context<'_>, input: DraftGoodPracticeInput) -> Done {
    let view = view(ctx);
    let by = match member(view) {
        Ok(by) => by,
        Err(errors) => return Ok(Err(errors)),
    };
    let mut faults = Faults::default();
    check_key(input.idempotency_key.as_ref(), &mut faults);
    let content = input.content.check(view, &mut faults);
    if !faults.0.is_empty() {
        return Ok(Err(faults.0.into_iter().map(UserError::from).collect()));
    }
    let (id, chance) = writer(ctx).store.chance().map_err(|fault| Fault::unavailable(&fault))?;
    let practice = Box::new(content.practice(draft_slug(chance), by.party.clone(), input.attributed, input.language));
    let key = input.idempotency_key.as_ref().map(|key| (key.to_string(), digest_of("draft", &input)));
    contribute(ctx, Call { by, act: Act::Draft { id, practice }, key }).await
}

/// Finds the practice of an input, checks the rest of it, and does what it asks.
async fn on_practice<I: OnPractice>(ctx: &Context<'_>, name: &str, input: &I, act: impl FnOnce(&View, PracticeIx, Id, &mut Faults) -> Act) -> Done {
    let view = view(ctx);
    let found = input.id().parse::<Id>().ok().and_then(|id| view.node(id).map(|node| (id, node)));
    // What the caller does not see is not there, whoever he is.
    let Some((id, NodeRef::GoodPractice(ix))) = found else { return Ok(Err(not_there())) };
    // A refusal by any other rule says that it is there.
    view.tell(ix);
    let by = match member(view) {
        Ok(by) => by,
        Err(errors) => return Ok(Err(errors)),
    };
    let mut faults = Faults::default();
    check_key(input.key(), &mut faults);
    let act = act(view, ix, id, &mut faults);
    if !faults.0.is_empty() {
        return Ok(Err(faults.0.into_iter().map(UserError::from).collect()));
    }
    let key = input.key().map(|key| (key.to_string(), digest_of(name, input)));
    contribute(ctx, Call { by, act, key }).await
}

/// Writes, follows, and shows what came of it.
async fn contribute(ctx: &Context<'_>, call: Call) -> Done {
    Ok(perform(ctx, call, not_there).await?.map(|id| match view(ctx).node(id) {
        Some(NodeRef::GoodPractice(ix)) => Some(GoodPractice(ix)),
        _ => None,
    }))
}

/// Does what a call asks, and shows the graph as it is then from now on; or all that the rules have against it.
pub async fn perform(ctx: &Context<'_>, call: Call, not_there: fn() -> Vec<UserError>) -> Result<Result<Id, Vec<UserError>>, Fault> {
    let writer = writer(ctx);
    Ok(match Box::pin(writer.store.contribute(call)).await.map_err(|fault| Fault::unwritten(&fault))? {
        Outcome::Done(id, revision, storage) => {
            writer.storage.store(storage.map(Arc::new));
            writer.go_on(ctx, revision).await?;
            Ok(id)
        }
        Outcome::Refused(refused) => Err(vec![refused.into()]),
        Outcome::NotThere => Err(not_there()),
        Outcome::KeyReused => {
            let message = "This key was used for another call within the last 24 hours: take a new one for each call.";
            Err(vec![refusal(UserErrorCode::IdempotencyKeyReused, &["idempotencyKey"], message)])
        }
    })
}

/// A key that can be kept.
pub fn check_key(key: Option<&ID>, faults: &mut Faults) {
    const LONGEST: usize = 200;
    let Some(key) = key else { return };
    if key.is_empty() {
        faults.note(UserErrorCode::Invalid, &["idempotencyKey"], "The key is empty: take something unique, such as a UUID.");
    }
    if key.chars().any(char::is_control) {
        faults.note(UserErrorCode::Invalid, &["idempotencyKey"], "The key has a control character: take something unique, such as a UUID.");
    }
    if key.chars().count() > LONGEST {
        faults.note(UserErrorCode::TooLong, &["idempotencyKey"], format!("The key has more than {LONGEST} characters."));
    }
}

/// Writes a practice anew.
pub async fn revise(ctx: &Context<'_>, input: ReviseGoodPracticeInput) -> Done {
    on_practice(ctx, "revise", &input, |view, ix, id, faults| {
        let content = input.content.check(view, faults);
        let node = view.practice(ix);
        let language = node.texts.first().map_or(Language::En, |text| text.language);
        // Slug, owner and language stay as they are: the store takes the text alone.
        let practice = Box::new(content.practice(node.slug.to_string(), String::new(), node.attributed, language));
        Act::Revise { id, saw: input.saw(), practice, attributed: input.attributed }
    })
    .await
}

/// Tells a practice in a further language.
pub async fn translate(ctx: &Context<'_>, input: TranslateGoodPracticeInput) -> Done {
    on_practice(ctx, "translate", &input, |_, _, id, faults| {
        faults.text(&["title"], &input.title, TITLE);
        faults.text(&["summary"], &input.summary, SUMMARY);
        let body = input.body.clone().filter(|body| !body.trim().is_empty());
        if let Some(body) = &body {
            faults.text(&["body"], body, BODY);
        }
        let (title, summary) = (input.title.trim().to_owned(), input.summary.trim().to_owned());
        Act::Translate { id, saw: input.saw(), text: PracticeText { language: input.language, title, summary, body } }
    })
    .await
}

const fn step(id: Id, saw: u32, step: Step, note: Option<String>) -> Act {
    Act::Step { id, saw, step, note }
}

/// The owner's consent.
pub async fn submit(ctx: &Context<'_>, input: SubmitGoodPracticeInput) -> Done {
    on_practice(ctx, "submit", &input, |view, _, id, faults| step(id, input.saw(), Step::Submit(input.audience.check(view, faults)), None)).await
}

/// The secretariat's remarks.
pub async fn request_changes(ctx: &Context<'_>, input: RequestChangesToGoodPracticeInput) -> Done {
    on_practice(ctx, "requestChanges", &input, |_, _, id, faults| {
        faults.text(&["remarks"], &input.remarks, SUMMARY);
        step(id, input.saw(), Step::RequestChanges, Some(input.remarks.clone()))
    })
    .await
}

/// The secretariat's publication.
pub async fn publish(ctx: &Context<'_>, input: PublishGoodPracticeInput) -> Done {
    on_practice(ctx, "publish", &input, |_, _, id, _| step(id, input.saw(), Step::Publish, None)).await
}

/// The owner's withdrawal.
pub async fn withdraw(ctx: &Context<'_>, input: WithdrawGoodPracticeInput) -> Done {
    on_practice(ctx, "withdraw", &input, |_, _, id, faults| {
        if let Some(reason) = &input.reason {
            faults.text(&["reason"], reason, SUMMARY);
        }
        step(id, input.saw(), Step::Withdraw, input.reason.clone())
    })
    .await
}

/// The owner's change of audience.
pub async fn change_audience(ctx: &Context<'_>, input: ChangeGoodPracticeAudienceInput) -> Done {
    on_practice(ctx, "changeAudience", &input, |view, _, id, faults| step(id, input.saw(), Step::ChangeAudience(input.audience.check(view, faults)), None))
        .await
}
