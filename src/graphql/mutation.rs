//! The root of writing. Business failures are in the payload's `errors`; the top level has only what went wrong here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::Context;

use crate::store::{Follower, Store};

use super::contact::{self, EraseContactPointInput, EraseContactPointPayload, SaveContactPointInput, SaveContactPointPayload};
use super::contribution::{
    self, ChangeGoodPracticeAudienceInput, ChangeGoodPracticeAudiencePayload, DraftGoodPracticeInput, DraftGoodPracticePayload, PublishGoodPracticeInput,
    PublishGoodPracticePayload, RequestChangesToGoodPracticeInput, RequestChangesToGoodPracticePayload, ReviseGoodPracticeInput, ReviseGoodPracticePayload,
    SubmitGoodPracticeInput, SubmitGoodPracticePayload, TranslateGoodPracticeInput, TranslateGoodPracticePayload, WithdrawGoodPracticeInput,
    WithdrawGoodPracticePayload,
};
use super::error::Fault;
use super::object::object;
use super::revocation::{self, RevokeApiKeyInput, RevokeApiKeyPayload};
use super::view;
use super::views::Views;

/// What writing needs beside the view.
pub struct Writer {
    /// Where it is written.
    pub store: Arc<Store>,
    /// The graph that is to show it.
    pub follower: Arc<Follower>,
    /// The last revision that the request made; 0 before.
    pub revision: Arc<AtomicU64>,
}

/// The writer of this request; put there by [`Api::execute`](super::Api::execute) for every mutation.
pub fn writer<'a>(ctx: &Context<'a>) -> &'a Writer {
    ctx.data_unchecked::<Writer>()
}

impl Writer {
    /// From now on this request sees the graph as it is after its last write, which made that revision.
    pub async fn go_on(&self, ctx: &Context<'_>, revision: u64) -> Result<(), Fault> {
        self.revision.fetch_max(revision, Ordering::Relaxed);
        let (graph, _) = self.follower.catch_up().await.map_err(|fault| Fault::unavailable(&fault))?;
        ctx.data_unchecked::<Views>().go_on(view(ctx).on(graph));
        Ok(())
    }
}

/// A digest of a call: equal for equal inputs of the same mutation.
pub fn digest_of(name: &str, input: &impl std::fmt::Debug) -> String {
    blake3::hash(format!("{name} {input:?}").as_bytes()).to_hex().to_string()
}

/// The root of writing.
pub struct Mutation;

object! {
    /// What parties and the secretariat do. Each call is done as a whole or not at all; what the rules refuse is in `errors` of the payload.
    impl Mutation {
        /// Begins a practice of the viewer's own party. Only its owner sees it until it is published.
        async fn draft_good_practice(&self, ctx: &Context<'_>, #[graphql(desc = "What it says.")] input: DraftGoodPracticeInput) -> Result<DraftGoodPracticePayload, Fault> {
            contribution::draft(ctx, input).await.map(Into::into)
        }

        /// Writes a practice anew. Each edit makes a version; a published practice stays as it was until its new version is published. A pending submission is taken back.
        async fn revise_good_practice(&self, ctx: &Context<'_>, #[graphql(desc = "What it says from now on.")] input: ReviseGoodPracticeInput) -> Result<ReviseGoodPracticePayload, Fault> {
            contribution::revise(ctx, input).await.map(Into::into)
        }

        /// Tells a practice in a further language. It makes a version, as every edit does.
        async fn translate_good_practice(&self, ctx: &Context<'_>, #[graphql(desc = "The text in that language.")] input: TranslateGoodPracticeInput) -> Result<TranslateGoodPracticePayload, Fault> {
            contribution::translate(ctx, input).await.map(Into::into)
        }

        /// The owner's consent: this version, to this audience. The secretariat sees it from now on.
        async fn submit_good_practice(&self, ctx: &Context<'_>, #[graphql(desc = "The version and the audience.")] input: SubmitGoodPracticeInput) -> Result<SubmitGoodPracticePayload, Fault> {
            contribution::submit(ctx, input).await.map(Into::into)
        }

        /// The secretariat's remarks on what was submitted.
        async fn request_changes_to_good_practice(&self, ctx: &Context<'_>, #[graphql(desc = "What should be changed.")] input: RequestChangesToGoodPracticeInput) -> Result<RequestChangesToGoodPracticePayload, Fault> {
            contribution::request_changes(ctx, input).await.map(Into::into)
        }

        /// Publishes what was submitted, to whom its owner agreed. By the secretariat, never by the subject (of a key or token) that drafted, edited or submitted it: four eyes.
        async fn publish_good_practice(&self, ctx: &Context<'_>, #[graphql(desc = "What is to be published.")] input: PublishGoodPracticeInput) -> Result<PublishGoodPracticePayload, Fault> {
            contribution::publish(ctx, input).await.map(Into::into)
        }

        /// Takes a practice back. By its owner, at any time, at once.
        async fn withdraw_good_practice(&self, ctx: &Context<'_>, #[graphql(desc = "What is taken back.")] input: WithdrawGoodPracticeInput) -> Result<WithdrawGoodPracticePayload, Fault> {
            contribution::withdraw(ctx, input).await.map(Into::into)
        }

        /// Names another audience. Narrower is at once; wider is a new consent and needs a new review, until which the audience stays as it is.
        async fn change_good_practice_audience(&self, ctx: &Context<'_>, #[graphql(desc = "The new audience.")] input: ChangeGoodPracticeAudienceInput) -> Result<ChangeGoodPracticeAudiencePayload, Fault> {
            contribution::change_audience(ctx, input).await.map(Into::into)
        }

        /// Saves an office of the viewer's own party: a new one, or what one says from now on.
        async fn save_contact_point(&self, ctx: &Context<'_>, #[graphql(desc = "The office as it should be.")] input: SaveContactPointInput) -> Result<SaveContactPointPayload, Fault> {
            contact::save(ctx, input).await
        }

        /// Erases an office of the viewer's own party, at once and for good.
        async fn erase_contact_point(&self, ctx: &Context<'_>, #[graphql(desc = "Which office is meant.")] input: EraseContactPointInput) -> Result<EraseContactPointPayload, Fault> {
            contact::erase(ctx, input).await
        }

        /// Ends an API key of the viewer's own party, at once.
        async fn revoke_api_key(&self, ctx: &Context<'_>, #[graphql(desc = "Which key is meant.")] input: RevokeApiKeyInput) -> Result<RevokeApiKeyPayload, Fault> {
            revocation::revoke(ctx, input).await
        }
    }
}
