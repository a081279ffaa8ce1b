//! PostgreSQL: from an address to a pool that reads and one that writes, and to who hears of writes.
//!
//! Everything is in the first schema of the search path, so that two installations can share a database: `hash` of its
//! name is in the name of the lock that writers take, and of the channel on which they are heard.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgListener};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _, PgPool};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbBackend};

use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::keep::Retired;
use crate::store::sql::{Sql, rows};

/// How long a server is waited for at the start.
const START: Duration = Duration::from_secs(10);
/// How long a read waits for a connection; a server that is gone is told after that.
const READ: Duration = Duration::from_secs(1);
/// How long figures wait for a connection to a replica: there is another server to ask.
const REPLICA: Duration = Duration::from_millis(500);
/// How long a write waits for a connection before it asks again: while a server is away, the pauses between two
/// attempts grow to a fifth of that, and no write of this program waits here for another.
const WRITE: Duration = Duration::from_secs(2);
/// A connection that was idle for so long is looked at before it is used: its server may be gone.
const IDLE: Duration = Duration::from_secs(1);
/// The longest time that a server takes for one, in milliseconds.
const LONGEST: u128 = i32::MAX as u128;
/// The first version that is known to do.
const OLDEST: i64 = 150_000;

/// How long a connection that comes back may still be busy with what nobody waits for; then it is closed.
const GRACE: Duration = Duration::from_millis(20);

/// What every connection is told. A network that swallows packets is noticed by the server within half a minute
/// (here, what follows the database gives up by itself); a client that hangs up, while a statement runs, within a moment.
const ALL: [(&str, &str); 6] = [
    ("client_connection_check_interval", "50ms"),
    ("client_min_messages", "warning"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("standard_conforming_strings", "on"),
];
/// What readers are told besides: a transaction of theirs sees one state.
const READERS: [(&str, &str); 3] =
    [("default_transaction_isolation", "repeatable read"), ("default_transaction_read_only", "on"), ("idle_in_transaction_session_timeout", "60s")];
/// What writers are told: a write sees what was committed before it had the right to write.
const WRITERS: [(&str, &str); 4] = [
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("lock_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "10min"),
];

/// A server, and how it is shown.
pub(super) struct Server {
    address: PgConnectOptions,
    name: String,
}

impl Server {
    /// The server that an address names.
    pub fn of(url: &str) -> Result<Self, StoreError> {
        // What the driver says of an address may hold its password.
        let address: PgConnectOptions = url.parse().map_err(|_| StoreError::Address)?;
        let host = address.get_socket().map_or_else(|| address.get_host().to_owned(), |socket| socket.display().to_string());
        let (user, port) = (address.get_username(), address.get_port());
        let database = address.get_database().unwrap_or(user);
        let name = format!("postgres://{user}@{host}:{port}/{database}");
        Ok(Self { address, name })
    }

    /// As it is shown: without a password.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The pool that writes: one connection, as writers take turns; and another for when the network swallows what the
    /// driver says to the first as that comes back, for which the driver waits as long as the system does.
    pub async fn writing(&self, retired: &Retired) -> Result<DatabaseConnection, StoreError> {
        let mut options = self.options(&WRITERS, None);
        let retired = retired.clone();
        options.map_sqlx_postgres_before_acquire(move |connection, about| {
            let is_good = retired.allows(about.age) && !connection.is_in_transaction();
            Box::pin(async move { Ok(is_good) })
        });
        options.max_connections(2).acquire_timeout(START);
        // The first connection says whether there is a server.
        let first = self.connect(options.clone()).await?;
        self.look(&first).await?;
        let _ = first.close().await;
        options.acquire_timeout(WRITE);
        self.connect(options).await
    }

    /// The pool that reads, no statement for longer than that; beside those who read long, one listens, and one is for
    /// short looks and for whoever follows.
    pub async fn reading(&self, read_time: Duration) -> Result<DatabaseConnection, StoreError> {
        let mut options = self.options(&READERS, Some(read_time));
        options.max_connections(u32::try_from(readers()).unwrap_or(4) + 2).acquire_timeout(READ);
        self.connect(options).await
    }

    /// The pool that reads figures from a replica.
    pub async fn replica(&self, read_time: Duration) -> Result<DatabaseConnection, StoreError> {
        let mut options = self.options(&READERS, Some(read_time));
        options.max_connections(u32::try_from(readers()).unwrap_or(4)).acquire_timeout(REPLICA);
        // Each connection to one that is back costs a read and a pause otherwise, for as many as there were.
        options.test_before_acquire_if_idle_for(Duration::ZERO);
        self.connect(options).await
    }

    fn options(&self, told: &'static [(&'static str, &'static str)], statement_time: Option<Duration>) -> ConnectOptions {
        // The address goes in by itself: what goes in here is told to the log, at its finest, password and all.
        let (mut options, address) = (ConnectOptions::new("postgres://"), self.address.clone());
        // Nothing connects before it is asked something, and nothing is asked twice whether it still lives.
        options.sqlx_logging(false).record_stmt_in_spans(false).connect_lazy(true).test_before_acquire_if_idle_for(IDLE);
        options.map_sqlx_postgres_opts(move |_| {
            let server = address.clone().disable_statement_logging();
            let server = if server.get_application_name().is_some() { server } else { server.application_name("silkroutes") };
            let server = server.options(ALL.iter().chain(told).copied()).statement_cache_capacity(200);
            match statement_time {
                // In milliseconds; it takes no more than 24 days, and 0 would mean none.
                Some(time) => server.options([("statement_timeout", time.as_millis().clamp(1, LONGEST))]),
                None => server,
            }
        });
        options.map_sqlx_postgres_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_free(connection))));
        options
    }

    async fn connect(&self, options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
        Database::connect(options).await.map_err(|cause| StoreError::Open { at: self.name.clone(), cause })
    }

    /// Refuses a server that will not do.
    async fn look(&self, db: &DatabaseConnection) -> Result<(), StoreError> {
        let fail = |cause| StoreError::Open { at: self.name.clone(), cause };
        let asked = "SELECT CAST(current_setting('server_version_num') AS bigint), current_setting('server_version'), \
             current_setting('server_encoding'), CAST(current_schema() AS text)";
        let found = rows(db, Sql::new(asked)).await.map_err(fail)?;
        let Some(row) = found.first() else { return Ok(()) };
        let version: i64 = row.try_get_by_index(0).map_err(fail)?;
        if version < OLDEST {
            return Err(StoreError::TooOld { at: self.name.clone(), version: row.try_get_by_index(1).map_err(fail)? });
        }
        let encoding: String = row.try_get_by_index(2).map_err(fail)?;
        if encoding != "UTF8" {
            return Err(StoreError::Encoding { at: self.name.clone(), encoding });
        }
        match row.try_get_by_index::<Option<String>>(3).map_err(fail)? {
            Some(_) => Ok(()),
            None => Err(StoreError::NoSchema(self.name.clone())),
        }
    }
}

