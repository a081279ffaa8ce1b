//! What was acknowledged, as something that must be found in the database from then on.

use jiff::Timestamp;

/// Holds from the moment on at which a client had the answer.
#[derive(Debug, Clone)]
pub struct Promise {
    /// Microseconds by the clock of the machine, which is strace's, too.
    pub from: i64,
    /// When the client set out to end it, if it did.
    pub until: Option<i64>,
    /// The file of the database.
    pub database: String,
    /// An expression of SQL that is true.
    pub holds: String,
}

impl Promise {
    /// From now on.
    pub fn now(database: &str, holds: impl Into<String>) -> Self {
        Self { from: now(), until: None, database: database.to_owned(), holds: holds.into() }
    }
}

/// The time in microseconds.
#[expect(clippy::disallowed_methods, reason = "it is compared with the times that strace tells")]
pub fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// A version of that practice says so.
pub fn version(id: &str, title: &str) -> String {
    let piece = format!("p.entry_id = '{id}' AND v.content LIKE '%' || p.name || '%' AND p.text LIKE '%{title}%'");
    format!("EXISTS (SELECT 1 FROM practice_version v JOIN practice_piece p ON {piece} WHERE v.entry_id = '{id}')")
}

/// That happened to an entry.
pub fn event(id: &str, kind: &str, party: &str) -> String {
    format!("EXISTS (SELECT 1 FROM event WHERE entry_id = '{id}' AND kind = '{kind}' AND party = '{party}')")
}

/// An entry is there, and says so.
pub fn entry(id: &str, words: &str) -> String {
    format!("EXISTS (SELECT 1 FROM entry WHERE id = '{id}' AND content LIKE '%{words}%')")
}

/// An entry is not there.
pub fn no_entry(id: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM entry WHERE id = '{id}')")
}

/// A key is there, good or ended.
pub fn key(id: &str, is_revoked: bool) -> String {
    format!("EXISTS (SELECT 1 FROM api_key WHERE id = '{id}' AND (revoked_at IS NOT NULL) = {})", i32::from(is_revoked))
}
