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
use crate::domain::text::Language;
use crate::store::{ObservationPage, ObservationQuery, ObservationRow, Store, StoreError};

use super::error::Fault;

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

    async fn get(&self, key: R::Key) -> Result<Option<R::Value>, Fault> {
        match self.0.try_load(key).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Fault::unavailable(&error)),
            Err(error) => Err(Fault::unavailable(&error)),
        }
    }
}

struct Bodies;
impl Read for Bodies {
    type Key = (Id, Language);
    type Value = String;
    async fn read(store: &Store, keys: &[Self::Key]) -> Result<HashMap<Self::Key, String>, StoreError> {
        store.bodies(keys).await
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

/// The loaders of one request.
pub struct Loaders {
    bodies: Reader<Bodies>,
    official_texts: Reader<OfficialTexts>,
    observations: Reader<Observations>,
    observations_by_id: Reader<ObservationsById>,
}

impl Loaders {
    /// Loaders for one request.
    pub fn new(store: &Arc<Store>) -> Self {
        Self { bodies: Reader::new(store), official_texts: Reader::new(store), observations: Reader::new(store), observations_by_id: Reader::new(store) }
    }

    /// The body of a practice, by the rule of languages.
    pub async fn body(&self, practice: Id, language: Language) -> Result<Option<String>, Fault> {
        self.bodies.get((practice, language)).await
    }

    /// The adopted wording of a provision, by the rule of languages.
    pub async fn official_text(&self, provision: Id, language: Language) -> Result<Option<String>, Fault> {
        self.official_texts.get((provision, language)).await
    }

    /// A page of the figures of a subject.
    pub async fn observations(&self, query: Arc<ObservationQuery>, subject: String) -> Result<Option<Arc<ObservationPage>>, Fault> {
        self.observations.get((query, subject)).await
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
