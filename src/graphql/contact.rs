//! Contact points: offices that answer, for those who take part.

use async_graphql::{Context, ID, InputObject, SimpleObject};

use crate::domain::contact::{self, ContactFunction};
use crate::domain::contribution::UserErrorCode;
use crate::domain::document::ProvisionKind;
use crate::domain::id::Id;
use crate::domain::practice::content::Faults;
use crate::domain::text::Language;
use crate::graph::View;
use crate::graph::contact::{ContactFilter, ContactIx};
use crate::graph::page::{Listing, PageArguments};
use crate::graph::snapshot::NodeRef;
use crate::store::{Act, Call};

use super::contribution::{UserError, check_key, member, perform, refusal};
use super::document::Activity;
use super::error::Fault;
use super::mutation::{digest_of, writer};
use super::object::object;
use super::page::{KeyOf, bind, connection, kept, paged, resolved};
use super::party::{Party, State};
use super::reads::{Looked, read_contact};
use super::resolve::{One, Rows};
use super::scalar::{DateTime, Given};
use super::view;

/// Most characters of the name of an office.
const OFFICE: usize = 200;
/// Most characters of an address for mail.
const EMAIL: usize = 254;
/// Most characters of a telephone number.
const TELEPHONE: usize = 40;

/// A contact point of the graph, which the viewer sees.
#[derive(Debug, Clone, Copy)]
pub struct ContactPoint(pub ContactIx);

object! {
    /// An office that answers: a single point of contact, or where a liaison officer sits. Never a person's name. Participants only; each day on which a party reads it is noted.
    impl ContactPoint {
        /// Opaque, and known to participants alone.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(read_contact(ctx, self.0).id.to_string())
        }

        /// The party that it belongs to.
        async fn party(&self, ctx: &Context<'_>) -> One<Party> {
            One(read_contact(ctx, self.0).party.into())
        }

        /// What the office is called.
        async fn office<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &read_contact(ctx, self.0).entry.office
        }

        /// What it is there for.
        async fn function(&self, ctx: &Context<'_>) -> ContactFunction {
            read_contact(ctx, self.0).entry.function
        }

        /// The state where it sits abroad; null where it is at home.
        async fn posted_to(&self, ctx: &Context<'_>) -> Option<One<State>> {
            read_contact(ctx, self.0).posted_to.map(State).map(One)
        }

        /// Its address for mail.
        async fn email<'a>(&self, ctx: &Context<'a>) -> Option<&'a str> {
            read_contact(ctx, self.0).entry.email.as_deref()
        }

        /// Its number, with the prefix of the country.
        async fn telephone<'a>(&self, ctx: &Context<'a>) -> Option<&'a str> {
            read_contact(ctx, self.0).entry.telephone.as_deref()
        }

        /// The languages in which it answers; ten at most.
        async fn languages(&self, ctx: &Context<'_>) -> Vec<Language> {
            read_contact(ctx, self.0).entry.languages.clone()
        }

        /// The activities that it works on, in the order of the Declaration.
        async fn activities(&self, ctx: &Context<'_>) -> Rows<Activity> {
            read_contact(ctx, self.0).activities.iter().copied().map(Activity).collect()
        }

        /// Counts the edits; give it back as `ifVersion`.
        async fn version(&self, ctx: &Context<'_>) -> i32 {
            i32::try_from(read_contact(ctx, self.0).version).unwrap_or(i32::MAX)
        }

        /// When it last changed.
        async fn updated_at(&self, ctx: &Context<'_>) -> DateTime {
            DateTime(read_contact(ctx, self.0).updated_at)
        }
    }
}

connection! {
    /// A page of contact points.
    ContactPointConnection,
    /// A contact point in a list.
    ContactPointEdge: ContactIx => ContactPoint, |row| ContactPoint(*row)
}

/// Which contact points to list; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
#[graphql(name = "ContactPointFilter")]
pub struct ContactPointFilterInput {
    /// Of one of these parties (codes).
    parties: Given<Vec<String>>,
    /// With one of these functions.
    functions: Given<Vec<ContactFunction>>,
    /// Posted to one of these states (ISO 3166-1 alpha-3).
    posted_to: Given<Vec<String>>,
    /// Working on one of these activities (references).
    activities: Given<Vec<String>>,
}

impl ContactPointFilterInput {
    fn resolve(self, view: &View) -> Result<ContactFilter, Fault> {
        Ok(ContactFilter {
            parties: self.parties.0.map(|codes| view.parties_of(&codes)).transpose()?,
            functions: self.functions.0,
            posted_to: self.posted_to.0.map(|codes| view.states_of(&codes)).transpose()?,
            activities: self.activities.0.map(|codes| view.provisions_of(ProvisionKind::Activity, &codes)).transpose()?,
        })
    }
}

