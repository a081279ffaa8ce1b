//! `silkroutes key`: makes, lists and revokes API keys. A running server follows within a second.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{Table, presets};
use jiff::{SignedDuration, Timestamp};

use silkroutes::app::{Surroundings, keys};
use silkroutes::config::Settings;
use silkroutes::domain::key::{ApiKey, KeyId, NewKey};
use silkroutes::domain::viewer::Role;
use silkroutes::domain::word::Words as _;
use silkroutes::store::{Revocation, Store};

use super::{Done, explain, say};

/// API keys let an office draft, review or read what is shared with it: `Authorization: Bearer <key>`. Whoever only
/// reads what is public needs none.
#[derive(Debug, Args)]
pub(super) struct KeyCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a new key, alone on standard output. It is shown this once: the database keeps a hash of it.
    Create(Create),
    /// List keys, the newest first; never the keys themselves.
    List {
        /// Only those of this party, such as UZB or ICMPD.
        #[arg(long, value_name = "CODE")]
        party: Option<String>,
    },
    /// End a key at once.
    Revoke {
        /// Its id, as `list` shows it.
        id: String,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// The code of the party that it acts for, such as UZB or ICMPD.
    #[arg(long, value_name = "CODE")]
    party: String,
    /// What it may do for that party.
    #[arg(long)]
    role: RoleName,
    /// How long it is good: a number and m, h, d or w; two years at most.
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = time)]
    expires: Duration,
    /// Which office (or opaque number, never a person's name) holds it. Two keys of one subject are one pair of eyes,
    /// however it is spelt: what the one wrote, the other may not publish.
    #[arg(long, value_name = "TEXT")]
    subject: String,
    /// A line for those who look at the list of keys.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// Drafts, submits and withdraws for its party.
    FocalPoint,
    /// Reviews and publishes at the request of parties.
    Secretariat,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::FocalPoint => Self::FocalPoint,
            RoleName::Secretariat => Self::Secretariat,
        }
    }
}

impl KeyCommand {
    pub(super) async fn run(self, settings: Settings, surroundings: Surroundings) -> Done {
        let url = settings.database.url();
        if !Store::is_there(url).await {
            return Err(format!("The database {} is not there yet: start the server once, or `silkroutes load` a catalogue.", settings.database));
        }
        let store = Store::open_with_clock(url, surroundings.clock).await.map_err(|fault| fault.to_string())?;
        let done = match self.action {
            Action::Create(create) => create.run(&store, &settings, surroundings).await,
            Action::List { party } => list(&store, party.as_deref(), (surroundings.clock)()).await,
            Action::Revoke { id } => revoke(&store, &id).await,
        };
        store.close().await;
        done
    }
}

impl Create {
    async fn run(self, store: &Store, settings: &Settings, surroundings: Surroundings) -> Done {
        let lasts = SignedDuration::try_from(self.expires).map_err(|fault| fault.to_string())?;
        let expires_at = (surroundings.clock)().checked_add(lasts).map_err(|fault| fault.to_string())?;
        let role = self.role.into();
        if !settings.auth.admits(&self.party, role) {
            let may = settings.auth.secretariat.join(", ");
            return Err(format!("{} is not the secretariat: the setting auth.secretariat names who is ({may}).", self.party));
        }
        let new = NewKey { party: self.party, role, subject: self.subject, note: self.note, expires_at };
        let pepper = keys::pepper(store, &settings.auth).await.map_err(|fault| fault.to_string())?;
        let (key, known) = store.create_key(new, &pepper).await.map_err(|fault| fault.to_string())?;
        let ApiKey { id, party, subject, .. } = &known;
        let (role, until) = (spoken(known.role), shown(known.expires_at));
        explain(format_args!("A key for {party} as {role}, held by {subject}, good until {until}."));
        explain(format_args!("It is shown this once. Its id is {id}: `silkroutes key revoke {id}` ends it."));
        say(key.reveal());
        Ok(())
    }
}

async fn list(store: &Store, party: Option<&str>, now: Timestamp) -> Done {
    let keys = store.keys(party).await.map_err(|fault| fault.to_string())?;
    if keys.is_empty() {
        explain("There are no keys.");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["id", "party", "role", "subject", "created", "expires", "last used", "revoked", "note"]);
    for key in &keys {
        table.add_row(row(key, now));
    }
    say(table.trim_fmt());
    Ok(())
}

fn row(key: &ApiKey, now: Timestamp) -> [String; 9] {
    let maybe = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), shown);
    let expires = if key.expires_at <= now { format!("{} (expired)", shown(key.expires_at)) } else { shown(key.expires_at) };
    [
        key.id.to_string(),
        key.party.clone(),
        spoken(key.role),
        key.subject.clone(),
        shown(key.created_at),
        expires,
        maybe(key.last_used_at),
        maybe(key.revoked_at),
        key.note.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

async fn revoke(store: &Store, text: &str) -> Done {
    // What was typed may be a whole key: it is never repeated.
    let id = KeyId::parse(text).ok_or("That is no id of a key; `silkroutes key list` shows them.")?;
    match store.revoke_key(&id).await.map_err(|fault| fault.to_string())? {
        Revocation::Done => say(format_args!("The key {id} is good no more.")),
        Revocation::Already(since) => say(format_args!("The key {id} was revoked already, at {}.", shown(since))),
        Revocation::Unknown => return Err(format!("There is no key with the id {id}; `silkroutes key list` shows them.")),
    }
    Ok(())
}

/// A role as the command line spells it.
fn spoken(role: Role) -> String {
    role.name().to_ascii_lowercase().replace('_', "-")
}

/// An instant to the minute.
fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

fn time(text: &str) -> Result<Duration, String> {
    const LONGEST: u64 = 2 * 366 * 24 * 60;
    let wrong = || "write a whole number and m, h, d or w, as in 90d".to_owned();
    let (number, minutes) = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((number, "m")) => (number, 1),
        Some((number, "h")) => (number, 60),
        Some((number, "d")) => (number, 24 * 60),
        Some((number, "w")) => (number, 7 * 24 * 60),
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(minutes) {
        Some(0) => Err("a key that is good for no time is of no use".into()),
        Some(minutes) if minutes <= LONGEST => Ok(Duration::from_secs(minutes * 60)),
        _ => Err("two years (732d) is the longest".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, hours) in [("60m", 1), ("12h", 12), ("90d", 2_160), ("2w", 336), ("732d", 17_568)] {
            assert_eq!(time(text), Ok(Duration::from_secs(hours * 3600)), "{text}");
        }
        for text in ["", "d", "90", "0d", "-1d", "1.5d", "733d", "99999999999999999999d", "9é"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
