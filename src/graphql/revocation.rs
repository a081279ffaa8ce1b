//! A party ends its own keys.

use async_graphql::{Context, InputObject, SimpleObject};

use crate::domain::contribution::UserErrorCode;
use crate::domain::key::KeyId;
use crate::store::Revocation;

use super::contribution::{UserError, member, refusal};
use super::error::Fault;
use super::mutation::writer;
use super::view;

/// Which key is to be ended.
#[derive(Debug, Clone, InputObject)]
pub struct RevokeApiKeyInput {
    /// The public part of the key, as `viewer { keys }` tells it: `srk_` and sixteen letters.
    prefix: String,
}

/// Whether the key was ended, or why not.
#[derive(Debug, Clone, SimpleObject)]
pub struct RevokeApiKeyPayload {
    /// True where the key is good no more, since now or before; every node knows within a second.
    revoked: bool,
    /// Everything that is wrong; empty where it was done. One at most.
    errors: Vec<UserError>,
}

/// Ends a key of the viewer's own party.
pub async fn revoke(ctx: &Context<'_>, input: RevokeApiKeyInput) -> Result<RevokeApiKeyPayload, Fault> {
    let refused = |errors| Ok(RevokeApiKeyPayload { revoked: false, errors });
    let by = match member(view(ctx)) {
        Ok(by) => by,
        Err(errors) => return refused(errors),
    };
    let not_there = || vec![refusal(UserErrorCode::NotFound, &["prefix"], "Your party has no key with this prefix.")];
    let Some(id) = KeyId::parse(&input.prefix) else { return refused(not_there()) };
    match writer(ctx).store.revoke_own(&by.party, &id).await.map_err(|fault| Fault::unwritten(&fault))? {
        Revocation::Done | Revocation::Already(_) => Ok(RevokeApiKeyPayload { revoked: true, errors: Vec::new() }),
        Revocation::Unknown => refused(not_there()),
    }
}
