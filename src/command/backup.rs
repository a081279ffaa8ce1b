//! `silkroutes backup` and `restore`: everything, as of one moment, in a file that any machine can open.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;

use silkroutes::app::Surroundings;
use silkroutes::config::Settings;
use silkroutes::store::{Follower, Part, Store};

use super::copy::{copy, shown};
use super::{Done, say};

/// Writes everything that the database holds at this moment into a new file, reads it again and looks whether it is
/// sound. Servers may run and write meanwhile. The file holds the secrets of the database: keep it as you keep that.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  silkroutes backup silkroutes-2026-11-27.db")]
pub(super) struct Backup {
    /// The file, which must not be there yet.
    file: PathBuf,
}

/// Puts what a backup holds into the database, after looking whether it is sound. Stop the servers first.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  silkroutes restore silkroutes-2026-11-27.db --database sqlite://silkroutes.db --replace")]
pub(super) struct Restore {
    /// The file that `silkroutes backup` wrote.
    file: PathBuf,
    /// Give up what the database holds.
    #[arg(long)]
    replace: bool,
}

impl Backup {
    pub(super) async fn run(self, settings: Settings, surroundings: Surroundings) -> Done {
        let (name, database) = (self.file.display(), settings.database.url());
        if self.file.exists() {
            return Err(format!("{name} is there already: a backup never replaces another one. Name a new file."));
        }
        if !Store::is_there(database).await {
            return Err(format!("There is nothing to keep: {} is not there yet.", shown(database)));
        }
        // A backup that broke off must not look like one.
        let part = Part::begin(&self.file).map_err(|cause| match cause.kind() {
            ErrorKind::WouldBlock => format!("{name} is being made already: wait for that, or name another file."),
            _ => format!("{name} cannot be made: {cause}."),
        })?;
        let report = copy(database, &url(part.path())?, false, &surroundings).await?;
        look(part.path()).await?;
        part.finish().map_err(|cause| format!("{name} cannot be named so: {cause}."))?;
        say(report);
        say(format!("{name} is sound. Put it back with `silkroutes restore {name}`."));
        Ok(())
    }
}

impl Restore {
    pub(super) async fn run(self, settings: Settings, surroundings: Surroundings) -> Done {
        if !self.file.is_file() {
            return Err(format!("{} is not there.", self.file.display()));
        }
        look(&self.file).await?;
        say(copy(&url(&self.file)?, settings.database.url(), self.replace, &surroundings).await?);
        Ok(())
    }
}

fn url(file: &Path) -> Result<String, String> {
    // Where an address begins its parameters, a name cannot go on.
    let name = file.to_str().filter(|name| !name.contains('?'));
    name.map(|name| format!("sqlite://{name}")).ok_or_else(|| format!("{} is no name that an address can hold: choose a plainer one.", file.display()))
}

/// Looks at a backup as `silkroutes doctor` would: every table, the chain of events, and whether it makes a graph.
async fn look(file: &Path) -> Done {
    let store = Store::open(&url(file)?).await.map_err(|fault| fault.to_string())?;
    let found = async {
        let findings = store.check().await.map_err(|fault| fault.to_string())?;
        if let Some(first) = findings.first() {
            let name = file.display();
            return Err(format!(
                "{name} is not sound, {} findings, the first: {first} `silkroutes doctor --database sqlite://{name}` tells all.",
                findings.len()
            ));
        }
        Follower::new(store.clone()).await.map_err(|fault| fault.to_string()).map(|_| ())
    };
    let found = found.await;
    store.close().await;
    found
}
