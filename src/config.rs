//! Every setting, in one structure: what it is called, what it does, its value, and where that came from.
//!
//! A setting comes from (the later wins) its default, a TOML file, the environment, a flag. The file's `http.body_bytes`
//! is `SILKROUTES_HTTP_BODY_BYTES` in the environment and `--set http.body_bytes=…` on the command line. What is not a
//! setting is refused wherever it stands, with the nearest name: a limit that was misspelt is a limit that is not there.
//!
//! Merged by hand over TOML tables: the libraries for it know the place of a value or refuse unknown names, not both for
//! the environment too, and an error must say which of four places to look at.
//!
//! To add a setting: a field with its default here, in `http::settings` or in `graphql::limit`, and its sentence in
//! [`sentence`]. Nothing else lists them.

mod merge;
pub mod sentence;
pub mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::audit::AuditKeys;
use crate::domain::suppression::{Suppression, Thresholds};
use crate::graphql::limit::Limits;
use crate::http::auth::settings::{Secret, Settings as Auth};
use crate::http::settings::Settings as Http;
use crate::store::{ROOM, Terms};

pub use merge::{Config, Faults, Sources, read};

/// Every setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where `/metrics` is served.
    pub metrics_listen: Listener,
    /// Where the data is kept.
    pub database: Database,
    /// Where a replica of it is that figures may be read from; nowhere where it is empty.
    pub database_replica: Database,
    /// How many bytes of its disk stay free.
    pub database_room: u64,
    /// Whether validation errors name near fields.
    pub suggestions: bool,
    /// For each measure, below which number figures are held back.
    pub suppress_below: Thresholds,
    /// Sources that round already, and are held back from nevertheless.
    pub suppress_also: Vec<String>,
    /// Who sees what is held back of a source.
    pub source_owners: Vec<String>,
    /// The log.
    pub log: Log,
    /// The transport.
    pub http: Http,
    /// Who may ask.
    pub auth: Auth,
    /// What a document may ask for.
    pub graphql: Limits,
    /// What parties write.
    pub contributions: Contributions,
    /// What the chain of events is sealed with.
    pub audit: Audit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            metrics_listen: Listener(None),
            database: Database("sqlite://silkroutes.db".to_owned()),
            database_replica: Database(String::new()),
            database_room: ROOM,
            suggestions: false,
            suppress_below: Thresholds::default(),
            suppress_also: Vec::new(),
            source_owners: Vec::new(),
            log: Log::default(),
            http: Http::default(),
            auth: Auth::default(),
            graphql: Limits::default(),
            contributions: Contributions::default(),
            audit: Audit::default(),
        }
    }
}

impl Settings {
    /// What is held back of figures, and from whom.
    #[must_use]
    pub fn suppression(&self) -> Suppression {
        Suppression::of(&self.suppress_below, &self.suppress_also, &self.source_owners)
    }
}

/// An address to listen on, or none. A port alone is one of this machine, that no other reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Listener(pub Option<SocketAddr>);

impl TryFrom<String> for Listener {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let port = text.parse().map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let address = port.or_else(|_| text.parse());
        address
            .map(|address| Self(Some(address)))
            .map_err(|_| "it must be an address and a port, as 127.0.0.1:9464, a port of this machine alone, as 9464, or empty")
    }
}

impl From<Listener> for String {
    fn from(listener: Listener) -> Self {
        listener.0.map(|address| address.to_string()).unwrap_or_default()
    }
}

impl Settings {
    /// What holds for all that parties contribute.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let Audit { key, former_keys, lost_keys } = &self.audit;
        let keys = AuditKeys::new(key.reveal(), former_keys.iter().map(Secret::reveal), lost_keys);
        Terms { party_bytes: self.contributions.party_bytes, keys }
    }
}

/// What parties may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contributions {
    /// How many bytes one party may store.
    pub party_bytes: u64,
}

impl Default for Contributions {
    fn default() -> Self {
        Self { party_bytes: Terms::default().party_bytes }
    }
}

/// What the chain of events is sealed with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// The operator's key; the database's own where it is empty.
    pub key: Secret,
    /// Those that it had before.
    pub former_keys: Vec<Secret>,
    /// The ids of those that are gone.
    pub lost_keys: Vec<String>,
}

/// How and how much is logged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// From which weight on.
    pub level: LogLevel,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The weight of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What broke.
    Error,
    /// What may break.
    Warn,
    /// What happened to the server.
    #[default]
    Info,
    /// A line for each request.
    Debug,
    /// Everything, libraries too.
    Trace,
}

/// A database's URL. It may hold a password, so it is only ever shown without one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Database(String);

impl Database {
    /// The URL with everything in it, for the one who connects.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0
    }

    /// The same; none where it is empty.
    #[must_use]
    pub fn if_any(&self) -> Option<&str> {
        Some(self.url()).filter(|url| !url.is_empty())
    }
}

impl From<String> for Database {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(&self.0))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `postgres://me:secret@host/db?x=y` as `postgres://me:…@host/db`; parameters can hold secrets too.
fn without_password(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((user, host)) => format!("{scheme}://{}:…@{host}", user.split(':').next().unwrap_or_default()),
        None => url.to_owned(),
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of a file.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}