/// The contact points that the viewer may see.
pub fn contacts(ctx: &Context<'_>, filter: Given<Box<ContactPointFilterInput>>, page: &PageArguments) -> Result<ContactPointConnection, Fault> {
    let view = view(ctx);
    let binding = bind("Query.contactPoints", (), (), &filter);
    let filter = resolved(view, filter, |filter| filter.resolve(view))?;
    let key: KeyOf<ContactIx> = |view, ix| view.contact_key(*ix);
    let (looked, keep) = (Looked::new(), kept(view, filter.as_deref(), |filter, ix| filter.keeps(view, *ix)));
    let keep = |ix: &ContactIx| {
        let kept = keep(ix);
        if kept {
            looked.keep(*ix);
        }
        kept
    };
    let paged = paged(ctx, binding, page, &Listing { rows: view.contacts(), descending: false }, key, keep)?;
    for ix in looked.told(ctx, paged.page.rows.iter().copied()) {
        read_contact(ctx, ix);
    }
    Ok(ContactPointConnection(paged))
}

/// An office of the viewer's own party.
#[derive(Debug, Clone, InputObject)]
pub struct SaveContactPointInput {
    /// The caller's own key for this call, up to 200 characters: sent again with the same input within 24 hours, it is answered again and done once.
    idempotency_key: Option<ID>,
    /// Null for a new one.
    id: Option<ID>,
    /// The version that the caller saw; needed where there is an `id`.
    if_version: Option<i32>,
    /// What the office is called, never a person's name; 200 characters at most.
    office: String,
    /// What it is there for.
    function: ContactFunction,
    /// The state where it sits abroad (ISO 3166-1 alpha-3).
    posted_to: Option<String>,
    /// Its address for mail.
    email: Option<String>,
    /// Its number, with the prefix of the country: +998 71 000 00 00.
    telephone: Option<String>,
    /// The languages in which it answers.
    #[graphql(default)]
    languages: Vec<Language>,
    /// The activities that it works on (references).
    #[graphql(default)]
    activities: Vec<String>,
}

/// Which office is to be erased.
#[derive(Debug, Clone, InputObject)]
pub struct EraseContactPointInput {
    /// The caller's own key for this call, up to 200 characters: sent again with the same input within 24 hours, it is answered again and done once.
    idempotency_key: Option<ID>,
    /// The id of the contact point.
    id: ID,
    /// The version that the caller saw; another one now is `VERSION_CONFLICT`.
    if_version: i32,
}

/// The contact point as it is now, or why nothing was done.
#[derive(Debug, Clone, SimpleObject)]
pub struct SaveContactPointPayload {
    /// The contact point; null where `errors` is not empty.
    contact_point: Option<ContactPoint>,
    /// Everything that is wrong; empty where it was done. A few dozen at most.
    errors: Vec<UserError>,
}

/// Whether it was erased, or why not.
#[derive(Debug, Clone, SimpleObject)]
pub struct EraseContactPointPayload {
    /// True where it is gone: from the database, and from all that is kept of it.
    erased: bool,
    /// Everything that is wrong; empty where it was done. A few at most.
    errors: Vec<UserError>,
}

impl SaveContactPointInput {
    fn check(&self, view: &View, faults: &mut Faults) {
        check_key(self.idempotency_key.as_ref(), faults);
        faults.text(&["office"], &self.office, OFFICE);
        if let Some(state) = &self.posted_to
            && let Err(unknown) = view.states_of(std::slice::from_ref(state))
        {
            faults.note(UserErrorCode::NotFound, &["postedTo"], unknown.to_string());
        }
        if let Some(email) = &self.email {
            let fits = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
                && !email.contains(|c: char| c.is_whitespace() || c.is_control());
            if !fits {
                faults.note(UserErrorCode::Invalid, &["email"], "This is no address for mail: write it as office@ministry.example.");
            }
            if email.chars().count() > EMAIL {
                faults.note(UserErrorCode::TooLong, &["email"], format!("An address for mail has {EMAIL} characters at most."));
            }
        }
        if let Some(telephone) = &self.telephone {
            let fits = telephone.chars().any(|c| c.is_ascii_digit()) && telephone.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
            if !fits {
                faults.note(UserErrorCode::Invalid, &["telephone"], "This is no telephone number: write it as +998 71 000 00 00.");
            }
            if telephone.chars().count() > TELEPHONE {
                faults.note(UserErrorCode::TooLong, &["telephone"], format!("A telephone number has {TELEPHONE} characters at most."));
            }
        }
        for (n, language) in self.languages.iter().enumerate() {
            if self.languages.iter().take(n).any(|earlier| earlier == language) {
                faults.note(UserErrorCode::Duplicate, &["languages", &n.to_string()], format!("{language} stands in the list already."));
            }
        }
        faults.codes(&["activities"], &self.activities, |code| {
            view.provisions_of(ProvisionKind::Activity, &[code.to_owned()]).err().map(|unknown| unknown.to_string())
        });
    }
}