/// Whether a connection that comes back has nothing to do any more. One whose statement was broken off (its caller went
/// away, or its time was over) would work on for nobody, and be waited for: it is closed, and the server, which sees
/// that, stops. Where nothing was broken off this asks the server nothing.
async fn is_free(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(GRACE, connection.flush()).await {
        Ok(done) => done.map(|()| true),
        Err(_) => Ok(false),
    }
}

/// How many read long at the same time: they wait for the network, too, and not for a core alone.
pub(super) fn readers() -> usize {
    (2 * std::thread::available_parallelism().map_or(2, usize::from)).clamp(4, 16)
}

/// Hears when another node, or this one, has written.
pub struct Listener(PgListener);

impl Listener {
    /// Begins to listen; none where the engine is another.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn new(db: &DatabaseConnection) -> Result<Option<Self>, StoreError> {
        const DOING: &str = "listen for changes";
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let mut name = Sql::new("SELECT ");
        name.text(CHANNEL);
        let channel: String = rows(db, name).await.doing(DOING)?.first().map_or(Ok(String::new()), |row| row.try_get_by_index(0)).doing(DOING)?;
        let pool: &PgPool = db.get_postgres_connection_pool();
        let fail = |_| StoreError::Deaf;
        let mut listener = PgListener::connect_with(pool).await.map_err(fail)?;
        listener.listen(&channel).await.map_err(fail)?;
        Ok(Some(Self(listener)))
    }

    /// Waits until something was written. After a lost connection, too: something may have been.
    ///
    /// # Errors
    /// Where it cannot be heard any more; then another listener is wanted.
    pub async fn heard(&mut self) -> Result<(), StoreError> {
        self.0.try_recv().await.map(drop).map_err(|_| StoreError::Deaf)
    }
}

/// The right to write, until the end of the transaction.
pub(crate) const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('silkroutes ' || current_schema(), 0))";
/// The name of the channel.
const CHANNEL: &str = "'silkroutes_' || md5(current_schema())";

/// Tells all nodes that something was written, once it is.
pub(crate) fn shout() -> Sql {
    let mut sql = Sql::new("SELECT pg_notify(");
    sql.text(CHANNEL).text(", '')");
    sql
}
