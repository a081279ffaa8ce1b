//! Reads from the database, batched within one request: all that one level of a query asks for goes in one statement.
//!
//! `dataloader` is used in the one way that holds (docs/adr/0008-dataloader.md): one cached loader a request,
//! every asked key answered, one yield to gather a batch. So it is wrapped, and nothing else names it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Context;
use dataloader::BatchFn;
use dataloader::cached::Loader;

use crate::domain::id::Id;
use crate::domain::key::ApiKey;
use crate::domain::text::{Language, pick};
use crate::store::{EventRow, ObservationPage, ObservationQuery, ObservationRow, Store, StoreError, VersionRow};

use super::error::Fault;
use super::view;

/// A batch fails as a whole; each of its keys is told.
type Answer<V> = Result<Option<V>, Arc<StoreError>>;

/// More keys than one page of pages can ask for go in a further batch.
const LARGEST_BATCH: usize = 2_000;
/// Once around the ready tasks gathers a level; more doubles the cost of wide queries.
const YIELDS: usize = 1;

/// One kind of read.
trait Read {
    type Key: Clone + Eq + Hash + std::fmt::Debug + Send + Sync;
    type Value: Clone + Send + Sync;
    fn read(store: &Store, keys: &[Self::Key]) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, StoreError>> + Send;
}

struct Batch<R> {
    store: Arc<Store>,
    read: std::marker::PhantomData<fn() -> R>,
}

impl<R: Read> BatchFn<R::Key, Answer<R::Value>> for Batch<R> {
    async fn load(&mut self, keys: &[R::Key]) -> HashMap<R::Key, Answer<R::Value>> {
        match R::read(&self.store, keys).await {
            Ok(mut found) => keys.iter().map(|key| (key.clone(), Ok(found.remove(key)))).collect(),
            Err(error) => {
                let error = Arc::new(error);
                keys.iter().map(|key| (key.clone(), Err(Arc::clone(&error)))).collect()
            }
        }
    }
}

/// A loader of one kind of read.
struct Reader<R: Read>(Loader<R::Key, Answer<R::Value>, Batch<R>>);

impl<R: Read> Reader<R> {
    fn new(store: &Arc<Store>) -> Self {
        let batch = Batch { store: Arc::clone(store), read: std::marker::PhantomData };
        Self(Loader::new(batch).with_max_batch_size(LARGEST_BATCH).with_yield_count(YIELDS))
    }

    /// Boxed, or each field beside one that loads would be as large (`resolve`).
    fn get(&self, key: R::Key) -> impl Future<Output = Result<Option<R::Value>, Fault>> + Send {
        Box::pin(async move {
            match self.0.try_load(key).await {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(error)) => Err(Fault::unavailable(&error)),
                Err(error) => Err(Fault::unavailable(&error)),
            }
        })
    }
}

/// Of which practice, of which version (none: of what the catalogue wrote), in which language.
type BodyKey = (Id, Option<u32>, Language);

struct Bodies;
impl Read for Bodies {
    type Key = BodyKey;
    type Value = String;
    async fn read(store: &Store, keys: &[Self::Key]) -> Result<HashMap<Self::Key, String>, StoreError> {
        let plain: Vec<_> = keys.iter().filter(|(_, version, _)| version.is_none()).map(|(id, _, language)| (*id, *language)).collect();
        let kept: Vec<_> = keys.iter().filter_map(|(id, version, _)| Some((*id, (*version)?))).collect();
        let mut found = HashMap::with_capacity(keys.len());
        if !plain.is_empty() {
            found.extend(store.bodies(&plain).await?.into_iter().map(|((id, language), body)| ((id, None, language), body)));
        }
        if !kept.is_empty() {
            let bodies: HashMap<_, _> = store.version_bodies(&kept).await?.into_iter().map(|(id, version, bodies)| ((id, version), bodies)).collect();
            for &(id, version, language) in keys {
                let all = version.and_then(|version| bodies.get(&(id, version)));
                if let Some((_, body)) = all.and_then(|all| pick(all, |(language, _)| *language, language)) {
                    found.insert((id, version, language), body.clone());
                }
            }
        }
        Ok(found)
    }
}

/// Of which entry, at which revision.
type LifeKey = (Id, u64);

/// Groups rows, which stand entry by entry, under the keys that asked for them.
fn by_entry<T>(keys: &[LifeKey], rows: Vec<T>, entry: impl Fn(&T) -> Id) -> HashMap<LifeKey, Arc<Vec<T>>> {
    let mut found: HashMap<Id, Vec<T>> = HashMap::new();
    for row in rows {
        found.entry(entry(&row)).or_default().push(row);
    }
    let found: HashMap<Id, Arc<Vec<T>>> = found.into_iter().map(|(id, rows)| (id, Arc::new(rows))).collect();
    keys.iter().filter_map(|key| Some((*key, Arc::clone(found.get(&key.0)?)))).collect()
}

struct Versions;
impl Read for Versions {
    type Key = LifeKey;
    type Value = Arc<Vec<VersionRow>>;
    async fn read(store: &Store, keys: &[LifeKey]) -> Result<HashMap<LifeKey, Self::Value>, StoreError> {
        let ids: Vec<Id> = keys.iter().map(|(id, _)| *id).collect();
        Ok(by_entry(keys, store.versions(&ids).await?, |row| row.id))
    }
}

