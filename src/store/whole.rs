//! The whole graph, made anew of one state of the database.

use sea_orm::ConnectionTrait;

use super::follow::FollowError;
use super::mark::Mark;
use super::{Store, StoreError, connect, material, practices};
use crate::graph::{Building, Snapshot};

const DOING: &str = "read the whole graph";

/// The graph made anew, as of one moment.
pub struct Whole {
    pub snapshot: Snapshot,
    /// How far the log goes there.
    pub newest: Mark,
    /// The secret of cursors, as it is now.
    pub secret: [u8; 64],
    /// The log does not know how far it was read.
    pub went_back: bool,
}

impl Whole {
    /// Reads it; `mark` is how far the log was read before.
    pub async fn read(store: &Store, mark: &Mark) -> Result<Self, FollowError> {
        let reading = store.one_state_at_once(DOING).await?;
        let read = async {
            let secret = connect::secret(&*reading).await?.ok_or(StoreError::Damaged { what: "the secret of cursors", of: "meta".into() })?;
            let went_back = !mark.is_in(&*reading).await?;
            let newest = Mark::newest(&*reading).await?;
            Ok::<_, FollowError>((build(&*reading, secret).await?, newest, secret, went_back))
        };
        let found = read.await;
        // Nothing was written: what becomes of the transaction cannot matter.
        let _ = reading.rollback().await;
        let (building, newest, secret, went_back) = found?;
        Ok(Self { snapshot: aside(move || building.finish()).await??, newest, secret, went_back })
    }
}

/// The graph of all that `db` reads, but for its last strokes, which need no database.
async fn build(db: &impl ConnectionTrait, secret: [u8; 64]) -> Result<Building, FollowError> {
    let material = material::read(db).await?;
    let building = aside(move || Building::new(material, &secret)).await?;
    let frame = building.frame();
    Ok(practices::gather(db, building, move |some| frame.part(some), Building::add).await?)
}

/// Does work on a thread that answers nobody: there are seconds of it at a million entries.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::BrokenOff)
}