/// A contact point of the viewer's own party, by its id.
fn own(view: &View, id: &ID) -> Result<Id, Vec<UserError>> {
    let id = id.parse::<Id>().ok();
    match id.and_then(|id| Some((id, view.node(id)?))) {
        Some((id, NodeRef::ContactPoint(ix))) if view.viewer_party().map(|(party, _)| party) == Some(view.contact(ix).party) => Ok(id),
        Some((_, NodeRef::ContactPoint(_))) => Err(vec![refusal(UserErrorCode::Forbidden, &["id"], "Only the party that it belongs to may do this.")]),
        _ => Err(not_there()),
    }
}

/// Saves an office.
pub async fn save(ctx: &Context<'_>, input: SaveContactPointInput) -> Result<SaveContactPointPayload, Fault> {
    let refused = |errors| Ok(SaveContactPointPayload { contact_point: None, errors });
    let view = view(ctx);
    let by = match member(view) {
        Ok(by) => by,
        Err(errors) => return refused(errors),
    };
    let known = match input.id.as_ref().map(|id| own(view, id)).transpose() {
        Ok(known) => known,
        Err(errors) => return refused(errors),
    };
    let mut faults = Faults::default();
    input.check(view, &mut faults);
    if known.is_some() && input.if_version.is_none() {
        faults.note(UserErrorCode::Invalid, &["ifVersion"], "Say which version you saw: `ifVersion` is needed where there is an `id`.");
    }
    if !faults.0.is_empty() {
        return refused(faults.0.into_iter().map(UserError::from).collect());
    }
    let (fresh, _) = writer(ctx).store.chance().map_err(|fault| Fault::unavailable(&fault))?;
    let id = known.unwrap_or(fresh);
    let saw = known.and(input.if_version).map(|version| u32::try_from(version).unwrap_or_default());
    let contact = Box::new(contact::ContactPoint {
        code: id.to_string(),
        party: by.party.clone(),
        office: input.office.trim().to_owned(),
        function: input.function,
        posted_to: input.posted_to.clone(),
        email: input.email.clone(),
        telephone: input.telephone.clone(),
        languages: input.languages.clone(),
        activities: input.activities.clone(),
    });
    let key = input.idempotency_key.as_ref().map(|key| (key.to_string(), digest_of("saveContactPoint", &input)));
    match perform(ctx, Call { by, act: Act::SaveContact { id, saw, contact }, key }, not_there).await? {
        Err(errors) => refused(errors),
        Ok(id) => {
            let contact_point = match super::view(ctx).node(id) {
                Some(NodeRef::ContactPoint(ix)) => Some(ContactPoint(ix)),
                _ => None,
            };
            Ok(SaveContactPointPayload { contact_point, errors: Vec::new() })
        }
    }
}

/// Erases an office.
pub async fn erase(ctx: &Context<'_>, input: EraseContactPointInput) -> Result<EraseContactPointPayload, Fault> {
    let refused = |errors| Ok(EraseContactPointPayload { erased: false, errors });
    let view = view(ctx);
    let by = match member(view) {
        Ok(by) => by,
        Err(errors) => return refused(errors),
    };
    let mut faults = Faults::default();
    check_key(input.idempotency_key.as_ref(), &mut faults);
    if !faults.0.is_empty() {
        return refused(faults.0.into_iter().map(UserError::from).collect());
    }
    // An id that is gone may be that of a call which was answered already: the store knows.
    let id = match (own(view, &input.id), input.id.parse::<Id>()) {
        (Ok(id), _) => id,
        (Err(_), Ok(id)) if input.idempotency_key.is_some() && view.node(id).is_none() => id,
        (Err(errors), _) => return refused(errors),
    };
    let key = input.idempotency_key.as_ref().map(|key| (key.to_string(), digest_of("eraseContactPoint", &input)));
    let saw = u32::try_from(input.if_version).unwrap_or_default();
    match perform(ctx, Call { by, act: Act::EraseContact { id, saw }, key }, not_there).await? {
        Err(errors) => refused(errors),
        Ok(_) => Ok(EraseContactPointPayload { erased: true, errors: Vec::new() }),
    }
}

fn not_there() -> Vec<UserError> {
    vec![refusal(UserErrorCode::NotFound, &["id"], "There is no contact point with this id.")]
}
