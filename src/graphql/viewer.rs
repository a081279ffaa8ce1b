//! Who asks, as the API tells him: role, party, places, keys, and how much he may still ask.

use async_graphql::{Context, SimpleObject};
use jiff::Timestamp;

use crate::domain::key::{ApiKey as Known, PREFIX};
use crate::domain::viewer::{Member, Role};
use crate::graph::View;
use crate::graph::page::{Listing, PageArguments};

use super::error::Fault;
use super::group::WorkingGroup;
use super::loaders::loaders;
use super::object::object;
use super::page::{bind, connection, paged};
use super::party::Party;
use super::resolve::Rows;
use super::scalar::DateTime;
use super::view;

/// Who the server takes the sender of a request for.
#[derive(Debug, Clone, Copy)]
pub struct Viewer;

fn member<'a>(ctx: &Context<'a>) -> Option<&'a Member> {
    view(ctx).viewer().member()
}

fn party(ctx: &Context<'_>) -> Option<crate::graph::party::Party> {
    let code = member(ctx)?.party.clone();
    view(ctx).parties_of(&[code]).ok()?.first().copied()
}

object! {
    /// Who the server takes you for, and what that lets you do.
    impl Viewer {
        /// What you may do here.
        async fn role(&self, ctx: &Context<'_>) -> Role {
            view(ctx).viewer().role()
        }

        /// The party that you act for; null for an anonymous reader.
        async fn party(&self, ctx: &Context<'_>) -> Option<Party> {
            party(ctx).map(Party::from)
        }

        /// The working groups in which your party has a place today, by code; a dozen at most.
        async fn working_groups(&self, ctx: &Context<'_>) -> Rows<WorkingGroup> {
            view(ctx).viewer_party().map_or(&[][..], |(_, groups)| groups).iter().copied().map(WorkingGroup).collect()
        }

        /// Until when your key or token is good; null for an anonymous reader.
        async fn expires_at(&self, ctx: &Context<'_>) -> Option<DateTime> {
            member(ctx)?.expires_at.map(DateTime)
        }

        /// The API keys of your party, those that are no longer good too; the newest first. Empty for an anonymous reader.
        paged fn keys(&self, ctx, page) -> ApiKeyConnection {
            keys(ctx, &page).await
        }
    }
}

async fn keys(ctx: &Context<'_>, page: &PageArguments) -> Result<ApiKeyConnection, Fault> {
    let party = member(ctx).map(|member| member.party.clone());
    let mut rows = match &party {
        None => Vec::new(),
        Some(party) => loaders(ctx).keys(party.clone()).await?.map(|keys| keys.to_vec()).unwrap_or_default(),
    };
    let key = |_: &View, row: &Known| key_of(row);
    rows.sort_by_cached_key(key_of);
    let list = Listing { rows: rows.into(), descending: true };
    Ok(ApiKeyConnection(paged(ctx, bind("Viewer.keys", party, (), ()), page, &list, key, |_| true)?))
}

/// By the time that it was made, then by its public part.
fn key_of(key: &Known) -> Vec<u8> {
    let at = key.created_at.as_microsecond().cast_unsigned() ^ (1 << 63);
    [&at.to_be_bytes(), key.id.as_str().as_bytes()].concat()
}

/// An API key.
#[derive(Debug, Clone)]
pub struct ApiKey(Known);

object! {
    /// What is known of an API key. The key itself is shown once, to whoever makes it, and kept nowhere.
    impl ApiKey {
        /// How the key begins; names it without giving it away.
        async fn prefix(&self) -> String {
            format!("{PREFIX}{}", self.0.id)
        }

        /// What it lets its holder do.
        async fn role(&self) -> Role {
            self.0.role
        }

        /// Which office, or opaque holder, has it. Two keys of one subject are one pair of eyes.
        async fn subject(&self) -> &str {
            &self.0.subject
        }

        /// What somebody noted of it.
        async fn note(&self) -> Option<&str> {
            self.0.note.as_deref()
        }

        /// When it was made.
        async fn created_at(&self) -> DateTime {
            DateTime(self.0.created_at)
        }

        /// Until when it is good.
        async fn expires_at(&self) -> DateTime {
            DateTime(self.0.expires_at)
        }

        /// Since when it is not good any more; null where nobody ended it.
        async fn revoked_at(&self) -> Option<DateTime> {
            self.0.revoked_at.map(DateTime)
        }

        /// When it was used last, as of some minutes ago; null where it never was.
        async fn last_used_at(&self) -> Option<DateTime> {
            self.0.last_used_at.map(DateTime)
        }
    }
}

connection! {
    /// A page of API keys.
    ApiKeyConnection,
    /// An API key in a list.
    ApiKeyEdge: Known => ApiKey, |row| ApiKey(row.clone())
}

/// How much you may ask, in points of cost: a bucket that fills up steadily, from which every operation takes its cost.
/// The headers `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` say the same.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct RateLimit {
    /// What a full bucket holds.
    pub limit: i32,
    /// What this operation took.
    pub cost: i32,
    /// What it left.
    pub remaining: i32,
    /// When the bucket is full again, if nothing more is asked.
    pub reset_at: DateTime,
}

impl RateLimit {
    /// For GraphQL's 32 bits.
    #[must_use]
    pub fn new(limit: u64, cost: u64, remaining: u64, reset_at: Timestamp) -> Self {
        let int = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
        Self { limit: int(limit), cost: int(cost), remaining: int(remaining), reset_at: DateTime(reset_at) }
    }
}