struct Events;
impl Read for Events {
    type Key = LifeKey;
    type Value = Arc<Vec<EventRow>>;
    async fn read(store: &Store, keys: &[LifeKey]) -> Result<HashMap<LifeKey, Self::Value>, StoreError> {
        let ids: Vec<Id> = keys.iter().map(|(id, _)| *id).collect();
        Ok(by_entry(keys, store.events(&ids).await?, |row| row.entry))
    }
}

struct OfficialTexts;
impl Read for OfficialTexts {
    type Key = (Id, Language);
    type Value = String;
    async fn read(store: &Store, keys: &[Self::Key]) -> Result<HashMap<Self::Key, String>, StoreError> {
        store.official_texts(keys).await
    }
}

struct ObservationsById;
impl Read for ObservationsById {
    type Key = Id;
    type Value = Arc<ObservationRow>;
    async fn read(store: &Store, keys: &[Id]) -> Result<HashMap<Id, Self::Value>, StoreError> {
        Ok(store.observations_by_id(keys).await?.into_iter().map(|(id, row)| (id, Arc::new(row))).collect())
    }
}

struct Observations;
impl Read for Observations {
    type Key = (Arc<ObservationQuery>, String);
    type Value = Arc<ObservationPage>;
    async fn read(store: &Store, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Self::Value>, StoreError> {
        let mut by_query: HashMap<Arc<ObservationQuery>, Vec<String>> = HashMap::new();
        for (query, subject) in keys {
            by_query.entry(Arc::clone(query)).or_default().push(subject.clone());
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (query, subjects) in by_query {
            for (subject, page) in store.observations(&query, &subjects).await? {
                found.insert((Arc::clone(&query), subject), Arc::new(page));
            }
        }
        Ok(found)
    }
}

struct Keys;
impl Read for Keys {
    type Key = String;
    type Value = Arc<[ApiKey]>;
    async fn read(store: &Store, keys: &[String]) -> Result<HashMap<String, Self::Value>, StoreError> {
        Ok(store.keys_of(keys).await?.into_iter().map(|(party, keys)| (party, keys.into())).collect())
    }
}

/// The loaders of one request.
pub struct Loaders {
    store: Arc<Store>,
    bodies: Reader<Bodies>,
    versions: Reader<Versions>,
    events: Reader<Events>,
    official_texts: Reader<OfficialTexts>,
    observations: Reader<Observations>,
    observations_by_id: Reader<ObservationsById>,
    keys: Reader<Keys>,
}

impl Loaders {
    /// Loaders for one request.
    pub fn new(store: &Arc<Store>) -> Self {
        Self {
            store: Arc::clone(store),
            bodies: Reader::new(store),
            versions: Reader::new(store),
            events: Reader::new(store),
            official_texts: Reader::new(store),
            observations: Reader::new(store),
            observations_by_id: Reader::new(store),
            keys: Reader::new(store),
        }
    }

    /// The database, for a question that nobody else of the request asks.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The body of a practice, by the rule of languages.
    pub async fn body(&self, practice: Id, version: Option<u32>, language: Language) -> Result<Option<String>, Fault> {
        self.bodies.get((practice, version, language)).await
    }

    /// The versions of a practice, latest first.
    pub async fn versions(&self, practice: Id, revision: u64) -> Result<Arc<Vec<VersionRow>>, Fault> {
        Ok(self.versions.get((practice, revision)).await?.unwrap_or_default())
    }

    /// What happened to an entry, latest first.
    pub async fn events(&self, entry: Id, revision: u64) -> Result<Arc<Vec<EventRow>>, Fault> {
        Ok(self.events.get((entry, revision)).await?.unwrap_or_default())
    }

    /// The adopted wording of a provision, by the rule of languages.
    pub async fn official_text(&self, provision: Id, language: Language) -> Result<Option<String>, Fault> {
        self.official_texts.get((provision, language)).await
    }

    /// A page of the figures of a subject.
    pub async fn observations(&self, query: Arc<ObservationQuery>, subject: String) -> Result<Option<Arc<ObservationPage>>, Fault> {
        self.observations.get((query, subject)).await
    }

    /// The API keys of a party.
    pub async fn keys(&self, party: String) -> Result<Option<Arc<[ApiKey]>>, Fault> {
        self.keys.get(party).await
    }

    /// A figure by its id.
    pub async fn observation(&self, id: Id) -> Result<Option<Arc<ObservationRow>>, Fault> {
        self.observations_by_id.get(id).await
    }
}

/// The loaders of this request; put there by [`Api::execute`](super::Api::execute) like the view.
pub fn loaders<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

/// Steps of reading a long text, and bytes of one that are a step: it is copied, written and packed.
const TEXT: u64 = 150;
/// See [`TEXT`].
const BYTES: u64 = 8;

/// A long text that was loaded, counted as work.
pub fn loaded(ctx: &Context<'_>, text: Option<Result<String, Fault>>) -> Option<Result<String, Fault>> {
    let bytes = text.as_ref().and_then(|text| text.as_ref().ok()).map_or(0, String::len);
    if view(ctx).work().spend(TEXT + bytes as u64 / BYTES) { text } else { Some(Err(Fault::too_much())) }
}
